"""Limits, conditional parameters and equalities: ``python -m benchmarks.studies.lab_spaces [--seeds 5]``.

Each key is compared with what a user of a tool without it does. One design at a time; counted are the experiments
until one of the best designs was made (one more than allowed where none was).

* Limits: two measured tables, of which the lower `CENSORED` of the results are below what the instrument measures.
  They are recorded as limits, or as numbers equal to the limit, or as failures. The best 2 % of the designs.
* Conditional parameters: the two routes of ``campaigns/two-routes.yaml``, with ``when:``, or with all settings in every
  design, of which those of the other route mean nothing. A conductivity of at least `CONDUCTIVITY`, which one of
  a thousand random designs has.
* Equalities, a ratio and an additive that may be absent: the slurry of ``campaigns/slurry.yaml``, with its
  constraints, or with graphite and binder calculated by hand from inequalities over the other amounts, carbon black
  below 1 % left out, and designs beyond the bounds reported as failures. A capacity of
  at least `CAPACITY`, which one of a thousand random designs with the fade that is allowed has.

The routes and the slurry are formulas: the tables that we have do not have such settings. The variable
``DESIGNER_DATA`` names the folder of the tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies import beliefs
from benchmarks.studies.lab_tables import LabTable
from campaigns import slurry_surface, two_routes_surface
from designer import Campaign

EXPERIMENTS, BEST, SEEDS = 40, 0.02, 5
CENSORED = 0.6
"""The share of the results that are below the limit."""
CONDUCTIVITY, CAPACITY = 11.3, 626.0
TABLES = ("enzymatic oxidation", "P3HT-CNT films")
LIMIT, NUMBER, FAILURE = "a limit (`<`)", "the limit as a number", "a failure"

Row = tuple[float, float]
"""Experiments until the aim, CPU seconds for an experiment."""
Design = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.lab_spaces", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    print("| space | campaign | experiments | CPU s an experiment |")
    print("|---|---|---:|---:|")
    for space, name, run in _arms():
        rows = np.array([run(seed) for seed in range(given.seeds)])
        error = rows[:, 0].std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else 0.0
        print(f"| {space} | {name} | {rows[:, 0].mean():.1f} ± {error:.1f} | {rows[:, 1].mean():.2f} |", flush=True)
    return 0


def _arms() -> list[tuple[str, str, Callable[[int], Row]]]:
    arms: list[tuple[str, str, Callable[[int], Row]]] = []
    for table in (each for each in beliefs.tables() if each.name in TABLES):
        arms += [(table.name, f"low results as {name}", _with_limit(table, name)) for name in (LIMIT, NUMBER, FAILURE)]
    arms += [("two routes", "`when:`", _routes), ("two routes", "all settings in every design", _routes_flat)]
    arms += [("slurry", "equalities, a ratio, `zero_or`", _slurry), ("slurry", "amounts by hand", _slurry_by_hand)]
    return arms


def _with_limit(whole: LabTable, low: str) -> Callable[[int], Row]:
    def run(seed: int) -> Row:
        table = whole.part(seed)
        target = str(table.target["name"])
        values = table.frame[target]
        limit, good = float(values.quantile(CENSORED)), float(values.quantile(1 - BEST))
        campaign = _campaign(table.space(), [dict(table.target)], seed, candidates=table.frame[table.settings])

        def measured(design: Design) -> tuple[Any, bool]:
            value = table.value(design)
            if value >= limit:
                return value, value >= good
            return {LIMIT: f"<{limit!r}", NUMBER: limit, FAILURE: None}[low], False

        return _until(campaign, lambda design: _of_target(target, measured(design)))

    return run


def _of_target(name: str, found: tuple[Any, bool]) -> tuple[Design | None, bool]:
    value, reached = found
    return (None if value is None else {name: value}), reached


def _routes(seed: int) -> Row:
    campaign = _campaign(_route_space(conditional=True), [{"name": "conductivity", "goal": "maximize"}], seed)
    return _until(campaign, _conductivity)


def _routes_flat(seed: int) -> Row:
    campaign = _campaign(_route_space(conditional=False), [{"name": "conductivity", "goal": "maximize"}], seed)
    return _until(campaign, _conductivity)


def _route_space(*, conditional: bool) -> list[dict[str, Any]]:
    solid, wet = ({"when": f"route == {name}"} if conditional else {} for name in ("'solid state'", "hydrothermal"))
    strong = {"when": "mineraliser in [NaOH, KOH]"} if conditional else {}
    return [
        {"name": "route", "kind": "categorical", "choices": ["solid state", "hydrothermal"]},
        {"name": "dopant", "kind": "numeric", "bounds": [0, 10], "step": 0.5},
        {"name": "furnace_temperature", "kind": "numeric", "bounds": [700, 1200], "step": 25, **solid},
        {"name": "milling_time", "kind": "numeric", "bounds": [1, 48], "scale": "log", **solid},
        {"name": "autoclave_temperature", "kind": "numeric", "bounds": [120, 240], "step": 5, **wet},
        {"name": "mineraliser", "kind": "categorical", "choices": ["NaOH", "KOH", "NH3"], **wet},
        {"name": "washings", "kind": "numeric", "bounds": [1, 6], "step": 1, **strong},
    ]


def _conductivity(design: Design) -> tuple[Design, bool]:
    absent: dict[str, Any] = {str(name): None if pd.isna(cell) else cell for name, cell in design.items()}
    if absent["mineraliser"] == "NH3":
        absent["washings"] = None
    found = two_routes_surface.measure(**absent)
    return found, found["conductivity"] >= CONDUCTIVITY


_SLURRY_TARGETS: list[dict[str, Any]] = [{"name": "capacity", "goal": "maximize"}, {"name": "fade", "at_most": 10}]
_FREE: list[dict[str, Any]] = [
    {"name": "silicon", "kind": "numeric", "bounds": [0, 30], "step": 0.5},
    {"name": "thickener", "kind": "numeric", "bounds": [0.5, 5]},
    {"name": "temperature", "kind": "numeric", "bounds": [60, 140], "step": 5},
]


def _slurry(seed: int) -> Row:
    space = [
        *_FREE,
        {"name": "graphite", "kind": "numeric", "bounds": [60, 95], "step": 0.5},
        {"name": "binder", "kind": "numeric", "bounds": [1, 10]},
        {"name": "carbon_black", "kind": "numeric", "zero_or": [1, 4], "step": 0.5},
    ]
    constraints = [
        "graphite + silicon + binder + thickener + carbon_black == 100",
        "binder == 2 * thickener",
        "binder >= 0.15 * silicon",
    ]
    return _until(_campaign(space, _SLURRY_TARGETS, seed, constraints=constraints), _made_slurry)


def _slurry_by_hand(seed: int) -> Row:
    space = [*_FREE, {"name": "carbon_black", "kind": "numeric", "bounds": [0, 4], "step": 0.5}]
    constraints = [
        "2 * thickener >= 0.15 * silicon",
        "silicon + 3 * thickener + carbon_black <= 40",
        "silicon + 3 * thickener + carbon_black >= 5",
    ]

    def made(design: Design) -> tuple[Design | None, bool]:
        black = design["carbon_black"] if design["carbon_black"] >= 1 else 0.0
        rest = 100 - design["silicon"] - 3 * design["thickener"] - black
        if not 60 <= rest <= 95:
            return None, False
        return _made_slurry({**design, "carbon_black": black, "binder": 2 * design["thickener"], "graphite": rest})

    return _until(_campaign(space, _SLURRY_TARGETS, seed, constraints=constraints), made)


def _made_slurry(design: Design) -> tuple[Design, bool]:
    found = slurry_surface.measure(**design)
    return found, found["capacity"] >= CAPACITY and found["fade"] <= 10


def _campaign(space: list[dict[str, Any]], targets: list[dict[str, Any]], seed: int, **more: Any) -> Campaign:
    return Campaign.create(
        space=space,
        targets=targets,
        budget=EXPERIMENTS,
        seed=seed,
        stop={"reach": False},
        suggest_seconds=3600.0,  # no time limit, whatever else the machine does
        **more,
    )


def _until(campaign: Campaign, measure: Callable[[Design], tuple[Design | None, bool]]) -> Row:
    """Return the experiments until the aim is reached; `measure` returns None for a failure."""
    begin = time.process_time()
    for number in range(1, EXPERIMENTS + 1):
        batch = campaign.suggest()
        (design,) = batch.to_dict(orient="records")
        values, reached = measure({str(name): cell for name, cell in design.items()})
        if reached:
            return number, (time.process_time() - begin) / number
        if values is None:
            campaign.record_failure({str(name): cell for name, cell in design.items()}, "not measured")
        else:
            campaign.record(batch.assign(**values))
    return EXPERIMENTS + 1, (time.process_time() - begin) / EXPERIMENTS


if __name__ == "__main__":
    sys.exit(main())
