"""The Gaussian process against gpytorch's, against itself refitted, and in the situations of a lab."""

from __future__ import annotations

import time

import gpytorch
import numpy as np
import pytest
import torch
from botorch.acquisition import LogExpectedImprovement, qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.sampling import SobolQMCNormalSampler
from hypothesis import given
from hypothesis import strategies as st

from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.independent import IndependentModels
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel
from designer.surrogates.kernels import Hyperparameters
from designer.surrogates.outputs import OutputScale
from tests.surrogates.tables import mixed_features, mixed_task, numeric_columns, smooth

NAN = float("nan")


class Reference(gpytorch.models.ExactGP):
    """The same process in gpytorch: constant + scaled Matern-5/2 kernel, zero mean."""

    def __init__(
        self, X: torch.Tensor, z: torch.Tensor, noise: torch.Tensor, hyper: Hyperparameters, offset: float
    ) -> None:
        super().__init__(X, z, gpytorch.likelihoods.FixedNoiseGaussianLikelihood(noise))
        self.mean_module = gpytorch.means.ZeroMean()
        matern = gpytorch.kernels.ScaleKernel(gpytorch.kernels.MaternKernel(nu=2.5, ard_num_dims=X.shape[1]))
        constant = gpytorch.kernels.ConstantKernel()
        self.covar_module = matern + constant
        self.double()  # before the values are set, which single precision would round
        matern.base_kernel.lengthscale = torch.from_numpy(hyper.lengthscales)
        matern.outputscale = torch.tensor(hyper.variances[0])
        constant.constant = torch.tensor(offset, dtype=torch.float64)

    def forward(self, X: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        return gpytorch.distributions.MultivariateNormal(self.mean_module(X), self.covar_module(X))


def pair(n: int = 12, known: bool = True) -> tuple[GaussianProcess, Reference]:
    rng = np.random.default_rng(4)
    X = torch.from_numpy(rng.random((n, 3)))
    y = 40.0 + 5.0 * smooth(X)
    output = OutputScale.of(y.numpy())
    kernel = build_kernel(numeric_columns(3), GaussianProcessSettings(offset=1.3, main_effects="none"))
    hyper = Hyperparameters(np.array([0.4, 1.1, 2.0]), np.array([1.7]), 0.02)
    known_noise = torch.full((n,), NAN, dtype=torch.float64)
    if known:
        known_noise[::2] = 0.5
    standard = torch.where(known_noise.isnan(), 0.02, known_noise / output.scale**2)
    model = GaussianProcess(X, y, kernel, hyper, known_noise=known_noise, output=output)
    reference = Reference(X, (y - output.centre) / output.scale, standard, hyper, 1.3)
    return model, reference.eval()


@pytest.mark.parametrize("known", [False, True])
def test_posterior_and_evidence_equal_those_of_gpytorch(known: bool) -> None:
    model, reference = pair(known=known)
    X = torch.rand(4, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    scale = model.output.scale
    with torch.no_grad(), gpytorch.settings.fast_computations(False, False, False):
        expected = [reference(batch) for batch in X]
        posterior = model.posterior(X)
        for i, normal in enumerate(expected):
            torch.testing.assert_close(
                (posterior.mean[i, :, 0] - model.output.centre) / scale, normal.mean, atol=1e-8, rtol=0
            )
            torch.testing.assert_close(
                posterior.distribution.covariance_matrix[i] / scale**2, normal.covariance_matrix, atol=1e-8, rtol=0
            )
        reference.train()
        likelihood = reference.likelihood(reference(reference.train_inputs[0])).log_prob(reference.train_targets)
    n = len(model.values)
    assert model.log_evidence() + n * np.log(scale) == pytest.approx(float(likelihood), abs=1e-8)


def test_marginals_equal_the_joint_diagonal() -> None:
    model, _ = pair()
    X = torch.rand(500, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    mean, variance = model.marginals(X)
    joint = model.posterior(X)
    torch.testing.assert_close(mean, joint.mean[:, 0], atol=1e-9, rtol=0)
    torch.testing.assert_close(variance, joint.variance[:, 0], atol=1e-6, rtol=1e-6)
    single = model.posterior(X[:, None, :])
    torch.testing.assert_close(single.mean[:, 0, 0], mean)
    torch.testing.assert_close(single.variance[:, 0, 0], variance)


def test_the_posterior_is_differentiable_in_the_design() -> None:
    model, _ = pair()
    X = torch.rand(2, 3, 3, dtype=torch.float64, requires_grad=True)

    def moments(x: torch.Tensor) -> torch.Tensor:
        posterior = model.posterior(x)
        return torch.cat([posterior.mean.flatten(), posterior.variance.flatten()])

    assert torch.autograd.gradcheck(moments, (X,), atol=1e-4)
    single = torch.rand(3, 1, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(moments, (single,), atol=1e-4)


def test_noise_is_added_on_demand() -> None:
    model, _ = pair()
    X = torch.rand(5, 2, 3, dtype=torch.float64)
    plain, noisy = model.posterior(X), model.posterior(X, observation_noise=True)
    torch.testing.assert_close(noisy.variance - plain.variance, torch.full_like(plain.variance, model.noise_variance))
    given_noise = torch.full((2, 1), 3.0, dtype=torch.float64)
    torch.testing.assert_close(model.posterior(X, observation_noise=given_noise).variance, plain.variance + 3.0)


def test_leave_one_out_equals_refitting_without_each() -> None:
    model, _ = pair()
    loo = model.held_out()
    n = len(model.values)
    for i in range(n):
        rest = [j for j in range(n) if j != i]
        without = GaussianProcess(
            model.inputs[rest],
            model.values[rest],
            model.kernel,
            model.hyperparameters,
            known_noise=model.known_noise[rest],
            output=model.output,
        )
        mean, variance = (float(part[0]) for part in without.marginals(model.inputs[[i]]))
        known = float(model.known_noise[i])
        variance += model.noise_variance if np.isnan(known) else known
        assert loo.means[i] == pytest.approx(mean, rel=1e-7)
        assert loo.variances[i] == pytest.approx(variance, rel=1e-6)
        density = -0.5 * (np.log(2 * np.pi * variance) + (float(model.values[i]) - mean) ** 2 / variance)
        assert loo.log_densities[i] == pytest.approx(density, rel=1e-5)


def test_conditioning_equals_refitting_with_more() -> None:
    model, _ = pair()
    X = torch.rand(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    Y = torch.tensor([[41.0], [39.0], [44.0]], dtype=torch.float64)
    noise = torch.tensor([[0.1], [NAN], [0.2]], dtype=torch.float64)
    conditioned = model.condition_on_observations(X, Y, noise=noise)
    whole = GaussianProcess(
        torch.cat([model.inputs, X]),
        torch.cat([model.values, Y[:, 0]]),
        model.kernel,
        model.hyperparameters,
        known_noise=torch.cat([model.known_noise, noise[:, 0]]),
        output=model.output,
    )
    new = torch.rand(20, 3, dtype=torch.float64)
    for ours, theirs in zip(conditioned.marginals(new), whole.marginals(new), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-8, rtol=1e-8)
    twice = conditioned.condition_on_observations(X[:1], Y[:1])
    assert len(twice.values) == len(model.values) + 4


def test_pending_designs_keep_means_and_lower_variances() -> None:
    model = fit_gaussian_process(mixed_task(15))
    X, new = mixed_features(3, 8), mixed_features(30, 9)
    conditioned = model.condition_on_observations(X)
    before, after = model.marginals(new), conditioned.marginals(new)
    torch.testing.assert_close(after[0], before[0], atol=1e-8, rtol=0)
    assert bool((after[1] <= before[1] + 1e-12).all())
    assert bool((conditioned.marginals(X)[1] < 0.7 * model.marginals(X)[1]).all())


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_measurements(n: int) -> None:
    task = mixed_task(max(n, 1))
    model = fit_gaussian_process(TaskData(X=task.X[:n], Y=task.Y[:n], columns=task.columns))
    posterior = model.posterior(mixed_features(6, 1))
    assert torch.isfinite(posterior.mean).all()
    assert bool((posterior.variance > 0).all())
    assert posterior.rsample(torch.Size([4])).shape == (4, 6, 1)
    assert len(model.held_out().means) == n


def test_without_measurements_it_is_the_prior() -> None:
    model = fit_gaussian_process(TaskData(X=torch.zeros(0, 3), Y=torch.zeros(0, 1), columns=numeric_columns(3)))
    mean, variance = model.marginals(torch.rand(10, 3, dtype=torch.float64))
    assert bool((mean == 0).all())
    assert variance.tolist() == pytest.approx([model.kernel.prior_variance(model.hyperparameters)] * 10)


@pytest.mark.parametrize("value", [0.0, 5.0, -1e12, 1e-12])
def test_constant_outputs(value: float) -> None:
    task = mixed_task(8)
    model = fit_gaussian_process(TaskData(X=task.X, Y=torch.full((8, 1), value), columns=task.columns))
    mean, variance = model.marginals(mixed_features(5, 2))
    assert mean.tolist() == pytest.approx([value] * 5)
    assert bool(torch.isfinite(variance).all())


@given(
    repeats=st.lists(st.integers(0, 4), min_size=5, max_size=25),
    shift=st.sampled_from([0.0, 1e-12, 1e-8, 1e-5]),
    known=st.booleans(),
)
def test_repeats_and_near_repeats_never_fail(repeats: list[int], shift: float, known: bool) -> None:
    X = mixed_features(5, 0)[repeats]
    X = X + shift * torch.from_numpy(np.random.default_rng(0).standard_normal(X.shape))
    Yvar = torch.zeros(len(X), 1) if known else None
    task = mixed_task(5)
    data = TaskData(X=X, Y=smooth(X)[:, None], columns=task.columns, Yvar=Yvar)
    model = fit_gaussian_process(data)
    posterior = model.posterior(X)
    assert bool(torch.isfinite(posterior.mean).all())
    assert bool(torch.isfinite(posterior.rsample(torch.Size([2]))).all())


def test_replicates_sharpen_the_mean() -> None:
    rng = np.random.default_rng(3)
    X = torch.linspace(0, 1, 6, dtype=torch.float64)[:, None]
    once = TaskData(X=X, Y=smooth(torch.cat([X, X], 1))[:, None], columns=numeric_columns(1))
    many = X.repeat(8, 1)
    noisy = smooth(torch.cat([many, many], 1)) + 0.3 * torch.from_numpy(rng.standard_normal(48))
    model = fit_gaussian_process(TaskData(X=many, Y=noisy[:, None], columns=numeric_columns(1)))
    assert model.noise_variance == pytest.approx(0.09, rel=0.6)
    error = (model.marginals(X)[0] - once.Y[:, 0]).abs()
    assert float(error.mean()) < 0.15
    assert float(model.marginals(X)[1].mean()) < model.noise_variance / 3


def test_given_noise_weights_measurements() -> None:
    X = torch.tensor([[0.5], [0.5], [0.0], [1.0]], dtype=torch.float64)
    Y = torch.tensor([[1.0], [3.0], [0.0], [0.0]], dtype=torch.float64)
    columns = numeric_columns(1)
    first = TaskData(X=X, Y=Y, columns=columns, Yvar=torch.tensor([[1e-4], [1.0], [1e-4], [1e-4]]))
    second = TaskData(X=X, Y=Y, columns=columns, Yvar=torch.tensor([[1.0], [1e-4], [1e-4], [1e-4]]))
    middle = torch.tensor([[0.5]], dtype=torch.float64)
    assert float(fit_gaussian_process(first).marginals(middle)[0]) == pytest.approx(1.0, abs=0.05)
    assert float(fit_gaussian_process(second).marginals(middle)[0]) == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (1e9, -3e9), (-1.0, 0.0), (2.0, 1e4)])
def test_predictions_follow_units(scale: float, shift: float) -> None:
    task, new = mixed_task(20), mixed_features(40, 5)
    mean, variance = fit_gaussian_process(task).marginals(new)
    other = TaskData(X=task.X, Y=scale * task.Y + shift, columns=task.columns)
    scaled_mean, scaled_variance = fit_gaussian_process(other).marginals(new)
    size = abs(scale) * float(mean.std())
    torch.testing.assert_close(scaled_mean, scale * mean + shift, atol=1e-3 * size, rtol=0)
    torch.testing.assert_close(scaled_variance, scale**2 * variance, rtol=1e-2, atol=0)


def test_it_learns() -> None:
    model = fit_gaussian_process(mixed_task(60, noise=0.02))
    new = mixed_features(200, 11)
    mean, variance = model.marginals(new)
    error = mean - smooth(new)
    assert float(error.square().mean()) < 0.02 * float(smooth(new).var())
    assert float((error.square() / (variance + 1e-4)).mean()) < 4.0


def test_output_subsets() -> None:
    model, _ = pair()
    assert model.subset_output([0]) is model
    with pytest.raises(ValueError, match="one output"):
        model.subset_output([1])


def test_botorch_acquisition_functions_work_on_it() -> None:
    task = mixed_task(15)
    model = fit_gaussian_process(task)
    X = mixed_features(6, 3)
    pending = mixed_features(2, 4)
    sampler = SobolQMCNormalSampler(torch.Size([64]), seed=0)
    analytic = LogExpectedImprovement(model, best_f=task.Y.max())(X[:, None, :])
    noisy = qLogNoisyExpectedImprovement(
        model, X_baseline=task.X, sampler=sampler, X_pending=pending, prune_baseline=True, cache_root=False
    )
    batch = X.reshape(3, 2, -1).clone().requires_grad_()
    value = noisy(batch)
    value.sum().backward()
    assert analytic.shape == (6,)
    assert value.shape == (3,)
    assert batch.grad is not None
    assert bool(torch.isfinite(batch.grad).all())
    assert bool((batch.grad != 0).any())


def test_hypervolume_improvement_works_on_a_list_of_them() -> None:
    task = mixed_task(15)
    Y = torch.cat([task.Y, -task.Y + 0.1 * task.X[:, :1]], dim=1)
    data = TaskData(X=task.X, Y=Y, columns=task.columns)
    model = IndependentModels(*(fit_gaussian_process(data.target(i)) for i in range(2)))
    acquisition = qLogNoisyExpectedHypervolumeImprovement(
        model,
        ref_point=Y.min(0).values.tolist(),
        X_baseline=task.X,
        sampler=SobolQMCNormalSampler(torch.Size([32]), seed=0),
        X_pending=mixed_features(1, 6),
        prune_baseline=False,
        cache_root=False,
    )
    X = mixed_features(4, 7).reshape(2, 2, -1).requires_grad_()
    value = acquisition(X)
    value.sum().backward()
    assert value.shape == (2,)
    assert X.grad is not None
    assert bool(torch.isfinite(X.grad).all())


def test_a_million_designs_are_quick() -> None:
    rng = np.random.default_rng(0)
    X = torch.from_numpy(rng.random((30, 8)))
    model = fit_gaussian_process(TaskData(X=X, Y=smooth(X)[:, None], columns=numeric_columns(8)))
    pool = torch.from_numpy(rng.random((1_000_000, 1, 8)))
    begun = time.thread_time()
    posterior = model.posterior(pool)
    assert posterior.mean.shape == posterior.variance.shape == (1_000_000, 1, 1)
    assert time.thread_time() - begun < 6.0  # about 1 s on an idle machine


def test_hundreds_of_measurements_are_workable() -> None:
    task = mixed_task(500)
    begun = time.thread_time()
    model = fit_gaussian_process(task)
    assert time.thread_time() - begun < 15.0  # about 1 s on an idle machine
    assert model.noise_variance == pytest.approx(0.05**2, rel=0.3)


def test_one_gross_slip_does_not_hide_what_the_others_say() -> None:
    x = torch.linspace(0, 1, 15, dtype=torch.float64)[:, None]
    y = 5.0 + x[:, 0]
    y[7] = -1e12
    model = fit_gaussian_process(TaskData(x, y[:, None], columns=numeric_columns(1)))
    ends = model.posterior(torch.tensor([[0.05], [0.95]], dtype=torch.float64)).mean[:, 0]
    assert 4.0 < float(ends[0]) < float(ends[1]) < 7.0
