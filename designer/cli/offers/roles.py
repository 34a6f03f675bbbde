"""What a table says of the roles of its settings: contexts, levels, settings that batches share, and equalities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from designer.cli.column_roles import may_be_context
from designer.cli.draft import Entry
from designer.cli.lab_column import AskedRoles, Column
from designer.cli.offers.equality_offer import equalities
from designer.cli.offers.level_offer import level_remark, levels_of_column, with_levels
from designer.cli.offers.made_settings import MadeSetting
from designer.cli.offers.shared_offer import Shared, shared_by_batches


@dataclass(frozen=True)
class Roles:
    """The parameters with their roles, equalities over them with their comments, and remarks for a person.

    `batch_size` is None where the table has no batches.
    """

    parameters: Sequence[Entry]
    constraints: Sequence[tuple[str, str]] = ()
    batch_size: int | None = None
    remarks: Sequence[str] = field(default_factory=tuple)


def with_roles(
    parameters: Sequence[Entry],
    by_name: Mapping[str, Column],
    columns: Sequence[Column],
    asked: AskedRoles,
    made: Sequence[MadeSetting],
    *,
    is_pool: bool,
) -> Roles:
    """Return the parameters with the roles that are asked for or follow from the table.

    Parameters
    ----------
    by_name
        The column of each parameter that has one column, by the parameter's name.
    columns
        All columns of the table.
    made
        Settings that the table has twice.
    is_pool
        Whether only the designs of the table can be made: then equalities need not be stated.
    """
    batches = shared_by_batches(columns, _free(parameters, by_name, asked))
    shared = dict.fromkeys(batches.headers, f"equal within each {batches.batch!r}") if batches else {}
    shared |= dict.fromkeys(asked.shared, "shared by a batch, as asked")
    entries: list[Entry] = []
    remarks: list[str] = []
    for entry in parameters:
        column = by_name.get(str(dict(entry.keys)["name"]))
        if column is not None:
            entry = _with_role(entry, column, asked.contexts, shared)
            entry = _with_hints(entry, column, made)
            levels = None if is_pool or shared or "role" in dict(entry.keys) else levels_of_column(column)
            if levels is not None and not any(dict(each.keys)["kind"] == "fidelity" for each in entries):
                entry = with_levels(entry, levels)
                remarks.append(level_remark(column, levels))
        entries.append(entry)
    constraints = [] if is_pool else equalities(_joinable(entries, by_name))
    remarks += [f"Column {header!r} has 'vary: per_batch': {why}." for header, why in shared.items()]
    remarks += [f"Constraint {text}: it holds {why}." for text, why in constraints]
    return Roles(entries, constraints, _size(batches), remarks)


def _size(batches: Shared | None) -> int | None:
    return None if batches is None else batches.size


def _free(parameters: Sequence[Entry], by_name: Mapping[str, Column], asked: AskedRoles) -> list[Column]:
    """Return the columns of settings that a batch may share: those that always exist and are no contexts."""
    keys = [dict(entry.keys) for entry in parameters]
    named = [by_name[str(each["name"])] for each in keys if each["name"] in by_name and each["kind"] != "formula"]
    return [column for column in named if all(column.words) and column.header not in asked.contexts]


def _with_role(entry: Entry, column: Column, contexts: Collection[str], shared: Mapping[str, str]) -> Entry:
    if column.header in contexts:
        keys = [(key, value) for key, value in entry.keys if key != "step"]
        return Entry([*keys, ("role", "context")], entry.comment + "; known and not chosen, as asked")
    if column.header in shared:
        return Entry([*entry.keys, ("vary", "per_batch")], f"{entry.comment}; {shared[column.header]}")
    return entry


def _with_hints(entry: Entry, column: Column, made: Sequence[MadeSetting]) -> Entry:
    keys = dict(entry.keys)
    hint = "".join(each.hint for each in made if each.set is column)
    if may_be_context(column) and "role" not in keys:
        hint += "; if it is known and not chosen, add 'role: context' and leave 'step' out"
    return Entry(entry.keys, entry.comment + hint) if hint else entry


def _joinable(entries: Sequence[Entry], by_name: Mapping[str, Column]) -> list[Column]:
    """Return the columns of numbers that are chosen in every design."""
    keys = [dict(entry.keys) for entry in entries]
    return [
        by_name[str(each["name"])]
        for each in keys
        if each["kind"] == "numeric" and each["name"] in by_name and not {"role", "vary", "when", "scale"} & set(each)
    ]
