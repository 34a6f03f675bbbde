"""Pool and source tasks in the same columns, for the methods that transfer.

All of them use the same sources. Amounts of members that a task does not have are 0 in it; of other columns only those
that pool and source share count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.suite.pools import Candidates
from designer.space import ShareParameter
from designer.tasks import Task


@dataclass(frozen=True)
class Related:
    """One source task beside the pool.

    Parameters
    ----------
    name
        The task's name.
    pool, designs
        The pool's designs and the source's own, in the same columns.
    y
        The source's values (n), replicates averaged.
    """

    name: str
    pool: pd.DataFrame
    designs: pd.DataFrame
    y: np.ndarray


def related(candidates: Candidates) -> list[Related]:
    """Return the sources of a pool, each beside it.

    Raises
    ------
    ValueError
        If a source shares no column with the pool.
    """
    return [_beside(candidates, source) for source in candidates.sources]


def _beside(candidates: Candidates, source: Task) -> Related:
    distinct = source.distinct()
    pool, designs = candidates.designs.copy(), distinct.designs.copy()
    amounts = {*_amounts(candidates.space.parameters), *_amounts(source.space.parameters)}
    for column in amounts:
        for table in (pool, designs):
            if column not in table:
                table[column] = 0.0
    shared = [column for column in pool if column in designs]
    if not any(column in candidates.designs and column in distinct.designs for column in shared):
        raise ValueError(f"source {source.name!r} shares no column with the pool")
    return Related(source.name, pool[shared], designs[shared], distinct.mean)


def _amounts(parameters: tuple[object, ...]) -> list[str]:
    return [
        column for parameter in parameters if isinstance(parameter, ShareParameter) for column in parameter.lab_columns
    ]


def unit_cube(tables: list[pd.DataFrame], categorical: tuple[str, ...]) -> list[np.ndarray]:
    """Return the features of tables with the same columns: words one-hot, each column from 0 to 1 over all tables.

    Columns that never change are dropped; a column counts as words if any table has text in it.
    """
    joined = pd.concat(tables, ignore_index=True)
    columns: list[np.ndarray] = []
    for name in sorted(joined.columns):
        cells = joined[name].to_numpy()
        if name in categorical or not pd.api.types.is_numeric_dtype(joined[name]):
            columns += [(cells == choice).astype(float) for choice in sorted(set(cells))]
        else:
            columns.append(cells.astype(float))
    matrix = np.column_stack(columns)
    matrix = matrix[:, np.ptp(matrix, axis=0) > 0]
    scaled = (matrix - matrix.min(axis=0)) / np.ptp(matrix, axis=0)
    return np.split(scaled, np.cumsum([len(table) for table in tables])[:-1])
