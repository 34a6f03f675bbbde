"""A Bayesian linear head on meta-learned features, in closed form (ALPaCA).

J. Harrison, A. Sharma, M. Pavone, Meta-Learning Priors for Efficient Online Bayesian Regression (WAFR 2018): with
features phi, a prior N(k0, L0^-1) of the head's weights and noise s^2, a task's values are (their eq. 2, 5)

    y = w . phi(x) + e,    w ~ N(k0, s^2 L0^-1),    e ~ N(0, s^2),

and phi, k0 and L0 are trained by the evidence of whole past tasks, so that the posterior in closed form is right. Here
L0 = I without loss (a linear map of phi), and a Matern-5/2 process over the common features is added to the head, as it
will be when a new task is conditioned on: the head then learns what tasks share and not what is a task's own. Tasks
are drawn with random numbers of rows: the log evidence is the sum of all one-step-ahead log scores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from designer.priors.informed import InformedModel, KernelTerm, fit_informed
from designer.priors.networks.corpus import Corpus
from designer.priors.networks.episodes import Episodes, draw
from designer.priors.networks.input_map import InputMap
from designer.priors.networks.learners import Learner
from designer.priors.networks.network_calibration import Calibration
from designer.priors.networks.training import (
    generator,
    mlp,
    perceive,
    read,
    seeded,
    stored,
    to_double,
    train,
    weights_of,
)
from designer.surrogates.data import TaskData
from designer.surrogates.kernels import matern, squared_distances
from designer.surrogates.outputs import OutputScale

OFFSET = 0.3
"""Prior variance of the unknown constant mean of standardised values in an episode."""

_NOISE_FLOOR = 1e-4
_CHECK_EPISODES = 24
_CHECK_ROWS = 20


@dataclass(frozen=True)
class HeadSettings:
    """Widths of the network and length of its training."""

    widths: tuple[int, ...] = (64, 64)
    features: int = 16
    steps: int = 1500
    batch: int = 8
    rows: int = 40
    rate: float = 3e-3
    decay: float = 1e-2


class HeadNetwork(nn.Module):
    """Features (``... x w`` to ``... x k``), the head's prior mean, and the variances of an episode's process."""

    def __init__(self, width: int, settings: HeadSettings) -> None:
        super().__init__()
        self.body = mlp(width, settings.widths, settings.features)
        self.mean = nn.Parameter(torch.zeros(settings.features))
        # Logarithms: variance of the head, of the process beside it, its lengthscale, and the noise.
        self.scales = nn.Parameter(torch.tensor([-1.0, -1.0, 0.0, -3.0]))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the prior mean (``...``) and the features (``... x k``), of norm about 1."""
        features = self.body(inputs) / math.sqrt(len(self.mean))
        return features @ self.mean, features


def evidence_loss(network: HeadNetwork, episodes: Episodes, own: int) -> Tensor:
    """Return the mean negative log evidence a row; the first `own` inputs are the common features."""
    mean, features = network(episodes.inputs)
    head, rest, length, noise = network.scales.exp()
    X = episodes.inputs[..., :own] / (length * math.sqrt(max(own, 1)))
    K = head * features @ features.mT + matern(squared_distances(X, X), rest, floor=1e-12) + OFFSET
    there = episodes.there
    K = K * there[..., :, None] * there[..., None, :]
    K = K + torch.diag_embed(there * (noise + _NOISE_FLOOR) + (1.0 - there))
    L = torch.linalg.cholesky(K)
    errors = ((episodes.z - mean) * there)[..., None]
    white = torch.linalg.solve_triangular(L, errors, upper=False)[..., 0]
    rows = there.sum()
    logdet = L.diagonal(dim1=-2, dim2=-1).log().sum()
    value: Tensor = (0.5 * white.square().sum() + logdet) / rows + 0.5 * math.log(2 * math.pi)
    return value


@dataclass(frozen=True)
class HeadMethod:
    """Training of heads (`Method`)."""

    settings: HeadSettings

    def train(self, corpus: Corpus, held_out: Corpus | None, seed: int) -> Heads:
        """See `Method.train`."""
        settings = self.settings
        random = generator(seed)
        network = seeded(lambda: HeadNetwork(corpus.inputs.width, settings), random)
        own = corpus.inputs.common.dimension
        with torch.no_grad():
            network.mean.copy_(0.3 * torch.randn(network.mean.shape, generator=random))

        def loss() -> Tensor:
            return evidence_loss(network, draw(corpus, settings.batch, settings.rows, random), own)

        check = None
        if held_out is not None:
            unseen = draw(held_out, _CHECK_EPISODES, _CHECK_ROWS, generator(seed, stream=1))

            def check() -> float:
                return float(evidence_loss(network, unseen, own))

        train(network, loss, steps=settings.steps, rate=settings.rate, decay=settings.decay, check=check)
        return Heads((to_double(weights_of(network)),))

    def empty(self) -> Heads:
        """See `Method.empty`."""
        return Heads(())


@dataclass(frozen=True, eq=False)
class Heads:
    """Trained networks (`Learner`), in double precision: each a dictionary of weights."""

    networks: tuple[Mapping[str, Tensor], ...]

    def wide(self) -> Calibration:
        """See `Learner.wide`: the mean's slope is 1 within 0.4, the head's weights vary as they did in training."""
        count = sum(len(weights["mean"]) for weights in self.networks)
        terms = (
            KernelTerm("linear", (0,), (-2.0, 1.0)),
            KernelTerm("linear", tuple(range(1, 1 + count)), (0.0, 1.0)),
        )
        return Calibration((-0.7, 1.0), (-4.0, 1.0), terms)

    def expected(self, X: Tensor, input_map: InputMap) -> Tensor:
        """See `Learner.expected`."""
        return HeadMean(input_map, self.networks, 1.0)(X)[0]

    def model(
        self, one: TaskData, input_map: InputMap, sign: float, output: OutputScale, calibration: Calibration
    ) -> InformedModel:
        """See `Learner.model`."""
        prior_mean = HeadMean(input_map, self.networks, sign)
        return fit_informed(one, prior_mean, calibration.terms, output=output, settings=calibration.settings)

    def joined(self, other: Learner) -> Heads:
        """See `Learner.joined`."""
        assert isinstance(other, Heads)
        return Heads((*self.networks, *other.networks))

    def tensors(self) -> dict[str, Tensor]:
        """See `Learner.tensors`."""
        return stored(self.networks)

    def restored(self, tensors: Mapping[str, Tensor]) -> Heads:
        """See `Learner.restored`."""
        return Heads(read(tensors))


@dataclass(frozen=True, eq=False)
class HeadMean:
    """The mean and features of heads at a new task's designs (`designer.priors.informed.PriorMean`).

    The further features are the mean (1), and the features of all networks, each by its prior deviation.
    """

    input_map: InputMap
    networks: tuple[Mapping[str, Tensor], ...]
    sign: float

    def __call__(self, X: Tensor) -> tuple[Tensor, Tensor]:
        inputs = self.input_map(X)
        root = math.sqrt(len(self.networks))
        outputs = [_mean_and_features(weights, inputs) for weights in self.networks]
        mean = self.sign * torch.stack([each[0] for each in outputs]).mean(0)
        return mean, torch.cat([mean[..., None], *(features / root for _, features in outputs)], dim=-1)


def _mean_and_features(weights: Mapping[str, Tensor], inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return the prior mean (``...``) and the features (``... x k``) times the head's prior deviation."""
    mean = weights["mean"]
    features = perceive(weights, "body", inputs) / math.sqrt(len(mean))
    return features @ mean, features * (0.5 * weights["scales"][0]).exp()
