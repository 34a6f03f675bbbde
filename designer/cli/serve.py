"""The lab's face: the service with its page, its tokens, and the tools for an assistant."""

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
    from designer.service.store.paths import Place

PANEL = "A lab together"
VARIABLE = "DESIGNER_TOKEN"

LabOption = Annotated[
    Path, typer.Option("--lab", metavar="FOLDER", envvar="DESIGNER_LAB", help="The lab's data folder; default: lab.")
]
LabStore = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PLACE",
        envvar="DESIGNER_STORE",
        help="Where the events are kept: a file or postgresql://...; default: lab.db in the folder.",
    ),
]

token = typer.Typer(name="token", help="Tokens: who may use the service, and for what.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=PANEL)(serve)
    app.add_typer(token, rich_help_panel=PANEL)
    app.command(rich_help_panel=PANEL)(mcp)


def serve(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="The lab's data folder; made if missing.")] = Path(
        "lab"
    ),
    host: Annotated[str, typer.Option(help="The address to listen at; other than loopback only if you say so.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = 8321,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name by which browsers may call it; default: loopback.")
    ] = None,
    anonymous: Annotated[
        str | None, typer.Option(metavar="ROLE", help="What may be done without a token: read, or more on loopback.")
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="Browsers reach it by HTTPS, through a proxy.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many suggestions are made at once.")] = 1,
    store: LabStore = None,
) -> None:
    """Serve the lab's page and API: campaigns, next experiments, results, for people and instruments.

    Everybody needs a token, made with: designer token create NAME --role record. Stop it with Ctrl-C.
    """
    from designer.service.http.server import check_openness, serve_lab

    check_openness(host, anonymous, allow_host or [])
    place = _place(folder, store)
    warn(f"lab in {place.folder}, events in {place.shown}")
    serve_lab(
        place,
        host=host,
        port=port,
        hosts=allow_host or [],
        anonymous=anonymous,
        https=https,
        workers=workers,
        tell=warn,
    )


@token.command()
def create(
    user: Annotated[str, typer.Argument(help="Whose it is: a person's or an instrument's name.")],
    role: Annotated[str, typer.Option(help="read, record, steer or admin; each may do what those before it may.")],
    days: Annotated[int | None, typer.Option(min=1, help="How long it lasts; default: until it is revoked.")] = None,
    lab: LabOption = Path("lab"),
    store: LabStore = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a token and show it, this once: only its digest is kept."""
    from designer.service.store.accounts import MAY

    with _accounts(lab, store) as accounts:
        made = accounts.create(user, role, days=days)
    said = Report({"user": user, "role": role, "token": made})
    said.say(made)
    said.say(f"{user} may {MAY[role]}. Keep it like a password: it is not shown again.")
    emit(said, as_json)


@token.command("list")
def list_(lab: LabOption = Path("lab"), store: LabStore = None, as_json: JsonFlag = False) -> None:
    """List the tokens, without what is secret about them."""
    with _accounts(lab, store) as accounts:
        tokens = accounts.tokens()
    said = Report({"tokens": tokens})
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
        said.show(Table(["id", "user", "role", "made", "expires", "state"], rows))
    else:
        said.say("There are no tokens yet; make one with: designer token create NAME --role ROLE")
    emit(said, as_json)


@token.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="ID", help="The token's id, from the list.")],
    lab: LabOption = Path("lab"),
    store: LabStore = None,
    as_json: JsonFlag = False,
) -> None:
    """Revoke a token: it is of no use from now on, and its sessions end."""
    with _accounts(lab, store) as accounts:
        changed = accounts.revoke(name)
    said = Report({"id": name, "changed": changed})
    said.say(f"revoked: {name}" if changed else f"{name} was revoked before")
    emit(said, as_json)


def mcp(lab: LabOption = Path("lab"), store: LabStore = None) -> None:
    """Offer the same verbs as tools to an assistant, by the Model Context Protocol over stdin and stdout.

    The token is read from the variable DESIGNER_TOKEN; its role says what the tools may do.
    """
    given = os.environ.get(VARIABLE, "")
    if not given:
        what = f"the variable {VARIABLE} is not set"
        raise InvalidInput(Fault(what, "make a token with: designer token create NAME --role ROLE"))
    try:
        import mcp  # noqa: F401
    except ImportError:
        raise MissingExtra("mcp", "mcp") from None
    from designer.service.assistant import run

    run(_place(lab, store), given)


@contextmanager
def _accounts(folder: Path, store: str | None) -> Iterator[Accounts]:
    from designer.service.store.accounts import Accounts

    opened = _place(folder, store).open()
    try:
        yield Accounts(opened)
    finally:
        opened.close()


def _place(folder: Path, store: str | None) -> Place:
    from designer.service.store.paths import Place

    return Place.at(folder, store)
