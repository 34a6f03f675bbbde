"""The words of a command line: which are ids, which are a reason, and which option has lost its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperCommand

from designer.counting import count
from designer.errors import Fault, InvalidInput

_ID = re.compile(r"[SMC]\d+")


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


def subject_of(rest: list[str], example: str) -> str:
    """Return the first word, an id."""
    if not rest:
        raise InvalidInput(Fault("no id is given", f"for example: {example}"))
    return rest[0]


def require_only_one(rest: list[str], what: str) -> None:
    """Refuse another number of words than one."""
    if len(rest) != 1:
        raise InvalidInput(Fault(f"{count(len(rest), 'argument')} instead of one {what}", f"give one {what}"))


def read_bounds(words: list[str]) -> dict[str, list[float]]:
    """Return bounds by parameter, of words PARAMETER=LOW,HIGH."""
    from designer.cli.design_cells import read_words

    result, faults = {}, []
    for name, text in read_words(words).items():
        try:
            low, high = (float(part) for part in text.split(","))
            result[name] = [low, high]
        except ValueError:
            faults.append(Fault(f"bounds {text!r} of {name} cannot be read", f"write {name}=LOW,HIGH"))
    if faults:
        raise InvalidInput(faults)
    return result


def read_choices(words: list[str]) -> dict[str, list[str]]:
    """Return further choices by parameter, of words PARAMETER=WORD."""
    from designer.cli.design_cells import read_words

    result: dict[str, list[str]] = {}
    for word in words:
        for name, text in read_words([word]).items():
            result.setdefault(name, []).append(text)
    return result


def compared_ids(words: Sequence[str], better: str, *, tie: bool) -> tuple[str, ...]:
    """Return the ids of two compared results, the better one first; nothing without words.

    >>> compared_ids(["S0003", "S0007"], "S0007", tie=False)
    ('S0007', 'S0003')

    Raises
    ------
    InvalidInput
        If there are not two ids, or not one answer.
    """
    if not words:
        return ()
    example = "for example: designer compare S0003 S0007 --better S0003"
    if len(words) != 2:
        raise InvalidInput(Fault(f"{count(len(words), 'result')} to compare instead of two", example))
    if bool(better) == tie:
        what = (
            "--better and --tie are both given" if tie else f"nothing says which of {words[0]} and {words[1]} is better"
        )
        raise InvalidInput(Fault(what, "give --better with one of them, or --tie"))
    if better and better not in words:
        raise InvalidInput(Fault(f"{better} is none of {words[0]} and {words[1]}", "give --better with one of them"))
    return (words[1], words[0]) if better == words[1] else (words[0], words[1])
