"""Conversion between units, by pint's factors, where both are the same kind of number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from itertools import product
from math import isclose
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidUnit
from designer.units.grammar import MAX_POWER, MAX_READINGS, Expression, Unreadable, normalised, read_expression
from designer.units.vocabulary import DEFINITIONS, RATIOS, Symbol

if TYPE_CHECKING:
    import pint

_SHOWN = 40  # characters of a stranger's unit that a message repeats
_LOCK = RLock()  # pint's registry fills its caches while it is asked
Kind = tuple[tuple[str, Fraction], ...]


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(cache_folder=None)
    for definition in DEFINITIONS:
        registry.define(definition)
    return registry


@dataclass(frozen=True)
class Reading:
    """One meaning of a unit's text.

    Parameters
    ----------
    unit
        pint's unit.
    scale
        The power of ten in front of it.
    kind
        Dimensions and sorts of numbers with their powers; only units of one kind convert.
    sort
        ``blank`` where no unit is given, ``scale`` for a temperature whose zero is not absolute, ``difference`` for a
        difference of temperatures, else ``plain``.
    """

    unit: Any
    scale: float
    kind: Kind
    sort: str = "plain"

    def converts(self, other: Reading, *, differences: bool = False) -> bool:
        """Whether a value in this unit is a value in the other one; with `differences`, a difference of two values."""
        sorts = {self.sort, other.sort}
        if sorts == {"scale", "difference"} and not differences:
            return False  # 5 degrees warmer is not 5 degrees
        if "blank" in sorts and sorts != {"blank"}:
            unit = self if other.sort == "blank" else other
            return not unit.kind and unit.factor == 1.0
        return not _kinds_of(self.kind).isdisjoint(_kinds_of(other.kind))

    @property
    def factor(self) -> float:
        """The unit's size, where it is a pure number."""
        with _LOCK:
            return float(_registry().Quantity(self.scale, self.unit).to_base_units().magnitude)


@lru_cache(maxsize=4096)
def _kinds_of(kind: Kind) -> frozenset[Kind]:
    """Return the kinds of number that a unit may stand for: turns are angles, and a rate of turns is one of numbers."""
    counted = dict(kind)
    turns = counted.pop("turn", None)
    if turns is None:
        return frozenset({kind})
    found = {kind, _kind({**counted, "angle": counted.get("angle", Fraction(0)) + turns})}
    if turns == 1 and counted.get("[time]", Fraction(0)) < 0:
        found.add(_kind(counted))
    return frozenset(found)


def _kind(powers: Mapping[str, Fraction]) -> Kind:
    return tuple(sorted((name, power) for name, power in powers.items() if power))


@lru_cache(maxsize=4096)
def _readings(plain: str) -> tuple[Reading, ...] | str:
    """Return all meanings of a normalised text, the likeliest first; for what is no unit the reason, maybe empty."""
    try:
        expression = read_expression(plain)
        with _LOCK:
            return tuple(_meanings(expression))
    except Unreadable as error:
        return str(error)


def _meanings(expression: Expression) -> Iterator[Reading]:
    if expression.is_blank:
        yield Reading(_registry().Unit("dimensionless"), 1.0, (), "blank")
        return
    choices = [factor.meanings for factor in expression.factors]
    powers = [factor.power for factor in expression.factors]
    number = 1
    for meanings in choices:
        number *= len(meanings)
    if number > MAX_READINGS:
        raise Unreadable("it can be read in too many ways")
    for symbols in product(*choices):
        yield _reading(symbols, powers, expression.exponent_of_ten)


def _reading(symbols: tuple[Symbol, ...], powers: list[Fraction], exponent: int) -> Reading:
    alone = len(symbols) == 1 and powers[0] == 1 and exponent == 0
    # In a product 1 degC is a difference: 5 degC/min are 5 K/min.
    names = [s.pint if alone or s.difference is None else s.difference for s in symbols]
    parts = [(_registry().Unit(name), power) for name, power in zip(names, powers, strict=True)]
    unit = _registry().Unit("dimensionless")
    for part, power in parts:
        unit = unit * part ** (int(power) if power.denominator == 1 else float(power))
    counted = _ratios(parts)
    for symbol, power in zip(symbols, powers, strict=True):
        if symbol.kind:
            counted[symbol.kind] = counted.get(symbol.kind, Fraction(0)) + power
    for dimension, size in unit.dimensionality.items():
        counted[str(dimension)] = Fraction(float(cast("float", size))).limit_denominator(MAX_POWER)
    sort = "plain"
    if alone and symbols[0].difference is not None:
        sort = "scale"
    elif alone and symbols[0].is_difference:
        sort = "difference"
    return Reading(unit, 10.0**exponent, _kind(counted), sort)


def _ratios(parts: list[tuple[Any, Fraction]]) -> dict[str, Fraction]:
    """Return the shares that a product of units holds: what has one dimension above and below the line, as mg/kg."""
    above: dict[str, Fraction] = {}
    below: dict[str, Fraction] = {}
    for unit, power in parts:
        own = str(unit.dimensionality)
        size = power / 3 if own == "[length]" else power  # cm^3 is a volume, as mL is
        name = RATIOS.get("[length] ** 3" if own == "[length]" else own)
        if name is not None and (own != "[length]" or size.denominator == 1):
            side = above if size > 0 else below
            side[name] = side.get(name, Fraction(0)) + abs(size)
    return {name: min(size, below[name]) for name, size in above.items() if name in below}


def _known(unit: str | None) -> tuple[Reading, ...] | str:
    try:
        return _readings(normalised(unit or ""))
    except Unreadable as error:
        return str(error)


@dataclass(frozen=True)
class _Step:
    """How values go from one unit to another: by a factor, and over the zeros of temperature scales.

    Parameters
    ----------
    factor
        From the source to the target, or from kelvin to kelvin where a scale has a zero of its own.
    source, target
        Size of a degree in kelvin and zero in kelvin of a scale whose zero is not absolute, else None.
    """

    factor: float
    source: tuple[float, float] | None = None
    target: tuple[float, float] | None = None

    @property
    def is_same(self) -> bool:
        return self.source == self.target and isclose(self.factor, 1.0, rel_tol=1e-12)

    def of(self, values: Any) -> Any:
        """Return values (numbers, or an array of any shape) in the target's unit, by pint's own operations."""
        if self.source is not None:
            values = values * self.source[0] + self.source[1]
        if self.factor != 1.0:
            values = values * self.factor
        if self.target is not None:
            values = (values - self.target[1]) / self.target[0]
        return values


@lru_cache(maxsize=4096)
def _step(source: str, target: str, differences: bool = False) -> _Step | None:
    """Return the conversion between two normalised texts, None where there is none; the likeliest that is possible."""
    first, second = _readings(source), _readings(target)
    if isinstance(first, str) or isinstance(second, str):
        return None
    possible = [(a, b) for a in first for b in second if a.converts(b, differences=differences)]
    if not possible:
        return None
    one, other = possible[0]
    with _LOCK:
        ends = [_registry().Unit("kelvin") if reading.sort == "scale" else reading.unit for reading in (one, other)]
        factor = float(_registry().Quantity(1.0, ends[0]).to(ends[1]).magnitude)
        if one.scale != other.scale:
            factor *= one.scale / other.scale
        ways = _zero(one), _zero(other)
    if differences:
        sizes = [1.0 if way is None else way[0] for way in ways]
        return _Step(factor * sizes[0] / sizes[1])
    return _Step(factor, *ways)


def _zero(reading: Reading) -> tuple[float, float] | None:
    """Return the size of a degree and the zero, both in kelvin, of a scale whose zero is not absolute."""
    if reading.sort != "scale":
        return None
    zero = _registry().Quantity(0.0, reading.unit).to("kelvin").magnitude
    size = _registry().Quantity(1.0, f"delta_{reading.unit}").to("kelvin").magnitude
    return float(size), float(zero)


def _between(unit: str | None, to: str | None, *, differences: bool = False) -> _Step | None:
    try:
        return _step(normalised(unit or ""), normalised(to or ""), differences)
    except Unreadable:
        return None


def same_unit(first: str | None, second: str | None) -> bool:
    """Whether two unit texts mean the same unit.

    >>> same_unit("°C", "degC"), same_unit("MPa", "N/mm^2"), same_unit("MPa", "GPa")
    (True, True, False)
    """
    if (first or "").strip() == (second or "").strip():
        return True
    try:
        a, b = normalised(first or ""), normalised(second or "")
    except Unreadable:
        return False
    step = _step(a, b)
    return a == b or (step is not None and step.is_same)


def dimensionality(unit: str | None) -> str:
    """Return a text that is the same for two units only where they convert into each other.

    >>> dimensionality("degC") == dimensionality("K"), dimensionality("HRC")
    (True, 'HRC')
    """
    known = _known(unit)
    if isinstance(known, str):
        return (unit or "").strip()
    if known[0].sort == "blank":
        return "no unit"
    kind = min(_kinds_of(known[0].kind), key=len)  # a rate of turns as one of numbers
    text = " ".join(name if power == 1 else f"{name}^{power}" for name, power in kind) or "number"
    return f"{text} (difference)" if known[0].sort == "difference" else text


def convertible(first: str | None, second: str | None) -> bool:
    """Whether a value in one unit is a value in the other one.

    >>> convertible("K", "degC"), convertible("rpm", "1/s"), convertible("wt.%", "at.%"), convertible("a.u.", "a.u.")
    (True, True, False, True)
    """
    return same_unit(first, second) or _between(first, second) is not None


def label_reason(unit: str | None) -> str | None:
    """Return why a unit's text is a label, which equals itself and converts to nothing; None where it is a unit.

    >>> label_reason("mV"), label_reason("a.u.")
    (None, 'a.u. stands for arbitrary units, or for atomic units: it is a label')
    >>> label_reason("Mpa"), label_reason("widgets")
    ("did you mean 'MPa'?", '')
    """
    known = _known(unit)
    return known if isinstance(known, str) else None


def other_meaning(unit: str | None) -> bool:
    """Whether a unit's text has several meanings, between which the unit on the other side decides.

    >>> other_meaning("C"), other_meaning("degC")
    (True, False)
    """
    known = _known(unit)
    return not isinstance(known, str) and len(known) > 1


def convert(value: float, unit: str | None, to: str | None) -> float:
    """Return `value`, given in `unit`, in the unit `to`.

    Raises
    ------
    InvalidUnit
        If either unit is not known, or they are not the same kind of number.

    Examples
    --------
    >>> round(convert(350.0, "K", "degC"), 6), convert(3000.0, "1/min", "rpm")
    (76.85, 3000.0)
    """
    if unit == to or same_unit(unit, to):
        return float(value)
    return float(_needed(unit, to).of(value))


def convert_many(values: FloatArray, unit: str | None, to: str | None) -> FloatArray:
    """Return an array of values, given in `unit`, in the unit `to`.

    Raises
    ------
    InvalidUnit
        If either unit is not known, or they are not the same kind of number.

    Examples
    --------
    >>> import numpy as np
    >>> convert_many(np.array([1.0, 2.5]), "h", "min").tolist()
    [60.0, 150.0]
    """
    if same_unit(unit, to):
        return values
    return cast("FloatArray", _needed(unit, to).of(values.astype(float)))


def convert_difference(value: float, unit: str | None, to: str | None) -> float:
    """Return a difference of two values (a tolerance, a standard error), given in `unit`, in the unit `to`.

    Raises
    ------
    InvalidUnit
        If either unit is not known, or they are not the same kind of number.

    Examples
    --------
    >>> convert_difference(5.0, "K", "degC"), round(convert_difference(9.0, "degF", "K"), 9)
    (5.0, 5.0)
    """
    if same_unit(unit, to):
        return value
    step = _between(unit, to, differences=True)
    if step is None:
        raise InvalidUnit(_refusal(unit, to))
    return float(step.of(value))


def _needed(unit: str | None, to: str | None) -> _Step:
    step = _between(unit, to)
    if step is None:
        raise InvalidUnit(_refusal(unit, to))
    return step


def _refusal(unit: str | None, to: str | None) -> Fault:
    """Say why one unit does not convert to the other, and what would be right."""
    remedy = f"give the value in {_shown(to)}" if to and to.strip() else "give the value without a unit"
    source, target = _known(unit), _known(to)
    if isinstance(source, str):
        why = f" ({source})" if source else ""
        return Fault(f"unit {_shown(unit)!r} is not known{why}", remedy)
    what = f"{_shown(unit) or 'no unit'!r} does not convert to {_shown(to) or 'no unit'!r}"
    if isinstance(target, str):
        return Fault(f"{what}, which is a label and equals only itself", remedy)
    return Fault(what + _why_not(source[0], target[0]), remedy)


def _why_not(source: Reading, target: Reading) -> str:
    if {source.sort, target.sort} == {"scale", "difference"}:
        return ": a difference of temperatures is not a temperature"
    kinds = {name for name, _ in source.kind} ^ {name for name, _ in target.kind}
    if any(name.endswith(" share") for name in kinds):
        return ": shares by atoms, moles, mass and volume do not convert without the composition"
    if "gauge pressure" in kinds:
        return ": a gauge pressure counts from ambient pressure"
    if "standard volume" in kinds:
        return ": a standard volume is an amount of gas"
    if {source.sort, target.sort} == {"blank", "plain"} and not kinds:
        return ": say whether the bare number is a fraction or a percentage"
    if kinds & {"turn", "angle"}:
        return ": an angle counts in rad or degrees, a speed of rotation in revolutions"
    return ""


def _shown(unit: str | None) -> str:
    text = (unit or "").strip()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
