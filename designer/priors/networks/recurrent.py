"""An LSTM that generates a learner: its cell state is the learner's parameters, its input their gradients.

S. Ravi, H. Larochelle, Optimization as a Model for Few-Shot Learning (ICLR 2017), eq. 2 to 4: with the loss L_t of the
measurements and its gradient at the learner's parameters theta_(t-1),

    theta_t = f_t theta_(t-1) - i_t grad L_t,
    i_t = s(W_i . [grad L_t, L_t, theta_(t-1), i_(t-1)] + b_i),
    f_t = s(W_f . [grad L_t, L_t, theta_(t-1), f_(t-1)] + b_f),

the same gates for every parameter, theta_0 learned; gradients and losses enter as a sign and a logarithm (their
appendix A), after a recurrent layer, and no second derivatives are taken (their section 3.4). The learner is a linear
head on learned features: few parameters, whose landscape is smooth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from designer.priors.networks.adapted_model import Adapted, Expectation
from designer.priors.networks.corpus import Corpus
from designer.priors.networks.episodes import Episodes, draw
from designer.priors.networks.training import generator, mlp, perceive, seeded, to_double, train, weights_of
from designer.priors.networks.transformer import blended

_CHECK = 32
_SMALL = 10.0  # p of the preprocessing: what is below e^-p counts as 0
_FORGET, _INPUT = 4.0, -2.0  # biases with which the learner begins: to keep its parameters, and to move a little


@dataclass(frozen=True)
class RecurrentSettings:
    """Sizes of the learner's features and of the recurrent layer, its steps, and length of the training."""

    widths: tuple[int, ...] = (48,)
    features: int = 12
    hidden: int = 8
    reads: int = 6
    steps: int = 800
    batch: int = 16
    context: int = 20
    asked: int = 20
    rate: float = 3e-3
    decay: float = 1e-2


class Recurrent(nn.Module):
    """The weights: the features, the learner's first parameters, the recurrent layer and its gates."""

    def __init__(self, inputs: int, settings: RecurrentSettings) -> None:
        super().__init__()
        self.body = mlp(inputs, settings.widths, settings.features)
        self.begin = nn.Parameter(torch.zeros(settings.features + 1))
        self.cell = nn.Linear(4 + settings.hidden, 4 * settings.hidden)
        self.gates = nn.Linear(settings.hidden + 3, 2)
        self.biases = nn.Parameter(torch.tensor([_INPUT, _FORGET]))
        self.noise = nn.Parameter(torch.tensor(-0.5))


def generated(weights: Mapping[str, Tensor], features: Tensor, z: Tensor, there: Tensor, reads: int) -> Tensor:
    """Return the learner's parameters (``b x k``) after `reads` steps over the measurements.

    Parameters
    ----------
    features, z, there
        ``b x n x k`` (a constant 1 among them), ``b x n`` values, and which of them there are.
    """
    hidden_size = weights["cell.weight"].shape[0] // 4
    count = there.sum(-1, keepdim=True)
    theta = weights["begin"].expand(len(z), -1)
    hidden = state = theta.new_zeros(*theta.shape, hidden_size)
    gates = theta.new_zeros(*theta.shape, 2)
    for _ in range(reads):
        errors = ((features @ theta[..., None])[..., 0] - z) * there
        slope = (2.0 * (features.mT @ errors[..., None])[..., 0] / count.clamp_min(1.0)).detach()
        loss = (errors.square().sum(-1, keepdim=True) / count.clamp_min(1.0)).detach().expand(theta.shape)
        seen = torch.cat([_compressed(slope), _compressed(loss)], dim=-1)
        mixed = torch.cat([seen, hidden], dim=-1) @ weights["cell.weight"].mT + weights["cell.bias"]
        enter, forget, out, new = mixed.chunk(4, dim=-1)
        state = forget.sigmoid() * state + enter.sigmoid() * new.tanh()
        hidden = out.sigmoid() * state.tanh()
        wanted = torch.cat([hidden, theta[..., None], gates], dim=-1) @ weights["gates.weight"].mT
        gates = (wanted + weights["gates.bias"] + weights["biases"]).sigmoid()
        moved = gates[..., 1] * theta - gates[..., 0] * slope
        theta = torch.where(count > 0, moved, theta)  # without measurements the learner stays as it begins
    return theta


def _compressed(x: Tensor) -> Tensor:
    """Return (``... x 2``) logarithm and sign of numbers; a multiple where they are tiny (their appendix A)."""
    large = x.abs() >= math.exp(-_SMALL)
    log = torch.where(large, x.abs().clamp_min(math.exp(-_SMALL)).log() / _SMALL, -torch.ones_like(x))
    return torch.stack([log, torch.where(large, x.sign(), math.exp(_SMALL) * x)], dim=-1)


def _features(weights: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    features = perceive(weights, "body", inputs)
    features = features / math.sqrt(features.shape[-1])
    return torch.cat([features, torch.ones_like(features[..., :1])], dim=-1)


@dataclass(frozen=True)
class Generating:
    """Adaptation is the generation of a learner (`designer.priors.networks.adapted_model.Rule`)."""

    reads: int

    def learn(self, weights: Mapping[str, Tensor], inputs: Tensor, z: Tensor) -> Expectation:
        """See `Rule.learn`; the variance is that of all asked rows in training."""
        with torch.no_grad():
            features = _features(weights, inputs)[None]
            theta = generated(weights, features, z[None], torch.ones_like(z)[None], self.reads)[0]
        variance = weights["noise"].exp()

        def expectation(asked: Tensor) -> tuple[Tensor, Tensor]:
            mean = _features(weights, asked) @ theta
            return mean, variance.expand(mean.shape)

        return expectation


@dataclass(frozen=True)
class RecurrentMethod:
    """Training of the LSTM (`Method`)."""

    settings: RecurrentSettings

    def train(self, corpus: Corpus, held_out: Corpus | None, seed: int) -> Adapted:
        """See `Method.train`."""
        settings = self.settings
        random = generator(seed)
        network = seeded(lambda: Recurrent(corpus.inputs.width, settings), random)
        rows = settings.context + settings.asked

        def loss() -> Tensor:
            return self._loss(network, blended(corpus, settings.batch, rows, random), random)

        check = None
        if held_out is not None:
            unseen = draw(held_out, _CHECK, rows, generator(seed, stream=1))

            def check() -> float:
                return float(self._loss(network, unseen, generator(seed, stream=2)))

        train(network, loss, steps=settings.steps, rate=settings.rate, decay=settings.decay, check=check)
        return Adapted(self.empty().rule, (to_double(weights_of(network)),))

    def _loss(self, network: Recurrent, episodes: Episodes, random: torch.Generator) -> Tensor:
        most = self.settings.context
        z, there = episodes.z, episodes.there
        given = (most * torch.rand(len(z), generator=random)).floor().clamp_max(there.sum(1) - 2).clamp_min(0)
        read = (torch.arange(z.shape[1])[None] < given[:, None]).to(z.dtype) * there
        weights = dict(network.named_parameters())
        features = _features(weights, episodes.inputs)
        theta = generated(weights, features[:, :most], z[:, :most], read[:, :most], self.settings.reads)
        errors = ((features @ theta[..., None])[..., 0] - z) * (there - read)
        squares = errors.square().sum(1) / (there - read).sum(1).clamp_min(1.0)
        value: Tensor = 0.5 * (squares.mean() / network.noise.exp() + network.noise)
        return value

    def empty(self) -> Adapted:
        """See `Method.empty`."""
        return Adapted(Generating(self.settings.reads), ())
