"""Predictions of measurements that the model did not see, by which models are judged and weighted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray
from designer.surrogates.outputs import OutputScale


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of every measurement by a model that did not see it, in the order of the model's ``inputs``.

    Parameters
    ----------
    means, variances
        ``n`` each, in the target's unit (squared), measurement noise included.
    log_densities
        ``n`` log densities of the measured values (per target's unit).
    """

    means: FloatArray
    variances: FloatArray
    log_densities: FloatArray


def r_squared(values: FloatArray, predicted: FloatArray) -> float:
    """Return R^2 of predictions of values (``n`` each): 1 for a perfect prediction, 0 for that of the mean.

    >>> r_squared(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
    0.5
    """
    errors, spread = values - predicted, values - values.mean()
    return 1.0 - float(errors @ errors) / float(spread @ spread)


def held_out(output: OutputScale, z: FloatArray, means: FloatArray, variances: FloatArray) -> HeldOut:
    """Judge normal predictions (`means`, `variances`) of standardised values `z`; return them in the target's unit."""
    densities = -0.5 * (np.log(2.0 * np.pi * variances) + (z - means) ** 2 / variances) - np.log(output.scale)
    return HeldOut(output.centre + output.scale * means, output.scale**2 * variances, densities)
