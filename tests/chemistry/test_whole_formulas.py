"""Whole, reduced formulas: what is read of their text, and the nearest one of a limited size."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.chemistry.formulas import parse_formula
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import atoms, exact_amounts, formula_text, nearest_amounts, reduced
from designer.errors import InvalidData

AMOUNTS = st.dictionaries(st.sampled_from(SYMBOLS[:100]), st.integers(1, 12), min_size=1, max_size=6)


@given(AMOUNTS)
def test_a_formula_is_read_as_the_amounts_that_it_was_written_from(amounts: dict[str, int]) -> None:
    whole = reduced(amounts)
    try:
        text = formula_text(whole)
    except InvalidData:
        return  # a few texts may be read in two ways; see the next test
    assert parse_formula(text) == dict(whole)
    assert exact_amounts(text) == whole


def test_hardly_any_pair_of_elements_cannot_be_written() -> None:
    refused = []
    for pair in itertools.combinations(SYMBOLS[:94], 2):
        try:
            formula_text(reduced(dict.fromkeys(pair, 1)))
        except InvalidData:
            refused.append(pair)
    assert len(refused) < 5


@given(AMOUNTS, st.integers(2, 5))
def test_a_common_factor_does_not_count(amounts: dict[str, int], factor: int) -> None:
    assert reduced(amounts) == reduced({symbol: factor * amount for symbol, amount in amounts.items()})


@given(AMOUNTS, st.integers(1, 40))
def test_the_nearest_formula_keeps_the_limit_and_is_exact_where_it_can_be(amounts: dict[str, int], limit: int) -> None:
    text = "".join(f"{symbol}{amount}" for symbol, amount in amounts.items())
    try:
        exact = exact_amounts(text)
    except InvalidData:
        return
    near = nearest_amounts(text, limit)
    assert atoms(near) <= limit
    assert near or limit < len(exact)
    assert {symbol for symbol, _ in near} <= {symbol for symbol, _ in exact}
    if atoms(exact) <= limit:
        assert near == exact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fe2O3", {"Fe": 2, "O": 3}),
        ("Fe0.5O0.5", {"Fe": 1, "O": 1}),
        ("Ba0.333Ti0.333O1", {"Ba": 333, "Ti": 333, "O": 1000}),
    ],
)
def test_fractions_become_whole_numbers(text: str, expected: dict[str, int]) -> None:
    assert dict(exact_amounts(text)) == expected
