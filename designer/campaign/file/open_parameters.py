"""What open formulas and molecules of a campaign file name: tables of known ones, and a generator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from designer.arrays import BoolArray
from designer.campaign.file import open_formulas
from designer.errors import Fault, InvalidData
from designer.generation.molecules.molecule_tables import molecules_of
from designer.generation.molecules.recombination import Accept, KnownMolecules, RecombiningGenerator
from designer.space import DesignSpace
from designer.space.constraints.constraint import Constraint, bind
from designer.space.parameters.formula import FormulaParameter
from designer.space.parameters.molecules.molecule import MoleculeParameter, molecule_reference
from designer.space.parameters.open_vocabulary import VocabularyParameter

HEADER = "smiles"
"""A header of molecules in tables of known ones, beside that of the parameter."""


def open_molecules(space: DesignSpace) -> Iterator[MoleculeParameter]:
    """Yield the molecules of a space that are on no list."""
    for parameter in space.parameters:
        if isinstance(parameter, MoleculeParameter) and parameter.is_open:
            yield parameter


def faults(parameter: VocabularyParameter, folder: Path, check_files: bool) -> list[Fault]:
    """Return what is wrong with the names of an open formula or molecule, in places inside the parameter.

    Parameters
    ----------
    folder
        The folder of the campaign file, which tables do not leave.
    check_files
        Whether to read the tables.
    """
    if isinstance(parameter, FormulaParameter):
        return open_formulas.faults(parameter, folder, check_files)
    assert isinstance(parameter, MoleculeParameter)
    headers = headers_of(parameter)
    read = partial(molecules_of, headers=headers) if check_files else None
    return [*open_formulas.table_faults(parameter, folder, read)]


def headers_of(parameter: MoleculeParameter) -> tuple[str, ...]:
    """Return under which header a table has the known molecules of a parameter, the first that it has."""
    if parameter.smiles is not None:
        return (parameter.smiles,)
    return tuple(dict.fromkeys((*parameter.lab_columns, parameter.name, HEADER)))


def known_molecules_of(parameter: MoleculeParameter, folder: Path) -> KnownMolecules:
    """Return the known molecules of an open one, sorted: the order of the rows does not count.

    Raises
    ------
    InvalidData
        With every fault of the tables.
    """
    headers = headers_of(parameter)
    like, also = (
        dict.fromkeys(text for name in names for text in molecules_of(folder / name, headers))
        for names in (parameter.like, parameter.novel_to)
    )
    return KnownMolecules(tuple(sorted(like)), tuple(sorted(text for text in also if text not in like)))


def acceptance_of(parameter: MoleculeParameter, constraints: Sequence[Constraint]) -> Accept | None:
    """Return which molecules satisfy constraints that are about them alone; None without constraints."""
    return partial(_accepted, parameter, tuple(constraints)) if constraints else None


def _accepted(
    parameter: MoleculeParameter, constraints: tuple[Constraint, ...], texts: Sequence[str]
) -> Sequence[bool]:
    reference = molecule_reference(0, texts)
    names = dict.fromkeys((parameter.name, *parameter.lab_columns), reference)
    indices = np.arange(len(texts), dtype=np.float64)[:, None]
    mask: BoolArray = np.ones(len(texts), dtype=np.bool_)
    for constraint in constraints:
        mask &= bind(constraint, names, parameter.lab_columns).satisfied(indices)
    return [bool(each) for each in mask]


def unmet(space: DesignSpace, parameter: VocabularyParameter, folder: Path) -> Fault | None:
    """Return that nothing new was found that satisfies the rules and constraints; None where something was."""
    own = open_formulas.own_constraints(space, parameter)
    if isinstance(parameter, FormulaParameter):
        found = open_formulas.unmet(parameter, own, folder)
        return None if found is None else found.at(path=("constraints",))
    assert isinstance(parameter, MoleculeParameter)
    try:
        known = known_molecules_of(parameter, folder)
    except InvalidData:
        return None  # `faults` says so
    generator = RecombiningGenerator(parameter.rules, known.like, draws=1, also=known.also)
    if generator.propose(1, seed=0, accept=acceptance_of(parameter, own)):
        return None
    texts = " and ".join(repr(constraint.text) for constraint in own)
    satisfying = f" that satisfies {texts}" if texts else ""
    what = f"no new molecule of {parameter.name!r} was found{satisfying}"
    remedy = "give other known molecules, with bonds that BRICS rules name, or loosen a rule"
    return Fault(what, remedy, path=("constraints",) if own else ())
