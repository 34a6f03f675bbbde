"""Numbers on an evenly spaced lattice, exactly as a person writes them.

A step of 0.1 has no exact float, so sums of floats drift: 0.1 + 0.2 is 0.30000000000000004. Here a number on a lattice
is known by its whole number of steps, and its lab value comes from the decimal text of origin and step.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from designer.arrays import BoolArray, FloatArray

_EXACT_INTEGER = 2**53  # every whole number up to here has its own float64
_EXACT_POWER = 22  # and so has every power of ten up to 10**22


def decimal_of(number: float) -> Decimal:
    """Return `number` as the shortest decimal text that names it.

    >>> decimal_of(0.1), decimal_of(300)
    (Decimal('0.1'), Decimal('300'))
    """
    return Decimal(repr(float(number))).normalize() + 0


def plain(number: Decimal | float) -> str:
    """Return `number` as a person writes it: no trailing zeros, no exponent for everyday sizes.

    >>> plain(100.0), plain(0.05), plain(1e-9), plain(1e5)
    ('100', '0.05', '1e-09', '100000')
    """
    value = float(number)
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.12g}"


def round_significant(values: FloatArray, digits: int) -> FloatArray:
    """Round to `digits` significant digits, to the float that the decimal text names.

    >>> round_significant(np.array([437.28194, 0.30000000000000004]), 4).tolist()
    [437.3, 0.3]
    """
    values = np.asarray(values, dtype=np.float64)
    result = values.copy()
    finite = np.isfinite(values) & (values != 0)
    exponent = np.zeros(values.shape, dtype=np.int64)
    exponent[finite] = np.floor(np.log10(np.abs(values[finite]))).astype(np.int64) - (digits - 1)
    easy = finite & (np.abs(exponent) <= _EXACT_POWER)
    for power in np.unique(exponent[easy]):
        at = easy & (exponent == power)
        scale = 10.0 ** abs(int(power))
        # One division of two exact floats is rounded once, so the result is the float nearest to the decimal.
        result[at] = np.rint(values[at] * scale) / scale if power < 0 else np.rint(values[at] / scale) * scale
    hard = finite & ~easy
    result[hard] = [float(f"{value:.{digits - 1}e}") for value in values[hard]]
    return result


@dataclass(frozen=True)
class Lattice:
    """The numbers ``origin + k * step`` for whole ``k``.

    Examples
    --------
    >>> tenths = Lattice(Decimal("0"), Decimal("0.1"))
    >>> tenths.values(np.array([1.0, 2.0, 7.0])).tolist()
    [0.1, 0.2, 0.7]
    >>> tenths.indices(np.array([0.1 + 0.2, 0.25])).tolist()
    [3.0, 2.5]
    """

    origin: Decimal
    step: Decimal

    @cached_property
    def _digits(self) -> int:
        exponents = [int(part.normalize().as_tuple().exponent) for part in (self.origin, self.step)]
        return max(0, *(-exponent for exponent in exponents))

    @cached_property
    def _scaled(self) -> tuple[int, int]:
        scale = Decimal(10) ** self._digits
        return int(self.origin * scale), int(self.step * scale)

    def count_to(self, value: float | Decimal) -> int | None:
        """Return the whole number of steps from the origin to `value`, or None where `value` is off the lattice."""
        exact = value if isinstance(value, Decimal) else decimal_of(value)
        steps = (exact - self.origin) / self.step
        whole = steps.to_integral_value()
        return int(whole) if self.origin + whole * self.step == exact else None

    def value(self, index: int) -> Decimal:
        """Return the exact number at `index`."""
        return self.origin + index * self.step

    def values(self, indices: FloatArray) -> FloatArray:
        """Return the lab values at whole `indices` (any shape), each the float nearest to the exact decimal."""
        indices = np.asarray(indices, dtype=np.float64)
        origin, step = self._scaled
        largest = abs(origin) + abs(step) * (float(np.max(np.abs(indices))) if indices.size else 0.0)
        if self._digits <= _EXACT_POWER and largest < _EXACT_INTEGER:
            # A quotient of two exact floats is rounded once, so it is the float nearest to the decimal.
            result: FloatArray = (origin + indices * step) / 10.0**self._digits
            return result
        unique, inverse = np.unique(indices, return_inverse=True)
        exact = np.array([float(self.value(int(k))) for k in unique], dtype=np.float64)
        return exact[inverse].reshape(indices.shape)

    def indices(self, values: FloatArray) -> FloatArray:
        """Return how many steps each value lies from the origin: a whole number on the lattice, else a fraction.

        A value counts as on the lattice when it differs from it by no more than the representation of floats
        explains: 8 units in the last place, or a billionth of a step.
        """
        values = np.asarray(values, dtype=np.float64)
        raw = (values - float(self.origin)) / float(self.step)
        whole = np.rint(raw)
        finite = np.isfinite(raw)
        nearest = np.full_like(raw, np.nan)
        nearest[finite] = self.values(whole[finite])
        spacing = np.spacing(np.maximum(np.abs(values), abs(float(self.origin))))
        near = np.abs(values - nearest) <= np.maximum(8 * spacing, 1e-9 * float(self.step))
        return np.where(near, whole, raw)


def is_whole(indices: FloatArray) -> BoolArray:
    """Whether each index is a whole number, as `Lattice.indices` makes them."""
    mask: BoolArray = np.asarray(indices == np.rint(indices), dtype=np.bool_)
    return mask
