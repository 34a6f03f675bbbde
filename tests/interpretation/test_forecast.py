"""Probabilities and shares of improvement, against closed forms and brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.models.model import Model
from scipy.stats import norm

from designer.acquisition import moments
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.moments import single_output
from designer.interpretation.forecast import Improvement, forecast_of, improvement_over
from designer.objective import Objective, Target, hypervolume
from tests.acquisition.worlds import botorch_model, measured, one, tensor


def joint(model: Model, X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the joint mean and covariance without gradients."""
    with torch.no_grad():
        return moments.joint(model, X)


def context(
    objective: Objective, *, noise: float = 1e-6, m: int = 1, best: int = 1, **more: object
) -> AcquisitionContext:
    """Return what follows from eight measurements; the `best` of them by the first target are the incumbents."""
    X, Y = measured(m=m)
    order = np.argsort(-Y[:, 0])
    rows = tensor(X[order[:best]])
    ranges = objective.ranges(Y) if objective.mode == "desirability" else ()
    model = botorch_model(X, Y, noise)
    return replace(AcquisitionContext(model, objective, ranges, rows, rows[:0], rows, seed=3), **more)  # type: ignore[arg-type]


def difference(where: AcquisitionContext, x: torch.Tensor) -> tuple[float, float]:
    """Return mean and standard deviation of the design's value minus the one incumbent's."""
    mean, covariance = joint(single_output(where.model, 0), torch.cat([x[None], where.measured]))
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return (mean[0] - mean[1]).item(), variance.sqrt().item()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("noise", [1e-6, 0.3], ids=["known", "noisy"])
@pytest.mark.parametrize("x", [[0.15, 0.2], [0.5, 0.5], [0.9, 0.3]])
def test_shares_and_probability_match_the_closed_forms(sign: int, noise: float, x: list[float]) -> None:
    where = context(one("maximize" if sign > 0 else "minimize"), noise=noise)
    delta, s = difference(where, tensor(x))
    z = sign * delta / s
    expected = s * (z * norm.cdf(z) + norm.pdf(z))
    exploration = s * (norm.pdf(z) - abs(z) * norm.cdf(-abs(z)))
    found = improvement_over(where, tensor([x]), where.measured)
    tolerance = 1e-4 if noise < 1e-5 else 0.02  # a known incumbent is one draw; the jitter of the model remains
    assert found.probability == pytest.approx(norm.cdf(z), abs=tolerance)
    assert found.expected == pytest.approx(expected, rel=tolerance, abs=tolerance)
    assert 1 - found.exploitation == pytest.approx(exploration / expected, abs=2 * tolerance)


def test_a_match_by_quadrature() -> None:
    where = context(one("match", value=0.4, tolerance=0.1))
    x = tensor([0.5, 0.5])
    mean, covariance = joint(where.model, torch.cat([x[None], where.measured]))
    best = -abs(float(mean[1]) - 0.4)
    f = norm.ppf((np.arange(200_000) + 0.5) / 200_000) * float(covariance[0, 0].sqrt()) + float(mean[0])
    gain = -np.abs(f - 0.4) - best
    found = improvement_over(where, x[None], where.measured)
    assert found.probability == pytest.approx((gain > 0).mean(), abs=1e-3)
    assert found.expected == pytest.approx(np.maximum(gain, 0).mean(), rel=2e-3)
    assert found.of_means == pytest.approx(max(0.0, gain.mean()), abs=1e-3)


def test_exploitation_is_1_without_uncertainty_and_0_without_expected_gain() -> None:
    assert Improvement(1.0, 2.0, 2.0).exploitation == 1.0
    assert Improvement(0.1, 0.5, 0.0).exploitation == 0.0
    assert Improvement(0.0, 0.0, 0.0).exploitation == 0.0


def test_limits_and_failures_change_the_probability_and_not_the_shares() -> None:
    free = context(Objective(targets=[Target(name="y", goal="maximize"), Target(name="z")]), m=2, best=8)
    limited = replace(
        free, objective=Objective(targets=[Target(name="y", goal="maximize"), Target(name="z", at_most=1.0)])
    )
    gated = replace(limited, gates=(lambda X: torch.full((len(X),), float(np.log(0.5)), dtype=torch.float64),))
    x = tensor([0.5, 0.5])
    mean, covariance = joint(single_output(free.model, 1), x[None])
    within = norm.cdf((1.0 - float(mean[0])) / float(covariance[0, 0].sqrt()))
    one_, two, three = (forecast_of(each, x) for each in (free, limited, gated))
    assert one_.feasible == 1.0
    assert two.feasible == pytest.approx(within, rel=1e-6)
    assert three.success == pytest.approx(0.5)
    assert three.improvement == pytest.approx(0.5 * two.improvement)  # type: ignore[operator]
    assert three.exploitation == pytest.approx(two.exploitation)
    assert three.exploration + three.exploitation == 1.0


def test_without_a_feasible_design_all_is_exploration() -> None:
    objective = Objective(targets=[Target(name="y", goal="maximize", at_least=50.0)])
    found = forecast_of(context(objective), tensor([0.5, 0.5]))
    assert (found.improvement, found.exploitation, found.exploration) == (None, 0.0, 1.0)
    assert found.feasible < 1e-3


@pytest.mark.parametrize("weights", [None, (2.0, 1.0)], ids=["pareto", "desirability"])
@pytest.mark.parametrize("design", [[0.45, 0.4], [0.2, 0.1]])
def test_several_goals_by_brute_force(weights: tuple[float, float] | None, design: list[float]) -> None:
    keys = [{} if weights is None else {"weight": weight} for weight in weights or (1, 1)]
    objective = Objective(
        targets=[Target(name="y", goal="maximize", **keys[0]), Target(name="z", goal="minimize", **keys[1])]
    )
    where = context(objective, m=2, best=8)
    x = tensor(design)
    rng = np.random.default_rng(0)
    X = torch.cat([x[None], where.measured])
    draws = []
    for i in range(2):
        mean, covariance = joint(single_output(where.model, i), X)
        draws.append(rng.multivariate_normal(mean.numpy(), covariance.numpy() + 1e-10 * np.eye(len(X)), 4000))
    U = np.asarray(where.utilities(tensor(np.stack(draws, -1))))
    own, theirs = U[:, 0], U[:, 1:]
    found = improvement_over(where, x[None], where.measured)
    if weights is not None:
        gain = own[:, 0] - theirs[:, :, 0].max(1)
        assert found.probability == pytest.approx((gain > 0).mean(), abs=0.03)
        assert found.expected == pytest.approx(np.maximum(gain, 0).mean(), rel=0.05, abs=0.003)
        assert found.of_means == pytest.approx(max(0.0, gain.mean()), abs=0.01)
        return
    beaten = (theirs >= own[:, None]).all(-1).any(-1)
    assert found.probability == pytest.approx(1 - beaten.mean(), abs=0.03)
    # The front is known here: the same gain over it by more draws, in units of the utilities' spread.
    from designer.acquisition.hypervolume import HypervolumeImprovement

    scale = HypervolumeImprovement(where)
    centre, spread, reference = (each.numpy() for each in (scale.centre, scale.spread, scale.reference_point))
    front = (theirs[0] - centre) / spread
    before = hypervolume(front, reference)
    gains = [hypervolume(np.vstack([front, (u - centre) / spread]), reference) - before for u in own[:1500]]
    assert found.expected == pytest.approx(np.mean(gains), rel=0.1, abs=0.002)
    as_expected = np.vstack([front, (own.mean(0) - centre) / spread])
    assert found.of_means == pytest.approx(hypervolume(as_expected, reference) - before, abs=0.02)
    assert found.of_means <= found.expected
