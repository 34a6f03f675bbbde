"""Stated costs: their grammar, their values over designs, and the faults of what cannot be a cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.documents import Document, parse
from designer.errors import InvalidInput, InvalidSpace
from designer.objective.cost import MAX_CHARACTERS, Cost, StatedCost
from designer.space import DesignSpace

SPACE = DesignSpace(
    parameters=[
        {"name": "T", "kind": "numeric", "bounds": [300, 900]},
        {"name": "method", "kind": "categorical", "choices": ["bulk", "thin film", "N2"]},
        {"name": "purge", "kind": "numeric", "bounds": [1, 60], "when": "method == N2"},
        {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe"], "step": 0.1},
    ]
)
DESIGNS = pd.DataFrame(
    {
        "T": [300.0, 500.0, 900.0],
        "method": ["bulk", "thin film", "N2"],
        "purge": [None, None, 10.0],
        "alloy.Ni": [0.1, 0.5, 1.0],
        "alloy.Fe": [0.9, 0.5, 0.0],
    }
)


def stated(text: Any) -> StatedCost:
    return StatedCost.of(Cost.model_validate(text), SPACE)


@pytest.mark.parametrize(
    ("text", "costs"),
    [
        (5, [5, 5, 5]),
        ("2 + 0.01 * T", [5, 7, 11]),
        ("40 if method == bulk, 5", [40, 5, 5]),
        ('40 if method == bulk, 5 if method == "thin film", 2', [40, 5, 2]),
        ("(40 if method == bulk, 5) + T / 100", [43, 10, 14]),
        ("1 + (3 * purge if method == N2, 2)", [3, 3, 31]),
        ("1 + (3 * purge if purge >= 5, 2)", [3, 3, 31]),  # a condition on what does not exist does not hold
        ("7 if method in [bulk, N2] and T <= 800, 1", [7, 1, 1]),
        ("10 * alloy.Ni + 1", [2, 6, 11]),
        ({"experiment": "max(T, 400) / 100", "batch": 3}, [4, 5, 9]),
    ],
)
def test_costs_of_designs(text: Any, costs: list[float]) -> None:
    assert stated(text).of_designs(SPACE.coordinates(DESIGNS)).tolist() == pytest.approx(costs)
    stated(text).check()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("T <= 3", "a number is expected at character 1, not the condition 'T <= 3'"),
        ("2 +", "is expected at character 4"),
        ("5, 40 if method == bulk", "the end is expected at character 2"),
        ("40 if method == bulk, 5, 6", "the end is expected at character 24"),
        ("40 if method, 5", "'method' at character 7 is no condition"),
        ("1" * (MAX_CHARACTERS + 1), f"at most {MAX_CHARACTERS}"),
        (True, "True is no expression"),
        ([1], "no expression"),
        ({"batch": 2}, "'experiment' is missing"),
        ({"experiment": 1, "batch": -2}, "'batch' cannot be -2"),
        ({"experiment": 1, "batch": "a lot"}, "is not a number"),
        ({"experiment": 1, "change": 2}, "unknown key 'change'"),
    ],
)
def test_what_is_no_cost_is_a_fault(text: Any, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(Cost, Document(text))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 * time", "there is no parameter 'time'"),
        ("2 * method", "'method' is a choice, not a number"),
        ("5 if method == powder, 1", "'powder' is not a choice of 'method'"),
        ("alloy * 2", "name a member, such as alloy.Ni"),
        ("T - 400", "and not a positive number"),
        ("0", "and not a positive number"),
        ("5 if method == bulk", "has no value for the design"),
        ("1 / (T - T)", "has no value"),
        ("2 * purge", "has no value"),
    ],
)
def test_a_cost_that_does_not_fit_the_space_is_a_fault(text: str, words: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        stated(text).check()
    (fault,) = caught.value.faults
    assert words in str(fault)
    assert fault.remedy


@given(limit=st.floats(1, 60), seed=st.integers(0, 1000))
def test_the_limit_is_the_constraint_of_what_can_be_paid(limit: float, seed: int) -> None:
    cost = stated("(20 if method == bulk, 4 if T >= 600, 2) + 0.01 * T")
    space = DesignSpace(parameters=SPACE.parameters[:2], constraints=[cost.limit(limit)])
    designs = DesignSpace(parameters=SPACE.parameters[:2]).sample(50, np.random.default_rng(seed))
    paid = StatedCost.of(cost.cost, space).of_designs(designs) <= limit
    assert (space.valid(designs) == paid).all()
