"""Tables of known formulas."""

from __future__ import annotations

from pathlib import Path

import pytest

from designer.errors import InvalidData
from designer.generation.formula_tables import read_formulas


def written(folder: Path, text: str) -> Path:
    path = folder / "known.csv"
    path.write_text(text)
    return path


def test_formulas_are_read_once_each_in_the_order_of_the_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "Formula,gap\nTiO2,3\n,4\nFe2O3,2\nTiO2,3\n")
    assert read_formulas(path) == ("TiO2", "Fe2O3")
    assert read_formulas(written(tmp_path, "sample,composition\n1,NaCl\n")) == ("NaCl",)
    assert read_formulas(written(tmp_path, "phase,formula\nNaCl,x\n"), "phase") == ("NaCl",)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("formula\nTiO2\nTiXx2\nQ\n", None, ["row 3, column 'formula'", "row 4"]),
        ("phase\nTiO2\n", None, ["no column 'formula' or 'composition'"]),
        ("phase\nTiO2\n", "Phase", ["no column 'Phase'; known: phase"]),
        ("formula,a\n,1\n", None, ["there is no formula"]),
        ("", None, ["known.csv"]),
    ],
)
def test_wrong_tables_are_refused_with_their_place(
    tmp_path: Path, text: str, column: str | None, words: list[str]
) -> None:
    with pytest.raises(InvalidData) as caught:
        read_formulas(written(tmp_path, text), column)
    for each in words:
        assert each in str(caught.value)
