"""A parameter whose settings are chemical formulas out of a list or pool."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from designer.chemistry.symbols import KNOWN_SYMBOLS
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.space.parameters.fields import Text, twice
from designer.space.parameters.lattice import Floats
from designer.space.parameters.numeric import LabColumn, ListedParameter

_TOKEN = re.compile(r"([A-Z][a-z]?)|(\d+\.?\d*|\.\d+)|([(\[{])|([)\]}])|(\s+)|([·.*])")


@lru_cache(maxsize=1 << 17)
def formula_fault(text: str) -> Fault | None:
    """Return what is wrong with `text` as a chemical formula, or None.

    >>> formula_fault("Co1 Cr1 (FeNi)0.5") is None
    True
    >>> print(formula_fault("NiXx"))
    formula 'NiXx' has no element 'Xx'; known: H, He, Li, Be, B, C, N, O, F, Ne, Na, Mg, ...
    """
    place, depth, elements = 0, 0, 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            return Fault(f"formula {text!r} cannot be read at {text[place:]!r}", "write it like Fe2O3 or Al0.5CoCrFeNi")
        symbol, _, opened, closed, _, _ = token.groups()
        if symbol and symbol not in KNOWN_SYMBOLS:
            from designer.chemistry.symbols import SYMBOLS

            return Fault(f"formula {text!r} has no element {symbol!r}", did_you_mean(symbol, SYMBOLS))
        elements += bool(symbol)
        depth += bool(opened) - bool(closed)
        if depth < 0:
            break
        place = token.end()
    if depth != 0:
        return Fault(f"formula {text!r} has brackets that do not match", "close each bracket once")
    return None if elements else Fault(f"formula {text!r} names no element", "write it like Fe2O3")


class FormulaParameter(ListedParameter):
    """A chemical formula; its settings are the space's vocabulary of formulas.

    Parameters
    ----------
    formulas
        The vocabulary; a formula's coordinate is its index here. A pool or a table of measurements fills it.
    column
        Header in lab tables, where it differs from the name.
    """

    kind: Literal["formula"] = "formula"
    name: str = "formula"
    formulas: tuple[Text, ...] = ()
    column: Text | None = None
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
        if faults:
            raise InvalidInput(faults)
        return self

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The header of this parameter in a lab table."""
        return (self.column or self.name,)

    @property
    def words(self) -> tuple[str, ...]:
        """The formulas known."""
        return self.formulas

    def from_lab(self, columns: Sequence[LabColumn]) -> Floats:
        """Return the indices (``n x 1``) of a column of formulas; KeyError for one that is not in the vocabulary."""
        return super().from_lab([np.array([str(text).strip() for text in columns[0]], dtype=object)])
