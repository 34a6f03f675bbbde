"""Campaigns of the suite `families` that were recorded before: outcomes of three experts at no cost, and their states.

They are the same as simulated ones with the seed 0; with other seeds they differ in quasi-random draws alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.studies.policy_records import Record
from benchmarks.suite import rows
from benchmarks.suite.measures import experiments_to, gap_threshold, top_threshold
from benchmarks.suite.pools import Pool

FAMILIES = Path(__file__).parents[1] / "results" / "families"
METHODS = {"designer-auto": "auto", "designer": "gp-and-forest", "designer-without-forest": "gp"}
"""The expert that each method always used."""

SHOWN = (3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26)
"""Numbers of results at which the states of a recorded campaign are visited."""


def recorded(pools: Sequence[Pool], folder: Path = FAMILIES, *, track: str = "shared") -> list[Record]:
    """Return the recorded campaigns of a track in these pools, with their own sources."""
    known = {(pool.family, pool.task): pool for pool in pools}
    found = []
    for row in rows.read(folder):
        pool = known.get((row.family, row.task))
        ours = row.method in METHODS and (row.track, row.control, row.error) == (track, "none", "")
        if pool is None or not ours or row.pool != pool.digest():
            continue
        path = pool.candidates.utility(pool.y[row.chosen]).tolist()
        to_top = experiments_to(path, top_threshold(pool.utility), row.budget)
        to_gap = experiments_to(path, gap_threshold(pool.utility), row.budget)
        expert = METHODS[row.method]
        until = max(row.initial, min(len(row.chosen), max(to_top, to_gap)))
        experts = [expert] * (until - row.initial)
        found.append(
            Record(row.family, row.task, expert, row.seed, row.budget, to_top, to_gap, experts, row.chosen[:until])
        )
    return found


def states_on_the_path(record: Record) -> Iterator[list[int]]:
    """Go through the states (measured rows) of a recorded campaign that are visited: more of the early ones."""
    until = max(record.to_top, record.to_gap)
    yield from (record.chosen[:count] for count in SHOWN if count < until and count < len(record.chosen))
