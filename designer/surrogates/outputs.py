"""Outputs brought to a common scale: y = centre + scale * z, with z of order one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Method = Literal["moments", "robust"]

_GROSS = 1000.0  # times the third quartile of distances from the median beyond which a value is winsorised
_MIN_VALUES = 4  # from which the third quartile is used

_CONSTANT = 1e-12  # a spread below this share of the values' size is rounding, not variation
_MAD_TO_DEVIATION = 1.4826  # median absolute deviation of a normal distribution to its standard deviation


@dataclass(frozen=True)
class OutputScale:
    """An affine map between a target's own unit (y) and the models' (z): ``y = centre + scale * z``."""

    centre: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, y: np.ndarray, method: Method = "moments") -> OutputScale:
        """Choose the scale for measured values `y` (``n``).

        ``moments`` uses mean and standard deviation; ``robust`` median and median absolute deviation (falling back to
        the standard deviation where more than half of the values are equal). Both follow ``a*y + b`` exactly. Values
        without spread are scaled by their own size, and by 1 if they are all 0.

        >>> OutputScale.of(np.array([1.0, 2.0, 3.0])).centre
        2.0
        >>> OutputScale.of(np.array([5.0, 5.0]))
        OutputScale(centre=5.0, scale=5.0)
        """
        if len(y) == 0:
            return cls()
        centre = float(np.median(y) if method == "robust" else np.mean(y))
        size = float(np.max(np.abs(y)))
        spread = float(np.median(np.abs(y - centre))) * _MAD_TO_DEVIATION if method == "robust" else 0.0
        if spread <= _CONSTANT * size and len(y) > 1:
            # Dividing first keeps the squares of very large and very small values inside the floating range.
            deviations = y - centre
            largest = float(np.max(np.abs(deviations)))
            spread = largest * float(np.sqrt(np.sum((deviations / largest) ** 2) / (len(y) - 1))) if largest else 0.0
        if spread <= _CONSTANT * size:
            spread = size or 1.0
        return cls(centre, spread)

    def standardise(self, y: np.ndarray) -> np.ndarray:
        """Return z of y."""
        return (y - self.centre) / self.scale


def winsorised(y: np.ndarray) -> np.ndarray:
    """Return winsorised values (``n``): gross errors, such as a factor of a million, no longer decide the scale.

    With deviations ``d = |y - median|``, ``r`` the third quartile of d, and ``b`` the largest d that is at most
    ``1000 r``: where ``d > 1000 r``, the deviation becomes ``b + r (1 + log(d / 1000 r))``. Other values do not
    change, the order of the deviations is kept on each side, and the map follows ``a*y + b`` exactly.

    >>> winsorised(np.array([1.0, 2.0, 3.0, 4.0, 100.0])).tolist()
    [1.0, 2.0, 3.0, 4.0, 100.0]
    >>> winsorised(np.array([1.0, 2.0, 3.0, 4.0, 4e6])).round(2).tolist()
    [1.0, 2.0, 3.0, 4.0, 22.2]
    """
    if len(y) < _MIN_VALUES:
        return y
    median = float(np.median(y))
    size = np.abs(y - median)
    usual = float(np.quantile(size, 0.75))
    fence = _GROSS * usual
    gross = size > fence
    if usual <= 0.0 or not gross.any():
        return y
    least = float(size[~gross].max())
    inner = least + usual * (1.0 + np.log(size[gross] / fence))
    result = y.copy()
    result[gross] = median + np.sign(y[gross] - median) * inner
    return result
