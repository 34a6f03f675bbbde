"""What a campaign spends on cheap measurements before its results show that they tell something of the wanted ones."""

from __future__ import annotations

FIRST_SHARE = 0.04
"""Of what the wanted experiments cost: what cheap measurements may cost before there is evidence for them."""

MIN_WANTED = 8
"""Wanted experiments of which the share may be spent in advance: it pays the results that decide."""

_ROUNDING = 1e-9  # of a number of measurements, so that the unit of the cost does not matter
_MAX_NUMBER = 1_000_000


def affordable(cost: float, wanted: int, wanted_cost: float) -> int:
    """Return how many cheap measurements the share pays, those that were made included.

    Parameters
    ----------
    cost
        Of one of them.
    wanted, wanted_cost
        How many wanted experiments were made, and what one costs.

    Examples
    --------
    >>> affordable(0.1, 0, 1.0), affordable(0.1, 20, 1.0)
    (3, 8)
    """
    return int(min(FIRST_SHARE * max(wanted, MIN_WANTED) * wanted_cost / cost + _ROUNDING, _MAX_NUMBER))
