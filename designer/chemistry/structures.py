"""Crystal structures (pymatgen's) in a few numbers, to use beside a composition."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

UNITS = {"density": "g/cm^3", "volume_per_atom": "angstrom^3", "coordination": None}
"""The numbers, in the order of a table, and their units."""


def describe_structure(structure: Structure) -> dict[str, Any]:
    """Return density, volume per atom, mean coordination number, space group and crystal system of a structure.

    Coordination counts the neighbours within 10 % of the nearest distance (pymatgen's `MinimumDistanceNN`).

    Examples
    --------
    >>> from pymatgen.core import Lattice, Structure
    >>> salt = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    >>> found = describe_structure(salt)
    >>> round(found["density"], 2), round(found["volume_per_atom"], 2), found["coordination"]
    (2.16, 22.43, 6.0)
    >>> found["space_group"], found["crystal_system"]
    ('Fm-3m', 'cubic')
    """
    from pymatgen.analysis.local_env import MinimumDistanceNN
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    neighbours = MinimumDistanceNN()
    counts = [neighbours.get_cn(structure, i) for i in range(len(structure))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # spglib's, of how pymatgen calls it
        symmetry = SpacegroupAnalyzer(structure, symprec=0.1)
        group, system = symmetry.get_space_group_symbol(), symmetry.get_crystal_system()
    return {
        "density": float(structure.density),
        "volume_per_atom": float(structure.volume / len(structure)),
        "coordination": float(sum(counts) / len(counts)),
        "space_group": str(group),
        "crystal_system": str(system),
    }
