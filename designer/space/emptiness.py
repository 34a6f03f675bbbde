"""Spaces without any valid design, where that is cheap to know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.errors import Fault
from designer.space.base import SpaceLike
from designer.space.constraints.constraint import Inequality
from designer.space.listing import count_settings, list_designs

_SMALL = 20_000


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
    groups = [constraint.linear() for constraint in space.bound_constraints]
    for i, group in enumerate(groups):
        if group and not _can_hold(space, group):
            what = f"constraint {space.constraints[i].text!r} cannot hold within the bounds"
            return Fault(what, "loosen it or widen the bounds", path=("constraints", i))
    together = [inequality for group in groups for inequality in group]
    if sum(map(bool, groups)) > 1 and not _can_hold(space, together):
        texts = ", ".join(repr(c.text) for c, group in zip(space.constraints, groups, strict=True) if group)
        return Fault(f"the constraints {texts} cannot hold together", "loosen one of them", path=("constraints",))
    return None


def _can_hold(space: SpaceLike, inequalities: Sequence[Inequality]) -> bool:
    from scipy.optimize import linprog

    bounds, sums, totals = _relaxed(space)
    columns = {column: i for i, column in enumerate(space.columns)}
    reach = np.array([max(abs(low), abs(high)) for low, high in bounds])
    rows, limits = [], []
    for inequality in inequalities:
        row = np.zeros(space.width)
        for column, coefficient in inequality.coefficients.items():
            row[columns[column]] = coefficient
        # The programme works to a tolerance, so a space is only called empty when it misses by more than that.
        slack = 1e-6 * (abs(inequality.bound) + float(np.abs(row) @ reach)) + 1e-12
        scale = max(abs(inequality.bound), float(np.abs(row).max(initial=0.0)), 1e-300)
        signs = (1.0, -1.0) if inequality.equal else (1.0,)
        rows += [sign * row / scale for sign in signs]
        limits += [(sign * inequality.bound + slack) / scale for sign in signs]
    result = linprog(
        np.zeros(space.width),
        A_ub=np.array(rows),
        b_ub=np.array(limits),
        A_eq=np.array(sums) if sums else None,
        b_eq=np.array(totals) if totals else None,
        bounds=bounds,
    )
    return bool(result.status != 2)


def _relaxed(space: SpaceLike) -> tuple[list[tuple[float, float]], list[list[float]], list[float]]:
    """Return the range of each coordinate in lab units, and the sums that are set."""
    bounds: list[tuple[float, float]] = []
    sums: list[list[float]] = []
    totals: list[float] = []
    for parameter, part in space.parts():
        relaxation = parameter.relaxation()
        bounds += relaxation.bounds
        if relaxation.total is not None:
            sums.append([float(part.start <= i < part.stop) for i in range(space.width)])
            totals.append(relaxation.total)
    return bounds, sums, totals
