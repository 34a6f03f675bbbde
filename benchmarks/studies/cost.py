"""Costs of experiments: ``python -m benchmarks.studies.cost [--seeds 4]``.

Campaigns over measured tables whose experiments differ in cost. The costs were stated before any campaign was run: what
the table's settings suggest (a dear ligand, palladium, enzymes, cement, a longer print), in one unit. Each campaign has
a random part of its table (80 % of the rows) and makes experiments one after another until one of the best 2 % of the
designs is made, at most 40. Its figure is the cost spent until then. Three ways: costs ignored, which is what a user
can do without a model of costs; ``cost:``; and the expected improvement per cost without a floor, as in the literature.
The ratio to the campaign of the same seed that ignores costs is a geometric mean with a 95 % interval over campaigns.
``DESIGNER_DATA`` names the folder of the tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from benchmarks.studies.lab_tables import LabTable, data_folder, distinct
from benchmarks.studies.lab_tables import tables as lab_tables
from designer import Campaign
from designer.arrays import FloatArray
from designer.campaign.suggesting import spending
from designer.objective.design_costs import DesignCosts

EXPERIMENTS, BEST, SEEDS = 40, 0.02, 4
IGNORED, STATED, NO_FLOOR = "costs ignored", "`cost:`", "improvement per cost, no floor"

COSTS: Mapping[str, str] = {
    "direct arylation": "1 + 0.02 * (temperature_C - 90) + (6 if ligand in [BrettPhos, JackiePhos, XPhos], 1)",
    "Suzuki coupling": "0.5 + 2 * Pd_molpct + 0.5 * ArBpin_equiv + 0.02 * (temperature_C - 70)",
    "enzymatic oxidation": "1 + 2 * peroxidase_uM + 1 * catalase_uM + 0.5 * alcohol_oxidase_nM",
    "crossed barrels": "1 + 0.3 * n_struts * t_mm",
    "concrete after 28 days": (
        "0.1 * cement_kg_m3 + 0.03 * slag_kg_m3 + 0.02 * fly_ash_kg_m3 + 1.5 * superplasticizer_kg_m3"
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.cost", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    print("| table | costs | campaign | cost to the best 2 % | experiments | ratio of costs | CPU s a suggestion |")
    print("|---|---|---|---:|---:|---:|---:|")
    ratios: dict[str, list[float]] = {}
    for table in tables():
        campaigns = [table.part(seed) for seed in range(given.seeds)]
        found = {name: np.array([_run(part, seed, name) for seed, part in enumerate(campaigns)]) for name in CAMPAIGNS}
        for name, rows in found.items():
            logs = np.log(rows[:, 0] / found[IGNORED][:, 0])
            ratios.setdefault(name, []).extend(logs.tolist())
            cells = f"{rows[:, 0].mean():.1f} | {rows[:, 1].mean():.1f} | {interval(logs)} | {rows[:, 2].mean():.2f}"
            print(f"| {table.name} | {rows[0, 3]:.2g} to {rows[0, 4]:.2g} | {name} | {cells} |", flush=True)
    for name, logs in ratios.items():
        print(f"| all | | {name} | | | {interval(np.array(logs))} | |")
    return 0


def interval(logs: FloatArray) -> str:
    """Return a geometric mean with its 95 % interval by the normal approximation, from logarithms of ratios (``n``)."""
    if not logs.any():
        return "1"
    half = 1.96 * logs.std(ddof=1) / np.sqrt(len(logs)) if len(logs) > 1 else np.inf
    low, mid, high = np.exp([logs.mean() - half, logs.mean(), logs.mean() + half])
    return f"{mid:.2f} ({low:.2f} to {high:.2f})"


def tables() -> list[LabTable]:
    """Return the tables of the study."""
    known = {each.name: each for each in lab_tables()}
    barrels = pd.read_csv(data_folder() / "liang_benchmarks" / "crossed_barrel.csv")
    concrete = pd.read_csv(data_folder() / "concrete_by_age" / "age_028d.csv")
    toughness = {"name": "toughness_J", "goal": "maximize"}
    strength = {"name": "compressive_strength_MPa", "goal": "maximize"}
    known["crossed barrels"] = LabTable("crossed barrels", distinct(barrels, "toughness_J"), "t_mm", toughness)
    known["concrete after 28 days"] = LabTable(
        "concrete after 28 days", distinct(concrete, "compressive_strength_MPa"), "water_kg_m3", strength
    )
    return [known[name] for name in COSTS]


def _without_floor(costs: DesignCosts | None) -> DesignCosts | None:
    return None if costs is None else replace(costs, min_gain=1e-300)


CAMPAIGNS: Mapping[str, Any] = {IGNORED: lambda _: None, STATED: lambda costs: costs, NO_FLOOR: _without_floor}
"""What each campaign makes of the costs of designs."""


def _run(table: LabTable, seed: int, name: str) -> tuple[float, float, float, float, float]:
    """Return the cost and the experiments to the best 2 %, CPU s a suggestion, and the least and the largest cost."""
    campaign = Campaign.create(
        space=table.space(),
        targets=[dict(table.target)],
        candidates=table.frame[table.settings],
        cost=COSTS[table.name],
        seed=seed,
        stop={"reach": False},
        suggest_seconds=3600.0,  # no time limit, whatever else the machine does
    )
    best = np.quantile(table.regrets(table.frame[table.target["name"]]), BEST)
    stated, rule, begin = spending.design_costs, CAMPAIGNS[name], time.process_time()
    made, regret = 0, 1.0
    with patch.object(spending, "design_costs", lambda *given: rule(stated(*given))):
        while made < EXPERIMENTS and regret > best:
            batch = campaign.suggest(1)
            value = table.value({str(key): cell for key, cell in batch.iloc[0].items()})
            campaign.record(batch.assign(**{table.target["name"]: [value]}))
            made, regret = made + 1, float(table.regrets([value])[0])
    spent, prices = campaign.spending, campaign.costs(table.frame[table.settings])
    assert spent is not None  # the campaign states a cost
    return spent.spent, float(made), (time.process_time() - begin) / made, float(prices.min()), float(prices.max())


if __name__ == "__main__":
    sys.exit(main())
