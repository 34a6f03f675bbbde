"""A small process that is warm and forks: many short-lived workers without paying for imports each time.

Tests cannot fork their own process, which other tests have filled with threads. `Zygote` starts this module as a
process of its own; each `spawn` forks it and calls a function of `tests.campaign.workers`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Zygote:
    """A warm process from which workers are forked; use it as a context."""

    def __enter__(self) -> Zygote:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.zygote"],
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def spawn(self, function: str, *arguments: Any) -> int:
        """Start a worker and return its process id."""
        return int(self._ask({"spawn": function, "arguments": [str(each) for each in arguments]}))

    def kill(self, worker: int) -> None:
        """Kill a worker as a crash does, and see it dead."""
        os.kill(worker, signal.SIGKILL)  # not reaped before `wait`, so the id is still its own
        assert self.wait(worker) in (0, -signal.SIGKILL)

    def wait(self, worker: int) -> int:
        """Return a worker's exit code, when it has ended; minus the signal's number if it was killed."""
        return int(self._ask({"wait": worker}))

    def _ask(self, request: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main() -> None:
    from tests.campaign import workers

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a worker prints is not an answer
    workers.warm_up()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
            continue
        worker = os.fork()
        if worker == 0:
            _work(getattr(workers, request["spawn"]), request["arguments"])
        print(worker, file=answers, flush=True)


def _work(function: Any, arguments: list[str]) -> None:
    code = 1
    try:
        function(*arguments)
        code = 0
    except BaseException:  # noqa: BLE001  the exit code says it
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
