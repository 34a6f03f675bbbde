"""From what a method without pools asks for to a design of the pool."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.suite.methods.related import related, unit_cube
from benchmarks.suite.methods.snapping import Snapping
from benchmarks.suite.pools import pool_of
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task
from tests.benchmarks.suite.test_methods_peers import alloys, bowl, with_sources


def logarithmic() -> Task:
    space = DesignSpace(
        parameters=[
            {"name": "temperature", "kind": "numeric", "bounds": [300, 900]},
            {"name": "time", "kind": "numeric", "bounds": [1, 10000], "scale": "log"},
            {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
        ]
    )
    grid = [(t, m, gas) for t in (300, 540, 660, 900) for m in (1, 10, 100, 1000) for gas in ("N2", "Ar")]
    data = pd.DataFrame(grid, columns=["temperature", "time", "gas"]).assign(y=0.0)
    return Task(space=space, targets=[Target(name="y", goal="maximize")], data=data, name="logarithmic")


def test_ranges_words_and_logarithms_become_settings() -> None:
    snapping = Snapping(pool_of(logarithmic()).candidates, 0)
    found = [(setting.column, setting.low, setting.high, setting.log, setting.words) for setting in snapping.settings]
    assert found == [
        ("temperature", 300.0, 900.0, False, ()),
        ("time", 1.0, 1000.0, True, ()),
        ("gas", 0.0, 1.0, False, ("Ar", "N2")),
    ]
    assert snapping.sums == ()


def test_the_last_member_is_what_the_others_leave() -> None:
    pool = pool_of(alloys("target"))
    snapping = Snapping(pool.candidates, 0)
    assert [setting.column for setting in snapping.settings] == ["Ni", "Fe", "temperature"]
    (whole,) = snapping.sums
    assert whole.names == ("x0", "x1")
    assert whole.highest == pool.candidates.designs[["Ni", "Fe"]].sum(axis=1).max()


@pytest.mark.parametrize("task", [bowl("target"), alloys("target")], ids=["bowl", "alloys"])
def test_a_design_is_nearest_to_itself_until_it_is_measured(task: Task) -> None:
    pool = pool_of(task)
    snapping = Snapping(pool.candidates, 0)
    for row in range(len(pool)):
        assert snapping.nearest(snapping.design(row), [other for other in (0, 1, 2) if other != row]) == row
        assert snapping.nearest(snapping.design(row), [row]) != row


def test_distance_is_on_the_scale_of_each_setting() -> None:
    pool = pool_of(logarithmic())
    row = Snapping(pool.candidates, 0).nearest({"x0": 500.0, "x1": 40.0, "x2": "Ar"}, [])
    assert pool.candidates.designs.loc[row].tolist() == [540, 100, "Ar"]  # type: ignore[operator]  # 10 is nearer on a linear scale


def test_designs_at_the_same_distance_are_drawn_by_seed() -> None:
    candidates = pool_of(logarithmic()).candidates
    middle = {"x0": 600.0, "x1": 10.0, "x2": "Ar"}
    drawn = {Snapping(candidates, seed).nearest(middle, []) for seed in range(20)}  # type: ignore[arg-type]
    assert set(candidates.designs.loc[list(drawn), "temperature"]) == {540, 660}


def test_members_that_a_task_does_not_have_are_absent_in_it() -> None:
    pool = with_sources(pool_of(alloys("target")), alloys("other", ("Fe", "Co", "Mn"), 1))
    (source,) = related(pool.candidates)
    assert list(source.pool) == list(source.designs)
    assert (source.pool["Mn"] == 0).all()
    assert (source.designs["Ni"] == 0).all()
    first, second = unit_cube([source.pool, source.designs], ())
    assert first.shape[1] == second.shape[1] == 5
    both = np.vstack([first, second])
    assert (both.min(axis=0) == 0).all()
    assert (both.max(axis=0) == 1).all()
