"""What a person should know about the units of a campaign: which are labels, and which have two meanings."""

from __future__ import annotations

from collections.abc import Iterable

from designer.campaign.file.spec import CampaignSpec
from designer.units import label_reason, other_meaning, same_unit, shortened
from designer.units.header_endings import ends_with_extreme, unit_at_end


def unit_notes(spec: CampaignSpec) -> list[str]:
    """Return one sentence for each unit that is no known unit, or has two meanings; parameters first.

    Units that are labels are allowed (``HRC``, ``a.u.``): values in them are taken as they are, and a value in any
    other unit is a fault.
    """
    named: dict[str, list[str]] = {}
    for unit, name in _units(spec):
        named.setdefault(unit, []).append(name)
    notes = []
    for unit, names in named.items():
        reason, what = label_reason(unit), f"{shortened(unit)!r} of {', '.join(dict.fromkeys(names))}"
        if reason is not None:
            why = f" ({reason})" if reason else ""
            notes.append(f"unit {what} is a label{why}: values in any other unit are refused, nothing is converted")
        elif other_meaning(unit):
            notes.append(f"unit {what} has two meanings: the unit that a value is given in decides between them")
    return [*notes, *_ending_notes(spec)]


def _ending_notes(spec: CampaignSpec) -> Iterable[str]:
    """Yield a sentence for each name that ends like a unit which is not the one that is stated."""
    named = [(each.name, each.unit) for each in spec.space.parameters]
    named += [(each.name, each.unit) for each in spec.targets]
    for name, unit in named:
        found = unit_at_end(name)
        if found is None or ends_with_extreme(name, [other for other, _ in named]):
            continue
        ending = f"and its name ends like the unit {found[1]}"
        if not unit:
            yield f"{name!r} has no unit, {ending}: 'unit: {found[1]}' if that is meant"
        elif not same_unit(unit, found[1]):
            yield f"{name!r} has the unit {shortened(unit)}, {ending}: values are in {unit}"


def _units(spec: CampaignSpec) -> Iterable[tuple[str, str]]:
    for parameter in spec.space.parameters:
        unit = getattr(parameter, "share_unit", None) or parameter.unit
        if unit:
            yield unit, parameter.name
    for target in spec.targets:
        if target.unit:
            yield target.unit, target.name
