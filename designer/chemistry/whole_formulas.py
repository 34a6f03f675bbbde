"""Formulas with whole numbers of atoms, without a common factor: how new formulas are made and compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache, reduce

from designer.chemistry.formulas import parse_formula
from designer.chemistry.oxidation import electronegativities
from designer.errors import InvalidData

Amounts = tuple[tuple[str, int], ...]
"""The number of atoms of each element, by symbol, without a common factor: equal for equal reduced formulas."""

_MAX_DENOMINATOR = 1000


def reduced(amounts: Mapping[str, int]) -> Amounts:
    """Return whole amounts without their common factor; elements without atoms are left out.

    >>> reduced({"Ti": 2, "O": 4, "Ba": 0})
    (('O', 2), ('Ti', 1))
    """
    present = {symbol: amount for symbol, amount in amounts.items() if amount > 0}
    factor = reduce(math.gcd, present.values(), 0)
    return tuple(sorted((symbol, amount // factor) for symbol, amount in present.items()))


def atoms(amounts: Amounts) -> int:
    """Return the number of atoms.

    >>> atoms((("O", 2), ("Ti", 1)))
    3
    """
    return sum(amount for _, amount in amounts)


@lru_cache(maxsize=1 << 17)
def exact_amounts(text: str) -> Amounts:
    """Return the whole amounts of a formula, however many atoms that takes (amounts are read to three decimals).

    >>> exact_amounts("Y0.9Ce0.1Ni2B2C")
    (('B', 20), ('C', 10), ('Ce', 1), ('Ni', 20), ('Y', 9))

    Raises
    ------
    InvalidData
        If the text is no formula.
    """
    parts = {symbol: Fraction(value).limit_denominator(_MAX_DENOMINATOR) for symbol, value in _parsed(text)}
    common = math.lcm(*(part.denominator for part in parts.values()))
    return reduced({symbol: int(part * common) for symbol, part in parts.items()})


@lru_cache(maxsize=1 << 16)
def nearest_amounts(text: str, max_atoms: int) -> Amounts:
    """Return the formula of at most `max_atoms` atoms that is nearest to a given one; empty where there is none.

    >>> nearest_amounts("Y0.9Ce0.1Ni2B2C", 20)
    (('B', 2), ('C', 1), ('Ni', 2), ('Y', 1))
    """
    exact = exact_amounts(text)
    total = atoms(exact)
    if total <= max_atoms:
        return exact
    best: tuple[float, Amounts] = (math.inf, ())
    for size in range(1, max_atoms + 1):
        rounded = {symbol: round(amount * size / total) for symbol, amount in exact}
        number = sum(rounded.values())
        if not number or number > max_atoms:
            continue
        error = sum(abs(rounded[symbol] / number - amount / total) for symbol, amount in exact)
        if error < best[0] - 1e-9:
            best = (error, reduced(rounded))
    return best[1]


def _parsed(text: str) -> list[tuple[str, float]]:
    amounts = parse_formula(text)
    scale = max(amounts.values())
    # Amounts in percent or per mille are brought to a size at which three decimals tell them apart.
    return [(symbol, amount if scale <= 1000 else amount / scale * 1000) for symbol, amount in amounts.items()]


@lru_cache(maxsize=1 << 16)
def formula_text(amounts: Amounts) -> str:
    """Return the formula, the least electronegative element first, as `parse_formula` reads it.

    A text that would be read as something else has its ones written out; see `designer.chemistry.abbreviations`.

    >>> formula_text((("Ba", 1), ("O", 3), ("Ti", 1)))
    'BaTiO3'

    Raises
    ------
    InvalidData
        If no text of these amounts is read as them.
    """
    scale = electronegativities()
    ordered = sorted(amounts, key=lambda item: (scale.get(item[0], math.inf), item[0]))
    short = "".join(f"{symbol}{amount if amount > 1 else ''}" for symbol, amount in ordered)
    for text in (short, "".join(f"{symbol}{amount}" for symbol, amount in ordered)):
        try:
            if parse_formula(text) == dict(ordered):
                return text
        except InvalidData as error:
            refused = error
    raise refused
