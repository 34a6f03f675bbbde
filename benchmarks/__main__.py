"""Run suites of simulated campaigns and write their reports: ``python -m benchmarks run full --methods random``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.report import tidy
from benchmarks.report.report_page import report
from benchmarks.report.results import Results, results
from benchmarks.report.sections import markdown, page
from benchmarks.suite import cluster, controls, methods, progress, rows, running
from benchmarks.suite.campaigns import Job
from benchmarks.suite.plan import prepare
from benchmarks.suite.provenance import provenance
from benchmarks.suite.suite import TRACKS, Suite, load_suite
from designer.errors import DesignerError, Fault, InvalidInput

HERE = Path(__file__).parent
DATA = Path(os.environ.get("DESIGNER_DATA", HERE.parents[1] / "shared" / "data"))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given, argparse.Namespace(given=given))
    try:
        return int(options.command(options) or 0)
    except (DesignerError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    run = verbs.add_parser("run", help="run what is missing of a suite; resumes")
    run.add_argument("--seeds", type=_seed, nargs="+", help="these seeds only (default: as in the suite)")
    run.add_argument("--tracks", nargs="+", choices=TRACKS, default=[], help="default: those of the suite")
    where = run.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_count, default=1, help="campaigns at once, one thread each")
    where.add_argument(
        "--scheduler", help="tcp://HOST:PORT of a Dask cluster that runs the campaigns, in place of --workers"
    )
    run.add_argument("--limit", type=_seconds, help="wall seconds a campaign (default: as in the suite)")
    run.set_defaults(command=_run)
    check = verbs.add_parser("check", help="validate a suite and all files it names; list what would run")
    check.set_defaults(command=_check, methods=[])
    write = verbs.add_parser("report", help="write the report of a suite's results")
    write.add_argument("--ours", help="the method that is compared with all others (default: as in the suite)")
    write.add_argument(
        "--baseline",
        "--plain",
        help="the method without past tasks that acceleration is relative to (default: as in the suite)",
    )
    write.set_defaults(command=_report)
    for verb in (run, check, write):
        verb.add_argument("suite", help="a name in benchmarks/suites, or a YAML file")
        verb.add_argument("--data", type=Path, default=DATA, help="folder of families (default: DESIGNER_DATA)")
    for verb in (run, check):
        verb.add_argument(
            "--control", default="none", choices=controls.CONTROLS, help="how the sources are changed (default: none)"
        )
    for verb in (run, write):
        verb.add_argument(
            "--methods", nargs="+", default=[], help=f"of: {', '.join(sorted(methods.MODULES))}, or modules"
        )
        verb.add_argument("--out", type=Path, help="folder of the results (default: benchmarks/results/SUITE)")
    return parser


def _count(text: str) -> int:
    return int(_number(text, int, minimum=1))


def _seed(text: str) -> int:
    return int(_number(text, int, minimum=0))


def _seconds(text: str) -> float:
    return _number(text, float, minimum=1)


def _number(text: str, kind: type[int] | type[float], minimum: int) -> float:
    """Return a number of the command line, at least `minimum`."""
    try:
        value = kind(text)
    except ValueError:
        value = kind(minimum - 1)
    if not minimum <= value < float("inf"):
        what = "a whole number" if kind is int else "a number"
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} of at least {minimum}")
    return value


def _folder(options: argparse.Namespace, suite: Suite) -> Path:
    return Path(options.out) if options.out else HERE / "results" / suite.suite


def _run(options: argparse.Namespace) -> int:
    plan = prepare(options.suite, options.data, wanted=options.methods, control=options.control)
    names = options.methods or _all_methods(plan.suite, options.control)
    if not names:
        raise InvalidInput(Fault("no method of the suite reads sources", "name some by --methods"))
    if len(names) > 1:
        return _run_each(names, options.given)
    for name in names:
        methods.require(name)
        jobs = plan.jobs(name, seeds=options.seeds, tracks=options.tracks, control=options.control)
        limit = options.limit if options.limit is not None else plan.suite.method(name).limit
        _run_one(jobs, _folder(options, plan.suite), options, limit)
    return 0


def _run_one(jobs: list[Job], folder: Path, options: argparse.Namespace, limit: float) -> None:
    left = len(running.missing(jobs, folder))
    if not left:
        return
    with progress.shown(jobs[0].method, len(jobs), len(jobs) - left) as on_row:
        running.run(jobs, folder, _runner(options, limit), on_row=on_row)


def _runner(options: argparse.Namespace, limit: float) -> running.Runner:
    if options.scheduler is None:
        return running.here(options.workers, limit)
    return cluster.there(options.scheduler, limit)


def _all_methods(suite: Suite, control: str) -> list[str]:
    """Return the methods of a suite; under a control, only those that read sources."""
    names = [entry.name for entry in suite.methods] or sorted(methods.MODULES)
    return names if control == "none" else [name for name in names if methods.reads_sources(name)]


def _run_each(names: list[str], given: list[str]) -> int:
    """Run each method in an interpreter of its own, so that no method loads the libraries of another."""
    if "--methods" in given:
        first = given.index("--methods")
        rest = next((i for i in range(first + 1, len(given)) if given[i].startswith("--")), len(given))
        given = given[:first] + given[rest:]
    codes = [
        subprocess.run([sys.executable, "-m", "benchmarks", *given, "--methods", name], check=False).returncode
        for name in names
    ]
    return max(codes)


def _check(options: argparse.Namespace) -> None:
    plan = prepare(options.suite, options.data, control=options.control)
    for pool in plan.pools:
        given = pool.candidates.sources
        read = f"{len(given)} sources of {sum(map(len, given))} rows" if given else "no sources"
        print(f"{pool.family}/{pool.task}: {len(pool)} designs, {read}")
    for name in _all_methods(plan.suite, options.control):
        print(f"{name}: {len(plan.jobs(name, control=options.control))} campaigns")


def _report(options: argparse.Namespace) -> None:
    folder = _folder(options, load_suite(options.suite))
    found_rows = rows.read(folder)
    unrelated = any(row.control == "unrelated" for row in found_rows)
    plan = prepare(options.suite, options.data, control="unrelated" if unrelated else "none")
    found = results(plan, found_rows, options.methods)
    ours, baseline = options.ours or plan.suite.ours, options.baseline or plan.suite.baseline
    sections = report(found, ours=ours, baseline=baseline, provenance=_provenance(options.given, found))
    (folder / "report.md").write_text(markdown(sections), encoding="utf-8")
    (folder / "report.html").write_text(page(sections), encoding="utf-8")
    for path in [folder / "report.md", folder / "report.html", *tidy.write(found, folder)]:
        print(path)


def _provenance(given: list[str], found: Results) -> dict[str, str]:
    runs = []
    for control in dict.fromkeys(control for _, control in found.parts):
        parts = [found.part(track, control) for track, other in found.parts if other == control]
        names = " ".join(sorted({method for part in parts for method in part.methods}))
        changed = "" if control == "none" else f" --control {control}"
        runs.append(f"`python -m benchmarks run {found.suite.suite}{changed} --methods {names}`")
    return {"runs": ", ".join(runs), **provenance("python", "-m", "benchmarks", *given)}


if __name__ == "__main__":
    raise SystemExit(main())
