"""Fantasies: their moments, and the posterior given each of them against a model that is really conditioned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from designer.acquisition.fantasies import Draws, Fantasies, winners
from designer.acquisition.moments import moments
from designer.surrogates.model_mixture import Mixture

from .worlds import botorch_model, gaussian_process, measured, tensor


def models() -> Any:
    X, Y = measured(n=12)
    own, peer = gaussian_process(X, Y[:, 0]), botorch_model(X, Y)
    return {"own": own, "botorch": peer, "mixture": Mixture([own, gaussian_process(X[:4], Y[:4, 0])], [0.3, 0.7])}


@pytest.mark.parametrize("name", ["own", "botorch", "mixture"])
def test_moments_are_those_of_the_joint_posterior(name: str) -> None:
    model = models()[name]
    rng = np.random.default_rng(1)
    X, Z = tensor(rng.uniform(0, 1, (7, 2))), tensor(rng.uniform(0, 1, (3, 2)))
    found = moments(model, X, Z)
    whole = model.posterior(torch.cat([X, Z]))
    covariance = whole.distribution.covariance_matrix.detach()
    np.testing.assert_allclose(found.mean, whole.mean[:7, 0].detach(), atol=1e-6)
    np.testing.assert_allclose(found.variance, covariance.diagonal()[:7], atol=1e-6)
    np.testing.assert_allclose(found.cross, covariance[:7, 7:], atol=1e-6)
    alone = moments(model, X, X[:0])
    np.testing.assert_allclose(alone.mean, found.mean, atol=1e-6)
    np.testing.assert_allclose(alone.variance, found.variance, atol=1e-6)
    assert alone.cross.shape == (7, 0)


def test_moments_with_gradients_equal_those_without() -> None:
    model = models()["own"]
    X, Z = tensor(np.random.default_rng(1).uniform(0, 1, (5, 2))), tensor([[0.2, 0.4]])
    plain, graded = moments(model, X, Z), moments(model, X.clone().requires_grad_(), Z)
    for name in ("mean", "variance", "cross"):
        np.testing.assert_allclose(getattr(graded, name).detach(), getattr(plain, name), atol=1e-6)


def test_posterior_given_a_draw_is_that_of_the_conditioned_model() -> None:
    model = models()["own"]
    Z, X = tensor([[0.1, 0.9], [0.6, 0.3]]), tensor([[0.2, 0.7], [0.9, 0.9]])
    fantasies = Fantasies(model, Z, Draws(4, 0))
    mean, deviation = fantasies.conditional(X)
    for draw in range(4):
        known = torch.full((2, 1), 1e-9, dtype=torch.float64)
        conditioned = model.condition_on_observations(Z, fantasies.values[draw][:, None], noise=known)
        expected_mean, expected_variance = conditioned.marginals(X)
        np.testing.assert_allclose(mean[:, draw], expected_mean, atol=1e-4)
        np.testing.assert_allclose(deviation[:, 0], expected_variance.sqrt(), atol=1e-4)


def test_draws_have_the_moments_of_the_posterior() -> None:
    model = models()["botorch"]
    Z = tensor([[0.1, 0.9], [0.15, 0.85], [0.6, 0.3]])
    draws = Fantasies(model, Z, Draws(4096, 3)).values
    posterior = model.posterior(Z)
    np.testing.assert_allclose(draws.mean(0), posterior.mean[:, 0].detach(), atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T), posterior.distribution.covariance_matrix.detach(), atol=0.02)


def test_mirrored_draws_lie_on_the_other_side_of_the_mean() -> None:
    model, Z = models()["own"], tensor([[0.1, 0.9], [0.6, 0.3]])
    up, down = (Fantasies(model, Z, Draws(8, 0), sign) for sign in (1, -1))
    np.testing.assert_allclose(up.values - up.mean, -(down.values - down.mean), atol=1e-12)


def test_designs_that_are_known_need_one_draw() -> None:
    X, Y = measured()
    assert len(Fantasies(botorch_model(X, Y, 1e-6), tensor(X), Draws(32, 0)).values) == 1
    assert len(Fantasies(botorch_model(X, Y, 1e-1), tensor(X), Draws(32, 0)).values) == 32


def test_a_design_that_stands_twice_can_be_fantasised() -> None:
    model = models()["own"]
    Z = tensor([[0.3, 0.3], [0.3, 0.3]])
    values = Fantasies(model, Z, Draws(16, 0)).values
    np.testing.assert_allclose(values[:, 0], values[:, 1], atol=0.05)


def test_earlier_columns_of_draws_stay_when_more_designs_are_fantasised() -> None:
    assert torch.equal(Draws(8, 1).normal(3), Draws(8, 1).normal(5)[:, :3])
    assert not torch.equal(Draws(8, 1).normal(3), Draws(8, 2).normal(3))


def test_winners_are_the_designs_that_are_best_in_some_draw() -> None:
    utilities = tensor([[3, 1, 0, 2], [3, 1, 0, 4], [3, 1, 0, 2]])
    assert winners(utilities, 10).tolist() == [0, 3]
    assert winners(utilities, 1).tolist() == [0]
