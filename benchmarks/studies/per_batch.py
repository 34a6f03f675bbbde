"""A setting that a batch shares: ``python -m benchmarks.studies.per_batch [--seeds 10]``.

Campaigns over measured tables, batches of four, 40 experiments. Each campaign has a random part of its table (80 % of
the rows). Four ways to choose batches: every design has its own setting (what a lab without the restriction could do);
``vary: per_batch``; the same with at most three changes; and the workaround, in which a batch is chosen freely and the
setting of its first design is forced on the others (each is then the nearest design of the table that was not made
yet). Experiments until one of the best 2 % of the designs was made are counted by whole batches (41 where none was),
with the regret after 20 experiments as a share of the range, the changes of the setting, and CPU seconds for a
suggestion. The variable ``DESIGNER_DATA`` names the folder of the tables.

With ``--planted``, the random effect of a batch instead: 12 batches of four random designs with one setting, whose
results, in standard deviations of the table's, get a normal effect of each batch. The designs of three batches at a
time are predicted from the others, by the model that knows the batches and by the one that takes results as
independent: root mean square errors against the values without the effect.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks.studies.lab_tables import LabTable, tables
from designer import Campaign
from designer.arrays import FloatArray
from designer.campaign.results.designs import coordinates_of
from designer.priors.baseline import baseline_model
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process

BATCH, EXPERIMENTS, BEST = 4, 40, 0.02
SEEDS = 10

Row = tuple[float, float, float, float]
"""Experiments to the best 2 %, regret after 20, changes, CPU seconds for a suggestion."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.per_batch", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--planted", action="store_true", help="a random effect of the batches instead")
    given = parser.parse_args(arguments)
    if given.planted:
        return _planted_effects(given.seeds)
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


EFFECTS = (0.0, 0.5, 1.0)
PLANTED_BATCHES = 12


def _planted_effects(seeds: int) -> int:
    print("| table | planted effect | error, batches known | error, independent | effect found |")
    print("|---|---:|---:|---:|---:|")
    for table in tables():
        for effect in EFFECTS:
            rows = np.array([planted(table, seed, effect) for seed in range(seeds)])
            mean, errors = rows.mean(0), rows.std(0, ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else np.zeros(3)
            cells = f"{mean[0]:.2f} ± {errors[0]:.2f} | {mean[1]:.2f} ± {errors[1]:.2f} | {mean[2]:.2f}"
            print(f"| {table.name} | {effect:.1f} | {cells} |", flush=True)
    return 0


def planted(table: LabTable, seed: int, effect: float) -> tuple[float, float, float]:
    """Return the errors of the models that know the batches and that do not, and the effect found in all batches."""
    rng = np.random.default_rng([seed, 11])
    name, settings = table.target["name"], sorted(set(table.frame[table.shared]))
    chosen: list[int] = []
    batches: list[int] = []
    for batch in range(PLANTED_BATCHES):
        rows = np.flatnonzero((table.frame[table.shared] == settings[rng.integers(len(settings))]).to_numpy())
        picked = rng.permutation(rows)[:BATCH]
        chosen += picked.tolist()
        batches += [batch] * len(picked)
    values = table.frame[name].to_numpy(dtype=float)
    true = ((values - values.mean()) / values.std())[chosen]
    y = true + effect * rng.normal(size=PLANTED_BATCHES)[batches]
    space = DesignSpace(parameters=table.space())
    designs = table.frame[table.settings].iloc[chosen].to_dict(orient="records")
    coordinates = coordinates_of(space, [{str(key): cell for key, cell in design.items()} for design in designs])
    data = TaskData(
        torch.as_tensor(space.encoder.encode(coordinates)), torch.as_tensor(y)[:, None], space.encoder.columns,
        batches=torch.tensor(batches),
    )  # fmt: skip
    found = fit_gaussian_process(data).shared_variance ** 0.5
    return _left_out(data, batches, true), _left_out(replace(data, batches=None), batches, true), found


def _left_out(data: TaskData, batches: Sequence[int], true: FloatArray) -> float:
    errors = []
    for first in range(0, PLANTED_BATCHES, 3):
        outside = np.isin(batches, range(first, first + 3))
        model = baseline_model(data.rows(np.flatnonzero(~outside).tolist()))
        errors.append(model.marginals(data.X[torch.as_tensor(outside)])[0].numpy() - true[outside])
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


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
