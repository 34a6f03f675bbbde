"""Run suites of simulated campaigns and write their reports: ``python -m benchmarks run plain --methods random``."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import methods, report, rows, running
from benchmarks.campaigns import Row
from benchmarks.pools import Pool, pool_of
from benchmarks.suite import Suite, load_suite
from designer.errors import DesignerError
from designer.tasks import load_family

HERE = Path(__file__).parent
DATA = Path(os.environ.get("DESIGNER_DATA", HERE.parents[1] / "shared" / "data"))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (DesignerError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    run = verbs.add_parser("run", help="run what is missing of a suite; resumes")
    run.add_argument("--seeds", type=int, nargs="+", help="these seeds only (default: all of the suite)")
    run.add_argument("--workers", type=int, default=1, help="campaigns at once, one thread each")
    run.add_argument("--limit", type=float, default=3600.0, help="wall seconds a campaign")
    run.set_defaults(command=_run)
    write = verbs.add_parser("report", help="write the Markdown report of a suite's results")
    write.add_argument("--ours", default="designer", help="the method whose losses are listed")
    write.add_argument("--baseline", default="botorch", help="the method that acceleration is relative to")
    write.set_defaults(command=_report)
    for verb in (run, write):
        verb.add_argument("suite", help="a name in benchmarks/suites, or a YAML file")
        verb.add_argument(
            "--methods", nargs="+", default=[], help=f"of: {', '.join(sorted(methods.MODULES))}, or modules"
        )
        verb.add_argument("--data", type=Path, default=DATA, help="folder of families (default: DESIGNER_DATA)")
        verb.add_argument("--out", type=Path, help="folder of the results (default: benchmarks/results/SUITE)")
    return parser


def load_pools(suite: Suite, data: Path) -> list[Pool]:
    """Return the pools of a suite, smallest first."""
    pools = []
    for entry in suite.families:
        family = load_family(data / entry.family, tasks=entry.tasks)
        pools += [pool_of(family.task(name), entry.target, rows=entry.rows) for name in entry.tasks]
    return sorted(pools, key=len)


def _folder(options: argparse.Namespace, suite: Suite) -> Path:
    return Path(options.out) if options.out else HERE / "results" / suite.suite


def _run(options: argparse.Namespace) -> None:
    suite = load_suite(options.suite)
    names = options.methods or sorted(methods.MODULES)
    for name in names:
        methods.require(name)
    if len(names) > 1:
        _run_each(names)
        return
    method = names[0]
    count = suite.peer_seeds if method in methods.SLOW else suite.seeds
    seeds = options.seeds if options.seeds is not None else range(count)
    pools = load_pools(suite, options.data)
    jobs = [
        running.Job(pool, method, suite.suite, seed, suite.budget, suite.initial) for seed in seeds for pool in pools
    ]
    running.run(jobs, _folder(options, suite), workers=options.workers, limit=options.limit, told=_tell)


def _run_each(names: list[str]) -> None:
    """Run each method in an interpreter of its own, so that no method pays for the libraries of another."""
    given = sys.argv[1:]
    if "--methods" in given:
        first = given.index("--methods")
        rest = next((i for i in range(first + 1, len(given)) if given[i].startswith("--")), len(given))
        given = given[:first] + given[rest:]
    for name in names:
        subprocess.run([sys.executable, "-m", "benchmarks", *given, "--methods", name], check=True)


def _tell(row: Row) -> None:
    outcome = row.error or f"{sum(row.seconds):.1f} CPU s"
    print(time.strftime("%H:%M:%S"), f"{row.family}/{row.task}", row.method, f"seed {row.seed}", outcome, flush=True)


def _report(options: argparse.Namespace) -> None:
    suite = load_suite(options.suite)
    folder = _folder(options, suite)
    found = report.results(suite, rows.read(folder), load_pools(suite, options.data), options.methods)
    text = report.markdown(found, ours=options.ours, baseline=options.baseline, origin=origin())
    (folder / "report.md").write_text(text, encoding="utf-8")
    print(folder / "report.md")


def origin() -> dict[str, str]:
    """Return what produced a report: command, commit, machine, versions."""
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    packages = ("torch", "botorch", "gpytorch", "numpy", "scipy", "scikit-learn", "pandas", "baybe", "ax-platform")
    return {
        "command": f"`{command}`",
        "commit": _git("rev-parse", "--short=12", "HEAD") + (" + changes" if _git("status", "--porcelain") else ""),
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "versions": ", ".join([f"Python {platform.python_version()}", *(f"{p} {_version(p)}" for p in packages)]),
    }


def machine() -> str:
    """Return the processor, the number of its cores here, and the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}; one thread a campaign"


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=HERE, check=False)
    return found.stdout.strip() if found.returncode == 0 else "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    raise SystemExit(main())
