"""Whole columns against the same column in other tasks, and against a card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from designer.tasks.quality.digits import WrittenNumbers
from designer.tasks.quality.numbers import Column, Numbers
from designer.tasks.quality.usual_quantities import usual_range
from designer.tasks.quality.wrong_columns import Reference, wrong_columns


def column(name: str, seed: int, *, scale: float = 1.0, shift: float = 1.0) -> Column:
    """Forty results around 50, to two decimals."""
    values = (np.random.default_rng(seed).lognormal(np.log(50 * shift), 0.4, 40)).round(2)
    texts = [f"{float(f'{value * scale:.10g}'):.10g}" for value in values]
    return Column(name, "MPa", "target", np.array([float(text) for text in texts]), None, WrittenNumbers.of(texts))


def judged(own: Column, *others: Column) -> list[str]:
    known = Reference.of(others)
    assert known is not None
    return [w.slip.label for w in wrong_columns(Numbers((own,), np.empty((40, 0))), {own.name: known}) if w.slip]


@pytest.mark.parametrize(("scale", "label"), [(0.1, "10 too small"), (10.0, "10 too large"), (0.001, "1000 too small")])
def test_a_column_in_another_unit_is_found_by_three_siblings(scale: float, label: str) -> None:
    siblings = [column("y", seed) for seed in (1, 2, 3)]
    assert judged(column("y", 0, scale=scale), *siblings) == [f"a factor of {label}"]


def test_tasks_that_differ_without_a_fault_are_left_alone() -> None:
    siblings = [column("y", seed, shift=shift) for seed, shift in ((1, 0.3), (2, 1.0), (3, 4.0))]
    for shift in (0.3, 1.0, 3.0):
        assert judged(column("y", 0, shift=shift), *siblings) == []


def conductivity(seed: int, level: float, digits: int = 3) -> Column:
    """Forty conductivities around a level in mS/cm, to some significant digits."""
    values = np.random.default_rng(seed).lognormal(np.log(level), 0.3, 40)
    texts = [f"{float(f'{value:.{digits}g}'):.10g}" for value in values]
    numbers = np.array([float(text) for text in texts])
    return Column("conductivity", "mS/cm", "target", numbers, None, WrittenNumbers.of(texts))


def usual_of(own: Column, others: list[Column]) -> list[str]:
    known = Reference.of(others)
    assert known is not None
    known = replace(known, usual=usual_range("ionic conductivity", "mS/cm"))
    numbers = Numbers((own,), np.empty((40, 0)))
    return [w.slip.label for w in wrong_columns(numbers, {own.name: known}) if w.slip]


def test_a_cold_task_beside_three_warm_ones_is_no_slip() -> None:
    """Its size is usual of the quantity and mostly within theirs: three do not show by how much sound tasks differ."""
    warm = [conductivity(seed, level) for seed, level in ((1, 5.0), (2, 10.0), (3, 15.0))]
    own = conductivity(0, 1.5)
    known = Reference.of(warm)
    assert known is not None
    assert wrong_columns(Numbers((own,), np.empty((40, 0))), {own.name: known}) != []  # by the three alone
    assert usual_of(own, warm) == []


def test_a_slip_far_outside_of_three_tasks_is_found() -> None:
    warm = [conductivity(seed, level) for seed, level in ((1, 5.0), (2, 10.0), (3, 15.0))]
    assert usual_of(conductivity(0, 0.01), warm) == ["a factor of 1000 too small"]


def test_digits_show_a_slip_beside_three_tasks() -> None:
    decimals = [column("conductivity", seed) for seed in (1, 2, 3)]
    assert usual_of(column("conductivity", 0, scale=0.1), decimals) == ["a factor of 10 too small"]


def test_a_card_tells_of_a_column_that_fills_a_corner_of_its_bounds_only() -> None:
    values = np.linspace(0.0, 36.0, 40)
    own = Column("slag", "kg/m^3", "setting", values)
    numbers = Numbers((own,), np.empty((40, 0)))
    assert [w.slip.label for w in wrong_columns(numbers, {"slag": Reference(0.0, 360.0)}) if w.slip] == [
        "a factor of 10 too small"
    ]
    assert wrong_columns(numbers, {"slag": Reference(0.0, 60.0)}) == []
