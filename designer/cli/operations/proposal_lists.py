"""Proposals of formulas, molecules and crystals as a person reads them: as a table of a file, and on the screen."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from designer.cli.output import Report, Table
from designer.counting import count

SHOWN = 20


class Origin(Protocol):
    """A proposal that says where it comes from."""

    @property
    def origin(self) -> str:
        """Where it comes from, in one line."""
        ...

    def as_data(self) -> Mapping[str, Any]:
        """Return the proposal as plain data; the first value is its name."""
        ...


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table as the text of a CSV file; None is an empty cell.

    >>> csv_text(["formula", "parent"], [["NaCl", None]])
    'formula,parent\\nNaCl,\\n'
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([header, *rows])
    return text.getvalue()


def digits(number: float | None) -> str:
    """Return a number in four digits; nothing for None."""
    return "" if number is None else f"{number:.4g}"


def proposals_report(
    found: Sequence[Origin], wanted: int, out: Path | None, *, noun: str, plural: str | None = None, remedy: str
) -> Report:
    """Return the first proposals with their origin, and all of them as data.

    Parameters
    ----------
    wanted
        How many were asked for.
    out
        The file that they were written to.
    noun, plural
        What they are.
    remedy
        What gives more of them.
    """
    plain = [dict(each.as_data()) for each in found]
    report = Report({"proposals": plain, "file": None if out is None else str(out)})
    names = [next(iter(each.values())) for each in plain]
    report.show(Table([noun, "origin"], [[n, each.origin] for n, each in zip(names, found[:SHOWN], strict=False)]))
    if len(found) > SHOWN:
        report.say(f"... and {count(len(found) - SHOWN, noun, plural)} more: write them with --csv FILE")
    if len(found) < wanted:
        report.say(f"Only {len(found)} of {wanted}: no others were found; {remedy}.")
    if out is not None:
        report.say(f"Written to {out}.")
    report.say(f"A proposed {noun} is not a synthesis: it is not known to be stable, or that it can be made.")
    return report
