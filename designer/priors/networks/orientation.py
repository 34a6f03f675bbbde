"""Signs under which all sources of a quantity are learned from.

A source may have the opposite sign (a loss for a yield): it is negated if that agrees with the majority
(`designer.priors.agreement.signs`). Then all are negated if the sum of their third powers is negative. So a network
learns the same, bit for bit, from sources and from their negatives; its predictions get the sign of the majority.
"""

from __future__ import annotations

from collections.abc import Sequence

from designer.priors.agreement import Standardiser, agreement, signs
from designer.priors.sources import Source


def orientations(sources: Sequence[Source], standardise: Standardiser) -> tuple[tuple[float, ...], float]:
    """Return for sources of one quantity the sign of each among them, and the common sign of all.

    ``sign_i * together * z_i`` is what is learned from; a network's answer times ``together`` is the majority's.
    """
    relative = tuple(float(sign) for sign in signs(agreement(sources, standardise)))
    skew = sum(sign * float((source.z**3).sum()) for sign, source in zip(relative, sources, strict=True))
    return relative, -1.0 if skew < 0 else 1.0
