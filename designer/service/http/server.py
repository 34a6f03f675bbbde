"""The web server: who may reach it, and how it is run."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from designer.errors import Fault, InvalidInput, MissingExtra
from designer.service.logs import configure_logging
from designer.service.store.accounts import ROLES, Accounts
from designer.service.store.paths import LabPaths

GRACE_SECONDS = 5
MAX_HEADER_BYTES = 32_768
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether an address is a loopback address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, anonymous: str | None, hosts: Sequence[str]) -> None:
    """Refuse settings that would let strangers write.

    Raises
    ------
    InvalidInput
        If anonymous callers could write over the network, or no host name is allowed.
    """
    faults = []
    if anonymous is not None and anonymous not in ROLES:
        faults.append(Fault(f"there is no role {anonymous!r}", f"choose one of {', '.join(ROLES)}"))
    if not is_loopback(host):
        if anonymous not in (None, "read"):
            what = f"--anonymous {anonymous} would let everybody in the network write"
            faults.append(Fault(what, "create tokens, or listen on 127.0.0.1"))
        if not hosts:
            what = f"--host {host} accepts requests from the network, and no host name is allowed"
            faults.append(Fault(what, "add --allow-host NAME, for example --allow-host lab.example"))
    if faults:
        raise InvalidInput(faults)


def serve_lab(
    paths: LabPaths,
    *,
    host: str,
    port: int,
    hosts: Sequence[str] = (),
    anonymous: str | None = None,
    https: bool = False,
    workers: int = 1,
    requests_per_minute: int = 6000,
    notify: Callable[[str], None],
) -> None:
    """Serve a lab until it is stopped.

    Raises
    ------
    MissingExtra
        If the web framework is not installed.
    InvalidInput
        If the service cannot listen at the address.
    """
    try:
        import fastapi  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise MissingExtra(error.name or "fastapi", "serve") from None
    from designer.service.http.app import create_app
    from designer.service.http.connections import (
        IDLE_SECONDS,
        MAX_ACCEPTED_AT_ONCE,
        LimitedConnection,
        raise_file_limit,
    )
    from designer.service.http.security import Options
    from designer.service.lab import Lab
    from designer.service.work.workers import Workers

    lab = Lab(paths, Workers.of_processes(workers))
    if anonymous is None and not any(each["usable"] for each in Accounts(lab.store).tokens()):
        notify(f"there is no token yet; create one with: designer token create NAME --role admin --lab {paths.folder}")
    configure_logging()
    LimitedConnection.max_connections = raise_file_limit()
    names = (*_LOOPBACK_NAMES, *hosts)
    app = create_app(lab, Options(anonymous, https=https, hosts=names, requests_per_minute=requests_per_minute))
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, log_config=None, server_header=False, proxy_headers=https,
        timeout_graceful_shutdown=GRACE_SECONDS, h11_max_incomplete_event_size=MAX_HEADER_BYTES, http=LimitedConnection,
        timeout_keep_alive=int(IDLE_SECONDS), backlog=MAX_ACCEPTED_AT_ONCE, ws="none", lifespan="on",
    )  # fmt: skip
    server = uvicorn.Server(config)
    notify(f"open http://{'localhost' if is_loopback(host) else hosts[0]}:{port}/ in a browser; Ctrl-C stops it")
    try:
        server.run()
    except SystemExit:
        fault = Fault(f"cannot listen at {host}:{port}", "give another --port, or stop the program that uses this one")
        raise InvalidInput(fault) from None
