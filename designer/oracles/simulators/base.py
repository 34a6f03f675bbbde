"""Simulators: families of related tasks, each a frozen description that can also be simulated.

A task has parameters (with units and the bounds in which its physics is valid), targets (with units), and fields that
distinguish it from the other tasks of its family. To describe a task loads nothing; to simulate it loads its package.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from designer.errors import MissingExtra
from designer.objective import Target
from designer.space import CompositionParameter, NumericParameter

if TYPE_CHECKING:
    from designer.objective import Objective
    from designer.space import DesignSpace

EXTRA = "simulators"
"""The extra that has the packages of the light simulators."""


@dataclass(frozen=True, kw_only=True)
class SimulatedTask(ABC):
    """One task of a family.

    Parameters
    ----------
    name, summary
        Its name in a campaign file, and a description of one line.
    parameters
        Its inputs. The bounds are the limits of validity; a composition's settings are atomic fractions.
    targets
        Its outputs, each with its unit and usual goal.
    """

    name: str
    summary: str
    parameters: tuple[NumericParameter | CompositionParameter, ...]
    targets: tuple[Target, ...]

    @abstractmethod
    def simulate(self, setting: Mapping[str, Any], *, seed: int) -> dict[str, float]:
        """Return the value of every target, in the target's unit.

        Parameters
        ----------
        setting
            A value for every parameter, in the parameter's own unit and within its bounds; a mapping from element to
            atomic fraction (their sum is 1) for a composition.
        seed
            Of everything random in this one simulation. The same setting and seed give the same values.

        Raises
        ------
        MeasurementFailed
            If the simulation does not converge or its result is not physical.
        MissingExtra
            If the package that simulates is not installed.
        """

    @cached_property
    def space(self) -> DesignSpace:
        """The widest space in which this task can be simulated."""
        from designer.space import DesignSpace

        return DesignSpace(parameters=self.parameters)

    @cached_property
    def objective(self) -> Objective:
        """All targets of this task, with their usual goals."""
        from designer.objective import Objective

        return Objective(targets=self.targets)


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """A family of related tasks, simulated by one package.

    Parameters
    ----------
    name, summary
        Its name in a campaign file, and a description of one line.
    package
        The package that simulates: its name on the index and in Python.
    tasks
        The family.
    extra
        The extra that installs the package.
    """

    name: str
    summary: str
    package: str
    tasks: tuple[SimulatedTask, ...]
    extra: str = EXTRA

    @property
    def installed(self) -> bool:
        """Whether the package can be found; it is not imported."""
        return find_spec(self.package) is not None

    def task(self, name: str) -> SimulatedTask:
        """Return the task called `name`.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {task.name: task for task in self.tasks}[name]


def load(module: str, extra: str = EXTRA) -> Any:
    """Import a module of an optional package, which `extra` installs.

    Raises
    ------
    MissingExtra
        If the package is not installed.

    Examples
    --------
    >>> load("no_such_simulator.chemistry")
    Traceback (most recent call last):
    designer.errors.MissingExtra: no_such_simulator is not installed; install it with: ...
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise  # a part of an installed package is missing: which is another error
        raise MissingExtra(package, extra) from None
