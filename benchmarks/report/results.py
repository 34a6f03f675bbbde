"""The rows of a suite with their performance measures, grouped into comparable sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.report.comparison import Cube, common
from benchmarks.report.one_step_ahead import OneStepAhead, one_step_ahead
from benchmarks.suite import methods
from benchmarks.suite.campaigns import Key, Row
from benchmarks.suite.measures import Measures, measure, regret_curve
from benchmarks.suite.plan import Plan
from benchmarks.suite.pools import Pool
from benchmarks.suite.sources import digest
from benchmarks.suite.suite import Suite

TaskKey = tuple[str, str]
Short = tuple[str, str, str, int]


@dataclass(frozen=True, eq=False)
class Campaign:
    """One row with its measures.

    Parameters
    ----------
    regret
        Normalised regret after each experiment of the budget.
    pool
        How many designs there were.
    """

    row: Row
    measures: Measures
    one_step_ahead: OneStepAhead
    regret: np.ndarray
    pool: int


Measure = Callable[[Campaign], float]


@dataclass(frozen=True, eq=False)
class Grid:
    """Campaigns that several methods share, without gaps: methods x tasks x seeds."""

    campaigns: Mapping[Short, Campaign]
    methods: tuple[str, ...]
    tasks: tuple[TaskKey, ...]
    seeds: tuple[int, ...]

    def array(self, value: Callable[[Campaign], float | np.ndarray]) -> np.ndarray:
        """Return methods x tasks x seeds (x more) of what `value` gives for a campaign."""
        return np.array(
            [
                [[value(self.campaigns[(*task, method, seed)]) for seed in self.seeds] for task in self.tasks]
                for method in self.methods
            ]
        )

    def cube(self, value: Measure) -> Cube:
        """Return one measure of every campaign."""
        return Cube(self.methods, self.tasks, self.seeds, self.array(value))

    def where(self, keep: Callable[[TaskKey], bool]) -> Grid:
        """Return the campaigns of the tasks for which `keep` is true."""
        return Grid(self.campaigns, self.methods, tuple(filter(keep, self.tasks)), self.seeds)

    def only(self, wanted: Sequence[str]) -> Grid:
        """Return the part with these methods."""
        return Grid(self.campaigns, tuple(wanted), self.tasks, self.seeds)


@dataclass(frozen=True, eq=False)
class Part:
    """All campaigns of one track under one control, by (family, task, method, seed)."""

    campaigns: Mapping[Short, Campaign]

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """All methods."""
        return tuple(sorted({key[2] for key in self.campaigns}))

    def tasks(self, method: str) -> set[TaskKey]:
        """Return the tasks of which a method has a campaign."""
        return {key[:2] for key in self.campaigns if key[2] == method}

    @cached_property
    def whole(self) -> tuple[str, ...]:
        """The methods that have every task of the suite; if there is none, those with the largest number of tasks."""
        largest = max((len(self.tasks(method)) for method in self.methods), default=0)
        return tuple(method for method in self.methods if len(self.tasks(method)) == largest)

    @cached_property
    def partial(self) -> tuple[str, ...]:
        """The methods that have fewer tasks: every third, those with sources, or those that have run so far."""
        return tuple(method for method in self.methods if method not in self.whole)

    def grid(self, wanted: Sequence[str]) -> Grid | None:
        """Return the campaigns that these methods share; None if there are none."""
        found, tasks, seeds = common([key for key in self.campaigns if key[2] in wanted])
        if set(found) != set(wanted) or not tasks:
            return None
        return Grid(self.campaigns, tuple(found), tuple(tasks), tuple(seeds))


@dataclass(frozen=True, eq=False)
class Results:
    """All rows of a suite that belong to it as it is now."""

    suite: Suite
    campaigns: Mapping[Key, Campaign]

    def part(self, track: str, control: str = "none") -> Part:
        """Return the campaigns of one track under one control."""
        return Part({key[:4]: each for key, each in self.campaigns.items() if key[4:] == (track, control)})

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """All methods."""
        return tuple(sorted({key[2] for key in self.campaigns}))

    @cached_property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """The tracks and controls that there are, the usual ones first."""
        found = {key[4:] for key in self.campaigns}
        return tuple(sorted(found, key=lambda part: (part[1] != "none", part[0] != "shared", part)))


def results(plan: Plan, rows: Iterable[Row], wanted: Sequence[str] = ()) -> Results:
    """Measure the rows that belong to a suite.

    Parameters
    ----------
    wanted
        These methods only.

    Raises
    ------
    ValueError
        If a row was measured on another pool, with other sources or with another budget than the suite has now, or
        there is no row at all.
    """
    pools = {(pool.family, pool.task): pool for pool in plan.pools}
    digests = {key: pool.digest() for key, pool in pools.items()}
    expected = _Sources(plan)
    found: dict[Key, Campaign] = {}
    for row in rows:
        pool = pools.get((row.family, row.task))
        if pool is None or (wanted and row.method not in wanted):
            continue
        if row.pool != digests[row.family, row.task] or row.budget != plan.suite.budget:
            raise ValueError(f"{row.key}: the result is of another pool or budget; run it again")
        if row.method in methods.TRANSFERS and row.sources != expected(pool, row.control):
            raise ValueError(f"{row.key}: the result is of other sources; run it again")
        found[row.key] = _measured(row, pool)
    if not found:
        raise ValueError(f"there is no result of suite {plan.suite.suite!r}; run it first")
    return Results(plan.suite, found)


def _measured(row: Row, pool: Pool) -> Campaign:
    path: list[float] = pool.candidates.utility(np.array(row.y)).tolist()
    return Campaign(
        row,
        measure(pool.utility, path, row.budget),
        one_step_ahead(row, pool.y),
        regret_curve(pool.utility, path, row.budget),
        len(pool),
    )


class _Sources:
    """The digests of the sources that campaigns have now."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: dict[tuple[TaskKey, str], str] = {}

    def __call__(self, pool: Pool, control: str) -> str:
        key = ((pool.family, pool.task), control)
        if key not in self._known:
            self._known[key] = digest(self._plan.controlled(pool, control).candidates.sources)
        return self._known[key]
