"""What designer says, as plain data under names of this module's own.

Every attribute, column and method of designer that the golden tests read is read here and nowhere else: when designer
renames one, this file changes and no golden value does. Only numbers, designs and ids are kept, no sentences.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designer import Campaign, PropertyPredictor

Plain = Any
Row = Mapping[str, Any]


def number(value: Any) -> Plain:
    """Return a number as JSON holds it: floats as they are, what is not finite as text, None as None."""
    if value is None:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    value = float(value)
    return value if math.isfinite(value) else repr(value)


def design(given: Row) -> dict[str, Plain]:
    """Return a design in lab units."""
    return {str(key): value if isinstance(value, str) else number(value) for key, value in given.items()}


def numbers(given: Row) -> dict[str, Plain]:
    """Return numbers by name."""
    return {str(key): number(value) for key, value in given.items()}


# A campaign


def campaign(found: Campaign, designs: Sequence[Row], cards: Sequence[str] = ()) -> dict[str, Plain]:
    """Return all that a campaign says now.

    Parameters
    ----------
    designs
        Designs in lab units to predict; none are predicted where there are too few results for a model.
    cards
        Ids of the suggestions to explain.
    """
    return {
        "batches": batches(found),
        "state": state(found),
        "predictions": predictions(found, designs),
        "best": best(found),
        "stopping": stopping(found),
        "evidence": evidence(found.status().prior),
        "doubts": [doubt(each) for each in found.status().flagged],
        "cards": {name: card(found, name) for name in cards},
    }


def batches(found: Campaign) -> list[dict[str, Plain]]:
    """Return every batch of suggestions as it was made."""
    return [
        {
            "how": event.how,
            "made at event": event.position,
            "based on event": event.based_on,
            "remarks": len(event.notes),
            "suggestions": [
                {
                    "id": each.id,
                    "design": design(each.design),
                    "score": number(each.score),
                    "without past tasks": each.plain,
                }
                for each in event.designs
            ],
        }
        for event in found.events
        if event.kind == "suggested"
    ]


def state(found: Campaign) -> dict[str, Plain]:
    """Return what the events fold into."""
    now = found.state
    return {
        "name": now.name,
        "events": now.position,
        "suggestions": {
            each.id: {
                "status": each.status,
                "design": design(each.design),
                "how": each.how,
                "score": number(each.score),
            }
            for each in now.suggestions.values()
        },
        "results": {
            each.id: {
                "of": each.suggestion,
                "design": design(each.design),
                "values": numbers(each.values),
                "standard errors": numbers(each.noise),
                "replicate": number(each.replicate),
                "corrected": each.amended,
                "withdrawn": each.withdrawn,
            }
            for each in now.measurements.values()
        },
        "counted": [each.id for each in now.results],
        "failures": [{"of": each.suggestion, "design": design(each.design)} for each in now.failures],
        "earlier spaces": len(now.earlier_spaces),
        "columns": list(found.space.columns),
        "targets": [each.name for each in found.objective.targets],
        "budget": number(found.settings.budget),
        "batch": number(found.settings.batch_size),
        "seed": number(found.settings.seed),
    }


def predictions(found: Campaign, designs: Sequence[Row]) -> list[dict[str, Plain]]:
    """Return mean and standard deviation of every target at designs, of the targets and of measurements of them."""
    known = found.posterior()
    if known is None:
        return []
    frame = pd.DataFrame([dict(each) for each in designs])
    table = found.predict(frame)
    mean, deviation = known.predict(found.space.coordinates(frame), of_measurement=True)
    return [
        {
            "design": design(designs[i]),
            "targets": {
                target.name: {
                    "mean": number(table[target.name].iloc[i]),
                    "deviation": number(table[f"{target.name}_sd"].iloc[i]),
                    "mean of a measurement": number(mean[i, j]),
                    "deviation of a measurement": number(deviation[i, j]),
                }
                for j, target in enumerate(found.objective.targets)
            },
        }
        for i in range(len(designs))
    ]


def best(found: Campaign) -> list[dict[str, Plain]]:
    """Return the best measured designs."""
    table, names = found.best(), [target.name for target in found.objective.targets]
    return [
        {
            "id": str(label),
            "by the model": "posterior" in row["best_by"],
            "as measured": "measured" in row["best_by"],
            "design": design({column: row[column] for column in found.space.columns}),
            "measured": numbers({name: row[name] for name in names}),
            "mean": numbers({name: row.get(f"{name}_mean") for name in names}),
            "deviation": numbers({name: row.get(f"{name}_sd") for name in names}),
            "results": str(row["measurements"]).split(", "),
        }
        for label, row in table.iterrows()
    ]


def stopping(found: Campaign) -> dict[str, Plain]:
    """Return whether the campaign is done, and by which rule."""
    decided = found.verdict()
    return {"stop": decided.stop, "rule": decided.rule, "spent": found.status().spent}


def evidence(found: Any) -> Plain:
    """Return what a prior leans on; None without one."""
    if found is None:
        return None
    return {
        "weights of models": {name: number(weight) for name, weight in found.experts},
        "weights of sources": {name: number(weight) for name, weight in found.sources},
        "log evidence": number(found.log_evidence),
        "rejected at result": number(found.rejected_at),
    }


def doubt(each: Any) -> dict[str, Plain]:
    """Return a result that is not believed as it stands, or that may be a slip."""
    return {
        "result": each.measurement,
        "target": each.target,
        "value": number(each.value),
        "expected": number(each.expected),
        "counts as": number(each.counts_as),
        "fits times": number(each.fits),
    }


def card(found: Campaign, suggestion: str) -> dict[str, Plain]:
    """Return every number of the explanation of a suggestion."""
    why = found.explain(suggestion)
    return {
        "design": design(why.design),
        "how": why.how,
        "based on event": why.position,
        "status": why.status,
        "results": why.results,
        "failures": why.failures,
        "explore": number(why.explore),
        "exploit": number(why.exploit),
        "chance to beat the best": number(why.beat),
        "chance to fail": number(why.fail),
        "chance to keep limits": number(why.within),
        "expected": [
            {
                "target": each.target,
                "mean": number(each.mean),
                "deviation": number(each.sd),
                "low": number(each.low),
                "high": number(each.high),
                "measured": number(each.measured),
            }
            for each in why.expected
        ],
        "best": None
        if why.best is None
        else {"id": why.best.label, "design": design(why.best.design), "values": numbers(why.best.values)},
        "neighbours": [
            {
                "id": each.label,
                "design": design(each.design),
                "distance": number(each.distance),
                "differences": len(each.differs),
                "values": numbers(each.values),
                "failed": each.failed is not None,
            }
            for each in why.nearest
        ],
        "places": {
            each.name: {"here": number(each.here), "made": [number(one) for one in each.made]} for each in why.places
        },
        "influences": [
            {
                "target": each.target,
                "average": number(each.base),
                "parameters": {one.name: number(one.effect) for one in each.parameters},
                "members": {one.name: number(one.effect) for one in each.members},
                "properties": {one.name: number(one.effect) for one in each.descriptors},
            }
            for each in why.influences
        ],
        "runner-up": None
        if why.runner_up is None
        else {
            "design": design(why.runner_up.design),
            "ratio": number(why.runner_up.ratio),
            "level at": numbers(why.runner_up.thresholds),
            "level at success": number(why.runner_up.success),
            "different": why.runner_up.different,
        },
        "evidence": evidence(why.prior),
        "doubts": [doubt(each) for each in why.flagged],
    }


# A prior over properties


def properties(asked: PropertyPredictor, designs: Sequence[Row]) -> dict[str, Plain]:
    """Return what is expected of every property at designs, and what is doubted among the given values."""
    found = asked.predict(list(designs))
    return {
        each.quantity.name: {
            "unit": each.quantity.unit,
            "median": [number(value) for value in each.value],
            "low": [number(value) for value in each.lower],
            "high": [number(value) for value in each.upper],
            "weights of models": {name: number(weight) for name, weight in model.shares},
            "believed values": model.measured,
            "lowest": number(model.lowest),
            "measured by": list(model.anchors),
            "doubts": [
                {
                    "row": one.row,
                    "design": design(row),
                    "value": number(one.value),
                    "low": number(one.low),
                    "high": number(one.high),
                }
                for row, one in asked.outliers(model)
            ],
        }
        for each, model in zip(found, asked.models, strict=True)
    }


def carried(asked: PropertyPredictor, designs: Sequence[Row]) -> list[dict[str, Plain]]:
    """Return what past tasks and properties of the elements add to the predictions of designs (Shapley values)."""
    from designer.properties.contributions import why

    (model,) = asked.models
    found = why(asked.prior, model, asked.features(list(designs)), evaluations=256)
    return [
        {
            "value": number(each.value),
            "average": number(each.base),
            "tasks": {name: number(effect) for name, effect in each.tasks},
            "properties": {name: number(effect) for name, effect in each.properties},
        }
        for each in found
    ]


# Files


def campaigns_of(store: Path) -> list[str]:
    """Return the names of the campaigns in a store."""
    from designer.campaign.log.store import open_store

    return list(open_store(store).names())


def load_dump(dump: Path, place: Path) -> Path:
    """Make the SQLite file at `place` from a dump in text, and return its path."""
    connection = sqlite3.connect(place)
    try:
        connection.executescript(dump.read_text(encoding="utf-8"))
    finally:
        connection.close()
    return place


def dump_of(store: Path) -> str:
    """Return the content of a SQLite file in text."""
    connection = sqlite3.connect(store)
    try:
        return "\n".join(connection.iterdump()) + "\n"
    finally:
        connection.close()
