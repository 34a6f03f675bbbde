"""Properties of chemical formulas by name, as constraints calculate with them: ``n_elements``, ``fraction.Li``.

Values are exact (fractions of whole numbers), so that ``fraction.Li >= 0.1`` holds for one atom of ten.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files

from designer.chemistry.descriptors import STATISTICS
from designer.chemistry.elements import element_table
from designer.chemistry.formulas import parse_formula
from designer.chemistry.symbols import KNOWN_SYMBOLS, SYMBOLS
from designer.chemistry.whole_formulas import atoms, exact_amounts
from designer.errors import Fault, InvalidInput, did_you_mean

_MAX_DENOMINATOR = 10**6
WHOLE = ("n_elements", "n_atoms", "price")
"""The properties of a formula as a whole: elements, atoms of the reduced formula, and price in USD/kg."""
PARTS = ("fraction", "weight_fraction", "amount")
"""What is known of each element: its atomic and weight fraction, and its atoms in the reduced formula."""
EXAMPLES = "n_elements, fraction.O or mean.electronegativity"

_Amounts = Mapping[str, Fraction]
_Property = Callable[[_Amounts], Fraction | None]


def formula_values(texts: Sequence[str], name: str) -> tuple[Fraction | None, ...]:
    """Return a property of each formula (``n``); None where it cannot be computed, such as an unknown price.

    Parameters
    ----------
    texts
        Chemical formulas that can be read.
    name
        One of `WHOLE`, one of `PARTS` with an element (``fraction.Li``), or a statistic of `STATISTICS` with a property
        of the element table (``mean.electronegativity``), over the elements that are present.

    Raises
    ------
    InvalidInput
        If there is no such property.

    Examples
    --------
    >>> [str(value) for value in formula_values(["BaTiO3", "NaCl"], "fraction.O")]
    ['3/5', '0']
    >>> float(formula_values(["NaCl"], "mean.electronegativity")[0])
    2.045
    """
    check_property(name)
    return tuple(_value(text, name) for text in texts)


def check_property(name: str) -> None:
    """Refuse what is no property of formulas.

    Raises
    ------
    InvalidInput
        With the remedy.
    """
    kind, _, of = name.partition(".")
    properties = element_table().names
    if kind in WHOLE and not of:
        return
    if kind in PARTS:
        if of not in KNOWN_SYMBOLS:
            what = f"{of!r} is no element" if of else f"{kind!r} is that of an element"
            raise InvalidInput(Fault(what, did_you_mean(of, SYMBOLS) if of else f"write {kind}.O"))
        return
    if kind in STATISTICS:
        if of not in properties:
            what = f"{of!r} is no property of elements" if of else f"{kind!r} is that of a property of elements"
            remedy = did_you_mean(of, properties) if of else f"write {kind}.electronegativity"
            raise InvalidInput(Fault(what, remedy))
        return
    if kind in WHOLE:
        raise InvalidInput(Fault(f"{kind!r} is one number", f"write {kind} alone"))
    raise InvalidInput(Fault(f"formulas have no property {kind!r}", did_you_mean(kind, (*WHOLE, *PARTS, *STATISTICS))))


@lru_cache(maxsize=1 << 18)
def _value(text: str, name: str) -> Fraction | None:
    kind, _, of = name.partition(".")
    if kind in ("n_atoms", "amount"):
        whole = exact_amounts(text)
        return Fraction(atoms(whole) if kind == "n_atoms" else dict(whole).get(of, 0))
    amounts = _exact(text)
    if kind == "n_elements":
        return Fraction(len(amounts))
    if kind == "price":
        return _price(amounts)
    total = sum(amounts.values())
    if kind == "fraction":
        return amounts.get(of, Fraction(0)) / total
    if kind == "weight_fraction":
        masses = _weights(amounts)
        return masses.get(of, Fraction(0)) / sum(masses.values())
    return _statistic(kind, {symbol: amount / total for symbol, amount in amounts.items()}, _column(of))


def _statistic(kind: str, fractions: _Amounts, values: _Amounts) -> Fraction:
    present = [values[symbol] for symbol in fractions]
    mean = sum((share * values[symbol] for symbol, share in fractions.items()), Fraction(0))
    if kind == "mean":
        return mean
    if kind == "deviation":
        return sum((share * abs(values[symbol] - mean) for symbol, share in fractions.items()), Fraction(0))
    return {"minimum": min(present), "maximum": max(present), "range": max(present) - min(present)}[kind]


@lru_cache(maxsize=1 << 17)
def _exact(text: str) -> _Amounts:
    return {
        symbol: Fraction(amount).limit_denominator(_MAX_DENOMINATOR) for symbol, amount in parse_formula(text).items()
    }


def _weights(amounts: _Amounts) -> _Amounts:
    masses = _column("atomic_mass")
    return {symbol: amount * masses[symbol] for symbol, amount in amounts.items()}


def _price(amounts: _Amounts) -> Fraction | None:
    """Return the price of the elements of a formula in USD per kg of the compound; None where one is not known."""
    prices, masses = element_prices(), _weights(amounts)
    if any(symbol not in prices for symbol in masses):
        return None
    paid = sum((mass * prices[symbol] for symbol, mass in masses.items()), Fraction(0))
    return paid / sum(masses.values())


@cache
def _column(name: str) -> _Amounts:
    table = element_table()
    values = [Fraction(repr(float(value))) for value in table.column(name)]
    return dict(zip(table.symbols, values, strict=True))


@cache
def element_prices() -> _Amounts:
    """Return the prices of pure elements in USD/kg, of those that have one.

    They are those of pymatgen's table ``costdb_elements.csv`` (Wolfram Alpha and Wikipedia, most of 2013): good to
    tell orders of magnitude apart, and no offer. A compound may cost less than its pure elements, such as fluorides.

    >>> float(element_prices()["Pt"]) > 1000 * float(element_prices()["Cu"])
    True
    """
    text = files("designer.chemistry").joinpath("element_prices.csv").read_text(encoding="utf-8")
    _, *rows = csv.reader(text.splitlines())
    return {symbol: Fraction(price) for symbol, price in rows}
