"""The grammar of chemical formulas: from text to the amount of each element.

::

    formula  = [number] group { group } { dot [number] group { group } }
    group    = ( symbol | abbreviation | "(" formula ")" | "[" formula "]" | "{" formula "}" | isotope ) [number]
    isotope  = "[" mass number symbol [number] "]"
    number   = 12 | 0.5 | .5 | 1/3
    dot      = any dot in the middle of the line, *, x between numbers, or a full stop that is no decimal point

A full stop between two numbers is a decimal point (``SiO1.5``). Where the parts on both sides of it are compounds
(``CuSO4.5H2O``), it may as well stand for a dot, and the formula is refused with the remedy. So is a number that may be
an isotope's (``13CO2``, `designer.chemistry.isotopes`), or be meant as an exponent (``H1e3``).
"""

from __future__ import annotations

import itertools
import math
import re

from designer.chemistry.abbreviations import ABBREVIATIONS, ELEMENT_OR_GROUP, MATERIALS, UNSURE
from designer.chemistry.isotopes import BRACKETS, is_isotope, labelled_amount, labelled_multiplier
from designer.chemistry.symbols import KNOWN_SYMBOLS
from designer.errors import Fault

MAX_LENGTH = 300
MAX_DEPTH = 8
MIN_AMOUNT = 1e-8
"""An amount below which an element is not there."""

REMEDY = "write element symbols and amounts, such as Fe2O3, Ba0.5Sr0.5CoO3 or (NH4)2SO4"
_WRITTEN_ONE = re.compile(r"[A-Za-z)\]}]1(?![\d.])")
"""The amount 1, which only programs write: they write no dots of hydrates, and their stops are decimal points."""
REMEDY_DOT = "put crystal water, or another part, behind a dot or in brackets, such as {}"
_HYDRATE = "CuSO4·5H2O or CuSO4(H2O)5"
_REMEDY_GROUP = "write element symbols and amounts instead of the group, or (OAc) for acetate, (iPr) for propyl"

_PLAIN = str.maketrans({
    **{chr(0x2080 + i): str(i) for i in range(10)}, **dict.fromkeys("•∙⋅‧・●*×∗˙", "·"),
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⁄": "/", "∕": "/",
    "․": ".", "\u200b": "", "\ufeff": "",
})  # fmt: skip
_RAISED = re.compile(r"[⁰¹²³⁴-⁹⁺⁻]")
_VULGAR = re.compile(r"\d\s*[½⅓⅔¼¾⅛]")
_TIMES = re.compile(r"(?<=[\d)\]} ])x ?(?=\d)")
_APART = re.compile(r"\d \.?\d")
_NUMBER = re.compile(r"\d{1,20}/\d{1,3}(?![\d.])|(?:\d{1,20}(?:\.\d{1,20})?|\.\d{1,20})(?:e\d{1,3})?")
_TWO_STOPS = re.compile(r"(\d*)\.(0\.\d+)(?![\d.])")
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_WORDS = sorted(ABBREVIATIONS, key=len, reverse=True)
_WORD = re.compile("|".join(rf"{re.escape(word)}(?![a-z])" for word in _WORDS))
_BEGINNINGS = frozenset(word[:2] for word in _WORDS)
_ACRONYMS = frozenset({"BTC", "BDC", "FSI", "TFSI", "BOB", "DFOB", "ODFB"})  # of letters that are elements, too
_BRACKETS = {"(": ")", "[": "]", "{": "}"}

_NONMETALS = frozenset({"H", "C", "N", "O", "F", "P", "S", "Cl", "Se", "Br", "Te", "I"})
_ANIONS = frozenset({"O", "F", "S", "Cl", "Se", "Br", "Te", "I"})
STOP = re.compile(
    r"(?P<before>(?:(?:Cl|Se|Br|Te|[HCNOFPSI])|[)\]}])(?:[2-9]|[1-9]\d+)?)(?P<mark>[./])(?P<number>[1-9]\d?)(?=[A-Za-z(\[{])"
)
"""A mark between two numbers that may end one compound and begin the next.

An amount of 1 is not written (O1.5 is a decimal), nor does a compound end in its metal (Na1/2).
"""


WATER = re.compile(
    r"(?P<before>[A-Za-z)\]}](?:[2-9]|[1-9]\d+)?)(?P<mark>\.)(?P<number>[1-9]\d?)(?=(?:H2O|D2O|H20)(?:$|[·)\]}]))"
)
"""A full stop before crystal water, whatever stands before it: a metal or an organic group may end a compound, too."""
SALT = re.compile(r"(?P<before>[A-Za-z](?:[2-9]|[1-9]\d+)?)(?P<mark>\.)(?P<number>[1-9])(?=(?:Li|Na|K|Cs|Mg|Ca|Ba)$)")
"""A full stop between a molecule and the ions of its salt."""
_TWENTY = re.compile(r"(?:^|[·.(\[{])\d*H20(?:$|[·)\]}])")
_NUMBERS_FIRST = re.compile(r"(?:(?:\d+(?:\.\d+)?|\.\d+)[A-Z][a-z]?){2,}")


class NotFormula(Exception):
    """What is wrong with a text; `InvalidData` says it to the user."""

    def __init__(self, what: str, remedy: str = REMEDY) -> None:
        super().__init__(what)
        self.fault = Fault(what, remedy)


def read_formula(text: str) -> dict[str, float]:
    """Return the amount of each element, in the formula's order.

    Raises
    ------
    NotFormula
        If it is no formula, or may be read in two ways.

    Examples
    --------
    >>> read_formula("Al2O3·2SiO2")
    {'Al': 2.0, 'O': 7.0, 'Si': 2.0}
    """
    shown = repr(text if len(text) <= MAX_LENGTH else f"{text[:40]}...")
    if len(text) > MAX_LENGTH:
        raise NotFormula(f"{shown} is not a formula: it has more than {MAX_LENGTH} characters")
    plain = " ".join((text if text.isascii() and "*" not in text else _in_plain_signs(text, shown)).split())
    plain = _TIMES.sub("·", plain)
    if _APART.search(plain):
        raise NotFormula(
            f"formula {shown} can be read in two ways: two numbers stand side by side", REMEDY_DOT.format(_HYDRATE)
        )
    plain = re.sub(r" ?\. | \.(?=\D)", "·", plain).replace(" ", "")
    _refuse_unsure(plain, shown)
    amounts = _Reader(plain, shown).read()
    total = sum(amounts.values())
    if not amounts or not math.isfinite(total):
        raise NotFormula(f"formula {shown} has no finite amount of any element")
    return amounts


def _in_plain_signs(text: str, shown: str) -> str:
    """Return a text with one kind of dot, plain digits for subscripts and fractions spelled out."""
    if _RAISED.search(text):
        raise NotFormula(f"{shown} is not a formula: raised signs are charges or isotopes", "leave them out")
    if _VULGAR.search(text):
        raise NotFormula(f"formula {shown} can be read in two ways", "write the amount as a decimal, such as 1.5")
    return text.replace("Cp*", "Cp'").translate(_PLAIN)


def _refuse_unsure(plain: str, shown: str) -> None:
    if plain in MATERIALS:
        raise NotFormula(f"{shown} is not a formula: it is a name of a material")
    if UNSURE.search(plain):
        raise NotFormula(f"formula {shown} can be read in two ways: an element or an organic group", _REMEDY_GROUP)
    if _TWENTY.search(plain):
        raise NotFormula(
            f"formula {shown} can be read in two ways: H20 is twenty hydrogen atoms", "write H2O for water"
        )
    if _NUMBERS_FIRST.fullmatch(plain):
        numbers = [float(number) for number in re.findall(r"\d*\.?\d+", plain)]
        if any(math.isclose(sum(numbers), total, abs_tol=1e-6) for total in (1.0, 100.0)):
            what = f"formula {shown} can be read in two ways: a first number multiplies all that follows"
            raise NotFormula(what, "write the amounts behind the symbols, such as Fe0.5Co0.5")
    _refuse_labels(plain, shown)
    if _WRITTEN_ONE.search(plain):
        return
    stop = WATER.search(plain) or (SALT.search(plain) if _is_organic(plain) else None)
    if stop is not None:
        meant = f"{plain[: stop.start('mark')]}·{plain[stop.start('number') :]}; or write it in whole numbers"
        raise NotFormula(f"formula {shown} can be read in two ways", REMEDY_DOT.format(meant))
    for stop in STOP.finditer(plain):
        if _is_between_compounds(plain, stop):
            meant = f"{plain[: stop.start('mark')]}·{plain[stop.start('number') :]}; or write it in whole numbers"
            raise NotFormula(f"formula {shown} can be read in two ways", REMEDY_DOT.format(meant))


def _refuse_labels(plain: str, shown: str) -> None:
    """Refuse a number that may be the mass number of an isotope."""
    multiplier = labelled_multiplier(plain.split("·"))
    found = multiplier or (labelled_amount(plain) if plain.isalnum() and not _WRITTEN_ONE.search(plain) else None)
    if found is not None:
        symbol, number = found
        meant = "a multiplier" if multiplier else "an amount"
        what = f"formula {shown} can be read in two ways: {number} is {meant}, or the mass number of {symbol}"
        remedy = f"write [{number}{symbol}] for the isotope, which counts as {symbol}, or"
        amount = "brackets around what is multiplied" if multiplier else f"({symbol}){number} for the amount"
        raise NotFormula(what, f"{remedy} {amount}")


def _is_organic(plain: str) -> bool:
    """Whether a text has carbon and hydrogen, and no decimal amount but one."""
    symbols = set(_SYMBOL.findall(plain))
    return {"C", "H"} <= symbols and plain.count(".") == 1


def _is_between_compounds(plain: str, stop: re.Match[str]) -> bool:
    """Whether what stands before a mark and all that stands behind it, mark by mark, are compounds."""
    left = re.split(r"·|\.(?=[A-Z(\[{])", plain[: stop.start("mark")])[-1]
    marks = [match.start("mark") for match in STOP.finditer(left)]
    left = left[marks[-1] + 1 :] if marks else left
    rest = plain[stop.start("number") :].partition("·")[0]
    cuts = [0, *(match.start("number") for match in STOP.finditer(rest)), len(rest) + 1]
    parts = [rest[begin : end - 1] for begin, end in itertools.pairwise(cuts)]
    parts = [piece for part in parts for piece in re.split(r"\.(?=[A-Z(\[{])", part)]
    return _is_compound(left) and all("." not in part and _is_compound(part, behind=True) for part in parts)


def _is_compound(text: str, *, behind: bool = False) -> bool:
    """Whether a text has elements of a compound; `behind` a mark, halogens and chalcogens alone are none."""
    try:
        elements = {*_Reader(text, "").read()}
    except NotFormula:
        return False
    return len(elements) > 1 and bool(_NONMETALS & elements) and not (behind and elements <= _ANIONS)


class _Reader:
    """One reading of one text, from left to right."""

    def __init__(self, text: str, shown: str) -> None:
        self.text = text
        self.shown = shown
        self.place = 0
        self.has_two_stops = ".0." in text

    def read(self) -> dict[str, float]:
        amounts = self._formula(0)
        if self.place < len(self.text):
            raise self._stranger()
        return {symbol: amount for symbol, amount in amounts.items() if amount >= MIN_AMOUNT}

    def _formula(self, depth: int) -> dict[str, float]:
        if depth > MAX_DEPTH:
            raise NotFormula(f"{self.shown} is not a formula: brackets stand at most {MAX_DEPTH} deep")
        total: dict[str, float] = {}
        while True:
            factor = self._number()
            part: dict[str, float] = {}
            while (group := self._group(depth)) is not None:
                amount = self._number()
                for symbol, count in group.items():
                    part[symbol] = part.get(symbol, 0.0) + count * (1.0 if amount is None else amount)
            if not part:
                raise self._stranger()
            for symbol, count in part.items():
                total[symbol] = total.get(symbol, 0.0) + count * (1.0 if factor is None else factor)
            if not self._dot():
                return total

    def _dot(self) -> bool:
        rest = self.text[self.place : self.place + 2]
        is_dot = rest[:1] == "·" or (rest[:1] == "." and not rest[1:].isdigit())
        is_half = _TWO_STOPS.match(self.text, self.place) if self.has_two_stops else None  # CaSO4.0.5H2O
        if is_dot or (is_half is not None and not is_half[1]):
            self.place += 1
            return True
        return False

    def _number(self) -> float | None:
        halves = _TWO_STOPS.match(self.text, self.place) if self.has_two_stops else None
        if halves is not None:
            self.place = halves.end(1)
            return float(halves[1]) if halves[1] else None
        match = _NUMBER.match(self.text, self.place)
        if match is None:
            return None
        if "e" in match[0]:
            what = f"formula {self.shown} can be read in two ways: {match[0]!r} is no usual amount"
            raise NotFormula(what, "write the amount without an exponent, such as 1000")
        self.place = match.end()
        above, _, below = match[0].partition("/")
        if not below:
            return float(above)
        if not int(below):
            raise NotFormula(f"{self.shown} is not a formula: a fraction by 0")
        return int(above) / int(below)

    def _group(self, depth: int) -> dict[str, float] | None:
        rest = self.text[self.place : self.place + 1]
        if rest in _BRACKETS and rest:
            isotope = self._isotope()
            if isotope is not None:
                return isotope
            self.place += 1
            inner = self._formula(depth + 1)
            if self.text[self.place : self.place + 1] != _BRACKETS[rest]:
                raise NotFormula(f"{self.shown} is not a formula: its brackets do not match")
            self.place += 1
            return inner
        return self._abbreviation() or self._element()

    def _isotope(self) -> dict[str, float] | None:
        """Return the element of an isotope in brackets, and go on behind them; None where there is none."""
        match = BRACKETS.match(self.text, self.place)
        if match is None:
            return None
        if not is_isotope(match["symbol"], int(match["mass"])):
            if match[0][0] == "(":
                return None
            what = f"formula {self.shown} names no isotope: {match[0]!r}"
            raise NotFormula(what, "write the mass number before the symbol, such as [13C]")
        self.place = match.end()
        return {match["symbol"]: float(match["amount"] or 1)}

    def _abbreviation(self) -> dict[str, float] | None:
        if self.text[self.place : self.place + 2] not in _BEGINNINGS:
            return None
        match = _WORD.match(self.text, self.place)
        before = self.text[self.place - 1 : self.place]
        if match is None or (match[0][0].islower() and before.islower()):
            return None
        if match[0] in _ACRONYMS and before.isupper() and before != "K":
            return None
        self.place = match.end()
        return atoms_of(match[0])

    def _element(self) -> dict[str, float] | None:
        match = _SYMBOL.match(self.text, self.place)
        if match is None:
            return None
        symbol = match[0] if match[0] in KNOWN_SYMBOLS else match[0][0]
        if symbol in ("D", "T"):
            self._refuse_isotope(symbol)
            symbol, width = "H", 1
        else:
            width = len(symbol)
        if symbol not in KNOWN_SYMBOLS:
            raise NotFormula(f"formula {self.shown} names no element: {match[0]!r}")
        group = self._is_group(symbol)
        self.place += width
        return atoms_of(symbol) if group else {symbol: 1.0}

    def _is_group(self, symbol: str) -> bool:
        """Whether a symbol that is also a group's abbreviation is the group here: behind an O."""
        return symbol in ELEMENT_OR_GROUP and self.text[self.place - 1 : self.place] == "O"

    def _refuse_isotope(self, symbol: str) -> None:
        """Refuse a D or T that looks like a part of an abbreviation or a slip, and not like hydrogen."""
        others = {*_SYMBOL.findall(self.text)} - {"H", "D", "T"}
        is_water = others <= {"O"} or (len(others) == 1 and "O" not in others)
        runs = [len(letters) for letters in re.findall(r"[A-Z]+(?![a-z])", self.text) if symbol in letters]
        if not is_water and (symbol == "T" or max(runs, default=1) > 2):
            remedy = "write H, or the symbols of the elements that are meant"
            raise NotFormula(f"formula {self.shown} names no element: {symbol!r}", remedy)

    def _stranger(self) -> NotFormula:
        rest = self.text[self.place :]
        why = ""
        if re.match(r"-?[xyzδ]", rest):
            why = ": an amount is not known"
        elif rest[:1] in ("+", "^") or re.match(r"-?\d*[+-]$", rest):
            why = ": it has a charge"
        elif rest[:1] in (")", "]", "}"):
            return NotFormula(f"{self.shown} is not a formula: its brackets do not match")
        elif rest:
            why = f": it cannot be read at {rest[:20]!r}"
        return NotFormula(f"{self.shown} is not a formula{why}")


def atoms_of(abbreviation: str) -> dict[str, float]:
    """Return the atoms that an abbreviation stands for.

    >>> atoms_of("Me"), atoms_of("Tf")
    ({'C': 1.0, 'H': 3.0}, {'C': 1.0, 'F': 3.0, 'S': 1.0, 'O': 2.0})
    """
    formula = ELEMENT_OR_GROUP.get(abbreviation) or ABBREVIATIONS[abbreviation]
    return {symbol: float(number or 1) for symbol, number in re.findall(r"([A-Z][a-z]?)(\d*)", formula)}
