"""The questions of `designer init`: one at a time, each answer checked before the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import typer

from designer.cli.column_guess import describe, find
from designer.cli.column_roles import may_be_context
from designer.cli.draft import Draft, Entry
from designer.cli.goal_guess import likely_goal, likely_target
from designer.cli.lab_column import AskedRoles, Column, ColumnRequest
from designer.documents import Value
from designer.errors import InvalidInput
from designer.space.parameters.fields import identifier

GOALS = ("minimize", "maximize", "match", "map", "boundary")
_CHOSEN = ("experiment", "batch", "context")


def ask_draft(name: str) -> Draft:
    """Ask for parameters and targets, and return the draft."""
    taken: set[str] = set()
    typer.echo("What can be set? One parameter after the other; an empty name ends the list.", err=True)
    parameters = _list_of("parameter", lambda: _parameter(taken))
    typer.echo("What is measured? One target after the other; an empty name ends the list.", err=True)
    targets = _list_of("target", lambda: _target(taken))
    return Draft(name, parameters, targets)


def ask_requests(columns: Sequence[Column], file: str) -> list[ColumnRequest]:
    """Ask which columns of a table are targets, and what is wanted of each."""
    typer.echo("Columns of the table:\n" + "\n".join(describe(columns)), err=True)
    likely = likely_target(columns)
    while True:
        question = "Which columns are measured results? (numbers or names, with commas)"
        answer = _ask(question, likely.header if likely else "")
        try:
            chosen = [_column(columns, word.strip(), file) for word in answer.split(",") if word.strip()]
        except InvalidInput as error:
            typer.echo(str(error), err=True)
            continue
        if chosen:
            return [_request(column) for column in dict.fromkeys(chosen)]


def ask_candidates(draft: Draft) -> bool:
    """Ask whether only the designs of a table that looks like a list of candidates can be made.

    A table of formulas leaves no choice.
    """
    if any(("kind", "formula") in entry.keys for entry in draft.parameters):
        return True
    question = f"Can only the designs in the rows of {draft.table} be made?"
    return bool(typer.confirm(question, default=True, err=True))


def ask_contexts(columns: Sequence[Column], requests: Sequence[ColumnRequest], asked: AskedRoles) -> AskedRoles:
    """Ask which columns that may be contexts are known and not chosen, and return these with those asked for."""
    named = {find(columns, each, "").header for each in asked.headers} | {request.column for request in requests}
    possible = [column.header for column in columns if may_be_context(column) and column.header not in named]
    question = "Is {!r} known whenever you ask for a design, and not chosen?"
    known = [header for header in possible if typer.confirm(question.format(header), default=False, err=True)]
    return AskedRoles(asked.contexts | set(known), asked.shared)


def _column(columns: Sequence[Column], word: str, file: str) -> Column:
    if word.isdigit() and 1 <= int(word) <= len(columns):
        return columns[int(word) - 1]
    return find(columns, word, file)


def _request(column: Column) -> ColumnRequest:
    header, likely = column.header, likely_goal(column)[0]
    goal: Any = _choice(f"What is wanted of {header!r}?", sorted(GOALS, key=lambda goal: goal != likely))
    if goal == "match":
        return ColumnRequest(header, goal, _number("Which value?"), _number("How far from it is still good?"))
    return ColumnRequest(header, goal, _number("Which value?")) if goal == "boundary" else ColumnRequest(header, goal)


def _list_of(what: str, ask: Callable[[], Entry | None]) -> list[Entry]:
    entries: list[Entry] = []
    while True:
        try:
            entry = ask()
        except _Again:
            continue
        if entry is not None:
            entries.append(entry)
        elif entries:
            return entries
        else:
            typer.echo(f"Give at least one {what}.", err=True)


def _parameter(taken: set[str]) -> Entry | None:
    name = _ask("Parameter", "")
    if not name:
        return None
    kind = _choice("  Kind", ("numeric", "categorical", "composition", "mixture"))
    keys: list[tuple[str, Any]] = [("name", identifier(name, set(taken))), ("kind", kind)]
    if kind == "numeric":
        keys += _optional("unit", _ask("  Unit (empty: none)", ""))
        keys.append(("bounds", [_number("  Lowest value"), _number("  Highest value")]))
        if typer.confirm("  Does it span decades (log scale)?", default=False, err=True):
            keys.append(("scale", "log"))
        else:
            keys += _optional("step", _number("  Smallest change you can make (empty: any)", may_be_empty=True))
    elif kind == "categorical":
        keys.append(("choices", _words("  Choices, with commas")))
    else:
        parts = "elements" if kind == "composition" else "components"
        units = ("at.%", "wt.%", "fraction") if kind == "composition" else ("percent", "fraction")
        keys += [(parts, _words(f"  {parts.capitalize()}, with commas")), ("unit", _choice("  Unit", units))]
        keys += _optional("step", _number("  Smallest change you can make (empty: any)", may_be_empty=True))
    chosen = _choice("  Chosen for each experiment, for each batch, or a context (known, not chosen)", _CHOSEN)
    if chosen == "batch":
        keys.append(("vary", "per_batch"))
    elif chosen != "experiment":
        keys = [*((key, value) for key, value in keys if key != "step"), ("role", "context")]
    return _checked(keys, _parameter_fault, taken)


def _target(taken: set[str]) -> Entry | None:
    name = _ask("Target", "")
    if not name:
        return None
    keys: list[tuple[str, Any]] = [("name", identifier(name, set(taken)))]
    keys += _optional("unit", _ask("  Unit (empty: none)", ""))
    goal = _choice("  Goal", (*GOALS, "prefer"))
    keys.append(("goal", goal))
    if goal == "boundary":
        keys.append(("value", _number("  Which value?")))
    if goal == "match":
        keys += [("value", _number("  Which value?")), ("tolerance", _number("  How far from it is still good?"))]
    return _checked(keys, _target_fault, taken)


def _checked(keys: list[tuple[str, Any]], fault: Callable[[dict[str, Any]], str | None], taken: set[str]) -> Entry:
    """Return the entry, or ask for the whole of it again where the answers do not fit together."""
    data = {key: _plain(value) for key, value in keys}
    problem = fault(data)
    if problem is None:
        taken.add(data["name"])
        return Entry(keys)
    typer.echo(f"  {problem}\n  Once more, please.", err=True)
    raise _Again


class _Again(Exception):
    """The last answers cannot be used together."""


def _parameter_fault(data: dict[str, Any]) -> str | None:
    from designer.space import DesignSpace

    # A space needs one parameter that is chosen for each experiment: here the one that is asked about stands alone.
    alone = {key: value for key, value in data.items() if key not in ("vary", "role")}
    return _fault(DesignSpace, {"space": [alone]})


def _target_fault(data: dict[str, Any]) -> str | None:
    from designer.objective import Target

    return _fault(Target, data)


def _fault(kind: type[Value], data: dict[str, Any]) -> str | None:
    try:
        kind(**data)
    except InvalidInput as error:
        return str(error)
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _optional(key: str, value: Any) -> list[tuple[str, Any]]:
    return [(key, value)] if value not in ("", None) else []


def _ask(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default, show_default=bool(default), err=True)).strip()


def _choice(question: str, choices: Sequence[str]) -> str:
    while True:
        answer = _ask(f"{question} ({', '.join(choices)})", choices[0])
        matching = [choice for choice in choices if answer and choice.startswith(answer)]
        if answer in choices or len(matching) == 1:
            return answer if answer in choices else matching[0]
        typer.echo(f"  Please answer one of: {', '.join(choices)}", err=True)


def _words(question: str) -> list[str]:
    while True:
        words = [word.strip() for word in _ask(question, "").split(",") if word.strip()]
        if words:
            return words


def _number(question: str, *, may_be_empty: bool = False) -> Any:
    while True:
        answer = _ask(question, "")
        if not answer and may_be_empty:
            return None
        try:
            number = Decimal(answer)
        except InvalidOperation:
            typer.echo(f"  {answer!r} is not a number", err=True)
            continue
        if number.is_finite():
            return number
