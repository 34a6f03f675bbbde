"""Curves on one axis: the positions that they share, and their values there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import FloatArray
from designer.counting import count
from designer.errors import BrokenPlugin
from designer.observations.curves.baselines import baseline
from designer.observations.curves.curve import Curve
from designer.observations.curves.curve_features import CURVE_FEATURES, MAX_FEATURES
from designer.observations.curves.functional_components import CURVES_FOR_ONE
from designer.observations.images.image_features import COMPONENTS, DEFAULT_FEATURES
from designer.observations.observation import Observation

POSITIONS = 256
"""Positions of the common axis, where curves were measured at many."""
MAX_OWN_POSITIONS = 64
"""Distinct positions up to which the common axis has these themselves."""


def common_axis(curves: Sequence[Curve], low: float | None = None, high: float | None = None) -> FloatArray:
    """Return the positions (``g``, rising) of the common axis of curves.

    It goes from `low` to `high`, or from the median of the curves' first positions to that of their last ones. Where
    the curves have few positions in all, it has these.

    >>> common_axis([Curve(x=(6, 12, 24), y=(1, 2, 3)), Curve(x=(6, 12), y=(1, 2))]).tolist()
    [6.0, 12.0, 24.0]
    """
    begin = float(np.median([curve.x[0] for curve in curves])) if low is None else low
    end = float(np.median([curve.x[-1] for curve in curves])) if high is None else high
    own = sorted({x for curve in curves for x in curve.x})
    if len(own) <= MAX_OWN_POSITIONS:
        inside = [x for x in own if (low is None or x >= low) and (high is None or x <= high)]
        if len(inside) >= 2:
            return np.array(inside)
    if not begin < end:
        begin, end = own[0], own[-1]
    return np.linspace(begin, end, POSITIONS)


def aligned(curve: Curve, axis: FloatArray) -> FloatArray:
    """Return the values (``g``) of a curve on the common axis: by linear interpolation, or the mean of each interval.

    A curve with more points than the axis is averaged over the interval around each position, so that narrow peaks
    keep their area. Beyond its own range a curve has its first or last value.

    >>> aligned(Curve(x=(0, 1, 2), y=(0, 1, 2)), np.array([0.5, 2.0, 3.0])).tolist()
    [0.5, 2.0, 2.0]
    """
    x, y = np.array(curve.x), np.array(curve.y)
    if len(x) <= len(axis):
        return np.asarray(np.interp(axis, x, y))
    area = np.concatenate([[0.0], np.cumsum(0.5 * np.diff(x) * (y[1:] + y[:-1]))])
    middles = 0.5 * (axis[1:] + axis[:-1])
    edges = np.concatenate([[axis[0]], middles, [axis[-1]]])
    inside = np.clip(edges, x[0], x[-1])
    widths = np.diff(inside)
    means = np.diff(np.interp(inside, x, area)) / np.where(widths > 0, widths, 1.0)
    return np.asarray(np.where(widths > 0, means, np.interp(axis, x, y)))


def on_common_axis(curves: Sequence[Curve], observation: Observation) -> tuple[FloatArray, FloatArray]:
    """Return the common axis (``g``) of curves and their values on it (``p x g``), without baseline for a spectrum."""
    limits = observation.axis
    x = common_axis(curves, *((None, None) if limits is None else (limits.low, limits.high)))
    Y = np.array([aligned(curve, x) for curve in curves])
    return x, np.array([without_baseline(y, observation) for y in Y])


def without_baseline(y: FloatArray, observation: Observation) -> FloatArray:
    """Return the values (``g``) of a curve on a common axis, of a spectrum without its baseline."""
    return y - baseline(y) if observation.kind == "spectrum" and len(y) == POSITIONS else y


def curve_features(curves: Sequence[Curve], observation: Observation) -> FloatArray:
    """Return the features (``p x k``) of curves, fitted on all of them together.

    Raises
    ------
    BrokenPlugin
        If a registered function returns something else than a few numbers a curve.
    """
    name = observation.features or (DEFAULT_FEATURES if observation.is_image else COMPONENTS)
    if observation.is_image and name != COMPONENTS:
        return _image_numbers(curves, observation)
    x, Y = on_common_axis(curves, observation)
    found = np.asarray(CURVE_FEATURES.load(name)(x, Y), dtype=float)
    if found.ndim != 2 or len(found) != len(curves) or not 1 <= found.shape[1] <= MAX_FEATURES:
        what = f"features {name!r} of {count(len(curves), 'curve')} have the shape {found.shape}"
        raise BrokenPlugin(f"{what}: return one row a curve and 1 to {MAX_FEATURES} columns")
    return np.where(np.isfinite(found), found, np.nan)


def _image_numbers(curves: Sequence[Curve], observation: Observation) -> FloatArray:
    """Return the numbers (``p x k``) of images that were computed when they were recorded; NaN where there is none.

    Of the default features one number is used for each three images, as with the components of curves.
    """
    name = observation.features or DEFAULT_FEATURES
    found = [None if each.image is None else each.image.numbers.get(name) for each in curves]
    k = max((len(numbers) for numbers in found if numbers is not None), default=1)
    if name == DEFAULT_FEATURES:
        k = max(1, min(k, len(curves) // CURVES_FOR_ONE))
    rows = [[np.nan if value is None else value for value in numbers or ()] for numbers in found]
    return np.array([(row + [np.nan] * k)[:k] for row in rows], dtype=float).reshape(len(curves), k)
