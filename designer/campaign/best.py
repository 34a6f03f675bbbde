"""The best designs that were made: by the model, which a lucky measurement does not fool, and as measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.log.state import CampaignState
from designer.campaign.results.measured_designs import by_design
from designer.objective import Objective, pareto_mask
from designer.space import DesignSpace

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior


BY_MODEL, MEASURED, BOTH = "posterior", "measured", "posterior and measured"


def best_frame(
    space: DesignSpace, objective: Objective, state: CampaignState, posterior: CampaignPosterior | None
) -> pd.DataFrame:
    """Return the best measured designs, one a row, indexed by the ids under which they are known.

    Column ``best_by`` says why a design is there: its ``posterior`` mean is the best among those whose posterior means
    keep all limits, its ``measured`` mean is, or both. With several goals on a Pareto front, all designs of the fronts
    are listed. Then come the design, the mean of each target's measurements, and the posterior mean and standard
    deviation (``<target>_mean``, ``<target>_sd``) where there is a model.
    """
    import pandas as pd

    groups = by_design(space, objective.targets, state.results)
    names = [target.name for target in objective.targets]
    measured = np.array([group.means for group in groups]).reshape(-1, len(names))
    mean = sd = None
    if posterior is not None and groups:
        mean, sd = posterior.predict(np.array([group.coordinates for group in groups]))
    raw = set(best_rows(objective, measured))
    modelled = set() if mean is None else set(best_rows(objective, mean, goals_of=measured))
    rows = []
    for i in [*sorted(modelled), *sorted(raw - modelled)]:
        row: dict[str, Any] = {
            "best_by": BOTH if i in raw and i in modelled else BY_MODEL if i in modelled else MEASURED
        }
        row |= groups[i].design
        row |= dict(zip(names, measured[i], strict=True))
        if mean is not None and sd is not None:
            for j, name in enumerate(names):
                row |= {f"{name}_mean": mean[i, j], f"{name}_sd": sd[i, j]}
        row["measurements"] = ", ".join(groups[i].measurements)
        rows.append((groups[i].label, row))
    predicted = [f"{name}_{what}" for name in names for what in ("mean", "sd")] if mean is not None else []
    columns = ["best_by", *space.columns, *names, *predicted, "measurements"]
    index = pd.Index([label for label, _ in rows], name="design", dtype=object)
    return pd.DataFrame([row for _, row in rows], index=index, columns=columns)


def best_rows(objective: Objective, Y: FloatArray, goals_of: FloatArray | None = None) -> list[int]:
    """Return the rows of `Y` (``n x m``) that are best among the feasible ones: one, or all of a Pareto front.

    Parameters
    ----------
    goals_of
        Measured values (``n x m``): rows without a measured goal do not count. `Y` itself unless given.
    """
    given = Y if goals_of is None else goals_of
    goals = list(objective.goal_columns)
    usable = np.isfinite(given[:, goals]).all(axis=1) & np.asarray(objective.feasible(Y), dtype=bool)
    rows = np.flatnonzero(usable)
    if not len(rows):
        return []
    ranges = objective.ranges(given) if objective.mode == "desirability" else None
    utilities = np.asarray(objective.utilities(Y[rows], ranges))
    if utilities.shape[1] == 1:
        return [int(rows[int(np.argmax(utilities[:, 0]))])]
    return [int(row) for row in rows[np.asarray(pareto_mask(utilities), dtype=bool)]]
