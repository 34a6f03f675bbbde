"""A service in its own process, which can be killed and started again."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Live:
    """`designer serve` on a free port of loopback; use it as a context."""

    def __init__(
        self, folder: Path, *, store: str | None = None, options: tuple[str, ...] = (), open_files: int | None = None
    ) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._open_files = open_files
        self._options = [*options, *(("--store", store) if store else ())]
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder.parent / "service.log"

    def __enter__(self) -> Live:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGTERM)

    def start(self) -> None:
        """Start it and wait until it responds."""
        command = [sys.executable, "-m", "designer", "serve", str(self.folder), "--port", str(self.port)]
        if self._open_files is not None:
            command = ["sh", "-c", f'ulimit -n {self._open_files}; exec "$@"', "sh", *command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._options], cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=log, stderr=log
            )
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()
                return
            except OSError:
                assert self._process.poll() is None, self.log.read_text()
                assert time.monotonic() < until, self.log.read_text()
                time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default as a crash does."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(30)

    def children(self, name: str = "designer-") -> list[int]:
        """Return the process ids of its workers whose name begins with `name`."""
        assert self._process is not None
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                comm, _, rest = path.read_text().rpartition(")")
            except OSError:
                continue
            if int(rest.split()[1]) == self._process.pid and comm.partition("(")[2].startswith(name):
                found.append(int(path.parent.name))
        return found

    def call(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send one request and return the JSON of the response; raises OSError without a whole response."""
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", **headers}
        request = urllib.request.Request(f"{self.url}/api{path}", data, kind, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)
        except http.client.IncompleteRead as error:  # killed between the header and the body
            raise ConnectionError(str(error)) from error
