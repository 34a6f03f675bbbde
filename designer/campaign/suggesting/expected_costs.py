"""What experiments are expected to cost: the stated cost, corrected by the true costs that results carry.

The logarithm of true over stated cost is a function of the design. Of a few true costs its mean is used, shrunken
towards the stated cost as by one experiment that has cost what was stated; of more, a Gaussian process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState, Failure, Measurement
from designer.campaign.results.designs import coordinates_of
from designer.objective.cost import StatedCost
from designer.space.fidelity.fidelity_levels import levels_of

if TYPE_CHECKING:
    from designer.space.encoding import FeatureColumn
    from designer.surrogates.gaussian_process import GaussianProcess

MIN_MODELLED = 5
"""True costs from which a Gaussian process is fitted."""
MAX_RATIO = 1000.0
"""By how much an expected cost differs from the stated one at most."""


@dataclass(frozen=True, eq=False)
class ExpectedCost:
    """The expected cost of the experiments of a space.

    Parameters
    ----------
    stated
        The cost as the file states it.
    designs
        ``n x c`` coordinates of the designs whose true cost is known.
    ratios
        ``n`` logarithms of their true over their stated cost.
    """

    stated: StatedCost
    designs: FloatArray
    ratios: FloatArray

    def of_designs(self, coordinates: FloatArray) -> FloatArray:
        """Return the expected cost (``n``) of designs (``n x c``).

        Raises
        ------
        InvalidSpace
            With the first design whose stated cost is not a positive number.
        """
        return self.stated.of_designs(coordinates) * self.factors(coordinates)

    def factors(self, coordinates: FloatArray) -> FloatArray:
        """Return by which factor each design (``n x c``) is expected to cost more than stated (``n``)."""
        if not len(self.ratios) or not len(coordinates):
            return np.ones(len(coordinates))
        own, levels = levels_of(self.stated.space, self.designs), levels_of(self.stated.space, coordinates)
        if len({*own.tolist(), *levels.tolist()}) > 1:  # what a level costs says nothing about another one
            factors = np.ones(len(coordinates))
            for level in set(levels.tolist()):
                same = own == level
                part = ExpectedCost(self.stated, self.designs[same], self.ratios[same])
                factors[levels == level] = part.factors(coordinates[levels == level])
            return factors
        if len(self.ratios) < MIN_MODELLED:
            shrunken = float(self.ratios.sum()) / (len(self.ratios) + 1)
            return np.full(len(coordinates), np.exp(np.clip(shrunken, -np.log(MAX_RATIO), np.log(MAX_RATIO))))
        import torch

        features = torch.from_numpy(self.stated.space.encoder.encode(coordinates))
        mean, _ = self._model.marginals(features)
        result: FloatArray = np.exp(mean.numpy().clip(-np.log(MAX_RATIO), np.log(MAX_RATIO)))
        return result

    def limit(self, left: float) -> str:
        """Return a constraint that all designs meet whose expected cost is `left` at most, as far as is known.

        Where true costs are known it admits others as well, which are left out by their expected cost.
        """
        if not len(self.ratios):
            return self.stated.limit(left)
        return self.stated.limit(left / float(self.factors(self.stated.some_designs).min()))

    @cached_property
    def _model(self) -> GaussianProcess:
        encoder = self.stated.space.encoder
        features = encoder.encode(self.designs)
        return _fitted(tuple(encoder.columns), features.tobytes(), self.ratios.tobytes())


@lru_cache(maxsize=8)
def _fitted(columns: tuple[FeatureColumn, ...], features: bytes, ratios: bytes) -> GaussianProcess:
    import torch

    from designer.surrogates.data import TaskData
    from designer.surrogates.gaussian_process import fit_gaussian_process

    y = np.frombuffer(ratios).copy()
    X = np.frombuffer(features).reshape(len(y), -1).copy()
    return fit_gaussian_process(TaskData(torch.from_numpy(X), torch.from_numpy(y)[:, None], columns))


def expected_cost(spec: CampaignSpec, state: CampaignState) -> ExpectedCost | None:
    """Return what experiments are expected to cost; None where the file states no cost."""
    stated = spec.stated_cost
    if stated is None:
        return None
    known: list[Measurement | Failure] = [each for each in state.measurements.values() if not each.withdrawn]
    priced = [(each.design, each.cost) for each in [*known, *state.failures] if each.cost is not None]
    designs = coordinates_of(spec.space, [dict(design) for design, _ in priced])
    costs = stated.values(designs) if priced else np.empty(0)
    usable = np.isfinite(costs) & (costs > 0)  # a design that was made may lie outside the space
    true = np.array([cost for _, cost in priced], dtype=np.float64)
    return ExpectedCost(stated, designs[usable], np.log(true[usable] / costs[usable]))
