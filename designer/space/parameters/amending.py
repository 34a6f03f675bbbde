"""Parameters changed in the middle of a campaign, and parameters as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from designer.errors import Fault, InvalidSpace
from designer.space.parameters.base import ParameterBase

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
        changes |= parameter.choices_changes(choices_added)
    if bounds is not None:
        changes |= parameter.bounds_changes(bounds)
    if step is not None:
        changes |= parameter.step_changes(step)
    if not changes:
        raise InvalidSpace(Fault(f"nothing of {parameter.name!r} is changed", "give bounds or choices to add"))
    new = rebuilt(parameter, **changes)
    parameter.check_amended(new)
    return new
