from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from designer.errors import InvalidData
from designer.priors.baseline import BaselinePrior
from designer.priors.robust_conditioning import condition
from designer.space.encoding import FeatureColumn
from designer.surrogates.censored import site, with_sites
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process

COLUMN = FeatureColumn("x", "x", "numeric", "numeric")


def data_of(x: list[float], y: list[float], sides: list[int] | None = None) -> TaskData:
    censored = None if sides is None else torch.tensor(sides)[:, None]
    return TaskData(
        torch.tensor(x, dtype=torch.float64)[:, None],
        torch.tensor(y, dtype=torch.float64)[:, None],
        (COLUMN,),
        censored=censored,
    )


@given(
    st.floats(-3, 3), st.floats(0.01, 9), st.floats(-6, 6), st.sampled_from([-1.0, 1.0]), st.floats(1e-4, 2)
)  # fmt: skip
def test_one_site_gives_the_moments_of_the_exact_posterior(
    m: float, v: float, bound: float, sign: float, sigma2: float
) -> None:
    assume(abs(bound - m) < 6 * (v + sigma2) ** 0.5)  # the grid below holds the exact posterior
    found = site(np.array([m]), np.array([v]), np.array([bound]), np.array([sign]), sigma2)
    mean, variance = (float(part[0]) for part in found)
    assert variance > 0
    precision = 1 / v + 1 / variance
    f = np.linspace(m - 12 * v**0.5, m + 12 * v**0.5, 200_001)
    log_weights = norm.logpdf(f, m, v**0.5) + norm.logcdf(-sign * (bound - f) / sigma2**0.5)
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    exact = float(weights @ f)
    assert (m / v + mean / variance) / precision == pytest.approx(exact, abs=1e-3 * v**0.5)
    assert 1 / precision == pytest.approx(float(weights @ (f - exact) ** 2), rel=1e-2)


def test_the_posterior_agrees_with_sampling_from_the_exact_one() -> None:
    x = [0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0]
    y = [1.1, 0.9, 0.2, 0.0, 0.0, 0.0, 0.1, 0.5]
    sides = [0, 0, 0, -1, -1, -1, 0, 0]
    found = with_sites(data_of(x, y, sides))
    process = fit_gaussian_process(found)
    exact = [i for i, side in enumerate(sides) if side == 0]
    given_exact = fit_gaussian_process(data_of([x[i] for i in exact], [y[i] for i in exact]))
    given_exact = type(process)(
        given_exact.inputs, given_exact.values, process.kernel, process.hyperparameters, output=process.output
    )
    limits = torch.tensor([x[i] for i in range(8) if sides[i]])[:, None]
    mean, covariance = given_exact.joint_moments(limits)
    rng = np.random.default_rng(0)
    f = rng.multivariate_normal(mean.numpy(), covariance.numpy(), size=400_000)
    weights = norm.cdf(-f / process.noise_variance**0.5).prod(axis=1)
    weights /= weights.sum()
    expected = weights @ f
    deviations = np.sqrt(weights @ (f - expected) ** 2)
    own_mean, own_variance = process.marginals(limits)
    assert own_mean.numpy() == pytest.approx(expected, abs=0.15 * deviations.max())
    assert own_variance.sqrt().numpy() == pytest.approx(deviations, rel=0.2)


def test_a_limit_that_says_nothing_changes_nothing() -> None:
    x, y = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 0.4, 0.5, 0.3, 0.1, -0.2]
    grid = torch.linspace(0, 1, 11)[:, None]
    plain = fit_gaussian_process(data_of(x, y))
    more = with_sites(data_of([*x, 0.5], [*y, 50.0], [0] * 6 + [-1]))
    assert more.Yvar is not None
    process = type(plain)(
        more.X, more.Y[:, 0], plain.kernel, plain.hyperparameters, known_noise=more.Yvar[:, 0], output=plain.output
    )
    assert process.marginals(grid)[0].numpy() == pytest.approx(plain.marginals(grid)[0].numpy(), abs=1e-3)


def test_a_limit_moves_the_prediction_to_its_side_and_is_no_outlier() -> None:
    x = [0.0, 0.1, 0.3, 0.7, 0.9, 1.0]
    y = [1.0, 1.1, 0.9, 1.0, 1.2, 1.0]
    here = torch.tensor([[0.5]])
    before = float(condition(BaselinePrior(), data_of(x, y)).model.posterior(here).mean)
    for side, limit in ((-1, 0.2), (1, 2.0)):
        found = condition(BaselinePrior(), data_of([*x, 0.5], [*y, limit], [0] * 6 + [side]))
        after = float(found.model.posterior(here).mean)
        assert side * (after - before) > 0.1
        assert found.outliers == ()
    far = condition(BaselinePrior(), data_of([*x, 0.5], [*y, -1e6], [0] * 6 + [-1]))
    assert not [each for each in far.outliers if each.row == 6]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 14))
def test_sites_are_finite_and_do_not_depend_on_the_order(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=n), rng.normal(size=n) * 10.0 ** rng.integers(-8, 8)
    sides = rng.integers(-1, 2, size=n)
    order = rng.permutation(n)
    first = with_sites(data_of(x.tolist(), y.tolist(), sides.tolist()))
    second = with_sites(data_of(x[order].tolist(), y[order].tolist(), sides[order].tolist()))
    limited = sides != 0
    assert torch.isfinite(first.Y).all()
    if limited.any():
        assert first.Yvar is not None
        assert second.Yvar is not None
        assert (first.Yvar[torch.from_numpy(limited)] > 0).all()
        assert torch.isfinite(first.Yvar[torch.from_numpy(limited)]).all()
        assert torch.isnan(first.Yvar[torch.from_numpy(~limited)]).all()
        spread = float(first.Y.abs().max())
        assert second.Y.numpy() == pytest.approx(first.Y[torch.from_numpy(order)].numpy(), abs=1e-6 * spread)
    assert first.Y[torch.from_numpy(~limited)].numpy().ravel().tolist() == y[~limited].tolist()


def test_data_without_limits_are_returned_as_they_are() -> None:
    data = data_of([0.0, 1.0], [1.0, 2.0])
    assert with_sites(data) is data
    none = data_of([0.0, 1.0], [1.0, 2.0], [0, 0])
    assert with_sites(none) is none


def test_sides_of_another_shape_are_refused() -> None:
    with pytest.raises(InvalidData, match="censored is"):
        TaskData(torch.zeros(2, 1), torch.zeros(2, 1), (COLUMN,), censored=torch.zeros(1, 1))
