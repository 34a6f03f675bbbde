"""Past tasks for one target task: the others of its family, cleaned identically for every method.

Near copies of the target (its `leave_out` group) are no sources; rows that repeat a design of the target's pool are
removed; larger sources are reduced to the same `MAX_ROWS` random rows for all methods; each source has one target.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from benchmarks.suite.pools import Pool
from designer.space import DesignSpace, ShareParameter
from designer.tasks import Family, Task

MAX_ROWS = 200
MIN_ROWS = 10

Key = frozenset[tuple[str, str]]


def sources_of(
    family: Family, pool: Pool, *, across_targets: bool = False, shared_designs: bool = False
) -> tuple[Task, ...]:
    """Return the cleaned sources of a pool's task, in the order of the family.

    Parameters
    ----------
    across_targets
        Whether a task that measured another quantity is a source too, by its first target. Otherwise only tasks that
        measured the pool's quantity are.
    shared_designs
        Whether a source keeps the rows that repeat a design of the pool.
    """
    taken = set() if shared_designs else set(design_keys(pool.candidates.space, pool.candidates.designs))
    found = (_source(task, pool, taken, across_targets) for task in family.sources(pool.task))
    return tuple(source for source in found if source is not None)


def _source(task: Task, pool: Pool, taken: set[Key], across_targets: bool) -> Task | None:
    names = [target.name for target in task.targets]
    wanted = pool.candidates.target
    if wanted not in names and not across_targets:
        return None
    single = _only(task, wanted if wanted in names else names[0])
    new = [key not in taken for key in design_keys(single.space, single.data)]
    selected = drawn(int(np.sum(new)), MAX_ROWS, f"{pool.family}/{pool.task}/{task.name}")
    rows = np.flatnonzero(new)[selected]
    return None if len(rows) < MIN_ROWS else with_rows(single, rows)


@lru_cache(maxsize=512)
def _only(task: Task, target: str) -> Task:
    """Return the task with one target; tasks are compared by identity, and each is a source of many others."""
    return task.only(target)


def with_rows(task: Task, rows: Sequence[int] | np.ndarray) -> Task:
    """Return the task with only these rows, in their order."""
    return replace(task, data=task.data.iloc[np.asarray(rows, dtype=int)].reset_index(drop=True))


def drawn(n: int, limit: int, name: str) -> np.ndarray:
    """Return sorted positions below `n`: all, or `limit` of them drawn with a seed derived from `name`.

    >>> drawn(3, 5, "a").tolist(), len(drawn(30, 5, "a")), bool((drawn(30, 5, "a") == drawn(30, 5, "a")).all())
    ([0, 1, 2], 5, True)
    """
    if n <= limit:
        return np.arange(n)
    return np.sort(rng_of(name).choice(n, size=limit, replace=False))


def rng_of(name: str) -> np.random.Generator:
    """Return a generator that depends on `name` alone."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))


def design_keys(space: DesignSpace, frame: pd.DataFrame) -> Iterator[Key]:
    """Return a key for each row, the same for one design in all tasks of the family.

    A key holds the lab values to 12 significant digits by column; amounts of 0 are left out, since a task of
    fewer elements or components has no columns for the others.
    """
    shares = {column for p in space.parameters if isinstance(p, ShareParameter) for column in p.lab_columns}
    columns = [(name, name in shares, frame[name].to_numpy()) for name in space.columns]
    for i in range(len(frame)):
        cells = ((name, share, cells[i]) for name, share, cells in columns)
        yield frozenset((name, _text(cell)) for name, share, cell in cells if not (share and cell == 0))


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else f"{float(cell):.12g}"  # type: ignore[arg-type]


def digest(sources: Sequence[Task]) -> str:
    """Return a short hash of sources, or an empty text for none: results from other sources are not the same."""
    if not sources:
        return ""
    parts = (f"{s.family}/{s.name}\n{s.data.to_csv(index=False, float_format='%.10g')}" for s in sources)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
