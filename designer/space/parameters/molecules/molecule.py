"""A parameter whose settings are molecules: those of a table, or any that keep rules (an open molecule)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property, partial
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from designer.arrays import FloatArray
from designer.chemistry.molecule_properties import molecule_values, tanimoto_similarities
from designer.chemistry.molecule_rules import MoleculeLimits
from designer.chemistry.molecules import NAMES, PLACES, molecule_descriptors
from designer.chemistry.smiles import canonical_smiles, smiles_fault
from designer.errors import Fault, InvalidInput, MissingExtra
from designer.space.parameters.features import FeatureBlock, described_words, labelled_columns
from designer.space.parameters.fields import Text, twice
from designer.space.parameters.open_vocabulary import VocabularyParameter
from designer.space.parameters.references import Reference

OPEN_KEYS = ("smiles", "exclude", "max_heavy_atoms", "max_accessibility", "novel_to")
"""The fields that an open molecule alone has, beside ``like``."""


def molecule_reference(index: int, molecules: Sequence[str]) -> Reference:
    """Return what the name of a vocabulary of molecules stands for in constraints: their properties."""
    properties = partial(molecule_values, tuple(molecules))
    return Reference(index, unusable="is a molecule, not a number", properties=properties, examples=("MolWt", "TPSA"))


class MoleculeParameter(VocabularyParameter):
    """A molecule, written as SMILES; its settings are the space's vocabulary of molecules (the extra ``molecules``).

    Parameters
    ----------
    molecules
        The vocabulary, as SMILES; a molecule's coordinate is its index here. A pool or a table fills it. Molecules are
        the same where their canonical SMILES are.
    column
        Header in lab tables, where it differs from the name.
    like
        Tables of known molecules, relative to the campaign file, whose parts are recombined into others; a folder
        stands for all its tables that have the column. With them, the parameter is open.
    smiles
        The header of the molecules in these tables; that of the parameter, or ``smiles``, unless given.
    exclude, max_heavy_atoms, max_accessibility
        The rules of an open molecule; see `designer.chemistry.molecule_rules.MoleculeLimits`.
    novel_to
        Tables of molecules that are not proposed either.

    Examples
    --------
    >>> dye = MoleculeParameter(like=["dyes.csv"], max_heavy_atoms=3, molecules=["CCO", "CCCCO"])
    >>> dye.valid(np.array([[0.0], [1.0]]))
    array([ True, False])
    >>> dye.violations(np.array([1.0]))
    ['molecule = CCCCO: 5 heavy atoms are more than 3']
    >>> dye.from_lab([np.array(["OCC"], dtype=object)])
    array([[0.]])
    """

    vocabulary: ClassVar[str] = "molecules"

    kind: Literal["molecule"] = "molecule"
    name: str = "molecule"
    molecules: tuple[Text, ...] = ()
    column: Text | None = None
    like: tuple[Text, ...] = ()
    smiles: Text | None = None
    exclude: tuple[Text, ...] = ()
    max_heavy_atoms: int = 60
    max_accessibility: float = 6.0
    novel_to: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> MoleculeParameter:
        try:
            faults = [
                Fault(f"molecule {self.molecules[i]!r} is given twice", "give it once", path=("molecules", i))
                for i in twice(self.molecules)
            ]
            for i, text in enumerate(self.molecules):
                fault = smiles_fault(text)
                if fault is not None:
                    faults.append(fault.at(path=("molecules", i)))
            faults += self._rule_faults()
        except MissingExtra as error:
            what, _, remedy = str(error).partition("; ")
            faults = [Fault(f"molecules need RDKit: {what}", remedy, path=("kind",))]
        if faults:
            raise InvalidInput(faults)
        return self

    def _rule_faults(self) -> list[Fault]:
        if not self.like:
            smiles_fault("C")  # is RDKit there?
            given = [key for key in OPEN_KEYS if getattr(self, key) != type(self).model_fields[key].default]
            remedy = "give 'like' too, or leave it out"
            return [Fault(f"{key!r} is of an open molecule, which has 'like'", remedy, path=(key,)) for key in given]
        try:
            _ = self.rules
        except InvalidInput as error:
            return [*error.faults]
        return []

    @property
    def is_open(self) -> bool:
        """Whether molecules that are on no list can be made."""
        return bool(self.like)

    @property
    def open_by(self) -> str:
        """The field that makes a molecule open."""
        return "like"

    @cached_property
    def rules(self) -> MoleculeLimits:
        """What the molecules of an open parameter keep."""
        return MoleculeLimits.model_validate({key: getattr(self, key) for key in MoleculeLimits.model_fields})

    def word_key(self, word: str) -> Hashable:
        """Return the canonical SMILES."""
        return canonical_smiles(word)

    def word_fault(self, word: str) -> Fault | None:
        """Return what is wrong with a SMILES, or None."""
        return smiles_fault(word)

    def broken_rules(self, word: str) -> list[str]:
        """Return in words which rules a molecule breaks."""
        return self.rules.violations(word)

    def _similarities(self, words: Sequence[str]) -> FloatArray:
        """Return the Tanimoto similarities of molecules (``n x n``)."""
        return np.array([tanimoto_similarities(word, words) for word in words])

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return the direction of the substructure counts (of length 1), and descriptors if asked for.

        Two molecules without a common substructure are as far apart as two choices. Descriptors are those of
        categorical parameters with SMILES, each spanning 0 to 1 over the vocabulary, so that past tasks have them too.
        """
        if not self.molecules:
            return FeatureBlock((), lambda coordinates: np.empty((len(coordinates), 0)))
        raw = molecule_descriptors(self.molecules)
        counts = raw[:, -PLACES:]
        table = counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-12)
        columns = labelled_columns(self.name, self.kind, "category", "{} {}", NAMES[-PLACES:])
        if descriptors:
            described, scaled = described_words(self.name, self.kind, NAMES, raw)
            columns, table = (*columns, *described), np.concatenate([table, scaled], axis=1)
        return FeatureBlock(columns, lambda coordinates: table[coordinates[:, 0].astype(np.intp)])

    def reference(self, index: int) -> Reference:
        """Return a coordinate with whose properties constraints calculate, and not with itself."""
        return molecule_reference(index, self.molecules)
