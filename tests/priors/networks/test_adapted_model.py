"""The posterior around adapted networks: it follows measurements, and knows how far the network errs elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from designer.priors import testing
from designer.priors.networks.adapted_model import Adapted, Expectation, folds_of_rows
from designer.priors.networks.gradient import GradientSettings
from designer.priors.networks.learned_init import METHODS, LearnedInitPrior
from designer.priors.networks.neural_process import NeuralProcessPrior
from designer.priors.networks.recurrent import RecurrentSettings
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.outputs import OutputScale
from tests.surrogates.tables import numeric_columns


class Memory:
    """A rule whose network knows what it has read, and nothing else: it would be sure of itself."""

    def learn(self, weights: Mapping[str, Tensor], inputs: Tensor, z: Tensor) -> Expectation:
        def expectation(asked: Tensor) -> tuple[Tensor, Tensor]:
            if not len(z):
                return asked[..., 0] * 0.0, torch.ones_like(asked[..., 0])
            near = torch.cdist(asked.reshape(-1, asked.shape[-1]), inputs) < 1e-9
            mean = (near.to(z.dtype) @ z).reshape(asked.shape[:-1])
            return mean, torch.ones_like(mean)

        return expectation


def task(n: int) -> TaskData:
    X = torch.rand(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return TaskData(X, (3 * X[:, :1]).sin() + X[:, 1:], numeric_columns(2)).target(0)


def test_a_network_that_only_remembers_is_found_out() -> None:
    one = task(12)
    learner = Adapted(Memory(), ({},))
    input_map = lambda X: X  # noqa: E731  the features are the inputs
    model = learner.model(one, input_map, 1.0, OutputScale.of(one.Y[:, 0].numpy()), learner.wide())  # type: ignore[arg-type]
    new = torch.rand(40, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    mean, variance = model.marginals(new)
    errors = mean - ((3 * new[:, 0]).sin() + new[:, 1])
    plain = fit_gaussian_process(one).marginals(new)[0] - ((3 * new[:, 0]).sin() + new[:, 1])
    assert float(errors.abs().mean()) < 2.0 * float(plain.abs().mean()) + 0.02
    assert float((errors.abs() < 3.0 * variance.sqrt()).double().mean()) > 0.7
    assert len(model.held_out().means) == 12


def test_replicates_are_left_out_together() -> None:
    X = torch.tensor([[0.0], [1.0], [0.0], [2.0]])
    folds = folds_of_rows(X)
    assert sorted(fold.nonzero()[:, 0].tolist() for fold in folds) == [[0, 2], [1], [3]]
    assert folds_of_rows(X[:0]) == []


SMALL = GradientSettings(widths=(8,), steps=8, batch=2, context=6, asked=4, inner_steps=1)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "alpaca"])
def test_every_way_of_gradient_descent_keeps_the_contract(method: str) -> None:
    prior = LearnedInitPrior(method, gradient=SMALL, members=2)  # type: ignore[arg-type]
    fitted = prior.fit(testing.example_tasks(), seed=0)
    for check in (testing.check_posterior, testing.check_rows, testing.check_little_data, testing.check_saving):
        check(fitted)


def test_the_lstm_keeps_the_contract() -> None:
    settings = RecurrentSettings(widths=(8,), features=4, hidden=4, reads=2, steps=8, batch=2, context=6, asked=4)
    fitted = NeuralProcessPrior("lstm", recurrent=settings).fit(testing.example_tasks(), seed=0)
    for check in (testing.check_posterior, testing.check_rows, testing.check_little_data, testing.check_saving):
        check(fitted)


def test_unknown_methods_are_refused() -> None:
    with pytest.raises(ValueError, match="method 'sgd' is not known; one of: alpaca, maml"):
        LearnedInitPrior("sgd")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="member 'gru' is not known; one of: transformer, lstm"):
        NeuralProcessPrior("gru")  # type: ignore[arg-type]
