"""Training of networks: initial weights from a seed, a schedule, and weights as tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from designer.priors.serialization import below, under

CLIP = 5.0
"""Largest norm of a step's gradient."""


def generator(seed: int, *, stream: int = 0) -> torch.Generator:
    """Return a source of randomness of its own for a seed and a purpose."""
    return torch.Generator().manual_seed((int(seed) * 1_000_003 + stream * 7_919) % 2**63)


Network = TypeVar("Network", bound=nn.Module)


def seeded(make: Callable[[], Network], random: torch.Generator) -> Network:
    """Return a new network with all weights of linear layers (He et al. 2015; biases 0) drawn from `random` alone."""
    with torch.random.fork_rng(devices=[]):  # what torch draws by itself must not touch the program's random numbers
        network = make()
    for part in network.modules():
        if isinstance(part, nn.Linear):
            bound = math.sqrt(3.0 / part.in_features)
            with torch.no_grad():
                part.weight.copy_((2 * torch.rand(part.weight.shape, generator=random) - 1) * bound)
                part.bias.zero_()
    return network


def mlp(inputs: int, widths: tuple[int, ...], outputs: int) -> nn.Sequential:
    """Return a multi-layer perceptron with SiLU between its layers."""
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Linear(inputs, width), nn.SiLU()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


@dataclass(frozen=True)
class Checked:
    """Held-out losses of a training, by the number of steps."""

    steps: tuple[int, ...]
    losses: tuple[float, ...]


def train(
    module: nn.Module,
    loss: Callable[[], Tensor],
    *,
    steps: int,
    rate: float,
    decay: float = 1e-3,
    check: Callable[[], float] | None = None,
    checks: int = 8,
    patience: int = 3,
) -> Checked:
    """Train with AdamW (Loshchilov & Hutter 2019) and a cosine schedule; the best of the checked states is kept.

    Parameters
    ----------
    loss
        The loss of a fresh batch.
    check
        The loss on tasks that are held out, measured `checks` times; after `patience` checks without a better one the
        training stops (Prechelt 1998). None: all steps are done and the last state is kept.
    """
    learned = [p for p in module.parameters() if p.requires_grad]
    weights = [p for p in learned if p.ndim > 1]
    scalars = [p for p in learned if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": decay}, {"params": scalars, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=rate)
    best, kept, waited = math.inf, None, 0
    at: list[int] = []
    losses: list[float] = []
    every = max(1, steps // checks)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 50) * 0.5 * (1.0 + math.cos(math.pi * step / steps))
        optimiser.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(module.parameters(), CLIP)
        optimiser.step()
        if check is not None and (step + 1) % every == 0:
            with torch.no_grad():
                found = check()
            at.append(step + 1)
            losses.append(found)
            if found < best:
                best, kept, waited = found, weights_of(module), 0
            else:
                waited += 1
                if waited >= patience:
                    break
    if kept is not None:
        module.load_state_dict(kept)
    return Checked(tuple(at), tuple(losses))


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Return a copy of a module's weights."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def to_double(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights in double precision, in which all conditioning is done."""
    return {name: value.to(torch.float64) for name, value in weights.items()}


def perceive(
    weights: Mapping[str, Tensor],
    name: str,
    inputs: Tensor,
    activation: Callable[[Tensor], Tensor] = nn.functional.silu,
) -> Tensor:
    """Return what the perceptron `name` (see `mlp`) of a network gives for inputs ``... x w``."""
    layers = sorted({int(key.split(".")[1]) for key in weights if key.startswith(f"{name}.")})
    out = inputs
    for layer in layers:
        out = out @ weights[f"{name}.{layer}.weight"].mT + weights[f"{name}.{layer}.bias"]
        if layer != layers[-1]:
            out = activation(out)
    return out


def stored(networks: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return the weights of several networks under ``network.<number>.<name>``."""
    return {name: value for i, each in enumerate(networks) for name, value in under(f"network.{i}", each).items()}


def read(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], ...]:
    """Return the networks that `stored` put among other tensors.

    Raises
    ------
    ValueError
        If there is none.
    """
    numbers = sorted({int(name.partition(".")[0]) for name in below("network", tensors)})
    if not numbers:
        raise ValueError("there is no network")
    return tuple(below(f"network.{number}", tensors) for number in numbers)
