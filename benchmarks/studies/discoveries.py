"""Results that are too good to be expected, real and wrong: ``python -m benchmarks.studies.discoveries``.

Campaigns over two process parameters, 12 results attached, 8 experiments to make. In the first set one of the 12 is the
real top of a narrow peak; in the second it is a slip (ten times its true value); in the third a slip the other way (a
tenth). The regret is that of the best design by the posterior after the experiments, by its true value, as a share of
the response's range; every set has the same surfaces and designs. ``--against FOLDER`` runs another checkout as well.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

SETS = ("real peak", "slip: ten times too large", "slip: ten times too small")
SEEDS = 20
ATTACHED, EXPERIMENTS = 12, 8
WIDTH = 0.04
"""Of the narrow peak, as a share of each parameter's range."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    from benchmarks.studies.checkouts import result_of  # absent from other checkouts, which run this file

    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.discoveries", description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout, run on the same campaigns")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    here = Path(__file__).resolve().parents[2]
    checkouts = [here] if given.against is None else [given.against.resolve(), here]
    names = ["this checkout"] if given.against is None else ["other checkout", "this checkout"]
    print(f"| regret after {EXPERIMENTS} experiments, {given.seeds} campaigns | {' | '.join(names)} |")
    print("|---|" + "---:|" * len(names))
    rows = [np.array(result_of(checkout, __file__, "run", str(given.seeds), variables={})) for checkout in checkouts]
    for i, name in enumerate(SETS):
        print(f"| {name} | " + " | ".join(f"{np.mean(found[:, i]):.3f}" for found in rows) + " |")
    return 0


def run(seeds: str) -> None:
    """Print the regrets of every set and seed as JSON."""
    print(json.dumps([[campaign(which, seed) for which in SETS] for seed in range(int(seeds))]))


def campaign(which: str, seed: int) -> float:
    """Return the regret of one campaign."""
    from designer import Campaign

    rng = np.random.default_rng(seed)
    centre, top = rng.uniform(0.2, 0.8, 2), rng.uniform(0.15, 0.85, 2)
    height = 3.0 if which == "real peak" else 0.0

    def truth(x: np.ndarray) -> np.ndarray:
        hill = 1 - ((x - centre) ** 2).sum(-1)
        return np.asarray(1 + hill + height * np.exp(-(((x - top) / WIDTH) ** 2).sum(-1)))

    designs = rng.uniform(0, 1, (ATTACHED, 2)).round(2)
    place = int(rng.integers(ATTACHED))
    designs[place] = top.round(2)
    values = truth(designs)
    values[place] *= {SETS[1]: 10.0, SETS[2]: 0.1}.get(which, 1.0)
    found = Campaign.create(
        space=[{"name": name, "kind": "numeric", "bounds": [0, 1], "step": 0.01} for name in ("a", "b")],
        targets=[{"name": "y", "goal": "maximize"}],
        seed=seed,
    )
    found.attach([{"a": a, "b": b, "y": y} for (a, b), y in zip(designs, values, strict=True)])
    for _ in range(EXPERIMENTS):
        batch: Any = found.suggest(1)
        found.record(batch.assign(y=truth(batch[["a", "b"]].to_numpy())))
    best = found.best()
    row = best[best["best_by"].str.contains("posterior")].iloc[0]
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 101)] * 2), -1).reshape(-1, 2)
    everything = truth(grid)
    return float((everything.max() - truth(row[["a", "b"]].to_numpy(dtype=float)[None])[0]) / np.ptp(everything))


if __name__ == "__main__":
    sys.exit(main())
