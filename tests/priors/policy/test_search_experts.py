"""The experts among which the policy chooses."""

from __future__ import annotations

import pytest
import torch

from designer.acquisition.moments import joint, moments
from designer.priors import testing
from designer.priors.auto import AutoPrior, FittedAuto
from designer.priors.baseline import baseline_model
from designer.priors.policy.search_experts import ALONE, WITH_PAST, Experts, experts_of, shares
from designer.surrogates.data import TaskData
from designer.surrogates.forest import fit_forest


@pytest.fixture(scope="module")
def auto() -> FittedAuto:
    return AutoPrior().fit(testing.example_tasks(), seed=0)


@pytest.fixture(scope="module")
def data() -> TaskData:
    return testing.example_data(8).target(0)


@pytest.fixture(scope="module")
def experts(auto: FittedAuto, data: TaskData) -> Experts:
    return experts_of(data, auto.condition(data), fit_forest(data), 0.3)


def test_with_past_tasks_there_are_all_experts(experts: Experts) -> None:
    assert experts.names == (*ALONE, *WITH_PAST)
    assert experts.default == "auto"
    for expert in experts.experts:
        assert sum(expert.weights.values()) == pytest.approx(1.0)
        assert set(expert.weights) <= set(experts.components)


def test_without_past_tasks_there_are_those_of_the_results_alone(data: TaskData) -> None:
    experts = experts_of(data, baseline_model(data), fit_forest(data), 0.3)
    assert experts.names == ALONE
    assert experts.default == "gp-and-forest"
    assert shares(experts).tolist() == pytest.approx([0.7, 0.3, 1.0])


def test_the_share_of_auto_in_itself_is_one(experts: Experts) -> None:
    found = dict(zip(experts.names, shares(experts), strict=True))
    assert found["auto"] == pytest.approx(1.0)
    assert all(0.0 <= share <= 1.0 for share in found.values())


@pytest.mark.parametrize("name", [*ALONE, *WITH_PAST])
def test_moments_of_every_expert_agree(experts: Experts, name: str) -> None:
    model = experts.model(name)
    X, Z = testing.example_designs(6), testing.example_designs(9)[6:]
    mean, covariance = joint(model, torch.cat([X, Z]))
    found = moments(model, X, Z)
    torch.testing.assert_close(found.mean, mean[:6])
    torch.testing.assert_close(found.cross, covariance[:6, 6:], atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(moments(model, X, Z[:0]).variance, covariance.diagonal()[:6], atol=1e-6, rtol=1e-6)


def test_the_greedy_expert_orders_by_the_mean_of_past_tasks(experts: Experts) -> None:
    X = testing.example_designs(9)
    greedy, likelier = moments(experts.model("transfer-mean"), X, X[:0]), moments(experts.components["same"], X, X[:0])
    torch.testing.assert_close(greedy.mean, likelier.mean)
    torch.testing.assert_close(greedy.variance, 0.05**2 * likelier.variance)


def test_every_component_predicts_each_result_from_the_others(experts: Experts, data: TaskData) -> None:
    for component in experts.components.values():
        held = component.held_out()
        assert held.means.shape == held.variances.shape == (len(data.X),)
        assert (held.variances > 0).all()
