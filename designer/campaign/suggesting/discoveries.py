"""Outliers that may be discoveries: results better than all others, which the other results do not explain.

Such a result is what a campaign is for, or a slip. It keeps its value, and the search weighs both readings equally: a
mixture of the posterior in which it is winsorised (a slip) and of the one in which the response has a narrow peak there
(a discovery; `designer.surrogates.robust.peaks`). A second measurement of the design decides between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from designer.arrays import BoolArray, FloatArray
from designer.objective import Objective
from designer.priors.interleaving import InterleavedMixture
from designer.priors.robust_conditioning import Conditioned, baseline_process
from designer.surrogates.independent import joined, parts
from designer.surrogates.model_mixture import Mixture
from designer.surrogates.robust.outliers import Outlier
from designer.surrogates.robust.peaks import best_of_all, with_peaks

if TYPE_CHECKING:
    from botorch.models.model import Model
    from torch import Tensor

    from designer.surrogates.gaussian_process import GaussianProcess

REAL = 0.5
"""Probability that an outlier better than all other results is real, before it is measured again."""


@dataclass(frozen=True, eq=False)
class Discoveries:
    """The outliers of a campaign's posterior that may be real, and the posterior that weighs both readings."""

    found: tuple[Outlier, ...]
    model: Model


def discoveries_of(
    conditioned: Conditioned, measured: FloatArray, allowed: BoolArray, objective: Objective
) -> Discoveries:
    """Return the possible discoveries among the outliers, and the posterior with both readings of each.

    Parameters
    ----------
    measured
        ``n x m`` values as they were measured, in the targets' units.
    allowed
        Which of the ``n`` designs the space allows: a design that may not be made is no discovery, and no result that
        a discovery must exceed.
    """
    found = tuple(
        each for each in conditioned.outliers if _may_be_real(each, conditioned, measured, allowed, objective)
    )
    if not found:
        return Discoveries((), conditioned.model)
    models = list(parts(conditioned.model))
    for target in {each.target for each in found}:
        own = [each for each in found if each.target == target]
        process = baseline_process(conditioned.model, target)
        if process is not None:
            designs = conditioned.data.X[[each.row for each in own]]
            values = torch.tensor([each.value for each in own], dtype=torch.float64)
            models[target] = _both_readings(models[target], designs, values, process)
    return Discoveries(found, joined(models))


def _may_be_real(
    each: Outlier, conditioned: Conditioned, measured: FloatArray, allowed: BoolArray, objective: Objective
) -> bool:
    """Whether an allowed outlier is better than all other allowed results, and no replicate contradicts it."""
    if objective.explores or each.target not in objective.goal_columns or not allowed[each.row]:
        return False
    target = objective.targets[each.target]
    values = measured[:, each.target]
    utility = target.utility(values)
    flagged = [other.row for other in conditioned.outliers if other.target == each.target]
    X = conditioned.data.X
    same = (X[each.row] == X).all(-1).numpy() & np.isfinite(values)
    contradicted = any(row not in flagged for row in np.flatnonzero(same) if row != each.row)
    excluded = [*flagged, *np.flatnonzero(~allowed).tolist()]
    return not contradicted and best_of_all(utility.tolist(), each.row, excluded)


def _both_readings(model: Model, designs: Tensor, values: Tensor, process: GaussianProcess) -> Model:
    """Return the mixture of a model and of the same with peaks; of a mixture, the mixture of its components'
    mixtures."""
    if isinstance(model, Mixture):
        components = [(weight, _both_readings(part, designs, values, process)) for weight, part in model.components]
        kind = InterleavedMixture if isinstance(model, InterleavedMixture) else Mixture
        return kind([part for _, part in components], [weight for weight, _ in components])
    return Mixture([model, with_peaks(model, designs, values, process)], [1.0 - REAL, REAL])
