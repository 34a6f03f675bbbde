"""The best designs for a context, or on average over contexts: what the model predicts of the designs that were made.

A design that was measured in one context has a prediction in any other. Averages are means over the contexts on the
scales of the models: of a target on a log scale, geometric means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.arrays import BoolArray, FloatArray
from designer.campaign.best import BOTH, BY_MODEL, MEASURED, best_columns, best_rows, predicted_cells
from designer.campaign.file.contexts import Context, WeightedContexts
from designer.campaign.results.designs import lab_designs
from designer.campaign.results.frames import result_cell
from designer.campaign.results.measured_designs import MeasuredDesign
from designer.campaign.tier_words import ranking_words, tier_chances
from designer.errors import InvalidInput
from designer.objective import Objective
from designer.space import DesignSpace

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior


@dataclass(frozen=True, eq=False)
class DesignsInContexts:
    """The designs that were made, as they would be in several contexts.

    Parameters
    ----------
    coordinates
        ``n x q x c``: each of n designs in each of q contexts.
    weights
        ``q``, summing to 1.
    rows
        For each design, the measured designs that it was made as, in whatever context.
    allowed
        ``n``: whether the space allows the design in every one of the contexts.
    """

    coordinates: FloatArray
    weights: FloatArray
    rows: tuple[tuple[int, ...], ...]
    allowed: BoolArray

    @classmethod
    def of(cls, space: DesignSpace, groups: Sequence[MeasuredDesign], wanted: WeightedContexts) -> DesignsInContexts:
        """Return the designs of measured ones, each once whatever the context that it was measured in."""
        made = np.array([group.coordinates for group in groups]).reshape(-1, space.width)
        spaces = [_fixed(space, context) for context in wanted.contexts]
        first = _in_context(space, wanted.contexts[0], made)
        rows: dict[bytes, list[int]] = {}
        for i, key in enumerate(space.keys(first)):
            rows.setdefault(key, []).append(i)
        leading = [each[0] for each in rows.values()]
        places = [_in_context(space, context, made[leading]) for context in wanted.contexts]
        allowed = [
            np.zeros(len(leading), dtype=np.bool_) if fixed is None else fixed.within(place)
            for fixed, place in zip(spaces, places, strict=True)
        ]
        return cls(
            np.stack(places, axis=1),
            np.array(wanted.weights),
            tuple(tuple(each) for each in rows.values()),
            np.all(allowed, axis=0),
        )

    def means(self, posterior: CampaignPosterior) -> FloatArray:
        """Return the average of each target's posterior mean (``n x m``) on the scales of the models."""
        n, q, c = self.coordinates.shape
        mean, _ = posterior.predict(self.coordinates.reshape(n * q, c))
        averages: FloatArray = np.einsum("nqm,q->nm", mean.reshape(n, q, -1), self.weights)
        return averages

    def deviations(self, posterior: CampaignPosterior, row: int) -> FloatArray:
        """Return the standard deviations (``m``) of the averages of one design, errors in all contexts together."""
        return posterior.deviations_of_average(self.coordinates[row], self.weights)


def best_in_contexts(
    space: DesignSpace,
    objective: Objective,
    groups: Sequence[MeasuredDesign],
    posterior: CampaignPosterior | None,
    wanted: WeightedContexts,
) -> pd.DataFrame:
    """Return the best designs for one context or on average over several, as `designer.campaign.best.best_frame`.

    ``best_by`` is ``posterior`` for the best predictions among the designs that were made in any context, and
    ``measured`` for the best of those that were measured in the one context. The cells of the context are those of the
    one context, and empty for an average. Without a model there are the designs measured in the one context only.
    """
    import pandas as pd

    alone = wanted.contexts[0] if len(wanted.contexts) == 1 else None
    designs = DesignsInContexts.of(space, groups, wanted)
    here = _measured_here(space, designs, groups) if alone is not None else [None] * len(designs.rows)
    nothing = np.full(len(objective.targets), np.nan)
    measured = np.array([nothing if i is None else groups[i].certain for i in here]).reshape(-1, len(objective.targets))
    means = None if posterior is None or not groups else designs.means(posterior)
    modelled = [] if means is None else best_rows(objective, objective.unit_values(means), allowed=designs.allowed)
    by_measurement = bool(groups) and objective.preference is None
    raw = best_rows(objective, measured, allowed=designs.allowed) if by_measurement else []
    rows = []
    for i in [*modelled, *(i for i in raw if i not in modelled)]:
        at = here[i]
        made = designs.rows[i] if at is None else (at,)
        why = BOTH if i in raw and i in modelled else BY_MODEL if i in modelled else MEASURED
        row: dict[str, Any] = {"best_by": why, **_design(space, designs.coordinates[i, 0], alone)}
        if objective.tiers:
            row["why"] = _tier_words(objective, designs, posterior, means, measured, i)
        for j, target in enumerate(objective.targets):
            cell = None if at is None else result_cell(target, groups[at].means[j], groups[at].sides[j])
            row[target.name] = np.nan if cell is None else cell
        if means is not None and posterior is not None:
            deviations = designs.deviations(posterior, i)
            for j, target in enumerate(objective.targets):
                row |= predicted_cells(target, float(means[i, j]), float(deviations[j]))
        row["measurements"] = ", ".join(name for k in made for name in groups[k].measurements)
        rows.append((" and ".join(dict.fromkeys(groups[k].label for k in made)), row))
    columns = best_columns(space, objective, predicted=means is not None)
    index = pd.Index([label for label, _ in rows], name="design", dtype=object)
    return pd.DataFrame([row for _, row in rows], index=index, columns=columns)


def _tier_words(
    objective: Objective,
    designs: DesignsInContexts,
    posterior: CampaignPosterior | None,
    means: FloatArray | None,
    measured: FloatArray,
    row: int,
) -> str:
    """Return why a design is the best by tiers, by the model where there is one."""
    if means is None or posterior is None:
        return ranking_words(objective, measured, row, designs.allowed)
    chances = tuple(tier_chances(objective, means[row].tolist(), designs.deviations(posterior, row).tolist()))
    return ranking_words(objective, objective.unit_values(means), row, designs.allowed, chances)


def reached_in_contexts(
    space: DesignSpace,
    objective: Objective,
    groups: Sequence[MeasuredDesign],
    posterior: CampaignPosterior,
    wanted: WeightedContexts,
) -> bool:
    """Return whether in each of the contexts some design that was made is predicted to reach the target."""
    for context in wanted.contexts:
        one = WeightedContexts((context,), (1.0,), wanted.source)
        designs = DesignsInContexts.of(space, groups, one)
        values = objective.unit_values(designs.means(posterior))
        if not (np.asarray(objective.reached(values), dtype=np.bool_) & designs.allowed).any():
            return False
    return True


def _fixed(space: DesignSpace, context: Context) -> DesignSpace | None:
    """Return the space in a context; None where the constraints allow no design in it."""
    try:
        return space.fixed(context)
    except InvalidInput:
        return None


def _in_context(space: DesignSpace, context: Context, coordinates: FloatArray) -> FloatArray:
    """Return designs (``n x c``) with the settings of a context."""
    result = coordinates.copy()
    for parameter, part in space.parts():
        if parameter.name in context:
            result[:, part] = context[parameter.name]
    return result


def _measured_here(
    space: DesignSpace, designs: DesignsInContexts, groups: Sequence[MeasuredDesign]
) -> list[int | None]:
    """Return for each design the measured design that was made in the one context; None where there is none."""
    made = np.array([group.coordinates for group in groups]).reshape(-1, space.width)
    known = {key: i for i, key in enumerate(space.keys(made))}
    return [known.get(key) for key in space.keys(designs.coordinates[:, 0])]


def _design(space: DesignSpace, coordinates: FloatArray, alone: Context | None) -> dict[str, Any]:
    """Return a design in lab units, without the context where there are several."""
    (design,) = lab_designs(space, coordinates[None])
    if alone is not None:
        return design
    contexts = {column for parameter in space.context_parameters for column in parameter.lab_columns}
    return {column: None if column in contexts else value for column, value in design.items()}
