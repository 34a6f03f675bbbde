"""EMT alloys against the values of ASE's documentation, ASE's own route, and what a solid solution must do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from designer.errors import MeasurementFailed
from designer.oracles.simulators import emt_alloys as emt
from designer.oracles.simulators.base import load

pytestmark = pytest.mark.usefixtures("ase")


def small(name: str) -> Any:
    """The task with 32 atoms: quicker, and noisier."""
    return replace(emt.EMT_ALLOYS.task(name), cells=2)  # type: ignore[call-arg]


def test_silver_is_that_of_the_documentation_of_ase() -> None:
    """ASE's tutorial "Equation of state": EMT silver has B = 100.142 GPa and V = 16.781 A^3 an atom."""
    silver = emt.pure("Ag")
    assert silver.bulk_modulus == pytest.approx(100.142, rel=1e-3)
    assert silver.lattice_constant**3 / 4 == pytest.approx(16.781, rel=1e-3)


@pytest.mark.parametrize(("element", "edge", "modulus"), [("Cu", 3.59, 134), ("Au", 4.06, 174), ("Pt", 3.92, 278)])
def test_pure_metals(element: str, edge: float, modulus: int) -> None:
    """EMT is fitted to lattice constants (Cu 3.61, Au 4.08, Pt 3.92 A) and bulk moduli of pure metals."""
    metal = emt.pure(element)
    assert metal.lattice_constant == pytest.approx(edge, abs=0.01)
    assert metal.bulk_modulus == pytest.approx(modulus, abs=1)


def test_ordered_l1_0_is_ases_own() -> None:
    """An ordered CuAu cell by this route and, its positions being fixed by symmetry, by a scan of the edge in ASE."""
    calculator = load("ase.calculators.emt").EMT
    atoms = load("ase.build").bulk("Cu", cubic=True, a=3.85)
    atoms.set_chemical_symbols(["Cu", "Cu", "Au", "Au"])
    atoms.calc = calculator()
    edges = np.linspace(3.8, 3.9, 101)
    energies = []
    for edge in edges:
        atoms.set_cell([edge] * 3, scale_atoms=True)
        energies.append(atoms.get_potential_energy() / 4)
    crystal = emt.relaxed(["Cu", "Cu", "Au", "Au"], 1)
    assert crystal.lattice_constant == pytest.approx(edges[int(np.argmin(energies))], abs=0.0015)
    assert crystal.energy == pytest.approx(min(energies), abs=1e-4)


def test_a_pure_metal_has_no_mixing_enthalpy() -> None:
    values = small("Ag-Au-Cu").simulate({"composition": {"Ag": 0.0, "Au": 1.0, "Cu": 0.0}}, seed=1)
    assert values["mixing_enthalpy"] == 0  # and not 1e-11
    assert values["lattice_constant"] == pytest.approx(emt.pure("Au").lattice_constant, abs=1e-4)


def test_noise_is_configurational_and_a_pure_metal_has_none() -> None:
    setting = {"composition": {"Ag": 0.5, "Cu": 0.5}}
    task = small("Ag-Au-Cu")
    assert task.simulate(setting, seed=3) == task.simulate(setting, seed=3)
    enthalpies = [task.simulate(setting, seed=seed)["mixing_enthalpy"] for seed in range(3)]
    assert len(set(enthalpies)) == 3
    assert 0.3 < np.std(enthalpies) < 10  # meV, of some 40
    assert task.simulate({"composition": {"Ag": 1.0}}, seed=1) == task.simulate({"composition": {"Ag": 1.0}}, seed=2)


def test_the_edge_lies_between_those_of_the_metals() -> None:
    values = small("Ag-Au-Cu").simulate({"composition": {"Ag": 0.3, "Au": 0.2, "Cu": 0.5}}, seed=0)
    assert emt.pure("Cu").lattice_constant < values["lattice_constant"] < emt.pure("Ag").lattice_constant


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("Ag-Au", {"Ag": 0.25, "Au": 0.75}),
        ("Ag-Au-Cu", {"Ag": 0.3, "Au": 0.2, "Cu": 0.5}),
        ("Au-Cu-Ni-Pd", {"Au": 0.25, "Cu": 0.25, "Ni": 0.25, "Pd": 0.25}),
    ],
)
def test_binaries_ternaries_and_quaternaries_follow_vegards_rule_roughly(name: str, shares: Any) -> None:
    """The edge of a solid solution lies within 2 % of the mean of the metals' edges (Vegard 1921)."""
    values = small(name).simulate({"composition": shares}, seed=0)
    assert set(values) == {target.name for target in emt.TARGETS}
    mean = sum(share * emt.pure(element).lattice_constant for element, share in shares.items())
    assert values["lattice_constant"] == pytest.approx(mean, rel=0.02)
    moduli = [emt.pure(element).bulk_modulus for element in shares]
    assert 0.8 * min(moduli) < values["bulk_modulus"] < max(moduli)
    assert -100 < values["mixing_enthalpy"] < 100


def test_the_family_is_every_binary_ternary_and_quaternary_without_aluminium() -> None:
    names = [task.name for task in emt.EMT_ALLOYS.tasks]
    assert len(names) == len(set(names)) == 15 + 20 + 15 + 1
    assert {len(task.parameters[0].elements) for task in emt.EMT_ALLOYS.tasks} == {2, 3, 4, 6}  # type: ignore[union-attr]
    assert not any("Al" in name for name in names)
    for task in emt.EMT_ALLOYS.tasks:
        assert "-".join(task.parameters[0].elements) == task.name  # type: ignore[union-attr]


@pytest.mark.parametrize(("shares", "number"), [([1 / 3] * 3, 108), ([0.05, 0.95], 32), ([1.0], 4), ([0.1] * 10, 32)])
def test_atoms_are_whole_and_all_are_placed(shares: Any, number: int) -> None:
    counts = emt.whole_atoms(shares, number)
    assert counts.sum() == number
    assert np.abs(counts - np.asarray(shares) * number).max() < 1


def test_atoms_that_do_not_come_to_rest_are_a_failed_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emt, "_MAX_STEPS", 1)
    with pytest.raises(MeasurementFailed, match="still moving after 1 steps"):
        small("Ag-Au-Ni").simulate({"composition": {"Ag": 0.5, "Ni": 0.5}}, seed=0)


def test_energies_without_a_minimum_are_a_failed_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emt, "_EDGES", dict.fromkeys(emt.ELEMENTS, 9.0))
    with pytest.raises(MeasurementFailed, match="no volume of least energy"):
        emt.relaxed(["Cu"] * 4, 1)


def test_the_search_finds_the_volume_from_afar(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = emt.pure("Cu")
    monkeypatch.setattr(emt, "_EDGES", dict.fromkeys(emt.ELEMENTS, 3.9))
    assert emt.relaxed(["Cu"] * 4, 1) == pytest.approx(expected, rel=1e-3, abs=1e-4)
