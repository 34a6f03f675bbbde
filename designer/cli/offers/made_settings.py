"""Settings that a table has twice: as they were set, and as they were really made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.cli.column_roles import header_words, words_of
from designer.cli.lab_column import Column

_SET = words_of("set setpoint nominal planned programmed requested target soll")
_MADE = words_of("actual real made achieved measured true ist observed")
_MIN_ROWS = 4
_MAX_DEVIATION = 0.25
"""Of a made setting from the set one, in standard deviations of the settings: more is another quantity."""


@dataclass(frozen=True)
class MadeSetting:
    """A column of settings as they were made, and the standard deviation of their errors, in the unit of both."""

    made: Column
    set: Column
    deviation: float

    @property
    def hint(self) -> str:
        """What a comment on the setting offers."""
        deviation = f"{self.deviation:.2g}"
        return (
            f"; {self.made.header!r} differs from it by {deviation} (standard deviation): if the best design has to "
            f"keep its value in spite of it, add 'setting_error: {deviation}' and 'recorded_as: nominal'"
        )


def made_settings(columns: Sequence[Column]) -> list[MadeSetting]:
    """Return the pairs of columns whose headers differ in words as *set* and *actual*, with nearly equal numbers."""
    found = []
    for made in columns:
        words = set(header_words(made))
        if not words & _MADE:
            continue
        for other in columns:
            named = set(header_words(other))
            same = named - _SET == words - _MADE and (bool(named - _SET) or bool(named & _SET))
            if other is made or named & _MADE or not same or other.unit != made.unit:
                continue
            deviation = _deviation(made, other)
            if deviation is not None:
                found.append(MadeSetting(made, other, deviation))
    return found


def _deviation(made: Column, other: Column) -> float | None:
    pairs = [
        (float(a), float(b))
        for a, b in zip(made.numbers or (), other.numbers or (), strict=True)
        if a is not None and b is not None
    ] if made.is_numeric and other.is_numeric else []  # fmt: skip
    if len(pairs) < _MIN_ROWS:
        return None
    values = np.array(pairs)
    deviation, spread = float(np.std(values[:, 0] - values[:, 1], ddof=1)), float(np.std(values[:, 1], ddof=1))
    return deviation if 0 < deviation <= _MAX_DEVIATION * spread else None
