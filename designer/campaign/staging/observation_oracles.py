"""What gives the observations of a run: their own `measure`, the table of the campaign, or an oracle of the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from designer.campaign.file.observation_faults import matched_curves, measured_directly, observation_oracles
from designer.campaign.file.settings import Settings
from designer.errors import Fault, InvalidInput, MeasurementFailed
from designer.objective import Objective
from designer.observations.curves.curve_cells import CellFiles, read_curve_cell
from designer.observations.observation import FAILED
from designer.oracles.base import Measured, Oracle
from designer.oracles.python_function import PythonOracle
from designer.space import DesignSpace


@runtime_checkable
class ObservingOracle(Protocol):
    """An oracle that also gives observations."""

    def observe(self, design: Mapping[str, Any], names: Sequence[str], *, suggestion: str) -> Mapping[str, Any]:
        """Return a finite number or a curve for each of the observations `names` of a design in lab units.

        Raises `MeasurementFailed` where an observation gave nothing.
        """
        ...


class ObservationOracles:
    """The oracles of a run's observations, opened when they are first used.

    Parameters
    ----------
    given
        The oracle of the targets, which may be an `ObservingOracle`.
    """

    def __init__(
        self, settings: Settings, space: DesignSpace, objective: Objective, folder: Path, given: Oracle | None
    ) -> None:
        self._settings, self._space, self._folder, self._given = settings, space, folder, given
        self._objective = objective
        self._opened: dict[str, Oracle] = {}
        self._observations = {each.name: each for each in settings.observations}

    def observe(self, design: Mapping[str, Any], names: Sequence[str], suggestion: str) -> dict[str, Any]:
        """Return the observations of a design as cells of a table of results, ``failed`` where one gave nothing.

        Raises
        ------
        InvalidInput
            If nothing gives an observation.
        OracleUnusable
            If an oracle cannot measure at all.
        """
        given = self._given
        if given is not None and isinstance(given, ObservingOracle):
            return self._tried(names, lambda name: given.observe(design, [name], suggestion=suggestion))
        return self._tried(names, lambda name: self._measured(name, design, suggestion))

    def _tried(self, names: Sequence[str], of: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in names:
            try:
                found[name] = self.checked(name, of(name)[name])
            except MeasurementFailed:
                found[name] = FAILED
        return found

    def checked(self, name: str, seen: Any) -> Any:
        """Return an observation; one that is no curve where it should be is a failed one."""
        observation = self._observations.get(name)
        if observation is None or not observation.is_curve:
            return seen
        try:
            curve = read_curve_cell(seen, observation, CellFiles())
            return seen if isinstance(seen, Path) or observation.is_image else curve  # files are read when recorded
        except InvalidInput as error:
            raise MeasurementFailed(f"{name} is no {observation.noun}: {error}") from error

    def _measured(self, name: str, design: Mapping[str, Any], suggestion: str) -> Mapping[str, Any]:
        """Return one observation by its name."""
        oracle, observation = self._oracle(name), self._observations[name]
        if not observation.is_curve:
            return oracle.measure(design, suggestion=suggestion)
        if isinstance(oracle, PythonOracle):
            result = oracle.call(design)
            if isinstance(result, Mapping) and name in result:
                return {name: result[name]}
            return {name: result}
        values, columns = oracle.measure(design, suggestion=suggestion), observation.columns or {}
        points = sorted((columns[column], value) for column, value in values.items())
        return {name: [list(point) for point in points]}

    def _oracle(self, name: str) -> Oracle:
        if name not in self._opened:
            for each in observation_oracles(self._settings, self._objective):
                if each.name == name:
                    self._opened[name] = each.measure.open(
                        self._space, each.quantity, folder=self._folder, seed=self._settings.seed
                    )
        if name not in self._opened:
            what = f"nothing gives observation {name!r} in a run"
            raise InvalidInput(Fault(what, "add 'measure' to it, or give an oracle with a method 'observe'"))
        return self._opened[name]


class MatchingOracle:
    """An oracle of a campaign that matches curves: it gives the other targets, and the curves by their observations.

    Parameters
    ----------
    others
        Gives the targets that are numbers; None where there are none.
    """

    def __init__(self, others: Oracle | None, observing: ObservationOracles, curves: tuple[str, ...]) -> None:
        self._others, self._observing, self._curves = others, observing, curves

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Measured:
        """Return the targets and the curves of a design; see `Oracle.measure`."""
        result, curves = self._measured(design, suggestion)
        left = [name for name in self._curves if name not in curves]
        curves |= self._observing.observe(design, left, suggestion or "")
        failed = [name for name in self._curves if curves[name] == FAILED]
        if failed:
            raise MeasurementFailed(f"no curve {failed[0]!r} was given")
        curves = {name: self._observing.checked(name, seen) for name, seen in curves.items()}
        known = result if isinstance(result, Measured) else Measured(dict(result))
        return replace(known, by_target={**known.by_target, **curves})

    def _measured(self, design: Mapping[str, Any], suggestion: str | None) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Return the values of the other targets, and the curves that a Python function gave with them."""
        if self._others is None:
            return Measured({}), {}
        if not isinstance(self._others, PythonOracle):
            return self._others.measure(design, suggestion=suggestion), {}
        given = self._others.call(design)
        if not isinstance(given, Mapping):
            return self._others.read(given), {}
        curves = {name: seen for name, seen in given.items() if name in self._curves}
        return self._others.read({name: value for name, value in given.items() if name not in curves}), curves


def campaign_oracle(settings: Settings, space: DesignSpace, objective: Objective, folder: Path) -> Oracle | None:
    """Return what measures, as the campaign file says; None where a person does."""
    if settings.measure is None:
        return None
    direct, curves = measured_directly(objective), matched_curves(objective)
    others = None if direct is None else settings.measure.open(space, direct, folder=folder, seed=settings.seed)
    if not curves:
        return others
    return MatchingOracle(others, ObservationOracles(settings, space, objective, folder, others), curves)
