"""What saved priors hold: sources as entries of the card and as tensors, and the names of tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from designer.priors.sources import Source
from designer.surrogates.data import Quantity

_PARTS = ("X", "y", "present")


def under(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with their names below another one.

    >>> import torch
    >>> list(under("network.0", {"weight": torch.zeros(1)}))
    ['network.0.weight']
    """
    return {f"{name}.{own}": value for own, value in tensors.items()}


def below(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors that `under` put below a name."""
    return {own.removeprefix(f"{name}."): value for own, value in tensors.items() if own.startswith(f"{name}.")}


def sources_card(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Return the card's entry of every source: the task's name, the quantity and its unit, the number of designs."""
    return [_entry(source) for source in sources]


def _entry(source: Source) -> dict[str, Any]:
    quantity = source.quantity
    entry = {"name": source.name, "quantity": quantity.name, "unit": quantity.unit, "rows": len(source)}
    more = {"scale": quantity.scale} if quantity.scale != "linear" else {}
    return {**entry, **more, **({"adaptive": True} if source.adaptive else {})}


def sources_tensors(sources: Sequence[Source]) -> dict[str, Tensor]:
    """Return the rows of every source under ``source.<number>.<part>``."""
    tensors: dict[str, Tensor] = {}
    for i, source in enumerate(sources):
        tensors |= under(f"source.{i}", {part: getattr(source, part).clone() for part in _PARTS})
    return tensors


def sources_from(card: Sequence[Mapping[str, Any]], tensors: Mapping[str, Tensor]) -> tuple[Source, ...]:
    """Return the sources that were written.

    Raises
    ------
    KeyError
        If one is not there.
    ValueError
        If one is not as its card says.
    """
    return tuple(_source(i, entry, tensors) for i, entry in enumerate(card))


def _source(i: int, entry: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Source:
    X, y, present = (tensors[f"source.{i}.{part}"] for part in _PARTS)
    if X.shape != (int(entry["rows"]), len(present)) or y.shape != X.shape[:1]:
        raise ValueError(f"source {i} has other rows than its card says")
    quantity = Quantity(entry["quantity"], entry["unit"], scale=entry.get("scale", "linear"))
    return Source(str(entry["name"]), quantity, X, y, present, adaptive=bool(entry.get("adaptive", False)))
