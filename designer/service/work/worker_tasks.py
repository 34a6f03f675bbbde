"""The tasks of worker processes: suggestions, and views that need a model or a figure.

Arguments and results are plain data. The serving process never loads a model: it answers while a worker computes.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from designer.campaign.log.events import utc_now
from designer.campaign.log.store import SqlStore
from designer.service.logs import configure_logging
from designer.service.problems import problem, problem_kind
from designer.service.store.accounts import Caller
from designer.service.store.cache import CampaignCache
from designer.service.store.idempotency import RepeatedRequest, WriteRequest
from designer.service.store.paths import LabPaths
from designer.service.work import views
from designer.service.work.job_progress import complete_if_written, fail, update_job

LOG = logging.getLogger("designer.service")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def initialize_worker(name: str) -> None:
    """Prepare a worker process: one thread, lower priority than the serving process, and it ends with its parent.

    Parameters
    ----------
    name
        What `top` and `ps` show for the process, on Linux: at most 15 characters.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name[:15], encoding="utf-8")
    for name in _THREADS:
        os.environ[name] = "1"
    os.environ["MPLBACKEND"] = "Agg"
    configure_logging(logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the serving process handles it and ends its workers
    if hasattr(os, "nice"):
        os.nice(5)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # the serving process was killed, so nothing waits for the result


def import_models() -> None:
    """Import the modules that a first suggestion needs; a model loads torch when it is needed."""
    import designer.acquisition.initial
    import designer.campaign.suggesting.next_designs  # noqa: F401


@cache
def _opened(paths: LabPaths) -> tuple[SqlStore, CampaignCache]:
    store = paths.open_store()
    return store, CampaignCache(store, paths, runs_models=True)


def close_store(paths: LabPaths) -> None:
    """Close this process's store of a lab."""
    _opened(paths)[0].close()
    _opened.cache_clear()


def suggest(paths: LabPaths, job: str, caller: Caller, campaign: str, arguments: Mapping[str, Any]) -> None:
    """Carry out a suggestion job; its events are recorded under the job's id, so repeating it is harmless."""
    job_store, cache = _opened(paths)
    update_job(job_store, job, state="running", started_at=utc_now().isoformat())
    try:
        request = WriteRequest(job, caller, "suggest", campaign)
        with cache.open(campaign) as (opened, store), store.attributed_to(request):
            opened.suggest(
                arguments.get("n"),
                replicate_of=arguments.get("replicate_of") or (),
                context=arguments.get("context"),
            )
    except RepeatedRequest:
        pass  # an earlier worker wrote the events and ended before it marked the job
    except Exception as error:  # every error is the job's result
        if problem_kind(error).status >= 500:
            LOG.exception("job %s failed", job)
        fail(job_store, job, error)
        return
    complete_if_written(job_store, job)


def preview(
    paths: LabPaths, content: dict[str, Any], tasks: Sequence[str], campaigns: Sequence[str], n: int
) -> dict[str, Any]:
    """Return ``{"answer": ...}`` with the next suggestions of a new campaign without and with past work.

    Nothing is written: the results of `campaigns` are copied to a temporary folder.
    """
    from designer.service.work.previews import preview_past_work

    _, cache = _opened(paths)
    try:
        return {"answer": preview_past_work(paths, cache, content, tasks, campaigns, n)}
    except Exception as error:  # every error is a result
        if problem_kind(error).status >= 500:
            LOG.exception("a preview of past work failed")
        return {"problem": problem(error)}


def generate(kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"answer": ...}`` with candidates that are on no list, or ``{"problem": ...}``."""
    from designer.service.work.generated import GENERATED

    try:
        return {"answer": GENERATED[kind](request)}
    except Exception as error:  # every error is a result
        if problem_kind(error).status >= 500:
            LOG.exception("proposing %s failed", kind)
        return {"problem": problem(error)}


def compute_view(paths: LabPaths, campaign: str, view: str, arguments: Sequence[Any]) -> dict[str, Any]:
    """Return ``{"answer": ...}``, or ``{"problem": ...}`` if the view failed."""
    _, cache = _opened(paths)
    try:
        with cache.open(campaign) as (opened, _store):
            return {"answer": views.VIEWS[view](opened, *arguments)}
    except Exception as error:  # every error is a result
        if problem_kind(error).status >= 500:
            LOG.exception("view %s of a campaign failed", view)
        return {"problem": problem(error)}
