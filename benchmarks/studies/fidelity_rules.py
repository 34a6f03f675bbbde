"""Rules for using lower levels: ``python -m benchmarks.studies.fidelity_rules [--seeds 3] [--rows FILE]``.

The study `benchmarks.studies.fidelity` with other pairs: functions beside the same with a random smooth deviation,
small or as large as the function itself, and three tables of compounds whose lower values are the measured ones with a
deviation that depends on the composition. None of them is reported there but Branin and Hartmann 6. Each rule changes
one part of `kind: fidelity`. Figures are the cost to one of the best 1 % of 200 designs, divided by that of the top
level alone, with lower values as they are and shuffled. The tables are in the folder that ``DESIGNER_DATA`` names.

Each campaign is a line of the file of rows, and one that is there is not run again; ``--report`` prints the table of
the file alone.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from benchmarks.studies.campaign_rows import Row, completed
from benchmarks.studies.fidelity import bootstrap, run
from benchmarks.studies.fidelity_tasks import Pair, analytic, branin, hartmann
from benchmarks.studies.lab_tables import data_folder
from designer.arrays import FloatArray
from designer.campaign.suggesting import level_choice
from designer.priors.fidelity import level_evidence, level_process
from designer.space import DesignSpace

SEEDS, RATIOS = 3, (0.02, 0.1)
_COMPOUNDS = 1000
ALONE, PRESENT = "top level alone", "the present rule"


def _of_process_alone(pairs: FloatArray) -> None:
    """Leave the correlation of designs at both levels out of the evidence."""


RULES: dict[str, tuple[tuple[Any, str, Any], ...]] = {
    PRESENT: (),
    "used only once top-level results prove them": (
        (level_evidence, "MIN_PREDICTED", sys.maxsize),
        (level_choice, "MIN_PREDICTED", sys.maxsize),
    ),
    "evidence of the process alone": ((level_process, "log_odds_of_correlation", _of_process_alone),),
    "as much for lower levels as for the top one, whatever the evidence": ((level_choice, "USED_SHARE", 1.0),),
}
"""What each rule changes: an object, its attribute and the value."""


def hartmann_3(X: FloatArray) -> FloatArray:
    A = [[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]]
    P = [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
    away = np.einsum("ij,nij->ni", np.array(A), (X[:, None, :] - 1e-4 * np.array(P)) ** 2)
    return np.asarray(np.exp(-away) @ np.array([1.0, 1.2, 3.0, 3.2]))


def borehole(X: FloatArray) -> FloatArray:
    low = np.array([0.05, 100, 63070, 990, 63.1, 700, 1120, 9855])
    high = np.array([0.15, 50000, 115600, 1110, 116, 820, 1680, 12045])
    radius, influence, upper, head, lower, under, length, conductivity = (low + (high - low) * X).T
    log = np.log(influence / radius)
    resistance = log * (1 + 2 * length * upper / (log * radius**2 * conductivity) + upper / lower)
    return np.asarray(2 * math.pi * upper * (head - under) / resistance)


def currin(X: FloatArray) -> FloatArray:
    x, y = X.T
    rational = (2300 * x**3 + 1900 * x**2 + 2092 * x + 60) / (100 * x**3 + 500 * x**2 + 4 * x + 20)
    return np.asarray((1 - np.exp(-1 / (2 * y + 1e-3))) * rational)


PAIRS: dict[str, tuple[int, Callable[[FloatArray], FloatArray], float]] = {
    "Branin": (2, branin, 0.3), "Hartmann 3": (3, hartmann_3, 0.5), "Hartmann 6": (6, hartmann, 0.7),
    "Borehole": (8, borehole, 0.5), "Currin": (2, currin, 0.5), "Branin, far": (2, branin, 1.0),
    "Hartmann 3, far": (3, hartmann_3, 1.0), "Borehole, far": (8, borehole, 1.2),
}  # fmt: skip
"""The functions, and the size of the deviation beside their own."""

TABLES: dict[str, tuple[str, str, float]] = {
    "refractive index": ("matbench_dielectric", "refractive_index", 0.6),
    "phonons": ("matbench_phonons", "last_phdos_peak_cm_1", 0.4),
    "exfoliation energy": ("matbench_jdft2d", "exfoliation_energy_meV_per_atom", 0.5),
}
"""Tables of compounds, their columns, and the size of the deviation beside that of the logarithm of the column."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns that are not in the file of rows and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.fidelity_rules", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--pairs", nargs="*", default=[*PAIRS, *TABLES], help="Names of the pairs; all unless given.")
    parser.add_argument("--rules", nargs="*", default=list(RULES), help="Names of the rules; all unless given.")
    parser.add_argument("--rows", type=Path, default=Path("benchmarks/results/fidelity_rules.jsonl"))
    parser.add_argument("--report", action="store_true", help="Only print the table of the file.")
    given = parser.parse_args(arguments)
    missing = () if given.report else _campaigns(given.pairs, given.rules, given.seeds)
    rows = completed(given.rows, missing, _key, _campaign)
    print("\n".join(report(rows)))
    return 0


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("pair", "seed", "rule", "ratio", "shuffled"))


def _campaigns(pairs: Sequence[str], rules: Sequence[str], seeds: int) -> Iterator[Row]:
    """Yield what distinguishes each campaign, by seed."""
    for seed in range(seeds):
        for pair in pairs:
            yield {"pair": pair, "seed": seed, "rule": ALONE, "ratio": 1.0, "shuffled": False}
            for rule in rules:
                for ratio in RATIOS:
                    for shuffled in (False, True):
                        yield {"pair": pair, "seed": seed, "rule": rule, "ratio": ratio, "shuffled": shuffled}


@cache
def _pair(name: str) -> Pair:
    if name in TABLES:
        return _compounds(name)
    size, function, deviation = PAIRS[name]
    return analytic(name, size, function, function, deviation)


def _compounds(name: str) -> Pair:
    """Return at most 1,000 compounds of a table, with lower values that deviate by a function of the composition."""
    table, column, deviation = TABLES[name]
    read = pd.read_csv(data_folder() / "composition_property_dft" / f"{table}.csv", keep_default_na=False)
    frame = read.groupby("formula", sort=True)[[column]].mean().reset_index()
    frame = frame.sample(min(_COMPOUNDS, len(frame)), random_state=0).reset_index(drop=True)
    space = DesignSpace(
        parameters=[{"name": "formula", "kind": "formula", "formulas": frame["formula"].tolist()}],
    )
    coordinates = space.coordinates(frame)
    features = np.asarray(space.encoder.encode(coordinates))
    features = (features - features.mean(axis=0)) / np.where(features.std(axis=0) > 0, features.std(axis=0), 1.0)
    rng = np.random.default_rng(5)
    waves = np.tanh(features @ rng.normal(size=features.shape[1]) / math.sqrt(features.shape[1]))
    top = np.log(frame[column].to_numpy())
    top = (top - top.mean()) / top.std()
    values = frame[["formula"]].assign(top=top, low=top + deviation * (waves - waves.mean()) / waves.std())
    first = ~pd.Index(list(space.keys(coordinates))).duplicated()
    return Pair(name, [{"name": "formula", "kind": "formula"}], values[first].reset_index(drop=True))


def _campaign(row: Row) -> Row:
    """Return the row with the cost of its campaign and the number of results at the lower level."""
    part = _pair(row["pair"]).part(row["seed"])
    with ExitStack() as stack:
        for each in RULES.get(row["rule"], ()):
            stack.enter_context(patch.object(*each))
        ratio = None if row["rule"] == ALONE else row["ratio"]
        cost, lower, _ = run(part, row["seed"], ratio, shuffled=row["shuffled"])
    return {**row, "cost": round(cost, 6), "lower": int(lower)}


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table: by rule, the ratios to the cost of the top level alone."""
    alone = {(row["pair"], row["seed"]): row["cost"] for row in rows if row["rule"] == ALONE}
    yield "| rule | campaigns | at 0.02 | shuffled | at 0.1 | shuffled | mean cost, shuffled | largest, shuffled |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for rule in RULES:
        same = [row for row in rows if row["rule"] == rule]
        cells = []
        for ratio in RATIOS:
            for shuffled in (False, True):
                logs = _logs([row for row in same if (row["ratio"], row["shuffled"]) == (ratio, shuffled)], alone)
                cells.append(bootstrap(logs) if logs else "")
        costs = np.array([(row["cost"], alone[row["pair"], row["seed"]]) for row in same if row["shuffled"]])
        if len(costs):
            mean, worst = costs[:, 0].mean() / costs[:, 1].mean(), (costs[:, 0] / costs[:, 1]).max()
            yield f"| {rule} | {len(same)} | {' | '.join(cells)} | {mean:.2f} | {worst:.2f} |"


def _logs(rows: Sequence[Row], alone: dict[tuple[str, int], float]) -> list[list[float]]:
    """Return the logarithms of the ratios, by pair."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row["pair"], []).append(math.log(row["cost"] / alone[row["pair"], row["seed"]]))
    return list(found.values())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
