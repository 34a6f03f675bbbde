"""Ageing against kawin's own example, the laws of coarsening and of strength, and the phase diagram."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from designer.errors import MeasurementFailed
from designer.oracles.simulators import ageing as ag
from designer.oracles.simulators import base

TASK = ag.AGEING.task("cold-worked")


@pytest.fixture(scope="session")
def peak(kawin: Any) -> Any:
    """0.4 at.% after 10 h at 450 degC: nearly everything has precipitated."""
    return TASK.aged(4e-3, 723.15, 10 * 3600)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def coarse(kawin: Any) -> Any:
    """0.3 at.% after 200 h at 500 degC: few large particles."""
    return TASK.aged(3e-3, 773.15, 200 * 3600)  # type: ignore[attr-defined]


def test_it_is_kawins_own_example(peak: Any) -> None:
    """Example "Binary precipitation" of kawin 0.5.0, with its own steps (Runge-Kutta 4), classes and diffusivity."""
    assert peak.radius == pytest.approx(4.392e-9, rel=0.02)
    assert peak.fraction == pytest.approx(0.015460, rel=1e-3)
    assert peak.density == pytest.approx(4.004e22, rel=0.05)
    assert peak.matrix == pytest.approx(1.372e-4, rel=0.01)


def test_the_history_ends_with_the_alloy_and_its_zirconium_leaves_the_matrix(kawin: Any) -> None:
    alloy, history = TASK.followed(4e-3, 723.15, 1800)  # type: ignore[attr-defined]
    assert history.seconds.shape == history.matrix.shape
    assert (history.seconds[0], history.seconds[-1]) == (0, pytest.approx(1800))
    assert (history.matrix[0], history.matrix[-1]) == (pytest.approx(4e-3), alloy.matrix)
    assert np.all(np.diff(history.seconds) > 0)
    assert np.all(np.diff(history.matrix) <= 1e-6)


@pytest.mark.parametrize(("alloy", "solute"), [("peak", 4e-3), ("coarse", 3e-3)])
def test_zirconium_is_conserved(alloy: str, solute: float, request: pytest.FixtureRequest) -> None:
    after = request.getfixturevalue(alloy)
    assert after.fraction * 0.25 + (1 - after.fraction) * after.matrix == pytest.approx(solute, rel=2e-3)


def test_the_matrix_is_in_equilibrium_with_particles_of_their_size(coarse: Any) -> None:
    """Gibbs-Thomson for a dilute matrix, from the phase diagram by pycalphad: x = x0 exp(2 gamma Vm / (r R T 1/4))."""
    flat = solvus(773.15)
    molar = ag._EDGE**3 / 4 * 6.02214e23
    expected = flat * math.exp(2 * 0.1 * molar / (coarse.radius * 8.314 * 773.15 * 0.25))
    assert coarse.matrix == pytest.approx(expected, rel=0.03)
    assert coarse.matrix > 1.1 * flat


def test_the_assessment_has_the_published_solubility(kawin: Any) -> None:
    """0.083 at.% at the peritectic, 660.8 degC: J. Murray et al., Journal of Phase Equilibria 13, 277 (1992)."""
    assert solvus(933.9) == pytest.approx(8.3e-4, rel=0.15)


def solvus(kelvin: float) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # within pycalphad
        from kawin.tests.databases import ALZR_TDB
        from pycalphad import Database, equilibrium  # type: ignore[import-not-found]
        from pycalphad import variables as v

        conditions = {v.X("ZR"): 0.01, v.T: kelvin, v.P: 101325, v.N: 1}
        found = equilibrium(Database(ALZR_TDB), ["AL", "ZR", "VA"], ["FCC_A1", "AL3ZR"], conditions)
        phases = found.Phase.values.ravel().tolist()
        return float(found.X.sel(component="ZR").values.ravel()[phases.index("FCC_A1")])


def test_large_particles_are_looped(kawin: Any) -> None:
    """Orowan's stress by hand, and the smaller of the ways counts."""
    alloy = ag.Aged(20e-9, 0.01, 1e20, 1e-4, 16e-9, 300e-9)
    stress = 25.4e9 * 0.286e-9 / (2 * math.pi * math.sqrt(1 - 0.345) * 300e-9) * math.log(32 / 0.286)
    assert ag.yield_strength(alloy) == pytest.approx(20 + 3.06 * stress / 1e6, rel=1e-6)
    small = ag.Aged(0.5e-9, 0.01, 1e24, 1e-4, 0.4e-9, 6e-9)
    loops = 25.4e9 * 0.286e-9 / (2 * math.pi * math.sqrt(1 - 0.345) * 6e-9) * math.log(0.8 / 0.286)
    assert ag.yield_strength(small) < 20 + 3.06 * loops / 1e6


def test_nothing_precipitated_is_the_metal_and_all_of_it_in_solution() -> None:
    assert ag.yield_strength(ag.Aged(0, 0, 0, 2e-3, 0, 0)) == 20
    assert ag.conductivity(2e-3, 2e-3) < ag.conductivity(2e-3, 1e-4) < ag.conductivity(0, 0)


def test_time_softens_and_frees_the_matrix(peak: Any, coarse: Any) -> None:
    assert ag.yield_strength(coarse) < ag.yield_strength(peak)
    assert ag.conductivity(3e-3, coarse.matrix) > 60


def test_the_same_setting_gives_the_same_values_whatever_came_before(peak: Any, coarse: Any) -> None:
    """No equilibrium is kept from one simulation to the next."""
    values = TASK.simulate({"solute": 0.4, "temperature": 450.0, "time": 10.0})  # type: ignore[call-arg]
    assert values == {"yield_strength": ag.yield_strength(peak), "conductivity": ag.conductivity(4e-3, peak.matrix)}


def test_what_kawin_cannot_follow_is_a_failed_experiment(monkeypatch: pytest.MonkeyPatch, kawin: Any) -> None:
    def broken(self: Any, solute: Any, kelvin: Any) -> None:
        raise np.linalg.LinAlgError("singular matrix")

    monkeypatch.setattr(ag.Ageing, "_model", broken)
    with pytest.raises(MeasurementFailed, match="could not be followed: singular matrix"):
        TASK.aged(3e-3, 773.15, 1800)  # type: ignore[attr-defined]


@pytest.mark.parametrize("wrong", [{"fraction": 1.2}, {"matrix": 5e-3}, {"radius": math.nan}])
def test_what_is_not_physical_is_a_failed_experiment(monkeypatch: pytest.MonkeyPatch, kawin: Any, wrong: Any) -> None:
    class Model:
        def solve(self, seconds: Any, *, iterator: Any) -> None:
            pass

    good = {
        "radius": 1e-9,
        "fraction": 0.01,
        "density": 1e22,
        "matrix": 1e-3,
        "slip_radius": 1e-9,
        "slip_spacing": 1e-8,
    }
    monkeypatch.setattr(ag.Ageing, "_model", lambda self, solute, kelvin: Model())
    monkeypatch.setattr(ag, "_state", lambda model: ag.Aged(**(good | wrong)))
    with pytest.raises(MeasurementFailed, match="unphysical"):
        TASK.aged(3e-3, 773.15, 1800)  # type: ignore[attr-defined]
    monkeypatch.setattr(ag, "_state", lambda model: ag.Aged(**good))
    assert TASK.aged(3e-3, 773.15, 1800).fraction == 0.01  # type: ignore[attr-defined]


def test_the_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "importlib", type("none", (), {"import_module": staticmethod(_not_found)}))
    with pytest.raises(Exception, match=r"kawin is not installed; .*materials-designer\[simulators-kawin\]"):
        TASK.aged(3e-3, 773.15, 1800)  # type: ignore[attr-defined]


def _not_found(module: str) -> None:
    raise ModuleNotFoundError(name=module)
