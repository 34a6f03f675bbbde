"""Chemical formulas to element fractions: what `formula_reader` reads, remembered by text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.abbreviations import MATERIALS
from designer.chemistry.elements import element_indices
from designer.chemistry.formula_reader import (
    MAX_LENGTH,
    MIN_AMOUNT,
    REMEDY,
    SALT,
    STOP,
    WATER,
    NotFormula,
    read_formula,
)
from designer.chemistry.isotopes import labelled_amount
from designer.chemistry.symbols import KNOWN_SYMBOLS, SYMBOLS
from designer.errors import Fault, InvalidData

# Symbols and numbers alone, with no mark between compounds and no symbol that may be something else.
_PLAIN = re.compile(r"(?:[A-Z][a-z]?(?:\d{1,9}(?:\.\d{1,9})?)?)+")
_PART = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")
_SPECIAL = re.compile(r"Ac|Pr|Ts|FSI|BOB|BTC|BDC|[DT](?![a-z])")
_MAX_PLAIN = 12  # largest amount that is no mass number
_MAX_CACHED = 1 << 17


def parse_formula(text: str) -> Mapping[str, float]:
    """Return the amount of each element in a formula, in the formula's own order.

    Hydrates and adducts behind any dot, fractions (``Na1/2``) and common abbreviations (``Zn(OAc)2``) are read;
    deuterium and tritium (D, T) count as hydrogen. `docs/units-and-formulas.md` has the rules.

    Raises
    ------
    InvalidData
        If the text is no formula: an unknown symbol, unbalanced brackets, a variable amount (``O3-x``), a charge, an
        amount that is not finite, nothing in it at all, or what can be read in two ways (``CuSO4.5H2O``).

    Examples
    --------
    >>> dict(parse_formula("Ba0.5Sr0.5(CoO3)2"))
    {'Ba': 0.5, 'Sr': 0.5, 'Co': 2.0, 'O': 6.0}
    >>> parse_formula("CuSO4·5H2O") == parse_formula("CuSO4 * 5 H2O") == parse_formula("CuSO4(H2O)5")
    True
    """
    if not isinstance(text, str):
        raise InvalidData(Fault(f"formula {text!r} is not text", REMEDY))
    text = text.strip()
    return _parse(text) if len(text) <= MAX_LENGTH else _read(text)


@lru_cache(maxsize=_MAX_CACHED)
def _parse(text: str) -> Mapping[str, float]:
    plain = _plain(text)
    return _read(text) if plain is None else plain


def _read(text: str) -> Mapping[str, float]:
    try:
        return MappingProxyType(read_formula(text))
    except NotFormula as error:
        raise InvalidData(error.fault) from None


def _plain(text: str) -> Mapping[str, float] | None:
    """Return the amounts of a formula of symbols and numbers alone, ten times as quickly; None where it is not that."""
    if (
        not _PLAIN.fullmatch(text)
        or _SPECIAL.search(text)
        or ("." in text and any(stop.search(text) for stop in (STOP, WATER, SALT)))
        or text in MATERIALS
        or text == "H20"
    ):
        return None
    amounts: dict[str, float] = {}
    for symbol, number in _PART.findall(text):
        amount = float(number) if number else 1.0
        if symbol not in KNOWN_SYMBOLS or amount < MIN_AMOUNT:
            return None
        amounts[symbol] = amounts.get(symbol, 0.0) + amount
    if max(amounts.values()) > _MAX_PLAIN and labelled_amount(text):
        return None  # unless the amount 1 is written
    return MappingProxyType(amounts)


def formula_elements(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the elements that occur in any of the formulas, by atomic number.

    Raises
    ------
    InvalidData
        With one fault for each text that is no formula.

    Examples
    --------
    >>> formula_elements(["Fe2O3", "H2O"])
    ('H', 'O', 'Fe')
    """
    present = {symbol for amounts in _parse_all(texts) for symbol in amounts}
    return tuple(symbol for symbol in SYMBOLS if symbol in present)


def formula_fractions(texts: Sequence[str], elements: Sequence[str] | None = None) -> FloatArray:
    """Return the atomic fractions of formulas.

    Parameters
    ----------
    texts
        n formulas.
    elements
        The e columns wanted; by default all 118, by atomic number.

    Returns
    -------
    n x e fractions; each row sums to 1.

    Raises
    ------
    InvalidData
        With one fault for each text that is no formula or holds an element that is not among `elements`; the fault's
        path is the position in `texts`.

    Examples
    --------
    >>> formula_fractions(["Fe2O3", "FeO"], ["Fe", "O"])
    array([[0.4, 0.6],
           [0.5, 0.5]])
    """
    columns = SYMBOLS if elements is None else tuple(elements)
    element_indices(columns)
    parsed = _parse_all(texts)
    place = {symbol: column for column, symbol in enumerate(columns)}
    rows = [row for row, amounts in enumerate(parsed) for _ in amounts]
    symbols = [symbol for amounts in parsed for symbol in amounts]
    faults = [
        Fault(f"formula {texts[row]!r} holds {symbol}", f"one of the elements {', '.join(columns)}", path=(row,))
        for row, symbol in zip(rows, symbols, strict=True)
        if symbol not in place
    ]
    if faults:
        raise InvalidData(faults)
    result = np.zeros((len(parsed), len(columns)))
    result[rows, [place[symbol] for symbol in symbols]] = [a for amounts in parsed for a in amounts.values()]
    fractions: FloatArray = result / result.sum(axis=1, keepdims=True)
    return fractions


def _parse_all(texts: Sequence[str]) -> list[Mapping[str, float]]:
    parsed: list[Mapping[str, float]] = []
    faults: list[Fault] = []
    for position, text in enumerate(texts):
        try:
            parsed.append(parse_formula(text))
        except InvalidData as error:
            faults += [fault.at(path=(position,)) for fault in error.faults]
    if faults:
        raise InvalidData(faults)
    return parsed
