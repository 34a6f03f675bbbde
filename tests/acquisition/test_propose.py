"""Proposals: what they promise about repeats, pending designs, order of rows, mirrored goals, failures and time."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

from designer.acquisition.observed import Observed
from designer.acquisition.propose import propose
from designer.deadline import Deadline
from designer.errors import InvalidData, NoDesignLeft
from designer.objective import Objective, Target
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.feasibility import Feasibility
from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.independent import IndependentModels

from .test_search import Clock
from .worlds import alloys, box, fitted, one, pool, tensor


def values_of(space: DesignSpace, X: Any, seed: int = 0, noise: float = 0.01) -> Any:
    F = space.encoder.encode(X)
    rng = np.random.default_rng(seed)
    return -((F - 0.4) ** 2).sum(1) + 0.2 * np.sin(8 * F[:, 0]) + noise * rng.normal(size=len(F))


def campaign(space: DesignSpace, n: int = 10, seed: int = 0) -> Any:
    X = space.sample(n, np.random.default_rng(seed))
    return X, values_of(space, X)


def ask(
    space: DesignSpace,
    X: Any,
    y: Any,
    n: int = 3,
    seed: int = 0,
    *,
    goal: str = "maximize",
    pending: Any = None,
    model: Any = None,
    **keys: Any,
) -> Any:
    model = model or fitted(space, X, y)
    pending = X[:0] if pending is None else pending
    return propose(model, space, one(goal), Observed(X, y[:, None]), pending, n, seed, **keys)


SPACES = {
    "pool": pool(np.random.default_rng(3).uniform(0, 1, (300, 3)).round(4)),
    "listed": alloys(),
    "box": box(3),
    "alloys": alloys(step=1, max_nonzero=3),
}


@pytest.mark.parametrize("name", SPACES)
def test_designs_are_valid_new_and_different(name: Any) -> None:
    space = SPACES[name]
    X, y = campaign(space)
    pending = space.sample(3, np.random.default_rng(9))
    proposal = ask(space, X, y, 4, pending=pending)
    assert space.valid(proposal.coordinates).all()
    keys = space.keys(proposal.coordinates)
    assert len(set(keys)) == 4
    assert not set(keys) & set(space.keys(np.concatenate([X, pending])))
    assert len(proposal) == len(proposal.scores) == len(proposal.notes) == 4
    assert all(note.startswith(("exploitation: ", "exploration: ")) for note in proposal.notes)
    assert proposal.remarks == ()


@pytest.mark.parametrize("name", SPACES)
def test_same_question_same_answer_in_whatever_order_and_global_state(name: Any) -> None:
    space = SPACES[name]
    X, y = campaign(space)
    pending = space.sample(3, np.random.default_rng(9))
    first = ask(space, X, y, pending=pending)
    order = np.random.default_rng(1).permutation(len(X))
    torch.manual_seed(99)
    np.random.seed(99)
    second = ask(space, X[order], y[order], pending=pending[::-1])
    np.testing.assert_array_equal(first.coordinates, second.coordinates)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-9)


@pytest.mark.parametrize("name", ["pool", "listed", "box"])
def test_maximising_y_is_minimising_minus_y(name: str) -> None:
    space = SPACES[name]
    X, y = campaign(space)
    pending = space.sample(2, np.random.default_rng(9))
    up, down = ask(space, X, y, pending=pending), ask(space, X, -y, goal="minimize", pending=pending)
    np.testing.assert_array_equal(up.coordinates, down.coordinates)
    assert up.notes == down.notes


def test_the_unit_of_y_does_not_matter() -> None:
    space = SPACES["pool"]
    X, y = campaign(space)
    np.testing.assert_array_equal(ask(space, X, y).coordinates, ask(space, X, 8 * y + 32).coordinates)


def test_pending_designs_drive_the_next_one_away() -> None:
    space = SPACES["pool"]
    X, y = campaign(space)
    model = fitted(space, X, y)
    alone = ask(space, X, y, 1, model=model)
    after = ask(space, X, y, 1, model=model, pending=alone.coordinates)
    batch = ask(space, X, y, 2, model=model)
    assert space.keys(alone.coordinates) != space.keys(after.coordinates)
    np.testing.assert_array_equal(batch.coordinates[1:], after.coordinates)


def test_forbidden_designs_never_return() -> None:
    space = SPACES["pool"]
    X, y = campaign(space)
    seen = set()  # type: ignore[var-annotated]
    for _ in range(4):
        keys = set(space.keys(ask(space, X, y, 2, forbidden_keys=frozenset(seen)).coordinates))
        assert not keys & seen
        seen |= keys


def test_failures_keep_suggestions_away() -> None:
    space = box(2)
    X, y = campaign(space, 12)
    free = ask(space, X, y, 1)
    failed = np.clip(free.coordinates + np.random.default_rng(0).uniform(-0.05, 0.05, (6, 2)), 0, 1).round(3)
    F = tensor(space.encoder.encode(np.concatenate([X, failed])))
    feasibility = Feasibility(F, torch.arange(len(F)) < len(X), space.encoder.columns)
    kept = ask(space, X, y, 1, feasibility=feasibility)
    chances = [float(feasibility.probability(tensor(each.coordinates))) for each in (free, kept)]
    assert chances[1] > chances[0] + 0.1
    assert np.linalg.norm(kept.coordinates - free.coordinates) > 0.05


def two_targets(space: DesignSpace, X: Any, Y: Any, targets: Any) -> Any:
    columns = space.encoder.columns
    F = tensor(space.encoder.encode(X))
    models = [fit_gaussian_process(TaskData(F, tensor(Y[:, [i]]), columns=columns)) for i in range(Y.shape[1])]
    return IndependentModels(*models), Objective(targets=targets)


@pytest.mark.parametrize("weights", [(None, None), (1.0, 2.0)])
@pytest.mark.parametrize("name", ["pool", "box"])
def test_several_goals(name: str, weights: Any) -> None:
    space = SPACES[name]
    X, y = campaign(space, 12)
    Y = np.stack([y, X[:, 1] + X[:, 2]], 1)
    goals = ("maximize", "minimize")
    targets = [Target(name=str(i), goal=g, weight=w) for i, (g, w) in enumerate(zip(goals, weights, strict=True))]
    model, objective = two_targets(space, X, Y, targets)
    answers = [propose(model, space, objective, Observed(X, Y), X[:0], 2, 0) for _ in range(2)]
    np.testing.assert_array_equal(answers[0].coordinates, answers[1].coordinates)
    assert len(set(space.keys(answers[0].coordinates))) == 2
    assert space.valid(answers[0].coordinates).all()


def test_constraints_are_met_first_and_kept_then() -> None:
    space = pool(np.random.default_rng(0).uniform(0, 1, (400, 2)).round(4))
    rows = space.pool.coordinates
    bad = rows[rows.sum(1) < 0.8][:10]
    targets = [Target(name="y", goal="maximize"), Target(name="sum", at_least=1.5)]
    Y = np.stack([-bad[:, 0], bad.sum(1)], 1)
    model, objective = two_targets(space, bad, Y, targets)
    first = propose(model, space, objective, Observed(bad, Y), bad[:0], 2, 0)
    assert all(note.startswith("feasible first") for note in first.notes)
    assert (first.coordinates.sum(1) > 1.3).all()
    X = np.concatenate([bad, rows[rows.sum(1) > 1.5][:5]])
    Y = np.stack([-X[:, 0], X.sum(1)], 1)
    model, objective = two_targets(space, X, Y, targets)
    then = propose(model, space, objective, Observed(X, Y), bad[:0], 2, 0)
    assert (then.coordinates.sum(1) > 1.4).all()
    assert (-then.coordinates[:, 0]).max() > Y[10:, 0].max()


def test_without_measurements_a_prior_decides() -> None:
    space = SPACES["pool"]
    X, y = campaign(space)
    model = fitted(space, X, y)
    proposal = propose(model, space, one(), Observed(X[:0], y[:0, None]), X[:0], 2, 0)
    assert all(note.startswith("prior") for note in proposal.notes)
    means = model.marginals(tensor(space.encoder.encode(space.pool.coordinates)))[0]
    chosen = model.marginals(tensor(space.encoder.encode(proposal.coordinates)))[0]
    assert chosen[0] > means.quantile(0.9)


def test_exhausted_pool_is_reported() -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (8, 2)).round(4)
    space = pool(rows)
    X, y = rows[:5], rows[:5].sum(1)
    few = ask(space, X, y, 4, forbidden_keys=frozenset(space.keys(rows[5:6])))
    assert sorted(space.keys(few.coordinates)) == sorted(space.keys(rows[6:]))
    assert "only 2 of 4" in few.remarks[0]
    with pytest.raises(NoDesignLeft):
        ask(space, X, y, 1, forbidden_keys=frozenset(space.keys(rows[5:])))
    with pytest.raises(NoDesignLeft):
        ask(space, X, y, 1, forbidden_keys=frozenset(space.keys(rows[5:])), deadline=Deadline(60, Clock(2)))


@pytest.mark.parametrize(
    ("name", "calls"), [*(("pool", calls) for calls in (2, 3, 4, 6)), *(("box", calls) for calls in (2, 3, 5, 9, 20))]
)
def test_when_the_time_is_up_designs_still_come_and_say_so(name: Any, calls: Any) -> None:
    space = SPACES[name]
    X, y = campaign(space)
    proposal = ask(space, X, y, 4, deadline=Deadline(60, Clock(calls)))
    assert len(proposal) == 4
    assert space.valid(proposal.coordinates).all()
    keys = set(space.keys(proposal.coordinates))
    assert len(keys) == 4
    assert not keys & set(space.keys(X))
    late = [note.startswith("time limit reached") for note in proposal.notes]
    assert late == sorted(late)
    assert any(late)


def test_ample_time_changes_nothing() -> None:
    space = SPACES["box"]
    X, y = campaign(space)
    np.testing.assert_array_equal(ask(space, X, y).coordinates, ask(space, X, y, deadline=Deadline(600)).coordinates)


def test_replicates_come_only_when_asked_for_and_worth_it() -> None:
    space = pool(np.linspace(0, 1, 6)[:, None].round(2))
    rows = space.pool.coordinates
    X = np.repeat(rows[1:], 3, axis=0)  # what is new lies beyond the worst
    y = np.random.default_rng(1).normal(0, 1, len(X)) - 4 * (X[:, 0] < 0.3)
    model = fitted(space, X, y)
    noisy = ask(space, X, y, 1, model=model, replicates="auto")
    assert noisy.notes[0].startswith("replicate")
    assert space.keys(noisy.coordinates)[0] in space.keys(X)
    never = ask(space, X, y, 1, model=model)
    assert space.keys(never.coordinates)[0] not in space.keys(X)
    forbidden = ask(space, X, y, 1, model=model, replicates="auto", forbidden_keys=frozenset(space.keys(X)))
    assert not forbidden.notes[0].startswith("replicate")
    sure = rows[1:, 0] ** 2
    assert not ask(space, rows[1:], sure, 1, replicates="auto").notes[0].startswith("replicate")


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        space = SPACES["pool"]
        X, y = campaign(space)
        ask(space, X, y, 1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_what_cannot_be_measurements_is_refused() -> None:
    with pytest.raises(InvalidData, match="give matrices"):
        Observed(np.zeros((2, 1)), np.zeros((3, 1)))
    with pytest.raises(InvalidData, match="infinite"):
        Observed(np.zeros((1, 1)), np.array([[np.inf]]))
    space = SPACES["pool"]
    X, y = campaign(space)
    with pytest.raises(ValueError, match="at least one"):
        ask(space, X, y, 0)


def large_space() -> Any:
    composition = {"name": "c", "kind": "composition", "unit": "at.%", "step": 1, "max_nonzero": 5}
    return DesignSpace(
        parameters=[
            {**composition, "elements": ["Ni", "Fe", "Co", "Cr", "Mn", "Al", "Ti", "V", "Cu", "Mo"]},
            {"name": "T", "kind": "numeric", "bounds": [300, 900], "step": 5},
            {"name": "t", "kind": "numeric", "bounds": [1, 1000], "scale": "log"},
            {"name": "p", "kind": "numeric", "bounds": [1, 1e5], "scale": "log"},
            {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
        ]
    )


def test_a_batch_from_a_space_too_large_to_list() -> None:
    space = large_space()
    X, y = campaign(space, 30)
    model = fitted(space, X, y)
    ask(space, X, y, 1, model=model)
    proposal = ask(space, X, y, 4, model=model)
    assert space.valid(proposal.coordinates).all()


def test_a_batch_from_a_million_candidates() -> None:
    space = pool(np.random.default_rng(0).uniform(0, 1, (1_000_000, 8)).round(6))
    X = space.pool.coordinates[:30]
    y = values_of(space, X)
    model = fitted(space, X, y)
    proposal = ask(space, X, y, 4, model=model)
    assert len(proposal) == 4


def test_what_needs_no_model_loads_no_torch() -> None:
    modules = "deadline, designer.threads, designer.acquisition.initial, designer.acquisition.observed"
    code = f"import sys, designer.{modules}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
