"""Measures against cases that were worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.suite.measures import experiments_to, gap_threshold, measure, regret_curve, top_threshold

POOL = np.arange(1.0, 102.0)  # 101 designs, 1 ... 101: median 51, best 101


def test_top_one_percent_is_rounded_up_to_whole_designs() -> None:
    assert top_threshold(POOL) == 100.0  # 1 % of 101 is 1.01: two designs
    assert top_threshold(POOL[:100]) == 100.0  # 1 % of 100 is one design
    assert top_threshold(np.array([3.0, 2.0])) == 3.0


def test_ties_at_the_top_all_count() -> None:
    assert top_threshold(np.array([5.0, 5.0, 5.0, 1.0])) == 5.0


def test_ninety_percent_of_the_gap() -> None:
    assert gap_threshold(POOL) == 51 + 0.9 * 50


def test_the_first_experiment_that_reaches_counts() -> None:
    assert experiments_to([1.0, 99.0, 100.0, 101.0], 100.0, budget=4) == 3
    assert experiments_to([100.0], 100.0, budget=4) == 1


def test_never_reached_counts_as_one_more_than_the_budget() -> None:
    assert experiments_to([1.0] * 40, 100.0, budget=40) == 41
    assert experiments_to([1.0] * 40 + [100.0], 100.0, budget=40) == 41
    assert experiments_to([], 100.0, budget=40) == 41


def test_regret_is_one_until_better_than_the_median_and_nought_at_the_best() -> None:
    curve = regret_curve(POOL, [2.0, 50.0, 76.0, 60.0, 101.0], budget=6)
    assert curve.tolist() == pytest.approx([1.0, 1.0, 0.5, 0.5, 0.0, 0.0])


def test_a_flat_pool_has_no_regret() -> None:
    assert regret_curve(np.ones(5), [1.0], budget=3).tolist() == [0.0, 0.0, 0.0]


def test_a_campaign_that_broke_keeps_its_best_to_the_end() -> None:
    found = measure(POOL, [51.0, 76.0], budget=40)
    assert (found.to_top, found.to_gap) == (41, 41)
    assert found.regret == pytest.approx((0.5, 0.5, 0.5, 0.5))
    assert found.mean_regret == pytest.approx((1.0 + 39 * 0.5) / 40)


def test_all_measures_of_one_campaign() -> None:
    path = [1.0, 71.0, 71.0, 96.0, 96.0, 90.0, 101.0] + [1.0] * 33
    found = measure(POOL, path, budget=40)
    assert (found.to_top, found.to_gap) == (7, 4)
    assert found.regret == pytest.approx((0.1, 0.0, 0.0, 0.0))
    assert found.mean_regret == pytest.approx((1.0 + 0.6 + 0.6 + 0.1 * 3) / 40)


def test_measures_do_not_change_when_utilities_are_rescaled() -> None:
    path = [1.0, 71.0, 96.0, 101.0]
    baseline = measure(POOL, path, 10)
    rescaled = measure(POOL * 4 - 8, [4 * y - 8 for y in path], 10)  # powers of two: no rounding
    assert rescaled == baseline
