"""Units at the end of a column's name: ``temperature_C``, ``time_h``, ``pressure mbar``, ``T/°C``, ``c/mol L-1``.

Many of these endings mean something else elsewhere: C may be carbon, min a minimum, h a height. So only those of this
table are read: units of several letters that are hardly anything else, and single letters behind a word for a
temperature or a time. Behind a slash, as the SI brochure writes headings (quantity divided by unit), these and signs of
units are read, and products of powers with a negative exponent: ``Fe/Ni`` and ``S/N`` are ratios.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from designer.units.conversion import label_reason

_TEMPERATURES = {"C": "degC", "degC": "degC", "celsius": "degC", "K": "K", "kelvin": "K", "F": "degF", "degF": "degF"}
_TIMES = {
    "s": "s", "sec": "s", "secs": "s", "seconds": "s", "min": "min", "mins": "min", "minutes": "min",
    "h": "h", "hr": "h", "hrs": "h", "hours": "h", "d": "d", "days": "d",
}  # fmt: skip
_OTHERS = {
    "pct": "%", "percent": "%", "degC": "degC", "celsius": "degC", "kelvin": "K", "hours": "h", "minutes": "min",
    **{unit: unit for unit in (
        "nm", "um", "µm", "μm", "mm", "cm", "ms", "mg", "ug", "kg", "mL", "ml", "uL", "µL", "mbar", "bar", "Pa",
        "hPa", "kPa", "MPa", "GPa", "Torr", "mTorr", "torr", "psi", "rpm", "sccm", "slm", "mV", "kV", "meV", "eV",
        "keV", "uA", "mA", "kW", "mW", "Hz", "kHz", "MHz", "GHz", "mol", "mmol", "umol", "mM", "uM", "nM", "kJ",
        "wt%", "at%", "mol%", "vol%", "ppm", "ppb",
    )},
}  # fmt: skip
_TEMPERATURE_WORDS = frozenset({"T", "temp", "temps", "temperature", "temperatures", "tanneal", "tsub"})
_TIME_WORDS = frozenset({
    "t", "time", "times", "duration", "durations", "dwell", "hold", "holding", "anneal", "annealing", "soak",
    "soaking", "reaction", "stirring", "stir", "milling", "sintering", "ageing", "aging", "exposure", "residence",
    "sonication", "deposition", "growth",
})  # fmt: skip
_EXTREMES = ("max", "maximum", "mean", "avg", "average", "std")
_SIGNS = {"°C": "degC", "℃": "degC", "°F": "degF", "%": "%", "Å": "angstrom", "Ω": "ohm", "kΩ": "kohm", "MΩ": "Mohm"}
_BEHIND_SLASH = re.compile(r"^(?P<name>[^/]*[^/\s])\s*/\s*(?P<unit>[^/\s](?:[^/]*[^/\s])?)$")
_MAX_HEADING = 200
_POWER = r"[^\W\d_]{1,5}(?:[-−]\d|⁻[¹²³⁴])?"
_POWERS = re.compile(rf"^(?=.*[-−⁻])(?:{_POWER})(?:[\s·*.]{_POWER}){{0,3}}$")
_RATIO = re.compile(r"^(?P<name>.*[^\W_])[_\s](?P<top>[^\W\d_]{1,5})[_\s]per[_\s](?P<bottom>[^\W\d_]{1,5}\d?)$")
_LOGARITHM = re.compile(r"^(?:log|log10|lg|ln)[_\s]", re.IGNORECASE)
_PARTS = re.compile(r"^(?P<name>.*[^\W_])[_\s](?P<ending>[^\W\d_]+%?|%)$")


def unit_at_end(name: str) -> tuple[str, str] | None:
    """Return a column's name without the unit at its end, and the unit; None where none is read there.

    >>> unit_at_end("temperature_C"), unit_at_end("time h"), unit_at_end("pressure_mbar")
    (('temperature', 'degC'), ('time', 'h'), ('pressure', 'mbar'))
    >>> unit_at_end("share_C"), unit_at_end("temperature_min"), unit_at_end("layer_h"), unit_at_end("yield")
    (None, None, None, None)
    >>> unit_at_end("T_K"), unit_at_end("T_C"), unit_at_end("T_s"), unit_at_end("t_s")
    (('T', 'K'), None, None, ('t', 's'))
    >>> unit_at_end("T/°C"), unit_at_end("c / mol L-1"), unit_at_end("p/mbar"), unit_at_end("Fe/Ni"), unit_at_end("S/N")
    (('T', 'degC'), ('c', 'mol L-1'), ('p', 'mbar'), None, None)
    >>> unit_at_end("conductivity_S_per_cm"), unit_at_end("samples_per_day"), unit_at_end("log10_viscosity_mPa_s")
    (('conductivity', 'S/cm'), None, None)
    """
    if _LOGARITHM.match(name.strip()):
        return None  # the unit is that of the quantity, and a logarithm has none
    heading = _BEHIND_SLASH.match(name.strip()) if len(name) <= _MAX_HEADING else None
    if heading is not None:
        before, unit = heading["name"], heading["unit"]
        if unit in _SIGNS:
            return before, _SIGNS[unit]
        if _POWERS.match(unit):
            return (before, unit) if label_reason(unit) is None else None
        return _known_ending(before, unit)
    ratio = _RATIO.match(name.strip()) if len(name) <= _MAX_HEADING else None
    if ratio is not None:
        unit = f"{ratio['top']}/{ratio['bottom']}"
        return (ratio["name"], unit) if label_reason(unit) is None else None
    found = _PARTS.match(name.strip())
    if found is None or (found["name"] == "T" and found["ending"] in ("C", "F")):
        return None  # a Curie or Fermi temperature
    return _known_ending(found["name"], found["ending"])


def _known_ending(before: str, ending: str) -> tuple[str, str] | None:
    if re.split(r"[\W_]+", before)[-1].casefold() == "per":
        return None  # of something that is no unit: ``cost_per_kg`` is not in kg
    words = {word if len(word) == 1 else word.casefold() for word in re.split(r"[\W_]+", before)}
    for units, meant in ((_TEMPERATURES, _TEMPERATURE_WORDS), (_TIMES, _TIME_WORDS)):
        if ending in units and words & meant:
            return before, units[ending]
    return (before, _OTHERS[ending]) if ending in _OTHERS else None


def header_remedy(header: str, known: Iterable[str]) -> str:
    """Return how to write an unknown header whose name without its ending is known; nothing for any other.

    >>> header_remedy("time_min", ["time"]), header_remedy("time_min", ["speed"])
    ("write it as 'time [min]', if that is meant", '')
    """
    found = unit_at_end(header)
    return f"write it as '{found[0]} [{found[1]}]', if that is meant" if found and found[0] in known else ""


def ends_with_extreme(name: str, others: Iterable[str]) -> bool:
    """Whether ``min`` at a name's end is a minimum, since another column holds the maximum or the mean.

    >>> ends_with_extreme("time_min", ["time_max"]), ends_with_extreme("time_min", ["temperature_max"])
    (True, False)
    """
    stem, _, ending = name.strip().rpartition("_")
    return ending == "min" and not {f"{stem}_{extreme}" for extreme in _EXTREMES}.isdisjoint(others)
