"""Frozen values as the plain content of a campaign file: what an event keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from designer.objective import Objective, Target
from designer.space import Constraint, DesignSpace
from designer.space.parameters.amending import as_plain
from designer.space.parameters.base import ParameterBase


def plain(value: Any) -> Any:
    """Return a value as YAML or JSON would hold it; what was not given is left out.

    >>> plain(Target(name="cost", goal="minimize"))
    {'name': 'cost', 'goal': 'minimize'}
    """
    if isinstance(value, ParameterBase):
        return as_plain(value)
    if isinstance(value, Constraint):
        return value.text
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def plain_space(space: DesignSpace | Sequence[Any]) -> list[dict[str, Any]]:
    """Return the `space:` of a campaign file."""
    return [plain(each) for each in (space.parameters if isinstance(space, DesignSpace) else space)]


def plain_constraints(constraints: Sequence[Any]) -> list[Any]:
    """Return the `constraints:` of a campaign file."""
    return [plain(each) for each in constraints]


def plain_campaign(
    name: str,
    space: DesignSpace | Sequence[Any],
    constraints: Sequence[Any],
    targets: Objective | Sequence[Target | Mapping[str, Any]],
    combine: str | None,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the content of the campaign file that would say what was given in Python."""
    if isinstance(space, DesignSpace):
        constraints = [*space.constraints, *constraints]
    if isinstance(targets, Objective):
        combine = targets.combine if combine is None else combine
        targets = targets.targets
    data: dict[str, Any] = {"designer": 1, "name": name, "space": plain_space(space)}
    if constraints:
        data["constraints"] = plain_constraints(constraints)
    data["targets"] = plain(list(targets))
    if combine is not None:
        data["combine"] = combine
    return data | {key: plain(value) for key, value in settings.items() if value is not None}
