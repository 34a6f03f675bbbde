"""Parameters whose settings are listed words; the coordinate is the index of the word."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.errors import Fault, NearestWords, NoDesignLeft
from designer.space.parameters.base import DesignTable, LabColumn, ParameterBase, Relaxation
from designer.space.parameters.lattice import is_whole


class ListedParameter(ParameterBase):
    """One of several words, each of which has its index as coordinate."""

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """The words, in the order of their indices."""

    @property
    def count(self) -> int:
        """The number of words."""
        return len(self.words)

    @cached_property
    def indices(self) -> dict[str, int]:
        """The index of each word; that of the first one where several words name the same setting."""
        return {word: self._first[i] for i, word in enumerate(self.words)}

    @cached_property
    def _first(self) -> tuple[int, ...]:
        """For each word, the index of the first word that names the same setting."""
        return self.same_as()

    @cached_property
    def _distinct(self) -> IntArray:
        return np.unique(np.array(self._first, dtype=np.int64))

    @abstractmethod
    def same_as(self) -> tuple[int, ...]:
        """Return for each word the index of the first word that names the same setting, which may be itself."""

    @abstractmethod
    def index_of(self, word: str) -> int | None:
        """Return the index of the setting that a word names, in whatever spelling; None where it is not listed."""

    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        """Return the indices (``n x 1``) of a column of words.

        Raises
        ------
        KeyError
            For a word that is not listed; `DesignSpace.read_table` reports it properly.
        """
        column = np.asarray(columns[0], dtype=object)
        known = {word: self.index_of(str(word)) for word in set(column)}
        missing = next((word for word in column if known[word] is None), None)
        if missing is not None:
            raise KeyError(missing)
        return np.array([known[word] for word in column], dtype=np.float64).reshape(-1, 1)

    def to_lab(self, coordinates: FloatArray) -> list[LabColumn]:
        """Return the column of words."""
        return [np.asarray(self.words, dtype=object)[coordinates[:, 0].astype(np.intp)]]

    def canonical(self, coordinates: FloatArray) -> FloatArray:
        """Return the indices, those of several words for one setting as that of the first."""
        coordinates = np.asarray(coordinates, dtype=np.float64)
        if len(self._distinct) == len(self.words):
            return coordinates
        listed = is_whole(coordinates) & (coordinates >= 0) & (coordinates < len(self.words))
        first = np.array(self._first, dtype=np.float64)
        return np.where(listed, first[np.where(listed, coordinates, 0).astype(np.intp)], coordinates)

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest index."""
        return self.canonical(np.clip(np.rint(coordinates), 0, max(self.count - 1, 0)))

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each is the index of a word."""
        index = coordinates[:, 0]
        return is_whole(index) & (index >= 0) & (index < self.count)

    def violations(self, row: FloatArray) -> list[str]:
        """Return nothing: a word that is not listed is never taken in, and a pool is the space's to check."""
        return []

    def identity(self, coordinates: FloatArray) -> IntArray:
        """Return the indices."""
        return self.canonical(coordinates).astype(np.int64)

    def enumerate(self) -> FloatArray:
        """Return all indices, one for each setting."""
        return self._distinct.astype(np.float64)[:, None]

    def read(self, table: DesignTable) -> FloatArray:
        """Return the indices (``n x 1``) of a table's column of words."""
        (column,) = self.lab_columns
        if not table.has(column):
            return np.zeros((len(table), 1))
        codes, words = table.words(column)
        known = [self.index_of(word) for word in words]
        indices = np.array([-1 if index is None else index for index in known], dtype=np.float64)
        found = indices[codes] if len(codes) else np.zeros(0)
        nearest = NearestWords(self.words)
        for row in np.flatnonzero(found < 0):
            fault = self.unknown_word(words[codes[row]], nearest)
            if fault is not None:
                table.fault(fault.what, fault.remedy, column, int(row))
        return np.asarray(found, dtype=np.float64).reshape(-1, 1)

    @abstractmethod
    def unknown_word(self, word: str, nearest: NearestWords) -> Fault | None:
        """Return what is wrong with a word that is not listed; None where it was reported already."""

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n random indices (``n x 1``), every word equally often."""
        if not self.count:
            raise NoDesignLeft(f"{self.name} has nothing to choose from")
        return self._distinct[rng.integers(0, len(self._distinct), (n, 1))].astype(np.float64)

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return another word for each, any one: words have no order."""
        number = len(self._distinct)
        position = np.searchsorted(self._distinct, coordinates)
        other = (position + rng.integers(1, number, size=coordinates.shape)) % number
        moved: FloatArray = self._distinct[other].astype(np.float64)
        return moved

    @property
    def mobility(self) -> float:
        """How often a random move changes this parameter: 0 where there is one setting only."""
        return 0.0 if len(self._distinct) < 2 else 1.0

    def relaxation(self) -> Relaxation:
        """Return the range of the indices."""
        return Relaxation(((0.0, float(self.count or 1)),))
