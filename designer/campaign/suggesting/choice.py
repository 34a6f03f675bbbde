"""What every choice of designs rests on: the seed, how many first designs there are, what is learned, what is taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from designer.acquisition.classical.design import ClassicalDesign
from designer.arrays import FloatArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.levels.level_states import top_state
from designer.campaign.log.events import Design
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of

_MIN_INITIAL, _MAX_INITIAL = 3, 10


@dataclass(frozen=True)
class Choice:
    """Designs to make next, in lab units, and how they were chosen.

    Parameters
    ----------
    prior
        What tells the prior that was used.
    plain
        Which of the designs were chosen as if there were no past tasks; empty where there are none.
    """

    designs: tuple[Design, ...]
    how: Literal["initial", "model", "replicate"]
    scores: tuple[float | None, ...]
    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    prior: str | None = None
    plain: tuple[bool, ...] = ()

    def and_then(self, other: Choice) -> Choice:
        """Return the designs of this choice and then those of another one, which says how they were chosen."""
        if not self.designs:
            return other
        return Choice(
            (*self.designs, *other.designs),
            other.how,
            (*self.scores, *other.scores),
            (*self.reasons, *other.reasons),
            (*self.remarks, *other.remarks),
            other.prior,
            (*([False] * len(self.designs)), *other.plain) if other.plain else (),
        )


def seed_of(seed: int, suggested: int) -> int:
    """Return the seed of the next choice of a campaign that has suggested so many designs.

    >>> seed_of(0, 0) == seed_of(0, 0), seed_of(0, 0) == seed_of(0, 4)
    (True, False)
    """
    digest = hashlib.sha256(f"designer:{seed}:{suggested}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 2**63


def initial_count(spec: CampaignSpec) -> int:
    """Return how many first designs are made before a model decides.

    What the file says; otherwise 3 where candidates are listed, and one more than the space has dimensions (a
    composition of k members has k - 1) where not, at least 3 and at most 10; but no more than half the budget, nor than
    half the cost budget pays on the median; made up to whole batches.
    """
    given = spec.settings.initial
    if isinstance(given, int):
        return given
    if isinstance(given, ClassicalDesign):
        from designer.acquisition.classical.design_runs import run_count

        return run_count(spec.space, given)
    if given is not None:
        return len(given)
    dimensions = sum(max(1, p.width - 1) for p in spec.space.parameters if p.kind != "fidelity")
    listed = spec.space.pool is not None
    count = _MIN_INITIAL if listed else min(max(_MIN_INITIAL, dimensions + 1), _MAX_INITIAL)
    if spec.settings.max_experiments is not None:
        count = max(1, min(count, spec.settings.max_experiments // 2))
    if spec.stated_cost is not None and spec.settings.max_cost is not None:
        affordable = spec.settings.max_cost / (spec.stated_cost.typical * spec.settings.replicates)
        count = max(1, min(count, int(affordable // 2)))
    batch = spec.settings.batch_size
    return -(-count // batch) * batch


def learned(spec: CampaignSpec, state: CampaignState) -> int:
    """Return how many results say something about the goals, at the top level of a fidelity."""
    goals = {target.name for target in spec.objective.goals}
    return sum(bool(goals & set(each.values)) for each in top_state(spec.space, state).results)


@dataclass(frozen=True, eq=False)
class Taken:
    """Designs that are not to be suggested again: coordinates (``n x c``), each as often as it was made, and keys."""

    coordinates: FloatArray
    keys: frozenset[Any]


def taken_designs(spec: CampaignSpec, state: CampaignState) -> Taken:
    """Return the designs that were suggested, measured, failed or withdrawn."""
    designs = [each.design for each in state.suggestions.values()]
    designs += [each.design for each in state.results]
    designs += [each.design for each in state.failures]
    coordinates = coordinates_of(spec.space, designs)
    return Taken(coordinates, frozenset(spec.space.keys(coordinates)))
