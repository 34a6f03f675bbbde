"""Worker processes: for suggestions, which may take a minute, for views, which should not wait, and for uploads."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol

from designer.service.work import worker_tasks
from designer.service.work.timed_workers import TimedWorkers, UploadWorkers


class WorkerPool(Protocol):
    """Carries out tasks in the order of their submission."""

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Submit a task; the future raises BrokenProcessPool if its worker is killed."""

    def close(self) -> None:
        """Start no more tasks."""


@dataclass(frozen=True)
class Workers:
    """The workers of a lab: for suggestions, for views, and for uploads."""

    suggestions: WorkerPool
    views: WorkerPool
    uploads: UploadWorkers

    @classmethod
    def of_processes(cls, workers: int) -> Workers:
        """Return processes: `workers` for suggestions, one for views, and two for uploads."""
        return cls(ProcessPool(workers, "designer-design"), ProcessPool(1, "designer-view"), TimedWorkers(2))


class ProcessPool:
    """Worker processes that start with the first task, and start again if one of them is killed.

    `name` is what the system shows for them (see `worker_tasks.initialize_worker`).
    """

    def __init__(self, processes: int, name: str) -> None:
        self._processes = processes
        self._name = name
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Submit a task; the future raises BrokenProcessPool if its worker is killed."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            if self._pool is None:
                self._pool = self._start()
            try:
                return self._pool.submit(task, *arguments)
            except BrokenProcessPool:
                self._pool = self._start()
                return self._pool.submit(task, *arguments)

    def _start(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork would copy the threads and connections of the serving process.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(
            self._processes, mp_context=context, initializer=worker_tasks.initialize_worker, initargs=(self._name,)
        )

    def close(self) -> None:
        """End the workers; the next start of the service resumes an unfinished suggestion."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            running = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.terminate()
