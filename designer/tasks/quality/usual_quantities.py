"""How large known quantities usually are: what a reviewer knows of a column before seeing any other table.

Each line of `quantities.csv` gives for one quantity where the *large values of a table* usually lie: the size that one
value in five exceeds (`LARGE`). Single values are far smaller now and then; that a lab's whole table is, is rare. The
ranges are meant for any lab: a table of band gaps outside of 0.5 to 9 eV would make a reviewer ask for the unit. Some
quantities have limits too, that no sound value passes: yields end at 100 percent (and a little, for the error of the
measurement), and no dielectric constant is below one.

A quantity is known by its unit, which must convert, and by words in the column's name or description; some lines hold
only where other words stand in the names of the design's columns (`beside`), as that of the strength of concrete.

The ranges were written down from general knowledge of chemistry and materials, such as the usual handbooks hold (the
CRC Handbook of Chemistry and Physics; Ashby, *Materials Selection in Mechanical Design*), before any benchmark was run
with them and without a look at its numbers; they are not tuned to those, and must not be. (Potentials, solvation
energies, impurities, E factors and fractions were added when such column names were met, again without their numbers.)
What they cannot tell: a slip of ten in a quantity that itself spans decades (conductivities, times), whose lines are
wide, or are not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Literal

import numpy as np
import pandas as pd

from designer.arrays import BoolArray, FloatArray
from designer.errors import Fault, InvalidInput
from designer.units import convert_many

LARGE = 0.8
"""The quantile of a table's sizes that the ranges are about: one value in five is larger."""
ELEMENTS = "elements"
"""The word that stands beside where designs are written in chemical elements, as alloys and inorganic solids are."""
_ATOM = "/atom"
_PASSED = 1 - LARGE
"""The share of values past a limit from which it is the column that is odd, not some rows of it."""
_NEARLY_ALL = 0.99
_OTHERWISE = frozenset(
    ["log", "ln", "std", "stdev", "sigma", "error", "err", "uncertainty", "sem", "normalized",
     "normalised", "norm", "scaled", "ratio", "change", "difference", "delta", "shift", "loss", "rate", "score", "rank",
     "residual", "diff", "count", "number"]
)  # fmt: skip
"""Words that make another quantity of one: the error of a yield, the change of a gap, a logarithm of unknown base."""
_LOG10 = "lg"


@dataclass(frozen=True)
class Quantity:
    """What is usual of a quantity.

    Parameters
    ----------
    name, unit
        What it is, in words; the unit of the numbers here, None for a plain number.
    words
        Phrases, one of which must stand in the column's name or description, word by word in any order.
    low, high
        Where the large values of a table (`LARGE`) usually lie, without their sign.
    why
        Where that comes from.
    lowest, highest
        What no sound value is below, or above.
    beside
        Words one of which must stand in the names of the design's columns; none where it does not matter.

    Raises
    ------
    InvalidInput
        If the range is none, or does not lie within the limits.
    """

    name: str
    unit: str | None
    words: tuple[str, ...]
    low: float
    high: float
    why: str
    lowest: float = -np.inf
    highest: float = np.inf
    beside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (0 < self.low < self.high <= self.highest and self.lowest < self.highest and self.words):
            what = f"{self.name}: {self.low} to {self.high} is no range within {self.lowest} and {self.highest}"
            raise InvalidInput(Fault(what, "give 0 < low < high <= highest, lowest < highest, and words"))

    def named(self, words: frozenset[str]) -> int:
        """Return how many words of its longest phrase stand among `words`; 0 where none does, or other words tell
        that it is another quantity made of it."""
        matching = [phrase.split() for phrase in self.words if words.issuperset(phrase.split())]
        longest = max(matching, key=len, default=[])
        return 0 if words - {*longest} & _OTHERWISE else len(longest)


@cache
def quantities() -> tuple[Quantity, ...]:
    """Return all that are known; where several fit a column equally well, the first counts.

    >>> next(str(UsualRange(one, None)) for one in quantities() if one.name == "a refractive index")
    '1.2 to 5'
    """
    text = files("designer.tasks.quality").joinpath("quantities.csv").read_text(encoding="utf-8")
    table = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
    return tuple(
        Quantity(
            row["quantity"], row["unit"] or None, _split(row["words"]), float(row["low"]), float(row["high"]),
            row["why"], float(row["least"] or -np.inf), float(row["most"] or np.inf), _split(row["beside"]),
        )
        for row in table.to_dict("records")
    )  # fmt: skip


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


@dataclass(frozen=True)
class UsualRange:
    """What is usual of a column: its quantity, the unit of its values, and whether they are logs to the base of ten."""

    quantity: Quantity
    unit: str | None
    log10: bool = False

    def large(self, values: FloatArray) -> float:
        """Return the size, in the quantity's unit, that one in five of the values (n) exceeds; NaN without one."""
        own = self._own(values)
        return float(np.quantile(np.abs(own), LARGE)) if len(own) else float("nan")

    def odd(self, values: FloatArray) -> Literal["large", "small"] | None:
        """Return whether a column (n) is unusually large or small: by its large values, or by those past the limits."""
        own, known = self._own(values), self.quantity
        if not len(own):
            return None
        large = float(np.quantile(np.abs(own), LARGE))
        too_low = float((own < known.lowest).mean()) >= _PASSED
        if large > known.high or (too_low and known.lowest < 0):
            return "large"
        return "small" if large < known.low or too_low else None

    def reason(self, values: FloatArray) -> str:
        """Return in words why a column (n) lies outside of its usual range.

        >>> usual_range("band gap", "eV").reason(np.array([12.0, 23.0, 31.0]))
        'one value in five exceeds 27.8 eV, and of a band gap that is usually 0.5 to 9 eV'
        """
        known, unit = self.quantity, f" {self.quantity.unit}" if self.quantity.unit else ""
        large = self.large(values)
        if known.low <= large <= known.high:
            beyond = 1 - float(self.within(values).mean())
            return f"{beyond:.0%} of it is beyond what {known.name} can be, {known.lowest:g} to {known.highest:g}{unit}"
        return f"one value in five exceeds {large:.4g}{unit}, and of {known.name} that is usually {self}"

    def is_usual(self, values: FloatArray) -> bool:
        """Whether a column (n) is as usual: its large values in the range, and nearly all within the limits."""
        return self.odd(values) is None and float(self.within(values).mean()) >= _NEARLY_ALL

    def within(self, values: FloatArray) -> BoolArray:
        """Return for each known value whether it is within the limits."""
        own = self._own(values)
        return np.asarray((own >= self.quantity.lowest) & (own <= self.quantity.highest))

    def distance(self, values: FloatArray) -> float:
        """Return how many powers of e the large values lie from the middle of the range."""
        return abs(float(np.log(self.large(values) / np.sqrt(self.quantity.low * self.quantity.high))))

    def _own(self, values: FloatArray) -> FloatArray:
        known = values[np.isfinite(values) & (values != 0)]
        unit = self.quantity.unit
        if self.log10:
            known = 10.0 ** np.clip(known, -300, 300)
        return known if unit is None else convert_many(known, *_an_atom(self.unit or unit, unit))

    def __str__(self) -> str:
        unit = f" {self.quantity.unit}" if self.quantity.unit else ""
        return f"{self.quantity.low:g} to {self.quantity.high:g}{unit}"


def usual_range(
    name: str, unit: str | None, *, description: str | None = None, beside: Iterable[str] = ()
) -> UsualRange | None:
    """Return what is usual of a column, None where its quantity is not known.

    Parameters
    ----------
    name, unit
        The column's name and unit. Without a unit only plain numbers are known (a yield may be a share or a
        percentage), and what has its unit for a name: HV.
    description
        Words for the reader; asked where the name tells nothing.
    beside
        Names of the design's columns, and `ELEMENTS` where designs are written in chemical elements.

    Examples
    --------
    >>> str(usual_range("gap_pbe", "eV")), str(usual_range("Yield strength", "GPa", beside=["elements"]))
    ('0.5 to 9 eV', '150 to 3000 MPa')
    >>> usual_range("yield", None), usual_range("error of the yield", "percent")
    (None, None)
    """
    around = frozenset(word for text in beside for word in _words(text))
    words_of_name = frozenset(_words(name))
    possible = [q for q in quantities() if _in_unit(q, unit, words_of_name) and (not q.beside or around & {*q.beside})]
    for words in (words_of_name, words_of_name | frozenset(_words(description or ""))):
        best = max(possible, key=lambda quantity: quantity.named(words), default=None)
        if best is not None and best.named(words):
            return UsualRange(best, unit if (unit or "").strip() else best.unit, _LOG10 in words)
    return None


def _in_unit(quantity: Quantity, unit: str | None, words_of_name: frozenset[str]) -> bool:
    given = (unit or "").strip()
    if quantity.unit is None or not given:
        return (quantity.unit is None and given in ("", "1")) or (quantity.unit or "").lower() in words_of_name
    try:
        convert_many(np.ones(1), *_an_atom(given, quantity.unit))
    except InvalidInput:
        return False
    return True


def _an_atom(unit: str, to: str) -> tuple[str, str]:
    """Return two units, both without their `/atom` if both have it: atoms are counted, and are no unit."""
    both = unit.endswith(_ATOM) and to.endswith(_ATOM)
    return (unit.removesuffix(_ATOM), to.removesuffix(_ATOM)) if both else (unit, to)


def _words(text: str) -> Iterator[str]:
    """Yield the words of a name: `BulkModulus_VRH (2)` has `bulk`, `modulus` and `vrh`; numbers are none."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text).lower().replace("log10", f" {_LOG10} ")
    yield from re.findall(r"[^\W\d_]+", apart.replace("'", ""))
