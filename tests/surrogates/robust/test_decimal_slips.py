"""Results of which ten times as much would fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.robust.decimal_slips import SLIP_FACTORS, decimal_slip
from designer.surrogates.robust.outliers import outliers

SPACE = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])


def data(n: int = 7, row: int = 3, times: float = 1.0) -> TaskData:
    x = torch.linspace(0, 1, n, dtype=torch.float64)[:, None]
    y = 285 + 30 * torch.sin(4 * x)
    y[row : row + 1] *= times
    return TaskData(x, y, SPACE.encoder.columns)


@pytest.mark.parametrize("fits", SLIP_FACTORS)
def test_a_slip_is_found_with_fewer_results_than_an_outlier(fits: float) -> None:
    given = data(times=1 / fits)
    found = decimal_slip(given, 0)
    assert found is not None
    assert (found.row, found.target, found.fits) == (3, 0, fits)
    assert found.value == float(given.Y[3])
    assert found.expected == pytest.approx(285, abs=40)
    assert found == decimal_slip(given, 0, fit_gaussian_process(given, wide=True))


def test_a_result_that_no_moved_point_explains_is_not_asked_about() -> None:
    """It may be a discovery; `outliers` decides whether it is flagged."""
    assert decimal_slip(data(times=3.5), 0) is None
    assert decimal_slip(data(times=45.0), 0) is None
    assert outliers(data(times=3.5), 0) == ()


@pytest.mark.parametrize("n", [0, 1, 4, 5, 20])
def test_sound_results_are_not_asked_about(n: int) -> None:
    assert decimal_slip(data(n, row=0), 0) is None


@pytest.mark.parametrize(("slope", "fits"), [(-1.0, 10.0), (0.001, 10.0), (1e6, 10.0)])
def test_unit_and_sign_change_nothing(slope: float, fits: float) -> None:
    given = data(times=0.1)
    order = [4, 2, 6, 0, 1, 5, 3]
    found = decimal_slip(TaskData(given.X[order], slope * given.Y[order], given.columns), 0)
    assert found is not None
    assert (order[found.row], found.fits) == (3, fits)


@pytest.mark.parametrize(("error", "asked"), [(1.0, True), (200.0, False)])
def test_the_standard_error_that_a_result_is_given_counts(error: float, asked: bool) -> None:
    given = data(times=0.1)
    Yvar = torch.full_like(given.Y, torch.nan)
    Yvar[3] = error**2
    assert (decimal_slip(TaskData(given.X, given.Y, given.columns, Yvar), 0) is not None) == asked


def test_a_second_measurement_that_agrees_ends_the_question() -> None:
    given = data(times=0.1)
    again = TaskData(torch.cat([given.X, given.X[[3]]]), torch.cat([given.Y, given.Y[[3]] * 1.01]), given.columns)
    assert decimal_slip(again, 0) is None


def test_noise_alone_is_seldom_asked_about() -> None:
    rng = np.random.default_rng(1)
    x = torch.linspace(0, 1, 12, dtype=torch.float64)[:, None]
    tables = [TaskData(x, torch.from_numpy(rng.normal(20, 10, (12, 1))), SPACE.encoder.columns) for _ in range(100)]
    assert sum(decimal_slip(each, 0) is not None for each in tables) <= 3
