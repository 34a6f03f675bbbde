"""Classical first designs: ``python -m benchmarks.studies.classical_designs [--seeds 4]``.

Campaigns over measured tables, batches of four, 40 experiments; each campaign has a random part of its table (80 % of
the rows). They begin with 16 designs that fill the space, 16 random ones (what a user of another program has), 16 of a
classical design, or the default of three that fill the space. Experiments until one of the best 2 % of the designs
was made are counted by whole batches (41 where none was), with the regret after 20 as a share of the range. The error
is that of the least-squares model (quadratic where 16 runs can estimate it, else linear) after the first 16 designs, on
all other rows, as a share of their standard deviation: the median over 20 parts. CPU seconds are those of the first
designs. The variable ``DESIGNER_DATA`` names the folder of the tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.studies.lab_tables import LabTable, tables
from designer import Campaign
from designer.acquisition.classical.design import Terms
from designer.acquisition.classical.model_basis import ModelBasis
from designer.arrays import FloatArray
from designer.space import DesignSpace

BATCH, EXPERIMENTS, FIRST, BEST = 4, 40, 16, 0.02
SEEDS, PARTS = 4, 20
KINDS = ("d-optimal", "i-optimal", "latin-hypercube", "sobol")
METHODS = ("default", "fills the space", "random", *KINDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.classical_designs", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    print("| table | model | first designs | experiments to the best 2 % | regret after 20 | error | CPU s |")
    print("|---|---|---|---:|---:|---:|---:|")
    for table in tables():
        terms = terms_of(table)
        for method in METHODS:
            rows = np.array([_run(table.part(seed), method, terms, seed) for seed in range(given.seeds)])
            error = rows[:, 0].std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else 0.0
            cells = f"{rows[:, 0].mean():.1f} ± {error:.1f} | {rows[:, 1].mean():.3f}"
            if method == "default":
                print(f"| {table.name} | – | {method} (3) | {cells} | – | – |", flush=True)
                continue
            found = np.array([model_error(table.part(100 + i), method, terms, i) for i in range(PARTS)])
            more = f"{np.median(found[:, 0]):.2f} | {found[:, 1].mean():.2f}"
            print(f"| {table.name} | {terms} | {method} ({FIRST}) | {cells} | {more} |", flush=True)
    return 0


def terms_of(table: LabTable) -> Terms:
    """Return the largest model that the first designs can estimate."""
    rows = _space(table).coordinates(table.frame[table.settings])
    quadratic = ModelBasis.of(_space(table), "quadratic", rows).terms
    return "quadratic" if quadratic <= FIRST else "linear"


def _space(table: LabTable) -> DesignSpace:
    return DesignSpace(parameters=table.space())


def _campaign(table: LabTable, method: str, terms: Terms, seed: int) -> Campaign:
    settings: dict[str, Any] = {}
    if method in KINDS:
        model = {"model": terms} if method.endswith("optimal") else {}
        settings["initial"] = {"kind": method, "number": FIRST, **model}
    elif method == "random":
        rows = np.random.default_rng(seed).permutation(len(table.frame))[:FIRST]
        settings["initial"] = table.frame[table.settings].iloc[rows].to_dict(orient="records")
    elif method == "fills the space":
        settings["initial"] = FIRST
    return Campaign.create(
        space=table.space(),
        targets=[{**table.target}],
        candidates=table.frame[table.settings],
        batch_size=BATCH,
        budget=EXPERIMENTS,
        seed=seed,
        stop={"reach": False},
        suggest_seconds=3600.0,  # no time limit, whatever else the machine does
        **settings,
    )


def _run(table: LabTable, method: str, terms: Terms, seed: int) -> tuple[float, float]:
    campaign = _campaign(table, method, terms, seed)
    regrets: list[float] = []
    best, hit = np.quantile(table.regrets(table.frame[table.target["name"]]), BEST), EXPERIMENTS + 1
    while (len(regrets) < EXPERIMENTS and hit > EXPERIMENTS) or len(regrets) < 20:
        batch = campaign.suggest(BATCH)
        values = [table.value({str(key): cell for key, cell in row.items()}) for row in batch.to_dict(orient="records")]
        campaign.record(batch.assign(**{table.target["name"]: values}))
        regrets += table.regrets(np.array(values)).tolist()
        if hit > EXPERIMENTS and min(regrets) <= best:
            hit = len(regrets)
    return float(hit), float(min(regrets[:20]))


def model_error(table: LabTable, method: str, terms: Terms, seed: int) -> tuple[float, float]:
    """Return the error of the model after the first designs, as a share of the standard deviation, and CPU seconds."""
    begin = time.process_time()
    campaign = _campaign(table, method, terms, seed)
    first = campaign.space.coordinates(campaign.suggest(FIRST))
    seconds = time.process_time() - begin
    rows = campaign.space.coordinates(table.frame[table.settings])
    y = table.frame[table.target["name"]].to_numpy(dtype=float)
    keys = campaign.space.keys(rows)
    place = {key: i for i, key in enumerate(keys)}
    made = [place[key] for key in campaign.space.keys(first)]
    others = np.setdiff1d(np.arange(len(rows)), made)
    X: FloatArray = ModelBasis.of(campaign.space, terms, rows)(rows)
    coefficients = np.linalg.lstsq(X[made], y[made], rcond=None)[0]
    error = np.sqrt(np.mean((X[others] @ coefficients - y[others]) ** 2))
    return float(error / y[others].std()), seconds


if __name__ == "__main__":
    sys.exit(main())
