"""Maps between a quantity's unit and the models' scale: monotone, and back again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from designer.priors.stacking.warps import NormalScores, Warp, warps_for

VALUES = arrays.arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


@pytest.mark.parametrize("warp", [Warp("identity"), Warp("log"), Warp("asinh", 3.0, 0.5)])
def test_a_warp_is_undone_and_its_slope_is_the_derivative(warp: Warp) -> None:
    y = np.linspace(0.5, 40.0, 60)
    assert warp.inverse(warp(y)) == pytest.approx(y)
    step = 1e-6
    slope = (warp(y + step) - warp(y - step)) / (2 * step)
    assert warp.log_slope(y) == pytest.approx(np.log(slope), abs=1e-6)


def test_which_warps_values_allow() -> None:
    assert [w.form for w in warps_for(np.arange(1.0, 12.0))] == ["log", "identity", "asinh"]
    assert [w.form for w in warps_for(np.arange(0.0, 11.0))] == ["identity", "asinh"]
    assert [w.form for w in warps_for(np.zeros(20))] == ["identity"]  # no spread to scale by
    assert [w.form for w in warps_for(np.array([]))] == ["identity"]


@given(VALUES)
def test_scores_rise_with_the_values_and_lead_back(y: np.ndarray) -> None:
    scores = NormalScores.of(y)
    z = scores(y)
    order = np.argsort(y, kind="stable")
    assert (np.diff(z[order]) >= 0).all()
    if len(np.unique(y)) > 1 and np.min(np.diff(np.unique(y))) > 1e-6 * np.ptp(y):
        assert scores.inverse(z) == pytest.approx(y, rel=1e-6, abs=1e-6 * np.ptp(y))


def test_scores_of_many_values_are_normal() -> None:
    y = np.exp(np.random.default_rng(0).standard_normal(5000))
    z = NormalScores.of(y)(y)
    assert abs(z.mean()) < 0.02
    assert z.std() == pytest.approx(1.0, abs=0.03)
    assert z == pytest.approx(np.log(y), abs=0.5)


def test_scores_of_positive_values_never_lead_below_zero() -> None:
    scores = NormalScores.of(np.array([0.1, 2.0, 3.0, 50.0]))
    assert scores.inverse(np.array([-40.0]))[0] == pytest.approx(0.05)
    assert scores.positive


def test_beyond_the_ends_values_go_on_but_not_far() -> None:
    y = np.linspace(-1.0, 1.0, 101)
    scores = NormalScores.of(y)
    ends = scores.inverse(np.array([-100.0, 100.0]))
    assert -1.5 < ends[0] < -1.0
    assert 1.0 < ends[1] < 1.5
