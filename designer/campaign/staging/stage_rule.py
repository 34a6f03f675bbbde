"""What to measure next of each design: an observation, the target, or nothing more.

A pure function of the campaign's spec, its state and its posterior. Reached only when a model is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from designer.acquisition.improvement import log_improvement, log_within
from designer.acquisition.moments import components, moments, single_output
from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import Stage, following_stage, observed_of, stages_of, waiting
from designer.campaign.results.designs import coordinates_of
from designer.campaign.staging.step import NextStep
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.campaign.suggesting.expected_costs import expected_cost
from designer.campaign.suggesting.proposer import feasibility_of
from designer.priors.intermediate.regression import MIN_PAIRS
from designer.priors.intermediate.revision import Revision
from designer.priors.intermediate.stage_index import measuring_index, observing_index
from designer.threads import one_thread

MIN_PAIRS_TO_SKIP = 6
"""Results with an observation from which it may be left out: fewer do not tell whether it is informative."""

MIN_WEIGHT = 0.1
"""Probability of being informative below which an observation may be left out at once (`MIN_PAIRS` results have it)."""

MIN_CHANCE = 0.05
"""Probability of being better than the best below which the advice is to stop."""


@dataclass(frozen=True)
class Alternative:
    """What is compared with going on: a new design.

    Parameters
    ----------
    index
        The index of the best new design; 0 where none is left.
    option_value
        Its index over that of measuring it at once: what the choice to stop after its observations is worth, or,
        below 1, what observations cost that say nothing.
    """

    index: float = 0.0
    option_value: float = 1.0


@dataclass(frozen=True, eq=False)
class StageRule:
    """The values of the next measurements of designs, at one state of a campaign."""

    spec: CampaignSpec
    state: CampaignState
    known: CampaignPosterior

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages before the targets, first to last."""
        return stages_of(self.spec.settings.observations)

    @property
    def _column(self) -> int:
        return self.known.objective.goal_columns[0]

    @cached_property
    def _best(self) -> float:
        """The utility of the best measured design, by posterior mean; that of the worst one where none is feasible."""
        known, goal = self.known, self.known.modelled.goals[0]
        allowed = known.space.within(known.coordinates) & np.isfinite(known.Y[:, self._column])
        if not allowed.any():
            return -math.inf
        X = self._features(known.coordinates[allowed])
        utilities = np.asarray(goal.utility(self._moments(self._column, X)[0].numpy()))
        feasible = self._log_feasible(X).numpy() >= math.log(0.5)
        return float(utilities[feasible].max() if feasible.any() else utilities.min())

    def _features(self, coordinates: FloatArray) -> Tensor:
        return torch.as_tensor(self.known.space.encoder.encode(coordinates), dtype=torch.float64)

    def _moments(self, column: int, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and standard deviations (``n`` each) of a target."""
        at = moments(single_output(self.known.model, column), X, X[:0])
        return at.mean, at.variance.clamp_min(1e-300).sqrt()

    def _log_feasible(self, X: Tensor) -> Tensor:
        total = X.new_zeros(len(X))
        for column, at_least, at_most in self.known.modelled.limits:
            if np.isfinite(self.known.Y[:, column]).any():
                total = total + log_within(*self._moments(column, X), at_least, at_most)
        return total

    def _log_usable(self, X: Tensor) -> Tensor:
        """Return the log probability (``n``) that designs can be made and keep the limits of the targets."""
        gate = feasibility_of(self.spec, self.state, self.known)
        return self._log_feasible(X) + (0.0 if gate is None else gate.log_probability(X))

    def _improvement(self, mean: FloatArray, deviation: FloatArray) -> FloatArray:
        goal, best = self.known.modelled.goals[0], torch.tensor(self._best, dtype=torch.float64)
        with torch.no_grad():
            logs = log_improvement(goal, torch.from_numpy(mean), torch.from_numpy(deviation), best)
        return np.asarray(logs.exp().numpy())

    @cached_property
    def _cost_of(self) -> Callable[[FloatArray], FloatArray]:
        expected = expected_cost(self.spec, self.state)
        return (lambda coordinates: np.ones(len(coordinates))) if expected is None else expected.of_designs

    @one_thread()
    def step(self, name: str, design: Mapping[str, float | str | None], made: frozenset[str]) -> NextStep:
        """Return what is worth most of a design for its cost: its next observations, or its targets.

        Parameters
        ----------
        made
            The observations of it that were tried.
        """
        return self._step(name, design, made)[0]

    @one_thread()
    def first_steps(
        self, designs: Sequence[Mapping[str, float | str | None]]
    ) -> tuple[tuple[NextStep, ...], Alternative]:
        """Return the first step of each of new designs, and what the best of them promises."""
        found = [self._step("", each, frozenset()) for each in designs]
        promised = [Alternative(step.index, option_value) for step, option_value in found]
        best = max(promised, key=lambda each: each.index, default=Alternative())
        return tuple(step for step, _ in found), best

    def _step(
        self, name: str, design: Mapping[str, float | str | None], made: frozenset[str]
    ) -> tuple[NextStep, float]:
        """Return the step of a design, and its index over that of measuring at once."""
        following = following_stage(self.stages, made)
        if not math.isfinite(self._best):
            targets = tuple(target.name for target in self.spec.targets)
            return NextStep.in_order(name, None if following is None else following.names, targets), 1.0
        measure, observe = self._options(name, design, made)
        if following is None or observe is None:
            return measure, 1.0
        may_be_skipped = self._pairs(following) >= MIN_PAIRS_TO_SKIP or self._is_uninformative(following)
        step = measure if may_be_skipped and measure.index > observe.index else observe
        return step, step.index / measure.index if measure.index > 0.0 else 1.0

    @one_thread()
    def limit(self, design: Mapping[str, float | str | None], alternative: Alternative) -> float:
        """Return the index below which an observed design waits for a new one.

        That of the best new design, at most that of the design itself before its observations. The search chose it
        by more than its expected improvement under this model (a forest, designs that are pending), so that a new
        design with a larger one is no reason to leave it: only what its observations say is.
        """
        X = self._features(coordinates_of(self.known.space, [design]))
        with torch.no_grad():
            at = moments(single_output(self.known.unrevised, self._column), X, X[:0])
            deviation = at.variance.clamp_min(1e-300).sqrt()
            gain = float(self._log_usable(X)[0].exp() * self._improvement(at.mean.numpy(), deviation.numpy())[0])
        before = measuring_index(gain, float(self._cost_of(coordinates_of(self.known.space, [design]))[0]))
        return min(alternative.index, alternative.option_value * before)

    def _options(
        self, name: str, design: Mapping[str, float | str | None], made: frozenset[str]
    ) -> tuple[NextStep, NextStep | None]:
        """Return the step that measures the targets, and the one that observes first, where there is one."""
        coordinates = coordinates_of(self.known.space, [design])
        following = following_stage(self.stages, made)
        targets = tuple(target.name for target in self.spec.targets)
        with torch.no_grad():
            X = self._features(coordinates)
            mean, deviation = (float(part[0]) for part in self._moments(self._column, X))
            usable = float(self._log_usable(X)[0].exp())
            chance = usable * self._chance(X)
        cost = float(self._cost_of(coordinates)[0])
        gain = usable * float(self._improvement(np.array([mean]), np.array([deviation]))[0])
        revision = self._revision if made else None
        own = None if revision is None else revision.of_design(X)
        if own is not None:
            gain = usable * float(self._revised_gains(own)[0])
        drawn = None if following is None else self._gains(coordinates, made, following)
        if drawn is not None and not made:
            gain = usable * float(drawn.mean())  # the prediction of a new design goes by way of its observations
        measure = NextStep(name, "measure", targets, measuring_index(gain, cost), chance)
        if following is None:
            return measure, None
        gains = np.array([gain]) if drawn is None else usable * drawn
        return measure, NextStep(name, "observe", following.names, observing_index(gains, cost, following.cost), chance)

    @property
    def _revision(self) -> Revision | None:
        """What the observations say of the goal at the designs without a result; None where they say nothing."""
        revised = self.known.revised_targets
        return None if revised is None else revised.revisions[self._column]

    def _gains(self, coordinates: FloatArray, made: frozenset[str], following: Stage) -> FloatArray | None:
        """Return the expected improvement after each draw of the following observations; None where it is the same."""
        revised = self.known.revised_targets
        if revised is None:
            return None
        revision = revised.given_draws(self._column, coordinates, sorted(made), following.names)
        return None if revision is None else self._revised_gains(revision)

    def _revised_gains(self, revision: Revision) -> FloatArray:
        """Return the expected improvement (``p``) given observations: a mixture of those with and without them.

        Not that of a normal distribution with the mixture's moments: its tails promise improvements that neither
        prediction does.
        """
        at = moments(single_output(self.known.unrevised, self._column), revision.X[:1], revision.X[:0])
        mean, variance = at.mean.expand(len(revision.X)), at.variance.expand(len(revision.X)).clamp_min(1e-300)
        informed, new_variance = revision.if_informative(mean, variance)
        with_them = self._improvement(informed.numpy(), new_variance.sqrt().numpy())
        return revision.expected(self._improvement(mean.numpy(), variance.sqrt().numpy()), with_them)

    def _chance(self, X: Tensor) -> float:
        """Return the probability that a design's noise-free value is better than that of the best one."""
        goal, total = self.known.modelled.goals[0], 0.0
        for weight, part in components(single_output(self.known.model, self._column)):
            at = moments(part, X, X[:0])
            mean, deviation = float(at.mean[0]), max(float(at.variance[0]), 1e-300) ** 0.5
            if goal.value is not None:  # closer to the wanted value than the best
                low, high = goal.value + self._best, goal.value - self._best
                total += weight * (_normal((high - mean) / deviation) - _normal((low - mean) / deviation))
            else:
                total += weight * _normal((goal.sign * mean - self._best) / deviation)
        return min(max(total, 0.0), 1.0)

    def _is_uninformative(self, stage: Stage) -> bool:
        """Whether the results that there are show that the observations of a stage are of no use."""
        revised = self.known.revised_targets
        regression = None if revised is None else revised.regression(self._column, stage.names)
        return regression is not None and regression.weight < MIN_WEIGHT and self._pairs(stage) >= MIN_PAIRS

    def _pairs(self, stage: Stage) -> int:
        """Return how many results have the observations of a stage."""
        if self.known.revised_targets is None:
            return 0
        observed = self.known.revised_targets.observed[self._column]
        columns = list(self.known.revised_targets.designs.places(stage.names))
        known = np.isfinite(observed.Z[:, columns]).all(axis=1)
        return int((known & np.isfinite(observed.one.Y[:, 0].numpy())).sum())


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def steps_by_model(rule: StageRule, alternative: Alternative) -> tuple[NextStep, ...]:
    """Return the advice on every open suggestion, in their order."""
    found = []
    for each in waiting(rule.state):
        made, design = observed_of(rule.state, each), rule.state.suggestions[each].design
        step = rule.step(each, design, made)
        unlikely = (step.chance or 0.0) < MIN_CHANCE
        left = alternative.index > 0.0
        if made and (step.index < rule.limit(design, alternative) if left else unlikely):
            step = NextStep(each, "stop" if unlikely else "wait", (), step.index, step.chance or 0.0)
        found.append(step)
    return tuple(found)
