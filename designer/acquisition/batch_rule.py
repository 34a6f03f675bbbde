"""Which parameters have one setting within a batch, what it was before, and what changing it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from designer.arrays import FloatArray
from designer.space import DesignSpace

Settings = Mapping[str, tuple[float, ...]]
"""Coordinates by the name of each shared parameter."""


@dataclass(frozen=True)
class SharedSettings:
    """Which parameters have one setting within a batch, and what changing it costs.

    Parameters
    ----------
    names
        The parameters; none where every design has its own settings.
    current
        Their settings in the batch before; None before the first one.
    frozen
        Those of them that keep their current setting.
    costs
        Of a change, by parameter, as a number of experiments; 0 unless given.
    """

    names: tuple[str, ...] = ()
    current: Settings | None = None
    frozen: frozenset[str] = frozenset()
    costs: Mapping[str, float] = field(default_factory=dict)

    def at(self, settings: Settings) -> SharedSettings:
        """Return the rule for more designs of a batch whose settings are chosen."""
        return SharedSettings(self.names, settings, frozenset(self.names), {})

    @property
    def kept(self) -> Settings:
        """The settings that may not change."""
        return {name: self.current[name] for name in self.names if name in self.frozen} if self.current else {}

    def of(self, space: DesignSpace, coordinates: FloatArray) -> Settings:
        """Return the shared settings of one design (``c``)."""
        return {p.name: tuple(coordinates[part].tolist()) for p, part in space.parts() if p.name in self.names}

    def cost(self, settings: Settings) -> float:
        """Return the cost of the changes from the current settings, as a number of experiments."""
        if self.current is None:
            return 0.0
        return sum(self.costs.get(name, 0.0) for name in self.names if settings[name] != self.current[name])
