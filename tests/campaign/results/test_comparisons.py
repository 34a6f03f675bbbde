"""Comparisons of results: how they are read, what is recorded, and which contradict each other."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.log.state import Comparison
from designer.campaign.results.comparisons import MAX_CYCLES, contradiction_words, cycles
from designer.errors import InvalidData, UnknownSuggestion

AT = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.fixture
def campaign() -> Campaign:
    """Five results of a film, M0001 to M0005, of S0001 to S0005; S0006 is open."""
    made = Campaign.create(
        space=[{"name": "T", "kind": "numeric", "bounds": [0, 100]}],
        targets=[{"name": "look", "goal": "prefer"}, {"name": "cost"}],
        initial=6,
    )
    frame = made.suggest(6)
    made.record(frame.iloc[:5].assign(look="made"))
    return made


def comparison(number: int, better: str, worse: str, *, tie: bool = False) -> Comparison:
    return Comparison(f"C{number:04d}", "look", better, worse, tie, AT, number)


@pytest.mark.parametrize(
    ("better", "worse", "words"),
    [
        ("S0001", "S0009", "there is no result 'S0009'"),
        ("S0001", "S0006", "S0006 has no result yet; record it first: designer record S0006 look=made"),
        ("S0001", "S0001", "M0001 is compared with itself"),
        ("S0001", "M0001", "M0001 is compared with itself"),
        ("", "M0001", "there is no result ''"),
        ("M0001", "film A", "there is no result 'film A'"),
    ],
)
def test_what_cannot_be_compared(campaign: Campaign, better: str, worse: str, words: str) -> None:
    with pytest.raises(InvalidData) as caught:
        campaign.compare(better, worse)
    assert words in str(caught.value)
    assert all(fault.remedy for fault in caught.value.faults)
    assert not campaign.state.comparisons


def test_a_suggestion_with_two_results_is_named_by_its_measurement(campaign: Campaign) -> None:
    campaign.record([{"suggestion": "S0001", "look": "made", "replicate": 2}])
    with pytest.raises(InvalidData, match=r"S0001 has 2 results; name the measurement: M0001, M0006"):
        campaign.compare("S0001", "S0002")
    assert campaign.compare("M0006", "S0002").recorded == ("C0001",)


def test_the_same_answer_changes_nothing_and_another_one_is_recorded(campaign: Campaign) -> None:
    assert campaign.compare("S0001", "S0002").recorded == ("C0001",)
    same = campaign.compare("M0001", "M0002")
    assert not same.changed
    assert "was recorded before, as C0001" in str(same)
    assert campaign.compare("S0001", "S0002", again=True).recorded == ("C0002",)
    other = campaign.compare("S0002", "S0001")
    assert other.recorded == ("C0003",)
    assert "C0001, C0003 (M0001 > M0002 > M0001)" in str(other)
    tie = campaign.compare("S0003", "S0002", tie=True)
    assert tie.recorded == ("C0004",)
    assert not campaign.compare("S0002", "S0003", tie=True).changed


def test_withdrawn_comparisons_and_results_count_no_more(campaign: Campaign) -> None:
    campaign.compare("S0001", "S0002")
    campaign.compare("S0002", "S0003")
    assert campaign.withdraw("C0001", "the films were mixed up")
    assert not campaign.withdraw("C0001")
    assert [each.id for each in campaign.state.counted_comparisons] == ["C0002"]
    assert campaign.compare("S0001", "S0002").recorded == ("C0003",)
    campaign.withdraw("M0003")
    assert [each.id for each in campaign.state.counted_comparisons] == ["C0003"]
    with pytest.raises(InvalidData, match="M0003 was withdrawn"):
        campaign.compare("M0003", "M0001")
    with pytest.raises(UnknownSuggestion, match="there is no comparison 'C0009'"):
        campaign.withdraw("C0009")
    campaign.amend("M0002", {"look": None})
    assert not campaign.state.counted_comparisons


def test_tables_are_recorded_whole_and_read_again(campaign: Campaign) -> None:
    rows = [{"better": "S0001", "worse": "S0002"}, {"better": "M0003", "worse": "S0001", "tie": "yes"}]
    assert campaign.compare_all(rows).recorded == ("C0001", "C0002")
    campaign.withdraw("C0002")
    campaign.compare("S0004", "S0005")
    table = campaign.comparisons()
    assert table["tie"].tolist() == ["no", "yes", "no"]
    assert not campaign.compare_all(table.reset_index()).changed
    other = Campaign.create(space=campaign.space, targets=campaign.objective, initial=5)
    other.attach(campaign.measurements()[["T", "look"]].reset_index(drop=True))
    assert len(other.compare_all(table.reset_index()).recorded) == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"better": "S0001", "worse": "S0002"}, {"better": "S0001", "worse": "S0007"}], "row 3"),
        ([{"better": "S0001", "worse": "S0002", "tie": "perhaps"}], "'perhaps' is neither yes nor no"),
        ([{"better": "S0001"}], "no column 'worse'"),
        ([{"better": "S0001", "wrose": "S0002"}], "did you mean 'worse'"),
        ([{"better": "S0001", "worse": None}], "there is no result ''"),
    ],
)
def test_every_fault_of_a_table_is_located_and_nothing_is_recorded(
    campaign: Campaign, rows: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(InvalidData) as caught:
        campaign.compare_all(pd.DataFrame(rows), file="comparisons.csv")
    assert words in str(caught.value)
    assert all(fault.file == "comparisons.csv" and fault.row for fault in caught.value.faults)
    assert not campaign.state.comparisons


def test_only_preferences_are_compared() -> None:
    campaign = Campaign.create(
        space=[{"name": "T", "kind": "numeric", "bounds": [0, 1]}], targets=[{"name": "y", "goal": "maximize"}]
    )
    campaign.attach([{"T": 0, "y": 1}, {"T": 1, "y": 2}])
    with pytest.raises(InvalidData, match="goal: prefer"):
        campaign.compare("M0001", "M0002")
    assert campaign.next_comparison() is None


@given(st.permutations([f"M{i:04d}" for i in range(1, 9)]), st.data())
def test_a_ranking_has_no_cycle_and_one_wrong_answer_makes_one(order: list[str], data: st.DataObject) -> None:
    chain = [comparison(i, better, worse) for i, (better, worse) in enumerate(pairwise(order), start=1)]
    assert cycles(chain) == []
    first, last = sorted(data.draw(st.lists(st.integers(0, 7), min_size=2, max_size=2, unique=True)))
    wrong = comparison(99, order[last], order[first])
    (found,) = cycles([*chain, wrong])
    assert {each.id for each in found} == {"C0099", *(f"C{i + 1:04d}" for i in range(first, last))}
    for one, following in zip(found, (*found[1:], found[0]), strict=True):
        assert one.worse == following.better


def test_ties_are_in_no_cycle_and_many_contradictions_are_counted() -> None:
    assert cycles([comparison(1, "M1", "M2", tie=True), comparison(2, "M2", "M1")]) == []
    pairs = [
        each
        for i in range(MAX_CYCLES + 2)
        for each in (comparison(2 * i, f"A{i}", f"B{i}"), comparison(2 * i + 1, f"B{i}", f"A{i}"))
    ]
    lines = contradiction_words(pairs)
    assert len(lines) == MAX_CYCLES + 1
    assert lines[-1] == "2 further contradictions are not listed"
