"""Mortars before concretes: ``python -m benchmarks.studies.fidelity_mortars [--seeds 10]``.

A lab has measured mortars and looks for the strongest concrete. The two are levels of a fidelity, and share one mix at
most: the mortars' strengths are recorded before the campaign, which chooses among the concretes of one supplier, of
another, or of both (80 % of the mixes, at random). Mixes are the amounts of binders, water and superplasticizer;
strengths are those after 28 days at 22 degC. The figure is the number of concretes made until the strongest one is:
without mortars, with them, and with their strengths exchanged at random. There are no mortars of the concretes in the
tables: where the campaign would make one first, its concrete is made.

``DESIGNER_DATA`` names the folder of the tables.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies.fidelity import bootstrap
from benchmarks.studies.lab_tables import data_folder
from designer import Campaign

SEEDS, SHARE, MAX_EXPERIMENTS = 10, 0.8, 30
TABLES: dict[str, tuple[str, ...]] = {
    "supplier 0": ("concrete_source0",),
    "supplier 1": ("concrete_source1",),
    "both suppliers": ("concrete_source0", "concrete_source1"),
}
AMOUNTS = ("cement", "fly_ash", "slag", "water", "superplasticizer")
WITHOUT, WITH, SHUFFLED = "without mortars", "with mortars", "with shuffled mortars"
ARMS = (WITHOUT, WITH, SHUFFLED)
MORTAR, CONCRETE = "mortar", "concrete"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.fidelity_mortars", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    mortars = mixes("mortar_source0")
    print("\n".join(report({name: mixes(*files) for name, files in TABLES.items()}, mortars, given.seeds)))
    return 0


def mixes(*files: str) -> pd.DataFrame:
    """Return the amounts of the mixes of some tables and the mean of their strengths, one row a mix."""
    tables = []
    for file in files:
        read = pd.read_csv(data_folder() / "sustainable_concrete" / f"{file}.csv")
        read = read.rename(columns={**{f"{each}_kg_per_m3": each for each in AMOUNTS}, "strength_28d_psi": "strength"})
        tables.append(read[read["curing_temperature_C"] == 22])
    columns = list(AMOUNTS)
    return pd.concat(tables).dropna(subset=["strength"]).groupby(columns)["strength"].mean().reset_index()


def report(concretes: dict[str, pd.DataFrame], mortars: pd.DataFrame, seeds: int) -> Iterator[str]:
    """Yield the lines of the table: means over the seeds, and ratios with an interval over sets of mixes and seeds."""
    yield f"| concretes | mixes | {' | '.join(ARMS)} |"
    yield f"|---|---:|{'---:|' * len(ARMS)}"
    logs: dict[str, list[list[float]]] = {arm: [] for arm in ARMS}
    for name, frame in concretes.items():
        found = np.array([[experiments(frame, mortars, seed, arm) for arm in ARMS] for seed in range(seeds)])
        yield f"| {name} | {len(frame)} | {' | '.join(f'{mean:.1f}' for mean in found.mean(axis=0))} |"
        for arm, counts in zip(ARMS, found.T, strict=True):
            logs[arm].append([math.log(count / first) for count, first in zip(counts, found[:, 0], strict=True)])
    for arm in (WITH, SHUFFLED):
        yield f"\nRatio {arm} to {WITHOUT}: {bootstrap(logs[arm])}"


def experiments(concretes: pd.DataFrame, mortars: pd.DataFrame, seed: int, arm: str) -> int:
    """Return the concretes made until the strongest of a random part of them is, at most `MAX_EXPERIMENTS`."""
    rng, columns = np.random.default_rng(seed), list(AMOUNTS)
    rows = rng.permutation(len(concretes))[: int(SHARE * len(concretes))]
    frame = concretes.iloc[np.sort(rows)].reset_index(drop=True)
    campaign = _campaign(frame, mortars, seed, has_levels=arm != WITHOUT)
    if arm != WITHOUT:
        strengths = mortars["strength"].to_numpy()
        known = rng.permutation(strengths) if arm == SHUFFLED else strengths
        campaign.attach(mortars.assign(level=MORTAR, strength=known))
    strength = frame.set_index(columns)["strength"]
    for made in range(1, MAX_EXPERIMENTS + 1):
        batch = campaign.suggest(1)
        value = float(strength[tuple(batch[columns].iloc[0])])
        if value >= strength.max():
            return made
        if arm == WITHOUT or batch["level"].iloc[0] == CONCRETE:
            campaign.record(batch.assign(strength=value))
        else:
            campaign.withdraw(str(batch.index[0]), "its concrete is made")
            campaign.attach(batch[columns].assign(level=CONCRETE, strength=value))
    return MAX_EXPERIMENTS + 1


def _campaign(frame: pd.DataFrame, mortars: pd.DataFrame, seed: int, *, has_levels: bool) -> Campaign:
    """Return a campaign over mixes, whose amounts are between those of all mixes."""
    columns = list(AMOUNTS)
    both = pd.concat([frame, mortars])[columns]
    space: list[dict[str, Any]] = [
        {"name": each, "kind": "numeric", "bounds": [float(low), float(high)], "unit": "kg/m3"}
        for each, low, high in zip(columns, both.min(), both.max(), strict=True)
    ]
    options: dict[str, Any] = {}
    if has_levels:
        space.append({"name": "level", "kind": "fidelity", "levels": [MORTAR, CONCRETE]})
        options["cost"] = f"1 if level == {CONCRETE}, 0.1"
    return Campaign.create(
        space=space, targets=[{"name": "strength", "goal": "maximize", "unit": "psi"}], candidates=frame[columns],
        seed=seed, stop={"reach": False}, **options,
    )  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
