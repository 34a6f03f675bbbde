"""Interatomic potentials by name, and crystals relaxed with them.

A potential is what returns a calculator of ASE, so that any other one can be given in Python.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import Any

import numpy as np
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from designer.deadline import Deadline
from designer.errors import Fault, InvalidInput, MeasurementFailed, did_you_mean
from designer.oracles.simulators.base import load

EXTRA = "crystals"
MAX_FORCE = 0.05
"""eV/angstrom, of a relaxed crystal; the stress likewise."""

Potential = Callable[[], Any]
"""What returns a calculator of ASE with energies (eV), forces (eV/angstrom) and stresses (eV/angstrom^3)."""


@dataclass(frozen=True)
class Relaxed:
    """A relaxed crystal.

    Parameters
    ----------
    structure
        Cell and places of least energy, symmetry kept as far as the start had it.
    energy
        eV an atom.
    converged
        Whether forces and stresses are below the limit; otherwise the steps or the time were over.
    """

    structure: Structure
    energy: float
    converged: bool


def relaxed(
    structure: Structure, potential: Potential, *, max_steps: int = 200, deadline: Deadline | None = None
) -> Relaxed:
    """Return a crystal with cell and atoms relaxed (FIRE).

    Raises
    ------
    MeasurementFailed
        If the potential does not know an element, or the cell grows or shrinks without end.
    """
    filters, optimize = load("ase.filters", EXTRA), load("ase.optimize", EXTRA)
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")  # those of the libraries, about tensors and cells
        atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
        atoms.calc = potential()
        volume = atoms.get_volume()
        try:
            search = optimize.FIRE(filters.FrechetCellFilter(atoms), logfile=None)
            converged = False
            for below in search.irun(fmax=MAX_FORCE, steps=max_steps):
                converged = bool(below)
                if not 0.2 < atoms.get_volume() / volume < 5 or not np.isfinite(atoms.get_potential_energy()):
                    raise MeasurementFailed("the cell has no volume of least energy")
                if deadline is not None and deadline.passed:
                    break
            energy = float(atoms.get_potential_energy()) / len(atoms)
        except (NotImplementedError, KeyError, ValueError, np.linalg.LinAlgError, RuntimeError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise MeasurementFailed(f"the potential gives no energy: {reason}") from None
        return Relaxed(AseAtomsAdaptor.get_structure(atoms), energy, converged)


@cache
def _chgnet() -> Any:
    dynamics = load("chgnet.model.dynamics", EXTRA)
    with warnings.catch_warnings(), redirect_stdout(StringIO()):  # it prints a line when it is made
        warnings.simplefilter("ignore")
        return dynamics.CHGNetCalculator(use_device="cpu", on_isolated_atoms="ignore")


def _emt() -> Any:
    return load("ase.calculators.emt", EXTRA).EMT()


POTENTIALS: Mapping[str, Potential] = {"chgnet": _chgnet, "emt": _emt}
"""CHGNet (a graph neural network trained on the Materials Project, with energies that are corrected as there), and
ASE's effective-medium theory for Al, Ni, Cu, Pd, Ag, Pt and Au (crude; for tests)."""


def potential_of(name: str) -> Potential:
    """Return a potential by its name.

    Raises
    ------
    InvalidInput
        If there is none of this name.
    MissingExtra
        If its package is not installed.
    """
    if name not in POTENTIALS:
        raise InvalidInput(Fault(f"there is no potential {name!r}", did_you_mean(name, list(POTENTIALS))))
    POTENTIALS[name]()
    return POTENTIALS[name]
