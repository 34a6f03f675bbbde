"""Pools: only listed designs, each once."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer.errors import InvalidData, NoDesignLeft
from designer.space.design_space import DesignSpace
from designer.space.pool import Pool, pooled, row_codes

PARAMETERS = [
    {"name": "x", "kind": "numeric", "bounds": [0, 10]},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
]


def listed(rows: Any, **other: Any) -> Any:
    return DesignSpace(parameters=PARAMETERS, pool=Pool(np.array(rows, dtype=float)), **other)


def test_repeats_are_kept_once_and_said() -> None:
    pool = Pool(np.array([[1.0, 0], [2, 0], [1, 0], [1, 0], [-0.0, 1], [0.0, 1]]), file="c.csv")
    assert pool.coordinates.tolist() == [[1, 0], [2, 0], [0, 1]]
    assert [str(notice) for notice in pool.notices] == [
        "c.csv, row 4: the same design as row 2; it is listed once",
        "c.csv, row 5: the same design as row 2; it is listed once",
        "c.csv, row 7: the same design as row 6; it is listed once",
    ]


def test_float_noise_makes_no_second_design() -> None:
    assert len(Pool(np.array([[0.1 + 0.2], [0.3], [0.30000001]]))) == 2


@pytest.mark.parametrize("rows", [np.empty((0, 2)), np.empty((3, 0))])
def test_an_empty_pool_is_refused(rows: Any) -> None:
    with pytest.raises(InvalidData, match="no design"):
        Pool(rows)


def test_values_that_are_missing_are_all_named() -> None:
    with pytest.raises(InvalidData) as caught:
        Pool(np.array([[1.0], [np.nan], [np.inf]]), file="c.csv")
    assert [fault.row for fault in caught.value.faults] == [3, 4]


def test_a_pool_cannot_be_changed_from_outside() -> None:
    rows = np.array([[1.0, 0], [2, 1]])
    pool = Pool(rows)
    rows[0, 0] = 9
    assert pool.coordinates[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        pool.coordinates[0, 0] = 9


def test_rows_and_contains() -> None:
    pool = Pool(np.array([[1.0, 0], [2, 1], [3, 1]]))
    asked = np.array([[3.0, 1], [3, 0], [1, 0], [np.nan, 0]])
    assert pool.rows(asked).tolist() == [2, -1, 0, -1]
    assert pool.contains(asked).tolist() == [True, False, True, False]


def test_only_the_pool_is_valid() -> None:
    space = listed([[1.5, 0], [2.5, 1]])
    assert space.valid(np.array([[1.5, 0], [1.5, 1], [5, 0]])).tolist() == [True, False, False]


def test_samples_are_rows_of_the_pool() -> None:
    space = listed([[i / 7, i % 2] for i in range(40)])
    drawn = space.sample(40, np.random.default_rng(0))
    assert space.valid(drawn).all()
    assert len(np.unique(drawn, axis=0)) == 40
    more = space.sample(50, np.random.default_rng(0))
    assert more.shape == (50, 2)
    assert len(np.unique(more, axis=0)) == 40
    assert (more[:10] != drawn[np.argsort(drawn[:, 0])][:10]).any()  # in random order


def test_space_filling_over_a_pool_avoids_what_is_taken() -> None:
    space = listed([[i, i % 2] for i in range(6)])
    avoid = space.pool.coordinates[:3]
    chosen = space.space_filling(5, np.random.default_rng(0), avoid)
    assert sorted(chosen[:, 0].tolist()) == [3, 4, 5]
    with pytest.raises(NoDesignLeft, match="taken already"):
        space.space_filling(1, np.random.default_rng(0), space.pool.coordinates)


def test_a_pool_has_no_neighbours() -> None:
    space = listed([[1, 0], [2, 1]])
    with pytest.raises(ValueError, match="a pool has no neighbours"):
        space.neighbours(space.pool.coordinates, 2, np.random.default_rng(0), 0.1)


def test_codes_tell_a_million_rows_apart_in_a_second() -> None:
    grid = np.arange(1_000_000)
    rows = np.stack([grid % 100, grid // 100 % 100, grid // 10_000, *np.zeros((5, len(grid)))], axis=1) / 10
    begin = time.process_time()
    pool = Pool(rows)
    assert pool.contains(rows[::1000]).all()
    assert not pool.contains(rows[::1000] + 1e-9 * np.eye(8)[7]).any()
    assert time.process_time() - begin < 3.0  # 1 s on an idle machine
    assert len(pool) == 1_000_000


def test_codes_depend_on_the_order_of_columns() -> None:
    assert row_codes(np.array([[1.0, 2.0]]))[0] != row_codes(np.array([[2.0, 1.0]]))[0]


# From tables


def test_a_table_becomes_a_pool_and_brings_its_formulas() -> None:
    space = DesignSpace(
        parameters=[{"kind": "formula"}, {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [0, 90]}]
    )
    table = pd.DataFrame({"formula": ["Fe2O3", "NiO", "Fe2O3"], "T [K]": [300, 310, "300 K"], "gap": [2, 3, 2]})
    result = pooled(space, table, file="c.csv", extra_columns=["gap"])
    assert result.frame(result.pool.coordinates).to_dict("list") == {"formula": ["Fe2O3", "NiO"], "T": [26.85, 36.85]}  # type: ignore[union-attr]
    assert [notice.row for notice in result.pool.notices] == [4]  # type: ignore[union-attr]
    assert result.encoder.encode(result.pool.coordinates).shape[0] == 2  # type: ignore[union-attr]


def test_columns_that_were_not_declared_are_faults() -> None:
    space = DesignSpace(parameters=PARAMETERS)
    with pytest.raises(InvalidData, match=r"c\.csv, row 1, column 'gap'"):
        pooled(space, pd.DataFrame({"x": [1], "gas": ["Ar"], "gap": [1]}), file="c.csv")


def test_a_listed_design_may_lie_between_the_steps_but_outside_the_bounds_is_not_drawn() -> None:
    space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 1}])
    result = pooled(space, pd.DataFrame({"x": [1, 2.5, 10.00001, 12]}))
    drawn = result.sample(3, np.random.default_rng(0))
    assert sorted(drawn[:, 0].tolist()) == [1, 2.5, 10.00001]
    assert result.valid(result.pool.coordinates).tolist() == [True, True, True, False]  # type: ignore[union-attr]


def test_amounts_of_a_listed_composition_keep_their_bounds() -> None:
    alloy = {"name": "a", "kind": "composition", "elements": ["Ni", "Fe"], "unit": "at.%", "step": 10}
    space = DesignSpace(parameters=[alloy | {"bounds": {"Ni": [20, 50]}, "zero_or": ["Ni"]}])
    result = pooled(space, pd.DataFrame({"a.Ni": [0, 10, 33, 60], "a.Fe": [100, 90, 67, 40]}))
    assert result.valid(result.pool.coordinates).tolist() == [True, False, True, False]  # type: ignore[union-attr]


def test_rows_that_break_a_constraint_stay_but_are_never_drawn() -> None:
    space = DesignSpace(parameters=PARAMETERS, constraints=["if gas == Ar then x <= 2"])
    result = pooled(space, pd.DataFrame({"x": [1, 5, 7], "gas": ["Ar", "Ar", "N2"]}))
    assert len(result.pool) == 3  # type: ignore[arg-type]
    assert sorted(result.sample(2, np.random.default_rng(0))[:, 0].tolist()) == [1, 7]
    assert len(result.space_filling(3, np.random.default_rng(0))) == 2
