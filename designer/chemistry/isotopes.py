"""Isotope labels in formulas: ``[13C]O2`` is read; ``13CO2``, ``C13O2`` and ``U235O2`` can be read in two ways.

An isotope counts as its element: designs are compared by elements. A number beside a symbol is an amount or a
multiplier, unless it is a mass number of that element, and as an amount would be out of proportion to the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from designer.chemistry.masses import atomic_masses
from designer.chemistry.symbols import KNOWN_SYMBOLS

BRACKETS = re.compile(r"[\[(](?P<mass>\d{1,3})(?P<symbol>[A-Z][a-z]?)(?P<amount>\d{0,3})[\])]")
"""An isotope in brackets: ``[13C]``, or ``[13C6]`` with its amount."""

_LABELS = {
    "H": (2, 3), "Li": (6, 7), "B": (10, 11), "C": (13, 14), "N": (15,), "O": (17, 18), "F": (18,), "Na": (22, 24),
    "Mg": (25, 26, 28), "Al": (26,), "Si": (29, 30, 32), "P": (32, 33), "S": (33, 34, 35, 36), "Cl": (35, 36, 37),
    "K": (40, 41, 42), "Fe": (57, 59), "Co": (57, 60), "Ni": (63,), "Cu": (64, 65, 67), "Zn": (65, 68, 70),
    "Ga": (67, 68), "Ge": (76,), "Se": (75, 77), "Sr": (87, 90), "Y": (90,), "Zr": (89,), "Mo": (99,), "Tc": (99,),
}  # fmt: skip
"""Mass numbers by which elements are labelled (J. R. de Laeter et al., Pure Appl. Chem. 75 (2003) 683): stable isotopes
but the most frequent one, and the usual tracers."""
_SMALL_AMOUNTS = frozenset({"H", "Li", "B"})  # whose mass numbers are usual amounts
_HEAVY = 0.04  # largest distance of a mass number from the atomic mass, of numbers from 100
_IN_BRACKETS = 0.25  # the same where brackets say that it is an isotope
_MAX_BESIDE = 4  # largest other amount in a formula with a mass number below 100; from 100 it is 12
_MAX_BESIDE_ANION = 2  # the same beside O or F, of which real compounds have many
_HYDROGEN = {"2H": "D", "3H": "T"}
_DEUTERIUM = re.compile(r"[DT](?![a-z])")
_AMOUNT = re.compile(r"([A-Z][a-z]?)(\d+(?:\.\d+)?)?")


@lru_cache(maxsize=128)
def _mass(symbol: str) -> float:
    return float(atomic_masses([symbol])[0])


def isotopes_in(text: str) -> tuple[str, ...]:
    """Return the isotopes that a formula names, sorted: D and T for those of hydrogen.

    >>> isotopes_in("[2H]2O") == isotopes_in("D2O"), isotopes_in("[13C]O2"), isotopes_in("Dy2O3")
    (True, ('13C',), ())
    """
    plain = BRACKETS.sub(lambda found: _HYDROGEN.get(found["mass"] + found["symbol"], found[0]) + found["amount"], text)
    heavy = [found["mass"] + found["symbol"] for found in BRACKETS.finditer(plain)]
    return tuple(sorted([*_DEUTERIUM.findall(plain), *(each for each in heavy if is_isotope(*_split(each)))]))


def _split(isotope: str) -> tuple[str, int]:
    symbol = isotope.lstrip("0123456789")
    return symbol, int(isotope.removesuffix(symbol))


def is_isotope(symbol: str, number: int) -> bool:
    """Whether a number is near enough to the mass numbers of an element's isotopes.

    >>> is_isotope("C", 13), is_isotope("U", 235), is_isotope("Fe", 2)
    (True, True, False)
    """
    if symbol not in KNOWN_SYMBOLS:
        return False
    return number in _LABELS.get(symbol, ()) or abs(number - _mass(symbol)) <= max(1.5, _IN_BRACKETS * _mass(symbol))


def _is_label(symbol: str, number: int) -> bool:
    """Whether a number is a mass number by which an element is labelled."""
    if number < 100:
        return number in _LABELS.get(symbol, ())
    return symbol in KNOWN_SYMBOLS and abs(number - _mass(symbol)) <= _HEAVY * _mass(symbol)


def labelled_amount(text: str) -> tuple[str, int] | None:
    """Return the symbol and the number of an amount that may be a mass number (``U235O2``), of a formula without
    brackets; None where there is none.

    >>> labelled_amount("U235O2"), labelled_amount("Zr57Ti5Cu20Ni8Al10"), labelled_amount("C13H10O")
    (('U', 235), None, None)
    """
    amounts = [(symbol, float(number or 1)) for symbol, number in _AMOUNT.findall(text)]
    if len({symbol for symbol, _ in amounts}) < 2 or abs(sum(number for _, number in amounts) - 100.0) <= 1.0:
        return None
    for i, (symbol, number) in enumerate(amounts):
        if not number.is_integer() or symbol in _SMALL_AMOUNTS or not _is_label(symbol, int(number)):
            continue
        others = [each for j, (_, each) in enumerate(amounts) if j != i]
        most = _MAX_BESIDE_ANION if symbol in "OF" else _MAX_BESIDE if number < 100 else 3 * _MAX_BESIDE
        if max(others) <= most:
            return symbol, int(number)
    return None


def labelled_multiplier(parts: Iterable[str]) -> tuple[str, int] | None:
    """Return the symbol and the number of a multiplier that may be a mass number (``13CO2``).

    Of the first part only, and not in a recipe (``60SiO2·11B2O3``), whose other parts have multipliers as well. A
    hydrogen's does not matter: ``2H2O`` is water either way.
    """
    first, *others = parts
    found = re.match(r"(\d{1,3})([A-Z][a-z]?)", first)
    if found is None or any(part[:1].isdigit() for part in others):
        return None
    symbol = found[2] if found[2] in KNOWN_SYMBOLS else found[2][0]
    return (symbol, int(found[1])) if symbol != "H" and _is_label(symbol, int(found[1])) else None
