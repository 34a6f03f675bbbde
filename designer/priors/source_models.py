"""One Gaussian process for each source: its predictions of any design, and whether it can predict itself."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.priors.alignment import CommonFeatures
from designer.priors.sources import Source
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.held_out import r_squared
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel
from designer.surrogates.kernels import Hyperparameters
from designer.surrogates.outputs import OutputScale

HYPERPARAMETERS = ("lengthscales", "variances", "noise")


@dataclass(frozen=True, eq=False)
class SourceModel:
    """The posterior of one source, in its own standardised values.

    Parameters
    ----------
    source
        What was measured.
    columns
        Which of the common columns (indices) it is a function of: those that change in the source.
    process
        Over these columns.
    """

    source: Source
    columns: Tensor
    process: GaussianProcess

    def mean(self, X: Tensor) -> Tensor:
        """Return the posterior mean (``...``), standardised, of common features (``... x d``); differentiable."""
        process = self.process
        cross = process.kernel.evaluate(
            X[..., self.columns] - process._shift, process.inputs - process._shift, process.hyperparameters
        )
        mean: Tensor = (cross @ process._alpha)[..., 0]
        return mean

    def self_prediction(self) -> float:
        """Return the leave-one-out R^2: 1 for a perfect prediction, 0 for that of the mean."""
        return r_squared(self.process.values.numpy(), self.process.held_out().means)


MAX_CACHED, MAX_CACHED_NUMBERS = 16, 1_000_000
"""Largest number of cached predictions, and of numbers in one of them."""


def fit_source(source: Source, common: CommonFeatures) -> SourceModel:
    """Fit a Gaussian process to a source."""
    columns, data = _own_data(source, common)
    return SourceModel(source, columns, fit_gaussian_process(data))


def stored(model: SourceModel) -> dict[str, Tensor]:
    """Return the hyperparameters of a source model as tensors."""
    hyper = model.process.hyperparameters
    values = (hyper.lengthscales, hyper.variances, [hyper.noise])
    return {name: torch.tensor(np.array(value)) for name, value in zip(HYPERPARAMETERS, values, strict=True)}


def restored(source: Source, common: CommonFeatures, tensors: Mapping[str, Tensor]) -> SourceModel:
    """Return a source model from its source and the hyperparameters in `tensors`."""
    columns, one = _own_data(source, common)
    lengthscales, variances, noise = (tensors[name].numpy() for name in HYPERPARAMETERS)
    hyper = Hyperparameters(lengthscales, variances, float(noise[0]))
    y = one.Y[:, 0]
    kernel = build_kernel(one.columns, GaussianProcessSettings())
    return SourceModel(source, columns, GaussianProcess(one.X, y, kernel, hyper, output=OutputScale.of(y.numpy())))


def _own_data(source: Source, common: CommonFeatures) -> tuple[Tensor, TaskData]:
    """Return the columns that change in a source, and its standardised data over them."""
    columns = common.varying(source.X)
    kept = tuple(common.columns[i] for i in columns.tolist())
    return columns, TaskData(source.X[:, columns], source.z[:, None], kept).target(0)


def predictions(models: Sequence[SourceModel], X: Tensor) -> Tensor:
    """Return the predictions of every source (``... x S``), standardised, at common features (``... x d``)."""
    return torch.stack([model.mean(X) for model in models], dim=-1)


class PredictionCache:
    """A cache of what sources predict of the designs asked for last.

    Every model of every suggestion predicts the same candidates of a pool; with the cache the cost of a suggestion
    does not depend on the rows of the sources. Predictions with gradients are not cached.
    """

    def __init__(self) -> None:
        self._cached: OrderedDict[tuple[tuple[int, ...], bytes], Tensor] = OrderedDict()

    def __call__(self, models: Sequence[SourceModel], X: Tensor) -> Tensor:
        """Return `predictions`."""
        if X.requires_grad or X.shape[:-1].numel() * len(models) > MAX_CACHED_NUMBERS:
            return predictions(models, X)
        content = hashlib.blake2b(repr(X.shape).encode())
        content.update(X.detach().numpy().tobytes())
        key = (tuple(map(id, models)), content.digest())
        expected = self._cached.get(key)
        if expected is None:
            expected = self._cached[key] = predictions(models, X).detach()
            while len(self._cached) > MAX_CACHED:
                self._cached.popitem(last=False)
        return expected
