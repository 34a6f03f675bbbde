"""The cost of designs in a search: the gain for the cost is maximised, and what cannot be paid is left out.

Of the designs whose expected gain is at least `MIN_GAIN` of the largest one, the search chooses that with the largest
gain per cost. Gain per cost alone (J. Snoek, H. Larochelle, R. Adams, "Practical Bayesian optimization of machine
learning algorithms", NeurIPS 2012) prefers cheap designs too much where the good ones are dear. E. Lee et al.,
"Cost-aware Bayesian optimization" (2020), lower the exponent of the cost instead while the budget is spent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import FloatArray
from designer.errors import BudgetSpent, InvalidSpace, NoDesignLeft
from designer.objective.cost import MAX_LISTED
from designer.space import DesignSpace
from designer.space.constraints.constraint import Constraint
from designer.space.listing import list_designs

MIN_GAIN = 0.5
"""The share of the largest expected gain that a design must have to be chosen for its cost."""
_BEHIND = 1e6
"""By how much logarithms of gains are lowered that are too small."""
MIN_USEFUL = 0.01
"""The share of the best gain below which a design is not worth the rest of a budget."""
_DRAWN = 1024


@dataclass(frozen=True, eq=False)
class DesignCosts:
    """What designs of the next batch cost, and what may be spent on them.

    Parameters
    ----------
    of
        Returns the cost (``n``) of designs (``n x c`` coordinates), all their replicates together.
    limit
        Returns the constraint, as text, that a design costs at most a number.
    left
        What may be spent on designs; infinite without a budget of cost.
    per_batch
        What the batch costs besides its designs.
    min_gain
        The share of the largest gain that a design must have.
    """

    of: Callable[[FloatArray], FloatArray]
    limit: Callable[[float], str]
    left: float = math.inf
    per_batch: float = 0.0
    min_gain: float = MIN_GAIN

    def ranking(self, gains: FloatArray, costs: FloatArray) -> FloatArray:
        """Return the order of designs (``n``) by logarithms of their gains and by costs: the larger, the better.

        That is the gain per cost where the gain is large enough. All others come behind, in the order of their gains.
        """
        enough = gains >= gains.max(initial=-np.inf) + math.log(self.min_gain)
        result: FloatArray = np.where(enough, gains - np.log(costs), gains - _BEHIND)
        return result

    def after(self, coordinates: FloatArray) -> DesignCosts:
        """Return what is left when some designs are chosen."""
        spent = float(self.of(coordinates).sum()) if len(coordinates) else 0.0
        return replace(self, left=self.left - spent, per_batch=0.0)

    def affordable(self, coordinates: FloatArray) -> FloatArray:
        """Return the first designs that can be paid together."""
        if not math.isfinite(self.left):
            return coordinates
        return coordinates[np.cumsum(self.of(coordinates)) <= self.left]

    def space_of(self, space: DesignSpace) -> DesignSpace:
        """Return the space of the designs that can be paid.

        Raises
        ------
        BudgetSpent
            If there is none.
        """
        if not math.isfinite(self.left):
            return space
        try:
            if (self.of(_some(space)) <= self.left).all():
                return space
            constraints = (*space.constraints, Constraint(text=self.limit(max(self.left, 0.0))))
            return DesignSpace(parameters=space.parameters, constraints=constraints, pool=space.pool)
        except (InvalidSpace, NoDesignLeft):
            raise BudgetSpent(self._nothing_paid) from None

    @property
    def _nothing_paid(self) -> str:
        return f"no design left costs {max(self.left, 0.0):.6g} or less, which is what the cost budget has left for one"

    def require_paid(self, found: bool) -> None:
        """Refuse to go on where a budget is limited and no design was found.

        Raises
        ------
        BudgetSpent
            If none was found.
        """
        if not found and math.isfinite(self.left):
            raise BudgetSpent(self._nothing_paid)

    def require_useful(self, gain: float, best: float) -> None:
        """Refuse the best design that can be paid where its gain is a small share of that of the best of all designs.

        Parameters
        ----------
        gain, best
            Logarithms of the gains.

        Raises
        ------
        BudgetSpent
            If the share is below `MIN_USEFUL`.
        """
        if gain < best + math.log(MIN_USEFUL):
            raise BudgetSpent(
                f"the cost budget has {self.left:.6g} left for a design, and designs that cost no more are expected to "
                f"gain less than {MIN_USEFUL:.0%} of what the best design would"
            )


def _some(space: DesignSpace) -> FloatArray:
    """Return all designs of a small space, and random ones of another."""
    found = list_designs(space, MAX_LISTED)
    return space.sample(_DRAWN, np.random.default_rng(0)) if found is None else found
