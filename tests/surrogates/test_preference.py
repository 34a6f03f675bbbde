"""The process of a utility: it is botorch's, ranks what was compared, and tolerates wrong answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from botorch.models.pairwise_gp import PairwiseGP
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from torch import Tensor

from designer.acquisition.moments import joint, moments
from designer.surrogates.preference import PreferenceProcess, fit_preferences


def compared(
    n: int = 20, d: int = 2, m: int = 60, *, wrong: float = 0.0, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Return designs, their hidden utility, and comparisons of which a share is wrong."""
    rng = np.random.default_rng(seed)
    X = torch.as_tensor(rng.random((n, d)))
    utility = 4.0 * torch.sin(3.0 * X[:, 0]) + 2.0 * X[:, -1]
    first, shift = rng.integers(0, n, m), rng.integers(1, n, m)
    pairs = torch.as_tensor(np.stack([first, (first + shift) % n], axis=1))
    swap = (utility[pairs[:, 0]] < utility[pairs[:, 1]]) ^ torch.as_tensor(rng.random(m) < wrong)
    return X, utility, torch.where(swap[:, None], pairs.flip(1), pairs)


def rank_correlation(process: PreferenceProcess, X: Tensor, utility: Tensor) -> float:
    return float(spearmanr(process.marginals(X)[0].numpy(), utility.numpy())[0])


def test_the_posterior_is_that_of_botorch_without_the_common_level() -> None:
    X, _, pairs = compared(12, 2, 20)
    process = fit_preferences(X, pairs)
    used = torch.unique(pairs)
    place = torch.full((len(X),), -1)
    place[used] = torch.arange(len(used))
    model = PairwiseGP(X[used], place[pairs], covar_module=process.kernel, consolidate_atol=0.0)
    model.eval()
    new = torch.rand(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = model.posterior(torch.cat([new, X[used]]))
    mean, covariance = expected.mean[:, 0], expected.distribution.covariance_matrix
    centre = torch.eye(len(mean), dtype=torch.float64) - torch.cat([torch.zeros(5), torch.ones(len(used))]) / len(used)
    found_mean, found_covariance = joint(process, new)
    torch.testing.assert_close(found_mean, (centre @ mean)[:5], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(found_covariance, (centre @ covariance @ centre.T)[:5, :5], atol=1e-3, rtol=1e-2)


def test_moments_agree_in_every_form() -> None:
    X, _, pairs = compared()
    process = fit_preferences(X, pairs)
    mean, covariance = joint(process, X[:7])
    marginal_mean, variance = process.marginals(X[:7])
    there = moments(process, X[:7], X[2:5])
    torch.testing.assert_close(marginal_mean, mean)
    torch.testing.assert_close(variance, covariance.diagonal(), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(there.cross, covariance[:, 2:5], atol=1e-5, rtol=1e-5)
    assert process.marginals(X[:0])[0].shape == (0,)
    assert process.marginals(X.reshape(4, 5, 2))[0].shape == (4, 5)
    compared_rows = torch.unique(pairs)
    assert float(process.marginals(X[compared_rows])[0].mean()) == pytest.approx(0.0, abs=1e-3)


def test_the_ranking_is_learned_and_wrong_answers_are_tolerated() -> None:
    X, utility, pairs = compared(30, 2, 90)
    assert rank_correlation(fit_preferences(X, pairs), X, utility) > 0.95
    X, utility, pairs = compared(30, 2, 90, wrong=0.1)
    assert rank_correlation(fit_preferences(X, pairs), X, utility) > 0.85


def test_more_wrong_answers_make_the_utility_less_certain() -> None:
    spreads = []
    for wrong in (0.0, 0.3):
        X, _, pairs = compared(20, 2, 80, wrong=wrong)
        process = fit_preferences(X, pairs)
        mean, variance = process.marginals(X)
        spreads.append(float(mean.std() / variance.mean().sqrt()))
    assert spreads[1] < spreads[0]


def test_a_tie_brings_utilities_together() -> None:
    X = torch.tensor([[0.1], [0.5], [0.9]], dtype=torch.float64)
    apart = fit_preferences(X, torch.tensor([[0, 2], [0, 1]]))
    tied = fit_preferences(X, torch.tensor([[0, 2], [0, 1], [1, 0], [0, 1]]))
    difference = [float(process.marginals(X)[0][0] - process.marginals(X)[0][1]) for process in (apart, tied)]
    assert 0 < difference[1] < difference[0]


@settings(max_examples=4, deadline=None)
@given(order=st.permutations(range(15)), seed=st.integers(0, 5))
def test_the_order_of_comparisons_does_not_matter(order: list[int], seed: int) -> None:
    X, _, pairs = compared(8, 2, 15, seed=seed)
    first, second = fit_preferences(X, pairs), fit_preferences(X, pairs[torch.tensor(order)])
    torch.testing.assert_close(first.marginals(X)[0], second.marginals(X)[0], atol=2e-2, rtol=1e-2)


def test_swapped_answers_mirror_the_utility() -> None:
    X, _, pairs = compared(10, 2, 25)
    torch.testing.assert_close(
        fit_preferences(X, pairs).marginals(X)[0],
        -fit_preferences(X, pairs.flip(1)).marginals(X)[0],
        atol=2e-2,
        rtol=1e-2,
    )


def test_one_comparison_and_none() -> None:
    X = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    process = fit_preferences(X, torch.tensor([[1, 0]]))
    mean, variance = process.marginals(X)
    assert mean[1] > 0 > mean[0]
    assert bool((variance > 0).all())
    assert math.isfinite(process.prior_variance)
    with pytest.raises(ValueError, match="no comparisons"):
        fit_preferences(X, torch.zeros(0, 2, dtype=torch.long))
