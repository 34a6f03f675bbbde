"""Whose turn it is: some designs are chosen by the plain model, as if there were no past tasks.

A prior that is sure and wrong about the best designs foretells most results well, so that their likelihood does not
tell it from one that is right. Choosing in turns is the lock that bounds the harm whatever the evidence: with every
third design chosen without past tasks, a campaign takes at most three times the experiments of one that has none, less
what the others' results teach it, and in exchange at most half as many again as one that always follows a good prior.

Where the results do not bear the prior out (`PROOF` to one, from `TRIAL` results on), every design is the plain
model's: what has not helped to foretell eight results is no reason to choose the ninth.

The posterior is not touched: what is foretold follows all the evidence; only the choice is made in turns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import cast

from botorch.models.model import Model

from designer.surrogates.independent import IndependentModels
from designer.surrogates.kernels import Array
from designer.surrogates.mixture import Mixture

EVERY = 3
"""One design in so many is chosen without past tasks."""

TRIAL = 8
"""Results that a prior need not have foretold better than the plain model to be followed."""

PROOF = 3.0
"""How many times better a prior must have foretold more results than these to be followed."""


def every_of(results: int, log_evidence: float) -> int:
    """Return which designs the plain model chooses: one in so many.

    Parameters
    ----------
    log_evidence
        Of the prior against the plain model, by so many results.

    >>> every_of(4, -0.5), every_of(8, -0.5), every_of(8, 1.5)
    (3, 1, 3)
    """
    return 1 if results >= TRIAL and log_evidence < math.log(PROOF) else EVERY


class Guarded(Mixture):
    """A mixture whose first component is the plain model, which decides by itself when it is its turn.

    Parameters
    ----------
    every
        One design in so many is the plain model's; 1: all of them.

    Raises
    ------
    ValueError
        As for `Mixture`, or if `every` is no positive number.
    """

    def __init__(self, models: Sequence[Model], weights: Sequence[float] | Array, every: int = EVERY) -> None:
        super().__init__(models, weights)
        if every < 1:
            raise ValueError(f"every is {every}: give 1 or more")
        self.every = every

    @property
    def plain(self) -> Model:
        """The model that knows no past task."""
        return self._components[0]


def plain_part(model: Model) -> Model | None:
    """Return what a posterior would be without past tasks; None where it follows none, or was given no guard."""
    if isinstance(model, Guarded):
        return model.plain
    if not isinstance(model, IndependentModels):
        return None
    models = cast(Sequence[Model], model.models)
    parts = [plain_part(part) for part in models]
    if all(part is None for part in parts):
        return None
    return IndependentModels(*[own if part is None else part for own, part in zip(models, parts, strict=True)])


def is_plain_turn(model: Model, made: int) -> bool:
    """Return whether the plain part of a posterior chooses the next design.

    Parameters
    ----------
    made
        How many designs were made or are on their way. Of several targets, those decide whose past tasks are followed
        most.
    """
    parts = cast(Sequence[Model], model.models) if isinstance(model, IndependentModels) else [model]
    every = max((part.every for part in parts if isinstance(part, Guarded)), default=0)
    return every > 0 and made % every == every - 1


def turns(model: Model, made: int, n: int) -> Sequence[tuple[bool, int]]:
    """Return who chooses the next `n` designs: whether it is the plain part of a posterior, and how many in a row."""
    who = groupby(is_plain_turn(model, made + i) for i in range(n))
    return [(plain, len(list(same))) for plain, same in who]
