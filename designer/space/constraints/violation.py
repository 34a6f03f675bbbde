"""The violation of a constraint by designs, which a search decreases until it is 0.

It is 0 exactly where the constraint is satisfied (`designer.space.constraints.expressions` decides that, exactly) and
otherwise falls as a design comes nearer, in the units of the comparison: ``a - b`` for ``a <= b``, the sum for ``A and
B``, the smaller one for ``A or B``, 1 for a wrong choice. It is only compared with the violation of other designs.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray
from designer.space.constraints.expressions import float_values, truth
from designer.space.constraints.nodes import Arithmetic, Call, Cases, Compare, Logic, Negative, Node, Not, OneOf

_MIN_VIOLATION = 1e-12  # where a condition is not satisfied although floats see no difference
_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "==": "!=", "!=": "=="}


def violation(condition: Node, lab: FloatArray, *, wrong_choice: float = 1.0) -> FloatArray:
    """Return the violation of a bound condition by each row of lab values (``n x c``, choices as indices).

    Infinite where the condition cannot be computed. `wrong_choice` is the violation of a choice: infinite where a
    design shall satisfy the condition with the choices that it has.
    """
    satisfied = truth(condition, lab).true
    with np.errstate(all="ignore"):
        distance = _distance(condition, lab, True, wrong_choice)
        distance = np.where(np.isnan(distance), np.inf, np.maximum(distance, _MIN_VIOLATION))
    result: FloatArray = np.where(satisfied, 0.0, distance)
    return result


def _distance(node: Node, lab: FloatArray, wanted: bool, wrong_choice: float) -> FloatArray:
    """Return how far `node` is from being `wanted`: true or false."""
    match node:
        case Not(operand):
            return _distance(operand, lab, not wanted, wrong_choice)
        case Logic(operator, operands):
            parts = [_distance(operand, lab, wanted, wrong_choice) for operand in operands]
            return _joined(parts, (operator == "and") == wanted)
        case OneOf(index, choices):
            return np.where(np.isin(lab[:, index], list(choices)) != wanted, wrong_choice, 0.0)
        case Compare(operands, operators):
            values = [float_values(operand, lab) for operand in operands]
            signs = [sign if wanted else _OPPOSITE[sign] for sign in operators]
            pairs = [_gap(values[i] - values[i + 1], sign) for i, sign in enumerate(signs)]
            return _joined(pairs, wanted)
    raise TypeError(f"{node!r} is no condition")


def _joined(parts: list[FloatArray], all_of_them: bool) -> FloatArray:
    result: FloatArray = np.add.reduce(parts) if all_of_them else np.minimum.reduce(parts)
    return result


def _gap(difference: FloatArray, sign: str) -> FloatArray:
    match sign:
        case "<=" | "<":
            return np.maximum(difference, 0.0)
        case ">=" | ">":
            return np.maximum(-difference, 0.0)
        case "!=":
            return np.where(difference == 0, 1.0, 0.0)
    gap: FloatArray = np.abs(difference)
    return gap


def tested_choices(condition: Node) -> frozenset[int]:
    """Return the coordinates whose choices a bound condition tests."""
    match condition:
        case OneOf(index):
            return frozenset({index})
        case Not(operand):
            return tested_choices(operand)
        case Negative(operand):
            return tested_choices(operand)
        case Arithmetic(_, left, right):
            return tested_choices(left) | tested_choices(right)
        case Logic(_, operands) | Compare(operands) | Call(_, operands):
            return frozenset().union(*(tested_choices(operand) for operand in operands))
        case Cases(numbers, conditions):
            parts = (each for each in (*numbers, *conditions) if each is not None)
            return frozenset().union(*(tested_choices(each) for each in parts))
    return frozenset()
