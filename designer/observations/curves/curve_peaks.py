"""Peaks of curves: position, height, width and area, by `scipy.signal`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks, peak_widths

from designer.arrays import FloatArray

MIN_PROMINENCE = 0.05
"""Prominence of a peak, as a share of the range of its curve."""


@dataclass(frozen=True)
class Peak:
    """A peak of a curve: where it is, its height over its base, its width at half of that, and the area over its base.

    Position and width are in the unit of the axis, the height in that of the curve.
    """

    position: float
    height: float
    width: float
    area: float


def peaks_of(x: FloatArray, y: FloatArray) -> tuple[Peak, ...]:
    """Return the peaks of a curve, the highest one over its base first.

    Parameters
    ----------
    x, y
        ``g`` positions, rising, and values.

    Examples
    --------
    >>> x = np.linspace(0.0, 10.0, 201)
    >>> [peak] = peaks_of(x, 3.0 * np.exp(-(((x - 4.0) / 0.5) ** 2)))
    >>> round(peak.position, 2), round(peak.height, 2), round(peak.width, 2), round(peak.area, 2)
    (4.0, 3.0, 0.83, 2.66)
    """
    span = float(np.ptp(y))
    if span == 0.0 or len(y) < 3:
        return ()
    scaled = (y - y.min()) / span
    places, found = find_peaks(scaled, prominence=MIN_PROMINENCE)
    if len(places) == 0:
        return ()
    known = (found["prominences"], found["left_bases"], found["right_bases"])
    _, _, left, right = peak_widths(scaled, places, rel_height=0.5, prominence_data=known)
    index = np.arange(len(x), dtype=float)
    result = []
    for i, place in enumerate(places):
        low, high = int(found["left_bases"][i]), int(found["right_bases"][i]) + 1
        base = scaled[place] - found["prominences"][i]
        area = float(np.trapezoid(np.maximum(scaled[low:high] - base, 0.0), x[low:high])) * span
        ends = np.interp([left[i], right[i]], index, x)
        result.append(Peak(float(x[place]), float(found["prominences"][i]) * span, float(ends[1] - ends[0]), area))
    return tuple(sorted(result, key=lambda peak: (-peak.height, peak.position)))


def largest_peaks(x: FloatArray, Y: FloatArray) -> FloatArray:
    """Return position, height, width and area (``p x 4``) of the highest peak of each curve (``p x g``); NaN without.

    >>> x = np.linspace(0.0, 1.0, 11)
    >>> largest_peaks(x, np.zeros((1, 11))).tolist()
    [[nan, nan, nan, nan]]
    """
    rows = []
    for y in Y:
        found = peaks_of(x, y)
        first = found[0] if found else Peak(np.nan, np.nan, np.nan, np.nan)
        rows.append([first.position, first.height, first.width, first.area])
    return np.array(rows, dtype=float).reshape(len(Y), 4)
