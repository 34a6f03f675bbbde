from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from designer.errors import InvalidData
from designer.space import DesignSpace, read_frame
from designer.space.table_files import read_csv_text, read_large

SPACE = DesignSpace(
    parameters=[
        {"name": "c", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 1},
        {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5, "column": "anneal"},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "1"]},
    ],
    constraints=["if gas == Ar then T <= 600"],
)
GOOD: dict[str, list[Any]] = {
    "c.Ni": [10, 20], "c.Fe": [30, 30], "c.Co": [60, 50], "anneal": [300, 350], "gas": ["N2", "Ar"],
}  # fmt: skip


def table(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame({**GOOD, **{key.replace("_", "."): value for key, value in changes.items()}})


def faults(frame: pd.DataFrame, **options: Any) -> list[str]:
    with pytest.raises(InvalidData) as caught:
        SPACE.read_table(frame, file="a.csv", **options)
    return str(caught.value).splitlines()


def test_a_clean_table() -> None:
    read = SPACE.read_table(table())
    assert read.coordinates.tolist() == [[10, 30, 60, 300, 0], [20, 30, 50, 350, 1]]
    assert read.flags == ((), ())
    assert read.rows == (2, 3)


def test_units_in_headers_and_cells_are_converted() -> None:
    frame = table().rename(columns={"anneal": "anneal [K]"})
    frame["anneal [K]"] = [573.15, 623.15]
    assert SPACE.read_table(frame).coordinates[:, 3].tolist() == [300.0, 350.0]
    frame["anneal [K]"] = ["573.15", "350 degC"]
    assert SPACE.read_table(frame).coordinates[:, 3].tolist() == [300.0, 350.0]
    assert SPACE.read_table(table(anneal=["573.15 K", 350])).coordinates[:, 3].tolist() == [300.0, 350.0]
    assert SPACE.read_table(table().rename(columns={"anneal": "T (degC)"})).coordinates[:, 3].tolist() == [300.0, 350.0]


def test_fractions_are_converted_where_the_header_says_so() -> None:
    frame = table(c_Ni=[0.1, 0.2], c_Fe=[0.3, 0.3], c_Co=[0.6, 0.5])
    assert faults(frame) == [
        f"a.csv, row {row}, column 'c.Ni': c sums to 1 at.%, not 100; "
        "if these are fractions, write so in the headers: c.Ni [fraction]"
        for row in (2, 3)
    ]
    named = frame.rename(columns={f"c.{x}": f"c.{x} [fraction]" for x in ("Ni", "Fe", "Co")})
    assert SPACE.read_table(named).coordinates[:, :3].tolist() == [[10, 30, 60], [20, 30, 50]]
    percent = table(c_Ni=["10 %", "20 %"])
    assert SPACE.read_table(percent).coordinates[:, 0].tolist() == [10, 20]
    (message,) = faults(table().rename(columns={"c.Ni": "c.Ni [wt.%]"}))
    why = "shares by atoms, moles, mass and volume do not convert without the composition"
    assert message == (
        f"a.csv, row 1, column 'c.Ni [wt.%]': 'wt.%' does not convert to 'at.%': {why}; give the value in at.%"
    )


def test_all_faults_are_reported_together() -> None:
    frame = pd.DataFrame(
        {
            "c.Ni": [10, "ten", 33, None], "c.Fe": [30, 30, 33, 0], "Co": [60, 50, 33, 100], "colour": [1, 2, 3, 4],
            "anneal [MPa]": [300, 350, 400, 450], "gas": ["N2", "N22", "", "O2"],
        }
    )  # fmt: skip
    assert faults(frame) == [
        "a.csv, row 1, column 'Co': the column is unknown; did you mean 'c.Co'?",
        "a.csv, row 1, column 'colour': the column is unknown; known: c.Ni, c.Fe, c.Co, anneal, gas",
        "a.csv, row 1, column 'c.Co': the column is missing; add it",
        "a.csv, row 1, column 'anneal [MPa]': 'MPa' does not convert to 'degC'; give the value in degC",
        "a.csv, row 3, column 'c.Ni': 'ten' is not a number; give a number in at.%",
        "a.csv, row 3, column 'gas': 'N22' is not a choice; did you mean 'N2'?",
        "a.csv, row 4, column 'gas': the cell is empty; known: N2, Ar, 1",
        "a.csv, row 5, column 'c.Ni': the cell is empty; give a number",
        "a.csv, row 5, column 'gas': 'O2' is not a choice; known: N2, Ar, 1",
    ]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("warm", "'warm' is not a number; give a number in degC"),
        ("3,5", "'3,5' is not a number; write a decimal point, not a comma"),
        ("", "the cell is empty; give a number"),
        (None, "the cell is empty"),
        (float("nan"), "the cell is empty"),
        ("nan", "'nan' is not a number"),
        ("N/A", "'N/A' means that there is no value; leave the cell empty"),
        ("inf", "the value is infinite"),
        (-np.inf, "the value is infinite"),
        ("1_000", "'1_000' is not a number"),
        (True, "True is not a number"),
        ("350 V", "'V' does not convert to 'degC'"),
        ("350 furlongz", "unit 'furlongz' is not known"),
    ],
)
def test_a_cell_that_is_no_number_is_named(cell: Any, message: str) -> None:
    (fault,) = faults(table(anneal=pd.Series([cell, 350], dtype=object)))
    assert fault.startswith("a.csv, row 2, column 'anneal': ")
    assert message in fault


def test_columns_twice_or_in_two_units() -> None:
    twice = pd.DataFrame([[10, 30, 60, 300, 300, "N2"]], columns=["c.Ni", "c.Fe", "c.Co", "anneal", "anneal", "gas"])
    assert faults(twice) == ["a.csv, row 1, column 'anneal': the header occurs twice; give each column once"]
    units = twice.set_axis(["c.Ni", "c.Fe", "c.Co", "anneal", "T [K]", "gas"], axis=1)
    assert faults(units) == ["a.csv, row 1, column 'T [K]': the same as 'anneal'; give each column once"]


def test_sums() -> None:
    assert faults(table(c_Co=[59, 50])) == [
        "a.csv, row 2, column 'c.Ni': c sums to 99 at.%, not 100; the amounts of c must sum to 100"
    ]
    measured = SPACE.read_table(table(c_Co=[60.4, 50]))
    assert measured.coordinates[0, :3].tolist() == [10, 30, 60.4]
    assert measured.flags[0] == ("c.Co = 60.4 at.% is not on the step of 1", "c sums to 100.4 at.%, not 100")
    assert "sums to 100.6 at.%" in faults(table(c_Co=[60.6, 50]))[0]
    assert "-10 at.% is less than nothing" in faults(table(c_Ni=[-10, 20], c_Co=[80, 50]))[0]


def test_what_is_unusual_is_kept_and_flagged() -> None:
    read = SPACE.read_table(table(anneal=[302, 1000], gas=["N2", "Ar"]))
    assert read.coordinates[:, 3].tolist() == [302, 1000]
    assert read.flags == (
        ("T = 302 degC is not on the step of 5",),
        ("T = 1000 degC is outside 300 to 900", "violates 'if gas == Ar then T <= 600'"),
    )
    assert SPACE.read_table(table(anneal=[302, 1000]), flags=False).flags == ((), ())


def test_numbers_as_choices_and_extra_columns() -> None:
    read = SPACE.read_table(table(gas=[1, 1.0]).assign(**{"strength [MPa]": [1, 2]}), extra_columns=["strength"])
    assert read.coordinates[:, 4].tolist() == [2, 2]
    assert read.headers == {"strength": "strength [MPa]"}


def test_an_empty_table_has_no_designs() -> None:
    assert SPACE.read_table(table().iloc[:0]).coordinates.shape == (0, 5)


# Files


def test_files_keep_their_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeffc.Ni;c.Fe;c.Co;anneal [K];gas\r\n10;30;60;573.15;N2\r\n\r\n20;30;50;warm;Ar\r\n".encode())
    frame = read_frame(path)
    assert frame.index.tolist() == [2, 4]
    with pytest.raises(InvalidData) as caught:
        SPACE.read_table(frame, file=str(path))
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [(4, "anneal [K]")]


CELLS = st.text("ab01.-", max_size=4)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_large_files_are_read_like_small_ones(rows: list[list[str]], separator: str, windows: bool) -> None:
    lines = [separator.join(row) for row in [["x", "y", "z"], *rows]]
    text = ("\r\n" if windows else "\n").join(lines) + "\n"
    quick = read_large(text, separator)
    if quick is None:
        assert any(row == ["", "", ""] for row in rows)
    else:
        pd.testing.assert_frame_equal(quick, read_csv_text(text), check_index_type=False)


PLAIN_NOT = ['a,b\n"1",2', "a,b\n1 ,2", "a,b\n1", "a,b\n1,2,3", "a,a\n1,2", "a,\n1,2", "a\n1", "a,b\n\n1,2"]


@pytest.mark.parametrize("text", PLAIN_NOT)
def test_what_is_not_plain_is_left_to_the_careful_reader(text: str) -> None:
    assert read_large(text, ",") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,b,a\n1,2,3\n", "row 1, column 'a': the header 'a' stands twice"),
        ("a,,b\n1,2,3\n", "row 1: column 2 has no header"),
        ("Log of May,\nx,y\n1,2\n", "name every column; if 'Log of May' is a title, delete the rows above the headers"),
        ("My log,,\na,b,c\n1,2,3\n", "row 1: 'My log' stands alone, as a title does; delete the rows above"),
        ("My log\na,b\n1,2\n", "row 1: 'My log' stands alone, as a title does"),
        ("My log\nof May\na;b\n1;2\n3;4\n", "row 1: 'My log' stands alone, as a title does"),
        ("My log, May\na,b,c\n1,2,3\n", "row 1: the header has 2 cells, and all rows below have 3"),
        ("a,b\n1,2\n1\n1,2,3\n", "row 3: the row has 1 cell; the header has 2"),
        ('a,b\n"1,2\n', "no proper CSV"),
        ("a\0b\n", "binary data"),
    ],
)
def test_files_that_are_no_tables(text: str, message: str) -> None:
    with pytest.raises(InvalidData) as caught:
        read_csv_text(text, file="a.csv")
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="no such file"):
        read_frame(tmp_path / "none.csv")
    with pytest.raises(InvalidData, match="cannot be read"):
        read_frame(tmp_path)
    (tmp_path / "latin.csv").write_bytes("a\n°\n".encode("latin-1"))
    with pytest.raises(InvalidData, match="not UTF-8"):
        read_frame(tmp_path / "latin.csv")
    (tmp_path / "false.xlsx").write_text("a,b")
    with pytest.raises(InvalidData, match="cannot be read as Excel"):
        read_frame(tmp_path / "false.xlsx")
    with pytest.raises(InvalidData, match="no such file"):
        read_frame(tmp_path / "none.xlsx")


def test_excel_files(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [["c.Ni", "c.Fe", "c.Co", "anneal", "gas"], [10, 30, 60, 300, "N2"], [20, 30, 50, "350 degC", "Ar"]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert SPACE.read_table(read_frame(tmp_path / "a.xlsx")).coordinates[:, 3].tolist() == [300, 350]
    book.active.append([20, 30, None, 350, "Ar"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InvalidData, match=r"row 4, column 'c\.Co': the cell is empty"):
        SPACE.read_table(read_frame(tmp_path / "a.xlsx"))


def test_numbers_too_large_to_reckon_with_are_refused() -> None:
    assert faults(table(anneal=[1e101, 350])) == [
        "a.csv, row 2, column 'anneal': the value is beyond 1e+100; give a finite number"
    ]


def test_a_bad_cell_hides_no_bad_sum() -> None:
    assert faults(table(c_Ni=["x", 10], c_Fe=[30, -30])) == [
        "a.csv, row 2, column 'c.Ni': 'x' is not a number; give a number in at.%",
        "a.csv, row 3, column 'c.Fe': -30 at.% is less than nothing; give an amount of 0 or more",
    ]
    assert faults(table(c_Ni=["x", 10])) == [
        "a.csv, row 2, column 'c.Ni': 'x' is not a number; give a number in at.%",
        "a.csv, row 3, column 'c.Ni': c sums to 90 at.%, not 100; the amounts of c must sum to 100",
    ]
