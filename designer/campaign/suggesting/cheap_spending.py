"""What a campaign spends on cheap measurements, observations or lower levels, beside the wanted experiments."""

from __future__ import annotations

FIRST_SHARE = 0.04
"""Of what the wanted experiments cost: what cheap measurements may cost before there is evidence for them."""

MIN_WANTED = 8
"""Wanted experiments of which that share may be spent in advance: it pays the results that decide."""

MAX_SHARE = 0.5
"""Of what the wanted experiments cost: what cheap measurements that tell something of them may cost at most."""

USED_IN_ADVANCE = 2
"""Wanted experiments of which that share may be spent in advance."""

_ROUNDING = 1e-9  # of a number of measurements, so that the unit of the cost does not matter
_MAX_NUMBER = 1_000_000


def affordable(
    cost: float, wanted: int, wanted_cost: float, share: float = FIRST_SHARE, least: int = MIN_WANTED
) -> int:
    """Return how many cheap measurements a share pays, those that were made included.

    Parameters
    ----------
    cost
        Of one of them.
    wanted, wanted_cost
        How many wanted experiments were made, and what one costs.
    share
        Of what they cost.
    least
        Wanted experiments that count before they are made.

    Examples
    --------
    >>> affordable(0.1, 0, 1.0), affordable(0.1, 20, 1.0)
    (3, 8)
    """
    return int(min(share * max(wanted, least) * wanted_cost / cost + _ROUNDING, _MAX_NUMBER))
