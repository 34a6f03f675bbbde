"""Counts of experiments: replicates, the budget, and spaces of which every design was suggested."""

from __future__ import annotations

import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.suggesting.stopping import over_budget
from designer.errors import NoDesignLeft

SPACE = [{"name": "x", "kind": "numeric", "bounds": [0, 3], "step": 1}]
TARGET = {"name": "y", "goal": "maximize"}


def status(campaign: Campaign) -> str:
    return campaign.state.suggestions["S0001"].status


class TestReplicates:
    def test_a_suggestion_is_open_until_it_has_all_its_results(self) -> None:
        campaign = Campaign.create(space=SPACE, targets=[TARGET], replicates=3)
        campaign.suggest(2)
        for i, value in enumerate((5.0, 6.0), start=1):
            campaign.record({"S0001": {"y": value}})
            assert [each.id for each in campaign.state.open] == ["S0001", "S0002"]
            assert f"open: S0001 ({i} of 3 results), S0002 (0 of 3 results)" in str(campaign.status())
        campaign.record({"S0001": {"y": 7.0}})
        assert [each.id for each in campaign.state.open] == ["S0002"]

    @pytest.mark.parametrize("close", ["withdraw", "record_failure"])
    def test_it_may_be_closed_before(self, close: str) -> None:
        campaign = Campaign.create(space=SPACE, targets=[TARGET], replicates=3)
        campaign.suggest(1)
        campaign.record({"S0001": {"y": 5.0}})
        getattr(campaign, close)("S0001", "enough")
        assert status(campaign) == "recorded"

    def test_withdrawn_results_and_those_without_a_value_do_not_count(self) -> None:
        campaign = Campaign.create(space=SPACE, targets=[TARGET], replicates=2)
        campaign.suggest(1)
        campaign.record({"S0001": {"y": 5.0}})
        campaign.record({"S0001": {"y": 6.0}})
        campaign.withdraw("M0001")
        assert status(campaign) == "open"
        campaign.record({"S0001": {"y": 7.0}})
        assert status(campaign) == "recorded"
        campaign.amend("M0002", {"y": None})
        assert status(campaign) == "open"

    def test_one_is_enough_without(self) -> None:
        campaign = Campaign.create(space=SPACE, targets=[TARGET])
        campaign.suggest(1)
        campaign.record({"S0001": {"y": 5.0}})
        assert campaign.state.open == ()


class TestBudget:
    @pytest.mark.parametrize(
        ("made", "asked", "words"),
        [
            (5, 1, None),
            (5, 4, "5 of 6 experiments made and 4 open: 3 more than the budget"),
            (0, 6, None),
            (6, 1, "6 of 6 experiments made and 1 open: 1 more than the budget"),
        ],
    )
    def test_suggestions_beyond_the_budget_are_said(self, made: int, asked: int, words: str | None) -> None:
        space = [{"name": "x", "kind": "numeric", "bounds": [0, 30], "step": 1}]
        campaign = Campaign.create(space=space, targets=[TARGET], budget=6, initial=30)
        if made:
            campaign.record(campaign.suggest(made).assign(y=1.0))
        campaign.suggest(asked)
        assert over_budget(campaign.settings, campaign.state) == words

    def test_replicates_are_counted(self) -> None:
        space = [{"name": "x", "kind": "numeric", "bounds": [0, 30], "step": 1}]
        campaign = Campaign.create(space=space, targets=[TARGET], budget=6, initial=30, replicates=3)
        campaign.suggest(2)
        assert over_budget(campaign.settings, campaign.state) is None
        campaign.suggest(1)
        words = over_budget(campaign.settings, campaign.state)
        assert words == "0 of 6 experiments made and 9 open: 3 more than the budget"

    def test_no_budget(self) -> None:
        campaign = Campaign.create(space=SPACE, targets=[TARGET])
        campaign.suggest(3)
        assert over_budget(campaign.settings, campaign.state) is None


class TestExhausted:
    def test_status_stops_where_suggest_refuses(self) -> None:
        campaign = Campaign.create(space=SPACE, targets=[TARGET], budget=20)
        batch = campaign.suggest(4)
        decided = campaign.verdict()
        assert (decided.stop, decided.reason) == (
            False, "goes on: 0 of 20 experiments made; every design of the space was suggested",
        )  # fmt: skip
        campaign.record(batch.assign(y=[1.0, 2.0, 3.0, 4.0]))
        decided = campaign.verdict()
        assert (decided.stop, decided.rule) == (True, "space")
        assert decided.reason == "every design of the space was made or withdrawn (4 of 20 experiments made)"
        with pytest.raises(NoDesignLeft):
            campaign.suggest()

    def test_candidates(self) -> None:
        import pandas as pd

        table = pd.DataFrame({"x": [0.0, 1.5, 2.0, 9.0]})  # the last one is out of bounds
        campaign = Campaign.create(space=SPACE, targets=[TARGET], candidates=table)
        campaign.record(campaign.suggest(3).assign(y=[1.0, 2.0, 3.0]))
        assert campaign.verdict().rule == "space"

    def test_a_space_that_grows_goes_on(self) -> None:
        campaign = Campaign.create(space=SPACE, targets=[TARGET])
        campaign.record(campaign.suggest(4).assign(y=[1.0, 2.0, 3.0, 4.0]))
        assert campaign.verdict().stop
        campaign.amend_space(bounds={"x": [0, 5]})
        assert not campaign.verdict().stop
        assert len(campaign.suggest(2)) == 2
