"""The beliefs of an expert in a campaign: their weights, and which suggestions are chosen with them.

A suggestion that is chosen with beliefs maximises ``a(x) pi(x)^(b / n)``: the acquisition a times the density pi of the
best design, whose exponent falls with the number n of results since the beliefs were stated (C. Hvarfner and others,
"piBO: augmenting acquisition functions with user beliefs for Bayesian optimization", ICLR 2022).

A wrong belief is limited in three ways:

* of the first `MAX_SUGGESTIONS` suggestions every third is chosen without beliefs, and all later ones are: at most
  `MAX_WITH_BELIEFS` suggestions are chosen with them, whatever the results;
* the density has a lowest value above 0, so that no design is excluded;
* each belief has a weight by the results: they are ranked, and the slope of the ranks over the belief's density is
  estimated by linear regression. The weight is twice the probability that the slope is positive, 1 at most; below
  `MIN_PROBABILITY` the belief is not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.levels.level_states import top_state
from designer.campaign.results.designs import coordinates_of
from designer.counting import count
from designer.errors import InvalidInput
from designer.space.beliefs.densities import BoundBelief, bound_belief, log_densities

if TYPE_CHECKING:
    from designer.campaign.file.spec import CampaignSpec
    from designer.campaign.log.state import CampaignState
    from designer.space import DesignSpace

EVERY = 3
"""One of so many suggestions is chosen without beliefs."""
MAX_SUGGESTIONS = 24
"""Suggestions after beliefs were stated, of which some are chosen with them."""
MAX_WITH_BELIEFS = MAX_SUGGESTIONS - MAX_SUGGESTIONS // EVERY
"""Suggestions that may be chosen with beliefs."""
FADING = 5.0
"""The exponent of the density times the number of results."""
MIN_PROBABILITY = 0.1
"""Of a positive slope of the results over a belief's density, below which the belief is not used."""

_MIN_RESULTS = 3  # for which the exponent is the largest
_MIN_FOR_WEIGHT = 5  # results from which a slope is estimated
_MIN_CONTRAST = 0.25  # of the densities at the results, relative to the highest possible one


@dataclass(frozen=True, eq=False)
class CurrentBeliefs:
    """The beliefs of a campaign after some results.

    Parameters
    ----------
    bound
        The beliefs that the space allows.
    weights
        The weight of each by the results, from 0 to 1.
    unusable
        Beliefs that the amended space does not allow any more, in words.
    results, suggestions
        How many there are since the beliefs were stated.
    """

    bound: tuple[BoundBelief, ...] = ()
    weights: tuple[float, ...] = ()
    unusable: tuple[str, ...] = ()
    results: int = 0
    suggestions: int = 0

    @property
    def exponent(self) -> float:
        """The exponent of the densities."""
        return FADING / max(self.results, _MIN_RESULTS)

    @property
    def remaining(self) -> tuple[float, ...]:
        """The share of its first weight that each belief has in the next suggestions."""
        if self.suggestions >= MAX_SUGGESTIONS:
            return (0.0,) * len(self.bound)
        return tuple(weight * _MIN_RESULTS / max(self.results, _MIN_RESULTS) for weight in self.weights)

    @property
    def are_used(self) -> bool:
        """Whether some of the next suggestions are chosen with beliefs."""
        return any(self.weights) and self.suggestions < MAX_SUGGESTIONS

    def used(self, n: int) -> list[bool]:
        """Return which of the next `n` suggestions are chosen with beliefs."""
        places = range(self.suggestions, self.suggestions + n)
        return [self.are_used and place < MAX_SUGGESTIONS and place % EVERY != EVERY - 1 for place in places]

    def log_weights(self, coordinates: FloatArray) -> FloatArray:
        """Return the term (``n``) that is added to the log acquisition of designs (``n x c``)."""
        terms: FloatArray = log_densities(self.bound, coordinates) @ np.array(self.weights)
        return self.exponent * terms

    def draw(self, space: DesignSpace, n: int, seed: int, avoid: FloatArray) -> FloatArray:
        """Return at most `n` designs (``k x c``) drawn from the beliefs, apart from each other and from others.

        Of ``n + 8`` designs, drawn with probabilities in proportion to the density, the farthest from those to `avoid`
        and from those chosen before is chosen, one after another.
        """
        rng = np.random.default_rng(seed)
        drawn = space.sample(_SAMPLED, rng)
        keys, known = space.keys(drawn), set(space.keys(avoid))
        first = {key: i for i, key in reversed(list(enumerate(keys)))}  # rows of a small space may be repeated
        drawn = drawn[sorted(i for key, i in first.items() if key not in known)]
        weights = log_densities(self.bound, drawn) @ np.array(self.weights)
        order = np.argsort(-(weights + rng.gumbel(size=len(drawn))), kind="stable")  # without replacement
        drawn = drawn[order[: n + _DRAWN]]
        features = space.encoder.encode(drawn)
        others = space.encoder.encode(avoid)
        chosen: list[int] = []
        for _ in range(min(n, len(drawn))):
            near = np.concatenate([others, features[chosen]])
            away = _distances(features, near).min(axis=1) if len(near) else np.zeros(len(drawn))
            away[chosen] = -1.0
            chosen.append(int(np.argmax(away)))
        return drawn[chosen]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Each belief and what is left of its weight, in words."""
        shares = zip(self.bound, self.weights, self.remaining, strict=True)
        return (*(self._line(*each) for each in shares), *self.unusable)

    def _line(self, belief: BoundBelief, weight: float, remaining: float) -> str:
        since = f"after {count(self.results, 'result')}"
        if not weight:
            return f"{belief.words}: not used any more, the results contradict it"
        if self.suggestions >= MAX_SUGGESTIONS:
            return f"{belief.words}: not used any more, after {count(self.suggestions, 'suggestion')}"
        lowered = f", of which the results leave {100 * weight:.0f} %" if weight < 1 else ""
        return f"{belief.words}: {100 * remaining:.0f} % of its first weight {since}{lowered}"


NO_BELIEFS = CurrentBeliefs()
DRAWN_FROM_BELIEFS = "drawn from the beliefs"
"""The note of a first design."""
_SAMPLED = 4096  # random designs of the space, of which some are drawn by the density
_DRAWN = 8


def current_beliefs(spec: CampaignSpec, state: CampaignState) -> CurrentBeliefs:
    """Return the beliefs of a campaign at `state`; a pure function of the events."""
    state = top_state(spec.space, state)
    given = spec.settings.beliefs
    if not given:
        return NO_BELIEFS
    bound, unusable = [], []
    for belief in given:
        try:
            bound.append(bound_belief(spec.space, belief))
        except InvalidInput as error:
            unusable.append(f"{belief.words}: not used, {error.faults[0].what}")
    densities = _densities_of_results(spec, state, bound)
    since = state.beliefs_since
    return CurrentBeliefs(
        bound=tuple(bound),
        weights=tuple(_weight(column, _ranked(spec, state)) for column in densities.T),
        unusable=tuple(unusable),
        results=sum(each.position > since for each in state.results),
        suggestions=sum(each.position > since for each in state.suggestions.values()),
    )


def _densities_of_results(spec: CampaignSpec, state: CampaignState, bound: list[BoundBelief]) -> FloatArray:
    coordinates = coordinates_of(spec.space, (each.design for each in state.results))
    return np.exp(log_densities(bound, coordinates))


def _ranked(spec: CampaignSpec, state: CampaignState) -> FloatArray:
    """Return how good each result is: the normal score of its rank, of several goals their mean; NaN without a goal."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    objective = spec.objective.modelled
    names = [target.name for target in spec.targets]
    Y = np.array([[each.values.get(name, np.nan) for name in names] for each in state.results]).reshape(-1, len(names))
    Y = spec.objective.model_values(Y)
    utilities = np.asarray(objective.utilities(Y, objective.ranges(Y) if objective.needs_ranges else None))
    measured = np.isfinite(utilities).all(axis=1)
    scores = np.full(len(utilities), np.nan)
    if measured.any():
        ranks = rankdata(utilities[measured], axis=0)
        scores[measured] = ndtri((ranks - 0.5) / measured.sum()).mean(axis=1)
    return scores


def _weight(densities: FloatArray, scores: FloatArray) -> float:
    """Return the weight of a belief, of its densities at the results and of how good these are."""
    from scipy.special import stdtr

    measured = np.isfinite(scores)
    x, y = densities[measured], scores[measured]
    if len(x) < _MIN_FOR_WEIGHT or np.ptp(x) < _MIN_CONTRAST or np.ptp(y) == 0:
        return 1.0
    x, y = x - x.mean(), y - y.mean()
    slope = (x @ y) / (x @ x)
    left = max(float(((y - slope * x) ** 2).sum()), 1e-12)
    error = np.sqrt(left / (len(x) - 2) / (x @ x))
    probability = float(stdtr(len(x) - 2, slope / error))
    return min(1.0, 2.0 * probability) if probability >= MIN_PROBABILITY else 0.0


def _distances(first: FloatArray, second: FloatArray) -> FloatArray:
    from scipy.spatial.distance import cdist

    result: FloatArray = cdist(first, second)
    return result


def remarks_on(beliefs: CurrentBeliefs) -> Iterator[str]:
    """Yield the beliefs that are not used, with the reason."""
    for belief, weight in zip(beliefs.bound, beliefs.weights, strict=True):
        if not weight and beliefs.suggestions < MAX_SUGGESTIONS:
            yield f"the belief {belief.words} is not used: the results contradict it"
    yield from (f"the belief {each}" for each in beliefs.unusable)
