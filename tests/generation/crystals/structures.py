"""Crystals of the tests."""

from __future__ import annotations

from pathlib import Path

from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from designer.generation.crystals.structure_files import KnownStructure, cif_text


def perovskite(a: str = "Sr", b: str = "Ti", x: str = "O", edge: float = 3.9) -> Structure:
    return Structure.from_spacegroup(
        "Pm-3m", Lattice.cubic(edge), [a, b, x], [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0)]
    )


def ordered_alloy(a: str = "Cu", b: str = "Au", edge: float = 3.8) -> Structure:
    """A3B in the structure of Cu3Au."""
    return Structure.from_spacegroup("Pm-3m", Lattice.cubic(edge), [b, a], [(0, 0, 0), (0.5, 0.5, 0)])


def metal(symbol: str = "Cu", edge: float = 3.6) -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(edge), [symbol], [(0, 0, 0)]).get_primitive_structure()


def known(*structures: Structure) -> tuple[KnownStructure, ...]:
    return tuple(KnownStructure(f"{i}.cif", each) for i, each in enumerate(structures))


def write(folder: Path, *structures: Structure) -> Path:
    folder.mkdir(exist_ok=True)
    for each in known(*structures):
        (folder / each.name).write_text(cif_text(each.structure))
    return folder
