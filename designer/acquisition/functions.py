"""Acquisition functions of designs, given the measured and pending ones.

All are botorch acquisition functions of features ``... x 1 x d`` that return logarithms. `Acquisition.joined` adds
pending designs; batches are built with it, one design after another.

References: B. Letham et al., "Constrained Bayesian optimization with noisy experiments" (Bayesian Analysis 2019);
S. Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization" (NeurIPS 2023).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.models.model import Model
from botorch.utils.safe_math import log_fatplus
from torch import Tensor

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.fantasies import Draws, Fantasies, winners
from designer.acquisition.improvement import log_improvement, log_within
from designer.acquisition.moments import components, moments, single_output
from designer.objective import Target

DRAWS = 32
PRUNING_DRAWS = 256
BASELINE = 32
MAX_DRAWN = 512
"""Incumbents among which draws look for the best: those with the highest upper ends."""

_REACH = 3.0  # standard deviations to an upper end
_ROWS = 4096


Part = tuple[float, Fantasies, Tensor]


@runtime_checkable
class Thinnable(Protocol):
    """A model that has a cheaper version of itself: a forest of fewer trees."""

    def thinned(self) -> Model:
        """Return the cheaper model."""
        ...


class Acquisition(AcquisitionFunction):
    """Base: ``forward`` takes ``... x 1 x d`` features and returns ``...`` logarithms."""

    screen_bounds = False
    """Whether `screen` is never below the acquisition, up to the error of its draws."""

    is_logarithm = True
    """Whether values are logarithms of what adds up over the designs of a batch."""

    effort = 16_384
    """How many designs a search may score for each design that it chooses."""

    def __init__(self, context: AcquisitionContext) -> None:
        super().__init__(model=context.model)
        self.context = context

    def forward(self, X: Tensor) -> Tensor:
        """Return the acquisition (``batch_shape``) of single designs (``batch_shape x 1 x d``)."""
        flat = X.reshape(-1, X.shape[-1])
        values = torch.cat([self.values(chunk) for chunk in torch.split(flat, _ROWS)])
        return values.reshape(X.shape[:-2])

    @abstractmethod
    def values(self, X: Tensor) -> Tensor:
        """Return the acquisition (``n``) of features (``n x d``)."""

    def screen(self, X: Tensor) -> Tensor:
        """Return a cheap approximation (``n``) of the acquisition of features (``n x d``), for many designs."""
        return self.values(X)

    def coarse_screen(self, X: Tensor) -> Tensor:
        """Return the screen (``n``) of features (``n x d``) by cheaper models where there are any, for long lists."""
        return self.screen(X)

    def joined(self, X: Tensor) -> Acquisition:
        """Return the acquisition function with the designs `X` (``k x d``) also pending."""
        pending = torch.cat([self.context.pending, X.detach()])
        return type(self)(replace(self.context, pending=pending))


class NoisyImprovement(Acquisition):
    """Log of the noisy expected improvement of one goal, times the probabilities that the design can be used.

    ``log E_s[ E[(u(f(x)) - max_z u(f_s(z)))^+ | f_s(z)] ] + log P(feasible) + log P(success)``, where s runs over
    joint draws at the feasible measured designs and the pending ones z (Letham et al. 2019), and the inner
    expectation is exact. The improvement of a mixture model is the weighted sum
    of the improvements of its components.
    """

    def __init__(self, context: AcquisitionContext) -> None:
        super().__init__(context)
        objective = context.objective
        self.target: Target = objective.goals[0]
        self.screen_bounds = self.target.goal != "match"
        self._components = components(single_output(context.model, objective.goal_columns[0]))
        self._incumbents = context.incumbents()
        self._parts = [self._part(weight, model) for weight, model in self._components]

    def _part(self, weight: float, model: Model) -> Part:
        """Return a component's logarithm of its weight, its draws, and its incumbent's utility in each."""
        incumbents = self._incumbents
        drawn = incumbents[:0] if self.context.in_context else self._pruned(model, incumbents)
        fantasies = self._fantasies(model, torch.cat([drawn, self.context.pending_anywhere]), DRAWS)
        return math.log(weight), fantasies, self._best(model, fantasies, incumbents)

    @cached_property
    def _coarse_parts(self) -> list[Part]:
        return [
            self._part(weight, model.thinned()) if isinstance(model, Thinnable) else part
            for (weight, model), part in zip(self._components, self._parts, strict=True)
        ]

    def _pruned(self, model: Model, Z: Tensor) -> Tensor:
        if len(Z) < 2:
            return Z
        Z = self._promising(model, Z)
        draws = self._fantasies(model, Z, PRUNING_DRAWS).values
        return Z[winners(self._utility(draws), BASELINE)]

    def _promising(self, model: Model, Z: Tensor) -> Tensor:
        """Return the incumbents that could be the best: joint draws at thousands of them cost seconds."""
        if len(Z) <= MAX_DRAWN:
            return Z
        at = moments(model, Z, Z[:0])
        highest = self._utility(at.mean) + _REACH * at.variance.clamp_min(0.0).sqrt()
        return Z[highest.topk(MAX_DRAWN).indices.sort().values]

    def _fantasies(self, model: Model, Z: Tensor, count: int) -> Fantasies:
        return Fantasies(model, Z, Draws(count, self.context.seed), self.target.sign or 1)

    def _utility(self, f: Tensor) -> Tensor:
        utility: Tensor = self.target.utility(f)
        return utility

    def _best(self, model: Model, fantasies: Fantasies, incumbents: Tensor) -> Tensor:
        """Return the incumbent's utility in each draw (``S``)."""
        if len(fantasies.Z) and not self.context.in_context:
            return self._utility(fantasies.values).amax(-1)
        compared = incumbents if len(incumbents) else self.context.reference
        with torch.no_grad():
            means = self._utility(moments(model, compared, compared[:0]).mean)
        best = (means.amax() if len(incumbents) else means.mean())[None]
        here = self._utility(fantasies.values[:, : len(self.context.pending)])
        if self.context.transferred is not None and len(self.context.transferred):
            later, _ = fantasies.conditional(self.context.transferred)
            here = torch.cat([here.expand(later.shape[1], -1), self._utility(later.T)], -1)
        return _better(best, here)

    def values(self, X: Tensor) -> Tensor:
        """Return the log expected improvement with success (``n``) of features (``n x d``)."""
        parts = []
        for (log_weight, fantasies, _), best in zip(self._parts, self._best_at(X), strict=True):
            mean, deviation = fantasies.conditional(X)
            gains = log_improvement(self.target, mean, deviation, best)
            parts.append(log_weight + torch.logsumexp(gains, -1) - math.log(gains.shape[-1]))
        total = torch.logsumexp(torch.stack(parts), 0)
        return total + self.context.log_feasible(X) + self.context.log_gates(X)

    def _best_at(self, X: Tensor) -> list[Tensor]:
        """Return for each component the best utility in each draw (``S`` or ``n x S``), which designs may exceed."""
        return [best for _, _, best in self._parts]

    def screen(self, X: Tensor) -> Tensor:
        """Return an upper bound (``n``): the improvement over the best single incumbent, uncertain as it is.

        ``E[(u(x) - max_z u(z))^+] <= min_z E[(u(x) - u(z))^+]``, whose terms are closed. For ``match`` it is the
        improvement over the incumbents' posterior means, which is no bound.
        """
        return self._screen_of(X, self._parts)

    def coarse_screen(self, X: Tensor) -> Tensor:
        """Return the screen with a quarter of each forest's trees."""
        return self._screen_of(X, self._coarse_parts)

    def _screen_of(self, X: Tensor, parts: Sequence[Part]) -> Tensor:
        screens = [log_weight + self._screen(X, fantasies, best) for log_weight, fantasies, best in parts]
        total = torch.logsumexp(torch.stack(screens), 0)
        return total + self.context.log_feasible(X) + self.context.log_gates(X)

    def _screen(self, X: Tensor, fantasies: Fantasies, best: Tensor) -> Tensor:
        if not len(fantasies.Z):
            mean, deviation = fantasies.conditional(X)
            return log_improvement(self.target, mean, deviation, best)[:, 0]
        if self.context.in_context:
            there, floor = moments(fantasies.model, X, X[:0]), fantasies.floor**2
            deviation = there.variance.clamp_min(floor).sqrt()
            return log_improvement(self.target, there.mean, deviation, best.amin())
        first = int(self._utility(fantasies.mean).argmax())
        there = moments(fantasies.model, X, fantasies.Z[first : first + 1])
        floor = fantasies.floor**2
        if self.target.goal == "match":
            plugged = self._utility(fantasies.mean).amax()
            return log_improvement(self.target, there.mean, there.variance.clamp_min(floor).sqrt(), plugged)
        variance = there.variance + fantasies.variance[first] - 2 * there.cross[:, 0]
        incumbent = self._utility(fantasies.mean[first])
        return log_improvement(self.target, there.mean, variance.clamp_min(floor).sqrt(), incumbent)


def _better(best: Tensor, drawn: Tensor) -> Tensor:
    """Return the better of the best mean (``1``) and of each row of draws (``S x b``)."""
    return torch.maximum(drawn.amax(-1), best) if drawn.shape[-1] else best.expand(len(drawn))


class DesirabilityImprovement(Acquisition):
    """Log of the noisy expected improvement of the overall desirability, by quasi-Monte Carlo.

    Incumbents are drawn jointly as in `NoisyImprovement`; the design's own targets are drawn given each incumbent
    draw. The positive part is Ament et al.'s fat softplus, so that designs with negligible
    improvement are still ranked.
    """

    draws, inner, temperature = 64, 8, 1e-3
    effort = 6144

    def __init__(self, context: AcquisitionContext) -> None:
        super().__init__(context)
        objective = context.objective
        self._models = [single_output(context.model, column) for column in objective.goal_columns]
        self._signs = [goal.sign or 1 for goal in objective.goals]
        incumbents = context.incumbents()
        drawn = incumbents[:0] if context.in_context else self._pruned(incumbents)
        baseline = torch.cat([drawn, context.pending_anywhere])
        self._fantasies = self._draw(baseline, self.draws)
        self._best = self._incumbent(baseline, incumbents)
        goals = len(self._models)
        noise = self._block(self.draws, goals).normal(len(baseline) + self.inner * goals)
        self._noise = noise[:, len(baseline) :].reshape(self.draws, self.inner, goals)

    def _overall(self, parts: Sequence[Tensor]) -> Tensor:
        """Return the desirability of draws of the goals, each ``...``."""
        objective = self.context.objective
        Y = parts[0].new_zeros(*parts[0].shape, len(objective.targets))
        columns = dict(zip(objective.goal_columns, parts, strict=True))
        Y = torch.stack([columns.get(i, Y[..., i]) for i in range(len(objective.targets))], -1)
        return self.context.utilities(Y)[..., 0]

    def _pruned(self, Z: Tensor) -> Tensor:
        if len(Z) < 2:
            return Z
        return Z[winners(self._drawn(self._draw(Z, PRUNING_DRAWS)), BASELINE)]

    def _draw(self, Z: Tensor, count: int) -> list[Fantasies]:
        pairs = enumerate(zip(self._models, self._signs, strict=True))
        return [Fantasies(model, Z, self._block(count, i), sign) for i, (model, sign) in pairs]

    def _block(self, count: int, block: int) -> Draws:
        return Draws(count, self.context.seed, block, len(self._models) + 1)

    def _drawn(self, fantasies: Sequence[Fantasies]) -> Tensor:
        """Return the desirability (``S x b``) of the draws of all goals; a goal known for certain has one draw."""
        count = max(len(each.values) for each in fantasies)
        return self._overall([each.values.expand(count, each.values.shape[-1]) for each in fantasies])

    def _incumbent(self, baseline: Tensor, incumbents: Tensor) -> Tensor:
        """Return the incumbent's desirability in each draw (``S``)."""
        if len(baseline) and not self.context.in_context:
            return self._drawn(self._fantasies).amax(-1)
        compared = incumbents if len(incumbents) else self.context.reference
        with torch.no_grad():
            means = self._overall([moments(m, compared, compared[:0]).mean for m in self._models])
        best = (means.amax() if len(incumbents) else means.mean())[None]
        count = max(len(each.values) for each in self._fantasies)
        here = self._drawn(self._fantasies)[:, : len(self.context.pending)]
        if self.context.transferred is not None and len(self.context.transferred):
            later = [each.conditional(self.context.transferred)[0].T for each in self._fantasies]
            there = self._overall([each.expand(count, each.shape[-1]) for each in later])
            here = torch.cat([here, there], -1)
        return _better(best, here)

    def values(self, X: Tensor) -> Tensor:
        """Return the log expected improvement of the desirability (``n``) of features (``n x d``)."""
        return torch.cat([self._values(chunk) for chunk in torch.split(X, 512)])

    def _values(self, X: Tensor) -> Tensor:
        draws = []
        for i, fantasies in enumerate(self._fantasies):
            mean, deviation = fantasies.conditional(X)
            noise = self._signs[i] * self._noise[:, :, i].T[:, None, :]
            draws.append(mean.expand(len(X), self.draws) + deviation * noise)  # inner x n x draws
        gain = self._overall(draws) - self._best
        logs = log_fatplus(gain, tau=self.temperature).permute(1, 0, 2).flatten(1)
        total = torch.logsumexp(logs, -1) - math.log(logs.shape[-1])
        return total + self.context.log_feasible(X) + self.context.log_gates(X)

    def screen(self, X: Tensor) -> Tensor:
        """Return the improvement (``n``) over the incumbents' posterior means, with few draws."""
        noise, draws = self._noise[:16, 0], []
        for i, fantasies in enumerate(self._fantasies):
            there = moments(fantasies.model, X, X[:0])
            draws.append(there.mean + there.variance.clamp_min(0).sqrt() * self._signs[i] * noise[:, i : i + 1])
        logs = log_fatplus(self._overall(draws) - self._best.mean(), tau=self.temperature)
        total = torch.logsumexp(logs, 0) - math.log(len(noise))
        return total + self.context.log_feasible(X) + self.context.log_gates(X)


class FirstFeasible(Acquisition):
    """Log probability that a design keeps all outcome constraints and no pending one does.

    Used until a measured design is more probably feasible than not: then there is nothing to improve on.
    """

    def __init__(self, context: AcquisitionContext) -> None:
        super().__init__(context)
        self._limits = context.limits
        self._fantasies = [
            Fantasies(
                single_output(context.model, column),
                context.pending,
                Draws(DRAWS, context.seed, i, len(self._limits)),
            )
            for i, (column, _, _) in enumerate(self._limits)
        ]
        kept = torch.ones(DRAWS, len(context.pending), dtype=torch.bool)
        for (_, at_least, at_most), fantasies in zip(self._limits, self._fantasies, strict=True):
            values = fantasies.values
            kept = kept & (values >= (-math.inf if at_least is None else at_least))
            kept = kept & (values <= (math.inf if at_most is None else at_most))
        # Draws in which a pending design is feasible keep a trace of weight, or certainty would leave nothing to rank.
        self._log_weights = torch.where(kept.any(-1), math.log(1e-3), 0.0) - math.log(DRAWS)

    def values(self, X: Tensor) -> Tensor:
        """Return the log probability (``n``) that all outcome constraints hold at features (``n x d``)."""
        total = self._log_weights.expand(len(X), DRAWS)
        for (_, at_least, at_most), fantasies in zip(self._limits, self._fantasies, strict=True):
            total = total + log_within(*fantasies.conditional(X), at_least, at_most)
        return torch.logsumexp(total, -1) + self.context.log_gates(X)

    def screen(self, X: Tensor) -> Tensor:
        """Return the log probability of success (``n``) alone, which is cheap, to screen features (``n x d``)."""
        return self.context.log_feasible(X) + self.context.log_gates(X)
