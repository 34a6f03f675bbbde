"""Parameters whose settings are listed words; the coordinate is the index of the word."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.errors import Fault, NoDesignLeft
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
        """The index of each word."""
        return {word: i for i, word in enumerate(self.words)}

    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        """Return the indices (``n x 1``) of a column of words.

        Raises
        ------
        KeyError
            For a word that is not listed; `DesignSpace.read_table` reports it properly.
        """
        column = np.asarray(columns[0], dtype=object)
        return np.array([self.indices[str(word)] for word in column], dtype=np.float64).reshape(-1, 1)

    def to_lab(self, coordinates: FloatArray) -> list[LabColumn]:
        """Return the column of words."""
        return [np.asarray(self.words, dtype=object)[coordinates[:, 0].astype(np.intp)]]

    def canonical(self, coordinates: FloatArray) -> FloatArray:
        """Return the indices as they are."""
        return np.asarray(coordinates, dtype=np.float64)

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest index."""
        return np.clip(np.rint(coordinates), 0, max(self.count - 1, 0))

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each is the index of a word."""
        index = coordinates[:, 0]
        return is_whole(index) & (index >= 0) & (index < self.count)

    def violations(self, row: FloatArray) -> list[str]:
        """Return nothing: a word that is not listed is never taken in, and a pool is the space's to check."""
        return []

    def identity(self, coordinates: FloatArray) -> IntArray:
        """Return the indices."""
        return np.asarray(coordinates).astype(np.int64)

    def enumerate(self) -> FloatArray:
        """Return all indices."""
        return np.arange(self.count, dtype=np.float64)[:, None]

    def read(self, table: DesignTable) -> FloatArray:
        """Return the indices (``n x 1``) of a table's column of words."""
        (column,) = self.lab_columns
        if not table.has(column):
            return np.zeros((len(table), 1))
        codes, words = table.words(column)
        indices = np.array([self.indices.get(word, -1) for word in words], dtype=np.float64)
        found = indices[codes] if len(codes) else np.zeros(0)
        for row in np.flatnonzero(found < 0):
            fault = self.unknown_word(words[codes[row]])
            if fault is not None:
                table.fault(fault.what, fault.remedy, column, int(row))
        return np.asarray(found, dtype=np.float64).reshape(-1, 1)

    @abstractmethod
    def unknown_word(self, word: str) -> Fault | None:
        """Return what is wrong with a word that is not listed; None where it was reported already."""

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n random indices (``n x 1``), every word equally often."""
        if not self.count:
            raise NoDesignLeft(f"{self.name} has nothing to choose from")
        return rng.integers(0, self.count, (n, 1)).astype(np.float64)

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return another word for each, any one: words have no order."""
        return (coordinates + rng.integers(1, self.count, size=coordinates.shape)) % self.count

    def relaxation(self) -> Relaxation:
        """Return the range of the indices."""
        return Relaxation(((0.0, float(self.count or 1)),))
