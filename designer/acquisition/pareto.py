"""Several goals at once: the noisy expected hypervolume improvement of botorch, made ready for a search.

References: S. Daulton, M. Balandat, E. Bakshy, "Parallel Bayesian optimization of multiple noisy objectives with
expected hypervolume improvement" (NeurIPS 2021); J. Knowles, "ParEGO" (IEEE Transactions on Evolutionary Computation
2006), for the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.multi_objective.hypervolume import infer_reference_point
from torch import Tensor

from designer.acquisition.fantasies import Draws, Fantasies
from designer.acquisition.functions import BASELINE, PRUNING_DRAWS, Acquisition, Situation
from designer.acquisition.improvement import log_improvement
from designer.acquisition.moments import moments, single_output
from designer.objective import Target, pareto_mask

DRAWS = 128
_SCALARISATIONS = 16
_ROWS = 128
_LARGER = Target(name="weighted sum", goal="maximize")


class HypervolumeImprovement(Acquisition):
    """Log of the noisy expected hypervolume improvement, times the probability of success.

    The reference point is botorch's ``infer_reference_point`` of the Pareto front of the posterior means of the
    feasible measured designs: a tenth of the front's range below its worst values. Outcome constraints weigh every
    draw inside the expectation.
    """

    effort = 1536

    def __init__(self, situation: Situation) -> None:
        super().__init__(situation)
        baseline = situation.incumbents()
        baseline = baseline if len(baseline) else situation.reference
        with torch.no_grad():
            self._means = self._mean_utilities(baseline)
            front = self._means[pareto_mask(self._means)]
            self.baseline = self._pruned(baseline)
            self.reference_point = infer_reference_point(front)
            self._inner = qLogNoisyExpectedHypervolumeImprovement(
                model=situation.model,
                ref_point=self.reference_point,
                X_baseline=self.baseline,
                sampler=SobolQMCNormalSampler(torch.Size([DRAWS]), seed=situation.seed % 2**31),
                objective=GenericMCMultiOutputObjective(_Utilities(situation)),
                constraints=_violations(situation) or None,
                X_pending=situation.pending if len(situation.pending) else None,
                prune_baseline=False,
                cache_root=False,
            )
        goals = len(situation.objective.goals)
        draws = Draws(_SCALARISATIONS, situation.seed).normal(goals).abs() + 1e-3
        self._weights = draws / draws.sum(-1, keepdim=True)

    def _pruned(self, Z: Tensor) -> Tensor:
        """Return the designs that are on the front of some joint draw: the others change no improvement.

        botorch's own pruning draws from the global random state, which would make suggestions irreproducible.
        """
        situation = self.situation
        targets = range(len(situation.objective.targets))
        models = [single_output(situation.model, i) for i in targets]
        draws = [
            Fantasies(model, Z, Draws(PRUNING_DRAWS, situation.seed, i, len(models))).values
            for i, model in enumerate(models)
        ]
        Y = torch.stack([each.expand(PRUNING_DRAWS, len(Z)) for each in draws], -1)
        feasible, utilities = situation.objective.feasible(Y), situation.utilities(Y)
        utilities = torch.where(feasible[..., None], utilities, torch.nan)
        on_front = torch.stack([pareto_mask(each) for each in utilities]).sum(0)
        order = torch.argsort(on_front, descending=True, stable=True)[:BASELINE]
        kept: Tensor = Z[order[on_front[order] > 0].sort().values]
        return kept if len(kept) else Z[:1]

    def _mean_utilities(self, X: Tensor) -> Tensor:
        targets = range(len(self.situation.objective.targets))
        means = [moments(single_output(self.situation.model, i), X, X[:0]).mean for i in targets]
        return self.situation.utilities(torch.stack(means, -1))

    def values(self, X: Tensor) -> Tensor:
        parts = [self._inner(chunk[:, None, :]) for chunk in torch.split(X, _ROWS)]
        return torch.cat(parts) + self.situation.log_gates(X)

    def screen(self, X: Tensor) -> Tensor:
        """Return the best (``n``) of the improvements of single goals and weighted sums, on a common scale.

        Each weighted sum of utilities is taken as normal, and its improvement over the best measured mean as cheap
        and closed: what lies high for some weighting is a candidate for the front.
        """
        objective = self.situation.objective
        spread = (self._means.amax(0) - self._means.amin(0)).clamp_min(1e-12)
        mean, variance = X.new_zeros(len(X), 0), X.new_zeros(len(X), 0)
        for target, column in zip(objective.goals, objective.goal_columns, strict=True):
            there = moments(single_output(self.situation.model, column), X, X[:0])
            utility = (
                -(there.mean - (target.value or 0.0)).abs() if target.goal == "match" else target.sign * there.mean
            )
            mean = torch.cat([mean, utility[:, None]], -1)
            variance = torch.cat([variance, there.variance[:, None]], -1)
        weights = self._weights / spread
        total, deviation = mean @ weights.T, (variance @ (weights**2).T).sqrt().clamp_min(1e-12)
        best = (self._means @ weights.T).amax(0)
        gains = log_improvement(_LARGER, total, deviation, best)
        return gains.amax(-1) + self.situation.log_feasible(X) + self.situation.log_gates(X)


class _Utilities:
    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    def __call__(self, Y: Tensor, X: Tensor | None = None) -> Tensor:
        return self._situation.utilities(Y)


def _violations(situation: Situation) -> list[Callable[[Tensor], Tensor]]:
    """Return the outcome constraints as botorch takes them: negative where kept."""
    result: list[Callable[[Tensor], Tensor]] = []
    for column, at_least, at_most in situation.objective.limits:
        if at_least is not None:
            result.append(partial(_beyond, column=column, limit=at_least, sign=-1.0))
        if at_most is not None:
            result.append(partial(_beyond, column=column, limit=at_most, sign=1.0))
    return result


def _beyond(Y: Tensor, column: int, limit: float, sign: float) -> Tensor:
    return sign * (Y[..., column] - limit)
