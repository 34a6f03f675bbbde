"""Given values that neither the others nor past tasks foretell: they are named and left out.

In a campaign such a result counts as what could just be believed, since it may be what the campaign is made for. Here
nothing is looked for, and what a wrong value teaches of other designs is wrong. It is believed again once a second
measurement, or enough designs that are alike, agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import t

from designer.arrays import FloatArray
from designer.priors.stacking.components import Designs, ProcessComponent
from designer.surrogates.robust.outlier_search import TAIL_PROBABILITY, find_outliers, unconfirmed

_SUSPECT = 3.0  # deviations beyond which a value is laid aside to begin with
_FREEDOM = 30.0  # what a process cannot follow has longer tails than a normal value, however many were measured


@dataclass(frozen=True)
class GivenOutlier:
    """A value that nothing foretells.

    Parameters
    ----------
    row
        Its place in the data.
    value, low, high
        What was given, and between which values it would have been believed, in the quantity's unit.
    """

    row: int
    value: float
    low: float
    high: float

    @property
    def beyond(self) -> float:
        """How far the value lies outside, in units of what lies between."""
        return max(self.low - self.value, self.value - self.high) / max(self.high - self.low, 1e-300)


@dataclass(frozen=True)
class _Far:
    """A value laid aside, what the rest foretells, and how far it may lie from that, on the model's scale."""

    row: int
    value: float
    expected: float
    reach: float
    component: ProcessComponent

    def in_unit(self, y: float) -> GivenOutlier:
        """Return it in the quantity's unit."""
        ends = np.array([self.expected - self.reach, self.expected + self.reach])
        low, high = self.component.warp.inverse(ends).tolist()
        return GivenOutlier(self.row, y, low, high)


def doubted(
    designs: Designs, y: FloatArray, model: ProcessComponent, fit: Callable[[Sequence[int]], ProcessComponent]
) -> tuple[GivenOutlier, ...]:
    """Return the values (of ``n``) that nothing foretells; fewer than five tell of none.

    Parameters
    ----------
    designs, y
        What was measured.
    model, fit
        The best model of all, and from some rows to that of them.
    """

    def beyond(component: ProcessComponent, rows: Sequence[int]) -> list[_Far]:
        return unconfirmed(designs.X, _far(component, designs, y, rows))

    far = find_outliers(range(len(y)), model, fit=fit, deviations=_deviations, beyond=beyond, suspect=_SUSPECT)
    return tuple(each.in_unit(float(y[each.row])) for each in far)


def beyond_reach(
    designs: Designs, y: FloatArray, rows: Sequence[int], model: ProcessComponent
) -> tuple[GivenOutlier, ...]:
    """Return those of some values, which a model did not see, that it does not foretell."""
    return tuple(each.in_unit(float(y[each.row])) for each in unconfirmed(designs.X, _far(model, designs, y, rows)))


def _deviations(component: ProcessComponent) -> FloatArray:
    location, scale = component.process.held_out()
    return np.asarray(np.abs(component.process.u.numpy() - location) / scale)


def _far(component: ProcessComponent, designs: Designs, y: FloatArray, rows: Sequence[int]) -> list[_Far]:
    at = torch.tensor(rows)
    belief, values = component.believe(designs.at(at)), component.warp(y[at.numpy()])
    reach = float(t.isf(TAIL_PROBABILITY, min(component.process.dof, _FREEDOM))) * belief.scale
    return [
        _Far(rows[int(i)], float(values[i]), float(belief.location[i]), float(reach[i]), component)
        for i in np.flatnonzero(np.abs(values - belief.location) > reach)
    ]
