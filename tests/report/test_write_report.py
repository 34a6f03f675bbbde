"""The report of real campaigns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from designer import Campaign
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.priors.evidence import PriorEvidence
from designer.report import Section, write_report
from designer.report.chapters import chapters
from designer.report.gathering import gather
from designer.report.posterior_history import MAX_CHOICES, MIN_CHOICES, _affordable, history_of
from tests.report.test_html import Page

SPACE = [
    {"name": "film", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 10},
    {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 600], "step": 25},
]
TARGETS = [
    {"name": "overpotential", "unit": "mV", "goal": "minimize", "reach": 250},
    {"name": "leaching", "unit": "percent", "at_most": 2},
]


def measured(film: float, temperature: float) -> dict[str, float]:
    return {"overpotential": 300 + (temperature - 450) ** 2 / 200 - film / 2, "leaching": 1 + film / 60}


def values_of(batch: object) -> dict[str, dict[str, float]]:
    return {str(row.Index): measured(row[1], row[4]) for row in batch.itertuples()}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    """Return a campaign in which everything happened that can."""
    campaign = Campaign.create(space=SPACE, targets=TARGETS, name="films", budget=20, batch_size=3, initial=6)
    for _ in range(2):
        campaign.record(values_of(campaign.suggest()))
    batch = campaign.suggest()
    campaign.record({key: value for key, value in values_of(batch).items() if key != batch.index[2]})
    campaign.record_failure(batch.index[2], "film peeled")
    campaign.withdraw("M0002", "wrong electrode")
    campaign.attach([{"film.Ni": 33.3, "film.Fe": 33.3, "film.Co": 33.4, "temperature": 450, "overpotential": 296}])
    campaign.withdraw(campaign.suggest(1).index[0], "no cobalt left")
    campaign.suggest(1)
    return campaign


def test_flagged_result_is_named() -> None:
    campaign = Campaign.create(space=SPACE[1:2], targets=TARGETS[:1], name="films", budget=40)
    rows = [{"temperature": t, "overpotential": 300 + (t - 450) ** 2 / 200} for t in range(325, 601, 25)]
    rows[4]["overpotential"] *= 10
    campaign.attach(rows)
    assert any(each.startswith("M0005 (overpotential ") for each in gather(campaign).remarks)


def test_every_experiment_has_its_outcome(campaign: Campaign) -> None:
    rows = gather(campaign).experiments
    outcomes = [(row.id, row.number, row.outcome, row.how) for row in rows]
    assert outcomes[:3] == [
        ("S0001", 1, "measured", "first design"),
        ("S0002", None, "withdrawn", "first design"),
        ("S0003", 2, "measured", "first design"),
    ]
    assert ("S0009", 8, "failed", "model") in outcomes
    assert ("M0009", 9, "measured", "attached") in outcomes
    assert outcomes[-2:] == [("S0011", None, "open", "model"), ("S0010", None, "withdrawn", "model")]
    assert ("S0002", None, "open", "first design") in outcomes  # open again, since its measurement was withdrawn
    notes = {(row.id, row.outcome): row.notes for row in rows}
    assert notes["S0009", "failed"] == ("film peeled",)
    assert notes["S0010", "withdrawn"] == ("no cobalt left",)
    assert notes["S0002", "withdrawn"] == ("withdrawn: wrong electrode",)


def test_designs_are_in_lab_units_by_parameter(campaign: Campaign) -> None:
    content = gather(campaign)
    assert content.parameters == ("film [at.%]", "temperature [degC]")
    attached = next(row for row in content.experiments if row.how == "attached")
    assert attached.cells == ("Ni 33.3, Fe 33.3, Co 33.4", "450")


def test_best_row_is_the_best_feasible_measurement(campaign: Campaign) -> None:
    rows = [row for row in gather(campaign).experiments if row.outcome == "measured" and row.feasible]
    complete = [row for row in rows if "leaching" in row.values]
    best = min(complete, key=lambda row: row.values["overpotential"])
    assert [row.id for row in rows if row.best] == [best.id]


def test_predictions_were_made_before_the_result_came(campaign: Campaign) -> None:
    """A prediction depends on nothing that was recorded after the choice it belongs to."""
    content = gather(campaign)
    assert {row.id for row in content.experiments if row.predicted} == {"S0007", "S0008", "S0009", "S0010", "S0011"}
    early = Campaign.create(space=SPACE, targets=TARGETS, name="films", budget=20, batch_size=3, initial=6)
    for _ in range(2):
        early.record(values_of(early.suggest()))
    batch = early.suggest()
    early.record({key: {"overpotential": 1.0, "leaching": 1.0} for key in batch.index})
    before = history_of(campaign).predicted
    after = history_of(early).predicted
    assert {key: before[key] for key in batch.index} == {key: after[key] for key in batch.index}


def test_prediction_of_a_measurement_includes_the_noise(campaign: Campaign) -> None:
    known = campaign.posterior()
    assert known is not None
    _, spread = known.predict(known.coordinates[:1])
    from designer.report.posterior_history import expectations

    design = dict(campaign.state.results[0].design)
    assert expectations(known, [design])[0]["overpotential"].spread >= spread[0, 0]


def test_best_by_the_posterior_is_ordered_by_the_number_of_experiments(campaign: Campaign) -> None:
    found = history_of(campaign).posterior_best
    assert [each.number for each in found] == sorted(each.number for each in found)
    assert found[-1].number == campaign.status().spent


def test_some_choices_of_a_long_campaign_are_evaluated(monkeypatch: pytest.MonkeyPatch, campaign: Campaign) -> None:
    monkeypatch.setattr("designer.report.posterior_history._affordable", lambda results: 2)
    history = history_of(campaign)
    assert (history.evaluated, history.choices) == (2, 3)
    assert "S0011" in history.predicted
    assert any("2 of the model's 3 choices" in remark for remark in gather(campaign).remarks)


def test_file_has_the_content_of_the_campaign(campaign: Campaign, tmp_path: Path) -> None:
    path = write_report(campaign, tmp_path / "report.html", sections=[Section("Mine", "My words.")])
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.rows) == 1 + len(gather(campaign).experiments)
    for words in ("films", "film peeled", "My words.", "Predicted against measured", "name: films", "torch"):
        assert words in text
    for title in (
        "Next experiments, and why", "One-step-ahead errors", "Which parameters matter", "Along each parameter",
        "Over three constituents", "Evidence for past tasks",
    ):  # fmt: skip
        assert f"<h2>{title}</h2>" in text
    assert "No past tasks were used" in text
    best = campaign.best()
    assert str(best.index[0]) in text


def test_report_writes_no_event(campaign: Campaign) -> None:
    before = campaign.events
    gather(campaign)
    campaign.refresh()
    assert campaign.events == before


def test_campaign_without_results_has_a_report(tmp_path: Path) -> None:
    fresh = Campaign.create(space=SPACE, targets=TARGETS)
    text = write_report(fresh, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No feasible design has been measured yet." in text
    fresh.suggest(2)
    assert [row.outcome for row in gather(fresh).experiments] == ["open", "open"]


def test_pareto_campaign_marks_its_front() -> None:
    targets = [{"name": "strength", "goal": "maximize"}, {"name": "cost", "goal": "minimize"}]
    campaign = Campaign.create(space=SPACE, targets=targets, initial=4)
    batch = campaign.suggest(4)
    campaign.record(batch.assign(strength=[1.0, 2.0, 3.0, 0.5], cost=[1.0, 2.0, 3.0, 4.0]))
    content = gather(campaign)
    assert [row.best for row in content.experiments] == [True, True, True, False]
    assert not content.posterior_best
    titles = {chapter.key: chapter for chapter in chapters(content)}
    assert [drawing.name for drawing in titles["progress"].drawings][-1] == "trade-off-strength-cost"
    assert [drawing.name for drawing in titles["slices"].drawings] == ["slices-strength", "slices-cost"]


def test_open_suggestions_are_explained(campaign: Campaign) -> None:
    cards = gather(campaign).cards
    assert [card.suggestion for card in cards] == [each.id for each in campaign.state.open]


def test_number_of_evaluated_choices_depends_on_their_cost() -> None:
    assert _affordable([5, 8, 11]) == MAX_CHOICES
    assert MIN_CHOICES <= _affordable(list(range(10, 500, 4))) < MAX_CHOICES
    assert _affordable([5000] * 100) == MIN_CHOICES


def test_evidence_of_a_learned_prior_is_shown_over_time(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = PriorEvidence(sources=(("plate 3", 0.6), ("plate 1", 0.4)), log_evidence=1.5, words="It helps.")
    posterior_at = Campaign.posterior_at

    def learned(self: Campaign, position: int) -> CampaignPosterior | None:
        known = posterior_at(self, position)
        if known is not None:
            known = replace(known)
            vars(known)["evidence"] = evidence  # where the cached property keeps it
        return known

    monkeypatch.setattr(Campaign, "posterior_at", learned)
    found = gather(campaign)
    assert [value for _, value in found.evidence] == [evidence] * len(found.evidence)
    assert len(found.evidence) == 3
    (chapter,) = [each for each in chapters(found) if each.key == "prior"]
    assert chapter.words == (
        "After 8 experiments: It helps.",
        "The past task with the largest weight is plate 3 (60 %).",
    )
    assert chapter.drawings[0].name == "prior-evidence"
