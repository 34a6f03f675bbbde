"""Our own method with past tasks: informed from the first experiment; the baseline if they are not informative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.suite import methods
from benchmarks.suite.pools import Pool, pool_of
from designer.tasks import Task
from tests.benchmarks.suite.test_methods_peers import bowl

SOURCES = tuple(bowl(f"past {i}", shift=10 * i, offset=i, scale=1 + 0.2 * i) for i in range(1, 4))


def pool_with(sources: Sequence[Task]) -> Pool:
    pool = pool_of(bowl("new"))
    return replace(pool, candidates=replace(pool.candidates, sources=tuple(sources)))


def led(pool: Pool, name: str, n: int = 6, seed: int = 0) -> list[int]:
    chooser = methods.begin(name, pool.candidates, seed)
    chosen: list[int] = []
    for _ in range(n):
        chosen.append(chooser.next(chosen, pool.y[chosen]))
    return chosen


@pytest.mark.parametrize("kind", ["auto", "transfer-gp"])
def test_past_tasks_show_the_way_from_the_first_experiment(kind: str) -> None:
    pool = pool_with(SOURCES)
    informed = led(pool, f"designer-{kind}")
    assert pool.utility[informed[0]] >= np.quantile(pool.utility, 0.9)
    assert max(pool.utility[informed[:4]]) == pool.utility.max()
    assert led(pool, f"designer-{kind}") == informed


def test_without_sources_it_is_the_plain_method() -> None:
    pool = pool_with(())
    assert led(pool, "designer-auto") == led(pool, "designer")


def test_with_shuffled_sources_it_is_the_plain_method() -> None:
    rng = np.random.default_rng(1)
    shuffled = [replace(task, data=task.data.assign(y=rng.permutation(task.data["y"]))) for task in SOURCES]
    assert led(pool_with(shuffled), "designer-auto") == led(pool_with(()), "designer")


def test_it_predicts_from_the_first_experiment() -> None:
    pool = pool_with(SOURCES)
    chooser = methods.begin("designer-auto", pool.candidates, 0)
    row = chooser.next([], pool.y[[]])
    assert isinstance(chooser, methods.Predicting)
    predicted = chooser.predict(row)
    assert predicted is not None
    mean, deviation = predicted
    assert abs(pool.y[row] - mean) < 4 * deviation


def test_the_locks_are_those_of_the_guard() -> None:
    from designer.priors.auto import SAFEGUARDS

    assert methods.GUARD_LOCKS == SAFEGUARDS


def test_without_its_turns_another_design_is_chosen() -> None:
    pool = pool_with(SOURCES)
    whole, without = led(pool, "designer-auto"), led(pool, "designer-auto-without-interleaving")
    assert whole[:2] == without[:2]
    assert whole != without


def test_the_forest_can_be_left_out() -> None:
    pool = pool_with(())
    assert led(pool, "designer-without-forest", 8)[:3] == led(pool, "designer", 8)[:3]
    assert methods.begin("designer-without-forest", pool.candidates, 0)._forest is False  # type: ignore[attr-defined]
    assert "designer-without-forest" not in methods.TRANSFERS


def test_first_designs_by_dimension_are_as_in_a_space_without_candidates() -> None:
    pool = pool_with(())
    dimensions = len(pool.candidates.space.parameters)
    chooser = methods.begin("designer-first-by-dimension", pool.candidates, 0)
    chooser.next([], pool.y[[]])
    assert chooser._own_first == max(3, dimensions + 1)  # type: ignore[attr-defined]
