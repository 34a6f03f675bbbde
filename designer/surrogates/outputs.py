"""Outputs brought to a common scale: y = centre + scale * z, with z of order one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Method = Literal["moments", "robust"]

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
