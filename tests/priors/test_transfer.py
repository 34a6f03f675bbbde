"""Transfer of Gaussian processes: what is learned of past tasks, and what a new task's posterior is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from designer.objective import Target
from designer.priors.auto import MIN_BASELINE_WEIGHT, SAFEGUARDS, AutoPrior, Guard, expert_weights
from designer.priors.baseline import baseline_model
from designer.priors.conditioning import OPPOSITE_SIGN_GP, is_informed
from designer.priors.informed import InformedModel, KernelTerm, fit_informed, zero_mean
from designer.priors.interleaving import InterleavedMixture
from designer.priors.source_models import MAX_CACHED, PredictionCache, SourceModel, fit_source, predictions
from designer.priors.sources import gather
from designer.priors.transfer import FittedTransfer, SourceMean, TransferPrior, episode_of, spread
from designer.space import DesignSpace
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.model_mixture import Mixture
from designer.tasks import Task
from tests.surrogates.tables import mixed_features

SPACE = DesignSpace(
    parameters=[
        {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900]},
        {"name": "t", "kind": "numeric", "unit": "min", "bounds": [1, 100], "scale": "log"},
    ]
)
TARGET = Target(name="y", unit="MPa", goal="maximize")
QUANTITY = (Quantity("y", "MPa"),)
Response = Callable[[np.ndarray], np.ndarray]


def hill(top: float, height: float = 100.0) -> Response:
    return lambda X: height * np.exp(-((X[:, 0] - top) ** 2) / 0.1 - (X[:, 1] - 0.5) ** 2)


def wave(direction: np.ndarray) -> Response:
    return lambda X: np.sin(X @ direction + 3 * direction[0])


def features(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    coordinates = SPACE.sample(n, np.random.default_rng(seed))
    return SPACE.frame(coordinates), SPACE.encoder.encode(coordinates)


def task(name: str, response: Response, seed: int, n: int = 30) -> Task:
    frame, X = features(n, seed)
    return Task(space=SPACE, targets=[TARGET], data=frame.assign(y=response(X)), name=name)


def similar(count: int = 4) -> list[Task]:
    return [task(f"past {i}", hill(0.5 + 0.05 * i, 80 + 10 * i), seed=i) for i in range(count)]


def data_of(response: Response, n: int, seed: int = 50) -> TaskData:
    _, X = features(n, seed)
    Y = torch.as_tensor(response(X))[:, None]
    return TaskData(torch.as_tensor(X), Y, SPACE.encoder.columns, quantities=QUANTITY)


@pytest.fixture(scope="module")
def prior() -> FittedTransfer:
    return TransferPrior().fit(similar())


def shuffled(tasks: Sequence[Task]) -> list[Task]:
    rng = np.random.default_rng(3)
    return [replace(each, data=each.data.assign(y=rng.permutation(each.data["y"]))) for each in tasks]


class TestSources:
    def test_a_source_is_its_gaussian_process_standardised(self) -> None:
        common, (source, *_) = gather(similar())
        model = fit_source(source, common)
        expected = model.process.marginals(source.X[:, model.columns])[0]
        torch.testing.assert_close(model.mean(source.X), expected)
        assert float(expected.mean()) == pytest.approx(0, abs=0.05)

    def test_leave_one_out_r2_is_that_of_refits(self) -> None:
        common, (source, *_) = gather(similar())
        model = fit_source(source, common)
        process = model.process
        errors = []
        for i in range(len(source)):
            kept = torch.arange(len(source)) != i
            rest = GaussianProcess(
                process.inputs[kept],
                process.values[kept],
                process.kernel,
                process.hyperparameters,
                output=process.output,
            )
            errors.append(float(process.values[i] - rest.marginals(process.inputs[i : i + 1])[0]))
        z = process.values.numpy()
        assert model.self_prediction() == pytest.approx(1 - np.sum(np.square(errors)) / np.sum((z - z.mean()) ** 2))

    def test_what_they_expect_is_computed_once_for_the_same_designs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        common, sources = gather(similar())
        models = [fit_source(source, common) for source in sources]
        computed = []
        monkeypatch.setattr(SourceModel, "mean", lambda model, X: computed.append(model) or X.sum(-1))  # type: ignore[func-returns-value]
        remembered = PredictionCache()
        X = sources[0].X
        first = remembered(models, X)
        assert torch.equal(remembered(models, X.clone()), first)
        assert len(computed) == len(models)
        remembered(models, X + 1)
        remembered(models[:2], X)
        assert len(computed) == 2 * len(models) + 2
        for i in range(MAX_CACHED):
            remembered(models, X + 2 + i)
        remembered(models, X)
        assert len(computed) == (3 + MAX_CACHED) * len(models) + 2
        assert remembered(models, X.clone().requires_grad_()).requires_grad

    def test_columns_that_never_change_are_left_out(self) -> None:
        frame, X = features(20, 1)
        flat = Task(space=SPACE, targets=[TARGET], data=frame.assign(t=10.0, y=hill(0.5)(X)), name="flat")
        common, sources = gather([flat, *similar(1)])
        assert [len(fit_source(source, common).columns) for source in sources] == [1, 2]


class TestTrust:
    def test_tasks_that_predict_each_other_are_trusted(self, prior: FittedTransfer) -> None:
        hyperpriors = prior.hyperpriors(prior.models)
        assert hyperpriors.usable
        assert 0.5 < hyperpriors.slope < 1.3
        assert hyperpriors.variance < 0.7

    def test_shuffled_tasks_are_not(self) -> None:
        assert not TransferPrior().fit(shuffled(similar(6))).informed(data_of(hill(0.6), 5))

    def test_tasks_that_go_their_own_ways_are_not(self) -> None:
        directions = 6 * np.random.default_rng(0).normal(size=(6, 2))
        own = [task(f"past {i}", wave(direction), seed=i) for i, direction in enumerate(directions)]
        fitted = TransferPrior().fit(own)
        assert len(fitted.models) == 6
        assert not fitted.hyperpriors(fitted.models).usable
        data = data_of(hill(0.6), 5)
        posterior, plain = fitted.condition(data), baseline_model(data.target(0))
        assert isinstance(posterior, GaussianProcess)
        X = torch.rand(9, 2, dtype=torch.float64)
        assert torch.equal(posterior.marginals(X)[0], plain.marginals(X)[0])

    def test_an_episode_is_a_source_as_the_others_see_it(self, prior: FittedTransfer) -> None:
        episode = episode_of(1, prior.models, prior.common, 10)
        others = [model for i, model in enumerate(prior.models) if i != 1]
        mean, deviations = spread(predictions(others, prior.models[1].source.X[:10]))
        np.testing.assert_allclose(episode.mean, mean)
        np.testing.assert_allclose(episode.features[:, -3:], deviations)
        slope = np.polyfit(episode.mean, episode.z, 1)[0]
        assert episode.slope == pytest.approx(slope)


class TestPosterior:
    def test_before_any_measurement_it_expects_what_the_sources_do(self, prior: FittedTransfer) -> None:
        model = prior.informed(data_of(hill(0.6), 0))[0]
        X = torch.tensor([[0.58, 0.5], [0.0, 0.0]], dtype=torch.float64)
        mean, variance = model.marginals(X)
        assert mean[0] > mean[1] + 20
        assert (variance > 0).all()

    def test_it_is_the_bayesian_linear_model_of_its_formula(self, prior: FittedTransfer) -> None:
        """Explicit covariance of f at the measured designs and elsewhere, against the model's own algebra."""
        data = data_of(hill(0.6), 8)
        model = prior.informed(data)[0]
        assert isinstance(model.prior_mean, SourceMean)
        process, output = model.process, model.process.output
        X, Z = model.inputs, torch.as_tensor(features(5, 9)[1])
        mean_x, phi_x = model.prior_mean(X)
        mean_z, phi_z = model.prior_mean(Z)
        hyper, kernel = process.hyperparameters, process.kernel
        own = replace(kernel, linear=(), weights=kernel.weights[:2], terms=tuple(
            replace(term, groups=term.groups[:2]) for term in kernel.terms
        ))  # fmt: skip

        def covariance(A: torch.Tensor, a: torch.Tensor, B: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            slope, deviations = (hyper.variances[term.variance] for term in kernel.linear)
            linear = slope * a[:, :1] @ b[:, :1].T + deviations * a[:, 1:] @ b[:, 1:].T
            return own.evaluate(A, B, hyper) + linear

        K = covariance(X, phi_x, X, phi_x) + hyper.noise * torch.eye(len(X), dtype=torch.float64)
        k = covariance(Z, phi_z, X, phi_x)
        y = process.values + output.scale * mean_x
        z = (y - output.centre) / output.scale - mean_x
        expected = output.centre + output.scale * (mean_z + k @ torch.linalg.solve(K, z))
        torch.testing.assert_close(model.marginals(Z)[0], expected, rtol=1e-6, atol=1e-6)

    def test_a_task_that_runs_against_its_sources_turns_the_weights(self, prior: FittedTransfer) -> None:
        posterior = prior.condition(data_of(lambda X: -hill(0.55)(X), 8))
        assert isinstance(posterior, Mixture)
        (_, _), (against, _) = posterior.components
        assert against > 5 * OPPOSITE_SIGN_GP
        X = features(40, 8)[1]
        assert np.corrcoef(posterior.marginals(torch.as_tensor(X))[0], hill(0.55)(X))[0, 1] < -0.9

    def test_the_leaning_is_on_the_nearest_task(self) -> None:
        tasks = [task(f"past {i}", hill(0.35 + 0.09 * i), seed=i) for i in range(4)]
        fitted = TransferPrior().fit(tasks)
        data = data_of(hill(0.62), 15)
        model = fitted.informed(data.target(0))
        shares = dict(fitted.source_weights(data.target(0), model[0]))
        assert sum(shares.values()) == pytest.approx(1)
        assert max(shares, key=lambda name: shares[name]) == "past 3"

    def test_more_rows_of_the_sources_than_are_used_cost_nothing(self) -> None:
        _, sources = gather([task("long", hill(0.5), seed=0, n=500)])
        assert len(sources[0]) == 200


class TestInformed:
    def test_without_knowledge_it_is_the_plain_process(self) -> None:
        data = data_of(hill(0.6), 12)
        model, plain = fit_informed(data, zero_mean, ()), fit_gaussian_process(data)
        X = torch.rand(20, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(model.marginals(X)[0], plain.marginals(X)[0], rtol=1e-3, atol=0.5)

    def test_a_mean_that_is_right_leaves_nothing_to_learn(self) -> None:
        data = data_of(hill(0.6), 6)

        def right(X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            known = torch.as_tensor(hill(0.6)(X.detach().reshape(-1, 2).numpy())).reshape(X.shape[:-1])
            scale = float(data.Y.std())
            return (known - data.Y.mean()) / scale, X.new_zeros(*X.shape[:-1], 0)

        X = torch.as_tensor(features(30, 8)[1])
        mean, _ = fit_informed(data, right, ()).marginals(X)
        np.testing.assert_allclose(mean, hill(0.6)(X.numpy()), atol=0.5)

    def test_further_features_in_a_matern_term(self) -> None:
        data = data_of(hill(0.6), 15)
        bent = lambda X: (X.new_zeros(X.shape[:-1]), (X[..., :1] - 0.6).square())  # noqa: E731
        model = fit_informed(data, bent, (KernelTerm("matern", (0,), (0.0, 1.0)),))
        assert isinstance(model, InformedModel)
        X = torch.rand(4, 3, 2, dtype=torch.float64)
        assert model.posterior(X).mean.shape == (4, 3, 1)


class TestAuto:
    def test_the_plain_model_keeps_its_floor(self) -> None:
        posterior = AutoPrior().fit(similar()).condition(data_of(hill(0.6), 8))
        assert isinstance(posterior, Mixture)
        weights = posterior.weights.tolist()
        assert weights[0] == pytest.approx(MIN_BASELINE_WEIGHT)
        assert weights[1] > 0.8

    def test_evidence_against_the_prior_rejects_it(self) -> None:
        fitted = AutoPrior().fit(similar())
        rough = data_of(lambda X: 1e3 * np.sin(40 * X[:, 1]) + 50 * X[:, 0], 25)
        found = fitted.weighted_experts(rough.target(0))
        evidence = fitted.conditioned(rough).evidence
        assert evidence is not None
        assert found.rejected == (evidence.rejected_at is not None) == (not is_informed(fitted.condition(rough)))

    @pytest.mark.parametrize("ratio", [-20.0, -3.0, -2.9, 0.0, 5.0, 700.0])
    def test_weights(self, ratio: float) -> None:
        weights, log_evidence = expert_weights(np.log([0.1, 0.9]), np.array([3.0, 3.0 + ratio]))
        assert log_evidence == pytest.approx(ratio)
        assert weights.sum() == pytest.approx(1)
        if ratio <= -math.log(20):
            assert weights.tolist() == [1, 0]
        else:
            assert weights[0] == pytest.approx(max(MIN_BASELINE_WEIGHT, 0.1 / (0.1 + 0.9 * math.exp(ratio))))

    def test_each_safeguard_can_be_removed(self) -> None:
        fitted = AutoPrior().fit(similar())
        alike, rough = data_of(hill(0.6), 8), data_of(lambda X: 1e3 * np.sin(40 * X[:, 1]) + 50 * X[:, 0], 25)
        whole = fitted.condition(alike)
        removed = {name: replace(fitted, guard=Guard.without(name)) for name in SAFEGUARDS}
        assert isinstance(whole, InterleavedMixture)
        assert not isinstance(removed["interleaving"].condition(alike), InterleavedMixture)
        without = removed["floor"].condition(alike)
        assert isinstance(without, Mixture)
        assert float(without.weights[0]) < MIN_BASELINE_WEIGHT
        assert fitted.weighted_experts(rough).rejected
        assert not is_informed(fitted.condition(rough))
        assert is_informed(removed["rejection"].condition(rough))
        with pytest.raises(ValueError, match="no safeguard 'door'"):
            Guard.without("door")

    def test_without_agreement_sources_that_do_not_predict_each_other_are_used(self) -> None:
        directions = np.array([[9.0, 0.0], [0.0, 7.0], [5.0, -8.0], [-7.0, 3.0]])
        fitted = AutoPrior().fit([task(f"wave {i}", wave(each), seed=i, n=60) for i, each in enumerate(directions)])
        data = data_of(hill(0.6), 8)
        assert len(fitted.weighted_experts(data).models) == 1
        assert len(replace(fitted, guard=Guard.without("agreement")).weighted_experts(data).models) == 3


def test_a_space_that_shares_nothing_gets_the_plain_model(prior: FittedTransfer) -> None:
    from tests.surrogates.tables import mixed_task

    data = mixed_task(10)
    renamed = tuple(replace(column, parameter=f"other {column.parameter}") for column in data.columns)
    posterior = prior.condition(replace(data, columns=renamed))
    assert isinstance(posterior, GaussianProcess)
    assert posterior.marginals(mixed_features(5, 1))[0].shape == (5,)
