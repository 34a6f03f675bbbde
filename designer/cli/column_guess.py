"""From a lab's table to the draft of a campaign file: what each column probably is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from designer.campaign.file.reserved_columns import OWN
from designer.campaign.results.wide_targets import MAX_RATIO
from designer.cli.column_roles import (
    ANOTHER_RESULT,
    COST,
    FORMULAS,
    id_column,
    may_be_context,
    names_a_cost,
    names_molecules,
    same_choices,
    same_quantity,
    unlike_settings,
    why_candidates,
    why_no_setting,
)
from designer.cli.draft import Draft, Entry, Scalar, plain_number
from designer.cli.goal_guess import likely_goal
from designer.cli.guessed_shares import guessed_parts
from designer.cli.lab_column import Column, common_step
from designer.cli.offers.cost_offer import cost_offer
from designer.counting import count
from designer.errors import Fault, InvalidData, InvalidInput
from designer.space.parameters.fields import GRAMMAR_WORDS, identifier
from designer.units import number_and_unit, parse_quantity, shortened, split_header
from designer.units.header_endings import ends_with_extreme, unit_at_end
from designer.units.limits import LIMIT

if TYPE_CHECKING:
    import pandas as pd

MAX_CHOICES = 30
LOG_FROM = 100
"""A ratio of largest to smallest value from which a column is taken to span decades."""

MAX_NAMES = 1000
"""Choices of a column of names that is the only parameter."""

_MAX_DIGITS = 100
_SHOWN = 6
_HARDLY_REPEAT = "its words hardly repeat, like names or remarks"
_MEANT_BY_RESULTS = frozenset({"replicate", "failed"})
"""Columns that tables of results have themselves."""


_MIN_ROWS_OF_BATCHES = 8


@dataclass(frozen=True)
class ColumnRequest:
    """The goal of one column of the table: None for a column that was only measured, ``guess`` for the likely one."""

    column: str
    goal: Literal["minimize", "maximize", "match", "guess"] | None
    value: Decimal | None = None
    tolerance: Decimal | None = None


def read_columns(frame: pd.DataFrame) -> list[Column]:
    """Return the columns of a table of text, in its order."""
    names: set[str] = set()
    headers = [str(header) for header in frame.columns]
    columns = [_read_column(str(header), [_text(cell) for cell in frame[header]], names) for header in frame.columns]
    return [_with_unit_at_end(column, headers) for column in columns]


def _with_unit_at_end(column: Column, headers: Sequence[str]) -> Column:
    """Return a column of numbers without a unit with the one that its name ends with, if it is clear."""
    found = unit_at_end(column.header) if column.is_numeric and column.unit is None else None
    if found is None or ends_with_extreme(column.header, headers):
        return column
    return replace(column, unit=found[1])


def guess(
    columns: Sequence[Column],
    name: str,
    requests: Sequence[ColumnRequest],
    ignore: Sequence[str],
    file: str,
    candidates: bool | None = None,
    is_record: bool = False,
) -> Draft:
    """Return a draft: the requested columns are targets, the others are parameters unless they are to be ignored.

    Parameters
    ----------
    candidates
        Whether only the designs of the table can be made; None for a guess. Targets of a table of candidates may be
        columns that it does not have yet.
    is_record
        Whether the table is a record of past work, in which rows with empty cells are left out; all rows of a new
        campaign's table can be attached, and columns with empty cells are left out.

    Raises
    ------
    InvalidData
        If a requested or ignored column is not in the table, or no column is left to be a parameter.
    """
    new = [request for request in requests if candidates and not _named(columns, request.column)]
    wanted = {find(columns, request.column, file).header: request for request in requests if request not in new}
    dropped = {find(columns, given, file).header for given in ignore}
    results = [_with_limits(column) for column in columns if column.header in wanted]
    targets = [_target(column, wanted[column.header], file, is_record) for column in results]
    targets += _new_targets(new, columns)
    rest = [column for column in columns if column.header not in wanted and column.header not in dropped]
    parameters, used, left_out = _parameters(rest, results, columns, is_record)
    if not parameters:
        raise InvalidData(_no_parameter(left_out, file))
    why = why_candidates(parameters, used, results) if candidates is None and not is_record else None
    is_pool = bool(candidates or why)
    label = id_column(rest, left_out) if is_pool else None
    remarks = [f"Drafted from {file}; every guess carries a comment: please check them all."]
    guessed = [wanted[column.header].goal == "guess" for column in results] + [False] * len(new)
    remarks += _unit_remarks([*used, *results])
    remarks += [_goal_remark(target) for target, is_guess in zip(targets, guessed, strict=True) if is_guess]
    if why is not None:
        choice = "" if why == FORMULAS else "; --no-candidates if others can be made"
        remarks.append(f"Only the designs of {file} are suggested: {why}{choice}.")
    if label is not None:
        remarks.append(f"Column {label!r} names the designs: suggestions show it.")
    remarks += [f"Column {header!r} was left out: {why}." for header, why in left_out.items() if header != label]
    remarks += [f"Column {header!r} was left out, as asked." for header in sorted(dropped)]
    others = [column.header for column in rest if column.header in left_out] + sorted(dropped)
    others = [header for header in others if split_header(header)[0] not in _MEANT_BY_RESULTS and header != label]
    offered = cost_offer(rest, parameters, used)
    cost = None if offered is None else (offered[0], f"a guess from column {offered[1].header!r}")
    pool = file if is_pool else None
    return Draft(name, parameters, targets, remarks, pool, others, table=file, id_column=label, cost=cost)


def _parameters(
    rest: Sequence[Column], results: Sequence[Column], columns: Sequence[Column], may_be_blank: bool
) -> tuple[list[Entry], list[Column], dict[str, str]]:
    """Return the parameters among the columns of `rest`, their columns, and why each other column is left out."""
    settings, left_out = _settings(rest, results, columns)
    parameters, used = guessed_parts(settings)
    settings = [column for column in settings if column not in used]
    left_out |= _once_more(settings, used, parameters)
    for column in settings:
        if column.header in left_out:
            continue
        entry, reason = _parameter(column, may_be_blank)
        if entry is not None:
            parameters.append(entry)
            used = [*used, column]
        else:
            left_out[column.header] = reason
    if parameters:
        return parameters, used, left_out
    named, choices = _names_as_choices([column for column in rest if column.header in left_out], left_out)
    return choices, named, {header: why for header, why in left_out.items() if header not in {c.header for c in named}}


def _unit_remarks(columns: Sequence[Column]) -> list[str]:
    """Return which units were read at the end of columns' names."""
    read = [
        f"{column.header!r} in {column.unit}"
        for column in columns
        if column.unit and (found := unit_at_end(column.header)) and found[1] == column.unit
    ]
    return [f"Units by the ends of column names, correct 'unit' if they are wrong: {', '.join(read)}."] if read else []


def _goal_remark(target: Entry) -> str:
    keys = dict(target.keys)
    what = f"{keys['goal']} {keys.get('column', keys['name'])!r}"
    return f"Goal: {what}, a guess; --minimize or --maximize COLUMN decides."


def _no_parameter(left_out: dict[str, str], file: str) -> Fault:
    what = "no column of the table is a parameter"
    if left_out:
        what += f" ({'; '.join(f'{header!r}: {reason}' for header, reason in list(left_out.items())[:_SHOWN])})"
    return Fault(what, "keep at least one column of settings that differ between rows", file=file)


def _settings(
    rest: Sequence[Column], results: Sequence[Column], columns: Sequence[Column]
) -> tuple[list[Column], dict[str, str]]:
    """Return the columns of `rest` that may be settings, and why each other one is left out."""
    left_out: dict[str, str] = {}
    for column in rest:
        if (reason := why_no_setting(column, columns)) is not None:
            left_out[column.header] = reason
        elif split_header(column.header)[0] in OWN:
            left_out[column.header] = "it belongs to the campaign's own tables"
        elif any(same_quantity(column, result) for result in results):
            left_out[column.header] = ANOTHER_RESULT
        elif names_a_cost(column):
            left_out[column.header] = COST
    if len(left_out) == len(rest):  # what looks like a result elsewhere is the setting here
        left_out = {header: reason for header, reason in left_out.items() if reason not in (ANOTHER_RESULT, COST)}
    for header, other in same_choices([column for column in rest if column.header not in left_out]).items():
        left_out[header] = f"it names the choices of {other.header!r} once more"
    settings = [column for column in rest if column.header not in left_out]
    for column in unlike_settings(settings, columns, results):
        left_out[column.header] = "its values never repeat while all settings do, as those of another result"
    settings = [column for column in settings if column.header not in left_out]
    return settings, left_out


def _once_more(settings: Sequence[Column], used: Sequence[Column], parameters: Sequence[Entry]) -> dict[str, str]:
    """Return why columns beside the amounts of a composition or mixture are no parameters of their own.

    Formulas say the amounts of elements once more, and an element that is in no row has a column of zeros.
    """
    if not used or ("kind", "composition") not in parameters[0].keys:
        return {}
    reason = "it names the composition of the other columns once more"
    return {
        column.header: reason
        for column in settings
        if not column.is_numeric and _is_formula(column, sorted({word for word in column.words if word}))
    }


def _names_as_choices(columns: Sequence[Column], left_out: Mapping[str, str]) -> tuple[list[Column], list[Entry]]:
    """Return the column of names and its choices, where nothing else is a parameter: each row is a choice."""
    named = [column for column in columns if left_out[column.header] == _HARDLY_REPEAT]
    for column in sorted(named, key=names_molecules):
        different = sorted({word for word in column.words if word})
        if 2 <= len(different) <= MAX_NAMES and all(column.words):
            keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", column.name), ("kind", "categorical")]
            keys += [*_column_key(column), ("choices", different)]
            return [column], [Entry(keys, "each row of the table is a choice; add those that you could also make")]
    return [], []


def find(columns: Sequence[Column], given: str, file: str) -> Column:
    """Return the column that a person calls `given`: by its header, with or without the unit, or by its name here.

    Raises
    ------
    InvalidData
        If there is none.
    """
    named = _named(columns, given)
    if named is not None:
        return named
    known = ", ".join(column.header for column in columns)
    raise InvalidData(Fault(f"there is no column {given!r}", f"the table has: {known}", file=file))


def _named(columns: Sequence[Column], given: str) -> Column | None:
    return next((c for c in columns if given in (c.header, split_header(c.header)[0], c.name)), None)


def _new_targets(requests: Sequence[ColumnRequest], columns: Sequence[Column]) -> list[Entry]:
    """Return targets that a table of candidates has no column for yet."""
    taken = {column.name for column in columns}
    headers = [split_header(request.column) for request in requests]
    made = [
        Column(r.column, identifier(title, taken), unit, (), None)
        for r, (title, unit) in zip(requests, headers, strict=True)
    ]
    return [
        _target_entry(column, request, "not in the table yet") for column, request in zip(made, requests, strict=True)
    ]


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


def _with_limits(column: Column) -> Column:
    """Return a column of results in which limits, ``<0.01``, count as their numbers."""
    if column.is_numeric:
        return column
    matches = [LIMIT.match(word) for word in column.words]
    words = [word if match is None else match[2] for word, match in zip(column.words, matches, strict=True)]
    return replace(column, numbers=_numbers(words, column.unit))


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


def _target(column: Column, request: ColumnRequest, file: str, is_record: bool) -> Entry:
    if not any(column.words) and not is_record:
        return _target_entry(column, request, "nothing is measured yet")
    if not column.is_numeric:
        odd = next((word for word in column.words if word and _number(word, column.unit) is None), "")
        unusable = f"{shortened(odd)!r} is not a number, and so the column cannot be a target"
        what = unusable if odd else "the column is empty"
        raise InvalidData(Fault(what, "correct the cell, or choose another column", file=file, column=column.header))
    low, high = column.settings[0], column.settings[-1]
    comment = f"so far from {plain_number(low)} to {plain_number(high)}"
    wide = low > 0 and high > Decimal(MAX_RATIO) * low
    return _target_entry(column, request, f"{comment}, over decades" if wide else comment, is_log=wide)


def _target_entry(column: Column, request: ColumnRequest, comment: str, *, is_log: bool = False) -> Entry:
    title = split_header(column.header)[0]
    if title in GRAMMAR_WORDS:  # reserved for parameters alone
        column = replace(column, name=title)
    goal, why = likely_goal(column) if request.goal == "guess" else (request.goal, "")
    keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", column.name)]
    keys += _column_key(column) + _unit_key(column) + ([("goal", goal)] if goal is not None else [])
    keys += [
        (key, given) for key, given in (("value", request.value), ("tolerance", request.tolerance)) if given is not None
    ]
    if is_log and _can_be_log(request):
        keys.append(("scale", "log"))
    return Entry(keys, f"{comment}; {goal} is {why}" if why else comment)


def _can_be_log(request: ColumnRequest) -> bool:
    """Whether the wanted value less its tolerance has a logarithm."""
    return request.value is None or request.tolerance is None or request.value > request.tolerance


def _parameter(column: Column, may_be_blank: bool) -> tuple[Entry | None, str]:
    """Return the line of one column, or why it gets none."""
    keys: list[tuple[str, Scalar | Sequence[Scalar]]] = [("name", column.name)]
    blank = sum(not word for word in column.words)
    if 0 < blank < len(column.words) and not may_be_blank:
        rows = f"{blank} of {count(len(column.words), 'row')}"
        return None, f"its cell is empty or cannot be read in {rows}; fill the table in to make it a setting"
    if column.is_numeric:
        return _numeric(column, keys)
    different = sorted({word for word in column.words if word})
    if len(different) < 2:
        return None, "it never changes"
    if _is_formula(column, different):
        keys += [("kind", "formula"), *_column_key(column)]
        return Entry(keys, "chemical formulas; only those in the table can be made"), ""
    if len(different) > MAX_CHOICES or (len(different) == len(column.words) and len(different) > 3):
        return None, _HARDLY_REPEAT
    keys += [("kind", "categorical"), *_column_key(column), ("choices", different)]
    remark = f"{len(different)} choices in the table; add those that you could also make"
    return Entry(keys, remark + _batch_hint(column)), ""


def _numeric(column: Column, keys: list[tuple[str, Scalar | Sequence[Scalar]]]) -> tuple[Entry | None, str]:
    settings = column.settings
    low, high = settings[0], settings[-1]
    if low == high:
        return None, f"it is always {plain_number(low)}"
    if _is_counter(column):
        return None, "it numbers the rows"
    keys += [("kind", "numeric"), *_column_key(column), *_unit_key(column), ("bounds", [low, high])]
    is_log = low > 0 and high / low >= LOG_FROM and _is_even_in_logarithm(column)
    step = None if is_log else common_step(settings)
    if is_log:
        keys.append(("scale", "log"))
    elif step is not None:
        keys.append(("step", step))
    remark = f"{len(settings)} different values in the table; widen the bounds to all that you can set"
    return Entry(keys, remark + _context_hint(column) + _batch_hint(column)), ""


def _context_hint(column: Column) -> str:
    """Return a remark where a header names what is often known and not chosen."""
    if not may_be_context(column):
        return ""
    return "; if it is known and not chosen, add 'role: context' and leave 'step' out"


def _batch_hint(column: Column) -> str:
    """Return a remark where a setting changes seldom from row to row and comes back: a batch may share it.

    Runs made together stand together in a record; in a table that is sorted by the column no setting comes back.
    """
    runs = [len(list(rows)) for _, rows in groupby(column.words)]
    comes_back = len(runs) > len(set(column.words))
    if len(column.words) < _MIN_ROWS_OF_BATCHES or len(runs) < 3 or min(runs) < 2 or not comes_back:
        return ""
    return "; equal in rows that follow each other: if all designs of a batch share it, add 'vary: per_batch'"


def _is_even_in_logarithm(column: Column) -> bool:
    """Whether the median is nearer to the middle of the range on a logarithmic scale than on a linear one."""
    ordered = sorted(float(number) for number in column.numbers or () if number is not None)
    low, middle, high = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    linear = (middle - low) / (high - low)
    logarithmic = math.log(middle / low) / math.log(high / low)
    return abs(logarithmic - 0.5) < abs(linear - 0.5)


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
