"""Monotone maps between a quantity's own unit and the scale on which models work.

Past tasks are brought to normal scores (`NormalScores`): whatever their unit and their tails, all are alike then. The
new task has too few values for that; it is fits as it is, as a logarithm and as an inverse hyperbolic sine, and
held-out values decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri

from designer.arrays import FloatArray

Form = Literal["identity", "log", "asinh"]
KNOTS = 257

_TINY = 1e-300
_MAD = 1.4826
_LARGEST = 700.0


@dataclass(frozen=True)
class Warp:
    """``w(y)``: y itself, ``log y``, or ``asinh((y - centre) / scale)``.

    >>> warp = Warp("log")
    >>> warp.inverse(warp(np.array([2.0, 8.0]))).round(9).tolist()
    [2.0, 8.0]
    """

    form: Form
    centre: float = 0.0
    scale: float = 1.0

    def __call__(self, y: FloatArray) -> FloatArray:
        """Return w of values."""
        if self.form == "log":
            return np.asarray(np.log(np.maximum(y, _TINY)))
        return np.asarray(np.arcsinh((y - self.centre) / self.scale)) if self.form == "asinh" else y

    def inverse(self, u: FloatArray) -> FloatArray:
        """Return the values of w."""
        if self.form == "log":
            return np.asarray(np.exp(np.clip(u, -_LARGEST, _LARGEST)))
        if self.form == "asinh":
            return np.asarray(self.centre + self.scale * np.sinh(np.clip(u, -_LARGEST, _LARGEST)))
        return u

    def log_slope(self, y: FloatArray) -> FloatArray:
        """Return ``log w'(y)``, the log Jacobian of densities on the models' scale."""
        if self.form == "log":
            return -np.log(np.maximum(y, _TINY))
        if self.form == "asinh":
            z = (y - self.centre) / self.scale
            return np.asarray(-0.5 * np.log1p(z * z) - np.log(self.scale))
        return np.zeros_like(y)


def warps_for(y: FloatArray) -> tuple[Warp, ...]:
    """Return the maps for values (``n``): the logarithm only of positive ones, asinh only of ten or more.

    >>> [warp.form for warp in warps_for(np.array([1.0, 2.0]))]
    ['log', 'identity']
    >>> [warp.form for warp in warps_for(np.array([0.0, 2.0]))]
    ['identity']
    """
    found = [Warp("log")] if len(y) and float(y.min()) > 0 else []
    found.append(Warp("identity"))
    bent = asinh_of(y) if len(y) >= 10 else None
    return (*found, bent) if bent else tuple(found)


def asinh_of(y: FloatArray) -> Warp | None:
    """Return the inverse hyperbolic sine around the median of values (``n``), in units of their median deviation.

    None where more than half of them are equal.
    """
    centre = float(np.median(y))
    spread = _MAD * float(np.median(np.abs(y - centre)))
    return Warp("asinh", centre, spread) if spread > 0 else None


@dataclass(frozen=True, eq=False)
class NormalScores:
    """From values to the normal scores of their ranks, and back; linear between the knots and beyond them.

    Parameters
    ----------
    values, scores
        ``k`` knots each, both rising.
    """

    values: FloatArray
    scores: FloatArray

    @classmethod
    def of(cls, y: FloatArray) -> NormalScores:
        """Return the scores of values (``n``); equal values share the score of their middle rank.

        >>> scores = NormalScores.of(np.array([0.0, 0.0, 1.0, 5.0]))
        >>> scores(np.array([0.0, 1.0])).round(3).tolist()
        [-0.674, 0.319]
        >>> scores.inverse(scores(np.array([0.0, 3.0]))).tolist()
        [0.0, 3.0]
        """
        values, count = np.unique(y, return_counts=True)
        scores = ndtri((np.cumsum(count) - 0.5 * count) / len(y))
        if len(values) > KNOTS:
            kept = np.unique(
                np.searchsorted(scores, np.linspace(scores[0], scores[-1], KNOTS)).clip(0, len(values) - 1)
            )
            values, scores = values[kept], scores[kept]
        return cls(values.astype(np.float64), scores.astype(np.float64))

    def __call__(self, y: FloatArray) -> FloatArray:
        """Return the scores of values."""
        return _linear(y, self.values, self.scores)

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the values of scores; where all values are positive, none is below half the least."""
        values = _linear(z, self.scores, self.values)
        return np.maximum(values, 0.5 * self.values[0]) if self.values[0] > 0 else values

    @property
    def positive(self) -> bool:
        """Whether all values are above 0."""
        return bool(self.values[0] > 0)


def _linear(x: FloatArray, xs: FloatArray, ys: FloatArray) -> FloatArray:
    """Interpolate; beyond the ends extrapolate at the slope of the outermost eighth of the knots, at most as far."""
    inner = np.interp(x, xs, ys)
    step = max(1, len(xs) // 8)
    if len(xs) < 2:
        return inner
    low, high = (ys[step] - ys[0]) / (xs[step] - xs[0]), (ys[-1] - ys[-1 - step]) / (xs[-1] - xs[-1 - step])
    below, above = np.clip(xs[0] - x, 0.0, xs[step] - xs[0]), np.clip(x - xs[-1], 0.0, xs[-1] - xs[-1 - step])
    return np.asarray(inner - low * below + high * above)
