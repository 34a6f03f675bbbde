"""Worker processes for uploads: each carries out one task at a time, within limits of time and memory.

A file that is small and hostile can make a reader work for hours or take gigabytes. A worker that exceeds the time is
killed, and one that exceeds the memory ends by itself; the next task starts another. Messages are JSON and bytes.
"""

from __future__ import annotations

import json
import multiprocessing
import queue
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any, Protocol

from pydantic_core import to_json

from designer.errors import Fault, InvalidData
from designer.service.problems import Refused, WorkerProblem, problem, problem_kind
from designer.service.work import worker_tasks
from designer.service.work.uploads import UPLOAD_TASKS

TASK_SECONDS = 30.0
START_SECONDS = 120.0
MAX_MEMORY_BYTES = 2_000_000_000


class UploadWorkers(Protocol):
    """What carries out the tasks of `uploads`."""

    def start(self) -> None:
        """Start a worker, so that the first task does not wait for it."""

    def run(self, task: str, content: bytes, arguments: Mapping[str, Any]) -> Any:
        """Return the result of a task of `UPLOAD_TASKS`, as plain data."""

    def close(self) -> None:
        """End the workers."""


class TimedWorkers:
    """Processes that carry out the tasks of `uploads`, at most `processes` at the same time.

    Parameters
    ----------
    seconds
        The longest time of a task.
    max_memory_bytes
        The most memory of a worker, where the system can limit it.
    """

    def __init__(
        self, processes: int, *, seconds: float = TASK_SECONDS, max_memory_bytes: int = MAX_MEMORY_BYTES
    ) -> None:
        self._seconds = seconds
        self._max_memory_bytes = max_memory_bytes
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._workers = [_Worker(max_memory_bytes) for _ in range(processes)]
        for worker in self._workers:
            self._free.put(worker)

    def start(self) -> None:
        """Start one worker without waiting for it."""
        self._workers[-1].start()

    def run(self, task: str, content: bytes, arguments: Mapping[str, Any]) -> Any:
        """Return the result of a task, as plain data.

        Raises
        ------
        InvalidData
            If the task exceeds the limits of time or memory.
        WorkerProblem
            If the task raises an error.
        Refused
            As ``busy``, if no worker is free in time.
        """
        try:
            worker = self._free.get(timeout=self._seconds)
        except queue.Empty:
            raise Refused("busy", "other uploads are being read; try again later") from None
        try:
            done = worker.run(task, content, arguments, self._seconds)
        finally:
            self._free.put(worker)
        if "problem" in done:
            raise WorkerProblem(done["problem"])
        return done["answer"]

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.stop()


class _Worker:
    """One process, started when it is needed."""

    def __init__(self, max_memory_bytes: int) -> None:
        self._max_memory_bytes = max_memory_bytes
        self._process: Any = None
        self._connection: Connection | None = None

    def start(self) -> Connection:
        if self._connection is not None:
            return self._connection
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, self._max_memory_bytes), daemon=True)
        self._process.start()
        there.close()
        self._connection = here
        return here

    def run(self, task: str, content: bytes, arguments: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        message, file = json.dumps([task, dict(arguments)]).encode(), arguments.get("name")
        try:
            connection = self._begin(message, content) or self._begin(message, content)  # it may have been killed
            if connection is None:
                raise Refused("worker", "the worker process for uploads does not start")
            if not connection.poll(seconds):
                self.stop()
                what = f"the file cannot be read within {seconds:g} s"
                raise InvalidData(Fault(what, "send less, or a simple CSV file", file=file))
            done: dict[str, Any] = json.loads(connection.recv_bytes())
        except (EOFError, OSError):  # the process has ended: by the limit of memory, or by a kill
            self.stop()
            what = "the file cannot be read within the limit of memory"
            raise InvalidData(Fault(what, "send less, or a simple CSV file", file=file)) from None
        return done

    def _begin(self, message: bytes, content: bytes) -> Connection | None:
        """Send a task, and return the connection when the process begins it; None if the process has ended."""
        try:
            connection = self.start()
            connection.send_bytes(message)
            connection.send_bytes(content)
            if connection.poll(START_SECONDS) and connection.recv_bytes() == _BEGUN:
                return connection
        except (EOFError, OSError):
            pass
        self.stop()
        return None

    def stop(self) -> None:
        process, self._process = self._process, None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            process.join()


_BEGUN = b"begun"


def _serve(connection: Connection, max_memory_bytes: int) -> None:
    """Carry out tasks until the serving process ends."""
    worker_tasks.initialize_worker("designer-upload")
    _limit_memory(max_memory_bytes)
    while True:
        try:
            task, arguments = json.loads(connection.recv_bytes())
            content = connection.recv_bytes()
        except (EOFError, OSError):
            return
        connection.send_bytes(_BEGUN)
        connection.send_bytes(_result(UPLOAD_TASKS[task], content, arguments))


def _result(task: Callable[..., Any], content: bytes, arguments: Mapping[str, Any]) -> bytes:
    try:
        return to_json({"answer": task(content, **arguments)}, inf_nan_mode="constants")
    except MemoryError:
        raise  # ends the process: the rest of its memory may not suffice for anything
    except Exception as error:  # noqa: BLE001  every error is a result
        if problem_kind(error).status >= 500:
            worker_tasks.LOG.exception("an upload could not be read")
        return to_json({"problem": problem(error)})


def _limit_memory(max_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = max_bytes if hard == resource.RLIM_INFINITY else min(max_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
