"""Local calibration of predictive deviations by results, each predicted by a model that was not conditioned on it.

A stationary process has one amplitude everywhere. Where a function varies little its deviations are too wide, where it
varies much they are too narrow. Here the variance that a model states for the noise-free target is scaled by a factor
that depends on the design, and means do not change. The factor is inferred from the errors of predictions of the
nearest results (local likelihood: R. Tibshirani, T. Hastie, JASA 82 (1987), 559): a squared error is the noise and the
scaled variance times a chi-squared variable of one degree of freedom, and the logarithm of the factor has a normal
prior around 0. So nothing changes where the noise hides the error of the model. The results are those that were left
out of the model and its own, predicted by leave-one-out: the best ones are modelled, and the others alone would be
those whose noise made them less good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.acquisition.moments import components, moments
from designer.arrays import FloatArray
from designer.campaign.suggesting.left_out.left_out_results import LeftOut
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import MAX_FITTED, GaussianProcess, fit_gaussian_process
from designer.surrogates.held_out import HeldOut

MIN_RESULTS = 200
"""Results of a target below which its deviations are not scaled."""
MAX_RESULTS = 2000
"""Results whose predictions are compared at most, a random sample: each costs the square of the modelled ones."""
NOISE_FITS = 5
"""Parts of the results from which the noise is learned, and averaged."""
NEIGHBOURS = 50
"""Results nearest to a design whose errors count there: their mean square is known to a fifth."""

MAX_FACTOR = 4.0
"""Largest factor on deviations; its inverse is the smallest."""
PRIOR_DEVIATION = math.log(2.0)
"""Standard deviation of the logarithm of the factor before any error is seen."""
_GRID = torch.linspace(-math.log(MAX_FACTOR), math.log(MAX_FACTOR), 29, dtype=torch.float64).exp()
_MAX_ERROR = 4.0  # stated deviations that an error counts as at most: a wrong result changes its neighbourhood little
_CHUNK = 512


@runtime_checkable
class LeaveOneOutModel(Protocol):
    """A model that predicts each of its results from the others."""

    def held_out(self) -> HeldOut:
        """Return the predictions in the order of `TaskData.target`."""
        ...


@dataclass(frozen=True, eq=False)
class LocalCalibration:
    """Errors and variances of predictions of results of one target, compared near each design.

    Parameters
    ----------
    inputs
        ``n x d`` features of the results.
    squares, noises
        ``n`` squared errors, and ``n`` noise variances of the results (target's unit squared).
    variances
        ``n`` variances that the model states for the noise-free target there.
    noise
        The model's learned noise variance.
    process
        The process whose kernel says which results are near.
    """

    inputs: Tensor
    squares: Tensor
    noises: Tensor
    variances: Tensor
    noise: float
    process: GaussianProcess

    @classmethod
    def of(cls, model: Model, data: TaskData, left_out: LeftOut, column: int) -> LocalCalibration | None:
        """Return the calibration of the model of one target (`column`).

        None where nothing is left out, of fewer than `MIN_RESULTS` results, and of a model that does not predict its
        own results without each.

        Parameters
        ----------
        data
            What the model was conditioned on.
        """
        own, others = data.target(column), left_out.of(column)
        n, modelled = len(own.X), leave_one_out(model)
        if not len(others.X) or n + len(others.X) < MIN_RESULTS or modelled is None or len(modelled[0]) != n:
            return None
        every = _joined(own, others)
        exact = np.ones(len(every.X), dtype=bool)
        if own.censored is not None:
            exact[:n] = own.censored[:, 0].numpy() == 0
        fits = noise_fits(_rows_of(every, torch.from_numpy(np.flatnonzero(exact))))
        sample = np.random.default_rng(0).permutation(np.flatnonzero(exact))[:MAX_RESULTS]
        first, rest = np.sort(sample[sample < n]), np.sort(sample[sample >= n])
        rows, X = np.concatenate([first, rest]), every.X[rest]
        with torch.no_grad():
            stated_noise, at = learned_noise(model, own.X[:1]), moments(model, X, X[:0])
        known = _known_noise(every)[rows]
        noise = np.where(np.isfinite(known), known, np.mean([each.noise_variance for each in fits]))
        modelled_noise = np.where(np.isfinite(known), known, stated_noise)[: len(first)]
        means = np.concatenate([modelled[0][first], at.mean.numpy()])
        variances = np.concatenate([modelled[1][first] - modelled_noise, at.variance.numpy()]).clip(0.0)
        squares = np.minimum((every.Y[rows, 0].numpy() - means) ** 2, _MAX_ERROR**2 * (variances + noise))
        squared, noises, stated = (torch.as_tensor(each) for each in (squares, noise, variances))
        return cls(every.X[rows], squared, noises, stated, stated_noise, fits[0])

    def calibrated(self, X: Tensor, deviations: FloatArray, *, with_noise: bool) -> FloatArray:
        """Return deviations (``N``) at `X` (``N x d``) scaled: the noise in them, if any, is not."""
        noise = self.noise if with_noise else 0.0
        return np.asarray(np.sqrt(self.factors(X).numpy() ** 2 * np.maximum(deviations**2 - noise, 0.0) + noise))

    def factors(self, X: Tensor) -> Tensor:
        """Return the factors (``N``) on the deviations of the noise-free target at `X` (``N x d``)."""
        with torch.no_grad():
            return torch.cat([self._factors(chunk) for chunk in torch.split(X.to(torch.float64), _CHUNK)])

    def _factors(self, X: Tensor) -> Tensor:
        near = self._distances(X).topk(min(NEIGHBOURS, len(self.inputs)), dim=1, largest=False).indices
        squares, noises, variances = (each[near][:, None, :] for each in (self.squares, self.noises, self.variances))
        expected = noises + _GRID[:, None] ** 2 * variances
        likelihood = -0.5 * (expected.log() + squares / expected).sum(dim=-1)
        weights = torch.softmax(likelihood - 0.5 * (_GRID.log() / PRIOR_DEVIATION) ** 2, dim=-1)
        return (weights * _GRID.log()).sum(dim=-1).exp()

    def _distances(self, X: Tensor) -> Tensor:
        """Return squared distances (``N x n``), but for a constant for each row of `X`."""
        kernel, hyper = self.process.kernel, self.process.hyperparameters
        shift = kernel.origin(self.process.inputs)
        own = kernel.diagonal(self.inputs - shift, hyper)
        return own - 2.0 * kernel.evaluate(X - shift, self.inputs - shift, hyper)


def noise_fits(data: TaskData) -> list[GaussianProcess]:
    """Return processes of random parts of data of one target: at most `NOISE_FITS`, of `MAX_FITTED` results each.

    Their noise is not that of the model, whose best results are those with the most favourable noise, and which is
    inflated for designs that are selected (`designer.surrogates.variance_inflation`).
    """
    order = torch.from_numpy(np.random.default_rng(1).permutation(len(data.X)))
    parts = torch.split(order, MAX_FITTED)[:NOISE_FITS]
    whole = [part for part in parts if len(part) == MAX_FITTED] or list(parts)
    return [fit_gaussian_process(_rows_of(data, part)) for part in whole]


def _rows_of(data: TaskData, rows: Tensor) -> TaskData:
    return replace(
        data, X=data.X[rows], Y=data.Y[rows], Yvar=None if data.Yvar is None else data.Yvar[rows], censored=None,
        batches=None,
    )  # fmt: skip


def _joined(own: TaskData, others: TaskData) -> TaskData:
    """Return the results of a target that are modelled, then the others."""
    variances = torch.as_tensor(np.concatenate([_known_noise(own), _known_noise(others)]))[:, None]
    X, Y = torch.cat([own.X, others.X]), torch.cat([own.Y, others.Y])
    return replace(
        own, X=X, Y=Y, Yvar=variances if bool(variances.isfinite().any()) else None, censored=None, batches=None
    )


def _known_noise(data: TaskData) -> FloatArray:
    """Return the known noise variances (``n``) of data of one target; NaN where the learned noise holds."""
    return np.full(len(data.X), np.nan) if data.Yvar is None else np.asarray(data.Yvar[:, 0].numpy())


def leave_one_out(model: Model) -> tuple[FloatArray, FloatArray] | None:
    """Return means and variances (``n`` each) of predictions of a model's own results without each, noise included.

    None of a model that does not give them.
    """
    found = [(weight, part.held_out()) for weight, part in components(model) if isinstance(part, LeaveOneOutModel)]
    if len(found) < len(components(model)) or len({len(each.means) for _, each in found}) != 1:
        return None
    mean = sum((weight * each.means for weight, each in found), np.zeros(1))
    variance = sum((weight * (each.variances + (each.means - mean) ** 2) for weight, each in found), np.zeros(1))
    return mean, variance


def learned_noise(model: Model, X: Tensor) -> float:
    """Return the learned noise variance of a model of one target, from its posteriors at a design (``1 x d``)."""
    with_noise, without = (
        float(model.posterior(X[:, None, :], observation_noise=each).variance.reshape(-1)[0]) for each in (True, False)
    )
    return max(with_noise - without, 0.0)
