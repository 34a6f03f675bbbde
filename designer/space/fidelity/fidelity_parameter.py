"""The parameter that names the levels at which a design can be measured: a simulation, a film, a bulk sample.

The level belongs to a result and is no choice of the design: two levels of one design have the same features, and all
designs of a search are at the top level. Its coordinate is 0 at the top level, 1 at the level below, and so on, so that
a level that is added below the others changes no coordinate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, model_validator

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidInput, NearestWords
from designer.space.parameters.base import DesignTable
from designer.space.parameters.categorical import Choice
from designer.space.parameters.features import FeatureBlock
from designer.space.parameters.fields import Text, twice
from designer.space.parameters.listed import ListedParameter
from designer.space.parameters.references import Reference
from designer.space.size_limits import at_most

MAX_LEVELS = 10


class FidelityParameter(ListedParameter):
    """The levels at which designs can be measured.

    Parameters
    ----------
    levels
        Their names, from the least to the most reliable; the last one is the top level, whose results are wanted.
    column
        Header in lab tables, where it differs from the name.

    Examples
    --------
    >>> method = FidelityParameter(name="method", levels=["dft", "thin_film", "bulk"])
    >>> method.top, method.words
    ('bulk', ('bulk', 'thin_film', 'dft'))
    """

    kind: Literal["fidelity"] = "fidelity"
    levels: Annotated[tuple[Choice, ...], BeforeValidator(at_most(MAX_LEVELS, "levels"))]
    column: Text | None = None
    unit: ClassVar[None] = None

    @model_validator(mode="after")
    def _check(self) -> FidelityParameter:
        faults = []
        if len(self.levels) < 2:
            remedy = "list at least two, the one that is wanted last"
            faults.append(Fault(f"'levels' has {len(self.levels)} of them", remedy, path=("levels",)))
        faults += [
            Fault(f"level {self.levels[i]!r} is given twice", "give it once", path=("levels", i))
            for i in twice(self.levels)
        ]
        for key in ("role", "vary", "when"):
            if getattr(self, key) != type(self).model_fields[key].default:
                what = f"{self.name!r} is a fidelity, which a result has and a design has not"
                faults.append(Fault(what, f"leave {key!r} out", path=(key,)))
        if faults:
            raise InvalidInput(faults)
        return self

    @property
    def top(self) -> str:
        """The level that is wanted."""
        return self.levels[-1]

    @property
    def lower(self) -> tuple[str, ...]:
        """The other levels, from the least reliable up."""
        return self.levels[:-1]

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The header of this parameter in a lab table."""
        return (self.column or self.name,)

    @property
    def words(self) -> tuple[str, ...]:
        """The levels from the top down, in the order of their coordinates."""
        return self.levels[::-1]

    def same_as(self) -> tuple[int, ...]:
        """Return the index of each level: all are different."""
        return tuple(range(len(self.levels)))

    def index_of(self, word: str) -> int | None:
        """Return the index of a level; None where it is not listed."""
        return self.indices.get(word.strip())

    def unknown_word(self, word: str, nearest: NearestWords) -> Fault | None:
        """Return the fault of a word that is not a level, with the nearest one."""
        return Fault(f"{word!r} is not a level of {self.name}", nearest.remedy(word))

    def read(self, table: DesignTable) -> FloatArray:
        """Return the indices (``n x 1``) of a table's levels: the top one without a column, or in an empty cell."""
        (column,) = self.lab_columns
        if not table.has(column):
            return np.zeros((len(table), 1))
        codes, words = table.words(column)
        nearest = NearestWords(self.levels)
        found = [0 if not word else self.index_of(word) for word in words]
        indices = np.array([-1 if index is None else index for index in found], dtype=np.float64)
        rows = indices[codes] if len(codes) else np.zeros(0)
        for row in np.flatnonzero(rows < 0):
            fault = self.unknown_word(words[codes[row]], nearest)
            assert fault is not None
            table.fault(fault.what, fault.remedy, column, int(row))
        return np.asarray(rows, dtype=np.float64).reshape(-1, 1)

    # Search: all designs are at the top level.

    @property
    def count(self) -> int:
        """The number of settings among which a search chooses: 1."""
        return 1

    def enumerate(self) -> FloatArray:
        """Return the top level (``1 x 1``)."""
        return np.zeros((1, 1))

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return the top level n times (``n x 1``)."""
        return np.zeros((n, 1))

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return the levels unchanged."""
        return coordinates

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest index."""
        return np.clip(np.rint(coordinates), 0, len(self.levels) - 1)

    def canonical(self, coordinates: FloatArray) -> FloatArray:
        """Return the indices."""
        return np.asarray(coordinates, dtype=np.float64)

    def valid(self, coordinates: FloatArray) -> Any:
        """Whether each is the index of a level."""
        index = coordinates[:, 0]
        return (index == np.rint(index)) & (index >= 0) & (index < len(self.levels))

    @property
    def mobility(self) -> float:
        """How often a random move changes this parameter: never."""
        return 0.0

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return no features: a design is the same at every level."""
        return FeatureBlock((), lambda coordinates: np.empty((len(coordinates), 0)))

    def reference(self, index: int) -> Reference:
        """Return a level that the cost compares with words."""
        return Reference(index, choices=self.words)

    def choices_changes(self, added: Sequence[str]) -> dict[str, Any]:
        """Return the levels with others below them: those that are added are the least reliable ones."""
        return {"levels": (*added, *self.levels)}
