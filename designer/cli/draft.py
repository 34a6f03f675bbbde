"""The draft of a campaign file, and its commented YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

Scalar = str | int | float | Decimal | bool | None
Pairs = Sequence[tuple[str, "Scalar | Sequence[Scalar]"]]

_BARE = re.compile(r"^[A-Za-z_][A-Za-z0-9_.%/^*-]*$")
_WORDS_WITH_MEANING = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})


@dataclass(frozen=True)
class Entry:
    """One line of a list in the file: its keys in order, and a comment on where they come from."""

    keys: Pairs
    comment: str = ""


@dataclass(frozen=True)
class Draft:
    """The content of a new campaign file.

    Parameters
    ----------
    name
        The campaign's name.
    parameters, targets
        The lines of ``space:`` and ``targets:``.
    remarks
        Remarks for the head of the file.
    candidates
        The table of the only designs there are, if there is one.
    other_columns
        Columns of the lab's tables that are neither settings nor results.
    table
        The table from which it was drafted, if there is one.
    id_column
        The column of the candidates by which the lab knows them.
    cost
        An expression for what an experiment costs, offered in a comment, and where it comes from.
    constraints
        Constraints, each with a comment on where it comes from.
    batch_size
        How many designs are made at once; None where it is not known.
    """

    name: str
    parameters: Sequence[Entry]
    targets: Sequence[Entry]
    remarks: Sequence[str] = field(default_factory=tuple)
    candidates: str | None = None
    other_columns: Sequence[str] = field(default_factory=tuple)
    table: str | None = None
    id_column: str | None = None
    cost: tuple[str, str] | None = None
    constraints: Sequence[tuple[str, str]] = ()
    batch_size: int | None = None


def render(draft: Draft) -> str:
    """Return the commented campaign file.

    >>> print(render(Draft("x", [Entry([("name", "T"), ("kind", "numeric"), ("bounds", [1, 2])])], [])).splitlines()[0])
    # A campaign of designer: what can be made, and what is wanted.
    """
    parts = [_HEAD, *[f"# {line}\n" for line in draft.remarks]]
    parts += [f"designer: 1                # the version of this file's grammar\nname: {scalar(draft.name)}\n"]
    parts += [_SPACE, *map(_line, draft.parameters)]
    if draft.candidates is not None:
        parts += [_CANDIDATES, f"candidates: {scalar(draft.candidates)}\n"]
        if draft.id_column is not None:
            parts += [_ID_COLUMN, f"id_column: {scalar(draft.id_column)}\n"]
    elif draft.table is not None:
        parts += [_NO_CANDIDATES, f"# candidates: {scalar(draft.table)}\n"]
    parts += [_CONSTRAINTS if not draft.constraints else _SOME_CONSTRAINTS, *map(_constraint, draft.constraints)]
    parts += [_TARGETS, *map(_line, draft.targets)]
    if draft.other_columns:
        parts += [_OTHERS, f"other_columns: {_value(list(draft.other_columns))}\n"]
    rest = _REST.replace(_BATCH, f"batch_size: {draft.batch_size}") if draft.batch_size is not None else _REST
    if draft.cost is not None:
        rest = rest.replace(_BUDGET, f"{_BUDGET}# cost: {draft.cost[0]}    # {draft.cost[1]}\n")
    return "".join([*parts, rest])


_HEAD = """\
# A campaign of designer: what can be made, and what is wanted.
# Check it with `designer validate`; then ask `designer suggest` what to make first.
"""
_SPACE = """
# What can be set, in lab units. Kinds: numeric, categorical, composition, mixture, formula.
# `step` is the smallest change you can make at the bench; `scale: log` for what spans decades; `zero_or: true` for what
# may also be absent. `role: context` is for what is known and not chosen, `vary: per_batch` for what a batch shares,
# `when: gas == N2` for what exists only in some designs.
space:
"""
_CANDIDATES = """
# Only the designs in this table can be made: add a row for each design that you could make as well.
"""
_ID_COLUMN = """\
# The column by which you know each design; suggestions show it.
"""
_NO_CANDIDATES = """
# If only the designs of a table can be made, name it: take the number sign away.
"""
_OTHERS = """
# Columns of your tables that are neither settings nor results; `attach` and `record` pass over them.
"""
_CONSTRAINTS = """
# Conditions that every design keeps, over the names above. Take the number signs away and write your own.
# constraints:
#   - temperature * log10(time) <= 2500
#   - composition.Ni + composition.Fe >= 30
#   - if atmosphere == air then temperature <= 600
#   - binder + filler + solvent == 100
"""
_SOME_CONSTRAINTS = """
# Conditions that every design keeps, over the names above.
constraints:
"""
_TARGETS = """
# What is measured, and what is wanted of it. goal: minimize, maximize, match (with value and tolerance), prefer for
# results that have no number and are compared; map to know a quantity everywhere, boundary (with value) to know where
# it is above and where below.
# `reach: 340` is when a goal is reached; `at_least` and `at_most` are limits that a result must keep.
# `scale: log` is for results above zero that span decades: they are modelled in logarithms.
targets:
"""
_BATCH = "batch_size: 1"
_BUDGET = "# budget: 40               # how many experiments you can make in all\n"
_INITIAL = (
    "# initial: {kind: d-optimal, model: quadratic}    "
    "# a classical design first; leave out: designs that fill the space\n"
)
_MORE = """\
# beliefs: [{parameter: temperature, near: 650, spread: 80}]      # where you expect the best designs
# diversify_by: [{parameter: atmosphere}]         # a best design for each choice
"""
_REST = f"""
{_BATCH}              # how many designs you make at once
{_BUDGET}{_INITIAL}{_MORE}# prior: {{tasks: [../past]}}                       # folders of past tasks to learn from
# measure: {{kind: table, file: results.csv}}    # leave out: you measure; see also kind: python and kind: command
seed: 0                    # the same file, results and seed always give the same suggestion
"""


def _line(entry: Entry) -> str:
    comment = f"  # {entry.comment}\n" if entry.comment else ""
    keys = ", ".join(f"{key}: {_value(value)}" for key, value in entry.keys)
    return f"{comment}  - {{{keys}}}\n"


def _constraint(constraint: tuple[str, str]) -> str:
    return f"  - {scalar(constraint[0])}    # {constraint[1]}\n"


def _value(value: Scalar | Sequence[Scalar]) -> str:
    if value is None or isinstance(value, str | int | float | Decimal):
        return scalar(value)
    return f"[{', '.join(map(scalar, value))}]"


def scalar(value: Scalar) -> str:
    """Return `value` as YAML that reads back as the same value, inside brackets too.

    >>> scalar("N2"), scalar("at.%"), scalar("no"), scalar("a: b"), scalar(Decimal("0.50")), scalar(True), scalar(None)
    ('N2', 'at.%', '"no"', '"a: b"', '0.5', 'true', 'null')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) and value.lower() not in _WORDS_WITH_MEANING else _quoted(value)
    return plain_number(value if isinstance(value, Decimal) else Decimal(repr(value)))


def _quoted(text: str) -> str:
    if text.isprintable():
        return json.dumps(text, ensure_ascii=False)
    escaped = (
        json.dumps(letter, ensure_ascii=False)[1:-1] if letter.isprintable() else f"\\U{ord(letter):08X}"
        for letter in text
    )
    return f'"{"".join(escaped)}"'


def plain_number(number: Decimal) -> str:
    """Return a decimal number without trailing zeros, and with an exponent only where it is far from 1.

    >>> plain_number(Decimal("500.0")), plain_number(Decimal("1E+9")), plain_number(Decimal("0.010"))
    ('500', '1e9', '0.01')
    """
    if number == 0:
        return "0"
    number = number.normalize()
    if -6 <= number.adjusted() < 7:
        return f"{number:f}"
    return str(number).lower().replace("e+", "e")
