"""From a campaign's space and targets to a simulator's: conversions, and every fault where they do not fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from designer.errors import Fault, InvalidUnit, did_you_mean
from designer.oracles.simulators.base import SimulatedTask
from designer.space import CompositionParameter, NumericParameter
from designer.units import convert, parse_quantity

if TYPE_CHECKING:
    from designer.objective import Objective, Target
    from designer.space import DesignSpace, Parameter

Given = NumericParameter | CompositionParameter
_SHARES = ("fraction", "at.%")


def parameter_faults(space: DesignSpace, fixed: Mapping[str, float | str], task: SimulatedTask) -> Iterator[Fault]:
    """Find what does not fit between the parameters of a campaign, and what it keeps fixed, and those of `task`."""
    known = {parameter.name: parameter for parameter in task.parameters}
    for parameter in space.parameters:
        if parameter.name not in known:
            what = f"{task.name} has no parameter {parameter.name!r}"
            yield Fault(what, did_you_mean(parameter.name, known), path=("task",))
        else:
            yield from _one_fault(parameter, known[parameter.name])
    for name, value in fixed.items():
        if name not in known:
            yield Fault(f"no parameter {name!r}", did_you_mean(name, known), path=("fixed", name))
        elif name in {parameter.name for parameter in space.parameters}:
            yield Fault(f"{name!r} is also in the space", "give it in one place", path=("fixed", name))
        else:
            yield from _fixed_faults(name, value, known[name])
    for name, wanted in known.items():
        if name not in fixed and name not in {parameter.name for parameter in space.parameters}:
            place = (
                "to the space" if isinstance(wanted, CompositionParameter) else "to the space, or a value to 'fixed'"
            )
            yield Fault(f"{task.name} needs {name!r}", f"add it {place}: {settings(wanted)}", path=("task",))


def _one_fault(given: Parameter, wanted: Given) -> Iterator[Fault]:
    if given.when is not None:
        what = f"{given.name!r} exists only where {given.when}, and {wanted.name!r} is needed always"
        yield Fault(what, "leave 'when' out", path=("task",))
    elif given.kind != wanted.kind:
        what = f"{given.name!r} is {given.kind} in the space, and {wanted.kind} here"
        yield Fault(what, f"give {settings(wanted)}", path=("task",))
    elif isinstance(wanted, NumericParameter) and isinstance(given, NumericParameter):
        try:
            reached = (given.low, given.high, 0.0) if given.zero_or else (given.low, given.high)
            ends = [convert(end, given.unit, wanted.unit) for end in reached]
        except InvalidUnit:
            unit = repr(given.unit) if given.unit else "no unit"
            what = f"{given.name!r} has {unit}, which does not convert to {wanted.unit or 'no unit'}"
            yield Fault(what, f"give {settings(wanted)}", path=("task",))
            return
        if not all(_within(end, wanted) for end in ends):
            zero = "may be 0 and " if given.zero_or else ""
            what = f"{given.name!r} {zero}goes from {given.low:g} to {given.high:g} {given.unit or ''}".rstrip()
            yield Fault(f"{what}, beyond what is simulated", f"stay within {settings(wanted)}", path=("task",))
    elif isinstance(wanted, CompositionParameter) and isinstance(given, CompositionParameter):
        for element in given.elements:
            if element not in wanted.elements:
                remedy = f"choose among {', '.join(wanted.elements)}, or another task"
                yield Fault(f"{given.name!r} has {element}, which the task has not", remedy, path=("task",))
        if given.unit not in _SHARES:
            yield Fault(f"{given.name!r} is in {given.unit}", "give it in at.% or as fraction", path=("task",))


def _fixed_faults(name: str, value: float | str, wanted: Given) -> Iterator[Fault]:
    if isinstance(wanted, CompositionParameter):
        yield Fault(f"{name!r} cannot be fixed", "put it into the space", path=("fixed", name))
        return
    try:
        number = _fixed(value, wanted)
    except InvalidUnit as error:
        yield from (fault.at(path=("fixed", name)) for fault in error.faults)
        return
    if not _within(number, wanted):
        yield Fault(f"{name!r} is fixed at {value}", f"stay within {settings(wanted)}", path=("fixed", name))


def target_faults(objective: Objective, task: SimulatedTask) -> Iterator[Fault]:
    """Find the targets of a campaign that `task` does not give, or not in a unit that converts."""
    known = {target.name: target for target in task.targets}
    for target in objective.targets:
        if target.name not in known:
            yield Fault(f"{task.name} gives no {target.name!r}", did_you_mean(target.name, known), path=("task",))
            continue
        unit = known[target.name].unit
        try:
            convert(1.0, unit, target.unit)
        except InvalidUnit:
            has = f"the unit {target.unit!r}" if target.unit else "no unit"
            what = f"target {target.name!r} has {has}, to which {unit or 'a bare number'} does not convert"
            yield Fault(what, f"write unit: {unit}" if unit else "leave the unit out", path=("task",))


def setting_of(
    design: Mapping[str, Any], space: DesignSpace, fixed: Mapping[str, float | str], task: SimulatedTask
) -> dict[str, Any]:
    """Return a design, by parameter, as the task takes it: in its units, compositions as atomic fractions.

    Raises
    ------
    ValueError
        If a value is beyond what is simulated.
    """
    given = {parameter.name: parameter for parameter in space.parameters}
    result: dict[str, Any] = {}
    for wanted in task.parameters:
        source = given.get(wanted.name)
        if isinstance(wanted, CompositionParameter):
            amounts = design[wanted.name]
            total = math.fsum(amounts.values())
            result[wanted.name] = {element: amount / total for element, amount in amounts.items()}
            continue
        if isinstance(source, NumericParameter):
            number = convert(float(design[wanted.name]), source.unit, wanted.unit)
        else:
            number = _fixed(fixed[wanted.name], wanted)
        if not _within(number, wanted):
            raise ValueError(f"{wanted.name} = {number:g} {wanted.unit or ''} is beyond {settings(wanted)}")
        result[wanted.name] = min(max(number, wanted.low), wanted.high)
    return result


def values_of(values: Mapping[str, float], objective: Objective, task: SimulatedTask) -> dict[str, float]:
    """Return the wanted ones of the task's values, in the campaign's units."""
    units = {target.name: target.unit for target in task.targets}

    def value(target: Target) -> float:
        return float(convert(float(values[target.name]), units[target.name], target.unit))

    return {target.name: value(target) for target in objective.targets}


def settings(parameter: Given) -> str:
    """Say what a task's parameter may be.

    >>> settings(NumericParameter(name="pressure", unit="Pa", bounds=(1, 100)))
    '1 to 100 Pa'
    """
    if isinstance(parameter, CompositionParameter):
        return f"a composition of {', '.join(parameter.elements)}"
    return f"{parameter.low:g} to {parameter.high:g} {parameter.unit or ''}".rstrip()


def _fixed(value: float | str, wanted: NumericParameter) -> float:
    return parse_quantity(value, wanted.unit) if isinstance(value, str) else float(value)


def _within(number: float, wanted: NumericParameter) -> bool:
    slack = 1e-9 * max(abs(wanted.low), abs(wanted.high))  # the noise of converting a bound
    return wanted.low - slack <= number <= wanted.high + slack
