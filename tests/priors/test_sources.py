"""Sources: what past tasks measured, results that they give as limits included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer.objective import Target
from designer.priors.sources import Source, gather
from designer.space import DesignSpace
from designer.tasks import Task

SPACE = DesignSpace.model_validate({"parameters": [{"name": "x", "kind": "numeric", "bounds": [0, 1]}]})
X = np.linspace(0, 1, 21)
LEAK = 10 ** (1 - 6 * np.exp(-(((X - 0.6) / 0.15) ** 2)))
BELOW = 1e-3


def task(cells: list[Any], name: str = "past", *, scale: str = "log", x: Any = X) -> Task:
    target = Target(name="leak", unit="uA", goal="minimize", scale=scale)
    return Task(space=SPACE, targets=[target], data=pd.DataFrame({"x": x, "leak": cells}), name=name)


def source(given: Task) -> Source:
    _, (found,) = gather([given])
    return found


def at(found: Source, x: float) -> float:
    return float(found.y[int((found.X[:, 0] - x).abs().argmin())])


def cells(below: float = BELOW) -> list[Any]:
    return [f"<{below:g}" if value < below else float(f"{value:.6g}") for value in LEAK]


def test_a_limit_becomes_the_value_that_the_task_expects_there() -> None:
    found = source(task(cells()))
    assert len(found) == len(X)
    for x, value in zip(X, LEAK, strict=True):
        if value < BELOW:
            assert at(found, x) < np.log10(BELOW)
            assert at(found, x) == pytest.approx(np.log10(value), abs=0.6)
        else:
            assert at(found, x) == pytest.approx(np.log10(value), abs=1e-5)


def test_without_limits_values_are_those_of_the_table() -> None:
    found = source(task(LEAK.tolist()))
    assert sorted(found.y.tolist()) == pytest.approx(sorted(np.log10(LEAK).tolist()))


def test_the_order_of_rows_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(len(X))
    given = cells()
    mixed = task([given[i] for i in order], x=X[order])
    assert source(mixed).y.tolist() == pytest.approx(source(task(given)).y.tolist(), abs=1e-9)


def test_the_mirror_image_of_a_task_has_mirrored_values() -> None:
    down = [f"<{-2.5}" if v < -2.5 else float(v) for v in np.log10(LEAK)]
    up = [f">{2.5}" if v > 2.5 else float(v) for v in -np.log10(LEAK)]
    low, high = source(task(down, scale="linear")), source(task(up, scale="linear"))
    assert low.y.tolist() == pytest.approx((-high.y).tolist(), abs=1e-6)


def test_a_number_counts_more_than_a_limit_of_the_same_design() -> None:
    x, values = np.append(X, 0.6), [*LEAK.tolist(), "<1e-2"]
    assert source(task(values, x=x)).y.tolist() == source(task(LEAK.tolist())).y.tolist()


def test_tasks_of_limits_alone_are_not_informative() -> None:
    _, found = gather([task(["<1"] * 19 + [1.0, 2.0]), task(LEAK.tolist(), "other")])
    assert [each.name for each in found] == ["other"]


def test_the_narrowest_limit_holds_and_contradictions_are_left_out() -> None:
    x = [0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.6, 0.7]
    given = task([1.0, "<3", "<2", ">3", ">2", "<5", ">1", 4.0, 5.0, "<0"], x=x)
    found = given.limits()
    assert dict(
        zip(found.designs["x"], zip(found.sides.tolist(), found.values.tolist(), strict=True), strict=True)
    ) == {
        0.2: (-1, 2.0),
        0.3: (1, 3.0),
    }
