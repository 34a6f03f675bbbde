"""A lab's database that version 0.1.0 wrote: it is opened, read, continued, backed up and restored.

`golden/lab-0.1.sql` is the dump of a database that the service of 0.1.0 wrote: a campaign with suggestions, a result, a
failure, an amendment, a withdrawal and a changed space; two tokens, a session, a finished job.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from designer.errors import StoreError
from designer.service.http.app import create_app
from designer.service.http.security import Options
from designer.service.lab import Lab
from designer.service.store.backup import back_up, restore
from designer.service.store.paths import LabPaths
from designer.service.work import worker_tasks
from tests.service.conftest import Client, workers_in_threads

GOLDEN = Path(__file__).parent / "golden" / "lab-0.1.sql"
TOKEN = "dsg_5d74f04e_Dvmy_6bUiEM6oiqkQ5eGa-k7iGD4lvGY6lKPEjHkHZs"  # of the golden database alone


@pytest.fixture
def old(tmp_path: Path) -> LabPaths:
    paths = LabPaths.of(tmp_path / "old")
    connection = sqlite3.connect(paths.store)
    connection.executescript(GOLDEN.read_text(encoding="utf-8"))
    connection.close()
    return paths


@pytest.fixture
def client(old: LabPaths) -> Iterator[Client]:
    lab = Lab(old, workers_in_threads())
    with TestClient(create_app(lab, Options(hosts=("testserver",)))) as http:
        yield Client(http, TOKEN)
    worker_tasks.close_store(old)


def test_all_is_read(client: Client) -> None:
    found = client("GET", "/campaigns/films").json()
    assert (found["version"], found["recorded"], found["failed"], found["withdrawn"]) == (7, 1, 1, 1)
    what = "the change of the space (T: bounds was (300.0, 600.0) and is (300.0, 650.0))"
    assert found["undo"] == {"position": 7, "what": what, "user": "ada"}
    (measured,) = client("GET", "/campaigns/films/measurements").json()["measurements"]
    assert (measured["values"], measured["amended"]) == ({"loss": 409.0}, True)
    history = client("GET", "/campaigns/films/history").json()["events"]
    assert [(each["kind"], each["user"], each["via"]) for each in history[-3:]] == [
        ("recorded", "eve", "page"), ("suggested", "eve", "page"), ("created", "ada", "http")
    ]  # fmt: skip
    assert {each["user"] for each in client("GET", "/tokens").json()["tokens"]} == {"ada", "eve"}


def test_the_campaign_goes_on(client: Client) -> None:
    (suggestion,) = client.ask("/campaigns/films", 1)
    assert suggestion["id"] == "S0004"
    client.record("/campaigns/films", {"suggestion": "S0004", "loss": 400})
    assert client("POST", "/campaigns/films/undo", json={"position": 9}).json()["changed"]
    assert client("GET", "/campaigns/films").json()["open"] == 1


def test_it_is_backed_up_and_restored(old: LabPaths, tmp_path: Path) -> None:
    old.open_store().close()  # as a start of the service does
    made = back_up(old, tmp_path / "lab.zip")
    assert (made.campaigns, made.events) == (1, 7)
    restored = restore(tmp_path / "lab.zip", LabPaths.of(tmp_path / "new"))
    assert restored.rows["designer_tokens"] == 2


def test_tables_of_a_later_version_are_refused(old: LabPaths) -> None:
    connection = sqlite3.connect(old.store)
    connection.execute("UPDATE designer_service_schema SET version = 99")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="holds service tables of version 99"):
        old.open_store()
