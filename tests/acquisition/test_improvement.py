"""Log improvements against high-precision quadrature, deep into the tails where they underflow."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import LogExpectedImprovement
from scipy import stats

from designer.acquisition.improvement import log_improvement, log_within
from designer.objective import Target

from .worlds import botorch_model, measured, tensor

MAXIMIZE, MINIMIZE = Target(name="y", goal="maximize"), Target(name="y", goal="minimize")
MATCH = Target(name="y", goal="match", value=2.0, tolerance=1.0)


def parts(mean: Any, distance: Any) -> Any:
    """Return the two halves around the value 2, the one with the mean in it cut there."""
    ends = sorted({2.0 - distance, 2.0, 2.0 + distance, min(max(mean, 2.0 - distance), 2.0 + distance)})
    return pairwise(ends)


def integral(low: Any, high: Any, mean: Any, deviation: Any, distance: Any) -> Any:
    """Integrate in pieces that shrink towards the end nearer to the mean, where the integrand is steep."""
    steps = [0.0, *np.geomspace(1e-8, 1, 25)]
    rising = abs(low - mean) < abs(high - mean)
    ends = sorted(low + (high - low) * s if rising else high - (high - low) * s for s in steps)
    return mpmath.quad(
        lambda f: (distance - abs(f - 2)) * mpmath.npdf(f, mean, deviation), ends, method="gauss-legendre", maxdegree=4
    )


@pytest.mark.parametrize(
    ("mean", "deviation", "distance"),
    [
        (2.0, 1.0, 1.0),
        (2.3, 0.1, 0.5),
        (3.0, 0.01, 1.0),
        (1.0, 0.5, 1e-3),
        (2.0, 1e-3, 2.0),
        (4.9, 0.3, 3.0),
        (5.1, 0.3, 3.0),
        (12.0, 0.5, 1.0),
        (-30.0, 0.5, 0.3),
        (2.0, 50.0, 0.01),
        (80.0, 1.0, 5.0),
    ],
)
def test_match_equals_quadrature_at_40_digits(mean: float, deviation: float, distance: float) -> None:
    given = [tensor([each]) for each in (mean, deviation, -distance)]
    result = float(log_improvement(MATCH, *given))
    with mpmath.workdps(30):
        expected = float(mpmath.log(sum(integral(*part, mean, deviation, distance) for part in parts(mean, distance))))  # type: ignore[call-arg]
    assert result == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("z", [-40.0, -8.0, -1.0, 0.0, 3.0])
def test_directed_goals_equal_botorch_and_mirror_each_other(z: float) -> None:
    X, Y = measured()
    model = botorch_model(X, Y, 1e-4)
    at = tensor([[[0.3, 0.8]]])
    posterior = model.posterior(at)
    mean, deviation = posterior.mean.flatten().detach(), posterior.variance.flatten().sqrt().detach()
    best = mean - z * deviation
    expected = LogExpectedImprovement(model, best_f=best)(at)
    assert log_improvement(MAXIMIZE, mean, deviation, best).item() == pytest.approx(expected.item(), rel=1e-9)
    mirrored = log_improvement(MINIMIZE, -mean, deviation, best)
    assert mirrored.item() == log_improvement(MAXIMIZE, mean, deviation, best).item()


@pytest.mark.parametrize("target", [MAXIMIZE, MINIMIZE, MATCH])
def test_gradients_are_finite_in_the_tails(target: Any) -> None:
    mean = tensor([-200.0, -3.0, 2.0, 7.0, 300.0]).requires_grad_()
    deviation = torch.full_like(mean, 0.7).requires_grad_()
    best = tensor(-0.5) if target is MATCH else tensor(0.5)
    log_improvement(target, mean, deviation, best).sum().backward()
    assert torch.isfinite(mean.grad).all()
    assert torch.isfinite(deviation.grad).all()  # type: ignore[arg-type]


def test_match_is_drawn_towards_its_value_from_either_side() -> None:
    mean = tensor(np.linspace(-30, 34, 65))
    values = log_improvement(MATCH, mean, torch.ones_like(mean), tensor(-1.0))
    assert int(values.argmax()) == 32
    assert (values[:32].diff() > 0).all()
    np.testing.assert_allclose(values, values.flip(0), rtol=1e-9)


@pytest.mark.parametrize(("low", "high"), [(None, 1.0), (0.5, None), (0.5, 1.0)])
def test_probability_within_limits(low: float | None, high: float | None) -> None:
    mean, deviation = tensor([-1.0, 0.7, 3.0]), tensor([0.5, 1.0, 2.0])
    expected = stats.norm.cdf(np.inf if high is None else high, mean, deviation)
    expected = expected - (0 if low is None else stats.norm.cdf(low, mean, deviation))
    np.testing.assert_allclose(log_within(mean, deviation, low, high).exp(), expected, rtol=1e-8)
    assert torch.isfinite(log_within(tensor([50.0, -50.0]), tensor(1.0), low, high)).all()
