"""Where the hyperparameters of a new task begin: learned by letting past tasks play it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.priors.stacking.prior_scales import FLAT, SETS, learn_scales
from designer.priors.stacking.source_kernel import Inputs
from designer.surrogates.kernels import Hyperparameters


def tasks(count: int, seed: int) -> tuple[list[Inputs], list[torch.Tensor]]:
    """Return tasks whose values are a sum of their two sources and noise of a third of that."""
    generator = torch.Generator().manual_seed(seed)
    inputs, values = [], []
    for _ in range(count):
        M = torch.randn(sum(SETS), 2, generator=generator, dtype=torch.float64)
        own = torch.randn(sum(SETS), 4, generator=generator, dtype=torch.float64)
        noise = torch.randn(sum(SETS), generator=generator, dtype=torch.float64)
        inputs.append(Inputs(M, own))
        values.append(M.sum(1) / 2**0.5 + noise / 3)
    return inputs, values


def test_scales_follow_what_carries_past_tasks() -> None:
    found = learn_scales(*tasks(6, 0))
    linear, smooth, own, noise = np.exp(found.means[2:])
    assert linear > 5 * max(smooth, own)
    assert noise / linear == pytest.approx(1 / 9, rel=0.5)


def test_the_spread_is_that_of_values_drawn_from_the_prior() -> None:
    inputs, values = tasks(6, 1)
    found = learn_scales(inputs, values)
    hyper = Hyperparameters.from_log(found.means, 2)
    generator = torch.Generator().manual_seed(2)
    deviations = []
    for each in inputs:
        covariance = torch.from_numpy(each.kernel(0.0).matrix(each.features.numpy(), hyper)[0])
        covariance += hyper.noise * torch.eye(len(each))
        draws = torch.linalg.cholesky(covariance) @ torch.randn(
            len(each), 400, generator=generator, dtype=torch.float64
        )
        deviations.append(float(draws.var(dim=0).mean().sqrt()))
    assert found.spread == pytest.approx(np.mean(deviations), rel=0.1)


def test_without_past_tasks_the_scales_are_the_usual_ones() -> None:
    found = learn_scales([], [])
    assert found.means.tolist() == FLAT.means.tolist()
    assert found.spread == 1.0
