"""Constraints over the parameters of a space, written as text and checked on arrays of designs.

The grammar is described in `designer.space.constraints.syntax`. Numbers are in the units of the parameters; names are
those of parameters (``temperature``), of members (``alloy.Ni``) or of lab columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NoReturn

import numpy as np
from pydantic import model_serializer, model_validator

from designer.arrays import BoolArray, FloatArray
from designer.documents import Value
from designer.errors import Fault, InvalidInput, InvalidSpace, NearestWords, did_you_mean
from designer.space.constraints.equality import Equality, comparisons_in, equality_of
from designer.space.constraints.expressions import columns_of, linear_form, truth
from designer.space.constraints.nodes import (
    Arithmetic,
    Call,
    Cases,
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
    Property,
    Quoted,
)
from designer.space.constraints.syntax import parse_constraint
from designer.space.parameters.fields import Text
from designer.space.parameters.references import Reference

MAX_COMBINATIONS = 100_000
"""Combinations of settings among which an equality that is not linear may choose."""


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

    @cached_property
    def equalities(self) -> tuple[Equality, ...]:
        """The linear equalities, ratios included, that hold wherever the constraint does."""
        found = (equality_of(left, right) for sign, left, right in comparisons_in(self.tree) if sign == "==")
        return tuple(each for each in found if each is not None)

    @cached_property
    def is_equality(self) -> bool:
        """Whether the constraint is one linear equality, or several joined by ``and``."""
        return bool(self.equalities) and len(self.equalities) == sum(1 for _ in comparisons_in(self.tree))

    def is_nearly_met(self, lab: FloatArray, tolerance: float) -> BoolArray:
        """Whether each row of lab values misses every equality by `tolerance`, a share of its total, at most."""
        mask: BoolArray = np.logical_and.reduce([each.is_nearly_met(lab, tolerance) for each in self.equalities])
        return mask

    def linear(self) -> tuple[Inequality, ...]:
        """Return the linear inequalities that are, together, the constraint; none if it is not of that kind."""
        found = _inequalities(self.tree, self.columns)
        return tuple(found) if found is not None else ()


def nearest_names(names: Mapping[str, Reference]) -> NearestWords:
    """Return the remedies for unknown names in constraints, to share among the constraints of a space."""
    usable = [name for name, reference in names.items() if not reference.unusable]
    return NearestWords([*usable, *(f"{name}.{each.examples[0]}" for name, each in names.items() if each.examples)])


def bind(
    constraint: Constraint,
    names: Mapping[str, Reference],
    columns: Sequence[str],
    nearest: NearestWords | None = None,
    *,
    what: str = "constraint",
) -> BoundConstraint:
    """Return the constraint with its names resolved; `nearest` is what `nearest_names` returns, and
    `what` is how messages call it.

    Raises
    ------
    InvalidSpace
        For an unknown name or choice, a choice compared with a number, or an equality that cannot be solved: see
        `designer.space.constraints.equality`.
    """
    binder = _Binder(constraint.text, names, nearest or nearest_names(names), what)
    tree = binder.condition(constraint.tree, everywhere=True)
    return BoundConstraint(constraint.text, tree, tuple(columns))


def bind_number(text: str, tree: Node, names: Mapping[str, Reference], what: str) -> Node:
    """Return a parsed number with its names resolved to coordinates; `what` is how messages call it.

    Raises
    ------
    InvalidSpace
        For an unknown name or choice, or a choice in place of a number.
    """
    return _Binder(text, names, nearest_names(names), what).number(tree)


class _Binder:
    def __init__(self, text: str, names: Mapping[str, Reference], nearest: NearestWords, what: str) -> None:
        self.text = text
        self.what = what
        self.names = names
        self.nearest = nearest
        self.numbers: dict[str, Reference] = {}

    def fail(self, node: Node, what: str, remedy: str) -> NoReturn:
        raise InvalidSpace(Fault(f"{self.what} {self.text!r}: {what} (character {node.span.start + 1})", remedy))

    def source(self, node: Node) -> str:
        return self.text[node.span.start : node.span.end].strip()

    def condition(self, node: Node, *, everywhere: bool = False) -> Node:
        """Return a condition with its names resolved; `everywhere` where every design must satisfy it."""
        match node:
            case Not(operand, span):
                return Not(self.condition(operand), span)
            case Logic(operator, operands, span):
                everywhere = everywhere and operator == "and"
                return Logic(operator, tuple(self.condition(each, everywhere=everywhere) for each in operands), span)
            case Membership(subject, words):
                return self._one_of(node, subject, words)
            case Compare(operands, operators, span):
                choice = self._choice_comparison(node)
                if choice is not None:
                    return choice
                bound = Compare(tuple(self.number(operand) for operand in operands), operators, span)
                for i, sign in enumerate(operators):
                    if sign in ("==", "!="):
                        self._check_equality(
                            bound, bound.operands[i], bound.operands[i + 1], everywhere and sign == "=="
                        )
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
            case Cases(numbers, conditions, span):
                bound = tuple(None if each is None else self.condition(each) for each in conditions)
                return Cases(tuple(self.number(each) for each in numbers), bound, span)
        raise TypeError(f"{node!r} is no number")

    def _property(self, node: Name) -> Property | None:
        """Return the property of a formula that a name is, such as ``product.fraction.Li``; None where it is none."""
        for place in (i for i, character in enumerate(node.text) if character == "."):
            reference = self.names.get(node.text[:place])
            if reference is not None and reference.properties is not None:
                try:
                    values = reference.properties(node.text[place + 1 :])
                except InvalidInput as error:
                    fault = error.faults[0]
                    self.fail(node, f"{node.text!r}: {fault.what}", fault.remedy)
                return Property(reference.index, values, node.span)
        return None

    def _column(self, node: Name) -> Column | Property:
        reference = self.names.get(node.text)
        if reference is None:
            known = self._property(node)
            if known is not None:
                return known
            self.fail(node, f"there is no parameter {node.text!r}", self._name_remedy(node.text))
        if reference.unusable:
            self.fail(node, f"{node.text!r} {reference.unusable}", self._name_remedy(node.text))
        if reference.choices is not None:
            self.fail(node, f"{node.text!r} is a choice, not a number", "compare it with its choices by == or in")
        self.numbers[node.text] = reference
        return Column(reference.index, node.span)

    def _name_remedy(self, text: str) -> str:
        if text in self.names:  # a composition or mixture, or a formula
            if self.names[text].properties is not None:
                examples = " or ".join(f"{text}.{each}" for each in self.names[text].examples)
                return f"name a property of it, such as {examples}"
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

    def _check_equality(self, node: Compare, left: Node, right: Node, solvable: bool) -> None:
        """Refuse an equality that cannot be solved: one that is not linear, or one under a condition."""
        used = columns_of(left) | columns_of(right)
        references = {name: each for name, each in self.numbers.items() if each.index in used}
        numbers = all(reference.settings is not None for reference in references.values())
        equality = equality_of(left, right) if solvable and numbers else None
        if equality is not None and (len(equality.coefficients) > 1 or not used):
            return
        continuous = next((name for name, reference in references.items() if reference.continuous), None)
        if equality is None and solvable and numbers and used:
            self._refuse_nonlinear(node, references, continuous)
        elif continuous is not None:
            what = f"{continuous!r} is continuous, so == and != have no meaning"
            if len(used) > 1 and not solvable:
                what = f"{continuous!r} is continuous, and == is not solved under a condition, nor !="
            elif len(used) > 1:
                solved = "== is solved only between numbers that are chosen and always exist"
                what = f"{continuous!r} is continuous, and {solved}"
            self.fail(node, what, f"write a range such as 'a <= {continuous} <= b', or give {continuous!r} a step")

    def _refuse_nonlinear(self, node: Compare, references: Mapping[str, Reference], continuous: str | None) -> None:
        """Refuse an equality that is not linear, unless all combinations of settings can be tried."""
        combinations = math.prod(reference.settings or 0 for reference in references.values())
        if continuous is None and 0 < combinations <= MAX_COMBINATIONS:
            return
        reason = f"{continuous!r} is continuous" if continuous else f"there are {combinations:,} combinations to try"
        what = f"the equality is not linear, so that it is not solved, and {reason}"
        self.fail(
            node, what, "write sums, multiples or ratios of parameters (A == 2 * B), or a range (2 <= A * B <= 3)"
        )


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
