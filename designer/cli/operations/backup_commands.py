"""Commands on a lab as a whole: write a backup, check one, restore one, remove what is old."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designer.cli.options import JsonFlag
from designer.cli.output import Report, emit
from designer.cli.serve import PANEL, LabStore
from designer.counting import count
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from designer.service.store.backup import Backup

Archive = Annotated[Path, typer.Argument(metavar="FILE.zip", help="The backup.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=PANEL)(backup)
    app.command(rich_help_panel=PANEL)(restore)
    app.command(rich_help_panel=PANEL)(prune)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The lab's folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.zip", help="The backup to write.")],
    store: LabStore = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a backup of a lab: its campaigns, tokens, audit log and files, of one moment, also while it is in use.

    Browser sessions are left out. A backup is never overwritten. It holds digests of tokens and no token; keep it where
    only those may read it who may read all campaigns.
    """
    from designer.service.store.backup import back_up
    from designer.service.store.paths import LabPaths

    if not folder.is_dir():
        raise InvalidInput(Fault("there is no such folder", "give the folder of a lab", file=str(folder)))
    found = back_up(LabPaths.of(folder, store), output)
    _emit(found, output, f"wrote {output}: ", as_json)


def prune(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The lab's folder.")],
    store: LabStore = None,
    as_json: JsonFlag = False,
) -> None:
    """Remove what is older than its stated age: ended sessions, replies to repeated requests, finished jobs, tables.

    Campaigns, published tasks, tokens and the audit log are never removed. The service does this by itself every day.
    """
    from designer.service.store.paths import LabPaths
    from designer.service.work.retention import prune as remove_old

    if not folder.is_dir():
        raise InvalidInput(Fault("there is no such folder", "give the folder of a lab", file=str(folder)))
    paths = LabPaths.of(folder, store)
    opened = paths.open_store()
    try:
        found = remove_old(opened, paths)
    finally:
        opened.close()
    report = Report(asdict(found))
    report.say(f"removed: {found.words}")
    emit(report, as_json)


def restore(
    archive: Archive,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="A new folder for the lab; without it the backup is checked."),
    ] = None,
    store: LabStore = None,
    as_json: JsonFlag = False,
) -> None:
    """Restore a lab from a backup into a new folder, or into an empty database with --store; overwrite nothing.

    Every part of the backup is compared with its digest before anything is written. A lab in a file can be restored to
    PostgreSQL, and back.
    """
    from designer.service.store.backup import check
    from designer.service.store.backup import restore as restore_lab
    from designer.service.store.paths import LabPaths

    if folder is None:
        _emit(check(archive), archive, f"{archive} is whole: ", as_json)
        return
    check(archive)  # before the folder is created
    found = restore_lab(archive, LabPaths.of(folder, store))
    _emit(found, archive, f"restored {folder}: ", as_json)


def _emit(found: Backup, archive: Path, begin: str, as_json: bool) -> None:
    report = Report({
        "backup": str(archive), "at": found.at.isoformat(), "campaigns": found.campaigns, "events": found.events,
        "tokens": found.rows["designer_tokens"], "files": found.files,
    })  # fmt: skip
    parts = [count(found.campaigns, "campaign"), count(found.events, "event"), count(found.files, "file")]
    report.say(f"{begin}{', '.join(parts)}, as of {found.at.isoformat(timespec='seconds')}")
    emit(report, as_json)
