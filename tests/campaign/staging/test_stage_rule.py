"""The rule that says what to measure next: many designs at once, and which of them wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from designer import Campaign
from designer.campaign.observing.campaign_stages import observed_of, waiting
from designer.campaign.observing.revised_targets import DRAWS
from designer.campaign.staging import stage_rule
from designer.campaign.staging.stage_rule import Design, StageRule, steps_by_model
from designer.campaign.suggesting.campaign_posterior import campaign_posterior

SPACE = [{"name": name, "kind": "numeric", "bounds": [0, 1], "step": 0.05} for name in ("a", "b")]
STAGES = [{"name": "quick", "stage": 1, "cost": 0.05}, {"name": "slow", "stage": 2, "cost": 0.3}]


def surface(design: Mapping[str, Any]) -> float:
    a, b = (float(design[name]) for name in ("a", "b"))
    return 3.0 * np.sin(5.0 * a) * np.cos(4.0 * b) + np.sin(37.0 * a + 23.0 * b)


def observed(design: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, float]:
    return {name: surface(design) * (2.0 if name == "slow" else 1.0) + 5.0 for name in names}


def campaign_with(
    results: int, open_designs: int, stages: list[dict[str, Any]] = STAGES, seed: int = 0, **options: Any
) -> Campaign:
    """Return a campaign with results that were observed, and open suggestions with all, some or no observations."""
    targets = [{"name": "y", "goal": "maximize"}]
    campaign = Campaign.create(space=SPACE, targets=targets, observations=stages, initial=1, seed=seed, **options)
    names, rng = tuple(each["name"] for each in stages), np.random.default_rng(seed)
    designs = [
        dict(zip("ab", row, strict=True)) for row in rng.permutation(21 * 21)[:results, None] // [21, 1] % 21 / 20
    ]
    campaign.attach([{**each, "y": surface(each), **observed(each, names)} for each in designs])
    if open_designs:
        campaign.suggest(open_designs)
    for i, each in enumerate(list(campaign.state.open)):
        made = names[: i % (len(names) + 1)]
        if made:
            campaign.record([{"suggestion": each.id, **observed(each.design, made)}])
    return campaign


def rule_of(campaign: Campaign) -> StageRule:
    known = campaign.posterior()
    assert known is not None
    return StageRule(campaign._spec(), campaign.state, known)


def test_many_designs_are_valued_as_each_alone() -> None:
    campaign = campaign_with(12, 7)
    rule, state = rule_of(campaign), campaign.state
    designs = [Design(each, state.suggestions[each].design, observed_of(state, each)) for each in waiting(state)]
    designs += [Design("", {"a": 0.35, "b": 0.1}), Design("", {"a": 0.9, "b": 0.95})]
    assert len({each.made for each in designs}) == 3
    together, alone = rule.steps(designs), [rule.steps([each])[0] for each in designs]
    assert [(each.kind, each.names) for each in together] == [(each.kind, each.names) for each in alone]
    assert {each.kind for each in together} == {"observe", "measure"}
    for quantity in ("index", "chance"):
        found, expected = ([getattr(each, quantity) for each in steps] for steps in (together, alone))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert rule.are_informed(designs) == [bool(each.made) for each in designs]
    assert rule.steps([]) == ()


def test_draws_of_many_designs_are_those_of_each_alone() -> None:
    revised = rule_of(campaign_with(10, 3)).known.revised_targets
    assert revised is not None
    coordinates = np.array([[0.35, 0.1], [0.9, 0.95]])
    together = revised.given_draws(0, coordinates, (), ("quick",))
    assert together is not None
    for i, own in enumerate(coordinates):
        alone = revised.given_draws(0, own[None, :], (), ("quick",))
        assert alone is not None
        rows = slice(i * DRAWS, (i + 1) * DRAWS)
        np.testing.assert_allclose(together.means[:, rows], alone.means, rtol=1e-9)
        np.testing.assert_allclose(together.variances[:, rows], alone.variances, rtol=1e-9)
    assert float(together.means.std()) > 0.1, "what is observed says something"


def test_observed_designs_wait_for_new_ones_that_promise_more() -> None:
    campaign = campaign_with(14, 4, STAGES[:1])
    rule = rule_of(campaign)
    poor, good = {"a": 0.9, "b": 0.1}, {"a": 0.25, "b": 0.0}
    values = rule.steps([*designs_of(campaign), Design("", poor), Design("", good)])
    assert values[-2].index < values[-1].index
    steps, (_, first) = steps_by_model(rule, [poor, good])
    assert first == values[-1]
    kinds = {each.made: set[bool]() for each in designs_of(campaign)}
    for each, value, step in zip(designs_of(campaign), values, steps, strict=False):
        waits = step.kind in ("wait", "stop")
        assert waits == (value.index < first.index and bool(each.made))
        kinds[each.made].add(waits)
    assert kinds[frozenset()] == {False}
    assert True in kinds[frozenset({"quick"})]


def designs_of(campaign: Campaign) -> list[Design]:
    state = campaign.state
    return [Design(each, state.suggestions[each].design, observed_of(state, each)) for each in waiting(state)]


@pytest.mark.parametrize(("share", "observed"), [(0.5, True), (0.001, False)])
def test_informative_observations_cost_a_share_of_the_targets_at_most(
    share: float, observed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_rule, "MAX_SHARE", share)
    campaign = campaign_with(12, 7, [{"name": "quick", "stage": 1, "cost": 0.15}])  # learning pays three
    rule = rule_of(campaign)
    assert rule.are_informed(designs_of(campaign))[1]
    steps = rule.steps([*designs_of(campaign), Design("", {"a": 0.35, "b": 0.1})])
    found = [step.kind for step, each in zip(steps[:-1], designs_of(campaign), strict=True) if not each.made]
    assert ("observe" in {*found, steps[-1].kind}) == observed


@pytest.mark.parametrize("results", [3, 8])
def test_a_later_posterior_is_that_of_its_state(results: int) -> None:
    """What rests on the results is kept when designs are suggested and observed; the posterior is the same."""
    campaign = campaign_with(results, 2, STAGES[:1])
    first = campaign.posterior()
    assert first is not None
    assert first.search is not None
    campaign.suggest(1)
    campaign.record([{"suggestion": campaign.state.open[-1].id, "quick": 9.0}])
    kept = campaign.posterior()
    assert kept is not None
    assert kept.unrevised_search is first.unrevised_search
    fresh = campaign_posterior(campaign._spec(), campaign.state)
    designs = np.random.default_rng(0).random((6, 2))
    for mine, theirs in zip(kept.predict(designs), fresh.predict(designs), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    campaign.record([{"suggestion": campaign.state.open[-1].id, "y": 2.0}])
    after = campaign.posterior()
    assert after is not None
    assert len(after.coordinates) == results + 1
