"""The first visible sheet of an Excel file as rows of cells, as a person sees them.

What a person does not see as it is stored cannot be read without a guess, and is a fault with its place: hidden rows
and columns, merged cells, formulas whose result was never computed, and error values in a header.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from designer.counting import count
from designer.errors import Fault, InvalidData
from designer.space.spreadsheet.number_formats import BUILT_IN, shown
from designer.space.spreadsheet.xml_stream import MAX_TEXT, Archive, refused

MAX_CELLS = 2_000_000
"""Cells of the table, rows times columns, and those of the sheet that hold something."""
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
"""The limits of Excel itself."""
MAX_STRINGS = 2_000_000
_MAX_FORMATS = 100_000
_MAX_MERGED = 100_000
_MAX_NOTED = 10_000
_REFERENCE = re.compile(r"^\$?([A-Z]{1,3})\$?([0-9]{1,7})$", re.ASCII)
_MAIN = "xl/workbook.xml"

Cell = int | float | bool | str | None
Row = dict[int, Cell]


@dataclass
class _Sheet:
    """What was read of a sheet; rows and columns count from 1."""

    rows: dict[int, Row] = field(default_factory=dict)
    filled: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    without_value: list[tuple[int, int]] = field(default_factory=list)
    not_shown: list[tuple[int, int]] = field(default_factory=list)


def read_rows(path: Path, *, fill_merged: bool = False) -> list[tuple[int, list[Cell]]]:
    """Return the rows of the first visible sheet that hold something, with their numbers, all of one length.

    A cell is a number, a truth value, text, or None. Numbers are as their format shows them (`number_formats.shown`).

    Parameters
    ----------
    fill_merged
        Whether merged cells each hold the value that they show; otherwise they are a fault.

    Raises
    ------
    InvalidData
        If the file cannot be read or exceeds a limit, or with every place where what is stored is not what is seen.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sheet = _Workbook(Archive(archive)).first_sheet()
        if fill_merged:
            _fill_merged(sheet)
        rows, width = _table(sheet)
    except FileNotFoundError:
        raise InvalidData(Fault("no such file", "give the path of an Excel file", file=str(path))) from None
    except InvalidData as error:
        raise InvalidData([fault.at(file=str(path)) for fault in error.faults]) from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RecursionError) as error:
        raise InvalidData([fault.at(file=str(path)) for fault in refused(str(error)).faults]) from None
    faults = list(_faults(sheet, rows, width))
    if faults:
        raise InvalidData([fault.at(file=str(path)) for fault in faults])
    return [(number, [row.get(column) for column in range(1, width + 1)]) for number, row in rows]


def _fill_merged(sheet: _Sheet) -> None:
    """Write the value of merged cells into each of them that stands in a row and a column with something in it."""
    numbers = [number for number, row in sorted(sheet.rows.items()) if row]
    width = max((max(sheet.rows[number]) for number in numbers), default=0)
    filled = 0
    for top, left, bottom, right in sheet.merged:
        value = sheet.rows.get(top, {}).get(left)
        across = range(left, min(right, width) + 1)
        down = numbers[bisect_left(numbers, top) : bisect_right(numbers, bottom)] if value is not None else []
        filled += len(down) * len(across)
        if filled > MAX_CELLS:
            raise refused(f"its merged ranges have more than {MAX_CELLS:,} cells")
        for number in down:
            sheet.rows[number].update(dict.fromkeys(across, value))
    sheet.merged.clear()


def _table(sheet: _Sheet) -> tuple[list[tuple[int, Row]], int]:
    """Return the rows that hold something, and how many columns they have."""
    rows = [(number, row) for number, row in sorted(sheet.rows.items()) if row]
    widths = [max(row) for _, row in rows]
    width = max(widths, default=0)
    if len(rows) * width > MAX_CELLS:
        farthest = widths.index(width)
        place = f"{column_letters(width)}{rows[farthest][0]}"
        what = f"the table has {count(len(rows), 'row')} and reaches to column {column_letters(width)}"
        remedy = f"a table has at most {MAX_CELLS:,} cells: delete what stands beside it (cell {place}), or give CSV"
        raise InvalidData(Fault(what, remedy, row=rows[farthest][0]))
    return rows, width


def _faults(sheet: _Sheet, rows: Sequence[tuple[int, Row]], width: int) -> Iterator[Fault]:
    numbers = [number for number, _ in rows]
    for first, last in _runs(number for number in numbers if number in sheet.hidden_rows):
        what = f"row {first} is hidden" if first == last else f"the rows {first} to {last} are hidden"
        yield Fault(
            what, f"show or delete {'it' if first == last else 'them'}, so that what is read is what you see", row=first
        )
    used = sorted({column for _, row in rows for column in row})
    for first, last in sheet.hidden_columns:
        if _between(used, first, last):
            which = column_letters(first) if first == last else f"{column_letters(first)} to {column_letters(last)}"
            what = f"column {which} is hidden" if first == last else f"the columns {which} are hidden"
            remedy = f"show or delete {'it' if first == last else 'them'}, so that what is read is what you see"
            yield Fault(what, remedy, row=1)
    for top, left, bottom, right in sheet.merged:
        crossed = _between(numbers, top, bottom)
        if left <= width and (crossed > 1 or (crossed and min(right, width) > left)):
            name = f"{column_letters(left)}{top}:{column_letters(right)}{bottom}"
            remedy = "unmerge them, and write the value into each cell for which it holds"
            yield Fault(f"the cells {name} are merged", remedy, row=top)
    for row, column in sheet.without_value:
        remedy = "open the file in a spreadsheet program and save it, or paste the values"
        yield Fault(f"cell {column_letters(column)}{row} holds a formula without a result", remedy, row=row)
    for row, column in sheet.not_shown:
        what = f"cell {column_letters(column)}{row} holds a number that its format hides"
        yield Fault(what, "give the cell another number format, or delete the number", row=row)


def _between(ordered: Sequence[int], first: int, last: int) -> int:
    """Return how many of some ascending numbers lie from `first` to `last`."""
    return bisect_right(ordered, last) - bisect_left(ordered, first)


def _runs(numbers: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Yield first and last of each run of consecutive numbers."""
    first = last = None
    for number in numbers:
        if last is not None and first is not None and number != last + 1:
            yield first, last
            first = None
        first = number if first is None else first
        last = number
    if first is not None and last is not None:
        yield first, last


def column_letters(column: int) -> str:
    """Return a column's letters.

    >>> [column_letters(column) for column in (1, 26, 27, 16384)]
    ['A', 'Z', 'AA', 'XFD']
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _row_number(given: str | None, following: int) -> int:
    """Return the number that a row gives, or the `following` one where it gives none."""
    if given is None:
        return following
    if not (given.isascii() and given.isdecimal() and len(given) < 8):
        raise refused(f"{given[:30]!r} is no row of a sheet")
    return int(given)


def _place(reference: str) -> tuple[int, int]:
    """Return row and column of a cell's reference."""
    match = _REFERENCE.match(reference)
    if match is None:
        raise refused(f"{reference[:20]!r} is no cell")
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    row = int(match[2])
    if not (1 <= row <= MAX_ROWS and column <= MAX_COLUMNS):
        raise refused(f"{reference[:20]!r} is no cell of a sheet")
    return row, column


class _Workbook:
    """The parts of a workbook that are needed for its first visible sheet."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._main = self._target("_rels/.rels", "", "officeDocument") or _MAIN
        self._folder = posixpath.dirname(self._main)

    def first_sheet(self) -> _Sheet:
        sheets: list[str] = []
        dates = {"from_1904": False}

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == "workbookPr":
                dates["from_1904"] = attributes.get("date1904", "0") in ("1", "true")
            elif name == "sheet" and attributes.get("state", "visible") == "visible":
                sheets.append(next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), ""))

        self._archive.parse(self._main, start, _nothing)
        relations = self._relations(self._beside(self._main), self._folder)
        found = [relations[sheet] for sheet in sheets if sheet in relations]
        parts = [part for part, kind in found if kind == "worksheet"]
        if not parts:
            raise refused("it has no visible sheet")
        strings = self._part(relations, "sharedStrings")
        styles = self._part(relations, "styles")
        return _SheetReader(
            self._strings(strings) if strings else [],
            self._formats(styles) if styles else [],
            from_1904=dates["from_1904"],
        ).read(self._archive, parts[0])

    def _target(self, part: str, folder: str, kind: str) -> str | None:
        return self._part(self._relations(part, folder), kind) if part in self._archive else None

    @staticmethod
    def _part(relations: Mapping[str, tuple[str, str]], kind: str) -> str | None:
        return next((part for part, name in relations.values() if name == kind), None)

    @staticmethod
    def _beside(part: str) -> str:
        folder, name = posixpath.split(part)
        return posixpath.join(folder, "_rels", f"{name}.rels")

    def _relations(self, part: str, folder: str) -> dict[str, tuple[str, str]]:
        """Return the parts that a part names, by id, each with its kind."""
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = (posixpath.normpath(path), kind)

        self._archive.parse(part, start, _nothing)
        return found

    def _strings(self, part: str) -> list[str]:
        """Return the texts that cells share; pronunciations are left out."""
        strings: list[str] = []
        pieces: list[str] = []
        state = {"pronunciation": 0, "length": 0}

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == "si":
                pieces.clear()
                state["length"] = 0
            elif name == "rPh":
                state["pronunciation"] += 1

        def end(name: str, text: str) -> None:
            if name == "t" and not state["pronunciation"]:
                pieces.append(text)
                state["length"] += max(1, len(text))
                if state["length"] > MAX_TEXT:
                    raise refused(f"one of its texts is longer than {MAX_TEXT:,} characters")
            elif name == "rPh":
                state["pronunciation"] -= 1
            elif name == "si":
                if len(strings) == MAX_STRINGS:
                    raise refused(f"it has more than {MAX_STRINGS:,} texts")
                strings.append("".join(pieces).strip())

        self._archive.parse(part, start, end)
        return strings

    def _formats(self, part: str) -> list[str]:
        """Return the code of each cell format; an empty one for those that show the number itself."""
        codes: dict[str, str] = {str(number): code for number, code in BUILT_IN.items()}
        formats: list[str] = []
        inside = {"cellXfs": False}

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == "numFmt" and len(codes) < _MAX_FORMATS:
                code = attributes.get("formatCode", "")
                codes[attributes.get("numFmtId", "")] = "" if code == "General" else code
            elif name == "cellXfs":
                inside["cellXfs"] = True
            elif name == "xf" and inside["cellXfs"] and len(formats) < _MAX_FORMATS:
                formats.append(codes.get(attributes.get("numFmtId", "0"), ""))

        def end(name: str, text: str) -> None:
            if name == "cellXfs":
                inside["cellXfs"] = False

        self._archive.parse(part, start, end)
        return formats


def _nothing(name: str, text: str) -> None:
    """Take no notice of an element's end."""


class _SheetReader:
    """One sheet as its elements come."""

    def __init__(self, strings: Sequence[str], formats: Sequence[str], *, from_1904: bool) -> None:
        self._strings, self._formats, self._from_1904 = strings, formats, from_1904
        self._sheet = _Sheet()
        self._row = self._column = 0
        self._hidden = False
        self._cells: Row = {}
        self._attributes: Mapping[str, str] = {}
        self._value: str | None = None
        self._pieces: list[str] | None = None
        self._has_formula = False
        self._pronunciation = 0
        self._length = 0

    def read(self, archive: Archive, part: str) -> _Sheet:
        archive.parse(part, self._start, self._end)
        return self._sheet

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            reference = attributes.get("r")
            if reference is not None:
                row, self._column = _place(reference)
                if row != self._row:
                    self._begin_row(row)
            else:
                self._column += 1
                if self._column > MAX_COLUMNS:
                    raise refused("a row has more cells than a sheet can have")
            self._attributes = attributes
            self._value, self._pieces, self._has_formula = None, None, False
        elif name == "row":
            self._begin_row(_row_number(attributes.get("r"), self._row + 1))
            if attributes.get("hidden") in ("1", "true"):
                self._hidden = True
        elif name == "rPh":
            self._pronunciation += 1
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            self._hide(attributes)
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def _begin_row(self, row: int) -> None:
        if not 1 <= row <= MAX_ROWS:
            raise refused(f"{row} is no row of a sheet")
        self._row, self._column, self._hidden = row, 0, False
        self._cells = self._sheet.rows.get(row, {})

    def _hide(self, attributes: Mapping[str, str]) -> None:
        ends = [attributes.get(key, "") for key in ("min", "max")]
        if all(end.isascii() and end.isdecimal() and len(end) < 8 for end in ends):
            self._sheet.hidden_columns.append((int(ends[0]), int(ends[1])))
        if len(self._sheet.hidden_columns) > MAX_COLUMNS:
            raise refused("it describes more columns than a sheet can have")

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        (top, left), (bottom, right) = _place(first), _place(last or first)
        self._sheet.merged.append((top, left, bottom, right))
        if len(self._sheet.merged) > _MAX_MERGED:
            raise refused(f"it has more than {_MAX_MERGED:,} merged ranges")

    def _end(self, name: str, text: str) -> None:
        if name == "v":
            self._value = text
        elif name == "t" and not self._pronunciation:
            self._add(text)
        elif name == "rPh":
            self._pronunciation -= 1
        elif name == "f":
            self._has_formula = True
        elif name == "c":
            self._end_cell()

    def _add(self, text: str) -> None:
        """Add a piece of the cell's own text, which is no longer than a cell's text can be."""
        if self._pieces is None:
            self._pieces, self._length = [], 0
        self._pieces.append(text)
        self._length += max(1, len(text))
        if self._length > MAX_TEXT:
            raise refused(f"the text of cell {column_letters(self._column)}{self._row} is longer than {MAX_TEXT:,}")

    def _end_cell(self) -> None:
        kind = self._attributes.get("t", "n")
        if self._has_formula and not self._value and not self._pieces and kind != "str":
            self._note(self._sheet.without_value)
            return
        cell = self._cell(kind)
        if cell is None or cell == "":
            return
        if self._column in self._cells:
            raise refused(f"cell {column_letters(self._column)}{self._row} stands twice in it")
        self._sheet.filled += 1
        if self._sheet.filled > MAX_CELLS:
            raise refused(f"more than {MAX_CELLS:,} cells hold something", "give the table as CSV UTF-8")
        if not self._cells:
            self._sheet.rows[self._row] = self._cells
        self._cells[self._column] = cell
        if self._hidden:
            self._sheet.hidden_rows.add(self._row)

    def _note(self, places: list[tuple[int, int]]) -> None:
        if len(places) < _MAX_NOTED:
            places.append((self._row, self._column))

    def _cell(self, kind: str) -> Cell:
        if kind == "inlineStr":
            return "".join(self._pieces or ()).strip()
        value = self._value
        if value is None:
            return None
        if kind == "s":
            return self._shared(value)
        if kind == "b":
            return value.strip() == "1"
        if kind in ("str", "e", "d"):
            return value.strip()
        return self._number(value.strip()) if value.strip() else None

    def _shared(self, value: str) -> str:
        text = value.strip()
        if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) >= len(self._strings):
            raise refused(f"cell {column_letters(self._column)}{self._row} names a text that is not there")
        return self._strings[int(text)]

    def _number(self, text: str) -> Cell:
        try:
            number = float(text) if "_" not in text else None
        except ValueError:
            number = None
        if number is None or number != number or number in (float("inf"), float("-inf")):
            raise refused(f"cell {column_letters(self._column)}{self._row} holds {text[:30]!r}, which is no number")
        cell = shown(number, self._code(), from_1904=self._from_1904)
        if cell is None:
            self._note(self._sheet.not_shown)
        return cell

    def _code(self) -> str:
        style: Any = self._attributes.get("s", "0")
        place = int(style) if style.isascii() and style.isdecimal() and len(style) < 8 else 0
        return self._formats[place] if place < len(self._formats) else ""
