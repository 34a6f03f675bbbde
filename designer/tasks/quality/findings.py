"""Findings in a table: what is wrong, where, why and the proposed repair; and the repair itself, with a log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from designer.counting import agree
from designer.errors import Fault

Kind = Literal[
    "not a number", "missing", "censored", "unit", "formula", "molecule", "choice", "sum", "bounds", "duplicate",
    "contradiction", "slip", "swap", "outlier", "leakage",
]  # fmt: skip

NOTES: frozenset[str] = frozenset({"missing", "censored", "unit"})
"""Kinds that are not faults: the meaning of the cells is clear."""
FATAL: frozenset[str] = frozenset({"not a number", "formula", "molecule", "choice", "sum"})
"""Kinds for which a table cannot be read as it is."""
LOG = ("task", "row", "column", "was", "now", "why")
"""The columns of a log of repairs."""


@dataclass(frozen=True)
class Change:
    """A new text for a cell; with `column` None the whole row is removed from the table (and written to the log)."""

    row: int
    column: str | None
    now: str


@dataclass(frozen=True)
class Finding:
    """One thing that is probably wrong.

    Parameters
    ----------
    kind
        The kind of fault.
    what, remedy
        What is wrong and why; what would be right.
    task, file, row, column
        Where; row and column are None where they are several.
    repair
        The cells to change; empty where only a person can decide.
    """

    kind: Kind
    what: str
    remedy: str
    task: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    repair: tuple[Change, ...] = field(default=())

    def __str__(self) -> str:
        place = Fault(self.what, self.remedy, file=self.file, row=self.row, column=self.column)
        return f"[{self.kind}] {place}"

    @property
    def is_note(self) -> bool:
        """Whether it only tells how a cell was understood."""
        return self.kind in NOTES

    @property
    def fault(self) -> Fault:
        """The finding as a fault, for what cannot be read as it is."""
        return Fault(self.what, self.remedy, file=self.file, row=self.row, column=self.column)


def repaired(frame: pd.DataFrame, findings: Iterable[Finding]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the table with every proposed repair made, and the log of what was changed (columns `LOG`).

    The first repair of a cell counts. A removed row is written to the log as a whole.
    """
    new, log, gone = frame.astype(object).copy(), [], []
    done: set[tuple[int, str]] = set()
    for finding in findings:
        for change in finding.repair:
            if change.column is None:
                if change.row not in gone:
                    gone.append(change.row)
                    was = "; ".join(f"{column}={cell}" for column, cell in frame.loc[change.row].items())
                    log.append((finding.task, change.row, "(the row)", was, "(taken out)", finding.what))
            elif (change.row, change.column) not in done:
                done.add((change.row, change.column))
                cell = str(frame.at[change.row, change.column])
                new.at[change.row, change.column] = change.now
                log.append((finding.task, change.row, change.column, cell, change.now, finding.what))
    return new.drop(index=gone), pd.DataFrame(log, columns=list(LOG))


def in_order(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Return findings by row, those of whole columns and tables first."""
    return sorted(findings, key=lambda finding: (finding.row or 0, finding.column or ""))


_MANY, _NAMED = 4, 6


def combined(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings, with equal ones in many cells of a column combined into one: `100,75` in a file full of commas.

    Only cells that cannot be read as written, and have a repair, are combined.
    """
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for i, finding in enumerate(findings):
        reason = finding.what.rpartition("' has ")[2] if finding.repair and finding.kind == "not a number" else i
        alike.setdefault((finding.task, finding.column, reason), []).append(finding)
    result: list[Finding] = []
    for group in alike.values():
        if len(group) < _MANY:
            result += group
            continue
        rows = ", ".join(str(finding.row) for finding in group[1:_NAMED]) + (", ..." if len(group) > _NAMED else "")
        what = f"{group[0].what}, and so {agree(len(group) - 1, 'has', 'have')} {len(group) - 1} more (rows {rows})"
        changes = tuple(change for finding in group for change in finding.repair)
        result.append(replace(group[0], what=what, repair=changes))
    return result
