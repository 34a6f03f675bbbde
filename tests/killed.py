"""Runs a function in a copy of this process that is killed at its k-th operation on files, for every k.

An audit hook sees each file that is opened for writing, renamed, linked or removed, and each folder that is made, just
before it happens; `os.fsync` is counted too. So the kills fall before, between and after all of them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator

_OPERATIONS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.chmod"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def kills(run: Callable[[], int], every: int = 1) -> Iterator[int]:
    """Run `run` in copies of this process, killed `every` operations later each time; yield k after each kill.

    Ends with the first run that is not killed, which must return 0.
    """
    k = 0
    while True:
        status = _forked(run, k)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, f"the run that was not killed ended with {os.WEXITSTATUS(status)}"
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
        yield k
        k += every


def finished(run: Callable[[], int]) -> int:
    """Run `run` in a copy of this process, and return its exit code."""
    return os.WEXITSTATUS(_forked(run, None))


def _forked(run: Callable[[], int], k: int | None) -> int:
    sys.stdout.flush()
    process = os.fork()
    if process:
        return os.waitpid(process, 0)[1]
    code = 70
    try:
        if k is not None:
            _kill_at(k)
        code = run()
    finally:
        os._exit(code)


def _kill_at(k: int) -> None:
    left = [k]

    def count() -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _OPERATIONS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING):
            count()

    sync = os.fsync

    def counted(handle: int) -> None:
        count()
        sync(handle)

    os.fsync = counted  # type: ignore[assignment]
    sys.addaudithook(hook)
