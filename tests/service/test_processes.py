"""The service in its own process: killed and started again, with workers that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from designer.campaign.log.events import Recorded, Suggested
from designer.campaign.log.store import open_store
from designer.service.store.accounts import Accounts
from designer.service.store.paths import LabPaths
from tests.service.conftest import CAMPAIGN
from tests.service.live import Live

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to find the workers")

BIG = {**CAMPAIGN, "initial": 500, "budget": 500}


def tokens(paths: LabPaths, *roles: str) -> list[str]:
    """Create tokens before the service runs, as the command line does."""
    store = paths.open_store()
    try:
        return [Accounts(store).create(f"{role}er", role) for role in roles]
    finally:
        store.close()


class Worker(threading.Thread):
    """Requests suggestions and records results, each with a key, and repeats requests without a response."""

    def __init__(self, live: Live, token: str, number: int, rounds: int) -> None:
        super().__init__()
        self.live, self.token, self.number, self.rounds = live, token, number, rounds
        self.acknowledged: dict[str, float] = {}
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for i in range(self.rounds):
                job = self.insist("POST", "/campaigns/films/suggestions?wait=30", {"n": 1}, f"ask-{i}")
                while job["state"] in ("waiting", "running"):
                    time.sleep(0.05)
                    job = self.insist("GET", f"/jobs/{job['id']}", None, "")
                (made,) = job["suggestions"]
                value = 300 + self.number + i / 100
                row = {"suggestion": made["id"], "loss": value, "replicate": 1}
                done = self.insist("POST", "/campaigns/films/measurements", {"rows": [row]}, f"record-{i}")
                assert len(done["recorded"]) == 1, done
                self.acknowledged[made["id"]] = value
        except Exception as error:  # noqa: BLE001  the test looks at it
            self.error = error

    def insist(self, method: str, path: str, body: Any, key: str) -> Any:
        until = time.monotonic() + 120
        while True:
            try:
                headers = {"Idempotency-Key": f"{self.number}-{key}"} if key else {}
                answer = self.live.call(self.token, method, path, body, **headers)
                if answer.get("status") not in (429, 503):
                    assert "title" not in answer, answer
                    return answer
            except OSError:
                pass
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "kills"), [("sqlite", (3, 8)), ("postgres", (4,))], ids=["sqlite", "postgres"])
def test_kills_lose_and_double_nothing(
    tmp_path: Path, backend: str, kills: tuple[int, ...], request: pytest.FixtureRequest
) -> None:
    store = str(request.getfixturevalue("postgres_url")) if backend == "postgres" else None
    paths = LabPaths.of(tmp_path / "lab", store)
    (token,) = tokens(paths, "steer")
    with Live(paths.folder, store=store) as live:
        assert live.call(token, "POST", "/campaigns", BIG)["name"] == "films"
        workers = [Worker(live, token, number, rounds=4) for number in range(3)]
        for worker in workers:
            worker.start()
        for least in kills:
            while sum(len(worker.acknowledged) for worker in workers) < least:
                time.sleep(0.05)
                assert not any(worker.error for worker in workers), [worker.error for worker in workers]
            live.stop()
            live.start()
        for worker in workers:
            worker.join(120)
        assert [worker.error for worker in workers] == [None] * 3
    events = open_store(paths.store).read("films")
    asked = [each.id for event in events if isinstance(event, Suggested) for each in event.designs]
    recorded = {event.suggestion: event.values["loss"] for event in events if isinstance(event, Recorded)}
    assert len(asked) == 12, "each request once"
    assert max(Counter(event.suggestion for event in events if isinstance(event, Recorded)).values()) == 1
    assert recorded == {name: value for worker in workers for name, value in worker.acknowledged.items()}


def test_a_killed_worker_fails_its_job_and_no_other(tmp_path: Path) -> None:
    paths = LabPaths.of(tmp_path / "lab")
    (token,) = tokens(paths, "steer")
    slow = {**CAMPAIGN, "initial": 2, "budget": 100}
    with Live(paths.folder) as live:
        live.call(token, "POST", "/campaigns", slow)
        made = live.call(token, "POST", "/campaigns/films/suggestions?wait=60", {"n": 2})["suggestions"]
        rows = [{"suggestion": each["id"], "loss": 400 + i} for i, each in enumerate(made)]
        live.call(token, "POST", "/campaigns/films/measurements", {"rows": rows})
        first = live.call(token, "POST", "/campaigns/films/suggestions", {"n": 8})
        second = live.call(token, "POST", "/campaigns/films/suggestions", {"n": 1})
        while live.call(token, "GET", f"/jobs/{first['id']}")["state"] == "waiting":
            time.sleep(0.02)
        (worker,) = live.children("designer-design")
        os.kill(worker, signal.SIGKILL)
        first, second = (ended(live, token, job["id"]) for job in (first, second))
        assert (first["state"], first["problem"]["type"]) == ("failed", "/problems#worker")
        assert second["state"] == "done"
        workers = live.children()
        live.stop()
        until = time.monotonic() + 20
        while any(Path(f"/proc/{each}").exists() and not _is_zombie(each) for each in workers):
            assert time.monotonic() < until, "a worker outlived the service"
            time.sleep(0.1)


def ended(live: Live, token: str, job: str) -> Any:
    until = time.monotonic() + 60
    while True:
        found = live.call(token, "GET", f"/jobs/{job}")
        if found["state"] in ("done", "failed"):
            return found
        assert time.monotonic() < until
        time.sleep(0.05)


def _is_zombie(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_instrument_continues_after_kills_of_either_side(tmp_path: Path, repository: Path) -> None:
    paths = LabPaths.of(tmp_path / "lab")
    steerer, token = tokens(paths, "steer", "record")
    campaign = {
        "designer": 1,
        "name": "films",
        "space": [
            {"name": "composition", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 10},
            {"name": "anneal_temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 600], "step": 25},
            {"name": "anneal_time", "kind": "numeric", "unit": "min", "bounds": [5, 500], "scale": "log"},
            {"name": "atmosphere", "kind": "categorical", "choices": ["N2", "air"]},
        ],
        "targets": [{"name": "overpotential", "unit": "mV", "goal": "minimize"}],
        "initial": 100,
        "batch_size": 3,
        "budget": 12,
    }
    with Live(paths.folder) as live:
        live.call(steerer, "POST", "/campaigns", campaign)
        environment = {**os.environ, "DESIGNER_URL": live.url, "DESIGNER_TOKEN": token, "SECONDS_TO_MEASURE": "0.1"}
        command = [sys.executable, str(repository / "campaigns" / "instrument" / "instrument.py"), "films"]

        def spent() -> int:
            return int(live.call(steerer, "GET", "/campaigns/films")["spent"])

        instrument = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while spent() < 2:
            time.sleep(0.05)
        instrument.kill()
        instrument.wait()
        assert spent() < 12
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        instrument = subprocess.Popen(command, env=environment, text=True, **pipes)  # type: ignore[call-overload]
        while spent() < 6:
            time.sleep(0.05)
        live.stop()
        time.sleep(0.5)
        live.start()
        out, err = instrument.communicate(timeout=120)
        assert instrument.returncode == 0, err
        assert "the budget of 12 experiments is used up" in out
        assert "waiting: " in err
        state = live.call(steerer, "GET", "/campaigns/films")
        assert (state["spent"], state["open"]) == (12, 0)
        assert state["recorded"] + state["failed"] == 12
