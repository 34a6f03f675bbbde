"""Numbers, designs and times as text in a report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from designer.rounding import significant

MISSING = "–"


def number(value: float | None, digits: int = 6) -> str:
    """Return a number with at most `digits` significant digits, without trailing zeros.

    >>> number(412.50), number(1e-7), number(120000.0), number(663.8, 2), number(None)
    ('412.5', '1e-07', '120000', '660', '–')
    """
    if value is None or math.isnan(value):
        return MISSING
    return significant(value, digits)


def uncertain(mean: float, spread: float) -> str:
    """Return a prediction and its spread, both to the second significant digit of the spread.

    >>> uncertain(371.826, 14.91), uncertain(0.0123412, 0.00051), uncertain(1234.2, 260.0)
    ('372 ± 15', '0.01234 ± 0.00051', '1234 ± 260')
    """
    if not math.isfinite(mean) or not math.isfinite(spread):
        return MISSING
    if spread <= 0:
        return number(mean)
    places = max(0, 1 - math.floor(math.log10(spread)))
    return f"{mean:.{places}f} ± {spread:.{places}f}"


def amounts(shares: Mapping[str, float]) -> str:
    """Return the members of a composition or mixture in their order, without those that are zero.

    >>> amounts({"Ni": 30.0, "Fe": 60.0, "Co": 0.0, "Mn": 10.0})
    'Ni 30, Fe 60, Mn 10'
    """
    return ", ".join(f"{name} {number(share)}" for name, share in shares.items() if share)


def moment(at: datetime) -> str:
    """Return a time to the minute, in UTC.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02 03:04 UTC'
    """
    from datetime import UTC

    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
