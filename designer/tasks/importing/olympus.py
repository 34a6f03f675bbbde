"""Data sets of Olympus: a folder with ``config.json``, a ``data.csv`` without header and a ``description.txt``.

The format is that of the data sets in https://github.com/aspuru-guzik-group/olympus (F. Häse et al., Olympus: a
benchmarking framework for noisy optimization and experiment planning, Mach. Learn.: Sci. Technol. 2 (2021) 035021).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from designer.counting import count
from designer.errors import Fault, InvalidData
from designer.space.parameters.fields import identifier
from designer.tasks.importing.raw import RawTable

_CONFIG, _DATA = "config.json", "data.csv"


def is_olympus(folder: Path) -> bool:
    """Whether a folder holds a data set of Olympus."""
    return (folder / _CONFIG).is_file() and (folder / _DATA).is_file()


def read_olympus(folder: Path) -> RawTable:
    """Read a data set of Olympus.

    Raises
    ------
    InvalidData
        With every fault of its configuration, or where rows have more or fewer cells than it has columns.
    """
    config, file = _config(folder / _CONFIG), str(folder / _DATA)
    names: set[str] = set()
    faults: list[Fault] = []
    space = _space(config, names, faults)
    goals = _goals(config)
    targets = []
    for entry, goal in zip(config["measurements"], goals, strict=True):
        column = str(entry.get("name", ""))
        target = {"name": identifier(column, names, reserved=frozenset()), "column": column}
        targets.append(target | ({"goal": goal} if goal in ("minimize", "maximize") else {}))
    columns = [str(entry.get("name", "")) for entry in (*config["parameters"], *config["measurements"])]
    with (folder / _DATA).open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.reader(lines) if row]
    headed = bool(rows) and [cell.strip() for cell in rows[0]] == columns
    body = rows[1:] if headed else rows
    first = 2 if headed else 1
    faults += [
        Fault(
            f"the row has {count(len(row), 'cell')}",
            f"{_CONFIG} names {count(len(columns), 'column')}",
            file=file,
            row=number,
        )
        for number, row in enumerate(body, start=first)
        if len(row) != len(columns)
    ]
    if faults:
        raise InvalidData([fault if fault.file else fault.at(file=str(folder / _CONFIG)) for fault in faults])
    index = pd.RangeIndex(first, first + len(body), name="row")
    frame = pd.DataFrame([[cell.strip() for cell in row] for row in body], columns=columns, index=index, dtype=object)
    card: dict[str, Any] = {"space": space, "targets": targets}
    described = folder / "description.txt"
    if described.is_file():
        card["description"] = " ".join(described.read_text(encoding="utf-8", errors="replace").split())
    return RawTable(folder.name.removeprefix("dataset_"), file, frame, card)


def _config(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InvalidData(Fault(f"cannot be read: {error}", "give Olympus' config.json", file=str(path))) from None
    faults = [
        Fault(f"{key!r} is no list of objects", "as Olympus writes it", file=str(path))
        for key in ("parameters", "measurements")
        if not isinstance(data, Mapping)
        or not isinstance(data.get(key), list)
        or not data[key]
        or not all(isinstance(entry, Mapping) and entry.get("name") for entry in data[key])
    ]
    if faults:
        raise InvalidData(faults)
    return dict(data)


def _space(config: Mapping[str, Any], names: set[str], faults: list[Fault]) -> list[dict[str, Any]]:
    constraints = config.get("constraints")
    simplex = isinstance(constraints, Mapping) and constraints.get("parameters") == "simplex"
    entries = config["parameters"]
    continuous = [entry for entry in entries if entry.get("type") == "continuous"]
    if simplex and len(continuous) > 1:
        members = [str(entry["name"]) for entry in continuous]
        whole = {"name": identifier("mixture", names), "kind": "mixture", "components": members, "columns": members}
        return [whole, *(_parameter(e, names, faults) for e in entries if e.get("type") != "continuous")]
    return [_parameter(entry, names, faults) for entry in entries]


def _parameter(entry: Mapping[str, Any], names: set[str], faults: list[Fault]) -> dict[str, Any]:
    column, kind, options = str(entry["name"]), entry.get("type"), entry.get("options")
    base: dict[str, Any] = {"name": identifier(column, names), "column": column}
    low, high = (entry.get(a, entry.get(b)) for a, b in (("low", "lower"), ("high", "upper")))
    if kind == "categorical" and isinstance(options, list) and options:
        return base | {"kind": "categorical", "choices": [str(option) for option in options]}
    if kind == "discrete" and isinstance(options, list) and options:
        return base | {"kind": "numeric", "values": sorted(options)}
    if kind in ("continuous", "discrete") and low is not None and high is not None:
        step = entry.get("stride") if kind == "discrete" else None
        return base | {"kind": "numeric", "bounds": [low, high]} | ({"step": step} if step else {})
    faults.append(Fault(f"parameter {column!r} of type {kind!r} is not complete", "give low and high, or options"))
    return base


def _goals(config: Mapping[str, Any]) -> list[str | None]:
    given, count = config.get("default_goal"), len(config["measurements"])
    if isinstance(given, list):
        return [*given, *[None] * count][:count]
    return [given if count == 1 or i == 0 else None for i in range(count)]
