"""Parameters changed in the middle of a campaign, and parameters as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from designer.errors import Fault, InvalidSpace
from designer.space.parameters.categorical import CategoricalParameter
from designer.space.parameters.compositions import ShareParameter
from designer.space.parameters.lattice import decimal_of, plain
from designer.space.parameters.numeric import NumericParameter, ParameterBase

P = TypeVar("P", bound=ParameterBase)


def as_plain(parameter: ParameterBase) -> dict[str, Any]:
    """Return a parameter as a person would write it: what it is called, its kind, and what is not the default."""
    data = parameter.model_dump(mode="json", exclude_none=True)
    usual = {key: field.default for key, field in type(parameter).model_fields.items()}
    chosen = {key: value for key, value in data.items() if getattr(parameter, key) != usual[key]}
    return {"name": data["name"], "kind": data["kind"], **chosen}


def rebuilt(parameter: P, **changes: Any) -> P:
    """Return a parameter with fields changed, validated anew."""
    return type(parameter)(**{**as_plain(parameter), **changes})


def amended_parameter(
    parameter: P, *, bounds: Any = None, choices_added: Sequence[str] = (), step: float | None = None
) -> P:
    """Return a parameter with its bounds changed or choices added, so that earlier coordinates keep their meaning.

    Raises
    ------
    InvalidSpace
        If the change does not suit the parameter: bounds for choices, choices for numbers, bounds off the steps.
    """
    changes: dict[str, Any] = {}
    if choices_added:
        changes |= _more_choices(parameter, choices_added)
    if bounds is not None:
        changes |= _other_bounds(parameter, bounds)
    if step is not None:
        changes |= _finer_step(parameter, step)
    if not changes:
        raise InvalidSpace(Fault(f"nothing of {parameter.name!r} is changed", "give bounds or choices to add"))
    new = rebuilt(parameter, **changes)
    _keep_steps(parameter, new)
    return new


def _more_choices(parameter: ParameterBase, added: Sequence[str]) -> dict[str, Any]:
    if not isinstance(parameter, CategoricalParameter):
        raise InvalidSpace(Fault(f"{parameter.name!r} has no choices to add to", "change its bounds"))
    for key in ("descriptors", "smiles"):
        if getattr(parameter, key) is not None:
            what = f"the {key} of the new choices of {parameter.name!r} are not known"
            raise InvalidSpace(Fault(what, "give the whole parameter anew in the campaign file"))
    return {"choices": (*parameter.choices, *added)}


def _other_bounds(parameter: ParameterBase, bounds: Any) -> dict[str, Any]:
    if isinstance(parameter, ShareParameter):
        return {"bounds": bounds}
    if not isinstance(parameter, NumericParameter):
        raise InvalidSpace(Fault(f"{parameter.name!r} has no bounds", "add or remove its settings"))
    changes: dict[str, Any] = {"bounds": bounds}
    if parameter.values is not None and isinstance(bounds, Sequence) and len(bounds) == 2:
        changes["values"] = tuple(value for value in parameter.values if bounds[0] <= value <= bounds[1])
    return changes


def _finer_step(parameter: ParameterBase, step: float) -> dict[str, Any]:
    if not isinstance(parameter, NumericParameter):
        what = f"the step of {parameter.name!r} is the unit of its earlier designs"
        raise InvalidSpace(Fault(what, "keep it, or begin a new campaign"))
    return {"step": step}


def _keep_steps(old: ParameterBase, new: ParameterBase) -> None:
    if isinstance(old, NumericParameter) and isinstance(new, NumericParameter):
        if old.lattice is None or old.step != new.step or old.lattice.count_to(new.low) is not None:
            return
        step = decimal_of(old.step or 0.0)
        whole = int((decimal_of(new.low) - decimal_of(old.low)) / step)
        near = plain(decimal_of(old.low) + whole * step)
        what = f"lowest value {plain(new.low)} of {old.name!r} is not a whole number of steps of {plain(step)} away"
        raise InvalidSpace(Fault(f"{what} from {plain(old.low)}", f"for example {near}", path=("bounds",)))
    if isinstance(old, ShareParameter) and isinstance(new, ShareParameter) and old.exact_step != new.exact_step:
        what = f"bounds of {old.name!r} are finer than its resolution of {plain(old.exact_step)}"
        raise InvalidSpace(Fault(what, f"give multiples of {plain(old.exact_step)}", path=("bounds",)))
