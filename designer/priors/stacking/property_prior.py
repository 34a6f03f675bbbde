"""A prior over properties: fitted once to past tasks, then conditioned on a few measurements of any quantity.

It has the shape of every prior here (`fit`, `condition`, `save`), but uses all rows of the past tasks, and its
posterior predicts single designs with an interval; it is not made for choosing what to measure next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidPrior
from designer.priors import saving
from designer.priors.alignment import CommonFeatures, FeatureMap
from designer.priors.saving import SavedPrior, Serialized
from designer.priors.sources import MIN_SELF_PREDICTION, gather, name_of
from designer.priors.stacking.anchors import Anchor, Trial, learn_anchor
from designer.priors.stacking.components import Designs
from designer.priors.stacking.prior_scales import SETS, learn_scales, log_scale
from designer.priors.stacking.property_storage import (
    KIND,
    bank_from,
    bank_tensors,
    card_of,
    teachers_from,
    teachers_tensors,
)
from designer.priors.stacking.quantity_fitting import learn
from designer.priors.stacking.quantity_model import QuantityModel
from designer.priors.stacking.source_networks import PASSES, NetworkBank, Progress, train_networks
from designer.priors.stacking.source_quantities import SourceQuantity
from designer.priors.stacking.student_process import Inputs, ScalePrior, ThetaPrior
from designer.priors.stacking.warps import NormalScores
from designer.surrogates.data import Quantity, TaskData

if TYPE_CHECKING:
    from designer.tasks import Task

Grammar = list[dict[str, Any]]

ROWS = 50_000
"""At most so many designs of one past task are used."""

KEPT = 256
"""Designs of each past task that are kept: by them it is told how far past tasks can be believed."""

_FEWEST = 10


@dataclass(frozen=True)
class PropertyPrior:
    """Learns from past tasks.

    Parameters
    ----------
    passes
        How often the training of networks sees each row of a past task.
    progress
        Told how many steps of how many are done.
    """

    passes: int = PASSES
    progress: Progress | None = None

    def fit(self, tasks: Sequence[Task], *, seed: int) -> FittedProperties:
        """Learn from tasks, once; about half a minute for 100,000 rows.

        Raises
        ------
        InvalidPrior
            If there are no tasks, two have one name, or none can be learned from.
        """
        common, sources = gather(tasks, rows=ROWS)
        groups = {name_of(task): task.group for task in tasks}
        sources = tuple(source for source in sources if len(source) >= _FEWEST)
        if not sources:
            what = f"no past task has {_FEWEST} designs with different values"
            raise InvalidPrior(Fault(what, "name tasks that measured more"))
        scores = [NormalScores.of(source.y.numpy()) for source in sources]
        z = [torch.from_numpy(each(source.y.numpy())) for each, source in zip(scores, sources, strict=True)]
        bank = train_networks(
            [source.X for source in sources], z, seed=seed, passes=self.passes, progress=self.progress
        )
        teachers = []
        for i, (source, each) in enumerate(zip(sources, scores, strict=True)):
            skill = _skill(bank.only([i]), source.X, z[i])
            kept = source.at(torch.arange(min(len(source), KEPT)))
            teachers.append(
                SourceQuantity(
                    source.name, groups[source.name], source.quantity, each, len(source), skill, kept.X, kept.y
                )
            )
        return FittedProperties(common, tuple(teachers), bank, seed, grammars(tasks))


@dataclass(frozen=True, eq=False)
class FittedProperties(SavedPrior):
    """What past tasks taught.

    Parameters
    ----------
    common
        The features that all designs have in common.
    teachers, bank
        What past tasks measured, and their networks, in the same order.
    seed
        Of the training.
    spaces
        The past tasks' spaces, each as the parameters of a campaign file, without constraints: how designs are written.
    """

    common: CommonFeatures
    teachers: tuple[SourceQuantity, ...]
    bank: NetworkBank
    seed: int
    spaces: tuple[Grammar, ...] = ()
    kind: str = KIND

    def without(self, names: Sequence[str]) -> FittedProperties:
        """Return the prior that had never seen some of the tasks (by their names after the family's).

        Networks of different tasks share nothing but how features are scaled, which knows no values.
        """
        kept = [i for i, teacher in enumerate(self.teachers) if teacher.name not in names]
        if not kept:
            raise InvalidPrior(Fault("no past task is left", "leave fewer out"))
        return replace(self, teachers=tuple(self.teachers[i] for i in kept), bank=self.bank.only(kept))

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Which teachers can predict themselves; all, where none can."""
        able = tuple(i for i, teacher in enumerate(self.teachers) if teacher.skill >= MIN_SELF_PREDICTION)
        return able or tuple(range(len(self.teachers)))

    @cached_property
    def theta(self) -> ThetaPrior:
        """Where the hyperparameters of a new task begin."""
        inputs, z = [], []
        for teacher in self.teachers:
            others = [i for i in self.used if not teacher.kin(self.teachers[i])]
            if not others:
                continue
            X = teacher.X[: sum(SETS)]
            inputs.append(Inputs(self.bank.only(others).held_out(X), self.own(X)))
            z.append(torch.from_numpy(teacher.scores(teacher.y[: sum(SETS)].numpy())))
        return learn_scales(inputs, z)

    @cached_property
    def logs(self) -> ScalePrior:
        """What past tasks say of the spread of logarithms."""
        return log_scale([teacher.y.numpy() for teacher in self.teachers])

    @cached_property
    def _own_columns(self) -> Tensor:
        """The columns by which designs are compared: without single elements, where descriptors stand for them."""
        columns = self.common.columns
        described = any(column.role == "descriptor" and column.kind == "composition" for column in columns)
        return torch.tensor([
            j for j, c in enumerate(columns) if not (described and c.role == "fraction" and c.kind == "composition")
        ])  # fmt: skip

    def own(self, X: Tensor) -> Tensor:
        """Return a design's own features, standardised (``n x p``), of common ones (``n x d``)."""
        return self.bank.standardise(X)[:, self._own_columns].to(torch.float64)

    def condition(self, data: TaskData) -> tuple[QuantityModel, ...]:
        """Return the posterior of each target of `data`: a pure function of it, whatever the order of measurements.

        Raises
        ------
        InvalidPrior
            If the designs have nothing in common with those of past tasks.
        InvalidData
            If nothing was measured of a quantity that no past task measured.
        """
        feature_map = self.common.feature_map(data.columns)
        if not feature_map.shares:
            what = "the designs have nothing in common with those of past tasks"
            names = ", ".join(dict.fromkeys(column.parameter for column in self.common.columns))
            raise InvalidPrior(Fault(what, f"past tasks have: {names}"))
        return tuple(_in_order(self._one(data.target(i), feature_map), data.order(i)) for i in range(data.targets))

    def _one(self, one: TaskData, feature_map: FeatureMap) -> QuantityModel:
        quantity = one.quantities[0] if one.quantities else Quantity("value")
        same = [i for i in self.used if self.teachers[i].as_source().measures(quantity)]
        see = Seeing(self, feature_map, _alone(one, feature_map), tuple(same), quantity.unit)
        seen, y = see(one.X, held_out=True), one.Y[:, 0].numpy()
        anchor = self._learned_anchor(same, quantity.unit) if same else None
        return learn(quantity, seen, y, see, theta=self.theta, logs=self.logs, anchor=anchor)

    def anchor(self, same: Sequence[int], M: Tensor, unit: str | None) -> FloatArray:
        """Return what teachers of a quantity expect (``n``) in a unit, given their scores (``n x len(same)``)."""
        parts = [
            self.teachers[i].in_unit(self.teachers[i].scores.inverse(M[:, k].numpy()), unit) for k, i in enumerate(same)
        ]
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)

    def _learned_anchor(self, same: Sequence[int], unit: str | None) -> Anchor:
        """Return what teachers of a quantity say of it, learned from how they foretell each other's designs."""
        trials = []
        for i in same:
            others = [j for j in same if j != i] or [i]
            teacher = self.teachers[i]
            sources = [j for j in self.used if j != i or others == [i]]
            M = self.bank.only(sources).held_out(teacher.X)
            expected = self.anchor(others, M[:, [sources.index(j) for j in others]], unit)
            trials.append(Trial(teacher.in_unit(teacher.y.numpy(), unit), expected, Inputs(M, self.own(teacher.X))))
        names = [self.teachers[i].name for i in same]
        return learn_anchor(names, all(self.teachers[i].scores.positive for i in same), trials)

    def serialize(self) -> Serialized:
        """Return the card and the tensors from which the prior can be restored."""
        tensors = {**bank_tensors(self.bank), **teachers_tensors(self.teachers)}
        return card_of(self.common, self.teachers, self.spaces, self.seed), tensors

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedProperties:
        """Return what `save` wrote.

        Raises
        ------
        KeyError, ValueError
            If it is not as the card says.
        """
        common, bank = CommonFeatures.from_dict(card["common"]), bank_from(tensors)
        teachers = teachers_from(card["tasks"], tensors)
        if len(bank) != len(teachers) or len(bank.centre) != common.dimension:
            raise ValueError("the weights are not those of the card's tasks and features")
        return cls(common, teachers, bank, int(card["seed"]), tuple(card["spaces"]))


def load_properties(folder: Path | str) -> FittedProperties:
    """Read a saved prior over properties; no code of it is run.

    Raises
    ------
    InvalidPrior
        If the folder holds none, or one of another kind, or it is damaged or of another version: one fault.
    """
    place = str(Path(folder) / saving.CARD)
    card, tensors = saving.read(folder)
    if card.get("kind") != KIND:
        what = f"it is a prior of kind {card.get('kind')!r}, for campaigns"
        remedy = "name past tasks, or a prior made by: designer prior fit --kind properties"
        raise InvalidPrior(Fault(what, remedy, file=place))
    try:
        return FittedProperties.from_saved(card, tensors)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        what = f"it is not as a prior of kind {KIND!r} is saved ({type(error).__name__}: {error})"
        raise InvalidPrior(Fault(what, "save the prior again", file=place)) from None


@dataclass(frozen=True, eq=False)
class Seeing:
    """From the features of one task to what the models see."""

    prior: FittedProperties
    feature_map: FeatureMap
    alone: Tensor
    same: tuple[int, ...]
    unit: str | None

    def __call__(self, X: Tensor, held_out: bool = False) -> Designs:
        """Return what the models see of features of the task (``n x t``); `held_out` for what was measured."""
        return self.of_common(self.feature_map(X), X[:, self.alone], held_out)

    def of_common(self, common: Tensor, alone: Tensor | None = None, held_out: bool = False) -> Designs:
        """Return what the models see of common features, and of columns that only the task has."""
        bank = self.prior.bank.only(self.prior.used)
        M = bank.held_out(common) if held_out else bank.expected(common)
        alone = common.new_zeros(len(common), 0) if alone is None else alone
        # Columns that only the task has run from 0 to 1; so they weigh as much as standardised ones.
        own = torch.cat([self.prior.own(common), (alone - 0.5) * 12.0**0.5], dim=1)
        return self.of_expected(M, own, torch.cat([common, alone], dim=1))

    def of_expected(self, M: Tensor, own: Tensor, X: Tensor) -> Designs:
        """Return what the models see, given what the sources expect (``n x s``) and the own features."""
        anchor = None
        if self.same:
            places = [self.prior.used.index(i) for i in self.same]
            anchor = self.prior.anchor(self.same, M[:, places], self.unit)
        return Designs(X, Inputs(M, own), anchor)


def grammars(tasks: Sequence[Task]) -> tuple[Grammar, ...]:
    """Return the distinct spaces of tasks as the parameters of a campaign file, without vocabularies of formulas."""
    found: list[Grammar] = []
    for task in tasks:
        space = [{k: v for k, v in each.items() if k != "formulas"} for each in task.space.to_dict()["space"]]
        if space not in found:
            found.append(space)
    return tuple(found)


def _in_order(model: QuantityModel, order: Tensor) -> QuantityModel:
    """Return a model whose doubts name rows as they stand in the data, whose canonical order is given."""
    doubts = sorted((replace(each, row=int(order[each.row])) for each in model.doubts), key=lambda each: each.row)
    return replace(model, doubts=tuple(doubts))


def _alone(one: TaskData, feature_map: FeatureMap) -> Tensor:
    """Return the columns (indices) of parameters that only the task has."""
    return torch.tensor([i for i, c in enumerate(one.columns) if c.parameter in feature_map.unknown], dtype=torch.long)


def _skill(bank: NetworkBank, X: Tensor, z: Tensor) -> float:
    """Return the share of variance of unseen designs that networks explain."""
    errors = z - bank.held_out(X)[:, 0]
    return 1.0 - float(errors.square().mean()) / max(float(z.var(unbiased=False)), 1e-12)
