"""How much two workers gain over one, on the machine at hand: ``python -m benchmarks.studies.scaling``.

The same campaigns are run by ``python -m benchmarks run`` with one worker and with two, each time into an empty folder:
wall seconds of the whole command, with its start and its reading of tables. Other work on the machine distorts the
figures, so that the load before each run is stated too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report.sections import Section, Table, markdown
from benchmarks.suite import rows
from benchmarks.suite.campaigns import Row
from benchmarks.suite.provenance import provenance

HERE = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.scaling", description=__doc__)
    parser.add_argument("--suite", default="full")
    parser.add_argument("--method", default="designer")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--out", type=Path, help="the Markdown file to write")
    options = parser.parse_args(arguments)
    command = ["run", options.suite, "--methods", options.method, "--tracks", "shared"]
    command += ["--seeds", *map(str, options.seeds)]
    runs = [(workers, *timed(command, workers)) for _ in range(options.repeats) for workers in (1, 2)]
    text = page(runs, command)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    return 0


def timed(command: list[str], workers: int) -> tuple[float, float, list[Row]]:
    """Return the wall seconds of a run into an empty folder, the load before it, and its rows."""
    with tempfile.TemporaryDirectory() as folder:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        whole = [sys.executable, "-m", "benchmarks", *command, "--workers", str(workers), "--out", folder]
        begun = time.monotonic()
        subprocess.run(whole, check=True, stdout=subprocess.DEVNULL, cwd=HERE.parent)
        return time.monotonic() - begun, load, rows.read(Path(folder))


def page(runs: list[tuple[int, float, float, list[Row]]], command: list[str]) -> str:
    """Return the figures as Markdown.

    Raises
    ------
    ValueError
        If the runs did not give the same campaigns, so that their times are not comparable.
    """
    first = [(row.key, row.chosen) for row in runs[0][3]]
    if any([(row.key, row.chosen) for row in found] != first for *_, found in runs):
        raise ValueError("the runs did not give the same campaigns")
    best = {workers: min(seconds for w, seconds, *_ in runs if w == workers) for workers in (1, 2)}
    body = [
        [str(workers), f"{seconds:.1f}", f"{load:.2f}", str(len(found)), f"{_cpu_seconds(found):.1f}"]
        for workers, seconds, load, found in runs
    ]
    summary = (
        f"Two workers took {best[2]:.1f} s and one {best[1]:.1f} s, the best of each: {best[1] / best[2]:.2f} times."
    )
    names = ["workers", "wall s", "load before", "campaigns", "CPU s of suggestions"]
    stated = provenance("python", "-m", "benchmarks", *command)
    blocks = (summary, Table(names, body), Table(["", ""], [[key, value] for key, value in stated.items()]))
    return markdown([Section(1, "Two workers against one", blocks)])


def _cpu_seconds(found: list[Row]) -> float:
    return sum(sum(row.seconds) for row in found)


if __name__ == "__main__":
    raise SystemExit(main())
