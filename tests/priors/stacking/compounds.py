"""Past tasks over formulas whose answers are known: functions of the elements' own properties."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from designer.chemistry.elements import element_table
from designer.chemistry.formulas import formula_fractions
from designer.objective import Target
from designer.priors.stacking.property_prior import FittedProperties, PropertyPrior
from designer.space import DesignSpace
from designer.tasks import Task

METALS = ("Li", "Na", "Mg", "Al", "K", "Ca", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Zr", "Mo", "W")
OTHERS = ("O", "S", "N", "F", "Cl", "C")
SPACE = DesignSpace(parameters=[{"name": "formula", "kind": "formula"}])


def formulas(n: int, seed: int) -> list[str]:
    """Return distinct formulas of two metals and another element."""
    rng = np.random.default_rng(seed)
    found: dict[str, None] = {}
    while len(found) < n:
        first, second = rng.choice(METALS, 2, replace=False)
        found[f"{first}{rng.integers(1, 5)}{second}{rng.integers(1, 5)}{rng.choice(OTHERS)}{rng.integers(1, 6)}"] = None
    return list(found)


def mean_of(name: str, texts: Sequence[str]) -> np.ndarray:
    """Return the mean of a property over the elements of formulas, standardised over all elements in use."""
    values = element_table().column(name)
    used = formula_fractions([*METALS, *OTHERS]) @ values
    return (formula_fractions(list(texts)) @ values - used.mean()) / used.std()


def softness(texts: Sequence[str]) -> np.ndarray:
    """Return a positive function of the mean electronegativity."""
    return np.exp(1.2 * mean_of("electronegativity", texts) + 2.0)


def brightness(texts: Sequence[str]) -> np.ndarray:
    """Return a function of the mean melting point, of either sign."""
    return 40.0 * mean_of("melting_point", texts)


def stiffness(texts: Sequence[str]) -> np.ndarray:
    """Return what falls as softness rises: another quantity in another unit, known through it."""
    return 300.0 * softness(texts) ** -0.7


def task(name: str, target: Target, function: Any, n: int, seed: int, noise: float = 0.02) -> Task:
    """Return a past task: `function` at random formulas, with a little noise."""
    texts = formulas(n, seed)
    exact = function(texts)
    y = exact + noise * exact.std() * np.random.default_rng(seed + 100).standard_normal(n)
    data = pd.DataFrame({"formula": texts, target.name: y})
    return Task(space=SPACE, targets=[target], data=data, name=name, family="f")


def past_tasks() -> list[Task]:
    """Return two tasks of one quantity, and one of another."""
    soft, bright = Target(name="softness", unit="mm"), Target(name="brightness")
    return [
        task("soft-a", soft, softness, 220, 1),
        task("soft-b", soft, lambda texts: 1.1 * softness(texts), 180, 2),
        task("bright", bright, brightness, 200, 3),
    ]


@cache
def fitted() -> FittedProperties:
    """Return the prior that learned from them."""
    return PropertyPrior().fit(past_tasks(), seed=0)
