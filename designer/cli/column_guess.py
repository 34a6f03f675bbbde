"""From a lab's table to the draft of a campaign file: what each column probably is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from designer.campaign.file.reserved_columns import OWN
from designer.cli.column_roles import (
    ANOTHER_RESULT,
    COST,
    FORMULAS,
    id_column,
    names_a_cost,
    names_molecules,
    same_choices,
    same_quantity,
    unlike_settings,
    why_candidates,
    why_no_setting,
)
from designer.cli.draft import Draft, Entry, plain_number
from designer.cli.guessed_shares import guessed_parts
from designer.cli.lab_column import AskedRoles, Column, ColumnRequest, Keys, column_key, numbers_in
from designer.cli.offers.conditional_offer import conditions
from designer.cli.offers.cost_offer import cost_offer
from designer.cli.offers.curve_offer import curve_remarks
from designer.cli.offers.made_settings import MadeSetting, made_settings
from designer.cli.offers.numeric_entry import batch_hint, numeric_entry
from designer.cli.offers.roles import with_roles
from designer.cli.offers.target_entry import new_targets, target_entry, with_limits
from designer.counting import count
from designer.errors import Fault, InvalidData
from designer.space.parameters.fields import identifier
from designer.units import number_and_unit, split_header
from designer.units.header_endings import ends_with_extreme, unit_at_end

if TYPE_CHECKING:
    import pandas as pd

MAX_CHOICES = 30
MAX_NAMES = 1000
"""Choices of a column of names that is the only parameter."""

_SHOWN = 6
_HARDLY_REPEAT = "its words hardly repeat, like names or remarks"
_MEANT_BY_RESULTS = frozenset({"replicate", "failed"})
"""Columns that tables of results have themselves."""


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
    asked: AskedRoles | None = None,
) -> Draft:
    """Return a draft: the requested columns are targets, the others are parameters unless they are to be ignored.

    Parameters
    ----------
    asked
        The columns that are contexts, or settings that a batch shares.
    candidates
        Whether only the designs of the table can be made; None for a guess. Targets of a table of candidates may be
        columns that it does not have yet.
    is_record
        Whether the table is a record of past work, in which rows with empty cells are left out; all rows of a new
        campaign's table can be attached, and columns with empty cells are left out, unless they follow another setting.

    Raises
    ------
    InvalidData
        If a requested or ignored column is not in the table, or no column is left to be a parameter.
    """
    roles = _found_roles(columns, asked or AskedRoles(), file)
    new = [r for r in requests if (candidates or r.goal == "prefer") and not _named(columns, r.column)]
    wanted = {find(columns, request.column, file).header: request for request in requests if request not in new}
    dropped = {find(columns, given, file).header for given in ignore}
    results = [with_limits(column) for column in columns if column.header in wanted]
    targets = [target_entry(column, wanted[column.header], file, is_record) for column in results]
    targets += new_targets(new, columns)
    rest = [column for column in columns if column.header not in wanted and column.header not in dropped]
    made = [] if is_record else made_settings([column for column in rest if column.header not in roles.headers])
    parameters, used, left_out = _parameters(rest, results, columns, made, roles.headers, may_be_blank=is_record)
    if not parameters:
        raise InvalidData(_no_parameter(left_out, file))
    _refuse_unusable_roles(roles, wanted, dropped, left_out, file)
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
    remarks += _molecule_remarks(columns, file)
    remarks += curve_remarks(rest, list(wanted))
    remarks += [f"Column {header!r} was left out: {why}." for header, why in left_out.items() if header != label]
    remarks += [f"Column {header!r} was left out, as asked." for header in sorted(dropped)]
    others = [column.header for column in rest if column.header in left_out] + sorted(dropped)
    others = [header for header in others if split_header(header)[0] not in _MEANT_BY_RESULTS and header != label]
    offered = cost_offer(rest, parameters, used)
    cost = None if offered is None else (offered[0], f"a guess from column {offered[1].header!r}")
    draft = Draft(
        name, parameters, targets, remarks, file if is_pool else None, others, table=file, id_column=label, cost=cost
    )
    return draft if is_record else _with_roles(draft, used, columns, roles, made)


def _found_roles(columns: Sequence[Column], asked: AskedRoles, file: str) -> AskedRoles:
    """Return the headers of the columns that a person named."""
    named = (frozenset(find(columns, given, file).header for given in each) for each in (asked.contexts, asked.shared))
    return AskedRoles(*named)


def _refuse_unusable_roles(
    roles: AskedRoles, wanted: Collection[str], dropped: Collection[str], left_out: Mapping[str, str], file: str
) -> None:
    """Refuse columns with a role that are no parameters, or have two roles."""
    reasons = dict.fromkeys(wanted, "it is a target") | dict.fromkeys(dropped, "it is left out, as asked")
    reasons |= dict(left_out) | dict.fromkeys(roles.contexts & roles.shared, "it is given as both")
    faults = [
        Fault(f"the column cannot be a context or shared by a batch: {reasons[header]}", "name another column",
              file=file, column=header)
        for header in sorted(roles.headers) if header in reasons
    ]  # fmt: skip
    if faults:
        raise InvalidData(faults)


def _with_roles(
    draft: Draft, used: Sequence[Column], columns: Sequence[Column], roles: AskedRoles, made: Sequence[MadeSetting]
) -> Draft:
    """Return the draft with the roles of its parameters and the equalities between them."""
    names = {str(dict(entry.keys)["name"]) for entry in draft.parameters}
    by_name = {column.name: column for column in used if column.name in names}
    found = with_roles(draft.parameters, by_name, columns, roles, made, is_pool=draft.candidates is not None)
    remarks = [*draft.remarks, *found.remarks]
    return replace(
        draft, parameters=found.parameters, constraints=found.constraints, batch_size=found.batch_size, remarks=remarks
    )


def _parameters(
    rest: Sequence[Column],
    results: Sequence[Column],
    columns: Sequence[Column],
    made: Sequence[MadeSetting],
    asked: Collection[str],
    *,
    may_be_blank: bool,
) -> tuple[list[Entry], list[Column], dict[str, str]]:
    """Return the parameters among the columns of `rest`, their columns, and why each other column is left out."""
    twice = {each.made.header: f"it is what was made of {each.set.header!r}" for each in made}
    settings, left_out = _settings(rest, results, columns, twice, asked)
    parameters, used = guessed_parts([column for column in settings if column.header not in asked])
    settings = [column for column in settings if column not in used]
    left_out |= _once_more(settings, used, parameters)
    existing = {} if may_be_blank else conditions(settings)
    for column in settings:
        if column.header in left_out:
            continue
        entry, reason = _parameter(column, may_be_blank or column.header in existing)
        if entry is not None and column.header in existing:
            entry, reason = _conditional(entry, *existing[column.header])
        if entry is not None:
            parameters.append(entry)
            used = [*used, column]
        else:
            left_out[column.header] = reason
    if parameters:
        return parameters, used, left_out
    named, choices = _names_as_choices([column for column in rest if column.header in left_out], left_out)
    return choices, named, {header: why for header, why in left_out.items() if header not in {c.header for c in named}}


def _conditional(entry: Entry, condition: str, why: str) -> tuple[Entry | None, str]:
    """Return a parameter that exists only under a condition; formulas always exist."""
    if ("kind", "formula") in entry.keys:
        return None, "its cell is empty in some rows, and a formula always exists"
    return Entry([*entry.keys, ("when", condition)], f"{entry.comment}; {why}"), ""


def _unit_remarks(columns: Sequence[Column]) -> list[str]:
    """Return which units were read at the end of columns' names."""
    read = [
        f"{column.header!r} in {column.unit}"
        for column in columns
        if column.unit and (found := unit_at_end(column.header)) and found[1] == column.unit
    ]
    return [f"Units by the ends of column names, correct 'unit' if they are wrong: {', '.join(read)}."] if read else []


def _molecule_remarks(columns: Sequence[Column], file: str) -> list[str]:
    """Return that molecules on no list can be suggested, where a column has SMILES."""
    return [
        f"Column {column.header!r} has molecules. Others, on no list, are suggested with "
        f"'{{name: {column.name}, kind: molecule, like: [{file}]}}' in its place."
        for column in columns
        if names_molecules(column) and "smiles" in column.name.casefold() and not column.is_numeric
    ]


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
    rest: Sequence[Column],
    results: Sequence[Column],
    columns: Sequence[Column],
    left_out: dict[str, str],
    asked: Collection[str],
) -> tuple[list[Column], dict[str, str]]:
    """Return the columns of `rest` that may be settings, and why each other one is left out.

    Parameters
    ----------
    left_out
        What is known to be left out.
    asked
        The headers of columns that a person says are settings or contexts.
    """
    for column in rest:
        if column.header not in asked and column.header not in left_out:
            reason = _why_left_out(column, columns, results)
            left_out |= {column.header: reason} if reason is not None else {}
    if len(left_out) == len(rest):  # what looks like a result elsewhere is the setting here
        left_out = {header: reason for header, reason in left_out.items() if reason not in (ANOTHER_RESULT, COST)}
    for header, other in same_choices([column for column in rest if column.header not in left_out]).items():
        if header not in asked:
            left_out[header] = f"it names the choices of {other.header!r} once more"
    settings = [column for column in rest if column.header not in left_out]
    for column in unlike_settings([column for column in settings if column.header not in asked], columns, results):
        left_out[column.header] = "its values never repeat while all settings do, as those of another result"
    settings = [column for column in settings if column.header not in left_out]
    return settings, left_out


def _why_left_out(column: Column, columns: Sequence[Column], results: Sequence[Column]) -> str | None:
    """Return why a column is no setting by its header; None where it may be one."""
    reason = why_no_setting(column, columns)
    if reason is not None:
        return reason
    if split_header(column.header)[0] in OWN:
        return "it belongs to the campaign's own tables"
    if any(same_quantity(column, result) for result in results):
        return ANOTHER_RESULT
    return COST if names_a_cost(column) else None


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
            keys: Keys = [("name", column.name), ("kind", "categorical"), *column_key(column), ("choices", different)]
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
    return Column(header, identifier(_spelled(title), names), unit, words, numbers_in(words, unit))


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


def _parameter(column: Column, may_be_blank: bool) -> tuple[Entry | None, str]:
    """Return the line of one column, or why it gets none."""
    keys: Keys = [("name", column.name)]
    blank = sum(not word for word in column.words)
    if 0 < blank < len(column.words) and not may_be_blank:
        rows = f"{blank} of {count(len(column.words), 'row')}"
        return None, f"its cell is empty or cannot be read in {rows}; fill the table in to make it a setting"
    if column.is_numeric:
        return numeric_entry(column)
    different = sorted({word for word in column.words if word})
    if len(different) < 2:
        return None, "it never changes"
    if _is_formula(column, different):
        keys += [("kind", "formula"), *column_key(column)]
        return Entry(keys, "chemical formulas; only those in the table can be made"), ""
    if len(different) > MAX_CHOICES or (len(different) == len(column.words) and len(different) > 3):
        return None, _HARDLY_REPEAT
    keys += [("kind", "categorical"), *column_key(column), ("choices", different)]
    remark = f"{len(different)} choices in the table; add those that you could also make"
    return Entry(keys, remark + batch_hint(column)), ""


def _is_formula(column: Column, different: Sequence[str]) -> bool:
    from designer.space.parameters.formula import formula_fault

    is_named = "formula" in column.name.lower() or "composition" in column.name.lower()
    readable = all(formula_fault(word) is None for word in different)
    compound = sum(1 for word in different if len(re.findall("[A-Z]", word)) > 1)
    return readable and (is_named or (compound == len(different) and len(different) > MAX_CHOICES))


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
