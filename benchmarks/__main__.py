"""Run suites of simulated campaigns and write their reports: ``python -m benchmarks run plain --methods random``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import methods, report, rows, running
from benchmarks.campaigns import Row
from benchmarks.origin import origin
from benchmarks.pools import Pool, pool_of
from benchmarks.suite import Suite, load_suite
from designer.errors import DesignerError
from designer.tasks import load_family

HERE = Path(__file__).parent
DATA = Path(os.environ.get("DESIGNER_DATA", HERE.parents[1] / "shared" / "data"))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given, argparse.Namespace(given=given))
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
        _run_each(names, options.given)
        return
    method = names[0]
    count = suite.peer_seeds if method in methods.SLOW else suite.seeds
    seeds = options.seeds if options.seeds is not None else range(count)
    pools = load_pools(suite, options.data)
    jobs = [
        running.Job(pool, method, suite.suite, seed, suite.budget, suite.initial) for seed in seeds for pool in pools
    ]
    running.run(jobs, _folder(options, suite), workers=options.workers, limit=options.limit, told=_tell)


def _run_each(names: list[str], given: list[str]) -> None:
    """Run each method in an interpreter of its own, so that no method pays for the libraries of another."""
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
    text = report.markdown(
        found, ours=options.ours, baseline=options.baseline, origin=_origin(options.given, suite, found)
    )
    (folder / "report.md").write_text(text, encoding="utf-8")
    print(folder / "report.md")


def _origin(given: list[str], suite: Suite, found: report.Results) -> dict[str, str]:
    runs = ", ".join(f"`python -m benchmarks run {suite.suite} --methods {method}`" for method in found.methods)
    return {"runs": runs, **origin("python", "-m", "benchmarks", *given)}


if __name__ == "__main__":
    raise SystemExit(main())
