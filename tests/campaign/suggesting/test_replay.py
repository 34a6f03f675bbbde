"""Simulated campaigns on past tasks: counts of experiments, what is left out, and what a good prior gains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from designer.campaign.suggesting.replay import BUDGET, Replay, description, replay, replays_of
from designer.errors import InvalidPrior
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task

SPACE = DesignSpace(
    parameters=[
        {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900]},
        {"name": "time", "kind": "numeric", "unit": "min", "bounds": [1, 100]},
    ]
)


def task_of(i: int, goal: str | None = "maximize", rows: int = 80) -> Task:
    """A narrow peak whose place hardly differs between tasks."""
    rng = np.random.default_rng(i)
    designs = pd.DataFrame({"temperature": rng.uniform(300, 900, rows), "time": rng.uniform(1, 100, rows)})
    away = ((designs["temperature"] - 780 - 4 * i) / 80) ** 2 + ((designs["time"] - 85 + i) / 14) ** 2
    y = np.exp(-0.5 * away) * 100 * (-1 if goal == "minimize" else 1)
    target = Target(name="strength", unit="MPa", **({"goal": goal} if goal else {}))
    return Task(space=SPACE, targets=[target], data=designs.assign(strength=y), name=f"t{i}", family="furnaces")


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_an_informative_prior_finds_the_best_designs_sooner(goal: str) -> None:
    found = replay([task_of(i, goal) for i in range(4)], "transfer-gp")
    assert [each.task for each in found] == [f"furnaces/t{i}" for i in range(4)]
    assert all(each.designs == 80 and each.budget == BUDGET for each in found)
    assert found[0].chance == pytest.approx(81 / 5)
    assert np.mean([each.with_prior for each in found]) <= 5
    assert np.mean([each.with_prior for each in found]) < np.mean([each.without for each in found])


def test_the_same_tasks_and_seed_give_the_same_campaigns() -> None:
    tasks = [task_of(i, rows=30) for i in range(3)]
    assert replay(tasks, "transfer-gp", seed=1) == replay(tasks, "transfer-gp", seed=1)


def test_without_past_tasks_both_campaigns_are_the_same() -> None:
    for each in replay([task_of(i, rows=30) for i in range(2)], "none"):
        assert each.with_prior == each.without


@pytest.mark.parametrize(
    "tasks",
    [
        [task_of(0)],
        [task_of(0, goal=None), task_of(1, goal=None)],
        [task_of(0, rows=12), task_of(1, rows=12)],
        [replace(task_of(0), group="copies"), replace(task_of(1), group="copies")],
        [],
    ],
    ids=["nothing to learn from", "no goal", "too few designs", "near copies", "no task"],
)
def test_tasks_that_say_nothing_are_left_out(tasks: list[Task]) -> None:
    assert replay(tasks, "transfer-gp") == []


def test_at_most_so_many_tasks_spread_over_all() -> None:
    tasks = [task_of(i, rows=24) for i in range(5)]
    named: list[str] = []
    found = replay(tasks, "none", max_tasks=3, progress=named.append)
    assert [each.task for each in found] == named == ["furnaces/t0", "furnaces/t2", "furnaces/t4"]
    assert replay(tasks, "none", max_tasks=0) == []


def test_simulations_survive_the_card() -> None:
    found = [Replay("a", "y", 40, 20, 3, 9, 13.7)]
    assert replays_of({"replays": [each.as_dict() for each in found]}) == found
    assert replays_of({}) == []
    assert "on 1 past task found" in description(found, "auto")


@pytest.mark.parametrize("entry", [{"task": "a"}, {"task": "a", "target": "y", "designs": "many"}, 7])
def test_damaged_simulations_of_a_card_are_refused(entry: object) -> None:
    with pytest.raises(InvalidPrior, match="'replays' of its card cannot be read"):
        replays_of({"replays": [entry]})
