"""Campaigns on a real Dask scheduler with worker processes of their own, one of which is killed on the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.suite import rows
from benchmarks.suite.campaigns import Row

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
REPOSITORY = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a part of Dask until the end of the block."""
    settings = {"DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "60s", "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "5 minutes"}
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
        cwd=REPOSITORY,
        env={**os.environ, **settings, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    with started(folder, "scheduler", *options):
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def worker(folder: Path, address: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    options = ["--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder)]
    with started(folder, "worker", address, *options, *(more or ["--no-nanny"])) as process:
        yield process


def without_cost(row: Row) -> Row:
    return replace(row, seconds=[], memory_mb=0.0)


def test_a_killed_worker_loses_and_doubles_nothing(hills: Path, suite_file: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    common = [
        str(suite_file),
        "--data",
        str(hills),
        "--methods",
        "tests.benchmarks.slow",
        "--seeds",
        "0",
        "1",
        "2",
        "3",
    ]
    with ExitStack() as stack:
        address = stack.enter_context(scheduler(tmp_path))
        victim = stack.enter_context(worker(tmp_path, address))
        stack.enter_context(worker(tmp_path, address))
        run = subprocess.Popen(
            [sys.executable, "-m", "benchmarks", "run", *common, "--out", str(there), "--scheduler", address],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
        )
        file = there / "tests.benchmarks.slow.jsonl"
        deadline = time.monotonic() + 120
        while not (file.exists() and len(rows.read(there)) >= 2):
            assert run.poll() is None, "the run ended before a worker could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        victim.send_signal(signal.SIGKILL)
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0
    assert main(["run", *common, "--out", str(here)]) == 0
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(output.splitlines()) == 8
    assert [without_cost(row) for row in rows.read(there)] == [without_cost(row) for row in rows.read(here)]
    assert all(row.error == "" for row in rows.read(there))


def test_a_worker_that_cannot_start_processes_is_named(
    hills: Path, suite_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = [str(suite_file), "--data", str(hills), "--methods", "random", "--out", str(tmp_path / "out")]
    with scheduler(tmp_path) as address, worker(tmp_path, address, "--nanny"):
        assert main(["run", *common, "--scheduler", address]) == 2
    message = capsys.readouterr().err
    assert "may not start processes; start workers with --no-nanny" in message
    assert not (tmp_path / "out").exists()


def test_no_scheduler_is_said_in_one_line(
    hills: Path, suite_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.suite import cluster

    monkeypatch.setattr(cluster, "WAIT", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    common = [str(suite_file), "--data", str(hills), "--methods", "random", "--out", str(tmp_path / "out")]
    assert main(["run", *common, "--scheduler", address]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"there is no scheduler at '{address}': ")
