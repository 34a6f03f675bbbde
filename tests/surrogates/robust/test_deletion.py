"""Predictions without some results, in closed form, equal those of a process that never had them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import conditioned_like, fit_gaussian_process
from designer.surrogates.robust.deletion import Deletion
from designer.surrogates.robust.leave_one_out import deviations, leave_one_out_prediction, noise_of
from tests.surrogates.tables import numeric_columns


def task(n: int, variance: bool) -> TaskData:
    rng = np.random.default_rng(1)
    X = torch.from_numpy(rng.uniform(size=(n, 2)))
    y = torch.sin(4 * X[:, :1]) + X[:, 1:] ** 2 + 0.05 * torch.from_numpy(rng.normal(size=(n, 1)))
    given = torch.where(torch.arange(n)[:, None] % 2 == 0, 0.01, torch.nan).double() if variance else None
    return TaskData(X, 3 + 5 * y, numeric_columns(2), Yvar=given)


@pytest.mark.parametrize("variance", [False, True])
@pytest.mark.parametrize("left_out", [[], [3], [0, 7, 8, 29]])
def test_closed_form_equals_conditioning_without(left_out: list[int], variance: bool) -> None:
    data = task(30, variance)
    data = data.rows(data.order(0).tolist())
    whole = fit_gaussian_process(data, wide=True)
    kept = [row for row in range(30) if row not in left_out]
    rest = conditioned_like(whole, data.rows(kept))
    rest.known_noise[:] = whole.known_noise[kept]
    rest = type(whole)(
        rest.inputs, rest.values, whole.kernel, whole.hyperparameters,
        known_noise=whole.known_noise[kept], output=whole.output,
    )  # fmt: skip
    found = Deletion.of(whole).without(left_out)
    assert len(found) == len(kept)
    assert found.deviations == pytest.approx(deviations(rest), rel=1e-6)
    alone, alone_variances = found.leave_one_out()
    assert alone == pytest.approx(rest.held_out().means, rel=1e-6)
    assert alone_variances == pytest.approx(rest.held_out().variances, rel=1e-6)
    means, variances = found.predictions()
    for row, mean, spread in zip(left_out, means, variances, strict=True):
        wanted, deviation = leave_one_out_prediction(rest, data, row, 0)
        assert mean == pytest.approx(wanted, rel=1e-6)
        noise = noise_of(data, row, 0, rest.noise_variance)
        assert (spread + noise) ** 0.5 == pytest.approx(deviation, rel=1e-5)
