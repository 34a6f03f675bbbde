"""A setting that a batch shares: ``python -m benchmarks.studies.per_batch [--seeds 10]``.

Campaigns over measured tables, batches of four, 40 experiments. Each campaign has a random part of its table (80 % of
the rows). Four ways to choose batches: every design has its own setting (what a lab without the restriction could do);
``vary: per_batch``; the same with at most three changes; and the workaround, in which a batch is chosen freely and the
setting of its first design is forced on the others (each is then the nearest design of the table that was not made
yet). Experiments until one of the best 2 % of the designs was made are counted by whole batches (41 where none was),
with the regret after 20 experiments as a share of the range, the changes of the setting, and CPU seconds for a
suggestion. The variable ``DESIGNER_DATA`` names the folder of the tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies.lab_tables import LabTable, tables
from designer import Campaign

BATCH, EXPERIMENTS, BEST = 4, 40, 0.02
SEEDS = 10

Row = tuple[float, float, float, float]
"""Experiments to the best 2 %, regret after 20, changes, CPU seconds for a suggestion."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.per_batch", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    print("| table | batches | experiments to the best 2 % | regret after 20 | changes | CPU s a suggestion |")
    print("|---|---|---:|---:|---:|---:|")
    for table in tables():
        for name, policy in POLICIES.items():
            rows = np.array([policy(table.part(seed), seed) for seed in range(given.seeds)])
            mean, error = rows.mean(0), rows[:, 0].std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else 0.0
            changes = "–" if policy is unconstrained else f"{mean[2]:.1f}"
            cells = f"{mean[0]:.1f} ± {error:.1f} | {mean[1]:.3f} | {changes} | {mean[3]:.2f}"
            print(f"| {table.name} | {name} | {cells} |", flush=True)
    return 0


def _campaign(table: LabTable, seed: int, **of_shared: Any) -> Campaign:
    return Campaign.create(
        space=table.space(**of_shared),
        targets=[{**table.target}],
        candidates=table.frame[table.settings],
        batch_size=BATCH,
        budget=EXPERIMENTS,
        seed=seed,
        initial=2 * BATCH,
        stop={"reach": False},
        suggest_seconds=3600.0,  # no time limit, whatever else the machine does
    )


def unconstrained(table: LabTable, seed: int) -> Row:
    """Return the figures of a campaign whose designs have their own settings."""
    return _run(table, _campaign(table, seed), _record)


def per_batch(table: LabTable, seed: int) -> Row:
    """Return the figures of a campaign with ``vary: per_batch``."""
    return _run(table, _campaign(table, seed, vary="per_batch"), _record)


def few_changes(table: LabTable, seed: int) -> Row:
    """Return the figures of a campaign with ``vary: per_batch`` and at most three changes."""
    return _run(table, _campaign(table, seed, vary="per_batch", at_most_changes=3), _record)


def forced(table: LabTable, seed: int) -> Row:
    """Return the figures of a campaign in which the setting of the first design is forced on its batch."""
    return _run(table, _campaign(table, seed), _record_forced)


def _record(table: LabTable, campaign: Campaign, batch: pd.DataFrame) -> pd.DataFrame:
    values = [table.value({str(key): cell for key, cell in row.items()}) for row in batch.to_dict(orient="records")]
    campaign.record(batch.assign(**{table.target["name"]: values}))
    return batch.assign(value=values)


def _record_forced(table: LabTable, campaign: Campaign, batch: pd.DataFrame) -> pd.DataFrame:
    made = pd.DataFrame([each.design for each in campaign.state.results], columns=table.settings)
    free = _not_made(table.frame, made, table.settings)
    left = set(free[table.shared])  # a table may have no design left with the setting of the first one
    shared = next((value for value in batch[table.shared] if value in left), None)
    free = free[free[table.shared] == shared]
    chosen: list[pd.Series[Any]] = []
    for _, design in batch.iterrows():
        if not len(free):
            break
        row = free.iloc[int(np.argmin(_distances(table, free, design)))]
        chosen.append(row)
        free = free.drop(index=row.name)
    frame = pd.DataFrame(chosen).infer_objects()
    campaign.withdraw(list(batch.index), "forced to another setting")
    campaign.attach(frame[[*table.settings, table.target["name"]]])
    return frame.assign(value=frame[table.target["name"]])


def _not_made(frame: pd.DataFrame, made: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    known = {tuple(row) for row in made[columns].to_numpy().tolist()}
    return frame[[tuple(row) not in known for row in frame[columns].to_numpy().tolist()]]


def _distances(table: LabTable, frame: pd.DataFrame, design: Any) -> Any:
    total = np.zeros(len(frame))
    for column in table.settings:
        if column in table.categories:
            total += (frame[column] != design[column]).to_numpy()
        else:
            width = np.ptp(table.frame[column].to_numpy()) or 1.0
            total += ((frame[column].to_numpy(dtype=float) - float(design[column])) / width) ** 2
    return total


def _run(
    table: LabTable, campaign: Campaign, record: Callable[[LabTable, Campaign, pd.DataFrame], pd.DataFrame]
) -> Row:
    regrets: list[float] = []
    settings: list[float] = []
    begin, suggestions, hit = time.process_time(), 0, EXPERIMENTS + 1
    best = np.quantile(table.regrets(table.frame[table.target["name"]]), BEST)
    while len(regrets) < EXPERIMENTS:
        made = record(table, campaign, campaign.suggest(BATCH))
        suggestions += 1
        regrets += table.regrets(made["value"]).tolist()
        settings.append(float(made[table.shared].iloc[0]))
        if hit > EXPERIMENTS and min(regrets) <= best:
            hit = len(regrets)
    changes = sum(first != second for first, second in pairwise(settings))
    seconds = (time.process_time() - begin) / suggestions
    return float(hit), float(min(regrets[:20])), float(changes), seconds


POLICIES: dict[str, Callable[[LabTable, int], Row]] = {
    "unconstrained": unconstrained,
    "`vary: per_batch`": per_batch,
    "`vary: per_batch`, `at_most_changes: 3`": few_changes,
    "chosen freely, then forced": forced,
}


if __name__ == "__main__":
    sys.exit(main())
