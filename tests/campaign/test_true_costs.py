"""True costs of experiments: recorded with results, counted in the budget, and learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer import Campaign
from designer.campaign.log.events import from_json, to_json
from designer.campaign.suggesting.expected_costs import MIN_MODELLED, ExpectedCost
from designer.errors import InvalidData
from designer.objective.cost import Cost, StatedCost
from designer.space import DesignSpace

SPACE: list[dict[str, Any]] = [{"name": "T", "kind": "numeric", "bounds": [0, 10]}]
TARGETS: list[dict[str, Any]] = [{"name": "y", "goal": "maximize"}]


def begun(cost: Any = "5 + T", **options: Any) -> Campaign:
    return Campaign.create(space=SPACE, targets=TARGETS, cost=cost, **options)


def spent(campaign: Campaign) -> float:
    found = campaign.spending
    assert found is not None
    return found.spent


def test_the_true_cost_of_a_result_and_of_a_failure_is_what_was_spent() -> None:
    campaign = begun()
    first, second = campaign.suggest(2).index
    campaign.record([{"suggestion": first, "y": 1.0, "cost": 40}, {"suggestion": second, "failed": "broke", "cost": 3}])
    assert spent(campaign) == 43
    assert campaign.measurements()["cost"].tolist() == [40.0]


def test_a_cost_that_comes_later_is_filled_in_once() -> None:
    campaign = begun()
    (name,) = campaign.suggest().index
    campaign.record({name: {"y": 1.0}})
    stated = spent(campaign)
    report = campaign.record({name: {"y": 1.0, "cost": 40}})
    assert report.completed == ("M0001",)
    assert spent(campaign) == 40 != stated
    assert campaign.record({name: {"y": 1.0, "cost": 40}}).unchanged
    assert campaign.record({name: {"y": 1.0}}).unchanged
    with pytest.raises(InvalidData, match="with another cost, 40"):
        campaign.record({name: {"y": 1.0, "cost": 41}})
    assert len(campaign.measurements()) == 1


def test_a_cost_is_amended() -> None:
    campaign = begun()
    (name,) = campaign.suggest().index
    campaign.record({name: {"y": 1.0, "cost": 40}})
    assert campaign.amend("M0001", {"cost": 44})
    assert not campaign.amend("M0001", {"cost": 44})
    assert spent(campaign) == 44
    assert campaign.measurements()["y"].tolist() == [1.0]
    with pytest.raises(InvalidData, match="not positive"):
        campaign.amend("M0001", {"cost": 0})


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("cost", 0, "a cost of 0 is not positive"),
        ("cost", -3, "is not positive"),
        ("cost", "much", "much"),
        ("cost", float("inf"), "inf"),
        ("cost [USD]", 3, "the unit 'USD'"),
    ],
)
def test_faults_of_costs_are_located(column: str, cell: Any, words: str) -> None:
    campaign = begun()
    (name,) = campaign.suggest().index
    with pytest.raises(InvalidData, match=words) as caught:
        campaign.record([{"suggestion": name, "y": 1.0, column: cell}])
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (2, column)
    assert not len(campaign.measurements())


def test_a_cost_without_a_result_is_a_fault() -> None:
    campaign = begun()
    (name,) = campaign.suggest().index
    with pytest.raises(InvalidData, match="a cost without a result"):
        campaign.record([{"suggestion": name, "y": None, "cost": 4}])


def test_a_campaign_without_a_stated_cost_has_no_such_column() -> None:
    campaign = Campaign.create(space=SPACE, targets=TARGETS)
    (name,) = campaign.suggest().index
    with pytest.raises(InvalidData, match="unknown column"):
        campaign.record({name: {"y": 1.0, "cost": 4}})


def test_an_event_with_a_cost_has_a_version_of_its_own_and_is_read_again() -> None:
    campaign = begun()
    (name,) = campaign.suggest().index
    campaign.record({name: {"y": 1.0}})
    campaign.record({name: {"y": 1.0, "cost": 40}})
    plain, priced = campaign.events[-2:]
    assert '"cost"' not in to_json(plain)
    assert to_json(plain).startswith('{"v":1,')
    assert to_json(priced).startswith('{"v":4,')
    assert from_json(to_json(priced), priced.position) == priced


def known(ratio: Any, n: int) -> ExpectedCost:
    space = DesignSpace(parameters=SPACE)
    designs = np.linspace(0, 10, n)[:, None]
    ratios = np.array([ratio(float(T)) for T in designs[:, 0]])
    return ExpectedCost(StatedCost.of(Cost.model_validate("5 + T"), space), designs, ratios)


def test_without_true_costs_the_stated_one_is_expected() -> None:
    expected, some = known(lambda _: 0.0, 0), np.array([[0.0], [4.0]])
    assert expected.of_designs(some).tolist() == [5.0, 9.0]
    assert expected.limit(7.0) == expected.stated.limit(7.0)


def test_a_few_true_costs_are_shrunken_towards_the_stated_one() -> None:
    some = np.array([[0.0], [4.0]])
    assert known(lambda _: np.log(4.0), 1).of_designs(some) == pytest.approx([10.0, 18.0])
    assert known(lambda _: np.log(4.0), 3).factors(some) == pytest.approx([4**0.75] * 2)


def test_many_true_costs_are_learned_over_the_space() -> None:
    expected = known(lambda T: np.log(1 + T / 5), 12)
    T = np.array([[1.3], [5.2], [8.8]])
    assert expected.factors(T) == pytest.approx(1 + T[:, 0] / 5, rel=0.1)


@pytest.mark.parametrize("n", [2, MIN_MODELLED, 12])
def test_what_can_be_paid_by_expected_cost_meets_the_limit(n: int) -> None:
    expected = known(lambda T: np.log(0.3 + T / 5), n)
    space, left = expected.stated.space, 9.0
    limited = DesignSpace(parameters=space.parameters, constraints=[expected.limit(left)])
    some = np.linspace(0, 10, 200)[:, None]
    paid = some[expected.of_designs(some) <= left]
    assert len(paid)
    assert limited.valid(paid).all()


def test_suggestions_and_the_budget_use_expected_costs() -> None:
    campaign = begun("2", budget={"cost": 60})
    campaign.attach([{"T": T, "y": -((T - 6) ** 2), "cost": 2 + 4 * (T > 5)} for T in np.linspace(0, 10, 11)])
    assert spent(campaign) == 0
    frame = campaign.suggest()
    note = campaign.state.suggestions[frame.index[0]].note
    assert "expected from true costs (2 stated)" in note
    found = campaign.spending
    assert found is not None
    assert found.committed == pytest.approx(float(note.split("cost ")[1].split()[0]), rel=1e-3)


def test_true_costs_that_exceed_the_budget_end_the_campaign() -> None:
    campaign = begun("2", budget={"cost": 10})
    (name,) = campaign.suggest().index
    campaign.record(pd.DataFrame([{"suggestion": name, "y": 1.0, "cost": 11}]))
    assert campaign.verdict().stop
