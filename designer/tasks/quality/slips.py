"""Numbers in the wrong unit or the wrong column, and outliers: which of the weighed faults are likelier than not.

Faults are rare, and there are many that could be: the chance that one begins at a row (`SLIP`, `SWAP`) is shared among
all that are weighed. A fault is a row, or a run of rows, whose evidence outweighs that. Whatever of the table is found
faulty is then trusted no more, and all is weighed once more.

The two chances were set on four families (`suzuki_flow`, `concrete_by_age`, `direct_arylation`, `electrolyte_fixed_T`)
so that fewer than 1 % of the rows of sound tables are named; `benchmarks/studies/data_quality.py` measures them on
others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from designer.tasks.quality.fault_model import FaultEvidence, FaultModel, Slip
from designer.tasks.quality.numbers import Numbers
from designer.tasks.quality.row_predictions import RowPredictions
from designer.tasks.quality.runs import faulty_runs, long_runs

SLIP, SWAP = 0.2, 0.02
"""The chance that a slip, or a swap, of any sort begins at a row; it is shared among all slips and swaps weighed."""
KELVIN = 0.02
"""The chance that kelvin and degrees Celsius are mistaken for each other: common, and not shared with others."""
OUTLIER = 7.0
"""FaultModel from its prediction beyond which a result is called an outlier."""
MIN_SIGNS = 2
"""Independent signs without which no repair is proposed."""
MIN_ROWS_FOR_ONE_SIGN = 50
"""Rows from which one sign is enough to name a fault. Small tables are mostly designed: their levels are few, and a
level that was set once looks unusual; there it takes two signs, or a number far outside of its column."""
_MIN_RUN = 4
MAX_FAULTY_SHARE = 0.15
"""The share of a table's rows beyond which values are a custom of the table, not a fault in some rows."""


@dataclass(frozen=True, eq=False)
class Suspect:
    """One fault in one row: a slip, a swap or an outlier.

    Parameters
    ----------
    row
        Its place in the table, from 0.
    columns
        The column, or the two that were swapped.
    slip
        The slip; None for a swap or an outlier.
    expected
        For a result: the value predicted for its design.
    may_repair
        Whether enough independent signs indicate it (`MIN_SIGNS`) to propose a repair.
    """

    row: int
    columns: tuple[str, ...]
    slip: Slip | None
    expected: float | None
    may_repair: bool = True


def suspects(numbers: Numbers, *, seed: int = 0) -> list[Suspect]:
    """Return the faults of a table's numbers, at most one a row: the one with the most evidence."""
    sound = {column.name: np.zeros(len(numbers), dtype=np.bool_) for column in numbers.columns}
    scales = FaultModel(numbers, sound, seed)
    found = _likely(list(scales.weighed()))
    if found:
        suspect_rows = {name: rows.copy() for name, rows in sound.items()}
        for row, fault in found.items():
            for name in fault.columns:
                suspect_rows[name][row] = True
        scales = FaultModel(numbers, suspect_rows, seed, scales)
        found = _likely(list(scales.weighed()))
    made = {row: _suspect(scales, row, fault) for row, fault in found.items()}
    for outlier in _outlying(scales):
        made.setdefault(outlier.row, outlier)
    return [made[row] for row in sorted(made)]


def _likely(weighed: Sequence[FaultEvidence]) -> dict[int, FaultEvidence]:
    """Return the likeliest fault of each row that has one."""
    swaps = sum(one.slip is None for one in weighed)
    slips = sum(one.slip is not None and not one.runs_only for one in weighed)
    best: dict[int, tuple[float, FaultEvidence]] = {}
    for one in weighed:
        rows = faulty_runs(one.evidence, _prior(one, swaps, slips))
        if len(rows) < MIN_ROWS_FOR_ONE_SIGN:
            rows &= (one.signs >= MIN_SIGNS) | one.outlying
        if one.runs_only:
            rows = long_runs(rows, _MIN_RUN)
        if rows.mean() > MAX_FAULTY_SHARE:
            continue
        for row in np.flatnonzero(rows).tolist():
            if row not in best or one.evidence[row] > best[row][0]:
                best[row] = (float(one.evidence[row]), one)
    return {row: one for row, (_, one) in best.items()}


def _prior(fault: FaultEvidence, swaps: int, slips: int) -> float:
    if fault.slip is None:
        return SWAP / swaps
    return KELVIN if fault.slip.shift else SLIP / slips


def _suspect(scales: FaultModel, row: int, fault: FaultEvidence) -> Suspect:
    column = scales.numbers.column(fault.columns[0])
    is_result = fault.slip is not None and column.kind == "target"
    expected = _expected(scales.expected[column.name], row) if is_result else None
    may_repair = bool(fault.signs[row] >= MIN_SIGNS)
    if may_repair and fault.slip is not None:  # a value that is usual in its column stays as it is written
        may_repair = not scales.expected[column.name].marginal.holds(column.values)[row]
    return Suspect(row, fault.columns, fault.slip, expected, may_repair)


def _outlying(scales: FaultModel) -> Iterator[Suspect]:
    for column in scales.targets:
        expectation = scales.expected[column.name]
        low, high = np.nanquantile(column.values, [0.01, 0.99])
        for row in np.flatnonzero(np.abs(np.nan_to_num(expectation.surprise())) > OUTLIER):
            if not low <= column.values[row] <= high:
                yield Suspect(int(row), (column.name,), None, _expected(expectation, int(row)))


def _expected(expectation: RowPredictions, row: int) -> float | None:
    if expectation.mean is None:
        return None
    value = float(expectation.mean[row])
    return float(np.exp(value)) if expectation.log else value
