"""A composition: amounts of elements that sum to a total."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator

from designer.arrays import FloatArray
from designer.chemistry.masses import atomic_masses
from designer.chemistry.symbols import KNOWN_SYMBOLS, SYMBOLS
from designer.errors import Fault, InvalidData, did_you_mean
from designer.space.parameters.element_features import ElementFeatures
from designer.space.parameters.features import FeatureBlock, labelled_columns
from designer.space.parameters.fields import Text
from designer.space.parameters.shares import ShareParameter
from designer.space.size_limits import MAX_MEMBERS, at_most


def _symbol_remedy(text: str) -> str:
    fixed = text.strip().capitalize()
    return f"did you mean {fixed!r}?" if fixed in KNOWN_SYMBOLS else did_you_mean(text, SYMBOLS)


class CompositionParameter(ShareParameter):
    """Amounts of elements that sum to a total.

    Examples
    --------
    >>> alloy = CompositionParameter(name="alloy", elements=["Ni", "Fe", "Co"], unit="at.%", step=10, max_nonzero=2)
    >>> alloy.count
    30
    >>> alloy.lab_columns
    ('alloy.Ni', 'alloy.Fe', 'alloy.Co')
    """

    kind: Literal["composition"] = "composition"
    elements: Annotated[tuple[Text, ...], BeforeValidator(at_most(MAX_MEMBERS, "elements"))]
    unit: Literal["fraction", "at.%", "wt.%"] = "fraction"
    member_word: ClassVar[str] = "element"
    members_key: ClassVar[str] = "elements"

    def _member_faults(self) -> list[Fault]:
        return [
            Fault(f"{text!r} is not the symbol of an element", _symbol_remedy(text), path=("elements", i))
            for i, text in enumerate(self.elements)
            if text not in KNOWN_SYMBOLS
        ] + super()._member_faults()

    @property
    def members(self) -> tuple[str, ...]:
        """The elements."""
        return self.elements

    @property
    def share_unit(self) -> str:
        """The unit of the amounts."""
        return self.unit

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return the atomic fraction of each element, and element descriptors if asked for.

        Amounts by weight become atomic fractions. `encode` raises `InvalidData` for a design with nothing in it.
        """
        units = self.units
        columns = labelled_columns(self.name, self.kind, "fraction", "{}.{}", self.elements)
        weights = 1.0 / atomic_masses(self.elements) if self.unit == "wt.%" else None
        describe = ElementFeatures(self.elements) if descriptors else None
        if describe is not None:
            columns += labelled_columns(self.name, self.kind, "descriptor", "{}: {}", describe.names)

        def encode(coordinates: FloatArray) -> FloatArray:
            self._refuse_nothing(coordinates)
            if weights is None:
                fractions = coordinates / units
            else:
                moles = coordinates * weights
                fractions = moles / moles.sum(axis=1, keepdims=True)
            return fractions if describe is None else np.concatenate([fractions, describe(fractions)], axis=1)

        return FeatureBlock(columns, encode)

    def _refuse_nothing(self, coordinates: FloatArray) -> None:
        empty = ~(coordinates > 0).any(axis=1)
        if empty.any():
            what = f"{self.name} has no amount above zero in {int(empty.sum())} designs"
            raise InvalidData(Fault(what, "give the amounts of the elements present"))
