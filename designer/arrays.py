"""Types of numpy arrays, named once (shapes are in the docstrings of what takes them), and numbers as floats."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
"""Numbers in double precision, of any shape."""
IntArray: TypeAlias = npt.NDArray[np.int64]
"""Whole numbers, of any shape."""
IndexArray: TypeAlias = npt.NDArray[np.intp]
"""Indices of rows or columns, of any shape."""
BoolArray: TypeAlias = npt.NDArray[np.bool_]
"""Truth values, of any shape."""


def as_float(number: Any) -> float:
    """Return a real number of any type as a float: infinity beyond all floats, NaN for what is no number.

    >>> as_float(10**400), as_float(-(10**400)), as_float(3)
    (inf, -inf, 3.0)
    """
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
    except ValueError:  # a signaling NaN
        return math.nan
