"""What `validate` says of unusable candidates, and settings that are rounded when they are written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from designer.campaign.campaign import Campaign
from tests.cli.conftest import Designer

TEXT = """\
designer: 1
name: q
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 400]}
targets:
  - {name: y, goal: maximize}
candidates: c.csv
"""


@pytest.mark.parametrize(("rows", "code"), [("900\n800\n", 2), ("900\n", 2), ("900\n350\n", 0)])
def test_a_table_without_a_usable_row_cannot_run(designer: Designer, folder: Path, rows: str, code: int) -> None:
    (folder / "q.yaml").write_text(TEXT)
    (folder / "c.csv").write_text("T\n" + rows)
    done = designer("validate", "q.yaml")
    assert done.code == code
    assert ("can run" in done.out) is (code == 0)
    assert ("T = 900 degC is outside 300 to 400" in done.err) is (code == 2)


@pytest.mark.parametrize(("digits", "flagged"), [(4, False), (6, False), (10, False), (3, True), (2, True)])
def test_rounded_settings_are_not_made_differently(digits: int, flagged: bool) -> None:
    space = [{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900]}]
    asked = 456.78912345678
    campaign = Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}], initial=[{"T": asked}])
    assert float(campaign.suggest(1)["T"].iloc[0]) == asked
    made = float(f"{asked:.{digits}g}")
    assert made != asked
    report = campaign.record([{"suggestion": "S0001", "T": made, "y": 1.0}])
    assert ("made differently" in str(report.flags)) is flagged


def test_sheets_have_a_row_for_each_replicate(designer: Designer, folder: Path) -> None:
    text = (folder / "glass.yaml").read_text().replace("batch_size: 2", "batch_size: 2\nreplicates: 3")
    (folder / "glass.yaml").write_text(text)
    assert designer("suggest", "--csv", "next.csv").code == 0
    lines = [line.split(",") for line in (folder / "next.csv").read_text().splitlines()]
    assert lines[0][:2] == ["suggestion", "replicate"]
    assert [line[:2] for line in lines[1:]] == [[name, str(i)] for name in ("S0001", "S0002") for i in (1, 2, 3)]


def test_suggest_says_what_is_more_than_the_budget(designer: Designer, folder: Path) -> None:
    (folder / "glass.yaml").write_text((folder / "glass.yaml").read_text().replace("budget: 20", "budget: 3"))
    assert "more than the budget" not in designer("suggest", "-n", "3").out
    assert "0 of 3 experiments made and 4 open: 1 more than the budget" in designer("suggest", "-n", "1").out
