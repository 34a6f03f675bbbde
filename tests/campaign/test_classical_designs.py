"""Campaigns that begin with a classical design (initial: {kind: ...})."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.acquisition.classical.design import KINDS
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.suggesting.choice import initial_count
from designer.errors import Fault, InvalidCampaign, NoDesignLeft
from designer.space import DesignSpace
from tests.acquisition.classical.test_design_runs import mixed_spaces

SPACE: list[dict[str, Any]] = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 10},
    {"name": "t", "kind": "numeric", "bounds": [1, 100], "scale": "log"},
]
TARGETS: list[dict[str, Any]] = [{"name": "y", "goal": "maximize"}]
FACTORIAL = {"kind": "factorial", "centre_points": 3, "blocks": 2}
FILE = """designer: 1
name: films
space:
  - {name: T, kind: numeric, unit: degC, bounds: [300, 900], step: 10}
  - {name: t, kind: numeric, bounds: [1, 100], scale: log}
targets:
  - {name: y, goal: maximize}
initial:
  kind: d-optimal
  number: 9
"""


def begun(**options: Any) -> Campaign:
    return Campaign.create(**{"space": SPACE, "targets": TARGETS, "initial": FACTORIAL, **options})


def notes(campaign: Campaign) -> list[str | None]:
    return [each.note for each in campaign.state.suggestions.values()]


def test_all_runs_are_suggested_once_with_their_replicates_and_then_the_model_decides() -> None:
    campaign = begun()
    for n in (2, 3, 2):
        frame = campaign.suggest(n)
        campaign.record(frame.assign(y=frame["T"] / 100 + frame["t"]))
    made = Counter((each.design["T"], each.design["t"]) for each in campaign.state.suggestions.values())
    assert made == {(300, 1): 1, (300, 100): 1, (900, 1): 1, (900, 100): 1, (600, 10): 3}
    assert notes(campaign)[0] == "factorial design: run 1 of 7, block 1 of 2"
    assert notes(campaign)[-1] == "factorial design: run 7 of 7, block 2 of 2"
    campaign.suggest()
    assert [each.how for each in campaign.state.suggestions.values()] == ["initial"] * 7 + ["model"]


def test_plan_does_not_depend_on_how_many_are_requested_at_once() -> None:
    whole, parts = begun(), begun()
    whole.suggest(7)
    for n in (1, 4, 2):
        parts.suggest(n)
    designs = [[dict(each.design) for each in c.state.suggestions.values()] for c in (whole, parts)]
    assert designs[0] == designs[1]
    assert notes(whole) == notes(parts)
    others = [each.design for each in begun(seed=1)._spec().classical_runs]
    assert [dict(each) for each in others] != designs[0]


def test_attached_results_of_a_run_take_its_place() -> None:
    campaign = begun()
    campaign.attach([{"T": 900, "t": 100, "y": 3}, {"T": 600, "t": 10, "y": 2}, {"T": 500, "t": 7, "y": 1}])
    frame = campaign.suggest(5)
    assert Counter(zip(frame["T"], frame["t"], strict=True)) == {(300, 1): 1, (300, 100): 1, (900, 1): 1, (600, 10): 2}


def test_withdrawn_run_is_not_suggested_again() -> None:
    campaign = begun()
    first = campaign.suggest(1)
    campaign.withdraw(list(first.index), "broken")
    rest = campaign.suggest(6)
    assert len(rest) == 6
    assert set(notes(campaign)) == {
        f"factorial design: run {i} of 7, block {1 if i < 5 else 2} of 2" for i in range(1, 8)
    }


@pytest.mark.parametrize(
    ("design", "count"),
    [
        (FACTORIAL, 7),
        ({"kind": "factorial", "levels": 3}, 9),
        ({"kind": "factorial", "levels": 3, "number": 6, "model": "quadratic"}, 6),
        ({"kind": "d-optimal"}, 9),
        ({"kind": "i-optimal", "model": "linear", "blocks": 2}, 7),
        ({"kind": "sobol", "number": 8}, 8),
        ({"kind": "latin-hypercube", "number": 5}, 5),
    ],
)
def test_number_of_first_designs_is_that_of_the_design(design: dict[str, Any], count: int) -> None:
    spec = begun(initial=design, budget=40)._spec()
    assert initial_count(spec) == len(spec.classical_runs) == count


def test_more_designs_than_are_left_fill_the_space() -> None:
    campaign = begun(initial={"kind": "factorial"})
    campaign.suggest(6)
    assert notes(campaign)[4:] == ["fills the space"] * 2


def test_shared_settings_are_those_of_one_batch() -> None:
    space = [{**SPACE[0], "vary": "per_batch"}, SPACE[1], {"name": "c", "kind": "numeric", "bounds": [0, 1]}]
    campaign = begun(space=space, initial={"kind": "d-optimal", "number": 12}, batch_size=4)
    for _ in range(3):
        assert len(set(campaign.suggest()["T"])) == 1
    assert all(note is not None and "d-optimal design" in note for note in notes(campaign))


def test_runs_choose_among_candidates() -> None:
    rows = [{"T": 300 + 20 * i, "t": 1 + (7 * i) % 31} for i in range(30)]
    import pandas as pd

    campaign = begun(candidates=pd.DataFrame(rows), initial={"kind": "d-optimal", "number": 8})
    frame = campaign.suggest(8)
    assert len(frame.drop_duplicates()) == 8
    assert {(row["T"], row["t"]) for row in frame.to_dict(orient="records")} <= {(r["T"], r["t"]) for r in rows}


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ("  kind: d-optimum\n", 9, "'kind' cannot be 'd-optimum'; did you mean 'd-optimal'?"),
        ("  number: 4\n", 8, "'kind' is missing"),
        ("  kind: d-optimal\n  number: 4\n", 10, "4 runs cannot estimate the 6 terms of a quadratic model"),
        ("  kind: d-optimal\n  model: cubic\n", 10, "'model' cannot be 'cubic'"),
        ("  kind: sobol\n", 9, "a design of kind sobol has no 'number'; add 'number: 12'"),
        ("  kind: sobol\n  number: 8\n  model: linear\n", 11, "is made for no 'model'"),
        ("  kind: d-optimal\n  levels: 3\n", 10, "a design of kind d-optimal has no 'levels'"),
        ("  kind: factorial\n  levels: 1\n", 10, "'levels' cannot be 1"),
        ("  kind: factorial\n  blocks: 2.5\n", 10, "2.5 is not a whole number"),
        ("  kind: sobol\n  number: 8\n  blocks: 9\n", 11, "9 blocks of 8 runs"),
        ("  kind: d-optimal\n  runs: 9\n", 10, "unknown key 'runs'"),
        ("  kind: d-optimal\n  centre_points: 2000\n", 10, "'centre_points' cannot be 2000"),
    ],
)
def test_faults_name_the_line_and_the_remedy(tmp_path: Path, lines: str, line: int, words: str) -> None:
    file = tmp_path / "films.yaml"
    file.write_text(FILE.replace("  kind: d-optimal\n  number: 9\n", lines), encoding="utf-8")
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_file(file)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (str(file), line)
    assert words in str(fault)
    assert fault.remedy


def test_design_may_be_added_and_changed_in_the_course_of_a_campaign(tmp_path: Path) -> None:
    file = tmp_path / "films.yaml"
    file.write_text(FILE, encoding="utf-8")
    campaign = Campaign.open(file)
    campaign.suggest(2)
    file.write_text(FILE.replace("number: 9", "number: 12"), encoding="utf-8")
    again = Campaign.open(file)
    again.suggest(1)
    assert notes(again)[-1] is not None
    assert "of 12" in str(notes(again)[-1])


WITH_FEATURES: dict[str, dict[str, Any]] = {
    "conditional": {
        "space": [
            SPACE[0],
            {"name": "g", "kind": "categorical", "choices": ["N2", "Ar"]},
            {"name": "flow", "kind": "numeric", "bounds": [1, 50], "when": "g == Ar"},
        ]
    },
    "zero_or": {"space": [SPACE[0], {"name": "c", "kind": "numeric", "zero_or": [5, 20]}]},
    "mixture": {"space": [SPACE[0], {"name": "m", "kind": "mixture", "components": ["a", "b", "c"]}]},
    "equality": {
        "space": [{"name": n, "kind": "numeric", "bounds": [0, 100], "step": 5} for n in "ABC"],
        "constraints": ["A + B + C == 100"],
    },
    "constraint": {"constraints": ["T <= 800"]},
    "log target with limits": {"targets": [{**TARGETS[0], "scale": "log", "limits": [0.001, None]}]},
    "beliefs": {"beliefs": [{"parameter": "T", "near": 650, "spread": 80}]},
    "tiers": {
        "targets": [{**TARGETS[0], "reach": 5}, {"name": "cost", "goal": "minimize"}],
        "combine": "tiers",
    },
    "map": {"targets": [{"name": "y", "goal": "map"}]},
    "boundary": {"targets": [{"name": "y", "goal": "boundary", "value": 3}]},
    "replicates": {"replicates": 2},
}


@pytest.mark.parametrize("feature", WITH_FEATURES)
def test_first_designs_are_the_runs_whatever_else_a_campaign_has(feature: str) -> None:
    campaign = begun(**{"initial": {"kind": "d-optimal", "model": "linear", "number": 8}, **WITH_FEATURES[feature]})
    frame = campaign.suggest(8)
    assert campaign.space.valid(campaign.space.coordinates(frame)).all()
    assert all("d-optimal design for a linear model" in str(note) for note in notes(campaign))
    assert "first designs are planned to estimate a model" in str(campaign.explain(str(frame.index[0])))


def test_context_is_refused_with_the_reason() -> None:
    humid = {"name": "h", "kind": "numeric", "bounds": [10, 90], "role": "context"}
    with pytest.raises(InvalidCampaign, match=r"before the context \(h\) is known; give the number of first designs"):
        begun(space=[*SPACE, humid], initial={"kind": "d-optimal"})


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(mixed_spaces(), st.sampled_from(KINDS), st.integers(0, 1000))
def test_campaigns_in_random_spaces_begin_with_their_runs_or_are_refused(
    space: DesignSpace, kind: str, seed: int
) -> None:
    design = {"kind": kind, **({} if kind == "factorial" else {"number": 6})}
    design |= {"model": "linear"} if kind.endswith("optimal") else {}
    options: dict[str, Any] = {"targets": TARGETS, "batch_size": 2, "seed": seed, "initial": design}
    pool = space.pool
    candidates = None if pool is None else space.frame(pool.coordinates)
    refused: tuple[Fault, ...] = ()
    try:
        campaign = Campaign.create(space=space.with_pool(None), candidates=candidates, **options)
    except InvalidCampaign as error:
        refused = tuple(error.faults)
    assert all(fault.path[:1] == ("initial",) and fault.remedy for fault in refused)
    if refused:
        return
    columns = [column for parameter in space.shared_parameters for column in parameter.lab_columns]
    try:
        for _ in range(2):
            frame = campaign.suggest(2)
            assert campaign.space.valid(campaign.space.coordinates(frame)).all()
            assert not columns or len(frame[columns].drop_duplicates()) == 1
    except NoDesignLeft:
        return
