"""What a campaign's results say, as models see them: features, values, variances, and the posterior they lead to.

Reached only when a model is needed: this is where torch is loaded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from designer.acquisition.deadline import Deadline
from designer.acquisition.improvement_probability import probability_of_better
from designer.acquisition.initial import initial_designs
from designer.acquisition.moments import single_output
from designer.acquisition.observed import Observed, Proposal
from designer.acquisition.propose import propose
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of, lab_designs
from designer.campaign.suggesting.choice import Choice, Taken, initial_count, learned, seed_of
from designer.campaign.suggesting.flagged_results import FlaggedResult
from designer.campaign.suggesting.past_tasks import prior_digest, prior_of_spec
from designer.errors import NoDesignLeft
from designer.objective import Objective
from designer.priors import robust_conditioning
from designer.priors.base import Evident, FittedPrior
from designer.priors.conditioning import is_informed
from designer.priors.evidence import PriorEvidence
from designer.priors.interleaving import plain_part, turns
from designer.priors.robust_conditioning import plain_process
from designer.space import DesignSpace
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.feasibility import Feasibility
from designer.surrogates.robust.decimal_slips import DecimalSlip, decimal_slip
from designer.surrogates.robust.outliers import Outlier, without
from designer.threads import one_thread

if TYPE_CHECKING:
    from botorch.models.model import Model
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ASIDE = "past tasks left aside, as for every third design"


@dataclass(frozen=True, eq=False)
class CampaignPosterior:
    """The results of a campaign and the posterior given them.

    Parameters
    ----------
    coordinates
        ``n x c``, one row a result; replicates are repeated rows.
    Y, Yvar
        ``n x m`` values and variances in the targets' units, NaN where there is none; values that nothing foretells are
        drawn in (`designer.priors.robust_conditioning`), `outliers` says which.
    measurements
        The ids of the ``n`` results.
    evidence
        What a learned prior leans on and how well it does; None without one.
    """

    space: DesignSpace
    objective: Objective
    coordinates: Floats
    Y: Floats
    Yvar: Floats
    data: TaskData
    model: Model
    measurements: tuple[str, ...]
    outliers: tuple[Outlier, ...] = ()
    evidence: PriorEvidence | None = None

    @cached_property
    def doubts(self) -> tuple[FlaggedResult, ...]:
        """The results that are not believed as they stand, and those that a person is asked about."""
        doubted = [self._doubt(each, each.edge) for each in self.outliers]
        rest = without(self.data, self.outliers)
        with one_thread():
            slips = [
                decimal_slip(rest, i, None if self.outliers else plain_process(self.model, i))
                for i in range(rest.targets)
            ]
        return (*doubted, *[self._doubt(each, each.value, each.fits) for each in slips if each is not None])

    def _doubt(self, each: Outlier | DecimalSlip, counts_as: float, fits: float | None = None) -> FlaggedResult:
        target = self.objective.targets[each.target]
        name = self.measurements[each.row]
        return FlaggedResult(name, target.name, target.unit, each.value, each.expected, counts_as, fits)

    def predict(self, coordinates: Floats, *, of_measurement: bool = False) -> tuple[Floats, Floats]:
        """Return mean and standard deviation (``n x m`` each) of the targets of designs.

        Of the noise-free targets, or `of_measurement`: the noise of measuring included.
        """
        if not len(coordinates):
            return np.empty((0, self.Y.shape[1])), np.empty((0, self.Y.shape[1]))
        X = torch.as_tensor(self.space.encoder.encode(coordinates), dtype=torch.float64)
        with torch.no_grad(), one_thread():
            posterior: Any = self.model.posterior(X.unsqueeze(-2), observation_noise=of_measurement)
            mean, variance = posterior.mean.squeeze(-2), posterior.variance.squeeze(-2)
        return mean.numpy(), variance.clamp_min(0.0).sqrt().numpy()


def campaign_posterior(spec: CampaignSpec, state: CampaignState, *, judged: bool = True) -> CampaignPosterior:
    """Return what the results of `state` say. A pure function: the order in which they came does not matter.

    Unless `judged`, the evidence for the prior is left out: it is for people, and takes as long as the posterior.
    """
    results = state.results
    names = [target.name for target in spec.targets]
    coordinates = coordinates_of(spec.space, (each.design for each in results))
    Y = np.array([[each.values.get(name, np.nan) for name in names] for each in results]).reshape(-1, len(names))
    noise = np.array([[each.noise.get(name, np.nan) for name in names] for each in results]).reshape(-1, len(names))
    encoder = spec.space.encoder
    Yvar = noise**2
    known = torch.as_tensor(Yvar) if np.isfinite(Yvar).any() else None
    data = TaskData(
        torch.as_tensor(encoder.encode(coordinates)),
        torch.as_tensor(Y),
        columns=encoder.columns,
        Yvar=known,
        quantities=tuple(Quantity(target.name, target.unit) for target in spec.targets),
    )
    with one_thread():
        prior = prior_of_spec(spec)
        found = robust_conditioning.condition(prior, data)
        evidence = _evidence(prior, found.data) if judged else None
    return CampaignPosterior(
        space=spec.space,
        objective=spec.objective,
        coordinates=coordinates,
        Y=found.data.Y.numpy(),
        Yvar=Yvar,
        data=found.data,
        model=found.model,
        measurements=tuple(each.id for each in results),
        outliers=found.outliers,
        evidence=evidence,
    )


def _evidence(prior: FittedPrior, data: TaskData) -> PriorEvidence | None:
    """Return what the posterior leans on; where the prior is rejected, with the result since which it has been."""
    if not isinstance(prior, Evident):
        return None
    evidence = prior.evidence(data)
    if evidence is None or evidence.rejected_at is None:
        return evidence
    since = evidence
    for n in range(len(data.X) - 1, 0, -1):
        before = prior.evidence(data.first(n))
        if before is None or before.rejected_at is None:
            break
        since = before
    return replace(evidence, rejected_at=since.rejected_at, words=since.words)


def informs(spec: CampaignSpec, state: CampaignState) -> bool:
    """Whether the posterior of some goal follows past tasks, and not the campaign's own measurements alone."""
    model = campaign_posterior(spec, state, judged=False).model
    return any(is_informed(single_output(model, i)) for i in spec.objective.goal_columns)


def propose_next(spec: CampaignSpec, state: CampaignState, n: int, seed: int, taken: Taken) -> Choice:
    """Return the `n` designs that the model would make next; every third one as if there were no past tasks.

    Parameters
    ----------
    taken
        Designs that were suggested, measured, failed or withdrawn.
    """
    known = campaign_posterior(spec, state, judged=False)
    asked = _Proposer(spec, state, known, taken, seed, Deadline(spec.settings.suggest_seconds))
    pending = coordinates_of(spec.space, (each.design for each in state.open))
    plain = plain_part(known.model)
    parts: list[tuple[bool, Proposal]] = []
    for alone, count in [(False, n)] if plain is None else turns(len(taken.keys), n):
        try:
            part = asked.plainly(plain, pending, count) if alone and plain else asked.of(known.model, pending, count)
        except NoDesignLeft:
            if not parts:
                raise
            break
        parts.append((alone, part))
        pending = np.concatenate([pending, part.coordinates])
    designs = [(alone, design) for alone, part in parts for design in lab_designs(spec.space, part.coordinates)]
    scores = [score for _, part in parts for score in part.scores]
    short = [f"only {len(designs)} of {n} designs: no more are left"] if len(designs) < n else []
    return Choice(
        designs=tuple(design for _, design in designs),
        how="model",
        scores=tuple(score if math.isfinite(score) else None for score in scores),
        reasons=tuple(f"{_ASIDE}; {note}" if alone else note for alone, part in parts for note in part.notes),
        remarks=(*short, *map(str, known.doubts)),
        prior=prior_digest(spec),
        plain=tuple(alone for alone, _ in designs),
    )


@dataclass(frozen=True, eq=False)
class _Proposer:
    """What a choice is made from, whichever model decides."""

    spec: CampaignSpec
    state: CampaignState
    known: CampaignPosterior
    taken: Taken
    seed: int
    deadline: Deadline

    @cached_property
    def feasibility(self) -> Feasibility | None:
        """Where experiments succeed, as `feasibility_of` says."""
        return feasibility_of(self.spec, self.state, self.known)

    def of(self, model: Model, pending: Floats, n: int) -> Proposal:
        """Return what `model` would make next."""
        known = self.known
        return propose(
            model,
            known.space,
            known.objective,
            Observed(known.coordinates, known.Y),
            pending,
            n,
            self.seed,
            feasibility=self.feasibility,
            forbidden_keys=_forbidden(known, pending, self.taken.keys),
            replicates="auto" if has_noise(known) else "never",
            deadline=self.deadline,
        )

    def plainly(self, plain: Model, pending: Floats, n: int) -> Proposal:
        """Return what the plain model would make next; before it has the results that it needs, the space is filled."""
        if learned(self.spec, self.state) >= initial_count(self.spec):
            return self.of(plain, pending, n)
        avoid = np.concatenate([self.taken.coordinates, pending])
        found = initial_designs(self.spec.space, n, self.seed, avoid)
        return Proposal(found, (-math.inf,) * len(found), ("fills the space",) * len(found))


def _forbidden(known: CampaignPosterior, pending: Floats, taken: frozenset[Any]) -> frozenset[Any]:
    """Return the keys of designs that may not even be replicated: all that are taken, but for the measured ones."""
    measured = frozenset(known.space.keys(known.coordinates))
    return (taken - measured) | frozenset(known.space.keys(pending))


def has_noise(known: CampaignPosterior) -> bool:
    """Whether noise was seen: a standard error was given, or one design gave two different results.

    Only then is a replicate ever proposed: a table or a simulator would say the same again.
    """
    if np.isfinite(known.Yvar).any():
        return True
    seen: dict[Any, Floats] = {}
    for key, y in zip(known.space.keys(known.coordinates), known.Y, strict=True):
        first = seen.setdefault(key, y)
        if (np.isfinite(first) & np.isfinite(y) & (first != y)).any():
            return True
    return False


def chance_of_better(spec: CampaignSpec, state: CampaignState, known: CampaignPosterior, margin: float) -> float:
    """Return the probability that a design is left that is better than the best one by more than `margin`."""
    pending = coordinates_of(spec.space, (each.design for each in state.open))
    refused = coordinates_of(spec.space, [each.design for each in state.failures])
    withdrawn = [each.design for each in state.suggestions.values() if each.withdrawn_because is not None]
    refused = np.concatenate([refused, coordinates_of(spec.space, withdrawn)])
    return probability_of_better(
        known.model,
        spec.space,
        spec.objective,
        Observed(known.coordinates, known.Y),
        pending,
        margin,
        seed_of(spec.settings.seed, len(state.suggestions)),
        feasibility=feasibility_of(spec, state, known),
        forbidden_keys=frozenset(spec.space.keys(refused)),
        deadline=Deadline(spec.settings.suggest_seconds),
    )


@one_thread()
def feasibility_of(spec: CampaignSpec, state: CampaignState, known: CampaignPosterior) -> Feasibility | None:
    """Return where experiments succeed; None if none has failed."""
    if not state.failures:
        return None
    failed = coordinates_of(spec.space, (each.design for each in state.failures))
    coordinates = np.concatenate([known.coordinates, failed])
    succeeded = torch.arange(len(coordinates)) < len(known.coordinates)
    encoder = spec.space.encoder
    return Feasibility(torch.as_tensor(encoder.encode(coordinates)), succeeded, encoder.columns)
