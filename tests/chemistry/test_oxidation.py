"""Oxidation states and charge balance."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.chemistry.oxidation import balanced_states, electronegativities, oxidation_states


@pytest.mark.parametrize(
    ("amounts", "balances"),
    [
        ({"Na": 1, "Cl": 1}, True),
        ({"Fe": 3, "O": 4}, True),  # two states of one element
        ({"Li": 7, "La": 3, "Zr": 2, "O": 12}, True),
        ({"Na": 1, "Cl": 2}, False),
        ({"Ba": 1, "O": 3}, False),
        ({"Ar": 1, "O": 1}, False),
        ({"Fe": 1}, False),
        ({"Ni": 1, "Al": 1}, False),
    ],
)
def test_known_compounds_balance_and_wrong_ratios_do_not(amounts: dict[str, int], balances: bool) -> None:
    assert (balanced_states(amounts) is not None) == balances


def test_the_order_of_electronegativities_counts_where_it_is_asked_for() -> None:
    """Chlorine is the less electronegative one: positive in ClO2, negative in OCl2 only if the order does not count."""
    assert balanced_states({"O": 1, "Cl": 2}) is None or balanced_states({"O": 1, "Cl": 2})["Cl"] > 0  # type: ignore[index]
    assert balanced_states({"P": 4, "I": 12}, electronegativity=False) is not None


SYMBOLS = ["Li", "Na", "Mg", "Al", "Ti", "Fe", "Cu", "Sn", "N", "O", "F", "S", "Cl", "P"]


@given(st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 6), min_size=1, max_size=4), st.booleans())
def test_states_sum_to_zero_and_lie_between_those_of_the_element(amounts: dict[str, int], ordered: bool) -> None:
    found = balanced_states(amounts, electronegativity=ordered)
    if found is None:
        assert not _balances_with_one_state_each(amounts, ordered)
        return
    assert found.keys() == amounts.keys()
    assert sum(found[symbol] * amount for symbol, amount in amounts.items()) == pytest.approx(0, abs=1e-9)
    for symbol, state in found.items():
        assert min(oxidation_states(symbol)) <= state <= max(oxidation_states(symbol))
        assert state != 0
    if ordered:
        assert _in_order(found)


def _in_order(states: dict[str, float]) -> bool:
    scale = electronegativities()
    cations = [scale[symbol] for symbol, state in states.items() if state > 0]
    anions = [scale[symbol] for symbol, state in states.items() if state < 0]
    return max(cations) < min(anions)


def _balances_with_one_state_each(amounts: dict[str, int], ordered: bool) -> bool:
    """Whether any combination of one state an element sums to zero, by listing all of them."""
    for states in itertools.product(*(oxidation_states(symbol) for symbol in amounts)):
        if sum(s * n for s, n in zip(states, amounts.values(), strict=True)) == 0 and (
            not ordered or _in_order(dict(zip(amounts, map(float, states), strict=True)))
        ):
            return True
    return False
