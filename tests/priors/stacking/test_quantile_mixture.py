"""Mixtures: their weights, their quantiles, and the calibration of one model's errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from designer.priors.stacking.components import Calibration, StudentT, log_t
from designer.priors.stacking.quantile_mixture import quantiles, stacked
from designer.priors.stacking.warps import Warp


def prediction(location: float, scale: float, dof: float = 5.0, form: str = "identity") -> StudentT:
    ones = np.ones(3)
    return StudentT(location * ones, scale * ones, dof * ones, Warp(form))  # type: ignore[arg-type]


def test_quantiles_of_one_distribution_are_its_own() -> None:
    (low, high) = quantiles([prediction(1.0, 2.0)], [1.0], (0.05, 0.95))
    assert low == pytest.approx(student.ppf(0.05, 5.0, 1.0, 2.0))
    assert high == pytest.approx(student.ppf(0.95, 5.0, 1.0, 2.0))
    (middle,) = quantiles([prediction(1.0, 2.0, form="log")], [1.0], (0.5,))
    assert middle == pytest.approx(np.e)


def test_quantiles_of_a_mixture_have_their_probability() -> None:
    parts, weights = (
        [prediction(0.0, 1.0), prediction(4.0, 0.5, 100.0), prediction(1.0, 0.3, form="log")],
        [0.5, 0.3, 0.2],
    )
    for level in (0.05, 0.5, 0.95):
        (value,) = quantiles(parts, weights, (level,))
        below = (
            0.5 * student.cdf(value, 5.0)
            + 0.3 * norm.cdf(value, 4.0, 0.5)
            + 0.2 * np.where(value > 0, student.cdf((np.log(np.maximum(value, 1e-300)) - 1.0) / 0.3, 5.0), 0.0)
        )
        assert below == pytest.approx(level, abs=0.005)


@pytest.mark.parametrize("forms", [("identity", "log"), ("log", "identity", "asinh"), ("asinh", "identity")])
def test_quantiles_are_right_however_far_apart_the_models_are(forms: tuple[str, ...]) -> None:
    rng = np.random.default_rng(len(forms))
    parts = [
        StudentT(3 * rng.normal(size=2000), np.exp(rng.normal(size=2000)), np.full(2000, rng.uniform(2, 40)), warp)
        for warp in (Warp(form, 1.0, 2.0) for form in forms)  # type: ignore[arg-type]
    ]
    weights = rng.dirichlet(np.ones(len(forms)))
    for level in (0.05, 0.5, 0.95):
        (value,) = quantiles(parts, weights.tolist(), (level,))
        below = sum(
            w * student.cdf((part.warp(value) - part.location) / part.scale, part.dof)
            for w, part in zip(weights, parts, strict=True)
        )
        assert np.quantile(np.abs(below - level), 0.99) < 0.002


def test_weights_go_to_what_predicts() -> None:
    rng = np.random.default_rng(0)
    y = rng.standard_normal(80)
    densities = np.column_stack([norm.logpdf(y), norm.logpdf(y, 3.0)])
    assert stacked(densities, np.ones(2))[0] > 0.95
    assert stacked(densities[:0], np.array([1.0, 3.0])).tolist() == [0.25, 0.75]
    assert stacked(densities[:, ::-1], np.ones(2))[1] == pytest.approx(stacked(densities, np.ones(2))[0])


def test_densities_are_those_of_the_value_itself() -> None:
    y = np.array([0.5, 1.0, 4.0])
    exact = student.logpdf((np.log(y) - 1.0) / 0.3, 5.0) - np.log(0.3) - np.log(y)
    assert prediction(1.0, 0.3, form="log").log_density(y) == pytest.approx(exact)
    assert log_t(y, 7.0) == pytest.approx(student.logpdf(y, 7.0))


def test_errors_twice_as_large_as_predicted_double_the_interval() -> None:
    def half(calibration: Calibration) -> float:
        return float(calibration.factor * student.ppf(0.95, calibration.dof))

    z = np.random.default_rng(1).standard_normal(400)
    seen = float(np.quantile(np.abs(z), 0.9))
    assert half(Calibration.of(2.0 * z, 50.0)) == pytest.approx(2.0 * seen, rel=0.05)
    assert half(Calibration.of(z, 50.0)) == pytest.approx(seen, rel=0.05)
    heavy = np.random.default_rng(2).standard_t(3.0, 400)
    assert Calibration.of(heavy, 50.0).dof < 8.0
    assert Calibration.of(z[:3] * 100, 5.0) == Calibration(1.0, 5.0)
