"""Campaigns side by side: for each target that several of them share, the best value after so many results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from designer.errors import Fault, InvalidInput
from designer.service import queries
from designer.service.lab import Lab
from designer.service.store.accounts import Caller
from designer.units import convert, convertible

MAX_COMPARED = 8
AFTER = (1, 2, 5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000)
"""Numbers of results at which the best value so far is shown."""


def compared_campaigns(lab: Lab, caller: Caller, names: Sequence[str]) -> dict[str, Any]:
    """Return for each target with a goal the best values of the campaigns that have it, in the first one's unit.

    Withdrawn results are left out; those given as limits count with their numbers.

    Raises
    ------
    InvalidInput
        If more than `MAX_COMPARED` campaigns are named.
    Refused
        As ``not-found``, if one of them does not exist.
    """
    names = list(dict.fromkeys(names))
    if len(names) > MAX_COMPARED:
        raise InvalidInput(Fault(f"more than {MAX_COMPARED} campaigns are to be compared", "choose fewer"))
    found = {name: queries.campaign(lab, caller, name) for name in names}
    results = {name: _results(lab, caller, name) for name in names}
    longest = max((len(rows) for rows in results.values()), default=0)
    after = [n for n in AFTER if n <= longest]
    if longest and longest not in after:
        after.append(longest)
    return {
        "campaigns": [
            {"id": each["id"], "name": name, "results": len(results[name]), "budget": each["budget"]}
            for name, each in found.items()
        ],
        "after": after,
        "targets": [_target(target, found, results, after) for target in _targets(found)],
    }


def best_so_far(values: Sequence[float | None], target: Mapping[str, Any]) -> list[float | None]:
    """Return for each number of results the best value so far, by the goal of a target; None before the first one.

    >>> best_so_far([3.0, None, 2.0, 5.0], {"goal": "minimize"})
    [3.0, 3.0, 2.0, 2.0]
    >>> best_so_far([3.0, 6.0], {"goal": "match", "value": 5}), best_so_far([0.0, -1.0, 1.0], {"goal": "maximize"})
    ([3.0, 6.0], [0.0, 0.0, 1.0])
    """
    sign = -1.0 if target["goal"] == "maximize" else 1.0
    wanted = target.get("value")

    def loss(value: float) -> float:
        return sign * value if wanted is None else abs(value - wanted)

    best: float | None = None
    found: list[float | None] = []
    for value in values:
        if value is not None and (best is None or loss(value) < loss(best)):
            best = value
        found.append(best)
    return found


def _results(lab: Lab, caller: Caller, name: str) -> list[Mapping[str, Any]]:
    rows = queries.measurements(lab, caller, name)["measurements"]
    return [row["values"] for row in rows if not row["withdrawn"]]


def _targets(found: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the targets with a best value, each as the first campaign that has it states it."""
    known: dict[str, Mapping[str, Any]] = {}
    for campaign in found.values():
        for target in campaign["targets"]:
            if target["goal"] in ("minimize", "maximize", "match"):
                known.setdefault(target["name"], target)
    return list(known.values())


def _target(
    target: Mapping[str, Any],
    found: Mapping[str, Mapping[str, Any]],
    results: Mapping[str, Sequence[Mapping[str, Any]]],
    after: Sequence[int],
) -> dict[str, Any]:
    rows = []
    for name, campaign in found.items():
        own = next((each for each in campaign["targets"] if each["name"] == target["name"]), None)
        if own is None or own["goal"] != target["goal"] or not convertible(own["unit"], target["unit"]):
            continue
        values = [row.get(target["name"]) for row in results[name]]
        best = best_so_far([_converted(value, own["unit"], target["unit"]) for value in values], target)
        cells = [best[n - 1] if n <= len(best) else None for n in after]
        rows.append({"campaign": name, "best": cells})
    return {"name": target["name"], "unit": target["unit"], "goal": target["goal"], "rows": rows}


def _converted(value: float | None, unit: str | None, to: str | None) -> float | None:
    return None if value is None else convert(value, unit, to)
