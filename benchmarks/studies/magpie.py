"""The features that matminer calls ``magpie``: 22 properties of the elements, 6 statistics of each.

matminer 0.8 cannot be imported beside today's pymatgen and setuptools, so its tables are read where it is installed,
and the statistics are computed here as its `ElementProperty` does. On the first 300 formulas of `mp_bulk_modulus` the
two differ by at most 5e-13 (matminer 0.8.0 with pymatgen 2025.1.9).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.formulas import formula_fractions
from designer.errors import MissingExtra

PROPERTIES = (
    "Number", "MendeleevNumber", "AtomicWeight", "MeltingT", "Column", "Row", "CovalentRadius", "Electronegativity",
    "NsValence", "NpValence", "NdValence", "NfValence", "NValence", "NsUnfilled", "NpUnfilled", "NdUnfilled",
    "NfUnfilled", "NUnfilled", "GSvolume_pa", "GSbandgap", "GSmagmom", "SpaceGroupNumber",
)  # fmt: skip
STATISTICS = ("minimum", "maximum", "range", "mean", "avg_dev", "mode")

_ELEMENTS = 103
_FOLDER = "matminer/utils/data_files/magpie_elementdata"


@cache
def element_table() -> FloatArray:
    """Return the properties of the first 103 elements (103 x 22); NaN where matminer has none."""
    try:
        installed = distribution("matminer")
    except PackageNotFoundError:
        raise MissingExtra("matminer", "bench") from None
    columns = []
    for name in PROPERTIES:
        lines = Path(str(installed.locate_file(f"{_FOLDER}/{name}.table"))).read_text(encoding="utf-8").splitlines()
        columns.append([_number(line) for line in [*lines, *[""] * _ELEMENTS][:_ELEMENTS]])
    return np.array(columns).T


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def magpie(formulas: Sequence[str]) -> FloatArray:
    """Return the features (n x 132) of formulas; 0 where an element lacks a property."""
    table = element_table()
    fractions = formula_fractions(list(formulas))[:, :_ELEMENTS]
    rows = []
    for row in fractions:
        there = np.flatnonzero(row)
        weights, values = row[there] / row[there].sum(), table[there]
        mean = weights @ values
        mode = values[np.isclose(weights, weights.max())].min(axis=0)
        spread = weights @ np.abs(values - mean)
        low, high = values.min(axis=0), values.max(axis=0)
        rows.append(np.stack([low, high, high - low, mean, spread, mode], axis=1).ravel())
    return np.asarray(np.nan_to_num(np.array(rows).reshape(len(fractions), len(PROPERTIES) * len(STATISTICS))))
