"""Contributions to a prediction: of past tasks, and of properties of the elements.

Two questions, both answered by Shapley values of the median against background designs
(`designer.interpretation.shapley`), so that the parts of each sum to the prediction less the background's mean:

* past tasks: the inputs are the prediction of each past task, and the design's own features as one more;
* element properties: the inputs are the design's features, all statistics of one property together (its mean,
  deviation, minimum, maximum and range over the elements), the amounts of single elements as one, other parameters
  each; the predictions of past tasks follow from them.

The features of one design are changed group by group, also to combinations that no composition has; where two
properties go together in all designs, the networks may use either.

References: as `designer.interpretation.shapley`; K. Aas, M. Jullum, A. Loland, Explaining individual predictions when
features are dependent, Artificial Intelligence 298 (2021), for groups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.chemistry.descriptors import STATISTICS
from designer.interpretation.shapley import Function, shapley_values
from designer.priors.stacking.property_prior import FittedProperties
from designer.priors.stacking.quantity_posterior import QuantityPosterior
from designer.surrogates.data import Quantity

BACKGROUND = 64
"""Number of designs that a prediction is compared with."""

EVALUATIONS = 4096
"""About how many model evaluations a prediction and a question take; at least one permutation a background design."""

AMOUNTS = "amounts of single elements"
ITSELF = "the design itself"

Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Why:
    """Contributions to the prediction of one design.

    Parameters
    ----------
    quantity
        What is predicted.
    value, base
        The median, and its mean over the background.
    tasks, properties
        Names and what each adds (the quantity's unit), the largest first; each sums to ``value - base``.
    """

    quantity: Quantity
    value: float
    base: float
    tasks: Shares
    properties: Shares


def why(
    prior: FittedProperties,
    model: QuantityPosterior,
    designs: Tensor,
    background: Tensor | None = None,
    *,
    seed: int = 0,
    evaluations: int = EVALUATIONS,
) -> tuple[Why, ...]:
    """Return the contributions to predictions of designs (``n x d`` common features).

    Parameters
    ----------
    background
        ``b x d`` designs to compare with; designs of past tasks unless given.
    """
    background = background_of(prior) if background is None else background
    background = background[:BACKGROUND]
    by_task, by_property = _by_task(prior, model, background), _by_property(prior, model, background)
    base = float(model.median(model.encode.of_common(background)).mean())
    found = []
    for i in range(len(designs)):
        rng = np.random.default_rng([seed, i])
        one = designs[i : i + 1]
        tasks, properties = (question.shares(one, rng, evaluations) for question in (by_task, by_property))
        value = float(model.median(model.encode.of_common(one))[0])
        found.append(Why(model.quantity, value, base, tasks, properties))
    return tuple(found)


def shares_of(found: Sequence[Why], what: str) -> Shares:
    """Return the share (of sum 1) of each part in the squared contributions to all predictions, the largest first.

    >>> one = Why(Quantity("y"), 4.0, 0.0, (("a", 3.0), ("b", 1.0)), ())
    >>> shares_of([one], "tasks")
    (('a', 0.9), ('b', 0.1))
    """
    total: dict[str, float] = {}
    for each in found:
        for name, value in getattr(each, what):
            total[name] = total.get(name, 0.0) + value**2
    whole = sum(total.values()) or 1.0
    return tuple(sorted(((name, value / whole) for name, value in total.items()), key=lambda pair: -pair[1]))


def background_of(prior: FittedProperties) -> Tensor:
    """Return designs of past tasks (``b x d`` common features), as many of each, in turn."""
    each = max(1, BACKGROUND // len(prior.sources) + 1)
    return torch.cat([source.X[:each] for source in prior.sources])[:BACKGROUND]


def groups_of(prior: FittedProperties) -> dict[str, list[int]]:
    """Return the columns of the common features that belong together, by their name."""
    groups: dict[str, list[int]] = {}
    for j, column in enumerate(prior.common.columns):
        if column.kind == "composition" and column.role == "fraction":
            name = AMOUNTS
        elif column.kind == "composition" and column.role == "descriptor":
            property_, _, statistic = column.label.rpartition(" ")
            name = property_ if statistic in STATISTICS else column.label
        else:
            name = column.parameter
        groups.setdefault(name.replace("_", " "), []).append(j)
    return groups


@dataclass(frozen=True, eq=False)
class _Question:
    """A question about predictions of designs, compared with those of a background.

    Parameters
    ----------
    names, sizes
        Of the parts, and how many inputs each has.
    inputs
        From designs (``n x d`` common features) to inputs, those of one part side by side.
    function
        From inputs to medians (``n x 1``).
    background
        The inputs of the background.
    """

    names: Sequence[str]
    sizes: Sequence[int]
    inputs: Callable[[Tensor], FloatArray]
    function: Function
    background: FloatArray

    def shares(self, design: Tensor, rng: np.random.Generator, evaluations: int) -> Shares:
        """Return what each part adds to the prediction of a design (``1 x d``), the largest first."""
        # Every design of the background is used equally often, so that both questions have one base.
        p, b = len(self.sizes), len(self.background)
        round_ = 2 * (p + 1) * b
        evaluations = b << p if b << p <= evaluations else round_ * max(1, evaluations // round_)
        ends = np.cumsum(self.sizes).tolist()
        parts = [slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True)]
        found = shapley_values(self.function, self.inputs(design)[0], self.background, parts, rng, evaluations)
        pairs = zip(self.names, found.values[:, 0].tolist(), strict=True)
        return tuple(sorted(pairs, key=lambda pair: -abs(pair[1])))


def _by_property(prior: FittedProperties, model: QuantityPosterior, background: Tensor) -> _Question:
    groups = groups_of(prior)
    order = np.concatenate([np.array(columns) for columns in groups.values()])
    back = np.argsort(order)

    def inputs(designs: Tensor) -> FloatArray:
        return np.asarray(designs.numpy()[:, order])

    def median(rows: FloatArray) -> FloatArray:
        return model.median(model.encode.of_common(torch.from_numpy(np.ascontiguousarray(rows[:, back]))))[:, None]

    return _Question(list(groups), [len(c) for c in groups.values()], inputs, median, inputs(background))


def _by_task(prior: FittedProperties, model: QuantityPosterior, background: Tensor) -> _Question:
    s, p = (part.shape[1] for part in _inputs(model, background)[:2])

    def inputs(designs: Tensor) -> FloatArray:
        return np.asarray(torch.cat(_inputs(model, designs), dim=1).numpy())

    def median(rows: FloatArray) -> FloatArray:
        parts = torch.split(torch.from_numpy(np.ascontiguousarray(rows)), [s, p, rows.shape[1] - s - p], dim=1)
        return model.median(model.encode.of_expected(*parts))[:, None]

    table = inputs(background)
    names = [*(prior.sources[i].label for i in prior.used), ITSELF]
    return _Question(names, [1] * s + [table.shape[1] - s], inputs, median, table)


def _inputs(model: QuantityPosterior, designs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return predictions of past tasks at designs, own features of these, and common ones."""
    seen = model.encode.of_common(designs)
    return seen.inputs.M, seen.inputs.own, seen.X
