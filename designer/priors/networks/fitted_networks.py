"""Fitted priors of trained networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from botorch.models.model import Model
from torch import Tensor

from designer.priors.conditioning import condition_each, informative_sources, mix_by_evidence, quantity_of
from designer.priors.informed import InformedModel
from designer.priors.levels import level_of
from designer.priors.networks.corpus import Corpus, Inputs
from designer.priors.networks.input_map import InputMap, as_new_task
from designer.priors.networks.learners import Learner, Method
from designer.priors.networks.network_calibration import UNIT, Calibration, calibrate, sharpened
from designer.priors.saving import SavedPrior, Serialized
from designer.priors.serialization import sources_card, sources_from, sources_tensors
from designer.priors.sources import Source, gather, name_of
from designer.surrogates.data import TaskData
from designer.threads import one_thread

if TYPE_CHECKING:
    from designer.tasks import Task

FIGURE_ROWS = (3, 10, 20)
_FIGURE_TASKS = 12
_HALF = 0.5


@dataclass(frozen=True, eq=False)
class Networks(SavedPrior):
    """Trained networks, and what they were trained on.

    Parameters
    ----------
    kind, settings
        The kind of prior, and the settings of its training (for the card).
    inputs, signs
        How designs become inputs, and the sign of each quantity (`Corpus.signs`).
    sources
        What was learned from.
    learner
        The networks.
    calibration
        Priors of the process around their predictions.
    unexplained
        Mean squared error of predictions of held-out sources without measurements, standardised.
    seed, held_out
        The seed, and figures on the sources that each network had not seen.
    """

    kind: str
    settings: Mapping[str, Any]
    inputs: Inputs
    signs: tuple[float, ...]
    sources: tuple[Source, ...]
    learner: Learner
    calibration: Calibration
    unexplained: float
    seed: int
    held_out: Mapping[str, Any]

    def condition(self, data: TaskData) -> Model:
        """Return the posterior of a new task; see `FittedPrior.condition`."""
        return condition_each(data, lambda one: mix_by_evidence(self.models(one), one))

    def models(self, one: TaskData) -> tuple[InformedModel, ...]:
        """Return the models of one target with the sign of past tasks, and with the opposite sign.

        None, where past tasks are not informative about it; one, where they measured another quantity.
        """
        found = informative_sources(one, self.inputs.common, self.sources)
        if found is None:
            return ()
        feature_map, informative = found
        number = self.inputs.number(quantity_of(one))
        input_map = InputMap(self.inputs, feature_map, self.inputs.flags(feature_map.present), number)
        expected = self.learner.expected(one.X, input_map).numpy()
        signs = (1.0,) if number is None else (self.signs[number], -self.signs[number])
        y, quantity, rest = one.Y[:, 0].numpy(), quantity_of(one), self.unexplained
        levels = [level_of(y, sign * expected, rest, informative, quantity) for sign in signs]
        return tuple(
            self.learner.model(one, input_map, sign, level, self.calibration)
            for sign, level in zip(signs, levels, strict=True)
        )

    def serialize(self) -> Serialized:
        """Return the card and the tensors from which the prior can be restored."""
        card = {
            "kind": self.kind,
            "seed": self.seed,
            "settings": dict(self.settings),
            "tasks": sources_card(self.sources),
            **self.inputs.as_dict(),
            "signs": list(self.signs),
            "calibration": self.calibration.as_dict(),
            "unexplained": self.unexplained,
            "held_out": dict(self.held_out),
        }
        return card, {**sources_tensors(self.sources), **self.inputs.tensors(), **self.learner.tensors()}


def fit_networks(
    kind: str, settings: Mapping[str, Any], method: Method, tasks: Sequence[Task], members: int, seed: int
) -> Networks:
    """Train up to `members` networks, each without one fold of the past tasks, by which it is calibrated.

    With one task (or one group of near copies) there is one network and nothing to calibrate on.
    """
    ordered = sorted(tasks, key=name_of)
    common, sources = gather(ordered)
    corpus = Corpus.of(common, sources, {name_of(task): task.group or name_of(task) for task in ordered})
    with one_thread():
        learner, held_out = _trained(corpus, method, members, seed)
        calibration = calibrate(held_out, learner.wide())
        some = held_out[:: max(1, -(-len(held_out) // _FIGURE_TASKS))]
        calibration, score = sharpened(some, calibration, FIGURE_ROWS)
        rest = _unexplained(held_out)
    return Networks(kind, settings, corpus.inputs, corpus.signs, sources, learner, calibration, rest, seed, score)


def _trained(corpus: Corpus, method: Method, members: int, seed: int) -> tuple[Learner, list[tuple[TaskData, _Fit]]]:
    folds = corpus.folds(members)
    if not folds:
        return method.train(corpus, None, seed), []
    learners: list[Learner] = []
    held_out: list[tuple[TaskData, _Fit]] = []
    for number, left in enumerate(folds):
        unseen = corpus.only(left)
        learners.append(method.train(corpus.without(left), unseen, seed + 7919 * number))
        for member in unseen.members:
            data, input_map = as_new_task(member, corpus.inputs)
            held_out.append((data, _Fit(learners[-1], input_map)))
    whole = learners[0]
    for other in learners[1:]:
        whole = whole.joined(other)
    return whole, held_out


def _unexplained(held_out: Sequence[tuple[TaskData, _Fit]]) -> float:
    """Return the mean squared error of predictions of tasks that networks have not seen; 0.5 without such tasks."""
    errors = [
        float((data.Y[:, 0] - fit.learner.expected(data.X, fit.input_map)).square().mean()) for data, fit in held_out
    ]
    return float(np.mean(errors)) if errors else _HALF


@dataclass(frozen=True, eq=False)
class _Fit:
    learner: Learner
    input_map: InputMap

    def __call__(self, data: TaskData, calibration: Calibration) -> InformedModel:
        # A network of one fold may have other terms than the ensemble: the variances are the same.
        terms = self.learner.wide().terms
        own = tuple(replace(t, variance=given.variance) for t, given in zip(terms, calibration.terms, strict=True))
        return self.learner.model(data.target(0), self.input_map, 1.0, UNIT, replace(calibration, terms=own))


def networks_from(card: Mapping[str, Any], tensors: Mapping[str, Tensor], method: Method) -> Networks:
    """Return what `Networks.save` wrote."""
    inputs = Inputs.from_saved(card, tensors)
    learner = method.empty().restored(tensors)
    return Networks(
        str(card["kind"]),
        dict(card["settings"]),
        inputs,
        tuple(float(sign) for sign in card["signs"]),
        sources_from(card["tasks"], tensors),
        learner,
        learner.wide().restored(card["calibration"]),
        float(card["unexplained"]),
        int(card["seed"]),
        dict(card["held_out"]),
    )
