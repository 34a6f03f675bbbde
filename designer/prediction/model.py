"""The posterior of properties: several models of each quantity, weighed by how they foretell what was held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from designer.errors import Fault, InvalidData
from designer.prediction import anchors
from designer.prediction.anchors import Anchor, AnchorScale
from designer.prediction.components import Belief, Calibration, Component, Designs, ProcessComponent, tensor
from designer.prediction.mixing import quantiles, stacked
from designer.prediction.process import OFFSET, Floats, Parts, Process, ScalePrior, ThetaPrior, fit_theta
from designer.prediction.trees import LEAST as TREES_FROM
from designer.prediction.trees import grow
from designer.prediction.warps import Warp, warps_for
from designer.surrogates.data import Quantity

LEVEL = 0.9
"""The probability with which a value is to lie in its interval, unless another is asked for."""

MOST_FITTED = 256
"""Measurements from which the hyperparameters are adapted; more are conditioned on."""

MOST_EXACT = 512
"""Measurements that a process is conditioned on; trees see all."""

ANCHORED, FREE, TREES = {"asinh": 18.0, "identity": 3.0}, {"log": 3.0, "identity": 1.5, "asinh": 0.5}, 1.0
"""Pseudo-counts of the models before anything is measured."""

_NEGLIGIBLE = 0.05
_SIGN_FROM = 3
_CONSTANT = 1e-12


class Sight(Protocol):
    """From designs to what the models see of them."""

    def __call__(self, X: Tensor) -> Designs:
        """Return it for features of the task (``n x t``)."""
        ...

    def of_common(self, common: Tensor) -> Designs:
        """Return it for the features that past tasks have in common (``n x d``)."""
        ...

    def of_expected(self, M: Tensor, own: Tensor, X: Tensor) -> Designs:
        """Return it for what the sources expect (``n x s``), own features (``n x p``) and all features (``n x d``)."""
        ...


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is expected of ``n`` designs.

    Parameters
    ----------
    quantity
        What is predicted.
    value
        ``n`` medians, in the quantity's unit.
    lower, upper
        ``n``: the interval that a measurement falls into with probability `level`, half of the rest on each side.
    """

    quantity: Quantity
    value: Floats
    lower: Floats
    upper: Floats
    level: float = LEVEL


@dataclass(frozen=True, eq=False)
class QuantityModel:
    """The posterior of one quantity.

    Parameters
    ----------
    quantity
        What is predicted.
    components, weights
        The models and their weights, of sum 1.
    see
        From the task's features (``n x d``) to what the models see.
    measured
        How many measurements it is conditioned on.
    lowest
        What no value lies below; None where nothing is known of that.
    anchors
        Names of the past tasks that measured this very quantity.
    """

    quantity: Quantity
    components: tuple[Component, ...]
    weights: tuple[float, ...]
    see: Sight
    measured: int
    lowest: float | None = None
    anchors: tuple[str, ...] = ()

    def predict(self, X: Tensor, level: float = LEVEL) -> Prediction:
        """Return what is expected of features (``n x d``, the columns of the data it was conditioned on)."""
        return self.expect(self.see(X), level)

    def expect(self, designs: Designs, level: float = LEVEL) -> Prediction:
        """Return what is expected of designs as the models see them."""
        beliefs = [component.believe(designs) for component in self.components]
        tail = 0.5 * (1.0 - level)
        lower, value, upper = quantiles(beliefs, self.weights, (tail, 0.5, 1.0 - tail))
        if self.lowest is not None:
            lower, value, upper = (np.maximum(each, self.lowest) for each in (lower, value, upper))
        return Prediction(self.quantity, value, lower, upper, level)

    def median(self, designs: Designs) -> Floats:
        """Return the medians (``n``) alone."""
        beliefs = [component.believe(designs) for component in self.components]
        (value,) = quantiles(beliefs, self.weights, (0.5,))
        return value if self.lowest is None else np.maximum(value, self.lowest)

    @property
    def shares(self) -> tuple[tuple[str, float], ...]:
        """The models by name, and their weights, the heaviest first."""
        pairs = [(component.name, weight) for component, weight in zip(self.components, self.weights, strict=True)]
        return tuple(sorted(pairs, key=lambda pair: -pair[1]))


def learn(
    quantity: Quantity,
    designs: Designs,
    y: Floats,
    see: Sight,
    *,
    theta: ThetaPrior,
    logs: ScalePrior,
    anchor: Anchor | None = None,
) -> QuantityModel:
    """Return the posterior of a quantity.

    Parameters
    ----------
    designs, y
        What was measured (``n``), as the models see it; the sources' expectations are held out.
    theta, logs
        What past tasks say of the hyperparameters, and of the spread of logarithms.
    anchor
        Past tasks of the same quantity; None where there are none.

    Raises
    ------
    InvalidData
        If nothing was measured and no past task measured this quantity.
    """
    if not len(y) and anchor is None:
        what = f"nothing is measured, and no past task measured {quantity.name!r}"
        raise InvalidData(Fault(what, "give at least one measurement, better three or more"))
    rows = _drawn(len(y), MOST_EXACT)
    near, values = designs.at(rows), y[rows.numpy()]
    scales = () if anchor is None else anchor.scales
    some = [_around(near, values, scale) for scale in scales]
    prior = [ANCHORED[scale.warp.form] for scale in scales]
    free = _warps(y, anchor)
    some += [_process(near, values, warp, theta, logs) for warp in free]
    prior += [FREE[warp.form] for warp in free]
    components: list[Component] = list(some)
    beliefs = [each.held_out(near) for each in some] if len(y) > 1 else []
    if len(y) >= TREES_FROM:
        best = some[int(np.argmax(stacked(_densities(beliefs, values), np.array(prior))))].warp
        trees, out = grow(designs, y, best)
        components.append(trees)
        beliefs.append(_at(out, rows.numpy()))
        prior.append(TREES)
    densities = _densities(beliefs, values) if len(y) > 1 else np.zeros((0, len(prior)))
    weights = stacked(densities, np.array(prior))
    weights = np.where(weights >= min(_NEGLIGIBLE, weights.max()), weights, 0.0)
    kept = np.flatnonzero(weights)
    weights = weights[kept] / weights[kept].sum()
    known = len(y) >= _SIGN_FROM or (anchor is not None and anchor.positive)
    lowest = 0.0 if known and float(y.min(initial=0.0)) >= 0 else None
    names = () if anchor is None else anchor.names
    return QuantityModel(
        quantity, tuple(components[i] for i in kept), tuple(weights.tolist()), see, len(y), lowest, names
    )


def _warps(y: Floats, anchor: Anchor | None) -> tuple[Warp, ...]:
    """Return the scales that measured values allow, and those that past tasks of the quantity measured."""
    may_be_negative = anchor is not None and not anchor.positive
    return tuple(warp for warp in warps_for(y) if warp.form != "log" or not may_be_negative) if len(y) else ()


def _around(designs: Designs, y: Floats, scale: AnchorScale) -> ProcessComponent:
    """Return a process around what past tasks of the quantity expect."""
    assert designs.anchor is not None
    rest = scale.warp(y) - scale.warp(designs.anchor)
    return _fitted(designs, rest, scale.warp, 0.0, True, scale.theta, scale.error, anchors.OFFSET)


def _process(designs: Designs, y: Floats, warp: Warp, prior: ThetaPrior, logs: ScalePrior) -> ProcessComponent:
    """Return a process around the mean of the values."""
    u = warp(y)
    centre = float(u.mean())
    scale = logs if warp.form == "log" else ScalePrior(1.0, _spread(u, logs))
    return _fitted(designs, u - centre, warp, centre, False, prior, scale, OFFSET)


def _fitted(
    designs: Designs,
    rest: Floats,
    warp: Warp,
    centre: float,
    anchored: bool,
    prior: ThetaPrior,
    scale: ScalePrior,
    offset: float,
) -> ProcessComponent:
    u, theta = tensor(rest), prior.means
    # What is known beforehand is how far values lie apart, which is more than one part of the covariance.
    scale = ScalePrior(scale.nu, scale.s0 / prior.spread)
    if len(u) > 1:
        rows = _drawn(len(u), MOST_FITTED)
        some = designs.inputs.at(rows)
        theta = fit_theta([(Parts.of(some, some), u[rows], scale, offset)], prior)
    process = Process(designs.inputs, u, theta, scale, offset)
    made = ProcessComponent(process, warp, centre, anchored, Calibration(1.0, process.dof))
    if len(u) < 2:
        return made
    location, size = process.held_out()
    return replace(made, calibration=Calibration.of((rest - location) / size, process.dof))


def _spread(u: Floats, logs: ScalePrior) -> float:
    """Return the deviation of values on the models' scale; of one alone, what its size suggests."""
    size = float(np.abs(u).max())
    deviation = float(u.std(ddof=1)) if len(u) > 1 else 0.0
    return deviation if deviation > _CONSTANT * size and deviation > 0 else (logs.s0 * size or 1.0)


def _densities(beliefs: Sequence[Belief], y: Floats) -> Floats:
    return np.column_stack([belief.log_density(y) for belief in beliefs])


def _at(belief: Belief, rows: np.ndarray) -> Belief:
    return Belief(belief.location[rows], belief.scale[rows], belief.dof[rows], belief.warp)


def _drawn(n: int, most: int) -> Tensor:
    """Return all rows, or `most` of them drawn as always."""
    if n <= most:
        return torch.arange(n)
    return torch.randperm(n, generator=torch.Generator().manual_seed(0))[:most].sort().values
