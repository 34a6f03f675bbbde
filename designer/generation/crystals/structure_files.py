"""Crystal structures read from CIF files and written to them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifParser, CifWriter

from designer.chemistry.whole_formulas import Amounts, exact_amounts, formula_text
from designer.counting import count
from designer.errors import Fault, InvalidData
from designer.whole_files import part_folder, publish, write_new

MAX_FILES, MAX_BYTES, MAX_SITES = 500, 1_000_000, 100
"""Limits of a folder: files, bytes of a file, atoms of a primitive cell."""


@dataclass(frozen=True, eq=False)
class KnownStructure:
    """A known crystal.

    Parameters
    ----------
    name
        The name of its file.
    structure
        Its primitive cell; every site is occupied by one element.
    """

    name: str
    structure: Structure

    @cached_property
    def amounts(self) -> Amounts:
        """Its reduced formula."""
        return amounts_of(self.structure)

    @cached_property
    def formula(self) -> str:
        """Its reduced formula, as text."""
        return formula_text(self.amounts)


def amounts_of(structure: Structure) -> Amounts:
    """Return the reduced formula of a structure."""
    return exact_amounts(structure.composition.reduced_formula)


def read_structures(folder: Path | str) -> tuple[KnownStructure, ...]:
    """Return the structures of all CIF files of a folder, by name.

    Raises
    ------
    InvalidData
        If the folder has no CIF file or too many; with every file that is too large, cannot be read, has sites that are
        occupied in part, or more than `MAX_SITES` atoms in a primitive cell.
    """
    paths = sorted(path for path in Path(folder).glob("*") if path.suffix.lower() == ".cif")
    if not paths:
        raise InvalidData(Fault("there is no CIF file", "name a folder with files *.cif", file=str(folder)))
    if len(paths) > MAX_FILES:
        what = f"there are {count(len(paths), 'CIF file')}"
        raise InvalidData(Fault(what, f"give at most {MAX_FILES}", file=str(folder)))
    found: list[KnownStructure] = []
    faults: list[Fault] = []
    for path in paths:
        try:
            found.append(KnownStructure(path.name, read_structure(path)))
        except InvalidData as error:
            faults += error.faults
    if faults:
        raise InvalidData(faults)
    return tuple(found)


def read_structure(path: Path) -> Structure:
    """Return the primitive cell of the first structure of a CIF file.

    Raises
    ------
    InvalidData
        As `read_structures`.
    """
    if path.stat().st_size > MAX_BYTES:
        raise _fault(path, f"the file is larger than {MAX_BYTES:,} bytes", "give a structure with fewer atoms")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen says what it rounds and which labels it completes
        try:
            structure = CifParser(path).parse_structures(primitive=True)[0]
        except Exception as error:  # noqa: BLE001 - its parser raises errors of many kinds, among them those of numpy
            reason = (str(error) or type(error).__name__).splitlines()[0][:200]
            raise _fault(path, f"no structure can be read: {reason}", "give a CIF file with cell and atoms") from None
    if not structure.is_ordered:
        raise _fault(path, "sites are occupied in part", "give an ordered structure of it")
    if len(structure) > MAX_SITES:
        what = f"the primitive cell has {count(len(structure), 'atom')}"
        raise _fault(path, what, f"give at most {MAX_SITES}")
    structure.remove_oxidation_states()
    return structure


def _fault(path: Path, what: str, remedy: str) -> InvalidData:
    return InvalidData(Fault(what, remedy, file=str(path)))


def cif_text(structure: Structure) -> str:
    """Return a structure as the text of a CIF file, all atoms listed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(CifWriter(structure))


def write_structures(folder: Path, structures: Sequence[Structure]) -> list[str]:
    """Write structures into a folder that is made, all or none, and return the names of the files.

    Raises
    ------
    FileExistsError
        If the folder exists; it stays as it is.
    """
    names = [f"{number:03d}-{formula_text(amounts_of(each))}.cif" for number, each in enumerate(structures, 1)]
    if folder.exists():
        raise FileExistsError(17, "there is such a folder already", str(folder))
    with part_folder(folder) as part:
        for name, each in zip(names, structures, strict=True):
            write_new(part / name, cif_text(each))
        publish(part, folder)
    return names
