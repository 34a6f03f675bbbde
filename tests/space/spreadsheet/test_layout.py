"""The layout of labs' tables: titles, units, groups of headers, summaries, grids, replicates."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.space.spreadsheet.lab_tables import as_csv
from designer.space.spreadsheet.layout import Layout, tidied

PLAIN = "T,gas,y\n300,N2,1\n310,Ar,2\n320,N2,3"


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("My trials,,\nOperator:,M. Frey,\n" + PLAIN, PLAIN),
        ("T,gas,y\n°C,,MPa\n300,N2,1\n310,Ar,2", "T [°C],gas,y [MPa]\n300,N2,1\n310,Ar,2"),
        ("T,gas,y\n[°C],[-],(MPa)\n300,N2,1\n310,Ar,2", "T [°C],gas,y [MPa]\n300,N2,1\n310,Ar,2"),
        ("Oven,,Film\nT,gas,y\n300,N2,1\n310,Ar,2", "Oven T,Oven gas,Film y\n300,N2,1\n310,Ar,2"),
        (PLAIN + "\nmean,,2", PLAIN),
        (PLAIN + "\n,,\nfilm two was thin,,", PLAIN),
        ("a \\ b,x,z\np,1,2\nq,,4", "a,b,result\np,x,1\np,z,2\nq,z,4"),
        (
            "T,y 1,y 2\n300,1.0,1.1\n310,2.0,2.1\n320,3.0,3.2",
            "T,replicate,y\n300,1,1.0\n300,2,1.1\n310,1,2.0\n310,2,2.1\n320,1,3.0\n320,2,3.2",
        ),
        (
            "T,y (MPa),z\n300,1.0 ± 0.1,1\n310,2.0,2\n320,3.0 +/- 0.2,3",
            "T,y (MPa),y_sem [MPa],z\n300,1.0,0.1,1\n310,2.0,,2\n320,3.0,0.2,3",
        ),
        (PLAIN, PLAIN),
        ("T,y_07d,y_28d\n300,1,9\n310,2,12\n320,3,20", None),  # two ages, and no replicates
        ("gas,base,y\nN2,K,1\nAr,Na,2\nN2,K,3", None),  # potassium, not kelvin: the column has no numbers
        ("x1,x2,y\n1,20,3\n2,10,4\n3,30,5", None),  # two settings
        ("Ni,Fe,note\n1,2,a\n3,4,b", None),
    ],
)
def test_layouts(text: str, tidy: str | None) -> None:
    found = tidied(table(text))
    assert found.rows == table(tidy or text)
    assert bool(found.notes) == (tidy not in (None, text))


NAMES = st.lists(st.sampled_from(["T", "gas", "time", "pH", "load", "y"]), min_size=3, max_size=5, unique=True)


@given(names=NAMES, numbers=st.lists(st.integers(0, 99), min_size=15, max_size=15))
@settings(max_examples=40, deadline=None)
def test_plain_tables_stay_as_they_are(names: list[str], numbers: list[int]) -> None:
    body = [[str(numbers[3 * i + j % 3]) for j in range(len(names))] for i in range(5)]
    assert tidied([names, *body]) == Layout([names, *body])


CELLS = st.text("aT12.,±[]()/\\ :", max_size=6) | st.sampled_from(
    ["°C", "1", "2.5", "mean", "y 1", "y 2", "a \\ b", ""]
)


@given(rows=st.lists(st.lists(CELLS, max_size=5), max_size=7))
@settings(max_examples=150, deadline=None)
def test_any_table_has_rows_of_one_length(rows: list[list[str]]) -> None:
    found = tidied(rows)
    assert len({len(row) for row in found.rows}) <= 1
    assert as_csv(found).count("\n") >= len(found.rows)
