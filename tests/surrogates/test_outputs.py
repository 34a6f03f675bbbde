from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.surrogates.outputs import Method, OutputScale

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
    assert OutputScale.of(np.array([1.0, 3.0])) == OutputScale(2.0, pytest.approx(np.sqrt(2.0)))


def test_robust_ignores_one_wild_value() -> None:
    y = np.array([1.0, 2.0, 3.0, 4.0, 1e6])
    assert OutputScale.of(y, "robust") == OutputScale(3.0, pytest.approx(1.4826))


def test_robust_falls_back_where_most_values_are_equal() -> None:
    y = np.array([0.0, 0.0, 0.0, 0.0, 2.0])
    assert OutputScale.of(y, "robust").scale == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("y", "scale"), [([], 1.0), ([0.0, 0.0], 1.0), ([-7.0], 7.0), ([1e9, 1e9 + 1e-6], pytest.approx(1e9))]
)
def test_no_spread(y: list[float], scale: float) -> None:
    assert OutputScale.of(np.array(y)).scale == scale
