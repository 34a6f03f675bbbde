"""The distribution of contexts that a campaign file states: a range of a number, or settings with their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.space.base import SpaceLike
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.listed import ListedParameter
from designer.space.parameters.numeric import NumericParameter

Coordinates = tuple[float, ...]


@dataclass(frozen=True)
class Range:
    """A uniform distribution of a number between two values."""

    low: float
    high: float

    def at(self, level: float) -> float:
        """Return the quantile of a level from 0 to 1."""
        return self.low + level * (self.high - self.low)

    def levels(self, number: int) -> list[tuple[float, float]]:
        """Return values that represent the range, with their weights."""
        return [(self.at((i + 0.5) / number), 1 / number) for i in range(number)]


@dataclass(frozen=True)
class Weighted:
    """A distribution over listed settings: the coordinate of each, and its weight; the weights sum to 1."""

    values: tuple[float, ...]
    weights: tuple[float, ...]

    def at(self, level: float) -> float:
        """Return the quantile of a level from 0 to 1, settings in the order given."""
        place = int(np.searchsorted(np.cumsum(self.weights), level, side="right"))
        return self.values[min(place, len(self.values) - 1)]

    def levels(self, number: int) -> list[tuple[float, float]]:
        """Return the settings with their weights."""
        return list(zip(self.values, self.weights, strict=True))


@dataclass(frozen=True)
class ContextDistribution:
    """Independent distributions of all context parameters of a space, by name.

    Examples
    --------
    >>> from designer.space import DesignSpace
    >>> space = DesignSpace(
    ...     parameters=[
    ...         {"name": "T", "kind": "numeric", "bounds": [300, 900]},
    ...         {"name": "humidity", "kind": "numeric", "bounds": [0, 100], "role": "context"},
    ...     ]
    ... )
    >>> ContextDistribution.of(space, {"humidity": {"low": 20, "high": 80}}).nodes(64, 2)
    [({'humidity': (35.0,)}, 0.5), ({'humidity': (65.0,)}, 0.5)]
    """

    parts: Mapping[str, Range | Weighted]

    @classmethod
    def of(cls, space: SpaceLike, given: Mapping[str, Any]) -> ContextDistribution:
        """Read what a campaign file states under ``context:``.

        Raises
        ------
        InvalidInput
            With every fault: a name that is no context, one that is missing, values that the parameter does not have.
        """
        contexts = {each.name: each for each in space.parameters if each.is_context}
        faults = [
            Fault(f"{name!r} is not a context parameter", _unknown(name, contexts), path=(name,))
            for name in given
            if name not in contexts
        ]
        faults += [
            Fault(f"the distribution of {name!r} is missing", "state those of all contexts, or none", path=())
            for name in contexts
            if name not in given
        ]
        parts: dict[str, Range | Weighted] = {}
        for name, parameter in contexts.items():
            if name in given:
                try:
                    parts[name] = _read(parameter, given[name])
                except InvalidInput as error:
                    faults += [fault.at(path=(name, *fault.path)) for fault in error.faults]
        if faults:
            raise InvalidInput(faults)
        return cls(parts)

    def nodes(self, limit: int, levels: int) -> list[tuple[dict[str, Coordinates], float]]:
        """Return at most `limit` contexts that represent the distribution, with weights that sum to 1.

        All combinations of `levels` values of each range and all listed settings, where these are few enough; otherwise
        `limit` scrambled Sobol points, always the same.
        """
        lists = [part.levels(levels) for part in self.parts.values()]
        if prod(map(len, lists)) <= limit:
            return [
                ({name: (value,) for name, (value, _) in zip(self.parts, each, strict=True)}, prod(w for _, w in each))
                for each in product(*lists)
            ]
        from scipy.stats.qmc import Sobol

        points = Sobol(len(self.parts), rng=0).random(limit)
        return [(self._at(point), 1 / limit) for point in points]

    def draw(self, rng: np.random.Generator) -> dict[str, Coordinates]:
        """Return a context at random."""
        return self._at(rng.random(len(self.parts)))

    def _at(self, levels: FloatArray) -> dict[str, Coordinates]:
        return {name: (part.at(float(level)),) for (name, part), level in zip(self.parts.items(), levels, strict=True)}


def _unknown(name: Any, contexts: Mapping[str, Any]) -> str:
    return did_you_mean(str(name), contexts) if contexts else "add 'role: context' to the parameter"


def _read(parameter: ParameterBase, given: Any) -> Range | Weighted:
    if isinstance(parameter, NumericParameter):
        if isinstance(given, Mapping) and ("low" in given or "high" in given):
            return _range(parameter, given)
    elif not isinstance(parameter, ListedParameter):
        what = f"a distribution of a {parameter.kind} cannot be stated"
        raise InvalidInput(Fault(what, "leave 'context' out: averages are then over the contexts measured"))
    if isinstance(given, Mapping):
        return _weighted(parameter, list(given), list(given.values()))
    if isinstance(given, Sequence) and not isinstance(given, str):
        return _weighted(parameter, list(given), None)
    numeric = isinstance(parameter, NumericParameter)
    remedy = "give {low: 20, high: 80} or a list of values" if numeric else "give a list, or {choice: weight}"
    raise InvalidInput(Fault(f"{given!r} is not a distribution of {parameter.name!r}", remedy))


def _range(parameter: NumericParameter, given: Mapping[str, Any]) -> Range:
    faults = [
        Fault(f"unknown key {str(key)!r}", "give 'low' and 'high'", path=(key,))
        for key in given
        if key not in ("low", "high")
    ]
    faults += [Fault(f"'{key}' is missing", f"add '{key}'") for key in ("low", "high") if key not in given]
    if parameter.values is not None:
        listed = "its 'values' are listed: give a list of them, or {value: weight}"
        faults.append(Fault(f"{parameter.name!r} has no range", listed))
    if faults:
        raise InvalidInput(faults)
    low, high = (_number(parameter, given[key], (key,)) for key in ("low", "high"))
    if not low < high:
        raise InvalidInput(Fault(f"low {low:g} is not below high {high:g}", "give the lower one as 'low'"))
    return Range(low, high)


def _weighted(parameter: ParameterBase, settings: list[Any], weights: list[Any] | None) -> Weighted:
    if not settings:
        raise InvalidInput(Fault("no setting is given", "list at least one"))
    values = [_setting(parameter, each, (each if weights is not None else i,)) for i, each in enumerate(settings)]
    twice = [settings[i] for i, value in enumerate(values) if value in values[:i]]
    if twice:
        raise InvalidInput(Fault(f"{twice[0]!r} is given twice", "give it once"))
    if weights is None:
        return Weighted(tuple(values), (1 / len(values),) * len(values))
    faults = [
        Fault(f"the weight {weight!r} is not a positive number", "give a number above 0", path=(setting,))
        for setting, weight in zip(settings, weights, strict=True)
        if not _is_weight(weight)
    ]
    if faults:
        raise InvalidInput(faults)
    total = sum(float(weight) for weight in weights)
    return Weighted(tuple(values), tuple(float(weight) / total for weight in weights))


def _is_weight(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < 1e100


def _setting(parameter: ParameterBase, given: Any, path: tuple[Any, ...]) -> float:
    if isinstance(parameter, NumericParameter):
        return _number(parameter, given, path)
    assert isinstance(parameter, ListedParameter)
    index = parameter.index_of(given) if isinstance(given, str) else None
    if index is None:
        what = f"{given!r} is not a setting of {parameter.name!r}"
        raise InvalidInput(Fault(what, did_you_mean(str(given), parameter.words), path=path))
    return float(index)


def _number(parameter: NumericParameter, given: Any, path: tuple[Any, ...]) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise InvalidInput(
            Fault(f"{given!r} is not a number", "give a plain number, without quotes or unit", path=path)
        )
    at = np.array([[float(given)]])
    if not np.isfinite(at).all() or not parameter.within(parameter.canonical(at))[0]:
        remedy = f"give a value between {parameter.low:g} and {parameter.high:g}"
        raise InvalidInput(Fault(f"{given:g} is out of the bounds of {parameter.name!r}", remedy, path=path))
    return float(parameter.canonical(at)[0, 0])
