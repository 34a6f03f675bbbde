"""Campaigns whose results are compared (goal: prefer)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Compared
from designer.campaign.log.store import MemoryStore
from designer.errors import InvalidCampaign, InvalidData, NoDesignLeft
from designer.report import write_report
from tests.space.spaces import spaces

SPACE: list[dict[str, Any]] = [
    {"name": "T", "kind": "numeric", "bounds": [0, 100], "step": 2},
    {"name": "t", "kind": "numeric", "bounds": [0, 100], "step": 2},
]
LOOK: dict[str, Any] = {"name": "look", "goal": "prefer"}


def hidden(design: Any) -> float:
    return float(10 * np.exp(-(((design["T"] - 60) / 30) ** 2) - ((design["t"] - 50) / 40) ** 2))


def answer(campaign: Campaign, number: int) -> None:
    """Answer the comparisons that the campaign asks for by the hidden utility."""
    for _ in range(number):
        pair = campaign.next_comparison()
        if pair is None:
            return
        first, second = (hidden(campaign.state.measurements[name].design) for name in (pair.first, pair.second))
        better, worse = (pair.first, pair.second) if first >= second else (pair.second, pair.first)
        campaign.compare(better, worse)


def run(campaign: Campaign, rounds: int, n: int = 1, comparisons: int = 2, **columns: Any) -> Campaign:
    for _ in range(rounds):
        frame = campaign.suggest(n)
        campaign.record(frame.assign(look="made", **columns))
        answer(campaign, comparisons)
    return campaign


def test_a_good_design_is_found_by_comparisons_alone() -> None:
    campaign = run(Campaign.create(space=SPACE, targets=[LOOK], seed=2), 9)
    best = campaign.best()
    assert best["best_by"].tolist() == ["posterior"]
    assert best["look"].tolist() == ["made"]
    assert hidden(best.iloc[0]) > 7
    made = campaign.predict([dict(each.design) for each in campaign.state.results])
    assert best.iloc[0]["look_mean"] == pytest.approx(made["look"].max())
    assert {each.how for each in campaign.state.suggestions.values()} == {"initial", "model"}


def test_nothing_is_ranked_before_the_first_comparison() -> None:
    campaign = run(Campaign.create(space=SPACE, targets=[LOOK], initial=3), 4, comparisons=0)
    assert campaign.posterior() is None
    assert campaign.best().empty
    event = campaign.events[-2]
    assert getattr(event, "how", "") == "initial"
    assert "no two results were compared yet" in str(getattr(event, "notes", ""))
    pair = campaign.next_comparison()
    assert pair is not None
    assert "compare next: M0001 with M0002" in str(campaign.status())
    with pytest.raises(InvalidData, match="too few for a model"):
        campaign.predict({"T": 1, "t": 1})


def test_status_explain_and_report(tmp_path: Path) -> None:
    campaign = run(Campaign.create(space=SPACE, targets=[LOOK, {"name": "cost", "at_most": 8}], seed=1), 5, cost=3.0)
    name = campaign.suggest(1).index[0]
    worse = campaign.state.counted_comparisons[0]
    campaign.compare(worse.worse, worse.better)
    status = str(campaign.status())
    assert "comparisons of 5 results" in status
    assert "contradict each other" in status
    assert "compare next: " in status
    explained = campaign.explain(name)
    assert "utility of look" in str(explained)
    assert {each.target for each in explained.expected} == {"look", "cost"}
    assert all("look" not in each.values for each in explained.nearest)
    text = write_report(campaign, tmp_path / "report.html").read_text()
    assert "What is preferred" in text
    assert "utility of look" in text
    written = campaign.export(tmp_path / "all.comparisons.csv")
    assert len(pd.read_csv(written)) == len(campaign.state.comparisons)
    assert campaign.measurements()["look"].tolist() == ["made"] * 5


def test_a_report_without_comparisons(tmp_path: Path) -> None:
    campaign = run(Campaign.create(space=SPACE, targets=[LOOK], initial=3), 3, comparisons=0)
    assert "Nothing has been compared yet" in write_report(campaign, tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("cell", "good"),
    [("made", True), ("x", True), (True, True), (1, True), ("yes", True), (3.5, False), ("good", False), ("<1", False)],
)
def test_a_result_is_made_and_has_no_number(cell: Any, good: bool) -> None:
    campaign = Campaign.create(space=SPACE, targets=[LOOK])
    rows = [{"T": 2, "t": 4, "look": cell}]
    if good:
        assert campaign.attach(rows).recorded == ("M0001",)
        return
    with pytest.raises(InvalidData, match="is no result of a comparison; write 'made'"):
        campaign.attach(rows)
    with pytest.raises(InvalidData, match="unknown column"):
        campaign.attach([{"T": 2, "t": 4, "look": "made", "look_sem": 1.0}])


@pytest.mark.parametrize(
    ("target", "others", "options", "words"),
    [
        ({"unit": "mm"}, [], {}, "'unit' cannot be used with goal prefer"),
        ({"reach": 3}, [], {}, "'reach' cannot be used with goal prefer"),
        ({"weight": 3}, [], {}, "'weight' cannot be used with goal prefer"),
        ({"at_least": 3}, [], {}, "'at_least' cannot be used with goal prefer"),
        ({"limits": [0, 1]}, [], {}, "'limits' cannot be used with goal prefer"),
        ({"scale": "log"}, [], {}, "'scale' cannot be used with goal prefer"),
        ({}, [{"name": "y", "goal": "maximize"}], {}, "cannot be combined with other goals"),
        ({}, [{"name": "feel", "goal": "prefer"}], {}, "cannot be combined with other goals"),
        ({}, [], {"acquisition": "upper-confidence-bound"}, "is for measured numbers"),
        ({}, [], {"prior": {"tasks": ["past"]}}, "past tasks hold numbers"),
        ({}, [], {"measure": {"kind": "python", "function": "a:b"}}, "an oracle gives numbers"),
        ({}, [], {"stop": {"probability_of_better_than": 0.1, "margin": 1}}, "a margin has no unit"),
    ],
)
def test_what_cannot_be_combined_is_a_fault(
    target: dict[str, Any], others: list[dict[str, Any]], options: dict[str, Any], words: str
) -> None:
    data = {"name": "c", "space": SPACE, "targets": [{**LOOK, **target}, *others], **options}
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data(data, check_files=False)
    assert words in str(caught.value)
    assert all(fault.path and fault.remedy for fault in caught.value.faults)


def test_open_formulas_are_refused() -> None:
    space = [{"name": "f", "kind": "formula", "elements": ["Li", "O", "Fe"]}]
    with pytest.raises(InvalidCampaign, match="are proposed from numbers"):
        CampaignSpec.from_data({"name": "c", "space": space, "targets": [LOOK]})


def test_the_order_in_which_comparisons_came_changes_nothing() -> None:
    campaign = run(Campaign.create(space=SPACE, targets=[LOOK], initial=3), 5)
    made = [event for event in campaign.events if isinstance(event, Compared)]
    results = [{**each.design, "look": "made"} for each in campaign.state.measurements.values()]
    found = []
    for order in (made, made[::-1]):
        again = Campaign.create(space=SPACE, targets=[LOOK], initial=3)
        again.attach(results)
        for event in order:
            again.compare(event.better, event.worse)
        found.append(again.predict([{"T": 60, "t": 50}, {"T": 0, "t": 0}])["look"].to_numpy())
    np.testing.assert_allclose(found[0], found[1], atol=1e-9)


def test_the_same_answers_give_the_same_suggestions_and_a_store_resumes() -> None:
    store = MemoryStore()
    campaign = run(Campaign.create(space=SPACE, targets=[LOOK], store=store, initial=3, name="film"), 4, comparisons=1)
    again = run(Campaign.create(space=SPACE, targets=[LOOK], initial=3, name="film"), 4, comparisons=1)
    designs = [each.design for each in campaign.state.suggestions.values()]
    assert designs == [each.design for each in again.state.suggestions.values()]
    resumed = Campaign.resume(store, "film")
    assert resumed.state.comparisons == campaign.state.comparisons
    assert resumed.suggest(1).to_numpy().tolist() == again.suggest(1).to_numpy().tolist()


def test_candidates_are_compared_by_their_own_names() -> None:
    T, t = [0, 10, 20, 30, 60, 60, 80, 90], [0, 9, 8, 50, 50, 60, 7, 3]
    table = pd.DataFrame({"row": list("abcdefgh"), "T": T, "t": t})
    campaign = Campaign.create(space=SPACE, targets=[LOOK], candidates=table, id_column="row", initial=3)
    run(campaign, 4)
    made = [each.id for each in campaign.state.suggestions.values()][:2]
    known = {campaign.suggestion_of(name): name for name in table["row"]}
    report = campaign.compare(known[made[0]], known[made[1]], again=True)
    assert report.changed
    assert hidden(campaign.best().iloc[0]) >= 0.9 * max(hidden(each.design) for each in campaign.state.results)


@pytest.mark.parametrize(
    "extra",
    [
        {"name": "humidity", "kind": "numeric", "bounds": [0, 1], "role": "context"},
        {"name": "furnace", "kind": "categorical", "choices": ["A", "B"], "vary": "per_batch"},
        {"name": "purge", "kind": "numeric", "bounds": [1, 9], "when": "T >= 50"},
        {"name": "dopant", "kind": "numeric", "bounds": [0.1, 1], "zero_or": True},
    ],
)
def test_other_features_of_spaces(extra: dict[str, Any]) -> None:
    campaign = Campaign.create(space=[*SPACE, extra], targets=[LOOK], initial=4, batch_size=2)
    context = {"humidity": 0.5} if extra.get("role") else None
    for _ in range(3):
        frame = campaign.suggest(2, context=context)
        campaign.record(frame.assign(look="made"))
        answer(campaign, 2)
    assert all(not campaign.space.violations(each.design) for each in campaign.state.suggestions.values())
    best = campaign.best(context)
    assert best["best_by"].tolist() == ["posterior"]
    assert campaign.explain(list(campaign.state.suggestions)[-1]).expected


def test_beliefs_and_classical_first_designs() -> None:
    beliefs = [{"parameter": "T", "near": 60, "spread": 20}]
    initial = {"kind": "latin-hypercube", "number": 4}
    campaign = run(Campaign.create(space=SPACE, targets=[LOOK], beliefs=beliefs, initial=initial), 6, comparisons=1)
    assert campaign.best()["look"].tolist() == ["made"]
    assert campaign.explain(list(campaign.state.suggestions)[-1]).expected


def test_the_probability_of_a_better_design_stops_a_campaign() -> None:
    stop = {"probability_of_better_than": 0.9}
    campaign = run(Campaign.create(space=SPACE, targets=[LOOK], initial=3, stop=stop), 5)
    assert "probability of a design better" in campaign.verdict().reason


def test_failures_pending_designs_and_batches() -> None:
    campaign = Campaign.create(space=SPACE, targets=[LOOK], initial=3)
    run(campaign, 3)
    campaign.suggest(2)
    campaign.record_failure("S0004", "peeled")
    frame = campaign.suggest(3)
    assert len({tuple(row) for row in frame.to_numpy().tolist()}) == 3
    campaign.record(frame.iloc[:1].assign(look="made"))
    answer(campaign, 1)
    assert campaign.explain(frame.index[-1]).fail is not None


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_space(data: st.DataObject) -> None:
    """Any answers in any space: suggestions are valid, and the best design is one that was made."""
    campaign = Campaign.create(space=data.draw(spaces()), targets=[LOOK, {"name": "c", "at_most": 2}], initial=2)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    try:
        for _ in range(3):
            frame = campaign.suggest(2)
            campaign.record(frame.assign(look="made", c=rng.normal(size=len(frame))))
            for _ in range(data.draw(st.integers(1, 3))):
                pair = campaign.next_comparison()
                if pair is not None:
                    names = [pair.first, pair.second][:: data.draw(st.sampled_from([1, -1]))]
                    campaign.compare(*names, tie=data.draw(st.booleans()))
    except NoDesignLeft:
        pass
    for each in campaign.state.suggestions.values():
        assert not campaign.space.violations(each.design)
    made = {each.id for each in campaign.state.results}
    assert all(set(names.split(", ")) <= made for names in campaign.best()["measurements"])
