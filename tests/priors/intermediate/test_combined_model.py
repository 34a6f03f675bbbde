"""A model of past tasks given observations: moments, covariances, gradients and further measurements."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.priors.baseline import baseline_model
from designer.priors.informed import fit_informed
from designer.priors.intermediate.combined_model import CombinedModel, combined, wider
from designer.surrogates.normal import normal_of
from tests.priors.intermediate.test_regression import informed_by, task

VARIANCE = st.floats(1e-3, 1e3)


def rising(X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the prior mean that past tasks give, and no further features."""
    return X.sum(-1), X[..., :0]


def example(seed: int = 1) -> tuple[CombinedModel, Any, Any, Any, torch.Tensor]:
    """Return the model, the one of past tasks, the posteriors with and without observations, and designs."""
    observed = task(seed)
    past, (informed,) = fit_informed(observed.one, rising, ()), informed_by(observed)
    return (
        CombinedModel(past, informed.model, informed.without),
        past,
        informed.model,
        *informed.without,
        observed.X_new,
    )


def test_moments_are_those_of_the_product_of_the_densities() -> None:
    """Beside one over the designs themselves: N(m_z, s_z^2) N(m, s^2) / N(m_0, s_0^2) on a grid."""
    model, given_z, without = (0.3, 0.5), (1.0, 0.4), (0.1, 0.8)
    grid = torch.linspace(-8, 8, 20001, dtype=torch.float64)
    one, two, three = (
        torch.distributions.Normal(mean, variance**0.5).log_prob(grid) for mean, variance in (model, given_z, without)
    )
    density = (one + two - three).exp()
    density = density / density.sum()
    mean = (density * grid).sum()
    expected = mean, (density * (grid - mean).square()).sum()
    moments = [tuple(torch.tensor([each], dtype=torch.float64) for each in pair) for pair in (model, given_z, without)]
    for found, value in zip(combined(*moments), expected, strict=True):  # type: ignore[arg-type]
        assert float(found) == pytest.approx(float(value), rel=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.floats(-5, 5), VARIANCE, st.floats(-5, 5), VARIANCE)
def test_uninformative_observations_change_no_model_that_knows_more(
    mean: float, variance: float, own: float, wide: float
) -> None:
    number = [torch.tensor([each], dtype=torch.float64) for each in (mean, min(variance, wide), own, wide)]
    found = combined((number[0], number[1]), (number[2], number[3]), (number[2], number[3]))
    torch.testing.assert_close(found[1], number[1])
    torch.testing.assert_close(found[0], number[0], rtol=1e-9, atol=1e-9)


def test_a_model_of_the_same_results_becomes_the_posterior_with_observations() -> None:
    _, _, given_z, without, X = example()
    found = CombinedModel(without, given_z, (without,)).marginals(X)
    for own, expected in zip(found, given_z.marginals(X), strict=True):
        torch.testing.assert_close(own, expected)


def test_of_several_models_without_observations_the_widest_counts() -> None:
    model, past, given_z, without, X = example()
    far = fit_informed(task(1).one.first(2), rising, ())
    both = CombinedModel(past, given_z, (without, far)).marginals(X)
    expected = combined(past.marginals(X), given_z.marginals(X), wider(without.marginals(X), far.marginals(X)))
    for found, value in zip(both, expected, strict=True):
        torch.testing.assert_close(found, value)
    assert not torch.equal(both[0], model.marginals(X)[0])


def test_joint_moments_marginals_and_cross_moments_agree() -> None:
    model, past, *_, X = example()
    Z = torch.rand(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    both = torch.cat([X[:4], Z])
    normal = normal_of(model.posterior(both))
    mean, variance, cross = model.cross_moments(X[:4], Z)
    torch.testing.assert_close(mean, normal.mean[:4], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(variance, normal.variance[:4], rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(cross, normal.covariance_matrix[:4, 4:], rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(model.marginals(both)[0], normal.mean, rtol=1e-5, atol=1e-6)
    assert float(torch.linalg.eigvalsh(normal.covariance_matrix).min()) > -1e-8
    noisy = normal_of(model.posterior(both, observation_noise=True)).variance
    torch.testing.assert_close(noisy - normal.variance, torch.full_like(noisy, past.noise_variance))
    assert model.noise_variance == past.noise_variance


def test_gradients_are_those_of_finite_differences() -> None:
    model, *_, X = example()
    x = (X[0] + 0.01).requires_grad_()
    for part in (lambda at: model.posterior(at).mean.sum(), lambda at: model.posterior(at).variance.sum()):
        (gradient,) = torch.autograd.grad(part(x[None]), x)
        for i in range(3):
            step = torch.zeros(3, dtype=torch.float64)
            step[i] = 1e-5
            with torch.no_grad():
                change = float(part((x + step)[None]) - part((x - step)[None])) / 2e-5
            assert float(gradient[i]) == pytest.approx(change, rel=2e-3, abs=1e-4)


def test_it_takes_measurements() -> None:
    model, *_, X = example()
    new = X[:1] + 0.02
    mean, variance = model.marginals(new)
    pending = model.condition_on_observations(new)
    torch.testing.assert_close(pending.marginals(X)[0], model.marginals(X)[0], rtol=1e-6, atol=1e-6)
    assert float(pending.marginals(new)[1]) < float(variance)
    higher = model.condition_on_observations(new, mean[:, None] + 1.0)
    assert float(higher.marginals(new)[0]) > float(mean)


def test_the_unit_of_the_target_does_not_matter() -> None:
    first, second = (task(1) for _ in range(2))
    object.__setattr__(
        second, "one", second.one.__class__(second.one.X, 100.0 * second.one.Y + 7.0, columns=second.one.columns)
    )
    found = []
    for observed in (first, second):
        (informed,) = informed_by(observed)
        own = baseline_model(observed.one)
        found.append(CombinedModel(own, informed.model, informed.without).marginals(observed.X_new))
    torch.testing.assert_close(found[1][0], 100.0 * found[0][0] + 7.0, rtol=1e-3, atol=1e-2)
    torch.testing.assert_close(found[1][1], 1e4 * found[0][1], rtol=1e-2, atol=1e-2)
