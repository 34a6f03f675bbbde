"""The search against brute force where designs can be listed, and against botorch's optimiser where they cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from botorch.optim import optimize_acqf

from designer.acquisition import search as searching
from designer.acquisition.archive import Archive
from designer.acquisition.builder import build_acquisition
from designer.acquisition.functions import NoisyImprovement
from designer.acquisition.search import Search, listed_designs
from designer.deadline import Deadline
from designer.space import DesignSpace

from .test_functions import context
from .worlds import alloys, box, fitted, gaussian_process, one, pool, tensor


def acquisition_over(space: DesignSpace, n: int = 20, seed: int = 0, goal: str = "maximize") -> Any:
    """Return designs, and the acquisition after measuring a bumpy function of the features at them."""
    rng = np.random.default_rng(seed)
    X = space.sample(n, rng)
    F = space.encoder.encode(X)
    y = -((F - 0.35) ** 2).sum(1) + 0.3 * np.sin(9 * F[:, 0]) + 0.02 * rng.normal(size=n)
    return X, NoisyImprovement(context(fitted(space, X, y), F, one(goal), tensor(F[:0])))


def searched(
    space: DesignSpace,
    acquisition: Any,
    n: int,
    taken: Any = (),
    starts: Any = None,
    seed: int = 0,
    deadline: Any = None,
) -> Any:
    starts = np.empty((0, space.width)) if starts is None else starts
    return Search(space, space.encoder.encode, set(taken), starts, np.random.default_rng(seed), deadline).run(
        acquisition, n
    )


def greedy(space: DesignSpace, designs: Any, acquisition: Any, n: int) -> Any:
    """Choose by scoring every design at every turn."""
    F, chosen, scores = tensor(space.encoder.encode(designs)), [], []  # type: ignore[var-annotated]
    for _ in range(n):
        with torch.no_grad():
            scored = acquisition(F[:, None, :])
        scored[chosen] = -torch.inf
        chosen.append(int(scored.argmax()))
        scores.append(float(scored.max()))
        acquisition = acquisition.joined(F[chosen[-1:]])
    return chosen, scores


@pytest.mark.parametrize("seed", range(3))
def test_a_pool_is_searched_as_if_every_design_were_scored(seed: Any) -> None:
    space = pool(np.random.default_rng(seed).uniform(0, 1, (20_000, 3)).round(6))
    X, acquisition = acquisition_over(space, seed=seed)
    found = searched(space, acquisition, 4, space.keys(X))
    chosen, scores = greedy(space, space.pool.coordinates, acquisition, 4)
    np.testing.assert_array_equal(found.coordinates[0], space.pool.coordinates[chosen[0]])
    np.testing.assert_allclose(found.scores, scores, atol=0.05)


def test_a_pool_is_searched_without_scoring_most_of_it() -> None:
    space = pool(np.random.default_rng(0).uniform(0, 1, (50_000, 3)).round(6))
    X, acquisition = acquisition_over(space)
    archive = Archive(space, space.encoder.encode, set(space.keys(X)), space.pool.coordinates)
    assert archive.screen(acquisition, None)
    archive.best(acquisition, None)
    assert archive.scored <= 20_000


@pytest.mark.parametrize("seed", range(3))
def test_local_search_finds_what_brute_force_finds(seed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    space = alloys()
    everything = space.enumerate()
    X, acquisition = acquisition_over(space, seed=seed)
    monkeypatch.setattr(searching, "LISTED", 10)
    assert listed_designs(space) is None
    found = searched(space, acquisition, 1, space.keys(X), X[:4])
    values = torch.cat([acquisition(part[:, None, :]) for part in tensor(space.encoder.encode(everything)).split(2000)])
    taken = set(space.keys(X))
    values[[key in taken for key in space.keys(everything)]] = -torch.inf
    assert found.scores[0] >= float(values.max()) - 0.02


@pytest.mark.parametrize("seed", range(3))
def test_local_search_in_a_box_is_level_with_botorchs_optimiser(seed: Any) -> None:
    space = box(4)
    X, acquisition = acquisition_over(space, seed=seed)
    found = searched(space, acquisition, 1, space.keys(X), X[:4], seed)
    bounds = torch.stack([torch.zeros(4), torch.ones(4)]).double()
    options = {"seed": seed, "maxiter": 100}
    _, value = optimize_acqf(acquisition, bounds, q=1, num_restarts=5, raw_samples=256, options=options)
    assert found.scores[0] >= float(value) - 0.05  # type: ignore[arg-type]


def test_excluded_designs_are_never_found_and_exhaustion_is_reported() -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (10, 2)).round(3)
    space = pool(rows)
    X, acquisition = acquisition_over(space, n=5)
    taken = set(space.keys(X))
    found = searched(space, acquisition, 8, taken)
    assert len(found.coordinates) == 5
    assert found.exhausted
    assert not taken & set(space.keys(found.coordinates))
    assert len(set(space.keys(found.coordinates))) == 5


def test_a_pools_invalid_designs_are_never_found() -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (500, 2)).round(3)
    plain = pool(rows)
    space = DesignSpace(parameters=plain.parameters, constraints=["x0 + x1 <= 0.6"], pool=plain.pool)
    _, acquisition = acquisition_over(space, n=5)
    found = searched(space, acquisition, 4)
    assert (found.coordinates.sum(1) <= 0.6).all()


class Clock:
    """Counts its calls, and lets the time be up after some."""

    def __init__(self, calls: Any) -> None:
        self.calls = calls

    def __call__(self) -> Any:
        self.calls -= 1
        return 0.0 if self.calls > 0 else 100.0


@pytest.mark.parametrize("calls", [2, 4, 8, 12])
@pytest.mark.parametrize("listed", [True, False])
def test_after_the_time_limit_the_best_scored_design_is_returned(calls: int, listed: bool) -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (80_000, 2)).round(6)
    space = pool(rows) if listed else box(2)
    X, acquisition = acquisition_over(space, n=6)
    found = searched(space, acquisition, 4, space.keys(X), deadline=Deadline(60, Clock(calls)))
    assert len(found.scores) == len(found.coordinates) <= 4
    assert found.unsearched > 0 or not found.scores
    assert not found.exhausted
    assert space.valid(found.coordinates).all()


def test_the_same_question_has_the_same_answer() -> None:
    space = alloys(step=1)
    X, acquisition = acquisition_over(space)
    one_answer, other = (searched(space, acquisition, 3, space.keys(X), X[:2], seed=4) for _ in range(2))
    np.testing.assert_array_equal(one_answer.coordinates, other.coordinates)
    assert one_answer.scores == other.scores


def test_acquisitions_without_a_bound_are_searched_too() -> None:
    rows = np.random.default_rng(1).uniform(0, 1, (4000, 2)).round(6)
    space = pool(rows)
    X = rows[:8]
    model = gaussian_process(X, np.sin(6 * X).sum(1))
    acquisition = build_acquisition(context(model, X, one("match", value=0.5, tolerance=0.01)))
    assert not acquisition.screen_bounds
    found = searched(space, acquisition, 1, space.keys(X))
    _, scores = greedy(space, rows[8:], acquisition, 1)
    assert found.scores[0] == pytest.approx(scores[0], abs=1e-9)
