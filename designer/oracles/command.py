"""The oracle that runs a program: JSON on stdin, JSON on stdout, no shell."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from designer.errors import Fault, MeasurementFailed, OracleUnusable
from designer.objective import Objective
from designer.oracles.base import Measured, read_measured
from designer.oracles.design_mapping import grouped
from designer.oracles.measure import MeasureBase

if TYPE_CHECKING:
    from designer.space import DesignSpace

OUTPUT_LIMIT = 1_000_000
"""Bytes of stdout that a program may write; a design is a few hundred."""

_STDERR_KEPT = 8_192
_GRACE = 2.0


class CommandMeasure(MeasureBase):
    """Run a program, without a shell, in the campaign file's folder.

    It reads one JSON object on stdin, ``{"id": "S0001", "design": {...}}``, and writes one on stdout,
    ``{"targets": {...}}`` or ``{"failed": "reason"}``. An exit code other than 0 is a failed measurement, and so is a
    run longer than `timeout` seconds: the program and all it started are then killed. The word ``python`` as the
    program means the Python that runs designer.
    """

    kind: Literal["command"] = "command"
    argv: tuple[str, ...] = Field(min_length=1)
    timeout: float = Field(default=3600.0, gt=0, le=7 * 24 * 3600)

    @field_validator("argv", mode="before")
    @classmethod
    def _is_list(cls, argv: object) -> object:
        if isinstance(argv, str):
            raise ValueError(f"argv {argv!r} is one text; write a list, [program, argument, ...]: no shell reads it")
        if not isinstance(argv, (list, tuple)):
            return argv
        return [str(part) if type(part) in (int, float) else part for part in argv]

    @field_validator("argv")
    @classmethod
    def _is_clean(cls, argv: tuple[str, ...]) -> tuple[str, ...]:
        if not argv[0].strip() or any("\0" in part for part in argv):
            raise ValueError("argv names no program; write a list, [program, argument, ...]")
        return argv

    def open(self, space: DesignSpace, objective: Objective, *, folder: Path, seed: int = 0) -> CommandOracle:
        """Return the oracle; see `MeasureBase.open`."""
        targets = tuple(target.name for target in objective.targets)
        return CommandOracle(self.argv, space, targets, timeout=self.timeout, folder=folder)

    def faults(self, space: DesignSpace, objective: Objective, *, folder: Path) -> list[Fault]:
        """Return what is wrong with the command, without running it."""
        return command_faults(self.argv, folder)


class CommandOracle:
    """Runs a program once a design; see `CommandMeasure` for what it reads and writes.

    Parameters
    ----------
    argv
        The program and its arguments. ``python`` as the program means the Python that runs designer.
    space, targets
        The space whose designs are measured and the names of the values that the program gives.
    timeout
        Seconds after which the program, and all it started, is killed; the measurement then failed.
    folder
        The working directory of the program.
    """

    def __init__(
        self,
        argv: Sequence[str],
        space: DesignSpace,
        targets: tuple[str, ...],
        *,
        timeout: float = 3600.0,
        folder: Path | None = None,
    ) -> None:
        self._argv, self._name = resolved(argv), argv[0]
        self._space, self._targets = space, targets
        self._timeout, self._folder = timeout, folder

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Measured:
        """Run the program; see `Oracle.measure`."""
        request = json.dumps({"id": suggestion, "design": grouped(self._space, design)}, allow_nan=False)
        answer = _answer(self._run(f"{request}\n".encode()), self._name)
        if "failed" in answer:
            raise MeasurementFailed(" ".join(str(answer["failed"]).split()) or f"{self._name} reported a failure")
        return read_measured(answer["targets"], self._targets, self._name)

    def _run(self, request: bytes) -> bytes:
        try:
            process = subprocess.Popen(  # noqa: S603  an argv list of the user's own, never through a shell
                self._argv,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                bufsize=0,
            )
        except (OSError, ValueError) as error:
            raise OracleUnusable(f"{self._name} does not start: {error}") from error
        try:
            return _Conversation(process, self._name).hold(request, self._timeout)
        finally:
            if process.poll() is None:
                _kill_group(process)


class _Conversation:
    """Feeds one program and reads its output, within bounds of time and size."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        self._process, self._name = process, name
        self._out, self._err = bytearray(), bytearray()
        self._too_much = threading.Event()

    def hold(self, request: bytes, timeout: float) -> bytes:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        threads = [
            threading.Thread(target=_feed, args=(process.stdin, request), daemon=True),
            threading.Thread(target=self._keep_output, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._keep_errors, args=(process.stderr,), daemon=True),
        ]
        for thread in threads:
            thread.start()
        self._wait(timeout)
        for thread in threads:
            thread.join(_GRACE)
        if self._too_much.is_set():
            raise MeasurementFailed(f"{self._name} wrote more than {OUTPUT_LIMIT} bytes")
        if process.returncode != 0:
            raise MeasurementFailed(f"{self._name} {_ending(process.returncode)}{self._last_words()}")
        return bytes(self._out)

    def _wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                self._process.wait(min(0.1, max(0.0, deadline - time.monotonic())))
            except subprocess.TimeoutExpired:
                if self._too_much.is_set():
                    _kill_group(self._process)
                elif time.monotonic() >= deadline:
                    _kill_group(self._process)
                    raise MeasurementFailed(f"{self._name} gave no answer within {timeout:g} s") from None
            else:
                _kill_group(self._process)  # children that it left running would hold the pipes open
                return

    def _keep_output(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := stream.read(65_536):
                if len(self._out) + len(chunk) > OUTPUT_LIMIT:
                    self._too_much.set()
                    return
                self._out += chunk

    def _keep_errors(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := stream.read(65_536):
                self._err += chunk
                del self._err[:-_STDERR_KEPT]

    def _last_words(self) -> str:
        lines = self._err.decode("utf-8", "replace").strip().splitlines()
        return f": {lines[-1].strip()[:300]}" if lines else ""


def resolved(argv: Sequence[str]) -> list[str]:
    """Return `argv` with the word ``python`` replaced by the Python that runs designer."""
    return [sys.executable, *argv[1:]] if argv[0] == "python" else list(argv)


def command_faults(argv: Sequence[str], folder: Path) -> list[Fault]:
    """Return what can be seen to be wrong with a command without running it."""
    program = resolved(argv)[0]
    place = (folder / program).absolute() if os.sep in program else None  # "./x" itself would be sought on PATH
    if shutil.which(str(place) if place is not None else program) is None:
        what = f"program {argv[0]!r} is not found or may not be run"
        return [Fault(what, "give the path of a program, relative to the campaign file", path=("argv", 0))]
    # A script that is not there would end each run with an exit code, and count as one failed experiment after another.
    if argv[0] == "python" and len(argv) > 1 and argv[1].endswith(".py") and not (folder / argv[1]).is_file():
        what = f"there is no script {argv[1]!r}"
        return [Fault(what, "give its path, relative to the campaign file", path=("argv", 1))]
    return []


def _answer(output: bytes, name: str) -> dict[str, Any]:
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        heard = output[:60].decode("utf-8", "replace")
        raise OracleUnusable(f"{name} wrote {heard!r} on stdout, which is not JSON") from None
    if not isinstance(answer, dict) or set(answer) not in ({"targets"}, {"failed"}):
        heard = json.dumps(answer)[:60]
        raise OracleUnusable(f'{name} wrote {heard}; write {{"targets": {{...}}}} or {{"failed": "reason"}}')
    return answer


def _feed(stream: IO[bytes], request: bytes) -> None:
    # A program that reads no stdin is free not to: its answer is what counts.
    with contextlib.suppress(OSError), stream:
        rest = memoryview(request)
        while rest:
            rest = rest[stream.write(rest) :]


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill `process` and everything it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:  # pragma: no cover  (Windows)
        process.kill()
    process.wait()
