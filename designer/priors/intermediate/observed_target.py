"""The results of a target and the observations of designs with and without one, and what these say of the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from designer.arrays import FloatArray
from designer.observations.observation import MIN_PAIRS
from designer.priors.intermediate.observed_mixture import LearnedFrom, ObservedMixture, fit_observed
from designer.priors.intermediate.observed_process import ObservedProcess, Process
from designer.priors.intermediate.past_relation import PastResults
from designer.priors.intermediate.regression import PRIOR_PROBABILITY
from designer.priors.intermediate.revised_model import RevisedModel
from designer.priors.intermediate.revision import Informed
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess
from designer.surrogates.single_output import SingleOutput

Columns = tuple[int, ...]
FittedRegressions = dict[Any, ObservedMixture | None]
"""Regressions of the same designs, by the results and the observations, the columns and what past campaigns say."""


@dataclass(frozen=True, eq=False)
class ObservedTarget:
    """One target, and the observations of designs with and without a result of it.

    Parameters
    ----------
    one
        The results (``n`` rows, ``m = 1``).
    Z
        ``n x k`` standardised observations of their designs, NaN where one is missing.
    X_new, Z_new
        ``p x d`` features and ``p x k`` observations of designs without a result.
    prior_probability
        That the observations are informative, before a result.
    past
        Results of past campaigns with the same observations, whose relations may hold here.
    fitted
        Regressions of these results that were fitted before, to which further ones are added.
    """

    one: TaskData
    Z: FloatArray
    X_new: Tensor
    Z_new: FloatArray
    prior_probability: float = PRIOR_PROBABILITY
    past: tuple[PastResults, ...] = ()
    fitted: FittedRegressions = field(default_factory=dict)

    def regression(self, columns: Columns) -> ObservedMixture | None:
        """Return the regressions on some of the observations; None where there are none."""
        if not columns:
            return None
        results = (self.one.Y.numpy().tobytes(), self.Z[:, list(columns)].tobytes())
        key = (results, columns, self.prior_probability, self.past)
        if key not in self.fitted:
            self.fitted[key] = self._regression(columns)
        return self.fitted[key]

    def _regression(self, columns: Columns) -> ObservedMixture | None:
        found = [(each, each.relation(columns)) for each in self.past]
        past = [(each, relation) for each, relation in found if relation is not None]
        return fit_observed(self.one, self.Z[:, list(columns)], self.prior_probability, past)

    def informed(
        self, designs: Tensor, Z: FloatArray, process_of: Callable[[int], Process], baseline: GaussianProcess
    ) -> tuple[Informed, ...]:
        """Return the posteriors of the target by the regressions on the most observations.

        A design with some of these observations is predicted by the regression on them. Nothing where no regression is
        known.

        Parameters
        ----------
        designs, Z
            ``p x d`` features and ``p x k`` standardised observations of all observed designs.
        process_of
            Returns the process of a column of the observations.
        baseline
            The process of the results without observations.
        """
        columns = self._most_known()
        regression = self.regression(columns)
        if regression is None:
            return ()
        processes, known = [process_of(i) for i in columns], torch.as_tensor(Z[:, list(columns)])
        complete = torch.isfinite(known).all(dim=1)
        found = []
        for each in regression.parts:
            model = ObservedProcess(each.regression.joint, processes, designs[complete], known[complete])
            without = (baseline,) if each.without is None else (baseline, each.without)
            found.append(Informed(each.weight, self._with_partly_observed(model, columns, each.past), without))
        return tuple(found)

    def _with_partly_observed(self, model: ObservedProcess, columns: Columns, past: LearnedFrom | None) -> SingleOutput:
        """Return a model by a regression on some columns, revised at the designs of which only others are known."""
        parts = []
        for known, rows in self._alike():
            regression = None if set(known) >= set(columns) else self.regression(known)
            for each in () if regression is None else regression.parts:
                if each.past == past:
                    predicted = each.regression.predict(self.X_new[rows], self._observed(rows, known))
                    parts.append((self.X_new[rows], *predicted))
        return RevisedModel(model, *(torch.cat(part) for part in zip(*parts, strict=True))) if parts else model

    def _alike(self) -> Iterator[tuple[Columns, list[int]]]:
        """Yield the columns that some designs without a result (rows) have, and these designs."""
        sets = [tuple(np.flatnonzero(np.isfinite(row)).tolist()) for row in self.Z_new]
        for columns in sorted(set(sets)):
            yield columns, [i for i, each in enumerate(sets) if each == columns]

    def _observed(self, rows: list[int], columns: Columns) -> Tensor:
        return torch.as_tensor(self.Z_new[np.ix_(rows, list(columns))], dtype=torch.float64)

    def _most_known(self) -> Columns:
        """Return the columns of a design that enough results have, as many as possible; else those of most results."""
        known = np.isfinite(np.concatenate([self.Z, self.Z_new]))
        sets = {tuple(np.flatnonzero(row).tolist()) for row in known}
        counts = {each: int(np.isfinite(self.Z[:, list(each)]).all(axis=1).sum()) for each in sets if each}
        return max(counts, key=lambda each: (min(counts[each], MIN_PAIRS), len(each), each), default=())
