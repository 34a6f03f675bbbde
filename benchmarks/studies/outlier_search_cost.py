"""CPU seconds of a suggestion with and without the outlier search.

``python -m benchmarks.studies.outlier_search_cost``

A smooth response of four settings with noise; a share of the results is wrong, in the direction away from the goal, so
that each suggestion searches for new designs. Every figure is the least of several runs with one thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from unittest.mock import patch

import numpy as np
import pandas as pd

SIZES = (300, 1152, 2304)
SHARES = (0.0, 0.02)
WIDTH = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the figures as a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.outlier_search_cost", description=__doc__)
    parser.add_argument("--results", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args(arguments)
    seconds(table(60, 0.1))  # imports
    print("| results | wrong | CPU s | without the search, CPU s | ratio |\n|---:|---:|---:|---:|---:|")
    for results in given.results:
        for share in SHARES:
            frame = table(results, share)
            searched = min(seconds(frame) for _ in range(given.repeats))
            with patch("designer.priors.robust_conditioning.outliers", lambda *_: ()):
                alone = min(seconds(frame) for _ in range(given.repeats))
            print(f"| {results} | {share:.0%} | {searched:.2f} | {alone:.2f} | {searched / alone:.2f} |", flush=True)
    return 0


def table(results: int, share: float) -> pd.DataFrame:
    """Return a table of results, of which a share is wrong."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(results, WIDTH)).round(4)
    y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2 - X[:, 2] * X[:, 3] + 0.05 * rng.standard_normal(results)
    wrong = rng.choice(results, int(share * results), replace=False)
    y[wrong] -= rng.uniform(2, 6, len(wrong))
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(WIDTH)]).assign(y=y)


def seconds(frame: pd.DataFrame) -> float:
    """Return the CPU seconds of one suggestion after the results of a table."""
    from designer import Campaign

    space = [{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(WIDTH)]
    campaign = Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}])
    campaign.attach(frame)
    begun = time.process_time()
    campaign.suggest(1)
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
