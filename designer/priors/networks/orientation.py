"""One orientation in which all sources of a quantity are learned from.

A source may be written with the other sign (a loss for a yield): it is turned so that it agrees with the majority
(`designer.priors.agreement.signs`). Then all are turned together so that their summed third powers are positive. So a
network learns the very same, bit for bit, from sources and from their negatives, and its answers are turned back.
"""

from __future__ import annotations

from collections.abc import Sequence

from designer.priors.agreement import Standardiser, agreement, signs
from designer.priors.sources import Source


def orientations(sources: Sequence[Source], standardise: Standardiser) -> tuple[tuple[float, ...], float]:
    """Return for sources of one quantity the sign of each among them, and the sign that all are turned by together.

    ``sign_i * together * z_i`` is what is learned from; a network's answer times ``together`` is the majority's.
    """
    relative = tuple(float(sign) for sign in signs(agreement(sources, standardise)))
    skew = sum(sign * float((source.z**3).sum()) for sign, source in zip(relative, sources, strict=True))
    return relative, -1.0 if skew < 0 else 1.0
