"""Faults of a space of which some parameters or constraints are malformed.

All faults of a file are reported together: constraints that name only well-formed parameters are checked even where
other parameters are malformed. What depends on a malformed part is checked once that is corrected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import ValidationError

from designer.errors import Fault, InvalidInput, NearestWords
from designer.space.constraints.constraint import Constraint, bind, nearest_names
from designer.space.constraints.nodes import Name
from designer.space.parameters.fields import twice
from designer.space.parameters.references import Reference
from designer.space.size_limits import MAX_CONSTRAINTS, MAX_PARAMETERS

Names = Callable[[Any], Mapping[str, Reference]]
"""What the names of one parameter stand for; raises `ValidationError` or `InvalidInput` where it is malformed."""


def further_faults(data: Any, names_of: Names) -> list[Fault]:
    """Return repeated names, and faults of the constraints that use well-formed parameters only.

    Parameters
    ----------
    data
        What a space was to be built from; some of its parameters or constraints are malformed.
    names_of
        What reads one parameter.
    """
    if not isinstance(data, Mapping):
        return []
    given = _items(data.get("space", data.get("parameters")), MAX_PARAMETERS)
    names = [_name(item) for item in given]
    faults = [
        Fault(f"parameter {names[i]!r} is given twice", "give each its own name", path=("space", i, "name"))
        for i in twice([name or f"\0{i}" for i, name in enumerate(names)])
    ]
    known, broken = _references(given, names, names_of)
    # Malformed parameters take part as names only, for the remedies.
    everything = {**dict.fromkeys(broken, Reference(-1)), **known}
    nearest = nearest_names(everything)
    for i, item in enumerate(_items(data.get("constraints"), MAX_CONSTRAINTS)):
        faults += [fault.at(path=("constraints", i)) for fault in _constraint_faults(item, everything, broken, nearest)]
    return faults


def _items(given: Any, limit: int) -> Sequence[Any]:
    """Return the items of a list; none of a list that is too long, which is a fault already."""
    return given if isinstance(given, (list, tuple)) and len(given) <= limit else []


def _name(item: Any) -> str | None:
    name = item.get("name") if isinstance(item, Mapping) else getattr(item, "name", None)
    return name if isinstance(name, str) else None


def _references(
    given: Sequence[Any], names: Sequence[str | None], names_of: Names
) -> tuple[dict[str, Reference], frozenset[str]]:
    """Return what the names of well-formed parameters stand for, and the names of the malformed ones."""
    known: dict[str, Reference] = {}
    broken: set[str] = set()
    for item, name in zip(given, names, strict=True):
        try:
            known |= names_of(item)
        except (ValidationError, InvalidInput):
            broken.add(name or "")
    return known, frozenset(broken)


def _constraint_faults(
    item: Any, names: Mapping[str, Reference], broken: frozenset[str], nearest: NearestWords
) -> tuple[Fault, ...]:
    try:
        constraint = Constraint.model_validate(item)
        used = {name.split(".")[0] for name in _names(constraint.tree)}
        if "" not in broken and not used & broken:
            bind(constraint, names, (), nearest)
    except ValidationError:
        return ()  # reported already
    except InvalidInput as error:
        return error.faults
    return ()


def _names(node: Any) -> Iterator[str]:
    """Go through all names in a parsed constraint."""
    if isinstance(node, Name):
        yield node.text
    elif isinstance(node, tuple):
        for part in node:
            yield from _names(part)
    elif is_dataclass(node):
        for each in fields(node):
            yield from _names(getattr(node, each.name))
