"""What a lab removes after its stated age, and what it never removes."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from designer.campaign.log.events import utc_now
from designer.service.lab import Lab
from designer.service.store.schema import JOBS, REQUESTS, SESSIONS
from designer.service.store.tables import save_table
from designer.service.work import retention
from designer.service.work.retention import DailyPruning, Pruned, prune
from tests.service.conftest import Client

NOTHING = Pruned(0, 0, 0, 0)


def later(days: float) -> Any:
    return utc_now() + timedelta(days=days)


def rows(lab: Lab, table: sa.Table) -> list[Any]:
    with lab.store.transaction() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def test_sessions_end(lab: Lab) -> None:
    lab.accounts.sign_in(lab.accounts.create("ada", "read"))
    assert prune(lab.store, lab.paths) == NOTHING
    assert prune(lab.store, lab.paths, later(1)).sessions == 1
    assert rows(lab, SESSIONS) == []


def test_replies_are_forgotten_and_the_audit_log_stays(lab: Lab, admin: Client) -> None:
    films = admin.begin()
    admin.ask(films)
    row = {"suggestion": "S0001", "loss": 400}
    first = admin.record(films, row, **{"Idempotency-Key": "one"}).json()
    admin.record(films, row, **{"Idempotency-Key": "two"})  # it writes nothing
    audit = len(lab.requests.audit_trail())
    assert prune(lab.store, lab.paths, later(29)) == NOTHING
    found = prune(lab.store, lab.paths, later(31))
    assert (found.replies, found.jobs) == (2, 0)
    assert len(lab.requests.audit_trail()) == audit - 1, "all writes are listed; a request that wrote nothing is not"
    again = admin.record(films, row, **{"Idempotency-Key": "one"}).json()
    assert again["recorded"] == first["recorded"], "the reply is rebuilt from the events"
    assert [each for each in rows(lab, REQUESTS) if each["first"] is None and each["campaign"]] == []


def test_finished_jobs_are_forgotten_and_their_suggestions_stay(lab: Lab, admin: Client) -> None:
    films = admin.begin()
    job = admin.job(films)
    assert prune(lab.store, lab.paths, later(89)).jobs == 0
    with lab.store.transaction(write=True) as connection:
        row = dict(connection.execute(sa.select(JOBS)).mappings().one())
        connection.execute(JOBS.insert(), {**row, "id": "b", "key": None, "state": "running"})
    assert prune(lab.store, lab.paths, later(91)).jobs == 1
    assert [each["id"] for each in rows(lab, JOBS)] == ["b"], "a job that runs stays"
    assert admin("GET", f"/jobs/{job['id']}").status_code == 404
    assert admin("GET", films).json()["open"] == 2


def test_tables_without_a_campaign_are_removed(lab: Lab, admin: Client) -> None:
    import pandas as pd

    table = pd.DataFrame({"T": [300.0, 400.0, 500.0]})
    used, unused = save_table(table, lab.paths.folder), save_table(table + 1, lab.paths.folder)
    space = [{"name": "T", "kind": "numeric", "bounds": [300, 600]}]
    admin.begin(space=space, candidates=used)
    part = lab.paths.folder / "tables" / "x.part"
    part.write_text("half", encoding="utf-8")
    assert prune(lab.store, lab.paths) == NOTHING
    assert prune(lab.store, lab.paths, later(2)).tables == 1
    assert prune(lab.store, lab.paths, later(31)).tables == 1
    assert [path.name for path in part.parent.iterdir()] == [Path(used).name]
    assert not (lab.paths.folder / unused).exists()


def test_a_table_that_is_uploaded_again_is_new(lab: Lab) -> None:
    import pandas as pd

    table = pd.DataFrame({"T": [300.0]})
    name = save_table(table, lab.paths.folder)
    old = later(-40).timestamp()
    os.utime(lab.paths.folder / name, (old, old))
    save_table(table, lab.paths.folder)
    assert prune(lab.store, lab.paths) == NOTHING


def test_the_service_prunes_every_day_and_ends_with_it(lab: Lab, monkeypatch: Any) -> None:
    monkeypatch.setattr(retention, "SECONDS_BETWEEN", 0.01)
    monkeypatch.setattr(retention, "utc_now", lambda: later(1))
    found: list[str] = []
    assert lab.accounts.sign_in(lab.accounts.create("ada", "read")) is not None
    pruning = DailyPruning(lab.store, lab.paths, found.append)
    pruning.start()
    for _ in range(200):
        if found:
            break
        pruning._end.wait(0.01)
    pruning.close()
    assert found == [
        "removed what is older than its stated age: 1 ended session, 0 replies, 0 finished jobs, "
        "0 tables without a campaign"
    ]
