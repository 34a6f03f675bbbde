"""Saved priors with one thing changed at random: an entry of the card, a tensor, or bytes of a file."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

CARD, WEIGHTS = "prior.json", "weights.safetensors"
_VALUES: list[Any] = [
    None, "", "x", -1, 0, 1, 3, 10**9, 1e308, -0.5, True, [], {}, [[]], [1, 2], {"a": 1}, "é", "m**9**9", "none",
    10**400,
]  # fmt: skip


def damaged(source: Path, target: Path, seed: int) -> str:
    """Write a damaged copy of a saved prior into a folder; return in words what was changed.

    The card's digest of the weights is that of the weights that are written, so that not every change is seen by it.
    """
    rng = random.Random(seed)
    target.mkdir(parents=True, exist_ok=True)
    text, weights = (source / CARD).read_text(encoding="utf-8"), (source / WEIGHTS).read_bytes()
    kind = rng.random()
    if kind < 0.55:
        card, what = _mutated(rng, json.loads(text))
        text, what = json.dumps(card), f"card {what}"
    elif kind < 0.85:
        tensors, what = _changed(rng, load(weights))
        weights = save({name: value.contiguous() for name, value in tensors.items()})
        card = {**json.loads(text), "weights": hashlib.sha256(weights).hexdigest()}
        text = json.dumps(card)
    elif kind < 0.93:
        place = rng.randrange(len(text))
        text, what = text[:place] + rng.choice(['"', "}", ",", "1e999", "NaN", "[" * 5000, ""]), f"card cut at {place}"
    else:
        place = rng.randrange(len(weights))
        weights, what = weights[:place] + bytes([rng.randrange(256)]) + weights[place + 1 :], f"weights at {place}"
        text = json.dumps({**json.loads(text), "weights": hashlib.sha256(weights).hexdigest()})
    (target / CARD).write_text(text, encoding="utf-8")
    (target / WEIGHTS).write_bytes(weights)
    return what


def _mutated(rng: random.Random, value: Any, path: str = "") -> tuple[Any, str]:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        if rng.random() < 0.2:
            return {name: each for name, each in value.items() if name != key}, f"{path}.{key} left out"
        inner, what = _mutated(rng, value[key], f"{path}.{key}")
        return {**value, key: inner}, what
    if isinstance(value, list) and value and rng.random() < 0.9:
        i = rng.randrange(len(value))
        if rng.random() < 0.2:
            return [*value, value[i]], f"{path}[{i}] repeated"
        inner, what = _mutated(rng, value[i], f"{path}[{i}]")
        return [*value[:i], inner, *value[i + 1 :]], what
    new = rng.choice(_VALUES)
    return new, f"{path} is {str(new)[:20]!r}"


def _changed(rng: random.Random, tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], str]:
    if not tensors:
        return {"x": torch.zeros(2)}, "tensor x added"
    name = rng.choice(sorted(tensors))
    old = tensors[name]
    changes: dict[str, Any] = {
        "left out": lambda: None,
        "is empty": lambda: old[:0] if old.dim() else old.reshape(1)[:0],
        "has a row more": lambda: torch.cat([old, old[:1]]) if old.dim() and len(old) else old.reshape(1).repeat(2),
        "is flat": lambda: old.reshape(-1),
        "has a dimension more": lambda: old[None],
        "is NaN": lambda: torch.full_like(old, float("nan")) if old.is_floating_point() else ~old,
        "is infinite": lambda: torch.full_like(old, float("inf")) if old.is_floating_point() else ~old,
        "is huge": lambda: old * 1e200 if old.is_floating_point() else old,
        "is of whole numbers": lambda: (
            old.nan_to_num(0, 0, 0).to(torch.int64) if old.is_floating_point() else old.double()
        ),
        "is turned around": lambda: old.T if old.dim() == 2 else old.flip(0) if old.dim() else -old,
        "is zero": lambda: torch.zeros_like(old),
    }
    what = rng.choice(sorted(changes))
    new = changes[what]()
    rest = {key: value for key, value in tensors.items() if key != name}
    return (rest if new is None else {**rest, name: new}), f"tensor {name} {what}"
