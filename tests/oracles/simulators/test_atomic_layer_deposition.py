"""Atomic layer deposition against Gordon's published formula, closed forms, and conservation of molecules."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from designer.errors import MeasurementFailed
from designer.oracles.simulators import atomic_layer_deposition as ald
from designer.oracles.simulators.base import load

pytestmark = pytest.mark.usefixtures("machball")

USUAL = {"temperature": 200.0, "pressure": 2.0, "dose_time": 0.1}


def task(name: str = "tma-via-20") -> Any:
    return ald.ATOMIC_LAYER_DEPOSITION.task(name)


def simulate(name: str = "tma-via-20", **changes: float) -> Any:
    return task(name).simulate(USUAL | changes)


@pytest.mark.parametrize("ratio", [5, 10])
def test_gordons_exposure_covers_a_hole(ratio: int) -> None:
    """Gordon et al. 2003: P t = sqrt(2 pi m k T)/s (1 + 19/4 a + 3/2 a^2) just covers a hole if all that hits sticks.

    The formula stops the film at a sharp front, so a little less than this exposure leaves the bottom partly bare.
    """
    mass, kelvin, site, pressure = 72.09, 473.15, 2.5e-19, 100.0
    kinetic = math.sqrt(2 * math.pi * mass * 1.66054e-27 * 1.380649e-23 * kelvin)
    time = kinetic / site * (1 + 19 / 4 * ratio + 3 / 2 * ratio**2) / pressure
    process = load("machball").ALDIdeal(1.0, mass, kelvin, pressure, site)
    ballistic = load("machball.ballistic")

    def bottom(share: float) -> float:
        feature = ballistic.Via(ratio, 3 * ratio)
        return float(ald.dosed(ballistic.dose_ideal, feature, share * time / process.t0, 0.5, 0.0)[-1])

    assert bottom(1.1) > 0.97
    assert 0.3 < bottom(0.75) < 0.95
    assert bottom(0.5) < 0.5


def test_a_shallow_hole_fills_as_a_flat_surface() -> None:
    """Langmuir's closed form, 1 - exp(-beta t/t0); the solver's steps of 5 % leave about a hundredth."""
    ballistic = load("machball.ballistic")
    for dose in (20.0, 100.0, 300.0):
        shallow = ald.dosed(ballistic.dose_ideal, ballistic.Via(1e-4, 4), dose, 0.01, 0.0)
        assert shallow == pytest.approx(1 - math.exp(-0.01 * dose), abs=0.02)


def test_a_dose_in_parts_is_a_dose() -> None:
    ballistic = load("machball.ballistic")
    feature = ballistic.Via(10, 30)
    whole = ballistic.dose_ideal(feature, 3000.0, 0.01, 1e-5)
    assert np.allclose(ald.dosed(ballistic.dose_ideal, feature, 3000.0, 0.01, 1e-5), whole, atol=5e-3)


def test_early_molecules_of_a_small_dose_nearly_all_stick() -> None:
    """In a deep hole with a free wall, use is machball's own effective sticking probability."""
    ballistic = load("machball.ballistic")
    feature = ballistic.Via(20, 60)
    _, sticking = ballistic.solve_constant(feature, ald.TRIMETHYLALUMINIUM.reaction)
    small = simulate(pressure=0.1, dose_time=0.01)
    assert small["precursor_use"] == pytest.approx(100 * sticking, rel=0.03)


def test_exposure_is_what_counts() -> None:
    """Pressure and time enter as their product alone."""
    assert simulate(pressure=8.0, dose_time=0.025) == pytest.approx(simulate())


def test_coverage_and_use_pull_against_each_other() -> None:
    short, long = simulate(dose_time=0.1), simulate(dose_time=1.0)
    assert short["coverage"] < 80 < 99 < long["coverage"]
    assert short["precursor_use"] > 2 * long["precursor_use"]


def test_molecules_are_conserved_after_saturation() -> None:
    """Once all sites are taken, use is sites over molecules: ten times the dose, a tenth of the use."""
    once, ten = simulate(dose_time=2.0), simulate(dose_time=2.0, pressure=20.0)
    assert once["precursor_use"] == pytest.approx(10 * ten["precursor_use"], rel=1e-4)


def test_deeper_is_harder() -> None:
    coverages = [simulate(f"tma-via-{ratio}", dose_time=0.1)["coverage"] for ratio in (10, 20, 30)]
    assert coverages == sorted(coverages, reverse=True)
    assert simulate("tma-trench-50")["coverage"] > simulate("tma-via-50")["coverage"]


def test_every_task_simulates() -> None:
    for each in ald.ATOMIC_LAYER_DEPOSITION.tasks:
        values = each.simulate(USUAL)  # type: ignore[call-arg]
        assert all(0 <= value <= 100 for value in values.values()), each.name


def test_a_precursor_that_decomposes_is_a_failed_experiment() -> None:
    with pytest.raises(MeasurementFailed, match="decomposes at this temperature"):
        simulate("dez-via-10", temperature=300.0)
    assert simulate("dez-via-10", temperature=150.0)["coverage"] > 0


def test_an_unphysical_result_is_a_failed_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ald, "dosed", lambda *_: np.full(61, math.nan))
    with pytest.raises(MeasurementFailed, match="unphysical"):
        simulate()


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    simulate()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "dose"), [("tma-via-20", 0.1), ("tma-trench-50", 0.05)])
def test_finer_rings_change_little(monkeypatch: pytest.MonkeyPatch, name: str, dose: float) -> None:
    usual = simulate(name, dose_time=dose)
    monkeypatch.setattr(ald, "_RINGS", {shape: 2 * rings for shape, rings in ald._RINGS.items()})
    finer = simulate(name, dose_time=dose)
    assert 5 < usual["coverage"] < 95
    assert finer["coverage"] == pytest.approx(usual["coverage"], abs=2)
    assert finer["precursor_use"] == pytest.approx(usual["precursor_use"], rel=0.03)


def test_probabilities_stay_probabilities() -> None:
    eager = replace(task(), precursor=replace(ald.TRIMETHYLALUMINIUM, reaction=0.9, barrier=0.5))
    reaction, loss, _ = eager._kinetics(590.0)
    assert reaction + loss <= 1
