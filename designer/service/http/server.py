"""Running the service: how open it may be, and the web server around it."""

from __future__ import annotations

import ipaddress
import logging
import sys
from collections.abc import Callable, Sequence

from designer.errors import Fault, InvalidInput, MissingExtra
from designer.service.store.accounts import ROLES, Accounts
from designer.service.store.paths import Place

GRACE_SECONDS = 5
_ALWAYS = ("localhost", "127.0.0.1", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_openness(host: str, anonymous: str | None, hosts: Sequence[str]) -> None:
    """Refuse to be more open than anybody can want.

    Raises
    ------
    InvalidInput
        If strangers could write, or nobody could call the service by its name.
    """
    faults = []
    if anonymous is not None and anonymous not in ROLES:
        faults.append(Fault(f"there is no role {anonymous!r}", f"choose one of {', '.join(ROLES)}"))
    if not is_loopback(host):
        if anonymous not in (None, "read"):
            what = f"--anonymous {anonymous} would let everybody in the network write"
            faults.append(Fault(what, "make tokens, or listen on 127.0.0.1"))
        if not hosts:
            what = f"--host {host} is open to others, and no name is given by which they may call it"
            faults.append(Fault(what, "add --allow-host NAME, for example --allow-host lab.example"))
    if faults:
        raise InvalidInput(faults)


def serve_lab(
    place: Place,
    *,
    host: str,
    port: int,
    hosts: Sequence[str] = (),
    anonymous: str | None = None,
    https: bool = False,
    workers: int = 1,
    tell: Callable[[str], None],
) -> None:
    """Serve a lab until it is stopped.

    Raises
    ------
    MissingExtra
        If the web framework is not installed.
    InvalidInput
        If the address cannot be listened at.
    """
    try:
        import fastapi  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise MissingExtra(error.name or "fastapi", "serve") from None
    from designer.service.http.app import create_app
    from designer.service.http.security import Options
    from designer.service.lab import Lab
    from designer.service.work.workers import Workers

    lab = Lab(place, Workers.of(workers))
    if anonymous is None and not any(each["usable"] for each in Accounts(lab.store).tokens()):
        tell(f"there is no token yet; make one with: designer token create NAME --role admin --lab {place.folder}")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    app = create_app(lab, Options(anonymous=anonymous, https=https, hosts=(*_ALWAYS, *hosts)))
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, log_config=None, server_header=False, proxy_headers=https,
        timeout_graceful_shutdown=GRACE_SECONDS, timeout_keep_alive=30, h11_max_incomplete_event_size=32_768,
    )  # fmt: skip
    server = uvicorn.Server(config)
    tell(f"open http://{'localhost' if is_loopback(host) else hosts[0]}:{port}/ in a browser; Ctrl-C stops it")
    try:
        server.run()
    except SystemExit:
        fault = Fault(f"cannot listen at {host}:{port}", "give another --port, or stop what uses this one")
        raise InvalidInput(fault) from None
