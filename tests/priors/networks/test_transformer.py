"""Networks that read measurements: what they may and may not look at, and that they learn to read."""

from __future__ import annotations

import torch

from designer.priors.networks.recurrent import Recurrent, RecurrentSettings, _features, generated
from designer.priors.networks.synthetic_surfaces import surfaces
from designer.priors.networks.training import generator, seeded, to_double, weights_of
from designer.priors.networks.transformer import Transformer, TransformerSettings, predict

SETTINGS = TransformerSettings(width=8, layers=2, heads=2, forward=8)


def network() -> dict[str, torch.Tensor]:
    return to_double(weights_of(seeded(lambda: Transformer(3, SETTINGS), generator(0))))


def rows(n: int, seed: int) -> torch.Tensor:
    return torch.randn(1, n, 3, generator=generator(seed), dtype=torch.float64)


def ask(context: torch.Tensor, z: torch.Tensor, asked: torch.Tensor, there: torch.Tensor | None = None) -> torch.Tensor:
    there = torch.ones_like(z) if there is None else there
    return torch.stack(predict(network(), 2, context, z, there, asked))


def test_a_design_is_predicted_alone_as_among_others() -> None:
    context, asked = rows(5, 1), rows(4, 2)
    z = context[..., 0].sin()
    torch.testing.assert_close(ask(context, z, asked)[..., 1:2], ask(context, z, asked[:, 1:2]))


def test_the_order_of_measurements_does_not_count_and_their_values_do() -> None:
    context, asked = rows(5, 1), rows(4, 2)
    z = context[..., 0].sin()
    order = torch.tensor([3, 0, 4, 2, 1])
    torch.testing.assert_close(ask(context[:, order], z[:, order], asked), ask(context, z, asked))
    assert (ask(context, -z, asked) - ask(context, z, asked)).abs().max() > 1e-3


def test_rows_that_are_not_there_are_not_read() -> None:
    context, asked = rows(5, 1), rows(4, 2)
    z = context[..., 0].sin()
    there = torch.tensor([[1.0, 1.0, 1.0, 0.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(ask(context, z, asked, there), ask(context[:, :3], z[:, :3], asked))
    assert ask(context[:, :0], z[:, :0], asked).isfinite().all()


def test_synthetic_surfaces_are_standardised_differ_and_are_drawn_from_their_generator_alone() -> None:
    X, there = torch.randn(24, 30, 4, generator=generator(5)), torch.ones(24, 30)
    there[:, 20:] = 0.0
    owner = torch.tensor([0, 1, 2, 2])
    before = torch.get_rng_state()
    z = surfaces(X, there, owner, generator(0))
    assert torch.equal(z, surfaces(X, there, owner, generator(0)))
    assert torch.equal(before, torch.get_rng_state())
    assert z[:, 20:].abs().max() == 0
    torch.testing.assert_close(z[:, :20].mean(1), torch.zeros(24), rtol=0, atol=1e-5)
    torch.testing.assert_close(z[:, :20].std(1, correction=0), torch.ones(24), rtol=0, atol=0.02)
    assert torch.corrcoef(z[:, :20]).fill_diagonal_(0).abs().max() < 0.95


def test_the_lstm_moves_its_learner_towards_the_measurements_and_not_without_any() -> None:
    settings = RecurrentSettings(widths=(8,), features=4)
    weights = to_double(weights_of(seeded(lambda: Recurrent(3, settings), generator(0))))
    features = _features(weights, rows(6, 3))
    z = features[..., 0] * 2.0 + 1.0
    none = generated(weights, features[:, :0], z[:, :0], z[:, :0], 6)
    torch.testing.assert_close(none[0], weights["begin"])
    moved = generated(weights, features, z, torch.ones_like(z), 6)

    def error(theta: torch.Tensor) -> float:
        return float(((features @ theta[..., None])[..., 0] - z).square().mean())

    assert error(moved) < error(none)
