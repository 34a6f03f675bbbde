"""Results that the others do not foretell, and what models are given in their place.

One result ten times too large widens the whole process: what is learned from the others is lost in its noise. Such
results are found as by forward selection and backward elimination in regression with deleted residuals: results far
from what the others foretell (leave-one-out, in closed form) are laid aside and the process is fitted anew until none
is left; then those within `edge` of what the rest foretells come back, until none does, and those that a second
measurement confirms. So wrong results do not hide each other.

A result beyond the edge may be a slip, or the discovery that the campaign is made for. So it is not left out: models
get the value at the edge in its place, as in Huber's regression. That is still far from all that was expected there,
and worth a look at the designs beside it; once a second measurement, or enough of the designs beside it, agree, it is
believed as it stands.

References: P. J. Huber, Robust Estimation of a Location Parameter (Ann. Math. Stat. 1964); S. Ament et al., Robust
Gaussian Processes via Relevance Pursuit (NeurIPS 2024). What this is worth against that and against a Student t
likelihood is measured by `benchmarks/outliers.py`; docs/decisions/016-outliers.md tells why it is done so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.stats import norm, t

from designer.surrogates.data import TaskData
from designer.surrogates.foretelling import deviations, foretold, process_of
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.widening import freedom_of, widening

RARE = float(norm.sf(5.0))
"""How rarely a sound result lies beyond the edge, on either side: as rarely as beyond 5 standard deviations."""
MOST = 0.2
"""The largest share of results that are laid aside."""

_SUSPECT = 2.0  # widened standard deviations beyond which a result is laid aside to begin with
_ONE_BY_ONE = 50  # results up to which they are laid aside one by one; of more, as many more at once


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
    rows = trusted = data.order(target).tolist()
    most, step = int(MOST * len(rows)), max(1, len(rows) // _ONE_BY_ONE)
    model = model or process_of(data, rows, target)
    aside: list[int] = []
    while len(aside) < most and (far := _farthest(model, min(step, most - len(aside)))):
        aside += [trusted[i] for i in far]
        trusted = [row for i, row in enumerate(trusted) if i not in far]
        model = process_of(data, trusted, target)
    while aside:
        judged = [_judged(data, row, target, model) for row in aside]
        beyond = _unconfirmed(data, [each for each in judged if each is not None])
        if len(beyond) == len(aside):
            return tuple(sorted(beyond, key=lambda each: each.row))
        aside = [each.row for each in beyond]
        trusted = [row for row in rows if row not in aside]
        model = process_of(data, trusted, target)
    return ()


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


def _unconfirmed(data: TaskData, found: Sequence[Outlier]) -> list[Outlier]:
    """Return the outliers but those which a second measurement of the design confirms.

    Two confirm each other that differ by less than half of what lies between either and the rest.
    """

    def confirm(one: Outlier, other: Outlier) -> bool:
        apart = min(abs(each.value - each.expected) for each in (one, other))
        same = bool(torch.equal(data.X[one.row], data.X[other.row]))
        return one is not other and same and abs(one.value - other.value) < 0.5 * apart

    return [one for one in found if not any(confirm(one, other) for other in found)]


def _farthest(model: GaussianProcess, most: int) -> list[int]:
    """Return the results, `most` at most, that lie farthest from what the others foretell, if far enough."""
    off = deviations(model)
    return [int(i) for i in np.argsort(-off, kind="stable")[:most] if off[i] > _SUSPECT]


def _judged(data: TaskData, row: int, target: int, model: GaussianProcess) -> Outlier | None:
    """Return a result as an outlier, if it lies beyond the edge of what `model` foretells, which did not see it."""
    mean, deviation = foretold(model, data, row, target)
    value, reach = float(data.Y[row, target]), edge(len(model.values)) * deviation
    if abs(value - mean) <= reach:
        return None
    return Outlier(row, target, value, mean, mean + reach if value > mean else mean - reach)
