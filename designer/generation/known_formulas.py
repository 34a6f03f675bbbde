"""Formulas that are known: the prototypes that proposals start from, and what is not new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import FloatArray, IndexArray
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import Amounts, atoms, exact_amounts

PROTOTYPES = (
    "NaCl", "ZnS", "CaF2", "TiO2", "Al2O3", "Li3N", "Mg3N2", "Na2O", "CdI2", "BiI3", "ReO3", "V2O5", "WC", "TiB2",
    "CaTiO3", "MgAl2O4", "Fe3O4", "FeTiO3", "LiCoO2", "CuFeS2", "CaCO3", "CaSO4", "BaSO4", "ZrSiO4", "Mg2SiO4",
    "MgSiO3", "K2NiF4", "Sr2TiO4", "Na3AlF6", "Cs2AgBiBr6", "Sr2FeMoO6", "La2Zr2O7", "Ca3Al2Si3O12", "Li7La3Zr2O12",
    "NaZr2P3O12", "LiFePO4", "Li3PO4", "Li6PS5Cl", "KAlSi3O8", "Ca5P3O12F", "YBa2Cu3O7", "BiOCl", "LaOF", "Ti3SiC2",
)  # fmt: skip
"""Well-known compounds of common structure types (minerals and text-book examples), from which proposals start where no
formulas are given."""


@dataclass(frozen=True, eq=False)
class KnownFormulas:
    """Known formulas.

    Parameters
    ----------
    like
        Formulas that proposals start from, and which are not proposed.
    also
        Further formulas that are not proposed.
    """

    like: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @classmethod
    def of(cls, like: Iterable[str] = (), also: Iterable[str] = ()) -> KnownFormulas:
        """Return the known formulas, each once."""
        return cls(tuple(dict.fromkeys(like)), tuple(dict.fromkeys(also)))

    @property
    def prototypes(self) -> tuple[str, ...]:
        """The formulas that proposals start from."""
        return self.like or PROTOTYPES

    @cached_property
    def keys(self) -> frozenset[Amounts]:
        """The reduced formulas of all that is known."""
        return frozenset(exact_amounts(text) for text in self._all)

    @property
    def _all(self) -> tuple[str, ...]:
        return (*self.prototypes, *self.also)

    @cached_property
    def _index(self) -> FormulaIndex:
        return FormulaIndex(self._all)

    def nearest(self, formulas: Sequence[Amounts]) -> list[tuple[str | None, float | None]]:
        """Return the nearest known formula of each reduced one, with its distance; see `FormulaIndex`."""
        return [self._index.nearest(each) for each in formulas]


class FormulaIndex:
    """Formulas, to find the nearest of another one: that of which the most atoms agree.

    The distance of two formulas is the share of atoms that differ: half the sum of the differences of their atomic
    fractions, 0 for equal ones and 1 for those without a common element.

    Examples
    --------
    >>> FormulaIndex(["BaTiO3", "NaCl"]).nearest(exact_amounts("BaZrO3"))
    ('BaTiO3', 0.2)
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        rows: dict[str, list[int]] = {}
        fractions: dict[str, list[float]] = {}
        for row, text in enumerate(texts):
            amounts = exact_amounts(text)
            for symbol, amount in amounts:
                rows.setdefault(symbol, []).append(row)
                fractions.setdefault(symbol, []).append(amount / atoms(amounts))
        self._rows: dict[str, IndexArray] = {symbol: np.array(each, dtype=np.intp) for symbol, each in rows.items()}
        self._fractions = {symbol: np.array(each) for symbol, each in fractions.items()}

    def shared(self, amounts: Amounts) -> FloatArray:
        """Return the share of atoms that each formula of the index (``n``) has in common with a given one."""
        total, size = np.zeros(len(self.texts)), atoms(amounts)
        for symbol, amount in amounts:
            if symbol in self._rows:
                total[self._rows[symbol]] += np.minimum(self._fractions[symbol], amount / size)
        return total

    def nearest(self, amounts: Amounts) -> tuple[str | None, float | None]:
        """Return the nearest formula, the first of several, and its distance; None where the index is empty."""
        if not self.texts:
            return None, None
        shared = self.shared(amounts)
        row = int(shared.argmax())
        return self.texts[row], round(float(1.0 - shared[row]), 9)


def element_symbols(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the elements of formulas, by atomic number.

    >>> element_symbols(["BaTiO3", "TiO2"])
    ('O', 'Ti', 'Ba')
    """
    present = {symbol for text in texts for symbol, _ in exact_amounts(text)}
    return tuple(symbol for symbol in SYMBOLS if symbol in present)
