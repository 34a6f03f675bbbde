"""Campaigns with a fidelity: what a file may say, results of any level, levels of suggestions, and what is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.as_task import task_of_campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.levels.level_states import level_counts, top_state
from designer.campaign.suggesting import level_choice
from designer.errors import InvalidCampaign, InvalidData, InvalidSpace
from designer.report import write_report
from designer.space import DesignSpace
from designer.space.fidelity.fidelity_parameter import FidelityParameter

X: dict[str, Any] = {"name": "x", "kind": "numeric", "bounds": [0, 1]}
METHOD: dict[str, Any] = {"name": "method", "kind": "fidelity", "levels": ["dft", "film", "bulk"]}
SPACE = [X, METHOD]
TARGETS: list[dict[str, Any]] = [{"name": "y", "unit": "eV", "goal": "maximize"}]
COST = "10 if method == bulk, 4 if method == film, 0.2"
LISTED = pd.DataFrame({"x": np.linspace(0, 1, 41).round(3)})
CHEAP = "10 if method == bulk, 4 if method == film, 0.01"


def surface(x: float, level: str) -> float:
    shift = {"dft": 0.06, "film": 0.03, "bulk": 0.0}[level]
    return -((x - 0.6 - shift) ** 2) + 2 * shift


def made(count: int = 0, space: Any = SPACE, **options: Any) -> Campaign:
    campaign = Campaign.create(space=space, targets=TARGETS, **({"cost": COST} | options))
    for _ in range(count):
        measured(campaign, campaign.suggest())
    return campaign


def measured(campaign: Campaign, batch: pd.DataFrame) -> None:
    campaign.record(
        batch.assign(y=[surface(float(x), str(level)) for x, level in zip(batch["x"], batch["method"], strict=True)])
    )


# What a file may say


@pytest.mark.parametrize(
    ("space", "path", "words"),
    [
        ([X, {**METHOD, "levels": ["bulk"]}], ("space", 1, "levels"), "'levels' has 1 of them"),
        ([X, {**METHOD, "levels": ["a", "b", "a"]}], ("space", 1, "levels", 2), "level 'a' is given twice"),
        ([X, {**METHOD, "levels": ["dft", 2]}], ("space", 1, "levels", 1), "in quotes"),
        ([X, {**METHOD, "role": "context"}], ("space", 1, "role"), "is a fidelity, which a result has"),
        ([X, {**METHOD, "vary": "per_batch"}], ("space", 1, "vary"), "is a fidelity, which a result has"),
        ([X, {**METHOD, "when": "x > 0.5"}], ("space", 1, "when"), "is a fidelity, which a result has"),
        ([METHOD], ("space", 0), "nothing is left to choose"),
        ([X, METHOD, {**METHOD, "name": "other"}], ("space", 2), "one fidelity at most"),
        ([{**X, "when": "method == bulk"}, {**X, "name": "z"}, METHOD], ("space", 0, "when"), "is a fidelity"),
    ],
)
def test_space_with_a_wrong_fidelity_is_refused_at_its_place(space: Any, path: Any, words: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace(parameters=space)
    found = [("space", *each.path[1:]) for each in caught.value.faults if words in f"{each.what}; {each.remedy}"]
    assert found == [path]


def test_constraint_on_a_level_is_refused_at_its_place() -> None:
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace(parameters=SPACE, constraints=["x <= 0.5 or method == bulk"])
    assert [each.path for each in caught.value.faults] == [("constraints", 0)]


@pytest.mark.parametrize(
    ("options", "path", "words"),
    [
        ({"space": [X, {**X, "name": "h", "vary": "per_batch"}, METHOD]}, ("space", 1, "vary"), "a batch shares"),
        ({"space": [{**X, "setting_error": 0.01}, METHOD]}, ("space", 0, "setting_error"), "made with an error"),
        (
            {"space": [{"name": "f", "kind": "formula", "elements": ["Li", "O"]}, METHOD]},
            ("space", 0, "elements"),
            "the open formula",
        ),
        ({"targets": [{"name": "y", "goal": "map"}]}, ("targets", 0, "goal"), "goal map"),
        ({"targets": [{"name": "y", "goal": "boundary", "value": 1}]}, ("targets", 0, "goal"), "goal boundary"),
        ({"targets": [{"name": "y", "goal": "prefer"}]}, ("targets", 0, "goal"), "goal prefer"),
        ({"diversify_by": [{"parameter": "x", "cells": 2}]}, ("diversify_by",), "'diversify_by'"),
        ({"prior": {"kind": "policy", "tasks": ["past"]}}, ("prior", "kind"), "the learned policy"),
    ],
)
def test_combination_with_another_feature_is_refused_at_its_place(options: Any, path: Any, words: str) -> None:
    data = {"designer": 1, "name": "n", "space": SPACE, "targets": TARGETS} | options
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data(data, check_files=False)
    found = [each for each in caught.value.faults if "cannot be used with the fidelity 'method'" in each.what]
    assert [(each.path, words in each.what) for each in found] == [(path, True)]


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        ("10 if method == bulk, 4 if method == film", "has no value"),
        ("10 if method == bulk, 0", "not a positive number"),
        ("10 if method == bulks, 4", "bulks"),
    ],
)
def test_cost_is_checked_at_every_level(cost: str, words: str) -> None:
    with pytest.raises(InvalidCampaign, match=words):
        made(cost=cost)


def test_fidelity_file_faults_have_lines(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "designer: 1\nname: c\nspace:\n  - {name: x, kind: numeric, bounds: [0, 1]}\n"
        "  - {name: method, kind: fidelity, levels: [bulk]}\ntargets: [{name: y, goal: maximize}]\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidCampaign, match=r"c\.yaml:5: 'levels' has 1 of them"):
        CampaignSpec.from_file(path)


# Results


def test_attached_result_without_a_level_is_of_the_top_level() -> None:
    campaign = made()
    campaign.attach([{"x": 0.1, "y": 1.0}, {"x": 0.2, "method": None, "y": 2.0}, {"x": 0.3, "method": "dft", "y": 9.0}])
    assert level_counts(campaign.space, campaign.state) == {"dft": 1, "film": 0, "bulk": 2}
    assert campaign.measurements()["method"].tolist() == ["bulk", "bulk", "dft"]


def test_unknown_level_is_a_fault_in_its_row_and_column() -> None:
    with pytest.raises(InvalidData) as caught:
        made().attach(pd.DataFrame({"x": [0.1, 0.2], "method": ["bulk", "bulq"], "y": [1.0, 2.0]}))
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (3, "method")
    assert "'bulq' is not a level of method" in fault.what
    assert "bulk" in fault.remedy


def test_result_may_be_of_another_level_than_suggested() -> None:
    campaign = made()
    batch = campaign.suggest()
    report = campaign.record(batch.assign(method="bulk", y=1.0))
    assert level_counts(campaign.space, campaign.state)["bulk"] == 1
    assert any("method bulk instead of dft" in text for texts in report.flags.values() for text in texts)


def test_amended_design_keeps_its_level() -> None:
    campaign = made()
    campaign.attach([{"x": 0.3, "method": "dft", "y": 9.0}])
    campaign.amend("M0001", design={"x": 0.4})
    assert campaign.state.measurements["M0001"].design == {"x": 0.4, "method": "dft"}


def test_best_is_of_the_top_level_however_good_lower_results_are() -> None:
    campaign = made()
    rows = [{"x": x, "method": "dft", "y": 100.0 + x} for x in (0.1, 0.5, 0.8)]
    campaign.attach([*rows, {"x": 0.2, "y": 1.0}, {"x": 0.4, "y": 2.0}])
    assert set(campaign.best()["method"]) == {"bulk"}
    assert campaign.best()["y"].max() == 2.0


def test_failure_at_a_lower_level_does_not_fail_the_design() -> None:
    campaign = made()
    campaign.record_failure({"x": 0.3, "method": "dft"}, "no convergence")
    assert not top_state(campaign.space, campaign.state).failures
    campaign.record_failure({"x": 0.3}, "broke")
    assert len(top_state(campaign.space, campaign.state).failures) == 1


def test_reach_is_met_by_top_level_results_only() -> None:
    targets = [{"name": "y", "goal": "maximize", "reach": 5.0}]
    campaign = Campaign.create(space=SPACE, targets=targets, cost=COST)
    campaign.attach([{"x": 0.3, "method": "dft", "y": 9.0}])
    assert campaign.stop_reason is None
    campaign.attach([{"x": 0.3, "y": 6.0}])
    assert "the target is reached" in (campaign.stop_reason or "")


# Suggestions


def test_first_designs_are_measured_at_the_cheapest_level_and_at_the_top_level() -> None:
    campaign = made(cost="1 if method == bulk, 0.5 if method == film, 0.05 if method == dft")
    batch = campaign.suggest(6)
    assert batch["method"].tolist() == ["dft", "bulk"] * 3
    assert batch["x"].tolist()[::2] == batch["x"].tolist()[1::2]
    assert set(batch.index) == set(campaign.state.suggestions)
    rest = campaign.suggest(2)
    assert rest["method"].tolist() == ["dft", "bulk"]
    assert not set(rest["x"]) & set(batch["x"])


def test_designs_are_those_without_lower_levels_where_these_are_contradicted() -> None:
    campaign = made(candidates=LISTED)
    alone = Campaign.create(space=[X], targets=TARGETS, candidates=LISTED)
    rows = [{"x": x, "y": surface(x, "bulk")} for x in (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)]
    alone.attach(rows)
    wrong = [{"x": x, "y": (-1.0) ** i, "method": "dft"} for i, x in enumerate(np.linspace(0, 1, 21).round(3).tolist())]
    campaign.attach([*({**row, "method": "bulk"} for row in rows), *wrong])
    evidence = campaign.status().prior
    assert evidence is not None
    assert evidence.words.startswith("lower levels are not used: these 8 results")
    batch = campaign.suggest(2)
    assert batch["x"].tolist() == alone.suggest(2)["x"].tolist()
    assert batch["method"].tolist() == ["bulk", "bulk"]


@pytest.mark.parametrize("cost", [None, "1 if method == bulk, 0.5"])
def test_first_designs_are_at_the_top_level_where_lower_ones_are_not_much_cheaper(cost: str | None) -> None:
    assert set(made(cost=cost).suggest(4)["method"]) == {"bulk"}


def test_own_first_designs_keep_their_level() -> None:
    own = [{"x": 0.2, "method": "film"}, {"x": 0.4}]
    assert made(initial=own).suggest(2)["method"].tolist() == ["film", "bulk"]


def test_true_cost_of_a_level_says_nothing_about_another_one() -> None:
    campaign = made(cost="1 if method == bulk, 0.5 if method == film, 0.05 if method == dft")
    campaign.attach([{"x": x, "method": "dft", "y": x, "cost": 5.0} for x in (0.1, 0.5, 0.8)])
    note = next(iter(made_at(campaign, "bulk"))).note
    assert "cost 1" in note
    assert "cost 5" not in note


def made_at(campaign: Campaign, level: str) -> list[Any]:
    campaign.suggest(3)
    return [each for each in campaign.state.suggestions.values() if each.design["method"] == level]


def test_informative_level_is_measured_before_the_top_level_and_costs_are_stated() -> None:
    campaign = made(20)
    levels = [str(each.design["method"]) for each in campaign.state.suggestions.values()]
    assert set(levels[:12]) == {"dft"}
    notes = [each.note for each in campaign.state.suggestions.values()]
    assert {"dft", "bulk"} <= set(levels)
    assert any("of the variance for 2 % of the cost" in note for note in notes)
    assert campaign.best()["y"].max() > -0.02
    spending = campaign.spending
    assert spending is not None
    assert spending.spent == pytest.approx(sum({"dft": 0.2, "film": 4.0, "bulk": 10.0}[each] for each in levels))


@pytest.mark.parametrize(("price", "first"), [(0.02, 12), (0.1, 1)])
def test_first_designs_are_all_at_a_level_that_costs_next_to_nothing(price: float, first: int) -> None:
    campaign = made(candidates=LISTED, cost=f"1 if method == bulk, 0.5 if method == film, {price}")
    campaign.suggest(first)
    campaign.suggest(1)
    batch = campaign.suggest(3)
    designs = [(each.design["x"], each.design["method"]) for each in campaign.state.suggestions.values()]
    assert {level for _, level in designs[:first]} == {"dft"}
    assert len(set(designs)) == len(designs)
    assert "bulk" in set(batch["method"]) or price == 0.02


def test_batch_holds_first_designs_at_the_lower_level_and_others() -> None:
    batch = made(candidates=LISTED, cost="1 if method == bulk, 0.5 if method == film, 0.02").suggest(18)
    assert batch["method"].tolist()[:16] == ["dft"] * 16
    assert batch["method"].tolist()[16:] == ["bulk"] * 2
    assert not batch.duplicated(["x", "method"]).any()


def test_top_level_comes_early_where_the_budget_does_not_pay_many_first_designs_below() -> None:
    cost = "1 if method == bulk, 0.5 if method == film, 0.02"
    campaign = made(candidates=LISTED, cost=cost, budget={"cost": 1.2})
    batch = campaign.suggest(1)
    measured(campaign, batch)
    assert [*batch["method"], *campaign.suggest(1)["method"]] == ["dft", "bulk"]


@pytest.mark.parametrize("price", [0.02, 0.1])
def test_unrelated_lower_results_leave_the_designs_of_the_top_level_as_they_are(price: float) -> None:
    rng = np.random.default_rng(1)
    noise = {float(x): float(rng.normal()) for x in LISTED["x"]}
    campaign = Campaign.create(
        space=[X, {**METHOD, "levels": ["dft", "bulk"]}], targets=TARGETS, candidates=LISTED,
        cost=f"1 if method == bulk, {price}",
    )  # fmt: skip
    alone = Campaign.create(space=[X], targets=TARGETS, candidates=LISTED)
    top: list[float] = []
    while len(top) < 9:
        batch = campaign.suggest(1)
        x, is_top = float(batch["x"].iloc[0]), batch["method"].iloc[0] == "bulk"
        campaign.record(batch.assign(y=[surface(x, "bulk") if is_top else noise[x]]))
        top += [x] if is_top else []
    for _ in range(9):
        batch = alone.suggest(1)
        alone.record(batch.assign(y=[surface(float(batch["x"].iloc[0]), "bulk")]))
    assert top == [each.design["x"] for each in alone.state.results]
    assert price * level_counts(campaign.space, campaign.state)["dft"] <= 0.08 * 9 + 1e-9


def test_lower_levels_that_are_not_shown_to_predict_the_top_one_are_said_not_to_be_used_yet() -> None:
    campaign = made(candidates=LISTED)
    campaign.attach([{"x": x, "method": "dft", "y": y} for x, y in ((0.0, 1.0), (0.5, 5.0), (1.0, 2.0))])
    campaign.attach([{"x": x, "method": "bulk", "y": y} for x, y in ((0.1, 1.0), (0.6, 1.2), (0.9, 2.0))])
    evidence = campaign.status().prior
    assert evidence is not None
    assert "these 3 results at the top level do not show that they predict it" in evidence.words


def test_several_cheap_measurements_come_before_a_dear_one() -> None:
    campaign = made(candidates=LISTED, cost=CHEAP)
    rows = [
        {"x": float(x), "method": level, "y": surface(x, level)} for x in LISTED["x"][::12] for level in ("dft", "bulk")
    ]
    campaign.attach(rows)
    for _ in range(3):
        measured(campaign, campaign.suggest(3))
    made_of = [(each.design["method"], each.note) for each in campaign.state.suggestions.values()]
    assert any(level == "dft" and "before a dearer measurement" in note for level, note in made_of)


def test_other_designs_are_measured_below_where_the_most_promising_one_was() -> None:
    grid = pd.DataFrame([(a / 9, b / 9) for a in range(10) for b in range(10)], columns=["x", "z"]).round(3)
    campaign = Campaign.create(
        space=[X, {**X, "name": "z"}, {**METHOD, "levels": ["dft", "bulk"]}], targets=TARGETS, candidates=grid,
        cost="1 if method == bulk, 0.02", suggest_seconds=600,
    )  # fmt: skip
    y = np.sin(6 * grid["x"]) + np.cos(9 * grid["z"])
    rows = sorted(np.random.default_rng(3).permutation(len(grid))[:16], key=lambda row: y[row])
    campaign.attach([{**grid.iloc[row].to_dict(), "method": "dft", "y": float(y[row])} for row in rows])
    assert campaign.suggest(1)["method"].tolist() == ["dft"]
    (note,) = (each.note for each in campaign.state.suggestions.values())
    assert "before a dearer measurement; lower levels: chosen by their results" in note


@pytest.mark.parametrize(("share", "most"), [(0.0, 0), (0.001, 2)])
def test_levels_that_are_used_get_a_limited_share(share: float, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(level_choice, "MAX_SHARE", share)
    campaign = made(candidates=LISTED, cost=CHEAP)
    campaign.attach([{"x": x, "method": m, "y": surface(x, m)} for x in (0.1, 0.3, 0.6, 0.9) for m in ("dft", "bulk")])
    for _ in range(2):
        measured(campaign, campaign.suggest(3))
    assert [each.design["method"] for each in campaign.state.suggestions.values()].count("dft") == most


def test_lower_levels_that_do_not_predict_the_top_level_get_a_limited_share_of_the_cost() -> None:
    campaign, rng = made(), np.random.default_rng(0)
    for _ in range(10):
        batch = campaign.suggest()
        top = batch.iloc[0]["method"] == "bulk"
        campaign.record(batch.assign(y=surface(batch.iloc[0]["x"], "bulk") if top else rng.normal()))
    levels = [each.design["method"] for each in campaign.state.results]
    price = {"dft": 0.2, "film": 4.0, "bulk": 10.0}
    costs = {level: price[level] * levels.count(level) for level in price}
    assert 0 < costs["dft"] + costs["film"] <= 0.05 * max(costs["bulk"], 80.0) + 1e-9


def test_suggestions_do_not_depend_on_the_order_of_results() -> None:
    rows = [{"x": x, "method": level, "y": surface(x, level)} for x in (0.1, 0.4, 0.9) for level in ("dft", "bulk")]
    first, second = made(), made()
    first.attach(rows)
    second.attach(rows[::-1])
    pd.testing.assert_frame_equal(first.suggest(2), second.suggest(2))


def test_batch_avoids_designs_that_wait_at_any_level() -> None:
    campaign = made()
    campaign.attach([{"x": x, "method": "dft", "y": surface(x, "dft")} for x in np.linspace(0, 1, 7)])
    batch = pd.concat([campaign.suggest(2), campaign.suggest(2)])
    assert not batch["x"].duplicated().any()


def test_candidates_are_measured_at_every_level() -> None:
    table = pd.DataFrame({"x": np.linspace(0, 1, 9).round(3)})
    campaign = made(8, candidates=table)
    designs = [(each.design["x"], each.design["method"]) for each in campaign.state.suggestions.values()]
    assert len(set(designs)) == len(designs)
    assert {x for x, _ in designs} <= set(table["x"])
    with pytest.raises(InvalidCampaign, match="each of them can be measured at every level"):
        made(candidates=table.assign(method="bulk"))


@pytest.mark.parametrize("table", [None, pd.DataFrame({"x": np.arange(9) / 8})], ids=["space", "candidates"])
def test_level_is_chosen_in_a_context(table: pd.DataFrame | None) -> None:
    humidity = {"name": "h", "kind": "numeric", "bounds": [0, 1], "role": "context"}
    campaign = made(space=[X, humidity, METHOD], candidates=table)
    campaign.attach(
        [
            {"x": x, "h": h, "method": level, "y": surface(x, level)}
            for x, h in ((0.0, 0.2), (0.25, 0.8), (0.5, 0.2), (1.0, 0.8))
            for level in ("dft", "bulk")
        ]
    )
    batch = campaign.suggest(2, context={"h": 0.3})
    assert set(batch["h"]) == {0.3}
    assert batch["method"].tolist() == ["dft", "dft"]
    measured(campaign, batch)
    best = campaign.best({"h": 0.3})
    assert set(best["method"]) == {"bulk"}
    assert not best["measurements"].str.contains("M0009|M0010").any()


def test_runs_of_a_classical_design_are_measured_at_both_levels() -> None:
    campaign = made(space=[X, {**X, "name": "z"}, METHOD], initial={"kind": "factorial"})
    batch = campaign.suggest(8)
    assert batch["method"].tolist() == ["dft", "bulk"] * 4
    assert sorted(zip(batch["x"][::2], batch["z"][::2], strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_levels_are_added_below_the_others_only() -> None:
    campaign = made(2)
    before = campaign.measurements()
    assert campaign.amend_space(add_choices={"method": ["force_field"]})
    parameter = campaign.space.parameter("method")
    assert isinstance(parameter, FidelityParameter)
    assert parameter.levels == ("force_field", "dft", "film", "bulk")
    pd.testing.assert_frame_equal(campaign.measurements(), before)
    with pytest.raises(InvalidSpace, match="add levels before"):
        campaign.amend_space([X, {**METHOD, "levels": ["dft", "film", "bulk", "crystal"]}])


def test_campaign_is_shown_in_status_explanation_report_and_as_a_task(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "designer: 1\nname: c\nspace:\n  - {name: x, kind: numeric, bounds: [0, 1]}\n"
        "  - {name: method, kind: fidelity, levels: [dft, film, bulk]}\n"
        f"targets: [{{name: y, goal: maximize}}]\ncost: {COST}\n",
        encoding="utf-8",
    )
    campaign = Campaign.open(path)
    levels = [*["dft"] * 5, "bulk", "bulk"]
    rows = zip(np.linspace(0.1, 0.9, 7), levels, strict=True)
    campaign.attach([{"x": float(x), "method": level, "y": surface(float(x), level)} for x, level in rows])
    for _ in range(2):
        measured(campaign, campaign.suggest())
    text = str(campaign.status())
    assert "results by level of method" in text
    explained = str(campaign.explain(list(campaign.state.suggestions)[-1]))
    assert "method" in explained
    assert "method 0" not in explained
    write_report(campaign, tmp_path / "report")
    task = task_of_campaign(path)
    counts = level_counts(campaign.space, campaign.state)
    assert list(task.data.columns) == ["x", "y"]
    assert len(task.data) == counts["bulk"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from(METHOD["levels"]), st.floats(-5, 5), st.booleans()), max_size=8
    ),
    st.integers(1, 3),
)
def test_any_results_give_a_new_design_at_a_known_level(rows: list[tuple[int, str, float, bool]], n: int) -> None:
    campaign = made(candidates=pd.DataFrame({"x": np.arange(12) / 12}))
    for place, level, y, works in rows:
        design = {"x": place / 12, "method": level}
        if works:
            campaign.attach([{**design, "y": y}])
        else:
            campaign.record_failure(design, "broke")
    batch = campaign.suggest(n)
    known = {(row[0] / 12, row[1]) for row in rows if row[3]}
    assert len(batch) == n
    assert set(batch["method"]) <= set(METHOD["levels"])
    assert not known & set(zip(batch["x"], batch["method"], strict=True))
