"""Anchors: past tasks of the same quantity, and the distribution of their errors, learned from each other.

Each of them is predicted as a new task by the others (a single one by networks that have not seen its designs). A few
new measurements correct errors that are alike at similar designs; the rest of the errors is noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray
from designer.priors.stacking.components import tensor
from designer.priors.stacking.prior_scales import learn_scales
from designer.priors.stacking.source_kernel import Inputs, ThetaPrior
from designer.priors.stacking.warps import Warp, asinh_of
from designer.surrogates.fitting import ScalePrior

OFFSET = 0.05
"""Variance of the common offset of a task, in units of the overall scale."""

_NU = 6.0
_MIN_ERROR = 1e-3


@dataclass(frozen=True, eq=False)
class Trial:
    """One past task of the quantity as the new one.

    Parameters
    ----------
    known, expected
        ``n``: its values, and the predictions of the others, in the new task's unit.
    inputs
        Its designs as a process takes them.
    """

    known: FloatArray
    expected: FloatArray
    inputs: Inputs


@dataclass(frozen=True, eq=False)
class AnchorScale:
    """The distribution of errors of past tasks, on one scale.

    Parameters
    ----------
    warp
        The scale.
    error
        The prior of the size of errors.
    theta
        The prior of the hyperparameters of a process of the errors.
    """

    warp: Warp
    error: ScalePrior
    theta: ThetaPrior


@dataclass(frozen=True, eq=False)
class Anchor:
    """Past tasks of the same quantity.

    Parameters
    ----------
    names
        Of these tasks.
    positive
        Whether all their values are above 0.
    scales
        On which they are fits.
    """

    names: tuple[str, ...]
    positive: bool
    scales: tuple[AnchorScale, ...]


def learn_anchor(names: Sequence[str], positive: bool, trials: Sequence[Trial]) -> Anchor:
    """Return the anchor of past tasks of a quantity; the order of the trials must not depend on values."""
    spread = asinh_of(np.concatenate([trial.known for trial in trials]))
    warps = [Warp("identity")] if spread is None else [spread, Warp("identity")]
    return Anchor(tuple(names), positive, tuple(_scale(warp, trials) for warp in warps))


def _scale(warp: Warp, trials: Sequence[Trial]) -> AnchorScale:
    errors = [warp(trial.known) - warp(trial.expected) for trial in trials]
    size = max(float(np.sqrt(np.mean(each**2))) for each in errors)
    theta = learn_scales([trial.inputs for trial in trials], [tensor(each) for each in errors])
    return AnchorScale(warp, ScalePrior(_NU, max(size, _MIN_ERROR)), theta)
