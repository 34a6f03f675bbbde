"""The search for outliers with a simple model: the median."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from designer.surrogates.robust.outlier_search import MAX_OUTLIER_SHARE, find_outliers, unconfirmed


@dataclass(frozen=True)
class Far:
    row: int
    value: float
    expected: float


def search(y: Sequence[float], reach: float = 5.0, suspect: float = 2.0) -> list[int]:
    values = np.array(y)

    def beyond(model: Sequence[int], rows: Sequence[int]) -> list[Far]:
        middle = float(np.median(values[list(model)]))
        return [Far(row, values[row], middle) for row in rows if abs(values[row] - middle) > reach]

    found = find_outliers(
        range(len(y)),
        list(range(len(y))),
        fit=list,
        deviations=lambda model: np.abs(values[model] - np.median(values[model])),
        beyond=beyond,
        suspect=suspect,
    )
    return [each.row for each in found]


def test_what_is_far_is_found_in_the_order_of_rows() -> None:
    assert search([30.0, 0.0, 1.0, -1.0, 0.5, 0.2, 0.1, -0.3, 0.0, -40.0]) == [0, 9]


def test_what_was_only_suspected_comes_back() -> None:
    assert search([3.0, 0.0, 1.0, -1.0, 0.5, 0.2, 0.1, -0.3, 0.0, 40.0]) == [9]


@given(st.lists(st.floats(-100, 100), max_size=120))
def test_no_more_are_laid_aside_than_may_be(y: list[float]) -> None:
    found = search(y, reach=0.1, suspect=0.1)
    assert len(found) <= MAX_OUTLIER_SHARE * len(y)
    assert found == sorted(set(found))


@pytest.mark.parametrize(("value", "left"), [(41.0, 0), (80.0, 2)])
def test_a_second_measurement_confirms_if_it_is_near(value: float, left: int) -> None:
    X = torch.tensor([[0.1, 0.9], [0.1, 0.9], [0.1, 0.8]], dtype=torch.float64)
    found = [Far(0, 40.0, 1.0), Far(1, value, 1.0)]
    assert len(unconfirmed(X, found)) == left
    assert len(unconfirmed(X, [found[0], Far(2, 40.0, 1.0)])) == 2  # another design


def test_a_zero_is_a_zero_whatever_its_sign() -> None:
    X = torch.tensor([[0.0, 0.9], [-0.0, 0.9]], dtype=torch.float64)
    assert unconfirmed(X, [Far(0, 40.0, 1.0), Far(1, 41.0, 1.0)]) == []


@pytest.mark.parametrize(("at_once", "first"), [(False, 8), (True, 40)])
def test_a_step_excludes_one_in_fifty_of_many_results_unless_all_are_asked_for(at_once: bool, first: int) -> None:
    y = np.where(np.arange(400) < 40, 50.0, 0.0)
    sizes: list[int] = []

    def fit(trusted: Sequence[int]) -> list[int]:
        sizes.append(len(trusted))
        return list(trusted)

    find_outliers(
        range(400),
        list(range(400)),
        fit=fit,
        deviations=lambda model: y[model],
        beyond=lambda model, rows: [Far(row, y[row], 0.0) for row in rows],
        suspect=2.0,
        at_once=at_once,
    )
    assert sizes[0] == 400 - first
