"""Campaigns as plain data for the API, the page and assistants. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from designer.campaign.campaign import Campaign
from designer.campaign.file.file_content import plain
from designer.campaign.log.events import (
    Amended,
    Compared,
    Created,
    Event,
    Failed,
    Recorded,
    Seen,
    SettingsChanged,
    SpaceChanged,
    Suggested,
    Undone,
    Withdrawn,
)
from designer.campaign.log.ids import names_measurement
from designer.campaign.log.state import CampaignState, Measurement, Suggestion
from designer.campaign.results.designs import candidate_ids
from designer.campaign.results.frames import reading_cell
from designer.campaign.results.recording import RecordReport
from designer.campaign.suggesting.stopping import Spending, spent
from designer.objective import Target
from designer.observations.curves.curve import Curve
from designer.observations.observation import FAILED, Observation
from designer.service.url_names import encode_name
from designer.space import DesignSpace, Parameter, ShareParameter


def suggestions_data(opened: Campaign, found: Sequence[Suggestion]) -> list[dict[str, Any]]:
    """Return suggestions, each with what the table of candidates calls it where the campaign has an id column."""
    labels: list[str | None] = [None] * len(found)
    if opened.settings.id_column is not None:
        labels = candidate_ids(opened.space, [each.design for each in found])
    data = [_suggestion_data(opened.state, each, label) for each, label in zip(found, labels, strict=True)]
    if opened.settings.cost is None or not found:
        return data
    costs = opened.stated_costs([dict(each.design) for each in found])
    return [{**each, "cost": cost} for each, cost in zip(data, costs, strict=True)]


def _suggestion_data(state: CampaignState, found: Suggestion, candidate: str | None) -> dict[str, Any]:
    return {
        "id": found.id,
        "design": dict(found.design),
        "candidate": candidate,
        "status": found.status,
        "how": found.how,
        "note": found.note,
        "score": found.score,
        "at": found.at.isoformat(),
        "position": found.position,
        "based_on": found.based_on,
        "failed_because": list(found.failed_because),
        "withdrawn_because": found.withdrawn_because,
        "measurements": [each.id for each in state.of(found.id)],
    }


def measurement_data(found: Measurement, version: int, flags: str) -> dict[str, Any]:
    """Return one measurement; `version` is the position of the last event that changed it."""
    return {
        "id": found.id,
        "suggestion": found.suggestion,
        "design": dict(found.design),
        "values": dict(found.values),
        "censored": dict(found.censored),
        "noise": dict(found.noise),
        "replicate": found.replicate,
        "notes": list(found.notes),
        "flags": flags,
        "at": found.at.isoformat(),
        "amended": found.amended,
        "withdrawn": found.withdrawn,
        "reason": found.reason,
        "version": version,
        **({"observed": observed_data(found.observed)} if found.observed else {}),
    }


def observed_data(observed: Mapping[str, Seen]) -> dict[str, float | str | None]:
    """Return observations as plain data: a curve as the text of its points where they are few, else described.

    >>> observed_data({"hardness": 310.0, "release": Curve(x=(6, 12), y=(11.5, 30)), "xrd": None})
    {'hardness': 310.0, 'release': '6:11.5; 12:30', 'xrd': None}
    """
    return {name: value.cell if isinstance(value, Curve) else value for name, value in observed.items()}


def readings_data(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a measurement as they are typed: a limit is a text, ``<0.01``.

    >>> readings_data({"values": {"a": 1.0, "b": 0.01}, "censored": {"b": "<"}})
    {'a': 1.0, 'b': '<0.01'}
    """
    values = {name: reading_cell(value, found["censored"].get(name)) for name, value in found["values"].items()}
    return {**values, **found.get("observed", {})}


def measurement_versions(events: Sequence[Event]) -> dict[str, int]:
    """Return the position of the last event that changed each measurement."""
    versions: dict[str, int] = {}
    for event in events:
        if isinstance(event, Recorded | Amended):
            versions[event.measurement] = event.position
        elif isinstance(event, Withdrawn) and names_measurement(event.subject):
            versions[event.subject] = event.position
        elif isinstance(event, Undone):
            changed = (*event.withdraws, *event.restores, *(each.measurement for each in event.becomes))
            versions |= {name: event.position for name in changed if names_measurement(name)}
    return versions


def space_version(events: Sequence[Event]) -> int:
    """Return the position of the last event that changed the space: 1 as it was created."""
    return max((event.position for event in events if isinstance(event, SpaceChanged)), default=1)


def parameter_data(parameter: Parameter) -> dict[str, Any]:
    """Return one parameter as in a campaign file, with its columns for a form."""
    return {
        "unit": parameter.unit,
        **plain(parameter),
        "columns": [_column(parameter, column) for column in parameter.lab_columns],
    }


def _column(parameter: Parameter, column: str) -> dict[str, Any]:
    label = column
    if isinstance(parameter, ShareParameter):
        label = parameter.members[parameter.lab_columns.index(column)]
    choices = [str(each) for each in getattr(parameter, "choices", None) or ()]
    return {"name": column, "label": label, "unit": parameter.unit, "choices": choices}


def target_data(target: Target) -> dict[str, Any]:
    """Return one target as in a campaign file; unit, goal and reach are None if not given."""
    return {"unit": None, "goal": None, "reach": None, **plain(target)}


def observations_data(observations: Sequence[Observation]) -> dict[str, Any]:
    """Return the observations of a campaign under ``observations``; nothing where it has none."""
    keys = ("name", "unit", "stage", "cost")
    found = [
        {**{key: getattr(each, key) for key in keys}, **({"kind": each.kind} if each.is_curve else {})}
        for each in observations
    ]
    return {"observations": found} if found else {}


def design_parts(space: DesignSpace, design: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a design for display: name, value and unit of each parameter.

    Amounts of a composition that are 0 are left out, and parameters that do not exist.
    """
    parts = []
    for parameter in space.parameters:
        values = [design.get(column) for column in parameter.lab_columns]
        unit = parameter.unit or ""
        if parameter.when is not None and values[0] is None:
            continue
        if isinstance(parameter, ShareParameter):
            amounts = [f"{m} {number(v)}" for m, v in zip(parameter.members, values, strict=True) if v]
            text = "  ".join(amounts)
        else:
            text = number(values[0])
        parts.append({"name": parameter.name, "value": text, "unit": unit})
    return parts


def number(value: Any) -> str:
    """Return a cell as text: at most six digits.

    >>> number(455.0), number("N2"), number(None), number(0.1234567)
    ('455', 'N2', '–', '0.123457')
    """
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(value):
        return "–"
    return f"{float(value) + 0.0:.6g}"


def summary(state: CampaignState) -> dict[str, Any]:
    """Return a summary of a campaign from its state, for a list."""
    counts = dict.fromkeys(("open", "recorded", "failed", "withdrawn"), 0)
    for each in state.suggestions.values():
        counts[each.status] += 1
    last = [each.at for each in state.suggestions.values()] + [each.at for each in state.measurements.values()]
    last += [each.at for each in state.failures]
    return {
        "id": encode_name(state.name),
        "name": state.name,
        "version": state.position,
        "created_at": state.created_at.isoformat(),
        "changed_at": max(last, default=state.created_at).isoformat(),
        "targets": [_target_summary(each) for each in state.spec.get("targets", ())],
        **counts,
        "measurements": len(state.results),
        "spent": spent(state),
        "budget": _experiments_of(state.spec.get("budget")),
    }


def _experiments_of(budget: Any) -> int | None:
    """Return how many experiments a budget allows, as a campaign file writes it."""
    return budget.get("experiments") if isinstance(budget, Mapping) else budget


def spending_data(found: Spending | None) -> dict[str, float | None] | None:
    """Return what was spent of a cost budget; None where no cost is stated."""
    if found is None:
        return None
    left = None if found.budget is None else found.left
    return {"spent": found.spent, "committed": found.committed, "budget": found.budget, "left": left}


def _target_summary(target: Mapping[str, Any]) -> dict[str, Any]:
    return {key: target.get(key) for key in ("name", "unit", "goal")}


def report_data(report: RecordReport, version: int) -> dict[str, Any]:
    """Return the report of a recorded table."""
    return {
        "recorded": list(report.recorded),
        "completed": list(report.completed),
        "failed": list(report.failed),
        "unchanged": list(report.unchanged),
        "blank": list(report.blank),
        "flags": {name: list(texts) for name, texts in report.flags.items()},
        "remarks": list(report.remarks),
        "faults": [fault.as_dict() for fault in report.faults],
        "changed": report.changed,
        "version": version,
    }


def written_data(events: Sequence[Event], known_before: set[str]) -> dict[str, Any]:
    """Return `report_data` of recorded events, if a crash lost the report itself.

    Parameters
    ----------
    known_before
        Ids of the measurements before these events.
    """
    recorded = [each.measurement for each in events if isinstance(each, Recorded)]
    report = RecordReport(
        recorded=tuple(name for name in recorded if name not in known_before),
        completed=tuple(name for name in recorded if name in known_before),
        failed=tuple(each.suggestion or "a design" for each in events if isinstance(each, Failed)),
    )
    return report_data(report, events[-1].position)


def jsonable(value: Any) -> Any:
    """Return `value` as JSON can represent it: infinite numbers and NaN become None.

    >>> jsonable({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str):
        return jsonable(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def describe_event(event: Event) -> str:  # noqa: C901  one case a kind of event
    """Return one line that describes an event."""
    match event:
        case Created():
            return f"created campaign {event.name!r}"
        case Suggested():
            how = {"initial": "first designs", "model": "by the model", "replicate": "replicates"}[event.how]
            return f"suggested {_listed([each.id for each in event.designs])} ({how})"
        case Recorded():
            values = _values(event)
            return f"recorded {event.measurement}{_of(event.suggestion)}: {values}"
        case Compared():
            return f"compared: {event.better} is {'as good as' if event.tie else 'better than'} {event.worse}"
        case Failed():
            return f"{event.suggestion or 'an experiment'} failed: {event.reason}"
        case Withdrawn():
            return f"withdrew {event.subject}{f': {event.reason}' if event.reason else ''}"
        case Amended():
            values = _values(event)
            made = ", the design" if event.design is not None else ""
            why = f" ({event.reason})" if event.reason else ""
            return f"amended {event.measurement}: {values or 'no value'}{made}{why}"
        case Undone():
            return f"undid event {_listed([str(each) for each in event.undoes])}"
        case SpaceChanged():
            return f"changed the space: {'; '.join(event.changes)}"
        case SettingsChanged():
            return "changed settings: " + ", ".join(f"{key} {value}" for key, value in event.settings.items())


def _values(event: Recorded | Amended) -> str:
    values = [f"{key} {event.censored.get(key, '')}{number(value)}" for key, value in event.values.items()]
    missing = FAILED if isinstance(event, Recorded) else "–"
    values += [f"{key} {_shown(value, missing)}" for key, value in event.observed.items()]
    return ", ".join(values)


def _shown(seen: Seen, missing: str) -> str:
    if isinstance(seen, Curve):
        return seen.words
    return missing if seen is None else number(seen)


def _of(suggestion: str | None) -> str:
    return f" of {suggestion}" if suggestion else " (without a suggestion)"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{names[0]} to {names[-1]}"
