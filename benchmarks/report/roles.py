"""The methods that a report compares: the one under test, the baseline, and the best peer."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.report.comparison import Cube, mean
from benchmarks.report.results import Grid, Part

OURS = "designer"


def is_ours(method: str) -> bool:
    """Return whether a method is one of this project's.

    >>> is_ours("designer"), is_ours("designer-transfer-gp"), is_ours("baybe")
    (True, True, False)
    """
    return method == OURS or method.startswith(f"{OURS}-")


def to_top(grid: Grid) -> Cube:
    """Return the experiments to the top 1 %."""
    return grid.cube(lambda campaign: campaign.measures.to_top)


def to_gap(grid: Grid) -> Cube:
    """Return the experiments to 90 % of the gap between the median design and the best."""
    return grid.cube(lambda campaign: campaign.measures.to_gap)


@dataclass(frozen=True)
class Roles:
    """The methods that a report compares.

    Parameters
    ----------
    ours
        The method under test.
    baseline
        The method without past tasks that acceleration is relative to; None where it has not run.
    peer
        The best method of others, by experiments to the top 1 %, chosen with hindsight; None where none has run.
    """

    ours: str
    baseline: str | None
    peer: str | None

    @classmethod
    def of(cls, part: Part, grid: Grid, ours: str, baseline: str) -> Roles:
        """Find the best peer among the methods of a grid, which is one of the part's."""
        means = mean(to_top(grid).by_task())
        best = min(peers_of(grid, ours), key=lambda i: means[i], default=None)
        return cls(ours, baseline if baseline in part.methods else None, None if best is None else grid.methods[best])

    @property
    def comparators(self) -> list[str]:
        """The baseline and the best peer, without repeats and without the method under test."""
        return [name for name in dict.fromkeys((self.baseline, self.peer)) if name is not None and name != self.ours]


def peers_of(grid: Grid, ours: str) -> list[int]:
    """Return the indices of the peer methods (not of this project) in a grid."""
    return [i for i, method in enumerate(grid.methods) if not is_ours(method) and method != ours]


def best_by_family(grid: Grid, ours: str) -> dict[str, str]:
    """Return for each family the method of others that needs the fewest experiments there, chosen with hindsight."""
    by_task, peers = to_top(grid).by_task(), peers_of(grid, ours)
    found: dict[str, str] = {}
    for family in sorted({family for family, _ in grid.tasks} if peers else ()):
        rows = [t for t, task in enumerate(grid.tasks) if task[0] == family]
        means = by_task[:, rows].mean(axis=1)
        found[family] = grid.methods[min(peers, key=lambda i: means[i])]
    return found
