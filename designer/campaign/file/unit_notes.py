"""What a person should know about the units of a campaign: which are labels, and which have two meanings."""

from __future__ import annotations

from collections.abc import Iterable

from designer.campaign.file.spec import CampaignSpec
from designer.units import label_reason, other_meaning, shortened


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
    return notes


def _units(spec: CampaignSpec) -> Iterable[tuple[str, str]]:
    for parameter in spec.space.parameters:
        unit = getattr(parameter, "share_unit", None) or parameter.unit
        if unit:
            yield unit, parameter.name
    for target in spec.targets:
        if target.unit:
            yield target.unit, target.name
