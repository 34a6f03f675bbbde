"""What a fitted prior over properties consists of, as a card and tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from designer.priors.alignment import CommonFeatures
from designer.priors.stacking.source_networks import NetworkBank
from designer.priors.stacking.source_quantities import SourceQuantity
from designer.priors.stacking.warps import NormalScores
from designer.surrogates.data import Quantity

KIND = "properties"
"""The word by which cards name this kind of prior."""

_WEIGHTS = "network."


def card_of(
    common: CommonFeatures, teachers: Sequence[SourceQuantity], spaces: Sequence[Any], seed: int
) -> dict[str, Any]:
    """Return the card: what it learned from, and how well each past task predicts itself."""
    tasks = [
        {
            "name": teacher.name,
            "group": teacher.group,
            "quantity": [teacher.quantity.name, teacher.quantity.unit],
            "rows": teacher.rows,
            "skill": round(teacher.skill, 6),
        }
        for teacher in teachers
    ]
    grammars = [_plain(space) for space in spaces]
    return {"kind": KIND, "seed": seed, "tasks": tasks, "spaces": grammars, "common": common.as_dict()}


def teachers_tensors(teachers: Sequence[SourceQuantity]) -> dict[str, Tensor]:
    """Return all numbers of teachers that are not in the card."""
    tensors = {}
    for i, teacher in enumerate(teachers):
        tensors[f"teacher.{i}.X"] = teacher.X
        tensors[f"teacher.{i}.y"] = teacher.y
        tensors[f"teacher.{i}.values"] = torch.from_numpy(teacher.scores.values.copy())
        tensors[f"teacher.{i}.scores"] = torch.from_numpy(teacher.scores.scores.copy())
    return tensors


def teachers_from(entries: Sequence[Mapping[str, Any]], tensors: Mapping[str, Tensor]) -> tuple[SourceQuantity, ...]:
    """Return the teachers that a card and tensors hold.

    Raises
    ------
    KeyError, ValueError
        If the tensors are not as the card says.
    """
    return tuple(_teacher(i, entry, tensors) for i, entry in enumerate(entries))


def bank_tensors(bank: NetworkBank) -> dict[str, Tensor]:
    """Return all numbers of networks."""
    weights = {f"{_WEIGHTS}{name}": value for name, value in bank.weights.items()}
    return {"centre": bank.centre, "scale": bank.scale, **weights}


def bank_from(tensors: Mapping[str, Tensor]) -> NetworkBank:
    """Return the networks that tensors hold."""
    weights = {name.removeprefix(_WEIGHTS): value for name, value in tensors.items() if name.startswith(_WEIGHTS)}
    return NetworkBank(tensors["centre"], tensors["scale"], weights)


def _plain(value: Any) -> Any:
    """Return lists and mappings of plain values, as JSON reads them back."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _teacher(i: int, entry: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> SourceQuantity:
    name, unit = entry["quantity"]
    scores = NormalScores(tensors[f"teacher.{i}.values"].numpy(), tensors[f"teacher.{i}.scores"].numpy())
    X, y = tensors[f"teacher.{i}.X"], tensors[f"teacher.{i}.y"]
    if len(X) != len(y):
        raise ValueError(f"task {i} has other rows than its values")
    rows, skill = int(entry["rows"]), float(entry["skill"])
    return SourceQuantity(str(entry["name"]), entry["group"], Quantity(name, unit), scores, rows, skill, X, y)
