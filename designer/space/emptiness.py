"""Spaces without any valid design, where that is cheap to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from designer.errors import Fault
from designer.space.base import SpaceLike
from designer.space.constraints.constraint import Inequality
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
    combinations = count_settings(space)
    if combinations is not None and combinations <= _SMALL:
        found = list_designs(space, _SMALL)
        if found is None or len(found) or not combinations:
            return None
        what = f"none of the {combinations} designs satisfies the constraints"
        return Fault(what, "loosen a constraint or widen the bounds", path=("constraints",))
    return _linear_contradiction(space)


def _linear_contradiction(space: SpaceLike) -> Fault | None:
    groups = {i: group for i, bound in enumerate(space.bound_constraints) if (group := bound.linear())}
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
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, diags_array, vstack

    bounds, sums, totals = _relaxed(space)
    columns = {column: i for i, column in enumerate(space.columns)}
    entries = [
        (row, columns[column], coefficient)
        for row, inequality in enumerate(inequalities)
        for column, coefficient in inequality.coefficients.items()
    ]
    places, values = np.array([(row, column) for row, column, _ in entries]).reshape(-1, 2), [c for _, _, c in entries]
    rows = csr_array((values, (places[:, 0], places[:, 1])), shape=(len(inequalities), space.width))
    limits = np.array([inequality.bound for inequality in inequalities])
    reach = np.array([max(abs(low), abs(high)) for low, high in bounds])
    # The programme works to a tolerance, so a space is only called empty when it misses by more than that.
    slack = 1e-6 * (np.abs(limits) + abs(rows) @ reach) + 1e-12
    scale = np.maximum(np.maximum(np.abs(limits), abs(rows).max(axis=1).toarray().ravel()), 1e-300)
    equal = [i for i, inequality in enumerate(inequalities) if inequality.equal]
    signed = vstack([rows, -rows[equal]]).tocsr()
    scales = np.concatenate([scale, scale[equal]])
    upper = np.concatenate([limits + slack, slack[equal] - limits[equal]]) / scales
    result = linprog(
        np.zeros(space.width),
        A_ub=diags_array(1 / scales) @ signed,
        b_ub=upper,
        A_eq=sums,
        b_eq=totals if len(totals) else None,
        bounds=bounds,
    )
    return bool(result.status != 2)


def _relaxed(space: SpaceLike) -> tuple[list[tuple[float, float]], csr_array | None, list[float]]:
    """Return the range of each coordinate in lab units, and the sums that are set: a matrix (sums x c) and totals."""
    bounds: list[tuple[float, float]] = []
    parts: list[slice] = []
    totals: list[float] = []
    for parameter, part in space.parts():
        relaxation = parameter.relaxation()
        bounds += relaxation.bounds
        if relaxation.total is not None:
            parts.append(part)
            totals.append(relaxation.total)
    if not parts:
        return bounds, None, totals
    from scipy.sparse import csr_array

    rows = np.concatenate([np.full(part.stop - part.start, i) for i, part in enumerate(parts)])
    columns = np.concatenate([np.arange(part.start, part.stop) for part in parts])
    return bounds, csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(parts), space.width)), totals
