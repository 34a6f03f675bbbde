"""What one suggestion costs, ours beside BayBE and Ax on the same work: ``python -m benchmarks.studies.latency``.

Every measurement runs in a fresh interpreter with one thread and a limit on its time. Figures are CPU seconds, which
a loaded machine hardly changes, of the first suggestion, which loads what it needs; memory is the peak resident set of
that interpreter, libraries included.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.suite.provenance import provenance
from benchmarks.suite.running import ONE_THREAD

HERE = Path(__file__).parents[1]
LIBRARIES = ("designer", "baybe", "ax")
WORK = {
    "knobs": (
        "10 elements at 1 at.%, at most 5 present, and 4 knobs (two log-scaled, one categorical); 30 measurements, "
        "batch of 4. Wanted of `designer`: under 2 s CPU and 600 MB"
    ),
    "lattice": "5 elements at 10 % x 6 temperatures x 7 times (42,042 designs); 30 measurements, batch of 4",
    "pool": "pool of 1,000,000 rows x 8 columns; 30 measurements, batch of 4. Wanted of `designer`: under 5 s",
    "descriptors": "10,000 compositions of 10 elements to element descriptors. Wanted of `designer`: under 1 s",
}
CANNOT = {
    ("ax", "pool"): "no pools: only ranges and choices of single parameters",
    ("baybe", "descriptors"): "no element descriptors (its own are for molecules)",
    ("ax", "descriptors"): "no descriptors",
}
STARTS = {
    "`import designer`": ("designer", [sys.executable, "-c", "import designer"]),
    "`designer --help`": ("designer", [str(Path(sys.executable).parent / "designer"), "--help"]),
    "`import baybe`": ("baybe", [sys.executable, "-c", "import baybe"]),
    "`from ax.api.client import Client`": ("ax", [sys.executable, "-c", "from ax.api.client import Client"]),
}


@dataclass(frozen=True)
class Figure:
    """What one library took for one piece of work; `problem` is the reason where there is no figure."""

    library: str
    seconds: float | None = None
    set_up: float | None = None
    memory_mb: float | None = None
    note: str = ""
    problem: str = ""


def measure(library: str, work: str, limit: int) -> Figure:
    """Do one piece of work in a fresh interpreter, ended after `limit` CPU seconds."""
    if (library, work) in CANNOT:
        return Figure(library, problem=CANNOT[library, work])
    command = [sys.executable, "-m", "benchmarks.studies.latency_work", library, work, str(limit)]
    found = subprocess.run(command, capture_output=True, text=True, env=os.environ | ONE_THREAD, check=False)
    if found.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Figure(library, problem=f"no answer in {limit} CPU s, or out of memory")
    if found.returncode:
        reason = (found.stderr.strip().splitlines() or ["no message"])[-1]
        return Figure(library, problem=f"ended with code {found.returncode}: {reason[:200]}")
    took = json.loads(found.stdout.strip().splitlines()[-1])
    seconds = dict(took["seconds"])
    suggestion = seconds.pop("suggestion")
    return Figure(library, suggestion, round(sum(seconds.values()), 3), took["memory_mb"], took["note"])


def start_seconds(command: list[str], repeats: int = 3) -> tuple[float, float]:
    """Return the minimum wall and CPU seconds of a command."""
    wall_seconds, cpu_seconds = [], []
    for _ in range(repeats):
        before, begun = os.times(), time.perf_counter()
        subprocess.run(command, capture_output=True, env=os.environ | ONE_THREAD, check=True)
        wall_seconds.append(time.perf_counter() - begun)
        after = os.times()
        cpu_seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(wall_seconds), min(cpu_seconds)


def report(figures: dict[str, list[Figure]], starts: list[tuple[str, float, float]], about: dict[str, str]) -> str:
    """Return the Markdown page."""
    parts = ["# What one suggestion costs", " ".join((__doc__ or "").split("\n\n")[1].split())]
    for work, found in figures.items():
        parts += [f"## {WORK[work]}", _figures(found)]
    parts += ["## Starting up (minimum of three)", _starts(starts)]
    parts += [
        "## Provenance",
        "\n".join(["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in about.items())]),
    ]
    return "\n\n".join(parts) + "\n"


def _figures(found: list[Figure]) -> str:
    ours = next((figure.seconds for figure in found if figure.library == "designer"), None)
    lines = ["| library | CPU s | of ours | set-up, data CPU s | peak MB | |", "|---|---|---|---|---|---|"]
    for figure in found:
        if figure.seconds is None:
            lines.append(f"| {figure.library} | - | - | - | - | {figure.problem} |")
            continue
        ratio = f"{figure.seconds / ours:.1f}x" if ours else "-"
        lines.append(
            f"| {figure.library} | {figure.seconds:.2f} | {ratio} | {figure.set_up:.2f} | {figure.memory_mb:.0f} "
            f"| {figure.note} |"
        )
    return "\n".join(lines)


def _starts(starts: list[tuple[str, float, float]]) -> str:
    lines = ["| | wall s | CPU s |", "|---|---|---|"]
    return "\n".join(lines + [f"| {name} | {wall:.2f} | {cpu:.2f} |" for name, wall, cpu in starts])


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the page, and write it where it is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.latency", description=__doc__)
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    parser.add_argument("--work", nargs="+", choices=list(WORK), default=list(WORK))
    parser.add_argument("--limit", type=int, default=300, help="CPU seconds each")
    parser.add_argument("--out", type=Path, help="also write the page to this file")
    options = parser.parse_args(arguments)
    figures = {work: [measure(library, work, options.limit) for library in options.libraries] for work in options.work}
    starts = [
        (name, *start_seconds(command)) for name, (library, command) in STARTS.items() if library in options.libraries
    ]
    about = provenance("python", "-m", "benchmarks.studies.latency", *sys.argv[1:])
    page = report(figures, starts, about)
    print(page)
    if options.out is not None:
        options.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
