"""The words of a command line: which are ids, which are a reason, and which option has lost its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperCommand

from designer.errors import Fault, InvalidInput

_ID = re.compile(r"[SM]\d+")


class CheckedCommand(TyperCommand):
    """A command that refuses an option whose value was left out, so that the next option is not taken for the value.

    ``--csv -n 3`` would write the file ``-n``; a value that looks like an option is given as ``--csv=-n``.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Check the words, then parse them as usual."""
        names = {name for each in self.params for name in (*each.opts, *each.secondary_opts) if name.startswith("-")}
        names |= set(ctx.help_option_names)
        valued = {name for each in self.params if not getattr(each, "is_flag", False) for name in each.opts} & names
        words: Iterator[str] = iter(args)
        for word in words:
            if word == "--":
                break
            if word not in valued:
                continue
            value = next(words, None)
            if value in names:
                raise typer.BadParameter(f"Option '{word}' has no value: '{value}' is an option too", ctx=ctx)
        return super().parse_args(ctx, args)


def check_all_commands(app: typer.Typer) -> None:
    """Make every command of `app`, those of its groups included, a `CheckedCommand`."""
    for command in app.registered_commands:
        command.cls = CheckedCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            check_all_commands(group.typer_instance)


def ids_and_reason(words: Sequence[str], reason: str, example: str) -> tuple[list[str], str]:
    """Return the ids with which `words` begin, and the reason: the words after them, or the value of ``--reason``.

    >>> ids_and_reason(["S0007", "S0008,", "S0009", "film", "peeled"], "", "")
    (['S0007', 'S0008', 'S0009'], 'film peeled')

    Raises
    ------
    InvalidInput
        If there is no id, an id stands after the reason or is given twice, or the reason is given twice.
    """
    if not words:
        raise InvalidInput(Fault("no id is given", f"for example: {example}"))
    ids, rest = _ids_of(words[0]), list(words[1:])
    if ids is None:  # the campaign reports that there is no such id
        return [words[0]], reason or " ".join(rest)
    while rest and (more := _ids_of(rest[0])) is not None:
        ids += more
        del rest[0]
    faults = [
        Fault(f"{word!r} stands after the reason", "give all ids first, and the reason in quotes or with --reason")
        for word in rest
        if _ids_of(word) is not None
    ]
    faults += [Fault(f"{name} is given twice", "give it once") for name in dict.fromkeys(ids) if ids.count(name) > 1]
    if rest and reason:
        what = f"the reason is given twice: {' '.join(rest)!r} and {reason!r}"
        faults.append(Fault(what, "give it once"))
    if faults:
        raise InvalidInput(faults)
    return ids, reason or " ".join(rest)


def _ids_of(word: str) -> list[str] | None:
    """Return the ids that a word names, separated by commas; None where it is another word."""
    parts = [part.strip() for part in word.split(",") if part.strip()]
    return parts if parts and all(_ID.fullmatch(part) for part in parts) else None
