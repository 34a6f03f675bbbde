"""Campaigns whose experiments have a cost: budgets, suggestions, what is shown, and what it can be combined with."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.suggesting.stopping import Spending
from designer.errors import BudgetSpent, InvalidCampaign, InvalidData, InvalidSpace, NoDesignLeft
from designer.report import write_report
from designer.space import DesignSpace
from tests.space.spaces import categoricals, compositions, numerics

SPACE: list[dict[str, Any]] = [
    {"name": "T", "kind": "numeric", "bounds": [0, 10]},
    {"name": "method", "kind": "categorical", "choices": ["bulk", "film"]},
]
TARGETS: list[dict[str, Any]] = [{"name": "y", "unit": "MPa", "goal": "maximize"}]
COST = "(10 if method == bulk, 2) + 0.1 * T"


def surface(frame: pd.DataFrame) -> Any:
    return -((frame["T"] - 7) ** 2) + (frame["method"] == "bulk")


def made(cost: Any = COST, count: int = 0, **options: Any) -> Campaign:
    campaign = Campaign.create(space=SPACE, targets=TARGETS, cost=cost, **options)
    for _ in range(count):
        batch = campaign.suggest()
        campaign.record(batch.assign(y=surface(batch)))
    return campaign


def spent(campaign: Campaign) -> Spending:
    found = campaign.spending
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("options", "path", "words"),
    [
        ({"cost": "T <= 3"}, ("cost", "experiment"), "a number is expected"),
        ({"cost": "2 * time"}, ("cost", "experiment"), "there is no parameter 'time'"),
        ({"cost": "T - 5"}, ("cost", "experiment"), "not a positive number"),
        ({"cost": "5 if method == bulk"}, ("cost", "experiment"), "has no value"),
        ({"budget": {"cost": 5}}, ("budget", "cost"), "says nothing without 'cost'"),
        ({"cost": 1, "budget": {}}, ("budget",), "the budget is empty"),
        ({"cost": 1, "budget": {"cost": 0}}, ("budget", "cost"), "greater than 0"),
        ({"cost": 1, "budget": {"experiments": 2.5}}, ("budget", "experiments"), "not a whole number"),
        ({"cost": 1, "budget": {"money": 2}}, ("budget", "money"), "unknown key"),
        ({"cost": 1, "acquisition": "posterior-mean"}, ("cost",), "weighed against the expected improvement"),
    ],
)
def test_faults_are_located(options: dict[str, Any], path: tuple[str, ...], words: str) -> None:
    data = {"designer": 1, "name": "c", "space": SPACE, "targets": TARGETS, **options}
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_data(data)
    (fault,) = caught.value.faults
    assert fault.path[: len(path)] == path
    assert words in str(fault)
    assert fault.remedy


def test_a_fault_of_a_file_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "designer: 1\nname: c\nspace:\n  - {name: T, kind: numeric, bounds: [0, 10]}\n"
        "targets:\n  - {name: y, goal: maximize}\ncost:\n  batch: 2\n  experiment: 2 * time\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_file(path)
    assert [fault.line for fault in caught.value.faults] == [9]


@pytest.mark.parametrize("batch", [1, 3])
def test_the_cost_budget_is_not_exceeded_and_ends_the_campaign(batch: int) -> None:
    campaign = made(budget={"cost": 45}, batch_size=batch)
    for _ in range(30):
        if campaign.verdict().stop:
            break
        try:
            frame = campaign.suggest()
        except BudgetSpent:
            break
        assert spent(campaign).left >= -1e-6
        campaign.record(frame.assign(y=surface(frame)))
    else:
        pytest.fail("the campaign went on")
    found = spent(campaign)
    assert found.committed == 0
    assert 20 < found.spent <= 45 + 1e-6


def test_a_run_ends_when_the_budget_is_spent() -> None:
    from designer.oracles import Oracle

    class Surface(Oracle):
        def measure(self, design: Any, *, suggestion: str | None = None) -> Any:
            return {"y": float(surface(pd.DataFrame([design]))[0])}

    campaign = made("10 if method == bulk, 5", budget={"experiments": 40, "cost": 42})
    report = campaign.run(Surface())
    assert report.rule == "cost"
    assert "the cost budget of 42 is spent: 40, and no design left costs 2 or less" in report.reason


def test_what_is_spent_counts_failures_batches_and_open_suggestions() -> None:
    campaign = made({"experiment": 5, "batch": 2}, batch_size=2)
    first = campaign.suggest()
    assert spent(campaign) == Spending(0.0, 12.0, None)
    campaign.record_failure(first.index[0], "cracked")
    assert spent(campaign) == Spending(7.0, 5.0, None)
    campaign.record({first.index[1]: {"y": 1.0}})
    assert spent(campaign) == Spending(12.0, 0.0, None)
    campaign.attach([{"T": 3, "method": "bulk", "y": 2.0}])
    assert spent(campaign).spent == 12.0
    second = campaign.suggest()
    campaign.withdraw(list(second.index), "no time")
    assert spent(campaign) == Spending(12.0, 0.0, None)


def test_replicates_are_paid_each() -> None:
    campaign = made(5, replicates=3, budget={"cost": 16})
    campaign.suggest()
    assert spent(campaign) == Spending(0.0, 15.0, 16.0)
    with pytest.raises(BudgetSpent, match="no design left costs 1 or less"):
        campaign.suggest()


def test_changes_of_shared_settings_are_paid_in_the_unit_of_the_cost() -> None:
    space = [{**SPACE[0], "vary": "per_batch", "change_cost": 8, "step": 1}, SPACE[1], {**SPACE[0], "name": "p"}]
    campaign = Campaign.create(space=space, targets=TARGETS, cost=1, batch_size=2, budget={"cost": 40}, seed=1)
    settings_ = []
    for _ in range(6):
        frame = campaign.suggest()
        settings_.append(frame["T"].iloc[0])
        campaign.record(frame.assign(y=surface(frame)))
    changes = sum(first != second for first, second in pairwise(settings_))
    assert spent(campaign).spent == 12 + 8 * changes <= 40


def test_suggestions_state_the_gain_and_the_cost_apart() -> None:
    campaign = made(count=6)
    last = campaign.state.suggestions["S0006"]
    assert "; expected gain " in last.note
    assert " MPa; cost " in last.note
    (cost,) = campaign.costs(pd.DataFrame([dict(last.design)]))
    assert last.note.endswith(f"cost {cost:.4g}")
    assert f"cost {cost:.4g}" in str(campaign.explain("S0006"))
    assert campaign.state.suggestions["S0001"].note.startswith("fills the space; cost ")


def test_status_and_report_show_the_cost(tmp_path: Path) -> None:
    campaign = made(count=5, budget={"experiments": 60, "cost": 500})
    status = campaign.status()
    assert f"cost: {spent(campaign).spent:.10g} of 500 spent" in str(status)
    assert json.loads(json.dumps(status.as_dict()["cost"]))["budget"] == 500
    assert status.budget == 60
    text = write_report(campaign, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Cost of y: measured values against the cost that was spent" in text
    assert "cost" not in made(None).status().as_dict()


def test_cheap_designs_are_preferred_where_gains_are_alike() -> None:
    dear = [made(cost, count=12, seed=3) for cost in ("50 if method == bulk, 1", 1)]
    shares = [np.mean([each.design["method"] == "bulk" for each in one.state.results]) for one in dear]
    assert shares[0] < shares[1]


def test_a_campaign_without_a_cost_has_no_costs() -> None:
    campaign = made(None, count=1)
    assert campaign.spending is None
    with pytest.raises(InvalidData, match="states no cost"):
        campaign.costs([{"T": 1, "method": "bulk"}])


def test_cost_may_change_and_is_stored(tmp_path: Path) -> None:
    text = "designer: 1\nname: c\nspace:\n  - {name: T, kind: numeric, bounds: [0, 10]}\n"
    text += "targets:\n  - {name: y, goal: maximize}\n"
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    first = Campaign.open(path)
    first.record({first.suggest().index[0]: {"y": 1.0}})
    path.write_text(f"{text}cost: 2 + T\nbudget: {{cost: 100}}\n", encoding="utf-8")
    second = Campaign.open(path)
    second.suggest()
    assert second.state.spec["cost"] == "2 + T"
    assert second.state.spec["budget"] == {"cost": 100}
    assert spent(second).spent > 0


OTHERS: list[dict[str, Any]] = [
    {"space": [{**SPACE[0], "role": "context"}, SPACE[1], {**SPACE[0], "name": "p"}]},
    {"space": [{**SPACE[0], "when": "method == film"}, SPACE[1]], "cost": "T + 1 if method == film, 4"},
    {
        "space": [{"name": "T", "kind": "numeric", "zero_or": [2, 10]}, SPACE[1], {**SPACE[0], "name": "p"}],
        "constraints": ["T + p == 10"],
    },
    {"space": [{**SPACE[0], "vary": "per_batch", "at_most_changes": 2}, SPACE[1], {**SPACE[0], "name": "p"}]},
    {"targets": [{"name": "y", "goal": "maximize", "scale": "log"}]},
    {"targets": [*TARGETS, {"name": "z", "goal": "minimize"}], "combine": "pareto"},
    {"targets": [{**TARGETS[0], "reach": 3}, {"name": "z", "goal": "minimize"}], "combine": "tiers"},
    {"targets": [*TARGETS, {"name": "z", "at_most": 5}]},
    {"candidates": pd.DataFrame({"T": np.linspace(0, 10, 21), "method": ["bulk", "film", "film"] * 7})},
    {"initial": {"kind": "latin-hypercube", "number": 4}},
    {"replicates": 2},
    {"targets": [{"name": "y", "goal": "map"}]},
    {"targets": [{"name": "y", "goal": "boundary", "value": 2.0}]},
    {"space": [{**SPACE[0], "setting_error": 0.3}, SPACE[1]]},
    {"beliefs": [{"parameter": "T", "near": 6, "spread": 2}]},
    {"diversify_by": [{"parameter": "T", "cells": 4}]},
]


@pytest.mark.parametrize("others", OTHERS, ids=lambda each: " ".join(each))
def test_costs_beside_other_features(others: dict[str, Any]) -> None:
    given = {"space": SPACE, "targets": TARGETS, "cost": COST, "batch_size": 2, "budget": {"cost": 120}, **others}
    campaign = Campaign.create(**given)
    context = {"T": 4} if campaign.space.context_parameters else None
    for i in range(4):
        frame = campaign.suggest(context=context)
        assert spent(campaign).left >= -1e-6
        names = [target.name for target in campaign.objective.targets]
        campaign.record(frame.assign(**{name: np.arange(len(frame)) + i + 1.0 for name in names}))
    assert campaign.state.suggestions[frame.index[0]].how in ("model", "initial")
    assert campaign.explain(frame.index[0]).note


def _prices(most: int) -> st.SearchStrategy[float]:
    return st.integers(5, 10 * most).map(lambda tenths: tenths / 10)


@st.composite
def priced_spaces(draw: st.DrawFn) -> tuple[DesignSpace, str]:
    """Return a random space and a cost that is positive on it."""
    makers = draw(st.lists(st.sampled_from([numerics, categoricals, compositions]), min_size=1, max_size=3))
    try:
        space = DesignSpace(parameters=[draw(make(f"p{i}")) for i, make in enumerate(makers)])
    except InvalidSpace:
        assume(False)
        raise
    terms = [repr(draw(_prices(20)))]
    for name, reference in space.names.items():
        if reference.unusable or not name.isidentifier() or not draw(st.booleans()):
            continue
        if reference.choices is not None:
            terms.append(f'({draw(_prices(50))!r} if {name} == "{reference.choices[0]}", 1)')
        else:
            low = draw(st.integers(-1000, 1000)) / 10
            terms.append(f"({draw(_prices(50))!r} if {name} <= {low!r}, 0.001 * abs({name}))")
    return space, " + ".join(terms)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(priced_spaces(), st.integers(0, 1000), st.floats(3, 200))
def test_the_stated_costs_of_suggestions_never_exceed_a_budget(
    priced: tuple[DesignSpace, str], seed: int, budget: float
) -> None:
    space, cost = priced
    campaign = Campaign.create(space=space, targets=TARGETS, cost=cost, budget={"cost": budget}, seed=seed, initial=2)
    for _ in range(3):
        try:
            frame = campaign.suggest(2)
        except NoDesignLeft:
            break
        assert space.valid(space.coordinates(frame)).all()
        assert spent(campaign).left >= -1e-6 * budget
        campaign.record(frame.assign(y=np.arange(len(frame), dtype=float)))
    assert spent(campaign).spent <= budget * (1 + 1e-6)
