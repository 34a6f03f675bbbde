from decimal import Decimal

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from designer.space.parameters.lattice import Lattice, decimal_of, is_whole, plain, round_significant


@given(
    st.integers(-(10**6), 10**6),
    st.integers(1, 10**5),
    st.integers(-30, 6),
    st.lists(st.integers(0, 10**5), min_size=1),
)
def test_lab_values_are_the_floats_of_the_decimals(origin: int, step: int, exponent: int, places: list[int]) -> None:
    lattice = Lattice(Decimal(origin).scaleb(exponent), Decimal(step).scaleb(exponent))
    values = lattice.values(np.array(places, dtype=float))
    assert values.tolist() == [float(lattice.value(k)) for k in places]
    assert lattice.indices(values).tolist() == places


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_sums_of_floats_find_back_to_their_step(a: int, b: int) -> None:
    tenths = Lattice(Decimal(0), Decimal("0.1"))
    assert tenths.indices(np.array([a * 0.1 + b * 0.1])).tolist() == [a + b]


def test_what_is_between_the_steps_stays_between_them() -> None:
    fives = Lattice(Decimal(300), Decimal(5))
    indices = fives.indices(np.array([300.0, 302.5, 300.000001, np.nan]))
    assert is_whole(indices).tolist() == [True, False, False, False]


def test_count_is_exact_where_float_division_is_not() -> None:
    assert 0.3 / 0.1 != 3
    assert Lattice(Decimal(0), Decimal("0.1")).count_to(0.3) == 3
    assert Lattice(Decimal(0), Decimal("0.1")).count_to(0.35) is None


@given(st.floats(-1e25, 1e25).filter(lambda x: x == 0 or abs(x) > 1e-25), st.integers(3, 12))
def test_rounding_agrees_with_decimal_text(value: float, digits: int) -> None:
    rounded = round_significant(np.array([value]), digits)[0]
    # Exact ties may go either way; the text route and ours agree to the last of the digits kept.
    expected = float(f"{value:.{digits - 1}e}")
    assert rounded == expected or abs(rounded - expected) <= 1.001 * 10 ** (np.floor(np.log10(abs(value))) - digits + 1)
    assert float(f"{rounded:.{digits - 1}e}") == rounded


def test_numbers_are_written_as_people_write_them() -> None:
    assert [plain(x) for x in (100.0, 0.1, 33.000, 1e-9, Decimal("0.30"))] == ["100", "0.1", "33", "1e-09", "0.3"]
    assert decimal_of(0.1) == Decimal("0.1")
