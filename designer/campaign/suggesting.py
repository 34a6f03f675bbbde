"""What to make next: a pure function of a campaign's spec, its state and the number of designs asked for.

The first designs are the user's own, then designs that fill the space; after that a model decides. All chance comes
from the campaign's seed and the number of designs suggested so far, so the same events always give the same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from designer.campaign.changing import known_suggestion
from designer.campaign.designs import coordinates_of, lab_designs
from designer.campaign.events import Design, Suggested, SuggestedDesign
from designer.campaign.spec import CampaignSpec
from designer.campaign.state import CampaignState, suggestion_id
from designer.campaign.versions import versions
from designer.errors import Fault, InvalidData, NoDesignLeft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_RESULTS = 2
_MOST_INITIAL = 10


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


def seed_of(seed: int, suggested: int) -> int:
    """Return the seed of the next choice of a campaign that has suggested so many designs.

    >>> seed_of(0, 0) == seed_of(0, 0), seed_of(0, 0) == seed_of(0, 4)
    (True, False)
    """
    digest = hashlib.sha256(f"designer:{seed}:{suggested}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 2**63


def initial_count(spec: CampaignSpec) -> int:
    """Return how many first designs are made before a model decides.

    What the file says; otherwise one more than the space has dimensions (a composition of k members has k - 1), at
    least 3 and at most 10, but no more than half the budget; made up to whole batches.
    """
    given = spec.settings.initial
    if isinstance(given, int):
        return given
    if given is not None:
        return len(given)
    dimensions = sum(max(1, parameter.width - 1) for parameter in spec.space.parameters)
    count = min(max(3, dimensions + 1), _MOST_INITIAL)
    if spec.settings.budget is not None:
        count = max(1, min(count, spec.settings.budget // 2))
    batch = spec.settings.batch_size
    return -(-count // batch) * batch


def choose(spec: CampaignSpec, state: CampaignState, n: int) -> Choice:
    """Return `n` designs to make next; fewer only where no more are left.

    Raises
    ------
    NoDesignLeft
        If there is none at all.
    """
    taken = _taken(spec, state)
    own = _own_designs(spec, taken)[:n]
    if own or not is_modelled(spec, state):
        return _filled(spec, state, n, own, taken)
    from designer.campaign.modelling import propose_next

    return propose_next(spec, state, n, seed_of(spec.settings.seed, len(state.suggestions)), taken.keys)


def repeated(state: CampaignState, names: Sequence[str]) -> Choice:
    """Return the designs of suggestions once more.

    Raises
    ------
    UnknownSuggestion
        If there is no such suggestion.
    InvalidData
        If one was withdrawn: it never returns.
    """
    found = [known_suggestion(state, name) for name in names]
    faults = [
        Fault(f"{each.id} was withdrawn, and a withdrawn design is never suggested again", "leave it out")
        for each in found
        if each.withdrawn_because is not None
    ]
    if faults:
        raise InvalidData(faults)
    designs = tuple(dict(each.design) for each in found)
    return Choice(designs, "replicate", (None,) * len(names), tuple(f"replicate of {name}" for name in names))


def suggested(state: CampaignState, choice: Choice, at: datetime) -> Suggested:
    """Return the event that suggests what was chosen at `state`."""
    plain = choice.plain or (False,) * len(choice.designs)
    each = zip(choice.designs, choice.scores, choice.reasons, plain, strict=True)
    designs = tuple(
        SuggestedDesign(
            id=suggestion_id(state.next_suggestion + i), design=design, score=score, note=reason, plain=alone
        )
        for i, (design, score, reason, alone) in enumerate(each)
    )
    return Suggested(
        at=at,
        designs=designs,
        based_on=state.position,
        how=choice.how,
        notes=choice.remarks,
        versions={**versions(model=choice.how == "model"), **({"prior": choice.prior} if choice.prior else {})},
    )


def is_modelled(spec: CampaignSpec, state: CampaignState) -> bool:
    """Whether a model decides now.

    It does once the first designs are made and there is something to learn from, and from the beginning where past
    tasks teach about the goals and the file does not say how many first designs there shall be.
    """
    attached = sum(each.suggestion is None for each in state.results)
    if len(state.suggestions) + attached >= initial_count(spec) and learned(spec, state) >= LEAST_RESULTS:
        return True
    return spec.settings.initial is None and is_informed(spec, state)


def learned(spec: CampaignSpec, state: CampaignState) -> int:
    """Return how many results say something about the goals."""
    goals = {target.name for target in spec.objective.goals}
    return sum(bool(goals & set(each.values)) for each in state.results)


def is_informed(spec: CampaignSpec, state: CampaignState) -> bool:
    """Whether past tasks say something about the campaign's goals, after what was measured."""
    if not spec.learns:
        return False
    from designer.campaign.modelling import informs

    return informs(spec, state)


@dataclass(frozen=True, eq=False)
class _Taken:
    """Designs that are not to be suggested again: suggested, measured, failed or withdrawn."""

    coordinates: Floats
    keys: frozenset[Any]


def taken_coordinates(spec: CampaignSpec, state: CampaignState) -> Floats:
    """Return the designs that were suggested, measured, failed or withdrawn (``n x c``), each as often as it was."""
    designs = [each.design for each in state.suggestions.values()]
    designs += [each.design for each in state.results]
    designs += [each.design for each in state.failures]
    return coordinates_of(spec.space, designs)


def _taken(spec: CampaignSpec, state: CampaignState) -> _Taken:
    coordinates = taken_coordinates(spec, state)
    first: dict[Any, int] = {}
    for row, key in enumerate(spec.space.keys(coordinates)):
        first.setdefault(key, row)  # once each: a design that is suggested and measured takes up no more of the space
    return _Taken(coordinates[list(first.values())], frozenset(first))


def _own_designs(spec: CampaignSpec, taken: _Taken) -> list[Design]:
    designs = spec.initial_designs
    keys = spec.space.keys(coordinates_of(spec.space, designs))
    return [design for design, key in zip(designs, keys, strict=True) if key not in taken.keys]


def _filled(spec: CampaignSpec, state: CampaignState, n: int, own: Sequence[Design], taken: _Taken) -> Choice:
    """Return the user's own designs and, beside them, designs that fill the space."""
    from designer.acquisition.initial import initial_designs

    designs = list(own)
    if len(own) < n:
        avoid = np.concatenate([taken.coordinates, coordinates_of(spec.space, own)])
        seed = seed_of(spec.settings.seed, len(state.suggestions))
        try:
            designs += lab_designs(spec.space, initial_designs(spec.space, n - len(own), seed, avoid))
        except NoDesignLeft:
            if not own:
                raise
    reasons = ["one of the campaign's own first designs"] * len(own) + ["fills the space"] * (len(designs) - len(own))
    remarks = [] if len(designs) == n else [f"only {len(designs)} of {n} designs: no more could be found"]
    return Choice(tuple(designs), "initial", (None,) * len(designs), tuple(reasons), tuple(remarks))
