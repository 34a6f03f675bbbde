"""The row of a job: its state while it runs and afterwards, updated by the worker and by the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from designer.campaign.log.events import utc_now
from designer.campaign.log.store import SqlStore
from designer.service.problems import problem
from designer.service.store.idempotency import RequestLog
from designer.service.store.schema import JOBS

UNFINISHED = ("waiting", "running")


def update_job(store: SqlStore, job: str, **values: Any) -> None:
    """Update columns of a job's row."""
    with store.transaction(write=True) as connection:
        connection.execute(JOBS.update().where(JOBS.c.id == job).values(**values))


def complete_if_written(store: SqlStore, job: str) -> bool:
    """Mark a job as done if its events are written; return whether they are."""
    row = RequestLog(store).of(job)
    if row is None:
        return False
    outcome = json.dumps({"first": row["first"], "last": row["last"]})
    update_job(store, job, state="done", finished_at=utc_now().isoformat(), outcome=outcome)
    return True


def fail(store: SqlStore, job: str, error: BaseException) -> None:
    """Mark a job as failed."""
    outcome = json.dumps({"problem": problem(error)})
    update_job(store, job, state="failed", finished_at=utc_now().isoformat(), outcome=outcome)


def job_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's row as plain data for the interfaces."""
    outcome = json.loads(row["outcome"]) if row["outcome"] else {}
    return {
        "id": row["id"],
        "campaign": row["campaign"],
        "user": row["user"],
        "state": row["state"],
        "arguments": json.loads(row["arguments"]),
        "asked_at": row["asked_at"],
        "started_at": row["started_at"],
        "finished_at": row["finished_at"],
        "seconds": _seconds(row),
        "events": [outcome["first"], outcome["last"]] if "first" in outcome else None,
        "problem": outcome.get("problem"),
    }


def _seconds(row: Mapping[str, Any]) -> float | None:
    """Return the run time of the job so far, in seconds."""
    if row["started_at"] is None:
        return None
    end = datetime.fromisoformat(row["finished_at"]) if row["finished_at"] else utc_now()
    return round(max(0.0, (end - datetime.fromisoformat(row["started_at"])).total_seconds()), 2)
