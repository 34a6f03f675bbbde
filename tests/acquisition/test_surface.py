"""Acquisition functions for maps and boundaries, against conditioned models, botorch and their own definition."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from botorch.acquisition.active_learning import qNegIntegratedPosteriorVariance
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.acquisition.builder import build_acquisition
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.moments import moments
from designer.acquisition.observed import Observed
from designer.acquisition.propose import propose, region_of
from designer.acquisition.surface import BoundaryVariance, Surface, VarianceReduction, noise_variance
from designer.objective import Objective, Target
from designer.surrogates.model_mixture import Mixture

from .worlds import botorch_model, box, gaussian_process, one, pool, tensor

REGION = tensor(np.random.default_rng(3).uniform(0, 1, (80, 2)))
NOTHING = torch.empty(0, 2, dtype=torch.float64)


def process(seed: int = 0, n: int = 9) -> Any:
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 1, (n, 2))
    return gaussian_process(X, np.sin(4 * X[:, 0]) + X[:, 1] + rng.normal(0, 0.05, n))


def standardised(Y: torch.Tensor) -> torch.Tensor:
    return (Y - Y.mean()) / Y.std()


def context(model: Any, objective: Objective, pending: Any = NOTHING, **keys: Any) -> AcquisitionContext:
    return AcquisitionContext(
        model=model, objective=objective, ranges=(), measured=NOTHING, pending=pending, reference=NOTHING,
        region=REGION, **keys,
    )  # fmt: skip


def variance_after(model: Any, X: Any) -> Any:
    return moments(model.condition_on_observations(X, None), REGION, NOTHING).variance


def test_value_of_a_map_is_the_share_of_variance_that_conditioning_takes_away() -> None:
    model = process()
    before = moments(model, REGION, NOTHING).variance
    acquisition = build_acquisition(context(model, one("map")))
    X = tensor(np.random.default_rng(1).uniform(0, 1, (7, 2)))
    shares = [1 - float(variance_after(model, x[None]).sum() / before.sum()) for x in X]
    assert acquisition(X[:, None, :]).exp().tolist() == pytest.approx(shares, rel=1e-6)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 99), st.integers(1, 4))
def test_shares_of_a_batch_add_up_to_the_share_of_all(seed: int, size: int) -> None:
    model = process(seed)
    X = tensor(np.random.default_rng(seed).uniform(0, 1, (size, 2)))
    before = moments(model, REGION, NOTHING).variance
    acquisition: Any = build_acquisition(context(model, one("map")))
    total = 0.0
    for x in X:
        total += float(acquisition(x[None, None, :]).exp())
        acquisition = acquisition.joined(x[None])
    assert total == pytest.approx(1 - float(variance_after(model, X).sum() / before.sum()), rel=1e-4)


def test_map_agrees_with_the_integrated_posterior_variance_of_botorch() -> None:
    X = tensor(np.random.default_rng(4).uniform(0, 1, (8, 2)))
    model = botorch_model(X, standardised(torch.sin(3 * X).sum(-1, keepdim=True)), noise=0.01)
    theirs = qNegIntegratedPosteriorVariance(model, mc_points=REGION)
    before = model.posterior(REGION).variance.mean().detach()
    candidates = tensor(np.random.default_rng(5).uniform(0, 1, (12, 2)))
    with torch.no_grad():
        expected = [float(1 + theirs(x[None, None, :]) / before) for x in candidates]
    found = VarianceReduction(context(model, one("map"))).values(candidates).exp().tolist()
    assert noise_variance(model, REGION) == pytest.approx(0.01)
    assert found == pytest.approx(expected, rel=1e-4)


def test_boundary_weighs_designs_by_their_density_at_the_level() -> None:
    model = process()
    acquisition = build_acquisition(context(model, one("boundary", value=0.8)))
    assert isinstance(acquisition, BoundaryVariance)
    at = moments(model, REGION, NOTHING)
    density = torch.distributions.Normal(at.mean, at.variance.sqrt()).log_prob(torch.tensor(0.8)).exp()
    (weights,) = acquisition.weights
    assert (weights / weights.max()).tolist() == pytest.approx((density / density.max()).tolist(), rel=1e-4)


def test_boundary_is_searched_where_it_is_and_a_map_everywhere() -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (400, 2))
    space = pool(rows)
    made = rows[:12]
    y = made[:, 0]
    model = gaussian_process(made, y)
    chosen = {}
    for objective in (one("map"), one("boundary", value=0.3)):
        found = propose(model, space, objective, Observed(made, y[:, None]), made[:0], 8, seed=1)
        chosen[objective.mode] = np.abs(found.coordinates[:, 0] - 0.3)
        assert all(note.startswith(objective.mode) for note in found.notes)
    assert np.median(chosen["boundary"]) < 0.1 < np.median(chosen["map"])


def test_level_far_from_all_predictions_still_ranks_designs() -> None:
    values = build_acquisition(context(process(), one("boundary", value=1e9))).values(REGION)
    assert torch.isfinite(values).all()
    assert float(values.std()) > 0


def test_failures_and_limits_reduce_the_weight_of_a_region() -> None:
    def gate(X: torch.Tensor) -> torch.Tensor:
        return torch.where(X[:, 0] < 0.5, math.log(1e-6), 0.0).double()

    acquisition = build_acquisition(context(process(), one("map"), gates=(gate,)))
    assert isinstance(acquisition, VarianceReduction)
    left = REGION[:, 0] < 0.5
    assert float(acquisition.weights[0][left].max()) < 1e-5 < float(acquisition.weights[0][~left].min())
    assert float(acquisition.values(REGION)[left].max()) < float(acquisition.values(REGION)[~left].min())


def test_several_maps_count_their_mean_share() -> None:
    from designer.surrogates.independent import IndependentModels

    first, second = process(0), process(1)
    objective = Objective(targets=[Target(name="a", goal="map"), Target(name="b", goal="map")])
    both = build_acquisition(context(IndependentModels(first, second), objective)).values(REGION).exp()
    alone = [build_acquisition(context(model, one("map"))).values(REGION).exp() for model in (first, second)]
    assert both.tolist() == pytest.approx((0.5 * (alone[0] + alone[1])).tolist(), rel=1e-6)


def test_mixture_uses_its_own_covariances() -> None:
    parts = process(0), process(1)
    mixture = Mixture(parts, [0.3, 0.7])
    surface = Surface.of(mixture, REGION, NOTHING)
    X = REGION[:5]
    _, covariance = mixture.joint_moments(torch.cat([X, REGION]))
    expected = covariance[:5, 5:].square() / (covariance.diagonal()[:5] + surface.noise)[:, None]
    assert surface.reductions(X).numpy() == pytest.approx(expected.numpy(), rel=1e-3, abs=1e-9)


def test_model_without_cross_moments_gives_the_same_with_a_large_baseline() -> None:
    X = tensor(np.random.default_rng(4).uniform(0, 1, (8, 2)))
    model = botorch_model(X, standardised(torch.sin(3 * X).sum(-1, keepdim=True)), noise=0.01)
    many = torch.cat([REGION] * 4)
    few, all_at_once = moments(model, X, REGION), moments(model, X, many)
    for name in ("mean", "variance"):
        assert getattr(all_at_once, name).tolist() == pytest.approx(getattr(few, name).tolist(), rel=1e-5, abs=1e-8)
    assert all_at_once.cross[:, :80].numpy() == pytest.approx(few.cross.numpy(), rel=1e-4, abs=1e-7)


def test_pending_designs_anywhere_reduce_what_is_left() -> None:
    model, X = process(), REGION[:1]
    objective = one("map")
    here = build_acquisition(context(model, objective, pending=X)).values(REGION)
    elsewhere = build_acquisition(replace(context(model, objective, in_context=True), elsewhere=X)).values(REGION)
    assert here.tolist() == pytest.approx(elsewhere.tolist())
    free = build_acquisition(context(model, objective)).values(REGION)
    assert float(here[0]) < float(free[0]) - 1.0


def test_region_is_in_the_space_and_the_same_for_a_seed() -> None:
    listed = pool(np.random.default_rng(0).uniform(0, 1, (30, 2)))
    assert len(region_of(listed, 0)) == 30
    drawn = region_of(box(3), 7)
    assert drawn.shape == (512, 3)
    assert np.array_equal(drawn, region_of(box(3), 7))
