"""The best designs that were made: by the model, which a lucky measurement does not fool, and as measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.campaign.log.state import CampaignState
from designer.campaign.results.frames import Z95, result_cells
from designer.campaign.results.measured_designs import MeasuredDesign, allowed_mask, by_design
from designer.campaign.tier_words import ranking_words, tier_chances
from designer.objective import Objective, Target, pareto_mask
from designer.space import DesignSpace
from designer.space.cells import Cells

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior


BY_MODEL, MEASURED, BOTH = "posterior", "measured", "posterior and measured"


def best_frame(
    space: DesignSpace,
    objective: Objective,
    state: CampaignState,
    posterior: CampaignPosterior | None,
    cells: Cells | None = None,
) -> pd.DataFrame:
    """Return the best measured designs, one a row, indexed by the ids under which they are known.

    Column ``best_by`` says why a design is there: its ``posterior`` mean is the best among those whose posterior means
    keep all limits, its ``measured`` mean is, or both. With several goals on a Pareto front, all designs of the fronts
    are listed. Designs that the bounds or the constraints forbid do not count; `forbidden_best` lists them. Then come
    the design, the mean of each target's measurements, and the posterior mean and standard deviation
    (``<target>_mean``, ``<target>_sd``) where there is a model. On a log scale these are the median and half the width
    of the central 68 % interval, and ``<target>_low`` to ``<target>_high`` is the 95 % interval. With tiers a column
    ``why`` says which tiers the design meets, with what probability, and what decided between those that do.

    With `cells` the best designs of each cell are listed, and the column ``why`` names the cell.
    """
    groups = by_design(space, objective.targets, state.results)
    allowed = allowed_mask(groups)
    if cells is None or not groups:
        return _frame(space, objective, groups, posterior, allowed)
    return _of_cells(space, objective, groups, posterior, allowed, cells)


def _of_cells(
    space: DesignSpace,
    objective: Objective,
    groups: Sequence[MeasuredDesign],
    posterior: CampaignPosterior | None,
    allowed: BoolArray,
    cells: Cells,
) -> pd.DataFrame:
    """Return the best measured designs of each cell, with the cell's name in the column ``why``."""
    import pandas as pd

    where = cells.of(np.array([group.coordinates for group in groups]))
    frames = []
    for cell in sorted(set(where.tolist())):
        frame = _frame(space, objective, groups, posterior, allowed & (where == cell))
        frame.insert(1, "why", f"the best with {cells.name(cell)}")
        frames.append(frame)
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1])


def reached_by_model(
    space: DesignSpace, objective: Objective, state: CampaignState, posterior: CampaignPosterior
) -> str | None:
    """Say which measured design is predicted to reach the target; None where none is."""
    groups = [group for group in by_design(space, objective.targets, state.results) if group.allowed]
    if not groups:
        return None
    means, _ = posterior.predict(np.array([group.coordinates for group in groups]))
    hits = np.flatnonzero(np.asarray(objective.reached(objective.unit_values(means))))
    if not len(hits):
        return None
    return f"{groups[int(hits[0])].label} is predicted to reach it, with the errors of its settings"


def forbidden_best(
    space: DesignSpace, objective: Objective, state: CampaignState, posterior: CampaignPosterior | None
) -> pd.DataFrame:
    """Return the measured designs that would be the best if the space did not forbid them.

    As `best_frame`, with a column ``forbidden``: in words, which bound or constraint the design does not keep.
    """
    groups = by_design(space, objective.targets, state.results)
    if all(group.allowed for group in groups):
        return _frame(space, objective, [], None, allowed_mask([])).assign(forbidden=[])
    frame = _frame(space, objective, groups, posterior, np.ones(len(groups), dtype=np.bool_))
    reasons = {group.label: "; ".join(space.violations(group.coordinates)) for group in groups if not group.allowed}
    frame = frame[[label in reasons for label in frame.index]]
    return frame.assign(forbidden=[reasons[label] for label in frame.index])


def _frame(
    space: DesignSpace,
    objective: Objective,
    groups: Sequence[MeasuredDesign],
    posterior: CampaignPosterior | None,
    allowed: BoolArray,
) -> pd.DataFrame:
    import pandas as pd

    mean = sd = None
    if posterior is not None and groups:
        mean, sd = posterior.predict(np.array([group.coordinates for group in groups]))
    measured = ranked_values(objective, groups, mean)
    medians = None if mean is None else objective.unit_values(mean)
    raw = set(best_rows(objective, measured, allowed=allowed)) if objective.preference is None else set()
    modelled = set() if medians is None else set(best_rows(objective, medians, goals_of=measured, allowed=allowed))
    rows = []
    for i in [*sorted(modelled), *sorted(raw - modelled)]:
        row: dict[str, Any] = {
            "best_by": BOTH if i in raw and i in modelled else BY_MODEL if i in modelled else MEASURED
        }
        if objective.tiers:
            chances: tuple[tuple[Target, float], ...] = ()
            if mean is not None and sd is not None:
                chances = tuple(tier_chances(objective, mean[i].tolist(), sd[i].tolist()))
            compared = medians if medians is not None and i in modelled else measured
            row["why"] = ranking_words(objective, compared, i, allowed, chances)
        row |= groups[i].design
        row |= result_cells(objective.targets, groups[i].means, groups[i].sides)
        if mean is not None and sd is not None:
            for j, target in enumerate(objective.targets):
                row |= predicted_cells(target, float(mean[i, j]), float(sd[i, j]))
        row["measurements"] = ", ".join(groups[i].measurements)
        rows.append((groups[i].label, row))
    columns = best_columns(space, objective, predicted=mean is not None)
    index = pd.Index([label for label, _ in rows], name="design", dtype=object)
    return pd.DataFrame([row for _, row in rows], index=index, columns=columns)


def ranked_values(objective: Objective, groups: Sequence[MeasuredDesign], mean: FloatArray | None) -> FloatArray:
    """Return the values (``n x m``, in the targets' units) by which measured designs are ranked.

    The measured ones; of results that are compared the predicted utility, NaN where `mean` (``n x m`` predictions on
    the scales of the models) is None, or the design was not made for comparison.
    """
    values = np.array([group.certain for group in groups]).reshape(-1, len(objective.targets))
    column = objective.preference
    if column is not None:
        made = np.isfinite(values[:, column])
        values[:, column] = np.nan if mean is None else np.where(made, mean[:, column], np.nan)
    return values


def best_columns(space: DesignSpace, objective: Objective, *, predicted: bool) -> list[str]:
    """Return the columns of a table of best designs."""
    cells = [column for target in objective.targets for column in predicted_cells(target, 0.0, 0.0) if predicted]
    why = ["why"] if objective.tiers else []
    return ["best_by", *why, *space.columns, *(target.name for target in objective.targets), *cells, "measurements"]


def predicted_cells(target: Target, mean: float, sd: float) -> dict[str, float]:
    """Return the columns of a prediction, given on the model's scale: with the 95 % interval where it is asymmetric."""
    scale, name = target.scaling, target.name
    columns = {f"{name}_mean": scale.unit(mean), f"{name}_sd": scale.half_width(mean, sd)}
    if target.is_log:
        low, high = scale.interval(mean, sd, Z95)
        columns |= {f"{name}_low": low, f"{name}_high": high}
    return columns


def best_rows(
    objective: Objective, Y: FloatArray, goals_of: FloatArray | None = None, allowed: BoolArray | None = None
) -> list[int]:
    """Return the rows of `Y` (``n x m``, in the targets' units) that are best among the feasible ones.

    One, or all of a Pareto front; none where the goal is a map or a boundary.

    Parameters
    ----------
    goals_of
        Measured values (``n x m``): rows without a measured goal do not count. `Y` itself unless given.
    allowed
        Which rows count (``n``); all unless given.
    """
    if objective.explores:
        return []
    given = objective.model_values(Y if goals_of is None else goals_of)
    objective, Y = objective.modelled, objective.model_values(Y)
    goals = list(objective.goal_columns)
    usable = np.isfinite(given[:, goals]).all(axis=1) & np.asarray(objective.feasible(Y), dtype=bool)
    rows = np.flatnonzero(usable if allowed is None else usable & allowed)
    if not len(rows):
        return []
    ranges = objective.ranges(given) if objective.needs_ranges else None
    utilities = np.asarray(objective.utilities(Y[rows], ranges))
    if utilities.shape[1] == 1:
        return [int(rows[int(np.argmax(utilities[:, 0]))])]
    return [int(row) for row in rows[np.asarray(pareto_mask(utilities), dtype=bool)]]
