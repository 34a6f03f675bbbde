"""Means, ranks and intervals against cases that were worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.report.comparison import Cube, Loss, acceleration, average_rank, common, estimate, losses, mean

TASKS = (("f", "a"), ("f", "b"), ("g", "c"))


def cube(values: object, seeds: int = 1) -> Cube:
    array = np.asarray(values, dtype=float).reshape(2, 3, seeds)
    return Cube(("ours", "theirs"), TASKS, tuple(range(seeds)), array)


def test_mean_and_acceleration() -> None:
    by_task = cube([[10, 20, 30], [20, 40, 60]]).by_task()
    assert mean(by_task).tolist() == [20, 40]
    assert acceleration(1)(by_task).tolist() == [2, 1]


def test_ranks_are_taken_task_by_task_and_ties_share() -> None:
    assert average_rank(cube([[1, 5, 9], [2, 5, 3]]).by_task()).tolist() == pytest.approx([1.5, 1.5])
    assert average_rank(cube([[1, 5, 1], [2, 5, 3]]).by_task()).tolist() == pytest.approx([3.5 / 3, 5.5 / 3])


def test_ranks_rest_on_means_over_seeds() -> None:
    values = [[[1, 9], [1, 1], [1, 1]], [[4, 4], [2, 2], [2, 2]]]
    assert average_rank(cube(values, seeds=2).by_task()).tolist() == pytest.approx([4 / 3, 5 / 3])


def test_the_interval_holds_the_value_and_is_empty_where_nothing_varies() -> None:
    low_high = estimate(cube([[7, 7, 7], [9, 9, 9]]), mean, draws=50)
    assert [(e.value, e.low, e.high) for e in low_high] == [(7, 7, 7), (9, 9, 9)]
    ours = estimate(cube([[1, 20, 40], [9, 9, 9]]), mean)[0]
    assert ours.low < ours.value < ours.high
    assert (ours.low, ours.high) == (1.0, 40.0)  # of 27 equally likely draws one gives 1, 1, 1 and one 40, 40, 40


def test_seeds_are_drawn_within_their_task() -> None:
    values = [[[0, 10], [0, 10], [0, 10]], [[5, 5], [5, 5], [5, 5]]]
    ours = estimate(cube(values, seeds=2), mean, draws=2000)[0]
    assert ours.value == 5
    assert (ours.low, ours.high) == pytest.approx((1.67, 8.33), abs=0.01)  # 6 coins: 1 ... 5 heads hold 97 %


def test_methods_share_the_draw_so_that_their_ratio_has_no_noise_of_its_own() -> None:
    ratios = estimate(cube([[1, 20, 40], [2, 40, 80]]), acceleration(1), draws=200)
    assert (ratios[0].low, ratios[0].value, ratios[0].high) == pytest.approx((2, 2, 2))


def test_the_interval_is_the_same_each_time() -> None:
    assert estimate(cube([[1, 20, 40], [9, 8, 7]]), mean) == estimate(cube([[1, 20, 40], [9, 8, 7]]), mean)


def test_losses_beyond_the_margin_worst_first() -> None:
    ours, theirs = (10, 30, 41), (9, 20, 11)
    values = {
        (*task, name, 0): y for name, ys in (("o", ours), ("t", theirs)) for task, y in zip(TASKS, ys, strict=True)
    }
    assert losses(values, "o", margin=2) == [Loss(TASKS[2], "t", 1, 11, 41), Loss(TASKS[1], "t", 1, 20, 30)]
    values |= {(*TASKS[1], "third", 0): 19.0, (*TASKS[1], "third", 1): 90.0, (*TASKS[0], "other", 7): 0.0}  # type: ignore[dict-item]
    assert losses(values, "o", margin=2)[1] == Loss(TASKS[1], "third", 1, 19, 30)  # on the seed that both have
    assert losses(values, "o", margin=15) == [Loss(TASKS[2], "t", 1, 11, 41)]


def test_common_takes_what_all_methods_have() -> None:
    full = [("f", task, method, seed) for task in "ab" for method in "xy" for seed in (0, 1)]
    assert common(full) == (["x", "y"], [("f", "a"), ("f", "b")], [0, 1])
    partial = [key for key in full if key != ("f", "b", "y", 1)] + [("f", "c", method, 0) for method in "xy"]
    assert common(partial) == (["x", "y"], [("f", "a"), ("f", "b"), ("f", "c")], [0])
    assert common([]) == ([], [], [])


def test_a_gap_in_the_cube_is_refused() -> None:
    with pytest.raises(ValueError, match="every campaign"):
        cube([[1, np.nan, 3], [1, 2, 3]])
