"""What past tasks of the very quantity say of it, and how far they are usually wrong: learned from each other.

Each of them plays the new task, foretold by the others (one that is alone, by networks that have not seen its designs).
Where it is wrong, and whether it is wrong in the same way at designs that are alike, is what a few new measurements can
mend; the rest is noise, and the new measurements must not be taken for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import FloatArray
from designer.priors.stacking.components import tensor
from designer.priors.stacking.prior_scales import learn_scales
from designer.priors.stacking.student_process import Inputs, ScalePrior, ThetaPrior
from designer.priors.stacking.warps import Warp, asinh_of

OFFSET = 0.05
"""Variance of what all values of another task differ by, in units of the overall scale."""

_NU = 6.0
_MIN_ERROR = 1e-3


@dataclass(frozen=True, eq=False)
class Trial:
    """One past task of the quantity in the place of the new one.

    Parameters
    ----------
    known, expected
        ``n``: its values, and what the others expect, in the new task's unit.
    inputs
        Its designs as a process sees them.
    """

    known: FloatArray
    expected: FloatArray
    inputs: Inputs


@dataclass(frozen=True, eq=False)
class AnchorScale:
    """How far past tasks are wrong, on one scale.

    Parameters
    ----------
    warp
        The scale.
    error
        What is known of the size of errors beforehand.
    theta
        Where the hyperparameters of a process of the errors begin.
    """

    warp: Warp
    error: ScalePrior
    theta: ThetaPrior


@dataclass(frozen=True, eq=False)
class Anchor:
    """Past tasks of the very quantity.

    Parameters
    ----------
    names
        Of these tasks.
    positive
        Whether all their values are above 0.
    scales
        On which they are tried.
    """

    names: tuple[str, ...]
    positive: bool
    scales: tuple[AnchorScale, ...]


def learn_anchor(names: Sequence[str], positive: bool, trials: Sequence[Trial]) -> Anchor:
    """Return what past tasks of a quantity say of it; the trials in an order that depends on no values."""
    spread = asinh_of(np.concatenate([trial.known for trial in trials]))
    warps = [Warp("identity")] if spread is None else [spread, Warp("identity")]
    return Anchor(tuple(names), positive, tuple(_scale(warp, trials) for warp in warps))


def _scale(warp: Warp, trials: Sequence[Trial]) -> AnchorScale:
    errors = [warp(trial.known) - warp(trial.expected) for trial in trials]
    size = max(float(np.sqrt(np.mean(each**2))) for each in errors)
    theta = learn_scales([trial.inputs for trial in trials], [tensor(each) for each in errors])
    return AnchorScale(warp, ScalePrior(_NU, max(size, _MIN_ERROR)), theta)
