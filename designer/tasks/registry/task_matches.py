"""Which families of a registry are like a campaign: in what is varied, and in what is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designer.counting import count
from designer.tasks.registry.registry_folder import Entry
from designer.units import convertible

MIN_LIKENESS = 0.25
"""Of the space, from which a family that measured the same quantity counts as like a campaign."""


@dataclass(frozen=True)
class Match:
    """How far a family is like a campaign.

    Parameters
    ----------
    entry
        The family.
    space
        The share of the parameters of both that they have in common: 0 to 1. A composition or a categorical parameter
        counts by the share of its members in common.
    quantities
        The campaign's targets that the family measured, by name and in a unit that converts.
    convertible
        Whether a unit of the family's targets converts to one of the campaign's targets.
    """

    entry: Entry
    space: float
    quantities: tuple[str, ...]
    convertible: bool

    @property
    def score(self) -> float:
        """0 to 1; a family that measured none of the quantities, nor one in their units, counts half."""
        weight = 1.0 if self.quantities else 0.75 if self.convertible else 0.5
        return weight * self.space

    @property
    def is_like(self) -> bool:
        """Whether a prior can learn from it: it measured a quantity of the campaign, in a space of the same kind."""
        return self.space >= MIN_LIKENESS and (bool(self.quantities) or self.convertible)

    @property
    def words(self) -> str:
        """What is alike, in words."""
        measured = f"measured {', '.join(self.quantities)}" if self.quantities else "measured other quantities"
        return f"{measured}; {round(100 * self.space)} % of the parameters in common"


def matches(
    registry: Sequence[Entry], parameters: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]]
) -> list[Match]:
    """Return all families (of each the newest version first) with how far they are like a campaign, the likest first.

    Parameters
    ----------
    registry
        The entries of a registry.
    parameters, targets
        Those of the campaign, as `folder.parameters_of` and `folder.targets_of` return them.
    """
    found = [
        Match(entry, space_likeness(parameters, entry.parameters), *_quantities(targets, entry.targets))
        for entry in registry
    ]
    return sorted(found, key=lambda match: -match.score)


def space_likeness(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> float:
    """Return the share of the parameters of two spaces that they have in common: 0 to 1.

    Examples
    --------
    >>> T = {"name": "T", "kind": "numeric", "unit": "K", "members": []}
    >>> gas = {"name": "gas", "kind": "categorical", "unit": None, "members": ["Ar", "N2"]}
    >>> space_likeness([T, gas], [{**T, "unit": "degC"}]), space_likeness([T], [{**T, "unit": "min"}])
    (0.5, 0.0)
    """
    left = list(second)
    shared = 0.0
    for each in first:
        likest = max(left, key=lambda other: _likeness(each, other), default=None)
        if likest is not None and _likeness(each, likest) > 0:
            shared += _likeness(each, likest)
            left.remove(likest)
    return shared / max(len(first), len(second), 1)


def _likeness(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Return how far two parameters are the same: 1, the share of their members in common, or 0."""
    if first["kind"] != second["kind"]:
        return 0.0
    same_name = str(first["name"]).casefold() == str(second["name"]).casefold()
    if first["kind"] == "numeric":
        return float(same_name and convertible(first["unit"], second["unit"]))
    members = set(first["members"]), set(second["members"])
    if not members[0] or not members[1]:
        return float(same_name)
    return len(members[0] & members[1]) / len(members[0] | members[1])


def _quantities(
    targets: Sequence[Mapping[str, Any]], measured: Sequence[Mapping[str, Any]]
) -> tuple[tuple[str, ...], bool]:
    pairs = [(target, other) for target in targets for other in measured]
    alike = [(target, other) for target, other in pairs if convertible(target["unit"], other["unit"])]
    names = [target["name"] for target, other in alike if target["name"].casefold() == str(other["name"]).casefold()]
    return tuple(dict.fromkeys(names)), bool([pair for pair in alike if pair[0]["unit"]])


def summary(found: Sequence[Match]) -> str:
    """Return how many families are like the campaign, in words."""
    alike = sum(match.is_like for match in found)
    if not alike:
        return "no past family is like this campaign"
    return f"{count(alike, 'past family', 'past families')} {'is' if alike == 1 else 'are'} like this campaign"
