"""What carries a prediction: which past tasks, and which properties of the elements.

Two questions, both answered by Shapley values of the median against background designs
(`designer.interpretation.shapley`), so that the parts of each sum to the prediction less the background's mean:

* past tasks: the inputs are what each past task expects, and the design's own features as one more;
* element properties: the inputs are the design's features, all statistics of one property together (its mean,
  deviation, minimum, maximum and range over the elements), the amounts of single elements as one, other parameters
  each; what past tasks expect follows from them.

The features of one design are changed group by group, also to combinations that no composition has; where two
properties go together in all designs, the networks may use either.

References: as `designer.interpretation.shapley`; K. Aas, M. Jullum, A. Loland, Explaining individual predictions when
features are dependent, Artificial Intelligence 298 (2021), for groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.chemistry.descriptors import STATISTICS
from designer.interpretation.shapley import Function, shapley_values
from designer.prediction.model import QuantityModel
from designer.prediction.prior import FittedProperties
from designer.prediction.process import Floats
from designer.surrogates.data import Quantity

BACKGROUND = 64
"""Designs that a prediction is compared with."""

EVALUATIONS = 4096
"""About how many designs the model is asked for, a prediction and a question; never under an order a background."""

AMOUNTS = "amounts of single elements"
ITSELF = "the design itself"

Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Why:
    """What carries the prediction of one design.

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
    model: QuantityModel,
    designs: Tensor,
    background: Tensor | None = None,
    *,
    seed: int = 0,
    evaluations: int = EVALUATIONS,
) -> tuple[Why, ...]:
    """Return what carries the predictions of designs (``n x d`` common features).

    Parameters
    ----------
    background
        ``b x d`` designs to compare with; designs of past tasks unless given.
    """
    background = background_of(prior) if background is None else background
    background = background[:BACKGROUND]
    found = []
    for i in range(len(designs)):
        rng = np.random.default_rng([seed, i])
        one = designs[i : i + 1]
        tasks = _by_task(prior, model, one, background, rng, evaluations)
        properties = _by_property(prior, model, one, background, rng, evaluations)
        base = float(model.median(model.see.of_common(background)).mean())
        value = float(model.median(model.see.of_common(one))[0])
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
    each = max(1, BACKGROUND // len(prior.teachers) + 1)
    return torch.cat([teacher.X[:each] for teacher in prior.teachers])[:BACKGROUND]


def groups_of(prior: FittedProperties) -> dict[str, list[int]]:
    """Return the columns of the common features that belong together, by what people call them."""
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


def _by_property(
    prior: FittedProperties,
    model: QuantityModel,
    design: Tensor,
    background: Tensor,
    rng: np.random.Generator,
    evaluations: int,
) -> Shares:
    groups = groups_of(prior)
    order = np.concatenate([np.array(columns) for columns in groups.values()])
    back = np.argsort(order)

    def median(rows: Floats) -> Floats:
        return model.median(model.see.of_common(torch.from_numpy(np.ascontiguousarray(rows[:, back]))))[:, None]

    sizes = [len(columns) for columns in groups.values()]
    return _named(list(groups), median, design[0].numpy()[order], background.numpy()[:, order], sizes, rng, evaluations)


def _by_task(
    prior: FittedProperties,
    model: QuantityModel,
    design: Tensor,
    background: Tensor,
    rng: np.random.Generator,
    evaluations: int,
) -> Shares:
    seen, others = model.see.of_common(design), model.see.of_common(background)
    s, p = seen.inputs.M.shape[1], seen.inputs.own.shape[1]

    def median(rows: Floats) -> Floats:
        parts = torch.split(torch.from_numpy(np.ascontiguousarray(rows)), [s, p, rows.shape[1] - s - p], dim=1)
        return model.median(model.see.of_expected(*parts))[:, None]

    tables = [torch.cat([each.inputs.M, each.inputs.own, each.X], dim=1).numpy() for each in (seen, others)]
    names = [*(prior.teachers[i].label for i in prior.used), ITSELF]
    sizes = [1] * s + [tables[0].shape[1] - s]
    return _named(names, median, tables[0][0], tables[1], sizes, rng, evaluations)


def _named(
    names: Sequence[str],
    function: Function,
    design: Floats,
    background: Floats,
    sizes: Sequence[int],
    rng: np.random.Generator,
    evaluations: int,
) -> Shares:
    # Every design of the background is used equally often, so that both questions have one base.
    p, b = len(sizes), len(background)
    round_ = 2 * (p + 1) * b
    evaluations = b << p if b << p <= evaluations else round_ * max(1, evaluations // round_)
    ends = np.cumsum(sizes).tolist()
    parts = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    found = shapley_values(function, design, background, parts, rng, evaluations)
    pairs = zip(names, found.values[:, 0].tolist(), strict=True)
    return tuple(sorted(pairs, key=lambda pair: -abs(pair[1])))
