"""Numbers as text with few digits."""

from __future__ import annotations

_LARGE = 1e5  # up to which few digits are filled up with zeros


def significant(value: float, digits: int) -> str:
    """Return a number with at most `digits` significant digits and without trailing zeros.

    Large numbers are filled up with zeros up to 100,000, or as far as the digits reach; larger ones have an exponent.

    >>> significant(412.50, 6), significant(663.8, 2), significant(120000.0, 6), significant(123456.0, 2)
    ('412.5', '660', '120000', '1.2e+05')
    >>> significant(1e-07, 6), significant(-0.0, 3), significant(float("inf"), 3)
    ('1e-07', '0', 'inf')
    """
    rounded = f"{float(value) + 0.0:.{digits}g}"
    return f"{float(rounded):.0f}" if "e+" in rounded and abs(value) < max(_LARGE, 10.0**digits) else rounded
