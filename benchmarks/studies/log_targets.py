"""Targets that span decades: ``python -m benchmarks.studies.log_targets [--seeds 4]``.

Three measured tables whose results span from two to more than two and a half decades, 80 % of the rows for each
campaign, one design at a time, with ``scale: log`` and with the linear scale that is the default in every tool. Counted
are the experiments until one of the best 2 % of the designs was made, of 30 at most (31 where none was). After 20
experiments the results of all other designs are predicted: shown are the median error of a prediction in decades, the
share of the results inside the central 68 % intervals, and the share of the intervals that reach below zero, where no
result can be. The variable ``DESIGNER_DATA`` names the folder of the tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.studies import beliefs
from benchmarks.studies.lab_tables import LabTable, data_folder
from designer import Campaign

EXPERIMENTS, PREDICTED, BEST, SEEDS = 30, 20, 0.02, 4
SCALES = ("log", "linear")
Row = tuple[float, float, float, float, float]
"""Experiments, median error in decades, share inside, share below zero, CPU seconds for an experiment."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.log_targets", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    print("| table | scale | experiments to the best 2 % | error (decades) | inside 68 % | below zero | CPU s |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for table in tables():
        for scale in SCALES:
            rows = np.array([run(table, scale, seed) for seed in range(given.seeds)])
            error = rows[:, 0].std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else 0.0
            _, off, inside, below, seconds = rows.mean(0)
            cells = f"{rows[:, 0].mean():.1f} ± {error:.1f} | {off:.2f} | {inside:.2f} | {below:.2f} | {seconds:.2f}"
            print(f"| {table.name} | `{scale}` | {cells} |", flush=True)
    print(f"\n{time.process_time():.0f} CPU s in all")
    return 0


def tables() -> list[LabTable]:
    """Return the three tables."""
    measured = {table.name: table for table in beliefs.tables()}
    frame = pd.read_csv(data_folder() / "opv_photodegradation" / "photo_pce10.csv")
    goal = {"name": "photodegradation_au", "goal": "minimize"}
    settings = [column for column in frame.columns if column != goal["name"]]
    frame = frame.groupby(settings, as_index=False, sort=True)[[goal["name"]]].mean()
    films = LabTable("photodegradation", frame, "", goal)
    return [measured["P3HT-CNT films"], measured["crossed barrels"], films]


def run(whole: LabTable, scale: str, seed: int) -> Row:
    """Run one campaign."""
    table = whole.part(seed)
    target = str(table.target["name"])
    sign = -1.0 if table.target["goal"] == "minimize" else 1.0
    good = float(np.quantile(sign * table.frame[target], 1 - BEST))
    campaign = Campaign.create(
        space=table.space(), targets=[{**table.target, "scale": scale}], candidates=table.frame[table.settings],
        seed=seed, stop={"reach": False}, suggest_seconds=3600.0,
    )  # fmt: skip
    begin, reached = time.process_time(), EXPERIMENTS + 1
    errors = (np.nan, np.nan, np.nan)
    for number in range(1, EXPERIMENTS + 1):
        batch = campaign.suggest()
        value = table.value({column: batch[column].iloc[0] for column in table.settings})
        campaign.record(batch.assign(**{target: value}))
        reached = min(reached, number) if sign * value >= good else reached
        if number == PREDICTED:
            errors = _errors(campaign, table, target)
        if reached <= number and number >= PREDICTED:
            break
    return float(reached), *errors, (time.process_time() - begin) / number


def _errors(campaign: Campaign, table: LabTable, target: str) -> tuple[float, float, float]:
    """Return the median error in decades, the share inside the intervals, and the share of these below zero."""
    predicted = campaign.predict(table.frame[table.settings])
    truth = table.frame[target].to_numpy(dtype=float)
    middle, low, high = (predicted[f"{target}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high"))
    floor = float(truth.min())  # a linear prediction may be below zero, where it has no logarithm
    off = np.abs(np.log10(np.maximum(middle, floor)) - np.log10(truth))
    return float(np.median(off)), float(np.mean((low <= truth) & (truth <= high))), float(np.mean(low < 0))


if __name__ == "__main__":
    sys.exit(main())
