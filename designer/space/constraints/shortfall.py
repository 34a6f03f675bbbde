"""By how much designs break a constraint: what search walks down until a design is inside.

The number is 0 exactly where the constraint is kept (that decides `designer.space.constraints.expressions`, exactly)
and otherwise falls as a design comes nearer, in the units of the comparison: ``a <= b`` is broken by ``a - b``, ``A and
B`` by what both are broken by, ``A or B`` by what the nearer one is broken by, a wrong choice by 1. It is only ever
compared with the shortfall of other designs.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray
from designer.space.constraints.expressions import float_values, truth
from designer.space.constraints.syntax import Compare, Logic, Node, Not, OneOf

_LEAST = 1e-12  # of a condition that is not kept although floats see no difference
_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "==": "!=", "!=": "=="}


def shortfall(condition: Node, lab: FloatArray) -> FloatArray:
    """Return by how much each row of lab values (``n x c``, choices as indices) breaks a bound condition.

    Infinite where the condition cannot be computed.
    """
    kept = truth(condition, lab).true
    with np.errstate(all="ignore"):
        broken = _broken(condition, lab, True)
    result: FloatArray = np.where(kept, 0.0, np.maximum(np.where(np.isnan(broken), np.inf, broken), _LEAST))
    return result


def _broken(node: Node, lab: FloatArray, wanted: bool) -> FloatArray:
    """Return how far `node` is from being `wanted`: true or false."""
    match node:
        case Not(operand):
            return _broken(operand, lab, not wanted)
        case Logic(operator, operands):
            return _joined([_broken(operand, lab, wanted) for operand in operands], (operator == "and") == wanted)
        case OneOf(index, choices):
            wrong: FloatArray = (np.isin(lab[:, index], list(choices)) != wanted).astype(np.float64)
            return wrong
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
