"""From given values to the posterior of a property: models on several scales, weighed by what was held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidData
from designer.priors.stacking.anchors import OFFSET as ANCHOR_OFFSET
from designer.priors.stacking.anchors import Anchor, AnchorScale
from designer.priors.stacking.components import Belief, Calibration, Component, Designs, ProcessComponent, tensor
from designer.priors.stacking.given_outliers import GivenOutlier, beyond_reach, doubted
from designer.priors.stacking.quantile_mixture import stacked
from designer.priors.stacking.quantity_model import QuantityModel, Sight
from designer.priors.stacking.student_process import OFFSET, Parts, Process, ScalePrior, ThetaPrior, fit_theta
from designer.priors.stacking.trees import LEAST as TREES_FROM
from designer.priors.stacking.trees import grow
from designer.priors.stacking.warps import Warp, warps_for
from designer.surrogates.data import Quantity

MAX_FITTED = 256
"""Measurements from which the hyperparameters are adapted; more are conditioned on."""

MAX_EXACT = 512
"""Measurements that a process is conditioned on; trees see all."""

ANCHORED, FREE, TREES = {"asinh": 18.0, "identity": 3.0}, {"log": 3.0, "identity": 1.5, "asinh": 0.5}, 1.0
"""Pseudo-counts of the models before anything is measured."""

_NEGLIGIBLE = 0.05
_TRIED_ANEW = 100  # values up to which a process of some of them is fitted anew in search of wrong ones
_SIGN_FROM = 3
_CONSTANT = 1e-12


def learn(
    quantity: Quantity,
    designs: Designs,
    y: FloatArray,
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
    known = _Known(theta, logs, anchor)
    tried = _tried(designs, y, known)
    doubts = _doubts(designs, y, tried, known)
    if doubts:
        kept = np.setdiff1d(np.arange(len(y)), [each.row for each in doubts])
        designs, y = designs.at(torch.from_numpy(kept)), y[kept]
        tried = _tried(designs, y, known)
    components: list[Component] = list(tried.components)
    counts, beliefs = list(tried.counts), list(tried.beliefs)
    if len(y) >= TREES_FROM:
        trees, out = grow(designs, y, tried.best.warp)
        components.append(trees)
        beliefs.append(_at(out, tried.rows.numpy()))
        counts.append(TREES)
    weights = _weights(beliefs, tried.y, counts)
    weights = np.where(weights >= min(_NEGLIGIBLE, weights.max()), weights, 0.0)
    used = np.flatnonzero(weights)
    weights = weights[used] / weights[used].sum()
    signed = len(y) >= _SIGN_FROM or (anchor is not None and anchor.positive)
    lowest = 0.0 if signed and float(y.min(initial=0.0)) >= 0 else None
    names = () if anchor is None else anchor.names
    some = tuple(components[i] for i in used)
    return QuantityModel(quantity, some, tuple(weights.tolist()), see, len(y), lowest, names, doubts)


@dataclass(frozen=True, eq=False)
class _Known:
    """What past tasks say of a quantity."""

    theta: ThetaPrior
    logs: ScalePrior
    anchor: Anchor | None


@dataclass(frozen=True, eq=False)
class _Tried:
    """Processes of the same values on several scales.

    Parameters
    ----------
    rows, designs, y
        Which values they are conditioned on (``n``), and these.
    components, counts, beliefs
        The processes, their pseudo-counts, and what each believed of held-out values.
    """

    rows: Tensor
    designs: Designs
    y: FloatArray
    components: tuple[ProcessComponent, ...]
    counts: tuple[float, ...]
    beliefs: tuple[Belief, ...]

    @cached_property
    def best(self) -> ProcessComponent:
        """The one of the largest weight."""
        return self.components[int(np.argmax(_weights(self.beliefs, self.y, self.counts)))]


def _tried(designs: Designs, y: FloatArray, known: _Known) -> _Tried:
    scales = () if known.anchor is None else known.anchor.scales
    free = _warps(y, known.anchor)
    rows = _drawn(len(y), MAX_EXACT)
    near, values = designs.at(rows), y[rows.numpy()]
    some = [_around(near, values, scale) for scale in scales]
    some += [_process(near, values, warp, known.theta, known.logs) for warp in free]
    counts = [ANCHORED[scale.warp.form] for scale in scales] + [FREE[warp.form] for warp in free]
    beliefs = [each.held_out(near) for each in some] if len(y) > 1 else []
    return _Tried(rows, near, values, tuple(some), tuple(counts), tuple(beliefs))


def _weights(beliefs: Sequence[Belief], y: FloatArray, counts: Sequence[float]) -> FloatArray:
    """Return the weights of models, by what they believed of held-out values and by pseudo-counts."""
    densities = [belief.log_density(y) for belief in beliefs]
    table = np.column_stack(densities) if densities else np.zeros((0, len(counts)))
    return stacked(table, np.array(counts))


def _doubts(designs: Designs, y: FloatArray, tried: _Tried, known: _Known) -> tuple[GivenOutlier, ...]:
    """Return the values that nothing foretells; of very many, some are judged by each other, the rest by these."""
    if not len(y):
        return ()
    first = tried.best

    def fit(some: Sequence[int]) -> ProcessComponent:
        part, values = tried.designs.at(torch.tensor(some)), tried.y[list(some)]
        return _tried(part, values, known).best if len(some) <= _TRIED_ANEW else _conditioned(first, part, values)

    found = doubted(tried.designs, tried.y, first, fit)
    others = np.setdiff1d(np.arange(len(y)), tried.rows.numpy()).tolist()
    if not others:
        return tuple(replace(each, row=int(tried.rows[each.row])) for each in found)
    wrong = {each.row for each in found}
    rest = fit([row for row in range(len(tried.y)) if row not in wrong]) if wrong else first
    return beyond_reach(designs, y, sorted([*others, *(int(tried.rows[row]) for row in wrong)]), rest)


def _warps(y: FloatArray, anchor: Anchor | None) -> tuple[Warp, ...]:
    """Return the scales that measured values allow, and those that past tasks of the quantity measured."""
    may_be_negative = anchor is not None and not anchor.positive
    return tuple(warp for warp in warps_for(y) if warp.form != "log" or not may_be_negative) if len(y) else ()


def _around(designs: Designs, y: FloatArray, scale: AnchorScale) -> ProcessComponent:
    """Return a process around what past tasks of the quantity expect."""
    assert designs.anchor is not None
    rest = scale.warp(y) - scale.warp(designs.anchor)
    return _fitted(designs, rest, scale.warp, 0.0, True, scale.theta, scale.error, ANCHOR_OFFSET)


def _process(designs: Designs, y: FloatArray, warp: Warp, prior: ThetaPrior, logs: ScalePrior) -> ProcessComponent:
    """Return a process around the mean of the values."""
    u = warp(y)
    centre = float(u.mean())
    scale = logs if warp.form == "log" else ScalePrior(1.0, _spread(u, logs))
    return _fitted(designs, u - centre, warp, centre, False, prior, scale, OFFSET)


def _fitted(
    designs: Designs,
    rest: FloatArray,
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
        rows = _drawn(len(u), MAX_FITTED)
        some = designs.inputs.at(rows)
        theta = fit_theta([(Parts.of(some, some), u[rows], scale, offset)], prior)
    return _calibrated(ProcessComponent(Process(designs.inputs, u, theta, scale, offset), warp, centre, anchored))


def _conditioned(like: ProcessComponent, designs: Designs, y: FloatArray) -> ProcessComponent:
    """Return a process of other values with the hyperparameters, the scale and the centre of one that is fitted."""
    u = tensor(like.warp(y) - like.mean(designs))
    return _calibrated(replace(like, process=replace(like.process, inputs=designs.inputs, u=u)))


def _calibrated(component: ProcessComponent) -> ProcessComponent:
    process = component.process
    if len(process.u) < 2:
        return replace(component, calibration=Calibration(1.0, process.dof))
    location, size = process.held_out()
    return replace(component, calibration=Calibration.of((process.u.numpy() - location) / size, process.dof))


def _spread(u: FloatArray, logs: ScalePrior) -> float:
    """Return the deviation of values on the models' scale; of one alone, what its size suggests."""
    size = float(np.abs(u).max())
    deviation = float(u.std(ddof=1)) if len(u) > 1 else 0.0
    return deviation if deviation > _CONSTANT * size and deviation > 0 else (logs.s0 * size or 1.0)


def _at(belief: Belief, rows: np.ndarray) -> Belief:
    return Belief(belief.location[rows], belief.scale[rows], belief.dof[rows], belief.warp)


def _drawn(n: int, most: int) -> Tensor:
    """Return all rows, or `most` of them drawn as always."""
    if n <= most:
        return torch.arange(n)
    return torch.randperm(n, generator=torch.Generator().manual_seed(0))[:most].sort().values
