"""Linear equalities in constraints, ratios included: ``A + B == 100``, ``A == 2 * B``, ``A / B == 0.5``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.space.constraints.expressions import Form, added, linear_form, scaled
from designer.space.constraints.nodes import Arithmetic, Compare, Logic, Negative, Node


@dataclass(frozen=True)
class Equality:
    """``sum of coefficients[column] * column == total`` in lab values; columns are counted as coordinates.

    `is_ratio` where it was cross-multiplied, so that it also holds where a divisor is 0.
    """

    coefficients: Mapping[int, Fraction]
    total: Fraction
    is_ratio: bool = False

    def missed_by(self, lab: FloatArray) -> FloatArray:
        """Return by what share each row of lab values misses the equality: of its total, or of its largest term."""
        terms = [float(value) * lab[:, column] for column, value in self.coefficients.items()]
        size = np.maximum.reduce([np.full(len(lab), abs(float(self.total))), *(np.abs(term) for term in terms)])
        gap = np.abs(np.add.reduce(terms) - float(self.total))
        return np.where(gap == 0, 0.0, gap / np.where(size > 0, size, 1.0))

    def is_nearly_met(self, lab: FloatArray, tolerance: float) -> BoolArray:
        """Whether each row misses the equality by `tolerance` (a share) at most."""
        mask: BoolArray = self.missed_by(lab) <= tolerance * (1 + 1e-9)
        return mask


def equality_of(left: Node, right: Node) -> Equality | None:
    """Return ``left == right`` as a linear equality; None where it is none, also not after cross-multiplication."""
    first, second = _ratio(left), _ratio(right)
    if first is None or second is None:
        return None
    form = added(_product(first[0], second[1]), scaled(_product(second[0], first[1]), Fraction(-1)))
    return None if form is None else Equality(form[0], -form[1], bool(first[1][0] or second[1][0]))


def comparisons_in(condition: Node) -> Iterator[tuple[str, Node, Node]]:
    """Go through the parts that hold wherever a bound condition does: sign and sides of comparisons, "" of others."""
    match condition:
        case Logic("and", operands):
            for operand in operands:
                yield from comparisons_in(operand)
        case Compare(operands, operators):
            for i, sign in enumerate(operators):
                yield sign, operands[i], operands[i + 1]
        case _:
            yield "", condition, condition


_ONE: Form = ({}, Fraction(1))


def _ratio(node: Node) -> tuple[Form, Form] | None:
    """Return numerator and denominator of an expression that is a ratio of two linear ones; None for any other."""
    form = linear_form(node)
    if form is not None:
        return form, _ONE
    match node:
        case Negative(operand):
            inner = _ratio(operand)
            negative = None if inner is None else scaled(inner[0], Fraction(-1))
            return None if inner is None or negative is None else (negative, inner[1])
        case Arithmetic("+" | "-" | "*" | "/" as operator, left, right):
            a, b = _ratio(left), _ratio(right)
            if a is not None and b is not None:
                return _combined(operator, a, b)
    return None


def _combined(operator: str, a: tuple[Form, Form], b: tuple[Form, Form]) -> tuple[Form, Form] | None:
    if operator == "/":
        operator, b = "*", (b[1], b[0])
    if operator == "*":
        numerator, denominator = _product(a[0], b[0]), _product(a[1], b[1])
    else:
        first, second = _product(a[0], b[1]), _product(b[0], a[1])
        numerator = added(first, scaled(second, Fraction(1 if operator == "+" else -1)))
        denominator = _product(a[1], b[1])
        if a[1] == b[1]:
            numerator, denominator = added(a[0], scaled(b[0], Fraction(1 if operator == "+" else -1))), a[1]
    return None if numerator is None or denominator is None else (numerator, denominator)


def _product(first: Form, second: Form) -> Form | None:
    """Return the product of two linear forms where one of them is a number."""
    if not second[0]:
        return scaled(first, second[1])
    return scaled(second, first[1]) if not first[0] else None
