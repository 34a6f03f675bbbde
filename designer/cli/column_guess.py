"""From a lab's table to the draft of a campaign file: what each column probably is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import reduce
from math import gcd
from typing import TYPE_CHECKING, Any, Literal

from designer.campaign.file.reserved_columns import OWN
from designer.chemistry.symbols import KNOWN_SYMBOLS
from designer.cli.column_roles import ANOTHER_RESULT, SUM_TOLERANCE, parts_of_a_whole, same_choices, why_no_setting
from designer.cli.draft import Draft, Entry, Scalar, plain_number
from designer.cli.lab_column import Column
from designer.errors import Fault, InvalidData, InvalidInput
from designer.space.parameters.fields import GRAMMAR_WORDS, identifier
from designer.units import number_and_unit, parse_quantity, shortened, split_header

if TYPE_CHECKING:
    import pandas as pd

MAX_CHOICES = 30
MAX_STEPS = 1000
LOG_FROM = 100
"""A ratio of largest to smallest value from which a column is taken to span decades."""

_MAX_DIGITS = 100
_MEANT_BY_RESULTS = frozenset({"replicate", "failed"})
"""Columns that tables of results have themselves."""
_USUAL_TOTALS = {"fraction": Decimal(1), "percent": Decimal(100), "%": Decimal(100)}
_SUMS = {Decimal(1): "fraction", Decimal(100): "at.%"}


@dataclass(frozen=True)
class ColumnRequest:
    """The goal of one column of the table; None for a column that was only measured."""

    column: str
    goal: Literal["minimize", "maximize", "match"] | None
    value: Decimal | None = None
    tolerance: Decimal | None = None


def read_columns(frame: pd.DataFrame) -> list[Column]:
    """Return the columns of a table of text, in its order."""
    names: set[str] = set()
    return [_read_column(str(header), [_text(cell) for cell in frame[header]], names) for header in frame.columns]


def guess(
    columns: Sequence[Column], name: str, requests: Sequence[ColumnRequest], ignore: Sequence[str], file: str
) -> Draft:
    """Return a draft: the requested columns are targets, the others are parameters unless they are to be ignored.

    Raises
    ------
    InvalidData
        If a requested or ignored column is not in the table, or no column is left to be a parameter.
    """
    wanted = {find(columns, request.column, file).header: request for request in requests}
    dropped = {find(columns, given, file).header for given in ignore}
    targets = [_target(column, wanted[column.header], file) for column in columns if column.header in wanted]
    rest = [column for column in columns if column.header not in wanted and column.header not in dropped]
    remarks = [f"Drafted from {file}; every guess carries a comment: please check them all."]
    settings, left_out = _settings(rest)
    parameters, used = _parts(settings)
    is_pool = False
    for column in settings:
        if column in used:
            continue
        entry, reason = _parameter(column)
        if entry is not None:
            parameters.append(entry)
            is_pool |= ("kind", "formula") in entry.keys
        else:
            left_out[column.header] = reason
    remarks += [f"Column {header!r} was left out: {reason}." for header, reason in left_out.items()]
    remarks += [f"Column {header!r} was left out, as asked." for header in sorted(dropped)]
    if not parameters:
        what = "no column of the table is a parameter"
        raise InvalidData(Fault(what, "keep at least one column of settings that differ between rows", file=file))
    others = [column.header for column in rest if column.header in left_out] + sorted(dropped)
    others = [header for header in others if split_header(header)[0] not in _MEANT_BY_RESULTS]
    return Draft(name, parameters, targets, remarks, file if is_pool else None, others, table=file)


def _settings(columns: Sequence[Column]) -> tuple[list[Column], dict[str, str]]:
    """Return the columns that may be settings, and why each other one is left out."""
    left_out: dict[str, str] = {}
    for column in columns:
        if (reason := why_no_setting(column)) is not None:
            left_out[column.header] = reason
        elif split_header(column.header)[0] in OWN:
            left_out[column.header] = "it belongs to the campaign's own tables"
    if len(left_out) == len(columns):  # what looks like a result elsewhere is the setting here
        left_out = {header: reason for header, reason in left_out.items() if reason != ANOTHER_RESULT}
    for header, other in same_choices([column for column in columns if column.header not in left_out]).items():
        left_out[header] = f"it names the choices of {other.header!r} once more"
    return [column for column in columns if column.header not in left_out], left_out


def _parts(columns: Sequence[Column]) -> tuple[list[Entry], list[Column]]:
    """Return the composition or mixture of a table as a list of at most one line, and its columns."""
    shares = _shares(columns)
    if shares:
        return [_share_entry(shares)], shares
    found = parts_of_a_whole(columns)
    return ([_mixture_entry(*found)], found[0]) if found is not None else ([], [])


def _mixture_entry(columns: Sequence[Column], total: Decimal) -> Entry:
    titles = [split_header(column.header)[0] for column in columns]
    given = columns[0].unit
    unit = given or {Decimal(1): "fraction", Decimal(100): "percent"}.get(total, "parts")
    taken: set[str] = set()
    keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", "mixture"), ("kind", "mixture")]
    keys += [("components", [identifier(title, taken) for title in titles]), ("unit", unit)]
    if total != _USUAL_TOTALS.get(unit):
        keys.append(("total", total))
    keys.append(("columns", titles))
    step = _common_step([Decimal(0), *sorted({n for column in columns for n in column.settings}), total])
    if step is not None and _is_exact(columns, total):
        keys.append(("step", step))
    return Entry(keys, f"the columns sum to {plain_number(total)} in every row, to 2 %")


def _is_exact(columns: Sequence[Column], total: Decimal) -> bool:
    rows = zip(*(column.numbers or () for column in columns), strict=True)
    return all(sum(number or 0 for number in row) == total for row in rows if None not in row)


def find(columns: Sequence[Column], given: str, file: str) -> Column:
    """Return the column that a person calls `given`: by its header, with or without the unit, or by its name here.

    Raises
    ------
    InvalidData
        If there is none.
    """
    for column in columns:
        if given in (column.header, split_header(column.header)[0], column.name):
            return column
    known = ", ".join(column.header for column in columns)
    raise InvalidData(Fault(f"there is no column {given!r}", f"the table has: {known}", file=file))


def likely_target(columns: Sequence[Column]) -> Column | None:
    """Return the last column of numbers that differ: labs write results to the right of the settings."""
    numeric = [column for column in columns if column.is_numeric and len(column.settings) > 1]
    return numeric[-1] if numeric else None


def _text(cell: Any) -> str:
    """Return a cell as a spreadsheet shows it."""
    if cell is None:
        return ""
    return (
        plain_number(Decimal(repr(cell))) if isinstance(cell, int | float) and not isinstance(cell, bool) else str(cell)
    )


def _read_column(header: str, cells: list[str], names: set[str]) -> Column:
    title, unit = split_header(header)
    words = tuple(cell.strip() for cell in cells)
    if unit is None:
        unit = _unit_in_cells(words)
    return Column(header, identifier(_spelled(title), names), unit, words, _numbers(words, unit))


def _spelled(title: str) -> str:
    """Return a title with a sign at its end as a word: voltages + and - are two quantities.

    >>> _spelled("Coercive voltage +"), _spelled("Coercive voltage −"), _spelled("T")
    ('Coercive voltage plus', 'Coercive voltage minus', 'T')
    """
    for signs, word in (("+", "plus"), ("-−–", "minus")):
        if len(title) > 1 and title[-1] in signs:
            return f"{title[:-1].rstrip()} {word}"
    return title


def _unit_in_cells(words: Sequence[str]) -> str | None:
    units = {found[1] for word in words if word and (found := number_and_unit(word)) and found[1]}
    unit = units.pop() if len(units) == 1 else None
    return unit if unit is not None and re.match(r"[^\W\d_]|[%°]|1/", unit) else None


def _numbers(words: Sequence[str], unit: str | None) -> tuple[Decimal | None, ...] | None:
    numbers: list[Decimal | None] = []
    for word in words:
        number = _number(word, unit) if word else None
        if word and number is None:
            return None
        numbers.append(number)
    return tuple(numbers) if any(number is not None for number in numbers) else None


def _number(word: str, unit: str | None) -> Decimal | None:
    """Return the number in a cell, in `unit`; None where it holds none, or one that is beyond all that is measured."""
    found = number_and_unit(word)
    if found is None:
        return None
    try:
        is_own = not found[1] or found[1] == unit
        number = Decimal(found[0]) if is_own else Decimal(repr(parse_quantity(word, unit)))
    except (InvalidInput, InvalidOperation):
        return None
    # Whole numbers are made of these later: 1e999999999 would fill the memory.
    return number if not number or abs(number.adjusted()) < _MAX_DIGITS else None


def _target(column: Column, request: ColumnRequest, file: str) -> Entry:
    if not column.is_numeric:
        odd = next((word for word in column.words if word and _number(word, column.unit) is None), "")
        unusable = f"{shortened(odd)!r} is not a number, and so the column cannot be a target"
        what = unusable if odd else "the column is empty"
        raise InvalidData(Fault(what, "correct the cell, or choose another column", file=file, column=column.header))
    title = split_header(column.header)[0]
    if title in GRAMMAR_WORDS:  # reserved for parameters alone
        column = replace(column, name=title)
    keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", column.name)]
    keys += _column_key(column) + _unit_key(column) + ([("goal", request.goal)] if request.goal is not None else [])
    keys += [
        (key, given) for key, given in (("value", request.value), ("tolerance", request.tolerance)) if given is not None
    ]
    low, high = column.settings[0], column.settings[-1]
    return Entry(keys, f"so far from {plain_number(low)} to {plain_number(high)}")


def _shares(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that are a composition: headed by elements, and summing to 1 or 100 in every row."""
    found = [column for column in columns if column.is_numeric and _symbol(column) is not None]
    found = [c for c in found if c.header.count(".") == 0] or found
    return found if len(found) > 1 and _total(found) is not None else []


def _symbol(column: Column) -> str | None:
    symbol = split_header(column.header)[0].rpartition(".")[2].strip()
    return symbol if symbol in KNOWN_SYMBOLS else None


def _total(columns: Sequence[Column]) -> Decimal | None:
    rows = list(zip(*(column.numbers or () for column in columns), strict=True))
    filled = [[number for number in row if number is not None] for row in rows]
    complete = [row for row in filled if len(row) == len(columns)]
    for total in _SUMS:
        if complete and all(abs(sum(row) - total) <= SUM_TOLERANCE * total for row in complete):
            return total
    return None


def _share_entry(columns: Sequence[Column]) -> Entry:
    symbols = [_symbol(column) or "" for column in columns]
    total = _total(columns) or Decimal(1)
    unit = next((column.unit for column in columns if column.unit in ("at.%", "wt.%", "fraction")), _SUMS[total])
    titles = [split_header(column.header)[0] for column in columns]
    keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", "composition"), ("kind", "composition")]
    keys += [("elements", symbols), ("unit", unit)]
    if titles != [f"composition.{symbol}" for symbol in symbols]:
        keys.append(("columns", titles))
    amounts = sorted({number for column in columns for number in column.settings})
    step = _common_step([Decimal(0), *amounts, total])
    if step is not None and _is_exact(columns, total):
        keys.append(("step", step))
    present = [sum(1 for n in row if n) for row in zip(*(column.numbers or () for column in columns), strict=True)]
    keys += [("max_nonzero", max(present))] if 0 < max(present) < len(columns) else []
    weight = "" if unit == "wt.%" else "; are they wt.%? Then write unit: wt.%"
    return Entry(keys, f"the columns sum to {plain_number(total)} in every row{weight}")


def _parameter(column: Column) -> tuple[Entry | None, str]:
    """Return the line of one column, or why it gets none."""
    keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", column.name)]
    if column.is_numeric:
        return _numeric(column, keys)
    different = sorted({word for word in column.words if word})
    if len(different) < 2:
        return None, "it never changes"
    if _is_formula(column, different):
        keys += [("kind", "formula"), *_column_key(column)]
        return Entry(keys, "chemical formulas; only those in the table can be made"), ""
    if len(different) > MAX_CHOICES or (len(different) == len(column.words) and len(different) > 3):
        return None, "its words hardly repeat, like names or remarks"
    keys += [("kind", "categorical"), *_column_key(column), ("choices", different)]
    return Entry(keys, f"{len(different)} choices in the table; add those that you could also make"), ""


def _numeric(column: Column, keys: list[tuple[str, Scalar | Sequence[Scalar]]]) -> tuple[Entry | None, str]:
    settings = column.settings
    low, high = settings[0], settings[-1]
    if low == high:
        return None, f"it is always {plain_number(low)}"
    if _is_counter(column):
        return None, "it numbers the rows"
    keys += [("kind", "numeric"), *_column_key(column), *_unit_key(column), ("bounds", [low, high])]
    is_log = low > 0 and high / low >= LOG_FROM
    step = None if is_log else _common_step(settings)
    if is_log:
        keys.append(("scale", "log"))
    elif step is not None:
        keys.append(("step", step))
    remark = f"{len(settings)} different values in the table; widen the bounds to all that you can set"
    return Entry(keys, remark), ""


def _is_counter(column: Column) -> bool:
    numbers = list(column.numbers or ())
    is_named = column.name.lower() in ("id", "no", "nr", "number", "index", "row", "sample", "run", "experiment", "p_")
    return is_named and len(numbers) > 2 and len(set(numbers)) == len(numbers)


def _is_formula(column: Column, different: Sequence[str]) -> bool:
    from designer.space.parameters.formula import formula_fault

    is_named = "formula" in column.name.lower() or "composition" in column.name.lower()
    readable = all(formula_fault(word) is None for word in different)
    compound = sum(1 for word in different if len(re.findall("[A-Z]", word)) > 1)
    return readable and (is_named or (compound == len(different) and len(different) > MAX_CHOICES))


def _common_step(settings: Sequence[Decimal]) -> Decimal | None:
    """Return the largest step on which all settings lie, where it is one that a person would choose."""
    ordered = sorted(set(settings))
    if len(ordered) < 3:
        return None
    places = max(0, *(-_exponent(number) for number in ordered))
    if places > 9:
        return None
    whole = [int((number - ordered[0]).scaleb(places)) for number in ordered]
    step = Decimal(reduce(gcd, whole)).scaleb(-places)
    return step if (ordered[-1] - ordered[0]) / step <= MAX_STEPS else None


def _exponent(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _column_key(column: Column) -> list[tuple[str, Scalar | Sequence[Scalar]]]:
    title = split_header(column.header)[0]
    return [("column", title)] if title != column.name else []


def _unit_key(column: Column) -> list[tuple[str, Scalar | Sequence[Scalar]]]:
    return [("unit", column.unit)] if column.unit else []


def describe(columns: Sequence[Column]) -> Iterator[str]:
    """Yield a line for each column that describes what it holds."""
    for i, column in enumerate(columns, start=1):
        if column.is_numeric:
            settings = column.settings
            yield f"{i:3}  {column.header}: numbers from {plain_number(settings[0])} to {plain_number(settings[-1])}"
        else:
            different = sorted({word for word in column.words if word})
            shown = ", ".join(different[:5]) + (", ..." if len(different) > 5 else "")
            yield f"{i:3}  {column.header}: {shown or 'empty'}"
