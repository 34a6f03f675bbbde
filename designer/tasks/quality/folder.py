"""Checks of a family's folder, and a repaired copy of it with a log; the folder itself is never changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from designer.documents import load_document
from designer.errors import InvalidData
from designer.tasks.family import CARD, OpenedFamily, open_family
from designer.tasks.family_folder import write_folder
from designer.tasks.quality.checking import check, repaired_sheet
from designer.tasks.quality.findings import LOG, Finding
from designer.tasks.quality.sheet import Sheet

REPAIRS = "repairs.csv"


@dataclass(frozen=True, eq=False)
class CheckedFolder:
    """A family's folder, its tables, and what was found in them."""

    opened: OpenedFamily
    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...]


def check_folder(folder: Path | str, *, seed: int = 0) -> CheckedFolder:
    """Check every table of a family.

    Raises
    ------
    InvalidInput
        With every fault of the card, or of a table that is no table.
    """
    opened = open_family(folder)
    sheets = tuple(
        Sheet(table.name, table.file, table.space, table.card.targets, table.frame, table.group)
        for table in opened.tables
    )
    return CheckedFolder(opened, sheets, tuple(check(sheets, related=opened.card.related, seed=seed)))


def repair_folder(checked: CheckedFolder, place: Path | str) -> tuple[Path, pd.DataFrame]:
    """Write a copy of the family with every proposed repair made, and return its path and the log (also in it).

    Raises
    ------
    InvalidData
        If a cell that cannot be read has no repair, or the copy's place is taken; then nothing is written.
    """
    tables, logs, left = {}, [], []
    for sheet, table in zip(checked.sheets, checked.opened.tables, strict=True):
        repaired, log, still = repaired_sheet(sheet, checked.findings)
        tables[table.card.file] = repaired.frame
        logs.append(log)
        left += still
    if left:
        raise InvalidData([finding.fault for finding in left])
    log = pd.concat(logs, ignore_index=True) if logs else pd.DataFrame(columns=list(LOG))
    card = dict(load_document(checked.opened.folder / CARD).data)
    for entry in card["tasks"]:
        if "rows" in entry:
            entry["rows"] = len(tables[entry["file"]])
    return write_folder(place, card, tables, {REPAIRS: log.to_csv(index=False)}), log
