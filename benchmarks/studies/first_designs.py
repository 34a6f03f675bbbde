"""How well first designs fill a cube: `python -m benchmarks.studies.first_designs` prints the table of decision 010.

Centred discrepancy, and the mean distance from a random point to the nearest chosen design; smaller is better for both.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import qmc

from designer.space import DesignSpace

CASES = ((2, 10), (4, 10), (8, 10), (8, 20))
RUNS = 10


def cube(dimension: int) -> DesignSpace:
    """Return the unit cube as a space."""
    return DesignSpace(parameters=[{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(dimension)])


def maximin(dimension: int, n: int, seed: int) -> np.ndarray:
    """Return designs (n x dimension) chosen farthest first, from the most central of 1,024 random ones."""
    candidates = np.random.default_rng(seed).random((1024, dimension))
    chosen = [int(np.abs(candidates - 0.5).sum(axis=1).argmin())]
    while len(chosen) < n:
        chosen.append(int(cdist(candidates, candidates[chosen]).min(axis=1).argmax()))
    return candidates[chosen]


METHODS: dict[str, Callable[[int, int, int], np.ndarray]] = {
    "random": lambda d, n, seed: np.random.default_rng(seed).random((n, d)),
    "maximin": maximin,
    "designer": lambda d, n, seed: cube(d).space_filling(n, np.random.default_rng(seed)),
    "Sobol": lambda d, n, seed: qmc.Sobol(d, rng=seed).random(n),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.first_designs", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"random seeds per case (default: {RUNS})")
    runs_per_case = parser.parse_args(arguments).runs
    warnings.filterwarnings("ignore", message="The balance properties of Sobol", category=UserWarning)
    print("| dimensions, designs | " + " | ".join(METHODS) + " |")
    print("|---" * (len(METHODS) + 1) + "|")
    for dimension, n in CASES:
        points = np.random.default_rng(12345).random((4000, dimension))
        cells = []
        for choose in METHODS.values():
            runs = [choose(dimension, n, seed) for seed in range(runs_per_case)]
            discrepancy = np.mean([qmc.discrepancy(designs) for designs in runs])
            distance = np.mean([cdist(points, designs).min(axis=1).mean() for designs in runs])
            cells.append(f"{discrepancy:.3f}, {distance:.3f}")
        print(f"| {dimension}, {n} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
