"""Contexts: values that are known when suggestions are requested, and not chosen (``role: context``).

A context is a mapping from the names of the context parameters to their coordinates. The key ``context:`` of a campaign
file states how often contexts occur; the best design on average is over this distribution, and a run draws from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.file.settings import Settings
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.results.design_tables import as_frame, flattened, read_design_frame
from designer.campaign.results.designs import coordinates_of
from designer.errors import Fault, InvalidData, InvalidInput, did_you_mean
from designer.space import DesignSpace, ShareParameter
from designer.space.context_distribution import ContextDistribution
from designer.space.parameters.base import ParameterBase
from designer.space.table_reader import headers_of

Context = Mapping[str, tuple[float, ...]]
"""Coordinates by the name of each context parameter."""

MAX_NODES = 64
"""Contexts over which an average is taken."""
_LEVELS = 8  # of a range, where the contexts of all parameters together are few


def read_context(space: DesignSpace, given: Mapping[str, Any] | None) -> Context:
    """Return a context that was given in lab units, by lab column or parameter; numbers may have units.

    Raises
    ------
    InvalidData
        With every fault: a context parameter that is missing, one that the space does not have as context, a value that
        cannot be read or is out of bounds.
    """
    if given is not None and not isinstance(given, Mapping):
        raise InvalidData(
            Fault(f"the context {given!r} is not a mapping", "give {parameter: value}", path=("context",))
        )
    parameters = space.context_parameters
    if not parameters:
        if not given:
            return {}
        what = "the campaign has no context parameters, and a context is given"
        raise InvalidData(Fault(what, "leave it out, or add 'role: context' to a parameter", path=("context",)))
    cells = flattened(given or {})
    own = _alone(parameters)
    columns = dict(headers_of(own))
    faults = [
        Fault(f"{name!r} is not a context", _unknown_remedy(space, name, columns), path=("context", name))
        for name in cells
        if name not in columns
    ]
    named = {columns[name] for name in cells if name in columns and not _is_empty(cells[name])}
    faults += [
        Fault(f"the context {column!r} is missing", _missing_remedy(parameter, column), path=("context", column))
        for parameter in parameters
        for column in parameter.lab_columns
        if column not in named
    ]
    if faults:
        raise InvalidData(faults)
    try:
        (design,) = read_design_frame(own, as_frame([cells]))
    except InvalidInput as error:
        placed = [each.at(row=None, column=None, path=("context", each.column or "")) for each in error.faults]
        raise InvalidData(placed) from None
    coordinates = coordinates_of(own, [design])
    faults = [
        Fault(f"the context is out of bounds: {text}", "give a context within the bounds, or amend them",
              path=("context", parameter.name))
        for parameter, part in own.parts()
        if not _is_allowed(parameter, coordinates[:, part])
        for text in parameter.violations(coordinates[0, part])
    ]  # fmt: skip
    if faults:
        raise InvalidData(faults)
    return {parameter.name: tuple(coordinates[0, part].tolist()) for parameter, part in own.parts()}


def context_from_text(given: Sequence[str] | None) -> dict[str, str] | None:
    """Return the cells of a context written as ``name=value,name=value``; None where none is given.

    A comma that no ``name=`` follows belongs to the value before it.

    Raises
    ------
    InvalidData
        With every part that is not ``name=value``, and every name that is given twice.

    Examples
    --------
    >>> context_from_text(["humidity=45 %,lot=B7", "site=Kiel, north"])
    {'humidity': '45 %', 'lot': 'B7', 'site': 'Kiel, north'}
    """
    if not given:
        return None
    cells: dict[str, str] = {}
    faults = []
    for part in [part for text in given for part in re.split(r",(?=[^,=]+=)", text)]:
        name, equals, value = (each.strip() for each in part.partition("="))
        if not equals or not name:
            what = f"the context {part!r} cannot be read"
            faults.append(Fault(what, "write PARAMETER=VALUE,PARAMETER=VALUE", path=("context",)))
        elif name in cells:
            faults.append(Fault(f"the context {name!r} is given twice", "give it once", path=("context", name)))
        else:
            cells[name] = value
    if faults:
        raise InvalidData(faults)
    return cells


def _is_allowed(parameter: ParameterBase, coordinates: FloatArray) -> bool:
    """Whether a context is within the bounds; shares that are given may lie between their steps."""
    allowed = parameter.within if isinstance(parameter, ShareParameter) else parameter.valid
    return bool(allowed(coordinates)[0])


def _alone(parameters: Sequence[ParameterBase]) -> DesignSpace:
    """Return the space of context parameters alone, as settings: a space needs something to choose."""
    return DesignSpace(parameters=[each.model_copy(update={"role": "setting"}) for each in parameters])


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _unknown_remedy(space: DesignSpace, name: str, columns: Mapping[str, str]) -> str:
    if name in dict(headers_of(space)):
        return "leave it out: it is chosen"
    return did_you_mean(name, columns)


def _missing_remedy(parameter: ParameterBase, column: str) -> str:
    unit = f" in {parameter.unit}" if parameter.unit else ""
    return f"give {column}=VALUE{unit}"


def context_of(space: DesignSpace, coordinates: FloatArray) -> Context:
    """Return the context of one design (``c`` coordinates); nothing where the space has no context parameter."""
    return {
        parameter.name: tuple(coordinates[part].tolist()) for parameter, part in space.parts() if parameter.is_context
    }


def context_of_design(space: DesignSpace, design: Mapping[str, Any]) -> Context:
    """Return the context of one design in lab units."""
    return context_of(space, coordinates_of(space, [design])[0]) if space.context_parameters else {}


def at_context(spec: CampaignSpec, context: Context) -> CampaignSpec:
    """Return the spec with the space in which a context holds; itself without a context.

    Raises
    ------
    InvalidData
        If the constraints allow no design in this context.
    """
    if not context:
        return spec
    try:
        return replace(spec, space=spec.space.fixed(context))
    except InvalidInput as error:
        what = f"no design is possible in the context {context_words(spec.space, context)}"
        raise InvalidData(
            [Fault(f"{what}: {each.what}", each.remedy, path=("context",)) for each in error.faults]
        ) from None


def context_cells(space: DesignSpace, context: Context) -> dict[str, float | str]:
    """Return a context in lab units by lab column."""
    cells: dict[str, float | str] = {}
    for parameter in space.context_parameters:
        values = [each[0] for each in parameter.to_lab(np.array([context[parameter.name]]))]
        cells |= zip(parameter.lab_columns, [v if isinstance(v, str) else float(v) for v in values], strict=True)
    return cells


def context_words(space: DesignSpace, context: Context) -> str:
    """Return a context in words: ``humidity = 45 percent, lot = B7``."""
    units = {column: parameter.unit for parameter in space.context_parameters for column in parameter.lab_columns}
    return ", ".join(
        f"{column} = {value if isinstance(value, str) else format(value, 'g')}"
        + (f" {units[column]}" if units[column] and not isinstance(value, str) else "")
        for column, value in context_cells(space, context).items()
    )


@dataclass(frozen=True)
class WeightedContexts:
    """Contexts and their weights, which sum to 1; `source` says where they come from."""

    contexts: tuple[Context, ...]
    weights: tuple[float, ...]
    source: str


def averaged_contexts(
    space: DesignSpace, settings: Settings, measured: FloatArray, given: Context | None = None
) -> WeightedContexts | None:
    """Return the contexts for which the best design is wanted; None where there is none.

    The context that is given; else those of the stated distribution; else those of the measured designs (``n x c``),
    each as often as it was measured, of many the latest ones.
    """
    if given:
        return WeightedContexts((given,), (1.0,), context_words(space, given))
    if settings.context:
        pairs = ContextDistribution.of(space, settings.context).nodes(MAX_NODES, _LEVELS)
        words = "on average over the stated contexts"
        return WeightedContexts(tuple(each for each, _ in pairs), tuple(weight for _, weight in pairs), words)
    found = [context_of(space, row) for row in measured[-MAX_NODES:]]
    if not found:
        return None
    return WeightedContexts(
        tuple(found), (1 / len(found),) * len(found), "on average over the contexts measured so far"
    )


def drawn_context(space: DesignSpace, settings: Settings, seed: int) -> Context:
    """Return a context at random for the next suggestions of a run; nothing where the space has no contexts.

    Raises
    ------
    InvalidInput
        If the campaign states no distribution of its contexts.
    """
    if not space.context_parameters:
        return {}
    if not settings.context:
        what = "a run needs to know how often contexts occur"
        raise InvalidInput(Fault(what, "add 'context: {parameter: {low: ..., high: ...}}'", path=("context",)))
    return ContextDistribution.of(space, settings.context).draw(np.random.default_rng(seed))
