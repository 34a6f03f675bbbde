"""How finely numbers are written, and what it tells."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.tasks.quality.digits import Resolution, WrittenNumbers

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value="0.0001", max_value=10**6)


@given(st.lists(NUMBERS, min_size=1, max_size=8), st.integers(-3, 3))
def test_a_slip_moves_the_decimal_point_and_keeps_the_digits(numbers: list[Decimal], tens: int) -> None:
    written = WrittenNumbers.of([f"{number.normalize():f}" for number in numbers])
    slipped = WrittenNumbers.of([f"{number.scaleb(tens).normalize():f}" for number in numbers])
    back = slipped.back(10.0**tens, 0.0)
    np.testing.assert_array_equal(back.places, written.places)
    np.testing.assert_array_equal(back.order, written.order)
    np.testing.assert_array_equal(slipped.places, written.places - tens)


def test_kelvin_is_taken_back_to_the_digit() -> None:
    assert WrittenNumbers.of(["1123.15", "", "n.d."]).back(1.0, 273.15).numbers == (Decimal("8.5E+2"), None, None)


@pytest.mark.parametrize(("factor", "sign"), [(0.1, 1), (10.0, -1)])
def test_a_column_of_two_decimals_tells_a_slip_and_one_of_fixed_digits_does_not(factor: float, sign: int) -> None:
    rng = np.random.default_rng(0)
    trusted = np.ones(80, dtype=np.bool_)
    decimals = WrittenNumbers.of([f"{value:.2f}" for value in rng.uniform(1, 999, 80)])
    digits = WrittenNumbers.of([f"{value:.4g}" for value in np.exp(rng.uniform(-6, 6, 80))])
    scale = Resolution.of(decimals, trusted)
    assert not scale.by_digits
    slipped = WrittenNumbers.of([f"{float(number or 0) * factor:.8g}" for number in decimals.numbers])
    gain = scale.logp(slipped.back(factor, 0.0)) - scale.logp(slipped)
    assert np.median(gain) > 2 if sign > 0 else np.median(gain) > 1
    assert Resolution.of(digits, trusted).by_digits
    np.testing.assert_allclose(Resolution.of(digits, trusted).evidence(digits.back(factor, 0.0)), 0.0)


def test_numbers_that_the_computer_wrote_are_rounded() -> None:
    assert WrittenNumbers.of(["0.30000000000000004"]).places.tolist() == [1.0]
