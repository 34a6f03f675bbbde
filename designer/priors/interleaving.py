"""Whose turn it is: every third design is chosen by the plain model, as if there were no past tasks.

A prior that is sure and wrong about the best designs foretells most results well, so that their likelihood does not
tell it from one that is right. Choosing in turns is the lock that bounds the harm whatever the evidence: with every
third design chosen without past tasks, a campaign takes at most three times the experiments of one that has none, less
what the others' results teach it, and in exchange at most half as many again as one that always follows a good prior.

The posterior is not touched: what is foretold follows all the evidence; only the choice is made in turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from botorch.models.model import Model

from designer.surrogates.independent import joined, parts
from designer.surrogates.model_mixture import Mixture

EVERY = 3
"""One design in so many is chosen without past tasks."""


class Guarded(Mixture):
    """A mixture whose first component is the plain model, which decides by itself when it is its turn."""

    @property
    def plain(self) -> Model:
        """The model that knows no past task."""
        return self._components[0]


def plain_part(model: Model) -> Model | None:
    """Return what a posterior would be without past tasks; None where it follows none, or was given no guard."""
    if isinstance(model, Guarded):
        return model.plain
    models = parts(model)
    plain = [plain_part(part) for part in models] if len(models) > 1 else []
    if all(part is None for part in plain):
        return None
    return joined([own if part is None else part for own, part in zip(models, plain, strict=True)])


def is_plain_turn(made: int) -> bool:
    """Return whether the plain model chooses the next design, where so many were made or are on their way.

    >>> [is_plain_turn(made) for made in range(6)]
    [False, False, True, False, False, True]
    """
    return made % EVERY == EVERY - 1


def turns(made: int, n: int) -> Sequence[tuple[bool, int]]:
    """Return who chooses the next `n` designs: whether it is the plain model, and how many in a row.

    >>> turns(0, 4)
    [(False, 2), (True, 1), (False, 1)]
    """
    return [(plain, len(list(same))) for plain, same in groupby(is_plain_turn(made + i) for i in range(n))]
