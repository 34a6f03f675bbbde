"""Spaces of any size are checked in a moment, or refused with the limit."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer import Campaign
from designer.errors import InvalidData, InvalidSpace, NearestWords
from designer.space import DesignSpace
from designer.space.size_limits import MAX_CONSTRAINTS, MAX_MEMBERS, MAX_PARAMETERS

CPU_SECONDS = 8.0
"""What each of these may take; they take about 2, and took 30 to 60 before there were limits."""


@pytest.fixture(autouse=True)
def _in_time() -> Any:
    begun = time.process_time()
    yield
    assert time.process_time() - begun < CPU_SECONDS


def number(name: str, **keys: Any) -> dict[str, Any]:
    return {"name": name, "kind": "numeric", "bounds": [0, 10], **keys}


def mixture(size: int) -> dict[str, Any]:
    return {"name": "m", "kind": "mixture", "components": [f"c{i}" for i in range(size)]}


@pytest.mark.parametrize(
    ("space", "constraints", "message"),
    [
        ([number("x")], ["x <= 9"] * (MAX_CONSTRAINTS + 1), "10,001 constraints are too many; give at most 10,000"),
        ([number("x")], ["nothing <= 9"] * 30_000, "30,000 constraints are too many"),
        ([number(f"x{i}") for i in range(MAX_PARAMETERS + 1)], [], "10,001 parameters are too many"),
        ([mixture(MAX_MEMBERS + 1)], [], "501 components are too many; give at most 500"),
        ([mixture(3_000)], [], "3,000 components are too many"),
        ([{"name": "g", "kind": "categorical", "choices": ["a"] * 100_001}], [], "100,001 choices are too many"),
        ([number("x", values=list(range(100_001)))], [], "100,001 values are too many"),
    ],
)
def test_more_is_refused_with_the_limit(space: list[Any], constraints: list[str], message: str) -> None:
    with pytest.raises(InvalidSpace, match=message):
        DesignSpace(parameters=space, constraints=constraints)


def test_many_constraints_over_many_parameters() -> None:
    names = [f"x{i}" for i in range(500)]
    texts = [f"{names[i % 500]} + {i + 1} * {names[7 * i % 500]} <= {20 * (i + 2)}" for i in range(3_000)]
    space = DesignSpace(parameters=[number(name) for name in names], constraints=texts)
    assert len(space.bound_constraints) == 3_000


def test_many_parameters() -> None:
    assert DesignSpace(parameters=[number(f"x{i}") for i in range(5_000)]).width == 5_000


@pytest.mark.parametrize("parameters", [10, 2_000])
def test_many_wrong_constraints(parameters: int) -> None:
    texts = [f"xx{i} + x{i % parameters} <= 3" for i in range(3_000)]
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace(parameters=[number(f"x{i}") for i in range(parameters)], constraints=texts)
    assert len(caught.value.faults) == 3_000
    assert "did you mean" in caught.value.faults[0].remedy


def test_many_wrong_parameters() -> None:
    space = [number(f"x{i}") | {"bounds": [10, 0]} for i in range(3_000)]
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace(parameters=space, constraints=["x1 <= 3", "x1 + z <= 4"])
    assert len(caught.value.faults) == 3_000


def test_constraints_that_cannot_hold_together_are_not_all_listed() -> None:
    texts = [f"x + {i} * y <= {10 * i}" for i in range(1, 1_000)] + ["x + y >= 19", "x - y >= 0.5"]
    with pytest.raises(InvalidSpace, match=r"and 993 more cannot hold together") as caught:
        DesignSpace(parameters=[number("x"), number("y")], constraints=texts)
    assert len(str(caught.value)) < 1_000


def test_many_unknown_words_in_a_table() -> None:
    space = DesignSpace(parameters=[{"name": "g", "kind": "categorical", "choices": [f"g{i}" for i in range(3_000)]}])
    with pytest.raises(InvalidData) as caught:
        space.read_table(pd.DataFrame({"g": [f"h{i}" for i in range(20_000)]}))
    assert len(caught.value.faults) == 20_000


def test_the_nearest_of_a_hundred_unknown_words() -> None:
    nearest = NearestWords(["alpha", "beta"])
    assert nearest.remedy("alpah") == "did you mean 'alpha'?"
    for i in range(200):
        nearest.remedy(f"w{i}")
    assert nearest.remedy("alpah") == "did you mean 'alpha'?"
    assert nearest.remedy("betta") == "known: alpha, beta"


def test_the_largest_mixture_is_sampled() -> None:
    space = DesignSpace(parameters=[mixture(MAX_MEMBERS)])
    assert space.valid(space.sample(20, np.random.default_rng(0))).all()


def test_a_choice_of_3000_levels_is_suggested_from() -> None:
    space = [{"name": "g", "kind": "categorical", "choices": [f"g{i}" for i in range(3_000)]}, number("x")]
    campaign = Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}], initial=4)
    begun = time.process_time()
    batch = campaign.suggest(4)
    assert time.process_time() - begun < 4  # 33 s before
    assert batch["g"].nunique() == 4
    assert batch["x"].max() - batch["x"].min() > 3
