"""Ten tables in the style of labs become campaigns that can run, without an edit by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.studies.first_ten_minutes import follow
from benchmarks.studies.messy_tables import MessyTable, messy_tables
from tests.cli.conftest import Designer

TABLES = {table.name: table for table in messy_tables()}


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_table_becomes_the_campaign_that_is_meant(table: MessyTable, tmp_path: Path) -> None:
    course = follow(table, tmp_path, to_report=False)
    assert course.edits == []
    assert any("Goal" in remark or "grid" in remark for remark in course.remarks)


def test_a_round_of_the_loop_and_the_report(tmp_path: Path) -> None:
    assert follow(TABLES["candidates"], tmp_path).edits == []
    assert list(tmp_path.glob("*.html"))


def test_tidy_copy_is_never_overwritten(designer: Designer, folder: Path) -> None:
    table = TABLES["units-in-second-row"].write(folder)
    copy = folder / "units-in-second-row-tidy.csv"
    copy.write_text("mine")
    done = designer("init", table.name, "--yes")
    assert done.code == 2
    assert copy.name in done.err
    assert copy.read_text() == "mine"
    assert not table.with_suffix(".yaml").exists()


def test_tidy_copy_goes_with_a_campaign_that_cannot_be_written(designer: Designer, folder: Path) -> None:
    table = TABLES["units-in-second-row"].write(folder)
    table.with_suffix(".yaml").write_text("mine")
    assert designer("init", table.name, "--yes").code == 2
    assert not (folder / "units-in-second-row-tidy.csv").exists()


@pytest.mark.parametrize(("encoding", "name"), [("cp1252", "Windows-1252"), ("utf-16", "UTF-16")])
def test_other_encodings(designer: Designer, folder: Path, encoding: str, name: str) -> None:
    text = "Temp (°C);Härte (HV)\n300,5;100\n350;120\n400;90\n450;95\n"
    (folder / "alt.csv").write_bytes(text.encode(encoding))
    done = designer("init", "alt.csv", "--yes", "--maximize", "Härte")
    assert done.code == 0, done.err
    assert f"The text was read as {name}." in done.out
    assert (folder / "alt-tidy.csv").read_text(encoding="utf-8").startswith("Temp (°C),Härte (HV)\n300.5,")


def test_what_is_no_text_is_refused(designer: Designer, folder: Path) -> None:
    (folder / "raw.csv").write_bytes(bytes(range(256)) * 4)
    done = designer("init", "raw.csv", "--yes")
    assert (done.code, len(done.err.splitlines())) == (2, 1)


def test_cost_and_context_are_offered(designer: Designer, folder: Path) -> None:
    rows = [f"{h},{t},{2 + 0.5 * t},{t + h}" for h, t in ((20, 1), (30, 2), (40, 3), (20, 3), (30, 1))]
    (folder / "runs.csv").write_text("ambient humidity [%],time [min],price [EUR],hardness [HV]\n" + "\n".join(rows))
    done = designer("init", "runs.csv", "--yes", "--maximize", "hardness")
    assert "Column 'price [EUR]' was left out: it is what an experiment cost." in done.out
    text = (folder / "runs.yaml").read_text()
    assert "# cost: 2 + 0.5 * time    # a guess from column 'price [EUR]'" in text
    assert "if it is known and not chosen, add 'role: context'" in text
    (folder / "runs.yaml").write_text(text.replace("# cost:", "cost:"))
    assert designer("validate", "runs.yaml").code == 0
