"""Numbers of the microstructure in an image: moments of its grey values, chord lengths, and grains."""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray


def moments(pixels: FloatArray) -> list[float]:
    """Return mean, standard deviation and skewness of grey values (``h x w``); the skewness of a constant is 0.

    >>> moments(np.array([[0.0, 0.0], [0.0, 1.0]])) == [0.25, 0.1875**0.5, 0.09375 / 0.1875**1.5]
    True
    """
    mean = float(pixels.mean())
    away = pixels - mean
    variance = float((away**2).mean())
    skewness = float((away**3).mean()) / variance**1.5 if variance > 1e-12 else 0.0
    return [mean, variance**0.5, skewness]


def grains(pixels: FloatArray) -> list[float]:
    """Return the share of the bright phase, both mean chord lengths, and the mean diameter of bright grains.

    Lengths are in pixels. The mean chord length of a phase (bright, then dark) is that of its runs along rows and
    columns (the intercept method of ASTM E112). A grain is a region of bright pixels that share edges; its diameter is
    that of a disc of the same area. NaN where a phase is absent.

    >>> grains(np.array([[1.0, 1.0, 0.0, 0.0]]))
    [0.5, 1.3333333333333333, 1.3333333333333333, 1.5957691216057308]
    """
    from scipy.ndimage import label

    bright = phase(pixels)
    _, number = label(bright)
    area = bright.sum() / number if number else np.nan
    return [float(bright.mean()), _chord(bright), _chord(~bright), float(2.0 * np.sqrt(area / np.pi))]


def microstructure(pixels: FloatArray) -> list[float]:
    """Return mean, bright chord, standard deviation, dark chord and skewness of an image (``h x w``).

    The first of them are used where there are few images.

    >>> len(microstructure(np.eye(4)))
    5
    """
    mean, deviation, skewness = moments(pixels)
    _, bright, dark, _ = grains(pixels)
    return [mean, bright, deviation, dark, skewness]


def phase(pixels: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return which pixels (``h x w``) are brighter than Otsu's threshold; none of a constant image.

    Reference: N. Otsu, IEEE Transactions on Systems, Man, and Cybernetics 9 (1979) 62.

    >>> phase(np.array([[0.1, 0.2, 0.8, 0.9]])).tolist()
    [[False, False, True, True]]
    """
    counts, edges = np.histogram(pixels, bins=256)
    if pixels.min() == pixels.max():
        return np.zeros(pixels.shape, dtype=bool)
    middles = 0.5 * (edges[1:] + edges[:-1])
    below, total = np.cumsum(counts), counts.sum()
    sums = np.cumsum(counts * middles)
    above = total - below
    between = np.zeros(256)
    inner = (below > 0) & (above > 0)
    difference = sums[inner] / below[inner] - (sums[-1] - sums[inner]) / above[inner]
    between[inner] = below[inner] * above[inner] * difference**2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    return np.asarray(pixels > edges[1:][int(best[len(best) // 2])])


def _chord(inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """Return the mean length of the runs of True along rows and columns."""
    runs = sum(int(each[:, 0].sum() + (each[:, 1:] & ~each[:, :-1]).sum()) for each in (inside, inside.T))
    return float(2 * inside.sum() / runs) if runs else float("nan")
