"""The value of expressions on arrays of designs, and the truth of conditions, as exact as decimals are.

A comparison of floats is wrong where rounding decides it: 0.1 + 0.2 <= 0.3 is false. So each value is carried with a
bound on its rounding error (running error analysis: Higham, Accuracy and Stability of Numerical Algorithms, 2002).
Where the two sides differ by more than that, floats have decided rightly. Where they do not, an expression of
``+ - * / min max abs`` and whole powers is worked out again in rational arithmetic on the decimal text of the lab
values, so its answer is exact; with logarithms, roots and exponentials, sides that floats cannot tell apart are equal.

What cannot be computed, such as the logarithm of a negative number, is neither true nor false, and a design for which
a constraint is not true is not valid (the three-valued logic of Kleene).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.space.constraints.nodes import (
    Arithmetic,
    Call,
    Cases,
    Column,
    Compare,
    Logic,
    Negative,
    Node,
    Not,
    Number,
    OneOf,
    Property,
)

_ROUNDING = 2.0**-52
_LARGEST_POWER = 64


@dataclass(frozen=True, eq=False)
class Truth:
    """Where a condition is surely true and where it is surely false; elsewhere it cannot be computed."""

    true: BoolArray
    false: BoolArray


@dataclass(frozen=True, eq=False)
class _Measured:
    """Values and a bound on the distance of each from the exact value."""

    value: FloatArray
    error: FloatArray


def truth(node: Node, lab: FloatArray) -> Truth:
    """Return the truth of a bound condition for each row of lab values (``n x c``, choices as indices)."""
    with np.errstate(all="ignore"):
        return _truth(node, lab)


def float_values(node: Node, lab: FloatArray) -> FloatArray:
    """Return the value of a bound expression for each row of lab values, as floats see it; NaN where they cannot."""
    with np.errstate(all="ignore"):
        return _value(node, lab).value


def _truth(node: Node, lab: FloatArray) -> Truth:
    match node:
        case Not(operand):
            inner = _truth(operand, lab)
            return Truth(inner.false, inner.true)
        case Logic("and", operands):
            parts = [_truth(operand, lab) for operand in operands]
            return Truth(np.logical_and.reduce([p.true for p in parts]), np.logical_or.reduce([p.false for p in parts]))
        case Logic("or", operands):
            parts = [_truth(operand, lab) for operand in operands]
            return Truth(np.logical_or.reduce([p.true for p in parts]), np.logical_and.reduce([p.false for p in parts]))
        case OneOf(index, choices):
            hit = np.isin(lab[:, index], list(choices))
            return Truth(hit, ~hit & ~np.isnan(lab[:, index]))
        case Compare(operands, operators):
            pairs = [_compare(operands[i], sign, operands[i + 1], lab) for i, sign in enumerate(operators)]
            return Truth(np.logical_and.reduce([p.true for p in pairs]), np.logical_or.reduce([p.false for p in pairs]))
    raise TypeError(f"{node!r} is no condition")


def _compare(left: Node, sign: str, right: Node, lab: FloatArray) -> Truth:
    a, b = _value(left, lab), _value(right, lab)
    difference = a.value - b.value
    error = a.error + b.error + _ROUNDING * np.abs(difference)
    order = np.sign(difference)
    undecided = ~(np.abs(difference) > error)
    known = np.isfinite(difference) & np.isfinite(error)
    if undecided.any():
        if is_rational(left) and is_rational(right):
            order[undecided] = _exact_order(left, right, lab[undecided])
            known = known | undecided
        else:
            order[undecided] = 0.0
    known &= np.isfinite(order)
    holds = _SIGNS[sign](order)
    return Truth(known & holds, known & ~holds)


_SIGNS: Mapping[str, Callable[[FloatArray], BoolArray]] = {
    "<=": lambda order: order <= 0,
    "<": lambda order: order < 0,
    ">=": lambda order: order >= 0,
    ">": lambda order: order > 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
}


def _exact_order(left: Node, right: Node, lab: FloatArray) -> FloatArray:
    """Return the sign of ``left - right`` for each row in rational arithmetic; NaN where it divides by zero."""
    used = sorted(columns_of(left) | columns_of(right))
    rows, inverse = np.unique(lab[:, used], axis=0, return_inverse=True)
    orders = np.full(len(rows), np.nan)
    for i, row in enumerate(rows):
        if np.isnan(row).any():  # a parameter that does not exist
            continue
        values = {column: Fraction(repr(float(value))) for column, value in zip(used, row, strict=True)}
        try:
            difference = _exact(left, values) - _exact(right, values)
        except (ZeroDivisionError, _NotKnown):
            continue
        orders[i] = (difference > 0) - (difference < 0)
    return orders[inverse.reshape(-1)]


# FloatArray with error bounds


def _value(node: Node, lab: FloatArray) -> _Measured:
    match node:
        case Number(value):
            number = float(value)
            return _Measured(np.full(len(lab), number), np.full(len(lab), abs(number) * _ROUNDING))
        case Column(index):
            return _Measured(lab[:, index], np.abs(lab[:, index]) * _ROUNDING)
        case Property(index):
            known = node.rows(lab[:, index])
            return _Measured(known, np.abs(known) * _ROUNDING)
        case Negative(operand):
            inner = _value(operand, lab)
            return _Measured(-inner.value, inner.error)
        case Arithmetic(operator, left, right):
            return _rounded(_arithmetic(operator, _value(left, lab), _value(right, lab), right))
        case Call(function, arguments):
            return _rounded(_call(function, [_value(argument, lab) for argument in arguments]))
        case Cases(numbers, conditions):
            return _by_cases(numbers, conditions, lab)
    raise TypeError(f"{node!r} is no number")


def _by_cases(numbers: Sequence[Node], conditions: Sequence[Node | None], lab: FloatArray) -> _Measured:
    """Return the number of the first condition that is surely true; NaN where none is."""
    result = _Measured(np.full(len(lab), np.nan), np.full(len(lab), np.nan))
    left = np.ones(len(lab), dtype=np.bool_)
    for number, condition in zip(numbers, conditions, strict=True):
        here = left if condition is None else left & _truth(condition, lab).true
        part = _value(number, lab)
        result = _Measured(np.where(here, part.value, result.value), np.where(here, part.error, result.error))
        left = left & ~here
    return result


def _rounded(result: _Measured) -> _Measured:
    """Add the rounding of the last operation; library functions may be off by a few units in the last place."""
    return _Measured(result.value, result.error + 4 * _ROUNDING * np.abs(result.value))


def _arithmetic(operator: str, a: _Measured, b: _Measured, right: Node) -> _Measured:
    match operator:
        case "+":
            return _Measured(a.value + b.value, a.error + b.error)
        case "-":
            return _Measured(a.value - b.value, a.error + b.error)
        case "*":
            error = np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
            return _Measured(a.value * b.value, error)
        case "/":
            quotient = a.value / b.value
            smallest = np.abs(b.value) - b.error  # of the divisor
            spread = a.error + np.abs(quotient) * b.error
            error = np.where(smallest > 0, spread / np.where(smallest > 0, smallest, 1.0), np.inf)
            return _Measured(quotient, error)
    power = a.value**b.value
    if isinstance(right, Number) and right.value.denominator == 1:
        exponent = abs(float(right.value))
        return _Measured(power, _far_slope(np.abs(power), a, exponent))
    error = np.abs(power) * (np.abs(b.value) * _relative(a) + np.abs(np.log(np.abs(a.value))) * b.error)
    return _Measured(power, np.where(a.value == 0, 0.0, 2 * error))


def _far_slope(power: FloatArray, a: _Measured, exponent: float) -> FloatArray:
    """Return how far a whole power moves when its base moves by its error."""
    relative = _relative(a)
    growth = np.expm1(exponent * np.log1p(np.minimum(relative, 1.0))) / np.maximum(1.0 - exponent * relative, 1e-3)
    return np.where(power == 0, a.error**exponent, power * growth)


def _relative(a: _Measured) -> FloatArray:
    return np.where(a.value == 0, 0.0, a.error / np.where(a.value == 0, 1.0, np.abs(a.value)))


def _call(function: str, arguments: Sequence[_Measured]) -> _Measured:
    a = arguments[0]
    match function:
        case "abs":
            return _Measured(np.abs(a.value), a.error)
        case "min" | "max":
            pick = np.minimum if function == "min" else np.maximum
            return _Measured(
                pick.reduce([part.value for part in arguments]), np.maximum.reduce([part.error for part in arguments])
            )
        case "sqrt":
            root = np.sqrt(a.value)
            return _Measured(root, np.where(root == 0, np.sqrt(a.error), a.error / np.where(root == 0, 1.0, root)))
        case "exp":
            value = np.exp(a.value)
            return _Measured(value, value * np.expm1(np.minimum(a.error, 1.0)))
        case "log10":
            return _Measured(np.log10(a.value), _relative(a))
        case "ln" | "log":
            return _Measured(np.log(a.value), 2 * _relative(a))
    raise TypeError(f"{function} is no function")


# Rational arithmetic


class _NotKnown(ValueError):
    """A property that cannot be computed."""


def is_rational(node: Node) -> bool:
    """Whether the value of an expression can be worked out in rational arithmetic."""
    match node:
        case Number() | Column() | Property():
            return True
        case Negative(operand):
            return is_rational(operand)
        case Arithmetic("**", base, exponent):
            return is_rational(base) and _whole_power(exponent) is not None
        case Arithmetic(_, left, right):
            return is_rational(left) and is_rational(right)
        case Call(function, arguments):
            return function in ("abs", "min", "max") and all(is_rational(argument) for argument in arguments)
    return False


def _whole_power(node: Node) -> int | None:
    if isinstance(node, Negative):
        inner = _whole_power(node.operand)
        return None if inner is None else -inner
    if isinstance(node, Number) and node.value.denominator == 1 and abs(node.value) <= _LARGEST_POWER:
        return int(node.value)
    return None


def _exact(node: Node, values: Mapping[int, Fraction]) -> Fraction:
    match node:
        case Number(value):
            return value
        case Column(index):
            return values[index]
        case Property(index):
            known = node.exact(values[index])
            if known is None:
                raise _NotKnown
            return known
        case Negative(operand):
            return -_exact(operand, values)
        case Arithmetic("**", base, exponent):
            return _exact(base, values) ** (_whole_power(exponent) or 0)
        case Arithmetic(operator, left, right):
            a, b = _exact(left, values), _exact(right, values)
            return a + b if operator == "+" else a - b if operator == "-" else a * b if operator == "*" else a / b
        case Call("abs", arguments):
            return abs(_exact(arguments[0], values))
        case Call(function, arguments):
            pick = min if function == "min" else max
            return pick(_exact(argument, values) for argument in arguments)
    raise TypeError(f"{node!r} is not rational")


# Structure


def columns_of(node: Node) -> frozenset[int]:
    """Return the coordinates that an expression or condition depends on."""
    match node:
        case Column(index) | OneOf(index) | Property(index):
            return frozenset({index})
        case Negative(operand) | Not(operand):
            return columns_of(operand)
        case Arithmetic(_, left, right):
            return columns_of(left) | columns_of(right)
        case Call(_, parts) | Compare(parts) | Logic(_, parts):
            return frozenset().union(*(columns_of(part) for part in parts))
        case Cases(numbers, conditions):
            return frozenset().union(*(columns_of(part) for part in (*numbers, *conditions) if part is not None))
    return frozenset()


Form = tuple[dict[int, Fraction], Fraction]
"""The coefficient of each column of a linear expression, and its constant."""


def linear_form(node: Node) -> Form | None:
    """Return the coefficient of each column and the constant of a linear expression, or None for any other."""
    match node:
        case Number(value):
            return {}, value
        case Column(index):
            return {index: Fraction(1)}, Fraction(0)
        case Negative(operand):
            return scaled(linear_form(operand), Fraction(-1))
        case Arithmetic("+" | "-" as operator, left, right):
            second = scaled(linear_form(right), Fraction(1 if operator == "+" else -1))
            return added(linear_form(left), second)
        case Arithmetic("*", left, right):
            a, b = linear_form(left), linear_form(right)
            if a is not None and b is not None and not (a[0] and b[0]):
                return scaled(a, b[1]) if a[0] else scaled(b, a[1])
        case Arithmetic("/", left, right):
            a, b = linear_form(left), linear_form(right)
            if a is not None and b is not None and not b[0] and b[1] != 0:
                return scaled(a, 1 / b[1])
    return None


def scaled(form: Form | None, factor: Fraction) -> Form | None:
    """Return a linear expression times a number; None for None."""
    if form is None:
        return None
    return {column: factor * value for column, value in form[0].items()}, factor * form[1]


def added(first: Form | None, second: Form | None) -> Form | None:
    """Return the sum of two linear expressions; None where one is None."""
    if first is None or second is None:
        return None
    merged = dict(first[0])
    for column, value in second[0].items():
        merged[column] = merged.get(column, Fraction(0)) + value
    return {column: value for column, value in merged.items() if value}, first[1] + second[1]
