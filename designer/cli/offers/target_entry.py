"""The line of a target: from a column of results, or of a quantity that the table does not have yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from designer.campaign.results.wide_targets import MAX_RATIO
from designer.cli.draft import Entry, plain_number
from designer.cli.goal_guess import likely_goal
from designer.cli.lab_column import Column, ColumnRequest, Keys, column_key, number_in, numbers_in, unit_key
from designer.errors import Fault, InvalidData
from designer.space.parameters.fields import GRAMMAR_WORDS, identifier
from designer.units import shortened, split_header
from designer.units.limits import LIMIT, WORDS


def with_limits(column: Column) -> Column:
    """Return a column of results in which limits, ``<0.01``, count as their numbers, and ``n.d.`` as a blank."""
    if column.is_numeric:
        return column
    matches = [LIMIT.match(word) for word in column.words]
    words = [
        "" if word.casefold() in WORDS else word if match is None else match[2]
        for word, match in zip(column.words, matches, strict=True)
    ]
    return replace(column, numbers=numbers_in(words, column.unit))


def _measurable(column: Column) -> tuple[Keys, str]:
    """Return the key ``limits`` and the words for it, where cells say ``n.d.`` or ``overrange`` without a number."""
    sides = {WORDS[word.casefold()] for word in column.words if word.casefold() in WORDS}
    if not sides:
        return [], ""
    stated = {side: _stated_limits(column, side) for side in ("<", ">")}
    low = min(stated["<"] or column.settings) if "<" in sides else None
    high = max(stated[">"] or column.settings) if ">" in sides else None
    guessed = (low is not None and not stated["<"]) or (high is not None and not stated[">"])
    source = "the smallest and largest numbers; write what can be measured" if guessed else "the table"
    return [("limits", [low, high])], f"; cells without a number lie beyond the limits, which are from {source}"


def _stated_limits(column: Column, side: str) -> list[Decimal]:
    """Return the numbers behind the signs of one side."""
    from designer.units.limits import SIDES

    matches = [match for word in column.words if word.casefold() not in WORDS and (match := LIMIT.match(word))]
    found = [number_in(match[2], column.unit) for match in matches if SIDES[match[1]] == side]
    return [number for number in found if number is not None]


def target_entry(column: Column, request: ColumnRequest, file: str, is_record: bool) -> Entry:
    """Return the line of a column of results, as `with_limits` returns it.

    Raises
    ------
    InvalidData
        If a cell holds no number.
    """
    if not any(column.words) and not is_record:
        return _target_entry(column, request, "nothing is measured yet")
    if not column.is_numeric:
        odd = next((word for word in column.words if word and number_in(word, column.unit) is None), "")
        unusable = f"{shortened(odd)!r} is not a number, and so the column cannot be a target"
        what = unusable if odd else "the column is empty"
        raise InvalidData(Fault(what, "correct the cell, or choose another column", file=file, column=column.header))
    low, high = column.settings[0], column.settings[-1]
    comment = f"so far from {plain_number(low)} to {plain_number(high)}"
    wide = low > 0 and high > Decimal(MAX_RATIO) * low
    limits, why = _measurable(column)
    comment = f"{comment}, over decades" if wide else comment
    return _target_entry(column, request, comment + why, is_log=wide, limits=limits)


def _target_entry(
    column: Column, request: ColumnRequest, comment: str, *, is_log: bool = False, limits: Keys | None = None
) -> Entry:
    title = split_header(column.header)[0]
    if title in GRAMMAR_WORDS:  # reserved for parameters alone
        column = replace(column, name=title)
    goal, why = likely_goal(column) if request.goal == "guess" else (request.goal, "")
    keys: Keys = [("name", column.name), *column_key(column), *unit_key(column)]
    keys += [("goal", goal)] if goal is not None else []
    keys += [
        (key, given) for key, given in (("value", request.value), ("tolerance", request.tolerance)) if given is not None
    ]
    if is_log and _can_be_log(request):
        keys.append(("scale", "log"))
    keys += limits or []
    return Entry(keys, f"{comment}; {goal} is {why}" if why else comment)


def _can_be_log(request: ColumnRequest) -> bool:
    """Whether the wanted value less its tolerance has a logarithm."""
    return request.value is None or request.tolerance is None or request.value > request.tolerance


def new_targets(requests: Sequence[ColumnRequest], columns: Sequence[Column]) -> list[Entry]:
    """Return targets that a table has no column for: of candidates, or of what is compared."""
    taken = {column.name for column in columns}
    headers = [split_header(request.column) for request in requests]
    made = [
        Column(r.column, identifier(title, taken), unit, (), None)
        for r, (title, unit) in zip(requests, headers, strict=True)
    ]
    comments = ["compared in pairs" if r.goal == "prefer" else "not in the table yet" for r in requests]
    return [_target_entry(*line) for line in zip(made, requests, comments, strict=True)]
