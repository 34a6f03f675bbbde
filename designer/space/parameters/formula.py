"""A parameter whose settings are chemical formulas: those of a table, or any that keep rules (an open formula)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property, lru_cache, partial
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.chemistry.formula_properties import formula_values
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.formulas import formula_elements, formula_fractions, parse_formula
from designer.chemistry.generator_settings import Generated, GeneratorSettings
from designer.chemistry.isotopes import isotopes_in
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import Fault, InvalidData, InvalidInput, NearestWords
from designer.space.parameters.amending import rebuilt
from designer.space.parameters.base import DesignTable, LabColumn
from designer.space.parameters.element_features import ElementFeatures
from designer.space.parameters.features import FeatureBlock, labelled_columns
from designer.space.parameters.fields import Text, twice
from designer.space.parameters.lattice import is_whole
from designer.space.parameters.listed import ListedParameter
from designer.space.parameters.references import Reference

OPEN_KEYS = (
    "exclude", "max_elements", "max_atoms", "charge_neutral", "electronegativity", "like", "novel_to", "generator",
)  # fmt: skip
"""The fields that an open formula alone has, beside ``elements``."""
_MAX_ORDERED, _MIN_NEAR = 3_000, 5
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
    return Reference(index, unusable="is a formula, not a number", properties=properties)


class FormulaParameter(ListedParameter):
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
    unit: ClassVar[None] = None

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

    @cached_property
    def rules(self) -> FormulaRules | None:
        """What the formulas of an open parameter keep; None where they are listed."""
        if self.elements is None:
            return None
        given = {key: getattr(self, key) for key in FormulaRules.model_fields}
        return FormulaRules.model_validate(given)

    @cached_property
    def _allowed(self) -> BoolArray:
        """Whether each formula of the vocabulary may be suggested."""
        rules = self.rules
        return np.array([rules is None or rules.allows(exact_amounts(text)) for text in self.formulas], dtype=np.bool_)

    @cached_property
    def _distinct(self) -> IntArray:
        first = np.unique(np.array(self._first, dtype=np.int64))
        return first[self._allowed[first]]

    @property
    def count(self) -> int:
        """The number of formulas of the vocabulary that may be suggested."""
        return len(self._distinct) if self.is_open else len(self.words)

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest index."""
        return self.canonical(np.clip(np.rint(coordinates), 0, max(len(self.words) - 1, 0)))

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each is the index of a formula that may be suggested."""
        index = coordinates[:, 0]
        listed = is_whole(index) & (index >= 0) & (index < len(self.words))
        if self.is_open:
            listed[listed] = self._allowed[index[listed].astype(np.intp)]
        return listed

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each keeps the rules."""
        return self.valid(coordinates) if self.is_open else super().within(coordinates)

    def violations(self, row: FloatArray) -> list[str]:
        """Return in words which rules a formula breaks."""
        rules, index = self.rules, row[0]
        if rules is None or not (is_whole(row)[0] and 0 <= index < len(self.words)):
            return []
        text = self.words[int(index)]
        return [f"{self.name} = {text}: {words}" for words in rules.violations(exact_amounts(text))]

    @cached_property
    def _order(self) -> IntArray:
        """For each of the `count` formulas, the others from the nearest one on (`count` x `count` - 1)."""
        texts = [self.words[i] for i in self._distinct]
        fractions = formula_fractions(texts, formula_elements(texts))
        shared = np.zeros((len(texts), len(texts)))
        for column in fractions.T:
            shared += np.minimum(column[:, None], column)
        np.fill_diagonal(shared, 2.0)
        return np.argsort(-shared, axis=1, kind="stable")[:, 1:]

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return another formula for each: of an open parameter one of the nearest, in atoms that agree."""
        if not self.is_open or not 1 < self.count <= _MAX_ORDERED:
            return super().move(coordinates, radius, rng)
        position = np.minimum(np.searchsorted(self._distinct, coordinates[:, 0]), self.count - 1)
        near = max(_MIN_NEAR, round(radius * self.count))
        rank = rng.integers(0, min(near, self.count - 1), len(position))
        return self._distinct[self._order[position, rank]].astype(np.float64)[:, None]

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The header of this parameter in a lab table."""
        return (self.column or self.name,)

    @property
    def words(self) -> tuple[str, ...]:
        """The formulas known."""
        return self.formulas

    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        """Return the indices (``n x 1``) of a column of formulas; KeyError for one that is not in the vocabulary."""
        return super().from_lab([np.array([str(text).strip() for text in columns[0]], dtype=object)])

    @cached_property
    def _by_composition(self) -> dict[Hashable, int]:
        """The first index of each composition."""
        found: dict[Hashable, int] = {}
        for i, text in enumerate(self.formulas):
            found.setdefault(composition_key(text), i)
        return found

    def same_as(self) -> tuple[int, ...]:
        """Return for each formula the first one of the same composition; see `composition_key`."""
        return tuple(self._by_composition[composition_key(text)] for text in self.formulas)

    def index_of(self, word: str) -> int | None:
        """Return the index of a formula, in whatever spelling; None where its composition is not in the vocabulary."""
        if word in self.indices:
            return self.indices[word]
        return None if formula_fault(word) is not None else self._by_composition.get(composition_key(word))

    def unknown_word(self, word: str, nearest: NearestWords) -> Fault | None:
        """Return None: `new_words` reported the formulas that cannot be read, and the vocabulary takes all others."""
        return None

    def new_words(self, table: DesignTable) -> list[str]:
        """Return the formulas of a table's column; those that cannot be read are faults of the table."""
        (column,) = self.lab_columns
        if not table.has(column):
            return []
        codes, words = table.words(column)
        faults = [formula_fault(word) if word else Fault("the cell is empty", "give a formula") for word in words]
        for row, code in enumerate(codes):
            fault = faults[code]
            if fault is not None:
                table.fault(fault.what, fault.remedy, column, row)
        return words

    def with_words(self, words: Sequence[str]) -> FormulaParameter:
        """Return the parameter with formulas added behind those of its vocabulary; itself where none is new."""
        added: dict[Hashable, str] = {}
        for text in dict.fromkeys(words):
            if self.index_of(text) is None:
                added.setdefault(composition_key(text), text)
        return rebuilt(self, formulas=(*self.formulas, *added.values())) if added else self

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
