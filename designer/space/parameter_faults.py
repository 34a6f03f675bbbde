"""Faults of the parameters of a space, taken together: names and columns given twice, nothing that is chosen."""

from __future__ import annotations

from designer.errors import Fault, InvalidSpace
from designer.space.base import SpaceLike
from designer.space.parameters.fields import twice


def condition_faults(space: SpaceLike) -> list[Fault]:
    """Return what is wrong with the conditions of conditional parameters."""
    try:
        _ = space.conditions
    except InvalidSpace as error:
        return list(error.faults)
    return []


def parameter_faults(space: SpaceLike) -> list[Fault]:
    """Return what is wrong with the parameters of a space, each of which is well-formed."""
    faults = [Fault("a space needs at least one parameter", "add one")] if not space.parameters else []
    names = [parameter.name for parameter in space.parameters]
    faults += [
        Fault(f"parameter {names[i]!r} is given twice", "give each its own name", path=("space", i, "name"))
        for i in twice(names)
    ]
    owners = [i for i, parameter in enumerate(space.parameters) for _ in parameter.lab_columns]
    faults += [
        Fault(
            f"column {space.columns[i]!r} belongs to two parameters",
            "give one of them another column",
            path=("space", owners[i]),
        )
        for i in twice(space.columns)
        if names[owners[i]] not in names[: owners[i]]
    ]
    fidelities = [i for i, parameter in enumerate(space.parameters) if parameter.kind == "fidelity"]
    faults += [
        Fault("a space has one fidelity at most", "leave this one out, or join their levels", path=("space", i))
        for i in fidelities[1:]
    ]
    if fidelities and len(fidelities) == len(space.parameters):
        what = "the only parameter is a fidelity: nothing is left to choose"
        faults.append(Fault(what, "add the parameters of the designs", path=("space", fidelities[0])))
    if space.parameters and all(parameter.is_context for parameter in space.parameters):
        what = "every parameter is a context: nothing is left to choose"
        faults.append(Fault(what, "leave 'role: context' out of one", path=("space", 0, "role")))
    elif space.parameters and all(parameter.is_context or parameter.is_shared for parameter in space.parameters):
        what = "no parameter differs within a batch"
        faults.append(Fault(what, "leave 'vary: per_batch' out of one", path=("space", 0, "vary")))
    return faults
