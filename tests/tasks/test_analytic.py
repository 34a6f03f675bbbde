"""Analytic families: the best design is the best there is, tasks are related and differ, seeds decide all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import spearmanr

from designer.errors import InvalidData
from designer.tasks.analytic import KINDS, analytic_family, analytic_surfaces

EACH = pytest.mark.parametrize("kind", KINDS)


@EACH
def test_no_design_is_better_than_the_best(kind: str) -> None:
    for surface in analytic_surfaces(kind):
        assert not surface.space.violations(surface.best)
        sample = surface.space.frame(surface.space.sample(4000, np.random.default_rng(1)))
        assert surface(sample).max() < surface.best_value


@pytest.mark.parametrize("kind", ["arrhenius-peak", "process-window"])
def test_a_climb_from_the_best_of_a_sample_ends_at_the_known_best(kind: str) -> None:
    for surface in analytic_surfaces(kind, number=3):
        names = [name for name in surface.space.columns if name != "gas"]
        start = surface.space.frame(surface.space.sample(2000, np.random.default_rng(2)))
        start = start.iloc[[int(np.argmax(surface(start)))]].reset_index(drop=True)

        def loss(logs: Any, surface: Any = surface, names: Any = names, start: Any = start) -> Any:
            return -float(surface(start.assign(**dict(zip(names, np.exp(logs), strict=True))))[0])

        found = minimize(loss, np.log(start[names].to_numpy(dtype=float)[0]), method="Nelder-Mead")
        assert -found.fun == pytest.approx(surface.best_value, rel=1e-3)
        assert np.exp(found.x) == pytest.approx([surface.best[name] for name in names], rel=0.1)


def test_the_arrhenius_ridge_follows_its_law() -> None:
    """Along t = t0 exp(E/R (1/T - 1/T0)) only the factor of temperature changes, for one E."""
    surface = analytic_surfaces("arrhenius-peak")[0]
    top, dose = surface.best["temperature"], surface.best["time"]
    times = np.geomspace(1e-4, 1e7, 200001)
    energies = []
    for celsius in (top - 40, top + 40):
        values = surface(pd.DataFrame({"temperature": celsius, "time": times}))
        late = np.log(times[int(np.argmax(values))] / dose)
        energies.append(8.314462618 * late / (1 / (celsius + 273.15) - 1 / (top + 273.15)))
    assert energies[0] == pytest.approx(energies[1], rel=1e-3)
    assert 70e3 <= energies[0] <= 130e3


@EACH
def test_tasks_are_related_and_not_the_same(kind: str) -> None:
    surfaces = analytic_surfaces(kind)
    designs = surfaces[0].space.frame(surfaces[0].space.sample(500, np.random.default_rng(3)))
    values = np.array([surface(designs) for surface in surfaces])
    ranks = spearmanr(values.T).statistic[np.triu_indices(len(values), 1)]  # type: ignore[index]
    assert np.median(ranks) > 0.3
    assert ranks.max() < 0.999


@EACH
def test_a_family_holds_each_best_design_once_and_is_the_same_for_the_same_seed(kind: str) -> None:
    family, surfaces = analytic_family(kind, number=3, rows=40), analytic_surfaces(kind, number=3)
    for task, surface in zip(family.tasks, surfaces, strict=True):
        assert task.Y.max() == pytest.approx(surface.best_value)
        assert len(task) == len(task.distinct().mean) == 40
    again = analytic_family(kind, number=3, rows=40)
    for one, other in zip(family.tasks, again.tasks, strict=True):
        pd.testing.assert_frame_equal(one.data, other.data)
    other = analytic_family(kind, number=3, rows=40, seed=1)  # type: ignore[assignment]
    assert not np.allclose(family.tasks[0].Y, other.tasks[0].Y)  # type: ignore[attr-defined]
    more = analytic_surfaces(kind, number=5)
    assert [surface.best for surface in more[:3]] == [surface.best for surface in surfaces]


def test_noise_has_the_size_that_was_asked_for() -> None:
    noisy, exact = (analytic_family("process-window", number=2, noise=noise) for noise in (2.0, 0.0))
    errors = np.concatenate([a.Y - b.Y for a, b in zip(noisy.tasks, exact.tasks, strict=True)])
    assert np.std(errors) == pytest.approx(2.0, rel=0.15)
    assert analytic_surfaces("process-window", number=2)[0].best_value == exact.tasks[0].Y.max()


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(InvalidData, match="analytic family 'hill' is not known; one of: arrhenius-peak"):
        analytic_family("hill")
