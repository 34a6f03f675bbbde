"""Interleaving: every third design is chosen by the baseline model, as if there were no past tasks.

A prior that is confident and wrong about the best designs still predicts most results well, so the evidence does not
tell it from a good prior. Interleaving bounds the harm whatever the evidence: with every third design chosen without
past tasks, a campaign takes at most three times the experiments of one without past tasks, less what the other results
add; the price is at most half as many experiments again as always following a good prior.

The posterior does not change: predictions follow all the evidence; only the choice of designs is interleaved.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from botorch.models.model import Model

from designer.surrogates.independent import joined, parts
from designer.surrogates.model_mixture import Mixture

EVERY = 3
"""One design in so many is chosen without past tasks."""


class InterleavedMixture(Mixture):
    """A mixture whose first component, the baseline model, chooses every third design alone."""

    @property
    def baseline(self) -> Model:
        """The model without past tasks."""
        return self._components[0]


def baseline_part(model: Model) -> Model | None:
    """Return the posterior without past tasks; None where no target is interleaved."""
    if isinstance(model, InterleavedMixture):
        return model.baseline
    models = parts(model)
    baselines = [baseline_part(part) for part in models] if len(models) > 1 else []
    if all(part is None for part in baselines):
        return None
    return joined([own if part is None else part for own, part in zip(models, baselines, strict=True)])


def is_baseline_turn(made: int) -> bool:
    """Return whether the baseline model chooses the next design, after `made` designs (pending ones included).

    >>> [is_baseline_turn(made) for made in range(6)]
    [False, False, True, False, False, True]
    """
    return made % EVERY == EVERY - 1


def interleaved(made: int, n: int) -> Sequence[tuple[bool, int]]:
    """Return how the next `n` designs are chosen: pairs (by the baseline model?, how many in a row).

    >>> interleaved(0, 4)
    [(False, 2), (True, 1), (False, 1)]
    """
    return [(baseline, len(list(same))) for baseline, same in groupby(is_baseline_turn(made + i) for i in range(n))]
