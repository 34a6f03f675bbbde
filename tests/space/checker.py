"""Random spaces, and a plain check of lab rows against them in exact fractions, sharing no code with the product."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from designer.space.design_space import DesignSpace


def exact(value: Any) -> Any:
    """The number that a person reads: the fraction of its decimal text."""
    return Fraction(repr(float(value)))


def broken_rules(space: DesignSpace, row: Any) -> Any:
    """Name what a lab row (a mapping of columns to values) breaks of the parameters' own rules."""
    found = []
    for parameter in space.parameters:
        if parameter.kind == "numeric":
            found += _numeric(parameter, exact(row[parameter.name]))
        elif parameter.kind == "categorical":
            found += [] if row[parameter.name] in parameter.choices else [f"{parameter.name}: unknown choice"]  # type: ignore[attr-defined]
        else:
            found += _shares(parameter, {m: exact(row[f"{parameter.name}.{m}"]) for m in parameter.members})
    return found


def _numeric(parameter: Any, value: Any) -> Any:
    if parameter.zero_or and value == 0:
        return []
    if parameter.values is not None:
        return [] if value in {exact(v) for v in parameter.values} else [f"{parameter.name}: not listed"]
    low, high = map(exact, parameter.bounds)
    found = [] if low <= value <= high else [f"{parameter.name}: outside"]
    if parameter.step is not None and ((value - low) / exact(parameter.step)).denominator != 1:
        found.append(f"{parameter.name}: off the step")
    return found


def _shares(parameter: Any, amounts: Any) -> Any:
    total = exact(parameter.total if parameter.total is not None else 1 if parameter.unit == "fraction" else 100)
    found = [] if sum(amounts.values()) == total else [f"{parameter.name}: sums to {sum(amounts.values())}"]
    present = sum(amount > 0 for amount in amounts.values())
    if present < parameter.min_nonzero or present > (parameter.max_nonzero or len(amounts)):
        found.append(f"{parameter.name}: {present} present")
    for member, amount in amounts.items():
        if parameter.step is not None and (amount / exact(parameter.step)).denominator != 1:
            found.append(f"{parameter.name}.{member}: off the step")
        if member in (parameter.fixed or {}):
            if amount != exact(parameter.fixed[member]):
                found.append(f"{parameter.name}.{member}: not fixed")
            continue
        bounds = parameter.bounds or {}
        low, high = map(exact, bounds.get(member, bounds.get("*", (0, total))))
        absent = amount == 0 and parameter.zero_or is True
        if not (low <= amount <= high or absent):
            found.append(f"{parameter.name}.{member}: outside")
    return found


@st.composite
def numerics(draw: st.DrawFn, name: str) -> Any:
    kind = draw(st.sampled_from(["step", "decimal step", "continuous", "log", "log step", "values"]))
    low: Any = draw(st.integers(-20, 20))
    parameter: dict[str, Any] = {"name": name, "kind": "numeric"}
    match kind:
        case "step":
            return {**parameter, "bounds": [low, low + 5 * draw(st.integers(1, 30))], "step": 5}
        case "decimal step":
            steps = draw(st.integers(1, 40))
            low = Fraction(low, 10)
            return {**parameter, "bounds": [float(low), float(low + Fraction(3, 10) * steps)], "step": 0.3}
        case "continuous":
            return {**parameter, "bounds": [low, low + draw(st.sampled_from([0.37, 1, 1234.5]))]}
        case "log":
            return {**parameter, "bounds": [0.003, draw(st.sampled_from([0.0031, 1, 1e5]))], "scale": "log"}
        case "log step":
            return {**parameter, "bounds": [10, 10 + 10 * draw(st.integers(1, 99))], "step": 10, "scale": "log"}
        case _:
            values = draw(st.lists(st.sampled_from([0.1, 0.5, 1, 2, 7.25, 60]), min_size=1, unique=True))
            return {**parameter, "values": values}


@st.composite
def shares(draw: st.DrawFn, name: str) -> Any:
    unit, total, steps = draw(
        st.sampled_from([("fraction", 1, [0.1, 0.05, 0.01, None]), ("at.%", 100, [10, 2.5, 1, 0.1, None])])
    )
    step = draw(st.sampled_from(steps))
    elements = draw(st.sampled_from([("Ni", "Fe"), ("Ni", "Fe", "Co"), ("Ni", "Fe", "Co", "Cr", "Mn", "Al")]))
    parameter: dict[str, Any] = {"name": name, "kind": "composition", "elements": elements, "unit": unit}
    if step is not None:
        parameter["step"] = step
    parameter["max_nonzero"] = draw(st.integers(1, len(elements)))
    parameter["min_nonzero"] = draw(st.integers(1, parameter["max_nonzero"]))
    style = draw(st.sampled_from(["free", "zero or", "each", "fixed"]))
    if style == "zero or":
        parameter |= {"bounds": [0.1 * total, 0.6 * total], "zero_or": True}
    elif style == "each":
        parameter["bounds"] = {"Ni": [0.2 * total, 0.9 * total], "Fe": [0, 0.5 * total]}
    elif style == "fixed":
        parameter["fixed"] = {"Fe": 0.2 * total}
    return parameter


@st.composite
def spaces(draw: st.DrawFn) -> Any:
    """Random spaces without constraints; those that no composition can satisfy are not drawn."""
    parameters = [draw(numerics(f"x{i}")) for i in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        choices = draw(st.sampled_from([["N2"], ["N2", "Ar"], ["N2", "Ar", "air", "vacuum"]]))
        parameters.append({"name": "gas", "kind": "categorical", "choices": choices})
    if not parameters or draw(st.booleans()):
        parameters.append(draw(shares("alloy").filter(_possible)))
    return parameters


def _possible(parameter: Any) -> Any:
    from designer.errors import InvalidInput

    try:
        DesignSpace(parameters=[parameter])
    except InvalidInput:
        return False
    return True
