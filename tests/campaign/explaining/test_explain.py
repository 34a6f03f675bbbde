"""Explanations of real campaigns, from what was known when the choice was made."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer import Campaign
from designer.campaign.explaining.explain import Z90, Moment, explain
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.errors import UnknownSuggestion
from designer.priors.evidence import PriorEvidence

SPACE = [
    {"name": "film", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 10},
    {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 600], "step": 25},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "air"]},
]
DOWN = {"name": "overpotential", "unit": "mV", "goal": "minimize", "reach": 200}
SECONDS = 3600  # a loaded machine must not cut a search short


def overpotential(batch: pd.DataFrame) -> list[float]:
    quality = 300 + (batch["temperature"] - 450) ** 2 / 200 - batch["film.Ni"] / 2 + 12 * (batch["gas"] == "air")
    return [float(value) for value in quality]


def begun(**more: Any) -> Campaign:
    campaign = Campaign.create(
        space=SPACE, targets=[DOWN], name="films", initial=6, batch_size=3, suggest_seconds=SECONDS, **more
    )
    for _ in range(2):
        batch = campaign.suggest(3)
        campaign.record(batch.assign(overpotential=overpotential(batch)))
    return campaign


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    """Return a campaign whose third batch of three is open, after a failure."""
    campaign = begun()
    campaign.record_failure(
        {"film.Ni": 100, "film.Fe": 0, "film.Co": 0, "temperature": 600, "gas": "air"}, "film peeled"
    )
    campaign.suggest(3)
    return campaign


def test_explanation_of_a_model_choice_is_complete(campaign: Campaign) -> None:
    card = campaign.explain("S0007")
    (expected,) = card.expected
    assert expected.low < expected.mean < expected.high
    assert expected.high - expected.mean == pytest.approx(Z90 * expected.sd)
    assert card.beat is not None
    assert card.fail is not None
    assert 0 < card.beat < 1
    assert 0 < card.fail < 1
    assert card.within is None  # there are no limits
    assert card.explore + card.exploit == 1.0
    assert card.best is not None
    assert card.best.values["overpotential"] == campaign.measurements()["overpotential"].min()
    assert (card.results, card.failures, card.how, card.status) == (6, 1, "model", "open")
    assert len(card.nearest) == 3
    assert card.runner_up is not None
    assert card.runner_up.design != card.design


def test_predictions_and_influences_come_from_the_posterior_at_the_choice(campaign: Campaign) -> None:
    card = campaign.explain("S0007")
    known = campaign.posterior_at(card.position)
    assert known is not None
    x = known.space.coordinates(pd.DataFrame([card.design]))
    mean, sd = known.predict(x, of_measurement=True)
    assert (card.expected[0].mean, card.expected[0].sd) == (mean[0, 0], sd[0, 0])
    assert sd[0, 0] > known.predict(x)[1][0, 0]
    (influences,) = card.influences
    assert sum(each.effect for each in influences.parameters) == pytest.approx(mean[0, 0] - influences.base)
    assert {each.name for each in influences.parameters} == {"film", "temperature", "gas"}
    sizes = [abs(each.effect) for each in influences.parameters]
    assert sizes == sorted(sizes, reverse=True)
    # One step of nickel more at the others' cost, by asking the model itself.
    nickel = {each.name: each for each in influences.members}
    assert set(nickel) <= {"Ni", "Fe", "Co"}
    member = next(iter(nickel.values()))
    shares = {name: card.design[f"film.{name}"] for name in ("Ni", "Fe", "Co")}
    rest = 100 - float(shares[member.name] or 0)
    more = {f"film.{n}": float(v or 0) * (rest - 10) / rest for n, v in shares.items()} | {
        f"film.{member.name}": float(shares[member.name] or 0) + 10
    }
    there = known.predict(known.space.coordinates(pd.DataFrame([{**card.design, **more}])))[0][0, 0]
    assert member.effect == pytest.approx(there - known.predict(x)[0][0, 0], abs=1e-6)
    assert member.by == "10 at.%"


def test_the_runner_up_is_scored_as_the_choice_was(campaign: Campaign) -> None:
    """The first of a batch was chosen with nothing pending: its stored score is reproduced."""
    from designer.acquisition.builder import build_acquisition
    from designer.acquisition.propose import features
    from designer.campaign.explaining.explain import _context

    moment = _moment(campaign, "S0007")
    assert moment.known is not None
    context, _ = _context(moment, moment.known, moment.known.search)
    x = moment.spec.space.coordinates(pd.DataFrame([moment.now.design]))
    score = build_acquisition(context)(features(moment.spec.space.encoder, x)[:, None, :]).item()
    assert score == pytest.approx(moment.now.score, abs=1e-6)
    card = campaign.explain("S0007")
    assert card.runner_up is not None
    assert card.runner_up.ratio >= 1
    assert card.runner_up.thresholds["overpotential"] > card.expected[0].mean
    assert card.runner_up.success < 1 - card.fail  # type: ignore[operator]


def _moment(campaign: Campaign, name: str) -> Moment:
    found: list[Moment] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("designer.campaign.explaining.explain.explain", lambda moment: found.append(moment))
        campaign.explain(name)
    return found[0]


def test_pending_designs_are_those_of_the_choice(campaign: Campaign) -> None:
    assert _moment(campaign, "S0007").pending == []
    third = _moment(campaign, "S0009").pending
    assert third == [dict(campaign.state.suggestions[name].design) for name in ("S0007", "S0008")]


def test_later_results_change_only_the_measured_value() -> None:
    campaign = begun()
    batch = campaign.suggest(2)
    before = campaign.explain("S0007")
    campaign.record(batch.assign(overpotential=[111.0, 222.0]))
    campaign.suggest(1)
    after = campaign.explain("S0007")
    assert after.expected[0].measured == 111.0
    assert before.expected[0].measured is None
    plain, later = before.as_dict(), after.as_dict()
    for each in (plain, later):
        del each["status"], each["expected"][0]["measured"]
    assert plain == later


def test_nearest_designs_have_their_results(campaign: Campaign) -> None:
    card = campaign.explain("S0007")
    away = [each.distance for each in card.nearest]
    assert away == sorted(away)
    for each in card.nearest:
        if each.failed is None:
            assert each.values == dict(campaign.state.of(each.label)[0].values)
        assert each.differs
    failed = [each for each in campaign.explain("S0009").nearest + card.nearest if each.failed]
    assert all(each.failed == "film peeled" for each in failed)


def test_first_designs_and_replicates_have_explanations() -> None:
    campaign = begun()
    first, fourth = campaign.explain("S0001"), campaign.explain("S0004")
    assert (first.how, first.expected, first.runner_up, first.nearest) == ("initial", (), None, ())
    assert (first.explore, first.exploit) == (1.0, 0.0)
    assert fourth.nearest
    assert fourth.expected  # three results are there to learn from, though they were not what it was chosen by
    assert (fourth.runner_up, fourth.explore) == (None, 1.0)
    campaign.suggest(replicate_of=["S0002"])
    again = campaign.explain("S0007")
    assert (again.how, again.note) == ("replicate", "replicate of S0002")
    assert (again.nearest[0].distance, again.nearest[0].differs) == (0.0, ())
    assert "S0002 gave overpotential" in str(again)
    assert "for the same design" in str(again)


def test_text_has_all_parts(campaign: Campaign) -> None:
    text = str(campaign.explain("S0007"))
    for words in (
        "S0007: film ", "Chosen by the model, after 6 results and 1 failure", "Expected: overpotential",
        "90 % interval", "; best so far ", "% to beat the best so far", "% to fail", "Exploration: ", "Nearest: S000",
        "What matters for overpotential", "10 at.% more", "Runner-up: ", "Prior: none",
    ):  # fmt: skip
        assert words in text, words


def test_runner_up_is_described_by_what_would_change_the_choice(campaign: Campaign) -> None:
    card = campaign.explain("S0007")
    assert card.runner_up is not None
    other = replace(card.runner_up, text="gas N2", ratio=2.0, thresholds={"overpotential": card.expected[0].mean + 20})
    assert "gas N2. It would be chosen if S0007's predicted overpotential rose from" in str(
        replace(card, runner_up=other)
    )
    equal = replace(card, runner_up=replace(other, ratio=1.01))
    assert "gas N2. Its acquisition value is nearly the same." in str(equal)
    missed = replace(card, runner_up=replace(other, ratio=0.5, different=False))
    assert "the search that made the choice missed it. No clearly different design was found." in str(missed)
    shared = replace(card, fail=None, runner_up=replace(other, thresholds={}, success=1.0))
    assert "gas N2, with 50 % of the acquisition value." in str(shared)


def test_as_dict_is_plain_data(campaign: Campaign) -> None:
    data = campaign.explain("S0007").as_dict()
    assert json.loads(json.dumps(data))["suggestion"] == "S0007"
    assert data["targets"] == [DOWN]


def test_an_unknown_suggestion_is_refused_with_the_nearest_name(campaign: Campaign) -> None:
    with pytest.raises(UnknownSuggestion, match="S0077"):
        campaign.explain("S0077")


def test_positions_of_the_design_and_of_those_made(campaign: Campaign) -> None:
    card = campaign.explain("S0007")
    places = {each.name: each for each in card.places}
    assert set(places) == {"film Ni", "film Fe", "film Co", "temperature", "gas"}
    assert all(len(each.made) == 7 for each in card.places)
    assert places["temperature"].here == pytest.approx((float(card.design["temperature"] or 0) - 300) / 300)
    assert places["film Ni"].setting == f"{card.design['film.Ni']:g}"
    assert places["gas"].here in (0.0, 1.0)


@pytest.mark.parametrize(
    "targets",
    [
        [DOWN, {"name": "cost", "goal": "minimize"}],
        [DOWN | {"weight": 2}, {"name": "cost", "goal": "minimize", "weight": 1}],
        [DOWN, {"name": "cost", "at_most": 3}],
        [DOWN, {"name": "cost", "at_most": 0.1}],
        [{"name": "overpotential", "goal": "match", "value": 250, "tolerance": 5}, {"name": "cost"}],
    ],
    ids=["pareto", "desirability", "limited", "infeasible", "match"],
)
def test_explanations_of_every_kind_of_objective(targets: list[dict[str, Any]]) -> None:
    campaign = Campaign.create(space=SPACE, targets=targets, initial=6, name="films", suggest_seconds=SECONDS)
    batch = campaign.suggest(6)
    campaign.record(batch.assign(overpotential=overpotential(batch), cost=1 + batch["film.Co"] / 20))
    campaign.suggest(1)
    card = campaign.explain("S0007")
    assert [each.target for each in card.expected] == ["overpotential", "cost"]
    goals = [each["name"] for each in targets if "goal" in each]
    assert [each.target for each in card.influences] == goals
    assert card.explore + card.exploit == pytest.approx(1.0)
    assert (card.within is None) is not any("at_most" in each for each in targets)
    assert (card.beat is None) is (targets[1].get("at_most") == 0.1)
    assert card.runner_up is not None
    assert "Runner-up: " in str(card)


def with_evidence(known: CampaignPosterior, evidence: PriorEvidence) -> CampaignPosterior:
    """Return the posterior as if its prior had given this evidence."""
    found = replace(known)
    vars(found)["evidence"] = evidence  # where the cached property keeps it
    return found


def test_evidence_of_a_learned_prior_is_shown(campaign: Campaign) -> None:
    evidence = PriorEvidence((("transfer-gp", 0.8), ("plain", 0.2)), (("plate 3", 0.7), ("plate 1", 0.3)), 2.5)
    moment = _moment(campaign, "S0007")
    assert moment.known is not None
    card = explain(replace(moment, known=with_evidence(moment.known, evidence)))
    assert card.prior == evidence
    assert (
        "Prior: weights of past tasks: plate 3 70 %, plate 1 30 %. weights of models: transfer-gp 80 %, plain 20 %"
        in str(card)
    )
    rejected = replace(evidence, rejected_at=4, words="Results are worse than it says.")
    text = str(explain(replace(moment, known=with_evidence(moment.known, rejected))))
    assert "rejected after 4 results" in text
    assert "worse than it says." in text


def test_unmeasured_target_is_not_predicted() -> None:
    campaign = Campaign.create(space=SPACE, targets=[DOWN, {"name": "cost"}], initial=6, name="films")
    batch = campaign.suggest(6)
    campaign.record(batch.assign(overpotential=overpotential(batch)))
    campaign.suggest(1)
    assert [each.target for each in campaign.explain("S0007").expected] == ["overpotential"]
    assert np.isfinite(campaign.explain("S0007").expected[0].mean)
