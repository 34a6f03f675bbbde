"""Parameters whose settings are the words of a vocabulary that grows: formulas and molecules."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.errors import Fault, NearestWords
from designer.space.parameters.amending import rebuilt
from designer.space.parameters.base import DesignTable, LabColumn, ParameterBase
from designer.space.parameters.lattice import is_whole
from designer.space.parameters.listed import ListedParameter

if TYPE_CHECKING:
    from typing import Self

_MAX_ORDERED, _MIN_NEAR = 3_000, 5


class VocabularyParameter(ListedParameter):
    """A formula or a molecule; its settings are the words of the space's vocabulary, in any spelling.

    A pool, a table of measurements or a generator adds words, behind those that are there. Where the parameter is open,
    the words that keep its rules can be suggested, and others are flagged.
    """

    vocabulary: ClassVar[str]
    """The field of the words."""
    unit: ClassVar[None] = None

    @abstractmethod
    def word_key(self, word: str) -> Hashable:
        """Return what is equal for two spellings of one setting."""

    @abstractmethod
    def word_fault(self, word: str) -> Fault | None:
        """Return what is wrong with a word, or None."""

    @abstractmethod
    def broken_rules(self, word: str) -> list[str]:
        """Return in words which rules of an open parameter a word breaks; nothing if it keeps them."""

    @abstractmethod
    def _similarities(self, words: Sequence[str]) -> FloatArray:
        """Return how similar any two words are (``n x n``)."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words known."""
        known: tuple[str, ...] = getattr(self, self.vocabulary)
        return known

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The header of this parameter in a lab table."""
        return (getattr(self, "column", None) or self.name,)

    # What may be suggested

    @cached_property
    def _allowed(self) -> BoolArray:
        """Whether each word may be suggested."""
        return np.array([not (self.is_open and self.broken_rules(word)) for word in self.words], dtype=np.bool_)

    @cached_property
    def _distinct(self) -> IntArray:
        first = np.unique(np.array(self._first, dtype=np.int64))
        return first[self._allowed[first]]

    @property
    def count(self) -> int:
        """The number of words that may be suggested."""
        return len(self._distinct) if self.is_open else len(self.words)

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest index."""
        return self.canonical(np.clip(np.rint(coordinates), 0, max(len(self.words) - 1, 0)))

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each is the index of a word that may be suggested."""
        index = coordinates[:, 0]
        listed = is_whole(index) & (index >= 0) & (index < len(self.words))
        if self.is_open:
            listed[listed] = self._allowed[index[listed].astype(np.intp)]
        return listed

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each keeps the rules."""
        return self.valid(coordinates) if self.is_open else super().within(coordinates)

    def violations(self, row: FloatArray) -> list[str]:
        """Return in words which rules a word breaks."""
        index = row[0]
        if not self.is_open or not (is_whole(row)[0] and 0 <= index < len(self.words)):
            return []
        word = self.words[int(index)]
        return [f"{self.name} = {word}: {what}" for what in self.broken_rules(word)]

    @cached_property
    def _order(self) -> IntArray:
        """For each of the `count` words, the others from the most similar one on (`count` x `count` - 1)."""
        similar = self._similarities([self.words[i] for i in self._distinct])
        np.fill_diagonal(similar, 2.0)
        return np.argsort(-similar, axis=1, kind="stable")[:, 1:]

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return another word for each: of an open parameter one of the most similar."""
        if not self.is_open or not 1 < self.count <= _MAX_ORDERED:
            return super().move(coordinates, radius, rng)
        position = np.minimum(np.searchsorted(self._distinct, coordinates[:, 0]), self.count - 1)
        near = max(_MIN_NEAR, round(radius * self.count))
        rank = rng.integers(0, min(near, self.count - 1), len(position))
        return self._distinct[self._order[position, rank]].astype(np.float64)[:, None]

    # Words and tables

    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        """Return the indices (``n x 1``) of a column of words; KeyError for one that is not in the vocabulary."""
        return super().from_lab([np.array([str(text).strip() for text in columns[0]], dtype=object)])

    @cached_property
    def _by_key(self) -> dict[Hashable, int]:
        """The first index of each key."""
        found: dict[Hashable, int] = {}
        for i, word in enumerate(self.words):
            found.setdefault(self.word_key(word), i)
        return found

    def same_as(self) -> tuple[int, ...]:
        """Return for each word the first one that is another spelling of it."""
        return tuple(self._by_key[self.word_key(word)] for word in self.words)

    def index_of(self, word: str) -> int | None:
        """Return the index of a word, in whatever spelling; None where it is not in the vocabulary."""
        if word in self.indices:
            return self.indices[word]
        return None if self.word_fault(word) is not None else self._by_key.get(self.word_key(word))

    def unknown_word(self, word: str, nearest: NearestWords) -> Fault | None:
        """Return None: `new_words` reported what cannot be read, and the vocabulary takes all others."""
        return None

    def new_words(self, table: DesignTable) -> list[str]:
        """Return the words of a table's column; those that cannot be read are faults of the table."""
        (column,) = self.lab_columns
        if not table.has(column):
            return []
        codes, words = table.words(column)
        empty = Fault("the cell is empty", f"give a {self.kind}")
        faults = [self.word_fault(word) if word else empty for word in words]
        for row, code in enumerate(codes):
            fault = faults[code]
            if fault is not None:
                table.fault(fault.what, fault.remedy, column, row)
        return words

    def with_words(self, words: Sequence[str]) -> Self:
        """Return the parameter with words added behind those of its vocabulary; itself where none is new."""
        added: dict[Hashable, str] = {}
        for word in dict.fromkeys(words):
            if self.index_of(word) is None:
                added.setdefault(self.word_key(word), word)
        if not added:
            return self
        return rebuilt(self, **{self.vocabulary: (*self.words, *added.values())})


def with_words(parameters: Sequence[ParameterBase], words: Mapping[str, Sequence[str]]) -> list[ParameterBase]:
    """Return parameters with words added to their vocabularies, by name.

    The formulas of one parameter are known to all formulas of the space; molecules are those of their parameter.
    """
    formulas = [word for each in parameters if each.kind == "formula" for word in words.get(each.name, ())]
    return [each.with_words(formulas if each.kind == "formula" else words.get(each.name, ())) for each in parameters]
