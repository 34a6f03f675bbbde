"""Spaces without any valid design, where that is cheap to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from designer.errors import Fault
from designer.space.base import SpaceLike
from designer.space.constraints.constraint import Inequality
from designer.space.constraints.equality import Equality
from designer.space.equalities.build import contradiction, contradiction_fault
from designer.space.listing import count_settings, list_designs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_SMALL = 20_000
_MAX_SINGLE = 500  # constraints that are looked at one by one, to name the one that cannot hold
_MAX_SHOWN = 8


def why_empty(space: SpaceLike) -> Fault | None:
    """Return why a space has no valid design, or None where it has one or that is not cheap to know.

    Pools and small spaces are looked through; of others it is asked whether the linear constraints can hold together
    (a linear programme over the bounds and sums, without steps and cardinalities).
    """
    if not space.constraints:
        return None
    if space.pool is not None:
        if space.within(space.pool.coordinates).any():
            return None
        return Fault("no design of the pool satisfies the constraints", "loosen a constraint", path=("constraints",))
    contradictory = contradiction(space)
    if contradictory is not None:
        equalities = [each for i in contradictory.constraints for each in space.bound_constraints[i].equalities]
        together = [_as_inequality(each, space.columns) for each in equalities]
        return contradiction_fault(space, contradictory, within_bounds=_can_hold(space, together))
    combinations = count_settings(space)
    growing = any(parameter.is_open for parameter in space.parameters)
    if combinations is not None and combinations <= _SMALL and not growing:
        found = list_designs(space, _SMALL)
        if found is None or len(found) or not combinations:
            return None
        what = f"none of the {combinations} designs satisfies the constraints"
        return Fault(what, "loosen a constraint or widen the bounds", path=("constraints",))
    return _linear_contradiction(space)


def _as_inequality(equality: Equality, columns: Sequence[str]) -> Inequality:
    coefficients = {columns[column]: float(value) for column, value in equality.coefficients.items()}
    return Inequality(coefficients, float(equality.total), equal=True)


def _linear_contradiction(space: SpaceLike) -> Fault | None:
    conditional = space.conditions.columns
    groups = {
        i: group
        for i, bound in enumerate(space.bound_constraints)
        if not bound.uses & conditional and (group := bound.linear())
    }
    if not groups or _can_hold(space, [inequality for group in groups.values() for inequality in group]):
        return None
    for i in list(groups)[:_MAX_SINGLE]:
        if not _can_hold(space, groups[i]):
            what = f"constraint {space.constraints[i].text!r} cannot hold within the bounds"
            return Fault(what, "loosen it or widen the bounds", path=("constraints", i))
    texts = [repr(space.constraints[i].text) for i in groups]
    shown = ", ".join(texts[:_MAX_SHOWN])
    if len(texts) > _MAX_SHOWN:
        shown += f" and {len(texts) - _MAX_SHOWN:,} more"
    return Fault(f"the constraints {shown} cannot hold together", "loosen one of them", path=("constraints",))


def _can_hold(space: SpaceLike, inequalities: Sequence[Inequality]) -> bool:
    """Whether some lab values within the bounds, with the set sums, satisfy linear inequalities."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    relaxations = [parameter.relaxation() for parameter in space.parameters]
    low, high = np.array([pair for relaxation in relaxations for pair in relaxation.bounds]).T
    columns = {column: i for i, column in enumerate(space.columns)}
    rows = _matrix(
        [{columns[c]: value for c, value in each.coefficients.items()} for each in inequalities], space.width
    )
    limits = np.array([inequality.bound for inequality in inequalities])
    equal = np.array([inequality.equal for inequality in inequalities])
    # The programme works to a tolerance, so a space is only called empty when it misses by more than that.
    slack = 1e-6 * (np.abs(limits) + abs(rows) @ np.maximum(np.abs(low), np.abs(high))) + 1e-12
    scale = np.maximum(np.maximum(np.abs(limits), abs(rows).max(axis=1).toarray().ravel()), 1e-300)
    scaled = rows.multiply(1 / scale[:, None]).tocsr()
    within = LinearConstraint(scaled, np.where(equal, limits - slack, -np.inf) / scale, (limits + slack) / scale)
    set_sums = [
        (part, each.total) for part, each in zip(space.slices, relaxations, strict=True) if each.total is not None
    ]
    sums = _matrix([dict.fromkeys(range(part.start, part.stop), 1.0) for part, _ in set_sums], space.width)
    totals = np.array([total for _, total in set_sums])
    together = [within, LinearConstraint(sums, totals, totals)] if set_sums else [within]
    result = milp(np.zeros(space.width), constraints=together, bounds=Bounds(low, high))
    return bool(result.status != 2)


def _matrix(rows: Sequence[Mapping[int, float]], width: int) -> csr_array:
    """Return the sparse matrix (rows x `width`) of the entries of each row by column."""
    from scipy.sparse import csr_array

    values = [value for row in rows for value in row.values()]
    places = np.array([(i, column) for i, row in enumerate(rows) for column in row], dtype=np.int64).reshape(-1, 2)
    return csr_array((np.array(values, dtype=np.float64), (places[:, 0], places[:, 1])), shape=(len(rows), width))
