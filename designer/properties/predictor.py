"""Predictions of properties from tables: of measurements and of new designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from designer.errors import Fault, InvalidData
from designer.objective import Target
from designer.priors.kinds import errors_of_saved
from designer.priors.stacking.property_posterior import LEVEL, Prediction, PropertyOutlier
from designer.priors.stacking.property_prior import FittedProperties, Grammar
from designer.priors.stacking.quantity_posterior import QuantityPosterior
from designer.space import DesignSpace
from designer.space.encoding import Encoder
from designer.surrogates.data import Quantity, TaskData
from designer.tasks import Task
from designer.units import split_header

_FORMULA: Grammar = [{"name": "formula", "kind": "formula"}]


@dataclass(frozen=True, eq=False)
class PropertyPredictor:
    """Predicts properties of designs from a prior and a few measurements.

    Parameters
    ----------
    prior
        A prior over properties (`PropertyPrior().fit(tasks, seed=0)`, or a saved one).
    measured
        A table of measurements: the designs' columns, and one column a quantity, with its unit in the header
        (``hardness [GPa]``); None where nothing is measured yet.
    targets
        Names of the quantities to predict; by default all further columns of `measured`, and without these all that
        past tasks measured.
    file
        The file that `measured` comes from, for messages.

    Raises
    ------
    InvalidData
        With every fault of the table, or if a quantity was measured neither here nor by past tasks.
    InvalidPrior
        If its designs have nothing in common with those of past tasks.
    """

    prior: FittedProperties
    measured: pd.DataFrame | None = None
    targets: Sequence[str] | None = None
    file: str | None = None

    def __post_init__(self) -> None:
        with errors_of_saved(self.prior):
            _ = self.models  # so that faults are raised at construction

    @cached_property
    def space(self) -> DesignSpace:
        """The space in which designs are written: that of past tasks whose columns the measured table has."""
        if self.measured is None or not len(self.measured.columns):
            return DesignSpace(parameters=spaces_of(self.prior)[0])
        return space_for(self.prior, list(self.measured.columns), self.file)

    @cached_property
    def quantities(self) -> tuple[Target, ...]:
        """The quantities to predict."""
        known = known_quantities(self.prior)
        if self.measured is None:
            return _chosen(self.targets, known, "past tasks measured", self.file)
        columns = set(self.space.columns)
        found = {}
        for header in map(str, self.measured.columns):
            name, unit = split_header(header)
            if header not in columns and name not in columns:
                unit = unit or known.get(name, Target(name=name)).unit
                found[name] = Target(name=name, unit=unit, column=header if header != name else None)
        return _chosen(self.targets, found, "the table has", self.file)

    @cached_property
    def task(self) -> Task | None:
        """The measurements, read; None where nothing is measured."""
        if self.measured is None:
            return None
        return Task(space=self.space, targets=self.quantities, data=self.measured, name="measured", file=self.file)

    @cached_property
    def data(self) -> TaskData:
        """The measurements as data of models."""
        quantities = tuple(Quantity(target.name, target.unit) for target in self.quantities)
        task = self.task
        if task is None:
            columns = self.prior.common.columns
            empty = torch.empty(0, len(columns)), torch.empty(0, len(quantities))
            return TaskData(*empty, columns, quantities=quantities)
        X = torch.tensor(task.space.encoder.encode(task.coordinates))
        return TaskData(X, torch.tensor(task.Y), task.space.encoder.columns, quantities=quantities)

    @cached_property
    def models(self) -> tuple[QuantityPosterior, ...]:
        """The posterior of each quantity."""
        return self.prior.condition(self.data)

    def outliers(self, model: QuantityPosterior) -> tuple[tuple[dict[str, Any], PropertyOutlier], ...]:
        """Return the outliers that a posterior leaves out, each with its design."""
        if self.task is None:
            return ()
        rows = self.task.designs.iloc[[each.row for each in model.outliers]].to_dict("records")
        designs = [{str(column): value for column, value in row.items()} for row in rows]
        return tuple(zip(designs, model.outliers, strict=True))

    def features(self, designs: pd.DataFrame | Sequence[Mapping[str, Any]], file: str | None = None) -> Tensor:
        """Return designs as past tasks' common features (``n x d``), from a table in lab units.

        Raises
        ------
        InvalidData
            With every fault of the table.
        """
        frame = designs if isinstance(designs, pd.DataFrame) else pd.DataFrame([dict(each) for each in designs])
        read = self.space.read_table(frame, file=file, flags=False)
        # The feature map computes descriptors of elements; only categorical parameters need descriptors here.
        encoder = Encoder(read.space, descriptors=any(p.kind == "categorical" for p in read.space.parameters))
        feature_map = self.prior.common.feature_map(encoder.columns)
        return feature_map(torch.tensor(encoder.encode(read.coordinates)))

    def predict(
        self, designs: pd.DataFrame | Sequence[Mapping[str, Any]], *, level: float = LEVEL, file: str | None = None
    ) -> tuple[Prediction, ...]:
        """Return predictions of each quantity at designs in lab units (rows of a table).

        Parameters
        ----------
        level
            The probability that a measurement lies in its interval.

        Raises
        ------
        InvalidData
            With every fault of the table, or if the level is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise InvalidData(Fault(f"the level {level:g} is no probability", "give a number between 0 and 1"))
        with errors_of_saved(self.prior):
            common = self.features(designs, file)
            return tuple(model.predict_designs(model.encode.of_common(common), level) for model in self.models)


def spaces_of(prior: FittedProperties) -> tuple[Grammar, ...]:
    """Return the spaces of designs: those of past tasks, and formulas where one of these has elements alone."""
    spaces = prior.spaces
    single = any(len(space) == 1 and space[0]["kind"] in ("composition", "formula") for space in spaces)
    return spaces if not single or _FORMULA in spaces else (*spaces, _FORMULA)


def space_for(prior: FittedProperties, headers: Sequence[str], file: str | None = None) -> DesignSpace:
    """Return the first space, as past tasks write them, whose columns are all among the headers of a table.

    Raises
    ------
    InvalidData
        If there is none.
    """
    have = {str(header) for header in headers} | {split_header(str(header))[0] for header in headers}
    spaces = [DesignSpace(parameters=grammar) for grammar in spaces_of(prior)]
    for space in spaces:
        if have >= set(space.columns):
            return space
    lacking = min((sorted(set(space.columns) - have) for space in spaces), key=len)
    what = f"the table has no column {', '.join(map(repr, lacking))}"
    spaces_text = " or ".join(f"({', '.join(space.columns)})" for space in spaces[:3])
    raise InvalidData(Fault(what, f"past tasks write a design as {spaces_text}", file=file))


def known_quantities(prior: FittedProperties) -> dict[str, Target]:
    """Return the quantities that past tasks measured, by name; the first unit of each."""
    found: dict[str, Target] = {}
    for i in prior.used:
        quantity = prior.sources[i].quantity
        found.setdefault(quantity.name, Target(name=quantity.name, unit=quantity.unit))
    return found


def _chosen(
    wanted: Sequence[str] | None, found: Mapping[str, Target], who: str, file: str | None
) -> tuple[Target, ...]:
    names = list(found) if not wanted else list(dict.fromkeys(wanted))
    known = ", ".join(found) or "none"
    unknown = [name for name in names if name not in found]
    faults = [Fault(f"there is no quantity {name!r}", f"{who}: {known}", file=file) for name in unknown]
    if not names:
        faults.append(Fault("there is no quantity to predict", "give a column of measured values", file=file))
    if faults:
        raise InvalidData(faults)
    return tuple(found[name] for name in names)
