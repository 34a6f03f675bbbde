"""The reasons for choices as text, and the measured designs ordered by expected utility."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import Acquisition, FirstFeasible
from designer.acquisition.moments import moments, single_output
from designer.arrays import IndexArray
from designer.space.cells import Cells

_MAP = "map: its result is expected to reduce the uncertainty over the space most"
_BOUNDARY = "boundary: its result is expected to reduce the uncertainty about the boundary most"
_OTHER = "exploration: chosen by the campaign's acquisition function"


BEFORE_RESULTS = "prior: chosen by past tasks, before the first result"
"""The note of a design that is chosen before any result of its targets."""


def is_reduction(note: str) -> bool:
    """Whether a note says that a design was chosen by the variance that its result takes away: its score is the log."""
    return note.endswith((_MAP, _BOUNDARY))


def _explored(acquisition: Acquisition) -> str:
    """Return the reason for a choice where the goal is a map or a boundary."""
    if acquisition.context.builder is not None:
        return _OTHER
    return _MAP if acquisition.context.objective.mode == "map" else _BOUNDARY


def _of_cells(context: AcquisitionContext, cells: Cells, incumbents: Tensor, X: Tensor) -> list[str]:
    """Return the reasons for designs (``n x d``) that are the best ones expected for their cells."""
    made, utilities = cells.of_features(incumbents.numpy()), expected_utilities(context, incumbents)[:, 0].numpy()
    found = []
    for cell, utility in zip(
        cells.of_features(X.numpy()).tolist(), expected_utilities(context, X)[:, 0].tolist(), strict=True
    ):
        mine = utilities[made == cell]
        if not len(mine):
            found.append(f"exploration: nothing was measured yet with {cells.name(cell)}")
        elif utility > mine.max():
            found.append(f"exploitation: predicted to beat the best with {cells.name(cell)}")
        else:
            found.append(f"exploration: uncertain enough that it may beat the best with {cells.name(cell)}")
    return found


def expected_utilities(context: AcquisitionContext, X: Tensor) -> Tensor:
    """Return the utilities (``n x k``) of the posterior means at `X` (``n x d``)."""
    with torch.no_grad():
        models = [single_output(context.model, i) for i in range(len(context.objective.targets))]
        return context.utilities(torch.stack([moments(model, X, X[:0]).mean for model in models], -1))


def best_first(context: AcquisitionContext) -> IndexArray:
    """Return the measured designs (indices) by the mean rank of their expected utilities, infeasible ones last."""
    X = context.measured
    if not len(X):
        return np.empty(0, dtype=np.intp)
    with torch.no_grad():
        ranks = expected_utilities(context, X).argsort(0).argsort(0).double().mean(-1)
        infeasible = context.log_feasible(X) < math.log(0.5)
    return np.asarray(np.argsort(-(ranks - len(X) * infeasible).numpy(), kind="stable"))


def reasons(acquisition: Acquisition, X: Tensor, results: int) -> list[str]:
    """Return the reason why `acquisition` chose each design (``n x d``), given a number of results."""
    context = acquisition.context
    if not len(X):
        return []
    if isinstance(acquisition, FirstFeasible):
        return ["feasible first: no measured design meets the outcome constraints yet"] * len(X)
    if context.objective.explores:
        return [_explored(acquisition)] * len(X)
    if context.objective.mode == "pareto":
        return ["trade-off: expected to extend the Pareto front"] * len(X)
    incumbents = context.incumbents()
    if not len(incumbents) and results:
        return ["exploration: no measured design keeps the constraints"] * len(X)
    if not len(incumbents):
        return [BEFORE_RESULTS] * len(X)
    best = expected_utilities(context, incumbents).max()
    if context.cells is not None:
        return _of_cells(context, context.cells, incumbents, X)
    better = (expected_utilities(context, X)[:, 0] > best).tolist()
    if context.objective.tiers:
        return [_tier_reason(context, each, bool(ahead)) for each, ahead in zip(X, better, strict=True)]
    exploit = "exploitation: predicted to beat the best so far"
    explore = "exploration: uncertain enough that it may beat the best so far"
    return [exploit if each else explore for each in better]


def _tier_reason(context: AcquisitionContext, x: Tensor, ahead: bool) -> str:
    """Return which goals a design is predicted to reach, and by which one it is expected to improve."""
    objective = context.objective
    with torch.no_grad():
        means = [
            float(moments(single_output(context.model, i), x[None], x[None][:0]).mean) for i in objective.goal_columns
        ]
    reached = [bool(goal.reaches(mean)) for goal, mean in zip(objective.tiers, means, strict=False)]
    missed = next((i for i, each in enumerate(reached) if not each), None)
    why = "exploitation: predicted to beat the best so far" if ahead else "exploration: may beat the best so far"
    names = [goal.name for goal in objective.tiers]
    if missed is None:
        return f"{why}; predicted to reach {', '.join(names)}, chosen for {objective.goals[-1].name}"
    return f"{why}; {names[missed]}, which comes first, is not predicted to be reached here"
