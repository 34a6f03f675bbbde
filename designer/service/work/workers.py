"""The worker processes: one lane for suggestions, which may take a minute, and one for looks, which should not wait."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol

from designer.service.work import worker_tasks


class Lane(Protocol):
    """Where tasks are carried out, in the order they come."""

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand over a task; the future raises BrokenProcessPool if its worker is killed."""

    def close(self) -> None:
        """Begin no more tasks."""


@dataclass(frozen=True)
class Workers:
    """The lanes of a lab: one for suggestions, one for looks."""

    suggesting: Lane
    looking: Lane

    @classmethod
    def of(cls, workers: int) -> Workers:
        """Return lanes of processes: so many for suggestions, and one more for looks."""
        return cls(ProcessLane(workers), ProcessLane(1))


class ProcessLane:
    """Some worker processes, started with the first task, and started again if one of them is killed."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand a task to a worker; the future raises BrokenProcessPool if its worker is killed."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the lane is closed")
            if self._pool is None:
                self._pool = self._start()
            try:
                return self._pool.submit(task, *arguments)
            except BrokenProcessPool:
                self._pool = self._start()
                return self._pool.submit(task, *arguments)

    def _start(self) -> ProcessPoolExecutor:
        # Started fresh, not forked: the serving process has threads and connections that a fork would copy.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._processes, mp_context=context, initializer=worker_tasks.begin)

    def close(self) -> None:
        """End the workers; a suggestion that is being made is asked again when the service starts anew."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            running = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.terminate()
