from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from designer.acquisition.moments import components
from designer.acquisition.observed import Observed
from designer.acquisition.propose import propose
from designer.acquisition.search_model import (
    MAX_DESIGNS,
    MAX_WEIGHT,
    MIN_RESULTS,
    MIN_WEIGHT,
    forest_weight,
    search_model,
)
from designer.objective import Objective, Target
from designer.priors.baseline import BaselinePrior
from designer.priors.interleaving import InterleavedMixture, baseline_part
from designer.space import CategoricalParameter, DesignSpace, NumericParameter
from designer.space.pool import Pool
from designer.surrogates.data import TaskData
from designer.surrogates.forest import Forest
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.model_mixture import Mixture

MAXIMIZE = Objective(targets=(Target(name="y", goal="maximize"),))


def candidates(n: int = 60) -> DesignSpace:
    """Return a list of candidates of a number and a choice."""
    rng = np.random.default_rng(0)
    numbers = np.column_stack([rng.random(n), rng.integers(3, size=n)])
    parameters = [NumericParameter(name="x", bounds=(0, 1)), CategoricalParameter(name="gas", choices=["A", "B", "C"])]
    return DesignSpace(parameters=parameters, pool=Pool(numbers))


def measured(space: DesignSpace, rows: int, targets: int = 1) -> TaskData:
    assert space.pool is not None
    coordinates = space.pool.coordinates[:rows]
    y = np.sin(6 * coordinates[:, :1]) + coordinates[:, 1:]
    X = torch.as_tensor(space.encoder.encode(coordinates))
    return TaskData(X, torch.as_tensor(np.repeat(y, targets, axis=1)), space.encoder.columns)


def kinds(model: Any) -> list[type]:
    return [type(part) for _, part in components(model)]


def test_the_forest_stands_beside_the_baseline_model() -> None:
    space = candidates()
    data = measured(space, 10)
    posterior = BaselinePrior().condition(data)
    found = search_model(posterior, data, space, MAXIMIZE)
    assert kinds(found) == [GaussianProcess, Forest]
    assert isinstance(posterior, GaussianProcess)
    weight = forest_weight(posterior)
    assert [each for each, _ in components(found)] == [1 - weight, weight]
    assert next(part for _, part in components(found)) is posterior


def test_past_tasks_keep_their_weight() -> None:
    space = candidates()
    data = measured(space, 10)
    parts = [fit_gaussian_process(data), fit_gaussian_process(data.first(8))]
    found = search_model(InterleavedMixture(parts, [0.3, 0.7]), data, space, MAXIMIZE)
    assert kinds(found) == [GaussianProcess, Forest, GaussianProcess]
    weight = forest_weight(parts[0])
    expected = [0.3 * (1 - weight), 0.3 * weight, 0.7]
    np.testing.assert_allclose([each for each, _ in components(found)], expected)
    baseline = baseline_part(found)
    assert baseline is not None
    assert kinds(baseline) == [GaussianProcess, Forest]


def test_the_weight_is_half_of_the_variance_that_is_not_predicted() -> None:
    """The leave-one-out predictions are those of processes of all other results with the same hyperparameters."""
    data = measured(candidates(), 12).target(0)
    process = fit_gaussian_process(data)
    means = []
    for i in range(12):
        others = [j for j in range(12) if j != i]
        without = GaussianProcess(
            data.X[others], data.Y[others, 0], process.kernel, process.hyperparameters, output=process.output
        )
        means.append(float(without.posterior(data.X[[i]]).mean))
    y = data.Y[:, 0].numpy()
    left = np.square(y - means).sum() / np.square(y - y.mean()).sum()
    assert forest_weight(process) == pytest.approx(max(MAX_WEIGHT * left, MIN_WEIGHT), rel=1e-6)


def test_the_weight_falls_with_what_the_process_predicts() -> None:
    X = torch.linspace(0, 1, 20, dtype=torch.float64)[:, None]
    columns = DesignSpace(parameters=[NumericParameter(name="x", bounds=(0, 1))]).encoder.columns
    noise = torch.as_tensor(np.random.default_rng(0).standard_normal((20, 1)))
    smooth, rough, constant = (
        forest_weight(fit_gaussian_process(TaskData(X, Y, columns))) for Y in (torch.sin(3 * X), noise, 0 * X + 2)
    )
    assert smooth == MIN_WEIGHT
    assert rough > 0.4
    assert constant == MAX_WEIGHT


@pytest.mark.parametrize("rows", range(MIN_RESULTS))
def test_few_results_are_no_forest(rows: int) -> None:
    space = candidates()
    data = measured(space, rows)
    posterior = BaselinePrior().condition(data)
    assert search_model(posterior, data, space, MAXIMIZE) is posterior


def test_readings_of_a_discovery_are_left_as_they_are() -> None:
    space = candidates()
    data = measured(space, 10)
    both = Mixture([fit_gaussian_process(data), fit_gaussian_process(data.first(9))], [0.5, 0.5])
    assert search_model(both, data, space, MAXIMIZE) is both


def test_several_goals_have_no_forest() -> None:
    space = candidates()
    data = measured(space, 10, targets=2)
    objective = Objective(targets=(Target(name="y", goal="maximize"), Target(name="z", goal="minimize")))
    posterior = BaselinePrior().condition(data)
    assert search_model(posterior, data, space, objective) is posterior


def test_a_limited_target_keeps_its_own_model() -> None:
    space = candidates()
    data = measured(space, 10, targets=2)
    objective = Objective(targets=(Target(name="z", at_most=2.0), Target(name="y", goal="maximize")))
    posterior = BaselinePrior().condition(data)
    found: Any = search_model(posterior, data, space, objective)
    assert [kinds(found.models[0]), kinds(found.models[1])] == [[GaussianProcess], [GaussianProcess, Forest]]


def test_only_lists_and_small_spaces_have_a_forest() -> None:
    data = measured(candidates(), 10)
    posterior = BaselinePrior().condition(data)
    gas = CategoricalParameter(name="gas", choices=["A", "B", "C"])
    levels = {
        "a factorial": (NumericParameter(name="x", bounds=(0, 1), step=0.1), True),
        "more designs than are listed": (NumericParameter(name="x", bounds=(0, MAX_DESIGNS), step=1), False),
        "no list": (NumericParameter(name="x", bounds=(0, 1)), False),
    }
    for name, (x, expected) in levels.items():
        found = search_model(posterior, data, DesignSpace(parameters=[x, gas]), MAXIMIZE)
        assert (found is not posterior) == expected, name


def test_a_batch_is_the_same_for_rows_in_any_order() -> None:
    space = candidates()
    data = measured(space, 12)
    assert space.pool is not None

    def batch(order: list[int]) -> list[list[float]]:
        rows = data.rows(order)
        posterior = BaselinePrior().condition(rows)
        observed = Observed(space.pool.coordinates[:12][order], rows.Y.numpy())  # type: ignore[union-attr]
        search = search_model(posterior, rows, space, MAXIMIZE)
        found = propose(posterior, space, MAXIMIZE, observed, observed.coordinates[:0], 3, seed=1, search=search)
        assert len({tuple(row) for row in found.coordinates.tolist()}) == 3
        return found.coordinates.tolist()

    assert batch(list(range(12))) == batch([5, 0, 11, 3, 1, 10, 2, 4, 9, 6, 8, 7])
