"""The level of a new task: its own values, seen through what is expected of the designs, and the past ones' levels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.priors.levels import level_of
from designer.priors.sources import Source
from designer.surrogates.data import Quantity
from designer.surrogates.outputs import OutputScale

STRENGTH = Quantity("strength", "MPa")


def source(centre: float, scale: float, name: str = "a", quantity: Quantity = STRENGTH) -> Source:
    z = np.array([-1.0, 0.0, 1.0])
    X = torch.zeros(3, 1, dtype=torch.float64)
    return Source(name, quantity, X, torch.tensor(centre + scale * z), torch.ones(1, dtype=torch.bool))


SAME = [source(100.0, 10.0, "a"), source(110.0, 12.0, "b"), source(90.0, 9.0, "c")]


def test_without_values_it_is_that_of_past_tasks() -> None:
    level = level_of(np.zeros(0), np.zeros(0), 0.1, SAME, STRENGTH)
    assert level.centre == pytest.approx(100.0)
    assert 9.0 < level.scale < 12.0
    assert level_of(np.zeros(0), np.zeros(0), 0.1, SAME, Quantity("colour")) == OutputScale()


def test_chosen_designs_do_not_hide_the_scale() -> None:
    """Three good designs, 2 deviations above the mean and nearly alike."""
    y, mean = np.array([121.0, 120.0, 119.5]), np.array([2.1, 2.0, 1.95])
    plain, level = OutputScale.of(y), level_of(y, mean, 0.01, SAME, STRENGTH)
    assert plain.scale < 1.0
    assert plain.centre > 119.0
    assert 8.0 < level.scale < 12.0
    assert 95.0 < level.centre < 105.0


def test_values_of_an_unknown_quantity_stand_alone() -> None:
    y, mean = 5.0 + 3.0 * np.arange(4.0), np.arange(4.0)
    level = level_of(y, mean, 0.0, SAME, Quantity("colour"))
    assert level.scale == pytest.approx(3.0, rel=0.02)
    assert level.centre == pytest.approx(5.0, abs=0.1)


def test_values_on_quite_another_scale_stand_alone() -> None:
    y, mean = 1e4 * (5.0 + 3.0 * np.arange(4.0)), np.arange(4.0)
    assert level_of(y, mean, 0.0, SAME, STRENGTH) == level_of(y, mean, 0.0, [], None)


def test_many_values_outweigh_the_past() -> None:
    rng = np.random.default_rng(0)
    mean = rng.standard_normal(400)
    level = level_of(100.0 + 14.0 * mean, mean, 0.01, SAME, STRENGTH)
    assert level.scale == pytest.approx(14.0, rel=0.02)
    assert level.centre == pytest.approx(100.0, abs=0.5)


@pytest.mark.parametrize("factor", [-1.0, 1e-3, -250.0])
def test_it_follows_units_and_signs(factor: float) -> None:
    y, mean = np.array([121.0, 100.0, 95.0, 104.0]), np.array([1.5, 0.2, -0.4, 0.1])
    first = level_of(y, mean, 0.2, SAME, STRENGTH)
    turned = [source(factor * s.output.centre, factor * s.output.scale, s.name) for s in SAME]
    other = level_of(factor * y, np.sign(factor) * mean, 0.2, turned, STRENGTH)
    assert other.scale == pytest.approx(abs(factor) * first.scale)
    assert other.centre == pytest.approx(factor * first.centre)


@pytest.mark.parametrize("y", [[4.0], [4.0, 4.0, 4.0], [0.0]])
def test_values_that_do_not_differ(y: list[float]) -> None:
    for sources, quantity in ((SAME, STRENGTH), ([], None)):
        level = level_of(np.array(y), np.zeros(len(y)), 0.1, sources, quantity)
        assert level.scale > 0
        assert np.isfinite(level.centre)


def test_a_few_values_at_a_bound_do_not_make_a_scale() -> None:
    """Four reactions that gave nothing: a yield of 0.1 % is noise, not a tenth of what this task can give."""
    y, mean = np.array([100.0, 100.01, 100.0, 100.02]), np.array([0.1, -0.2, 0.3, 0.0])
    few = level_of(y, mean, 0.1, SAME, STRENGTH)
    assert 5.0 < few.scale < 12.0
    many = level_of(np.tile(y, 5), np.tile(mean, 5), 0.1, SAME, STRENGTH)
    assert many == level_of(np.tile(y, 5), np.tile(mean, 5), 0.1, [], None)
