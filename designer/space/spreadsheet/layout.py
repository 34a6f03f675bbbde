"""Tables as labs lay them out, rewritten as one row of headers above one row for each experiment.

`designer init` uses this to write a tidy copy of a table; every other reader stays strict. Each change has a note, and
a table in which nothing is clear is left as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median, pstdev

from designer.counting import count
from designer.units import label_reason, split_header, with_unit
from designer.units.typed_numbers import MISSING

Rows = list[list[str]]

_NUMBER = re.compile(r"^[<>≤≥~≈]?=?\s*[-+−–]?\d[\d.,]*(?:[eE][-+−]?\d+)?(?:\s*(?:±|\+/-)\s*[\d.,]+)?$")
_SUMMARIES = frozenset({
    "mean", "average", "avg", "median", "sum", "total", "min", "max", "sd", "std", "stdev", "std dev", "rsd",
    "std. dev.", "mittelwert", "durchschnitt", "summe", "moyenne", "media", "promedio",
})  # fmt: skip
"""First cells of rows below a table that summarise it."""
_MIN_SHARE = 0.6
"""Of the filled cells of a column: how many are numbers in a column of numbers."""
_MIN_COLUMNS, _MIN_ROWS = 3, 2
_REPLICATE = re.compile(
    r"^(?P<stem>.*?[^\W\d]\)?)[ _#.(-]*(?:(?:rep|replicate|run|trial|measurement|no)[ _#.-]*)?(?P<number>[1-9])\)?$",
    re.I,
)
_DERIVED = re.compile(r"(?:^|[\W_])(?:mean|average|avg|median|sd|std|stdev|sem|rsd|mittelwert)(?:$|[\W_])", re.I)
_MAX_SPREAD = 0.5
"""Of the spread between the rows: what the values of one row may differ by, to be repetitions of one measurement."""
ERROR_SUFFIX = "_sem"
"""Behind the name of a target: the column of the standard errors of its results."""
_WITH_ERROR = re.compile(r"^(?P<value>[-+−–]?\d[\d.,]*(?:[eE][-+−]?\d+)?)\s*(?:±|\+/-)\s*(?P<error>[\d.,]+)$")
_GRID_CORNER = re.compile(r"^(?P<down>[^\\/|]+?)\s*[\\/|]\s*(?P<across>[^\\/|]+)$")


@dataclass(frozen=True)
class Layout:
    """A table of text: its rows, the first of them the headers, all of one length; and what was changed, in words."""

    rows: Rows
    notes: tuple[str, ...] = ()

    @property
    def header(self) -> list[str]:
        """The first row."""
        return self.rows[0]

    @property
    def body(self) -> Rows:
        """The rows below the headers."""
        return self.rows[1:]

    def changed(self, rows: Rows, note: str) -> Layout:
        """Return the layout with other rows and a further note."""
        return replace(self, rows=rows, notes=(*self.notes, note))


def tidied(rows: Sequence[Sequence[str]], result: str | None = None) -> Layout:
    """Return a table with one row of headers and one row for each experiment, and what was changed.

    Parameters
    ----------
    rows
        All rows of the table as text.
    result
        The name of the values in the cells of a grid, None for ``result``.

    Examples
    --------
    >>> rows = [["Trials", "", ""], ["T", "gas", "y"], ["K", "", "MPa"], ["300", "N2", "1"], ["310", "Ar", "2"]]
    >>> found = tidied(rows)
    >>> found.rows[0], found.notes
    (['T [K]', 'gas', 'y [MPa]'], ('1 row above the headers was left out', 'the units were read from the row below \
the headers'))
    """
    width = max((len(row) for row in rows), default=0)
    layout = Layout([[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows])
    layout = replace(layout, rows=[row for row in layout.rows if any(row)])
    steps: list[Callable[[Layout], Layout]] = [_without_titles, _one_header, _units_in_headers, _without_summaries]
    steps += [_errors_apart]
    for step in [*steps, lambda found: _grid_as_rows(found, result), _replicates_as_rows]:
        if len(layout.rows) > _MIN_ROWS and width >= _MIN_COLUMNS:
            layout = step(layout)
    return layout


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, with a decimal point or comma, a limit, or a number with its error.

    >>> [is_number(cell) for cell in ("1,5", "< 2", "3.1 ± 0.2", "N2", "2 h", "")]
    [True, True, True, False, False, False]
    """
    return _NUMBER.match(cell) is not None


def _filled(row: Sequence[str]) -> list[str]:
    return [cell for cell in row if cell]


def _without_titles(layout: Layout) -> Layout:
    """Leave out the rows above the headers: a title, and lines such as ``Operator: M. Frey``."""
    width = max(len(_filled(row)) for row in layout.rows)
    first = 0
    while first < len(layout.rows) - _MIN_ROWS and _is_title(layout.rows[first], width):
        first += 1
    if not first:
        return layout
    were = "was" if first == 1 else "were"
    return layout.changed(layout.rows[first:], f"{count(first, 'row')} above the headers {were} left out")


def _is_title(row: Sequence[str], width: int) -> bool:
    filled = _filled(row)
    labelled = len(filled) <= 2 and filled[0].endswith(":")
    return (
        width >= _MIN_COLUMNS and not any(map(is_number, filled)) and (labelled or (len(filled) == 1 and bool(row[0])))
    )


def _one_header(layout: Layout) -> Layout:
    """Join two rows of headers: the upper one names groups of columns, and has blanks or repeats over their members."""
    upper, lower, *body = layout.rows
    groups = Counter(_filled(upper))
    has_groups = any(upper) and (len(_filled(upper)) < len(_filled(lower)) or max(groups.values()) > 1)
    if not has_groups or not body or not all(lower) or any(map(is_number, [*upper, *lower])) or _are_units(lower, body):
        return layout
    if not any(is_number(cell) for row in body for cell in row) or _is_data(lower, body):
        return layout
    joined, group = [], ""
    for i, (above, below) in enumerate(zip(upper, lower, strict=True)):
        group = above or (group if i else "")
        joined.append(f"{group} {below}".strip() if group != below else below)
    if len(set(joined)) < len(joined):
        return layout
    return layout.changed([joined, *body], "the two rows of headers were joined")


def _is_data(row: Sequence[str], body: Rows) -> bool:
    """Whether a row repeats words of the rows below it, as experiments do."""
    return any(cell in {other[i] for other in body} for i, cell in enumerate(row) if cell)


def _numeric_columns(body: Rows) -> list[bool]:
    columns = [
        [cell for cell in column if cell and cell.casefold() not in MISSING] for column in zip(*body, strict=True)
    ]
    return [bool(cells) and sum(map(is_number, cells)) >= _MIN_SHARE * len(cells) for cells in columns]


def _are_units(row: Sequence[str], body: Rows) -> bool:
    """Whether a row holds units: every filled cell is above numbers, and at least one is a known unit."""
    numeric = _numeric_columns(body)
    filled = [(unit, above) for unit, above in zip(map(_unit, row), numeric, strict=True) if unit]
    plausible = all(above and unit.casefold() not in MISSING and not is_number(unit) for unit, above in filled)
    return bool(filled) and plausible and any(label_reason(unit) is None for unit, _ in filled)


def _unit(cell: str) -> str:
    """Return the unit in a cell, which may stand in brackets; nothing for a dash."""
    return cell.strip("[]() ").strip("-–")


def _units_in_headers(layout: Layout) -> Layout:
    """Write the units of the row below the headers into these."""
    header, units, *body = layout.rows
    if not body or not _are_units(units, body) or any(split_header(name)[1] for name in header):
        return layout
    named = [with_unit(name, _unit(unit) or None) for name, unit in zip(header, units, strict=True)]
    return layout.changed([named, *body], "the units were read from the row below the headers")


def _without_summaries(layout: Layout) -> Layout:
    """Leave out the rows below the table that summarise it or remark on it."""
    width = len(_filled(layout.header))
    last = len(layout.rows)
    while last > _MIN_ROWS and _is_summary(layout.rows[last - 1], width):
        last -= 1
    left = len(layout.rows) - last
    if not left:
        return layout
    were = "was" if left == 1 else "were"
    return layout.changed(layout.rows[:last], f"{count(left, 'row')} below the table {were} left out")


def _is_summary(row: Sequence[str], width: int) -> bool:
    filled = _filled(row)
    is_note = len(filled) == 1 and width >= _MIN_COLUMNS and len(filled[0].split()) > 2
    return is_note or filled[0].casefold().strip(":. ") in _SUMMARIES


def _errors_apart(layout: Layout) -> Layout:
    """Write the errors of ``12.4 ± 0.6`` into a column of their own."""
    for i in reversed(range(len(layout.header))):
        matches = [_WITH_ERROR.match(row[i]) for row in layout.body]
        title, unit = split_header(layout.header[i])
        name = with_unit(f"{title}{ERROR_SUFFIX}", unit)
        if not any(matches) or name in layout.header:
            continue
        rows = [[*layout.header[: i + 1], name, *layout.header[i + 1 :]]]
        for row, match in zip(layout.body, matches, strict=True):
            pair = [row[i], ""] if match is None else [match["value"], match["error"]]
            rows.append([*row[:i], *pair, *row[i + 1 :]])
        note = f"the errors of {title!r} were written into {name!r}, as standard errors of the mean"
        layout = layout.changed(rows, note)
    return layout


def _grid_as_rows(layout: Layout, result: str | None) -> Layout:
    """Write a grid as a table: ``ligand \\ base`` in its corner, choices down and across, results in its cells."""
    corner = _GRID_CORNER.match(layout.header[0])
    across, down = layout.header[1:], [row[0] for row in layout.body]
    cells = [cell for row in layout.body for cell in row[1:] if cell]
    if corner is None or not all([*across, *down]) or len(set(across)) < len(across) or len(set(down)) < len(down):
        return layout
    if not cells or sum(map(is_number, cells)) < _MIN_SHARE * len(cells):
        return layout
    rows = [[row[0], choice, cell] for row in layout.body for choice, cell in zip(across, row[1:], strict=True) if cell]
    names = [corner["down"].strip(), corner["across"].strip(), result or "result"]
    note = f"the grid of {names[0]!r} and {names[1]!r} was written with one row for each filled cell"
    return layout.changed([names, *rows], note)


def _replicates_as_rows(layout: Layout) -> Layout:
    """Write repeated measurements that stand in columns of their own, ``strength 1``, ``strength 2``, in rows."""
    found = _replicate_columns(layout)
    if not found:
        return layout
    stem, columns = found
    unit = split_header(layout.header[columns[0]])[1]
    derived = {i for i, name in enumerate(layout.header) if _DERIVED.search(split_header(name)[0])}
    others = [i for i in range(len(layout.header)) if i not in derived and i not in columns]
    header = [*(layout.header[i] for i in others), "replicate", with_unit(stem, unit)]
    settings = [i for i in others if not _names_rows([row[i] for row in layout.body])]
    times: Counter[tuple[str, ...]] = (
        Counter()
    )  # of equal designs: a specimen that was made twice has further replicates
    rows = []
    for row in layout.body:
        design = tuple(row[i] for i in settings)
        for column in columns:
            if row[column]:
                times[design] += 1
                rows.append([*(row[i] for i in others), str(times[design]), row[column]])
    names = ", ".join(repr(layout.header[i]) for i in columns)
    return layout.changed([header, *rows], f"the columns {names} are replicates: each has a row of its own")


def _names_rows(cells: Sequence[str]) -> bool:
    """Whether the cells of a column name the rows: words that are all different, or consecutive numbers."""
    if len(set(cells)) < len(cells):
        return False
    first = int(cells[0]) if re.fullmatch(r"\d{1,6}", cells[0]) else 0
    return not any(map(is_number, cells)) or list(cells) == [str(first + i) for i in range(len(cells))]


def _replicate_columns(layout: Layout) -> tuple[str, list[int]] | None:
    """Return the name of a quantity that is measured repeatedly, and its columns; None if there is not exactly one.

    The columns are numbered from 1, and their values differ far less within a row than between rows.
    """
    stems: dict[str, list[tuple[int, int]]] = {}
    numeric = _numeric_columns(layout.body)
    for i, name in enumerate(layout.header):
        match = _REPLICATE.match(split_header(name)[0])
        if match is not None and numeric[i]:
            stems.setdefault(match["stem"].strip(" _#.("), []).append((int(match["number"]), i))
    found = [
        (stem, [i for _, i in columns])
        for stem, columns in stems.items()
        if len(columns) > 1 and [number for number, _ in columns] == list(range(1, len(columns) + 1))
        and _repeats([[row[i] for _, i in columns] for row in layout.body])
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _repeats(rows: Rows) -> bool:
    numbers = [[float(cell.replace(",", ".")) for cell in row if _is_plain(cell)] for row in rows]
    complete = [row for row in numbers if len(row) > 1]
    if len(complete) < _MIN_COLUMNS:
        return False
    between = pstdev([sum(row) / len(row) for row in complete])
    return between > 0 and median(pstdev(row) for row in complete) <= _MAX_SPREAD * between


def _is_plain(cell: str) -> bool:
    return re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?", cell) is not None
