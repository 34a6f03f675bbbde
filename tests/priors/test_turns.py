"""Designs chosen in turns: by all the evidence, and, every third, as if there were no past tasks."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from designer.priors.turns import EVERY, PROOF, TRIAL, Guarded, every_of, is_plain_turn, plain_part, turns
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.independent import IndependentModels
from designer.surrogates.mixture import Mixture

SPACE = DesignSpace(parameters=[{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in "ab"])


def fitted(sign: float) -> GaussianProcess:
    X = torch.rand(8, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return fit_gaussian_process(TaskData(X, sign * X[:, :1] + 0.1 * X[:, 1:], columns=SPACE.encoder.columns))


UP, DOWN = fitted(1.0), fitted(-1.0)


@given(st.integers(0, 50), st.integers(1, 20), st.integers(1, 5))
def test_a_batch_is_chosen_as_its_designs_one_by_one(made: int, n: int, every: int) -> None:
    model = Guarded([UP, DOWN], [0.3, 0.7], every)
    who = [plain for plain, count in turns(model, made, n) for _ in range(count)]
    assert who == [is_plain_turn(model, made + i) for i in range(n)]
    assert abs(sum(who) - n / every) < 1


def test_every_third_design_is_the_plain_models_and_none_where_no_past_task_is_followed() -> None:
    guarded = Guarded([UP, DOWN], [0.3, 0.7])
    assert [is_plain_turn(guarded, made) for made in range(6)] == [False, False, True] * 2
    assert turns(guarded, 0, 4) == [(False, 2), (True, 1), (False, 1)]
    for other in (UP, Mixture([UP, DOWN], [0.3, 0.7]), IndependentModels(UP, DOWN)):
        assert turns(other, 1, 4) == [(False, 4)]


def test_of_several_targets_those_decide_whose_past_tasks_are_followed_most() -> None:
    followed, doubted = Guarded([UP, DOWN], [0.3, 0.7]), Guarded([UP, DOWN], [0.3, 0.7], 1)
    assert turns(doubted, 0, 3) == [(True, 3)]
    for both in (IndependentModels(doubted, followed), IndependentModels(followed, doubted, UP)):
        assert turns(both, 0, 3) == [(False, 2), (True, 1)]
    assert turns(IndependentModels(UP, doubted), 0, 3) == [(True, 3)]


def test_from_the_trial_on_a_prior_is_followed_for_proof_alone() -> None:
    doubt, proof = math.log(PROOF) - 1e-9, math.log(PROOF) + 1e-9
    assert every_of(TRIAL - 1, -2.0) == every_of(TRIAL, proof) == every_of(30, proof) == EVERY
    assert every_of(TRIAL, doubt) == every_of(30, -2.0) == 1


def test_turns_are_a_positive_number() -> None:
    with pytest.raises(ValueError, match="every is 0"):
        Guarded([UP, DOWN], [0.3, 0.7], 0)


def test_the_plain_part_of_each_target_stands_beside_those_that_follow_nothing() -> None:
    up, down = fitted(1.0), fitted(-1.0)
    guarded = Guarded([up, down], [0.3, 0.7])
    assert plain_part(guarded) is up
    assert plain_part(up) is None
    assert plain_part(Mixture([up, down], [0.3, 0.7])) is None
    assert plain_part(IndependentModels(up, down)) is None
    both = plain_part(IndependentModels(down, guarded))
    assert isinstance(both, IndependentModels)
    assert [*both.models] == [down, up]


def test_it_foretells_as_the_mixture_does() -> None:
    up, down = fitted(1.0), fitted(-1.0)
    X = torch.rand(4, 1, up.inputs.shape[-1], dtype=torch.float64)
    guarded, mixed = Guarded([up, down], [0.3, 0.7]), Mixture([up, down], [0.3, 0.7])
    assert torch.equal(guarded.posterior(X).mean, mixed.posterior(X).mean)
    assert torch.equal(guarded.posterior(X).variance, mixed.posterior(X).variance)
