"""What runs in worker processes: suggestions, and looks that take a model or a figure. Only plain data goes in and out.

The serving process never loads a model, so that reading stays quick while a worker thinks.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from designer.campaign.log.events import utc_now
from designer.campaign.log.store import SqlStore
from designer.service.problems import kind_of, problem
from designer.service.store.accounts import Caller
from designer.service.store.cache import CampaignCache
from designer.service.store.idempotency import Note, Repeated
from designer.service.store.paths import Place
from designer.service.work import views
from designer.service.work.job_progress import fail, mark, settle

LOG = logging.getLogger("designer.service")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def begin() -> None:
    """Prepare a new worker: one thread, behind the serving process in line for the cores, and never left alone."""
    for name in _THREADS:
        os.environ[name] = "1"
    os.environ["MPLBACKEND"] = "Agg"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the serving process is told, and ends its workers
    if hasattr(os, "nice"):
        os.nice(5)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # the serving process was killed: nobody waits for what this one computes


def ready() -> None:
    """Load what a suggestion takes; what a model takes is loaded with the first one."""
    import designer.acquisition.initial
    import designer.campaign.suggesting.next_designs  # noqa: F401


@cache
def _opened(place: Place) -> tuple[SqlStore, CampaignCache]:
    store = place.open()
    return store, CampaignCache(store, place)


def forget(place: Place) -> None:
    """Close what this process keeps open of a place."""
    _opened(place)[0].close()
    _opened.cache_clear()


def suggest(place: Place, job: str, caller: Caller, campaign: str, arguments: Mapping[str, Any]) -> None:
    """Carry out the job of a suggestion: its events carry the job's id, so it is done once, whoever runs it again."""
    kept, shelf = _opened(place)
    mark(kept, job, state="running", started_at=utc_now().isoformat())
    try:
        note = Note(job, caller, "suggest", campaign)
        with shelf.open(campaign) as (opened, store), store.noting(note):
            opened.suggest(arguments.get("n"), replicate_of=arguments.get("replicate_of") or ())
    except Repeated:
        pass  # an earlier worker wrote it and ended before it could say so
    except Exception as error:  # every error is the job's answer
        if kind_of(error).status >= 500:
            LOG.exception("job %s failed", job)
        fail(kept, job, error)
        return
    settle(kept, job)


def look(place: Place, campaign: str, what: str, arguments: Sequence[Any]) -> dict[str, Any]:
    """Return ``{"answer": ...}``, or ``{"problem": ...}`` where there is none."""
    _, shelf = _opened(place)
    try:
        with shelf.open(campaign) as (opened, _store):
            return {"answer": views.LOOKS[what](opened, *arguments)}
    except Exception as error:  # every error is an answer
        if kind_of(error).status >= 500:
            LOG.exception("look %s at a campaign failed", what)
        return {"problem": problem(error)}
