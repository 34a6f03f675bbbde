"""From the `measure:` of a campaign file to an oracle, or to all that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from designer.errors import Fault, InvalidInput
from designer.oracles.base import Oracle
from designer.oracles.specs import CommandMeasure, MeasureSpec, SimulatorMeasure, TableMeasure

if TYPE_CHECKING:
    from designer.objective import Objective
    from designer.space import DesignSpace


def open_oracle(spec: MeasureSpec, space: DesignSpace, objective: Objective, *, folder: Path, seed: int = 0) -> Oracle:
    """Return the oracle that `spec` describes, ready to measure designs of `space`.

    Parameters
    ----------
    spec
        The campaign file's ``measure:``.
    space, objective
        What is measured, and which targets it must give.
    folder
        The campaign file's folder: files, modules and programs are looked for there.
    seed
        The campaign's seed, for the draw among replicates of a table and for what is random in a simulation.

    Raises
    ------
    InvalidInput
        If a table cannot be used, or a simulator not with this space and these targets, with every fault.
    OracleUnusable
        If a function cannot be imported or cannot take the space's parameters.
    MissingExtra
        If the package that simulates is not installed.
    """
    if isinstance(spec, TableMeasure):
        from designer.oracles.table import TableOracle

        return TableOracle.open(spec, space, objective, folder=folder, seed=seed)
    if isinstance(spec, SimulatorMeasure):
        from designer.oracles.simulators import SimulatorOracle

        return SimulatorOracle.open(spec, space, objective, seed=seed)
    targets = tuple(target.name for target in objective.targets)
    if isinstance(spec, CommandMeasure):
        from designer.oracles.command import CommandOracle

        return CommandOracle(spec.argv, space, targets, timeout=spec.timeout, folder=folder)
    from designer.oracles.python_function import PythonOracle

    return PythonOracle(spec.function, space, targets, folder=folder)


def measure_faults(spec: MeasureSpec, space: DesignSpace, objective: Objective, *, folder: Path) -> list[Fault]:
    """Return all that can be seen to be wrong with `spec` without running any program or code of the user's.

    Paths of the faults are relative to ``measure:``; faults of a table carry its file, rows and columns.
    """
    if isinstance(spec, CommandMeasure):
        from designer.oracles.command import command_faults

        return command_faults(spec.argv, folder)
    if isinstance(spec, TableMeasure):
        from designer.oracles.table import TableOracle

        try:
            TableOracle.open(spec, space, objective, folder=folder, seed=0)
        except InvalidInput as error:
            return list(error.faults)
        return []
    if isinstance(spec, SimulatorMeasure):
        from designer.oracles.simulators import simulator_faults

        return simulator_faults(spec, space, objective)
    from designer.oracles.python_function import python_faults

    return python_faults(spec.function, folder)
