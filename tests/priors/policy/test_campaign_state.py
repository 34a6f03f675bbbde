"""The state of a campaign as the policy sees it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import _log_ei_helper
from hypothesis import given
from hypothesis import strategies as st

from designer.priors import testing
from designer.priors.auto import AutoPrior, FittedAuto
from designer.priors.base import conditioned
from designer.priors.policy.campaign_state import (
    EXPERT_FEATURES,
    STATE_FEATURES,
    CampaignState,
    _log_improvement,
    campaign_state,
    past_designs,
)
from designer.priors.policy.search_experts import experts_of
from designer.surrogates.data import TaskData
from designer.surrogates.forest import fit_forest


@pytest.fixture(scope="module")
def auto() -> FittedAuto:
    return AutoPrior().fit(testing.example_tasks(), seed=0)


def state_of(auto: FittedAuto, data: TaskData, sign: int = 1) -> CampaignState:
    one, candidates = data.target(0), testing.example_designs(30)
    found = conditioned(auto, one)
    experts = experts_of(one, found.model, fit_forest(one), 0.3)
    evidence = found.evidence.log_evidence if found.evidence else 0.0
    past = past_designs(auto.transfer, one, candidates)
    return campaign_state(one, experts, candidates, sign, past, evidence, without_past=False)


def test_features_have_their_shapes_and_are_bounded(auto: FittedAuto) -> None:
    for rows in (2, 3, 9):
        state = state_of(auto, testing.example_data(rows))
        assert state.experts.shape == (len(state.names), len(EXPERT_FEATURES))
        assert state.campaign.shape == (len(STATE_FEATURES),)
        assert (np.abs(state.experts) <= 3).all()
        assert (np.abs(state.campaign) <= 3).all()


def test_the_order_of_results_does_not_matter(auto: FittedAuto) -> None:
    data = testing.example_data(7)
    order = torch.tensor([3, 0, 6, 1, 5, 2, 4])
    moved = replace(data, X=data.X[order], Y=data.Y[order])
    assert np.array_equal(state_of(auto, data).experts, state_of(auto, moved).experts)
    assert np.array_equal(state_of(auto, data).campaign, state_of(auto, moved).campaign)


@pytest.mark.parametrize(("scale", "shift"), [(-4.0, 0.0), (1.8, 32.0)])
def test_unit_and_sign_of_the_values_do_not_matter(auto: FittedAuto, scale: float, shift: float) -> None:
    data = testing.example_data(8)
    other = AutoPrior().fit(testing.example_tasks(scale=scale, shift=shift), seed=0)
    changed = state_of(other, replace(data, Y=scale * data.Y + shift), int(np.sign(scale)))
    found = state_of(auto, data)
    np.testing.assert_allclose(changed.campaign, found.campaign, atol=0.02)
    # Mirrored predictions of past tasks split trees elsewhere, where several splits are equally good.
    exact = [i for i, name in enumerate(found.names) if name != "transfer-forest"]
    own = [i for i, name in enumerate(EXPERT_FEATURES) if "other experts" not in name]
    np.testing.assert_allclose(changed.experts[np.ix_(exact, own)], found.experts[np.ix_(exact, own)], atol=0.02)


def test_equal_results_give_a_state(auto: FittedAuto) -> None:
    data = testing.example_data(4)
    state = state_of(auto, replace(data, Y=torch.full_like(data.Y, 3.0)))
    assert np.isfinite(state.experts).all()
    assert np.isfinite(state.campaign).all()


def test_a_design_without_past_tasks_is_marked_where_past_tasks_are_used(auto: FittedAuto) -> None:
    state = state_of(auto, testing.example_data(6))
    assert (state.campaign[-1], state.without_past().campaign[-1]) == (0.0, 1.0)
    alone = CampaignState(state.names, state.experts, np.where(np.arange(len(STATE_FEATURES)) == 4, 0, state.campaign))
    assert alone.without_past().campaign[-1] == 0.0


def test_sources_that_share_nothing_with_the_task_count_as_none(auto: FittedAuto) -> None:
    one = testing.example_data(5).target(0)
    assert past_designs(auto.transfer, one, testing.example_designs(10)).count == 3
    named = replace(one, quantities=(replace(testing.QUANTITIES[0], name="cost", unit="EUR"),))
    found = past_designs(auto.transfer, named, testing.example_designs(10))
    assert (found.count, found.hyperpriors) == (0, None)


@given(st.floats(-200, 50), st.floats(1e-3, 1e3))
def test_the_expected_improvement_is_that_of_botorch(u: float, deviation: float) -> None:
    found = _log_improvement(np.array([u * deviation]), np.array([deviation]))
    wanted = _log_ei_helper(torch.tensor([u], dtype=torch.float64)).numpy() + np.log(deviation)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
