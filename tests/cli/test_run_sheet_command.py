"""designer run-sheet: the order of the open suggestions, on the screen and in files."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Designer


def test_order_is_shown_and_written(designer: Designer, folder: Path) -> None:
    assert designer("suggest", "-n", "4").code == 0
    shown = designer("run-sheet")
    assert shown.code == 0
    assert all(f"S000{i}" in shown.out for i in range(1, 5))
    assert "SiO2 [percent]" in shown.out
    done = designer("run-sheet", "--order", "least-changes", "--csv", "a.csv", "--html", "a.html", "--json")
    assert done.data["files"] == ["a.csv", "a.html"]
    assert done.data["order"] == "least-changes"
    assert [row[0] for row in done.data["rows"]] == [
        line.split(",")[0] for line in (folder / "a.csv").read_text().splitlines()[1:]
    ]
    assert "<h1>glass</h1>" in (folder / "a.html").read_text()


def test_workbook_is_written_and_read(designer: Designer, folder: Path) -> None:
    designer("suggest", "-n", "2")
    assert designer("run-sheet", "--xlsx", "a.xlsx").code == 0
    checked = designer("record", "a.xlsx")
    assert checked.code == 0
    assert "S0001" in checked.out


def test_faults_are_one_line_and_write_nothing(designer: Designer, folder: Path) -> None:
    assert "no suggestion is open" in designer("run-sheet", "--csv", "a.csv").err
    designer("suggest", "-n", "2")
    assert "there is no order 'alphabetical'" in designer("run-sheet", "--order", "alphabetical").err
    assert "one file is given for two formats" in designer("run-sheet", "--csv", "a.csv", "--html", "a.csv").err
    assert not (folder / "a.csv").exists()
    (folder / "b.csv").write_text("mine")
    done = designer("run-sheet", "--csv", "b.csv")
    assert done.code == 2
    assert (folder / "b.csv").read_text() == "mine"
