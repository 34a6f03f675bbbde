"""Targets given observations: the evidence for them, revised posteriors, and the index of what to measure next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from designer.arrays import FloatArray
from designer.priors.baseline import baseline_model
from designer.priors.intermediate.observed_mixture import fit_observed
from designer.priors.intermediate.observed_target import ObservedTarget
from designer.priors.intermediate.revised_model import RevisedModel
from designer.priors.intermediate.revision import Informed, revised
from designer.priors.intermediate.stage_index import measuring_index, observing_index
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.normal import normal_of

SPACE = DesignSpace(parameters=[{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(3)])
N, NEW = 12, 20


def task(seed: int, *, related: bool = True) -> ObservedTarget:
    """Return a rough response, and observations in proportion to it or unrelated to it."""
    rng = np.random.default_rng(seed)
    X = rng.random((N + NEW, 3))
    f = np.sin(X @ rng.normal(size=(3, 6)) * 4 + rng.random(6) * 6) @ rng.normal(size=6)
    z = f + 0.1 * rng.normal(size=len(f)) if related else rng.normal(size=len(f))
    Z = ((z - z.mean()) / z.std())[:, None]
    one = TaskData(torch.as_tensor(X[:N]), torch.as_tensor(f[:N, None]), columns=SPACE.encoder.columns)
    found = ObservedTarget(one, Z[:N], torch.as_tensor(X[N:]), Z[N:])
    object.__setattr__(found, "truth", torch.as_tensor(f[N:]))
    return found


@pytest.mark.parametrize("width", [1, 4])
def test_permuted_observations_are_rarely_informative(width: int) -> None:
    """Of shuffled observations at most one in eight has a weight above a half, of true ones at most one is below."""
    weights: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(8):
        one, rng = task(seed).one, np.random.default_rng(seed)
        y = one.Y.numpy()
        Z = (y - y.mean()) / y.std() + 0.2 * rng.normal(size=(N, width))
        for true, z in ((True, Z), (False, Z[rng.permutation(N)])):
            found = fit_observed(one, z)
            assert found is not None
            weights[true].append(found.weight)
    assert sum(weight > 0.5 for weight in weights[False]) <= 1
    assert sum(weight < 0.5 for weight in weights[True]) <= 1


def informed_by(observed: ObservedTarget) -> tuple[Informed, ...]:
    """Return the posteriors by the regressions, with a process of each observation over all observed designs."""
    designs = torch.cat([observed.one.X, observed.X_new])
    Z = np.concatenate([observed.Z[: len(observed.one.X)], observed.Z_new])

    def process_of(column: int) -> GaussianProcess:
        known = torch.as_tensor(Z[:, [column]])
        rows = torch.isfinite(known[:, 0])
        return baseline_model(TaskData(designs[rows], known[rows], columns=observed.one.columns))

    return observed.informed(designs, Z, process_of, baseline_model(observed.one))


def error(model: Any, observed: ObservedTarget) -> float:
    truth = observed.truth  # type: ignore[attr-defined]
    return float((model.marginals(observed.X_new)[0] - truth).square().mean().sqrt() / truth.std())


def test_related_observations_are_informative_and_unrelated_ones_are_not() -> None:
    weights = {}
    for related in (True, False):
        found = [task(seed, related=related).regression((0,)) for seed in range(5)]
        weights[related] = [each.weight for each in found if each is not None]
    assert min(weights[True]) > 0.9
    assert np.median(weights[False]) < 0.2


def test_predictions_with_related_observations_are_better_and_with_unrelated_ones_hardly_worse() -> None:
    for related, most in ((True, 0.5), (False, 1.1)):
        ratios = []
        for seed in range(5):
            observed = task(seed, related=related)
            baseline = baseline_model(observed.one)
            ratios.append(error(revised(baseline, informed_by(observed)), observed) / error(baseline, observed))
        assert np.mean(ratios) < most


def test_fewer_than_three_results_say_nothing() -> None:
    observed = task(0)
    few = ObservedTarget(observed.one.first(2), observed.Z[:2], observed.X_new, observed.Z_new)
    assert few.regression((0,)) is None
    assert informed_by(few) == ()
    assert fit_observed(observed.one, np.full((N, 1), np.nan)) is None


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(N)))
def test_the_order_of_results_does_not_matter(order: list[int]) -> None:
    observed = task(1)
    first = fit_observed(observed.one, observed.Z)
    second = fit_observed(observed.one.rows(order), observed.Z[order])
    assert first is not None
    assert second is not None
    assert first.weight == second.weight
    predicted = [
        each.parts[0].regression.predict(observed.X_new, torch.tensor(observed.Z_new)) for each in (first, second)
    ]
    assert all(torch.equal(a, b) for a, b in zip(*predicted, strict=True))


def at_four_designs(seed: int = 2) -> tuple[RevisedModel, GaussianProcess, torch.Tensor]:
    observed = task(seed)
    baseline = baseline_model(observed.one)
    X = observed.X_new[:4]
    means, variances = baseline.marginals(X)
    return RevisedModel(baseline, X, means + 1.0, 0.25 * variances), baseline, X


def test_a_revised_model_has_the_new_moments_at_the_designs_and_the_old_ones_far_away() -> None:
    model, baseline, X = at_four_designs()
    before, after = baseline.marginals(X), model.marginals(X)
    torch.testing.assert_close(after[0], before[0] + 1.0, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(after[1], 0.25 * before[1], rtol=1e-3, atol=1e-6)
    far = torch.full((1, 3), 40.0, dtype=torch.float64)
    assert abs(float(model.marginals(far)[1] / baseline.marginals(far)[1]) - 1.0) < 0.05


def test_near_designs_with_other_observations_do_not_mislead_elsewhere() -> None:
    """Predictions of designs that are near each other differ by their errors; elsewhere the model stays as it was."""
    observed = task(2)
    baseline = baseline_model(observed.one)
    pair = torch.tensor([[0.5, 0.5, 0.5], [0.501, 0.5, 0.5]], dtype=torch.float64)
    mean, variance = baseline.marginals(pair)
    moved = torch.tensor([0.5, -0.5], dtype=torch.float64) * variance.sqrt()
    model = RevisedModel(baseline, pair, mean + moved, 0.5 * variance)
    torch.testing.assert_close(model.marginals(pair)[0], mean + moved, rtol=1e-6, atol=1e-6)
    shift = model.marginals(observed.X_new)[0] - baseline.marginals(observed.X_new)[0]
    assert float(shift.abs().max()) < 0.1 * float(variance.sqrt().max())


def test_joint_moments_marginals_and_cross_moments_agree() -> None:
    model, _, X = at_four_designs()
    Z = torch.rand(3, 3, dtype=torch.float64)
    both = torch.cat([X, Z])
    normal = normal_of(model.posterior(both))
    mean, variance, cross = model.cross_moments(X, Z)
    torch.testing.assert_close(mean, normal.mean[:4])
    torch.testing.assert_close(variance, normal.variance[:4], rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(cross, normal.covariance_matrix[:4, 4:], rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(model.marginals(both)[0], normal.mean)
    assert float(torch.linalg.eigvalsh(normal.covariance_matrix).min()) > -1e-8


def test_a_revised_model_is_differentiable_and_takes_measurements() -> None:
    model, _, X = at_four_designs()
    x = torch.rand(2, 1, 3, dtype=torch.float64, requires_grad=True)
    model.posterior(x).mean.sum().backward()
    assert x.grad is not None
    assert bool(torch.isfinite(x.grad).all())
    new = torch.rand(1, 3, dtype=torch.float64)
    pending = model.condition_on_observations(new)
    assert float(pending.marginals(new)[1]) < float(model.marginals(new)[1])
    torch.testing.assert_close(pending.marginals(X)[0], model.marginals(X)[0], rtol=1e-4, atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=8).map(np.array),
    st.floats(0.1, 10),
    st.floats(0.01, 10),
)
@example(np.array([5e-324]), 0.5, 0.5)
def test_the_index_of_an_observation(gains: FloatArray, cost: float, stage_cost: float) -> None:
    index = observing_index(gains, cost, stage_cost)
    both = measuring_index(float(gains.mean()), cost + stage_cost)
    assert index >= both * (1 - 1e-6) - 1e-300, "the target may be left out"
    assert index <= measuring_index(float(gains.max()), cost) * (1 + 1e-6) + 1e-12
    assert observing_index(gains, cost, 2 * stage_cost) <= index * (1 + 1e-6)
    if np.ptp(gains) == 0:
        assert index == pytest.approx(both, rel=1e-6, abs=1e-12)
