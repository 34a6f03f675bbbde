"""Seconds of a suggestion under the time limit `suggest_seconds`, by the number of results.

``python -m benchmarks.studies.time_limits``

The tables of `benchmarks.studies.outlier_search_cost`, with 2 % wrong results. Elapsed seconds with one thread, the
least of several runs; libraries are loaded before. A campaign without a limit to speak of (600 s) is the comparison.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks.studies.outlier_search_cost import WIDTH, table

SIZES = (576, 1152, 2304)
LIMITS = (0.5, 1.0, 2.0, 600.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the figures as a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.time_limits", description=__doc__)
    parser.add_argument("--results", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args(arguments)
    elapsed(60, 600.0)  # imports
    print("| results | " + " | ".join(f"limit {limit:g} s" for limit in LIMITS) + " |")
    print("|---:" * (len(LIMITS) + 1) + "|")
    for results in given.results:
        found = [min(elapsed(results, limit) for _ in range(given.repeats)) for limit in LIMITS]
        print(f"| {results:,} | " + " | ".join(f"{seconds:.2f}" for seconds in found) + " |", flush=True)
    return 0


def elapsed(results: int, limit: float) -> float:
    """Return the elapsed seconds of one suggestion after a number of results."""
    from designer import Campaign

    space = [{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(WIDTH)]
    campaign = Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}], suggest_seconds=limit)
    campaign.attach(table(results, 0.02))
    begun = time.monotonic()
    campaign.suggest(1)
    return time.monotonic() - begun


if __name__ == "__main__":
    sys.exit(main())
