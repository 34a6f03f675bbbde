"""The tree of a constraint or of a number that is written as text; `designer.space.constraints.syntax` builds it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from designer.arrays import FloatArray


@dataclass(frozen=True)
class Span:
    """Where a part of the text is: from `start` up to `end` (characters from 0)."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """Return the span from the start of this to the end of another."""
        return Span(self.start, other.end)


@dataclass(frozen=True)
class Number:
    """A number, exactly as written."""

    value: Fraction
    span: Span


@dataclass(frozen=True)
class Name:
    """A name such as ``temperature`` or ``alloy.Ni``, or a choice written without quotes."""

    text: str
    span: Span


@dataclass(frozen=True)
class Quoted:
    """A choice in quotes."""

    text: str
    span: Span


@dataclass(frozen=True)
class Arithmetic:
    """``left operator right`` with ``+ - * / **``."""

    operator: str
    left: Node
    right: Node
    span: Span


@dataclass(frozen=True)
class Negative:
    """``-operand``."""

    operand: Node
    span: Span


@dataclass(frozen=True)
class Call:
    """``function(arguments)``."""

    function: str
    arguments: tuple[Node, ...]
    span: Span


@dataclass(frozen=True)
class Compare:
    """``operands[0] operators[0] operands[1] operators[1] ...``, every comparison of which must hold."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class Membership:
    """``subject in [words]``."""

    subject: Node
    words: tuple[Quoted, ...]
    span: Span


@dataclass(frozen=True)
class Logic:
    """``and`` or ``or`` of operands."""

    operator: str
    operands: tuple[Node, ...]
    span: Span


@dataclass(frozen=True)
class Not:
    """``not operand``."""

    operand: Node
    span: Span


@dataclass(frozen=True)
class Cases:
    """The first of the `numbers` whose condition holds; a last number for all other designs has the condition None."""

    numbers: tuple[Node, ...]
    conditions: tuple[Node | None, ...]
    span: Span


@dataclass(frozen=True)
class Column:
    """A number of the design: the lab value in the coordinate `index`. Names become columns when a space is known."""

    index: int
    span: Span


@dataclass(frozen=True)
class Property:
    """A number of the word whose index is in the coordinate `index`: one of `values`, None where it is not known."""

    index: int
    values: tuple[Fraction | None, ...]
    span: Span

    @cached_property
    def floats(self) -> FloatArray:
        """The values as floats, NaN where they are not known, and a last NaN for words that are not there."""
        return np.array([np.nan if value is None else float(value) for value in (*self.values, None)])

    def rows(self, indices: FloatArray) -> FloatArray:
        """Return the value of each of some indices (``n``); NaN for what is no index."""
        known = (indices >= 0) & (indices < len(self.values))
        return self.floats[np.where(known, indices, len(self.values)).astype(np.intp)]

    def exact(self, index: Fraction) -> Fraction | None:
        """Return the exact value of one index; None where it is not known."""
        return self.values[int(index)] if 0 <= index < len(self.values) else None


@dataclass(frozen=True)
class OneOf:
    """Whether the choice in the coordinate `index` is one of those with the indices `choices`."""

    index: int
    choices: frozenset[int]
    span: Span


Node = (
    Number | Name | Quoted | Arithmetic | Negative | Call | Cases
    | Compare | Membership | Logic | Not | Column | Property | OneOf
)  # fmt: skip
CONDITIONS = (Compare, Membership, Logic, Not, OneOf)
