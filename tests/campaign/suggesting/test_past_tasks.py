"""Campaigns that begin from past work: from files and from Python, warm from the first design, and on guard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer import Campaign, Task, fit_prior
from designer.campaign import past_work
from designer.campaign.as_task import task_of_campaign
from designer.campaign.log.events import Suggested, SuggestedDesign
from designer.campaign.past_work import CACHE
from designer.campaign.suggesting import past_tasks
from designer.errors import InvalidCampaign, InvalidInput, InvalidPrior
from designer.priors.auto import FittedAuto
from designer.priors.base import ConditionedPrior, FittedPrior
from designer.space import DesignSpace
from designer.surrogates.data import TaskData

PARAMETERS = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 10},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
]
TARGETS = [{"name": "strength", "unit": "MPa", "goal": "maximize"}]


def strength(best: float) -> Callable[[pd.DataFrame], np.ndarray[Any, Any]]:
    """Return a response that peaks at a temperature, lower under argon."""
    return lambda designs: (
        500 - 0.002 * (designs["T"].to_numpy() - best) ** 2 - 40 * (designs["gas"] == "Ar").to_numpy()
    )


def table(response: Callable[[pd.DataFrame], np.ndarray[Any, Any]], seed: int, n: int = 16) -> pd.DataFrame:
    space = DesignSpace(parameters=PARAMETERS)
    designs = space.frame(space.sample(n, np.random.default_rng(seed)))
    return designs.assign(strength=response(designs))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    past_tasks._fitted.clear()
    return tmp_path / "cache" / "priors"


@pytest.fixture
def family(tmp_path: Path) -> Path:
    folder = tmp_path / "past"
    folder.mkdir()
    tasks = []
    for i, best in enumerate((640, 660, 680, 700)):
        table(strength(best), seed=i).to_csv(folder / f"alloy_{i}.csv", index=False)
        tasks.append({"name": f"alloy_{i}", "file": f"alloy_{i}.csv", "targets": TARGETS})
    card = {"family": "alloys", "space": PARAMETERS, "tasks": tasks}
    (folder / "family.yaml").write_text(json.dumps(card))
    return folder


def file_of(folder: Path, prior: dict[str, Any], **settings: Any) -> Path:
    content = {"designer": 1, "name": "new", "space": PARAMETERS, "targets": TARGETS, "prior": prior, **settings}
    path = folder / "new.yaml"
    path.write_text(json.dumps(content))
    return path


def measured(campaign: Campaign, response: Callable[[pd.DataFrame], np.ndarray[Any, Any]], times: int) -> list[float]:
    for _ in range(times):
        batch = campaign.suggest(1)
        campaign.record(batch.assign(strength=response(batch)))
    return [float(value) for value in campaign.measurements()["strength"]]


def test_the_first_design_comes_from_past_tasks(family: Path) -> None:
    campaign = Campaign.open(file_of(family.parent, {"tasks": ["past"]}))
    first = campaign.suggest(1)
    assert first["gas"].tolist() == ["N2"]
    assert 600 <= first["T"].iloc[0] <= 740
    event = campaign.events[-1]
    assert isinstance(event, Suggested)
    assert event.how == "model"
    assert event.versions["prior"].startswith("auto ")


def test_it_needs_fewer_experiments_than_without(family: Path) -> None:
    response = strength(690)
    informed = measured(Campaign.open(file_of(family.parent, {"tasks": ["past"]})), response, 4)
    alone = measured(Campaign.create(space=PARAMETERS, targets=TARGETS), response, 4)
    assert max(informed) >= 499
    assert informed[0] > alone[0] + 20


def test_the_knowledge_says_what_it_leans_on(family: Path) -> None:
    campaign = Campaign.open(file_of(family.parent, {"tasks": ["past"]}))
    known = campaign.posterior()
    assert known is not None
    assert known.evidence is not None
    assert known.evidence.words == "nothing is measured yet: predictions follow past tasks alone"
    measured(campaign, strength(690), 3)
    known = campaign.posterior()
    assert known is not None
    assert known.evidence is not None
    assert sorted(name for name, _ in known.evidence.sources) == [f"alloys/alloy_{i}" for i in range(4)]
    assert known.evidence.log_evidence > 0


def test_past_tasks_that_mislead_are_rejected(family: Path) -> None:
    campaign = Campaign.open(file_of(family.parent, {"tasks": ["past"]}))
    rng = np.random.default_rng(0)
    values = measured(campaign, lambda designs: 100 + 30 * np.sin(designs["T"].to_numpy() / 9) + rng.normal(), 12)
    known = campaign.posterior()
    assert known is not None
    assert known.evidence is not None
    assert known.evidence.log_evidence < 0
    assert len(values) == 12


def test_the_same_suggestion_in_another_process_and_from_the_cache(family: Path, cache: Path) -> None:
    first = Campaign.open(file_of(family.parent, {"tasks": ["past"]}), store=family.parent / "a.db").suggest(2)
    (kept,) = cache.iterdir()
    past_tasks._fitted.clear()
    second = Campaign.open(family.parent / "new.yaml", store=family.parent / "b.db").suggest(2)
    pd.testing.assert_frame_equal(first, second)
    (kept / "weights.safetensors").write_bytes(b"damaged")
    past_tasks._fitted.clear()
    third = Campaign.open(family.parent / "new.yaml", store=family.parent / "c.db").suggest(2)
    pd.testing.assert_frame_equal(first, third)


def digest(path: Path) -> str | None:
    spec = Campaign.open(path)._spec()
    return past_tasks.prior_digest(spec, past_tasks.prior_of_spec(spec))


def test_a_changed_table_makes_another_prior(family: Path, cache: Path) -> None:
    path = file_of(family.parent, {"tasks": ["past"]})
    before = digest(path)
    frame = pd.read_csv(family / "alloy_0.csv")
    frame.assign(strength=frame["strength"] + frame["T"]).to_csv(family / "alloy_0.csv", index=False)
    assert digest(path) != before
    assert len(list(cache.iterdir())) == 2


def test_tasks_are_left_out_by_name_and_pattern(family: Path) -> None:
    assert [task.name for task in past_work.past_tasks([family], ["alloy_1", "alloys/alloy_[23]"])] == ["alloy_0"]
    with pytest.raises(InvalidPrior, match="'alloy_9' in 'leave_out' names no past task; tasks: alloy_0, alloy_1"):
        past_work.past_tasks([family], ["alloy_9"])


def test_without_usable_sources_suggestions_are_those_of_none(family: Path) -> None:
    rng = np.random.default_rng(4)
    for file in family.glob("*.csv"):
        frame = pd.read_csv(file)
        frame.assign(strength=rng.permutation(frame["strength"])).to_csv(file, index=False)
    informed = Campaign.open(file_of(family.parent, {"tasks": ["past"]}), store=family.parent / "a.db")
    alone = Campaign.open(file_of(family.parent, {"kind": "none"}), store=family.parent / "b.db")
    for _ in range(6):
        first, second = informed.suggest(1), alone.suggest(1)
        pd.testing.assert_frame_equal(first, second)
        for campaign in (informed, alone):
            campaign.record(first.assign(strength=strength(500)(first)))


def test_first_designs_of_the_file_come_first(family: Path) -> None:
    campaign = Campaign.open(file_of(family.parent, {"tasks": ["past"]}, initial=[{"T": 300, "gas": "Ar"}]))
    assert campaign.suggest(1)["T"].tolist() == [300]


def test_a_finished_campaign_is_past_work(family: Path, tmp_path: Path) -> None:
    first = Campaign.open(file_of(tmp_path, {"tasks": ["past"]}))
    measured(first, strength(650), 2)
    first.attach(table(strength(650), seed=9, n=10))
    task = task_of_campaign(tmp_path / "new.yaml")
    assert (task.name, len(task)) == ("new", 12)
    content = json.loads((tmp_path / "new.yaml").read_text())
    (tmp_path / "next.yaml").write_text(
        json.dumps({**content, "name": "next", "prior": {"tasks": ["past", "new.yaml"]}})
    )
    known = Campaign.open(tmp_path / "next.yaml").posterior()
    assert known is not None
    assert known.evidence is not None
    assert "new" in dict(known.evidence.sources)


def test_a_campaign_without_results_is_none(family: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidPrior, match="the campaign has no results to learn from; record some first"):
        past_work.past_tasks([file_of(tmp_path, {"kind": "none"})])


def test_a_saved_prior(family: Path, tmp_path: Path) -> None:
    fit_prior(past_work.past_tasks([family]), seed=0).save(tmp_path / "saved")
    first = Campaign.open(file_of(tmp_path, {"tasks": ["saved"]}), store=tmp_path / "a.db").suggest(1)
    second = Campaign.open(file_of(tmp_path, {"tasks": ["past"]}), store=tmp_path / "b.db").suggest(1)
    pd.testing.assert_frame_equal(first, second)
    with pytest.raises(InvalidPrior, match="cannot be joined with other past work"):
        Campaign.open(file_of(tmp_path, {"tasks": ["saved", "past"]}), store=tmp_path / "c.db").suggest(1)


def tasks_of(family: Path) -> Sequence[Task]:
    return past_work.past_tasks([family])


class TestFromPython:
    def campaign(self, family: Path, **more: Any) -> tuple[Campaign, FittedPrior]:
        prior = fit_prior(tasks_of(family), kind="auto", seed=0)
        return Campaign.create(space=PARAMETERS, targets=TARGETS, prior=prior, **more), prior

    def test_a_fitted_prior_is_taken(self, family: Path) -> None:
        campaign, _ = self.campaign(family)
        assert 600 <= campaign.suggest(1)["T"].iloc[0] <= 740

    def test_it_is_resumed_with_the_same_prior_only(self, family: Path, tmp_path: Path) -> None:
        campaign, prior = self.campaign(family, store=tmp_path / "a.db", name="a")
        campaign.suggest(1)
        assert len(Campaign.resume(tmp_path / "a.db", "a", prior=prior).suggest(1)) == 1
        with pytest.raises(InvalidCampaign, match="began with a prior that was given in Python; give 'prior'"):
            Campaign.resume(tmp_path / "a.db", "a")
        other = fit_prior(tasks_of(family)[:3], seed=0)
        with pytest.raises(InvalidCampaign, match="the prior is not the one"):
            Campaign.resume(tmp_path / "a.db", "a", prior=other)

    def test_anything_else_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="a prior cannot be of type int"):
            Campaign.create(space=PARAMETERS, targets=TARGETS, prior=3)


def test_paths_that_are_no_past_work(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidCampaign) as caught:
        Campaign.open(file_of(tmp_path, {"tasks": ["empty", "gone", "../elsewhere/family.yaml"]}))
    assert [fault.what for fault in caught.value.faults] == [
        "'empty' is no past work",
        "there is no 'gone'",
        "there is no '../elsewhere/family.yaml'",
    ]


def test_faults_of_past_tables_have_their_rows(family: Path) -> None:
    text = (family / "alloy_2.csv").read_text().replace("Ar", "krypton", 1)
    (family / "alloy_2.csv").write_text(text)
    campaign = Campaign.open(file_of(family.parent, {"tasks": ["past"]}))
    with pytest.raises(InvalidPrior, match=r"alloy_2\.csv, row \d+, column 'gas'"):
        campaign.suggest(1)
    assert not (family.parent / "new.db").exists() or len(campaign.events) == 1


class TestTurns:
    """Every third design is chosen as if there were no past tasks."""

    def events(self, family: Path, batches: Sequence[int], **settings: Any) -> tuple[Campaign, list[SuggestedDesign]]:
        campaign = Campaign.open(file_of(family.parent, {"tasks": ["past"]}, **settings))
        for n in batches:
            batch = campaign.suggest(n)
            campaign.record(batch.assign(strength=strength(690)(batch)))
        found = [event for event in campaign.events if isinstance(event, Suggested)]
        return campaign, [design for event in found for design in event.designs]

    @pytest.mark.parametrize("batches", [[1] * 7, [4, 3], [2, 2, 2, 1]])
    def test_whatever_the_batches(self, family: Path, batches: list[int]) -> None:
        _, designs = self.events(family, batches)
        assert [design.plain for design in designs] == [False, False, True, False, False, True, False]
        assert len({json.dumps(design.design, sort_keys=True) for design in designs}) == len(designs)
        without = "chosen without past tasks, as every third design; "
        assert [design.note.startswith(without) for design in designs] == [design.plain for design in designs]

    def test_before_it_has_results_the_plain_model_fills_the_space(self, family: Path) -> None:
        _, designs = self.events(family, [1] * 6)
        early, late = designs[2], designs[5]
        assert early.note.endswith("fills the space")
        assert early.score is None
        assert late.score is not None

    def test_its_card_asks_the_model_that_chose(self, family: Path) -> None:
        campaign, designs = self.events(family, [1] * 6)
        card = campaign.explain(designs[5].id)
        assert card.note.startswith("chosen without past tasks")
        assert card.prior is not None
        assert card.runner_up is None or card.runner_up.ratio >= 1 - 1e-6

    def test_without_past_tasks_there_are_no_turns(self) -> None:
        campaign = Campaign.create(space=PARAMETERS, targets=TARGETS)
        measured(campaign, strength(690), 6)
        found = [event for event in campaign.events if isinstance(event, Suggested)]
        assert not any(design.plain for event in found for design in event.designs)


class TestOneConditioning:
    """A suggestion conditions its prior once and reads past work once, whatever it needs to know of it."""

    @pytest.fixture
    def counted(self, family: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
        calls = {"conditioned": 0, "scans": 0}
        conditioned, scan = FittedAuto.conditioned, past_work.file_signatures

        def count_conditioned(self: FittedAuto, data: TaskData) -> ConditionedPrior:
            calls["conditioned"] += 1
            return conditioned(self, data)

        def count_scans(places: Sequence[Path]) -> Iterator[tuple[str, int, int]]:
            calls["scans"] += 1
            return scan(places)

        monkeypatch.setattr(FittedAuto, "conditioned", count_conditioned)
        monkeypatch.setattr(past_tasks, "file_signatures", count_scans)
        return calls

    @pytest.mark.parametrize("results", [0, 1, 3, 6])
    def test_of_a_suggestion(self, family: Path, counted: dict[str, int], results: int) -> None:
        campaign = Campaign.open(file_of(family.parent, {"tasks": ["past"]}))
        if results:
            measured(campaign, strength(690), results)
        counted.update(conditioned=0, scans=0)
        campaign.suggest(1)
        assert counted == {"conditioned": 1, "scans": 1}

    def test_of_status_and_suggestion_together(self, family: Path, counted: dict[str, int]) -> None:
        campaign = Campaign.open(file_of(family.parent, {"tasks": ["past"]}))
        measured(campaign, strength(690), 3)
        counted.update(conditioned=0, scans=0)
        assert campaign.status().prior is not None
        campaign.best()
        campaign.suggest(1)
        assert counted == {"conditioned": 1, "scans": 1}
