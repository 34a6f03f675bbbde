"""Several goals: the noisy expected hypervolume improvement of botorch, with a screen for the search.

References: S. Daulton, M. Balandat, E. Bakshy, "Parallel Bayesian optimization of multiple noisy objectives with
expected hypervolume improvement" (NeurIPS 2021); J. Knowles, "ParEGO" (IEEE Transactions on Evolutionary Computation
2006), for the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.acquisition.multi_objective import logei
from botorch.acquisition.multi_objective.logei import (
    qLogExpectedHypervolumeImprovement,
    qLogNoisyExpectedHypervolumeImprovement,
)
from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
from botorch.models.model import Model
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from torch import Tensor

from designer.acquisition.botorch_functions import with_pending
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.fantasies import Draws, Fantasies
from designer.acquisition.functions import BASELINE, PRUNING_DRAWS, Acquisition
from designer.acquisition.improvement import log_improvement
from designer.acquisition.moments import Moments, moments, single_output
from designer.objective import Target, pareto_mask

DRAWS = {2: 128, 3: 64}  # by the number of goals: the boxes that a front leaves free grow fast with it
MIN_DRAWS = 32
_SCALARISATIONS = 16
_ROWS = 128
_BELOW = 0.1
_SAME = 1e-9
_LARGER = Target(name="weighted sum", goal="maximize")

# Where there is a C++ compiler, botorch builds a kernel of its own at the first use: that takes 20 seconds, waits for
# ever on the lock of a process that was killed meanwhile, and rounds otherwise than where there is none.
logei._load_attempted = True


class HypervolumeImprovement(Acquisition):
    """Log of the noisy expected hypervolume improvement, times the probability of success.

    Utilities are counted from their mean over the measured designs, in units of their spread there, so that neither
    the targets' units nor their zeros matter (botorch's smooth maxima and constraints have widths of their own). The
    reference point is that of botorch's ``infer_reference_point``: a tenth of the range of the Pareto front of the
    posterior means of the feasible measured designs below its worst values; a tenth of the spread where that range is
    zero. Outcome constraints weigh every draw inside the expectation.

    Parameters
    ----------
    kept
        The `baseline`, where it is known already; it does not depend on what is pending.

    Attributes
    ----------
    baseline
        Measured designs that are on the front of some draw.
    centre, spread
        ``k`` means and spreads of the utilities.
    reference_point
        ``k``, in these units.
    """

    effort = 1536

    def __init__(self, context: AcquisitionContext, kept: Tensor | None = None) -> None:
        super().__init__(context)
        baseline = context.incumbents()
        baseline = baseline if len(baseline) else context.reference
        with torch.no_grad():
            there = [moments(model, baseline, baseline[:0]) for model in _models(context)]
            means = context.utilities(torch.stack([each.mean for each in there], -1))
            spreads = torch.stack([_spread(each) for each in there])
            self.centre = means.mean(0)
            self.spread = spreads[list(context.objective.goal_columns)]
            self._means = (means - self.centre) / self.spread
            self.reference_point = _reference_point(self._means[pareto_mask(self._means)])
            draws = DRAWS.get(len(self.spread), MIN_DRAWS)
            shared: dict[str, Any] = {
                "ref_point": self.reference_point,
                "sampler": SobolQMCNormalSampler(torch.Size([draws]), seed=context.seed % 2**31),
                "objective": GenericMCMultiOutputObjective(_Utilities(context, self.centre, self.spread)),
                "constraints": _violations(context, spreads) or None,
            }
            if context.in_context and len(context.incumbents()):
                self.baseline = baseline
                self._inner = self._over_means(shared)
            else:
                self.baseline = self._pruned(baseline) if kept is None else kept
                self._inner = qLogNoisyExpectedHypervolumeImprovement(
                    model=context.model,
                    X_baseline=self.baseline,
                    X_pending=context.pending if len(context.pending) else None,
                    prune_baseline=False,
                    cache_root=False,
                    **shared,
                )
        goals = len(context.objective.goals)
        weights = Draws(_SCALARISATIONS, context.seed).normal(goals).abs() + 1e-3
        self._weights = weights / weights.sum(-1, keepdim=True)

    def _over_means(self, shared: dict[str, Any]) -> AcquisitionFunction:
        """Return the improvement over the front of the posterior means in the given context, and of what is pending."""
        context = self.context
        designs = torch.cat([context.incumbents(), context.pending])
        designs = designs if context.transferred is None else torch.cat([designs, context.transferred])
        means = torch.stack([moments(model, designs, designs[:0]).mean for model in _models(context)], -1)
        front = (context.utilities(means) - self.centre) / self.spread
        partitioning: Any = FastNondominatedPartitioning(self.reference_point, Y=front)
        return qLogExpectedHypervolumeImprovement(with_pending(context), partitioning=partitioning, **shared)

    def _pruned(self, Z: Tensor) -> Tensor:
        """Return the designs that are on the front of some joint draw: the others change no improvement.

        botorch's own pruning draws from the global random state, which would make suggestions irreproducible.
        """
        context = self.context
        models = _models(context)
        draws = [
            Fantasies(model, Z, Draws(PRUNING_DRAWS, context.seed, i, len(models))).values
            for i, model in enumerate(models)
        ]
        Y = torch.stack([each.expand(PRUNING_DRAWS, len(Z)) for each in draws], -1)
        feasible, utilities = context.feasible(Y), context.utilities(Y)
        utilities = torch.where(feasible[..., None], utilities, torch.nan)
        on_front = torch.stack([pareto_mask(each) for each in utilities]).sum(0)
        order = torch.argsort(on_front, descending=True, stable=True)[:BASELINE]
        kept: Tensor = Z[order[on_front[order] > 0].sort().values]
        return kept if len(kept) else Z[:1]

    def joined(self, X: Tensor) -> HypervolumeImprovement:
        """Return the acquisition function with the designs `X` (``k x d``) also pending, and the same baseline."""
        pending = torch.cat([self.context.pending, X.detach()])
        return HypervolumeImprovement(replace(self.context, pending=pending), self.baseline)

    def values(self, X: Tensor) -> Tensor:
        """Return the log expected hypervolume improvement (``n``) of features (``n x d``)."""
        parts = [self._inner(chunk[:, None, :]) for chunk in torch.split(X, _ROWS)]
        return torch.cat(parts) + self.context.log_gates(X)

    def screen(self, X: Tensor) -> Tensor:
        """Return the best (``n``) of the improvements of single goals and weighted sums, on a common scale.

        Each weighted sum of utilities is taken as normal, and its improvement over the best measured mean has a
        closed form: a design that is good for some weighting is a candidate for the front.
        """
        objective = self.context.objective
        mean, variance = X.new_zeros(len(X), 0), X.new_zeros(len(X), 0)
        for target, column in zip(objective.goals, objective.goal_columns, strict=True):
            there = moments(single_output(self.context.model, column), X, X[:0])
            utility = target.utility(there.mean)
            mean = torch.cat([mean, utility[:, None]], -1)
            variance = torch.cat([variance, there.variance[:, None]], -1)
        mean, variance = (mean - self.centre) / self.spread, variance / self.spread**2
        total = mean @ self._weights.T
        deviation = (variance @ (self._weights**2).T).sqrt().clamp_min(1e-12)
        best = (self._means @ self._weights.T).amax(0)
        gains = log_improvement(_LARGER, total, deviation, best)
        return gains.amax(-1) + self.context.log_feasible(X) + self.context.log_gates(X)


def _models(context: AcquisitionContext) -> list[Model]:
    return [single_output(context.model, i) for i in range(len(context.objective.targets))]


def _spread(there: Moments) -> Tensor:
    """Return the predicted variation of a target over some designs; 1 if it is 0."""
    total = (there.mean.var(unbiased=False) + there.variance.mean()).sqrt()
    return total if total > 0 else torch.ones_like(total)


def _reference_point(front: Tensor) -> Tensor:
    """Return the reference point of a front (``p x k``) of utilities in units of their spread."""
    worst, extent = front.amin(0), front.amax(0) - front.amin(0)
    return worst - _BELOW * torch.where(extent > _SAME, extent, 1.0)


class _Utilities:
    def __init__(self, context: AcquisitionContext, centre: Tensor, spread: Tensor) -> None:
        self._context, self._centre, self._spread = context, centre, spread

    def __call__(self, Y: Tensor, X: Tensor | None = None) -> Tensor:
        return (self._context.utilities(Y) - self._centre) / self._spread


def _violations(context: AcquisitionContext, spreads: Tensor) -> list[Callable[[Tensor], Tensor]]:
    """Return the outcome constraints in the form of botorch: negative where met, in spreads of their targets."""
    result: list[Callable[[Tensor], Tensor]] = []
    for column, at_least, at_most in context.limits:
        if at_least is not None:
            result.append(partial(_beyond, column=column, limit=at_least, unit=-spreads[column]))
        if at_most is not None:
            result.append(partial(_beyond, column=column, limit=at_most, unit=spreads[column]))
    return result


def _beyond(Y: Tensor, column: int, limit: float, unit: Tensor) -> Tensor:
    return (Y[..., column] - limit) / unit
