"""Priors learned from held-out tasks: they find how far a mean is wrong, and how noisy measurements are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from designer.priors.informed import InformedModel, KernelTerm, fit_informed
from designer.priors.networks.network_calibration import RAISES, UNIT, Calibration, calibrate, sharpened
from designer.surrogates.data import TaskData
from tests.surrogates.tables import numeric_columns

WIDE = Calibration((-0.7, 1.0), (-4.0, 1.0), (KernelTerm("linear", (0,), (-2.0, 1.0)),))


def fit(data: TaskData, calibration: Calibration) -> InformedModel:
    def knowing(X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = torch.sin(5 * X[..., 0])
        return mean, mean[..., None]

    return fit_informed(data, knowing, calibration.terms, output=UNIT, settings=calibration.settings)


def tasks(noise: float, slope: float, count: int = 6) -> list[tuple[TaskData, object]]:
    made = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        X = torch.tensor(rng.random((40, 2)))
        y = slope * torch.sin(5 * X[:, 0]) + noise * torch.tensor(rng.standard_normal(40))
        made.append((TaskData(X, y[:, None], numeric_columns(2)), fit))
    return made  # type: ignore[return-value]


def test_a_mean_that_is_right_leaves_little_to_the_process() -> None:
    right, wrong = calibrate(tasks(0.05, 1.0), WIDE), calibrate(tasks(0.05, -1.5), WIDE)  # type: ignore[arg-type]
    assert right.tasks == 6
    assert right.variance[0] < WIDE.variance[0] - 0.5
    assert wrong.terms[0].variance[0] > right.terms[0].variance[0] + 0.5


@pytest.mark.parametrize("noise", [0.05, 0.4])
def test_the_noise_is_found(noise: float) -> None:
    assert calibrate(tasks(noise, 1.0), WIDE).noise[0] == pytest.approx(2 * np.log(noise), abs=1.2)  # type: ignore[arg-type]


def test_without_tasks_the_wide_priors_stay() -> None:
    assert calibrate([], WIDE) == WIDE
    assert sharpened([], WIDE, (3,))[0] == WIDE


def test_priors_that_are_too_sure_are_raised() -> None:
    sure = Calibration((-6.0, 0.2), (-8.0, 0.2), WIDE.terms)
    raised, figures = sharpened(tasks(0.4, 1.0), sure, (3, 10))  # type: ignore[arg-type]
    assert (raised.variance[0] - sure.variance[0], raised.noise[0] - sure.noise[0]) in [  # type: ignore[comparison-overlap]
        (pytest.approx(a), pytest.approx(b)) for a, b in RAISES if b == 2.0
    ]
    assert figures["tasks"] == 6
    assert all(0.0 < share <= 1.0 for share in figures["coverage"])


def test_it_survives_json() -> None:
    import json

    learned = calibrate(tasks(0.1, 1.0, 2), WIDE)  # type: ignore[arg-type]
    assert WIDE.restored(json.loads(json.dumps(learned.as_dict()))) == learned
