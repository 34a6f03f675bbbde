"""Which results the others do not foretell: a search for any model, in which wrong results do not hide each other.

As by forward selection and backward elimination in regression with deleted residuals: results far from what the others
foretell (leave-one-out) are laid aside and the model is fitted anew until none is left; then those within reach of what
the rest foretells come back, until none does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from scipy.stats import norm
from torch import Tensor

from designer.arrays import FloatArray

RARE = float(norm.sf(5.0))
"""How rarely a sound result lies beyond the edge, on either side: as rarely as beyond 5 standard deviations."""
MOST = 0.2
"""The largest share of results that are laid aside; so fewer than five tell of none."""

_ONE_BY_ONE = 50  # results up to which they are laid aside one by one; of more, as many more at once


class OutlierCandidate(Protocol):
    """A result that was laid aside, as the rest foretells it, on the model's scale."""

    @property
    def row(self) -> int:
        """Its place in the data."""
        ...

    @property
    def value(self) -> float:
        """What was measured."""
        ...

    @property
    def expected(self) -> float:
        """What the rest foretells."""
        ...


M = TypeVar("M")
J = TypeVar("J", bound=OutlierCandidate)


def find_outliers(
    rows: Sequence[int],
    model: M,
    *,
    fit: Callable[[Sequence[int]], M],
    deviations: Callable[[M], FloatArray],
    beyond: Callable[[M, Sequence[int]], Sequence[J]],
    suspect: float,
) -> tuple[J, ...]:
    """Return the results that the others do not foretell, by their place in the data.

    Parameters
    ----------
    rows, model
        The results' places in the data, and the model of them.
    fit
        From some of the rows to the model of them.
    deviations
        How many deviations each of a model's results lies from what its others foretell, in the order of its rows.
    beyond
        Which results that a model did not see lie beyond the edge of what it foretells.
    suspect
        Deviations beyond which a result is laid aside to begin with.
    """
    trusted = list(rows)
    most, step = int(MOST * len(rows)), max(1, len(rows) // _ONE_BY_ONE)
    aside: list[int] = []
    while len(aside) < most:
        off = deviations(model)
        order = np.argsort(-off, kind="stable")[: min(step, most - len(aside))]
        far = {int(i) for i in order if off[i] > suspect}
        if not far:
            break
        aside += [row for i, row in enumerate(trusted) if i in far]
        trusted = [row for i, row in enumerate(trusted) if i not in far]
        model = fit(trusted)
    while aside:
        found = beyond(model, aside)
        if len(found) == len(aside):
            return tuple(sorted(found, key=lambda each: each.row))
        aside = [each.row for each in found]
        trusted = [row for row in rows if row not in aside]
        model = fit(trusted)
    return ()


def unconfirmed(X: Tensor, found: Sequence[J]) -> list[J]:
    """Return the results but those which a second measurement of the design (``n x d``) confirms.

    Two confirm each other that differ by less than half of what lies between either and the rest.
    """

    alike: dict[bytes, list[J]] = defaultdict(list)
    designs = [(X[each.row] + 0.0).numpy().tobytes() for each in found]  # the sum leaves no zero with a sign
    for design, each in zip(designs, found, strict=True):
        alike[design].append(each)

    def confirm(one: J, other: J) -> bool:
        apart = min(abs(each.value - each.expected) for each in (one, other))
        return one is not other and abs(one.value - other.value) < 0.5 * apart

    pairs = zip(designs, found, strict=True)
    return [one for design, one in pairs if not any(confirm(one, other) for other in alike[design])]
