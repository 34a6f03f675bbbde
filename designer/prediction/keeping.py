"""A fitted prior over properties as a card and tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from designer.errors import Fault, InvalidPrior
from designer.prediction.networks import NetworkBank
from designer.prediction.prior import KIND, FittedProperties, Teacher
from designer.prediction.warps import NormalScores
from designer.priors import saving
from designer.priors.alignment import CommonFeatures
from designer.surrogates.data import Quantity

_WEIGHTS = "network."


def card_of(prior: FittedProperties) -> dict[str, Any]:
    """Return the card: what it learned from, and how well each past task predicts itself."""
    tasks = [
        {
            "name": teacher.name,
            "group": teacher.group,
            "quantity": [teacher.quantity.name, teacher.quantity.unit],
            "rows": teacher.rows,
            "skill": round(teacher.skill, 6),
        }
        for teacher in prior.teachers
    ]
    common, spaces = prior.common.as_dict(), [_plain(space) for space in prior.spaces]
    return {"kind": KIND, "seed": prior.seed, "tasks": tasks, "spaces": spaces, "common": common}


def tensors_of(prior: FittedProperties) -> dict[str, Tensor]:
    """Return all numbers that are not in the card."""
    tensors = {"centre": prior.bank.centre, "scale": prior.bank.scale}
    tensors |= {f"{_WEIGHTS}{name}": value for name, value in prior.bank.weights.items()}
    for i, teacher in enumerate(prior.teachers):
        tensors[f"teacher.{i}.X"] = teacher.X
        tensors[f"teacher.{i}.y"] = teacher.y
        tensors[f"teacher.{i}.values"] = torch.from_numpy(teacher.scores.values.copy())
        tensors[f"teacher.{i}.scores"] = torch.from_numpy(teacher.scores.scores.copy())
    return tensors


def restored(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedProperties:
    """Return what was written.

    Raises
    ------
    KeyError, ValueError
        If it is not as the card says.
    """
    weights = {name.removeprefix(_WEIGHTS): value for name, value in tensors.items() if name.startswith(_WEIGHTS)}
    bank = NetworkBank(tensors["centre"], tensors["scale"], weights)
    common = CommonFeatures.from_dict(card["common"])
    teachers = tuple(_teacher(i, entry, tensors) for i, entry in enumerate(card["tasks"]))
    if len(bank) != len(teachers) or len(bank.centre) != common.dimension:
        raise ValueError("the weights are not those of the card's tasks and features")
    return FittedProperties(common, teachers, bank, int(card["seed"]), tuple(card["spaces"]))


def load_properties(folder: Path | str) -> FittedProperties:
    """Read a saved prior over properties; no code of it is run.

    Raises
    ------
    InvalidPrior
        If the folder holds none, or one of another kind, or it is damaged or of another version: one fault.
    """
    place = str(Path(folder) / saving.CARD)
    card, tensors = saving.read(folder)
    if card.get("kind") != KIND:
        what = f"it is a prior of kind {card.get('kind')!r}, for campaigns"
        remedy = "name past tasks, or a prior made by: designer prior fit --kind properties"
        raise InvalidPrior(Fault(what, remedy, file=place))
    try:
        return restored(card, tensors)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        what = f"it is not as a prior of kind {KIND!r} is saved ({type(error).__name__}: {error})"
        raise InvalidPrior(Fault(what, "save the prior again", file=place)) from None


def _plain(value: Any) -> Any:
    """Return lists and mappings of plain values, as JSON reads them back."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _teacher(i: int, entry: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Teacher:
    name, unit = entry["quantity"]
    scores = NormalScores(tensors[f"teacher.{i}.values"].numpy(), tensors[f"teacher.{i}.scores"].numpy())
    X, y = tensors[f"teacher.{i}.X"], tensors[f"teacher.{i}.y"]
    if len(X) != len(y):
        raise ValueError(f"task {i} has other rows than its values")
    rows, skill = int(entry["rows"]), float(entry["skill"])
    return Teacher(str(entry["name"]), entry["group"], Quantity(name, unit), scores, rows, skill, X, y)
