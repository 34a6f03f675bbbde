"""A PostgreSQL server for tests: the distribution's own binaries, on loopback, as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSWORD = "s3cr:t/p@ss"
QUOTED = "s3cr%3At%2Fp%40ss"


def binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl, the newest version first; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def server(folder: Path, *, fsync: bool = False) -> Iterator[str]:
    """Run a server from the binaries in `folder` and yield a URL with a password; stop it and tidy up afterwards.

    Tests need no commit to outlive the machine: `fsync` is for who measures.
    """
    home = Path(tempfile.mkdtemp(prefix="designer-postgres-"))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        account = pwd.getpwnam("nobody")
        os.chown(home, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data, secret = home / "data", home / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(home)}

    def call(*argv: object) -> None:
        done = subprocess.run(
            [str(part) for part in argv], cwd=home, env=environment, capture_output=True, text=True, timeout=120, **user
        )
        if done.returncode:
            raise RuntimeError(f"{argv[0]} failed: {done.stdout}{done.stderr}")

    port = _free_port()
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={home}"
    options += f" -c fsync={'on' if fsync else 'off'}"
    try:
        call(
            folder / "initdb", "-D", data, "-U", "lab", "--auth=scram-sha-256", "--pwfile", secret, "-E", "UTF8",
            "--no-sync",
        )  # fmt: skip
        call(folder / "pg_ctl", "-D", data, "-l", home / "log", "-w", "-t", "60", "-o", options, "start")
        try:
            yield f"postgresql://lab:{QUOTED}@127.0.0.1:{port}/postgres"
        finally:
            call(folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
