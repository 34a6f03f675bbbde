"""A pool for methods that know ranges and choices, but no list of designs.

Their suggestion is replaced by the nearest remaining design of the pool, whose result is reported to them. The last
varying member of a composition or mixture is determined by the sum, as Ax's developers advise, and is no parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.suite.pools import Candidates
from designer.arrays import FloatArray
from designer.space import NumericParameter, ShareParameter


@dataclass(frozen=True)
class Setting:
    """One column that is varied: a range `low` to `high`, or `words` to choose from.

    `name` can stand in an expression, whatever the column is called.
    """

    name: str
    column: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    words: tuple[str, ...] = ()

    def place(self, values: FloatArray) -> FloatArray:
        """Return where numbers (n) stand in the range, 0 at its lowest and 1 at its highest value."""
        if self.log:
            return np.asarray((np.log(values) - np.log(self.low)) / (np.log(self.high) - np.log(self.low)))
        return (values - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Sum:
    """Settings that together are at most `highest`."""

    names: tuple[str, ...]
    highest: float


class Snapping:
    """The settings of a pool, and the mapping from settings to its designs.

    Parameters
    ----------
    candidates
        The pool; columns that never change are no settings. Ranges are those of the pool.
    seed
        Which of several designs at the same distance is taken.

    Attributes
    ----------
    settings, sums
        What a method may vary, and which of that are parts of one whole.
    """

    def __init__(self, candidates: Candidates, seed: int) -> None:
        designs = candidates.designs
        varied = [name for name in designs.columns if designs[name].nunique() > 1]
        wholes = [
            [name for name in parameter.lab_columns if name in varied]
            for parameter in candidates.space.parameters
            if isinstance(parameter, ShareParameter)
        ]
        left_over = {whole[-1] for whole in wholes if len(whole) > 1}
        logarithmic = {
            column
            for parameter in candidates.space.parameters
            if isinstance(parameter, NumericParameter) and parameter.scale == "log"
            for column in parameter.lab_columns
        }
        self.settings = tuple(
            _setting(candidates, f"x{i}", column, column in logarithmic)
            for i, column in enumerate(name for name in varied if name not in left_over)
        )
        names = {setting.column: setting.name for setting in self.settings}
        self.sums = tuple(
            Sum(tuple(names[column] for column in whole[:-1]), float(designs[whole[:-1]].sum(axis=1).max()))
            for whole in wholes
            if len(whole) > 2
        )
        self._columns = {setting.name: designs[setting.column].to_numpy() for setting in self.settings}
        self._rng = np.random.default_rng([seed, 6])

    def design(self, row: int) -> dict[str, float | str]:
        """Return the settings of a design of the pool."""
        return {
            setting.name: str(self._columns[setting.name][row])
            if setting.words
            else float(self._columns[setting.name][row])
            for setting in self.settings
        }

    def nearest(self, wanted: Mapping[str, float | str], measured: Sequence[int]) -> int:
        """Return the row of the design nearest to `wanted` that is not measured.

        Distance is Euclidean; a whole range and two different words are both 1 apart.
        """
        squared = np.zeros(len(next(iter(self._columns.values()))))
        for setting in self.settings:
            cells, value = self._columns[setting.name], wanted[setting.name]
            if setting.words:
                squared += cells != value
            else:
                place = setting.place(np.array([float(value)]))
                squared += (setting.place(cells.astype(float)) - place) ** 2
        squared[list(measured)] = np.inf
        nearest = np.flatnonzero(squared <= squared.min() + 1e-12)
        return int(self._rng.choice(nearest))


def _setting(candidates: Candidates, name: str, column: str, log: bool) -> Setting:
    cells = candidates.designs[column]
    if column in candidates.categorical:
        return Setting(name, column, words=tuple(sorted(map(str, set(cells)))))
    low, high = float(cells.min()), float(cells.max())
    return Setting(name, column, low, high, log and low > 0)
