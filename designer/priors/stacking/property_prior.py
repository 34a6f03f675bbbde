"""A prior over properties: fitted once to past tasks, then conditioned on a few measurements of any quantity.

It uses all rows of the past tasks. Its posterior predicts single designs with an interval
(`designer.priors.stacking.property_posterior`); it does not choose what to measure next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidPrior
from designer.priors.agreement import Standardiser
from designer.priors.alignment import CommonFeatures, FeatureMap
from designer.priors.conditioning import quantity_of
from designer.priors.saving import SavedPrior, Serialized
from designer.priors.serialization import below, under
from designer.priors.sources import MIN_SELF_PREDICTION, gather, name_of
from designer.priors.stacking.anchors import Anchor, Trial, learn_anchor
from designer.priors.stacking.components import Designs
from designer.priors.stacking.prior_scales import SETS, learn_scales, log_scale
from designer.priors.stacking.property_sources import (
    PropertySource,
    property_sources_card,
    property_sources_from,
    property_sources_tensors,
)
from designer.priors.stacking.quantity_fitting import fit_quantity
from designer.priors.stacking.quantity_posterior import QuantityPosterior
from designer.priors.stacking.source_kernel import Inputs, ThetaPrior
from designer.priors.stacking.source_networks import PASSES, Progress, SourceNetworks, train_networks
from designer.priors.stacking.warps import NormalScores
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.fitting import ScalePrior

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "properties"
Grammar = list[dict[str, Any]]

MAX_DESIGNS = 50_000
"""Largest number of designs of one past task that networks are trained on."""

MAX_SAVED = 256
"""Designs of each past task that are saved, on which hyperparameters are learned."""

_MIN_DESIGNS = 10


@dataclass(frozen=True)
class PropertyPrior:
    """A prior over properties.

    Parameters
    ----------
    passes
        How often the training of networks sees each row of a past task.
    progress
        Called with the number of steps that are done, and of all.
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
        common, gathered = gather([task.on_linear_scales() for task in tasks], rows=MAX_DESIGNS)
        groups = {name_of(task): task.group for task in tasks}
        gathered = tuple(source for source in gathered if len(source) >= _MIN_DESIGNS)
        if not gathered:
            what = f"no past task has {_MIN_DESIGNS} designs with different values"
            raise InvalidPrior(Fault(what, "name tasks that measured more"))
        scores = [NormalScores.of(source.y.numpy()) for source in gathered]
        z = [torch.from_numpy(each(source.y.numpy())) for each, source in zip(scores, gathered, strict=True)]
        X = [source.X for source in gathered]
        networks = train_networks(X, z, seed=seed, passes=self.passes, progress=self.progress)
        sources = []
        for i, source in enumerate(gathered):
            skill = _skill(networks.only([i]), source.X, z[i])
            part = source.at(torch.arange(min(len(source), MAX_SAVED)))
            sources.append(
                PropertySource(
                    **vars(part), group=groups[source.name], scores=scores[i], designs=len(source), skill=skill
                )
            )
        return FittedProperties(common, tuple(sources), networks, seed, grammars(tasks))

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedProperties:
        """Return the fitted prior that was saved."""
        return FittedProperties.from_saved(card, tensors)


@dataclass(frozen=True, eq=False)
class FittedProperties(SavedPrior):
    """A fitted prior over properties (`designer.priors.stacking.property_posterior.FittedPropertyPrior`).

    Parameters
    ----------
    common
        The features that all designs have in common.
    sources, networks
        What past tasks measured, and their networks, in the same order.
    seed
        Of the training.
    spaces
        The past tasks' spaces, each as the parameters of a campaign file, without constraints: how designs are written.
    """

    common: CommonFeatures
    sources: tuple[PropertySource, ...]
    networks: SourceNetworks
    seed: int
    spaces: tuple[Grammar, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of prior, as in `prior: {kind: ...}`."""
        return KIND

    def without(self, names: Sequence[str]) -> FittedProperties:
        """Return the prior as if it had never seen some of the tasks (by their names after the family's).

        Networks of different tasks share only how features are standardised, which does not depend on values.
        """
        rest = [i for i, source in enumerate(self.sources) if source.name not in names]
        if not rest:
            raise InvalidPrior(Fault("no past task is left", "leave fewer out"))
        return replace(self, sources=tuple(self.sources[i] for i in rest), networks=self.networks.only(rest))

    @cached_property
    def used(self) -> tuple[int, ...]:
        """The sources that can predict themselves; all, where none can."""
        able = tuple(i for i, source in enumerate(self.sources) if source.skill >= MIN_SELF_PREDICTION)
        return able or tuple(range(len(self.sources)))

    @cached_property
    def theta(self) -> ThetaPrior:
        """The prior of the hyperparameters of a new task."""
        inputs, z = [], []
        for source in self.sources:
            others = [i for i in self.used if not source.is_related(self.sources[i])]
            if not others:
                continue
            X = source.X[: sum(SETS)]
            inputs.append(Inputs(self.networks.only(others).held_out(X), self.own(X)))
            z.append(torch.from_numpy(source.scores(source.y[: sum(SETS)].numpy())))
        return learn_scales(inputs, z)

    @cached_property
    def logs(self) -> ScalePrior:
        """The prior of the spread of logarithms."""
        return log_scale([source.y.numpy() for source in self.sources])

    @cached_property
    def _own_columns(self) -> Tensor:
        """The columns in which designs are compared: without single elements, where there are descriptors of them."""
        columns = self.common.columns
        described = any(column.role == "descriptor" and column.kind == "composition" for column in columns)
        return torch.tensor([
            j for j, c in enumerate(columns) if not (described and c.role == "fraction" and c.kind == "composition")
        ])  # fmt: skip

    def own(self, X: Tensor) -> Tensor:
        """Return a design's own features, standardised (``n x p``), of common ones (``n x d``)."""
        return self.networks.standardised(X)[:, self._own_columns].to(torch.float64)

    def condition(self, data: TaskData) -> tuple[QuantityPosterior, ...]:
        """Return the posterior of each target of `data`; see `FittedPropertyPrior.condition`."""
        feature_map = self.common.feature_map(data.columns)
        if not feature_map.shares:
            what = "the designs have nothing in common with those of past tasks"
            names = ", ".join(dict.fromkeys(column.parameter for column in self.common.columns))
            raise InvalidPrior(Fault(what, f"past tasks have: {names}"))
        return tuple(_in_order(self._one(data.target(i), feature_map), data.order(i)) for i in range(data.targets))

    def _one(self, one: TaskData, feature_map: FeatureMap) -> QuantityPosterior:
        quantity = quantity_of(one) or Quantity("value")
        same = [i for i in self.used if self.sources[i].measures(quantity)]
        encode = TaskEncoder(self, feature_map, _unknown_columns(one, feature_map), tuple(same), quantity.unit)
        designs, y = encode(one.X, held_out=True), one.Y[:, 0].numpy()
        anchor = self._learned_anchor(same, quantity.unit) if same else None
        return fit_quantity(quantity, designs, y, encode, theta=self.theta, logs=self.logs, anchor=anchor)

    def anchor(self, same: Sequence[int], M: Tensor, unit: str | None) -> FloatArray:
        """Return the mean prediction (``n``) of sources of a quantity in a unit, given their scores (``n x same``)."""
        parts = [
            self.sources[i].converted(self.sources[i].scores.inverse(M[:, k].numpy()), unit) for k, i in enumerate(same)
        ]
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)

    def _learned_anchor(self, same: Sequence[int], unit: str | None) -> Anchor:
        """Return the anchor of sources of one quantity, learned from how they predict each other's designs."""
        trials = []
        for i in same:
            others = [j for j in same if j != i] or [i]
            source = self.sources[i]
            chosen = [j for j in self.used if j != i or others == [i]]
            M = self.networks.only(chosen).held_out(source.X)
            expected = self.anchor(others, M[:, [chosen.index(j) for j in others]], unit)
            trials.append(Trial(source.converted(source.y.numpy(), unit), expected, Inputs(M, self.own(source.X))))
        names = [self.sources[i].name for i in same]
        return learn_anchor(names, all(self.sources[i].scores.positive for i in same), trials)

    def serialize(self) -> Serialized:
        """Return the card and the tensors from which the prior can be restored."""
        card = {
            "kind": KIND,
            "seed": self.seed,
            "tasks": property_sources_card(self.sources),
            "spaces": [_plain(space) for space in self.spaces],
            "common": self.common.as_dict(),
        }
        scale = {"centre": self.networks.standardise.centre, "scale": self.networks.standardise.width}
        return card, {**scale, **under("network", self.networks.weights), **property_sources_tensors(self.sources)}

    @classmethod
    def from_saved(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedProperties:
        """Return what `save` wrote, in this version or in version 0.1.

        Raises
        ------
        KeyError, ValueError
            If it is not as the card states.
        """
        common = CommonFeatures.from_dict(card["common"])
        networks = SourceNetworks(Standardiser(tensors["centre"], tensors["scale"]), below("network", tensors))
        sources = property_sources_from(card["tasks"], tensors)
        if len(networks) != len(sources) or len(tensors["centre"]) != common.dimension:
            raise ValueError("the weights are not those of the card's tasks and features")
        return cls(common, sources, networks, int(card["seed"]), tuple(card["spaces"]))


@dataclass(frozen=True, eq=False)
class TaskEncoder:
    """The map from the features of one task to what the models take (`DesignEncoder`).

    Parameters
    ----------
    prior, feature_map
        The prior, and the map from the task's features to the common ones.
    unknown
        The task's columns (indices) of parameters that only it has.
    same, unit
        The sources of the same quantity, and the unit of the task's values.
    """

    prior: FittedProperties
    feature_map: FeatureMap
    unknown: Tensor
    same: tuple[int, ...]
    unit: str | None

    def __call__(self, X: Tensor, held_out: bool = False) -> Designs:
        """Return designs of features of the task (``n x t``); `held_out` for measured designs."""
        return self.of_common(self.feature_map(X), X[:, self.unknown], held_out)

    def of_common(self, common: Tensor, unknown: Tensor | None = None, held_out: bool = False) -> Designs:
        """Return designs of common features (``n x d``), and of columns that only the task has."""
        networks = self.prior.networks.only(self.prior.used)
        M = networks.held_out(common) if held_out else networks.expected(common)
        unknown = common.new_zeros(len(common), 0) if unknown is None else unknown
        # Columns that only the task has run from 0 to 1: scaled to the variance of standardised ones.
        own = torch.cat([self.prior.own(common), (unknown - 0.5) * 12.0**0.5], dim=1)
        return self.of_expected(M, own, torch.cat([common, unknown], dim=1))

    def of_expected(self, M: Tensor, own: Tensor, X: Tensor) -> Designs:
        """Return designs, given the sources' predictions (``n x s``) and own features."""
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


def _plain(value: Any) -> Any:
    """Return lists and mappings of plain values, as JSON reads them back."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _in_order(model: QuantityPosterior, order: Tensor) -> QuantityPosterior:
    """Return a posterior whose outliers have their rows in the data, given its canonical order."""
    outliers = sorted((replace(each, row=int(order[each.row])) for each in model.outliers), key=lambda each: each.row)
    return replace(model, outliers=tuple(outliers))


def _unknown_columns(one: TaskData, feature_map: FeatureMap) -> Tensor:
    """Return the columns (indices) of parameters that only the task has."""
    return torch.tensor([i for i, c in enumerate(one.columns) if c.parameter in feature_map.unknown], dtype=torch.long)


def _skill(networks: SourceNetworks, X: Tensor, z: Tensor) -> float:
    """Return the share of variance of unseen designs that networks explain."""
    errors = z - networks.held_out(X)[:, 0]
    return 1.0 - float(errors.square().mean()) / max(float(z.var(unbiased=False)), 1e-12)
