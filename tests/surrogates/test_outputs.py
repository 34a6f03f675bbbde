from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.surrogates.outputs import Method, OutputScale, winsorised

METHODS: tuple[Method, ...] = ("moments", "robust")


@pytest.mark.parametrize("method", METHODS)
@given(
    y=st.lists(st.integers(-1000, 1000), min_size=2, max_size=20).filter(lambda y: len(set(y)) > 1),
    scale=st.sampled_from([1e-200, 1e-9, -2.5, 1e9, -1e200]),
)
def test_standardised_values_follow_units(method: Method, y: list[int], scale: float) -> None:
    values = np.array(y, dtype=float)
    z = OutputScale.of(values, method).standardise(values)
    other = OutputScale.of(scale * values, method).standardise(scale * values)
    np.testing.assert_allclose(other, np.sign(scale) * z, rtol=1e-9, atol=1e-9)


def test_moments() -> None:
    assert OutputScale.of(np.array([1.0, 3.0])) == OutputScale(2.0, pytest.approx(np.sqrt(2.0)))  # type: ignore[arg-type]


def test_robust_ignores_one_wild_value() -> None:
    y = np.array([1.0, 2.0, 3.0, 4.0, 1e6])
    assert OutputScale.of(y, "robust") == OutputScale(3.0, pytest.approx(1.4826))  # type: ignore[arg-type]


def test_robust_falls_back_where_most_values_are_equal() -> None:
    y = np.array([0.0, 0.0, 0.0, 0.0, 2.0])
    assert OutputScale.of(y, "robust").scale == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("y", "scale"), [([], 1.0), ([0.0, 0.0], 1.0), ([-7.0], 7.0), ([1e9, 1e9 + 1e-6], pytest.approx(1e9))]
)
def test_no_spread(y: list[float], scale: float) -> None:
    assert OutputScale.of(np.array(y)).scale == scale


VALUES = st.lists(st.floats(-1e3, 1e3, allow_subnormal=False).map(lambda x: round(x, 3)), min_size=1, max_size=20)


@given(y=VALUES, wild=st.lists(st.sampled_from([-1e15, -1e9, 1e9, 1e12]), max_size=3), a=st.sampled_from([1e-6, -3.0]))
def test_gross_values_are_drawn_in_in_order_and_in_any_unit(y: list[float], wild: list[float], a: float) -> None:
    values = np.array([*y, *wild])
    drawn = winsorised(values)
    median = np.median(values)
    for side in (values >= median, values <= median):
        order = np.argsort(values[side], kind="stable")
        assert (np.diff(drawn[side][order]) >= -1e-9 * np.abs(drawn).max()).all()
    np.testing.assert_allclose(
        winsorised(a * values + 7.0), a * drawn + 7.0, rtol=1e-6, atol=1e-6 * np.abs(values).max()
    )


def test_results_that_merely_spread_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    for y in (
        rng.normal(size=30),
        np.exp(2 * rng.normal(size=30)),
        np.r_[np.zeros(20), 90.0],
        np.array([1.0, 1.0, 1e9]),
    ):
        assert winsorised(y) is y


def test_a_gross_value_stays_the_most_extreme() -> None:
    drawn = winsorised(np.array([1.0, 2.0, 3.0, 4.0, 5.0, -1e12]))
    assert drawn[:5].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert -100 < drawn[5] < 1
