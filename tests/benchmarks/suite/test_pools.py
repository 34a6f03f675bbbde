"""Pools: what methods see, and what an experiment gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.suite.pools import Pool, pool_of
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task, load_family


def pool(hills: Path, name: str = "high") -> Pool:
    return pool_of(load_family(hills / "hills").task(name))


def test_utilities_are_larger_for_better_designs(hills: Path) -> None:
    for name in ("high", "low"):
        made = pool(hills, name)
        best = made.candidates.designs.iloc[int(np.argmax(made.utility))]
        assert (best["x"], best["gas"]) == (7, "Ar")


def test_match_is_best_at_its_value() -> None:
    space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 3]}])
    target = Target(name="y", goal="match", value=5, tolerance=1)
    data = pd.DataFrame({"x": [0.0, 1.0, 2.0], "y": [4.0, 7.0, 5.5]})
    made = pool_of(Task(space=space, targets=[target], data=data, name="t"))
    assert made.utility.tolist() == [-1.0, -2.0, -0.5]


def test_replicates_are_averaged_into_one_candidate() -> None:
    space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 3]}])
    data = pd.DataFrame({"x": [2.0, 1.0, 2.0], "y": [4.0, 7.0, 6.0]})
    made = pool_of(Task(space=space, targets=[Target(name="y", goal="maximize")], data=data, name="t"))
    assert made.candidates.designs["x"].tolist() == [2.0, 1.0]
    assert made.y.tolist() == [5.0, 7.0]


def test_initial_designs_are_distinct_and_depend_on_task_and_seed_alone(hills: Path) -> None:
    made = pool(hills)
    first = made.initial(5, seed=3)
    assert len(set(first)) == 5
    assert made.initial(5, seed=3) == first
    assert made.initial(5, seed=4) != first
    assert pool(hills, "low").initial(5, seed=3) != first
    assert sorted(made.initial(1000, seed=0)) == list(range(len(made)))


def test_features_are_one_hot_and_leave_out_what_never_changes(hills: Path) -> None:
    features = pool(hills).candidates.features()
    assert features.shape == (42, 3)
    assert set(features[:, 1:].ravel()) == {0.0, 1.0}
    np.testing.assert_array_equal(features[:, 1] + features[:, 2], np.ones(42))


def test_the_digest_changes_with_one_value(hills: Path) -> None:
    before = pool(hills).digest()
    assert pool(hills).digest() == before
    table = hills / "hills" / "high.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("7,Ar,0", "7,Ar,1"), encoding="utf-8")
    assert pool(hills).digest() != before


def test_drawn_rows_are_always_the_same(hills: Path) -> None:
    task = load_family(hills / "hills").task("high")
    drawn = pool_of(task, rows=10)
    assert len(drawn) == 10
    assert drawn.digest() == pool_of(task, rows=10).digest()
    assert len(pool_of(task, rows=1000)) == 42


def test_a_task_without_a_goal_is_no_pool() -> None:
    space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 3]}])
    data = pd.DataFrame({"x": [2.0], "y": [4.0]})
    with pytest.raises(ValueError, match="no goal to pursue"):
        pool_of(Task(space=space, targets=[Target(name="y")], data=data, name="t"))
