"""Contributions to the predictions of one design, by the names of its parameters, members and descriptors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from designer.acquisition.moments import single_output
from designer.arrays import FloatArray
from designer.campaign.explaining.explanation import Influence, Influences
from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.chemistry.descriptors import STATISTICS
from designer.interpretation.sensitivity import feature_shares, more_of_each
from designer.interpretation.shapley import Attribution, shapley_values
from designer.space import ShareParameter
from designer.space.fidelity.fidelity_levels import fidelity_of
from designer.threads import one_thread

BACKGROUND = 64
_MORE = 0.05  # of the total; at least one step
_DESCRIPTORS = 4
_PATHS = 32


@one_thread()
def influences_of(known: CampaignPosterior, x: FloatArray, columns: Sequence[int], seed: int) -> tuple[Influences, ...]:
    """Return the contributions to the posterior means of the targets in `columns` at the design `x` (``c``).

    Largest first. Settings are compared with 64 random designs of the space; of the descriptors, the four with the
    largest contributions are returned.
    """
    rng = np.random.default_rng(seed)
    background = known.space.sample(BACKGROUND, rng)

    def means(coordinates: FloatArray) -> FloatArray:
        return known.predict(coordinates)[0][:, list(columns)]

    found = shapley_values(means, x, background, known.space.slices, rng)
    members = list(_members(known, x, means))
    return tuple(
        Influences(
            target=known.objective.targets[column].name,
            base=float(known.objective.targets[column].scaling.unit(float(found.base[j]))),
            parameters=_sorted(_parameters(known, found, j)),
            members=_sorted(Influence("element", name, float(change[j]), by) for name, by, change in members),
            descriptors=_sorted(_descriptors(known, x, column, background))[:_DESCRIPTORS],
        )
        for j, column in enumerate(columns)
    )


def _sorted(influences: Iterator[Influence]) -> tuple[Influence, ...]:
    return tuple(sorted(influences, key=lambda each: -abs(each.effect)))


def _parameters(known: CampaignPosterior, found: Attribution, column: int) -> Iterator[Influence]:
    for parameter, value in zip(known.space.parameters, found.values[:, column].tolist(), strict=True):
        if parameter is not fidelity_of(known.space):  # all designs of a search are at the top level
            yield Influence("parameter", parameter.name, value)


def _members(known: CampaignPosterior, x: FloatArray, means: object) -> Iterator[tuple[str, str, FloatArray]]:
    """Yield each member of a composition or mixture, how much more of it, and the change of the means."""
    assert callable(means)
    for parameter, part in known.space.parts():
        if not isinstance(parameter, ShareParameter):
            continue
        more = max(1.0, round(_MORE * parameter.units))
        members, raised = more_of_each(x[part], more)
        if not len(members):
            continue
        rows = np.repeat(x[None], len(members), axis=0)
        rows[:, part] = raised
        values = means(np.concatenate([x[None], rows]))
        unit = "" if parameter.share_unit == "fraction" else f" {parameter.share_unit}"
        by = f"{more * float(parameter.exact_step):.4g}{unit}"
        for member, change in zip(members.tolist(), values[1:] - values[0], strict=True):
            yield parameter.members[member], by, change


def _descriptors(known: CampaignPosterior, x: FloatArray, column: int, background: FloatArray) -> Iterator[Influence]:
    """Yield the contribution of each descriptor, its statistics (mean, range, ...) added up."""
    columns = known.space.encoder.columns
    if not any(each.role == "descriptor" for each in columns):
        return
    encode = known.space.encoder.encode
    features = torch.as_tensor(encode(np.concatenate([x[None], background])), dtype=torch.float64)
    shares = feature_shares(single_output(known.model, column), features[0], features[1 : 1 + _PATHS])
    added: dict[str, float] = {}
    for each, share in zip(columns, shares.tolist(), strict=True):
        if each.role == "descriptor":
            name = _property(each.name)
            added[name] = added.get(name, 0.0) + share
    for name, effect in added.items():
        yield Influence("descriptor", name, effect)


def _property(name: str) -> str:
    """Return a descriptor's name without its statistic.

    >>> _property("alloy: electronegativity maximum"), _property("gas: molar mass")
    ('alloy: electronegativity', 'gas: molar mass')
    """
    head, _, last = name.rpartition(" ")
    return (head if last in STATISTICS else name).replace("_", " ")
