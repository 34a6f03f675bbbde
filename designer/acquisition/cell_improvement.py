"""The expected improvement over the best design of each cell, for several good designs that differ.

A design is worth what it is expected to improve on the best one of its own cell, so that the next experiment is in the
cell where most is expected to be gained: quality-diversity search by expected improvement, as the BOP-Elites of P. Kent
and others ("BOP-Elites, a Bayesian optimisation approach to quality diversity search with black-box descriptor
functions", IEEE Transactions on Evolutionary Computation 2023). In a cell without a measured design the improvement is
that over the mean prediction of its designs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from botorch.models.model import Model
from torch import Tensor

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.fantasies import Fantasies, winners
from designer.acquisition.functions import BASELINE, PRUNING_DRAWS, NoisyImprovement, Part
from designer.acquisition.improvement import log_improvement
from designer.acquisition.moments import moments

MIN_IN_CELL = 2
"""Measured designs of a cell that may be its best in some draw, where there are many cells."""


class CellImprovement(NoisyImprovement):
    """`NoisyImprovement` over the best measured or pending design of each design's own cell (``context.cells``)."""

    def __init__(self, context: AcquisitionContext) -> None:
        assert context.cells is not None
        assert context.region is not None
        self._cells = context.cells
        super().__init__(context)
        self.screen_bounds = False

    def _cell(self, X: Tensor) -> Tensor:
        return torch.from_numpy(self._cells.of_features(X.detach().numpy()))

    def _pruned(self, model: Model, Z: Tensor) -> Tensor:
        if len(Z) < 2:
            return Z
        Z = self._promising(model, Z)
        cells, draws = self._cell(Z), self._utility(self._fantasies(model, Z, PRUNING_DRAWS).values)
        limit = max(MIN_IN_CELL, BASELINE // self._cells.number)
        kept = [
            rows[winners(draws[:, rows], limit)]
            for rows in (torch.nonzero(cells == cell)[:, 0] for cell in sorted(set(cells.tolist())))
        ]
        return Z[torch.cat(kept).sort().values]

    def _best(self, model: Model, fantasies: Fantasies, incumbents: Tensor) -> Tensor:
        """Return the best utility of each cell in each draw (``cells x S``)."""
        assert self.context.region is not None
        region = self.context.region
        cells, drawn = self._cell(fantasies.Z), self._utility(fantasies.values)
        there = self._cell(region)
        with torch.no_grad():
            means = self._utility(moments(model, region, region[:0]).mean)
        best = []
        for cell in range(self._cells.number):
            mine, around = cells == cell, there == cell
            if bool(mine.any()):
                best.append(drawn[:, mine].amax(-1))
            else:
                level = means[around].mean() if bool(around.any()) else means.mean()
                best.append(level.expand(len(drawn)))
        return torch.stack(best)

    def _best_at(self, X: Tensor) -> list[Tensor]:
        """Return for each component the best utility of each design's cell in each draw (``n x S``)."""
        cells = self._cell(X)
        return [best[cells] for _, _, best in self._parts]

    def _screen_of(self, X: Tensor, parts: Sequence[Part]) -> Tensor:
        """Return the improvement (``n``) over the mean of each cell's best."""
        cells, screens = self._cell(X), []
        for log_weight, fantasies, best in parts:
            there, floor = moments(fantasies.model, X, X[:0]), fantasies.floor**2
            deviation = there.variance.clamp_min(floor).sqrt()
            screens.append(log_weight + log_improvement(self.target, there.mean, deviation, best.mean(-1)[cells]))
        total = torch.logsumexp(torch.stack(screens), 0)
        return total + self.context.log_feasible(X) + self.context.log_gates(X)
