"""The oracle that simulates, and all that can be wrong with a campaign that asks for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from designer.errors import Fault, InvalidCampaign, MeasurementFailed, MissingExtra, did_you_mean
from designer.oracles.base import Measured, checked
from designer.oracles.design_mapping import grouped
from designer.oracles.measure import MeasureBase
from designer.oracles.simulators.base import SimulatedTask
from designer.oracles.simulators.catalogue import SIMULATORS
from designer.oracles.simulators.matching import parameter_faults, setting_of, target_faults, values_of

if TYPE_CHECKING:
    from designer.objective import Objective
    from designer.space import DesignSpace


def _no_truth_value(given: Any) -> Any:
    if isinstance(given, bool):
        raise ValueError(f"{given} is no quantity; give a number, or a text with a unit such as 20 torr")
    return given


Quantity = Annotated[float | str, BeforeValidator(_no_truth_value)]


class SimulatorMeasure(MeasureBase):
    """Simulate: a task of one of the simulators in `designer.oracles.simulators` (extra ``simulators``).

    The parameters of the space are called as the task calls them, in any unit that converts, within its bounds, and so
    are the targets.

    Parameters
    ----------
    name
        The simulator.
    task
        The task of its family.
    fixed
        The task's parameters that are not in the space, each a number in the task's unit or a text with its own.
    """

    kind: Literal["simulator"] = "simulator"
    name: str = Field(min_length=1)
    task: str = Field(min_length=1)
    fixed: dict[str, Quantity] = Field(default_factory=dict)

    def open(self, space: DesignSpace, objective: Objective, *, folder: Path, seed: int = 0) -> SimulatorOracle:
        """Return the oracle; see `MeasureBase.open`."""
        return SimulatorOracle.open(self, space, objective, seed=seed)

    def faults(self, space: DesignSpace, objective: Objective, *, folder: Path) -> list[Fault]:
        """Return every fault of the simulator, its task, the space and the targets."""
        return simulator_faults(self, space, objective)


class SimulatorOracle:
    """Simulates one task, in the campaign's units; what is random depends on seed, suggestion and design alone.

    Parameters
    ----------
    task
        What is simulated.
    space, objective
        The campaign's parameters, a part or all of the task's, and its targets.
    fixed
        Values of the task's other parameters, in its units unless they name their own.
    seed
        The campaign's seed.

    Raises
    ------
    InvalidCampaign
        If space, fixed values or targets do not fit the task, with every fault.

    Examples
    --------
    >>> from designer.oracles.simulators.catalogue import SIMULATORS
    >>> task = SIMULATORS["atomic-layer-deposition"].task("tma-via-50")
    >>> oracle = SimulatorOracle(task, task.space, task.objective)
    """

    def __init__(
        self,
        task: SimulatedTask,
        space: DesignSpace,
        objective: Objective,
        *,
        fixed: Mapping[str, float | str] | None = None,
        seed: int = 0,
    ) -> None:
        fixed = dict(fixed or {})
        faults = [*parameter_faults(space, fixed, task), *target_faults(objective, task)]
        if faults:
            raise InvalidCampaign(faults)
        self._task, self._space, self._objective = task, space, objective
        self._fixed, self._seed = fixed, seed

    @classmethod
    def open(
        cls, spec: SimulatorMeasure, space: DesignSpace, objective: Objective, *, seed: int = 0
    ) -> SimulatorOracle:
        """Return the oracle that a campaign file asks for.

        Raises
        ------
        InvalidCampaign
            With every fault of the file.
        MissingExtra
            If the package that simulates is not installed.
        """
        faults = simulator_faults(spec, space, objective, check_installed=False)
        if faults:
            raise InvalidCampaign(faults)
        simulator = SIMULATORS[spec.name]
        if not simulator.installed:
            raise MissingExtra(simulator.package, simulator.extra)
        return cls(simulator.task(spec.task), space, objective, fixed=spec.fixed, seed=seed)

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Measured:
        """Simulate the design; see `Oracle.measure`."""
        plain = grouped(self._space, design)
        try:
            setting = setting_of(plain, self._space, self._fixed, self._task)
        except ValueError as error:
            raise MeasurementFailed(str(error)) from error
        values = self._task.simulate(setting, seed=self._draw(plain, suggestion))
        wanted = values_of(values, self._objective, self._task)
        return Measured(checked(wanted, tuple(wanted), self._task.name))

    def _draw(self, design: Mapping[str, Any], suggestion: str | None) -> int:
        text = json.dumps([self._seed, suggestion, design], sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def simulator_faults(
    spec: SimulatorMeasure, space: DesignSpace, objective: Objective, *, check_installed: bool = True
) -> list[Fault]:
    """Return all that is wrong with `spec` for this space and these targets, without loading what simulates."""
    simulator = SIMULATORS.get(spec.name)
    if simulator is None:
        what = f"simulator {spec.name!r} is not known"
        return [Fault(what, did_you_mean(spec.name, SIMULATORS), path=("name",))]
    names = [task.name for task in simulator.tasks]
    if spec.task not in names:
        what = f"{spec.name} has no task {spec.task!r}"
        return [Fault(what, did_you_mean(spec.task, names), path=("task",))]
    task = simulator.task(spec.task)
    faults = [*parameter_faults(space, spec.fixed, task), *target_faults(objective, task)]
    if check_installed and not simulator.installed:
        what, _, remedy = str(MissingExtra(simulator.package, simulator.extra)).partition("; ")
        faults.append(Fault(what, remedy, path=("name",)))
    return faults
