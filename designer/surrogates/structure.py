"""From feature columns to a kernel: which columns share a lengthscale, which terms are added, under which priors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.surrogates.fitting import LogNormalPriors
from designer.surrogates.kernels import Array, Kernel, Term, column_weights, parameter_groups
from designer.surrogates.outputs import Method

if TYPE_CHECKING:
    from designer.space.encoding import FeatureColumn


@dataclass(frozen=True)
class GaussianProcessSettings:
    """Structure and priors of a Gaussian process.

    Normal priors are on logarithms of standardised outputs' hyperparameters; lengthscales grow with the square root
    of the number of lengthscale groups (Hvarfner et al. 2024).
    """

    shared_roles: frozenset[str] = frozenset({"category"})
    additive: bool = False
    lengthscale: tuple[float, float] = (math.sqrt(2.0) - 3.0, math.sqrt(3.0))
    variance: tuple[float, float] = (0.0, 1.0)
    noise: tuple[float, float] = (-5.0, 1.0)
    noise_floor: float = 1e-6
    offset: float = 1.0
    standardise: Method = "moments"


def build_kernel(columns: Sequence[FeatureColumn], settings: GaussianProcessSettings) -> Kernel:
    """Return the kernel over `columns`: one term over all of them, and main effects beside it if asked for."""
    groups = parameter_groups(columns, settings.shared_roles)
    count = int(groups.max()) + 1 if len(groups) else 0
    terms = [Term(groups, 0)]
    if settings.additive and count > 1:
        terms += [Term(np.where(groups == g, groups + count, -1), 1) for g in range(count)]
        return Kernel(column_weights(columns), tuple(terms), 2 * count, 2, settings.offset)
    return Kernel(column_weights(columns), tuple(terms), count, 1, settings.offset)


def build_priors(
    columns: Sequence[FeatureColumn], kernel: Kernel, settings: GaussianProcessSettings
) -> LogNormalPriors:
    """Return the priors of `kernel`'s hyperparameters."""
    groups = parameter_groups(columns, settings.shared_roles)
    count = int(groups.max()) + 1 if len(groups) else 0
    location, deviation = settings.lengthscale
    means = np.full(kernel.lengthscales, location)
    means[:count] += 0.5 * math.log(max(count, 1))
    variances = np.full(kernel.variances, settings.variance[0])
    if kernel.variances == 2:
        variances[1] -= math.log(count)
        variances -= math.log(2.0)
    deviations = [np.full(kernel.lengthscales, deviation), np.full(kernel.variances, settings.variance[1])]
    return LogNormalPriors(
        np.concatenate([means, variances, [settings.noise[0]]]),
        np.concatenate([*deviations, [settings.noise[1]]]),
        settings.noise_floor,
    )


def build_starts(kernel: Kernel, priors: LogNormalPriors) -> Array:
    """Return the optimiser's starts: the priors' mode, a smooth noisy one, and a rough one."""
    lengths = kernel.lengthscales
    smooth, rough = priors.means.copy(), priors.means.copy()
    smooth[:lengths] += 1.5
    smooth[-1] += 2.0
    rough[:lengths] -= 1.0
    return np.stack([priors.means, smooth, rough])
