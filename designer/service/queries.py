"""The operations that read: each takes the lab and the caller, and returns plain data. Every role may read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from designer.acquisition.classical.run_order import Order
from designer.campaign.best import best_frame, forbidden_best
from designer.campaign.campaign import Campaign
from designer.campaign.file.corrections import known_comparison, known_measurement, known_suggestion
from designer.campaign.file.undoing import Action
from designer.campaign.log.events import Suggested, to_json
from designer.campaign.log.state import Status
from designer.campaign.results.comparisons import contradiction_words
from designer.campaign.results.frames import best_data, forbidden_data
from designer.campaign.results.sheets import sheet_of
from designer.campaign.suggesting.stopping import over_budget
from designer.errors import Fault, InvalidInput
from designer.service import representations
from designer.service.lab import Lab
from designer.service.store.accounts import Caller
from designer.service.store.idempotency import WriteRequest
from designer.service.url_names import encode_name
from designer.service.work.views import VIEWS

STATUSES: tuple[Status, ...] = ("open", "recorded", "failed", "withdrawn")


def campaigns(lab: Lab, caller: Caller, *, search: str = "", after: str = "", limit: int = 50) -> dict[str, Any]:
    """Return a summary of every campaign, by name; `next` is the `after` of the next page, or None."""
    caller.require("read")
    summaries = lab.cache.views(representations.summary)
    found = [each for name, each in summaries.items() if name > after and search.casefold() in name.casefold()]
    page = found[:limit]
    return {"campaigns": page, "next": page[-1]["name"] if len(found) > limit else None}


def campaign(lab: Lab, caller: Caller, name: str) -> dict[str, Any]:
    """Return one campaign: its space and targets, open suggestions, and the best measured designs.

    ``forbidden`` lists the designs that would be the best if the space allowed them; ``remarks`` says by how much the
    open suggestions are more than the budget has left, and what is left of the weights of beliefs.
    """
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        data = _overview(opened)
        action = opened.last_action()
    undo = None if action is None else _undo_data(action, lab.requests.authors(name))
    return {**data, "undo": undo, "jobs": lab.jobs.unfinished(name)}


def _undo_data(action: Action, authors: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    by = authors.get(action.position)
    return {"position": action.position, "what": action.words, "user": None if by is None else by["user"]}


def _overview(opened: Campaign) -> dict[str, Any]:
    state, space, objective = opened.state, opened.space, opened.objective
    decided, excess = opened.verdict(ask_model=False), over_budget(opened.settings, state)
    return {
        **representations.summary(state),
        "id": encode_name(state.name),
        "parameters": [representations.parameter_data(parameter) for parameter in space.parameters],
        "constraints": [constraint.text for constraint in space.constraints],
        "candidates": None if space.pool is None else len(space.pool.coordinates),
        "targets": [representations.target_data(target) for target in objective.targets],
        **representations.observations_data(opened.settings.observations),
        "batch_size": opened.settings.batch_size,
        "attached": sum(each.suggestion is None for each in state.results),
        "verdict": {"stop": decided.stop, "reason": decided.reason, "rule": decided.rule},
        "best": best_data(best_frame(space, objective, state, None, opened.cells), space, objective.targets),
        "forbidden": forbidden_data(forbidden_best(space, objective, state, None), space, objective.targets),
        "remarks": [*([] if excess is None else [excess]), *(f"Belief: {each}" for each in opened.beliefs())],
        **({} if opened.spending is None else {"cost": representations.spending_data(opened.spending)}),
        "open_suggestions": representations.suggestions_data(opened, state.open),
        "space_version": representations.space_version(opened.events),
    }


def suggestions(lab: Lab, caller: Caller, name: str, *, status: str | None = None) -> dict[str, Any]:
    """Return the suggestions of a campaign, oldest first, optionally of one status only."""
    caller.require("read")
    if status is not None and status not in STATUSES:
        raise InvalidInput(Fault(f"there is no status {status!r}", f"choose one of {', '.join(STATUSES)}"))
    with lab.cache.open(name) as (opened, _):
        found = [each for each in opened.state.suggestions.values() if status is None or each.status == status]
        return {"campaign": name, "suggestions": representations.suggestions_data(opened, found)}


def suggestion(lab: Lab, caller: Caller, name: str, subject: str) -> dict[str, Any]:
    """Return one suggestion."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        found = known_suggestion(opened.state, subject)
        return representations.suggestions_data(opened, [found])[0]


def measurements(lab: Lab, caller: Caller, name: str) -> dict[str, Any]:
    """Return every measurement, in the order of recording."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        versions, flags = representations.measurement_versions(opened.events), opened.measurements()["flags"].to_dict()
        found = opened.state.measurements.values()
    return {
        "campaign": name,
        "measurements": [
            representations.measurement_data(each, versions[each.id], str(flags[each.id])) for each in found
        ],
    }


def measurement(lab: Lab, caller: Caller, name: str, subject: str) -> dict[str, Any]:
    """Return one measurement, with the version that an amendment must name."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        found = known_measurement(opened.state, subject)
        flags = opened.measurements()["flags"].to_dict()
        return representations.measurement_data(
            found, representations.measurement_versions(opened.events)[subject], str(flags[subject])
        )


def space(lab: Lab, caller: Caller, name: str) -> dict[str, Any]:
    """Return the design space, with the version that a change must name."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        return {
            "campaign": name,
            "version": representations.space_version(opened.events),
            "space": list(opened.state.spec["space"]),
            "constraints": list(opened.state.spec.get("constraints") or ()),
        }


def comparisons(lab: Lab, caller: Caller, name: str) -> dict[str, Any]:
    """Return every comparison of results, in the order of recording, and contradictions among those that count."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        state = opened.state
    rows = [
        {
            "id": each.id,
            "better": each.better,
            "worse": each.worse,
            "tie": each.tie,
            "at": each.at.isoformat(),
            "withdrawn": each.withdrawn,
            "reason": each.reason,
        }
        for each in state.comparisons.values()
    ]
    return {
        "campaign": name,
        "comparisons": rows,
        "contradictions": contradiction_words(state.counted_comparisons),
    }


def comparison(lab: Lab, caller: Caller, name: str, subject: str) -> str:
    """Return the id of a comparison, or raise UnknownSuggestion."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        return known_comparison(opened.state, subject).id


def history(lab: Lab, caller: Caller, name: str, *, before: int | None = None, limit: int = 100) -> dict[str, Any]:
    """Return the events, newest first, and who caused each; ``None`` if it was not done through the service."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        events = opened.events
    authors = lab.requests.authors(name)
    chosen = [event for event in reversed(events) if before is None or event.position < before][:limit]
    rows = [
        {
            "position": event.position,
            "at": event.at.isoformat(),
            "kind": event.kind,
            "what": representations.describe_event(event),
            **authors.get(event.position, {"user": None, "via": None}),
        }
        for event in chosen
    ]
    more = rows[-1]["position"] if rows and rows[-1]["position"] > 1 else None
    return {"campaign": name, "events": rows, "next": more}


def job(lab: Lab, caller: Caller, name: str) -> dict[str, Any]:
    """Return the state of a job; if it is done, with its suggestions and the notes on them."""
    caller.require("read")
    found = lab.jobs.job(name)
    if found["state"] == "done":
        first, last = found["events"]
        with lab.cache.open(found["campaign"]) as (opened, _):
            state, events, settings = opened.state, opened.events, opened.settings
        excess = over_budget(settings, state)
        notes = [note for event in events[first - 1 : last] if isinstance(event, Suggested) for note in event.notes]
        found["notes"] = [*notes, *([] if excess is None else [excess])]
        made = [each for each in state.suggestions.values() if first <= each.position <= last]
        found["suggestions"] = representations.suggestions_data(opened, made)
    return found


def view(lab: Lab, caller: Caller, name: str, view_name: str, *arguments: Any) -> Future[dict[str, Any]]:
    """Start a view that needs a model or a figure (see `views`), and return its future."""
    caller.require("read")
    assert view_name in VIEWS
    with lab.cache.open(name) as (opened, _):
        position = opened.state.position
    return lab.view(name, position, view_name, *arguments)


def predictions(lab: Lab, caller: Caller, name: str, designs: Sequence[Mapping[str, Any]]) -> Future[dict[str, Any]]:
    """Start the prediction of designs."""
    return view(lab, caller, name, "predict", [dict(design) for design in designs])


def check(
    lab: Lab, caller: Caller, name: str, results: Any, *, attach: bool = False, file: str | None = None
) -> dict[str, Any]:
    """Return what recording a table would do, with every fault; nothing is written."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        report = opened.check(results, asked=not attach, file=file)
        return representations.report_data(report, opened.state.position)


def sheet(lab: Lab, caller: Caller, name: str) -> str:
    """Return the open suggestions as a CSV table with empty cells for the results, to fill in and upload."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        settings = opened.settings
        waiting = [(each.id, each.design) for each in opened.state.open]
        return sheet_of(
            opened.space, opened.objective.targets, waiting, settings.replicates, settings.id_column,
            settings.observations,
        ).text()  # fmt: skip


def printable_run_sheet(lab: Lab, caller: Caller, name: str, order: Order) -> str:
    """Return the open suggestions in an order as a page to print."""
    from designer.report.run_sheet import as_html, run_sheet

    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        return as_html(run_sheet(opened, order))


def export(lab: Lab, caller: Caller, name: str, kind: str) -> str:
    """Return all measurements as CSV (``csv``), or all events as JSON lines (``jsonl``)."""
    caller.require("read")
    with lab.cache.open(name) as (opened, _):
        if kind == "csv":
            return str(opened.measurements().to_csv(lineterminator="\n"))
        return "".join(to_json(event) + "\n" for event in opened.events)


def tokens(lab: Lab, caller: Caller) -> dict[str, Any]:
    """Return all tokens, without their secrets."""
    caller.require("admin")
    return {"tokens": lab.accounts.tokens()}


def revoke(lab: Lab, caller: Caller, name: str) -> dict[str, Any]:
    """Revoke a token."""
    caller.require("admin")
    changed = lab.accounts.revoke(name)
    if changed:
        lab.requests.add(WriteRequest.of(caller, f"revoke token {name}", "", [name], None))
    return {"id": name, "changed": changed}


def audit_trail(
    lab: Lab, caller: Caller, *, before: int | None = None, limit: int = 100, user: str | None = None
) -> dict[str, Any]:
    """Return the audit log, newest first, of all users or of one."""
    caller.require("admin")
    rows = lab.requests.audit_trail(before=before, limit=limit, user=user)
    return {"requests": rows, "next": rows[-1]["number"] if len(rows) == limit else None}
