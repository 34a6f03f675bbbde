"""A table of results as people give it, read strictly: every fault with its row and column, nothing guessed.

Columns of a results table:

- ``suggestion`` (or ``id``, or the table's index): the suggestion that was made; not in tables of attached results
- the space's columns: what was really made, where it differs from what was suggested; blank cells are as suggested; in
  tables of attached results, members of a composition without a column are not in it
- one column a target; a blank cell, or one like ``n.d.`` or ``n/a``, is a target not measured (yet); ``<0.01`` or
  ``>1e6`` is a result that lies below or above a limit
- ``<target>_sem``: the standard error of that target's value
- one column an observation (`designer.observations`), which may be filled in before the targets; ``failed`` where it
  was tried and gave nothing; of a curve the points, ``10:1.5; 20:1.7``, the path of its file, or columns of its points
- ``replicate``: a number that tells repeated measurements of one suggestion apart, where their values may be equal
- ``cost``: what the experiment has cost, in the unit of the file's ``cost``, where the file states one
- ``failed``: the reason why an experiment gave no result; a blank cell, FALSE, 0, ``no`` or ``n/a`` is no failure

Rows with the same suggestion (or design) and the same values are one measurement, unless ``replicate`` numbers them.

Units may stand in a header, ``overpotential [V]``, or in a cell, ``0.372 V``; both are converted into the target's.
A row without any value is skipped and reported, so that a half-filled sheet can be recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from designer.campaign.log.events import Design, Seen
from designer.campaign.results.design_tables import read_result_designs
from designer.campaign.results.further_cells import COST, Points, curves_of_points, read_cost, read_replicate
from designer.campaign.results.numeric_cells import (
    Reading,
    failure_reason,
    is_blank,
    is_missing,
    is_nan,
    named_limit,
    read_number,
    read_observation,
    read_result,
    read_spread,
)
from designer.errors import MAX_ALIKE, Fault, InvalidInput
from designer.objective import Target
from designer.observations.curves.curve_cells import CellFiles
from designer.observations.curves.reference_curves import curve_distances
from designer.observations.observation import Observation
from designer.space import DesignSpace
from designer.space.table_reader import headers_of
from designer.units import split_header
from designer.units.header_endings import header_remedy
from designer.units.limits import Side

if TYPE_CHECKING:
    import pandas as pd

ID_COLUMNS = ("suggestion", "id")
FURTHER = ("replicate", "failed")
NOISE = "_sem"
HEADER_ROW = 1


@dataclass(frozen=True)
class ResultRow:
    """One row that can be recorded. `design` is None where the row does not give it."""

    row: int
    suggestion: str | None = None
    design: Design | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)
    replicate: int | None = None
    failed: str | None = None
    notes: tuple[str, ...] = ()
    censored: Mapping[str, Side] = field(default_factory=dict)
    cost: float | None = None
    observed: Mapping[str, Seen] = field(default_factory=dict)

    @property
    def cells(self) -> dict[str, Any]:
        """Each value with the side on which it is a limit, and each observation."""
        return {**readings(self.values, self.censored), **self.observed}


def readings(values: Mapping[str, float], censored: Mapping[str, Side]) -> dict[str, Reading]:
    """Return each value with the side on which it is a limit, None for a measured number."""
    return {name: (value, censored.get(name)) for name, value in values.items()}


@dataclass(frozen=True)
class ResultTable:
    """What was read: rows to record, rows without any value, all faults, and files of curves by their digests."""

    rows: tuple[ResultRow, ...]
    blank: tuple[str, ...]
    faults: tuple[Fault, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def unusable(self) -> bool:
        """Whether a fault concerns the table as a whole, so that no row of it can be trusted."""
        return any(fault.row is None or fault.row == HEADER_ROW for fault in self.faults)

    def noted(self, notes: Mapping[str, Sequence[str]]) -> ResultTable:
        """Return the table with what is to be known about the results of a suggestion, by its id."""
        rows = [replace(row, notes=tuple(notes.get(row.suggestion or "", ()))) for row in self.rows]
        return replace(self, rows=tuple(rows))


@dataclass(frozen=True)
class _Column:
    place: int
    header: str
    role: str
    unit: str | None = None
    target: Target | None = None
    observation: Observation | None = None
    position: float = 0.0

    @property
    def meaning(self) -> str:
        """What tells it from all other columns."""
        named = self.target or self.observation
        if self.role == "point":
            return f"point:{self.position!r}:{named.name if named else ''}"
        return f"{self.role}:{named.name}" if named else self.role


def read_results(
    frame: pd.DataFrame,
    space: DesignSpace,
    targets: Sequence[Target],
    suggested: Mapping[str, Mapping[str, Any]] | None,
    *,
    file: str | None = None,
    others: Collection[str] = (),
    costs: bool = False,
    observations: Sequence[Observation] = (),
) -> ResultTable:
    """Read a table of results.

    Parameters
    ----------
    frame
        The table; a cell may be text with a unit.
    suggested
        The suggestions' designs by id; None for attached results.
    file
        Where the table comes from, for the messages.
    others
        Columns that the table may have besides; they are passed over.
    costs
        Whether the campaign states costs, so that the table may have a column of true ones.
    observations
        What may be observed beside the targets or before them.
    """
    reader = _Reader(frame, space, targets, suggested, others, costs, observations)
    rows, blank = reader.read()
    faults = [fault.at(file=file) for fault in reader.faults]
    faults.sort(key=lambda fault: fault.row or 0)
    return ResultTable(tuple(rows), tuple(blank), tuple(faults), reader.files.contents)


class _Reader:
    def __init__(
        self,
        frame: pd.DataFrame,
        space: DesignSpace,
        targets: Sequence[Target],
        suggested: Mapping[str, Mapping[str, Any]] | None,
        others: Collection[str],
        costs: bool,
        observations: Sequence[Observation],
    ) -> None:
        self.further = (*FURTHER, COST) if costs else FURTHER
        self.observations = {name: each for each in observations for name in (each.name, *(each.columns or ()))}
        self.files = CellFiles()
        self.others = {*others, *(split_header(name)[0] for name in others)}
        self.frame = with_ids(frame) if suggested is not None else frame
        self.space = space
        self.headers = dict(headers_of(space))
        self.targets = targets
        self.suggested = suggested
        self.faults: list[Fault] = []
        self.unknown = 0
        self.numbers = row_numbers(self.frame)
        self.cells = self.frame.to_numpy(dtype=object).T.tolist()

    def read(self) -> tuple[list[ResultRow], list[str]]:
        columns = list(self._columns())
        self._missing(columns)
        if any(fault.row in (None, HEADER_ROW) for fault in self.faults):
            self._cells_alone(columns)
            return [], []
        ids = self._ids(columns)
        designs = self._designs(columns, ids)
        rows, blank = [], []
        for i in range(len(self.frame)):
            before = len(self.faults)
            row = self._row(i, columns, ids[i], designs[i])
            if row.values or row.observed or row.failed is not None:
                rows.append(row)
            elif len(self.faults) == before and not self._is_gap(i, columns):
                blank.append(row.suggestion or f"row {row.row}")
        bad = {fault.row for fault in self.faults}
        if bad & {None, HEADER_ROW}:
            return [], []
        return [row for row in rows if row.row not in bad], blank

    # Headers

    def _columns(self) -> Iterator[_Column]:
        seen: dict[str, str] = {}
        for place, given in enumerate(self.frame.columns):
            header = str(given).strip()
            column = self._column(place, header)
            if column is None and (header in self.others or split_header(header)[0] in self.others):
                continue
            if column is None:
                self.faults.append(self._unknown(header))
                continue
            meaning = column.meaning
            if meaning in seen:
                what = (
                    f"column {header!r} stands twice" if seen[meaning] == header else f"also given as {seen[meaning]!r}"
                )
                self.faults.append(Fault(what, "give it once", row=HEADER_ROW, column=header))
                continue
            seen[meaning] = header
            yield column

    def _column(self, place: int, header: str) -> _Column | None:
        name, unit = split_header(header)
        for name, unit in ((header, None), (name, unit)):  # noqa: B020  a name may itself hold brackets
            if name in self.space.columns:
                return _Column(place, header, f"design:{name}", unit)
            for target in self.targets:
                if name in (target.name, target.column):
                    return _Column(place, header, "target", unit, target)
                if name in (f"{target.name}{NOISE}", f"{target.column}{NOISE}") and not target.is_preference:
                    return _Column(place, header, "noise", unit, target)
            observation = self.observations.get(name)
            if observation is not None:
                points = observation.columns or {}
                role = "point" if name in points else "observation"
                return _Column(place, header, role, unit, None, observation, points.get(name, 0.0))
            if name in self.headers:  # a parameter's own name, where its column has another
                return _Column(place, header, f"design:{self.headers[name]}", unit)
        if name in ID_COLUMNS and self.suggested is not None:
            return _Column(place, header, "id")
        return _Column(place, header, name, unit) if name in self.further else None

    def _unknown(self, header: str) -> Fault:
        if header in ID_COLUMNS:
            remedy = "leave it out, or record results of suggestions by their id"
            return Fault(f"column {header!r} belongs to results of suggestions", remedy, row=HEADER_ROW, column=header)
        self.unknown += 1
        if self.unknown > MAX_ALIKE:  # the nearest known name is looked up for the first ones alone
            return Fault("unknown column", "leave it out", row=HEADER_ROW, column=header)
        known = [*self.space.columns, *(target.name for target in self.targets)]
        known += self.observations
        known += [*(target.name + NOISE for target in self.targets), *self.further]
        close = get_close_matches(split_header(header)[0], known, n=1)
        remedy = header_remedy(header, known)
        if not remedy:
            remedy = f"did you mean {close[0]!r}?" if close else f"known columns: {', '.join(known[:20])}"
        return Fault("unknown column", remedy, row=HEADER_ROW, column=header)

    def _missing(self, columns: Sequence[_Column]) -> None:
        roles = {column.role for column in columns}
        if not roles & {"target", "failed", "observation", "point"}:
            names = ", ".join(repr(target.name) for target in self.targets)
            self.faults.append(Fault("no column holds a result", f"add a target's column: {names}", row=HEADER_ROW))
        if self.suggested is not None and "id" not in roles:
            remedy = "add a column 'suggestion', or attach the results with `designer attach`"
            self.faults.append(Fault("no column names the suggestion", remedy, row=HEADER_ROW))

    def _cells_alone(self, columns: Sequence[_Column]) -> None:
        """Look for faults in the rows of a table that cannot be used: a person corrects them all at once."""
        ids = self._ids(columns)
        self._designs(columns, ids)
        for i in range(len(self.frame)):
            self._row(i, columns, ids[i], None)

    # Rows

    def _ids(self, columns: Sequence[_Column]) -> list[str | None]:
        place = next((column.place for column in columns if column.role == "id"), None)
        if place is None or self.suggested is None:
            return [None] * len(self.frame)
        header = str(self.frame.columns[place])
        return [self._id(i, cell, header, self.suggested) for i, cell in enumerate(self.cells[place])]

    def _id(self, i: int, cell: Any, header: str, known: Collection[str]) -> str | None:
        if is_blank(cell):
            remedy = "give the suggestion's id, or attach the row"
            self.faults.append(Fault("no suggestion id", remedy, row=self.numbers[i], column=header))
            return None
        name = str(cell).strip()
        if name in known:
            return name
        close = get_close_matches(name, known, n=1)
        remedy = f"known: {', '.join(list(known)[-5:])}" if known else "no suggestion was made yet"
        if close:
            remedy = f"did you mean {close[0]}?"
        self.faults.append(Fault(f"there is no suggestion {name!r}", remedy, row=self.numbers[i], column=header))
        return None

    def _designs(self, columns: Sequence[_Column], ids: Sequence[str | None]) -> list[Design | None]:
        """Return what was made, row by row, with the suggestion's own values where a cell is blank."""
        given = {column.role.removeprefix("design:"): column for column in columns if column.role.startswith("design:")}
        import pandas as pd

        if self.suggested is not None and not given:
            return [None] * len(self.frame)
        headers: dict[str, str] = {}
        cells: dict[str, list[Any]] = {}
        assumed: set[tuple[int, str]] = set()
        for name in self.space.columns:
            column = given.get(name)
            if column is None and self.suggested is None and not self._may_be_left_out(name, given):
                continue  # the space reports which columns are missing
            blank = 0.0 if self.suggested is None else None
            own = self.cells[column.place] if column else [blank] * len(self.frame)
            headers[name] = column.header if column else name
            assumed |= {(self.numbers[i], name) for i, cell in enumerate(own) if is_blank(cell)}
            cells[name] = [
                self._suggested_cell(ids[i], name, column) if is_blank(cell) else cell for i, cell in enumerate(own)
            ]
        made = pd.DataFrame(
            {headers[name]: pd.Series(column, dtype=object) for name, column in cells.items()},
        ).set_axis(pd.Index(self.numbers, name="row", dtype="int64"), axis=0)
        known = [self.suggested is None or name is not None for name in ids]
        designs, faults = read_result_designs(self.space, made[known], assumed)
        self.faults += faults
        return [designs.get(number) for number in self.numbers]

    def _may_be_left_out(self, name: str, given: Collection[str]) -> bool:
        """Whether a column that is not there means nothing of it: a member of a composition whose others are there."""
        return any(
            name in parameter.lab_columns
            and parameter.width > 1
            and any(other in given for other in parameter.lab_columns)
            for parameter in self.space.parameters
        )

    def _suggested_cell(self, name: str | None, column: str, header: _Column | None) -> Any:
        if self.suggested is None or name is None:
            return None
        value = self.suggested[name][column]
        own = self._own_unit(column)
        # The other cells of this column may be in another unit, which its header names.
        return (
            f"{value!r} {own}" if header is not None and header.unit and own and not isinstance(value, str) else value
        )

    def _own_unit(self, column: str) -> str | None:
        for parameter in self.space.parameters:
            if column in parameter.lab_columns:
                return parameter.unit
        return None

    def _row(self, i: int, columns: Sequence[_Column], suggestion: str | None, design: Design | None) -> ResultRow:
        values: dict[str, float] = {}
        noise: dict[str, float] = {}
        censored: dict[str, Side] = {}
        observed: dict[str, Seen] = {}
        points: dict[str, Points] = {}
        further: dict[str, Any] = {}
        for column in columns:
            cell = self.cells[column.place][i]
            if is_blank(cell) or _means_nothing(cell, column):
                continue
            try:
                match column.role, column.target:
                    case "target", Target() as target:
                        values[target.name], side = read_result(cell, column.unit, target)
                        if side is not None:
                            censored[target.name] = side
                    case "noise", Target() as target:
                        noise[target.name] = read_spread(cell, column.unit, target.unit)
                    case "observation", _ if column.observation is not None:
                        observation = column.observation
                        observed[observation.name] = read_observation(cell, column.unit, observation, self.files)
                    case "point", _ if column.observation is not None:
                        found = points.setdefault(column.observation.name, {})
                        found[column.position] = read_number(cell, column.unit, column.observation.unit)
                    case role, _ if role in _FURTHER_READERS:
                        further[role] = _FURTHER_READERS[role](cell, column.unit)
            except InvalidInput as error:
                self.faults += [fault.at(row=self.numbers[i], column=column.header) for fault in error.faults]
        observed |= self._curves(i, points, observed)
        distances, faults = curve_distances(self.targets, self.observations, observed, values)
        self.faults += [fault.at(row=self.numbers[i]) for fault in faults]
        values |= distances
        row = ResultRow(
            self.numbers[i], suggestion, design, values, noise, censored=censored, observed=observed, **further
        )
        self._contradictions(i, columns, row)
        return row

    def _curves(self, i: int, points: Mapping[str, Points], observed: Mapping[str, Seen]) -> dict[str, Seen]:
        """Return the curves whose points stand in columns of their own."""
        curves, faults = curves_of_points(points, observed)
        self.faults += [fault.at(row=self.numbers[i]) for fault in faults]
        return curves

    def _contradictions(self, i: int, columns: Sequence[_Column], row: ResultRow) -> None:
        values, noise, censored = row.values, row.noise, row.censored
        if row.failed is not None and (values or row.observed):
            what = f"the row has a value and a reason for failure, {row.failed!r}"
            self.faults.append(Fault(what, "give one of them", row=row.row, column="failed"))
        for name in noise:
            if name not in values:
                what, remedy = f"a standard error without a value of {name!r}", f"give {name!r} in the same row"
                self.faults.append(Fault(what, remedy, row=row.row, column=name + NOISE))
        for name in noise.keys() & censored.keys():
            what = f"{name!r} is a limit, {censored[name]}{values[name]:g}, and has a standard error"
            self.faults.append(Fault(what, "give one of them", row=row.row, column=name + NOISE))
        if row.cost is not None and not values and row.failed is None:
            remedy = "give the result in the same row, or leave the cost blank until it is there"
            self.faults.append(Fault("a cost without a result", remedy, row=row.row, column=COST))
        if not values and not row.observed and row.failed is None and self._is_gap(i, columns):
            place = next(
                column for column in columns if column.role == "target" and is_nan(self.cells[column.place][i])
            )
            remedy = "give a number, or record a failure with its reason"
            self.faults.append(Fault("NaN is not a number", remedy, row=row.row, column=place.header))

    def _is_gap(self, i: int, columns: Sequence[_Column]) -> bool:
        """Whether a row without values holds NaN where a number should be, and is not just left blank."""
        return any(column.role == "target" and is_nan(self.cells[column.place][i]) for column in columns)


def _means_nothing(cell: Any, column: _Column) -> bool:
    """Whether a cell beside the design says that there is no value, and not that it is beyond a known limit."""
    if column.role.startswith("design:") or not is_missing(cell):
        return False
    return column.role != "target" or column.target is None or named_limit(cell, column.target) is None


def with_ids(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with its index as a column, where the index names suggestions."""
    if any(split_header(str(column))[0] in ID_COLUMNS for column in frame.columns):
        return frame
    if frame.index.name == "row":
        return frame
    if frame.index.name in ID_COLUMNS or any(isinstance(label, str) for label in frame.index):
        return frame.rename_axis("suggestion").reset_index(allow_duplicates=True)
    return frame


def row_numbers(frame: pd.DataFrame) -> list[int]:
    """Return the rows as a spreadsheet counts them: the header is row 1; a table read from a file knows its own."""
    if frame.index.name == "row":
        return [int(number) for number in frame.index]
    return list(range(HEADER_ROW + 1, HEADER_ROW + 1 + len(frame)))


_FURTHER_READERS: dict[str, Callable[[Any, str | None], Any]] = {
    "replicate": lambda cell, _: read_replicate(cell),
    "failed": lambda cell, _: failure_reason(cell),
    COST: read_cost,
}
"""How the cells of a column that belongs to no target are read: the cell, and the unit of the header."""
