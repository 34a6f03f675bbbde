"""The mapping of an import, which columns are settings and results, and the folder that it makes."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator, Field

from designer.documents import Value
from designer.errors import Fault, InvalidData
from designer.objective import Target
from designer.space import Constraint, DesignSpace, Parameter
from designer.space.parameters.amending import as_plain
from designer.tasks.card import NonEmpty, Text, without_empty_match
from designer.tasks.family_folder import file_names, write_folder
from designer.tasks.importing.raw import RawTable
from designer.tasks.quality.checking import check, repaired_sheet
from designer.tasks.quality.findings import FATAL, LOG, Finding, combined
from designer.tasks.quality.sheet import Sheet

REPAIRS = "repairs.csv"


class Mapping(Value):
    """What the columns of tables mean.

    Parameters
    ----------
    space, targets, constraints
        As on a family's card.
    by
        The column whose words tell the tasks apart, where one table holds several tasks.
    family, description, license, source, citation, retrieved, related
        The keys of the card that describe the family.
    """

    space: Annotated[tuple[Parameter, ...], NonEmpty]
    targets: Annotated[tuple[Target, ...], BeforeValidator(without_empty_match), NonEmpty]
    constraints: tuple[Constraint, ...] = ()
    by: Text | None = None
    family: Text | None = None
    related: bool = True
    description: str | None = Field(default=None)
    license: str | None = None
    source: str | None = None
    citation: str | None = None
    retrieved: str | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """An import that was checked, before it is written.

    Parameters
    ----------
    name
        The family's name.
    mappings
        What the columns of each table mean.
    sheets
        One sheet a task.
    findings
        What is probably wrong with them.
    extra
        Further files (text by path).
    """

    name: str
    mappings: tuple[Mapping, ...]
    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...]
    extra: MappingOf[str, str]


def plan_import(
    tables: Sequence[RawTable], mappings: Sequence[Mapping], *, name: str, guessed: bool, seed: int = 0
) -> Plan:
    """Split tables into tasks and check them.

    Parameters
    ----------
    mappings
        One for each table.
    guessed
        Whether the bounds were read off these very tables, so that they are no reference for their cells.

    Raises
    ------
    InvalidData
        If the column that tells tasks apart is missing or has an empty cell.
    """
    sheets: list[Sheet] = []
    whose: list[Mapping] = []
    faults: list[Fault] = []
    taken: set[str] = set()
    for table, mapping in zip(tables, mappings, strict=True):
        space = DesignSpace(parameters=mapping.space, constraints=mapping.constraints)
        for title, frame in _parts(table, mapping.by, faults):
            title = title if title not in taken else f"{title} {len(taken) + 1}"
            taken.add(title)
            sheets.append(Sheet(title, table.file, space, mapping.targets, frame, own_bounds=guessed))
            whose.append(mapping)
    if faults:
        raise InvalidData(faults)
    extra = {path: text for table in tables for path, text in table.extra.items()}
    return Plan(name, tuple(whose), tuple(sheets), tuple(check(sheets, seed=seed)), extra)


def _parts(table: RawTable, by: str | None, faults: list[Fault]) -> list[tuple[str, pd.DataFrame]]:
    if by is None:
        return [(table.name, table.frame)]
    if by not in table.frame.columns:
        known = ", ".join(map(str, table.frame.columns))
        faults.append(Fault(f"there is no column {by!r}", f"the table has: {known}", file=table.file))
        return []
    words = table.frame[by].astype(str).str.strip()
    faults += [
        Fault("the cell is empty", "give the task to which the row belongs", file=table.file, row=int(row), column=by)
        for row in table.frame.index[words == ""]
    ]
    return [(f"{word}", table.frame[words == word]) for word in dict.fromkeys(words) if word]


def write_import(plan: Plan, folder: Path | str, *, repair: bool = False) -> tuple[Path, pd.DataFrame]:
    """Write the tasks of a plan as a folder, and return its path and the log of repairs (also in it, `REPAIRS`).

    Every column of the sources is kept, those that are neither setting nor result included.

    Parameters
    ----------
    repair
        Whether to make the proposed repairs; without, a table that cannot be read as it is is refused.

    Raises
    ------
    InvalidData
        With every cell that cannot be read; then nothing is written.
    """
    logs, sheets, faults = [], list(plan.sheets), []
    for i, sheet in enumerate(sheets):
        if repair:
            sheets[i], log, left = repaired_sheet(sheet, plan.findings)
            logs.append(log)
            faults += [finding.fault for finding in left]
        else:
            mine = [f for f in plan.findings if f.task == sheet.task and f.kind in FATAL]
            faults += [_with_hint(finding) for finding in combined(mine)]
    if faults:
        raise InvalidData(faults)
    log = pd.concat(logs, ignore_index=True) if logs else pd.DataFrame(columns=list(LOG))
    extra = dict(plan.extra)
    if len(log):
        extra[REPAIRS] = log.to_csv(index=False)
    names = file_names([sheet.task for sheet in sheets])
    tables = {name: sheet.frame for name, sheet in zip(names, sheets, strict=True)}
    return write_folder(folder, _card(plan, sheets, names), tables, extra), log


def _with_hint(finding: Finding) -> Fault:
    fault = finding.fault
    return replace(fault, remedy=f"{fault.remedy} (--repair does it)") if finding.repair else fault


def _card(plan: Plan, sheets: Sequence[Sheet], names: Sequence[str]) -> dict[str, Any]:
    first = plan.mappings[0]
    card: dict[str, Any] = {"family": first.family or plan.name}
    for key in ("description", "license", "source", "citation", "retrieved"):
        value = getattr(first, key)
        card |= {key: value} if value is not None else {}
    card["related"] = first.related
    shared = all(mapping.space == first.space and mapping.constraints == first.constraints for mapping in plan.mappings)
    if shared:
        card |= _space_keys(first)
    card["tasks"] = [
        {
            "name": sheet.task, "file": file, "rows": len(sheet.frame),
            "targets": [target.model_dump(exclude_unset=True) for target in sheet.targets],
            **({} if shared else _space_keys(mapping)),
        }
        for sheet, file, mapping in zip(sheets, names, plan.mappings, strict=True)
    ]  # fmt: skip
    return card


def _space_keys(mapping: Mapping) -> dict[str, Any]:
    keys: dict[str, Any] = {"space": [as_plain(parameter) for parameter in mapping.space]}
    for parameter in keys["space"]:
        if parameter["kind"] == "formula":
            parameter.pop("formulas", None)
    return keys | ({"constraints": [c.text for c in mapping.constraints]} if mapping.constraints else {})
