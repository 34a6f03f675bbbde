"""Constraints over the parameters of a space, written as text and checked on arrays of designs.

The grammar is described in `designer.space.constraints.syntax`. Numbers are in the units of the parameters; names are
those of parameters (``temperature``), of members (``alloy.Ni``) or of lab columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NoReturn

from pydantic import model_serializer, model_validator

from designer.arrays import BoolArray, FloatArray
from designer.documents import Value
from designer.errors import Fault, InvalidInput, InvalidSpace, NearestWords, did_you_mean
from designer.space.constraints.expressions import columns_of, linear_form, truth
from designer.space.constraints.syntax import (
    Arithmetic,
    Call,
    Column,
    Compare,
    Logic,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Number,
    OneOf,
    Quoted,
    parse_constraint,
)
from designer.space.parameters.fields import Text
from designer.space.parameters.references import Reference


class Constraint(Value):
    """One condition that every design must satisfy.

    Raises
    ------
    InvalidSpace
        If the text does not follow the grammar; names are checked by the space that holds the constraint.

    Examples
    --------
    >>> Constraint(text="alloy.Ni + alloy.Fe >= 30").text
    'alloy.Ni + alloy.Fe >= 30'
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidSpace

    text: Text

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return {"text": given} if not isinstance(given, (Mapping, Constraint)) else given

    @model_validator(mode="after")
    def _check(self) -> Constraint:
        _ = self.tree
        return self

    @cached_property
    def tree(self) -> Node:
        """The parsed text."""
        return parse_constraint(self.text)

    @model_serializer
    def _to_text(self) -> str:
        return self.text


@dataclass(frozen=True)
class Inequality:
    """``sum of coefficients[column] * column <= bound``; ``<`` where `strict`, ``==`` where `equal`; in lab units."""

    coefficients: Mapping[str, float]
    bound: float
    strict: bool = False
    equal: bool = False


@dataclass(frozen=True)
class BoundConstraint:
    """A constraint whose names are the coordinates of a space."""

    text: str
    tree: Node
    columns: tuple[str, ...]

    def satisfied(self, lab: FloatArray) -> BoolArray:
        """Whether each row of lab values (``n x c``, choices as indices) satisfies the constraint; exact."""
        return truth(self.tree, lab).true

    @property
    def uses(self) -> frozenset[int]:
        """The coordinates that the constraint depends on."""
        return columns_of(self.tree)

    def linear(self) -> tuple[Inequality, ...]:
        """Return the linear inequalities that are, together, the constraint; none if it is not of that kind."""
        found = _inequalities(self.tree, self.columns)
        return tuple(found) if found is not None else ()


def nearest_names(names: Mapping[str, Reference]) -> NearestWords:
    """Return the remedies for unknown names in constraints, to share among the constraints of a space."""
    return NearestWords(name for name, reference in names.items() if not reference.unusable)


def bind(
    constraint: Constraint,
    names: Mapping[str, Reference],
    columns: Sequence[str],
    nearest: NearestWords | None = None,
) -> BoundConstraint:
    """Return the constraint with its names resolved; `nearest` is what `nearest_names` returns.

    Raises
    ------
    InvalidSpace
        For an unknown name or choice, a choice compared with a number, or equality on a continuous range.
    """
    tree = _Binder(constraint.text, names, nearest or nearest_names(names)).condition(constraint.tree)
    return BoundConstraint(constraint.text, tree, tuple(columns))


class _Binder:
    def __init__(self, text: str, names: Mapping[str, Reference], nearest: NearestWords) -> None:
        self.text = text
        self.names = names
        self.nearest = nearest
        self.numbers: dict[str, Reference] = {}

    def fail(self, node: Node, what: str, remedy: str) -> NoReturn:
        raise InvalidSpace(Fault(f"constraint {self.text!r}: {what} (character {node.span.start + 1})", remedy))

    def source(self, node: Node) -> str:
        return self.text[node.span.start : node.span.end].strip()

    def condition(self, node: Node) -> Node:
        match node:
            case Not(operand, span):
                return Not(self.condition(operand), span)
            case Logic(operator, operands, span):
                return Logic(operator, tuple(self.condition(operand) for operand in operands), span)
            case Membership(subject, words):
                return self._one_of(node, subject, words)
            case Compare(operands, operators, span):
                choice = self._choice_comparison(node)
                if choice is not None:
                    return choice
                bound = Compare(tuple(self.number(operand) for operand in operands), operators, span)
                if "==" in operators or "!=" in operators:
                    self._refuse_equality(bound)
                return bound
        raise TypeError(f"{node!r} is no condition")

    def number(self, node: Node) -> Node:
        match node:
            case Number():
                return node
            case Name():
                return self._column(node)
            case Quoted(text):
                self.fail(
                    node, f"the choice {text!r} is no number", "compare it with a categorical parameter by == or in"
                )
            case Negative(operand, span):
                return Negative(self.number(operand), span)
            case Arithmetic(operator, left, right, span):
                return Arithmetic(operator, self.number(left), self.number(right), span)
            case Call(function, arguments, span):
                return Call(function, tuple(self.number(argument) for argument in arguments), span)
        raise TypeError(f"{node!r} is no number")

    def _column(self, node: Name) -> Column:
        reference = self.names.get(node.text)
        if reference is None:
            self.fail(node, f"there is no parameter {node.text!r}", self._name_remedy(node.text))
        if reference.unusable:
            self.fail(node, f"{node.text!r} {reference.unusable}", self._name_remedy(node.text))
        if reference.choices is not None:
            self.fail(node, f"{node.text!r} is a choice, not a number", "compare it with its choices by == or in")
        self.numbers[node.text] = reference
        return Column(reference.index, node.span)

    def _name_remedy(self, text: str) -> str:
        if text in self.names:  # a composition or mixture, or a formula
            members = [name for name in self.names if name.startswith(f"{text}.")]
            if members:
                return f"name a member, such as {members[0]}"
        return self.nearest.remedy(text)

    # Choices

    def _category(self, node: Node) -> Reference | None:
        """Return the categorical parameter that `node` names, if it names one."""
        reference = self.names.get(node.text) if isinstance(node, Name) else None
        return reference if reference is not None and reference.choices is not None else None

    def _choice_comparison(self, node: Compare) -> Node | None:
        """Return ``category == choice`` as a test of indices, or None for a comparison of numbers."""
        categories = [self._category(operand) for operand in node.operands]
        if not any(categories):
            return None
        if len(node.operands) != 2 or node.operators[0] not in ("==", "!="):
            named = self.source(node.operands[next(i for i, found in enumerate(categories) if found)])
            self.fail(node, f"{named!r} is a choice and has no order", "compare it with its choices by == or in")
        place = 0 if categories[0] is not None else 1
        test = self._one_of(node, node.operands[place], (node.operands[1 - place],))
        return Not(test, node.span) if node.operators[0] == "!=" else test

    def _one_of(self, node: Node, subject: Node, words: Sequence[Node]) -> OneOf:
        reference = self._category(subject)
        if reference is None or reference.choices is None:
            if isinstance(subject, Name) and subject.text not in self.names:
                self._column(subject)
            self.fail(node, f"{self.source(subject)!r} has no choices", "use 'in' with a categorical parameter")
        indices = set()
        for word in words:
            text = word.text if isinstance(word, Quoted) else self.source(word)
            if text not in reference.choices:
                what = f"{text!r} is not a choice of {self.source(subject)!r}"
                if isinstance(word, Number) or self._category(word) is not None:
                    self.fail(word, what, f"compare it with one of: {', '.join(reference.choices[:12])}")
                self.fail(word, what, did_you_mean(text, reference.choices))
            indices.add(reference.choices.index(text))
        return OneOf(reference.index, frozenset(indices), node.span)

    def _refuse_equality(self, node: Compare) -> None:
        used = columns_of(node)
        for name, reference in self.numbers.items():
            if reference.continuous and reference.index in used:
                what = f"{name!r} is continuous, so == and != have no meaning"
                self.fail(node, what, f"write a range such as 'a <= {name} <= b', or give {name!r} a step")


def _inequalities(node: Node, columns: tuple[str, ...]) -> list[Inequality] | None:
    match node:
        case Not(Compare(operands, (sign,), span)) if sign in _OPPOSITE:
            return _inequalities(Compare(operands, (_OPPOSITE[sign],), span), columns)
        case Not(Not(operand)):
            return _inequalities(operand, columns)
        case Logic("and", parts):
            return _all_of([_inequalities(part, columns) for part in parts])
        case Compare(operands, operators, span):
            pairs = [Arithmetic("-", operands[i], operands[i + 1], span) for i in range(len(operators))]
            return _all_of([_inequality(p, sign, columns) for p, sign in zip(pairs, operators, strict=True)])
    return None


_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}


def _all_of(parts: Sequence[list[Inequality] | None]) -> list[Inequality] | None:
    found: list[Inequality] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return found


def _inequality(difference: Node, sign: str, columns: tuple[str, ...]) -> list[Inequality] | None:
    form = linear_form(difference)
    if form is None or sign == "!=":
        return None
    factor = Fraction(-1 if sign in (">=", ">") else 1)
    coefficients = {columns[index]: float(factor * value) for index, value in form[0].items()}
    return [Inequality(coefficients, float(-factor * form[1]), strict=sign in ("<", ">"), equal=sign == "==")]
