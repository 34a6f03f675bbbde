"""A process that bears wrong results."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.outliers import fit_bearing_outliers

SPACE = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])


def data(wrong: dict[int, float], n: int = 24) -> TaskData:
    x = torch.linspace(0, 1, n, dtype=torch.float64)[:, None]
    y = 5 + torch.sin(6 * x) + 0.02 * torch.from_numpy(np.random.default_rng(0).normal(size=(n, 1)))
    for row, factor in wrong.items():
        y[row] *= factor
    return TaskData(x, y, SPACE.encoder.columns)


def test_sound_results_give_the_plain_process() -> None:
    plain, bearing = fit_gaussian_process(data({})), fit_bearing_outliers(data({}))
    assert torch.equal(plain.marginals(data({}).X)[0], bearing.marginals(data({}).X)[0])


@pytest.mark.parametrize("wrong", [{7: 10.0}, {3: 0.1}, {5: 10.0, 12: 10.0, 18: 0.1}])
def test_wrong_results_hide_the_others_no_more(wrong: dict[int, float]) -> None:
    sound, given = data({}), data(wrong)
    errors = [
        float((fit(given).marginals(sound.X)[0] - sound.Y[:, 0]).square().mean().sqrt())
        for fit in (fit_gaussian_process, fit_bearing_outliers)
    ]
    assert errors[1] < 0.1 < errors[0]


def test_the_order_of_rows_changes_nothing() -> None:
    given, order = data({7: 10.0}), torch.from_numpy(np.random.default_rng(1).permutation(24))
    turned = TaskData(given.X[order], given.Y[order], given.columns)
    first, second = fit_bearing_outliers(given), fit_bearing_outliers(turned)
    assert torch.equal(first.marginals(given.X)[0], second.marginals(given.X)[0])


def test_known_noise_is_kept() -> None:
    given = data({7: 10.0})
    variance = torch.full_like(given.Y, 1e-4)
    given = TaskData(given.X, given.Y, given.columns, variance)
    assert torch.equal(fit_bearing_outliers(given).known_noise, fit_gaussian_process(given).known_noise)
