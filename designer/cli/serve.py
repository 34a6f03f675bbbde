"""Commands of the lab service: its web server, its tokens, and the tools for an assistant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designer.cli.options import JsonFlag
from designer.cli.output import Report, Table, emit, warn
from designer.errors import Fault, InvalidInput, MissingExtra

if TYPE_CHECKING:
    from designer.service.store.accounts import Accounts
    from designer.service.store.paths import LabPaths

PANEL = "Lab service"
VARIABLE = "DESIGNER_TOKEN"

LabOption = Annotated[
    Path, typer.Option("--lab", metavar="FOLDER", envvar="DESIGNER_LAB", help="The lab's data folder; default: lab.")
]
LabStore = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="LOCATION",
        envvar="DESIGNER_STORE",
        help="The database: a file or postgresql://...; default: lab.db in the folder.",
    ),
]

token = typer.Typer(name="token", help="Tokens: who may use the service, and for what.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=PANEL)(serve)
    app.add_typer(token, rich_help_panel=PANEL)
    app.command(rich_help_panel=PANEL)(mcp)


def serve(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="The lab's folder; created if missing.")] = Path(
        "lab"
    ),
    host: Annotated[str, typer.Option(help="The address to listen at; by default this machine only.")] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = 8321,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A host name to accept; default: loopback names."),
    ] = None,
    anonymous: Annotated[
        str | None, typer.Option(metavar="ROLE", help="The role without a token: read, or a higher one on loopback.")
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="Browsers reach it over HTTPS, through a proxy.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many suggestion jobs run at once.")] = 1,
    rate_limit: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Requests a minute that one user may send; 0: no limit.")
    ] = 6000,
    store: LabStore = None,
) -> None:
    """Serve the lab's page and API: campaigns, next experiments, results, for people and instruments.

    Every user needs a token, created with: designer token create NAME --role record. Stop it with Ctrl-C.
    """
    from designer.service.http.server import check_exposure, serve_lab

    check_exposure(host, anonymous, allow_host or [])
    paths = _lab_paths(folder, store)
    warn(f"lab in {paths.folder}, events in {paths.location}")
    serve_lab(
        paths,
        host=host,
        port=port,
        hosts=allow_host or [],
        anonymous=anonymous,
        https=https,
        workers=workers,
        requests_per_minute=rate_limit,
        notify=warn,
    )


@token.command()
def create(
    user: Annotated[str, typer.Argument(help="The user: the name of a person or an instrument.")],
    role: Annotated[str, typer.Option(help="read, record, steer or admin; each includes those before it.")],
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; default: it does not expire.")] = None,
    lab: LabOption = Path("lab"),
    store: LabStore = None,
    as_json: JsonFlag = False,
) -> None:
    """Create a token and show it once: only its digest is stored."""
    from designer.service.store.accounts import ROLE_PERMISSIONS

    with _accounts(lab, store) as accounts:
        made = accounts.create(user, role, days=days)
    report = Report({"user": user, "role": role, "token": made})
    report.say(made)
    report.say(f"{user} may {ROLE_PERMISSIONS[role]}. Keep it secret like a password: it is not shown again.")
    emit(report, as_json)


@token.command("list")
def list_(lab: LabOption = Path("lab"), store: LabStore = None, as_json: JsonFlag = False) -> None:
    """List the tokens, without their secrets."""
    with _accounts(lab, store) as accounts:
        tokens = accounts.tokens()
    report = Report({"tokens": tokens})
    if tokens:
        rows = [
            [
                each["id"],
                each["user"],
                each["role"],
                each["created_at"][:16],
                (each["expires_at"] or "never")[:16],
                "in use" if each["usable"] else "revoked" if each["revoked_at"] else "expired",
            ]
            for each in tokens
        ]
        report.show(Table(["id", "user", "role", "created", "expires", "state"], rows))
    else:
        report.say("There are no tokens yet; create one with: designer token create NAME --role ROLE")
    emit(report, as_json)


@token.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="ID", help="The token's id, from the list.")],
    lab: LabOption = Path("lab"),
    store: LabStore = None,
    as_json: JsonFlag = False,
) -> None:
    """Revoke a token: it stops working at once, and its sessions end."""
    with _accounts(lab, store) as accounts:
        changed = accounts.revoke(name)
    report = Report({"id": name, "changed": changed})
    report.say(f"revoked: {name}" if changed else f"{name} was revoked before")
    emit(report, as_json)


def mcp(lab: LabOption = Path("lab"), store: LabStore = None) -> None:
    """Offer campaigns as tools to an assistant, by the Model Context Protocol over stdin and stdout.

    The token is read from the variable DESIGNER_TOKEN; its role limits what the tools may do.
    """
    given = os.environ.get(VARIABLE, "")
    if not given:
        what = f"the variable {VARIABLE} is not set"
        raise InvalidInput(Fault(what, "create a token with: designer token create NAME --role ROLE"))
    try:
        import mcp  # noqa: F401
    except ImportError:
        raise MissingExtra("mcp", "mcp") from None
    from designer.service.assistant import run

    run(_lab_paths(lab, store), given)


@contextmanager
def _accounts(folder: Path, store: str | None) -> Iterator[Accounts]:
    from designer.service.store.accounts import Accounts

    opened = _lab_paths(folder, store).open_store()
    try:
        yield Accounts(opened)
    finally:
        opened.close()


def _lab_paths(folder: Path, store: str | None) -> LabPaths:
    from designer.service.store.paths import LabPaths

    return LabPaths.of(folder, store)
