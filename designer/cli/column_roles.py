"""Which columns of a lab's table are no settings: numbers of runs, dates, people, places, remarks, other results.

And whether its rows are all that can be made, and the column by which the lab knows them.

The names of columns decide, word by word; a remark says what was left out and why, so that a person can put it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from designer.units import split_header
from designer.units.typed_numbers import unreadable

if TYPE_CHECKING:
    from designer.cli.draft import Entry
    from designer.cli.lab_column import Column

_MIN_CANDIDATES = 4
FORMULAS = "only the formulas of the table can be made"
MOSTLY_BLANK = "most rows have no result yet, as in a list of candidates"
ANOTHER_RESULT = "it looks like another result"
_MIN_ROWS = 4


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


_NUMBERS = words_of(
    "id ids uid uuid no nr num number index idx row sample specimen run exp expt experiment trial entry "
    "barcode label code unnamed generation iteration round order sequence seq probe versuch lfd"
)
_DATES = words_of("date datum timestamp datetime weekday")
_PEOPLE = words_of(
    "operator user person analyst chemist researcher student author technician tester experimenter scientist engineer "
    "bediener who"
)
_PLACES = words_of(
    "position pos well plate slot vial rack tray location row column col rep replicate repeat batch lot series session "
    "shift day week month year"
)
_POSITIONS = words_of("position pos coordinate coordinates coord coords")
_AXES = words_of("x y z r theta radial wafer sample stage substrate die chip")
"""Words beside those of positions: `x_pos`, `sample position`; the position of a valve or a nozzle may be set."""
_WHERE = words_of("wafer die chip coupon")
"""Places where their cells are numbered, as W3 or 12; else kinds of substrate."""
_NUMBERED = re.compile(r"[A-Za-z]?[-_ #]?\d{1,4}")
_DIRECTIONS = words_of("plus minus pos neg positive negative up down forward backward fwd bwd upper lower before after")
"""Words in which two results of one quantity differ, as `coercive field +` and `-`."""
_REMARKS = words_of(
    "remark remarks comment comments note notes reference doi source url link file filename path bemerkung kommentar"
)
_STRUCTURE = words_of("lattice spacegroup")
_SPACE_GROUP = words_of("space group")
_COSTS = words_of("price prices cost costs preis kosten")
_SURROUNDINGS = words_of("humidity ambient outdoor weather feuchte luftfeuchte")
COST = "it is what an experiment cost"
_ERRORS = words_of("sem std stdev stddev sd uncertainty sigma variance rsd")
_ERRORS_OR_RESULTS = words_of("error err")
"""These are the error of a result only where the table has that result: an error of transfer is a result itself."""
_RESULTS = words_of(
    "yield conversion selectivity purity impurity byproduct efficiency pce voc jsc strength elongation hardness "
    "toughness modulus conductivity resistivity mobility overpotential loss score absorbance transmittance haze "
    "roughness bandgap plqy fwhm tof ton turnover response result outcome objective measured hydrodynamic dispersity "
    "pdi zeta viscosity lifetime stability instability degradation capacity retention slump gwp titer titre "
    "productivity throughput"
)
_OF_PARTICLES = words_of("pdi polydispersity dispersity zeta hydrodynamic")
_SIZES = words_of("size diameter radius")
"""Measured where a column of the table is a property of particles that is always measured beside them."""
_COUNTING = words_of("id no nr number index code key")
_CODED = words_of("smiles inchi inchikey selfies cas mol")
"""Words of headers whose cells name a molecule for programs: a column of names is for people."""
_MIN_RESULT_DIGITS = 4


def why_no_setting(column: Column, columns: Sequence[Column] = ()) -> str | None:
    """Return why a column is no setting, as the end of a sentence; None where its name does not say so.

    Parameters
    ----------
    columns
        All columns of the table: an error stands beside the result that it belongs to.
    """
    words = set(header_words(column))
    if numbers_rows(column):
        return "it numbers the rows"
    if words & _DATES or _are_dates(column.words):
        return "it holds dates"
    if words & _PEOPLE or (len(words) > 1 and list(header_words(column))[-1] == "by"):  # prepared by
        return "it names a person"
    if words and (words <= _PLACES | _NUMBERS or _is_position(words, column)):
        return "it is a place or a repetition, and no setting"
    if words & _REMARKS:
        return "it holds remarks"
    if words & _STRUCTURE or words >= _SPACE_GROUP:
        return "it is the structure that was found, and no setting"
    if words & _ERRORS or (words & _ERRORS_OR_RESULTS and _has_its_result(column, words, columns)):
        return "it is the error of a result"
    if column.is_numeric and (words & (_RESULTS | _ERRORS_OR_RESULTS) or _is_measured_size(words, column, columns)):
        return ANOTHER_RESULT
    return None


def _is_position(words: set[str], column: Column) -> bool:
    """Whether a column says where on a sample something was measured, or which sample it was."""
    if words & _POSITIONS:
        return words <= _POSITIONS | _AXES
    filled = [cell for cell in column.words if cell]
    return words <= _WHERE and bool(filled) and all(_NUMBERED.fullmatch(cell) for cell in filled)


def _is_measured_size(words: set[str], column: Column, columns: Sequence[Column]) -> bool:
    """Whether a size of particles stands beside a property that is measured with it."""
    others = [set(header_words(other)) for other in columns if other is not column]
    return bool(words & _SIZES) and any(other & _OF_PARTICLES for other in others)


def numbers_rows(column: Column) -> bool:
    """Whether a header is a number or an id of a run, a sample or an experiment."""
    words = set(header_words(column))
    return bool(words) and words <= _NUMBERS


def names_molecules(column: Column) -> bool:
    """Whether the cells of a column name molecules for programs, as SMILES do."""
    return not _CODED.isdisjoint(header_words(column))


def names_a_result(column: Column) -> bool:
    """Whether a header has a word of a result, as a yield or a strength."""
    return not _RESULTS.isdisjoint(header_words(column))


def names_a_cost(column: Column) -> bool:
    """Whether a column holds what experiments cost, by a word of its header."""
    return column.is_numeric and not _COSTS.isdisjoint(header_words(column))


def may_be_context(column: Column) -> bool:
    """Whether a header names what is often known and not chosen, as humidity."""
    return not _SURROUNDINGS.isdisjoint(header_words(column))


def _has_its_result(column: Column, words: set[str], columns: Sequence[Column]) -> bool:
    """Whether a column of errors has its result in the table: one whose header has all its other words."""
    rest = words - _ERRORS - _ERRORS_OR_RESULTS
    others = (set(header_words(other)) for other in columns if other is not column and other.is_numeric)
    return bool(rest) and any(rest <= other and _ERRORS.isdisjoint(other) for other in others)


def same_quantity(column: Column, target: Column) -> bool:
    """Whether two headers name one quantity measured at two times or by two methods, as ``strength_07d`` and ``_28d``.

    They differ in words with a digit, or in a sign or a direction, alone.
    """
    first, second = (_quantity_words(split_header(each.header)[0].casefold()) for each in (column, target))
    left, right = (
        [word for word in words if not re.search(r"\d", word) and word not in _DIRECTIONS] for words in (first, second)
    )
    return column.is_numeric and first != second and left == right and bool(max(left, key=len, default="")[1:])


def _quantity_words(title: str) -> list[str]:
    signs = re.sub(r"[-−–](?=\s*$)", " minus ", title.replace("+", " plus "))
    return [word for word in re.split(r"[\W_]+", signs) if word]


def unlike_settings(settings: Sequence[Column], columns: Sequence[Column], targets: Sequence[Column]) -> list[Column]:
    """Return the columns beside the targets whose values never repeat, as measured ones do, while all settings repeat.

    Parameters
    ----------
    settings
        The columns that may be settings.
    columns
        All columns of the table, in its order.
    """
    places = {column.header: place for place, column in enumerate(columns)}
    beside = {places[target.header] for target in targets}
    left = [column for column in settings if not is_measured(column)]
    measured = [column for column in settings if is_measured(column)]
    found: list[Column] = []
    for _ in measured:
        near = [c for c in measured if c not in found and beside & {places[c.header] - 1, places[c.header] + 1}]
        found += near
        beside |= {places[column.header] for column in near}
    others = [*left, *(column for column in measured if column not in found)]
    return found if others and all(map(_repeats, others)) else []


def is_measured(column: Column) -> bool:
    """Whether a column holds numbers of many digits that hardly repeat, as measured ones do."""
    numbers = [number for number in column.numbers or () if number is not None]
    digits = sorted(len(number.normalize().as_tuple().digits) for number in numbers)
    enough = len(numbers) >= 2 * _MIN_ROWS and 2 * len(set(numbers)) > len(numbers)
    return enough and digits[len(digits) // 2] >= _MIN_RESULT_DIGITS


def _repeats(column: Column) -> bool:
    filled = [word for word in column.words if word]
    return 4 * len(set(filled)) <= len(filled)


def header_words(column: Column) -> Iterator[str]:
    """Go through the words of a column's header without its unit, in small letters."""
    yield from _words(split_header(column.header)[0])


def _words(title: str) -> Iterator[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title)
    yield from (word.casefold() for word in re.findall(r"[^\W\d_]+", apart))


def _are_dates(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all((found := unreadable(cell)) is not None and found.kind == "date" for cell in filled)


def same_choices(columns: Sequence[Column]) -> dict[str, Column]:
    """Return the columns that only repeat the choices of another one under other names, with that other one.

    Of a name and its SMILES the name stays, by the headers, else the shorter words. Of a name and its number the name.
    """
    words = [c for c in columns if not c.is_numeric or set(header_words(c)) & _COUNTING]
    repeated: dict[str, Column] = {}
    for i, first in enumerate(words):
        for second in words[i + 1 :]:
            if first.header in repeated or second.header in repeated or not _one_to_one(first.words, second.words):
                continue
            kept, other = (first, second) if _rank(first) <= _rank(second) else (second, first)
            if not kept.is_numeric:
                repeated[other.header] = kept
    return repeated


def _rank(column: Column) -> tuple[bool, bool, int]:
    return column.is_numeric, names_molecules(column), sum(map(len, set(column.words)))


def _one_to_one(first: Sequence[str], second: Sequence[str]) -> bool:
    pairs = {(a, b) for a, b in zip(first, second, strict=True) if a or b}
    distinct = len(pairs)
    rows = sum(1 for a in first if a)
    return 1 < distinct < rows and len({a for a, _ in pairs}) == len({b for _, b in pairs}) == distinct


def why_candidates(parameters: Sequence[Entry], settings: Sequence[Column], results: Sequence[Column]) -> str | None:
    """Return why the rows look like all designs there are; None where they do not.

    Formulas can be chosen from a table only. Rows that are all different, and most of which have no result, are a list
    of what could be made, and not a record of what was.
    """
    if any(("kind", "formula") in entry.keys for entry in parameters):
        return FORMULAS
    rows = list(zip(*(column.words for column in settings), strict=True))
    blank = sum(not any(cells) for cells in zip(*(column.words for column in results), strict=True))
    if len(rows) >= _MIN_CANDIDATES and len(set(rows)) == len(rows) and (2 * blank > len(rows) or not results):
        return MOSTLY_BLANK
    return None


def id_column(columns: Sequence[Column], left_out: Mapping[str, str]) -> str | None:
    """Return the header of the column by which the lab knows each row: filled in, and different in every row.

    Columns that number the rows go before columns of names.
    """
    distinct = [
        column
        for column in columns
        if column.header in left_out and all(column.words) and len(set(column.words)) == len(column.words)
    ]
    distinct.sort(key=lambda column: not numbers_rows(column))
    return distinct[0].header if distinct else None
