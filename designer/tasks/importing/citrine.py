"""Materials as Citrine's programs write them: PIF (physical information files) and GEMD (a graph of runs).

A PIF is a system with a chemical formula, steps of preparation and properties under conditions. In GEMD a material run
comes from a process run with parameters and ingredients, and measurement runs point to it. Either becomes a row a
material and set of conditions: columns ``formula``, ``STEP: DETAIL [unit]``, ``CONDITION [unit]``, ``PROPERTY [unit]``.

References
----------
K. Michel, B. Meredig, Beyond bulk single crystals: a data format for all materials structure-property-processing
relationships, MRS Bulletin 41 (2016) 617. GEMD: https://citrineinformatics.github.io/gemd-docs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from designer.errors import Fault, InvalidData
from designer.tasks.importing.raw import RawTable, text_of

_RUNS = ("material_run", "process_run", "measurement_run", "ingredient_run")
Row = dict[str, str]
Named = dict[tuple[str, str], Mapping[str, Any]]


def is_citrine(data: Any) -> bool:
    """Whether JSON is a PIF, a list of them, or a GEMD graph."""
    return any(_is_pif(item) or item.get("type") in _RUNS for item in _objects(data))


def read_citrine(documents: Sequence[tuple[str, Any]], *, name: str, file: str) -> RawTable:
    """Read PIF and GEMD documents (pairs of file and JSON) as one table.

    Raises
    ------
    InvalidData
        If there is no property in them at all.
    """
    rows: list[Row] = []
    for _, data in documents:
        objects = list(_objects(data))
        rows += [row for item in objects if _is_pif(item) for row in _pif_rows(item)]
        rows += _gemd_rows([item for item in objects if item.get("type") in _RUNS])
    if not rows:
        raise InvalidData(Fault("there is no measured property in it", "give materials with properties", file=file))
    columns = list(dict.fromkeys(column for row in rows for column in row))
    index = pd.RangeIndex(1, len(rows) + 1, name="row")
    cells = {column: [row.get(column, "") for row in rows] for column in columns}
    return RawTable(name, file, pd.DataFrame(cells, index=index, dtype=object))


def _objects(data: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, Mapping):
        yield data
        for key in ("context", "object", "objects"):
            yield from _objects(data.get(key))
    elif isinstance(data, list):
        for item in data:
            yield from _objects(item)


def _is_pif(item: Mapping[str, Any]) -> bool:
    return str(item.get("category", "")).startswith("system") or "chemicalFormula" in item


# PIF


def _pif_rows(system: Mapping[str, Any]) -> Iterator[Row]:
    """Go through the rows of one system: one for each set of conditions and each of several scalars."""
    base: Row = {}
    if system.get("uid"):
        base["uid"] = text_of(system["uid"])
    formula = system.get("chemicalFormula") or _pif_formula(system.get("composition"))
    if formula:
        base["formula"] = text_of(formula)
    for step in _list(system.get("preparation")):
        for detail in _list(step.get("details")):
            base |= dict(_quantities(detail, prefix=f"{step['name']}: " if step.get("name") else ""))
    groups: dict[tuple[tuple[str, str], ...], list[list[tuple[str, str]]]] = {}
    for item in _list(system.get("properties")):
        conditions = tuple(pair for each in _list(item.get("conditions")) for pair in _quantities(each)[:1])
        groups.setdefault(conditions, []).append(_quantities(item))
    for conditions, measured in groups.items():
        for i in range(max(len(values) for values in measured)):
            yield base | dict(conditions) | dict(values[i] for values in measured if i < len(values))


def _pif_formula(composition: Any) -> str:
    parts = []
    for item in _list(composition):
        amount = item.get("actualAtomicPercent") or item.get("idealAtomicPercent")
        values = _scalars({"scalars": amount})
        if item.get("element") and values:
            parts.append(f"{item['element']}{values[0]}")
    return "".join(parts)


def _quantities(item: Mapping[str, Any], *, prefix: str = "") -> list[tuple[str, str]]:
    """Return the header and text of each value of a PIF's property, condition or detail."""
    if not item.get("name"):
        return []
    unit = item.get("units")
    header = f"{prefix}{item['name']}" + (f" [{unit}]" if unit else "")
    return [(header, value) for value in _scalars(item)]


def _scalars(item: Mapping[str, Any]) -> list[str]:
    found = []
    scalars = item.get("scalars", item.get("value"))
    for scalar in scalars if isinstance(scalars, list) else [] if scalars is None else [scalars]:
        if not isinstance(scalar, Mapping):
            found.append(text_of(scalar))
        elif "value" in scalar:
            found.append(text_of(scalar["value"]))
        elif "maximum" in scalar and "minimum" not in scalar:
            found.append(f"<{text_of(scalar['maximum'])}")
        elif "minimum" in scalar and "maximum" not in scalar:
            found.append(f">{text_of(scalar['minimum'])}")
        elif "minimum" in scalar:
            found.append(f"{text_of(scalar['minimum'])}-{text_of(scalar['maximum'])}")
    return found


# GEMD


def _gemd_rows(objects: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """Go through the measurements of a graph: one row a measurement run, with its material's process before it."""
    named: Named = {}
    for item in objects:
        for scope, uid in (item.get("uids") or {}).items():
            named[str(scope), str(uid)] = item
    ingredients = _by_owner(objects, "ingredient_run", "process", named)
    measured = _by_owner(objects, "measurement_run", "material", named)
    for material in objects:
        if material["type"] != "material_run" or id(material) not in measured:
            continue
        base: Row = {"material": text_of(material.get("name"))}
        process = _linked(material.get("process"), named)
        if process is not None:
            base |= _attributes(process, "parameters", "conditions")
            for ingredient in ingredients.get(id(process), []):
                base |= _ingredient(ingredient, named)
        for run in measured[id(material)]:
            yield base | _attributes(run, "parameters", "conditions", "properties")


def _by_owner(
    objects: Sequence[Mapping[str, Any]], kind: str, key: str, named: Named
) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for item in objects:
        owner = _linked(item.get(key), named) if item["type"] == kind else None
        if owner is not None:
            found.setdefault(id(owner), []).append(item)
    return found


def _attributes(item: Mapping[str, Any], *keys: str) -> Row:
    row: Row = {}
    for key in keys:
        for attribute in _list(item.get(key)):
            row |= _attribute(attribute)
    return row


def _linked(link: Any, named: Named) -> Mapping[str, Any] | None:
    return named.get((str(link.get("scope")), str(link.get("id")))) if isinstance(link, Mapping) else None


def _ingredient(item: Mapping[str, Any], named: Named) -> Row:
    material = _linked(item.get("material"), named)
    name = item.get("name") or (material or {}).get("name")
    for key in ("mass_fraction", "volume_fraction", "number_fraction", "absolute_quantity"):
        if name and isinstance(item.get(key), Mapping):
            return _attribute({"name": f"{name} {key.replace('_', ' ')}", "value": item[key]})
    return {}


def _attribute(item: Mapping[str, Any]) -> Row:
    value = item.get("value")
    if not item.get("name") or not isinstance(value, Mapping):
        return {}
    unit = value.get("units")
    header = f"{item['name']}" + (f" [{unit}]" if unit and unit != "dimensionless" else "")
    for key in ("nominal", "mean", "category", "formula", "smiles", "inchi"):
        if value.get(key) is not None:
            return {header: text_of(value[key])}
    if "lower_bound" in value:
        return {header: f"{text_of(value['lower_bound'])}-{text_of(value.get('upper_bound'))}"}
    quantities = value.get("quantities")
    if isinstance(quantities, Mapping):
        return {f"{item['name']}.{part}": text_of(amount) for part, amount in quantities.items()}
    return {}


def _list(value: Any) -> Iterable[Mapping[str, Any]]:
    """Return the objects in a value that may be one, a list of them, or missing."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, Mapping)]
