"""Tiers in words: which goals a design reaches, with what probability, and what decided between those that do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.campaign.wording import percent
from designer.objective import Objective, Target
from designer.objective.tiers import tier_text


def tier_chances(objective: Objective, mean: Sequence[float], sd: Sequence[float]) -> Iterator[tuple[Target, float]]:
    """Yield each goal that others come after, with the probability that a design reaches it.

    Parameters
    ----------
    mean, sd
        ``m`` of the design's prediction, on the scales of the models.
    """
    for target, modelled, column in zip(
        objective.tiers, objective.modelled.tiers, objective.goal_columns, strict=False
    ):
        yield target, _chance(modelled, float(mean[column]), max(float(sd[column]), 1e-300))


def _chance(target: Target, mean: float, sd: float) -> float:
    if target.goal == "match":
        assert target.value is not None
        assert target.tolerance is not None
        low, high = target.value - target.tolerance, target.value + target.tolerance
        return _below((high - mean) / sd) - _below((low - mean) / sd)
    assert target.reach is not None
    return _below(target.sign * (mean - target.reach) / sd)


def _below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def ranking_words(
    objective: Objective, Y: FloatArray, row: int, counted: BoolArray, chances: Sequence[tuple[Target, float]] = ()
) -> str:
    """Return why a design is the best of several by tiers; nothing in other modes.

    Parameters
    ----------
    Y
        ``n x m`` measured values or predicted medians, in the targets' units.
    row
        The best design.
    counted
        Which designs count (``n``).
    chances
        The probability that the design reaches each tier, where `Y` are predictions.

    Examples
    --------
    >>> from designer.objective import Target
    >>> goals = [Target(name="yield", unit="%", goal="maximize", reach=80), Target(name="cost", goal="minimize")]
    >>> Y = np.array([[85.0, 4.0], [95.0, 9.0], [60.0, 1.0]])
    >>> ranking_words(Objective(targets=goals, combine="tiers"), Y, 0, np.ones(3, dtype=np.bool_), [(goals[0], 0.93)])
    'meets yield ≥ 80 % (93 %); lowest cost of the 2 that do'
    """
    by_name = {target.name: chance for target, chance in chances}
    rest = counted & np.isfinite(Y[:, list(objective.goal_columns)]).all(axis=1)
    met: list[str] = []
    for target, column in zip(objective.tiers, objective.goal_columns, strict=False):
        chance = f" ({percent(by_name[target.name])})" if target.name in by_name else ""
        reached = np.asarray(target.reaches(Y[:, column]), dtype=np.bool_)
        if not reached[row]:
            before = f"meets {', '.join(met)}; " if met else ""
            return f"{before}nearest to {tier_text(target)}{chance}, which no design meets yet"
        met.append(f"{tier_text(target)}{chance}")
        rest = rest & reached
    if not met:
        return ""
    number = int(rest.sum())
    if number == 1:
        return f"meets {', '.join(met)}; the only design that does"
    return f"meets {', '.join(met)}; {_superlative(objective.goals[-1])} of the {number} that do"


def _superlative(goal: Target) -> str:
    if goal.goal == "match":
        return f"{goal.name} nearest to {goal.value:g}{f' {goal.unit}' if goal.unit else ''}"
    return f"{'highest' if goal.sign > 0 else 'lowest'} {goal.name}"
