from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from designer.errors import MeasurementFailed, OracleUnusable
from designer.oracles.base import Measured, Oracle, checked, read_measured


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int64(3)])
def test_numbers_of_every_make_become_floats(value: float) -> None:
    assert checked({"y": value}, ("y",), "it") == {"y": 3.0}
    assert checked(value, ("y",), "it") == {"y": 3.0}
    assert type(checked(value, ("y",), "it")["y"]) is float


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -float("inf"), 10**400])
def test_no_value_is_a_failed_measurement(value: Any) -> None:
    with pytest.raises(MeasurementFailed, match=r"^it gave .*'y'"):
        checked({"y": value}, ("y",), "it")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"y": "3"}, "it gave '3' for 'y'; give a number"),
        ({"y": True}, "it gave True for 'y'; give a number"),
        ({"y": [3]}, "it gave [3] for 'y'; give a number"),
        ({"y": 1, "hardnes": 2}, "it gave 'hardnes', which is no target; targets: y"),
        ({"yy": 1}, "it gave 'yy', which is no target; did you mean 'y'?"),
        ({}, "it gave no 'y'; give every target, null where it failed"),
        ("three", "it gave 'three' for 'y'; give a number"),
        ([1, 2], "it gave [1, 2] for 'y'; give a number"),
    ],
)
def test_a_result_of_another_shape_stops_the_oracle(result: Any, message: str) -> None:
    with pytest.raises(OracleUnusable) as error:
        checked(result, ("y",), "it")
    assert str(error.value) == message


def test_a_bare_number_is_not_enough_for_two_targets() -> None:
    with pytest.raises(OracleUnusable, match="it gave 3; give a value for each of y, z"):
        checked(3, ("y", "z"), "it")


def test_measured_is_a_mapping_with_notes() -> None:
    result = Measured({"y": 1.0, "z": 2.0}, notes=("a note",))
    assert dict(result) == {"y": 1.0, "z": 2.0}
    assert len(result) == 2
    assert result.notes == ("a note",)
    assert result.executed is None


def test_anything_with_measure_is_an_oracle() -> None:
    class Mine:
        def measure(self, design: Any, *, suggestion: Any = None) -> Any:
            return {}

    assert isinstance(Mine(), Oracle)
    assert not isinstance(object(), Oracle)


@pytest.mark.parametrize(
    ("value", "number", "side"),
    [("<0.01", 0.01, "<"), ("> 1e6", 1e6, ">"), ("≤5", 5.0, "<"), (3, 3.0, None), (2.5, 2.5, None)],
)
def test_limits_are_read(value: object, number: float, side: str | None) -> None:
    for result in (value, {"y": value}):
        found = read_measured(result, ("y",), "it")
        assert dict(found) == {"y": number}
        assert found.censored.get("y") == side
        assert found.cells == {"y": number if side is None else f"{side}{number!r}"}


@pytest.mark.parametrize("value", ["<", "<n.d.", "0.01", "below 3", "<nan", ">inf", "<1 V"])
def test_other_texts_are_no_results(value: str) -> None:
    with pytest.raises(OracleUnusable, match="give a number"):
        read_measured({"y": value}, ("y",), "it")


def test_missing_targets_are_missing_beside_limits() -> None:
    with pytest.raises(OracleUnusable, match="gave no 'z'"):
        read_measured({"y": "<1"}, ("y", "z"), "it")
