"""Every peer on small pools: valid, never twice, the same again with the same seed, and better than chance.

Peers whose library is in the extra ``bench`` only are skipped where it is not installed.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.suite import methods
from benchmarks.suite.pools import Pool, pool_of
from designer.errors import InvalidInput
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task

SPACE = DesignSpace(
    parameters=[
        {"name": "temperature", "kind": "numeric", "bounds": [300, 900], "unit": "degC"},
        {"name": "time", "kind": "numeric", "bounds": [10, 60], "unit": "min"},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ]
)


def bowl(name: str, shift: float = 0.0, goal: str = "maximize", offset: float = 0.0, scale: float = 1.0) -> Task:
    """Return a table of 72 designs with one top: 660 degC, 30 min, in Ar."""
    designs = [
        (temperature, time, gas)
        for temperature in (300, 420, 540, 660, 780, 900)
        for time in (10, 20, 30, 40, 50, 60)
        for gas in ("N2", "Ar")
    ]
    data = pd.DataFrame(designs, columns=["temperature", "time", "gas"])
    warm = (data["temperature"] - 640 - shift) / 300
    long = (data["time"] - 32) / 25
    height = -(warm**2) - long**2 - 0.3 * (data["gas"] == "N2")
    sign = -1.0 if goal == "minimize" else 1.0
    data["y"] = offset + scale * sign * height
    return Task(space=SPACE, targets=[Target(name="y", goal=goal)], data=data, name=name, family="bowls")


MIXTURE = DesignSpace(
    parameters=[
        {
            "name": "alloy",
            "kind": "composition",
            "elements": ["Ni", "Fe", "Co", "Mn"],
            "columns": ["Ni", "Fe", "Co", "Mn"],
            "unit": "at.%",
        },
        {"name": "temperature", "kind": "numeric", "bounds": [300, 900]},
    ]
)


def alloys(name: str, elements: Sequence[str] = ("Ni", "Fe", "Co"), seed: int = 0) -> Task:
    """Return 40 alloys of some of the four elements, best at equal parts and 500 degC."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(0.0, index=range(40), columns=["Ni", "Fe", "Co", "Mn"])
    shares = rng.multinomial(20, np.full(len(elements), 1 / len(elements)), 40) * 5.0
    data[list(elements)] = shares
    data["temperature"] = rng.choice([300.0, 500.0, 700.0], 40)
    data["y"] = -((shares - shares.mean()) ** 2).sum(axis=1) / 1000 - ((data["temperature"] - 500) / 200) ** 2
    return Task(space=MIXTURE, targets=[Target(name="y", goal="maximize")], data=data, name=name, family="alloys")


def with_sources(pool: Pool, *sources: Task) -> Pool:
    return replace(pool, candidates=replace(pool.candidates, sources=sources))


def lead(pool: Pool, method: str, first: Sequence[int], n: int, seed: int = 0) -> list[int]:
    """Return what a method chooses after `first`, checked to be new designs of the pool."""
    if method in methods.EXTRA and find_spec(methods.EXTRA[method]) is None:
        pytest.skip(f"{methods.EXTRA[method]} is not installed: it is in the extra 'bench'")
    chosen = list(first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers' own; a campaign silences them too
        chooser = methods.begin(method, pool.candidates, seed)
        for _ in range(n):
            row = chooser.next(list(chosen), pool.y[chosen])
            assert isinstance(row, int)
            assert 0 <= row < len(pool)
            assert row not in chosen
            check_prediction(chooser, row)
            chosen.append(row)
    return chosen[len(first) :]


def check_prediction(chooser: Any, row: int) -> None:
    expected = chooser.predict(row) if hasattr(chooser, "predict") else None
    if expected is not None:
        assert np.isfinite(expected).all()
        assert expected[1] > 0


ALL = ["space-filling", "botorch", "rf-ei", "rgpe", "baybe", "ax", "physbo", "optuna-gp", "optuna-tpe"]
ALONE = ["random", *ALL]


@pytest.mark.parametrize("method", ALONE)
def test_choices_are_valid_and_repeat_with_the_seed(method: str) -> None:
    pool = pool_of(bowl("target"))
    first = pool.initial(3, seed=1)
    chosen = lead(pool, method, first, 2)
    assert lead(pool, method, first, 2) == chosen


@pytest.mark.parametrize("method", ALONE)
def test_every_method_begins_by_itself_where_nothing_is_measured(method: str) -> None:
    pool = pool_of(bowl("target"))
    chosen = lead(pool, method, [], 3)
    assert lead(pool, method, [], 3) == chosen


@pytest.mark.parametrize(("method", "first"), [("botorch", 10), ("rf-ei", 3), ("rgpe", 3), ("physbo", 2)])
def test_first_designs_of_ones_own_are_as_many_as_documented(method: str, first: int) -> None:
    pool = pool_of(bowl("target"))
    high = replace(pool, y=pool.y * 1000)
    chosen, other = lead(pool, method, [], first), lead(high, method, [], first)
    assert chosen == other  # no value was looked at
    assert lead(pool, method, [], first, seed=1) != chosen


@pytest.mark.parametrize("method", ["ax", "physbo", "optuna-gp", "optuna-tpe", "space-filling"])
def test_amounts_of_a_whole_are_no_obstacle(method: str) -> None:
    lead(pool_of(alloys("target")), method, [0, 1, 2], 1)


@pytest.mark.parametrize(
    ("method", "goal", "share"),
    [
        ("botorch", "maximize", 0.8),
        ("botorch", "minimize", 0.8),
        ("rf-ei", "maximize", 0.8),
        ("rgpe", "minimize", 0.8),
        ("baybe", "maximize", 0.8),
        ("baybe", "minimize", 0.8),
        ("ax", "minimize", 0.8),
        ("optuna-gp", "maximize", 0.8),
        ("physbo", "minimize", 0.5),  # with so few measurements its model is often lost
    ],
)
def test_models_come_nearer_to_the_top_of_a_bowl_than_chance_does(method: str, goal: str, share: float) -> None:
    pool = pool_of(bowl("target", goal=goal, offset=50, scale=10))
    first, steps = pool.initial(5, seed=0), 5
    best = max(pool.utility[lead(pool, method, first, steps)])
    rng = np.random.default_rng(0)
    left = np.setdiff1d(np.arange(len(pool)), first)
    chance = [max(pool.utility[rng.choice(left, steps, replace=False)]) for _ in range(1000)]
    assert best >= np.quantile(chance, share)


def test_tpe_comes_nearer_to_the_top_of_a_bowl_than_chance_does() -> None:
    pool = pool_of(bowl("target"))
    found = [max(pool.y[lead(pool, "optuna-tpe", pool.initial(10, seed), 15, seed)]) for seed in range(10)]
    rng = np.random.default_rng(0)
    chance = [max(pool.y[rng.choice(len(pool), 15, replace=False)]) for _ in range(1000)]
    assert np.mean(found) > np.mean(chance)


def test_sources_lead_to_the_top_at_once() -> None:
    pool = with_sources(pool_of(bowl("target")), bowl("near", 20, offset=7, scale=3), bowl("other", -30, offset=-4))
    top = int(np.argmax(pool.y))
    assert top in lead(pool, "source-mean", [], 2)
    first = [row for row in np.argsort(pool.y)[:3].tolist() if row != top]
    assert top in lead(pool, "rgpe", first, 3)


def test_the_goal_of_the_sources_is_the_goal_of_the_target() -> None:
    pool = with_sources(pool_of(bowl("target", goal="minimize")), bowl("near", 20, goal="minimize"))
    assert int(np.argmin(pool.y)) in lead(pool, "source-mean", [], 2)


def test_transfer_is_deterministic_and_takes_sources_with_other_members() -> None:
    pool = with_sources(
        pool_of(alloys("target")), alloys("other", ("Fe", "Co", "Mn"), 1), alloys("same", ("Ni", "Fe", "Co"), 2)
    )
    for method in ("rgpe", "source-mean"):
        assert lead(pool, method, [0, 1, 2], 2) == lead(pool, method, [0, 1, 2], 2)


@pytest.mark.skipif("HEBO_PYTHON" not in os.environ, reason="no interpreter with HEBO is named in HEBO_PYTHON")
def test_hebo_chooses_in_its_own_process_and_repeats_with_the_seed() -> None:
    pool = pool_of(bowl("target"))
    first = pool.initial(3, seed=1)
    assert lead(pool, "hebo", first, 2) == lead(pool, "hebo", first, 2)
    assert len(lead(pool, "hebo", [], 2)) == 2


def test_hebo_without_an_interpreter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEBO_PYTHON", raising=False)
    with pytest.raises(InvalidInput, match="HEBO_PYTHON names no interpreter"):
        methods.begin("hebo", pool_of(bowl("target")).candidates, 0)


def test_baybe_transfer_reads_its_sources() -> None:
    pool = with_sources(pool_of(bowl("target")), bowl("near", 20))
    first = np.argsort(pool.y)[:2].tolist()
    (chosen,) = lead(pool, "baybe-transfer", first, 1)
    assert pool.y[chosen] > np.quantile(pool.y, 0.8)
    assert lead(pool, "baybe-transfer", [], 1)


def test_baybe_transfer_without_sources_is_baybe() -> None:
    pool = pool_of(bowl("target"))
    assert lead(pool, "baybe-transfer", [0, 1], 1) == lead(pool, "baybe", [0, 1], 1)


def test_baybe_transfer_leaves_out_sources_without_a_column_of_the_pool() -> None:
    near = bowl("near", 20)
    narrower = DesignSpace(parameters=SPACE.parameters[:2])
    argon = near.data[near.data["gas"] == "Ar"].drop(columns="gas").reset_index(drop=True)
    lacking = Task(space=narrower, targets=near.targets, data=argon, name="lacking", family="bowls")
    pool = with_sources(pool_of(bowl("target")), lacking)
    assert lead(pool, "baybe-transfer", [0, 1], 1) == lead(pool_of(bowl("target")), "baybe", [0, 1], 1)


def test_baybe_transfer_takes_members_that_a_source_lacks_as_absent() -> None:
    pool = with_sources(
        pool_of(alloys("target")), alloys("other", ("Fe", "Co", "Mn"), 1), alloys("same", ("Ni", "Fe", "Co"), 2)
    )
    assert lead(pool, "baybe-transfer", [0, 1, 2], 1)


def test_ranking_by_no_sources_says_so() -> None:
    with pytest.raises(ValueError, match="no sources to rank by"):
        lead(pool_of(bowl("target")), "source-mean", [0], 1)


@pytest.mark.parametrize("method", ["rgpe", "source-mean", "baybe-transfer"])
def test_a_source_without_a_common_column_says_so(method: str) -> None:
    pool = with_sources(pool_of(bowl("target")), elsewhere())
    with pytest.raises(ValueError, match="source 'elsewhere' shares no column"):
        lead(pool, method, [0, 1, 2], 1)


def elsewhere() -> Task:
    space = DesignSpace(parameters=[{"name": "speed", "kind": "numeric", "bounds": [0, 1]}])
    data = pd.DataFrame({"speed": [0.0, 0.5, 1.0], "y": [1.0, 2.0, 3.0]})
    return Task(space=space, targets=[Target(name="y", goal="maximize")], data=data, name="elsewhere")


def test_a_value_to_match_is_pursued_and_not_predicted() -> None:
    target = Target(name="y", goal="match", value=-0.5, tolerance=0.1)
    task = bowl("target")
    pool = pool_of(Task(space=SPACE, targets=[target], data=task.data, name="match", family="bowls"))
    first = pool.initial(6, seed=0)
    chosen = lead(pool, "botorch", first, 5)
    assert min(abs(pool.y[chosen] + 0.5)) < 0.1


@pytest.mark.parametrize("method", sorted(set(methods.MODULES) - {"designer"}))
def test_versions_name_what_decides(method: str) -> None:
    if method == "hebo" and "HEBO_PYTHON" not in os.environ:
        pytest.skip("no interpreter with HEBO is named in HEBO_PYTHON")
    if method in methods.EXTRA and find_spec(methods.EXTRA[method]) is None:
        pytest.skip(f"{methods.EXTRA[method]} is not installed: it is in the extra 'bench'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert all(methods.load(method).versions().values())


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_what_baybe_predicts_is_what_its_campaign_says(goal: str) -> None:
    pytest.importorskip("baybe", reason="baybe is in the extra 'bench'")
    pool = pool_of(bowl("target", goal=goal, offset=50, scale=10))
    first = pool.initial(6, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chooser: Any = methods.begin("baybe", pool.candidates, 0)
        assert chooser.predict(0) is None
        row = chooser.next(first, pool.y[first])
        mean, deviation = chooser.predict(row)
        stated = chooser._campaign.posterior_stats(pool.candidates.designs.iloc[[row]])
    assert mean == pytest.approx(stated["y_mean"].item(), rel=1e-6)
    assert deviation > stated["y_std"].item()  # noise comes on top
    assert deviation < 20
