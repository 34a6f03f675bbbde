"""Tables of simulated tasks: ``python -m benchmarks.suite.simulated perovskites`` makes `benchmarks/data/perovskites`
again.

The same command gives the same designs and, with the same versions, the same values. Every simulation is saved in a
file of its task as soon as it is done (`--work`), so that a run can be stopped at any time and goes on where it ended;
the family is written when all are there. Simulations that failed are rows without values there, and left out of the
tables. These are results of models, not measurements: the validity of a model is documented in its module of
`designer.oracles.simulators`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designer.errors import DesignerError, MeasurementFailed
from designer.objective import Target
from designer.oracles.simulators import SIMULATORS, SimulatedTask
from designer.space import CompositionParameter, DesignSpace, NumericParameter
from designer.tasks import Family, Task
from designer.tasks.family_folder import save_family

HERE = Path(__file__).parents[1]
DIGITS = 6  # significant, of every value


@dataclass(frozen=True, kw_only=True)
class Table:
    """Which tasks of a simulator are tabulated, and how.

    Parameters
    ----------
    simulator, tasks
        As in `designer.oracles.simulators`; all tasks, unless given.
    rows
        Designs a task.
    step
        Of the shares in a composition.
    derived
        A target made of the simulated ones, in front of them: the first target is the one that suites take.
    first
        Which target comes first, where none is derived.
    """

    simulator: str
    rows: int
    tasks: tuple[str, ...] | None = None
    step: float | None = None
    derived: tuple[Target, Callable[[Mapping[str, float]], float]] | None = None
    first: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The tasks."""
        return self.tasks or tuple(task.name for task in SIMULATORS[self.simulator].tasks)

    def space(self, task: SimulatedTask) -> DesignSpace:
        """Return the space of the table: the task's own, compositions in at.% with a step."""
        return DesignSpace(
            parameters=[
                CompositionParameter(name=given.name, elements=given.elements, unit="at.%", step=self.step)
                if isinstance(given, CompositionParameter)
                else given
                for given in task.parameters
            ]
        )

    def targets(self, task: SimulatedTask) -> tuple[Target, ...]:
        """Return the targets of the table, the one that suites take first."""
        own = sorted(task.targets, key=lambda target: target.name != self.first)
        return (self.derived[0], *own) if self.derived else tuple(own)


_EFFECTIVE = Target(
    name="effective_use",
    unit="percent",
    goal="maximize",
    description="coverage of the bottom times precursor use; neither of the two has a best dose of its own",
)

TABLES: dict[str, Table] = {
    "diamond": Table(simulator="hot-filament-cvd", rows=250),
    "deposition": Table(
        simulator="atomic-layer-deposition",
        tasks=(
            *(f"tma-via-{ratio}" for ratio in (10, 20, 30, 50)),
            *("ticl4-via-10", "ticl4-via-30", "dez-via-10", "tema-hf-via-10"),
        ),
        rows=200,
        derived=(_EFFECTIVE, lambda values: values["coverage"] * values["precursor_use"] / 100),
    ),
    "emt-alloys": Table(
        simulator="emt-alloys",
        tasks=("Ag-Au-Cu", "Ag-Au-Pd", "Au-Cu-Pd", "Au-Cu-Pt", "Cu-Ni-Pd"),
        rows=100,
        step=5,
        first="mixing_enthalpy",
    ),
    "perovskites": Table(
        simulator="perovskites",
        tasks=("fluoride", "chloride", "bromide", "iodide", "oxide", "sulfide", "selenide"),
        rows=150,
        step=12.5,
    ),
}
"""The tables, by the family's name."""


def designs(name: str, task: str, *, rows: int | None = None) -> pd.DataFrame:
    """Return the designs of a task (rows x columns, lab units), all different; other tasks have others."""
    table = TABLES[name]
    space = _finely_drawn(table.space(SIMULATORS[table.simulator].task(task)))
    wanted = table.rows if rows is None else rows
    rng = np.random.default_rng(_seed(name, task))
    frame = space.frame(space.sample(4 * wanted, rng))
    numbers = frame.select_dtypes("number").columns
    frame[numbers] = frame[numbers].map(lambda value: float(f"{value:.4g}"))
    frame = frame.drop_duplicates(ignore_index=True).head(wanted)
    assert len(frame) == wanted, f"{name}/{task}: fewer than {wanted} different designs were drawn"
    return frame


class _FineNumeric(NumericParameter):
    """A number with steps of a ten-thousandth of its range, as in the version that made the tables."""

    @cached_property
    def resolution(self) -> Decimal:
        """The power of ten nearest to a ten-thousandth of the range."""
        return Decimal(1).scaleb(round(math.log10((self.high - self.low) / 1e4)))


def _finely_drawn(space: DesignSpace) -> DesignSpace:
    """Return a space whose draws are those that the committed tables hold, whatever the rounding of suggestions."""
    parameters = [
        _FineNumeric.model_validate(p.model_dump(exclude_unset=True)) if isinstance(p, NumericParameter) else p
        for p in space.parameters
    ]
    return DesignSpace(parameters=parameters, constraints=space.constraints)


def make(
    name: str, work: Path, *, rows: int | None = None, report: Callable[[str], None] = lambda line: None
) -> Family:
    """Simulate what is missing of a family, and return it.

    Parameters
    ----------
    work
        Folder of the files of results, one JSON line a simulation.
    rows
        Designs a task; the table's, unless given.

    Raises
    ------
    MissingExtra
        If the package that simulates is not installed.
    """
    table = TABLES[name]
    simulator = SIMULATORS[table.simulator]
    tasks = []
    failed = 0
    for task in table.names:
        frame = designs(name, task, rows=rows)
        values = _simulated(name, simulator.task(task), frame, work / name / f"{task}.jsonl")
        failed += sum(not row for row in values)
        report(f"{name}/{task}: {len(values)} simulations, {sum(not row for row in values)} failed")
        tasks.append(_task(name, simulator.task(task), frame, values))
    total = sum(len(task) for task in tasks) + failed
    what = f"Simulated, not measured: {simulator.summary}."
    return Family(
        name=name,
        tasks=tuple(tasks),
        description=f"{what} {failed} of {total} simulations failed and are left out.",
        license="CC0-1.0",
        source=f"python -m benchmarks.suite.simulated {name}, with {simulator.package} {version(simulator.package)}",
        citation=f"equations and sources: designer.oracles.simulators, {simulator.name}",
    )


def _simulated(name: str, task: SimulatedTask, frame: pd.DataFrame, file: Path) -> list[dict[str, float]]:
    """Return the values of every design, empty where the simulation failed; what the file has is not done again."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = file.read_text(encoding="utf-8").split("\n") if file.exists() else [""]
    done = [json.loads(line) for line in lines[:-1]]  # what follows the last line break was cut off
    rows: list[dict[str, Any]] = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    if [each["design"] for each in done] != rows[: len(done)]:
        raise ValueError(f"{file} has other designs than this version would simulate; move it away")
    with file.open("w", encoding="utf-8", newline="") as out:
        out.writelines(json.dumps(each) + "\n" for each in done)
        for i, design in enumerate(rows[len(done) :], start=len(done)):
            try:
                values = task.simulate(_setting(task, design), seed=_seed(name, task.name, i))
                result: dict[str, Any] = {"values": {key: _rounded(value) for key, value in values.items()}}
            except MeasurementFailed as error:
                result = {"values": {}, "failed": str(error)}
            done.append({"design": design} | result)
            out.write(json.dumps(done[-1]) + "\n")
            out.flush()
    return [each["values"] for each in done]


def _setting(task: SimulatedTask, design: Mapping[str, Any]) -> dict[str, Any]:
    setting: dict[str, Any] = {}
    for given in task.parameters:
        if isinstance(given, CompositionParameter):
            amounts = {element: design[f"{given.name}.{element}"] for element in given.elements}
            setting[given.name] = {element: amount / sum(amounts.values()) for element, amount in amounts.items()}
        else:
            setting[given.name] = design[given.name]
    return setting


def _task(name: str, task: SimulatedTask, frame: pd.DataFrame, values: Sequence[Mapping[str, float]]) -> Task:
    table = TABLES[name]
    successful = [i for i, row in enumerate(values) if row]
    data = frame.iloc[successful].reset_index(drop=True)
    for target in table.targets(task):
        if table.derived and target is table.derived[0]:
            data[target.name] = [_rounded(table.derived[1](values[i])) for i in successful]
        else:
            data[target.name] = [values[i][target.name] for i in successful]
    return Task(space=table.space(task), targets=table.targets(task), data=data, name=task.name, family=name)


def _rounded(value: float) -> float:
    return round(float(f"{value:.{DIGITS}g}"), DIGITS)  # nothing is 1e-11


def _seed(*parts: str | int) -> int:
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:8], "big")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite.simulated", description=__doc__)
    parser.add_argument("family", choices=TABLES)
    parser.add_argument("--out", type=Path, help="the family's folder, which must not exist (benchmarks/data/FAMILY)")
    parser.add_argument("--work", type=Path, default=Path("build", "simulated"), help="results so far (%(default)s)")
    parser.add_argument("--rows", type=int, help="designs a task (default: those of the committed table)")
    options = parser.parse_args(arguments)
    folder = options.out or HERE / "data" / options.family
    try:
        family = make(options.family, options.work, rows=options.rows, report=lambda line: print(line, flush=True))
        print(save_family(family, folder))
    except (DesignerError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
