"""Files of the study of the learned policy: states that were visited, and outcomes of campaigns, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.policy_simulation import Simulation, Visit


@dataclass(frozen=True)
class Record:
    """The outcome of one simulated campaign under one policy."""

    family: str
    task: str
    policy: str
    seed: int
    budget: int
    to_top: int
    to_gap: int
    experts: list[str]
    chosen: list[int]

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        """What it is the outcome of."""
        return self.family, self.task, self.policy, self.seed, self.budget


def read_records(file: Path) -> list[Record]:
    """Return the outcomes of a file; none where there is no file."""
    return [Record(**line) for line in _lines(file)]


def append_record(file: Path, record: Record) -> None:
    """Write one more outcome."""
    _append(file, asdict(record))


class VisitStore:
    """The visited states of pools, one file for each pool."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stored: dict[str, set[tuple[int, ...]]] = {}

    def load(self, simulation: Simulation) -> None:
        """Give a simulation the states that are stored."""
        for key, visit in self.read(simulation.pool.family, simulation.pool.task):
            simulation.visits[key] = visit
        self._stored[self._name(simulation)] = set(simulation.visits)

    def save(self, simulation: Simulation) -> None:
        """Store the states of a simulation that are not stored yet."""
        known = self._stored.setdefault(self._name(simulation), set())
        for key, visit in simulation.visits.items():
            if key not in known:
                known.add(key)
                _append(self._folder / f"{self._name(simulation)}.jsonl", _encoded(key, visit))

    def read(self, family: str, task: str) -> Iterator[tuple[tuple[int, ...], Visit]]:
        """Go through the stored states of a pool."""
        for line in _lines(self._folder / f"{_file_name(family, task)}.jsonl"):
            yield (
                tuple(line["measured"]),
                Visit(
                    tuple(line["names"]),
                    np.array(line["experts"]),
                    np.array(line["campaign"]),
                    tuple(line["proposals"]),
                    np.array(line["ranks"]),
                ),
            )

    def _name(self, simulation: Simulation) -> str:
        return _file_name(simulation.pool.family, simulation.pool.task)


def _file_name(family: str, task: str) -> str:
    return f"{family}__{task}".replace("/", "--")


def _encoded(key: tuple[int, ...], visit: Visit) -> dict[str, Any]:
    return {
        "measured": list(key),
        "names": list(visit.names),
        "experts": [[round(float(value), 4) for value in row] for row in visit.experts],
        "campaign": [round(float(value), 4) for value in visit.campaign],
        "proposals": list(visit.proposals),
        "ranks": visit.ranks.tolist(),
    }


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.exists():
        text = file.read_text(encoding="utf-8").split("\n")
        yield from map(json.loads, text[:-1])  # what follows the last line break was cut off


def _append(file: Path, line: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")
