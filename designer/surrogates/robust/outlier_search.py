"""Search for outliers under any model, by deleted residuals, so that outliers do not mask each other.

Forward selection: the results farthest from their leave-one-out predictions are excluded, and the model is fitted
again, until no result is suspect. Backward elimination: excluded results that the model of the rest predicts within the
threshold are included again, until none is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from scipy.special import ndtr
from torch import Tensor

from designer.arrays import FloatArray

TAIL_PROBABILITY = float(ndtr(-5.0))
"""Probability that a correct result lies beyond the threshold on one side: that of 5 standard deviations."""
MAX_OUTLIER_SHARE = 0.2
"""Largest share of results that are flagged; so none of fewer than five results is."""

_ONE_BY_ONE = 50  # results up to which one is excluded at a time; of more results proportionally more


class OutlierCandidate(Protocol):
    """An excluded result and its prediction by the rest, on the model's scale."""

    @property
    def row(self) -> int:
        """Its place in the data."""
        ...

    @property
    def value(self) -> float:
        """What was measured."""
        ...

    @property
    def expected(self) -> float:
        """What the rest predicts."""
        ...


M = TypeVar("M")
J = TypeVar("J", bound=OutlierCandidate)


def find_outliers(
    rows: Sequence[int],
    model: M,
    *,
    fit: Callable[[Sequence[int]], M],
    deviations: Callable[[M], FloatArray],
    beyond: Callable[[M, Sequence[int]], Sequence[J]],
    suspect: float,
    at_once: bool = False,
) -> tuple[J, ...]:
    """Return the outliers, sorted by row.

    Parameters
    ----------
    rows, model
        The rows of the results, and the model of them.
    fit
        From some of the rows to the model of them.
    deviations
        The leave-one-out deviations of a model's results, in the order of its rows.
    beyond
        Which results that a model did not see lie beyond the threshold around its predictions.
    suspect
        Leave-one-out deviations beyond which a result is excluded in the forward step.
    at_once
        Whether a forward step excludes all suspects, and not only the furthest ones.
    """
    trusted = list(rows)
    most = int(MAX_OUTLIER_SHARE * len(rows))
    step = most if at_once else max(1, len(rows) // _ONE_BY_ONE)
    excluded: list[int] = []
    while len(excluded) < most:
        off = deviations(model)
        order = np.argsort(-off, kind="stable")[: min(step, most - len(excluded))]
        far = {int(i) for i in order if off[i] > suspect}
        if not far:
            break
        excluded += [row for i, row in enumerate(trusted) if i in far]
        trusted = [row for i, row in enumerate(trusted) if i not in far]
        model = fit(trusted)
    while excluded:
        found = beyond(model, excluded)
        if len(found) == len(excluded):
            return tuple(sorted(found, key=lambda each: each.row))
        excluded = [each.row for each in found]
        trusted = [row for row in rows if row not in excluded]
        model = fit(trusted)
    return ()


def unconfirmed(X: Tensor, found: Sequence[J]) -> list[J]:
    """Return the results that no second measurement of the same design (``n x d``) confirms.

    Two results confirm each other if they differ by less than half the distance of either from its prediction.
    """

    alike: dict[bytes, list[J]] = defaultdict(list)
    designs = [(X[each.row] + 0.0).numpy().tobytes() for each in found]  # the sum leaves no zero with a sign
    for design, each in zip(designs, found, strict=True):
        alike[design].append(each)

    def confirm(one: J, other: J) -> bool:
        apart = min(abs(each.value - each.expected) for each in (one, other))
        return one is not other and abs(one.value - other.value) < 0.5 * apart

    pairs = zip(designs, found, strict=True)
    return [one for design, one in pairs if not any(confirm(one, other) for other in alike[design])]
