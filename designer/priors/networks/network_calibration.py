"""Calibration of networks on tasks that they have not seen: priors of the process around their predictions.

A network predicts the tasks that it was trained on too well. So every source is predicted by a network that has seen
neither it nor the others of its fold, a process is fitted around that prediction to a part of its rows, and the
hyperparameters (maximum a posteriori, under wide priors) have a mean and a spread over sources: the priors for a new
task. This is an empirical Bayes estimate in which the wide priors count as two tasks (C. N. Morris, J. Am. Stat. Assoc.
78, 1983).

Such estimates overfit where values are few. So the means of the variance and of the noise are raised at last, where
that improves predictions of further rows of the held-out sources from their first few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from designer.arrays import FloatArray
from designer.priors.informed import InformedModel, KernelTerm, extended
from designer.surrogates.data import TaskData
from designer.surrogates.kernel_structure import GaussianProcessSettings, build_kernel
from designer.surrogates.outputs import OutputScale

_ROWS = 20
_PARTS = 2
_MIN_ROWS = 6  # from which hyperparameters are estimated
_MAX_SHIFT = 4.0
_DEVIATIONS = (0.4, 1.0)
_WEIGHT = 2.0
_NEW_ROWS = 60
_Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Calibration:
    """Priors of a process around predictions of sources, for standardised values.

    Parameters
    ----------
    variance, noise
        Mean and deviation of the logarithms of the variance of the process over the design's own features, and of the
        noise variance.
    terms
        The terms over further features.
    tasks
        How many held-out tasks it was learned from.
    """

    variance: tuple[float, float]
    noise: tuple[float, float]
    terms: tuple[KernelTerm, ...] = ()
    tasks: int = 0

    @property
    def settings(self) -> GaussianProcessSettings:
        """The settings of the process over the design's own features."""
        return GaussianProcessSettings(variance=self.variance, noise=self.noise)

    def raised(self, variance: float, noise: float) -> Calibration:
        """Return the same with the means of the variance and of the noise raised."""
        return replace(
            self,
            variance=(self.variance[0] + variance, self.variance[1]),
            noise=(self.noise[0] + noise, self.noise[1]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON; of the terms only their variances."""
        terms = [list(term.variance) for term in self.terms]
        return {"variance": list(self.variance), "noise": list(self.noise), "extras": terms, "tasks": self.tasks}

    def restored(self, data: Mapping[str, Any]) -> Calibration:
        """Return what `as_dict` wrote, with the terms of this one."""
        terms = tuple(
            replace(term, variance=_pair(pair)) for term, pair in zip(self.terms, data["extras"], strict=True)
        )
        return Calibration(_pair(data["variance"]), _pair(data["noise"]), terms, int(data["tasks"]))


def _pair(values: Sequence[float]) -> tuple[float, float]:
    mean, deviation = values
    return float(mean), float(deviation)


RAISES = ((0.0, 0.0), (0.7, 0.0), (0.0, 1.0), (0.7, 1.0), (1.4, 1.0), (0.7, 2.0), (1.4, 2.0))
"""By how much the means of the logarithms of the variance and of the noise are raised, in trials."""

Fit = Callable[[TaskData, Calibration], InformedModel]
"""How a model is fitted to data of a held-out task, standardised, under given priors."""


def calibrate(tasks: Sequence[tuple[TaskData, Fit]], wide: Calibration) -> Calibration:
    """Learn the priors from held-out tasks; `wide` where there are none."""
    found = [shift for data, fit in tasks if (shift := _shift(data, fit, wide)) is not None]
    if not found:
        return wide
    shifts = np.clip(np.stack(found), -_MAX_SHIFT, _MAX_SHIFT)
    n = len(shifts)
    mean = shifts.sum(0) / (n + _WEIGHT)
    start = [wide.variance, wide.noise, *(term.variance for term in wide.terms)]
    prior = np.array([deviation for _, deviation in start])
    spread = np.sqrt((((shifts - mean) ** 2).sum(0) + _WEIGHT * prior**2) / (n + _WEIGHT)).clip(*_DEVIATIONS)
    pairs = [(float(pair[0] + m), float(s)) for pair, m, s in zip(start, mean, spread, strict=True)]
    terms = tuple(replace(term, variance=pair) for term, pair in zip(wide.terms, pairs[2:], strict=True))
    return Calibration(pairs[0], pairs[1], terms, n)


def _shift(data: TaskData, fit: Fit, wide: Calibration) -> FloatArray | None:
    """Return by how much the logarithms found (variance, noise, terms) differ from the wide priors' means."""
    parts = list(_parts(data, fit, wide))
    return np.asarray(np.mean(parts, axis=0)) if parts else None


def _parts(data: TaskData, fit: Fit, wide: Calibration) -> Iterator[FloatArray]:
    for part in range(_PARTS):
        some = rows_of(data, slice(part * _ROWS, (part + 1) * _ROWS))
        if len(some.X) >= _MIN_ROWS:
            yield _distances(fit(some, wide), some, wide)


def _distances(model: InformedModel, data: TaskData, wide: Calibration) -> FloatArray:
    kernel = build_kernel(data.columns, wide.settings)
    width = model.process.inputs.shape[-1] - data.X.shape[-1]
    _, priors = extended(kernel, wide.settings, wide.terms, width)
    hyper = model.process.hyperparameters
    away = np.log(hyper.variances) - priors.means[len(hyper.lengthscales) : -1] - getattr(model, "raised", 0.0)
    noise = np.log(hyper.noise) - priors.means[-1]
    return np.array([away[: kernel.variances].mean(), noise, *away[kernel.variances :]])


def rows_of(data: TaskData, chosen: slice) -> TaskData:
    """Return the data of some rows."""
    return replace(data, X=data.X[chosen], Y=data.Y[chosen])


def sharpened(
    tasks: Sequence[tuple[TaskData, Fit]], calibration: Calibration, rows: Sequence[int]
) -> tuple[Calibration, dict[str, Any]]:
    """Return the calibration raised by that of `RAISES` which predicts held-out tasks best, and its figures.

    Rows of a task are predicted from the first few: as many as each of `rows`. ``nlpd`` is the mean negative log
    predictive density of standardised values, by `rows` and averaged over tasks; ``coverage`` the share of values
    within the central 90 % interval.
    """
    trials = [calibration.raised(*each) for each in RAISES] if tasks else [calibration]
    found = [(trial, _figures(tasks, trial, rows)) for trial in trials]
    best = min(range(len(found)), key=lambda i: (sum(v for v in found[i][1]["nlpd"] if v is not None), i))
    return found[best]


def _figures(tasks: Sequence[tuple[TaskData, Fit]], calibration: Calibration, rows: Sequence[int]) -> dict[str, Any]:
    result: dict[str, Any] = {"rows": list(rows), "tasks": len(tasks), "nlpd": [], "coverage": []}
    for n in rows:
        scores = [
            _score(fit(rows_of(data, slice(0, n)), calibration), rows_of(data, slice(n, n + _NEW_ROWS)))
            for data, fit in tasks
            if len(data.X) > n + 1
        ]
        for name, i in (("nlpd", 0), ("coverage", 1)):
            result[name].append(round(float(np.mean([score[i] for score in scores])), 4) if scores else None)
    return result


def _score(model: InformedModel, new: TaskData) -> tuple[float, float]:
    mean, variance = model.marginals(new.X)
    variance = variance + model.noise_variance
    errors = new.Y[:, 0] - mean
    density = 0.5 * (errors.square() / variance + variance.log() + float(np.log(2 * np.pi)))
    inside = (errors.abs() <= _Z90 * variance.sqrt()).to(torch.float64)
    return float(density.mean()), float(inside.mean())


UNIT = OutputScale()
"""The scale of values that are standardised already."""
