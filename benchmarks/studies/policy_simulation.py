"""Fast simulated campaigns for the learned policy: what every expert proposes in each state of a campaign over a pool.

A state is a set of measured designs: the models do not depend on the order in which they were measured, so that every
state is computed once, whichever policies reach it. In a state the components of all experts
(`designer.priors.policy.search_experts`) are fitted once; the expected improvements of the experts are weighted sums of
those of the components, as in a campaign.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from benchmarks.suite.measures import gap_threshold, top_threshold
from benchmarks.suite.pools import Pool
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import NoisyImprovement
from designer.acquisition.search_model import forest_weight
from designer.arrays import BoolArray, FloatArray, IntArray
from designer.campaign.suggesting.past_tasks import fitted
from designer.campaign.suggesting.pool_campaign import stated_quantities
from designer.priors import robust_conditioning
from designer.priors.auto import FittedAuto
from designer.priors.base import FittedPrior
from designer.priors.baseline import BaselinePrior
from designer.priors.interleaving import baseline_part, is_baseline_turn
from designer.priors.policy.campaign_state import PastDesigns, campaign_state, past_designs
from designer.priors.policy.search_experts import ALONE, DEFAULT, DEFAULT_ALONE, WITH_PAST, Experts, experts_of
from designer.space import DesignSpace
from designer.space.pool import Pool as DesignPool
from designer.surrogates.data import TaskData
from designer.surrogates.forest import fit_forest
from designer.surrogates.gaussian_process import GaussianProcess
from designer.threads import one_thread

ALL = (*ALONE, *WITH_PAST)
"""The names of the experts, in the order of all arrays here."""

COMPONENTS = (("gp",), ("forest",), ("same", "opposite"), ("transfer-forest",))
"""The components whose predictions describe candidates, each the first of its names that there is."""

_ROWS = 300

EQUAL = "equal-weights"
"""The control that maximises the mean of the improvements of all experts."""


@dataclass(frozen=True, eq=False)
class Visit:
    """A state of a simulated campaign, before its next design.

    Parameters
    ----------
    names
        The ``e`` experts that there are.
    experts, campaign
        Their features (``e x k``) and those of the campaign (``c``).
    proposals
        The row of the pool that each expert proposes (``e``), then the row that the mean of them proposes.
    ranks
        For each expert (``e``) the rank, 1 first, of the best ranked design of the top 1 % in its improvements.
    """

    names: tuple[str, ...]
    experts: FloatArray
    campaign: FloatArray
    proposals: tuple[int, ...]
    ranks: FloatArray


@dataclass(frozen=True, eq=False)
class Candidates:
    """What the models of a state know of the ``N`` designs that are not measured.

    Parameters
    ----------
    names
        The ``e`` experts that there are.
    gains
        Logarithms of their expected improvements (``e x N``).
    columns
        Predictions of the components and distances (``N x k``).
    top
        Which designs are of the top 1 % (``N``).
    """

    names: tuple[str, ...]
    gains: FloatArray
    columns: FloatArray
    top: BoolArray


class Simulation:
    """One pool with its prior, and the states of it that were visited."""

    def __init__(self, pool: Pool, *, prior: FittedPrior | None = None) -> None:
        given = pool.candidates.space
        coordinates = given.coordinates(pool.candidates.designs)
        self.pool = pool
        self._space = DesignSpace(
            parameters=given.parameters, constraints=given.constraints, pool=DesignPool(coordinates)
        )
        self._features = torch.as_tensor(self._space.encoder.encode(coordinates), dtype=torch.float64)
        self._place = np.argsort(np.lexsort(coordinates.T[::-1]))
        self._given = prior
        self._last: tuple[list[int], _Models] | None = None
        self.visits: dict[tuple[int, ...], Visit] = {}

    @cached_property
    def prior(self) -> FittedPrior:
        """The prior of the kind `auto`, or the baseline prior without sources."""
        if self._given is not None:
            return self._given
        sources = self.pool.candidates.sources
        return fitted("auto", sources) if sources else BaselinePrior()

    @cached_property
    def top(self) -> np.ndarray:
        """Which designs (``N``) are of the top 1 %."""
        return np.asarray(self.pool.utility >= top_threshold(self.pool.utility))

    def visit(self, chosen: Sequence[int], pending: Sequence[int] = ()) -> Visit:
        """Return the state after these designs were measured, while others are pending; without these computed once."""
        key = tuple(sorted(chosen))
        if not pending and key in self.visits:
            return self.visits[key]
        with one_thread(), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = self._visit(list(key), list(pending))
        if not pending:
            self.visits[key] = found
        return found

    def _models(self, rows: list[int]) -> _Models:
        """Return the models given some rows; those of the last rows are stored, for the designs of one batch."""
        if self._last is None or self._last[0] != rows:
            self._last = rows, self._fit(rows)
        return self._last[1]

    def _fit(self, rows: list[int]) -> _Models:
        target = self.pool.candidates.objective.targets[0]
        data = TaskData(
            self._features[rows],
            torch.as_tensor(self.pool.y[rows][:, None].copy()),
            self._space.encoder.columns,
            quantities=stated_quantities(self.prior, target),
        )
        found = robust_conditioning.condition(self.prior, data)
        one = found.data.target(0)
        baseline = baseline_part(found.model) or found.model
        assert isinstance(baseline, GaussianProcess)
        experts = experts_of(one, found.model, fit_forest(one), forest_weight(baseline))
        evidence = found.posterior.evidence
        return _Models(one, experts, evidence.log_evidence if evidence else 0.0)

    def _visit(self, rows: list[int], pending: list[int]) -> Visit:
        models = self._models(rows)
        experts, candidates = models.experts, self.pool.candidates
        left = np.setdiff1d(np.arange(len(self.pool)), [*rows, *pending])
        state = campaign_state(
            models.one,
            experts,
            self._features[left],
            candidates.objective.targets[0].sign or 1,
            self._past(models.one),
            models.log_evidence,
            without_past=is_baseline_turn(len(rows) + len(pending)),
        )
        gains = self._gains(models, rows, pending, left)
        order = np.argsort(-gains, axis=1, kind="stable")
        proposals = [int(left[row]) for row in order[:, 0]]
        whole = _mixed([(1 / len(gains), gain) for gain in gains])
        ranks = [float(np.flatnonzero(self.top[left[row]])[0]) + 1 for row in order] if self.top[left].any() else []
        return Visit(
            experts.names,
            state.experts,
            state.campaign,
            (*proposals, int(left[int(whole.argmax())])),
            np.array(ranks or [1.0] * len(gains)),
        )

    def _gains(self, models: _Models, rows: list[int], pending: list[int], left: IntArray) -> FloatArray:
        """Return the logarithms of the expected improvements (``e x N``) of all experts at the designs `left`."""
        measured = sorted(rows, key=lambda row: int(self._place[row]))
        logs = {}
        for name, model in models.experts.components.items():
            context = AcquisitionContext(
                model=model,
                objective=self.pool.candidates.objective,
                ranges=(),
                measured=self._features[measured],
                pending=self._features[pending],
                reference=self._features[:0],
                seed=len(rows),
            )
            logs[name] = NoisyImprovement(context).values(self._features[left]).numpy()
        experts = models.experts.experts
        return np.stack([_mixed([(w, logs[k]) for k, w in each.weights.items()]) for each in experts])

    def candidates(self, chosen: Sequence[int]) -> Candidates:
        """Return what the models know of every design that is not measured after these were."""
        rows = sorted(chosen)
        with one_thread(), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            models = self._models(rows)
            left = np.setdiff1d(np.arange(len(self.pool)), rows)
            gains = self._gains(models, rows, [], left)
            X = self._features[left]
            columns = [*self._predictions(models, X), *self._distances(rows, X)]
        return Candidates(models.experts.names, gains, np.column_stack(columns), self.top[left])

    def _predictions(self, models: _Models, X: Tensor) -> Iterator[FloatArray]:
        """Go through means less the best result and log deviations, in deviations of the results, larger is better."""
        y = models.one.Y[:, 0].numpy()
        spread = float(y.std()) or 1.0
        sign = self.pool.candidates.objective.targets[0].sign or 1
        parts = models.experts.components
        for names in COMPONENTS:
            model = next((parts[name] for name in names if name in parts), None)
            if model is None:
                yield from (np.zeros(len(X)), np.zeros(len(X)))
                continue
            mean, variance = model.marginals(X)
            yield (sign * mean.numpy() - (sign * y).max()) / spread
            yield 0.5 * np.log(np.maximum(variance.numpy() / spread**2, 1e-12))

    def _distances(self, rows: list[int], X: Tensor) -> Iterator[FloatArray]:
        """Go through distances to the nearest measured design and to the best one, over those between candidates."""
        width = torch.where(X.std(0) > 1e-9, X.std(0), torch.inf)
        centre, own = X.mean(0), self._features[rows]
        X, own = (X - centre) / width, (own - centre) / width
        typical = float(torch.cdist(X[:_ROWS], X[:_ROWS]).median()) or 1.0
        distances = torch.cdist(X, own).numpy() / typical
        yield distances.min(1)
        yield distances[:, int(np.argmax(self.pool.utility[rows]))]

    def _past(self, one: TaskData) -> PastDesigns:
        if not isinstance(self.prior, FittedAuto):
            return PastDesigns()
        if not hasattr(self, "_known_past"):
            self._known_past = past_designs(self.prior.transfer, one, self._features)
        return self._known_past


@dataclass(frozen=True, eq=False)
class _Models:
    """The data of the target, the experts given them, and the evidence for past tasks."""

    one: TaskData
    experts: Experts
    log_evidence: float


def _mixed(parts: Sequence[tuple[float, FloatArray]]) -> FloatArray:
    used = [(math.log(weight), values) for weight, values in parts if weight > 0]
    return np.asarray(np.logaddexp.reduce([weight + values for weight, values in used]))


Chooser = Callable[[Visit, int], str]
"""Returns the expert that proposes the next design, from the state and the number of results."""


def available(visit: Visit, results: int) -> tuple[str, ...]:
    """Return the experts that the guard allows: those without past tasks for every third design."""
    return ALONE if is_baseline_turn(results) else visit.names


def allowed(name: str, visit: Visit, results: int) -> str:
    """Return the expert itself, or, where the guard does not allow it, the default one."""
    if name == EQUAL:
        return name if not is_baseline_turn(results) else DEFAULT_ALONE
    if name in available(visit, results):
        return name
    return DEFAULT if DEFAULT in available(visit, results) else DEFAULT_ALONE


@dataclass(frozen=True)
class Outcome:
    """A simulated campaign: the measured rows, the experts that proposed them, and experiments to the two aims."""

    chosen: tuple[int, ...]
    experts: tuple[str, ...]
    to_top: int
    to_gap: int


def campaign(
    simulation: Simulation,
    seed: int,
    budget: int,
    choose: Chooser,
    initial: int = 3,
    *,
    first: Sequence[int] = (),
    batch: int = 1,
) -> Outcome:
    """Return a campaign from first designs, until both aims are reached or the budget is spent.

    Parameters
    ----------
    first
        The first designs; `initial` random ones unless given.
    batch
        The designs of a batch, chosen one after another with those before pending, and measured together.
    """
    return continued(simulation, first or simulation.pool.initial(initial, seed), budget, choose, batch=batch)


def continued(
    simulation: Simulation, measured: Sequence[int], budget: int, choose: Chooser, *, batch: int = 1
) -> Outcome:
    """Return a campaign that goes on after some designs were measured."""
    pool, chosen = simulation.pool, list(measured)
    utility, top, gap = pool.utility, top_threshold(pool.utility), gap_threshold(pool.utility)
    experts: list[str] = []

    def reached(threshold: float) -> int:
        hits = np.flatnonzero(utility[chosen] >= threshold)
        return int(hits[0]) + 1 if len(hits) else budget + 1

    while len(chosen) < min(budget, len(pool)) and max(reached(top), reached(gap)) > budget:
        pending: list[int] = []
        for _ in range(min(batch, budget - len(chosen), len(pool) - len(chosen))):
            visit, made = simulation.visit(chosen, pending), len(chosen) + len(pending)
            name = allowed(choose(visit, made), visit, made)
            experts.append(name)
            pending.append(visit.proposals[len(visit.names) if name == EQUAL else visit.names.index(name)])
        chosen += pending
    return Outcome(tuple(chosen), tuple(experts), reached(top), reached(gap))


def fixed(name: str) -> Chooser:
    """Return the choice of always the same expert."""
    return lambda visit, results: name


def steps(outcome: Outcome, initial: int = 3) -> Iterator[tuple[tuple[int, ...], str]]:
    """Return the states (measured rows) of a campaign and the experts that were chosen in them."""
    for i, name in enumerate(outcome.experts):
        yield outcome.chosen[: initial + i], name
