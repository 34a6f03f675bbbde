"""A lab under steady use: do memory, open files and the disk stay flat, and is everything there after a crash?

``python -m benchmarks.studies.soak --minutes 20 --clients 50 --out FILE`` starts `designer serve` on an SQLite file
with campaigns that have results, and clients, each of which reads, asks for designs and records results, half a second
to one and a half between; in the last minutes (`--reading`) they only read, so that the data no longer grow: what
memory grows then is no data. It samples the memory and the open files of all processes of the service and the size of
the lab's folder, makes a backup at half time, then kills the service, starts it again and compares what it answers with
what it answered before, and the store with every write that was acknowledged.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.studies.load.stock import check, fill
from designer.service.store.accounts import Accounts
from designer.service.store.backup import back_up, restore
from designer.service.store.paths import LabPaths

ROOT = Path(__file__).parents[2]
RESULTS = 10
SAMPLE_SECONDS = 5.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """The state of a service: seconds since the start, memory in MB, open files, processes, the folder's size in MB."""

    at: float
    memory: float
    files: int
    processes: int
    disk: float


class Service:
    """`designer serve` in a process of its own."""

    def __init__(self, paths: LabPaths, log: Path) -> None:
        self._paths, self._log = paths, log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and return the seconds until it is ready."""
        begun = time.monotonic()
        command = [sys.executable, "-m", "designer", "serve", str(self._paths.folder), "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*command, "--rate-limit", "0"], cwd=ROOT, stdout=log, stderr=log)
        while True:
            try:
                if self.get("/readyz")[0] == 200:
                    return time.monotonic() - begun
            except OSError:
                if self._process.poll() is not None or time.monotonic() - begun > 120:
                    raise
            time.sleep(0.2)

    def get(self, path: str, token: str = "") -> tuple[int, bytes]:
        """Return status and body of a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def end(self, how: signal.Signals) -> None:
        """End it."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)

    def sample(self, since: float) -> Sample:
        """Return the state of the service and its workers."""
        assert self._process is not None
        processes = _descendants(self._process.pid)
        memory, files = 0, 0
        for process in processes:
            try:
                memory += int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
                files += sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
            except OSError:
                continue
        # Without the write-ahead log, which SQLite reuses and keeps below some 4 MB.
        paths = (path for path in self._paths.folder.rglob("*") if path.is_file())
        disk = sum(path.stat().st_size for path in paths if not path.name.endswith(("-wal", "-shm")))
        return Sample(time.monotonic() - since, memory / 1e6, files, len(processes), disk / 1e6)


def _descendants(process: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(rest[1]), []).append(int(path.parent.name))
    found = [process]
    for each in found:
        found += parents.get(each, [])
    return found


@dataclass
class Clients:
    """Clients in threads, which log every acknowledged write.

    Parameters
    ----------
    campaigns
        How many campaigns there are.
    log
        Where acknowledged writes go, for `stock.check`.
    """

    port: int
    token: str
    campaigns: int
    log: IO[str]
    stop: threading.Event = field(default_factory=threading.Event)
    reading: threading.Event = field(default_factory=threading.Event)
    requests: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, number: int) -> None:
        """Be one client until `stop`."""
        dice = random.Random(number)
        while not self.stop.wait(dice.uniform(0.5, 1.5)):
            campaign = f"load-{dice.randrange(self.campaigns):04d}"
            path = f"/api/campaigns/{campaign}"
            try:
                if dice.random() < 0.3 and not self.reading.is_set():
                    self._experiment(campaign, path, dice)
                else:
                    reads = [path, f"{path}/measurements", f"{path}/history?limit=20", "/api/campaigns?limit=50"]
                    self._send("GET", dice.choice(reads))
            except OSError as error:
                with self._lock:
                    self.failures.append(type(error).__name__)

    def _experiment(self, campaign: str, path: str, dice: random.Random) -> None:
        job = self._send("POST", f"{path}/suggestions?wait=30", {"n": 1})
        while job.get("state") in ("waiting", "running") and not self.stop.wait(2):
            job = self._send("GET", f"/api/jobs/{job['id']}")
        if job.get("state") != "done":
            return
        name = job["suggestions"][0]["id"]
        self._acknowledge("asked", campaign, name, 0.0)
        value = 300 + 100 * dice.random()
        done = self._send("POST", f"{path}/measurements", {"rows": [{"suggestion": name, "loss": value}]})
        if done.get("recorded"):
            self._acknowledge("recorded", campaign, name, value)

    def _acknowledge(self, what: str, campaign: str, suggestion: str, value: float) -> None:
        with self._lock:
            self.log.write(json.dumps([what, campaign, suggestion, value]) + "\n")

    def _send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if body is not None:
            headers["Idempotency-Key"] = uuid.uuid4().hex
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        with self._lock:
            self.requests += 1
            self.seconds.append(time.monotonic() - begun)
            if answer.status >= 400:
                self.failures.append(f"{method} {answer.status}")
        found: dict[str, Any] = json.loads(content) if answer.status < 400 else {}
        return found


def soak(minutes: float, clients: int, campaigns: int, reading: float = 0.0) -> dict[str, Any]:
    """Return what was measured; in the last minutes (`reading`) clients only read.

    Raises
    ------
    AssertionError
        If an acknowledged write is lost or doubled, or the service answers otherwise after it was killed.
    """
    with tempfile.TemporaryDirectory(prefix="designer-soak-") as place:
        folder = Path(place)
        paths = LabPaths.of(folder / "lab")
        store = paths.open_store()
        token = Accounts(store).create("soak", "admin")
        fill(store, campaigns, RESULTS)
        service = Service(paths, folder / "service.log")
        started = service.start()
        with (folder / "acknowledged.jsonl").open("w", encoding="utf-8") as log:
            crowd = Clients(service.port, token, campaigns, log)
            samples, backup_seconds = _under_load(service, crowd, clients, 60 * minutes, 60 * reading, paths, folder)
        _wait_for_jobs(service, token)
        before = _answers(service, token, campaigns)
        service.end(signal.SIGKILL)
        restarted = service.start()
        after = _answers(service, token, campaigns)
        same = sum(one == other for one, other in zip(before, after, strict=True))
        service.end(signal.SIGTERM)
        counts = check(store, folder / "acknowledged.jsonl", RESULTS)
        store.close()
        restored = restore(folder / "half.zip", LabPaths.of(folder / "restored"))
        assert same == len(before), f"{len(before) - same} of {len(before)} answers differ after the service was killed"
        log_bytes = (folder / "service.log").stat().st_size
    late = samples[len(samples) // 2 :]
    # Without its first tenth, in which suggestions that were begun before are finished.
    quiet = [each for each in samples if each.at > 60 * (minutes - 0.9 * reading)]
    writes = 2 * counts["results acknowledged"]
    return {
        "requests": crowd.requests,
        "failures": len(crowd.failures),
        "kinds of failures": sorted(set(crowd.failures)),
        "median response [s]": round(float(np.median(crowd.seconds)), 3),
        "95 % of responses within [s]": round(float(np.quantile(crowd.seconds, 0.95)), 3),
        "processes": late[-1].processes,
        "memory at the middle [MB]": round(late[0].memory, 1),
        "memory at the end [MB]": round(late[-1].memory, 1),
        "memory, slope of the second half [MB/h]": round(_slope([(each.at, each.memory) for each in late]), 1),
        **(
            {}
            if not quiet
            else {
                "memory after the last writes [MB]": round(quiet[0].memory, 1),
                "memory while clients only read, slope [MB/h]": round(
                    _slope([(each.at, each.memory) for each in quiet]), 1
                ),
            }
        ),
        "open files at the middle": late[0].files,
        "open files at the end": late[-1].files,
        "lab's folder at the end, without the write-ahead log [MB]": round(late[-1].disk, 2),
        "growth of the folder per written event [kB]": round(
            1e3 * (late[-1].disk - samples[0].disk) / max(writes, 1), 2
        ),
        "log per 1,000 requests [kB]": round(log_bytes / max(crowd.requests, 1), 1),
        "backup under load [s]": round(backup_seconds, 2),
        "events in the backup": restored.events,
        "ready after the first start [s]": round(started, 1),
        "ready after it was killed [s]": round(restarted, 1),
        **counts,
    }


def _under_load(
    service: Service, crowd: Clients, clients: int, seconds: float, reading: float, paths: LabPaths, folder: Path
) -> tuple[list[Sample], float]:
    """Return the samples while clients are at work, in the last seconds reading only, and those of a backup."""
    threads = [threading.Thread(target=crowd.run, args=(number,), daemon=True) for number in range(clients)]
    begun, backup_seconds = time.monotonic(), 0.0
    samples = [service.sample(begun)]
    for thread in threads:
        thread.start()
    while time.monotonic() - begun < seconds:
        time.sleep(SAMPLE_SECONDS)
        samples.append(service.sample(begun))
        if time.monotonic() - begun > seconds - reading:
            crowd.reading.set()
        if not backup_seconds and time.monotonic() - begun > seconds / 2:
            at = time.monotonic()
            back_up(paths, folder / "half.zip")
            backup_seconds = time.monotonic() - at
    crowd.stop.set()
    for thread in threads:
        thread.join(120)
    return samples, backup_seconds


def _wait_for_jobs(service: Service, token: str) -> None:
    """Wait until no suggestion is waited for: one that clients no longer wait for would still change the answers."""
    until = time.monotonic() + 600
    while time.monotonic() < until:
        lines = service.get("/metrics", token)[1].decode().splitlines()
        unfinished = ('designer_jobs{state="waiting"}', 'designer_jobs{state="running"}')
        if not any(line.startswith(unfinished) for line in lines):
            return
        time.sleep(1)
    raise TimeoutError("suggestion jobs are unfinished after 10 minutes")


def _answers(service: Service, token: str, campaigns: int) -> list[bytes]:
    paths = [f"/api/campaigns/load-{i:04d}{end}" for i in range(campaigns) for end in ("", "/measurements")]
    return [service.get(path, token)[1] for path in paths]


def _slope(points: list[tuple[float, float]]) -> float:
    """Return the slope per hour."""
    if len(points) < 3:
        return float("nan")
    at, value = np.array(points).T
    return float(np.polyfit(at / 3600, value, 1)[0])


def page(found: dict[str, Any], minutes: float, clients: int, campaigns: int, reading: float = 0.0) -> str:
    """Return the results as a page."""
    last = f", of which they only read in the last {reading:g}" if reading else ""
    lines = [
        "# A lab under steady use",
        "",
        f"{clients} clients for {minutes:g} minutes{last}, on {campaigns} campaigns in an SQLite file; a backup at "
        "half time, then the service is killed and started again. Clients, service and database share one machine: "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}, designer "
        f"{version('materials-designer')}; its load average at the end is {os.getloadavg()[0]:.1f}. After the restart "
        "every campaign and all its results are answered as before, and every acknowledged write is in the store once; "
        "otherwise the study fails and writes no page.",
        "",
        "| what | value |",
        "|---|---|",
        *(f"| {key} | {value if value != [] else 'none'} |" for key, value in found.items()),
        "",
        f"Made by: `python -m benchmarks.studies.soak --minutes {minutes:g} --clients {clients} --reading {reading:g}"
        " --out FILE`",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the study and write or print its page; return 1 if any request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--campaigns", type=int, default=20)
    parser.add_argument("--reading", type=float, default=0.0, help="minutes at the end in which clients only read")
    parser.add_argument("--out", type=Path, help="write the page here (default: print it)")
    given = parser.parse_args()
    found = soak(given.minutes, given.clients, given.campaigns, given.reading)
    text = page(found, given.minutes, given.clients, given.campaigns, given.reading)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    return int(found["failures"] > 0)


if __name__ == "__main__":
    sys.exit(main())
