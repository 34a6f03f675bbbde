"""The posterior of a campaign: its results as features, values and variances, and its prior conditioned on them.

Reached only when a model is needed: this is where torch is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from designer.acquisition.moments import components, joint, moments, single_output
from designer.acquisition.search_model import search_model
from designer.arrays import BoolArray, FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.levels.level_states import lower_results, top_state
from designer.campaign.log.state import CampaignState, Measurement
from designer.campaign.observing.observed_designs import ObservedDesigns
from designer.campaign.observing.past_observations import observed_with_past
from designer.campaign.observing.revised_targets import RevisedTargets
from designer.campaign.results.designs import coordinates_of
from designer.campaign.suggesting.conditioned_preference import with_preference
from designer.campaign.suggesting.contradictions import contradictions
from designer.campaign.suggesting.discoveries import Discoveries, discoveries_of
from designer.campaign.suggesting.flagged_results import FlaggedResult
from designer.campaign.suggesting.left_out.left_out_results import (
    LeftOut,
    left_out_results,
    on_model_scales,
    standard_errors,
)
from designer.campaign.suggesting.left_out.local_calibration import LocalCalibration
from designer.campaign.suggesting.left_out.modelled_results import modelled_rows
from designer.campaign.suggesting.past_tasks import prior_of_spec
from designer.campaign.suggesting.robust_targets import robust_targets
from designer.campaign.wording import amount
from designer.objective import Objective
from designer.priors import robust_conditioning
from designer.priors.base import FittedPrior, conditioned
from designer.priors.conditioning import is_informed
from designer.priors.evidence import PriorEvidence
from designer.priors.fidelity.level_prior import LevelPrior, level_models
from designer.priors.fidelity.level_process import LevelResults
from designer.priors.intermediate.observed_target import FittedRegressions
from designer.priors.intermediate.revision import TRUSTED
from designer.priors.kinds import errors_of_saved
from designer.priors.policy.chosen_search import ChoosesExperts
from designer.priors.robust_conditioning import Conditioned, baseline_process
from designer.priors.sources import matched_to
from designer.space import DesignSpace
from designer.space.fidelity.fidelity_levels import fidelity_of
from designer.surrogates.batch_effect import NO_BATCH
from designer.surrogates.censored import with_expected_values
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.robust.decimal_slips import DecimalSlip, decimal_slip
from designer.surrogates.robust.deletion import Deletion
from designer.surrogates.robust.leave_one_out import MAX_REFITTED
from designer.surrogates.robust.outliers import Outlier, without
from designer.surrogates.variance_inflation import degrees_of_freedom, inflation_factor
from designer.tasks.quantities_matched import MatchedQuantity
from designer.threads import one_thread
from designer.units.limits import Side

if TYPE_CHECKING:
    from botorch.models.model import Model

SIGNS: dict[Side | None, int] = {"<": -1, ">": 1}
"""Of results that lie below or above a limit, as `TaskData.censored` has them."""


@dataclass(frozen=True, eq=False)
class CampaignPosterior:
    """The results of a campaign and the posterior given them, from one conditioning of its prior.

    Values, variances and predictions are on the scales of the models (`designer.objective.scales`): in the target's
    unit, or in decimal logarithms of it. `Objective.unit_values` converts them.

    Parameters
    ----------
    objective
        The campaign's, in the targets' units.
    prior
        The fitted prior that was conditioned on the results.
    coordinates
        ``n x c``, one row a result; replicates are repeated rows.
    Yvar
        ``n x m`` variances, NaN where there is none.
    measured
        ``n x m`` values as they were measured, NaN where there is none, or only a limit, or results are compared.
    conditioned
        The posterior, the data that it was conditioned on (outliers winsorised), and the outliers.
    measurements
        The ids of the ``n`` results.
    left_out
        The further results, which the models are not conditioned on since the time limit is too short: they
        calibrate the intervals (`designer.campaign.suggesting.left_out.local_calibration`).
    observed
        The observations of designs; None without any.
    """

    space: DesignSpace
    objective: Objective
    prior: FittedPrior
    coordinates: FloatArray
    measured: FloatArray
    Yvar: FloatArray
    conditioned: Conditioned
    measurements: tuple[str, ...]
    left_out: LeftOut = field(default_factory=LeftOut)
    observed: ObservedDesigns | None = None
    _fitted: FittedRegressions = field(default_factory=dict)

    @cached_property
    def _discoveries(self) -> Discoveries:
        with one_thread():
            return discoveries_of(self.conditioned, self.measured, self._allowed, self.modelled)

    @cached_property
    def _allowed(self) -> BoolArray:
        """Which results (``n``) are of designs that the space allows now."""
        return self.space.within(self.coordinates)

    @property
    def modelled(self) -> Objective:
        """The objective on the scales of the models."""
        return self.objective.modelled

    @property
    def discoveries(self) -> tuple[Outlier, ...]:
        """The outliers that are better than all other results: they keep their values."""
        return self._discoveries.found

    @property
    def model(self) -> Model:
        """The posterior as a botorch model with one output a target.

        Where settings are made with an error it is that of the robust targets
        (`designer.campaign.suggesting.robust_targets`); observations of designs without a result revise it.
        """
        return self._revised

    @cached_property
    def _revised(self) -> Model:
        return self.unrevised if self.revised_targets is None else self.revised_targets.of(self.unrevised)

    @cached_property
    def choosing(self) -> Model:
        """The posterior by which designs are chosen: observations revise it where they are probably informative."""
        return self.unrevised if self.revised_targets is None else self.revised_targets.of(self.unrevised, TRUSTED)

    @cached_property
    def unrevised(self) -> Model:
        """The model without the observations of designs that have no result."""
        return robust_targets(self._discoveries.model, self.space, self.modelled)

    @cached_property
    def revised_targets(self) -> RevisedTargets | None:
        """What observations say about the targets; None without any, or without a result that they can be judged by."""
        if self.observed is None or not (len(self.coordinates) or (self.informed and self.observed.has_relations)):
            return None
        keys, names = tuple(self.space.keys(self.coordinates)), tuple(each.name for each in self.objective.targets)
        return RevisedTargets(self.observed, self.space, self.conditioned, keys, names, self._fitted)

    @cached_property
    def search(self) -> Model:
        """The model by which the search chooses: `choosing`, with a forest beside its baseline model.

        Where settings are made with an error it is the posterior alone: a forest is constant between its splits.
        """
        found = self.unrevised_search
        if self.revised_targets is None:
            return found
        if found is self.unrevised or isinstance(self.prior, ChoosesExperts):
            return self.choosing  # a policy has learned nothing of observations
        return self.revised_targets.of(found, TRUSTED)

    @cached_property
    def unrevised_search(self) -> Model:
        """The model by which the search would choose without the observations of designs that have no result."""
        if self.unrevised is not self._discoveries.model:
            return self.unrevised
        with one_thread():
            return search_model(self.unrevised, self.data, self.space, self.modelled, prior=self.prior)

    @property
    def data(self) -> TaskData:
        """What the model was conditioned on."""
        return self.conditioned.data

    @property
    def Y(self) -> FloatArray:  # noqa: N802  the field's name for measurements
        """``n x m`` values, NaN where there is none; outliers but discoveries winsorised, censored ones as sites."""
        values: FloatArray = self.data.Y.numpy().copy()
        for each in self.discoveries:
            values[each.row, each.target] = each.value
        return values

    @property
    def outliers(self) -> tuple[Outlier, ...]:
        """The results that the others do not explain: winsorised, but for the discoveries."""
        return self.conditioned.outliers

    @property
    def batch_effects(self) -> tuple[str, ...]:
        """The standard deviation of the random effect that results of a batch share, in words, by target with one."""
        found = []
        for i, target in enumerate(self.objective.targets):
            process = baseline_process(self.conditioned.model, i)
            if process is not None and process.batch_variance:
                deviation = process.shared_variance**0.5 / inflation_factor(degrees_of_freedom(len(process.values)))
                size = amount(deviation) + (f" {target.unit}" if target.unit else "")
                size = f"a factor of {amount(10.0**deviation)}" if target.is_log else size
                found.append(
                    f"{target.name}: the results of one batch share a random effect ({size}, one standard deviation)"
                )
        return tuple(found)

    @cached_property
    def informed(self) -> bool:
        """Whether the posterior of some goal uses past tasks, and not the campaign's own measurements alone."""
        return any(is_informed(single_output(self.conditioned.model, i)) for i in self.objective.goal_columns)

    @cached_property
    def uses_levels(self) -> bool:
        """Whether the posterior of some goal uses results at lower levels of a fidelity."""
        columns = self.objective.goal_columns
        return any(level_models(single_output(self.conditioned.model, i)) for i in columns)

    @cached_property
    def evidence(self) -> PriorEvidence | None:
        """The weights of the sources and the evidence for the prior; None without past tasks.

        Where the prior is rejected, ``rejected_at`` is the number of results since which it has been.
        """
        with one_thread():
            return _since_rejection(self.prior, self.data, self.conditioned.posterior.evidence)

    @cached_property
    def matched(self) -> tuple[MatchedQuantity, ...]:
        """Which past results each target is matched to; where past tasks are not used, the targets without a match."""
        stated = {each.name: each.learned_from for each in self.data.quantities if each.learned_from is not None}
        found = matched_to(self.prior, self.objective.targets, stated)
        return found if self.informed else tuple(each for each in found if not each.used)

    @cached_property
    def flagged(self) -> tuple[FlaggedResult, ...]:
        """The outliers, possible discoveries among them, possible slips of the decimal point, and contradictions."""
        found = [self._flag(each, each.value if each in self.discoveries else each.edge) for each in self.outliers]
        rest = without(self.data, self.outliers)
        numbers = [i for i in range(rest.targets) if i != self.objective.preference]
        with one_thread():
            slips = [decimal_slip(rest, i, self._process_of(rest, i)) for i in numbers]
        found += [
            self._flag(each, each.value, fits=each.fits)
            for each in slips
            if each is not None and not rest.is_censored(each.row, each.target)
        ]
        return (*found, *self._contradictions())

    def _process_of(self, rest: TaskData, target: int) -> GaussianProcess | Deletion | None:
        """Return the process of the results without the outliers, if one is known or quickly conditioned."""
        known = baseline_process(self.conditioned.model, target)
        if known is None or not self.outliers:
            return known
        order = self.data.order(target).tolist()
        left_out = {each.row for each in self.outliers if each.target == target}
        if len(order) - len(left_out) <= MAX_REFITTED:
            return None
        if not left_out:
            return known
        return Deletion.of(known).without([i for i, row in enumerate(order) if row in left_out])

    def _flag(self, each: Outlier | DecimalSlip, counts_as: float, *, fits: float | None = None) -> FlaggedResult:
        target, discovery = self.objective.targets[each.target], each in self.discoveries
        name, unit = self.measurements[each.row], target.scaling.unit
        return FlaggedResult(
            name, target.name, target.unit, unit(each.value), unit(each.expected), unit(counts_as), fits, discovery,
            forbidden=not self._allowed[each.row],
        )  # fmt: skip

    def _contradictions(self) -> Iterator[FlaggedResult]:
        keys = self.space.keys(self.coordinates)
        for i, target in enumerate(self.objective.targets):
            for low, high in contradictions(keys, self.measured[:, i], self.Yvar[:, i]):
                higher, lower, counts_as = (
                    target.scaling.unit(float(y))
                    for y in (self.measured[high, i], self.measured[low, i], self.Y[high, i])
                )
                yield FlaggedResult(
                    self.measurements[high], target.name, target.unit, higher, lower, counts_as,
                    contradicts=self.measurements[low], forbidden=not self._allowed[high],
                )  # fmt: skip

    def predict(self, coordinates: FloatArray, *, of_measurement: bool = False) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation (``n x m`` each, on the scales of the models) of the targets of designs.

        Of the noise-free targets, or `of_measurement`: the noise of measuring included.
        """
        if not len(coordinates):
            return np.empty((0, self.Y.shape[1])), np.empty((0, self.Y.shape[1]))
        X = torch.as_tensor(self.space.encoder.encode(coordinates), dtype=torch.float64)
        with torch.no_grad(), one_thread(), errors_of_saved(self.prior):
            posterior: Any = self.model.posterior(X.unsqueeze(-2), observation_noise=of_measurement)
            mean, variance = posterior.mean.squeeze(-2), posterior.variance.squeeze(-2)
            deviation = variance.clamp_min(0.0).sqrt().numpy()
            for i, calibration in self._calibrations.items():
                deviation[:, i] = calibration.calibrated(X, deviation[:, i], with_noise=of_measurement)
        return mean.numpy(), deviation

    @cached_property
    def _calibrations(self) -> dict[int, LocalCalibration]:
        """The calibrations of intervals by target; empty where no results are left out."""
        found = {}
        for i in range(self.left_out.targets):
            model = single_output(self.conditioned.model, i)
            calibration = LocalCalibration.of(model, self.data, self.left_out, i)
            if calibration is not None:
                found[i] = calibration
        return found

    def _factors(self, X: torch.Tensor, column: int) -> torch.Tensor:
        """Return the factors (``n``) on the deviations of a target at features (``n x d``)."""
        calibration = self._calibrations.get(column)
        return torch.ones(len(X), dtype=torch.float64) if calibration is None else calibration.factors(X)

    def probability_above(self, coordinates: FloatArray, column: int) -> FloatArray:
        """Return the probability (``n``) that a target's noise-free value lies above its `value`.

        At designs (``n x c``); of a mixture of models it is the weighted sum of their probabilities.
        """
        level = self.modelled.targets[column].value
        assert level is not None
        X = torch.as_tensor(self.space.encoder.encode(coordinates), dtype=torch.float64)
        total = torch.zeros(len(X), dtype=torch.float64)
        with torch.no_grad(), one_thread(), errors_of_saved(self.prior):
            factors = self._factors(X, column)
            for weight, part in components(single_output(self.model, column)) if len(X) else ():
                at = moments(part, X, X[:0])
                deviation = (factors * at.variance.clamp_min(0.0).sqrt()).clamp_min(1e-150)
                total += weight * torch.special.ndtr((at.mean - level) / deviation)
        return np.asarray(total.numpy())

    def deviations_of_average(self, coordinates: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the standard deviation (``m``) of each target's weighted average over designs (``q x c``).

        On the scales of the models; the designs' errors are correlated, and so are counted jointly.
        """
        X = torch.as_tensor(self.space.encoder.encode(coordinates), dtype=torch.float64)
        w = torch.as_tensor(weights, dtype=torch.float64)
        found = []
        with torch.no_grad(), one_thread(), errors_of_saved(self.prior):
            for column in range(len(self.objective.targets)):
                parts = [(share, *joint(part, X)) for share, part in components(single_output(self.model, column))]
                scaled = w * self._factors(X, column)
                means = [(share, float(mean @ scaled)) for share, mean, _ in parts]
                centre = sum(share * mean for share, mean in means)
                within = sum(share * float(scaled @ covariance @ scaled) for share, _, covariance in parts)
                between = sum(share * (mean - centre) ** 2 for share, mean in means)
                found.append(max(within + between, 0.0) ** 0.5)
        return np.array(found)


def campaign_posterior(spec: CampaignSpec, state: CampaignState) -> CampaignPosterior:
    """Return the posterior of a campaign. A pure function: the order in which results came does not matter.

    Of more results than the time limit allows, a subset (`designer.campaign.suggesting.left_out.modelled_results`).
    """
    lower, state = lower_results(spec.space, state), top_state(spec.space, state)
    results, names = state.results, [target.name for target in spec.targets]
    Y = np.array([[each.values.get(name, np.nan) for name in names] for each in results]).reshape(-1, len(names))
    rows = modelled_rows(spec.objective, Y, spec.settings.suggest_seconds)
    left_out = left_out_results(spec, results, Y, np.setdiff1d(np.arange(len(results)), rows, assume_unique=True))
    results, Y = tuple(results[i] for i in rows), Y[rows]
    coordinates = coordinates_of(spec.space, (each.design for each in results))
    noise = standard_errors(results, names)
    encoder = spec.space.encoder
    Y, Yvar = on_model_scales(spec.objective, Y, noise)
    sides = np.array([[SIGNS.get(each.censored.get(name), 0) for name in names] for each in results])
    censored = sides.reshape(Y.shape) if sides.any() else None
    data = TaskData(
        torch.as_tensor(encoder.encode(coordinates)),
        torch.as_tensor(Y),
        columns=encoder.columns,
        Yvar=torch.as_tensor(Yvar) if np.isfinite(Yvar).any() else None,
        quantities=tuple(
            Quantity(target.name, target.unit, spec.settings.prior.quantities.get(target.name), target.scale)
            for target in spec.targets
        ),
        censored=None if censored is None else torch.as_tensor(censored),
        batches=_batches(spec.space, state, results),
    )
    with one_thread():
        prior = prior_of_spec(spec)
        if lower:
            prior = LevelPrior(prior, _lower_levels(spec, lower))
        with errors_of_saved(prior):
            if spec.objective.preference is None:
                conditioned = robust_conditioning.condition(prior, data)
            else:
                conditioned = with_preference(spec, state, prior, data, spec.objective.preference)
                Y[:, spec.objective.preference] = np.nan
    return CampaignPosterior(
        space=spec.space,
        objective=spec.objective,
        prior=prior,
        coordinates=coordinates,
        measured=Y if censored is None else np.where(censored != 0, np.nan, Y),
        Yvar=Yvar,
        conditioned=conditioned,
        measurements=tuple(each.id for each in results),
        left_out=left_out,
        observed=observed_with_past(spec, state),
    )


def _lower_levels(
    spec: CampaignSpec, lower: Mapping[str, Sequence[Measurement]]
) -> dict[str, tuple[LevelResults, ...]]:
    """Return the results at lower levels by target, on the scales of the models."""
    fidelity, encoder = fidelity_of(spec.space), spec.space.encoder
    assert fidelity is not None
    found: dict[str, list[LevelResults]] = {target.name: [] for target in spec.targets}
    for level, results in lower.items():
        X = torch.as_tensor(encoder.encode(coordinates_of(spec.space, (each.design for each in results))))
        for target in spec.targets:
            y = np.array([each.values.get(target.name, np.nan) for each in results])
            sides = torch.tensor([[SIGNS.get(each.censored.get(target.name), 0)] for each in results])
            known = torch.as_tensor(np.asarray(target.scaling.model(y)))
            one = with_expected_values(TaskData(X, known[:, None], encoder.columns, censored=sides))
            rows = ~torch.isnan(one.Y[:, 0])
            found[target.name].append(LevelResults(level, fidelity.words.index(level), one.X[rows], one.Y[rows, 0]))
    return {name: tuple(levels) for name, levels in found.items()}


def _batches(space: DesignSpace, state: CampaignState, results: Sequence[Measurement]) -> torch.Tensor | None:
    """Return the batch of each result, -1 for attached ones; None where batches share no setting."""
    if not space.shared_parameters:
        return None
    return torch.tensor(
        [NO_BATCH if each.suggestion is None else state.suggestions[each.suggestion].position for each in results],
        dtype=torch.long,
    )


def _since_rejection(prior: FittedPrior, data: TaskData, evidence: PriorEvidence | None) -> PriorEvidence | None:
    """Return the evidence; of a rejected prior with the number of results since which it has been rejected."""
    if evidence is None or evidence.rejected_at is None:
        return evidence
    since = evidence
    for n in range(len(data.X) - 1, 0, -1):
        before = conditioned(prior, data.first(n)).evidence
        if before is None or before.rejected_at is None:
            break
        since = before
    return replace(evidence, rejected_at=since.rejected_at, words=since.words)
