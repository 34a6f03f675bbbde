"""A mixture: amounts of named components that sum to a total."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from designer.space.parameters.features import FeatureBlock, labelled_columns
from designer.space.parameters.fields import Text
from designer.space.parameters.shares import ShareParameter
from designer.space.size_limits import MAX_MEMBERS, at_most


class MixtureParameter(ShareParameter):
    """Amounts of named components that sum to a total.

    Examples
    --------
    >>> import numpy as np
    >>> ink = MixtureParameter(name="ink", components=["P3HT", "PCBM"], step=0.1)
    >>> [column.tolist() for column in ink.to_lab(np.array([[3.0, 7.0]]))]
    [[0.3], [0.7]]
    """

    kind: Literal["mixture"] = "mixture"
    components: Annotated[tuple[Text, ...], BeforeValidator(at_most(MAX_MEMBERS, "components"))]
    unit: Text = "fraction"
    member_word: ClassVar[str] = "component"
    members_key: ClassVar[str] = "components"

    @property
    def members(self) -> tuple[str, ...]:
        """The components."""
        return self.components

    @property
    def share_unit(self) -> str:
        """The unit of the amounts."""
        return self.unit

    def features(self, *, descriptors: bool) -> FeatureBlock:
        """Return the share of each component; components have no descriptors."""
        units = self.units
        columns = labelled_columns(self.name, self.kind, "fraction", "{}.{}", self.components)
        return FeatureBlock(columns, lambda coordinates: coordinates / units)
