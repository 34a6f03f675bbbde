"""Beliefs of an expert: their grammar, their faults, and the densities that they give designs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.errors import InvalidInput
from designer.space import DesignSpace, NumericParameter
from designer.space.beliefs.belief import Belief
from designer.space.beliefs.densities import bound_beliefs, log_densities
from tests.space.spaces import categoricals, compositions, numerics

SPACE = DesignSpace(
    parameters=[
        {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 50},
        {"name": "t", "kind": "numeric", "unit": "min", "bounds": [1, 1000], "scale": "log"},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
        {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 10},
        {"name": "purge", "kind": "numeric", "bounds": [1, 60], "when": "gas == N2"},
        {"name": "dopant", "kind": "numeric", "unit": "percent", "zero_or": [2, 8]},
        {"name": "humidity", "kind": "numeric", "bounds": [10, 90], "role": "context"},
    ]
)


def densities(belief: dict[str, Any], rows: Any, space: DesignSpace = SPACE) -> list[float]:
    (bound,) = bound_beliefs(space, [Belief(**belief)])
    return [round(float(each), 4) for each in bound.densities(np.array(rows, dtype=float))]


def row(T: float = 650, t: float = 10, gas: int = 1, ni: int = 4, dopant: float = 0) -> list[float]:
    return [T, t, gas, ni, 10 - ni, 0, 30, dopant, 50]


@pytest.mark.parametrize(
    ("belief", "path", "words"),
    [
        ({}, (), "says nothing about where"),
        ({"parameter": "T"}, (), "has no value"),
        ({"parameter": "T", "constraint": "T <= 700"}, ("parameter",), "both given"),
        ({"parameter": "gas", "near": "N2", "weights": {"Ar": 2}}, ("weights",), "both given"),
        ({"parameter": "gas", "weights": {"Ar": 0}}, ("weights", "Ar"), "no number above 0"),
        ({"parameter": "gas", "weights": {}}, ("weights",), "no mapping of choices"),
        ({"parameter": "gas", "near": []}, ("near",), "no list of choices"),
        ({"parameter": "gas", "near": True}, ("near",), "neither a number nor a choice"),
        ({"parameter": "T", "near": 650, "spread": True}, ("spread",), "True is not a number"),
        ({"parameter": "T", "near": 650, "spread": 80, "strength": 1}, ("strength",), "greater than 1"),
        ({"parameter": "T", "near": 650, "spread": 80, "strength": 1e9}, ("strength",), "1000000"),
        ({"parameter": "T", "near": 650, "width": 80}, ("width",), "unknown key"),
        ({"constraint": "T <="}, ("constraint",), "expected"),
    ],
)
def test_belief_that_cannot_be_read_is_a_fault(belief: dict[str, Any], path: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Belief(**belief)
    assert words in str(caught.value)
    assert [fault.path for fault in caught.value.faults] == [path]


@pytest.mark.parametrize(
    ("belief", "key", "words"),
    [
        ({"parameter": "furnace", "near": 650, "spread": 80}, "parameter", "no parameter 'furnace'"),
        ({"parameter": "alloy", "near": 40, "spread": 5}, "parameter", "name a member, such as alloy.Ni"),
        ({"parameter": "humidity", "near": 40, "spread": 5}, "parameter", "is a context"),
        ({"parameter": "T", "near": 950, "spread": 80}, "near", "between 300 and 900"),
        ({"parameter": "T", "near": "6 bar", "spread": 80}, "near", "does not convert"),
        ({"parameter": "T", "near": "warm", "spread": 80}, "near", "is not a number"),
        ({"parameter": "T", "near": ["650", "700"], "spread": 80}, "near", "give one number"),
        ({"parameter": "T", "near": 650}, "spread", "has no spread"),
        ({"parameter": "T", "near": 650, "spread": 0}, "spread", "not above 0"),
        ({"parameter": "T", "near": 650, "spread": -5}, "spread", "not above 0"),
        ({"parameter": "T", "near": 650, "spread": "5 min"}, "spread", "does not convert"),
        ({"parameter": "T", "near": 675, "spread": 0.5}, "spread", "no setting of 'T' is within 3 spreads"),
        ({"parameter": "T", "weights": {"N2": 1}}, "weights", "has no weights"),
        ({"parameter": "gas", "near": "N3"}, "near", "is not a choice of 'gas'"),
        ({"parameter": "gas", "near": 5}, "near", "5 is not a choice of 'gas'"),
        ({"parameter": "gas", "near": "N2", "spread": 5}, "spread", "no spread"),
        ({"parameter": "gas", "weights": {"N2": 1, "He": 2}}, "weights", "'He' is not a choice"),
        ({"parameter": "dopant", "near": 1, "spread": 5}, "near", "between 2 and 8"),
        ({"constraint": "T + x <= 700"}, "constraint", "no parameter 'x'"),
        ({"constraint": "t == 20"}, "constraint", "is continuous"),
    ],
)
def test_belief_that_the_space_cannot_have_is_a_located_fault(belief: dict[str, Any], key: str, words: str) -> None:
    good = Belief(parameter="T", near=650, spread=80)
    with pytest.raises(InvalidInput) as caught:
        bound_beliefs(SPACE, [good, Belief(**belief)])
    assert words in str(caught.value)
    assert [fault.path[:2] for fault in caught.value.faults] == [(1, key)]
    assert all(fault.remedy for fault in caught.value.faults)


def test_density_is_a_normal_curve_with_a_lowest_value() -> None:
    given_ = {"parameter": "T", "near": 650, "spread": 100, "strength": 10}
    assert densities(given_, [row(650), row(750), row(300)]) == [1.0, round(0.1 + 0.9 * np.exp(-0.5), 4), 0.102]
    assert densities({"parameter": "T", "near": "923.15 K", "spread": "100 K"}, [row(650)]) == [1.0]


def test_spread_on_a_log_scale_is_that_of_the_logarithm() -> None:
    found = densities({"parameter": "t", "near": 10, "spread": 10, "strength": 1e6}, [row(t=5), row(t=20), row(t=10)])
    assert found == [round(float(np.exp(-0.5)), 4), round(float(np.exp(-0.5)), 4), 1.0]


def test_choices_have_weights() -> None:
    rows = [row(gas=i) for i in range(3)]
    assert densities({"parameter": "gas", "near": "Ar", "strength": 4}, rows) == [0.25, 1.0, 0.25]
    assert densities({"parameter": "gas", "near": ["Ar", "air"], "strength": 4}, rows) == [0.25, 1.0, 1.0]
    assert densities({"parameter": "gas", "weights": {"Ar": 1, "air": 4}}, rows)[1:] == [0.2575, 1.0]


def test_members_zeros_and_conditions() -> None:
    assert densities({"parameter": "alloy.Ni", "near": 40, "spread": 1}, [row(ni=4), row(ni=9)]) == [1.0, 0.01]
    assert densities({"parameter": "dopant", "near": 0, "spread": 1}, [row(), row(dopant=8)]) == [1.0, 0.01]
    assert densities({"constraint": "T * t <= 5000", "strength": 2}, [row(300, 10), row(900, 10)]) == [1.0, 0.5]


def test_design_without_the_parameter_has_the_average_density() -> None:
    belief = {"parameter": "purge", "near": 30, "spread": 5}
    rows = np.array([row(gas=0), row(gas=1)])
    rows[0, 6] = 1
    low, absent = densities(belief, rows)
    assert low == 0.01
    assert 0.1 < absent < 0.4
    drawn = SPACE.sample(4000, np.random.default_rng(0))
    there = drawn[drawn[:, 2] == 0]
    assert absent == pytest.approx(np.mean(densities(belief, there)), abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_densities_lie_between_their_ends_over_random_spaces(data: st.DataObject) -> None:
    parameters = [data.draw(numerics("a")), data.draw(categoricals("b")), data.draw(compositions("c"))]
    space = DesignSpace(parameters=parameters)
    rows = space.sample(30, np.random.default_rng(0))
    known = space.parameters[0]
    assert isinstance(known, NumericParameter)
    near = float(rows[0, 0])
    spread = data.draw(st.floats(1e-3, 1e3)) * (known.high - known.low or 1.0)
    strength = data.draw(st.floats(1.1, 1e6))
    member = f"c.{space.parameters[2].members[0]}"
    beliefs = [
        Belief(parameter="a", near=near, spread=spread, strength=strength),
        Belief(parameter="b", near=str(parameters[1]["choices"][int(rows[0, 1])]), strength=strength),
        Belief(constraint=f"{member} >= 0", strength=strength),
    ]
    found = log_densities(bound_beliefs(space, beliefs), rows)
    assert found.shape == (len(rows), 3)
    assert np.isfinite(found).all()
    assert (found <= 1e-12).all()
    assert (found >= -np.log(strength) - 1e-9).all()
    assert found[0] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
