"""A kind of parameter as another package would add it: ordered words, which are one number to a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.space.parameters.base import DesignTable, LabColumn, ParameterBase, Relaxation
from designer.space.parameters.features import FeatureBlock, FeatureColumn


class OrdinalParameter(ParameterBase):
    """One of several levels with an order, lowest first: ``kind: ordinal`` with ``levels``."""

    kind: Literal["ordinal"] = "ordinal"
    levels: tuple[str, ...]
    unit: ClassVar[None] = None

    @model_validator(mode="after")
    def _check(self) -> OrdinalParameter:
        if len(set(self.levels)) < 2:
            raise InvalidInput(Fault("'levels' needs two different levels", "list them", path=("levels",)))
        return self

    @property
    def lab_columns(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def count(self) -> int:
        return len(self.levels)

    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        return np.array([[self.levels.index(str(word))] for word in columns[0]], dtype=np.float64).reshape(-1, 1)

    def to_lab(self, coordinates: FloatArray) -> list[LabColumn]:
        return [np.array(self.levels, dtype=object)[coordinates[:, 0].astype(int)]]

    def read(self, table: DesignTable) -> FloatArray:
        codes, words = table.words(self.name)
        for row, code in enumerate(codes):
            if words[code] not in self.levels:
                table.fault(f"{words[code]!r} is no level", did_you_mean(words[code], self.levels), self.name, row)
        known = [self.levels.index(word) if word in self.levels else 0 for word in words]
        return np.array(known, dtype=np.float64)[codes][:, None]

    def canonical(self, coordinates: FloatArray) -> FloatArray:
        return np.asarray(coordinates, dtype=np.float64)

    def snap(self, coordinates: FloatArray) -> FloatArray:
        return np.clip(np.rint(coordinates), 0, self.count - 1)

    def valid(self, coordinates: FloatArray) -> BoolArray:
        return np.isin(coordinates[:, 0], np.arange(self.count))

    def violations(self, row: FloatArray) -> list[str]:
        return []

    def identity(self, coordinates: FloatArray) -> IntArray:
        return coordinates.astype(np.int64)

    def enumerate(self) -> FloatArray:
        return np.arange(self.count, dtype=np.float64)[:, None]

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        return rng.integers(0, self.count, (n, 1)).astype(np.float64)

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        step = rng.choice([-1.0, 1.0], coordinates.shape)
        inside = (coordinates + step >= 0) & (coordinates + step < self.count)
        return np.where(inside, coordinates + step, coordinates - step)

    def features(self, *, descriptors: bool) -> FeatureBlock:
        column = FeatureColumn(self.name, self.name, "numeric", self.kind)
        return FeatureBlock((column,), lambda coordinates: coordinates / (self.count - 1))

    def relaxation(self) -> Relaxation:
        return Relaxation(((0.0, self.count - 1.0),))
