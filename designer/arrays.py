"""Types of numpy arrays, named once; shapes are in the docstrings of what takes and returns them."""

from __future__ import annotations

from typing import TypeAlias

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
