"""The index of a measurement at a lower level: against botorch, simulation and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import _ei_helper
from hypothesis import given
from hypothesis import strategies as st

from designer.acquisition.levels.level_index import TYPICAL_GAP, gap_of, improvement, relative_index


def test_improvement_is_that_of_botorch() -> None:
    gaps = np.linspace(-5.0, 5.0, 21)
    np.testing.assert_allclose(improvement(gaps), _ei_helper(torch.tensor(gaps)).numpy(), rtol=1e-6)


@given(st.floats(-2.9, 5.0), st.floats(1e-3, 1e3))
def test_gap_follows_from_the_expected_improvement(gap: float, deviation: float) -> None:
    gain = deviation * float(improvement(np.array(gap)))
    assert gap_of(math.log(gain), deviation) == pytest.approx(gap, abs=1e-4)


@pytest.mark.parametrize(("log_gain", "deviation"), [(math.nan, 1.0), (0.0, math.nan), (0.0, 0.0), (-math.inf, 1.0)])
def test_gap_is_typical_where_it_is_not_known(log_gain: float, deviation: float) -> None:
    assert gap_of(log_gain, deviation) == TYPICAL_GAP


def test_gap_is_bounded() -> None:
    assert gap_of(-500.0, 1.0) == -3.0
    assert gap_of(500.0, 1.0) == 6.0


@given(st.floats(0.0, 1.0), st.floats(0.01, 2.0), st.floats(-3.0, 6.0))
def test_index_grows_with_the_share_and_falls_with_the_cost(share: float, cost: float, gap: float) -> None:
    found = relative_index(share, cost, gap)
    assert found > 0.0
    assert relative_index(min(share + 0.1, 1.0), cost, gap) >= found - 0.02 * found
    assert relative_index(share, 2.0 * cost, gap) <= found + 1e-9
    assert relative_index(0.0, cost, gap) == pytest.approx(1.0 / (1.0 + cost), rel=1e-3)


@pytest.mark.parametrize("gap", [-2.0, -1.0, 0.0])
def test_index_is_the_rate_at_which_measuring_below_first_just_pays(gap: float) -> None:
    share, cost = 0.7, 0.1
    rate = relative_index(share, cost, gap) * float(improvement(np.array(gap)))
    means = gap + math.sqrt(share) * np.random.default_rng(0).normal(size=400_000)
    left = math.sqrt(1.0 - share)
    worth = np.maximum(left * improvement(means / left) - rate, 0.0).mean()
    assert worth == pytest.approx(rate * cost, rel=0.05)
