"""The network of the policy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.priors.policy.campaign_state import EXPERT_FEATURES, STATE_FEATURES, CampaignState
from designer.priors.policy.expert_scorer import SHAPES, ExpertScorer, initial, scores


def random_state(experts: int) -> CampaignState:
    rng = np.random.default_rng(experts)
    names = tuple(f"expert {i}" for i in range(experts))
    return CampaignState(names, rng.normal(size=(experts, len(EXPERT_FEATURES))), rng.normal(size=len(STATE_FEATURES)))


@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_scores_are_permuted_as_the_experts_are(count: int) -> None:
    scorer, state = ExpertScorer(initial(0)), random_state(count)
    order = np.random.default_rng(1).permutation(count)
    moved = CampaignState(tuple(state.names[i] for i in order), state.experts[order], state.campaign)
    torch.testing.assert_close(scorer.scores(moved), scorer.scores(state)[order])


def test_experts_that_are_not_there_change_nothing() -> None:
    state = random_state(4)
    experts, campaign = torch.from_numpy(state.experts), torch.from_numpy(state.campaign)
    there = torch.tensor([True, True, False, True])
    found = scores(initial(0), experts, campaign, there)
    assert found[2] == -torch.inf
    alone = scores(initial(0), experts[there], campaign, there[there])
    torch.testing.assert_close(found[there], alone)


def test_the_network_is_small() -> None:
    assert sum(int(np.prod(shape)) for shape in SHAPES.values()) <= 5000


def test_a_network_of_other_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match="has tensors of the shapes"):
        ExpertScorer({**initial(0), "w": torch.zeros(3, dtype=torch.float64)})


def test_a_feature_at_its_mean_has_no_influence() -> None:
    state = random_state(3)
    state.experts[:, 2] = 0.0
    parts = dict(ExpertScorer(initial(0)).influences(state, 0, 1))
    assert parts[EXPERT_FEATURES[2]] == 0.0
    assert list(parts.values()) == sorted(parts.values(), reverse=True)
    assert max(parts.values()) > 0
