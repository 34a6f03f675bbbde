"""A lab for each test, and its clients. Workers are threads here; `test_processes.py` uses processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed: pip install 'materials-designer[serve]'")

from fastapi.testclient import TestClient
from pydantic_core import to_json

from designer.service.http.app import create_app
from designer.service.http.security import Options
from designer.service.lab import Lab
from designer.service.store.accounts import Caller
from designer.service.store.paths import LabPaths
from designer.service.work import worker_tasks
from designer.service.work.uploads import UPLOAD_TASKS
from designer.service.work.workers import Workers
from tests.campaign.conftest import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

CAMPAIGN: dict[str, Any] = {
    "designer": 1,
    "name": "films",
    "space": [
        {"name": "film", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 10},
        {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 600], "step": 25},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "air"]},
    ],
    "targets": [{"name": "loss", "unit": "mV", "goal": "minimize", "reach": 320}],
    "batch_size": 2,
    "initial": 6,
    "budget": 20,
}


class ThreadPool:
    """A pool of one thread in this process: it starts quickly."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._pool.submit(task, *arguments)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class DirectUploads:
    """Reads uploads in this process: quick to start."""

    def start(self) -> None:
        pass

    def run(self, task: str, content: bytes, arguments: Mapping[str, Any]) -> Any:
        return json.loads(to_json(UPLOAD_TASKS[task](content, **arguments)))

    def close(self) -> None:
        pass


def workers_in_threads() -> Workers:
    """Return workers that are threads of this process."""
    return Workers(ThreadPool(), ThreadPool(), DirectUploads())


@pytest.fixture
def paths(tmp_path: Path) -> LabPaths:
    return LabPaths.of(tmp_path / "lab")


@pytest.fixture
def lab(paths: LabPaths) -> Iterator[Lab]:
    lab = Lab(paths, workers_in_threads())
    yield lab
    lab.close()
    worker_tasks.close_store(paths)


@dataclass
class Client:
    """A client with a token of one role."""

    http: TestClient
    token: str

    def __call__(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.http.request(method, f"/api{path}", headers=headers, **options)

    def begin(self, **changes: Any) -> str:
        """Create a campaign and return its path."""
        answer = self("POST", "/campaigns", json={**CAMPAIGN, **changes})
        assert answer.status_code == 201, answer.text
        return f"/campaigns/{answer.json()['id']}"

    def ask(self, campaign: str, n: int = 2, **headers: str) -> list[dict[str, Any]]:
        """Request suggestions and wait for them."""
        return list(self.job(campaign, n, **headers)["suggestions"])

    def job(self, campaign: str, n: int = 2, **headers: str) -> dict[str, Any]:
        """Request suggestions and return the job once it is done."""
        answer = self("POST", f"{campaign}/suggestions?wait=60", json={"n": n}, headers=headers)
        assert answer.status_code == 202, answer.text
        assert answer.json()["state"] == "done", answer.text
        return dict(answer.json())

    def record(self, campaign: str, *rows: dict[str, Any], **headers: str) -> Any:
        return self("POST", f"{campaign}/measurements", json={"rows": list(rows)}, headers=headers)


@pytest.fixture
def http(lab: Lab) -> Iterator[TestClient]:
    app = create_app(lab, Options(hosts=("testserver",)))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture
def clients(lab: Lab, http: TestClient) -> Callable[[str], Client]:
    return lambda role: Client(http, lab.accounts.create(f"{role}er", role))


@pytest.fixture
def admin(clients: Callable[[str], Client]) -> Client:
    return clients("admin")


@pytest.fixture
def steerer() -> Caller:
    return Caller("ada", "steer")
