"""The targets of a campaign revised by the observations of designs that have no result yet.

Reached only when a model is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from botorch.utils.sampling import draw_sobol_normal_samples

from designer.acquisition.moments import single_output
from designer.arrays import BoolArray, FloatArray
from designer.campaign.observing.observed_designs import ObservedDesigns
from designer.priors.baseline import baseline_model
from designer.priors.informed import InformedModel, fit_informed, zero_mean
from designer.priors.intermediate.observed_mixture import ObservedMixture
from designer.priors.intermediate.observed_target import FittedRegressions, ObservedTarget
from designer.priors.intermediate.past_relation import level_like
from designer.priors.intermediate.regression import PRIOR_PROBABILITY
from designer.priors.intermediate.revision import MIN_PROBABILITY, Informed, Revision, revised
from designer.priors.robust_conditioning import Conditioned, baseline_process
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.independent import joined
from designer.threads import one_thread

if TYPE_CHECKING:
    from botorch.models.model import Model
    from torch import Tensor

DRAWS = 64
"""Of the observations of a design that are not made yet."""


@dataclass(frozen=True, eq=False)
class RevisedTargets:
    """What the observations of a campaign say about each target.

    Parameters
    ----------
    designs
        The observations.
    space
        Of the designs.
    conditioned
        The posterior given the results, and its data; row i has the key ``keys[i]``.
    fitted
        Regressions of the same results that were fitted before, to which further ones are added.
    """

    designs: ObservedDesigns
    space: DesignSpace
    conditioned: Conditioned
    keys: tuple[Any, ...]
    targets: tuple[str, ...]
    fitted: FittedRegressions = field(default_factory=dict)
    _processes: dict[int, GaussianProcess | InformedModel] = field(default_factory=dict)

    @cached_property
    def observed(self) -> tuple[ObservedTarget, ...]:
        """The results and the observations of each target."""
        data, designs = self.conditioned.data, self.designs
        Z, features = designs.of(self.keys), torch.as_tensor(self.space.encoder.encode(designs.coordinates))
        found = []
        for i, name in enumerate(self.targets):
            rows = designs.without_result(name)
            before, past = designs.informative.get(name, PRIOR_PROBABILITY), designs.past.get(name, ())
            one = data.columns_of([i])
            found.append(ObservedTarget(one, Z, features[rows], designs.Z[rows], before, past, self.fitted))
        return tuple(found)

    def baseline(self, target: int) -> GaussianProcess:
        """Return the process of a target's results without observations."""
        known = baseline_process(self.conditioned.model, target)
        return known or baseline_model(self.conditioned.data.target(target))

    def regression(self, target: int, names: Sequence[str]) -> ObservedMixture | None:
        """Return the regressions of a target on some observations; None where there are none."""
        with one_thread():
            return self.observed[target].regression(self.designs.places(names))

    def given_draws(
        self, target: int, coordinates: FloatArray, made: Sequence[str], following: Sequence[str]
    ) -> Revision | None:
        """Return what draws of the following observations of designs say of a target; None where nothing.

        They are drawn from the prediction of each observation at the design, noise included; those that were made are
        as they were observed.

        Parameters
        ----------
        coordinates
            ``p x c``; the revision has `DRAWS` rows for each of them.
        made
            The observations that all of these designs have.
        """
        places = self.designs.places(following)
        columns = self.designs.places([*made, *following])
        regression = self.regression(target, [self.designs.columns[i] for i in columns])
        if regression is None:
            return None
        x = torch.as_tensor(self.space.encoder.encode(coordinates))
        Z = np.repeat(self.designs.of(list(self.space.keys(coordinates))), DRAWS, axis=0)
        normal = draw_sobol_normal_samples(d=len(places), n=DRAWS, dtype=torch.float64, seed=0).numpy()
        for i, draw in zip(places, normal.T, strict=True):
            centre, spread = self._prediction(i, x)
            Z[:, i] = (centre[:, None] + spread[:, None] * draw).ravel()
        X = x.repeat_interleave(DRAWS, dim=0)
        with one_thread():
            return regression.revision(X, torch.as_tensor(Z[:, list(columns)]), self.baseline(target))

    def given(self, coordinates: FloatArray, names: Sequence[str]) -> BoolArray:
        """Return which of some observations (``k``) each design (``p x c``) has, with a value (``p x k``)."""
        Z = self.designs.of(list(self.space.keys(coordinates)))
        known = [np.isfinite(Z[:, list(self.designs.places([name]))]).all(axis=1) for name in names]
        return np.array(known, dtype=bool).reshape(len(names), len(Z)).T

    def _process_of(self, column: int) -> GaussianProcess | InformedModel:
        """Return the process of a column of the observations over the designs."""
        if column not in self._processes:
            data = self.conditioned.data
            features = torch.as_tensor(self.space.encoder.encode(self.designs.coordinates))
            with one_thread():
                one = TaskData(features, torch.as_tensor(self.designs.Z[:, [column]]), columns=data.columns)
                self._processes[column] = self._process(one.target(0), column)
        return self._processes[column]

    def _prediction(self, column: int, x: Tensor) -> tuple[FloatArray, FloatArray]:
        """Return means and standard deviations (``p`` each) of an observation with its noise, at features `x`."""
        process = self._process_of(column)
        mean, variance = process.marginals(x)
        return mean.numpy(), (variance + process.noise_variance).sqrt().numpy()

    def _process(self, one: TaskData, column: int) -> GaussianProcess | InformedModel:
        """Return the process of an observation; past campaigns with it tell of its level."""
        rows = [self.designs.scale.others(each)[:, column] for each in self.designs.past_rows]
        rows = [each[np.isfinite(each)] for each in rows]
        past = [torch.as_tensor(each) for each in rows if len(each) and np.ptp(each) > 0.0]
        if not past:
            return baseline_model(one)
        values = one.Y[:, 0].numpy()
        return fit_informed(one, zero_mean, (), output=level_like(values, 0.0 * values, 1.0, past))

    def of(self, model: Model, least: float = MIN_PROBABILITY) -> Model:
        """Return a model of all targets, revised; of those where observations are informative with `least`."""
        if not any(self.informed):
            return model
        parts = [single_output(model, i) for i in range(len(self.targets))]
        with one_thread():
            return joined([revised(part, each, least) for part, each in zip(parts, self.informed, strict=True)])

    @cached_property
    def informed(self) -> tuple[tuple[Informed, ...], ...]:
        """The posteriors of each target by its regressions on the observations."""
        designs = torch.as_tensor(self.space.encoder.encode(self.designs.coordinates))
        with one_thread():
            return tuple(
                each.informed(designs, self.designs.Z, self._process_of, self.baseline(i))
                for i, each in enumerate(self.observed)
            )
