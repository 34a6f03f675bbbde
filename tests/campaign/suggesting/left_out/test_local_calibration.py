"""Intervals of campaigns with more results than are modelled: calibrated where results show that they are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import FloatArray
from designer.campaign.campaign import Campaign
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.campaign.suggesting.left_out.left_out_results import LeftOut
from designer.campaign.suggesting.left_out.local_calibration import MAX_FACTOR, LocalCalibration
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from tests.surrogates.tables import numeric_columns

NOISE = 0.05
SECONDS = 0.5  # 271 results are modelled


def function(X: FloatArray) -> FloatArray:
    """Return a function (``n``) that varies a lot where the first setting is above 0.7, and hardly below."""
    return np.asarray(np.where(X[:, 0] > 0.7, np.sin(40 * X[:, 0]) * np.cos(9 * X[:, 1]), 0.2 * X[:, 1]))


def posterior(results: int, seconds: float = SECONDS, unit: float = 1.0) -> CampaignPosterior:
    rng = np.random.default_rng(3)
    X = rng.random((results, 2)).round(4)
    space = [{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in ("a", "b")]
    campaign = Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}], suggest_seconds=seconds)
    y = unit * (function(X) + NOISE * rng.standard_normal(results))
    campaign.attach(pd.DataFrame(X, columns=["a", "b"]).assign(y=y))
    known = campaign.posterior()
    assert known is not None
    return known


@pytest.fixture(scope="module")
def known() -> CampaignPosterior:
    return posterior(1200)


def uncalibrated(known: CampaignPosterior) -> CampaignPosterior:
    return replace(known, left_out=LeftOut())


FLAT = np.column_stack([np.linspace(0.05, 0.6, 400), np.random.default_rng(1).random(400)])


def test_intervals_are_narrower_where_the_function_hardly_varies_and_contain_it_still(known: CampaignPosterior) -> None:
    (mean, deviation), (same, before) = known.predict(FLAT), uncalibrated(known).predict(FLAT)
    within = np.abs(mean[:, 0] - function(FLAT)) <= 1.96 * deviation[:, 0]
    assert np.array_equal(mean, same)
    assert deviation.mean() < 0.8 * before.mean()
    assert 0.88 <= within.mean() <= 0.995


def test_the_noise_of_a_measurement_is_not_scaled(known: CampaignPosterior) -> None:
    clean, noisy = known.predict(FLAT[:20])[1], known.predict(FLAT[:20], of_measurement=True)[1]
    _, before = uncalibrated(known).predict(FLAT[:20], of_measurement=True)
    plain = uncalibrated(known).predict(FLAT[:20])[1]
    assert noisy**2 - clean**2 == pytest.approx(before**2 - plain**2, rel=1e-6)


def test_averages_and_single_designs_are_calibrated_alike(known: CampaignPosterior) -> None:
    one = FLAT[:1]
    assert known.deviations_of_average(one, np.ones(1)) == pytest.approx(known.predict(one)[1][0], rel=1e-4)


def test_nothing_changes_where_all_results_are_modelled() -> None:
    every = posterior(250)
    assert len(every.left_out) == 0
    assert np.array_equal(every.predict(FLAT)[1], uncalibrated(every).predict(FLAT)[1])


def test_intervals_are_in_the_unit_of_the_target(known: CampaignPosterior) -> None:
    large = posterior(1200, unit=1000.0)
    assert large.predict(FLAT[:50])[1] == pytest.approx(1000.0 * known.predict(FLAT[:50])[1], rel=0.05)


def test_goals_limits_and_missing_values_are_calibrated_each_for_itself() -> None:
    rng = np.random.default_rng(4)
    X = rng.random((700, 2)).round(4)
    y, z = function(X) + NOISE * rng.standard_normal(700), 10 ** (X[:, 0] + 0.02 * rng.standard_normal(700))
    cells = ["<2" if value < 2 else f"{value:.4f}" for value in z]
    space = [{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in ("a", "b")]
    targets = [{"name": "y", "goal": "maximize"}, {"name": "z", "goal": "minimize", "scale": "log"}]
    campaign = Campaign.create(space=space, targets=targets, suggest_seconds=0.5)
    table = pd.DataFrame(X, columns=["a", "b"]).assign(y=np.where(rng.random(700) < 0.5, y.round(4), np.nan), z=cells)
    campaign.attach(table)
    several = campaign.posterior()
    assert several is not None
    mean, deviation = several.predict(FLAT)
    within = np.abs(mean - np.column_stack([function(FLAT), FLAT[:, 0]])) <= 1.96 * deviation
    assert within[:, 0].mean() > 0.85
    assert within[FLAT[:, 0] > 0.35, 1].mean() > 0.85  # a design below has limits only


@settings(max_examples=10, deadline=None)
@given(st.floats(-4, 4), st.integers(0, 99))
def test_factors_are_bounded_whatever_the_errors(scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = torch.as_tensor(rng.random((60, 2)))
    process = fit_gaussian_process(TaskData(X, X[:, :1] + 0.01, numeric_columns(2)))
    squares = torch.as_tensor(10.0**scale * rng.standard_normal(60) ** 2)
    noises, variances = torch.full((60,), 0.1, dtype=torch.float64), torch.as_tensor(rng.random(60))
    found = (
        LocalCalibration(X, squares, noises, variances, 0.1, process)
        .factors(torch.as_tensor(rng.random((9, 2))))
        .numpy()
    )
    assert ((found >= 1 / MAX_FACTOR - 1e-12) & (found <= MAX_FACTOR + 1e-12)).all()
