"""From feature columns to a kernel: which columns share a lengthscale, which terms are added, under which priors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from designer.arrays import FloatArray, IndexArray
from designer.surrogates.fitting import LogNormalPriors
from designer.surrogates.kernels import Kernel, Term
from designer.surrogates.outputs import Method

if TYPE_CHECKING:
    from designer.space.encoding import FeatureColumn

Descriptors = Literal["unused", "together", "beside"]
MainEffects = Literal["none", "category", "all"]


@dataclass(frozen=True)
class GaussianProcessSettings:
    """Structure and priors of a Gaussian process. The defaults were chosen by measurement
    (docs/decisions/011-baseline-model.md).

    Parameters
    ----------
    descriptors
        What becomes of descriptor columns: ``unused``; ``together``, in one distance with all others; or ``beside``,
        in a term of their own that is added, in which they stand in place of their parameter's own columns.
    main_effects
        Which main effects are added, one term a lengthscale group: ``none``, those of ``category`` columns, or ``all``.
    lengthscale, variance, noise
        Mean and standard deviation of the normal priors on the logarithms, for standardised outputs. Lengthscales are
        in units of the root of the number of groups (Hvarfner et al. 2024).
    noise_floor
        Least noise variance of standardised outputs.
    offset
        Prior variance of the constant mean of standardised outputs.
    standardise
        How outputs are standardised.
    """

    descriptors: Descriptors = "beside"
    main_effects: MainEffects = "category"
    lengthscale: tuple[float, float] = (math.log(0.7), 0.5)
    variance: tuple[float, float] = (0.0, 1.0)
    noise: tuple[float, float] = (-5.0, 1.0)
    noise_floor: float = 1e-6
    offset: float = 1.0
    standardise: Method = "moments"


@dataclass(frozen=True, eq=False)
class Layout:
    """Which columns share a lengthscale: group numbers (``d``) and weights in squared distances (``d``).

    A numeric or fraction column is a group of its own. The one-hot columns of a parameter are one group with weight
    1/2 (two of them differ at once), and its descriptors another with weights of sum 1.
    """

    groups: IndexArray
    weights: FloatArray

    @classmethod
    def of(cls, columns: Sequence[FeatureColumn]) -> Layout:
        """Read the layout off the columns' parameters and roles."""
        alone = ("numeric", "fraction")
        keys = [(c.parameter, c.role, c.name if c.role in alone else "") for c in columns]
        numbers = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        groups = np.array([numbers[key] for key in keys], dtype=np.intp)
        sizes = np.bincount(groups, minlength=1)[groups] if len(groups) else np.zeros(0)
        weights = [
            0.5 if column.role == "category" else 1.0 / size if column.role == "descriptor" else 1.0
            for column, size in zip(columns, sizes, strict=True)
        ]
        return cls(groups, np.array(weights))


def build_kernel(columns: Sequence[FeatureColumn], settings: GaussianProcessSettings) -> Kernel:
    """Return the kernel over `columns`: one term over all of them, and others beside it where asked for."""
    layout = Layout.of(columns)
    described = {c.parameter for c in columns if c.role == "descriptor"}
    own = np.array([c.role != "descriptor" for c in columns], dtype=bool)
    replaced = np.array([c.role != "descriptor" and c.parameter in described for c in columns], dtype=bool)
    count = int(layout.groups.max(initial=-1)) + 1
    first = layout.groups if settings.descriptors == "together" else np.where(own, layout.groups, -1)
    terms, lengthscales, variances = [Term(first, 0)], count, 1
    if settings.descriptors == "beside" and described:
        terms.append(Term(np.where(replaced, -1, layout.groups + lengthscales), variances))
        lengthscales, variances = lengthscales + count, variances + 1
    effects = _effects(columns, first, settings.main_effects)
    if len(np.unique(first[first >= 0])) > 1 and effects:
        terms += [Term(np.where(first == g, g + lengthscales, -1), variances) for g in effects]
        lengthscales, variances = lengthscales + count, variances + 1
    return Kernel(layout.weights, tuple(terms), lengthscales, variances, settings.offset)


def _effects(columns: Sequence[FeatureColumn], groups: IndexArray, which: MainEffects) -> list[int]:
    """Return the groups whose main effects are added."""
    wanted = [group for group, c in zip(groups, columns, strict=True) if which == "all" or c.role == which]
    return sorted({int(group) for group in wanted if group >= 0})


def build_priors(kernel: Kernel, settings: GaussianProcessSettings) -> LogNormalPriors:
    """Return the priors of `kernel`'s hyperparameters.

    Together the terms have the prior variance of one: a term group of ``t`` terms has a share of ``1 / t`` each.
    """
    location, deviation = settings.lengthscale
    means = np.full(kernel.lengthscales, location)
    shares = np.zeros(kernel.variances)
    for term in kernel.terms:
        inside = np.unique(term.groups[term.used])
        means[inside] = location + 0.5 * math.log(max(len(inside), 1))
        shares[term.variance] += 1.0
    variances = settings.variance[0] - np.log(kernel.variances * shares)
    deviations = [np.full(kernel.lengthscales, deviation), np.full(kernel.variances, settings.variance[1])]
    return LogNormalPriors(
        np.concatenate([means, variances, [settings.noise[0]]]),
        np.concatenate([*deviations, [settings.noise[1]]]),
        settings.noise_floor,
    )


def build_starts(kernel: Kernel, priors: LogNormalPriors) -> FloatArray:
    """Return the optimiser's starts: the priors' mode, and a rougher process."""
    rough = priors.means.copy()
    rough[: kernel.lengthscales] -= 1.0
    return np.stack([priors.means, rough])
