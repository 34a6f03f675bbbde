"""Constraints that depend on choices: every branch that has designs is sampled, whatever the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from designer.space import DesignSpace

REACTOR = {"name": "r", "kind": "categorical", "choices": ["R1", "R2", "R3"]}
OVEN = {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [20, 1000], "step": 5}
RARE = [
    [
        "if r == R1 then T >= 980 and a >= 9.5 and b >= 9.9",
        "if r == R2 then T <= 40 and a <= 0.5 and b <= 0.2",
        "if r == R3 then T == 500 and a >= 9.9 and b <= 0.1",
    ],
    [
        "if r == R1 then a + b >= 19.99",
        "if r == R2 then a + b <= 0.01 and T == 500",
        "if r == R3 then T == 20 and a <= 0.01",
    ],
    ["(r == R1 and a >= 9.99 and b >= 9.9) or (r != R1 and a <= 0.01 and b <= 0.02 and T <= 200)"],
]


def numbers(*names: str, **keys: Any) -> list[dict[str, Any]]:
    return [{"name": name, "kind": "numeric", "bounds": [0, 10], **keys} for name in names]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("constraints", RARE, ids=["three", "sums", "or"])
def test_rare_branches_are_all_sampled(constraints: list[str], seed: int) -> None:
    space = DesignSpace(parameters=[REACTOR, OVEN, *numbers("a", "b")], constraints=constraints)
    designs = space.sample(300, np.random.default_rng(seed))
    assert space.valid(designs).all()
    counts = np.bincount(designs[:, 0].astype(int), minlength=3)
    assert counts.min() >= 3  # the smallest branch has 66 designs


@pytest.mark.parametrize("seed", range(4))
def test_a_branch_that_random_draws_miss_is_sampled(seed: int) -> None:
    constraint = "if r == R1 then a >= 9.9 and b >= 9.9 and c >= 9.7 and d >= 9.5"
    space = DesignSpace(parameters=[REACTOR, *numbers("a", "b", "c", "d", step=0.1)], constraints=[constraint])
    designs = space.sample(1000, np.random.default_rng(seed))
    assert space.valid(designs).all()
    assert (designs[:, 0] == 0).sum() >= 5
    assert len(np.unique(designs, axis=0)) == 1000
    assert (space.space_filling(8, np.random.default_rng(seed))[:, 0] >= 0).all()


def test_a_branch_without_designs_is_left_out() -> None:
    space = DesignSpace(parameters=[REACTOR, *numbers("a", "b")], constraints=["if r == R1 then a + b >= 20.5"])
    designs = space.sample(200, np.random.default_rng(0))
    assert set(designs[:, 0]) == {1.0, 2.0}
    assert len(space.rare_designs) == 0


def test_a_forbidden_choice_costs_no_search() -> None:
    space = DesignSpace(parameters=[REACTOR, *numbers("a")], constraints=["forbid r == R1"])
    assert len(space.rare_designs) == 0
    assert set(space.sample(100, np.random.default_rng(0))[:, 0]) == {1.0, 2.0}


def test_what_is_common_is_drawn_as_without_branches() -> None:
    space = DesignSpace(parameters=[REACTOR, *numbers("a")], constraints=["if r == R1 then a <= 5"])
    share = (space.sample(3000, np.random.default_rng(0))[:, 0] == 0).mean()
    assert 0.15 < share < 0.25
