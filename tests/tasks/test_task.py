"""Tasks made in Python, from DataFrames in lab units."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import Fault, InvalidData
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task
from designer.tasks.cleaning import CENSORED
from designer.tasks.csv_text import read_text_table

SPACE = DesignSpace(
    parameters=[
        {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe"], "step": 0.1},
        {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900]},
    ]
)
TARGETS = (Target(name="hardness", goal="maximize"), Target(name="cost", goal="minimize"))


def frame(**columns: list[object]) -> pd.DataFrame:
    base: dict[str, list[object]] = {
        "alloy.Ni": [0.3, 0.3, 0.7],
        "alloy.Fe": [0.7, 0.7, 0.3],
        "temperature": [350.0, 350.0, 500.0],
        "hardness": [1.0, 2.0, 3.0],
        "cost": [5.0, None, None],
    }
    return pd.DataFrame(base | columns)


def task(**columns: list[object]) -> Task:
    return Task(space=SPACE, targets=TARGETS, data=frame(**columns), name="demo")


def test_coordinates_and_values() -> None:
    made = task()
    assert made.coordinates.tolist() == [[3.0, 7.0, 350.0], [3.0, 7.0, 350.0], [7.0, 3.0, 500.0]]
    np.testing.assert_array_equal(made.Y, [[1, 5], [2, np.nan], [3, np.nan]])
    assert made.distinct("cost").mean.tolist() == [5.0]


def test_a_row_counts_while_one_target_was_measured() -> None:
    made = task(hardness=[None, 2.0, None])
    assert (len(made), made.dropped.no_target) == (2, 1)


def test_the_task_keeps_no_hold_on_the_frame_it_was_made_from() -> None:
    given_frame = frame()
    made = Task(space=SPACE, targets=TARGETS, data=given_frame, name="demo")
    given_frame.loc[0, "hardness"] = 99.0
    designs = made.designs
    designs.loc[0, "temperature"] = 99.0
    assert made.Y[0, 0] == 1.0
    assert made.designs.loc[0, "temperature"] == 350.0
    with pytest.raises(FrozenInstanceError):
        made.name = "other"  # type: ignore[misc]


def test_equal_designs_are_one_whatever_their_rounding() -> None:
    made = task(**{"alloy.Ni": [0.3, 0.1 + 0.2, 0.7]})  # type: ignore[arg-type]
    assert made.distinct().count.tolist() == [2, 1]


def test_units_in_a_header() -> None:
    made = Task(
        space=SPACE,
        targets=TARGETS,
        data=frame().rename(columns={"temperature": "temperature [K]"}),
        name="demo",
    )
    assert made.designs["temperature"].tolist() == pytest.approx([76.85, 76.85, 226.85])


@pytest.mark.parametrize(
    ("column", "cells", "expected"),
    [
        ("hardness", [1.0, np.inf, 2.0], "row 3, column 'hardness': the value is infinite"),
        ("hardness", [1.0, True, 2.0], "row 3, column 'hardness': True is not a number"),
        ("temperature", [1.0, "warm", 2.0], "row 3, column 'temperature': 'warm' is not a number"),
    ],
)
def test_faulty_cells_are_named(column: str, cells: list[object], expected: str) -> None:
    with pytest.raises(InvalidData) as caught:
        task(**{column: cells})
    assert str(caught.value).startswith(expected)


def test_amounts_of_past_designs_may_miss_the_total_by_rounding() -> None:
    space = DesignSpace(parameters=[{"name": "mix", "kind": "mixture", "components": ["a", "b", "c"]}])
    target = Target(name="y", goal="maximize")
    data = pd.DataFrame({"mix.a": [0.33, 0.33], "mix.b": [0.33, 0.33], "mix.c": [0.33, 0.30], "y": [1.0, 2.0]})
    assert Task(space=space, targets=[target], data=data[:1], name="t").designs.iloc[0].tolist() == [0.33] * 3
    with pytest.raises(InvalidData, match=r"row 3, column 'mix\.a': mix sums to 0\.96 fraction, not 1"):
        Task(space=space, targets=[target], data=data, name="t")


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(InvalidData) as caught:
        Task(space=SPACE, targets=TARGETS, data=frame()[["alloy.Ni", "temperature", "cost"]], name="demo")
    assert [(fault.column, fault.what) for fault in caught.value.faults] == [
        ("alloy.Fe", "the column is missing"),
        ("hardness", "the column is missing"),
    ]


def test_a_target_with_a_column_of_its_own_can_stand_alone() -> None:
    target = Target(name="hardness", column="HV 0.2", unit="HV")
    made = Task(space=SPACE, targets=[target], data=frame().rename(columns={"hardness": "HV 0.2"}), name="demo")
    assert made.only("hardness").Y.tolist() == [[1.0], [2.0], [3.0]]


def test_limits_are_kept_as_such_and_are_no_values() -> None:
    made = task(hardness=["<5", "> 0.2", 3.0], cost=[5.0, None, "≥7"])
    assert made.Y.tolist() == [[pytest.approx(np.nan, nan_ok=True), 5.0], [3.0, pytest.approx(np.nan, nan_ok=True)]]
    assert made.censored[list(CENSORED)].to_numpy().tolist() == [
        ["hardness", "<", 5.0], ["hardness", ">", 0.2], ["cost", ">", 7.0],
    ]  # fmt: skip
    assert made.censored["temperature"].tolist() == [350.0, 350.0, 500.0]
    assert made.dropped.no_target == 0
    assert made.only("cost").censored["limit"].tolist() == [7.0]
    with pytest.raises(InvalidData, match="row 2, column 'hardness': 'low' is not a number"):
        task(hardness=["<low", 2.0, 3.0])


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(InvalidData, match="has no target 'colour'; one of: hardness, cost"):
        task().only("colour")


@given(text=st.text(st.sampled_from('a1,"\n\r .e-'), max_size=40))
def test_any_text_is_a_table_or_refused_with_a_place(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(text, encoding="utf-8", newline="")
    faults: tuple[Fault, ...] = ()
    table = pd.DataFrame()
    try:
        table = read_text_table(path)
    except InvalidData as error:
        faults = error.faults
    assert all(fault.file == str(path) and fault.what for fault in faults)
    assert faults or (len(table.columns) and table.columns.is_unique)
    assert all(isinstance(cell, str) for cell in table.to_numpy().ravel())
