"""Fitting the posterior of a quantity: models on several scales, weighted by held-out predictions."""

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
from designer.priors.stacking.components import Calibration, Component, Designs, ProcessComponent, StudentT, tensor
from designer.priors.stacking.property_outliers import beyond_threshold, find_property_outliers
from designer.priors.stacking.property_posterior import PropertyOutlier
from designer.priors.stacking.quantile_mixture import stacked
from designer.priors.stacking.quantity_posterior import DesignEncoder, QuantityPosterior
from designer.priors.stacking.source_kernel import OFFSET, ThetaPrior, conditioned_like, fit_theta, student_t_process
from designer.priors.stacking.trees import MIN_MEASUREMENTS as MIN_FOR_TREES
from designer.priors.stacking.trees import fit_trees
from designer.priors.stacking.warps import Warp, warps_for
from designer.surrogates.data import Quantity
from designer.surrogates.fitting import ScalePrior

MAX_FITTED = 256
"""Largest number of measurements that hyperparameters are fitted to."""

MAX_EXACT = 512
"""Measurements that a process is conditioned on; trees encode all."""

ANCHORED, FREE, TREES = {"asinh": 18.0, "identity": 3.0}, {"log": 3.0, "identity": 1.5, "asinh": 0.5}, 1.0
"""Pseudo-counts of the models, for weights without measurements."""

_NEGLIGIBLE = 0.05
_MAX_REFITTED = 100  # values up to which hyperparameters are fitted again in the search for outliers
_SIGN_FROM = 3
_CONSTANT = 1e-12


def fit_quantity(
    quantity: Quantity,
    designs: Designs,
    y: FloatArray,
    encode: DesignEncoder,
    *,
    theta: ThetaPrior,
    logs: ScalePrior,
    anchor: Anchor | None = None,
) -> QuantityPosterior:
    """Return the posterior of a quantity.

    Parameters
    ----------
    designs, y
        What was measured (``n``), with out-of-fold predictions of the sources.
    theta, logs
        Priors of the hyperparameters, and of the spread of logarithms, from past tasks.
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
    known = _Hyperpriors(theta, logs, anchor)
    fits = _fit_scales(designs, y, known)
    outliers = _outliers(designs, y, fits, known)
    if outliers:
        kept = np.setdiff1d(np.arange(len(y)), [each.row for each in outliers])
        designs, y = designs.at(torch.from_numpy(kept)), y[kept]
        fits = _fit_scales(designs, y, known)
    components: list[Component] = list(fits.components)
    counts, predictions = list(fits.counts), list(fits.predictions)
    if len(y) >= MIN_FOR_TREES:
        trees, out = fit_trees(designs, y, fits.best.warp)
        components.append(trees)
        predictions.append(_at(out, fits.rows.numpy()))
        counts.append(TREES)
    weights = _weights(predictions, fits.y, counts)
    weights = np.where(weights >= min(_NEGLIGIBLE, weights.max()), weights, 0.0)
    used = np.flatnonzero(weights)
    weights = weights[used] / weights[used].sum()
    signed = len(y) >= _SIGN_FROM or (anchor is not None and anchor.positive)
    lowest = 0.0 if signed and float(y.min(initial=0.0)) >= 0 else None
    names = () if anchor is None else anchor.names
    some = tuple(components[i] for i in used)
    return QuantityPosterior(quantity, some, tuple(weights.tolist()), encode, len(y), lowest, names, outliers)


@dataclass(frozen=True, eq=False)
class _Hyperpriors:
    """Priors from past tasks."""

    theta: ThetaPrior
    logs: ScalePrior
    anchor: Anchor | None


@dataclass(frozen=True, eq=False)
class _Fits:
    """Processes of the same values on several scales.

    Parameters
    ----------
    rows, designs, y
        Which values they are conditioned on (``n``), and these.
    components, counts, predictions
        The processes, their pseudo-counts, and their leave-one-out predictions.
    """

    rows: Tensor
    designs: Designs
    y: FloatArray
    components: tuple[ProcessComponent, ...]
    counts: tuple[float, ...]
    predictions: tuple[StudentT, ...]

    @cached_property
    def best(self) -> ProcessComponent:
        """The one of the largest weight."""
        return self.components[int(np.argmax(_weights(self.predictions, self.y, self.counts)))]


def _fit_scales(designs: Designs, y: FloatArray, known: _Hyperpriors) -> _Fits:
    scales = () if known.anchor is None else known.anchor.scales
    free = _warps(y, known.anchor)
    rows = _drawn(len(y), MAX_EXACT)
    near, values = designs.at(rows), y[rows.numpy()]
    some = [_around(near, values, scale) for scale in scales]
    some += [_process(near, values, warp, known.theta, known.logs) for warp in free]
    counts = [ANCHORED[scale.warp.form] for scale in scales] + [FREE[warp.form] for warp in free]
    predictions = [each.held_out(near) for each in some] if len(y) > 1 else []
    return _Fits(rows, near, values, tuple(some), tuple(counts), tuple(predictions))


def _weights(predictions: Sequence[StudentT], y: FloatArray, counts: Sequence[float]) -> FloatArray:
    """Return the weights of models by held-out predictions and pseudo-counts."""
    densities = [prediction.log_density(y) for prediction in predictions]
    table = np.column_stack(densities) if densities else np.zeros((0, len(counts)))
    return stacked(table, np.array(counts))


def _outliers(designs: Designs, y: FloatArray, fits: _Fits, known: _Hyperpriors) -> tuple[PropertyOutlier, ...]:
    """Return the outliers; of very many values a part is searched, and the rest is compared with its model."""
    if not len(y):
        return ()
    first = fits.best

    def fit(some: Sequence[int]) -> ProcessComponent:
        part, values = fits.designs.at(torch.tensor(some)), fits.y[list(some)]
        return (
            _fit_scales(part, values, known).best if len(some) <= _MAX_REFITTED else _conditioned(first, part, values)
        )

    found = find_property_outliers(fits.designs, fits.y, first, fit)
    others = np.setdiff1d(np.arange(len(y)), fits.rows.numpy()).tolist()
    if not others:
        return tuple(replace(each, row=int(fits.rows[each.row])) for each in found)
    wrong = {each.row for each in found}
    rest = fit([row for row in range(len(fits.y)) if row not in wrong]) if wrong else first
    return beyond_threshold(designs, y, sorted([*others, *(int(fits.rows[row]) for row in wrong)]), rest)


def _warps(y: FloatArray, anchor: Anchor | None) -> tuple[Warp, ...]:
    """Return the scales for the values, and for those that past tasks of the quantity measured."""
    may_be_negative = anchor is not None and not anchor.positive
    return tuple(warp for warp in warps_for(y) if warp.form != "log" or not may_be_negative) if len(y) else ()


def _around(designs: Designs, y: FloatArray, scale: AnchorScale) -> ProcessComponent:
    """Return a process around the prediction of past tasks of the quantity."""
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
    # The prior is that of the spread of values, which is more than one part of the covariance.
    scale = ScalePrior(scale.nu, scale.s0 / prior.spread)
    if len(u) > 1:
        rows = _drawn(len(u), MAX_FITTED)
        theta = fit_theta(designs.inputs.at(rows), u[rows], prior, scale, offset)
    process = student_t_process(designs.inputs, u, theta, scale, offset)
    return _calibrated(ProcessComponent(process, warp, centre, anchored))


def _conditioned(like: ProcessComponent, designs: Designs, y: FloatArray) -> ProcessComponent:
    """Return a process of other values with the hyperparameters, scale and centre of a fitted one."""
    u = tensor(like.warp(y) - like.mean(designs))
    return _calibrated(replace(like, process=conditioned_like(like.process, designs.inputs, u)))


def _calibrated(component: ProcessComponent) -> ProcessComponent:
    process = component.process
    if len(process.values) < 2:
        return replace(component, calibration=Calibration(1.0, process.dof))
    location, size = process.held_out
    return replace(component, calibration=Calibration.of((process.values - location) / size, process.dof))


def _spread(u: FloatArray, logs: ScalePrior) -> float:
    """Return the deviation of values on the models' scale; of a single value an estimate from its size."""
    size = float(np.abs(u).max())
    deviation = float(u.std(ddof=1)) if len(u) > 1 else 0.0
    return deviation if deviation > _CONSTANT * size and deviation > 0 else (logs.s0 * size or 1.0)


def _at(prediction: StudentT, rows: np.ndarray) -> StudentT:
    return StudentT(prediction.location[rows], prediction.scale[rows], prediction.dof[rows], prediction.warp)


def _drawn(n: int, count: int) -> Tensor:
    """Return all rows, or `count` of them, drawn with a fixed seed."""
    if n <= count:
        return torch.arange(n)
    return torch.randperm(n, generator=torch.Generator().manual_seed(0))[:count].sort().values
