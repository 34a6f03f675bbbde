"""Run sheets: the open suggestions in an order, as CSV, XLSX and a page to print."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pandas as pd
import pytest

from designer import Campaign
from designer.errors import InvalidInput, MissingExtra
from designer.report.run_sheet import as_csv, as_html, as_xlsx, run_sheet
from designer.space import read_frame

SPACE: list[dict[str, Any]] = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [-300, 900], "step": 10},
    {"name": "g", "kind": "categorical", "choices": ["N2", "Ar"]},
]
TARGETS: list[dict[str, Any]] = [{"name": "y", "unit": "MPa", "goal": "maximize"}]
INITIAL = {"kind": "factorial", "blocks": 2, "centre_points": 2}


def begun(n: int = 6, **settings: Any) -> Campaign:
    campaign = Campaign.create(**{"space": SPACE, "targets": TARGETS, "initial": INITIAL, **settings})
    if n:
        campaign.suggest(n)
    return campaign


def test_runs_of_a_block_stay_together_and_every_run_comes_once() -> None:
    for order in ("random", "least-changes"):
        runs = run_sheet(begun(), order)
        assert runs.blocks == (1, 1, 1, 2, 2, 2)
        assert sorted(str(row[0]) for row in runs.sheet.rows) == [f"S000{i}" for i in range(1, 7)]


def test_csv_that_is_filled_in_can_be_recorded() -> None:
    campaign = begun(replicates=2)
    frame = pd.read_csv(io.StringIO(as_csv(run_sheet(campaign))))
    assert list(frame.columns) == ["suggestion", "replicate", "T [degC]", "g", "y [MPa]"]
    frame["y [MPa]"] = range(len(frame))
    assert len(campaign.record(frame).recorded) == 12


def test_workbook_that_is_filled_in_can_be_recorded(tmp_path: Any) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    campaign = begun()
    path = tmp_path / "runs.xlsx"
    path.write_bytes(as_xlsx(run_sheet(campaign, "least-changes")))
    book = openpyxl.load_workbook(path)
    page = book.active
    for row in range(2, page.max_row + 1):
        page.cell(row, 4).value = 10.0 + row
    book.save(path)
    assert len(campaign.record(read_frame(path)).recorded) == 6


@pytest.mark.parametrize("word", ["=1+1", "+cmd", "-cmd|x", "@sum(A1)"])
def test_no_word_becomes_a_formula(word: str) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    campaign = begun(4, space=[SPACE[0], {**SPACE[1], "choices": [word, "Ar"]}], initial={"kind": "factorial"})
    runs = run_sheet(campaign)
    page = openpyxl.load_workbook(io.BytesIO(as_xlsx(runs))).active
    cells = [cell for row in page.iter_rows() for cell in row if cell.value == word]
    assert len(cells) == 2
    assert {cell.data_type for cell in cells} == {"s"}
    with pytest.raises(InvalidInput, match="would take") as caught:
        as_csv(runs)
    assert "XLSX" in str(caught.value)


def test_negative_numbers_are_numbers() -> None:
    assert "\nS000" in as_csv(run_sheet(begun()))
    assert "-300" in as_csv(run_sheet(begun()))


def test_page_escapes_words_and_has_a_blank_for_every_result() -> None:
    campaign = begun(4, space=[SPACE[0], {**SPACE[1], "choices": ["<b>", "Ar"]}], initial={"kind": "factorial"})
    text = as_html(run_sheet(campaign))
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    assert text.count('class="blank"') == 4
    assert "<th>block</th>" not in text
    assert "<th>block</th>" in as_html(run_sheet(begun()))


def test_a_wide_sheet_has_several_tables_and_each_names_the_suggestion() -> None:
    space = [{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(13)]
    made = Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}])
    made.suggest(2)
    page = as_html(run_sheet(made))
    tables = page.split("<table>")[1:]
    headers = [re.findall("<th>(.*?)</th>", each) for each in tables]
    assert [each[:2] for each in headers] == [["run", "suggestion"]] * 2
    assert [name for each in headers for name in each[2:]] == [*(f"x{i}" for i in range(13)), "y", "remarks"]
    assert max(map(len, headers)) <= 11
    assert [each.count("S0001") for each in tables] == [1, 1]
    assert page.count('class="blank"') == 2


def test_what_cannot_be_shown_is_a_fault() -> None:
    with pytest.raises(InvalidInput, match="no suggestion is open; request some first"):
        run_sheet(begun(0))
    with pytest.raises(InvalidInput, match="there is no order 'shortest'; one of random, least-changes"):
        run_sheet(begun(), "shortest")  # type: ignore[arg-type]


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match=r"materials-designer\[excel\]"):
        as_xlsx(run_sheet(begun()))
