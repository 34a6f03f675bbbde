"""The probability that something better is left, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from designer.acquisition.improvement_probability import probability_among, probability_of_better
from designer.acquisition.observed import Observed
from designer.objective import Objective, Target
from designer.surrogates.model_mixture import Mixture

from .test_functions import context, several
from .worlds import botorch_model, gaussian_process, measured, one, pool, tensor


def closed(model: Any, x: Any, z: Any, margin: Any, sign: float = 1.0) -> Any:
    posterior = model.posterior(tensor([x, z]))
    mean = posterior.mean[:, 0].detach().numpy()
    c = posterior.distribution.covariance_matrix.detach().numpy()
    return stats.norm.cdf((sign * (mean[0] - mean[1]) - margin) / np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1]))


@pytest.mark.parametrize("margin", [0.0, 0.5])
@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_two_designs_have_a_closed_form(margin: float, goal: str) -> None:
    X, Y = measured()
    model = botorch_model(X, Y, 0.05)
    x, z = [0.9, 0.2], X[int(Y.argmax())].tolist()
    found = probability_among(context(model, X, one(goal)), tensor([x]), tensor([z]), margin)
    assert found == pytest.approx(closed(model, x, z, margin, 1 if goal == "maximize" else -1), abs=0.04)


def test_a_mixture_counts_by_its_weights() -> None:
    X, Y = measured()
    parts = [gaussian_process(X, Y[:, 0]), gaussian_process(X[:3], Y[:3, 0])]
    x, z = [0.9, 0.2], X[int(Y.argmax())].tolist()
    found = probability_among(context(Mixture(parts, [0.25, 0.75]), X), tensor([x]), tensor([z]), 0.1)
    expected = 0.25 * closed(parts[0], x, z, 0.1) + 0.75 * closed(parts[1], x, z, 0.1)
    assert found == pytest.approx(expected, abs=0.04)


def test_what_fails_or_breaks_limits_does_not_count() -> None:
    X, Y = measured(m=2)
    model = several(botorch_model, X, Y)
    x, z = tensor([[0.9, 0.2]]), tensor(X[:1])
    objective = Objective(targets=[Target(name="a", goal="maximize"), Target(name="b", at_most=50)])
    plain = probability_among(context(model, X, objective), x, z, 0.0)
    halved = probability_among(context(model, X, objective, gates=(lambda x: x[:, 0] * 0 + np.log(0.5),)), x, z, 0.0)
    assert halved == pytest.approx(plain / 2, abs=0.04)
    never = Objective(targets=[Target(name="a", goal="maximize"), Target(name="b", at_least=50)])
    assert probability_among(context(model, X, never), x, z, 0.0) == 0.0


def test_over_a_pool_it_is_that_of_all_designs_left() -> None:
    rng = np.random.default_rng(0)
    rows = rng.uniform(0, 1, (40, 2))
    y = np.sin(5 * rows).sum(1)
    model = gaussian_process(rows[:10], y[:10])
    data = Observed(rows[:10], y[:10, None])
    chances = [probability_of_better(model, pool(rows), one(), data, rows[:0], m, 0) for m in (0.0, 0.1, 3.0)]
    posterior = model.posterior(tensor(rows)).distribution
    draws = posterior.sample(torch.Size([20_000])).numpy()
    better = [(draws[:, 10:].max(1) > draws[:, :10].max(1) + m).mean() for m in (0.0, 0.1, 3.0)]
    np.testing.assert_allclose(chances, better, atol=0.04)
    assert chances[0] >= chances[1] >= chances[2]
    nothing_left = Observed(rows, y[:, None])
    assert probability_of_better(model, pool(rows), one(), nothing_left, rows[:0], 0.0, 0) == 0.0
    still_pending = probability_of_better(model, pool(rows), one(), data, rows[10:], 0.0, 0)
    assert still_pending == pytest.approx(chances[0], abs=0.04)


def test_of_a_front_better_means_beyond_it_in_some_utility() -> None:
    X, Y = measured(m=2)
    model = several(lambda x, y: botorch_model(x, y, 1e-4), X, Y)
    objective = Objective(targets=[Target(name="a", goal="maximize"), Target(name="b", goal="maximize")])
    here = context(model, X, objective)
    assert probability_among(here, tensor(X[:1]), tensor(X), 0.2) == 0.0
    far = tensor([[1.5, -0.9]])
    chances = [probability_among(here, far, tensor(X), m) for m in (0.0, 0.3)]
    assert 0 < chances[1] < chances[0] < 1


def test_a_margin_must_be_a_number_that_can_be_beaten() -> None:
    X, Y = measured()
    model, data = botorch_model(X, Y), Observed(X, Y)
    for margin in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="margin"):
            probability_of_better(model, pool(X), one(), data, X[:0], margin, 0)


def test_nothing_measured_means_something_is_left() -> None:
    X, Y = measured()
    assert probability_of_better(botorch_model(X, Y), pool(X), one(), Observed(X[:0], Y[:0]), X[:0], 0.0, 0) == 1.0
