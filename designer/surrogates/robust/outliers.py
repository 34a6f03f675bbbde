"""Outliers among the results of a task, and their winsorised values.

A result beyond the threshold may be an error, or the discovery that the campaign is after. So it is not excluded:
models are conditioned on the value at the threshold in its place, as in Huber's regression. That value still stands
out, so that designs near it are worth measuring. Once a second measurement, or enough designs near it, agree, models
are conditioned on the measured value.

References: P. J. Huber, Robust Estimation of a Location Parameter (Ann. Math. Stat. 1964); S. Ament et al., Robust
Gaussian Processes via Relevance Pursuit (NeurIPS 2024). What this is worth against that and against a Student t
likelihood is measured by `benchmarks/studies/outliers.py`; the decision is docs/decisions/016-outliers.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from scipy.special import stdtrit

from designer.arrays import FloatArray
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.robust.deletion import Deletion
from designer.surrogates.robust.leave_one_out import (
    MAX_REFITTED,
    deviations,
    leave_one_out_prediction,
    noise_of,
    process_of,
    refitted_without,
)
from designer.surrogates.robust.outlier_search import TAIL_PROBABILITY, find_outliers, unconfirmed
from designer.surrogates.variance_inflation import degrees_of_freedom, inflation_factor

_SUSPECT = 2.0  # inflated deviations beyond which a result is excluded in the forward step of the search


@dataclass(frozen=True)
class Outlier:
    """A result that the other results do not predict.

    Parameters
    ----------
    row, target
        Its place in the data.
    value
        What was measured, in the target's unit.
    expected, edge
        What the others predict, and the winsorised value.
    """

    row: int
    target: int
    value: float
    expected: float
    edge: float


def outliers(data: TaskData, target: int, model: GaussianProcess | None = None) -> tuple[Outlier, ...]:
    """Return the outliers among the results of one target; none of fewer than five results.

    Parameters
    ----------
    model
        The process of the target's results with inflated deviations, where it is known already.
    """
    rows = data.order(target).tolist()
    whole = model or process_of(data, rows, target)

    if len(rows) > MAX_REFITTED:
        return _outliers_of_many(data, rows, target, whole)

    def beyond(model: GaussianProcess, excluded: Sequence[int]) -> list[Outlier]:
        candidates = [_outlier_of(data, row, target, model) for row in excluded]
        return unconfirmed(data.X, [each for each in candidates if each is not None])

    return find_outliers(
        rows,
        whole,
        fit=lambda trusted: process_of(data, trusted, target),
        deviations=deviations,
        beyond=beyond,
        suspect=_SUSPECT,
    )


def _outliers_of_many(data: TaskData, rows: Sequence[int], target: int, whole: GaussianProcess) -> tuple[Outlier, ...]:
    """Return the outliers among more than `MAX_REFITTED` results.

    Hyperparameters of so many hardly depend on a few of them, and a fit takes long: they are learned anew once, without
    the first suspects. Each further set of suspects is left out in closed form.
    """
    first: GaussianProcess | Deletion = whole
    places = {row: i for i, row in enumerate(rows)}
    refitted: list[Deletion] = []

    def fit(trusted: Sequence[int]) -> GaussianProcess | Deletion:
        if not refitted:
            refitted.append(Deletion.of(refitted_without(data, rows, trusted, target, whole)))
        kept = set(trusted)
        return refitted[0].without([i for row, i in places.items() if row not in kept])

    def beyond(model: GaussianProcess | Deletion, excluded: Sequence[int]) -> list[Outlier]:
        assert isinstance(model, Deletion)  # nothing is excluded before the first refit
        threshold, learned = outlier_threshold(len(model)), model.process.noise_variance
        found = []
        for row, mean, variance in zip(sorted(excluded, key=places.__getitem__), *model.predictions(), strict=True):
            deviation = (float(variance) + noise_of(data, row, target, learned)) ** 0.5
            found.append(_beyond(data, row, target, float(mean), threshold * deviation))
        return unconfirmed(data.X, [each for each in found if each is not None])

    def deviations_of(model: GaussianProcess | Deletion) -> FloatArray:
        return model.deviations if isinstance(model, Deletion) else deviations(model)

    return find_outliers(rows, first, fit=fit, deviations=deviations_of, beyond=beyond, suspect=_SUSPECT, at_once=True)


def outlier_threshold(results: int) -> float:
    """Return the threshold in inflated deviations, for predictions from a number of results (Student's t quantile).

    >>> [round(outlier_threshold(results), 1) for results in (5, 8, 20, 100)]
    [87.6, 14.9, 5.7, 4.2]
    """
    freedom = degrees_of_freedom(results)
    return -float(stdtrit(freedom, TAIL_PROBABILITY)) / inflation_factor(freedom)


def winsorise_outliers(data: TaskData, found: Sequence[Outlier]) -> TaskData:
    """Return the data with the winsorised value in place of each outlier."""
    Y = data.Y.clone()
    for each in found:
        Y[each.row, each.target] = each.edge
    return replace(data, Y=Y)


def without(data: TaskData, found: Sequence[Outlier]) -> TaskData:
    """Return the data as if the outliers had not been measured."""
    Y = data.Y.clone()
    for each in found:
        Y[each.row, each.target] = torch.nan
    return replace(data, Y=Y)


def _outlier_of(data: TaskData, row: int, target: int, model: GaussianProcess) -> Outlier | None:
    """Return a result that `model` did not see as an outlier, if it lies beyond the threshold; None otherwise."""
    mean, deviation = leave_one_out_prediction(model, data, row, target)
    return _beyond(data, row, target, mean, outlier_threshold(len(model.values)) * deviation)


def _beyond(data: TaskData, row: int, target: int, mean: float, reach: float) -> Outlier | None:
    value = float(data.Y[row, target])
    if abs(value - mean) <= reach:
        return None
    return Outlier(row, target, value, mean, mean + reach if value > mean else mean - reach)
