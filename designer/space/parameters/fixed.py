"""A parameter that has one setting only, for a search in which its value is given, such as a context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.space.parameters.base import DesignTable, LabColumn, ParameterBase, Relaxation
from designer.space.parameters.features import FeatureBlock
from designer.space.parameters.references import Reference


class FixedParameter(ParameterBase):
    """A parameter with one setting: coordinates, features and names are those of the parameter that is fixed.

    Parameters
    ----------
    of
        The parameter.
    at
        Its ``width`` coordinates.

    Examples
    --------
    >>> from designer.space.parameters.numeric import NumericParameter
    >>> humidity = NumericParameter(name="humidity", unit="%", bounds=[10, 90])
    >>> FixedParameter.from_parameter(humidity, [45]).enumerate().tolist()
    [[45.0]]
    """

    of: ParameterBase
    at: tuple[float, ...]

    @classmethod
    def from_parameter(cls, parameter: ParameterBase, at: Sequence[float]) -> FixedParameter:
        """Return a parameter with one setting, which may lie between its steps."""
        if isinstance(parameter, FixedParameter):
            parameter = parameter.of
        canonical = parameter.canonical(np.array([at], dtype=np.float64))[0]
        return cls(
            name=parameter.name, role=parameter.role, when=parameter.when, of=parameter, at=tuple(canonical.tolist())
        )

    @property
    def kind(self) -> str:
        """The kind of the parameter that is fixed."""
        return self.of.kind

    @property
    def unit(self) -> str | None:
        """The unit of the lab columns."""
        return self.of.unit

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The headers of this parameter's columns in a lab table."""
        return self.of.lab_columns

    @property
    def members(self) -> tuple[str, ...]:
        """What each lab column is the amount of."""
        return self.of.members

    @property
    def setting(self) -> FloatArray:
        """The setting (``1 x width``)."""
        return np.array([self.at])

    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        """Return the coordinates (``n x width``) of clean lab columns, whatever their values."""
        return self.of.from_lab(columns)

    def to_lab(self, coordinates: FloatArray) -> list[LabColumn]:
        """Return the lab columns of coordinates (``n x width``)."""
        return self.of.to_lab(coordinates)

    def lab_numbers(self, coordinates: FloatArray) -> FloatArray:
        """Return canonical coordinates as the numbers that constraints see."""
        return self.of.lab_numbers(coordinates)

    def headers(self) -> Iterator[tuple[str, str]]:
        """Go through other headers under which a table may have a lab column, with that lab column."""
        return self.of.headers()

    def read(self, table: DesignTable) -> FloatArray:
        """Return the coordinates (``n x width``) of a table's rows; every fault is reported to the table."""
        return self.of.read(table)

    def new_words(self, table: DesignTable) -> list[str]:
        """Return words of the table that the parameter does not list but may take."""
        return self.of.new_words(table)

    def with_words(self, words: Sequence[str]) -> FixedParameter:
        """Return the parameter with words added; itself where it takes none."""
        changed = self.of.with_words(words)
        return self if changed is self.of else FixedParameter.from_parameter(changed, self.at)

    @property
    def count(self) -> int:
        """The number of settings: 1."""
        return 1

    def canonical(self, coordinates: FloatArray) -> FloatArray:
        """Return coordinates with the noise of float arithmetic removed."""
        return self.of.canonical(coordinates)

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return the one setting for each."""
        return np.repeat(self.setting, len(coordinates), axis=0)

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row is the one setting."""
        same: BoolArray = (self.identity(coordinates) == self.identity(self.setting)).all(axis=1)
        return same

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each row is the one setting."""
        return self.valid(coordinates)

    def violations(self, row: FloatArray) -> list[str]:
        """Return in words how one row (``width``) differs from the one setting."""
        if self.valid(row[None])[0]:
            return []
        return [f"{self.name} is not {self.words()}"]

    def words(self) -> str:
        """Return the setting in lab units, for messages."""
        cells = [each[0] for each in self.to_lab(self.setting)]
        unit = f" {self.unit}" if self.unit else ""
        return ", ".join(f"{cell:g}{unit}" if isinstance(cell, float) else str(cell) for cell in cells)

    def identity(self, coordinates: FloatArray) -> IntArray:
        """Return whole numbers that are equal exactly where the lab would call the settings equal."""
        return self.of.identity(coordinates)

    def enumerate(self) -> FloatArray:
        """Return the one setting (``1 x width``)."""
        return self.setting

    @property
    def mobility(self) -> float:
        """How often a random move changes this parameter: never."""
        return 0.0

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return the one setting n times (``n x width``)."""
        return np.repeat(self.setting, n, axis=0)

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return the one setting for each."""
        return self.snap(coordinates)

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return the features of the parameter that is fixed."""
        return self.of.features(descriptors=descriptors)

    def references(self) -> dict[str, Reference]:
        """Return what may be named in a constraint."""
        return self.of.references()

    def reference(self, index: int) -> Reference:
        """Return what the name of the lab column `index` stands for in a constraint."""
        return self.of.reference(index)

    def relaxation(self) -> Relaxation:
        """Return the one setting as lab values."""
        values = self.lab_numbers(self.setting)[0].tolist()
        return Relaxation(tuple((value, value) for value in values))
