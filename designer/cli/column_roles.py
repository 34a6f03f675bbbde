"""Which columns of a lab's table are no settings: numbers of runs, dates, people, places, remarks, other results.

The names of columns decide, word by word; a remark says what was left out and why, so that a person can put it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from designer.units import split_header
from designer.units.typed_numbers import unreadable

if TYPE_CHECKING:
    from designer.cli.lab_column import Column

SUM_TOLERANCE = Decimal("0.02")
"""Of the total: what amounts as they were written may miss it by."""
ANOTHER_RESULT = "it looks like another result"
_MIN_ROWS = 4
_MIN_SPAN = Decimal("0.1")
"""Of the total: what the amounts of at least one part differ by between the rows."""
_MAX_SPAN_OF_SUM = Decimal("0.1")
"""Of the spans of all parts: what the sums may differ by."""


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NUMBERS = _words_of(
    "id ids uid uuid no nr num number index idx row sample specimen run exp expt experiment trial entry "
    "barcode label code unnamed"
)
_DATES = _words_of("date datum timestamp datetime weekday")
_PEOPLE = _words_of("operator user person analyst chemist researcher student author technician")
_PLACES = _words_of("position pos well plate slot vial rack tray location row column col rep replicate repeat")
_REMARKS = _words_of("remark remarks comment comments note notes reference doi source url link file filename path")
_ERRORS = _words_of("sem std stdev stddev sd error err uncertainty sigma variance rsd")
_RESULTS = _words_of(
    "yield conversion selectivity purity efficiency pce voc jsc strength hardness toughness modulus "
    "conductivity resistivity mobility overpotential loss score absorbance transmittance haze roughness "
    "bandgap plqy fwhm tof ton response result outcome objective measured"
)
_COUNTING = _words_of("id no nr number index code key")


def why_no_setting(column: Column) -> str | None:
    """Return why a column is no setting, as the end of a sentence; None where its name does not say so."""
    words = set(_words(split_header(column.header)[0]))
    if words and words <= _NUMBERS:
        return "it numbers the rows"
    if words & _DATES or _are_dates(column.words):
        return "it holds dates"
    if words & _PEOPLE:
        return "it names a person"
    if words and words <= _PLACES | _NUMBERS:
        return "it is a place or a repetition, and no setting"
    if words & _REMARKS:
        return "it holds remarks"
    if words & _ERRORS:
        return "it is the error of a result"
    if words & _RESULTS and column.is_numeric:
        return ANOTHER_RESULT
    return None


def _words(title: str) -> Iterator[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", title)
    yield from (word.casefold() for word in re.findall(r"[^\W\d_]+", apart))


def _are_dates(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all((found := unreadable(cell)) is not None and found.kind == "date" for cell in filled)


def same_choices(columns: Sequence[Column]) -> dict[str, Column]:
    """Return the columns that only repeat the choices of another one under other names, with that other one.

    Of a name and its SMILES the name stays: the shorter words. Of a name and its number the name.
    """
    words = [c for c in columns if not c.is_numeric or set(_words(split_header(c.header)[0])) & _COUNTING]
    repeated: dict[str, Column] = {}
    for i, first in enumerate(words):
        for second in words[i + 1 :]:
            if first.header in repeated or second.header in repeated or not _one_to_one(first.words, second.words):
                continue
            kept, other = (first, second) if _rank(first) <= _rank(second) else (second, first)
            if not kept.is_numeric:
                repeated[other.header] = kept
    return repeated


def _rank(column: Column) -> tuple[bool, int]:
    return column.is_numeric, sum(map(len, set(column.words)))


def _one_to_one(first: Sequence[str], second: Sequence[str]) -> bool:
    pairs = {(a, b) for a, b in zip(first, second, strict=True) if a or b}
    distinct = len(pairs)
    rows = sum(1 for a in first if a)
    return 1 < distinct < rows and len({a for a, _ in pairs}) == len({b for _, b in pairs}) == distinct


def parts_of_a_whole(columns: Sequence[Column]) -> tuple[list[Column], Decimal] | None:
    """Return the columns that are amounts of one total in every row, and the total; None where there are none.

    Amounts are numbers of one unit, none below zero, that stand beside each other and differ between the rows.
    """
    best: tuple[list[Column], Decimal] | None = None
    for run in _runs_of_amounts(columns):
        for length in range(len(run), 1, -1):
            if best is not None and length <= len(best[0]):
                break
            for start in range(len(run) - length + 1):
                part = run[start : start + length]
                total = total_of(part)
                if total is not None and (best is None or length > len(best[0])):
                    best = part, total
    return best


def _runs_of_amounts(columns: Sequence[Column]) -> Iterator[list[Column]]:
    run: list[Column] = []
    for column in columns:
        fits = column.is_numeric and column.settings[0] >= 0 and len(column.settings) > 1
        if run and (not fits or column.unit != run[-1].unit):
            yield run
            run = []
        if fits:
            run.append(column)
    yield run


def total_of(columns: Sequence[Column]) -> Decimal | None:
    """Return the total to which columns sum in every row that is filled in, None where they sum to none.

    The total is the one of 1 and 100 that the sums are near, else their median in three digits.
    """
    rows = zip(*(column.numbers or () for column in columns), strict=True)
    sums = sorted(sum(row, Decimal(0)) for row in rows if None not in row)
    if len(sums) < _MIN_ROWS or sums[0] <= 0:
        return None
    middle = sums[len(sums) // 2]
    candidates = [Decimal(1), Decimal(100), Decimal(f"{middle:.3g}"), middle]
    for total in candidates:
        if all(abs(found - total) <= SUM_TOLERANCE * total for found in sums):
            return total if _balance(columns, sums, total) else None
    return None


def _balance(columns: Sequence[Column], sums: Sequence[Decimal], total: Decimal) -> bool:
    """Whether columns vary far more than their sum: each gives way to the others, as parts of a whole do."""
    spans = [column.settings[-1] - column.settings[0] for column in columns]
    return max(spans) >= _MIN_SPAN * total and sums[-1] - sums[0] <= _MAX_SPAN_OF_SUM * sum(spans)
