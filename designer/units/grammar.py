"""The grammar of units: from what a person types to a product of known symbols with bounded powers.

The text is normalised first (Unicode NFKC: superscripts, micro and angstrom signs; all dots, minus signs and blanks to
one each), then read from left to right in one pass. Nothing is computed but small exponents, and every size is bounded:
characters, factors, brackets, powers. pint never sees the text.

::

    unit     = [factor] product { ("/" | "per") item }
    product  = item { ["*" | "." | "-" | blank] item }
    item     = symbol [power] | "(" unit ")" [power] | "√" symbol
    power    = ("^" | "**") number | number that follows at once, as in m2, cm-1, m1/2
    factor   = 1 | 10^n | 1e n
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from designer.units.vocabulary import NOT_UNITS, PARTS, SHARES, WHOLE, Symbol, near_spelling, readings_of

MAX_LENGTH = 80
MAX_FACTORS = 12
MAX_DEPTH = 3
MAX_POWER = 12
MAX_DENOMINATOR = 4
MAX_EXPONENT_OF_TEN = 30
MAX_READINGS = 8

_REPLACED = str.maketrans({
    "˚": "°", "º": "°", "−": "-", "–": "-", "‐": "-", "‑": "-", "‒": "-", "⁻": "-", "˗": "-",
    "·": "*", "⋅": "*", "•": "*", "∙": "*", "×": "*", "‧": "*", "・": "*", "∗": "*",
    "∕": "/", "⁄": "/", "÷": "/", "∆": "Δ", "\u200b": "", "\ufeff": "", "\u2060": "", "{": "(", "}": ")", "ℓ": "l",
    "µ": "μ", "◻": "□",
})  # fmt: skip
_SORTS = "|".join(sorted(map(re.escape, SHARES), key=len, reverse=True))
_TOKEN = re.compile(
    rf"""
      (?P<share> (?i:(?P<sort>{_SORTS})[.]?[ -]?(?P<part>%|percent|pct|fraction|pp[mb])) (?![^\W\d_])
        | (?i:%\s?\(?(?P<like>wt|vol|mol|[wv])/(?P=like)\)?) (?![^\W\d_])
        | (?i:(?P<small>pp[mb])\s?\(?(?P<by>wt|vol|mol|at|[wv])\)?) (?![^\W\d_])
        | (?i:w(?P<weighed>pp[mb])) (?![^\W\d_])
        | (?P<bare>%|‰|(?i:percent|pct|permille|fraction|dimensionless|pp[mb])(?![^\W\d_])) )
    | (?P<per> per(?![^\W\d_]) )
    | (?P<symbol> (?:deg|degrees?)\.?\s(?P<scale>C|F|K|Celsius|Fahrenheit|Kelvin)(?![^\W\d_])
        | f\.u\. | °\s?[CFK](?![^\W\d_]) | Δ?°[CF]? | (?:[^\W\d_]|[□])+(?:_[^\W\d_]+)* )
    | (?P<ten> 10(?:(?:\^|\*\*)\(?(?P<tens>[+-]?\d{{1,2}})\)?|(?P<signed>[+-]\d{{1,2}}))(?![\d.])
        | 1[eE](?P<e>[+-]?\d{{1,2}})(?!\d) )
    | (?P<one> 1(?![\d.]|/\d) )
    | (?P<power> (?:\^|\*\*)\s?(?: \((?P<inner>[+-]?\d{{1,2}}(?:/\d|\.\d{{1,3}})?)\)
                                 | (?P<outer>[+-]?\d{{1,2}}(?:\.\d{{1,3}})?) )(?![\d.])
        | (?P<close>[+-]?\d{{1,2}}(?:/\d(?!\d)|\.\d{{1,2}})?)(?![\d]) )
    | (?P<blank> \s+ )
    | (?P<mark> [*./()√-] )
    """,
    re.VERBOSE,
)


class Unreadable(ValueError):
    """A text that is no unit; its message says why, where that is more than that a word of it is unknown."""


@dataclass(frozen=True)
class Factor:
    """One symbol of a unit, all that it can mean, and its power."""

    meanings: tuple[Symbol, ...]
    power: Fraction


@dataclass(frozen=True)
class Expression:
    """A unit as read: its factors, and the power of ten in front of them."""

    factors: tuple[Factor, ...]
    exponent_of_ten: int = 0

    @property
    def is_blank(self) -> bool:
        """Whether it says nothing: no unit is given."""
        return not self.factors and self.exponent_of_ten == 0


def normalised(text: str) -> str:
    """Return a unit's text in one spelling of its letters, signs and blanks.

    Raises
    ------
    Unreadable
        If it is longer than any unit.

    Examples
    --------
    >>> normalised(" mA cm⁻² "), normalised("g·L⁻¹"), normalised("µm")
    ('mA cm-2', 'g*L-1', 'μm')
    """
    if len(text) > MAX_LENGTH:
        raise Unreadable(f"a unit has at most {MAX_LENGTH} characters")
    plain = unicodedata.normalize("NFKC", text.translate(_REPLACED)).translate(_REPLACED)
    return " ".join(plain.split())[:MAX_LENGTH]


def read_expression(text: str) -> Expression:
    """Return the product of symbols that a unit's text stands for.

    Raises
    ------
    Unreadable
        If it is no unit, or can be read in two ways.

    Examples
    --------
    >>> [(f.meanings[0].pint, str(f.power)) for f in read_expression("mA cm^-2").factors]
    [('milliampere', '1'), ('centimeter', '-2')]
    >>> read_expression("J/mol K")
    Traceback (most recent call last):
        ...
    designer.units.grammar.Unreadable: 'J/mol K' can be read in two ways: use brackets, or one / for each divisor
    """
    return _read(normalised(text))


@lru_cache(maxsize=4096)
def _read(plain: str) -> Expression:
    plain = WHOLE.get(plain, plain)
    if plain in NOT_UNITS:
        raise Unreadable(NOT_UNITS[plain])
    if not plain:
        return Expression(())
    return _Reader(plain).expression()


class _Reader:
    """One reading of one normalised text, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._tokens())
        self.place = 0
        self.factors = 0

    def _tokens(self) -> list[re.Match[str]]:
        found, at = [], 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise Unreadable("")
            found.append(match)
            at = match.end()
        return found

    def expression(self) -> Expression:
        ten = 0
        if self._kind() == "ten":
            ten = self._ten()
            self._skip("blank")
            if self._mark() == "*":
                self._take()
        elif self._kind() == "one":
            self._take()
            self._skip("blank")
            if self._kind() is None:
                return Expression((Factor((Symbol("designer_one"),), Fraction(1)),))
            if self._mark() not in ("/", "*") and self._kind() != "per":
                raise Unreadable("")
        product = [] if self._kind() is None else self._product(0)
        if self._kind() is not None:
            raise Unreadable("")
        if sum(abs(factor.power) for factor in product) > 2 * MAX_POWER or not (product or ten):
            raise Unreadable(f"no power of a unit is beyond {MAX_POWER}")
        return Expression(tuple(product), ten)

    def _product(self, depth: int) -> list[Factor]:
        """Read items, until the text or the bracket ends."""
        found: list[Factor] = []
        divided = False
        while self._kind() is not None and self._mark() != ")":
            divides = self._divides(is_first=not found)
            if self._mark() == ")":
                break
            item = self._item(depth, after_slash=divides)
            negative = divides and any(factor.power < 0 for factor in item)
            if negative or (divided and not divides):
                what = f"{self.text!r} can be read in two ways"
                raise Unreadable(f"{what}: use brackets, or one / for each divisor")
            found += [Factor(f.meanings, -f.power) for f in item] if divides else item
            divided = divided or divides
        if not found:
            raise Unreadable("")
        return found

    def _divides(self, *, is_first: bool) -> bool:
        """Take what stands between two items, at most one sign; say whether it divides."""
        before = self.tokens[self.place - 1] if self.place else None
        is_apart = (
            is_first
            or self._mark() == "√"
            or (before is not None and (before["power"] is not None or before["one"] is not None))
        )
        signs: list[str] = []
        while self._kind() in ("blank", "per") or self._mark() in ("*", ".", "-", "/"):
            token = self._take()
            is_apart = True
            if token["blank"] is None:
                signs.append("/" if token["per"] else token["mark"])
        if len(signs) > 1 or (is_first and signs not in ([], ["/"])) or not is_apart:
            raise Unreadable("")
        return signs == ["/"]

    def _item(self, depth: int, *, after_slash: bool = False) -> list[Factor]:
        if self._mark() == "(":
            if depth >= MAX_DEPTH:
                raise Unreadable(f"brackets stand at most {MAX_DEPTH} deep")
            self._take()
            inner = self._product(depth + 1)
            if self._mark() != ")":
                raise Unreadable("")
            self._take()
        elif self._mark() == "√":
            self._take()
            return [Factor(f.meanings, _bounded(f.power / 2)) for f in self._item(depth)]
        else:
            inner = [Factor(self._symbol(), Fraction(1))]
        is_remark = self.tokens[self.place - 1]["mark"] == ")" and len(inner) == 1 and not after_slash
        power = self._power()
        if is_remark and power == 1:  # bar (g) is gauge pressure, and no product with grams
            raise Unreadable("")
        return [Factor(f.meanings, _bounded(f.power * power)) for f in inner]

    def _symbol(self) -> tuple[Symbol, ...]:
        self.factors += 1
        if self.factors > MAX_FACTORS:
            raise Unreadable(f"a unit has at most {MAX_FACTORS} factors")
        kind = self._kind()
        if kind == "share":
            return (_share(self._take()),)
        if kind != "symbol":
            raise Unreadable("")
        token = self._take()
        name = f"°{token['scale'][0]}" if token["scale"] else token["symbol"].replace(" ", "")
        name = "K" if name == "°K" else name
        meanings = readings_of(name)
        if not meanings:
            near = near_spelling(name)
            raise Unreadable(NOT_UNITS.get(name, f"did you mean {near!r}?" if near else ""))
        return meanings

    def _power(self) -> Fraction:
        spaced = self._kind() == "blank" and self._kind(1) in ("power", "ten", "one")
        if spaced and not self.tokens[self.place + 1][0].startswith(("^", "*", "-", "+")):
            return Fraction(1)
        if spaced:
            self._take()
        if self._kind() in ("ten", "one"):
            text = self._take()[0]
            if not text.isdecimal():
                raise Unreadable("")
            return _bounded(Fraction(int(text)))
        if self._kind() != "power":
            return Fraction(1)
        token = self._take()
        if self._kind() == "power":
            raise Unreadable("a power has no power")
        return _bounded(Fraction(token["inner"] or token["outer"] or token["close"]))

    def _ten(self) -> int:
        token = self._take()
        exponent = int(token["tens"] or token["signed"] or token["e"])
        if abs(exponent) > MAX_EXPONENT_OF_TEN:
            raise Unreadable(f"no power of ten is beyond {MAX_EXPONENT_OF_TEN}")
        return exponent

    # Tokens

    def _kind(self, ahead: int = 0) -> str | None:
        place = self.place + ahead
        if place >= len(self.tokens):
            return None
        groups = self.tokens[place]
        return next(kind for kind in _KINDS if groups[kind] is not None)

    def _mark(self) -> str | None:
        return self.tokens[self.place]["mark"] if self.place < len(self.tokens) else None

    def _take(self) -> re.Match[str]:
        self.place += 1
        return self.tokens[self.place - 1]

    def _skip(self, kind: str) -> None:
        while self._kind() == kind:
            self._take()


_KINDS = ("share", "per", "symbol", "ten", "one", "power", "blank", "mark")


def _bounded(power: Fraction) -> Fraction:
    if abs(power) > MAX_POWER or power.denominator > MAX_DENOMINATOR or power == 0:
        raise Unreadable(f"the power of a unit is not 0, at most {MAX_POWER}, and no finer than 1/{MAX_DENOMINATOR}")
    return power


def _share(token: re.Match[str]) -> Symbol:
    """Return the unit that a token such as ``wt.%``, ``% w/w``, ``ppmv`` or ``mole fraction`` names."""
    sort = token["sort"] or token["like"] or token["by"] or ("w" if token["weighed"] else None)
    part = token["part"] or token["small"] or token["weighed"] or ("%" if token["like"] else token["bare"])
    return Symbol(PARTS[part.lower()], SHARES[sort.lower()] if sort else None)
