"""Learned initialisations: one step is the gradient step of the paper, and training makes one step enough."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.studies.maml_sinusoid import errors, sinusoids, split, trained
from designer.priors.networks.gradient import VARIANTS, Beginning, GradientSettings, Variant, adapt, adapted_loss
from designer.priors.networks.training import generator, seeded


def weights_of(variant: Variant = "maml") -> dict[str, torch.Tensor]:
    settings = GradientSettings(variant=variant, widths=(6,), inner_rate=0.1)
    return dict(seeded(lambda: Beginning(1, settings), generator(1)).named_parameters())


def test_adaptation_is_gradient_descent() -> None:
    weights = weights_of()
    x, y, there = (each[0] for each in sinusoids(1, 8, generator(2)))
    model = nn.Sequential(nn.Linear(1, 6), nn.SiLU(), nn.Linear(6, 1))
    model.load_state_dict({k.removeprefix("body."): v.detach() for k, v in weights.items() if k.startswith("body.")})
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        (model(x)[:, 0] - y).square().mean().backward()
        optimiser.step()
    found = adapt(weights, x, y, there, variant="maml", steps=3)
    for name, value in model.named_parameters():
        torch.testing.assert_close(found[f"body.{name}"], value, rtol=1e-5, atol=1e-6)


def test_the_head_alone_moves_in_anil() -> None:
    weights = weights_of("anil")
    x, y, there = (each[0] for each in sinusoids(1, 8, generator(2)))
    found = adapt(weights, x, y, there, variant="anil", steps=2)
    moved = {name for name, value in found.items() if not torch.equal(value, weights[name])}
    assert moved == {"body.2.weight", "body.2.bias"}


def test_without_measurements_nothing_moves() -> None:
    weights = weights_of()
    found = adapt(weights, torch.zeros(0, 1), torch.zeros(0), torch.zeros(0), variant="maml", steps=2)
    assert all(torch.equal(value, weights[name]) for name, value in found.items())


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_outer_gradient(variant: Variant) -> None:
    """Through the step for MAML: a central difference of the loss agrees; first-order differs, and by design."""
    weights = {name: value.detach().double() for name, value in weights_of(variant).items()}
    rows = tuple(each.double() for each in sinusoids(2, 12, generator(3)))
    measured, asked = split(rows, 6)  # type: ignore[arg-type]
    name = "body.2.bias"

    def loss(value: torch.Tensor) -> torch.Tensor:
        return adapted_loss({**weights, name: value}, measured, asked, variant=variant, steps=2).sum()

    at = weights[name].clone().requires_grad_()
    (slope,) = torch.autograd.grad(loss(at), at)
    near = (loss(weights[name] + 1e-5) - loss(weights[name] - 1e-5)) / 2e-5
    agrees = bool(torch.isclose(slope[0], near, rtol=1e-4))
    assert agrees == (variant != "fomaml")


def test_rates_are_learned_in_meta_sgd_alone() -> None:
    def learned(variant: Variant) -> bool:
        made = Beginning(1, GradientSettings(variant=variant))
        return all(value.requires_grad for value in made.rates.values())

    assert [learned(variant) for variant in VARIANTS] == [False, False, False, True]


def test_maml_learns_to_adapt_to_sinusoids() -> None:
    """A small part of the published training (benchmarks/results/maml-sinusoid.md has the longer one)."""
    weights = trained("maml", 10, 500, seed=0)
    before, after = (errors(weights, "maml", 10, n).mean() for n in (0, 1))
    assert after < 0.9 * before
