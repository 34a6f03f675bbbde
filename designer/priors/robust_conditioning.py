"""Any prior, made to bear wrong results: those that neither the other results nor past tasks foretell.

A result is judged by the plain process of the others (`designer.surrogates.robust.outliers`). Where past tasks are
followed and foretell it, it is believed all the same: then it is the other results that say little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from botorch.models.model import Model

from designer.priors.base import ConditionedPrior, FittedPrior, conditioned
from designer.priors.interleaving import plain_part
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.independent import parts
from designer.surrogates.robust.outliers import Outlier, drawn_to_edges, edge, outliers, without


@dataclass(frozen=True, eq=False)
class Conditioned:
    """A posterior, the data as it was given them, and the results that were drawn in for it."""

    posterior: ConditionedPrior
    data: TaskData
    outliers: tuple[Outlier, ...] = ()

    @property
    def model(self) -> Model:
        """The posterior as a botorch model."""
        return self.posterior.model


def condition(prior: FittedPrior, data: TaskData) -> Conditioned:
    """Return the posterior of a new task, results that nothing foretells drawn to the edge of what may be believed.

    A pure function of `data`, the same for measurements in any order, and `prior.condition` where all is foretold.
    """
    first = conditioned(prior, data)
    found = [each for i in range(data.targets) for each in outliers(data, i, plain_process(first.model, i))]
    if not found:
        return Conditioned(first, data)
    surprising = _surprising(prior.condition(without(data, found)), data, found)
    drawn = drawn_to_edges(data, surprising)
    return Conditioned(conditioned(prior, drawn) if surprising else first, drawn, surprising)


def plain_process(model: Model, target: int) -> GaussianProcess | None:
    """Return the widened process of one target's results alone, if a posterior holds it."""
    part = parts(model)[target]
    plain = plain_part(part) or part
    return plain if isinstance(plain, GaussianProcess) else None


def _surprising(model: Model, data: TaskData, found: Sequence[Outlier]) -> tuple[Outlier, ...]:
    """Return the outliers but those which past tasks foretell: `model` follows them, and did not see these results."""
    return tuple(each for each in found if not _foretold(parts(model)[each.target], data, each))


def _foretold(model: Model, data: TaskData, each: Outlier) -> bool:
    if isinstance(model, GaussianProcess):
        return False
    with torch.no_grad():
        belief: Any = model.posterior(data.X[[each.row]], observation_noise=True)
    reach = edge(len(data.order(each.target))) * float(belief.variance) ** 0.5
    return bool(abs(each.value - float(belief.mean)) <= reach)
