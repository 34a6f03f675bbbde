"""How near tasks are: known answers, symmetry, and what may not change it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task, load_family
from designer.tasks.similarity import distance_matrix, task_distance, task_distances

ALLOYS = DesignSpace(parameters=[{"name": "alloy", "kind": "composition", "elements": ["Fe", "Ni", "Al"]}])
PLANE = DesignSpace(
    parameters=[
        {"name": "x", "kind": "numeric", "unit": "mm", "bounds": [0, 1]},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ]
)
Function = Callable[[pd.DataFrame], "pd.Series[float]"]


def plane(name: str, function: Function, n: int = 60, seed: int = 0, space: DesignSpace = PLANE) -> Task:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.random(n), "gas": rng.choice(["N2", "Ar"], n)})
    return Task(space=space, targets=[Target(name="y")], data=frame.assign(y=function(frame)), name=name)


def wave(frame: pd.DataFrame) -> pd.Series[float]:
    return np.sin(6 * frame["x"]) + (frame["gas"] == "Ar") * 0.5


def flat_noise(frame: pd.DataFrame) -> pd.Series[float]:
    return pd.Series(np.random.default_rng(9).random(len(frame)))


def test_shared_designs_decide_where_there_are_enough() -> None:
    found = task_distance(plane("a", wave), plane("b", lambda f: np.exp(2 * wave(f)) + 100))  # type: ignore[arg-type, return-value]
    assert (found.by, found.shared, found.forward) == ("shared designs", 60, pytest.approx(1.0))  # type: ignore[comparison-overlap]
    assert found.value == pytest.approx((1 - 60 / 70) / 2)  # any rising function of it ranks the same
    assert task_distance(plane("a", wave), plane("b", lambda f: -wave(f))).value == pytest.approx(1 - found.value)


def test_other_designs_are_compared_by_prediction_both_ways() -> None:
    a = plane("a", wave)
    near = task_distance(a, plane("b", wave, seed=1))
    far = task_distance(a, plane("c", lambda f: -wave(f), seed=1))
    none = task_distance(a, plane("d", flat_noise, seed=1))
    assert near.by == "cross-prediction"
    assert near.shared == 0
    assert near.value < 0.15 < 0.35 < none.value < 0.65 < 0.85 < far.value
    assert min(near.forward, near.backward) > 0.8


def test_it_is_symmetric_and_the_same_each_time() -> None:
    a, b = plane("a", wave), plane("b", wave, seed=1)
    there, back = task_distance(a, b), task_distance(b, a)
    assert there.value == pytest.approx(back.value)
    assert (there.forward, there.backward) == pytest.approx((back.backward, back.forward))
    assert task_distance(a, b) == there


def test_few_data_say_little() -> None:
    a = plane("a", wave)
    assert task_distance(a, plane("b", wave, n=4, seed=1)).value > 0.3


def test_units_are_converted_and_what_cannot_be_is_left_out() -> None:
    metres = DesignSpace(
        parameters=[{"name": "x", "kind": "numeric", "unit": "m", "bounds": [0, 0.001]}, PLANE.parameters[1]]
    )
    a = plane("a", wave)
    b = Task(space=metres, targets=a.targets, data=a.data.assign(x=a.data["x"] / 1000), name="b")
    assert task_distance(a, b).shared == 60
    seconds = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "unit": "s", "bounds": [0, 1]}])
    c = Task(space=seconds, targets=a.targets, data=a.data, name="c")
    d = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "unit": "mm", "bounds": [0, 1]}])
    apart = task_distance(c, Task(space=d, targets=a.targets, data=a.data, name="d"))
    assert (apart.value, apart.by, apart.shared) == (0.5, "nothing in common", 0)
    assert np.isnan([apart.forward, apart.backward, apart.apart]).all()


def test_an_alloy_by_columns_and_the_same_alloy_as_a_formula_are_one_design() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(3), 40).round(2)
    shares[:, 2] = (1 - shares[:, 0] - shares[:, 1]).round(2)
    y = shares @ [1.0, 2.0, 5.0]
    columns = pd.DataFrame(shares, columns=["alloy.Fe", "alloy.Ni", "alloy.Al"]).assign(y=y)
    texts = [f"Fe{a:g}Ni{b:g}Al{c:g}" for a, b, c in shares]
    formulas = DesignSpace(parameters=[{"name": "material", "kind": "formula"}])
    a = Task(space=ALLOYS, targets=[Target(name="y")], data=columns, name="a")
    b = Task(space=formulas, targets=[Target(name="y")], data=pd.DataFrame({"material": texts, "y": y}), name="b")
    found = task_distance(a, b)
    assert found.shared >= 38  # of 40: two drawn designs may be equal
    assert found.value < 0.15
    assert found.apart == pytest.approx(0, abs=1e-9)


def test_a_setting_that_only_one_task_has_makes_no_design_the_same() -> None:
    a = plane("a", wave)
    more = DesignSpace(parameters=[*PLANE.parameters, {"name": "t", "kind": "numeric", "bounds": [0, 1]}])
    b = Task(space=more, targets=a.targets, data=a.data.assign(t=0.5), name="b")
    assert task_distance(a, b).by == "cross-prediction"


def test_all_pairs_at_once() -> None:
    tasks = [plane("a", wave), plane("b", wave, seed=1), plane("c", lambda f: -wave(f), seed=2)]
    found = task_distances(tasks)
    assert list(found) == [(0, 1), (0, 2), (1, 2)]
    matrix = distance_matrix(found, 3)
    assert (matrix == matrix.T).all()
    assert matrix[0, 1] < matrix[0, 2]
    assert found[0, 1] == task_distance(tasks[0], tasks[1])


def test_measured_families(designer_data: Path) -> None:
    family = load_family(designer_data / "mpea_mechanical")
    names = [task.name for task in family.tasks]
    found = task_distances(family.tasks)
    strength = found[names.index("yield_strength_RT"), names.index("uts_RT")]
    ductility = found[names.index("yield_strength_RT"), names.index("elongation_RT")]
    assert strength.value < 0.15  # strength in two tests agrees, and what is strong is brittle
    assert ductility.value > 0.65
