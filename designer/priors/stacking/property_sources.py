"""Sources of the prior over properties: quantities of past tasks, with a part of their designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.serialization import below, sources_card, sources_from, sources_tensors, under
from designer.priors.sources import Source
from designer.priors.stacking.warps import NormalScores
from designer.units import convert_many


@dataclass(frozen=True, eq=False)
class PropertySource(Source):
    """One quantity that one past task measured; ``X`` and ``y`` are a part of its designs.

    Parameters
    ----------
    group
        The group of near copies that the task belongs to; None without one.
    scores
        The map from its values to normal scores.
    designs
        The number of its designs.
    skill
        The share of variance of unseen designs that its networks explain.
    """

    group: str | None
    scores: NormalScores
    designs: int
    skill: float

    @property
    def label(self) -> str:
        """Its name and quantity, which identify it."""
        return f"{self.name}: {self.quantity.name}"

    def is_related(self, other: PropertySource) -> bool:
        """Whether it is a near copy of another source, or measured the same quantity."""
        grouped = self.group is not None and self.group == other.group
        return grouped or self.measures(other.quantity)

    def converted(self, values: FloatArray, unit: str | None) -> FloatArray:
        """Return values of its quantity in another unit."""
        return np.asarray(convert_many(values, self.quantity.unit, unit), dtype=np.float64)


def property_sources_card(sources: Sequence[PropertySource]) -> list[dict[str, Any]]:
    """Return the card's entry of every source."""
    own = [{"group": each.group, "designs": each.designs, "skill": round(each.skill, 6)} for each in sources]
    return [{**entry, **more} for entry, more in zip(sources_card(sources), own, strict=True)]


def property_sources_tensors(sources: Sequence[PropertySource]) -> dict[str, Tensor]:
    """Return all numbers of the sources that are not in the card."""
    tensors = sources_tensors(sources)
    for i, each in enumerate(sources):
        scores = {"values": each.scores.values, "scores": each.scores.scores}
        tensors |= under(f"source.{i}", {name: torch.from_numpy(value.copy()) for name, value in scores.items()})
    return tensors


def property_sources_from(
    card: Sequence[Mapping[str, Any]], tensors: Mapping[str, Tensor]
) -> tuple[PropertySource, ...]:
    """Return the sources that were saved, by this version or by version 0.1.

    Raises
    ------
    KeyError, ValueError
        If the tensors are not as the card states.
    """
    if any(name.startswith("teacher.") for name in tensors):
        card, tensors = _from_v0_1(card, tensors)
    return tuple(
        PropertySource(
            source.name,
            source.quantity,
            source.X,
            source.y,
            source.present,
            entry["group"],
            NormalScores(*(tensors[f"source.{i}.{part}"].numpy() for part in ("values", "scores"))),
            int(entry["designs"]),
            float(entry["skill"]),
        )
        for i, (source, entry) in enumerate(zip(sources_from(card, tensors), card, strict=True))
    )


def _from_v0_1(
    card: Sequence[Mapping[str, Any]], tensors: Mapping[str, Tensor]
) -> tuple[list[dict[str, Any]], dict[str, Tensor]]:
    """Return entries and tensors of version 0.1 in today's form."""
    entries: list[dict[str, Any]] = []
    found: dict[str, Tensor] = {}
    for i, entry in enumerate(card):
        parts = below(f"teacher.{i}", tensors)
        name, unit = entry["quantity"]
        rows = {"rows": len(parts["X"]), "designs": entry["rows"]}
        entries.append({**entry, "quantity": name, "unit": unit, **rows})
        found |= under(f"source.{i}", {**parts, "present": torch.ones(parts["X"].shape[1], dtype=torch.bool)})
    return entries, found
