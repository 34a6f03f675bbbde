"""Results that the others do not foretell, and what models are given in their place.

A result beyond the edge may be a slip, or the discovery that the campaign is made for. So it is not left out: models
get the value at the edge in its place, as in Huber's regression. That is still far from all that was expected there,
and worth a look at the designs beside it; once a second measurement, or enough of the designs beside it, agree, it is
believed as it stands.

References: P. J. Huber, Robust Estimation of a Location Parameter (Ann. Math. Stat. 1964); S. Ament et al., Robust
Gaussian Processes via Relevance Pursuit (NeurIPS 2024). What this is worth against that and against a Student t
likelihood is measured by `benchmarks/studies/outliers.py`; docs/decisions/016-outliers.md tells why it is done so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from scipy.stats import t

from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.robust.leave_one_out import deviations, leave_one_out_prediction, process_of
from designer.surrogates.robust.outlier_search import RARE, find_outliers, unconfirmed
from designer.surrogates.variance_inflation import freedom_of, widening

_SUSPECT = 2.0  # widened standard deviations beyond which a result is laid aside to begin with


@dataclass(frozen=True)
class Outlier:
    """A result that the others do not foretell.

    Parameters
    ----------
    row, target
        Its place in the data.
    value
        What was measured, in the target's unit.
    expected, edge
        What the others foretell, and the value that models get in its place.
    """

    row: int
    target: int
    value: float
    expected: float
    edge: float


def outliers(data: TaskData, target: int, model: GaussianProcess | None = None) -> tuple[Outlier, ...]:
    """Return the results of one target that the others do not foretell; fewer than five tell of none.

    Parameters
    ----------
    model
        The widened process of the target's results, where it is known already.
    """
    rows = data.order(target).tolist()

    def beyond(model: GaussianProcess, aside: Sequence[int]) -> list[Outlier]:
        judged = [_judged(data, row, target, model) for row in aside]
        return unconfirmed(data.X, [each for each in judged if each is not None])

    return find_outliers(
        rows,
        model or process_of(data, rows, target),
        fit=lambda trusted: process_of(data, trusted, target),
        deviations=deviations,
        beyond=beyond,
        suspect=_SUSPECT,
    )


def edge(results: int) -> float:
    """Return how many widened deviations away the edge is, where so many results foretell: Student's t at `RARE`.

    >>> [round(edge(results), 1) for results in (5, 8, 20, 100)]
    [87.6, 14.9, 5.7, 4.2]
    """
    freedom = freedom_of(results)
    return float(t.isf(RARE, freedom)) / widening(freedom)


def drawn_to_edges(data: TaskData, found: Sequence[Outlier]) -> TaskData:
    """Return the data with the value at the edge in place of each outlier."""
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


def _judged(data: TaskData, row: int, target: int, model: GaussianProcess) -> Outlier | None:
    """Return a result as an outlier, if it lies beyond the edge of what `model` foretells, which did not see it."""
    mean, deviation = leave_one_out_prediction(model, data, row, target)
    value, reach = float(data.Y[row, target]), edge(len(model.values)) * deviation
    if abs(value - mean) <= reach:
        return None
    return Outlier(row, target, value, mean, mean + reach if value > mean else mean - reach)
