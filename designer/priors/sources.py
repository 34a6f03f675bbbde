"""Sources: each measured quantity of each past task, in the features that the tasks have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from designer.errors import Fault, InvalidPrior
from designer.objective.scales import SCALES
from designer.priors.alignment import CommonFeatures
from designer.surrogates.censored import with_expected_values
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.outputs import OutputScale, winsorised
from designer.tasks.adaptive_sampling import is_adaptive
from designer.tasks.quantities_matched import (
    MIN_DESIGNS,
    MatchedQuantity,
    PastQuantity,
    learned_from,
    matched_quantities,
)
from designer.tasks.task import is_learned_from
from designer.units import convert_many, convertible

if TYPE_CHECKING:
    from designer.objective import Target
    from designer.tasks import Task

ROWS = 200
"""Largest number of designs of one past task that are used: more cost more than they improve predictions."""

MIN_SELF_PREDICTION = 0.1
"""Share of the variance of designs that a source's own model has not seen (R^2 by leave-one-out or by folds) from which
the source is used: one that cannot predict itself predicts nothing else."""


@dataclass(frozen=True, eq=False)
class Source:
    """One quantity that one past task measured.

    Parameters
    ----------
    name
        The task's name, after its family's where it has one: ``family/task``.
    quantity
        What was measured.
    X
        ``n x d`` common features of distinct designs.
    y
        ``n`` values, replicates averaged, in the quantity's unit and on its scale.
    present
        Which of the ``d`` columns the task has; the others have their reference value.
    adaptive
        Whether its designs were chosen in a search for the best one (`designer.tasks.adaptive_sampling`).
    """

    name: str
    quantity: Quantity
    X: Tensor
    y: Tensor
    present: Tensor
    adaptive: bool = field(default=False, kw_only=True)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def output(self) -> OutputScale:
        """Mean and standard deviation of the values."""
        return OutputScale.of(winsorised(self.y.numpy()))

    @property
    def z(self) -> Tensor:
        """The values (``n``) standardised."""
        return torch.from_numpy(self.output.standardise(winsorised(self.y.numpy())))

    def measures(self, quantity: Quantity) -> bool:
        """Whether it measured `quantity`: by name, on its scale, in a unit that converts."""
        same = self.quantity.name == quantity.name and self.quantity.scale == quantity.scale
        return same and convertible(self.quantity.unit, quantity.unit)

    def in_unit(self, unit: str | None) -> Source:
        """Return the source with its values in another unit that converts."""
        scale = SCALES[self.quantity.scale]
        values = np.asarray(scale.unit(self.y.numpy()))
        y = torch.from_numpy(scale.model(convert_many(values, self.quantity.unit, unit)))
        return replace(self, y=y, quantity=replace(self.quantity, unit=unit))

    def at(self, rows: Tensor) -> Source:
        """Return the source with these rows alone."""
        return replace(self, X=self.X[rows], y=self.y[rows])


def gather(tasks: Sequence[Task], *, rows: int = ROWS) -> tuple[CommonFeatures, tuple[Source, ...]]:
    """Return the common features of tasks and what each of them measured.

    Replicates are averaged. Results that a task gives as limits (``<0.01``) are values that its own model expects
    there (`designer.surrogates.censored.with_expected_values`). Of more than `rows` distinct designs some are
    drawn, by a hash of the designs: the same ones for any order of rows and tasks and for any unit or sign of the
    values. Quantities with fewer than 3 measured designs, or that never change, are not informative and are left
    out.

    Raises
    ------
    InvalidPrior
        If there are no tasks, or two have one name.
    """
    if not tasks:
        raise InvalidPrior(Fault("there are no past tasks to learn from", "name at least one"))
    names = [name_of(task) for task in tasks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidPrior([Fault(f"there are two past tasks {name!r}", "name each once") for name in twice])
    ordered = sorted(zip(names, tasks, strict=True), key=lambda pair: pair[0])
    common = CommonFeatures.of([task.space.encoder.columns for _, task in ordered])
    found = [source for name, task in ordered for source in _sources(task, name, common, rows)]
    common = common.with_reference([source.X for source in found], [source.present for source in found])
    filled = [replace(each, X=_filled(each, common)) for each in found]
    return common, tuple(filled)


def name_of(task: Task) -> str:
    """Return a task's name after its family's."""
    return f"{task.family}/{task.name}" if task.family else task.name


def matched_to(prior: object, targets: Sequence[Target], stated: Mapping[str, str]) -> tuple[MatchedQuantity, ...]:
    """Return which sources of a fitted prior each target is matched to.

    Nothing of a prior that does not state its ``sources``, such as the one without past tasks. `stated` is that of
    `matched_quantities`.
    """
    sources = getattr(prior, "sources", ())
    given = [each for each in sources if isinstance(each, Source)] if isinstance(sources, tuple) else []
    past = [PastQuantity(each.name, each.quantity.name, each.quantity.unit) for each in given]
    return matched_quantities(past, targets, stated) if past else ()


def scale_faults(prior: object, targets: Sequence[Target], stated: Mapping[str, str]) -> list[Fault]:
    """Return which sources of a fitted prior measured a target on another scale than the campaign models it on.

    `stated` is that of `matched_quantities`.
    """
    sources = getattr(prior, "sources", ())
    given = [each for each in sources if isinstance(each, Source)] if isinstance(sources, tuple) else []
    faults = []
    for target in targets:
        other = [
            source
            for source in given
            if source.quantity.scale != target.scale
            and is_learned_from(source.quantity.name, source.quantity.unit, target, stated)
        ]
        if other:
            what = f"the prior was fitted to {target.name!r} on a {other[0].quantity.scale} scale"
            remedy = f"fit it again to tasks whose target has 'scale: {target.scale}', or name the tasks themselves"
            faults.append(Fault(f"{what}, and the target's scale is {target.scale}", remedy))
    return faults


def matching(sources: Sequence[Source], quantity: Quantity | None) -> tuple[Source, ...]:
    """Return the sources for a quantity (see `informative`), in its unit where theirs converts."""
    chosen = [sources[i] for i in informative(sources, quantity)]
    if quantity is None:
        return tuple(chosen)
    return tuple(
        each.in_unit(quantity.unit) if convertible(each.quantity.unit, quantity.unit) else each for each in chosen
    )


def informative(sources: Sequence[Source], quantity: Quantity | None) -> list[int]:
    """Return the places of the sources that a quantity is learned from; all where it is not known.

    Which quantities of past tasks these are says `designer.tasks.quantities_matched.learned_from`.
    """
    if quantity is None:
        return list(range(len(sources)))
    past = [PastQuantity(each.name, each.quantity.name, each.quantity.unit) for each in sources]
    return learned_from(past, quantity.name, quantity.unit, quantity.learned_from)


def _sources(task: Task, name: str, common: CommonFeatures, rows: int) -> list[Source]:
    encoder = task.space.encoder
    feature_map = common.feature_map(encoder.columns)
    made = []
    for target in task.targets:
        distinct = task.distinct(target.name)
        if len(distinct.mean) < MIN_DESIGNS:
            continue
        features = torch.tensor(encoder.encode(task.space.coordinates(distinct.designs)))
        limits = task.limits(target.name)
        beyond = torch.tensor(encoder.encode(task.space.coordinates(limits.designs)))
        own = TaskData(
            torch.cat([features, beyond]),
            torch.tensor(target.scaling.model(np.concatenate([distinct.mean, limits.values])))[:, None],
            encoder.columns,
            censored=torch.tensor(np.concatenate([np.zeros(len(features), dtype=np.int64), limits.sides]))[:, None],
        )
        data = with_expected_values(own.rows(kept_rows(feature_map(own.X), own.Y[:, 0])[:rows]))
        source = Source(
            name,
            Quantity(target.name, target.unit, scale=target.scale),
            feature_map(data.X),
            data.Y[:, 0].clone(),
            feature_map.present,
            adaptive=target.goal is not None and is_adaptive(features.numpy(), target.utility(distinct.mean)),
        )
        if float(source.y.std()) > 0:
            made.append(source)
    return made


def kept_rows(X: Tensor, y: Tensor) -> list[int]:
    """Return an order of rows that depends on the designs alone; the first ones are kept where there are many."""
    digests = [hashlib.sha256(np.ascontiguousarray(row).tobytes()).digest() for row in X.numpy()]
    return sorted(range(len(digests)), key=lambda i: (digests[i], float(y[i])))


def _filled(source: Source, common: CommonFeatures) -> Tensor:
    """Return the features with the columns that the task does not have at their reference."""
    return torch.where(source.present, source.X, torch.tensor(common.reference, dtype=torch.float64))
