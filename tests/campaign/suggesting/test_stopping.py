from __future__ import annotations

from typing import Any

import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.suggesting.stopping import Verdict, spent, verdict

SPACE = [{"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 1}]


def create(target: dict[str, Any] | None = None, **settings: Any) -> Campaign:
    given = target or {"name": "y", "unit": "mV", "goal": "minimize", "reach": 340}
    return Campaign.create(space=SPACE, targets=[given], **settings)


def record(campaign: Campaign, *values: float) -> None:
    batch = campaign.suggest(len(values))
    campaign.record(batch.assign(y=list(values)))


class TestBudget:
    def test_results_and_failures_of_suggestions_are_spent(self) -> None:
        campaign = create(budget=3)
        record(campaign, 400, 410)
        campaign.suggest(1)
        assert campaign.stop_reason is None
        campaign.record_failure("S0003", "cracked")
        assert spent(campaign.state) == 3
        assert campaign.verdict() == Verdict(True, "the budget of 3 experiments is used up", "budget")

    def test_attached_results_are_not_counted(self) -> None:
        campaign = create(budget=2)
        campaign.attach([{"x": x, "y": 400 + x} for x in range(5)])
        assert campaign.verdict() == Verdict(False, "goes on: 0 of 2 experiments made; the target is not reached")

    def test_a_withdrawn_measurement_is_given_back(self) -> None:
        campaign = create(budget=2)
        record(campaign, 400, 410)
        assert campaign.stop_reason is not None
        campaign.withdraw("M0001")
        assert campaign.stop_reason is None

    def test_no_budget(self) -> None:
        campaign = create({"name": "y", "goal": "minimize"})
        record(campaign, 400)
        assert campaign.verdict() == Verdict(False, "goes on: 1 experiment made")


class TestReach:
    def test_which_design_reached_it_and_with_what(self) -> None:
        campaign = create()
        record(campaign, 400, 338)
        found = "S0002 has y = 338 mV (wanted: 340 or less), measured once"
        words = f"the target is reached after 2 experiments: {found}"
        assert campaign.verdict() == Verdict(True, words, "reach")

    def test_the_mean_of_replicates_counts_and_no_lucky_one(self) -> None:
        campaign = create()
        record(campaign, 336)
        campaign.record({"S0001": {"y": 350}})
        assert campaign.stop_reason is None
        campaign.record({"S0001": {"y": 330}})
        assert str(campaign.stop_reason).endswith("(wanted: 340 or less), the mean of 3 measurements")

    def test_two_measurements_of_one_design_have(self) -> None:
        campaign = create()
        campaign.attach([{"x": 3, "y": 338, "replicate": 1}, {"x": 3, "y": 338, "replicate": 2}])
        assert "M0001 and M0002 have y = 338 mV" in str(campaign.stop_reason)

    def test_match(self) -> None:
        campaign = create({"name": "y", "unit": "nm", "goal": "match", "value": 40, "tolerance": 5})
        record(campaign, 46)
        assert campaign.stop_reason is None
        record(campaign, 44)
        assert "y = 44 nm (wanted: 40 ± 5)" in str(campaign.stop_reason)

    def test_an_infeasible_design_does_not_reach_it(self) -> None:
        targets = [{"name": "y", "goal": "maximize", "reach": 5}, {"name": "z", "at_most": 2}]
        campaign = Campaign.create(space=SPACE, targets=targets)
        batch = campaign.suggest(2)
        campaign.record(batch.assign(y=[6.0, 6.0], z=[3.0, None]))  # type: ignore[list-item]
        assert campaign.stop_reason is None
        campaign.record({"S0002": {"z": 1}})
        assert "S0002 has y = 6 (wanted: 5 or more), z = 1" in str(campaign.stop_reason)

    def test_it_can_be_turned_off(self) -> None:
        campaign = create(stop={"reach": False})
        record(campaign, 300)
        assert campaign.stop_reason is None


class TestProbability:
    def test_below_the_level(self) -> None:
        campaign = create(stop={"probability_of_better_than": 0.01, "margin": 5})
        asked = []

        def chance(margin: float) -> float:
            asked.append(margin)
            return 0.004

        decided = verdict(campaign.settings, campaign.objective, campaign.space, campaign.state, chance)
        assert asked == [5]
        assert decided.rule == "probability"
        assert decided.reason == (
            "the probability of a design better than the best by more than 5 is 0.004, below 0.01 (0 experiments made)"
        )

    def test_not_below_the_level(self) -> None:
        campaign = create(stop={"probability_of_better_than": 0.01}, budget=9)
        decided = verdict(campaign.settings, campaign.objective, campaign.space, campaign.state, lambda _: 0.3)
        assert not decided.stop
        assert "is 0.3, not below 0.01" in decided.reason

    def test_not_known_yet(self) -> None:
        campaign = create(stop={"probability_of_better_than": 0.01})
        assert "too few results to estimate" in campaign.verdict().reason
        assert "too few" not in campaign.verdict(ask_model=False).reason

    @pytest.mark.parametrize(("margin", "stops"), [(0.01, False), (1000, True)])
    def test_by_the_model(self, margin: float, stops: bool) -> None:
        target = {"name": "y", "goal": "maximize"}
        campaign = create(target, initial=3, stop={"probability_of_better_than": 0.01, "margin": margin})
        campaign.attach([{"x": x, "y": y} for x, y in ((0, 1.0), (4, 5.2), (9, 3.0), (10, 2.0))])
        assert campaign.verdict().stop is stops

    def test_nothing_better_is_left_where_all_is_measured(self) -> None:
        campaign = create({"name": "y", "goal": "maximize"}, initial=3, stop={"probability_of_better_than": 0.01})
        campaign.attach([{"x": x, "y": float(x % 4)} for x in range(11)])
        assert campaign.verdict().rule == "probability"
