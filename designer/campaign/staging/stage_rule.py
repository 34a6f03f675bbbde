"""What to measure next of each design: an observation, the target, or nothing more.

A pure function of the campaign's spec, its state and its posterior. Reached only when a model is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.acquisition.improvement import log_improvement, log_within
from designer.acquisition.moments import components, moments, single_output
from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Cell
from designer.campaign.log.state import CampaignState
from designer.campaign.observing.campaign_stages import Stage, following_stage, observed_of, stages_of, tried, waiting
from designer.campaign.results.designs import coordinates_of
from designer.campaign.staging.learning import may_be_tried, stages_to_try, target_costs
from designer.campaign.staging.step import NextStep
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.campaign.suggesting.cheap_spending import MAX_SHARE, USED_IN_ADVANCE, affordable
from designer.campaign.suggesting.proposer import feasibility_of, log_belief_weights, log_ratings
from designer.priors.intermediate.revision import TRUSTED, is_own
from designer.priors.intermediate.stage_index import measuring_index, observing_index
from designer.threads import one_thread

MIN_PAIRS_TO_SKIP = 6
"""Results with an observation from which it may be left out because it promises too little for its cost."""

MIN_CHANCE = 0.05
"""Probability of being better than the best below which the advice is to stop."""

SURE_CHANCE = 0.5
"""Probability of being better than the best from which an observed design waits for no new one."""

PROMISING = 1.0 / 3.0
"""Probability of being informative from which observations are made for what they promise."""


@dataclass(frozen=True)
class Design:
    """A design of which something may be measured.

    Parameters
    ----------
    name
        Of its suggestion; empty where it is none yet.
    settings
        In lab units.
    made
        The observations of it that were tried.
    """

    name: str
    settings: Mapping[str, Cell]
    made: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Option:
    """The option to observe a design first, and to measure it where that pays.

    Parameters
    ----------
    weight
        The probability that the observations are informative.
    informed
        The index of the option if they are.
    at_once
        If they are, the index of measuring at once.
    share
        The cost of the target over that of both: what the index is divided by where they say nothing.
    """

    weight: float
    informed: float
    at_once: float
    share: float

    @classmethod
    def of(cls, weight: float, gains: FloatArray, cost: float, stage_cost: float) -> Option:
        """Return the option of a design whose target gains as much after each draw of the observations."""
        before = measuring_index(float(gains.mean()), cost)
        return cls(weight, observing_index(gains, cost, stage_cost), before, cost / (cost + stage_cost))

    @property
    def ratio(self) -> float:
        """The index over that of measuring at once, a mean over whether the observations are informative."""
        informed = self.informed / self.at_once if self.at_once > 0.0 else self.share
        return self.weight * informed + (1.0 - self.weight) * self.share

    def index(self, rating: float, usable: float) -> float:
        """Return the index, a mean over whether the observations are informative.

        Parameters
        ----------
        rating
            What the search gives the design for its cost, without the observations.
        usable
            The probability that the design can be used.
        """
        return self.weight * usable * self.informed + (1.0 - self.weight) * rating * self.share


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

    def _usable(self, X: Tensor) -> FloatArray:
        """Return the probability (``n``) that designs can be made and keep the limits of the targets."""
        gate = feasibility_of(self.spec, self.state, self.known)
        total = self._log_feasible(X) + (0.0 if gate is None else gate.log_probability(X))
        return np.asarray(total.exp().numpy())

    @one_thread()
    def steps(self, designs: Sequence[Design]) -> tuple[NextStep, ...]:
        """Return what is worth most of each design for its cost: its next observations, or its targets."""
        targets = tuple(target.name for target in self.spec.targets)
        following = [following_stage(self.stages, each.made) for each in designs]
        coordinates = coordinates_of(self.known.space, [each.settings for each in designs])
        costs = target_costs(self.spec, self.state, coordinates)
        if not designs or not math.isfinite(self._best):
            tried_first = stages_to_try(self.state, following, costs)
            names = [None if each is None else each.names for each in tried_first]
            return tuple(NextStep.in_order(each.name, own, targets) for each, own in zip(designs, names, strict=True))
        with torch.no_grad():
            X = self._features(coordinates)
            usable = self._usable(X)
            chances = usable * self._chances(X)
            ratings = np.exp(log_ratings(self.spec, self.state, self.known, coordinates)) / costs
            preferred = usable * np.exp(log_belief_weights(self.spec, self.state, coordinates))
            options = self._options(designs, coordinates, following, costs)
        found: list[NextStep] = []
        for each, stage, chance, rating, liked, cost, option in zip(
            designs, following, chances.tolist(), ratings.tolist(), preferred.tolist(), costs.tolist(), options,
            strict=True,
        ):  # fmt: skip
            before = sum(step.kind == "observe" and stage is not None and step.names == stage.names for step in found)
            if stage is None or option is None or not self._is_worthwhile(stage, option, cost, before, first=not found):
                found.append(NextStep(each.name, "measure", targets, rating, chance))
            else:
                found.append(NextStep(each.name, "observe", stage.names, option.index(rating, liked), chance))
        return tuple(found)

    def _is_worthwhile(self, stage: Stage, option: Option, cost: float, before: int, *, first: bool) -> bool:
        """Whether a stage is observed before the targets, which cost `cost`, after that of `before` other designs.

        For what it promises where it may well be informative, as long as all together cost at most a share of the
        targets; else while learning whether it is costs little.
        """
        if option.ratio < 1.0 and self._pairs(stage) >= MIN_PAIRS_TO_SKIP:
            return False
        if may_be_tried(self.state, stage, cost, before, first=first):
            return True
        made, measured = tried(self.state, stage) + before, len(self.state.results)
        paid = affordable(stage.cost, measured, cost, MAX_SHARE, USED_IN_ADVANCE)
        return option.weight >= PROMISING and made < paid

    def _options(
        self,
        designs: Sequence[Design],
        coordinates: FloatArray,
        following: Sequence[Stage | None],
        costs: FloatArray,
    ) -> list[Option | None]:
        """Return what it is worth to observe each design first; None where nothing is left to observe."""
        found: list[Option | None] = [None] * len(designs)
        for names, stage, rows in self._alike(designs, coordinates, following):
            weight, gains = self._gains(coordinates[rows], names, stage)
            for row, own in zip(rows, gains, strict=True):
                found[row] = Option.of(weight, own, costs[row], stage.cost)
        return found

    def _alike(
        self, designs: Sequence[Design], coordinates: FloatArray, following: Sequence[Stage | None]
    ) -> Iterator[tuple[tuple[str, ...], Stage, list[int]]]:
        """Yield the designs (rows) that have the same observations and the same following stage, and these."""
        groups: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Stage, list[int]]] = {}
        for row, (stage, names) in enumerate(zip(following, self._given(designs, coordinates), strict=True)):
            if stage is not None:
                groups.setdefault((names, stage.names), (stage, []))[1].append(row)
        for (names, _), (stage, rows) in groups.items():
            yield names, stage, rows

    def _given(self, designs: Sequence[Design], coordinates: FloatArray) -> list[tuple[str, ...]]:
        """Return the observations of each design that gave a value."""
        tried, revised = sorted(set().union(*(each.made for each in designs))), self.known.revised_targets
        if revised is None:
            return [()] * len(designs)
        given = revised.given(coordinates, tried)
        return [tuple(name for name, is_given in zip(tried, row, strict=True) if is_given) for row in given]

    @one_thread()
    def are_informed(self, designs: Sequence[Design]) -> list[bool]:
        """Return whether the observations of each design probably say something of the target."""
        revised = self.known.revised_targets
        if revised is None or not designs:
            return [False] * len(designs)
        coordinates = coordinates_of(self.known.space, [each.settings for each in designs])
        found = [revised.regression(self._column, names) for names in self._given(designs, coordinates)]
        return [each is not None and each.weight >= TRUSTED for each in found]

    def _gains(self, coordinates: FloatArray, made: Sequence[str], following: Stage) -> tuple[float, FloatArray]:
        """Return the probability that observations are informative, and the expected improvements if they are.

        ``n x draws``: of each design after each draw of the following observations.
        """
        revised, X = self.known.revised_targets, self._features(coordinates)
        drawn = None if revised is None else revised.given_draws(self._column, coordinates, made, following.names)
        if revised is None or drawn is None:
            return 0.0, np.ones((len(coordinates), 1))
        total, probabilities = np.zeros(drawn.means.shape[1]), drawn.probabilities.tolist()
        for share, part in components(single_output(self.known.unrevised_search, self._column)):
            for i, probability in enumerate(probabilities):
                if is_own(part):
                    mean, variance = drawn.means[i], drawn.variances[i]
                else:
                    at = self._repeated(part, X, len(total))
                    mean, variance = (found[i] for found in drawn.if_informative(*at))
                total += share * probability / math.fsum(probabilities) * self._improvements(mean, variance)
        return math.fsum(probabilities), total.reshape(len(coordinates), -1)

    def _repeated(self, model: Model, X: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        """Return means and variances of a model at `X` (``n x d``), all of a design together, `rows` in all."""
        at, times = moments(model, X, X[:0]), rows // len(X)
        return at.mean.repeat_interleave(times), at.variance.clamp_min(1e-300).repeat_interleave(times)

    def _improvements(self, mean: Tensor, variance: Tensor) -> FloatArray:
        goal, best = self.known.modelled.goals[0], torch.tensor(self._best, dtype=torch.float64)
        return np.asarray(log_improvement(goal, mean, variance.sqrt(), best).exp().numpy())

    def _chances(self, X: Tensor) -> FloatArray:
        """Return the probability (``n``) that a design's noise-free value is better than that of the best one."""
        goal, total = self.known.modelled.goals[0], torch.zeros(len(X), dtype=torch.float64)
        for weight, part in components(single_output(self.known.model, self._column)):
            at = moments(part, X, X[:0])
            deviation = at.variance.clamp_min(1e-300).sqrt()
            if goal.value is not None:  # closer to the wanted value than the best
                low, high = goal.value + self._best, goal.value - self._best
                below = [torch.special.ndtr((end - at.mean) / deviation) for end in (low, high)]
                total += weight * (below[1] - below[0])
            else:
                total += weight * torch.special.ndtr((goal.sign * at.mean - self._best) / deviation)
        return np.asarray(total.clamp(0.0, 1.0).numpy())

    def _pairs(self, stage: Stage) -> int:
        """Return how many results have the observations of a stage."""
        if self.known.revised_targets is None:
            return 0
        observed = self.known.revised_targets.observed[self._column]
        columns = list(self.known.revised_targets.designs.places(stage.names))
        known = np.isfinite(observed.Z[:, columns]).all(axis=1)
        return int((known & np.isfinite(observed.one.Y[:, 0].numpy())).sum())


def steps_by_model(
    rule: StageRule, new: Sequence[Mapping[str, Cell]]
) -> tuple[tuple[NextStep, ...], tuple[NextStep, ...]]:
    """Return the advice on every open suggestion, in their order, and the first step of each of `new` designs.

    A suggestion whose observations probably say something of the target goes on where that promises as much for its
    cost as the best new design, or where it is probably better than the best one.
    """
    names = waiting(rule.state)
    designs = [Design(each, rule.state.suggestions[each].design, observed_of(rule.state, each)) for each in names]
    steps = rule.steps([*designs, *(Design("", each) for each in new)])
    first, best = steps[len(designs) :], max((step.index for step in steps[len(designs) :]), default=0.0)
    found = []
    for each, step, informed in zip(designs, steps, rule.are_informed(designs), strict=False):
        chance = step.chance or 0.0
        unlikely = chance < MIN_CHANCE
        if informed and chance < SURE_CHANCE and (step.index < best if new else unlikely):
            step = NextStep(each.name, "stop" if unlikely else "wait", (), step.index, chance)
        found.append(step)
    return tuple(found), first
