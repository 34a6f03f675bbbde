"""Solid solutions of Cu, Ag, Au, Ni, Pd and Pt by effective-medium theory (EMT), simulated with ASE.

Equations
---------
1. The atoms of a composition (rounded to whole atoms by largest remainders) are strewn at random over a face-centred
   cubic cell of ``4 n^3`` sites with periodic boundaries. The draw is the configurational noise: two samples of one
   composition differ, and the more the smaller the cell.
2. The positions are relaxed by L-BFGS until no force exceeds 0.02 eV/A, in the cubic cell of least energy.
3. Seven energies over -2 % to 2 % of the edge give, by a fit of ``E(V) = c0 + c1 u + c2 u^2 + c3 u^3`` with
   ``u = V^(-1/3)`` (ASE's stabilised jellium equation of state), the volume ``V0``, the energy ``E0`` and
   ``B = V0 E''(V0)``. The lattice constant is ``(4 V0/N)^(1/3)``, the mixing enthalpy at zero temperature and pressure
   ``E0/N - sum_i x_i E_i``, where ``E_i`` is the energy of an atom in the pure metal by the same route.

Sources
-------
- K. W. Jacobsen, P. Stoltze, J. K. Norskov, "A semi-empirical effective medium theory for metals and alloys", Surface
  Science 366, 394 (1996); the parameters are those of ASE.
- A. H. Larsen et al., "The atomic simulation environment", J. Phys.: Condens. Matter 29, 273002 (2017).
- Equation of state: A. B. Alchagirov et al., Phys. Rev. B 63, 224115 (2001).

Limits of validity
------------------
Crude physics: never take a number from here for a property of a real alloy. EMT was fitted to pure metals and to few
properties of them; mixing enthalpies may have the wrong sign, magnetism is left out, there is neither order nor
segregation nor temperature, and only the cubic cell is relaxed. Aluminium, which ASE's EMT also knows, is left out: it
forms compounds here that are no solid solutions. What it is good for is a benchmark: smooth in composition, with a
noise that comes from structure.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from designer.errors import MeasurementFailed
from designer.objective import Target
from designer.oracles.simulators.base import SimulatedTask, Simulator, load
from designer.space import CompositionParameter

ELEMENTS = ("Cu", "Ag", "Au", "Ni", "Pd", "Pt")

TARGETS = (
    Target(name="bulk_modulus", unit="GPa", goal="maximize"),
    Target(name="lattice_constant", unit="angstrom"),
    Target(name="mixing_enthalpy", unit="meV", goal="minimize", description="of an atom, against the pure metals"),
)

_EDGES = {"Cu": 3.6, "Ag": 4.1, "Au": 4.1, "Ni": 3.5, "Pd": 3.9, "Pt": 3.9}  # angstrom; where the search begins
_FORCE = 0.02  # eV/angstrom
_MAX_STEPS = 300
_MAX_SCANS = 5  # of the volume, before the positions are relaxed
_POINTS = 7
_CUBIC = 4  # atoms in the cubic cell
_DECIMALS = 6  # of a mixing enthalpy: beyond them is the rounding error of a difference of equal numbers


class Crystal(NamedTuple):
    """What an equation of state gives: A, eV for an atom, GPa."""

    lattice_constant: float
    energy: float
    bulk_modulus: float


@dataclass(frozen=True, kw_only=True)
class Alloys(SimulatedTask):
    """The solid solutions of some elements; see the module for the equations.

    Parameters
    ----------
    cells
        Cubic cells along an edge of the sample: 2 for 32 atoms, 3 for 108.
    """

    cells: int = 3

    def simulate(self, setting: Mapping[str, Any], *, seed: int = 0) -> dict[str, float]:
        """Return bulk modulus, lattice constant and mixing enthalpy of one sample. See `SimulatedTask.simulate`."""
        shares: Mapping[str, float] = setting["composition"]
        elements = [name for name in ELEMENTS if shares.get(name, 0) > 0]
        counts = whole_atoms([shares[name] for name in elements], _CUBIC * self.cells**3)
        rng = np.random.default_rng(seed)
        symbols = rng.permutation(np.repeat(elements, counts)).tolist()
        crystal = relaxed(symbols, self.cells)
        parts = dict(zip(elements, counts / counts.sum(), strict=True))
        mechanical = sum(part * pure(name).energy for name, part in parts.items())
        return {
            "bulk_modulus": crystal.bulk_modulus,
            "lattice_constant": crystal.lattice_constant,
            "mixing_enthalpy": round(1000 * (crystal.energy - mechanical), _DECIMALS) + 0.0,  # no -0
        }


def whole_atoms(shares: Sequence[float], number: int) -> Any:
    """Return whole numbers of atoms that sum to `number`, by largest remainders.

    >>> whole_atoms([0.5, 0.3, 0.2], 32).tolist()
    [16, 10, 6]
    """
    wanted = np.asarray(shares, dtype=np.float64) * number
    counts = np.floor(wanted + 1e-9).astype(int)
    order = np.argsort(counts - wanted, kind="stable")
    counts[order[: number - counts.sum()]] += 1
    return counts


@cache
def pure(element: str) -> Crystal:
    """Return the crystal of a pure metal."""
    return relaxed([element] * _CUBIC, 1)


def relaxed(symbols: Sequence[str], cells: int) -> Crystal:
    """Return the crystal with these atoms on the sites of `cells` cubed cubic cells, relaxed.

    Raises
    ------
    MeasurementFailed
        If the positions do not converge, or the energies have no minimum.
    """
    optimize, emt = load("ase.optimize"), load("ase.calculators.emt")
    edge = float(np.mean([_EDGES[symbol] for symbol in symbols]))
    atoms = load("ase.build").bulk("Cu", cubic=True, a=edge) * (cells, cells, cells)
    atoms.set_chemical_symbols(list(symbols))
    atoms.calc = emt.EMT()
    for _ in range(_MAX_SCANS):
        before = atoms.get_volume()
        _to_volume(atoms, _equation_of_state(atoms, 0.05)[0])
        if abs(atoms.get_volume() / before - 1) < 0.1:
            break
    if not optimize.LBFGS(atoms, logfile=None).run(fmax=_FORCE, steps=_MAX_STEPS):
        raise MeasurementFailed(f"the atoms were still moving after {_MAX_STEPS} steps")
    volume, energy, modulus = _equation_of_state(atoms, 0.02)
    if abs(volume / atoms.get_volume() - 1) > 0.06:  # beyond the seven volumes
        raise MeasurementFailed("the crystal is not stable: its volume ran away when the atoms were relaxed")
    result = Crystal((_CUBIC * volume / len(atoms)) ** (1 / 3), energy / len(atoms), modulus / _gigapascal())
    if not (all(map(math.isfinite, result)) and result.bulk_modulus > 0):
        raise MeasurementFailed("the crystal is not stable: its energy has no minimum with the volume")
    return result


def _equation_of_state(atoms: Any, width: float) -> tuple[float, float, float]:
    """Return volume, energy and bulk modulus (ASE's units) from edges within `width` of the present one."""
    cell = atoms.cell.copy()
    volumes, energies = [], []
    for factor in np.linspace(1 - width, 1 + width, _POINTS):
        atoms.set_cell(cell * factor, scale_atoms=True)
        volumes.append(atoms.get_volume())
        energies.append(atoms.get_potential_energy())
    atoms.set_cell(cell, scale_atoms=True)
    eos = load("ase.eos").EquationOfState(volumes, energies)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # ASE warns of a minimum beyond the volumes
            volume, energy, modulus = eos.fit()
    except (UserWarning, RuntimeWarning, ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        raise MeasurementFailed("no volume of least energy was found") from error
    if not 0.5 * min(volumes) < volume < 2 * max(volumes):
        raise MeasurementFailed("no volume of least energy was found")
    return float(volume), float(energy), float(modulus)


def _to_volume(atoms: Any, volume: float) -> None:
    atoms.set_cell(atoms.cell * (volume / atoms.get_volume()) ** (1 / 3), scale_atoms=True)


def _gigapascal() -> float:
    return float(load("ase.units").GPa)


def _tasks() -> tuple[Alloys, ...]:
    systems = [each for number in (2, 3, 4) for each in itertools.combinations(ELEMENTS, number)]
    return tuple(_task(system) for system in (*systems, ELEMENTS))


def _task(system: tuple[str, ...]) -> Alloys:
    ordered = sorted(system)
    return Alloys(
        name="-".join(ordered),
        summary=f"solid solutions of {', '.join(ordered[:-1])} and {ordered[-1]}",
        parameters=(CompositionParameter(name="composition", elements=ordered, unit="fraction"),),
        targets=TARGETS,
    )


EMT_ALLOYS = Simulator(
    name="emt-alloys",
    summary="solid solutions of face-centred cubic metals by effective-medium theory (crude physics)",
    package="ase",
    tasks=_tasks(),
)
"""The family: the 15 binaries, 20 ternaries and 15 quaternaries of the six elements, and all six together."""
