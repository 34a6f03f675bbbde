"""The oracle that looks designs up in a table of measurements."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from designer.errors import Fault, InvalidData, InvalidInput, MeasurementFailed
from designer.input_files import path_fault
from designer.objective import Objective, Target
from designer.oracles.base import Measured
from designer.oracles.design_mapping import plain
from designer.oracles.measure import MeasureBase
from designer.space import DesignSpace
from designer.space.table_files import read_frame
from designer.units import convert, parse_quantity, split_header
from designer.units.limits import WORDS, Limit, Side, read_limit

_HEADER_ROW = 1


class TableMeasure(MeasureBase):
    """Look the design up in a table of measurements.

    Parameters
    ----------
    file
        CSV or XLSX file in the campaign file's folder or below it, with the space's columns and the targets'.
    match
        ``exact``: a design that is not in the table is a failed measurement. ``nearest``: the nearest row by encoded
        features answers; the notes of the result name the measured design and its distance.
    replicates
        Where several rows have the same design: ``mean`` of them, or ``draw`` one of them. The draw depends on the
        campaign's seed and the suggestion's id alone, so a resumed run draws the same row. A mean of values of which
        some are limits, such as ``<0.01``, is a limit.
    columns
        The table's column of a target, where it is not called like the target.
    """

    kind: Literal["table"] = "table"
    file: str = Field(min_length=1)
    match: Literal["exact", "nearest"] = "exact"
    replicates: Literal["mean", "draw"] = "mean"
    columns: dict[str, str] = Field(default_factory=dict)

    def open(self, space: DesignSpace, objective: Objective, *, folder: Path, seed: int = 0) -> TableOracle:
        """Return the oracle; see `MeasureBase.open`."""
        return TableOracle.open(self, space, objective, folder=folder, seed=seed)

    def faults(self, space: DesignSpace, objective: Objective, *, folder: Path) -> list[Fault]:
        """Return every fault of the table."""
        try:
            self.open(space, objective, folder=folder)
        except InvalidInput as error:
            return list(error.faults)
        return []


class TableOracle:
    """Looks designs up in a table; see `TableMeasure`.

    Parameters
    ----------
    frame
        The table, text or numbers; an index called ``row`` holds its rows' numbers, else the first one is row 2.
        Columns that are neither the space's nor a target's are passed over.
    space, targets
        Whose columns are read, and in whose units; units in headers and cells are converted.
    columns
        The table's column of a target, where it is not called like the target.
    match, replicates, seed
        As in `TableMeasure`.
    file
        The table's name in notes and faults.

    Raises
    ------
    InvalidData
        With every fault of the table.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        space: DesignSpace,
        targets: Sequence[Target],
        *,
        columns: Mapping[str, str] | None = None,
        match: str = "exact",
        replicates: str = "mean",
        seed: int = 0,
        file: str = "the table",
    ) -> None:
        self._match, self._replicates, self._seed, self._file = match, replicates, seed, file
        self._targets = tuple(target.name for target in targets)
        headers, faults = _headers(frame, space, targets, columns or {}, file)
        values, self._sides, cell_faults = _values(frame, targets, headers, file)
        faults += cell_faults
        if faults:
            raise InvalidData(faults)
        read = space.read_table(frame[[headers[name] for name in space.columns]], file=file, flags=False)
        self._space, self._coordinates, self._rows = read.space, read.coordinates, read.rows
        self._values = values
        self._at: dict[bytes, list[int]] = {}
        for i, key in enumerate(self._space.keys(self._coordinates)):
            self._at.setdefault(key, []).append(i)
        self._features = self._space.encoder.encode(self._coordinates) if match == "nearest" else None

    @classmethod
    def open(
        cls, spec: TableMeasure, space: DesignSpace, objective: Objective, *, folder: Path, seed: int
    ) -> TableOracle:
        """Read the table that a campaign file in `folder` names.

        Raises
        ------
        InvalidInput
            If the file lies outside the folder, cannot be read, or has faults.
        """
        path = _confined(spec.file, folder)
        unknown = [name for name in spec.columns if name not in {target.name for target in objective.targets}]
        if unknown:
            known = ", ".join(target.name for target in objective.targets)
            raise InvalidInput(
                [Fault(f"{name!r} is no target", f"targets: {known}", path=("columns", name)) for name in unknown]
            )
        return cls(
            read_frame(path),
            space,
            objective.targets,
            columns=spec.columns,
            match=spec.match,
            replicates=spec.replicates,
            seed=seed,
            file=str(path),
        )

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Measured:
        """Look the design up; see `Oracle.measure`."""
        frame = pd.DataFrame([{column: design[column] for column in self._space.columns}])
        coordinates = self._space.coordinates(frame)
        [key] = self._space.keys(coordinates)
        if key in self._at:
            return self._answer(key, suggestion)
        if self._features is None:
            raise MeasurementFailed(f"{self._file} has no row with this design")
        features = self._space.encoder.encode(coordinates)
        distances = np.sqrt(((self._features - features) ** 2).sum(axis=1))
        nearest = int(np.argmin(distances))
        [key] = self._space.keys(self._coordinates[[nearest]])
        note = f"nearest row {self._rows[nearest]} of {self._file}, {distances[nearest]:.3g} away in features"
        return self._answer(key, suggestion, note, self._design(nearest))

    def _answer(
        self, key: bytes, suggestion: str | None, note: str = "", executed: Mapping[str, Any] | None = None
    ) -> Measured:
        places = self._at[key]
        notes = [note] if note else []
        if len(places) > 1:
            rows = ", ".join(str(self._rows[i]) for i in places)
            if self._replicates == "draw":
                places = [places[_draw(self._seed, suggestion, key, len(places))]]
                notes.append(f"row {self._rows[places[0]]}, drawn from rows {rows}")
            else:
                notes.append(f"mean of rows {rows}")
        values = {name: _mean(self._values[places, j]) for j, name in enumerate(self._targets)}
        censored: dict[str, Side] = {}
        for j, name in enumerate(self._targets):
            sides = {self._sides[i, j] for i in places if self._sides[i, j]}
            if len(sides) > 1:
                rows = ", ".join(str(self._rows[i]) for i in places)
                raise MeasurementFailed(f"{self._file} has limits of {name} on both sides in rows {rows}")
            censored |= dict.fromkeys([name] if sides else [], next(iter(sides), "<"))
        missing = [name for name, value in values.items() if value is None]
        if missing:
            row = ", ".join(str(self._rows[i]) for i in places)
            raise MeasurementFailed(f"{self._file} has no {', '.join(missing)} in row {row}")
        found = {name: value for name, value in values.items() if value is not None}
        return Measured(found, tuple(notes), executed, censored)

    def _design(self, i: int) -> dict[str, Any]:
        row = self._space.frame(self._coordinates[[i]]).iloc[0]
        return {str(column): plain(value) for column, value in row.items()}


def _confined(file: str, folder: Path) -> Path:
    """Return the path of a table that must lie in the campaign file's folder or below it."""
    path = folder / file
    if reason := path_fault(file):
        what = f"table {file[:80]!r} {reason}"
        raise InvalidInput(Fault(what, "give a path inside the campaign file's folder", path=("file",)))
    if not path.resolve().is_relative_to(folder.resolve()):
        remedy = "put it into the campaign file's folder, and give its path from there"
        raise InvalidInput(Fault(f"table {file!r} lies outside the campaign file's folder", remedy, path=("file",)))
    return path


def _headers(
    frame: pd.DataFrame, space: DesignSpace, targets: Sequence[Target], columns: Mapping[str, str], file: str
) -> tuple[dict[str, str], list[Fault]]:
    """Return the table's header of each column of the space and each target, and what is missing."""
    known: dict[str, str] = {}
    for header in map(str, frame.columns):
        known.setdefault(split_header(header)[0], header)
    known |= {str(header): str(header) for header in frame.columns}
    found, faults = {}, []
    wanted = [(name, name) for name in space.columns]
    wanted += [(target.name, columns.get(target.name, target.column or target.name)) for target in targets]
    for name, title in wanted:
        if title in known:
            found[name] = known[title]
        else:
            given = ", ".join(map(str, frame.columns))
            faults.append(Fault(f"column {title!r} is missing", f"the table has: {given}", file=file, row=_HEADER_ROW))
    return found, faults


def _values(
    frame: pd.DataFrame, targets: Sequence[Target], headers: Mapping[str, str], file: str
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.object_]], list[Fault]]:
    """Return the targets (``rows x m``) in their units, NaN for an empty cell, and what is wrong with the others.

    Beside each value stands on which side of it the result lies, where it is a limit; None elsewhere.
    """
    values = np.full((len(frame), len(targets)), np.nan)
    sides = np.full(values.shape, None, dtype=object)
    rows = frame.index if frame.index.name == "row" else range(_HEADER_ROW + 1, len(frame) + _HEADER_ROW + 1)
    faults = []
    for j, target in enumerate(targets):
        if target.name not in headers:
            continue
        header = headers[target.name]
        unit = split_header(header)[1] if header not in (target.name, target.column) else None
        for i, (row, cell) in enumerate(zip(rows, frame[header], strict=True)):
            try:
                limit = _limit(cell, unit, target)
                values[i, j] = _value(cell, unit, target.unit) if limit is None else limit.value
                sides[i, j] = None if limit is None else limit.side
                if math.isfinite(values[i, j]):
                    target.check_value(float(values[i, j]), sides[i, j])
            except InvalidInput as error:
                faults += [fault.at(file=file, row=int(row), column=header) for fault in error.faults]
    return values, sides, faults


def _limit(cell: Any, header_unit: str | None, target: Target) -> Limit | None:
    """Return the limit that a cell gives, as a number or by a word such as ``n.d.``; None where it gives none."""
    side = WORDS.get(cell.strip().casefold()) if isinstance(cell, str) else None
    named = None if side is None else target.limit(side)
    if side is not None and named is not None:
        return Limit(side, named)
    return read_limit(cell, header_unit, target.unit)


def _value(cell: Any, header_unit: str | None, unit: str | None) -> float:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return math.nan
    if isinstance(cell, str):
        number = parse_quantity(cell, header_unit or unit)
    elif isinstance(cell, bool | np.bool_):
        raise InvalidData(Fault(f"{cell} is not a number", "give a number, or leave the cell empty"))
    else:
        number = float(cell)
        if math.isnan(number):
            return number
    if not math.isfinite(number):
        raise InvalidData(Fault(f"{cell} is not finite", "give a number, or leave the cell empty"))
    return convert(number, header_unit, unit) if header_unit else number


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _draw(seed: int, suggestion: str | None, key: bytes, n: int) -> int:
    """Return which of `n` replicates answers: always the same for one seed, suggestion and design."""
    digest = hashlib.sha256(f"{seed}:{suggestion}:".encode() + key).digest()
    return int.from_bytes(digest[:8], "big") % n
