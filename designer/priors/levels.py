"""Centre and scale of a new task's values when few are measured, given what past tasks predict of the designs.

The mean and deviation of three values are poor estimates, and biased where the designs were selected: three of the best
designs differ little from each other and lie far above the task's mean. With a standardised prediction m and values
around it with variance t, ``y_i = c + s (m_i + e_i)``, so

    s^2 = sum (y_i - mean y)^2 / (sum (m_i - mean m)^2 + (n - 1) t),        c = mean y - s mean m,

with a variance of log s of about ``1 / (n - 1)``. Where past tasks measured the same quantity, their own logarithms of
scales (mean l, variance v between tasks) and their centres are the prior, and the two are averaged by precision. Values
that this prior makes incredible (a rescaled or mislabelled source) stand alone. Not so where a few values lie close
together: four yields of nothing are alike to a thousandth because nothing is the least there can be, not because this
task's yields differ by a thousandth. Their own scale counts as low as one more value could make it, and no lower.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray
from designer.priors.sources import Source
from designer.surrogates.data import Quantity
from designer.surrogates.outputs import OutputScale, winsorised

_MIN_SPREAD = 0.2  # of log scales between tasks: scales of two tasks are known to a fifth at best
_REFUSED = 3.0  # deviations beyond which the new values are not on the sources' scale
_ROUNDING = 1e-12
_MIN_VARIANCE = 1e-2
_FEW = 8  # values below which all may lie at a limit of the measurement


def level_of(
    y: FloatArray, mean: FloatArray, variance: float, sources: Sequence[Source], quantity: Quantity | None
) -> OutputScale:
    """Return centre and scale of a task's values.

    Parameters
    ----------
    y
        ``n`` values, in the quantity's unit.
    mean, variance
        What past tasks predict of the same designs (``n``, standardised), and the variance of values around it.
    sources, quantity
        The past tasks, and the measured quantity, None if it is not known.
    """
    y, variance = winsorised(y), max(variance, _MIN_VARIANCE)
    same = [s.in_unit(quantity.unit).output for s in sources if s.measures(quantity)] if quantity is not None else []
    prior = _Between.of(same) if same else None
    if len(y) == 0:
        return OutputScale() if prior is None else OutputScale(prior.centre, math.exp(prior.location))
    own = _own(y, mean, variance)
    if prior is None or not prior.allows(y, own):
        return own or OutputScale.of(y)
    log_scale = prior.location
    if own is not None:
        weight = (len(y) - 1) * prior.spread**2
        log_scale = (prior.location + weight * prior.credible(y, own)) / (1.0 + weight)
    scale = math.exp(log_scale)
    middle = float(y.mean()) - scale * float(mean.mean())
    pull = len(y) * prior.shift**2 / (scale**2 * variance)
    return OutputScale((prior.centre + pull * middle) / (1.0 + pull), scale)


@dataclass(frozen=True)
class _Between:
    """How the levels of past tasks differ: mean and deviation of log scales, and of centres."""

    location: float
    spread: float
    centre: float
    shift: float

    @classmethod
    def of(cls, outputs: Sequence[OutputScale]) -> _Between:
        logs = np.log([output.scale for output in outputs])
        centres = np.array([output.centre for output in outputs])
        location, few = float(logs.mean()), 1.0 / len(outputs)  # few tasks are little evidence of how tasks differ
        spread = math.hypot(float(logs.std()), _MIN_SPREAD + 0.3 * few)
        shift = math.hypot(float(centres.std()), (0.3 + 0.7 * few) * math.exp(location))
        return cls(location, spread, float(centres.mean()), shift)

    def allows(self, y: FloatArray, own: OutputScale | None) -> bool:
        """Whether values, and their own level where they have one, could be of the same kind of task."""
        if own is not None and abs(self.credible(y, own) - self.location) > _REFUSED * self._widest(y):
            return False
        return abs(float(y.mean()) - self.centre) <= _REFUSED * math.hypot(self.shift, math.exp(self.location))

    def credible(self, y: FloatArray, own: OutputScale) -> float:
        """Return the logarithm of the values' own scale, raised where a few values lie far too close together."""
        logarithm = math.log(own.scale)
        return max(logarithm, self.location - self._widest(y)) if len(y) < _FEW else logarithm

    def _widest(self, y: FloatArray) -> float:
        """Return the deviation of the log scale of a new task's values."""
        return math.hypot(self.spread, 1.0 / math.sqrt(len(y) - 1))


def _own(y: FloatArray, mean: FloatArray, variance: float) -> OutputScale | None:
    """Return the level estimated from the values alone; None where they do not differ."""
    spread = float(((y - y.mean()) ** 2).sum())
    if len(y) < 2 or spread <= (_ROUNDING * float(np.abs(y).max())) ** 2:
        return None
    expected = float(((mean - mean.mean()) ** 2).sum()) + (len(y) - 1) * variance
    scale = math.sqrt(spread / expected)
    return OutputScale(float(y.mean()) - scale * float(mean.mean()), scale)
