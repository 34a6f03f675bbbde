"""The two-point correlation function of a two-phase image.

Reference: S. Torquato, Random Heterogeneous Materials (2002), chapter 2.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray

MAX_DISTANCE = 256
"""The largest distance, in pixels."""


def two_point_correlation(inside: FloatArray | np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> FloatArray:
    """Return the probability (``r + 1``) that two pixels at the distance 0, 1, ..., r both lie in a phase.

    Distances are rounded to whole pixels, up to half of the shorter side and `MAX_DISTANCE`. All pairs of the image
    count, of whatever direction; there are no periodic boundaries.

    Parameters
    ----------
    inside
        ``h x w``: whether a pixel is of the phase.

    Examples
    --------
    >>> two_point_correlation(np.array([[1, 0], [1, 0]], dtype=bool)).round(3).tolist()
    [0.5, 0.167]
    """
    from scipy.fft import irfft2, next_fast_len, rfft2

    height, width = inside.shape
    reach = max(1, min(height // 2, width // 2, MAX_DISTANCE))
    shape = (next_fast_len(height + reach, real=True), next_fast_len(width + reach, real=True))
    spectrum = rfft2(inside.astype(float), s=shape)
    pairs = irfft2(np.abs(spectrum) ** 2, s=shape)
    dy, dx = np.arange(-reach, reach + 1)[:, None], np.arange(-reach, reach + 1)[None, :]
    both = np.rint(pairs[dy % shape[0], dx % shape[1]])
    number = (height - np.abs(dy)).clip(0) * (width - np.abs(dx)).clip(0)
    distance = np.rint(np.hypot(dy, dx)).astype(int).ravel()
    found = np.bincount(distance, weights=both.ravel())[: reach + 1]
    among = np.bincount(distance, weights=number.ravel())[: reach + 1]
    return np.asarray(found / np.maximum(among, 1))
