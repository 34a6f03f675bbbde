"""The process of all levels of a fidelity: what it predicts, what a further result explains, what does not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import fit_prior
from designer.arrays import FloatArray
from designer.objective import Target
from designer.priors.baseline import BaselinePrior, baseline_model
from designer.priors.fidelity.level_prior import LevelPrior, level_models
from designer.priors.fidelity.level_process import LevelModel, LevelResults, fit_levels
from designer.space import DesignSpace
from designer.space.encoding import FeatureColumn
from designer.surrogates.data import Quantity, TaskData
from designer.tasks import Task

COLUMNS = (FeatureColumn("a", "a", "numeric", "numeric"), FeatureColumn("b", "b", "numeric", "numeric"))


def surface(X: FloatArray) -> FloatArray:
    return np.asarray(np.sin(5 * X[:, 0]) + 2 * X[:, 1] ** 2)


def designs(n: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).random((n, 2))


def top(n: int, seed: int = 1) -> TaskData:
    X = designs(n, seed)
    return TaskData(torch.tensor(X), torch.tensor(surface(X))[:, None], COLUMNS, quantities=(Quantity("y"),))


def lower(n: int = 25, *, shuffled: bool = False, depth: int = 1, a: float = 1.0, b: float = 0.0) -> LevelResults:
    X = designs(n, 2)
    y = surface(X) + 0.2 * np.cos(4 * X[:, 0])
    y = np.random.default_rng(3).permutation(y) if shuffled else y
    return LevelResults("film", depth, torch.tensor(X), torch.tensor(a * y + b))


def fitted(one: TaskData, *levels: LevelResults) -> LevelModel:
    found = fit_levels(one, levels)
    assert found is not None
    return found


def error(model: LevelModel, X: FloatArray) -> float:
    mean = model.marginals(torch.tensor(X))[0].numpy()
    return float(np.sqrt(np.mean((mean - surface(X)) ** 2)))


def test_lower_level_makes_predictions_at_the_top_level_better() -> None:
    one, X = top(5), designs(100, 4)
    alone = baseline_model(one).marginals(torch.tensor(X))[0].numpy()
    assert error(fitted(one, lower()), X) < 0.5 * float(np.sqrt(np.mean((alone - surface(X)) ** 2)))


def weight(n: int, *, shuffled: bool = False) -> float:
    prior = LevelPrior(BaselinePrior(), {"y": [lower(shuffled=shuffled)]})
    return sum(share for share, _ in level_models(prior.condition(top(n))))


@pytest.mark.parametrize(
    ("n", "shuffled", "least", "most"),
    [(0, False, 0.89, 0.91), (3, False, 0.9, 1), (12, False, 0.89, 1), (12, True, 0, 0)],
)
def test_lower_level_is_used_unless_top_level_results_contradict_it(
    n: int, shuffled: bool, least: float, most: float
) -> None:
    assert least <= weight(n, shuffled=shuffled) <= most


def test_without_enough_lower_results_the_posterior_is_that_of_the_top_level_alone() -> None:
    prior = LevelPrior(BaselinePrior(), {"y": [lower(2)]})
    X = torch.tensor(designs(9, 4))
    found, alone = prior.conditioned(top(6)), baseline_model(top(6))
    assert found.evidence is None
    torch.testing.assert_close(found.model.posterior(X[:, None]).mean[:, 0, 0], alone.marginals(X)[0])


@settings(max_examples=5, deadline=None)
@given(st.floats(0.01, 100.0), st.floats(-1e3, 1e3))
def test_unit_and_level_of_lower_results_do_not_matter(a: float, b: float) -> None:
    X = torch.tensor(designs(20, 4))
    # Where the quantity is another, the lower level says nothing about the scale of the top one.
    one = TaskData(top(6).X, top(6).Y, COLUMNS)
    first, second = (fitted(one, each).marginals(X) for each in (lower(), lower(a=a, b=b)))
    torch.testing.assert_close(first[0], second[0], rtol=1e-3, atol=1e-3)


def test_order_of_results_does_not_matter() -> None:
    one, other = top(6), lower()
    rows = torch.arange(len(other.y) - 1, -1, -1)
    turned = LevelResults(other.name, other.depth, other.X[rows], other.y[rows])
    X = torch.tensor(designs(20, 4))
    first = fitted(one, other).marginals(X)
    second = fitted(one.rows(range(5, -1, -1)), turned).marginals(X)
    torch.testing.assert_close(first, second, rtol=1e-9, atol=1e-9)


def test_share_that_a_level_explains_is_a_share_and_small_where_it_was_measured() -> None:
    one, results = top(5), lower(8)
    model = fitted(one, results)
    new, known = (model.shared_variance(torch.as_tensor(X), 1) for X in (designs(15, 9), results.X))
    top_level = model.shared_variance(torch.tensor(designs(15, 9)), 0)
    assert ((new >= 0) & (new <= 1)).all()
    assert top_level.mean() > new.mean() > known.mean()
    assert top_level.min() > 0.8


@pytest.mark.parametrize("depths", [(1,), (1, 2), (1, 3)])
def test_nearer_levels_explain_more(depths: tuple[int, ...]) -> None:
    levels = [lower(6, depth=depth) for depth in depths]
    model = fitted(top(4), *levels)
    shares = [model.shared_variance(torch.tensor(designs(10, 9)), depth).mean() for depth in (0, *depths)]
    assert shares == sorted(shares, reverse=True)


def test_past_tasks_are_used_as_without_lower_levels_until_these_are_proven() -> None:
    task = past_task()
    past = fit_prior([task], "auto")
    X = torch.tensor(designs(9, 4))[:, None]
    one = replace(top(12), columns=task.space.encoder.columns)
    own = past.condition(one).posterior(X).mean
    unused = LevelPrior(past, {"y": [lower(shuffled=True)]}).conditioned(one)
    torch.testing.assert_close(unused.model.posterior(X).mean, own, rtol=0, atol=0)
    assert unused.evidence is not None
    assert "past tasks predict" in unused.evidence.words
    assert "lower levels are not used" in unused.evidence.words
    used = LevelPrior(past, {"y": [lower()]}).conditioned(one)
    assert used.evidence is not None
    assert {name for name, _ in used.evidence.experts} == {"plain", "levels", "past tasks"}
    assert used.evidence.sources


def past_task() -> Task:
    X = designs(20, 7)
    data = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": surface(X) + 0.1 * X[:, 0]})
    space = DesignSpace(parameters=[{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in "ab"])
    return Task(space, [Target(name="y", goal="maximize")], data, name="past")
