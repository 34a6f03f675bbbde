"""Random designs: every one keeps every rule to the last digit; first designs spread better than chance."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from designer.errors import NoDesignLeft
from designer.space.design_space import DesignSpace
from tests.space.checker import broken_rules, exact, spaces

ALLOY = {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co", "Cr", "Mn"], "unit": "at.%", "step": 1}
HOT = {"name": "hot", "kind": "numeric", "bounds": [300, 900], "step": 5}
LONG = {"name": "long", "kind": "numeric", "bounds": [1, 1000], "scale": "log"}
GAS = {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]}

TEN = {
    "name": "c",
    "kind": "composition",
    "elements": ["Ni", "Fe", "Co", "Mn", "Cr", "Cu", "Al", "Ti", "V", "Mo"],
    "unit": "at.%",
    "step": 1,
    "max_nonzero": 5,
}

# Constraints in the grammar of the space, and the same in Python on an exact lab row.
CONSTRAINED = {
    "common": (["hot + long <= 1000"], [lambda r: exact(r["hot"]) + exact(r["long"]) <= 1000]),
    "rare": (["alloy.Ni >= 90", "hot >= 880"], [lambda r: r["alloy.Ni"] >= 90, lambda r: r["hot"] >= 880]),
    "equal": (["alloy.Ni + alloy.Fe == 50"], [lambda r: r["alloy.Ni"] + r["alloy.Fe"] == 50]),
    "two equal": (
        ["alloy.Ni == alloy.Fe", "alloy.Co == 2 * alloy.Cr"],
        [lambda r: r["alloy.Ni"] == r["alloy.Fe"], lambda r: r["alloy.Co"] == 2 * r["alloy.Cr"]],
    ),
    "if": (["if gas == air then hot <= 310"], [lambda r: r["gas"] != "air" or r["hot"] <= 310]),
    "forbid": (["forbid gas in [N2, Ar]"], [lambda r: r["gas"] == "air"]),
    "ratio": (["alloy.Ni <= 0.2 * hot / 100", "hot <= 320"], [lambda r: 500 * exact(r["alloy.Ni"]) <= exact(r["hot"])]),
    "needle": (
        ["alloy.Ni == 17", "alloy.Fe == 23", "alloy.Co == 31", "hot == 455", "gas == Ar"],
        [
            lambda r: (r["alloy.Ni"], r["alloy.Fe"], r["alloy.Co"]) == (17, 23, 31),
            lambda r: r["hot"] == 455 and r["gas"] == "Ar",
        ],
    ),
}


def rows(space: DesignSpace, coordinates: Any) -> Any:
    return space.frame(coordinates).to_dict("records")


@settings(max_examples=120, deadline=None)
@given(spaces(), st.integers(0, 2**32 - 1))
def test_every_sample_keeps_every_rule_exactly(parameters: Any, seed: int) -> None:
    space = DesignSpace(parameters=parameters)
    drawn = space.sample(25, np.random.default_rng(seed))
    assert drawn.shape == (25, space.width)
    assert space.valid(drawn).all()
    for row in rows(space, drawn):
        assert broken_rules(space, row) == []


@pytest.mark.parametrize("name", CONSTRAINED)
def test_constraints_are_kept_exactly(name: Any) -> None:
    texts, checks = CONSTRAINED[name]
    space = DesignSpace(parameters=[ALLOY, HOT, LONG, GAS], constraints=texts)
    for seed in range(3):
        drawn = space.sample(40, np.random.default_rng(seed))
        assert space.valid(drawn).all()
        assert len(set(space.keys(drawn))) == 40
        for row in rows(space, drawn):
            assert broken_rules(space, row) == []
            assert all(check(row) for check in checks)


def test_distinct_where_possible_and_repeated_only_where_not() -> None:
    space = DesignSpace(parameters=[GAS, {"name": "n", "kind": "numeric", "values": [1, 2]}])
    six = space.sample(6, np.random.default_rng(0))
    assert len(set(space.keys(six))) == 6
    ten = space.sample(10, np.random.default_rng(0))
    assert ten.shape == (10, 2)
    assert len(set(space.keys(ten[:6]))) == 6


def test_no_design_names_the_constraint_in_the_way() -> None:
    space = DesignSpace(parameters=[ALLOY, HOT, LONG, GAS], constraints=["gas == N2", "hot * hot <= 100"])
    with pytest.raises(NoDesignLeft, match=r"hot \* hot <= 100"):
        space.sample(1, np.random.default_rng(0))


def test_samples_depend_only_on_the_generator() -> None:
    space = DesignSpace(parameters=[ALLOY, HOT, LONG, GAS], constraints=["alloy.Ni == alloy.Fe", "hot >= 600"])
    first, second = (space.sample(30, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_log_scale_is_drawn_by_decades() -> None:
    space = DesignSpace(parameters=[LONG])
    drawn = space.sample(600, np.random.default_rng(0))[:, 0]
    per_decade = np.histogram(np.log10(drawn), bins=[0, 1, 2, 3])[0]
    assert per_decade.min() > 150


def test_no_rows_wanted() -> None:
    space = DesignSpace(parameters=[HOT])
    assert space.sample(0, np.random.default_rng(0)).shape == (0, 1)
    assert space.space_filling(0, np.random.default_rng(0)).shape == (0, 1)


def test_a_space_of_1e17_designs_is_sampled_in_a_moment() -> None:
    space = DesignSpace(parameters=[TEN, HOT, LONG, {**LONG, "name": "p"}, GAS])
    space.sample(1, np.random.default_rng(0))
    begin = time.process_time()
    space.sample(2000, np.random.default_rng(1))
    assert time.process_time() - begin < 0.5  # 0.02 s on an idle machine


# Space-filling


def unit_square(n: int, d: int, seed: int) -> Any:
    space = DesignSpace(parameters=[{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(d)])
    return space, space.space_filling(n, np.random.default_rng(seed))


@pytest.mark.parametrize("dimension", [2, 4, 8])
@pytest.mark.parametrize("n", [5, 20])
def test_first_designs_have_half_the_discrepancy_of_random_ones(n: int, dimension: int) -> None:
    chosen, chance = [], []
    for seed in range(6):
        space, designs = unit_square(n, dimension, seed)
        chosen.append(qmc.discrepancy(designs))
        chance.append(qmc.discrepancy(space.sample(n, np.random.default_rng(100 + seed))))
    assert np.mean(chosen) < 0.7 * np.mean(chance)


def test_the_first_design_is_central() -> None:
    _, designs = unit_square(1, 3, 0)
    assert np.abs(designs[0] - 0.5).max() < 0.15


def test_first_designs_on_a_log_scale_with_a_step_are_spread_by_decades() -> None:
    space = DesignSpace(parameters=[{**LONG, "bounds": [10, 10000], "step": 10}])
    first = space.space_filling(9, np.random.default_rng(0))[:, 0]
    assert [int(((first >= low) & (first < 10 * low)).sum()) for low in (10, 100, 1000)] == [3, 3, 3]


def test_every_choice_is_tried_early() -> None:
    space = DesignSpace(parameters=[GAS, HOT, LONG])
    designs = space.space_filling(6, np.random.default_rng(0))
    assert np.bincount(designs[:, 0].astype(int), minlength=3).tolist() == [2, 2, 2]


def test_designs_taken_already_are_avoided_and_kept_away_from() -> None:
    space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])
    avoid = np.linspace(0, 0.5, 12)[:, None]
    designs = space.space_filling(6, np.random.default_rng(0), avoid)
    assert designs.min() > 0.5


def test_fewer_where_there_are_no_more_and_an_error_where_there_is_none() -> None:
    space = DesignSpace(parameters=[GAS])
    left = space.space_filling(5, np.random.default_rng(0), np.array([[1.0]]))
    assert sorted(left[:, 0].tolist()) == [0, 2]
    with pytest.raises(NoDesignLeft, match="taken already"):
        space.space_filling(1, np.random.default_rng(0), np.array([[0.0], [1.0], [2.0]]))


def test_beside_thousands_of_taken_designs_new_ones_fill_the_gap() -> None:
    space = DesignSpace(parameters=[{"name": n, "kind": "numeric", "bounds": [0, 1]} for n in "xy"])
    taken = np.random.default_rng(0).random((5000, 2)) * [0.5, 1.0]
    found = space.space_filling(4, np.random.default_rng(0), taken)
    assert len(found) == 4
    assert (found[:, 0] > 0.5).all()


def test_first_designs_keep_constraints_and_depend_only_on_the_generator() -> None:
    space = DesignSpace(
        parameters=[ALLOY, HOT, GAS], constraints=["alloy.Ni + alloy.Fe >= 80", "if gas == air then hot <= 400"]
    )
    first, second = (space.space_filling(8, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert space.valid(first).all()
    assert len(set(space.keys(first))) == 8


def test_few_designs_already_differ_in_every_parameter() -> None:
    space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "bounds": [300, 900], "step": 50}, GAS])
    for seed in range(5):
        first = space.space_filling(3, np.random.default_rng(seed))
        assert len(set(first[:, 0])) == 3
        assert len(set(first[:, 1])) == 3


def test_few_designs_already_differ_in_their_composition() -> None:
    alloy = {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co", "Ce"], "unit": "at.%", "step": 10}
    space = DesignSpace(parameters=[alloy, HOT, LONG, GAS])
    for seed in range(5):
        first = space.space_filling(3, np.random.default_rng(seed))
        assert len({tuple(row) for row in first[:, :4]}) == 3
