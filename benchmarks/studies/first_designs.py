"""How well first designs represent a cube: `python -m benchmarks.studies.first_designs` prints the table of decision
010.

Centred discrepancy, and the mean distance from a random place to the nearest chosen design; less is better of both.
"""

from __future__ import annotations

from collections.abc import Callable

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


def main() -> None:
    """Print the table as Markdown."""
    import warnings

    warnings.filterwarnings("ignore", message="The balance properties of Sobol", category=UserWarning)
    print("| dimensions, designs | " + " | ".join(METHODS) + " |")
    print("|---" * (len(METHODS) + 1) + "|")
    for dimension, n in CASES:
        places = np.random.default_rng(12345).random((4000, dimension))
        cells = []
        for choose in METHODS.values():
            runs = [choose(dimension, n, seed) for seed in range(RUNS)]
            discrepancy = np.mean([qmc.discrepancy(designs) for designs in runs])
            distance = np.mean([cdist(places, designs).min(axis=1).mean() for designs in runs])
            cells.append(f"{discrepancy:.3f}, {distance:.3f}")
        print(f"| {dimension}, {n} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
