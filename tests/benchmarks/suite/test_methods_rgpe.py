"""The weights of RGPE against the definitions of its paper."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from botorch.models import SingleTaskGP
from botorch.sampling import SobolQMCNormalSampler

from benchmarks.suite.methods.gps import fitted, standardised
from benchmarks.suite.methods.rgpe import PoolPosterior, leave_one_out, misranked, misranked_left_out, rank_weights


def test_misranked_counts_ordered_pairs() -> None:
    y = torch.tensor([0.0, 1.0, 2.0])
    samples = torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0], [1.0, 0.0, 2.0]])
    assert misranked(samples, y).tolist() == [0, 6, 2]


def test_left_out_values_are_compared_with_their_own_models_samples() -> None:
    rng = np.random.default_rng(0)
    y, samples = rng.normal(size=4), rng.normal(size=(5, 4, 4))
    expected = [
        sum((s[i, i] < s[i, j]) != (y[i] < y[j]) for i in range(4) for j in range(4) if i != j) for s in samples
    ]
    assert misranked_left_out(torch.as_tensor(samples), torch.as_tensor(y)).tolist() == expected


@pytest.mark.filterwarnings("ignore:Data .outcome observations. is not standardized")  # four of five values are not
def test_leave_one_out_is_what_a_model_without_the_measurement_expects() -> None:
    rng = np.random.default_rng(1)
    x = torch.as_tensor(rng.random((5, 2)))
    y = standardised(np.sin(4 * x[:, 0].numpy()) + x[:, 1].numpy())[0]
    model = fitted(x, y)
    with torch.no_grad():
        found = leave_one_out(model, x, y)
        for i in range(5):
            kept = [j for j in range(5) if j != i]
            alone = SingleTaskGP(x[kept], y[kept].unsqueeze(-1), outcome_transform=None)
            alone.load_state_dict(model.state_dict())
            expected = alone.posterior(x)
            torch.testing.assert_close(found.mean[i], expected.mean, rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(found.variance[i], expected.variance, rtol=1e-3, atol=1e-5)


@pytest.mark.filterwarnings("ignore:A not p.d., added jitter")  # which is what is wanted here
def test_designs_that_are_all_but_the_same_can_be_left_out() -> None:
    rng = np.random.default_rng(3)
    x = torch.as_tensor(rng.random((12, 2))).repeat_interleave(2, dim=0)
    y = standardised(np.sin(4 * x[:, 0].numpy()) + rng.normal(size=24) / 10)[0]
    model = fitted(x + 1e-12 * torch.as_tensor(rng.random(x.shape)), y)
    with torch.no_grad():
        drawn = SobolQMCNormalSampler(torch.Size([16]), seed=0)(leave_one_out(model, x, y))
    assert drawn.shape == (16, 24, 24, 1)
    assert torch.isfinite(drawn).all()


def test_a_source_that_ranks_badly_gets_no_weight_however_many_there_are() -> None:
    rng = np.random.default_rng(2)
    target = torch.as_tensor(rng.integers(4, 9, 256))
    bad = torch.as_tensor(rng.integers(0, 40, (50, 256)))  # each the best of a few samples: together they would rule
    weights = rank_weights(torch.vstack([bad, target]))
    assert weights[-1] == 1.0
    good = torch.as_tensor(rng.integers(0, 4, 256))
    weights = rank_weights(torch.vstack([bad, good, target]))
    assert weights[-2] > 0.9
    assert weights.sum() == 1.0


def test_the_ensemble_answers_for_rows() -> None:
    ensemble = PoolPosterior(torch.arange(4.0), torch.arange(1.0, 5.0))
    found = ensemble.posterior(torch.tensor([[[2.0]], [[0.0]]]))
    assert found.mean.flatten().tolist() == [2.0, 0.0]
    assert found.variance.flatten().tolist() == [3.0, 1.0]


def test_constant_values_are_no_obstacle() -> None:
    y, mean, deviation = standardised(np.array([2.0, 2.0]))
    assert y.tolist() == [0.0, 0.0]
    assert (mean, deviation) == (2.0, 1.0)
