"""The few array operations that numpy and torch do not spell alike, without importing torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = Any
"""A numpy array or a torch tensor. Functions on it use operators alone and return the kind they were given."""


def like(values: Sequence[float], array: Array) -> Array:
    """Return `values` as an array of the kind, precision and device of `array`."""
    return np.asarray(values, dtype=array.dtype) if isinstance(array, np.ndarray) else array.new_tensor(values)


def everywhere(array: Array) -> Array:
    """Return a mask that is true for every row of `array` (``... x m`` to ``...``)."""
    first = array[..., 0]
    return (first == first) | True
