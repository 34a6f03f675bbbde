"""Priors that bear wrong results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from designer.objective import Target
from designer.priors import robust_conditioning
from designer.priors.auto import AutoPrior
from designer.priors.base import FittedPrior
from designer.priors.baseline import BaselinePrior
from designer.priors.kinds import fit_prior
from designer.priors.testing import example_data, example_designs, example_tasks
from designer.space import DesignSpace
from designer.surrogates.data import Quantity, TaskData
from designer.tasks import Task

LINE = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])


def slipped(rows: int = 20, targets: int = 1) -> TaskData:
    data = example_data(rows, targets=targets)
    Y = data.Y.clone()
    Y[4, 0] *= 10
    return replace(data, Y=Y)


def marginals(prior: FittedPrior, data: TaskData, *, bears: bool) -> torch.Tensor:
    model = robust_conditioning.condition(prior, data).model if bears else prior.condition(data)
    return model.posterior(example_designs(30)[:, None, :]).mean[:, 0, 0].detach()


@pytest.fixture(scope="module", params=["none", "auto", "transfer-gp", "metric"])
def prior(request: pytest.FixtureRequest) -> FittedPrior:
    return fit_prior(example_tasks(), request.param)


def test_sound_results_give_the_posterior_of_the_prior_bit_for_bit(prior: FittedPrior) -> None:
    data = example_data(20)
    assert robust_conditioning.condition(prior, data).outliers == ()
    assert robust_conditioning.condition(prior, data).data is data
    assert torch.equal(marginals(prior, data, bears=True), marginals(prior, data, bears=False))


def test_a_wrong_result_hardly_changes_predictions(prior: FittedPrior) -> None:
    sound = marginals(prior, example_data(20), bears=False)
    borne, hidden = ((marginals(prior, slipped(), bears=bears) - sound).abs().mean() for bears in (True, False))
    assert [each.row for each in robust_conditioning.condition(prior, slipped()).outliers] == [4]
    assert borne < 0.35 * hidden


def test_the_order_of_results_changes_nothing(prior: FittedPrior) -> None:
    data = slipped()
    order = torch.randperm(20, generator=torch.Generator().manual_seed(2))
    turned = replace(data, X=data.X[order], Y=data.Y[order])
    torch.testing.assert_close(marginals(prior, turned, bears=True), marginals(prior, data, bears=True))


def test_other_targets_are_left_alone() -> None:
    found = robust_conditioning.condition(BaselinePrior(), slipped(targets=2))
    alone = BaselinePrior().condition(example_data(20, targets=2).target(1))
    X = example_designs(5)[:, None, :]
    assert [(each.row, each.target) for each in found.outliers] == [(4, 0)]
    assert torch.equal(found.model.posterior(X).mean[..., 1], alone.posterior(X).mean[..., 0])


def peaked(height: float, count: int = 4) -> tuple[Task, ...]:
    """Return tasks over one parameter, almost flat but for a peak of some height in the middle."""
    x = np.linspace(0, 1, 41)
    tables = [
        pd.DataFrame({"x": x, "y": (1 + 0.05 * i) * (np.sin(5 * x) + height * np.exp(-(((x - 0.5) / 0.04) ** 2)))})
        for i in range(count)
    ]
    targets = [Target(name="y", goal="maximize")]
    return tuple(Task(space=LINE, targets=targets, data=table, name=f"t{i}") for i, table in enumerate(tables))


@pytest.mark.parametrize("height", [20.0, 0.0])
def test_a_result_that_past_tasks_predict_is_no_outlier(height: float) -> None:
    prior = AutoPrior().fit(peaked(height), seed=0)
    x = torch.tensor([0.02, 0.1, 0.17, 0.25, 0.31, 0.37, 0.5, 0.63, 0.7, 0.78, 0.85, 0.93], dtype=torch.float64)[
        :, None
    ]
    y = torch.sin(5 * x)
    y[6] += 20
    data = TaskData(x, y, LINE.encoder.columns, quantities=(Quantity("y"),))
    assert [each.row for each in robust_conditioning.condition(BaselinePrior(), data).outliers] == [6]
    assert [each.row for each in robust_conditioning.condition(prior, data).outliers] == ([] if height else [6])
