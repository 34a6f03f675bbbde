"""One property task: a space, its targets, and what was measured in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from designer.arrays import FloatArray, IntArray
from designer.errors import Fault, InvalidData, InvalidPrior
from designer.objective import Objective, Target
from designer.space import DesignSpace
from designer.space.fidelity.fidelity_levels import fidelity_of
from designer.tasks.cleaning import CENSORED, clean, no_censored
from designer.units import convertible


@dataclass(frozen=True)
class Dropped:
    """How many rows of a table a task could not use.

    Parameters
    ----------
    no_target
        Rows in which no target was measured.
    no_setting
        Rows in which a setting of the design is not known (an empty cell).
    """

    no_target: int = 0
    no_setting: int = 0


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct designs of a task for one target, replicates averaged.

    Parameters
    ----------
    designs
        ``k`` rows in lab units, in the order in which each design first stands in the task.
    mean
        The mean of the design's replicates (k); of a target on a log scale the geometric mean.
    count
        The number of its replicates (k).
    spread
        Their standard deviation (k), NaN for a design that was measured once.
    """

    designs: pd.DataFrame
    mean: FloatArray
    count: IntArray
    spread: FloatArray


@dataclass(frozen=True, eq=False)
class Limits:
    """The distinct designs of a task for which one target is known as a limit alone.

    Parameters
    ----------
    designs
        ``k`` rows in lab units.
    values
        The limits (k), in the target's unit.
    sides
        -1 where the result is below its limit, 1 where it is above (k).
    """

    designs: pd.DataFrame
    values: FloatArray
    sides: IntArray


def is_learned_from(name: str, unit: str | None, target: Target, stated: Mapping[str, str]) -> bool:
    """Whether a past quantity is the one that a target is learned from: its own, or the one `stated` for it."""
    if target.name in stated:
        return name == stated[target.name]
    return name == target.name and convertible(unit, target.unit)


@dataclass(frozen=True, eq=False)
class Task:
    """What was measured in one space: source of a prior, pool of a simulated campaign, table of a lab.

    Parameters
    ----------
    space, targets
        The space of the designs and the measured quantities.
    data
        One row a measurement: the space's columns and one column a target, in lab units (headers and cells may give
        units; further columns are left out). Replicates are repeated rows. Afterwards: exactly these columns, clean,
        NaN where a target was not measured; rows without any target or with an unknown setting are dropped and
        counted. A formula parameter takes its vocabulary from the data.
    name, family, group
        The task's name, its family's name, and the name of the tasks in its family that are near copies of it.
    file
        Where the data came from, for messages.
    dropped
        The rows that could not be used.
    censored
        Results given as a limit only (``<5``, ``>100``): the design, and what `cleaning.CENSORED` names: target, side
        (``<`` or ``>``) and limit (target's unit). They are no part of `data`; a row that has them and no value of any
        target is here alone.

    Raises
    ------
    InvalidData
        With every fault of the data: row and column, what is wrong, what would be right.

    Examples
    --------
    >>> space = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])
    >>> data = pd.DataFrame({"x": [0.1, 0.1, 0.5, 0.9], "hardness": [1.0, 3.0, 5.0, None]})
    >>> task = Task(space=space, targets=[Target(name="hardness", goal="maximize")], data=data, name="demo")
    >>> len(task), task.dropped.no_target
    (3, 1)
    >>> task.distinct().mean.tolist()
    [2.0, 5.0]
    """

    space: DesignSpace
    targets: Sequence[Target]
    data: pd.DataFrame
    name: str
    family: str | None = None
    group: str | None = None
    file: str | None = None
    dropped: Dropped = field(default_factory=Dropped)
    censored: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        targets = tuple(self.targets)
        if fidelity_of(self.space) is not None:
            what = f"{self.name}: a task has no fidelity"
            raise InvalidData(Fault(what, "make a task of each level", file=self.file))
        read = clean(self.space, targets, self.data, self.file)
        object.__setattr__(self, "targets", targets)
        object.__setattr__(self, "space", read.space)
        object.__setattr__(self, "data", read.data)
        counted = Dropped(self.dropped.no_target + read.no_target, self.dropped.no_setting + read.no_setting)
        object.__setattr__(self, "dropped", counted)
        known = [part for part in (self.censored, read.censored) if len(part)]
        both = pd.concat(known, ignore_index=True) if known else no_censored(read.space)
        object.__setattr__(self, "censored", both)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def objective(self) -> Objective:
        """What the task's targets ask for.

        Raises
        ------
        InvalidObjective
            If no target has a goal: a task can be a source of knowledge without one.
        """
        return Objective(targets=self.targets)

    @property
    def designs(self) -> pd.DataFrame:
        """The designs in lab units (``n x c``), one row a measurement."""
        return self.data[list(self.space.columns)].copy()

    @property
    def coordinates(self) -> FloatArray:
        """The designs as coordinates (``n x c``)."""
        return self.space.coordinates(self.data)

    def limits(self, target: str | None = None) -> Limits:
        """Return the designs for which a target (the first, unless named) is known as a limit alone.

        Of several limits on one side the narrowest holds. Designs with limits on both sides, and limits that the
        target's scale does not have (zero of a logarithmic one), are left out.
        """
        wanted = self.target(target)
        name, side, limit = CENSORED
        rows = self.censored[self.censored[name] == wanted.name].reset_index(drop=True)
        if wanted.scaling.name == "log":
            rows = rows[rows[limit].astype(float) > 0].reset_index(drop=True)
        known = set(self.space.keys(self.space.coordinates(self.distinct(wanted.name).designs)))
        keys = self.space.keys(self.space.coordinates(rows[list(self.space.columns)]))
        found: dict[bytes, list[int]] = {}
        for i, key in enumerate(keys):
            if key not in known:
                found.setdefault(key, []).append(i)
        sides = np.where(rows[side].to_numpy() == "<", -1, 1).astype(np.int64)
        values = rows[limit].to_numpy(dtype=np.float64)
        chosen = [
            max(group, key=lambda i: sides[i] * values[i]) for group in found.values() if np.ptp(sides[group]) == 0
        ]
        designs = rows.iloc[chosen][list(self.space.columns)].reset_index(drop=True)
        return Limits(designs, values[chosen], sides[chosen])

    @property
    def Y(self) -> FloatArray:  # noqa: N802  the field's name for measurements
        """The measured values (``n x m``) in the targets' units, NaN where a target was not measured."""
        return self.data[[target.name for target in self.targets]].to_numpy(dtype=np.float64)

    def target(self, name: str | None = None) -> Target:
        """Return a target by name, or the first one.

        Raises
        ------
        InvalidData
            If there is none of this name.
        """
        for target in self.targets:
            if name in (None, target.name):
                return target
        known = ", ".join(target.name for target in self.targets)
        raise InvalidData(Fault(f"task {self.name!r} has no target {name!r}", f"one of: {known}"))

    def only(self, name: str | None = None) -> Task:
        """Return the task with one of its targets alone; rows that lack it are dropped and counted."""
        target = self.target(name)
        kept = self.censored[self.censored[CENSORED[0]] == target.name]
        return replace(self, targets=(target,), data=self.data[[*self.space.columns, target.name]], censored=kept)

    def on_scales_of(self, targets: Sequence[Target], stated: Mapping[str, str] = MappingProxyType({})) -> Task:
        """Return the task with the quantities that `targets` are learned from on their scales.

        `stated` names the past quantities of targets that are learned from another than their own.

        Raises
        ------
        InvalidPrior
            If a value of zero or below is to be modelled in logarithms.
        """
        wanted = {
            own.name: next((t.scale for t in targets if is_learned_from(own.name, own.unit, t, stated)), own.scale)
            for own in self.targets
        }
        if all(own.scale == wanted[own.name] for own in self.targets):
            return self
        self._require_logarithms([name for name, scale in wanted.items() if scale == "log"])
        return replace(self, targets=[t.model_copy(update={"scale": wanted[t.name]}) for t in self.targets])

    def on_linear_scales(self) -> Task:
        """Return the task with all its targets on a linear scale."""
        return self.on_scales_of([target.model_copy(update={"scale": "linear"}) for target in self.targets])

    def _require_logarithms(self, names: Sequence[str]) -> None:
        faults = []
        for name in names:
            values = self.data[name]
            bad = values[values <= 0]
            if len(bad):
                what = f"past task {self.name!r}: {bad.iloc[0]:g} of {name!r} has no logarithm"
                what += f" ({len(bad)} values of zero or below), and the target is modelled in logarithms (scale: log)"
                faults.append(Fault(what, "correct the values, or name the task under 'leave_out'", file=self.file))
        if faults:
            raise InvalidPrior(faults)

    def distinct(self, target: str | None = None) -> Distinct:
        """Return the distinct designs for which a target (the first, unless named) was measured.

        Designs are the same where their lab values are, to 12 significant digits.
        """
        name = self.target(target).name
        measured = self.data[self.data[name].notna()].reset_index(drop=True)
        coordinates = self.space.coordinates(measured)
        order: dict[bytes, int] = {}
        group = np.array([order.setdefault(key, len(order)) for key in self.space.keys(coordinates)], dtype=np.int64)
        values = measured[name].groupby(group)
        scale = self.target(target).scaling
        means = measured[name].map(scale.model).groupby(group).mean() if scale.name == "log" else values.mean()
        _, first = np.unique(group, return_index=True)
        return Distinct(
            designs=measured.iloc[first][list(self.space.columns)].reset_index(drop=True),
            mean=np.asarray(scale.unit(np.asarray(means, dtype=np.float64)), dtype=np.float64),
            count=np.asarray(values.size(), dtype=np.int64),
            spread=np.asarray(values.std(ddof=1), dtype=np.float64),
        )
