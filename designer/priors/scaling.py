"""The scale of a new task's values when few are measured: that of past tasks which measured the same, at first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from designer.priors.sources import Source
from designer.surrogates.data import Quantity
from designer.surrogates.outputs import OutputScale, drawn_in

_LEAST_SPREAD = 0.2  # of log scales between tasks: no two tasks are known to be alike better than by a fifth
_REFUSED = 3.0  # deviations beyond which the new task's values are not of the sources' scale


def target_output(y: np.ndarray, sources: Sequence[Source], quantity: Quantity | None) -> OutputScale:
    """Return centre and scale of a task's values `y` (``n``, in the quantity's unit).

    Where the sources measured the same quantity, logarithms of their standard deviations have a mean and a spread
    between tasks, ``log s ~ N(m, v)``; `n` values have one of their own, with a variance of about ``1 / (n - 1)`` as
    designs are chosen, not drawn. The scale is the precision-weighted mean of the two, and so is the centre. Values
    that the sources' scale makes incredible (a rescaled or mislabelled source) are standardised by themselves.
    """
    y = drawn_in(y)
    same = [source for source in sources if quantity is not None and source.measures(quantity)]
    own = OutputScale.of(y)
    if not same:
        return own
    outputs = [source.in_unit(quantity.unit if quantity else None).output for source in same]
    logs = np.log([output.scale for output in outputs])
    location, spread = float(logs.mean()), max(float(logs.std()), _LEAST_SPREAD)
    centres = np.array([output.centre for output in outputs])
    shift = math.hypot(float(centres.std()), math.exp(location))
    if len(y) == 0:
        return OutputScale(float(centres.mean()), math.exp(location))
    middle = float(np.mean(y))
    if abs(middle - centres.mean()) > _REFUSED * math.hypot(shift, math.exp(location)):
        return own
    weight = (len(y) - 1) * spread**2
    log_own = math.log(own.scale) if len(y) > 1 and float(np.ptp(y)) > 0 else location
    if abs(log_own - location) > _REFUSED * math.hypot(spread, 1.0 / math.sqrt(max(len(y) - 1, 1))):
        return own
    scale = math.exp((location + weight * log_own) / (1.0 + weight))
    pull = len(y) * (shift / scale) ** 2
    return OutputScale((float(centres.mean()) + pull * middle) / (1.0 + pull), scale)
