"""The runner-up and its thresholds, against closed forms and the acquisition functions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import norm

from designer.acquisition.builder import build_acquisition
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.moments import moments
from designer.acquisition.observed import Observed
from designer.acquisition.propose import Known, acquisition_context, propose
from designer.interpretation.runner_up import _with_mean_shifts, find_runner_up
from designer.objective import Objective, Target
from designer.space import DesignSpace
from designer.surrogates.model_mixture import Mixture
from tests.acquisition.worlds import botorch_model, box, measured, one, pool, tensor

GRID = np.array([[a, b] for a in np.linspace(0, 1, 9) for b in np.linspace(0, 1, 9)])


def world(
    objective: Objective, *, m: int = 1, noise: float = 1e-6, gate: float = 1.0, space: DesignSpace | None = None
) -> tuple[DesignSpace, AcquisitionContext, Known, np.ndarray]:
    """Return a space, what is known of it, and the design that a proposal chooses there."""
    X, Y = measured(m=m)
    space = space or pool(GRID)
    model, data = botorch_model(X, Y, noise), Observed(X, Y)

    class Success:
        def log_probability(self, X: torch.Tensor) -> torch.Tensor:
            return torch.full((len(X),), math.log(gate), dtype=torch.float64)

    success = Success() if gate < 1 else None
    known = Known.of(space, data, X[:0], set())
    where = acquisition_context(model, space, objective, data, known, 5, success, space.encoder)
    if space.pool is None:
        return space, where, known, propose(model, space, objective, data, X[:0], 1, 5).coordinates[0]
    free = np.array([row for row in space.pool.coordinates if not (row == X).all(1).any()])
    return space, where, known, free[scores(where, free).argmax()]


def scores(where: AcquisitionContext, X: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return build_acquisition(where)(tensor(X)[:, None, :]).numpy()


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_threshold_is_where_expected_improvements_are_equal(goal: str) -> None:
    space, where, known, chosen = world(one(goal))
    found = find_runner_up(chosen, space, where, known, 5)
    assert found is not None
    assert found.different
    # The best of all designs that differ by a fifth of the range or more, by going through all of them.
    far = GRID[(np.abs(GRID - chosen) >= 0.2).any(1)]
    np.testing.assert_array_equal(found.coordinates, far[scores(where, far).argmax()])
    assert found.log_ratio == pytest.approx(scores(where, chosen[None])[0] - scores(where, far).max())
    assert found.log_ratio >= 0
    sign = 1 if goal == "maximize" else -1
    at = moments(where.model, tensor(np.stack([chosen, found.coordinates])), where.measured[:0])
    best = float((sign * measured()[1]).max())
    (own, other), (s, t) = (sign * at.mean).tolist(), at.variance.sqrt().tolist()

    def improvement(mean: float, deviation: float) -> float:
        z = (mean - best) / deviation
        return deviation * (z * norm.cdf(z) + norm.pdf(z))

    level = brentq(lambda mean: improvement(mean, s) - improvement(other, t), own - 20, own)
    assert found.thresholds[0] == pytest.approx(sign * level, abs=1e-3)


def test_success_probability_at_which_acquisition_values_are_equal() -> None:
    space, where, known, chosen = world(one(), gate=0.8)
    found = find_runner_up(chosen, space, where, known, 5)
    assert found is not None
    assert found.success == pytest.approx(0.8 * math.exp(-found.log_ratio))


@pytest.mark.parametrize(
    "objective",
    [
        one("match", value=0.2, tolerance=0.1),
        Objective(targets=[Target(name="y", goal="maximize"), Target(name="z", goal="minimize")]),
        Objective(
            targets=[Target(name="y", goal="maximize", weight=2), Target(name="z", goal="minimize", range=(-3, 3))]
        ),
        Objective(targets=[Target(name="y", goal="maximize"), Target(name="z", at_most=0.3)]),
    ],
    ids=["match", "pareto", "desirability", "limited"],
)
def test_acquisition_values_are_equal_at_each_threshold(objective: Objective) -> None:
    space, where, known, chosen = world(objective, m=len(objective.targets), noise=0.05)
    found = find_runner_up(chosen, space, where, known, 5)
    assert found is not None
    x = tensor(chosen)
    model, shifts = _with_mean_shifts(where.model, x, len(objective.targets))
    acquisition = build_acquisition(replace(where, model=model))
    level = float(acquisition(tensor(found.coordinates)[None, None, :]).detach())
    assert any(threshold is not None for threshold in found.thresholds)
    for column, threshold in zip(objective.goal_columns, found.thresholds, strict=True):
        if threshold is None:
            continue
        mean = float(model.posterior(x[None]).mean[0, column].detach())
        target = objective.targets[column]
        assert (
            abs(threshold - target.value) >= abs(mean - target.value)
            if target.value
            else (target.sign * (mean - threshold) >= 0)
        )
        shifts[column].value = threshold - mean
        assert float(acquisition(x[None, None, :]).detach()) == pytest.approx(level, abs=1e-3)
        shifts[column].value = 0.0


def test_no_threshold_without_a_feasible_design() -> None:
    objective = Objective(targets=[Target(name="y", goal="maximize"), Target(name="z", at_least=40)])
    space, where, known, chosen = world(objective, m=2)
    found = find_runner_up(chosen, space, where, known, 5)
    assert found is not None
    assert found.thresholds == (None,)


def test_runner_up_in_a_space_too_large_to_list() -> None:
    space, where, known, chosen = world(one(), space=box(2))
    found = find_runner_up(chosen, space, where, known, 5)
    assert found is not None
    assert np.abs(found.coordinates - chosen).max() >= 0.2 - 1e-9
    assert found.log_ratio > 0


def test_no_runner_up_without_another_design() -> None:
    X, _ = measured()
    space, where, known, chosen = world(one(), space=pool(np.vstack([X, [[0.5, 0.5]]])))
    assert chosen.tolist() == [0.5, 0.5]
    assert find_runner_up(chosen, space, where, known, 5) is None


def test_mixture_is_shifted_at_one_design_only() -> None:
    X, Y = measured()
    mixture = Mixture([botorch_model(X, Y), botorch_model(X, -Y)], [0.25, 0.75])
    x, other = tensor([0.5, 0.5]), tensor([0.2, 0.9])
    shifted, (shift,) = _with_mean_shifts(mixture, x, 1)
    before = mixture.posterior(torch.stack([x, other])).mean[:, 0].detach()
    shift.value = 2.0
    after = shifted.posterior(torch.stack([x, other])).mean[:, 0].detach()
    np.testing.assert_allclose((after - before).tolist(), [2.0, 0.0], atol=1e-9)
