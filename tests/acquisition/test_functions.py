"""Acquisition functions against botorch, brute-force Monte Carlo and their own definitions."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from botorch.acquisition.analytic import (
    LogConstrainedExpectedImprovement,
    LogExpectedImprovement,
    LogProbabilityOfFeasibility,
)
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.objective import GenericMCMultiOutputObjective
from botorch.optim import optimize_acqf
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.multi_objective.hypervolume import infer_reference_point

from designer.acquisition import functions
from designer.acquisition.builder import build_acquisition
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import DesirabilityImprovement, FirstFeasible, NoisyImprovement
from designer.acquisition.hypervolume import HypervolumeImprovement
from designer.objective import Objective, Target, pareto_mask
from designer.surrogates.data import TaskData
from designer.surrogates.forest import fit_forest
from designer.surrogates.independent import IndependentModels
from designer.surrogates.model_mixture import Mixture

from .worlds import botorch_model, box, gaussian_process, measured, one, tensor

GRID = tensor(np.random.default_rng(5).uniform(0, 1, (60, 2)))
NOTHING = torch.empty(0, 2, dtype=torch.float64)


def context(model: Any, X: Any, objective: Any = None, pending: Any = NOTHING, **keys: Any) -> Any:
    return AcquisitionContext(
        model=model, objective=objective or one(), ranges=keys.pop("ranges", ()), measured=tensor(X), pending=pending,
        reference=GRID, **keys,
    )  # fmt: skip


def values(acquisition: Any, X: Any = GRID) -> Any:
    with torch.no_grad():
        return acquisition(X[:, None, :]).numpy()


def several(model_of: Any, X: Any, Y: Any) -> Any:
    return IndependentModels(*[model_of(X, Y[:, [i]]) for i in range(Y.shape[1])])


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_without_noise_and_pending_it_is_botorchs_expected_improvement(goal: str) -> None:
    X, Y = measured()
    model = botorch_model(X, Y, 1e-6)
    at_measured = model.posterior(tensor(X)).mean
    best = at_measured.max() if goal == "maximize" else at_measured.min()
    expected = LogExpectedImprovement(model, best_f=best.detach(), maximize=goal == "maximize")(GRID[:, None, :])
    found = values(NoisyImprovement(context(model, X, one(goal))))
    likely = expected.detach().numpy() > -12
    np.testing.assert_allclose(found[likely], expected.detach().numpy()[likely], atol=0.02)


@pytest.mark.parametrize("pending", [NOTHING, tensor([[0.5, 0.5], [0.9, 0.1]])])
@pytest.mark.parametrize("objective", [one(), one("match", value=0.3, tolerance=0.1)])
def test_with_noise_and_pending_it_is_the_improvement_of_joint_draws(pending: Any, objective: Any) -> None:
    X, Y = measured()
    model = botorch_model(X, Y, 0.05)
    at = GRID[:6]
    generator = torch.Generator().manual_seed(0)
    expected = []
    for x in at:
        posterior = model.posterior(torch.cat([tensor(X), pending, x[None]]))
        root = torch.linalg.cholesky(posterior.distribution.covariance_matrix.detach())
        noise = torch.randn(200_000, len(root), generator=generator, dtype=torch.float64)
        u = objective.utilities((posterior.mean[:, 0].detach() + noise @ root.T)[..., None])[..., 0]
        expected.append((u[:, -1] - u[:, :-1].amax(-1)).clamp_min(0).mean().item())
    found = np.exp(values(NoisyImprovement(context(model, X, objective, pending)), at))
    np.testing.assert_allclose(found, expected, rtol=0.15, atol=3e-4)


def test_it_ranks_designs_as_botorchs_monte_carlo_does() -> None:
    X, Y = measured(n=12)
    model = botorch_model(X, Y, 0.1)
    sampler = SobolQMCNormalSampler(torch.Size([512]), seed=0)
    peer = qLogNoisyExpectedImprovement(model, tensor(X), sampler=sampler, prune_baseline=False, cache_root=False)
    expected = values(peer)
    found = values(NoisyImprovement(context(model, X)))
    likely = expected > -6
    assert likely.sum() > 15
    assert np.corrcoef(found[likely], expected[likely])[0, 1] > 0.98


def test_a_mixtures_improvement_is_the_weighted_sum_of_its_components() -> None:
    X, Y = measured()
    parts = [gaussian_process(X, Y[:, 0]), gaussian_process(X[:4], Y[:4, 0]), gaussian_process(X[4:], Y[4:, 0])]
    whole = values(NoisyImprovement(context(Mixture(parts, [0.5, 0.3, 0.2]), X)))
    each = np.array([values(NoisyImprovement(context(part, X))) for part in parts])
    np.testing.assert_allclose(np.exp(whole), [0.5, 0.3, 0.2] @ np.exp(each), rtol=1e-9)


@pytest.mark.parametrize("noise", [1e-4, 0.1])
@pytest.mark.parametrize("pending", [NOTHING, tensor([[0.5, 0.5], [0.9, 0.1]])])
def test_the_screen_is_an_upper_bound(noise: float, pending: Any) -> None:
    X, Y = measured(n=12)
    acquisition = NoisyImprovement(context(botorch_model(X, Y, noise), X, pending=pending))
    with torch.no_grad():
        screen = acquisition.screen(GRID).numpy()
    found = values(acquisition)
    likely = screen > -10
    assert (found[likely] <= screen[likely] + 0.1).all()


def test_more_pending_designs_never_raise_the_improvement_and_end_it_at_themselves() -> None:
    X, Y = measured()
    before = NoisyImprovement(context(botorch_model(X, Y, 0.01), X))
    best = GRID[values(before).argmax()][None]
    after = before.joined(best)
    assert (values(after) <= values(before) + 0.02).all()
    assert values(after, best)[0] < values(before, best)[0] - 5
    assert values(after).argmax() != values(before).argmax()


def test_designs_that_are_never_best_do_not_matter() -> None:
    X, Y = measured(n=12)
    model = botorch_model(X, Y, 1e-4)
    good = np.argsort(Y[:, 0])[-3:]
    whole, few = (values(NoisyImprovement(context(model, rows))) for rows in (X, X[good]))
    np.testing.assert_allclose(whole, few, atol=1e-6)


@pytest.mark.parametrize("objective", [one(), one("minimize"), one("match", value=0.3, tolerance=0.1)])
def test_of_many_incumbents_the_promising_ones_are_enough(objective: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = measured(n=40)
    model = botorch_model(X, Y, 1e-4)
    whole = values(NoisyImprovement(context(model, X, objective)))
    monkeypatch.setattr(functions, "MAX_DRAWN", 12)
    few = NoisyImprovement(context(model, X, objective))
    assert len(few._promising(model, tensor(X))) == 12
    likely = whole > -12
    assert likely.any()
    np.testing.assert_allclose(values(few)[likely], whole[likely], atol=0.02)


def test_outcome_constraints_weigh_by_their_probability_and_choose_the_incumbent() -> None:
    X, Y = measured(m=2)
    model = several(lambda x, y: botorch_model(x, y, 1e-6), X, Y)
    objective = Objective(targets=[Target(name="a", goal="maximize"), Target(name="b", at_most=0.2, at_least=-3)])
    kept = Y[:, 1] <= 0.2
    assert kept.any()
    assert Y[kept, 0].max() < Y[:, 0].max()
    peer = LogConstrainedExpectedImprovement(model, tensor(Y[kept, 0].max()), 0, {1: [-3.0, 0.2]})  # type: ignore[dict-item]
    expected = values(peer)
    found = values(NoisyImprovement(context(model, X, objective)))
    likely = expected > -12
    np.testing.assert_allclose(found[likely], expected[likely], atol=0.05)


def test_the_probability_of_success_is_added() -> None:
    X, Y = measured()
    model = botorch_model(X, Y)
    plain = values(NoisyImprovement(context(model, X)))
    gated = values(NoisyImprovement(context(model, X, gates=(lambda x: -x[:, 0],))))
    np.testing.assert_allclose(gated, plain - GRID[:, 0].numpy(), atol=1e-9)


def test_while_nothing_is_feasible_the_probability_of_feasibility_counts() -> None:
    X, Y = measured(m=2)
    model = several(botorch_model, X, Y)
    objective = Objective(targets=[Target(name="a", goal="maximize"), Target(name="b", at_least=2.5)])
    acquisition = build_acquisition(context(model, X, objective))
    assert isinstance(acquisition, FirstFeasible)
    expected = values(LogProbabilityOfFeasibility(model, {1: (2.5, None)}))
    np.testing.assert_allclose(values(acquisition), expected, atol=1e-6)
    best = GRID[values(acquisition).argmax()][None]
    assert values(acquisition.joined(best), best)[0] < values(acquisition, best)[0]


def test_without_any_measurement_the_incumbent_is_an_average_design() -> None:
    X, Y = measured()
    model = botorch_model(X, Y)
    found = values(build_acquisition(context(model, X[:0])))
    with torch.no_grad():
        mean = model.posterior(GRID[:, None, :]).mean.flatten()
        expected = values(LogExpectedImprovement(model, best_f=mean.mean()))
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_desirability_improvement_equals_joint_draws(weight: float) -> None:
    X, Y = measured(m=2)
    model = several(lambda x, y: botorch_model(x, y, 0.05), X, Y)
    targets = [Target(name="a", goal="maximize", weight=weight), Target(name="b", goal="minimize")]
    objective = Objective(targets=targets)
    ranges = objective.ranges(Y)
    acquisition = DesirabilityImprovement(context(model, X, objective, ranges=ranges))
    generator = torch.Generator().manual_seed(0)
    expected = []
    for x in GRID[:6]:
        posteriors = [part.posterior(torch.cat([tensor(X), x[None]])) for part in model.models]
        draws = []
        for posterior in posteriors:
            root = torch.linalg.cholesky(posterior.distribution.covariance_matrix.detach())
            noise = torch.randn(100_000, len(root), generator=generator, dtype=torch.float64)
            draws.append(posterior.mean[:, 0].detach() + noise @ root.T)
        u = objective.utilities(torch.stack(draws, -1), ranges)[..., 0]
        expected.append((u[:, -1] - u[:, :-1].amax(-1)).clamp_min(0).mean().item())
    found = np.exp(values(acquisition, GRID[:6]))
    np.testing.assert_allclose(found, expected, rtol=0.25, atol=2e-3)
    with torch.no_grad():
        assert np.corrcoef(acquisition.screen(GRID), values(acquisition))[0, 1] > 0.7


def test_nothing_is_compiled_for_several_goals(tmp_path: Path) -> None:
    """In a process of its own: a kernel that was loaded before stays loaded."""
    code = (
        "import designer.acquisition.hypervolume\n"
        "from botorch.acquisition.multi_objective import logei\n"
        "logei._try_load_fused_kernel()\n"
        "assert logei._C is None\n"
    )
    environment = {**os.environ, "TORCH_EXTENSIONS_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True, env=environment, timeout=120)
    assert not list(tmp_path.iterdir())


def test_pareto_is_botorchs_noisy_expected_hypervolume_improvement() -> None:
    X, Y = measured(m=3)
    model = several(lambda x, y: botorch_model(x, y, 0.01), X, Y)
    targets = [Target(name="a", goal="maximize"), Target(name="b", goal="minimize"), Target(name="c", at_most=2)]
    objective = Objective(targets=targets)
    acquisition = build_acquisition(context(model, X, objective, seed=7))
    assert isinstance(acquisition, HypervolumeImprovement)
    there = model.posterior(tensor(X)[:, None, :])
    mean, variance = there.mean[:, 0].detach(), there.variance[:, 0].detach()
    centre, spread = mean.mean(0), (mean.var(0, unbiased=False) + variance.mean(0)).sqrt()

    def utilities(y: Any, X: Any = None) -> Any:
        y = (y - centre) / spread
        return torch.stack([y[..., 0], -y[..., 1]], -1)

    feasible = mean[mean[:, 2] <= 2]
    front = utilities(feasible)[pareto_mask(utilities(feasible))]
    np.testing.assert_allclose(acquisition.reference_point, infer_reference_point(front), atol=1e-12)
    peer = qLogNoisyExpectedHypervolumeImprovement(
        model, acquisition.reference_point.tolist(), acquisition.baseline,
        objective=GenericMCMultiOutputObjective(utilities), constraints=[lambda y: (y[..., 2] - 2) / spread[2]],
        sampler=SobolQMCNormalSampler(torch.Size([128]), seed=7),
        prune_baseline=False, cache_root=False,
    )  # fmt: skip
    np.testing.assert_allclose(values(acquisition), values(peer), atol=1e-9)
    assert 0 < len(acquisition.baseline) <= len(X)
    with torch.no_grad():
        assert np.corrcoef(acquisition.screen(GRID), values(acquisition))[0, 1] > 0.5


@pytest.mark.parametrize("kind", ["single", "match", "desirability", "pareto"])
def test_each_is_differentiable_and_serves_botorchs_own_optimiser(kind: str) -> None:
    X, Y = measured(m=2)
    model = several(lambda x, y: gaussian_process(x, y[:, 0]), X, Y)
    if kind in ("single", "match"):
        model = model.models[0]
        objective = one() if kind == "single" else one("match", value=0.4, tolerance=0.1)
    else:
        weight = 1.0 if kind == "desirability" else None
        targets = [Target(name="a", goal="maximize", weight=weight), Target(name="b", goal="maximize")]
        objective = Objective(targets=targets)
    ranges = objective.ranges(Y[:, : len(objective.targets)])
    acquisition = build_acquisition(context(model, X, objective, ranges=ranges))
    bounds = tensor([[0, 0], [1, 1]])
    _, value = optimize_acqf(
        acquisition, bounds, q=1, num_restarts=2, raw_samples=64, options={"maxiter": 30, "seed": 0}
    )
    assert math.isfinite(value)  # type: ignore[arg-type]
    assert value >= values(acquisition).max() - 0.05


@pytest.mark.parametrize("scale", [1e-30, 1e-15, 1e15, 1e30])
@pytest.mark.parametrize("kind", ["single", "match", "desirability", "pareto"])
def test_the_unit_of_a_target_changes_no_ranking(kind: str, scale: float) -> None:
    X, Y = measured(m=2)

    def scored(size: int, shift: Any) -> Any:
        model = several(lambda x, y: gaussian_process(x, size * y[:, 0] + shift), X, Y)
        keys = {"goal": "match", "value": 0.4 * size, "tolerance": 0.1 * size} if kind == "match" else {}
        targets = [Target(name="a", **({"goal": "maximize"} | keys), weight=1.0 if kind == "desirability" else None)]
        if kind in ("desirability", "pareto"):
            targets.append(Target(name="b", goal="minimize", at_most=0.5 * size + shift))
        else:
            targets.append(Target(name="b", at_most=0.5 * size + shift))
        objective = Objective(targets=targets)
        asked = context(model, X, objective, ranges=objective.ranges(size * Y + shift), pending=GRID[:1])
        return values(build_acquisition(asked), GRID[1:])

    gain = scored(scale, 0.0) - scored(1.0, 0.0)  # type: ignore[arg-type]
    np.testing.assert_allclose(gain - gain.mean(), 0, atol=2e-3)
    if kind in ("single", "match"):
        assert gain.mean() == pytest.approx(math.log(scale), abs=1e-3)


def test_the_zero_of_targets_changes_no_trade_off() -> None:
    X, Y = measured(m=2)
    objective = Objective(targets=[Target(name="a", goal="maximize"), Target(name="b", goal="minimize")])

    def scored(shift: Any, rows: Any) -> Any:
        model = several(lambda x, y: gaussian_process(x, y[:, 0]), X[:rows], Y[:rows] + shift)
        return values(build_acquisition(context(model, X[:rows], objective)))

    for rows in (1, 8):
        np.testing.assert_allclose(scored(1e4, rows), scored(0.0, rows), atol=1e-2)


@pytest.mark.parametrize("kind", ["single", "pareto"])
def test_a_limit_on_what_was_never_measured_is_left_out(kind: str) -> None:
    X, Y = measured(m=3)
    model = several(lambda x, y: gaussian_process(x, y[:, 0]), X, Y)
    targets = [Target(name="a", goal="maximize"), Target(name="b", goal="minimize" if kind == "pareto" else None)]
    free = context(model, X, Objective(targets=[*targets, Target(name="c")]))
    limited = context(model, X, Objective(targets=[*targets, Target(name="c", at_least=100)]), unmeasured={2})
    np.testing.assert_array_equal(values(build_acquisition(limited)), values(build_acquisition(free)))
    assert isinstance(build_acquisition(replace(limited, unmeasured=frozenset())), FirstFeasible)
    assert bool(limited.feasible(tensor(Y)).all())


@pytest.mark.parametrize("seed", range(3))
def test_a_coarse_screen_leads_to_the_best_design(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.random((30, 4))
    y = np.sin(5 * X).sum(1) + 0.5 * (X[:, 0] > 0.5) + 0.1 * rng.normal(size=30)
    process = gaussian_process(X, y)
    forest = fit_forest(TaskData(tensor(X), tensor(y)[:, None], columns=box(4).encoder.columns))
    grid, nothing = tensor(rng.random((8000, 4))), tensor(np.empty((0, 4)))
    mixture = NoisyImprovement(context(Mixture([process, forest], [0.6, 0.4]), X, pending=nothing))
    coarse = mixture.coarse_screen(grid).numpy()
    assert (coarse > coarse[values(mixture, grid).argmax()]).mean() < 0.005  # a search scores at least 1.6 % exactly
    alone = NoisyImprovement(context(process, X, pending=nothing))
    assert torch.equal(alone.screen(grid), alone.coarse_screen(grid))
