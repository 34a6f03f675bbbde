"""The oracle that measures each level of a fidelity by an oracle of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from designer.errors import Fault, InvalidInput, OracleUnusable, did_you_mean
from designer.objective import Objective
from designer.oracles.base import Measured, Oracle
from designer.oracles.measure import MeasureBase, MeasureSpec
from designer.space import DesignSpace
from designer.space.fidelity.fidelity_levels import fidelity_of
from designer.space.fidelity.fidelity_parameter import FidelityParameter


class ByLevelMeasure(MeasureBase):
    """Measure each level of the space's fidelity by an oracle of its own, which gets designs without the level.

    Parameters
    ----------
    levels
        The oracle of each level, as ``measure:`` has it.
    """

    kind: Literal["by_level"] = "by_level"
    levels: dict[str, MeasureSpec]

    def open(self, space: DesignSpace, objective: Objective, *, folder: Path, seed: int = 0) -> ByLevelOracle:
        """Return the oracle; see `MeasureBase.open`."""
        fidelity = self._fidelity(space)
        own = _without(space, fidelity)
        oracles = {level: each.open(own, objective, folder=folder, seed=seed) for level, each in self.levels.items()}
        return ByLevelOracle(fidelity.lab_columns[0], oracles)

    def faults(self, space: DesignSpace, objective: Objective, *, folder: Path) -> list[Fault]:
        """Return the faults of the levels, and of the oracle of each."""
        try:
            fidelity = self._fidelity(space)
        except InvalidInput as error:
            return list(error.faults)
        found = []
        for level, each in self.levels.items():
            own = each.faults(_without(space, fidelity), objective, folder=folder)
            found += [fault if fault.file else fault.at(path=("levels", level, *fault.path)) for fault in own]
        return found

    def _fidelity(self, space: DesignSpace) -> FidelityParameter:
        """Return the fidelity of the space.

        Raises
        ------
        InvalidInput
            If there is none, or its levels are not those that have an oracle.
        """
        fidelity = fidelity_of(space)
        if fidelity is None:
            what = "'measure' has an oracle for each level, and the space no fidelity"
            remedy = "add a parameter with 'kind: fidelity', or use one oracle"
            raise InvalidInput(Fault(what, remedy, path=("kind",)))
        unknown = [level for level in self.levels if level not in fidelity.levels]
        missing = [level for level in fidelity.levels if level not in self.levels]
        faults = [
            Fault(f"{level!r} is not a level of {fidelity.name}", did_you_mean(level, fidelity.levels),
                  path=("levels", level))
            for level in unknown
        ]  # fmt: skip
        faults += [Fault(f"level {level!r} has no oracle", "add it", path=("levels",)) for level in missing]
        if faults:
            raise InvalidInput(faults)
        return fidelity


class ByLevelOracle:
    """Measures a design by the oracle of its level.

    Parameters
    ----------
    column
        The lab column of the level.
    oracles
        The oracle of each level.
    """

    def __init__(self, column: str, oracles: Mapping[str, Oracle]) -> None:
        self._column, self._oracles = column, dict(oracles)

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Measured:
        """Measure the design at its level; see `Oracle.measure`."""
        level = str(design[self._column])
        if level not in self._oracles:
            raise OracleUnusable(f"level {level!r} has no oracle; add it to 'levels' of 'measure'")
        own = {column: value for column, value in design.items() if column != self._column}
        found = self._oracles[level].measure(own, suggestion=suggestion)
        measured = found if isinstance(found, Measured) else Measured(dict(found))
        if measured.executed is None:
            return measured
        return replace(measured, executed={**measured.executed, self._column: level})


def _without(space: DesignSpace, fidelity: FidelityParameter) -> DesignSpace:
    """Return the space of the designs without their level."""
    parameters = [each for each in space.parameters if each is not fidelity]
    return DesignSpace(parameters=parameters, constraints=space.constraints)
