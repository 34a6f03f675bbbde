"""Learned initialisations: networks that are adapted to a task by a few steps of gradient descent.

C. Finn, P. Abbeel, S. Levine, Model-Agnostic Meta-Learning (ICML 2017), eq. 1 and algorithm 1: with the loss L of the
measurements, theta' = theta - a grad L(theta), and theta is trained by the loss of theta' at other designs, through the
gradient step (``maml``) or as if it were constant (``fomaml``, section 5.2 there). ``anil`` adapts the last layer alone
(A. Raghu et al., ICLR 2020, eq. 2); ``meta-sgd`` learns a rate a parameter (Z. Li et al., Meta-SGD, 2017, eq. 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import grad, vmap

from designer.priors.networks.adapted_model import Adapted, Expectation
from designer.priors.networks.corpus import Corpus
from designer.priors.networks.episodes import draw
from designer.priors.networks.training import generator, mlp, perceive, seeded, to_double, train, weights_of

Variant = Literal["maml", "fomaml", "anil", "meta-sgd"]
VARIANTS: tuple[Variant, ...] = ("maml", "fomaml", "anil", "meta-sgd")
Weights = Mapping[str, Tensor]
Activation = Callable[[Tensor], Tensor]

_CHECK = 32


@dataclass(frozen=True)
class GradientSettings:
    """The variant, sizes of the network, adaptation (steps and their rate), and length of the training."""

    variant: Variant = "maml"
    widths: tuple[int, ...] = (40, 40)
    inner_steps: int = 3
    inner_rate: float = 0.05
    steps: int = 1000
    batch: int = 8
    context: int = 20
    asked: int = 20
    rate: float = 3e-3
    decay: float = 1e-2


class Beginning(nn.Module):
    """The initialisation: a perceptron, and the logarithms of the rates with which its parameters are adapted."""

    def __init__(self, inputs: int, settings: GradientSettings) -> None:
        super().__init__()
        self.body = mlp(inputs, settings.widths, 1)
        learned = settings.variant == "meta-sgd"
        log_rate = torch.tensor(settings.inner_rate).log()
        self.rates = nn.ParameterDict(
            {
                _key(name): nn.Parameter(log_rate * torch.ones_like(value), requires_grad=learned)
                for name, value in self.body.named_parameters()
            }
        )
        self.noise = nn.Parameter(torch.tensor(0.0))


def _key(name: str) -> str:
    return name.replace(".", "_")  # a parameter's name may hold no dot


def adapt(
    weights: Weights,
    inputs: Tensor,
    z: Tensor,
    there: Tensor,
    *,
    variant: Variant,
    steps: int,
    activation: Activation = nn.functional.silu,
) -> dict[str, Tensor]:
    """Return the perceptron's parameters after `steps` of gradient descent on the mean squared error of measurements.

    Parameters
    ----------
    weights
        The parameters ``body.*`` and the logarithms of their rates ``rates.*``.
    inputs, z, there
        ``n x w``, ``n`` and ``n``: measurements, and which of them there are. Without any nothing changes.
    """
    body = {name: value for name, value in weights.items() if name.startswith("body.")}
    last = max(int(name.split(".")[1]) for name in body)
    moved = [name for name in body if variant != "anil" or int(name.split(".")[1]) == last]
    count = there.sum().clamp_min(1.0)

    def loss(free: dict[str, Tensor], fixed: dict[str, Tensor]) -> Tensor:
        errors = perceive({**fixed, **free}, "body", inputs, activation)[..., 0] - z
        return (errors.square() * there).sum() / count

    for _ in range(steps):
        slopes = grad(loss)({name: body[name] for name in moved}, body)
        for name in moved:
            slope = slopes[name].detach() if variant == "fomaml" else slopes[name]
            body = {**body, name: body[name] - weights[f"rates.{_key(name.removeprefix('body.'))}"].exp() * slope}
    return body


def adapted_loss(
    weights: Weights,
    measured: tuple[Tensor, Tensor, Tensor],
    asked: tuple[Tensor, Tensor, Tensor],
    *,
    variant: Variant,
    steps: int,
    activation: Activation = nn.functional.silu,
) -> Tensor:
    """Return for each task (``b``) the mean squared error at asked rows after adaptation to the measured ones.

    Both are inputs (``b x n x w``), values (``b x n``) and which rows there are (``b x n``).
    """

    def one(inputs: Tensor, z: Tensor, there: Tensor, new: Tensor, y: Tensor, new_there: Tensor) -> Tensor:
        body = adapt(weights, inputs, z, there, variant=variant, steps=steps, activation=activation)
        errors = perceive(body, "body", new, activation)[..., 0] - y
        return (errors.square() * new_there).sum() / new_there.sum().clamp_min(1.0)

    losses: Tensor = vmap(one)(*measured, *asked)
    return losses


@dataclass(frozen=True)
class Descent:
    """Adaptation by gradient descent (`designer.priors.networks.adapted_model.Rule`)."""

    variant: Variant
    steps: int

    def learn(self, weights: Weights, inputs: Tensor, z: Tensor) -> Expectation:
        """See `Rule.learn`; the variance is that of all asked rows in training."""
        with torch.enable_grad():
            body = adapt(weights, inputs, z, torch.ones_like(z), variant=self.variant, steps=self.steps)
        body = {name: value.detach() for name, value in body.items()}
        variance = weights["noise"].exp()

        def expectation(asked: Tensor) -> tuple[Tensor, Tensor]:
            mean = perceive(body, "body", asked)[..., 0]
            return mean, variance.expand(mean.shape)

        return expectation


@dataclass(frozen=True)
class GradientMethod:
    """Training of initialisations (`Method`)."""

    settings: GradientSettings

    def train(self, corpus: Corpus, held_out: Corpus | None, seed: int) -> Adapted:
        """See `Method.train`."""
        settings = self.settings
        random = generator(seed)
        network = seeded(lambda: Beginning(corpus.inputs.width, settings), random)
        rows = settings.context + settings.asked

        def loss_of(source: Corpus, batch: int, drawn: torch.Generator) -> Tensor:
            episodes = draw(source, batch, rows, drawn)
            given = (settings.context * torch.rand(batch, 1, generator=drawn)).floor()
            given = torch.minimum(given, (episodes.there.sum(1, keepdim=True) - 2).clamp_min(0))
            read = (torch.arange(rows)[None] < given).to(episodes.z.dtype) * episodes.there
            measured = (episodes.inputs[:, : settings.context], episodes.z[:, : settings.context])
            losses = adapted_loss(
                dict(network.named_parameters()),
                (*measured, read[:, : settings.context]),
                (episodes.inputs, episodes.z, episodes.there - read),
                variant=settings.variant,
                steps=settings.inner_steps,
            )
            # Of a normal likelihood with one variance; the gradient for the initialisation is that of the square.
            return 0.5 * (losses.mean() / network.noise.exp() + network.noise)

        check = None
        if held_out is not None:

            def check() -> float:
                with torch.enable_grad():
                    return float(loss_of(held_out, _CHECK, generator(seed, stream=1)).detach())

        train(
            network,
            lambda: loss_of(corpus, settings.batch, random),
            steps=settings.steps,
            rate=settings.rate,
            decay=settings.decay,
            check=check,
        )
        return Adapted(self.empty().rule, (to_double(weights_of(network)),))

    def empty(self) -> Adapted:
        """See `Method.empty`."""
        return Adapted(Descent(self.settings.variant, self.settings.inner_steps), ())
