"""The kind `policy` in campaigns: its choices, the guard, and its notes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from designer import Campaign
from designer.priors import testing
from designer.priors.auto import AutoPrior
from designer.priors.kinds import load_prior
from designer.priors.policy import NOTE
from designer.priors.policy.chosen_search import ExpertChoice
from designer.priors.policy.expert_scorer import ExpertScorer, initial
from designer.priors.policy.policy_prior import FittedPolicy, PolicyPrior, trained_scorer
from designer.priors.policy.search_experts import ALONE, WITH_PAST
from designer.report.chapters import chapters
from designer.report.gathering import gather
from designer.tasks import Task

SPACE = testing.example_space()
POOL = SPACE.frame(SPACE.sample(40, np.random.default_rng(5)))


def network(seed: int) -> ExpertScorer:
    tensors = initial(seed)
    return ExpertScorer({**tensors, "w": 40 * tensors["w"]})


def suggestions(prior: FittedPolicy, count: int = 6) -> list[tuple[str, str]]:
    """Return the designs of a campaign over listed candidates, and their notes."""
    campaign = Campaign.create(
        space=SPACE, targets=[{"name": "strength", "unit": "MPa", "goal": "maximize"}], candidates=POOL, prior=prior
    )
    found = []
    for i in range(count):
        made: pd.DataFrame = campaign.suggest(1)
        found.append((str(made.iloc[0].to_dict()), campaign.explain(str(made.index[0])).note))
        campaign.record({str(made.index[0]): {"strength": float(10 * np.sin(2 * i) + i)}})
    return found


def chosen(notes: Sequence[str]) -> list[str]:
    return [note.split(NOTE)[1].split()[0] for note in notes if NOTE in note]


@pytest.fixture(scope="module")
def tasks() -> tuple[Task, ...]:
    return testing.example_tasks()


def test_notes_name_the_expert_and_every_third_one_uses_no_past_tasks(tasks: tuple[Task, ...]) -> None:
    prior = FittedPolicy(AutoPrior().fit(tasks, seed=0), network(2))
    notes = [note for _, note in suggestions(prior)]
    assert len(chosen(notes)) == 3  # all but the first three designs
    third = [chosen([note])[0] for i, note in enumerate(notes) if i % 3 == 2 and NOTE in note]
    assert set(third) <= set(ALONE)
    assert set(chosen(notes)) <= {*ALONE, *WITH_PAST}


def test_suggestions_differ_with_the_network_and_are_the_same_again(tasks: tuple[Task, ...]) -> None:
    auto = AutoPrior().fit(tasks, seed=0)
    runs = [suggestions(FittedPolicy(auto, network(seed))) for seed in (2, 2, 5)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_a_goal_to_match_a_value_is_searched_as_by_auto(tasks: tuple[Task, ...]) -> None:
    auto = AutoPrior().fit(tasks, seed=0)
    targets = [{"name": "strength", "unit": "MPa", "goal": "match", "value": 4.0, "tolerance": 0.5}]
    made = []
    for prior in (auto, FittedPolicy(auto, network(2))):
        campaign = Campaign.create(space=SPACE, targets=targets, candidates=POOL, prior=prior)
        for i in range(5):
            campaign.record({str(campaign.suggest(1).index[0]): {"strength": float(10 * np.sin(2 * i) + i)}})
        made.append([campaign.explain(name).note for name in campaign.state.suggestions])
    assert made[0] == made[1]
    assert not chosen(made[1])


def test_the_posterior_is_that_of_auto(tasks: tuple[Task, ...]) -> None:
    auto, policy = AutoPrior().fit(tasks, seed=0), PolicyPrior().fit(tasks, seed=0)
    data, X = testing.example_data(6), testing.example_designs(5)
    first, second = auto.condition(data).posterior(X), policy.condition(data).posterior(X)
    assert torch.equal(first.mean, second.mean)
    assert torch.equal(first.variance, second.variance)


def test_a_saved_prior_keeps_its_network(tasks: tuple[Task, ...], tmp_path: Path) -> None:
    prior = FittedPolicy(AutoPrior().fit(tasks, seed=0), network(3))
    prior.save(tmp_path)
    read = load_prior(tmp_path)
    assert isinstance(read, FittedPolicy)
    assert all(torch.equal(tensor, read.scorer.tensors[name]) for name, tensor in prior.scorer.tensors.items())


def test_the_network_of_the_package_is_there() -> None:
    assert trained_scorer() is trained_scorer()


def test_words_of_a_choice_without_a_feature() -> None:
    assert ExpertChoice("gp", 1.0, ()).words == f"{NOTE} gp (probability 1.00)"


def test_the_report_names_the_expert_of_an_open_suggestion(tasks: tuple[Task, ...]) -> None:
    prior = FittedPolicy(AutoPrior().fit(tasks, seed=0), network(2))
    campaign = Campaign.create(
        space=SPACE, targets=[{"name": "strength", "unit": "MPa", "goal": "maximize"}], candidates=POOL, prior=prior
    )
    for i in range(4):
        campaign.record({str(campaign.suggest(1).index[0]): {"strength": float(10 * np.sin(2 * i) + i)}})
    note = campaign.explain(str(campaign.suggest(1).index[0])).note
    (shown,) = [each for each in chapters(gather(campaign)) if each.key == "next"]
    captions = [drawing.caption for drawing in shown.drawings]
    assert NOTE in note
    assert any(NOTE in (caption or "") for caption in captions)
