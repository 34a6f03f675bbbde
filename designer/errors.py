"""The errors that `designer` raises on purpose, with one base class.

A *fault* is one error in the input: it states what is wrong, where, and what would be right. An exception has all
faults that were found, so that a user corrects a file once and not fault by fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from designer.counting import count

MAX_ALIKE = 20
"""Faults of one kind that are listed one by one; more of them are one line with a count."""
MAX_KINDS = 100
"""Kinds of faults that are listed."""
MAX_FAULT_TEXT = 300
"""Characters of what is wrong, and of the remedy, that are shown."""
_VALUES = re.compile(r"""'[^']*'|"[^"]*"|[-+]?\d[\d.,e+-]*""")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, where it is, and what would be right.

    Parameters
    ----------
    what
        What is wrong, naming the offending value.
    remedy
        What would be right.
    file, line, row, column
        Where: the file's path, the line (from 1) of a text file, the row of a table (as a spreadsheet counts:
        the header is row 1, the first data row is row 2) and the column's name.
    path
        The place inside a nested document, for example ``("space", 0, "bounds")``.

    Examples
    --------
    >>> print(Fault("'warm' is not a number", "give degC as a number", file="a.csv", row=4, column="T"))
    a.csv, row 4, column 'T': 'warm' is not a number; give degC as a number
    """

    what: str
    remedy: str = ""
    file: str | None = None
    line: int | None = None
    row: int | None = None
    column: str | None = None
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        place = ", ".join(part for part in self._places() if part)
        text = f"{self.what}; {self.remedy}" if self.remedy else self.what
        return f"{place}: {text}" if place else text

    def _places(self) -> Iterable[str]:
        if self.file is not None and self.line is not None:
            yield f"{self.file}:{self.line}"
        elif self.file is not None:
            yield self.file
        elif self.line is not None:
            yield f"line {self.line}"
        elif self.path:
            yield render_path(self.path)
        if self.row is not None:
            yield f"row {self.row}"
        if self.column is not None:
            yield f"column {self.column!r}"

    def at(self, **place: object) -> Fault:
        """Return the same fault with places (``file``, ``line``, ``row``, ``column``, ``path``) filled in."""
        return replace(self, **place)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as plain data: the keys are always the same, of the command line's JSON and of the API's.

        >>> Fault("'warm' is not a number", row=4).as_dict()["row"]
        4
        """
        return {
            "what": self.what,
            "remedy": self.remedy,
            "file": self.file,
            "line": self.line,
            "row": self.row,
            "column": self.column,
            "path": list(self.path),
        }


def summarized(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return faults as they are listed for a person or a program: many of one kind are one, with their count.

    Faults are of one kind if they differ only in their place, and in the numbers and quoted words of their text. A kind
    of more than `MAX_ALIKE` faults is one line: the first of them, how many more there are, and the first rows.

    Examples
    --------
    >>> many = [Fault(f"'{i}x' is not a number", "give a number", row=i) for i in range(2, 30_002)]
    >>> [str(fault) for fault in summarized(many)]
    ["row 2: '2x' is not a number; give a number (and 29,999 more like this, in rows 3, 4, 5, 6, 7, ...)"]
    """
    kinds: dict[tuple[str | None, str, str], list[Fault]] = {}
    for fault in faults:
        kinds.setdefault((fault.file, _pattern(fault.what), _pattern(fault.remedy)), []).append(fault)
    listed = {id(fault) for alike in list(kinds.values())[:MAX_KINDS] for fault in _listed(alike)}
    first = {id(alike[0]): alike for alike in kinds.values()}
    lines = [_counted(first[id(f)]) if id(f) in first else _short(f) for f in faults if id(f) in listed]
    left = sum(len(alike) for alike in list(kinds.values())[MAX_KINDS:])
    return (*lines, Fault(f"and {count(left, 'fault')} of other kinds")) if left else tuple(lines)


def _listed(alike: Sequence[Fault]) -> Sequence[Fault]:
    return alike if len(alike) <= MAX_ALIKE else alike[:1]


def _counted(alike: Sequence[Fault]) -> Fault:
    first = _short(alike[0])
    if len(alike) <= MAX_ALIKE:
        return first
    rows = list(dict.fromkeys(fault.row for fault in alike[1:] if fault.row is not None and fault.row != first.row))
    places = f", in rows {', '.join(map(str, rows[:5]))}{', ...' if len(rows) > 5 else ''}" if rows else ""
    return replace(first, remedy=f"{first.remedy} (and {len(alike) - 1:,} more like this{places})".lstrip())


def _short(fault: Fault) -> Fault:
    if max(len(fault.what), len(fault.remedy), len(fault.column or "")) <= MAX_FAULT_TEXT:
        return fault
    column = fault.column if fault.column is None else _cut(fault.column)
    return replace(fault, what=_cut(fault.what), remedy=_cut(fault.remedy), column=column)


def _cut(text: str) -> str:
    half = MAX_FAULT_TEXT // 2
    return text if len(text) <= MAX_FAULT_TEXT else f"{text[:half]} ... {text[-half:]}"


def _pattern(text: str) -> str:
    return _VALUES.sub("*", text[: 10 * MAX_FAULT_TEXT])


def render_path(path: tuple[str | int, ...]) -> str:
    """Return a document path as a person writes it.

    >>> render_path(("space", 0, "bounds"))
    'space[0].bounds'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown word: the nearest known one, or all of them.

    >>> did_you_mean("Nii", ["Ni", "Fe"])
    "did you mean 'Ni'?"
    >>> did_you_mean("x", ["Ni", "Fe"])
    'known: Ni, Fe'
    """
    words = list(known)
    close = get_close_matches(given, words, n=1, cutoff=0.6)
    if not close:
        folded = {word.casefold(): word for word in words}
        close = [folded[given.casefold()]] if given.casefold() in folded else []
    if close:
        return f"did you mean {close[0]!r}?"
    return known_words(words)


class NearestWords:
    """Remedies for many unknown words among the same known ones.

    Finding the nearest word takes time for each pair of words. It is done for the first `MAX_SEARCHES` unknown words;
    the remedy of the others lists known ones.
    """

    MAX_SEARCHES = 100

    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(dict.fromkeys(known))
        self._found: dict[str, str] = {}

    def remedy(self, word: str) -> str:
        """Return the remedy for an unknown word; see `did_you_mean`."""
        if word not in self._found:
            if len(self._found) >= self.MAX_SEARCHES:
                return known_words(self._known)
            self._found[word] = did_you_mean(word, self._known)
        return self._found[word]


def known_words(words: Sequence[str]) -> str:
    """Return a remedy that lists the first known words.

    >>> known_words(["Ni", "Fe"]), known_words([])
    ('known: Ni, Fe', 'none is known')
    """
    shown = ", ".join(words[:12])
    return f"known: {shown}{', ...' if len(words) > 12 else ''}" if words else "none is known"


class DesignerError(Exception):
    """Base of every error that `designer` raises on purpose."""


class InvalidInput(DesignerError, ValueError):
    """What the user gave cannot be used; nothing was written.

    Parameters
    ----------
    faults
        All that is wrong, in the order of the document.
    """

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in summarized(self.faults))


class InvalidSpace(InvalidInput):
    """A parameter, a constraint or a whole space that cannot be built."""


class InvalidObjective(InvalidInput):
    """Targets that cannot be pursued as written."""


class InvalidCampaign(InvalidInput):
    """A campaign file that cannot be run as written."""


class InvalidData(InvalidInput):
    """Rows of measurements or designs that cannot be taken as written."""


class InvalidPrior(InvalidInput):
    """A prior that cannot be fitted to what was given, or a saved one that cannot be read."""


class UnknownSuggestion(InvalidInput):
    """An id that names no suggestion or measurement of this campaign."""


class InvalidUnit(InvalidInput):
    """A unit that is not known, or a quantity that does not convert."""


class NoDesignLeft(DesignerError):
    """No design is left that satisfies the constraints and was not suggested, measured or withdrawn before."""


class BudgetSpent(NoDesignLeft):
    """No useful design is left that the rest of the cost budget can pay."""


class MeasurementFailed(DesignerError):
    """An oracle was asked and could not measure this design; the experiment counts as failed."""


class OracleUnusable(DesignerError):
    """An oracle cannot measure at all (a missing file, a command that does not start): the run must stop."""


class BrokenPlugin(DesignerError):
    """Another package registered something here that cannot be loaded or is not of the registered kind."""


class StoreError(DesignerError):
    """The store cannot be read or written."""


class Conflict(StoreError):
    """Another process wrote first; read again and decide again."""


class MissingExtra(DesignerError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; install it with: pip install 'materials-designer[{extra}]'")
