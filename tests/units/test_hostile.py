"""No text that stands where a unit or a quantity may stand takes long, fills the memory or shows a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest.mock import patch

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import example, given

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.file.unit_notes import unit_notes
from designer.campaign.results.numeric_cells import read_number, read_spread
from designer.cli.column_guess import guess, read_columns
from designer.cli.lab_column import Column, ColumnRequest
from designer.errors import InvalidInput
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks.quality.cell_reading import read_cell
from designer.units import (
    convert,
    convert_difference,
    convertible,
    dimensionality,
    label_reason,
    other_meaning,
    parse_quantity,
    same_unit,
    split_header,
)
from designer.units.grammar import MAX_LENGTH
from designer.units.limits import read_limit
from tests.bounded import at_most

HOSTILE = [
    "m**10**10**10", "9**9**9**9", "2**2**33", "m^9^9^9", "m^999999999", "m**-999999999", "10^999999999", "1e999999999",
    "(" * 5000 + "m" + ")" * 5000, "(((((((m)))))))", "m" * 100_000, "m " * 50_000, "m/" * 50_000, "m*" * 30, "/" * 70,
    "1" * 100_000, "m^" + "9" * 70, "m1/2/2/2", "m^(1/99)", "m^0.0000001", "(m^9)^9", "((m^9)^9)^9", "A" * 20,
    "A A A A A A A A A A", "C/C/C/C/C/C/C/C", " " * 100_000 + "m", "m" + " " * 100_000, "\u200b" * 100_000, "ﷺ" * 80,
    "√" * 79, "√√√√√√√√√√m", "%" * 80, "wt" * 40 + "%", "__import__('os')", "lambda: 0", "0x10", "m\x00", "m\n\n",
    "°" * 80,
    "10**10**10", "1/1/1/1/1/m", "nan", "inf", "Δ" * 60, "\ud800", "m·" * 39, "m^-" * 20, "per " * 20, "f.u." * 20,
]  # fmt: skip


def refused_briefly(ask: Callable[[], object]) -> None:
    """Carry out `ask`; it may refuse its input, in a message that a terminal can hold."""
    try:
        ask()
    except InvalidInput as error:
        message = str(error)
    else:
        return
    assert len(message) < 1000


def every_reading(text: str) -> None:
    """Ask everything that can be asked about a unit's text; only `InvalidUnit` may be raised."""
    assert isinstance(dimensionality(text), str)
    label_reason(text), other_meaning(text)
    assert same_unit(text, text)
    assert convertible(text, text)
    assert convert(2.0, text, text) == 2.0
    for other in ("m", "degC", "rpm", "percent", None, text[:10]):
        for ask in (convert, convert_difference):
            for one, to in ((text, other), (other, text)):
                refused_briefly(partial(ask, 1.5, one, to))
    refused_briefly(lambda: parse_quantity(f"5 {text}", "m"))
    name, unit = split_header(f"x [{text}]")
    assert name.startswith("x")
    assert unit is None or len(unit) <= len(text)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:20]!a} ({len(text)})")
def test_no_unit_takes_long(text: str) -> None:
    every_reading("m")  # pint is loaded
    with at_most(2.0):
        every_reading(text)


PIECES = ["m", "s", "10", "1", "9", "^", "**", "*", "/", ".", "-", "+", "(", ")", "[", "]", " ", "%", "°", "C", "A",
"µ",
          "½", "²", "⁻¹", "√", "per", "e", "wt", "U", "\u00a0", "·", "K", "Δ", ",", "_", "{", "}", "mol",
          "ppm"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=120))
@example("1e5000 K")
def test_any_text_is_read_or_refused_at_once(text: str) -> None:
    with at_most(2.0):
        every_reading(text)


@given(st.text(alphabet="0123456789.eE+-, mK%()[]<>±", max_size=250))
@example("1" * 250)
@example("1" * 100_000 + "!")
@example("1," * 50_000)
@example("(" * 100_000)
@example("<" + " " * 100_000 + "x")
@example("1±" * 50_000)
def test_any_cell_is_read_or_refused_at_once(cell: str) -> None:
    with at_most(2.0):
        refused_briefly(lambda: parse_quantity(cell, "K"))
        refused_briefly(lambda: read_number(cell, None, "K"))
        refused_briefly(lambda: read_spread(cell, None, "K"))
        refused_briefly(lambda: read_limit(cell, None, "K"))
        read_cell(cell, None, "K")
        split_header(cell)
        read_columns(pd.DataFrame({"x": [cell]}))


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\n" not in text and "\ud800" not in text])
class TestEntries:
    """The same texts where a person writes units: campaign files, headers, cells, drafts."""

    def test_campaign_files(self, text: str) -> None:
        with at_most(10.0):
            spec = CampaignSpec.from_data(
                {
                    "designer": 1, "name": "x", "space": [{"name": "T", "kind": "numeric", "unit": text,
                    "bounds": [1, 2]}],
                    "targets": [{"name": "y", "unit": text, "goal": "maximize"}],
                },
                folder=Path(),
            )  # fmt: skip
            assert len(unit_notes(spec)) <= 1

    def test_headers_and_cells(self, text: str) -> None:
        space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [1, 2]}])
        for frame in (pd.DataFrame({f"T [{text}]": [1.0]}), pd.DataFrame({"T": [f"1 {text}"]})):
            with at_most(5.0), pytest.raises(InvalidInput):
                space.read_table(frame)

    def test_drafts(self, text: str) -> None:
        with at_most(10.0):
            columns = read_columns(pd.DataFrame({f"T [{text}]": ["1", "2"], "y": [f"1 {text}", f"2 {text}"]}))
            assert len(columns) == 2
            assert all(isinstance(column, Column) for column in columns)
            refused_briefly(lambda: guess(columns, "x", [ColumnRequest("y", "maximize")], [], "x.csv"))


def test_a_number_of_a_billion_digits_is_not_written_out() -> None:
    frame = pd.DataFrame({"x": ["1e999999999", "2", "3"], "y": ["1", "2", "3"]})
    with at_most(5.0):
        assert not read_columns(frame)[0].is_numeric


def test_a_hundred_thousand_units_that_differ_take_little_memory() -> None:
    from designer.units.conversion import _readings, _step

    for i in range(20_000):
        assert not convertible(f"x{i}", "m")
    for cache in (_readings, _step):
        assert cache.cache_info().maxsize == 4096
    assert len(f"x{'9' * MAX_LENGTH}") > MAX_LENGTH


def test_a_hundred_thousand_cells_in_one_unit() -> None:
    cells = [f"{300 + i * 0.001:.3f} K" for i in range(100_000)]
    parse_quantity(cells[0], "degC")
    with patch("designer.units.conversion._registry", side_effect=AssertionError("a unit is read again")):
        values = [parse_quantity(cell, "degC") for cell in cells]
    assert values[0] == pytest.approx(26.85)
    assert Target(name="y", unit="K").unit == "K"
