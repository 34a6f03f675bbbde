"""What a monitoring system reads: counts and times of requests, jobs, memory, in the text format of Prometheus.

The format is a few lines of text, so it is written here and needs no library:
https://prometheus.io/docs/instrumenting/exposition_formats/. Nothing in it names a campaign or a user.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa

from designer.service.lab import Lab
from designer.service.store.schema import JOBS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of response times, in seconds."""
MIN_FREE_BYTES = 64 * 1024 * 1024
"""Free space on the disk of the lab's folder, below which the service is not ready for writes."""
_MAX_ROUTES = 200
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class RequestMetrics:
    """Counts and response times of the requests of one process, by route, method and status."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0
        self.began = time.time()

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request.

        Parameters
        ----------
        route
            The template of its path: one of a fixed number, whatever paths are requested.
        """
        with self._lock:
            key = (route, method if method.isalpha() and len(method) < 10 else "other", status)
            if key not in self._counts and len(self._counts) >= _MAX_ROUTES:
                key = ("other", "other", status)
            self._counts[key] += 1
            self._buckets[bisect_left(BUCKETS, seconds)] += 1
            self._seconds += seconds

    def lines(self) -> Iterator[str]:
        """Yield the lines of these metrics."""
        with self._lock:
            counts, buckets, seconds = dict(self._counts), list(self._buckets), self._seconds
        yield from _head("designer_requests_total", "counter", "Requests by route, method and status.")
        for (route, method, status), number in sorted(counts.items()):
            labels = _labels({"route": route, "method": method, "status": str(status)})
            yield f"designer_requests_total{labels} {number}"
        name = "designer_request_seconds"
        yield from _head(name, "histogram", "Time of a request in seconds.")
        total = 0
        for bound, number in zip((*map(repr, BUCKETS), "+Inf"), buckets, strict=True):
            total += number
            yield f"{name}_bucket{_labels({'le': bound})} {total}"
        yield f"{name}_sum {seconds!r}"
        yield f"{name}_count {total}"


def exposition(lab: Lab, requests: RequestMetrics) -> str:
    """Return all metrics of a service as text.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    positions = lab.store.positions()
    lines = list(requests.lines())
    lines += _gauge("designer_campaigns", "Stored campaigns.", len(positions))
    lines += _gauge("designer_events", "Stored events of all campaigns.", sum(positions.values()))
    lines += _head("designer_jobs", "gauge", "Suggestion jobs by state.")
    lines += [f"designer_jobs{_labels({'state': state})} {number}" for state, number in sorted(_jobs(lab).items())]
    lines += _gauge("designer_started_seconds", "When the service started, in seconds since 1970.", requests.began)
    lines += _gauge("designer_disk_free_bytes", "Free space on the disk of the lab.", _free(lab.paths.folder))
    for name, (what, value) in _process().items():
        lines += _gauge(name, what, value)
    return "\n".join(lines) + "\n"


def readiness(lab: Lab) -> dict[str, bool]:
    """Return what the service needs to accept work, and whether it has it: the database, workers, space on the disk."""
    from designer.errors import StoreError

    try:
        lab.store.names()
        database = True
    except StoreError:
        database = False
    return {"database": database, "disk": _free(lab.paths.folder) > MIN_FREE_BYTES, "workers": lab.is_open}


def _jobs(lab: Lab) -> dict[str, int]:
    query = sa.select(JOBS.c.state, sa.func.count()).group_by(JOBS.c.state)
    with lab.store.transaction() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _process() -> dict[str, tuple[str, float]]:
    """Return memory and open files of this process, where the system tells them (Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    except (OSError, ValueError, IndexError):
        return {}
    return {
        "process_resident_memory_bytes": ("Memory of the serving process.", pages * _PAGE_BYTES),
        "process_open_fds": ("Open files of the serving process.", files),
    }


def _gauge(name: str, what: str, value: float) -> list[str]:
    return [*_head(name, "gauge", what), f"{name} {value!r}"]


def _head(name: str, kind: str, what: str) -> list[str]:
    return [f"# HELP {name} {what}", f"# TYPE {name} {kind}"]


def _labels(labels: Mapping[str, str]) -> str:
    shown = (f'{key}="{_escaped(value)}"' for key, value in labels.items())
    return "{" + ",".join(shown) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
