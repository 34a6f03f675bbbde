"""Designs given by name, many at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.campaign.results.design_tables import read_designs
from designer.errors import Fault, InvalidData
from designer.space import DesignSpace
from tests.bounded import at_most

CELLS = st.sampled_from(
    [0.5, 1, 3.5, 30.0, "2", "1,5", "", None, "warm", -4, True, "A", "a", "b", "B ", "450 °C", "50 %", 100, 0, 60.0]
)
ROWS = st.dictionaries(st.sampled_from(["x", "t", "g", "film.Ni", "film.Fe", "T", "film"]), CELLS, max_size=5)


class TestManyDesigns:
    SPACE = DesignSpace(
        space=[  # type: ignore[call-arg]
            {"name": "x", "kind": "numeric", "bounds": [0, 4]},
            {"name": "t", "kind": "numeric", "bounds": [1, 500], "unit": "degC", "scale": "log"},
            {"name": "g", "kind": "categorical", "choices": ["a", "b"]},
            {"name": "film", "kind": "composition", "elements": ["Ni", "Fe"], "unit": "at.%"},
        ]
    )

    @given(st.lists(ROWS, max_size=6))
    def test_rows_read_together_are_those_read_alone(self, rows: list[dict[str, Any]]) -> None:
        designs: list[Any] = []
        faults: list[Fault] = []
        for i, row in enumerate(rows):
            try:
                designs += read_designs(self.SPACE, [row], inside=True)
            except InvalidData as error:
                faults += [fault.at(path=(i, *fault.path[1:])) for fault in error.faults]
        if faults:
            with pytest.raises(InvalidData) as caught:
                read_designs(self.SPACE, rows, inside=True)
            assert sorted(map(repr, caught.value.faults)) == sorted(map(repr, faults))
        else:
            assert list(read_designs(self.SPACE, rows, inside=True)) == designs

    def test_equal_designs_are_read_as_often_as_they_are_given(self) -> None:
        row = {"x": 1, "t": 20, "g": "a", "film.Ni": 30, "film.Fe": 70}
        assert len(read_designs(self.SPACE, [row, row, row])) == 3

    def test_sound_rows_are_read_in_near_linear_time(self) -> None:
        with at_most(40.0):  # some 2 s; 60 s row by row
            read_designs(self.SPACE, self.rows("a"), inside=True)

    def test_faulty_rows_are_read_in_near_linear_time(self) -> None:
        with at_most(40.0), pytest.raises(InvalidData) as caught:
            read_designs(self.SPACE, self.rows("c"), inside=True)
        assert len(caught.value.faults) == 20_000

    def rows(self, gas: str) -> list[dict[str, Any]]:
        row = {"x": 1, "g": gas, "film.Ni": 30, "film.Fe": 70}
        return [{**row, "t": 20 + i / 100} for i in range(20_000)]
