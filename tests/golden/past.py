"""Small past tasks whose answers are formulas: what the priors of the golden campaigns learn from."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designer import DesignSpace, Target, Task, load_prior
from tests.priors.contract import small

SAVED = Path(__file__).parent / "v0_1" / "priors"
FURNACE: tuple[dict[str, Any], ...] = (
    {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 10},
    {"name": "time", "kind": "numeric", "unit": "min", "bounds": [1, 100], "scale": "log"},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
)
STRENGTH: dict[str, Any] = {"name": "strength", "unit": "MPa", "goal": "maximize"}
# The same furnace as another laboratory writes it: other units, another parameter, one choice less.
ELSEWHERE: tuple[dict[str, Any], ...] = (
    {"name": "temperature", "kind": "numeric", "unit": "K", "bounds": [600, 1150]},
    {"name": "time", "kind": "numeric", "unit": "h", "bounds": [0.02, 2], "scale": "log"},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    {"name": "flow", "kind": "numeric", "bounds": [0, 5]},
)
KINDS = ("none", "auto", "transfer-gp", "deep-kernel", "metric", "neural-process", "learned-init")
ALLOY: tuple[dict[str, Any], ...] = ({"name": "formula", "kind": "formula"},)
METALS = ("Al", "Ti", "V", "Cr", "Fe", "Ni", "Cu", "Zr")
OTHERS = ("O", "N", "C")


def strength(designs: pd.DataFrame, phase: float = 0.0) -> np.ndarray:
    """Return the strength (MPa) of designs of the furnace; `phase` moves the best temperature."""
    warm = (designs["temperature"].to_numpy(dtype=float) - 300) / 600
    long = np.log10(designs["time"].to_numpy(dtype=float)) / 2
    gas = designs["gas"].map({"N2": 0.0, "Ar": 0.4, "air": -0.5}).to_numpy(dtype=float)
    return 200.0 + 50.0 * (np.sin(4.0 * warm + phase) + long - 0.6 * long**2 + gas)


def past_tasks(count: int = 4, rows: int = 14) -> list[Task]:
    """Return tasks in the furnace's space."""
    return [_task(i, rows) for i in range(count)]


def _task(i: int, rows: int) -> Task:
    space = DesignSpace(parameters=list(FURNACE))
    designs = space.frame(space.sample(rows, np.random.default_rng([i, 5])))
    data = designs.assign(strength=strength(designs, 0.1 * i))
    return Task(space=space, targets=[Target(**STRENGTH)], data=data, name=f"plate-{i}", family="furnaces")


def tasks_elsewhere(count: int = 3, rows: int = 14) -> list[Task]:
    """Return tasks of the other laboratory: other units, another parameter, one choice less."""
    found = []
    for i in range(count):
        space = DesignSpace(parameters=list(ELSEWHERE))
        designs = space.frame(space.sample(rows, np.random.default_rng([i, 6])))
        same = designs.assign(temperature=designs["temperature"] - 273.15, time=designs["time"] * 60)
        data = designs.assign(strength=strength(same, 0.1 * i) + designs["flow"])
        found.append(Task(space=space, targets=[Target(**STRENGTH)], data=data, name=f"plate-{i}", family="elsewhere"))
    return found


@cache
def trained(kind: str) -> Any:
    """Return a prior of a kind that learned from the past tasks, with settings so small that it takes a second."""
    return small(kind).fit(past_tasks(), seed=0)


@cache
def saved(kind: str) -> Any:
    """Return the same prior as version 0.1 saved it: networks trained on another processor are not quite the same."""
    return load_prior(SAVED / kind)


@cache
def prior_elsewhere() -> Any:
    """Return the prior ``auto`` that learned from the tasks of the other laboratory."""
    return small("auto").fit(tasks_elsewhere(), seed=0)


def formulas(count: int, seed: int) -> list[str]:
    """Return distinct formulas of two metals and another element."""
    rng = np.random.default_rng(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        first, second = rng.choice(METALS, 2, replace=False)
        found[f"{first}{rng.integers(1, 4)}{second}{rng.integers(1, 4)}{rng.choice(OTHERS)}{rng.integers(1, 5)}"] = None
    return list(found)


def hardness(texts: list[str], slope: float = 1.0) -> np.ndarray:
    """Return a positive function of how much of each element a formula names."""
    weights = dict(zip((*METALS, *OTHERS), (0.3, 0.9, 1.0, 1.2, 0.7, 0.5, 0.2, 0.8, 0.6, 1.5, 2.0), strict=True))
    values = []
    for text in texts:
        parts = _parts(text)
        values.append(sum(weights[e] * n for e, n in parts.items()) / sum(parts.values()))
    return np.exp(slope * np.array(values))


def _parts(text: str) -> dict[str, int]:
    import re

    return {element: int(number) for element, number in re.findall(r"([A-Z][a-z]?)(\d+)", text)}


def property_tasks() -> list[Task]:
    """Return past tasks over formulas: one quantity twice, and another."""
    space = DesignSpace(parameters=list(ALLOY))
    found = []
    for name, target, slope, rows, seed in (
        ("hard-a", {"name": "hardness", "unit": "GPa"}, 1.0, 40, 1),
        ("hard-b", {"name": "hardness", "unit": "GPa"}, 1.1, 36, 2),
        ("gap", {"name": "gap", "unit": "eV"}, -0.8, 40, 3),
    ):
        texts = formulas(rows, seed)
        data = pd.DataFrame({"formula": texts, str(target["name"]): hardness(texts, slope)})
        found.append(Task(space=space, targets=[Target(**target)], data=data, name=name, family="compounds"))
    return found
