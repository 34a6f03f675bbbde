"""The units that are understood: how a lab writes each, what pint calls it, and what kind of number it is.

Only what stands here is read as a unit; anything else is a label, which converts to nothing. pint alone would read too
much: its parser computes ``9**9**9``, and it takes every number without a dimension for every other, so that a speed of
3000 1/min would be 477 rpm, a percentage by weight one by atoms, and a count of becquerels a frequency. `Symbol.kind`
keeps apart what pint calls dimensionless or gives one dimension; `docs/units-and-formulas.md` has the table of what
converts and why.

References
----------
Factors of units: pint's registry (SI brochure, 9th edition, and CODATA), except for those in `DEFINITIONS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

DEFINITIONS = (
    "designer_radian = 0.15915494309189535",  # of a turn: 1 / (2 pi)
    "designer_degree = 0.002777777777777778",  # of a turn: 1 / 360
    "designer_one = 1.0",
    "designer_percent = 0.01",
    "designer_permille = 0.001",
    "designer_ppm = 1e-6",
    "designer_ppb = 1e-9",
    "designer_mil = 25.4 * micrometer",
    "designer_gauss = 1e-4 * tesla",
    "designer_oersted = 79.57747154594767 * ampere / meter",  # 1000 / (4 pi)
    "designer_emu = 1e-3 * ampere * meter ** 2",
)
"""What pint does not know, or takes for another kind: pure numbers, and magnetism in SI instead of Gaussian units."""

SI_PREFIXES: Mapping[str, str] = {
    "f": "femto", "p": "pico", "n": "nano", "μ": "micro", "u": "micro", "m": "milli", "c": "centi", "d": "deci",
    "h": "hecto", "k": "kilo", "M": "mega", "G": "giga", "T": "tera",
}  # fmt: skip
LONG_PREFIXES = tuple(dict.fromkeys(SI_PREFIXES.values()))


@dataclass(frozen=True)
class Symbol:
    """One unit of the vocabulary.

    Parameters
    ----------
    pint
        pint's expression for it, such as ``ampere * hour``; a prefix goes before its first name.
    kind
        What sort of number it counts beside its physical dimensions (``turn``, ``mass share``, ``atom``): units of
        different kinds do not convert.
    prefixes
        The SI prefixes it may have.
    difference
        pint's name of its differences, for a temperature whose zero is not absolute.
    is_difference
        Whether it is a difference of temperatures and never a temperature.
    """

    pint: str
    kind: str | None = None
    prefixes: str = ""
    difference: str | None = None
    is_difference: bool = False


_USUAL = "fpnμumckMGT"

# pint's name, prefixes, symbols, names in words (which take prefixes in words, where there are prefixes).
_PLAIN: tuple[tuple[str, str, str, str], ...] = (
    ("meter", "fpnμumcdkM", "m", "meter meters metre metres"),
    ("micrometer", "", "micron microns", ""),
    ("angstrom", "", "Å ang Ang AA", "angstrom angstroms Angstrom Angstroms ångström Ångström ångstrom"),
    ("inch", "", "in", "inch inches"),
    ("foot", "", "ft", "foot feet"),
    ("designer_mil", "", "mil thou", ""),
    ("designer_mil / year", "", "mpy", ""),
    ("hectare", "", "ha", "hectare hectares"),
    ("liter", "fpnμumcdhk", "l L", "liter liters litre litres"),
    ("centimeter ** 3", "", "cc ccm", ""),
    ("gallon", "", "gal", "gallon gallons"),
    ("gram", "fpnμumckMG", "g", "gram grams gramme grammes"),
    ("metric_ton", "kM", "t", "tonne tonnes"),
    ("pound", "", "lb lbs", "pound pounds"),
    ("ounce", "", "oz", "ounce ounces"),
    ("dalton", "kM", "Da amu", "dalton daltons"),
    ("second", "fpnμum", "s sec secs", "second seconds"),
    ("minute", "", "min mins", "minute minutes"),
    ("hour", "", "h hr hrs", "hour hours"),
    ("day", "", "d", "day days"),
    ("week", "", "wk", "week weeks"),
    ("month", "", "", "month months"),
    ("year", "", "a y yr yrs", "year years"),
    ("kelvin", "nμumk", "K", "kelvin kelvins Kelvin"),
    ("mole", "fpnμumk", "mol mols", "mole moles"),
    ("molar", "fpnμum", "M", ""),
    ("katal", "nμum", "kat", "katal katals"),
    ("pascal", "μumhkMGT", "Pa", "pascal pascals Pascal"),
    ("bar", "nμumkMG", "bar bara", "bars"),
    ("torr", "nμumk", "Torr torr", ""),
    ("millimeter_Hg", "", "mmHg", ""),
    ("inch_Hg", "", "inHg", ""),
    ("standard_atmosphere", "k", "atm", "atmosphere atmospheres"),
    ("pound_force_per_square_inch", "", "psi psia", ""),
    ("kip_per_square_inch", "", "ksi", ""),
    ("newton", _USUAL, "N", "newton newtons Newton"),
    ("kilogram_force", "", "kgf kp", ""),
    ("gram_force", "", "gf", ""),
    ("force_pound", "", "lbf", ""),
    ("dyne", "", "dyn", "dyne dynes"),
    ("joule", _USUAL, "J", "joule joules Joule"),
    ("erg", "", "erg ergs", ""),
    ("calorie", "mk", "cal", "calorie calories"),
    ("electron_volt", "nμumkMGT", "eV", "electronvolt electronvolts electron_volt"),
    ("hartree", "mk", "Ha Eh E_h", "hartree hartrees Hartree"),
    ("rydberg", "m", "Ry", "rydberg rydbergs Rydberg"),
    ("watt", _USUAL, "W", "watt watts Watt"),
    ("watt * hour", "μumkMGT", "Wh", ""),
    ("volt", _USUAL, "V", "volt volts Volt"),
    ("volt * ampere", "mkM", "VA", ""),
    ("ampere", "fpnμumkM", "", "ampere amperes amp amps Ampere"),
    ("ampere * hour", "nμumk", "Ah", ""),
    ("ohm", "nμumkMGT", "Ω Ohm ohm Ohms ohms", ""),
    ("siemens", _USUAL, "S", "siemens Siemens"),
    ("farad", "fpnμumk", "", "farad farads Farad"),
    ("coulomb", "fpnμumkM", "", "coulomb coulombs Coulomb"),
    ("hertz", "mkMGT", "Hz", "hertz Hertz"),
    ("tesla", "fpnμumk", "T", "tesla teslas Tesla"),
    ("designer_gauss", "mk", "G", "gauss Gauss"),
    ("designer_oersted", "mkM", "Oe", "oersted oersteds Oersted"),
    ("designer_emu", "nμumk", "emu", ""),
    ("henry", "fpnμum", "H", "henry henries Henry"),
    ("weber", "μum", "Wb", "weber webers"),
    ("bohr_magneton", "", "μB muB mu_B uB", "bohr_magneton"),
    ("debye", "", "D", "debye debyes Debye"),
    ("poise", "mc", "P", "poise"),
    ("pascal * second", "μum", "Pas", ""),
    ("stokes", "c", "St", "stokes"),
    ("gray", "nμumkM", "Gy", ""),
)

# Numbers that pint takes for one kind: pint's expression, the kind, prefixes, symbols.
_KINDS: tuple[tuple[str, str, str, str], ...] = (
    ("designer_one", "turn", "", "r rev revs revolution revolutions turn turns"),
    ("designer_one / minute", "turn", "k", "rpm RPM"),
    ("designer_one / second", "turn", "", "rps"),
    ("designer_radian", "angle", "μum", "rad radian radians"),
    ("designer_degree", "angle", "m", "° deg degs degree degrees"),
    ("designer_one", "solid angle", "μum", "sr steradian steradians"),
    ("designer_one", "atom", "", "atom atoms"),
    ("designer_one", "formula unit", "", "f.u. fu formula_unit"),
    ("designer_one", "cell", "", "cell cells"),
    ("designer_one", "particle", "", "particle particles"),
    ("designer_one", "molecule", "", "molecule molecules molec"),
    ("designer_one", "photon", "", "photon photons"),
    ("designer_one", "electron", "", "electron electrons"),
    ("designer_one", "cycle", "k", "cycle cycles cyc"),
    ("designer_one", "count", "kM", "count counts cts"),
    ("designer_one / second", "count", "kM", "cps"),
    ("designer_one", "pulse", "", "pulse pulses"),
    ("designer_one", "decade", "", "dec decade decades"),
    ("designer_one", "square", "", "sq square □"),
    ("designer_one", "Vickers hardness", "", "HV"),
    ("bar", "gauge pressure", "m", "barg"),
    ("pound_force_per_square_inch", "gauge pressure", "", "psig"),
    ("pascal", "gauge pressure", "kM", "Pag"),
    ("centimeter ** 3 / minute", "standard volume", "", "sccm SCCM"),
    ("liter / minute", "standard volume", "", "slm SLM slpm SLPM"),
    ("becquerel", "decays", "mkMGT", "Bq becquerel becquerels"),
    ("curie", "decays", "nμum", "Ci curie curies"),
    ("sievert", "equivalent dose", "nμum", "Sv sievert sieverts"),
    ("candela", "", "mk", "cd candela candelas"),
    ("candela", "luminous flux", "mk", "lm lumen lumens"),
    ("candela / meter ** 2", "luminous flux", "mk", "lx lux"),
)

_TEMPERATURES: tuple[tuple[str, str, str], ...] = (
    ("degree_Celsius", "delta_degree_Celsius",
     "°C degC celsius Celsius centigrade oC degree_Celsius deg_C"),
    ("degree_Fahrenheit", "delta_degree_Fahrenheit", "°F degF fahrenheit Fahrenheit oF degree_Fahrenheit deg_F"),
)  # fmt: skip
_DIFFERENCES = {
    "kelvin": "ΔK ΔT_K delta_K delta_kelvin",
    "delta_degree_Celsius": "Δ°C ΔC delta_degC delta_celsius delta_degree_Celsius",
    "delta_degree_Fahrenheit": "Δ°F ΔF delta_degF delta_fahrenheit delta_degree_Fahrenheit",
}

SHARES: Mapping[str, str] = {
    "atomic": "atom share", "atom": "atom share", "at": "atom share",
    "weight": "mass share", "mass": "mass share", "wt": "mass share", "w": "mass share", "gew": "mass share",
    "ma": "mass share", "masse": "mass share",
    "mole": "mole share", "molar": "mole share", "mol": "mole share",
    "volume": "volume share", "vol": "volume share", "v": "volume share",
}  # fmt: skip
"""What a percentage is counted by: one sort does not turn into another without the composition and its masses."""

PARTS: Mapping[str, str] = {
    "%": "designer_percent", "percent": "designer_percent", "pct": "designer_percent", "permille": "designer_permille",
    "‰": "designer_permille", "ppm": "designer_ppm", "ppb": "designer_ppb", "fraction": "designer_one",
    "dimensionless": "designer_one",
}  # fmt: skip

RATIOS: Mapping[str, str] = {"[mass]": "mass share", "[substance]": "mole share", "[length] ** 3": "volume share"}
"""Quantities whose ratio to their own like is a share of that sort: mg/kg are parts by mass, mol/mol by moles."""

AMBIGUOUS: Mapping[str, tuple[str, ...]] = {
    "C": ("°C", "coulomb"),
    "F": ("farad", "°F"),
    "A": ("ampere", "Å"),
    "u": ("Da", "U_enzyme"),
    "U": ("U_enzyme", "turn"),
}
"""Symbols of two units, the likelier first; what the value is converted to, or from, decides between them."""

PRIVATE = {"U_enzyme": Symbol("enzyme_unit", prefixes="nμumk")}
"""What has no name of its own that a lab writes."""

NOT_UNITS: Mapping[str, str] = {
    "ML": "ML can be read as monolayer or megalitre",
    "m%": "m% can be read as percent by mass or by moles: write wt.% or mol%",
    "ppt": "ppt can be read as parts per trillion or per thousand",
    "a.u.": "a.u. stands for arbitrary units, or for atomic units: it is a label",
    "dB": "dB is the logarithm of a ratio: it is a label",
    "pH": "pH is a logarithm: it is a label",
}
"""Spellings that are labels for a reason that is worth saying."""

WHOLE: Mapping[str, str] = {
    "": "", "-": "", "none": "", "unitless": "", "[-]": "",
    "bar(g)": "barg", "bar (g)": "barg", "bar gauge": "barg", "psi(g)": "psig", "psi (g)": "psig",
    "kPa(g)": "kPag", "kPa (g)": "kPag", "MPa(g)": "MPag", "MPa (g)": "MPag",
    "bar(a)": "bar", "bar (a)": "bar", "bar abs": "bar", "psi(a)": "psi", "psi (a)": "psi",
    "mm Hg": "mmHg", "in Hg": "inHg", "r.p.m.": "rpm", "min.": "min", "sec.": "s", "hr.": "h", "hrs.": "h",
    "rev. per min": "rpm", "per cent": "percent", "per mille": "permille", "per mil": "permille",
    "cm3(STP)/min": "sccm", "cm3 STP/min": "sccm",
}  # fmt: skip
"""Spellings of a whole unit that the grammar does not make out of parts; no unit at all is the empty text."""


def _table() -> dict[str, Symbol]:
    table: dict[str, Symbol] = dict(PRIVATE)
    for pint, prefixes, symbols, words in _PLAIN:
        _add(table, Symbol(pint, prefixes=prefixes), symbols.split(), words.split())
    for pint, kind, prefixes, symbols in _KINDS:
        _add(table, Symbol(pint, kind or None, prefixes), symbols.split())
    for pint, difference, symbols in _TEMPERATURES:
        _add(table, Symbol(pint, difference=difference), symbols.split())
    for pint, symbols in _DIFFERENCES.items():
        _add(table, Symbol(pint, is_difference=True), symbols.split())
    return table


def _add(table: dict[str, Symbol], symbol: Symbol, symbols: Iterable[str], words: Iterable[str] = ()) -> None:
    for text in symbols:
        table[text] = symbol
    for word in words:
        table[word] = symbol
        if symbol.prefixes:
            for prefix in LONG_PREFIXES:
                table[prefix + word] = Symbol(prefix + symbol.pint, symbol.kind)


SYMBOLS: Mapping[str, Symbol] = _table()
_PREFIXED_ONLY = {"A": "ampere", "F": "farad", "C": "coulomb", "U": "U_enzyme"}  # mA, mF and mC have one meaning


def symbol_of(text: str) -> Symbol | None:
    """Return what a symbol means, with its prefix if it has one; None for what is no unit.

    >>> symbol_of("mV").pint, symbol_of("min").pint, symbol_of("mAh").pint, symbol_of("counts_x")
    ('millivolt', 'minute', 'milliampere * hour', None)
    """
    if text in SYMBOLS or text in NOT_UNITS:
        return SYMBOLS.get(text)
    prefix = SI_PREFIXES.get(text[:1])
    rest = _PREFIXED_ONLY.get(text[1:], text[1:])
    known = SYMBOLS.get(rest)
    if prefix is None or known is None or text[:1] not in known.prefixes:
        return None
    return Symbol(prefix + known.pint, known.kind)


def readings_of(text: str) -> tuple[Symbol, ...]:
    """Return all that a symbol can mean, the likelier first; nothing for what is no unit."""
    meanings = (symbol_of(name) for name in AMBIGUOUS.get(text, (text,)))
    return tuple(symbol for symbol in meanings if symbol is not None)


_LONGEST_GUESS = 6  # letters, each of which may be small or capital
_UNLIKELY = frozenset({symbol_of("kG"), symbol_of("mG"), symbol_of("G")})  # whoever writes KG means no kilogauss


def near_spelling(text: str) -> str | None:
    """Return the one unit that is spelled like `text` but for capitals, None where there is none or are several.

    >>> near_spelling("Mpa"), near_spelling("KG"), near_spelling("mpa"), near_spelling("xyz")
    ('MPa', 'kg', None, None)
    """
    if not 1 < len(text) <= _LONGEST_GUESS:
        return None
    spellings = {"".join(letters) for letters in product(*({letter.lower(), letter.upper()} for letter in text))}
    known = {name for name in spellings if (symbol := symbol_of(name)) is not None and symbol not in _UNLIKELY}
    if not (text.islower() or text.isupper()):  # then the first letter, often a prefix, was chosen with care
        known = {name for name in known if name[0] == text[0]} or known
    return known.pop() if len({symbol_of(name) for name in known}) == 1 else None
