"""What is still uncertain over the space, where the goal is a map or a boundary.

Averages are over designs all over the space: every candidate of a list of at most 20,000, otherwise random designs.
With outcome constraints they are over the designs that are predicted to keep them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.acquisition.propose import region_of
from designer.arrays import FloatArray
from designer.campaign.wording import amount, percent
from designer.space import DesignSpace

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior

DESIGNS, MAX_CANDIDATES = 2000, 20_000
CERTAIN = 0.95
"""Probability of a side of the level from which a design counts as certain."""


@dataclass(frozen=True)
class Remaining:
    """What is still uncertain about one target over the space.

    Parameters
    ----------
    deviation
        The mean over the space of the prediction's standard deviation, in the target's unit; decades on a log scale.
    variance_left
        The share of the variance over the space that is uncertain: the mean variance of the predictions, over that
        and the variance of their means.
    level
        With ``goal: boundary``: the level; None with ``map``.
    uncertain_share
        The share of the space where the probability to lie above the level is between 5 and 95 %.
    above
        The share of the space that is predicted to lie above the level.
    """

    target: str
    deviation: float
    variance_left: float
    level: float | None = None
    uncertain_share: float | None = None
    above: float | None = None
    unit: str | None = None
    is_log: bool = False

    @property
    def size(self) -> str:
        """The mean standard deviation with its unit; on a log scale as a factor."""
        if self.is_log:
            return f"×/÷ {10.0**self.deviation:.3g}"
        return f"± {amount(self.deviation, self.deviation)}{f' {self.unit}' if self.unit else ''}"

    @property
    def words(self) -> str:
        """The same in words."""
        unit = f" {self.unit}" if self.unit else ""
        if self.level is not None and self.uncertain_share is not None and self.above is not None:
            return (
                f"{self.target} at {amount(self.level)}{unit}: on which side a design lies is uncertain in "
                f"{percent(self.uncertain_share)} of the space; {percent(self.above)} is predicted to lie above"
            )
        return (
            f"{self.target} is known {self.size} on average over the space (one standard deviation); "
            f"{percent(self.variance_left)} of its variance is left"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        data: dict[str, Any] = {"target": self.target, "unit": self.unit, "words": self.words}
        if self.level is None:
            return {**data, "deviation": self.deviation, "variance_left": self.variance_left}
        return {**data, "value": self.level, "uncertain_share": self.uncertain_share, "above": self.above}


def remaining_uncertainty(known: CampaignPosterior, space: DesignSpace | None = None) -> tuple[Remaining, ...]:
    """Return what is still uncertain about each mapped target, or about the boundary, over `space`."""
    space = known.space if space is None else space
    designs = region_of(space, 0, DESIGNS if space.pool is None else MAX_CANDIDATES)
    mean, deviation = known.predict(designs)
    kept = np.asarray(known.modelled.feasible(mean), dtype=np.bool_)
    if kept.any():
        designs, mean, deviation = designs[kept], mean[kept], deviation[kept]
    return tuple(_of_target(known, column, designs, mean[:, column], deviation[:, column])
                 for column in known.objective.goal_columns)  # fmt: skip


def _of_target(
    known: CampaignPosterior, column: int, designs: FloatArray, mean: FloatArray, deviation: FloatArray
) -> Remaining:
    target = known.objective.targets[column]
    left = float(np.mean(deviation**2))
    whole = left + float(np.var(mean))
    found = Remaining(
        target.name,
        float(np.mean(deviation)),
        left / whole if whole > 0 else 0.0,
        unit=target.unit,
        is_log=target.is_log,
    )
    if target.value is None:
        return found
    above = known.probability_above(designs, column)
    uncertain = (above > 1 - CERTAIN) & (above < CERTAIN)
    return Remaining(
        target.name, found.deviation, found.variance_left, target.value, float(np.mean(uncertain)),
        float(np.mean(above > 0.5)), target.unit, target.is_log,
    )  # fmt: skip


def side_of(probability: float) -> str:
    """Return on which side of the level a design lies with a probability to lie above.

    >>> side_of(0.99), side_of(0.5), side_of(0.01)
    ('above', 'uncertain', 'below')
    """
    return "above" if probability >= CERTAIN else "below" if probability <= 1 - CERTAIN else "uncertain"


def remaining_frame(found: Sequence[Remaining]) -> pd.DataFrame:
    """Return what is still uncertain as a table, one row a target."""
    import pandas as pd

    rows = [{key: value for key, value in each.as_dict().items() if key not in ("target", "words")} for each in found]
    return pd.DataFrame(rows, index=pd.Index([each.target for each in found], name="target", dtype=object))
