"""A parameter whose settings are chemical formulas: those of a table, or any that keep rules (an open formula)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property, lru_cache, partial
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from designer.arrays import FloatArray
from designer.chemistry.formula_properties import formula_values
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.formulas import formula_elements, formula_fractions, parse_formula
from designer.chemistry.generator_settings import Generated, GeneratorSettings
from designer.chemistry.isotopes import isotopes_in
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import Fault, InvalidData, InvalidInput
from designer.space.parameters.element_features import ElementFeatures
from designer.space.parameters.features import FeatureBlock, labelled_columns
from designer.space.parameters.fields import Text, twice
from designer.space.parameters.open_vocabulary import VocabularyParameter
from designer.space.parameters.references import Reference

OPEN_KEYS = (
    "exclude", "max_elements", "max_atoms", "charge_neutral", "electronegativity", "like", "novel_to", "generator",
)  # fmt: skip
"""The fields that an open formula alone has, beside ``elements``."""
_NONMETALS = frozenset(["H", "He", "C", "N", "O", "F", "Ne", "P", "S", "Cl", "Ar", "Se", "Br", "Kr", "I", "Xe", "Rn"])


def formula_fault(text: str) -> Fault | None:
    """Return what is wrong with `text` as a chemical formula, or None.

    >>> formula_fault("Co1 Cr1 (FeNi)0.5") is None
    True
    >>> print(formula_fault("NiXx"))
    formula 'NiXx' names no element: 'Xx'; write element symbols and amounts, such as Fe2O3, Ba0.5Sr0.5CoO3 or (NH4)2SO4
    """
    try:
        parse_formula(text)
    except InvalidData as error:
        return error.faults[0]
    return None


@lru_cache(maxsize=1 << 17)
def composition_key(text: str) -> Hashable:
    """Return what is equal for two formulas of the same substance, as far as formulas tell.

    Spelling, order, brackets and abbreviations do not count (``Fe2O3``, ``O3Fe2``). A common factor does not count
    where some amounts are fractions (``Al0.5Ni`` is ``AlNi2``) or an element is no nonmetal (``Ti2O4`` is ``TiO2``). It
    does in molecules of nonmetals (``C2H2`` is not ``C6H6``). Isotopes differ (``D2O`` is not ``H2O``,
    nor ``[13C]O2`` ``CO2``).

    >>> composition_key("O3 Fe2") == composition_key("Fe4O6"), composition_key("C2H2") == composition_key("C6H6")
    (True, False)
    """
    amounts = parse_formula(text)
    isotopes = isotopes_in(text)
    reduces = any(symbol not in _NONMETALS for symbol in amounts) or any(a != round(a) for a in amounts.values())
    factor = min(amounts.values()) if reduces else 1.0
    return (*sorted((symbol, f"{amount / factor:.9g}") for symbol, amount in amounts.items()), *isotopes)


def formula_reference(index: int, formulas: Sequence[str]) -> Reference:
    """Return what the name of a vocabulary of formulas stands for in constraints: their properties."""
    properties = partial(formula_values, tuple(formulas))
    return Reference(
        index, unusable="is a formula, not a number", properties=properties, examples=("n_elements", "fraction.O")
    )


class FormulaParameter(VocabularyParameter):
    """A chemical formula; its settings are the space's vocabulary of formulas.

    Parameters
    ----------
    formulas
        The vocabulary; a formula's coordinate is its index here. A pool or a table of measurements fills it.
    column
        Header in lab tables, where it differs from the name.
    elements
        The elements of an open formula: any formula of them that keeps the following rules can be made.
    exclude, max_elements, max_atoms, charge_neutral, electronegativity
        The rules of an open formula; see `designer.chemistry.formula_rules.FormulaRules`.
    like
        Tables of known formulas that new ones are made from, relative to the campaign file.
    novel_to
        Tables of formulas that are not proposed either.
    generator
        What proposes new formulas: a name registered under ``designer.generators``, or ``{kind: learned, tasks:
        [...]}``; see `designer.chemistry.generator_settings.GeneratorSettings`.

    Examples
    --------
    >>> oxide = FormulaParameter(elements=["Ba", "Ti", "O"], formulas=["BaTiO3", "BaO3"])
    >>> oxide.valid(np.array([[0.0], [1.0]]))
    array([ True, False])
    >>> oxide.violations(np.array([1.0]))
    ['formula = BaO3: no common oxidation states balance']
    """

    vocabulary: ClassVar[str] = "formulas"

    kind: Literal["formula"] = "formula"
    name: str = "formula"
    formulas: tuple[Text, ...] = ()
    column: Text | None = None
    elements: tuple[Text, ...] | None = None
    exclude: tuple[Text, ...] = ()
    max_elements: int = 5
    max_atoms: int = 20
    charge_neutral: bool = True
    electronegativity: bool = True
    like: tuple[Text, ...] = ()
    novel_to: tuple[Text, ...] = ()
    generator: Generated = GeneratorSettings()

    @model_validator(mode="after")
    def _check(self) -> FormulaParameter:
        faults = [
            Fault(f"formula {self.formulas[i]!r} is given twice", "give it once", path=("formulas", i))
            for i in twice(self.formulas)
        ]
        for i, text in enumerate(self.formulas):
            fault = formula_fault(text)
            if fault is not None:
                faults.append(fault.at(path=("formulas", i)))
        faults += self._rule_faults()
        if faults:
            raise InvalidInput(faults)
        return self

    def _rule_faults(self) -> list[Fault]:
        if self.elements is None:
            given = [key for key in OPEN_KEYS if getattr(self, key) != type(self).model_fields[key].default]
            remedy = "give 'elements' too, or leave it out"
            return [Fault(f"{key!r} is of an open formula, which has 'elements'", remedy, path=(key,)) for key in given]
        try:
            _ = self.rules
        except InvalidInput as error:
            return [*error.faults]
        return []

    @property
    def is_open(self) -> bool:
        """Whether formulas that are on no list can be made."""
        return self.elements is not None

    @property
    def open_by(self) -> str:
        """The field that makes a formula open."""
        return "elements"

    @cached_property
    def rules(self) -> FormulaRules | None:
        """What the formulas of an open parameter keep; None where they are listed."""
        if self.elements is None:
            return None
        given = {key: getattr(self, key) for key in FormulaRules.model_fields}
        return FormulaRules.model_validate(given)

    def word_key(self, word: str) -> Hashable:
        """Return what is equal for two formulas of the same substance; see `composition_key`."""
        return composition_key(word)

    def word_fault(self, word: str) -> Fault | None:
        """Return what is wrong with a formula, or None."""
        return formula_fault(word)

    def broken_rules(self, word: str) -> list[str]:
        """Return in words which rules a formula breaks."""
        return [] if self.rules is None else self.rules.violations(exact_amounts(word))

    def _similarities(self, words: Sequence[str]) -> FloatArray:
        """Return the share of atoms that any two formulas have in common (``n x n``)."""
        fractions = formula_fractions(words, formula_elements(words))
        shared = np.zeros((len(words), len(words)))
        for column in fractions.T:
            shared += np.minimum(column[:, None], column)
        return shared

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return the atomic fraction of each element of the vocabulary, and element descriptors if asked for."""
        elements = formula_elements(self.formulas)
        table = formula_fractions(self.formulas, elements)
        columns = labelled_columns(self.name, self.kind, "fraction", "{}.{}", elements)
        if descriptors and elements:
            describe = ElementFeatures(elements)
            table = np.concatenate([table, describe(table)], axis=1)
            columns += labelled_columns(self.name, self.kind, "descriptor", "{}: {}", describe.names)
        return FeatureBlock(columns, lambda coordinates: table[coordinates[:, 0].astype(np.intp)])

    def reference(self, index: int) -> Reference:
        """Return a coordinate with whose properties constraints calculate, and not with itself."""
        return formula_reference(index, self.formulas)
