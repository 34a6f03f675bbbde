"""A parameter of named choices, and what describes them: numbers that the user gives, or the choices' molecules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, model_validator

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidData, InvalidInput, InvalidSpace, NearestWords, did_you_mean
from designer.space.parameters.features import FeatureBlock, described_words, labelled_columns
from designer.space.parameters.fields import Number, Text, twice
from designer.space.parameters.listed import ListedParameter
from designer.space.parameters.molecules.choice_molecules import ChoiceMolecules, choice_molecules
from designer.space.parameters.references import Reference
from designer.space.size_limits import MAX_CHOICES, at_most


def _choice(given: Any) -> Any:
    if isinstance(given, bool):
        raise ValueError(f"choice {given!r} is read as true or false; put it in quotes")
    if isinstance(given, (int, float)):
        raise ValueError(f"choice {given!r} is a number; put it in quotes: '{given}', or use kind: numeric")
    return given


Choice = Annotated[Text, BeforeValidator(_choice)]


_ALIKE = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"), "-"),
    **dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), None),
    **{ord("₀") + i: str(i) for i in range(10)},
}
"""Signs that a person takes for one: hyphens, subscripts, and signs that are not seen."""
_SMILES = re.compile(r"(?:Cl|Br|[BCNOPSFIbcnopsH0-9@+\-\[\]()=#$/\\%.])+")


def _folded(word: str) -> str:
    """Return a word without case, blanks and different signs for one letter."""
    return "".join(unicodedata.normalize("NFC", word).translate(_ALIKE).split()).casefold()


def _is_ring(word: str) -> bool:
    """Whether a word may be the SMILES of a ring, in which small letters are aromatic: its numbers stand in pairs.

    >>> _is_ring("c1ccccc1"), _is_ring("C1CCCCC1"), _is_ring("N2"), _is_ring("Co")
    (True, True, False, False)
    """
    digits = [word.count(digit) for digit in "0123456789" if digit in word]
    return bool(digits) and all(number % 2 == 0 for number in digits) and _SMILES.fullmatch(word) is not None


def _are_different_formulas(words: Sequence[str]) -> bool:
    """Whether two of several words that differ by case and blanks only are different molecules or compositions."""
    if len(words) < 2:
        return False
    if len({"".join(word.split()) for word in words}) > 1 and any(map(_is_ring, words)):
        return True  # benzene and cyclohexane
    from designer.chemistry.formulas import parse_formula

    compositions = []
    for word in words:
        try:
            compositions.append(dict(parse_formula(word)))
        except InvalidData:
            continue  # no formula
    return any(each != compositions[0] for each in compositions)


class CategoricalParameter(ListedParameter):
    """One of several named choices.

    Parameters
    ----------
    choices
        The choices; their order is the order of their indices.
    descriptors
        Numbers that describe each choice (every choice the same ones), for example a solvent's permittivity; or
        ``smiles``: those of the choices' molecules (`designer.chemistry.molecules`, the extra ``molecules``). Unless
        given, those of the molecules, where the choices have SMILES or are SMILES and RDKit is installed; ``none``
        for no descriptors.
    smiles
        The molecule of each choice.
    column
        Header in lab tables, where it differs from the name.

    Examples
    --------
    >>> gas = CategoricalParameter(name="gas", choices=["N2", "Ar"])
    >>> gas.from_lab([np.array(["Ar", "N2"])]).tolist()
    [[1.0], [0.0]]
    """

    kind: Literal["categorical"] = "categorical"
    choices: Annotated[tuple[Choice, ...], BeforeValidator(at_most(MAX_CHOICES, "choices"))]
    descriptors: Literal["smiles", "none"] | dict[str, dict[str, Number]] | None = None
    smiles: dict[str, Text] | None = None
    column: Text | None = None
    unit: ClassVar[None] = None

    @model_validator(mode="after")
    def _check(self) -> CategoricalParameter:
        faults = [] if self.choices else [Fault("'choices' is empty", "list the choices", path=("choices",))]
        faults += [
            Fault(f"choice {self.choices[i]!r} is given twice", "give it once", path=("choices", i))
            for i in twice(self.choices)
        ]
        faults += self._per_choice_faults("smiles", self.smiles)
        if self.descriptors == "smiles":
            faults += self._molecule_faults()
        elif isinstance(self.descriptors, dict):
            faults += self._descriptor_faults(self.descriptors)
        if faults:
            raise InvalidInput(faults)
        return self

    def _per_choice_faults(self, key: str, given: dict[str, Any] | None) -> list[Fault]:
        if given is None:
            return []
        unknown = [
            Fault(f"{word!r} is not a choice", did_you_mean(word, self.choices), path=(key, word))
            for word in given
            if word not in self.choices
        ]
        missing = [choice for choice in self.choices if choice not in given]
        return unknown + [
            Fault(f"{key} of {choice!r} is missing", f"add it to {key!r}", path=(key,)) for choice in missing
        ]

    def _molecule_faults(self) -> list[Fault]:
        from designer.chemistry.molecules import molecule_descriptors

        if self.smiles is None:
            return [Fault("'smiles' is missing", "give the molecule of every choice", path=("descriptors",))]
        choices = list(self.smiles)
        try:
            molecule_descriptors(list(self.smiles.values()))
        except InvalidInput as error:
            return [replace(fault, path=("smiles", choices[int(fault.path[0])])) for fault in error.faults]
        return []

    def _descriptor_faults(self, given: dict[str, dict[str, Number]]) -> list[Fault]:
        faults = self._per_choice_faults("descriptors", given)
        names = list(dict.fromkeys(name for row in given.values() for name in row))
        return faults + [
            Fault(
                f"descriptor {name!r} of {choice!r} is missing", "describe every choice", path=("descriptors", choice)
            )
            for choice, row in given.items()
            for name in names
            if name not in row
        ]

    @cached_property
    def described(self) -> tuple[tuple[str, ...], FloatArray]:
        """The names of the choices' descriptors, and their values (choices x names); nothing where there are none."""
        molecules = self.molecules
        if molecules is not None:
            return molecules.names, molecules.table
        rows = self.descriptors if isinstance(self.descriptors, dict) else {}
        names = tuple(next(iter(rows.values()), {}))
        table = np.array([[rows[choice][name] for name in names] for choice in self.choices if rows], dtype=np.float64)
        return names, table.reshape(self.count, len(names))

    @cached_property
    def molecules(self) -> ChoiceMolecules | None:
        """The descriptors of the choices' molecules; None where the choices are none, or others are given."""
        if self.descriptors is not None and self.descriptors != "smiles":
            return None
        return choice_molecules(self.choices, self.smiles)

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The header of this parameter in a lab table."""
        return (self.column or self.name,)

    @property
    def words(self) -> tuple[str, ...]:
        """The choices."""
        return self.choices

    def same_as(self) -> tuple[int, ...]:
        """Return for each choice the first one that differs from it by case and blanks only, if any.

        ``CO`` and ``Co`` are different: choices that read as different formulas are.
        """
        first: list[int] = []
        for i, choice in enumerate(self.choices):
            same = self._spellings[_folded(choice)]
            first.append(i if _are_different_formulas([self.choices[j] for j in same]) else same[0])
        return tuple(first)

    @cached_property
    def _spellings(self) -> dict[str, list[int]]:
        """The indices of the choices by their text without case and blanks."""
        found: dict[str, list[int]] = {}
        for i, choice in enumerate(self.choices):
            found.setdefault(_folded(choice), []).append(i)
        return found

    def index_of(self, word: str) -> int | None:
        """Return the index of a choice; case and blanks do not count where they tell no choices apart."""
        if word in self.indices:
            return self.indices[word]
        spelled = [self.choices[i] for i in self._spellings.get(_folded(word), ())]
        if not spelled or _are_different_formulas([word, *spelled]):
            return None
        return self.indices[spelled[0]]

    def unknown_word(self, word: str, nearest: NearestWords) -> Fault | None:
        """Return the fault of a word that is not a choice, with the nearest choice."""
        return Fault(f"{word!r} is not a choice" if word else "the cell is empty", nearest.remedy(word))

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return one 0/1 column for each choice, and the choices' descriptors if asked for, each spanning 0 to 1."""
        table = np.eye(len(self.choices))
        columns = labelled_columns(self.name, self.kind, "category", "{} = {}", self.choices)
        names, raw = self.described if descriptors else ((), np.empty((self.count, 0)))
        if names:
            described, scaled = described_words(self.name, self.kind, names, raw)
            columns, table = (*columns, *described), np.concatenate([table, scaled], axis=1)
        return FeatureBlock(columns, lambda coordinates: table[coordinates[:, 0].astype(np.intp)])

    def reference(self, index: int) -> Reference:
        """Return a choice that constraints compare with words."""
        return Reference(index, choices=self.choices)

    def choices_changes(self, added: Sequence[str]) -> dict[str, Any]:
        """Return the choices with others behind them, so that the indices of earlier ones stay.

        Raises
        ------
        InvalidSpace
            If choices have descriptors, which the new ones would lack.
        """
        for key in ("descriptors", "smiles"):
            if getattr(self, key) is not None:
                what = f"the {key} of the new choices of {self.name!r} are not known"
                raise InvalidSpace(Fault(what, "give the whole parameter anew in the campaign file"))
        return {"choices": (*self.choices, *added)}
