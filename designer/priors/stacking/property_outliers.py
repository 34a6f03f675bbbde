"""Outliers among given values: neither the other values nor past tasks predict them, and they are left out.

A campaign winsorises outliers instead, since such a result may be the discovery that it is after. Here nothing is
optimised, and a wrong value would only bias predictions of other designs. A value is no outlier once a second
measurement, or enough similar designs, agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import stdtrit

from designer.arrays import FloatArray
from designer.priors.stacking.components import Designs, ProcessComponent
from designer.priors.stacking.property_posterior import PropertyOutlier
from designer.surrogates.robust.outlier_search import TAIL_PROBABILITY, find_outliers, unconfirmed

_SUSPECT = 3.0  # leave-one-out deviations beyond which a value is excluded in the forward step of the search
_MAX_FREEDOM = 30.0  # errors of the process have longer tails than the normal distribution, for any number of values


@dataclass(frozen=True)
class _Candidate:
    """An excluded value, its prediction by the rest, and the threshold around that, on the model's scale."""

    row: int
    value: float
    expected: float
    reach: float
    component: ProcessComponent

    def in_unit(self, y: float) -> PropertyOutlier:
        """Return it in the quantity's unit."""
        ends = np.array([self.expected - self.reach, self.expected + self.reach])
        low, high = self.component.warp.inverse(ends).tolist()
        return PropertyOutlier(self.row, y, low, high)


def find_property_outliers(
    designs: Designs, y: FloatArray, model: ProcessComponent, fit: Callable[[Sequence[int]], ProcessComponent]
) -> tuple[PropertyOutlier, ...]:
    """Return the outliers among values (``n``); none of fewer than five.

    Parameters
    ----------
    designs, y
        What was measured.
    model, fit
        The best model of all, and the function from some rows to the model of them.
    """

    def beyond(component: ProcessComponent, rows: Sequence[int]) -> list[_Candidate]:
        return unconfirmed(designs.X, _beyond(component, designs, y, rows))

    found = find_outliers(range(len(y)), model, fit=fit, deviations=_deviations, beyond=beyond, suspect=_SUSPECT)
    return tuple(each.in_unit(float(y[each.row])) for each in found)


def beyond_threshold(
    designs: Designs, y: FloatArray, rows: Sequence[int], model: ProcessComponent
) -> tuple[PropertyOutlier, ...]:
    """Return the outliers among some values that a model did not see."""
    found = unconfirmed(designs.X, _beyond(model, designs, y, rows))
    return tuple(each.in_unit(float(y[each.row])) for each in found)


def _deviations(component: ProcessComponent) -> FloatArray:
    location, scale = component.process.held_out
    return np.asarray(np.abs(component.process.values - location) / scale)


def _beyond(component: ProcessComponent, designs: Designs, y: FloatArray, rows: Sequence[int]) -> list[_Candidate]:
    at = torch.tensor(rows)
    predictive, values = component.predictive(designs.at(at)), component.warp(y[at.numpy()])
    reach = -float(stdtrit(min(component.process.dof, _MAX_FREEDOM), TAIL_PROBABILITY)) * predictive.scale
    return [
        _Candidate(rows[int(i)], float(values[i]), float(predictive.location[i]), float(reach[i]), component)
        for i in np.flatnonzero(np.abs(values - predictive.location) > reach)
    ]
