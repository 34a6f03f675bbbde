"""Tables that a search has left are recognised; tables of planned designs are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from benchmarks.suite.past_campaigns import campaign
from designer.arrays import FloatArray
from designer.objective import Target
from designer.priors.auto import ADAPTIVE_BASELINE_WEIGHT, MIN_BASELINE_WEIGHT, AutoPrior, Guard
from designer.priors.evaluation import data_of
from designer.priors.kinds import load_prior
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.tasks import Task
from designer.tasks.adaptive_sampling import density_correlation, is_adaptive


def surface(X: FloatArray, seed: int) -> FloatArray:
    """A peak at a random place, with ripples."""
    rng = np.random.default_rng(seed)
    peak, phase = rng.uniform(0.1, 0.9, X.shape[1]), rng.uniform(0, 6, X.shape[1])
    return np.exp(-4 * np.square(X - peak).sum(1)) + 0.2 * np.sin(8 * X + phase).mean(1)


def searched(seed: int, dimensions: int, rows: int = 40) -> tuple[FloatArray, FloatArray]:
    X = qmc.Sobol(dimensions, seed=seed).random(512)
    y = surface(X, seed)
    made = campaign(X, y, rows, np.random.default_rng(seed))
    return X[made], y[made]


def planned(seed: int, dimensions: int, rows: int = 40) -> tuple[FloatArray, FloatArray]:
    X = np.random.default_rng([seed, 1]).random((rows, dimensions))
    return X, surface(X, seed)


def grid(seed: int, dimensions: int, rows: int = 40) -> tuple[FloatArray, FloatArray]:
    levels = np.linspace(0, 1, max(2, round(rows ** (1 / dimensions))))
    X = np.stack(np.meshgrid(*[levels] * dimensions), -1).reshape(-1, dimensions)
    return X, surface(X, seed)


def share(tables: Callable[..., tuple[FloatArray, FloatArray]], dimensions: int) -> float:
    return float(np.mean([is_adaptive(*tables(seed, dimensions)) for seed in range(30)]))


@pytest.mark.parametrize("dimensions", [2, 3, 4])
def test_searches_are_recognised(dimensions: int) -> None:
    assert share(searched, dimensions) >= 0.9


@pytest.mark.parametrize("dimensions", [2, 3, 4])
@pytest.mark.parametrize("tables", [planned, grid])
def test_planned_tables_are_not(tables: Callable[..., tuple[FloatArray, FloatArray]], dimensions: int) -> None:
    assert share(tables, dimensions) <= 0.14


@given(st.integers(0, 1000), st.floats(0.01, 1e6), st.floats(-1e6, 1e6))
@settings(max_examples=25, deadline=None)
def test_units_and_the_order_of_rows_do_not_matter(seed: int, scale: float, offset: float) -> None:
    X, y = searched(seed, 2, rows=20)
    found = density_correlation(X, y)
    order = np.random.default_rng(seed).permutation(len(y))
    assert density_correlation(X[order], y[order]) == pytest.approx(found, abs=0.02)  # ties after rounding
    assert density_correlation(X * scale + offset, y) == pytest.approx(found, abs=0.02)
    assert density_correlation(np.c_[X, np.full(len(y), offset)], y) == pytest.approx(found, abs=0.02)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (np.zeros((0, 2)), np.zeros(0)),
        (np.zeros((3, 2)), np.arange(3.0)),
        (np.zeros((9, 2)), np.arange(9.0)),
        (np.arange(18.0).reshape(9, 2), np.ones(9)),
        (np.zeros((9, 0)), np.arange(9.0)),
    ],
)
def test_tables_that_say_nothing_are_not_recognised(X: FloatArray, y: FloatArray) -> None:
    assert density_correlation(X, y) == 0.0
    assert not is_adaptive(X, y)


SPACE = DesignSpace(parameters=[{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in ("a", "b")])


def task_of(table: tuple[FloatArray, FloatArray], name: str, **goal: object) -> Task:
    X, y = table
    data = pd.DataFrame(X, columns=["a", "b"]).assign(strength=y)
    return Task(space=SPACE, targets=[Target(name="strength", **goal)], data=data, name=name)


def few(fitted_to: list[Task]) -> tuple[TaskData, float]:
    """Four measurements of the same surface, and the baseline's weight after them."""
    X, y = planned(0, 2, rows=4)
    data = data_of(replace(task_of((X, y), "new", goal="maximize")), "strength")
    return data, AutoPrior().fit(fitted_to).weighted_experts(data).weights[0]


def test_searches_are_used_with_more_reserve() -> None:
    tasks = [task_of(searched(0, 2), f"t{i}", goal="maximize") for i in range(3)]
    data, weight = few(tasks)
    assert weight >= ADAPTIVE_BASELINE_WEIGHT
    fitted = AutoPrior().fit(tasks)
    free = replace(fitted, guard=Guard.without("adaptive")).weighted_experts(data).weights[0]
    assert MIN_BASELINE_WEIGHT <= free < ADAPTIVE_BASELINE_WEIGHT
    tables = [task_of(planned(0, 2), f"t{i}", goal="maximize") for i in range(3)]
    assert few(tables)[1] < ADAPTIVE_BASELINE_WEIGHT


def test_without_a_goal_nothing_is_recognised() -> None:
    (source,) = AutoPrior().fit([task_of(searched(0, 2), "t")]).sources
    assert not source.adaptive


def test_recognition_survives_saving(tmp_path: Path) -> None:
    folder = tmp_path / "prior"
    fitted = AutoPrior().fit(
        [task_of(searched(0, 2), "t", goal="maximize"), task_of(planned(1, 2), "u", goal="maximize")]
    )
    fitted.save(folder)
    assert [source.adaptive for source in load_prior(folder).sources] == [True, False]  # type: ignore[attr-defined]
