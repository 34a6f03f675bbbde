"""Sources reduced to what an optimiser's campaign measures: few rows, near the best ones, the same each time."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from benchmarks.suite.past_campaigns import FIRST, MAX_EXPERIMENTS, MIN_EXPERIMENTS, campaign, past_campaign
from benchmarks.suite.pools import pool_of
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task
from tests.benchmarks.suite.test_controls import task


@pytest.mark.parametrize("n", [10, 20, 30, 60, 300])
def test_as_many_rows_as_a_campaign_has(n: int) -> None:
    source = task("source", 1.0, 1, n)
    made = past_campaign(source, pool_of(task("target", 1.0, 0)).candidates, np.random.default_rng(0))
    assert min(n, MIN_EXPERIMENTS) <= len(made) <= min(n, MAX_EXPERIMENTS)
    assert set(made.Y[:, 0]) <= set(source.Y[:, 0])


def test_the_same_seed_gives_the_same_rows() -> None:
    source, candidates = task("source", 1.0, 1, 200), pool_of(task("target", 1.0, 0)).candidates
    first, second = (past_campaign(source, candidates, np.random.default_rng(3)) for _ in range(2))
    assert first.data.equals(second.data)


def test_sources_can_still_be_sent_to_another_process() -> None:
    formulas = pd.DataFrame({"oxide": [f"Li{i}O{j}" for i in range(1, 7) for j in range(1, 7)]})
    space = DesignSpace(parameters=[{"name": "oxide", "kind": "formula"}])
    data = formulas.assign(y=np.arange(36.0))
    source = Task(space=space, targets=[Target(name="y", goal="maximize")], data=data, name="oxides")
    made = past_campaign(source, pool_of(source).candidates, np.random.default_rng(0))
    assert pickle.loads(pickle.dumps(made)).data.equals(made.data)


def test_it_measures_better_designs_than_random_ones() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((300, 2))
    y = -np.square(x - 0.7).sum(1)
    rows = campaign(x, y, 30, rng)
    assert len(set(rows)) == 30
    chosen = y[rows[FIRST:]]
    assert np.median(chosen) > np.quantile(y, 0.8)
    assert y.max() in chosen


def test_a_goal_to_minimise_is_pursued_downwards() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((200, 1))
    up, down = (campaign(x, sign * x[:, 0], 20, np.random.default_rng(0)) for sign in (1.0, -1.0))
    assert x[up, 0].max() == x.max()
    assert x[down, 0].min() == x.min()


def test_equal_values_are_no_error() -> None:
    assert len(campaign(np.zeros((30, 2)), np.zeros(30), 20, np.random.default_rng(0))) == 20
