"""A transformer that reads the measurements of a task and gives a normal prediction at any design (TNP-D, PFN).

T. Nguyen, A. Grover, Transformer Neural Processes (ICML 2022), the diagonal variant; S. Mueller et al., PFNs4BO (ICML
2023). Tokens are [inputs, value, flag]; all tokens attend to the measured ones (and to one learned token, so that there
is always one), never to designs that are asked for: predictions are row by row. The loss is the mean negative log
density of the asked rows (Nguyen & Grover, eq. 5), half of them of past tasks, half of synthetic surfaces.
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
from designer.priors.networks.synthetic_surfaces import surfaces
from designer.priors.networks.training import generator, mlp, perceive, seeded, to_double, train, weights_of

_MIN_VARIANCE = 1e-3
_CHECK = 32


@dataclass(frozen=True)
class TransformerSettings:
    """Sizes of the network and length of its training."""

    width: int = 64
    layers: int = 3
    heads: int = 4
    forward: int = 128
    steps: int = 800
    batch: int = 16
    context: int = 40
    asked: int = 20
    rate: float = 2e-3
    decay: float = 1e-2


class Transformer(nn.Module):
    """The weights; what is done with them is `predict`, in training and afterwards."""

    def __init__(self, inputs: int, settings: TransformerSettings) -> None:
        super().__init__()
        width = settings.width
        self.embed = mlp(inputs + 2, (width,), width)
        self.empty = nn.Parameter(torch.zeros(width))
        for layer in range(settings.layers):
            self.add_module(f"query{layer}", nn.Linear(width, width))
            self.add_module(f"key{layer}", nn.Linear(width, width))
            self.add_module(f"value{layer}", nn.Linear(width, width))
            self.add_module(f"out{layer}", nn.Linear(width, width))
            self.add_module(f"feed{layer}", mlp(width, (settings.forward,), width))
        self.head = mlp(width, (width,), 2)


def predict(
    weights: Mapping[str, Tensor], heads: int, context: Tensor, z: Tensor, there: Tensor, asked: Tensor
) -> tuple[Tensor, Tensor]:
    """Return means and variances (``b x q``) at inputs `asked` (``b x q x w``).

    Parameters
    ----------
    context, z, there
        ``b x n x w`` inputs and ``b x n`` values of the measurements, and which of them there are.
    """
    batch, n, _ = context.shape
    zeros = asked.new_zeros(*asked.shape[:-1], 2)
    measured = torch.cat([context, z[..., None], torch.ones_like(z)[..., None]], dim=-1)
    tokens = perceive(weights, "embed", torch.cat([measured, torch.cat([asked, zeros], dim=-1)], dim=1))
    tokens = torch.cat([weights["empty"].expand(batch, 1, -1), tokens], dim=1)
    readable = torch.cat([there.new_ones(batch, 1), there], dim=1) > 0
    layers = sum(name.startswith("query") and name.endswith("weight") for name in weights)
    for layer in range(layers):
        tokens = tokens + _attended(weights, layer, heads, tokens, n + 1, readable)
        tokens = tokens + perceive(weights, f"feed{layer}", _normed(tokens)) / layers
    out = perceive(weights, "head", _normed(tokens[:, n + 1 :]))
    return out[..., 0], nn.functional.softplus(out[..., 1]) + _MIN_VARIANCE


def _normed(tokens: Tensor) -> Tensor:
    return nn.functional.layer_norm(tokens, tokens.shape[-1:])


def _attended(
    weights: Mapping[str, Tensor], layer: int, heads: int, tokens: Tensor, measured: int, readable: Tensor
) -> Tensor:
    """Return what all tokens read of the first `measured` ones."""
    batch, count, width = tokens.shape
    normed = _normed(tokens)

    def projected(name: str, x: Tensor) -> Tensor:
        out = x @ weights[f"{name}{layer}.weight"].mT + weights[f"{name}{layer}.bias"]
        return out.reshape(batch, x.shape[1], heads, width // heads).transpose(1, 2)

    query, key, value = projected("query", normed), *(projected(k, normed[:, :measured]) for k in ("key", "value"))
    scores = query @ key.mT / math.sqrt(width // heads)
    scores = scores.masked_fill(~readable[:, None, None, :], -torch.inf)
    read = (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, count, width)
    return read @ weights[f"out{layer}.weight"].mT + weights[f"out{layer}.bias"]


@dataclass(frozen=True)
class Reading:
    """Adaptation is reading: the measurements are the context (`designer.priors.networks.adapted_model.Rule`)."""

    heads: int

    def learn(self, weights: Mapping[str, Tensor], inputs: Tensor, z: Tensor) -> Expectation:
        """See `Rule.learn`."""
        context, values = inputs[None], z[None]
        there = torch.ones_like(values)

        def expectation(asked: Tensor) -> tuple[Tensor, Tensor]:
            flat = asked.reshape(1, -1, asked.shape[-1])
            mean, variance = predict(weights, self.heads, context, values, there, flat)
            return mean.reshape(asked.shape[:-1]), variance.reshape(asked.shape[:-1])

        return expectation


@dataclass(frozen=True)
class TransformerMethod:
    """Training of transformers (`Method`)."""

    settings: TransformerSettings

    def train(self, corpus: Corpus, held_out: Corpus | None, seed: int) -> Adapted:
        """See `Method.train`."""
        settings = self.settings
        random = generator(seed)
        network = seeded(lambda: Transformer(corpus.inputs.width, settings), random)

        def loss() -> Tensor:
            return self._loss(
                network, blended(corpus, settings.batch, settings.context + settings.asked, random), random
            )

        check = None
        if held_out is not None:
            unseen = draw(held_out, _CHECK, settings.context + settings.asked, generator(seed, stream=1))

            def check() -> float:
                return float(self._loss(network, unseen, generator(seed, stream=2)))

        train(network, loss, steps=settings.steps, rate=settings.rate, decay=settings.decay, check=check)
        return replace_networks(self.empty(), to_double(weights_of(network)))

    def _loss(self, network: Transformer, episodes: Episodes, random: torch.Generator) -> Tensor:
        """Return the negative log density a row; first rows are read, few of them more often than many."""
        inputs, z, there = episodes.inputs, episodes.z, episodes.there
        batch = len(z)
        most = self.settings.context
        given = (most * torch.rand(batch, generator=random) ** 1.5).floor().clamp_max(there.sum(1) - 2).clamp_min(0)
        read = (torch.arange(z.shape[1])[None] < given[:, None]).to(z.dtype) * there
        asked = there - read
        weights = dict(network.named_parameters())
        mean, variance = predict(weights, self.settings.heads, inputs[:, :most], z[:, :most], read[:, :most], inputs)
        density = 0.5 * ((z - mean).square() / variance + variance.log() + math.log(2 * math.pi))
        # A task counts alike whether many or few of its rows are asked for.
        value: Tensor = ((density * asked).sum(1) / asked.sum(1).clamp_min(1.0)).mean()
        return value

    def empty(self) -> Adapted:
        """See `Method.empty`."""
        return Adapted(Reading(self.settings.heads), ())


def replace_networks(learner: Adapted, weights: Mapping[str, Tensor]) -> Adapted:
    """Return a learner with one network."""
    return Adapted(learner.rule, (weights,))


def blended(corpus: Corpus, batch: int, rows: int, random: torch.Generator) -> Episodes:
    """Draw episodes, half of past tasks and half of synthetic surfaces over their designs; scale and shift are random.

    On synthetic surfaces the quantity is hidden, as it is where a task measures what no source did.
    """
    drawn = draw(corpus, batch, rows, random)
    inputs, z, there = drawn.inputs.clone(), drawn.z, drawn.there
    half = batch // 2
    wide, owner = corpus.inputs.common.dimension, corpus.inputs.owner
    made = surfaces(inputs[:half, :, :wide], there[:half], owner, random)
    z = torch.cat([made, z[half:]])
    inputs[:half, :, inputs.shape[-1] - len(corpus.inputs.quantities) :] = 0.0
    scale = (0.25 * torch.randn(batch, 1, generator=random)).exp()
    shift = 0.3 * torch.randn(batch, 1, generator=random)
    return Episodes(inputs, (scale * z + shift) * there, there)
