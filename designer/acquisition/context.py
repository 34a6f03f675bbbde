"""The arguments of an acquisition function."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.models.model import Model
from torch import Tensor

from designer.acquisition.improvement import log_within
from designer.acquisition.moments import moments, single_output
from designer.objective import Objective
from designer.objective.desirability import Range
from designer.space.cells import Cells

Gate = Callable[[Tensor], Tensor]
"""A log probability (``n``) of features (``n x d``) that is added to an acquisition."""


@dataclass(frozen=True, eq=False)
class AcquisitionContext:
    """The arguments of an acquisition function.

    Parameters
    ----------
    model
        Posterior of all targets, in the order of the objective's.
    objective, ranges
        The objective, and the goals' ranges for a desirability.
    measured, pending
        ``b x d`` features of distinct measured designs, and ``p x d`` of pending ones.
    reference
        ``r x d`` features of some designs of the space; before the first measurement their mean is the incumbent.
    gates
        Log probabilities that are added: that an experiment succeeds.
    seed
        Of the quasi-random draws.
    unmeasured
        Columns of targets with a limit and without any measurement; their limits are left out.
    builder
        Builds the user's own acquisition function from model and context; None for the default.
    in_context
        Whether designs are chosen for a context that is given. `measured` then holds the measured designs as they would
        be in this context, and the incumbent is their best posterior mean: what they give here was not measured, and a
        design whose value here is uncertain may itself be worth an experiment (Krause and Ong, NeurIPS 2011).
    elsewhere, transferred
        ``e x d`` features of designs that are pending in other contexts, and of the same designs in this context. The
        expected values of the latter, given what the former will give, are incumbents.
    region
        ``r x d`` features of designs all over the space, at which a surface (``goal: map``) or a level set (``goal:
        boundary``) shall be known, or of which some are in each of the `cells`; None without such goals or cells.
    cells
        The cells in each of which the best design is wanted; None where the best of all is.
    """

    model: Model
    objective: Objective
    ranges: tuple[Range, ...]
    measured: Tensor
    pending: Tensor
    reference: Tensor
    gates: tuple[Gate, ...] = ()
    seed: int = 0
    unmeasured: frozenset[int] = frozenset()
    builder: Callable[[Model, AcquisitionContext], AcquisitionFunction] | None = None
    in_context: bool = False
    elsewhere: Tensor | None = None
    transferred: Tensor | None = None
    region: Tensor | None = None
    cells: Cells | None = None

    @property
    def pending_anywhere(self) -> Tensor:
        """The pending designs, and behind them those that are pending in other contexts."""
        return self.pending if self.elsewhere is None else torch.cat([self.pending, self.elsewhere])

    @property
    def limits(self) -> tuple[tuple[int, float | None, float | None], ...]:
        """The outcome constraints that have a model: column of the targets, at least, at most."""
        return tuple(limit for limit in self.objective.limits if limit[0] not in self.unmeasured)

    def feasible(self, Y: Tensor) -> Tensor:
        """Return which targets ``... x m`` meet the outcome constraints that have a model (``...``)."""
        kept = torch.ones(Y.shape[:-1], dtype=torch.bool)
        for column, at_least, at_most in self.limits:
            kept &= Y[..., column] >= (-math.inf if at_least is None else at_least)
            kept &= Y[..., column] <= (math.inf if at_most is None else at_most)
        return kept

    def log_feasible(self, X: Tensor) -> Tensor:
        """Return the log probability (``n``) that designs `X` (``n x d``) meet all outcome constraints."""
        total = X.new_zeros(len(X))
        for column, at_least, at_most in self.limits:
            there = moments(single_output(self.model, column), X, X[:0])
            total = total + log_within(there.mean, there.variance.sqrt(), at_least, at_most)
        return total

    def log_gates(self, X: Tensor) -> Tensor:
        """Return the sum of the gates (``n``) at designs `X` (``n x d``)."""
        total = X.new_zeros(len(X))
        for gate in self.gates:
            total = total + gate(X)
        return total

    def incumbents(self) -> Tensor:
        """Return the measured designs that meet all outcome constraints with a probability of at least a half."""
        if not self.limits or not len(self.measured):
            return self.measured
        with torch.no_grad():
            return self.measured[self.log_feasible(self.measured) >= math.log(0.5)]

    def utilities(self, Y: Tensor) -> Tensor:
        """Return the objective's utilities (``... x k``) of targets (``... x m``)."""
        return cast(Tensor, self.objective.utilities(Y, self.ranges))
