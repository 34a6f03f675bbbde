"""Results known only as a limit: read, stored, decided, modelled and shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.campaign.log.events import Recorded, from_json, to_json
from designer.errors import InvalidData, InvalidObjective, StoreError
from designer.objective import Target
from designer.oracles.python_function import PythonOracle
from designer.report import write_report

SPACE: list[dict[str, Any]] = [
    {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 10}
]
TARGET: dict[str, Any] = {"name": "rho", "unit": "ohm*cm", "goal": "minimize", "scale": "log"}


def begun(target: dict[str, Any] = TARGET, *values: Any, **keys: Any) -> Campaign:
    campaign = Campaign.create(space=SPACE, targets=[target], **keys)
    if values:
        campaign.attach([{"temperature": 300 + 50 * i, target["name"]: y} for i, y in enumerate(values)])
    return campaign


@pytest.mark.parametrize(
    ("cell", "value", "side"),
    [
        ("<0.01", 0.01, "<"), ("> 1e6", 1e6, ">"), ("≤ 10 mohm*cm", 0.01, "<"), ("≥2", 2.0, ">"), ("0.5", 0.5, None),
        ("&lt;0.5", 0.5, "<"), ("n.d.", 1e-6, "<"), ("Not Detected", 1e-6, "<"), ("saturated", 1e6, ">"),
    ],
)  # fmt: skip
def test_cells_are_read_as_limits(cell: str, value: float, side: str | None) -> None:
    campaign = begun({**TARGET, "limits": [1e-6, 1e6]})
    suggestion = campaign.suggest().index[0]
    campaign.record({suggestion: {"rho": cell}})
    (made,) = campaign.state.results
    assert made.values["rho"] == pytest.approx(value)
    assert made.censored.get("rho") == side


def test_a_word_without_limits_means_that_nothing_was_measured() -> None:
    campaign = begun()
    assert campaign.record({campaign.suggest().index[0]: {"rho": "n.d."}}).blank == ("S0001",)
    with pytest.raises(InvalidData, match="overrange"):
        campaign.record({"S0001": {"rho": "overrange"}})


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("<", "is not a number"), ("<x", "is not a number"), ("<1 kg", "ohm"), ("<0", "has no logarithm"),
        ("<nan", "not a number"), ("><3", "is a limit and no value"), ("5e-7", "write <1e-06"), (2e6, "write >1e+06"),
        (">1e400", "finite"),
    ],
)  # fmt: skip
def test_what_is_no_limit_is_located(cell: Any, words: str) -> None:
    campaign = begun({**TARGET, "limits": [1e-6, 1e6]})
    suggestion = campaign.suggest().index[0]
    with pytest.raises(InvalidData, match=r"row 2, column 'rho'") as caught:
        campaign.record({suggestion: {"rho": cell}})
    assert words in str(caught.value)
    assert not campaign.state.results


def test_a_limit_has_no_standard_error() -> None:
    campaign = begun()
    with pytest.raises(InvalidData, match=r"'rho' is a limit, <0\.01, and has a standard error"):
        campaign.record({campaign.suggest().index[0]: {"rho": "<0.01", "rho_sem": 0.1}})


@pytest.mark.parametrize(
    ("limits", "words"),
    [([None, None], "limit nothing"), ([2, 1], "are empty"), ([0, 1], "has no logarithm"), ([1], "limits")],
)
def test_limits_that_are_none_are_refused(limits: list[Any], words: str) -> None:
    with pytest.raises(InvalidObjective, match=words):
        Target(**TARGET, limits=limits)


@pytest.mark.parametrize(
    ("keys", "cell", "best"),
    [
        ({"goal": "minimize"}, "<0.01", True), ({"goal": "minimize"}, ">0.01", False),
        ({"goal": "maximize"}, ">9", True), ({"goal": "maximize"}, "<9", False),
        ({"goal": "match", "value": 3.0, "tolerance": 1.0}, "<3", False),
        ({"goal": "minimize", "at_most": 1.0}, "<0.01", True), ({"goal": "minimize", "at_least": 1e-6}, "<0.01", False),
    ],
)  # fmt: skip
def test_a_limit_counts_where_it_decides(keys: dict[str, Any], cell: str, best: bool) -> None:
    campaign = begun({"name": "rho", **keys}, 0.5, 0.7, 0.9, cell)
    labels = campaign.best()
    shown = labels[labels["best_by"] != "posterior"]["rho"].tolist()
    assert (shown == [cell.replace("9", "9.0").replace("3", "3.0") if "." not in cell else cell]) is best


@pytest.mark.parametrize(("cell", "reached"), [("<0.01", True), ("<0.1", False), (">1e-9", False)])
def test_a_goal_is_reached_where_it_is_certain(cell: str, reached: bool) -> None:
    campaign = begun({**TARGET, "reach": 0.02})
    campaign.record({campaign.suggest().index[0]: {"rho": cell}})
    assert campaign.verdict().stop is reached
    if reached:
        assert "rho = <0.01 ohm*cm" in campaign.verdict().reason


def test_replicates_below_and_above_say_nothing_of_their_mean() -> None:
    campaign = begun()
    design = {"temperature": 500}
    campaign.attach([{**design, "rho": "<0.1", "replicate": 1}, {**design, "rho": "<0.001", "replicate": 2}])
    assert campaign.best()["rho"].tolist() == ["<0.01"]  # the geometric mean
    campaign.attach([{**design, "rho": ">0.1", "replicate": 3}])
    assert campaign.best().empty


def test_the_same_limit_is_known_and_another_is_a_replicate() -> None:
    campaign = begun()
    name = campaign.suggest().index[0]
    campaign.record({name: {"rho": "<0.01"}})
    assert not campaign.record({name: {"rho": "<0.01"}}).changed
    assert campaign.record({name: {"rho": 0.01}}).recorded == ("M0002",)
    assert campaign.record({name: {"rho": ">0.01"}}).recorded == ("M0003",)
    assert campaign.measurements()["rho"].tolist() == ["<0.01", 0.01, ">0.01"]


def test_amending_makes_and_removes_limits() -> None:
    campaign = begun()
    campaign.record({campaign.suggest().index[0]: {"rho": 0.01, "rho_sem": 0.002}})
    assert campaign.amend("M0001", {"rho": "<0.01"})
    assert not campaign.amend("M0001", {"rho": "<0.01"})
    (made,) = campaign.state.results
    assert (made.values, made.censored, made.noise) == ({"rho": 0.01}, {"rho": "<"}, {})
    assert campaign.amend("M0001", {"rho": 0.01})
    assert campaign.state.results[0].censored == {}
    campaign.amend("M0001", {"rho": "<0.01"})
    campaign.amend("M0001", {"rho": None})
    assert campaign.state.measurements["M0001"].censored == {}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(1e-9, 1e9), st.sampled_from(["", "<", ">"])), min_size=1, max_size=5))
def test_exported_results_attach_as_they_were(cells: list[tuple[float, str]]) -> None:
    campaign = begun(TARGET, *(f"{side}{value!r}" for value, side in cells))
    table = campaign.measurements()[["temperature", "rho"]].reset_index(drop=True)
    again = begun()
    again.attach(table)
    pairs = zip(campaign.state.measurements.values(), again.state.measurements.values(), strict=True)
    for one, other in pairs:
        assert (one.values, one.censored) == (other.values, other.censored)


def test_events_with_limits_have_a_version_of_their_own() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    design = {"T": 1.0}
    plain = Recorded(at=at, measurement="M0001", design=design, values={"y": 1.0})
    limited = plain.model_copy(update={"censored": {"y": "<"}})
    assert to_json(plain).startswith('{"v":1,')
    assert "censored" not in to_json(plain)
    assert to_json(limited).startswith('{"v":2,')
    for event in (plain, limited):
        assert from_json(to_json(event)) == event
    with pytest.raises(StoreError, match="version 9; this designer reads versions 1 to 8"):
        from_json(to_json(limited).replace('"v":2', '"v":9'))
    with pytest.raises(StoreError, match="damaged"):
        from_json(to_json(limited).replace('"<"', '"?"'))


def exponent(temperature: float) -> float:
    return -6.0 + ((temperature - 620) / 90) ** 2


def test_a_campaign_with_limits_finds_where_the_best_lie(tmp_path: Path) -> None:
    campaign = begun({**TARGET, "limits": [1e-5, 1e2]}, initial=4, budget=12)
    for _ in range(9):
        batch = campaign.suggest()
        z = exponent(float(batch["temperature"].iloc[0]))
        cell: Any = "n.d." if z < -5 else "overrange" if z > 2 else 10.0**z
        campaign.record({batch.index[0]: {"rho": cell}})
    censored = [each for each in campaign.state.results if each.censored]
    assert censored
    assert campaign.status().flagged == ()
    # Predictions lie on the known side of the limits, and intervals reach beyond it.
    for made in censored:
        row = campaign.predict([dict(made.design)]).iloc[0]
        below = made.censored["rho"] == "<"
        assert row["rho_low"] < 1e-5 if below else row["rho_high"] > 1e2
    explained = str(campaign.explain(campaign.suggest().index[0]))
    assert "best so far <1e-05 ohm*cm" in explained
    page = write_report(campaign, tmp_path / "report.html").read_text()
    assert "&lt;1e-05" in page
    assert "below this limit" in page
    assert np.isfinite(campaign.predict([{"temperature": 500}]).to_numpy()).all()


def test_limits_are_no_noise_and_no_contradiction() -> None:
    from designer.campaign.suggesting.proposer import has_noise

    campaign = begun(TARGET, 0.5, 0.3, 0.2, 0.1, 0.05)
    campaign.attach([{"temperature": 300, "rho": "<0.6"}])
    known = campaign.posterior()
    assert known is not None
    assert not has_noise(known)
    assert known.flagged == ()


def test_an_oracle_may_return_limits() -> None:
    campaign = Campaign.create(
        space=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}],
        targets=[{"name": "y", "goal": "maximize"}],
        initial=4,
    )
    oracle = PythonOracle(lambda x: {"y": "<0.2" if x < 0.5 else x}, campaign.space, ("y",))
    ended = campaign.run(oracle, max_experiments=4)
    assert {step.censored.get("y") for step in ended.steps} == {"<", None}
    for each in campaign.state.results:
        low = float(each.design["x"] or 0) < 0.5
        assert each.censored == ({"y": "<"} if low else {})
        assert each.values["y"] == (0.2 if low else each.design["x"])
