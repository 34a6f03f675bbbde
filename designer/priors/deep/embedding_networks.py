"""Small networks, several at a time: an embedding of designs and a mean, for every member of an ensemble.

Each member is a perceptron with two hidden layers (64, SiLU, layer normalisation), from whose last layer are read

* the embedding phi (``p`` numbers), in which similar designs are near each other;
* the mean m, which is added to a linear function of the features.

All members are one batch of matrix products, so that three cost little more than one. The mean's own weights begin at
zero, so that training on negated values gives exactly the negated mean and the same embedding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from designer.surrogates.kernels import matern, squared_distances

Weights = dict[str, Tensor]

HIDDEN = 64
_ROWS = 2048
_MIN_SQUARED_DISTANCE = 1e-10  # in single precision, below which two points are the same


def initial_weights(members: int, inputs: int, embedding: int, generator: torch.Generator) -> Weights:
    """Return the weights of new networks, each drawn from `generator`; float32."""

    def drawn(a: int, b: int, gain: float = 1.0) -> Tensor:
        return torch.randn(members, a, b, generator=generator) * (gain / math.sqrt(max(a, 1)))

    def zeros(a: int, b: int) -> Tensor:
        return torch.zeros(members, a, b)

    return {
        "first": drawn(inputs, HIDDEN, 1.5),
        "first_bias": 0.5 * torch.randn(members, 1, HIDDEN, generator=generator),
        "second": drawn(HIDDEN, HIDDEN, 1.5),
        "second_bias": zeros(1, HIDDEN),
        "embedding": drawn(HIDDEN, embedding, 0.5),
        "mean": zeros(HIDDEN, 1),
        "linear": zeros(inputs, 1),
        "mean_bias": zeros(1, 1),
    }


def evaluate_networks(weights: Mapping[str, Tensor], X: Tensor) -> tuple[Tensor, Tensor]:
    """Return the embedding (``E x n x p``) and the mean (``E x n``) that E members give features ``(E or 1) x n x d``.

    Differentiable in `X` and the weights; a row's values do not depend on the other rows.
    """
    inside = _inside(weights, X)
    mean = inside @ weights["mean"] + X @ weights["linear"] + weights["mean_bias"]
    return inside @ weights["embedding"], mean[..., 0]


def embed(weights: Mapping[str, Tensor], X: Tensor) -> Tensor:
    """Return the embedding (``E x n x p``) alone; see `evaluate_networks`."""
    return _inside(weights, X) @ weights["embedding"]


def _inside(weights: Mapping[str, Tensor], X: Tensor) -> Tensor:
    width = weights["first"].shape[-1:]
    inside = functional.layer_norm(functional.silu(X @ weights["first"] + weights["first_bias"]), width)
    return functional.layer_norm(functional.silu(inside @ weights["second"] + weights["second_bias"]), width)


def member_weights(weights: Mapping[str, Tensor], member: int) -> Weights:
    """Return the weights of one member, as an ensemble of one."""
    return {name: value[member : member + 1] for name, value in weights.items()}


def to_double(weights: Mapping[str, Tensor]) -> Weights:
    """Return the weights in float64, for conditioning."""
    return {name: value.detach().to(torch.float64) for name, value in weights.items()}


def correlation(A: Tensor, B: Tensor) -> Tensor:
    """Return the Matern-5/2 correlation (``... x n x k``) of scaled points ``... x n x p`` and ``... x k x p``."""
    return matern(squared_distances(A, B), floor=_MIN_SQUARED_DISTANCE)


def by_rows(prior_mean: Callable[[Tensor], tuple[Tensor, Tensor]], X: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and further features of features ``... x d`` by a prior mean, in chunks of bounded memory.

    The shapes are ``...`` and ``... x k``.
    """
    parts = [prior_mean(chunk) for chunk in torch.split(X.reshape(-1, X.shape[-1]), _ROWS)]
    mean, further = (torch.cat(part) for part in zip(*parts, strict=True))
    return mean.reshape(X.shape[:-1]), further.reshape(*X.shape[:-1], further.shape[-1])
