"""The present posterior: importance of parameters, and predictions around the best design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.best import best_rows
from designer.campaign.log.events import Cell
from designer.campaign.results.measured_designs import MeasuredDesign, allowed_mask, by_design
from designer.campaign.wording import design_text
from designer.interpretation.response import PairMap, Ternary, pair_map, slices_through, ternary
from designer.interpretation.sensitivity import importance
from designer.report.content import Landscape, Setting, Share
from designer.space import DesignSpace, ShareParameter
from designer.space.parameters.numeric import NumericParameter
from designer.threads import one_thread

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior


_SAMPLE = 512
_PAIRED = 3  # the most important numeric parameters, of which all pairs are drawn


@one_thread()
def landscape_of(campaign: Campaign) -> Landscape | None:
    """Return the present posterior around the best design; None without a model or a measured design."""
    known = campaign.posterior()
    groups = by_design(campaign.space, campaign.objective.targets, campaign.top_state.results)
    if known is None or not groups:
        return None
    centre, why = _centre(known, groups)
    shares = _importance(known, campaign.settings.seed)
    order = {share.parameter: place for place, share in enumerate(next(iter(shares.values())))}
    slices = sorted(slices_through(known.predict, known.space, centre.coordinates), key=lambda s: order[s.parameter])
    return Landscape(
        around=f"{centre.label}, {why}: {design_text(known.space, centre.design)}",
        importance=shares,
        slices=tuple(slices),
        maps=tuple(_maps(known, centre.coordinates, order)),
        ternaries=tuple(_ternaries(known, centre.coordinates, groups)),
        made=tuple(_by_parameter(known.space, group.design) for group in groups),
    )


@one_thread()
def ternaries_of(campaign: Campaign) -> Landscape | None:
    """Return the ternary diagrams of `landscape_of` alone, in less time; None without a model or a measured design."""
    known = campaign.posterior()
    groups = by_design(campaign.space, campaign.objective.targets, campaign.top_state.results)
    if known is None or not groups:
        return None
    centre, why = _centre(known, groups)
    return Landscape(
        around=f"{centre.label}, {why}: {design_text(known.space, centre.design)}",
        importance={},
        slices=(),
        maps=(),
        ternaries=tuple(_ternaries(known, centre.coordinates, groups)),
        made=tuple(_by_parameter(known.space, group.design) for group in groups),
    )


def _by_parameter(space: DesignSpace, design: Mapping[str, Cell]) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    for parameter in space.parameters:
        values = [design[column] for column in parameter.lab_columns]
        if isinstance(parameter, ShareParameter) and values[0] is not None:
            amounts = [float(value or 0.0) for value in values]
            settings[parameter.name] = dict(zip(parameter.members, amounts, strict=True))
        else:
            settings[parameter.name] = values[0]
    return settings


def _centre(known: CampaignPosterior, groups: Sequence[MeasuredDesign]) -> tuple[MeasuredDesign, str]:
    """Return the design around which predictions are shown: the best by the model, or the first of a front."""
    if known.objective.explores:
        return _explored_centre(known, groups)
    mean, _ = known.predict(np.array([group.coordinates for group in groups]))
    measured = np.array([group.certain for group in groups])
    medians = known.objective.unit_values(mean)
    best = best_rows(known.objective, medians, goals_of=measured, allowed=allowed_mask(groups))
    if not best:
        return groups[0], "since no measured design meets all limits"
    if len(best) > 1:
        return groups[best[len(best) // 2]], "one of the best trade-offs"
    return groups[best[0]], "the best by the model"


def _explored_centre(known: CampaignPosterior, groups: Sequence[MeasuredDesign]) -> tuple[MeasuredDesign, str]:
    """Return the measured design nearest to the boundary, or for a map the one nearest to the middle of the space."""
    made = np.array([group.coordinates for group in groups])
    if known.objective.mode == "boundary":
        (column,) = known.objective.goal_columns
        distances = -known.modelled.targets[column].utility(known.predict(made)[0][:, column])
        return groups[int(np.argmin(distances))], "the measured design nearest to the boundary"
    encode, rng = known.space.encoder.encode, np.random.default_rng(0)
    middle = encode(known.space.sample(_SAMPLE, rng)).mean(0)
    nearest = int(np.argmin(np.square(encode(made) - middle).sum(1)))
    return groups[nearest], "the measured design nearest to the middle of the space"


def _importance(known: CampaignPosterior, seed: int) -> dict[str, tuple[Share, ...]]:
    columns = list(known.objective.goal_columns)
    rng = np.random.default_rng(seed)
    designs = rng.permutation(known.space.sample(2 * _SAMPLE, rng))
    found = importance(
        lambda rows: known.predict(rows)[0][:, columns], designs[:_SAMPLE], designs[_SAMPLE:], known.space.slices
    )
    names = [parameter.name for parameter in known.space.parameters]
    shares = {}
    for j, column in enumerate(columns):
        rows = zip(names, found.first[:, j].tolist(), found.total[:, j].tolist(), strict=True)
        ordered = sorted((Share(*row) for row in rows), key=lambda share: -share.total)
        shares[known.objective.targets[column].name] = tuple(ordered)
    return shares


def _maps(known: CampaignPosterior, x: FloatArray, order: dict[str, int]) -> Iterator[PairMap]:
    exists = known.space.conditions.exists(x[None])[0]
    numeric = [
        p
        for p, there in zip(known.space.parameters, exists, strict=True)
        if isinstance(p, NumericParameter) and p.low < p.high and there
    ]
    leading = sorted((parameter.name for parameter in numeric), key=lambda name: order[name])[:_PAIRED]
    in_order = [parameter.name for parameter in numeric if parameter.name in leading]
    for first, second in combinations(in_order, 2):
        yield pair_map(known.predict, known.space, x, first, second)


def _ternaries(known: CampaignPosterior, x: FloatArray, groups: Sequence[MeasuredDesign]) -> Iterator[Ternary]:
    exists = known.space.conditions.exists(x[None])[0]
    for (parameter, part), there in zip(known.space.parts(), exists, strict=True):
        if isinstance(parameter, ShareParameter) and len(parameter.members) > 2 and there:
            yield ternary(
                known.predict, known.space, x, parameter.name, _three(known.space, parameter, x[part], groups)
            )


def _three(
    space: DesignSpace, parameter: ShareParameter, shares: FloatArray, groups: Sequence[MeasuredDesign]
) -> tuple[str, str, str]:
    """Return the three largest members of the design (ties: of the measured designs), in the order of the file."""
    part = space.slices[[each.name for each in space.parameters].index(parameter.name)]
    tried = np.mean([group.coordinates[part] for group in groups], axis=0)
    order = np.lexsort((-tried, -shares))[:3]
    first, second, third = (parameter.members[i] for i in sorted(order.tolist()))
    return first, second, third
