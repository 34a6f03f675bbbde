"""Results of a table of candidates, recorded by the names that the lab has for its rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.errors import InvalidData, UnknownSuggestion

FILE = """designer: 1
name: films
space:
  - {name: temperature, kind: numeric, unit: degC, bounds: [300, 500]}
  - {name: gas, kind: categorical, choices: [N2, Ar]}
candidates: films.csv
id_column: sample
targets:
  - {name: strength, unit: MPa, goal: maximize}
"""
TABLE = "sample,temperature,gas\nF-1,300,N2\nF-2,350,Ar\nF-3,400,N2\nF-4,450,Ar\nF-4b,450,Ar\nS0001,500,N2\n"


@pytest.fixture
def films(tmp_path: Path) -> Campaign:
    (tmp_path / "films.yaml").write_text(FILE)
    (tmp_path / "films.csv").write_text(TABLE)
    return Campaign.open(tmp_path / "films.yaml")


def names_of(campaign: Campaign) -> dict[str, str]:
    """Return the name of each suggested candidate by the suggestion's id."""
    rows = pd.read_csv(campaign.folder / "films.csv").drop_duplicates(["temperature", "gas"]).to_dict("records")
    known = {(row["temperature"], row["gas"]): str(row["sample"]) for row in rows}
    return {
        name: known[each.design["temperature"], each.design["gas"]] for name, each in campaign.state.suggestions.items()
    }


@pytest.mark.parametrize("header", ["suggestion", "id", "sample"])
def test_results_are_recorded_by_the_candidates_name(films: Campaign, header: str) -> None:
    films.suggest(3)
    named = names_of(films)
    rows = [{header: named[name], "strength": 100.0 + i} for i, name in enumerate(films.state.suggestions)]
    report = films.record(rows)
    assert report.recorded == ("M0001", "M0002", "M0003")
    assert {each.suggestion: each.values["strength"] for each in films.state.results} == {
        name: 100.0 + i for i, name in enumerate(named)
    }
    assert not films.record(rows).changed


def test_the_whole_table_of_candidates_is_recorded_as_it_fills(films: Campaign) -> None:
    films.suggest(2)
    named = names_of(films)
    table = pd.read_csv(films.folder / "films.csv")
    table["strength"] = [120.0 if name == named["S0001"] else None for name in table["sample"]]
    report = films.record(table.astype(object).where(table.notna(), None))
    assert report.recorded == ("M0001",)
    assert [each.suggestion for each in films.state.results] == ["S0001"]
    assert set(report.blank) == {"S0002"}


def test_both_names_of_one_design_are_known(films: Campaign) -> None:
    films.suggest(5)
    labels = names_of(films)
    name = next(each for each, label in labels.items() if label == "F-4")
    films.record([{"suggestion": "F-4b", "strength": 3.0}])
    assert films.state.results[0].suggestion == name
    assert films.suggestion_of("F-4") == films.suggestion_of("F-4, F-4b") == name


def test_a_suggestions_id_comes_before_a_candidate_of_that_name(films: Campaign) -> None:
    films.suggest(1)
    films.record({"S0001": {"strength": 1.0}})
    assert films.state.results[0].suggestion == "S0001"
    if names_of(films)["S0001"] != "S0001":  # in the candidates' own column it is a candidate
        with pytest.raises(InvalidData, match="there is no suggestion 'sample S0001'"):
            films.record([{"sample": "S0001", "strength": 1.0}])


def test_a_replicate_of_a_candidate_takes_its_open_suggestion(films: Campaign) -> None:
    films.suggest(1)
    label = names_of(films)["S0001"]
    films.record([{"sample": label, "strength": 1.0}])
    films.suggest(replicate_of=["S0001"])
    films.record([{"sample": label, "strength": 2.0}])
    assert [each.suggestion for each in films.state.measurements.values()] == ["S0001", "S0002"]


def test_failures_are_recorded_by_name(films: Campaign) -> None:
    films.suggest(1)
    films.record_failure(names_of(films)["S0001"], "peeled")
    assert films.state.failures[0].suggestion == "S0001"


def test_a_name_without_suggestion_is_located(films: Campaign) -> None:
    films.suggest(1)
    other = next(name for name in ("F-1", "F-2", "F-3") if name not in names_of(films).values())
    for header in ("suggestion", "sample"):
        with pytest.raises(InvalidData, match=rf"row 2, column 'suggestion': there is no suggestion '{other}'"):
            films.record([{header: other, "strength": 5}])
    with pytest.raises(UnknownSuggestion, match="F-9"):
        films.record_failure("F-9", "peeled")


def test_other_candidates_are_attached_by_name(films: Campaign) -> None:
    report = films.attach([{"sample": "F-2", "strength": 7.0}, {"sample": "F-4b", "strength": "<3"}])
    assert report.recorded == ("M0001", "M0002")
    assert [dict(each.design) for each in films.state.measurements.values()] == [
        {"temperature": 350.0, "gas": "Ar"},
        {"temperature": 450.0, "gas": "Ar"},
    ]
    with pytest.raises(InvalidData, match=r"row 3, column 'sample': there is no candidate 'F-22'.*did you mean 'F-2'"):
        films.attach([{"sample": "F-1", "strength": 7.0}, {"sample": "F-22", "strength": 1}])


def test_check_says_what_recording_would_do(films: Campaign) -> None:
    films.suggest(1)
    label = names_of(films)["S0001"]
    assert films.check([{"sample": label, "strength": 1}]).recorded == ("M0001",)
    assert films.check([{"sample": "F-1", "strength": 1}], asked=False).recorded == ("M0001",)
    assert not films.state.results


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=8), min_size=4, max_size=4))
def test_any_names_are_known_or_located(names: list[str]) -> None:
    pool = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "label": pd.Series(names, dtype=object)})
    campaign = Campaign.create(
        space=[{"name": "x", "kind": "numeric", "bounds": [0, 5]}],
        targets=[{"name": "y", "goal": "maximize"}],
        candidates=pool,
        id_column="label",
    )
    campaign.suggest(4)
    for name in names:
        known = campaign.suggestion_of(name)
        if known in campaign.state.suggestions:
            own = pool["x"][[each.strip() == name.strip() for each in names]].tolist()
            assert campaign.state.suggestions[known].design["x"] in own or ", " in "".join(names)


def test_without_an_id_column_nothing_changes() -> None:
    campaign = Campaign.create(
        space=[{"name": "x", "kind": "numeric", "bounds": [0, 5]}], targets=[{"name": "y", "goal": "maximize"}]
    )
    frame = pd.DataFrame({"x": [1.0], "y": [2.0]})
    names = campaign._candidate_names(campaign.state)
    assert names.with_suggestions(frame, campaign.objective.targets) is frame
    assert names.with_designs(frame) is frame
    assert campaign.suggestion_of("F-1") == "F-1"
