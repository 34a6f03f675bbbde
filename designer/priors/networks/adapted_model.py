"""The posterior around networks that are adapted to measurements before they predict.

The predictions of such a network have seen the measurements, so that its residuals are smaller than its errors at new
designs. Therefore the process is fitted to out-of-fold residuals: of networks adapted without the fold that they
predict (at most 10 folds, replicates in one),

    f(x) = m(x; all) + g(x),      y_i - m(x_i; all but i's fold) = g(x_i) + noise.

A new design is to the network adapted to all rows what a row of a fold is to the network adapted without the fold.
Measured designs count twice, by as much as the adaptation changed the network there. The network's own out-of-fold
variance is the mean of the prior of the process' variance, times a factor learned on past tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from designer.priors.informed import InformedModel, PriorMean, fit_informed
from designer.priors.networks.input_map import InputMap
from designer.priors.networks.learners import Learner
from designer.priors.networks.network_calibration import Calibration
from designer.priors.networks.training import read, stored
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.held_out import HeldOut
from designer.surrogates.outputs import OutputScale, winsorised

Expectation = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From inputs (``... x w``) to means and variances (``...``), standardised."""

_FOLDS = 10
_READ = 60
"""Largest number of measurements that a network is adapted to; the process is conditioned on all."""

_VARIANCE = (0.01, 4.0)


class Rule(Protocol):
    """How trained weights and measurements give a network for a new task."""

    def learn(self, weights: Mapping[str, Tensor], inputs: Tensor, z: Tensor) -> Expectation:
        """Return the prediction after measurements ``n x w`` and ``n`` (n may be 0), in double precision."""
        ...


@dataclass(frozen=True, eq=False)
class Adapted:
    """Trained networks (`Learner`) that are adapted by a rule.

    Parameters
    ----------
    rule
        The rule of adaptation.
    networks
        The trained weights.
    """

    rule: Rule
    networks: tuple[Mapping[str, Tensor], ...]

    def wide(self) -> Calibration:
        """See `Learner.wide`."""
        return Calibration((0.0, 1.0), (-4.0, 1.0))

    def expected(self, X: Tensor, input_map: InputMap) -> Tensor:
        """See `Learner.expected`."""
        inputs = input_map(X)
        with torch.no_grad():
            return self.learn(inputs[:0], inputs[:0, 0])(inputs)[0]

    def learn(self, inputs: Tensor, z: Tensor) -> Expectation:
        """Return the mean and variance of the mixture of the networks."""
        each = [self.rule.learn(weights, inputs[:_READ], z[:_READ]) for weights in self.networks]
        return _Together(tuple(each))

    def model(
        self, one: TaskData, input_map: InputMap, sign: float, output: OutputScale, calibration: Calibration
    ) -> AdaptedModel:
        """See `Learner.model`."""
        one = one.target(0)
        z = sign * torch.from_numpy(output.standardise(winsorised(one.Y[:, 0].numpy())))
        inputs = input_map(one.X)
        folds = folds_of_rows(one.X)
        parts = [(fold, self.learn(inputs[~fold], z[~fold])) for fold in folds]
        out_of_fold, variance = torch.zeros_like(z), torch.ones_like(z)
        with torch.no_grad():
            for fold, expectation in parts:
                out_of_fold[fold], variance[fold] = expectation(inputs[fold])
        raised = float(variance.clamp(*_VARIANCE).mean().log()) if len(z) else 0.0
        settings = calibration.raised(raised, 0.0).settings
        process = fit_informed(one, _Fixed(sign * out_of_fold), (), output=output, settings=settings).process
        return AdaptedModel(process, _Expected(input_map, self.learn(inputs, z), sign), sign * out_of_fold, raised)

    def joined(self, other: Learner) -> Adapted:
        """See `Learner.joined`."""
        assert isinstance(other, Adapted)
        return replace(self, networks=(*self.networks, *other.networks))

    def tensors(self) -> dict[str, Tensor]:
        """See `Learner.tensors`."""
        return stored(self.networks)

    def restored(self, tensors: Mapping[str, Tensor]) -> Adapted:
        """See `Learner.restored`."""
        return replace(self, networks=read(tensors))


def folds_of_rows(X: Tensor) -> list[Tensor]:
    """Return masks (``n``) of the rows that are predicted together: up to 10 folds, replicates in one."""
    if not len(X):
        return []
    number = torch.unique(X, dim=0, return_inverse=True)[1]
    count = min(_FOLDS, int(number.max()) + 1)
    return [number % count == fold for fold in range(count)]


@dataclass(frozen=True, eq=False)
class _Together:
    each: tuple[Expectation, ...]

    def __call__(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        found = [expectation(inputs) for expectation in self.each]
        means = torch.stack([mean for mean, _ in found])
        mean = means.mean(0)
        return mean, torch.stack([variance for _, variance in found]).mean(0) + (means - mean).square().mean(0)


@dataclass(frozen=True, eq=False)
class _Expected:
    """The mean of an adapted network (`designer.priors.informed.PriorMean`), without further features."""

    input_map: InputMap
    expectation: Expectation
    sign: float

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        mean, _ = self.expectation(self.input_map(X))
        return self.sign * mean, X.new_zeros(*X.shape[:-1], 0)


@dataclass(frozen=True, eq=False)
class _Fixed:
    """Predictions (``n``) of the measured designs alone."""

    mean: Tensor

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        return self.mean, X.new_zeros(len(X), 0)


class AdaptedModel(InformedModel):
    """The posterior around an adapted network.

    Parameters
    ----------
    process, prior_mean
        The process of out-of-fold residuals, and the network adapted to all measurements.
    out_of_fold
        Out-of-fold predictions (``n``, standardised) of the measurements.
    raised
        By how much the network's variance raised the mean of the prior of the process' log variance.
    """

    def __init__(self, process: GaussianProcess, prior_mean: PriorMean, out_of_fold: Tensor, raised: float) -> None:
        super().__init__(process, prior_mean, process.inputs.shape[-1])
        self.out_of_fold, self.raised = out_of_fold, raised

    def held_out(self) -> HeldOut:
        """Predict every measurement by a network adapted without its fold, and the process without it."""
        found = self.process.held_out()
        return replace(found, means=found.means + self.process.output.scale * self.out_of_fold.numpy())
