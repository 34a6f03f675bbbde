"""Models of robust targets: what a design gives on average, or at worst, where its settings are made with an error.

With normal errors e of the settings, a design x gives f(x + e). Its expected value, ``g(x) = E_e f(x + e)``, is a
linear functional of f: where f has a Gaussian process, g has one, whose mean and covariances are averages over errors.
The same errors are used for all designs, so that the search sees a smooth function. A quantile of f(x + e) is not
linear; it is taken at the errors that give the quantile under the posterior mean, which is its first-order
approximation.

So it is where the settings of results are those that were really made. Where they are nominal, a result at x is one of
f(x + e), and the regression of results on settings is one of g already: averaging once more would smooth twice. Errors
of nominal settings are therefore left out of expected values; to a quantile they add its distance from the mean.

References: R. Oliveira, L. Ott and F. Ramos, "Bayesian optimisation under uncertain inputs" (AISTATS 2019); S. Cakmak
and others, "Bayesian optimization of risk measures" (NeurIPS 2020).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from botorch.models.model import Model
from botorch.utils.sampling import draw_sobol_normal_samples
from torch import Tensor

from designer.space.parameters.features import FeatureColumn
from designer.surrogates.model_mixture import Mixture
from designer.surrogates.normal import normal_of, with_noise
from designer.surrogates.single_output import SingleOutput

ONE_SETTING, FEW_SETTINGS, MANY_SETTINGS = 9, 16, 32
"""Errors over which is averaged, with one, two or three, and more settings that are made with an error."""

_ROWS = 512  # designs of one chunk: each is as many as there are errors


@dataclass(frozen=True)
class SettingError:
    """The error of one feature.

    Parameters
    ----------
    column
        Its position among the features.
    deviation
        The standard deviation, in the parameter's unit, or as a share of the setting.
    low, high
        The bounds of the parameter, at which settings with their error are cut off.
    is_log
        Whether the feature is that of a log scale.
    is_relative
        Whether the deviation is a share of the setting.
    is_nominal
        Whether the settings of results are nominal, without the error.
    """

    column: int
    deviation: float
    low: float
    high: float
    is_log: bool = False
    is_relative: bool = False
    is_nominal: bool = False

    def moved(self, feature: Tensor, errors: Tensor) -> Tensor:
        """Return the feature (``...``) with standard normal errors (``...``, broadcast).

        A feature outside 0 to 1, which is that of a 0 that lies apart or was measured there, has no error.
        """
        low, high = torch.tensor(self.low, dtype=torch.float64), torch.tensor(self.high, dtype=torch.float64)
        start, end = (low.log(), high.log()) if self.is_log else (low, high)
        value = start + feature * (end - start)
        value = value.exp() if self.is_log else value
        deviation = self.deviation * value.abs() if self.is_relative else self.deviation
        made = torch.minimum(torch.maximum(value + deviation * errors, low), high)
        made = ((made.log() if self.is_log else made) - start) / (end - start)
        inside = (feature >= -1e-9) & (feature <= 1 + 1e-9)
        return torch.where(inside, made, feature)


@dataclass(frozen=True)
class SettingErrors:
    """The independent errors of some features.

    Parameters
    ----------
    errors
        One for each parameter that is made with an error.
    absent
        By the column of a conditional parameter, the column that is 1 where the parameter does not exist.
    """

    errors: tuple[SettingError, ...]
    absent: tuple[tuple[int, int], ...] = ()

    @cached_property
    def draws(self) -> Tensor:
        """The standard normal errors (``k x p``), each as likely as the others, of mean 0 and variance 1."""
        p = len(self.errors)
        if p == 1:
            levels = (torch.arange(ONE_SETTING, dtype=torch.float64) + 0.5) / ONE_SETTING
            found = torch.special.ndtri(levels)[:, None]
        else:
            half = (FEW_SETTINGS if p <= 3 else MANY_SETTINGS) // 2
            drawn = draw_sobol_normal_samples(d=p, n=half, dtype=torch.float64, seed=0)
            found = torch.cat([drawn, -drawn])
        scaled: Tensor = found / found.square().mean(0).sqrt()
        return scaled

    @property
    def kinds(self) -> set[bool]:
        """Whether there are errors of settings that results hold as made (False), and as nominal (True)."""
        return {error.is_nominal for error in self.errors}

    def around(self, X: Tensor, *, nominal: bool = True) -> Tensor:
        """Return designs (``... x d``) with each error of their settings (``... x k x d``).

        Without the errors of nominal settings unless `nominal`.
        """
        absent = dict(self.absent)
        made = X[..., None, :].expand(*X.shape[:-1], len(self.draws), X.shape[-1]).clone()
        for i, error in enumerate(self.errors):
            if error.is_nominal and not nominal:
                continue
            moved = error.moved(X[..., None, error.column], self.draws[:, i])
            if error.column in absent:
                moved = torch.where(X[..., None, absent[error.column]] > 0.5, X[..., None, error.column], moved)
            made[..., error.column] = moved
        return made


def setting_errors(
    columns: Sequence[FeatureColumn], deviations: dict[str, tuple[float, bool]], nominal: Collection[str] = ()
) -> SettingErrors | None:
    """Return the errors of features; None where no parameter has an error.

    Parameters
    ----------
    deviations
        By parameter: the standard deviation, and whether it is a share of the setting.
    nominal
        The parameters whose settings in results are nominal.
    """
    found, absent = [], []
    for place, column in enumerate(columns):
        if column.role != "numeric" or column.axis is None or column.parameter not in deviations:
            continue
        deviation, is_relative = deviations[column.parameter]
        axis = column.axis
        is_nominal = column.parameter in nominal
        found.append(SettingError(place, deviation, axis.low, axis.high, axis.scale == "log", is_relative, is_nominal))
        absent += [
            (place, other)
            for other, each in enumerate(columns)
            if other != place and each.parameter == column.parameter and each.role == "category"
        ]
    return SettingErrors(tuple(found), tuple(absent)) if found else None


@dataclass(frozen=True)
class Quantile:
    """A quantile of what a design gives: `level` of its runs are worse, by the utility ``sign * (-|y - value| or y)``.

    `value` is the value that a goal matches, `sign` then is 1.
    """

    level: float
    sign: float = 1.0
    value: float | None = None

    def weights(self, means: Tensor) -> Tensor:
        """Return the weights (``... x k``) of the errors, of the means (``... x k``) of the target with each error."""
        utility = self.sign * (means if self.value is None else -(means - self.value).abs())
        order = utility.argsort(-1)
        k = means.shape[-1]
        place = min(max(self.level * k - 0.5, 0.0), k - 1.0)
        # On both sides of a value to match, neighbours in rank are far apart: nothing lies between them.
        place = place if self.value is None else float(round(place))
        lower, share = int(place), place - int(place)
        ranked = torch.zeros(k, dtype=means.dtype)
        ranked[lower] += 1.0 - share
        ranked[min(lower + 1, k - 1)] += share
        return torch.zeros_like(means).scatter(-1, order, ranked.expand_as(means))


class RobustModel(SingleOutput):
    """The posterior of a robust target, from the posterior of the target at exact settings.

    Parameters
    ----------
    model
        Of one target, with a joint normal posterior.
    errors
        The errors of the settings.
    quantile
        The quantile that is wanted; None for the expected value.
    """

    _model: Any

    def __init__(self, model: Model, errors: SettingErrors, quantile: Quantile | None = None) -> None:
        super().__init__()
        self._model, self._errors, self._quantile = model, errors, quantile

    def joint_moments(self, X: Tensor, observation_noise: bool | Tensor = False) -> tuple[Tensor, Tensor]:
        """Return means and covariances at `X` (`SingleOutput.joint_moments`).

        The noise of a measurement includes the variation of the target over the errors of the settings.
        """
        made = self._around(X)
        shape, k = X.shape[:-1], made.shape[-2]
        normal = normal_of(self._model.posterior(made.flatten(-3, -2)))
        means = normal.mean.reshape(*shape, k)
        covariances = normal.covariance_matrix.reshape(*shape, k, shape[-1], k)
        weights = self._weights(means)
        mean = (weights * means).sum(-1)
        covariance = torch.einsum("...aibj,...ai,...bj->...ab", covariances, weights, weights)
        if isinstance(observation_noise, Tensor):
            return mean, with_noise(covariance, observation_noise)
        if observation_noise:
            noisy = normal_of(self._model.posterior(X, observation_noise=True)).variance
            noise = noisy - normal_of(self._model.posterior(X)).variance
            spread = means[..., -len(self._errors.draws) :].var(-1, unbiased=False)  # without nominal errors
            covariance = covariance + torch.diag_embed(noise.clamp_min(0) + spread)
        return mean, covariance

    def _around(self, X: Tensor) -> Tensor:
        """Return designs (``... x d``) with the errors that are weighted (``... x k x d``)."""
        if self._quantile is None:
            return self._errors.around(X, nominal=False)
        made = self._errors.around(X)
        return made if not self._mixed else torch.cat([made, self._errors.around(X, nominal=False)], -2)

    @property
    def _mixed(self) -> bool:
        """Whether the distance of a quantile from the mean is added to the mean without the errors of nominal ones."""
        return self._quantile is not None and True in self._errors.kinds

    def _weights(self, means: Tensor) -> Tensor:
        """Return the weights (``... x k``) of the errors at each design."""
        if self._quantile is None:
            return torch.full_like(means, 1 / means.shape[-1])
        if not self._mixed:
            return self._quantile.weights(means)
        k = means.shape[-1] // 2
        mean = torch.full_like(means[..., k:], 1 / k)
        return torch.cat([self._quantile.weights(means[..., :k]) - mean, mean], -1)

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and variances (``...`` each) of `X` (``... x d``), without gradients."""
        with torch.no_grad():
            flat = X.reshape(-1, 1, X.shape[-1])
            parts = [self.joint_moments(chunk) for chunk in torch.split(flat, _ROWS)]
            mean = torch.cat([part[0][:, 0] for part in parts]) if parts else X.new_zeros(0)
            variance = torch.cat([part[1][:, 0, 0] for part in parts]) if parts else X.new_zeros(0)
        return mean.reshape(X.shape[:-1]), variance.reshape(X.shape[:-1])

    def cross_moments(self, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means, variances (``n`` each) and covariances (``n x b``) of `X` (``n x d``) with `Z` (``b x d``)."""
        if not len(Z):
            return *self.marginals(X), X.new_zeros(len(X), 0)
        with torch.no_grad():
            base = self._around(Z)
            there = self._weights(self._model.marginals(base)[0])
            parts = [self._cross(chunk, base, there) for chunk in torch.split(X, _ROWS)]
        return tuple(torch.cat(each) for each in zip(*parts, strict=True))  # type: ignore[return-value]

    def _cross(self, X: Tensor, base: Tensor, there: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        made = self._around(X)
        (n, k, d), b = made.shape, len(base)
        normal = normal_of(self._model.posterior(made))
        weights = self._weights(normal.mean)
        _, _, cross = self._model.cross_moments(made.reshape(n * k, d), base.reshape(b * k, d))
        covariance = torch.einsum("aibj,ai,bj->ab", cross.reshape(n, k, b, k), weights, there)
        variance = torch.einsum("aij,ai,aj->a", normal.covariance_matrix, weights, weights)
        return (weights * normal.mean).sum(-1), variance, covariance

    def condition_on_observations(self, X: Tensor, Y: Tensor | None = None, **kwargs: Any) -> RobustModel:
        """Return the model with more measurements, made at exact settings."""
        return RobustModel(self._model.condition_on_observations(X, Y, **kwargs), self._errors, self._quantile)


def robust_model(model: Model, errors: SettingErrors, quantile: Quantile | None = None) -> Model:
    """Return the posterior of a robust target; of a mixture, the mixture of the same kind.

    The model itself, where the expected value is wanted and all settings of results are nominal.
    """
    if quantile is None and errors.kinds == {True}:
        return model
    if isinstance(model, Mixture):
        made = [robust_model(part, errors, quantile) for _, part in model.components]
        return type(model)(made, model.weights.numpy())
    return RobustModel(model, errors, quantile)
