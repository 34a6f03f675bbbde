"""Decimal commas in tables with semicolons or tabs, empty columns at the end, and nameless columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import InvalidData
from designer.space.table_files import notes_of, read_csv_text


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_consistent_file_is_read_with_a_note(separator: str) -> None:
    lines = [["T [degC]", "solvent", "y"], ["300,5", "1,4-dioxane", "1.234,5 mV"], ["-310", "2,6-lutidine", "n.d."]]
    frame = read_csv_text("\n".join(separator.join(line) for line in lines))
    assert frame.to_numpy().tolist() == [["300.5", "1,4-dioxane", "1234.5 mV"], ["-310", "2,6-lutidine", "n.d."]]
    assert notes_of(frame) == ("decimal commas were read as points: 300,5 in column 'T [degC]' as 300.5",)


@pytest.mark.parametrize(
    "text",
    [
        "T;y\n300,5;1.5\n",  # two conventions
        "T;y\n1,234;5\n2,345;6\n",  # thousands or decimals
        'T,y\n"300,5",1\n',  # commas separate columns
        "name;y\n1,4-dioxane;5\n1,3-butadiene;6\n",
        "pair;y\n1,2 a;5\n1,3 b;6\n",
    ],
)
def test_others_are_left_as_they_are(text: str) -> None:
    frame = read_csv_text(text)
    assert notes_of(frame) == ()
    rows = [line.split(";") if ";" in line else ["300,5", "1"] for line in text.splitlines()[1:]]
    assert frame.to_numpy().tolist() == rows


@pytest.mark.parametrize(
    ("text", "columns", "note"),
    [
        ("T,y,,\n300,1,,\n310,2,,\n", ["T", "y"], "2 empty columns without a header were ignored"),
        ("T,y\n300,1,,\n310,2\n", ["T", "y"], None),
        ("T,,y\n300,,1\n310,,2\n", ["T", "y"], "1 empty column without a header was ignored"),
        ("T,y\n300,1\n,\n,\n", ["T", "y"], None),
        (",T,y\n0,300,1\n1,310,2\n", ["T", "y"], "the first column has no header and numbers the rows: it was ignored"),
    ],
)
def test_empty_and_nameless_columns(text: str, columns: list[str], note: str | None) -> None:
    frame = read_csv_text(text)
    assert list(frame.columns) == columns
    assert notes_of(frame) == (() if note is None else (note,))


@pytest.mark.parametrize("text", ["T,y,\n300,1,5\n", "T,,y\n300,5,1\n", ",T\n5,300\n7,310\n", "T,y\n300,1,5\n"])
def test_values_without_a_header_are_a_fault(text: str) -> None:
    with pytest.raises(InvalidData):
        read_csv_text(text)


NUMBERS = st.decimals(-(10**6), 10**6, places=3)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=8), st.sampled_from(";\t"))
def test_a_comma_reads_as_a_point_does(rows: list[tuple[object, object]], separator: str) -> None:
    body = "\n".join(separator.join(str(cell) for cell in row) for row in rows)
    with_points = read_csv_text(f"a{separator}b\n{body}\n")
    with_commas = read_csv_text(f"a{separator}b\n{body.replace('.', ',')}\n")
    if notes_of(with_commas):
        assert with_commas.equals(with_points)
    else:  # every comma may separate thousands
        pointed = with_commas.map(lambda cell: cell.replace(",", "."))
        assert pointed.to_numpy().tolist() == with_points.to_numpy().tolist()
