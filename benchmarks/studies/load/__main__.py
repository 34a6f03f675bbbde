"""Put load on the service and write what came of it: ``python -m benchmarks.studies.load --out
benchmarks/results/load.md``."""

from __future__ import annotations

import argparse
import csv
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.studies.load.stock import check, fill
from designer.errors import MissingExtra
from designer.service.store.accounts import Accounts
from designer.service.store.paths import LabPaths

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RESULTS = 20
MAX_READ = 200.0  # milliseconds: the 95th percentile of reads is to stay below


def main() -> int:
    """Run every combination of backend and number of campaigns; return 1 if reads were too slow, 2 without locust."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.load", description=__doc__)
    parser.add_argument("--backends", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    parser.add_argument("--campaigns", type=int, nargs="+", default=[1, 500])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--out", type=Path, help="write the report here (default: print it)")
    given = parser.parse_args()
    if find_spec("locust") is None:
        print(MissingExtra("locust", "bench"), file=sys.stderr)
        return 2
    rows = []
    for backend in given.backends:
        for campaigns in given.campaigns:
            rows.append(scene(backend, campaigns, given.clients, given.seconds))
            print(rows[-1], file=sys.stderr, flush=True)
    text = report(rows, given)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    return int(any(row["reads p95"] > MAX_READ for row in rows))


def scene(backend: str, campaigns: int, clients: int, seconds: int) -> dict[str, Any]:
    """Run one load; return what was measured, after checking that nothing is lost or doubled."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="designer-load-")))
        url = stack.enter_context(postgres()) if backend == "postgres" else None
        paths = LabPaths.of(folder / "lab", url)
        store = paths.open_store()
        stack.callback(store.close)
        token = Accounts(store).create("load", "record")
        fill(store, campaigns, RESULTS)
        address = stack.enter_context(service(paths, folder / "service.log"))
        log = folder / "acknowledged.jsonl"
        load = os.getloadavg()[0]
        figures = locust(address, token, campaigns, clients, seconds, log, folder / "locust")
        counts = check(store, log, RESULTS)
    return {"backend": backend, "campaigns": campaigns, "load before": round(load, 1), **figures, **counts}


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL server of its own, with its usual safety: a commit is on the disk."""
    from tests.campaign import postgres as server

    binaries = server.binaries()
    if binaries is None:
        sys.exit("PostgreSQL's server is not installed (Debian: postgresql)")
    with server.server(binaries, fsync=True) as url:
        yield url


@contextmanager
def service(paths: LabPaths, log: Path) -> Iterator[str]:
    """Run the service; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "designer",
        "serve",
        str(paths.folder),
        "--port",
        str(port),
        "--store",
        paths.store,
        "--rate-limit",
        "0",  # all clients share one user
    ]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/healthz").close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def locust(
    address: str, token: str, campaigns: int, clients: int, seconds: int, log: Path, prefix: Path
) -> dict[str, Any]:
    """Run the clients; return what locust measured, reads and writes apart."""
    environment = {
        **os.environ,
        "DESIGNER_TOKEN": token,
        "LOAD_CAMPAIGNS": str(campaigns),
        "LOAD_LOG": str(log),
    }
    command = [
        sys.executable, "-m", "locust", "-f", str(HERE / "clients.py"), "--headless", "--host", address,
        "-u", str(clients), "-r", "10", "-t", f"{seconds}s", "--stop-timeout", "60",
        "--csv", str(prefix), "--only-summary",
    ]  # fmt: skip
    subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with prefix.with_name(prefix.name + "_stats.csv").open(newline="") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    reads = [row for name, row in rows.items() if name.startswith("read ")]
    total = rows["Aggregated"]
    return {
        "requests": int(total["Request Count"]),
        "failures": int(total["Failure Count"]),
        "requests/s": round(float(total["Requests/s"]), 1),
        "reads p50": max(float(row["50%"]) for row in reads),
        "reads p95": max(float(row["95%"]) for row in reads),
        "reads p99": max(float(row["99%"]) for row in reads),
        "record p95": float(rows["record"]["95%"]),
        "ask p95": float(rows["ask and wait"]["95%"]),
    }


def report(rows: list[dict[str, Any]], given: argparse.Namespace) -> str:
    """Return the results as a page."""
    names = list(rows[0])
    lines = [
        "# Load on the service",
        "",
        f"{given.clients} clients for {given.seconds} s each, by locust {version('locust')}: every client asks for a "
        "design, records its result, and reads a campaign, the list of campaigns, results and the history, with half a "
        f"second to one and a half between. Every campaign begins with {RESULTS} results. The clients run on the same "
        f"machine as the service and the database: {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{platform.system()}. `load before` is the machine's load average when the clients began: above 0 others were "
        "at work on it too.",
        "",
        "Times are milliseconds; reads are those of the slowest kind of read. After each run the store is compared "
        "with what was acknowledged to clients: nothing was lost and nothing was there twice, or there were no page.",
        "",
        "| " + " | ".join(names) + " |",
        "|" + "---|" * len(names),
        *("| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows),
        "",
        *_caution(rows),
        f"Made by: `python -m benchmarks.studies.load --clients {given.clients} --seconds {given.seconds} --out FILE`",
    ]
    return "\n".join(lines) + "\n"


def _caution(rows: list[dict[str, Any]]) -> list[str]:
    """Return a warning if other work ran on the machine, which distorts the times."""
    busy = max(row["load before"] for row in rows)
    if busy <= (os.cpu_count() or 1) / 2:
        return []
    return [
        f"**The machine was busy with other work (load average up to {busy:g}): "
        "the times are not representative of the service.** "
        "Run it again on an idle machine. The counts are valid in any case.",
        "",
    ]


if __name__ == "__main__":
    sys.exit(main())
