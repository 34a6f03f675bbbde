"""Why a design was chosen, in words, and which measured designs look best."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import Acquisition, FirstFeasible
from designer.acquisition.moments import moments, single_output


def expected_utilities(context: AcquisitionContext, X: Tensor) -> Tensor:
    """Return the utilities (``n x k``) of the posterior means at `X` (``n x d``)."""
    with torch.no_grad():
        models = [single_output(context.model, i) for i in range(len(context.objective.targets))]
        return context.utilities(torch.stack([moments(model, X, X[:0]).mean for model in models], -1))


def best_first(context: AcquisitionContext) -> npt.NDArray[np.intp]:
    """Return the measured designs (indices) by the mean rank of their expected utilities, infeasible ones last."""
    X = context.measured
    if not len(X):
        return np.empty(0, dtype=np.intp)
    with torch.no_grad():
        ranks = expected_utilities(context, X).argsort(0).argsort(0).double().mean(-1)
        infeasible = context.log_feasible(X) < math.log(0.5)
    return np.asarray(np.argsort(-(ranks - len(X) * infeasible).numpy(), kind="stable"))


def reasons(acquisition: Acquisition, X: Tensor) -> list[str]:
    """Return for each design ``n x d`` why `acquisition` chose it."""
    context = acquisition.context
    if isinstance(acquisition, FirstFeasible):
        return ["feasible first: no measured design keeps the outcome constraints yet"] * len(X)
    if context.objective.mode == "pareto":
        return ["trade-off: expected to widen the Pareto front"] * len(X)
    incumbents = context.incumbents()
    if not len(incumbents):
        return ["prior: nothing is measured yet that it could be compared with"] * len(X)
    best = expected_utilities(context, incumbents).max()
    better = (expected_utilities(context, X)[:, 0] > best).tolist()
    exploit, explore = "exploit: expected to beat the best so far", "explore: uncertain enough that it may be the best"
    return [exploit if each else explore for each in better]
