"""Tables of candidates that other programs fill in: those of EDBO+ and NIMO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd

from designer.campaign.importing.imported import Cell, ImportedCampaign, Names
from designer.errors import Fault, InvalidData, did_you_mean
from designer.space.table_files import read_frame

PENDING = "PENDING"
PRIORITY = "priority"
_EDBO_COLUMNS = ("_predicted_mean", "_predicted_variance", "_expected_improvement")


@dataclass(frozen=True)
class Goals:
    """Which columns are results, and their goals: what these files do not say.

    Parameters
    ----------
    maximize, minimize
        Headers of columns.
    """

    maximize: Sequence[str] = ()
    minimize: Sequence[str] = ()

    def of(self) -> dict[str, str]:
        """Return the goals by header."""
        return dict.fromkeys(self.maximize, "maximize") | dict.fromkeys(self.minimize, "minimize")


def is_edbo(path: Path) -> bool:
    """Whether a table is one of EDBO+: it has a column ``priority`` and cells ``PENDING``."""
    frame = read_frame(path)
    return PRIORITY in frame.columns and bool((frame == PENDING).any(axis=None))


def read_edbo(path: Path, name: str, goals: Goals) -> ImportedCampaign:
    """Read the table that EDBO+ runs on: candidates, ``PENDING`` results and a ``priority``.

    Raises
    ------
    InvalidData
        If it has no ``priority``, no column of results, or a goal is missing.
    """
    frame = read_frame(path)
    if PRIORITY not in frame.columns:
        what = f"there is no column {PRIORITY!r}"
        raise InvalidData(Fault(what, "give the table that EDBO+ wrote", file=str(path), row=1))
    frame = frame[[column for column in frame.columns if not str(column).endswith(_EDBO_COLUMNS)]]
    results = [str(column) for column in frame.columns if (frame[column] == PENDING).any()]
    priority = pd.to_numeric(frame[PRIORITY], errors="coerce")
    table = frame.drop(columns=PRIORITY).replace(PENDING, "")
    pending = [bool(value > 0.5) for value in priority]
    return _Reader(table, str(path), "EDBO+").read(name, results, goals, pending)


def read_nimo(path: Path, name: str, goals: Goals) -> ImportedCampaign:
    """Read a candidates file of NIMO: settings first, then the objectives, blank where nothing is measured yet.

    Raises
    ------
    InvalidData
        If no goal is given, or a cell is no number.
    """
    frame = read_frame(path)
    if not goals.of():
        what = "which columns are objectives is not in the file"
        raise InvalidData(Fault(what, "name them with --maximize COLUMN (NIMO maximizes)", file=str(path)))
    return _Reader(frame, str(path), "NIMO").read(name, list(goals.of()), goals, [False] * len(frame))


@dataclass
class _Reader:
    frame: pd.DataFrame
    file: str
    program: str
    names: Names = field(default_factory=Names)

    def read(self, name: str, results: Sequence[str], goals: Goals, pending: Sequence[bool]) -> ImportedCampaign:
        """Return the campaign: each row is a candidate, those with a result are results too."""
        filled = [c for c in self.frame.columns if c in results or (str(c).strip() and (self.frame[c] != "").any())]
        self.frame = self.frame[filled]
        stated = self._checked(results, goals)
        settings = [str(column) for column in self.frame.columns if column not in stated]
        if not settings or not len(self.frame):
            raise InvalidData(Fault("there are no candidates", "give a table with settings", file=self.file))
        columns = {header: self._column(header, header in stated) for header in self.frame.columns}
        rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        named = [{self.names.of(header): cell for header, cell in row.items()} for row in rows]
        designs = [self.names.of(header) for header in settings]
        targets = [{**self.names.key(header), "goal": goal} for header, goal in stated.items()]
        measured = [target["name"] for target in targets]
        return ImportedCampaign(
            name=name, program=self.program, targets=targets,
            space=[self._parameter(header, columns[header]) for header in settings],
            combine="pareto" if len(targets) > 1 else None,
            candidates=_distinct({key: row[key] for key in designs} for row in named),
            results=[row for row in named if any(row[target] is not None for target in measured)],
            pending=[
                {key: row[key] for key in designs}
                for row, is_open in zip(named, pending, strict=True)
                if is_open and all(row[target] is None for target in measured)
            ],
            remarks=self.names.remarks(),
        )  # fmt: skip

    def _checked(self, results: Sequence[str], goals: Goals) -> dict[str, str]:
        """Return the goal of each column of results; with every fault of the request."""
        given, faults = goals.of(), []
        headers = [str(column) for column in self.frame.columns]
        for header in given:
            if header not in headers:
                remedy = did_you_mean(header, headers)
                faults.append(Fault(f"there is no column {header!r}", remedy, file=self.file, row=1))
        wanted = list(dict.fromkeys([*results, *given]))
        for header in wanted:
            if header not in given:
                remedy = f"give --maximize {header!r} or --minimize {header!r}"
                faults.append(Fault(f"the goal of {header!r} is not in the file", remedy, file=self.file))
        if not wanted:
            remedy = "name the columns with --maximize or --minimize"
            faults.append(Fault("no column has the cells PENDING", remedy, file=self.file))
        if faults:
            raise InvalidData(faults)
        return {header: given[header] for header in headers if header in wanted}

    def _column(self, header: Any, is_result: bool) -> list[Cell]:
        """Return a column's cells: numbers where all of them are, else text; blanks are None."""
        cells = [str(cell).strip() for cell in self.frame[header]]
        numbers = [_number(cell) for cell in cells]
        if is_result:
            faults = [
                Fault(f"{cell!r} is no number", "give a number, or leave it blank", file=self.file, row=row,
                      column=str(header))
                for cell, number, row in zip(cells, numbers, self._rows(), strict=True)
                if cell and number is None
            ]  # fmt: skip
            if faults:
                raise InvalidData(faults)
            return list(numbers)
        if "" in cells:
            row = self._rows()[cells.index("")]
            raise InvalidData(Fault("a setting is blank", "fill it in", file=self.file, row=row, column=str(header)))
        return list(numbers) if all(number is not None for number in numbers) else list(cells)

    def _rows(self) -> list[int]:
        return [int(row) for row in self.frame.index] if self.frame.index.name == "row" else list(
            range(2, len(self.frame) + 2)
        )  # fmt: skip

    def _parameter(self, header: str, cells: Sequence[Cell]) -> dict[str, Any]:
        """Return the parameter of a column: the values that stand in it."""
        keys: dict[str, Any] = self.names.key(header)
        values = list(dict.fromkeys(cells))
        if all(isinstance(value, int | float) for value in values) and len(values) > 1:
            return {**keys, "kind": "numeric", "values": sorted(values)}
        return {**keys, "kind": "categorical", "choices": [str(value) for value in values]}


def _number(text: str) -> float | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return None if not number.is_finite() else int(number) if number == number.to_integral_value() else float(number)


def _distinct(rows: Any) -> list[Mapping[str, Cell]]:
    return list({tuple(row.items()): row for row in rows}.values())
