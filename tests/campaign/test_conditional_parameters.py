"""Campaigns whose parameters exist only in some designs."""

from pathlib import Path
from typing import Any

import pytest

from designer.campaign.campaign import Campaign
from designer.cli.main import main
from designer.errors import InvalidInput

SPACE: list[dict[str, Any]] = [
    {"name": "route", "kind": "categorical", "choices": ["dry", "wet", "melt"]},
    {"name": "furnace", "kind": "numeric", "unit": "degC", "bounds": [700, 1200], "step": 50, "when": "route == dry"},
    {"name": "base", "kind": "categorical", "choices": ["NaOH", "NH3"], "when": "route == wet"},
]
FILE = """\
designer: 1
name: routes
space:
  - {name: route, kind: categorical, choices: [dry, wet, melt]}
  - {name: furnace, kind: numeric, unit: degC, bounds: [700, 1200], step: 50, when: route == dry}
  - {name: base, kind: categorical, choices: [NaOH, NH3], when: route == wet}
targets: [{name: y, goal: maximize}]
initial: 3
"""
CANDIDATES = "route,furnace [degC],base\ndry,700,\ndry,900,\nwet,,NaOH\nwet,,NH3\nmelt,,\n"


def test_candidates_without_a_parameter_are_suggested_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cand.csv").write_text(CANDIDATES)
    Path("c.yaml").write_text(FILE + "candidates: cand.csv\n")
    assert main(["validate", "c.yaml"]) == 0, capsys.readouterr().err
    campaign = Campaign.open("c.yaml")
    for _ in range(5):
        campaign.suggest(1)
        (suggestion,) = campaign.state.open
        campaign.record({suggestion.id: {"y": float(len(campaign.state.suggestions))}})
    designs = [tuple(each.design.values()) for each in campaign.state.results]
    assert set(designs) == {("dry", 700.0, None), ("dry", 900.0, None), ("wet", None, "NaOH"), ("wet", None, "NH3"),
                            ("melt", None, None)}  # fmt: skip
    assert Campaign.open("c.yaml").state.results == campaign.state.results
    assert main(["export", "c.yaml", "out.csv"]) == 0
    assert ",melt,,," in Path("out.csv").read_text()


def test_results_of_designs_without_a_parameter_are_attached_and_wrong_ones_refused(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(FILE)
    campaign = Campaign.open(tmp_path / "c.yaml")
    campaign.attach([{"route": "melt", "y": 1.0}, {"route": "dry", "furnace": 850, "y": 2.0}])
    assert {each.design["furnace"] for each in campaign.state.results} == {None, 850.0}
    with pytest.raises(InvalidInput, match="furnace exists only where route == dry; leave the cell empty"):
        campaign.attach([{"route": "melt", "furnace": 900, "y": 1.0}])
    with pytest.raises(InvalidInput, match="column 'furnace': the column is missing"):
        campaign.attach([{"route": "dry", "y": 1.0}])
    assert len(campaign.state.results) == 2


def test_bounds_of_a_conditional_parameter_change_and_its_condition_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(FILE)
    campaign = Campaign.open("c.yaml")
    campaign.attach([{"route": "melt", "y": 1.0}, {"route": "dry", "furnace": 850, "y": 2.0}])
    assert main(["amend", "c.yaml", "--bounds", "furnace=700,1300"]) == 0, capsys.readouterr().err
    Path("c.yaml").write_text(FILE.replace("1200", "1300").replace("when: route == dry", "when: route != wet"))
    capsys.readouterr()
    assert main(["amend", "c.yaml", "--space"]) == 2
    assert "the condition was 'route == dry' and is 'route != wet'; keep it" in capsys.readouterr().err
