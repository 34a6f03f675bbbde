"""Designs as functions and programs read them: one entry a parameter instead of one a lab column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.errors import Fault, InvalidData
from designer.space import DesignSpace, ShareParameter


def grouped(space: DesignSpace, design: Mapping[str, Any]) -> dict[str, Any]:
    """Return `design`, given by lab column, by parameter; a composition or mixture becomes a mapping of its parts.

    ``{"composition.Ni": 30.0, "composition.Fe": 70.0, "T": 450.0}`` becomes
    ``{"composition": {"Ni": 30.0, "Fe": 70.0}, "T": 450.0}``. Numbers become plain Python numbers.

    Raises
    ------
    InvalidData
        If a column of the space is missing.
    """
    missing = [column for column in space.columns if column not in design]
    if missing:
        raise InvalidData([Fault(f"the design has no {name!r}", "give every column", column=name) for name in missing])
    result: dict[str, Any] = {}
    for parameter in space.parameters:
        cells = [plain(design[column]) for column in parameter.lab_columns]
        if isinstance(parameter, ShareParameter):
            result[parameter.name] = dict(zip(parameter.members, cells, strict=True))
        else:
            result[parameter.name] = cells[0]
    return result


def plain(value: Any) -> Any:
    """Return a numpy scalar as the Python value that it holds; anything else as it is."""
    return value.item() if hasattr(value, "item") else value
