"""CPU seconds of one suggestion with past tasks: ``python -m benchmarks.studies.suggestion_cost``.

A campaign file names a family of 20 past tasks (the analytic family ``process-window``, 200 rows each). Timed is
`Campaign.suggest(1)` after 0 to 5 results, while past tasks already decide: everything between two experiments, file
checks and the prior's digest included, the fit of the prior and imports left out. Every figure is the least of several
runs in fresh interpreters with one thread. ``--against FOLDER`` times another checkout on the same files, in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FAMILY, TASKS, ROWS = "process-window", 20, 200
RESULTS = 6
REPEATS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the figures as a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.suggestion_cost", description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout, timed in turn with this one")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    given = parser.parse_args(arguments)
    here = Path(__file__).resolve().parents[2]
    checkouts = [here] if given.against is None else [given.against.resolve(), here]
    with TemporaryDirectory() as folder:
        campaign = write_campaign(Path(folder))
        runs: list[list[list[float]]] = [[] for _ in checkouts]
        for _ in range(given.repeats + 1):
            for found, checkout in zip(runs, checkouts, strict=True):
                found.append(measure(checkout, campaign))
    # The first run of a checkout fits the prior and fills the cache.
    best = [[min(column) for column in zip(*found[1:], strict=True)] for found in runs]
    names = ["CPU s"] if given.against is None else ["other checkout, CPU s", "this checkout, CPU s"]
    print(f"| results | {' | '.join(names)} |")
    print("|---|" + "---:|" * len(best))
    for row, figures in enumerate(zip(*best, strict=True)):
        print(f"| {row} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")
    return 0


def write_campaign(folder: Path) -> Path:
    """Write the family and a campaign file that names it, and return the file's path."""
    from dataclasses import replace

    from designer.campaign.file.file_content import plain_campaign as file_content
    from designer.tasks.analytic import analytic_family
    from designer.tasks.family_folder import save_family

    family = analytic_family(FAMILY, number=TASKS + 1, rows=ROWS)
    new, *past = family.tasks
    save_family(replace(family, tasks=tuple(past)), folder / "past")
    target = new.targets[0]
    path = folder / "cost.yaml"
    content = file_content("cost", new.space, (), [target], None, {"prior": {"tasks": ["past"]}})
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def measure(checkout: Path, campaign: Path) -> list[float]:
    """Return the CPU seconds of one suggestion after 0, 1, ... results, timed in a fresh interpreter."""
    from benchmarks.studies.checkouts import result_of  # absent from other checkouts, which run this file

    cache = {"DESIGNER_CACHE": str(campaign.parent / checkout.name)}
    found: list[float] = result_of(checkout, __file__, "timed", str(campaign), variables=cache)
    return found


def timed(path: str) -> None:
    """Run a short campaign in this process and print the CPU seconds of each suggestion as JSON."""
    from designer import Campaign

    store = f"{path}.{os.getpid()}.db"
    campaign = Campaign.open(path, store=f"{store}.first")
    name = campaign.objective.targets[0].name
    for i in range(3):  # fits the prior, or reads it from the cache, and imports all libraries
        campaign.record(campaign.suggest(1).assign(**{name: float(i)}))
    took: list[float] = []
    for i in range(RESULTS):
        campaign = Campaign.open(path, store=store)
        begun = time.process_time()
        batch: Any = campaign.suggest(1)
        took.append(time.process_time() - begun)
        campaign.record(batch.assign(**{name: float(i % 3)}))
    print(json.dumps(took))


if __name__ == "__main__":
    sys.exit(main())
