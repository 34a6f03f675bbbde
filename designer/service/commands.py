"""The operations that write: each is attributed to its caller, carried out once for each key, returns plain data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from designer.campaign.campaign import Campaign
from designer.campaign.file.contexts import read_context
from designer.campaign.file.corrections import known_measurement
from designer.campaign.file.undoing import undone_action
from designer.campaign.log.events import Created, utc_now
from designer.campaign.log.ids import names_measurement
from designer.campaign.log.versions import versions
from designer.counting import count
from designer.errors import Conflict, Fault, InvalidCampaign, InvalidData
from designer.service import representations
from designer.service.lab import Lab
from designer.service.problems import Refused
from designer.service.store.accounts import Caller
from designer.service.store.idempotency import RepeatedRequest, WriteRequest
from designer.service.store.tables import save_table

MAX_SUGGESTED = 100
Content = str | Mapping[str, Any]


def validate(lab: Lab, caller: Caller, content: Content) -> dict[str, Any]:
    """Check a campaign file; nothing is written."""
    caller.require("read")
    found = lab.read_campaign(content)
    return {**found["summary"], "notes": found["notes"]}


def create(lab: Lab, caller: Caller, content: Content, *, key: str | None = None) -> dict[str, Any]:
    """Create a campaign.

    Raises
    ------
    InvalidCampaign
        With every fault, or if a campaign of this name exists.
    """
    caller.require("steer")
    found = lab.read_campaign(content)
    name, data = found["summary"]["name"], found["data"]
    request = WriteRequest.of(caller, "create", name, data, key)
    reply = {**found["summary"], "version": 1}
    if lab.requests.previous(request) is not None:
        return reply
    store = lab.cache.new_store()
    event = Created(at=utc_now(), name=name, spec=data, pool_digest=found["pool_digest"], versions=versions())
    try:
        with store.attributed_to(request):
            store.create(event)
    except RepeatedRequest:
        return reply
    except Conflict:
        if lab.requests.previous(request) is not None:  # the same request, sent twice at the same time
            return reply
        fault = Fault(f"a campaign {name!r} exists", "give another name", path=("name",))
        raise InvalidCampaign(fault) from None
    lab.requests.save_reply(request, reply)
    return reply


def upload(lab: Lab, caller: Caller, content: bytes, file: str) -> dict[str, Any]:
    """Save a table of candidates; a campaign refers to it as its ``candidates``."""
    caller.require("steer")
    frame = lab.read_table(content, file)
    name = save_table(frame, lab.paths.folder)
    return {"candidates": name, "rows": len(frame), "columns": [str(column) for column in frame.columns]}


def suggest(
    lab: Lab,
    caller: Caller,
    name: str,
    *,
    n: int | None = None,
    replicate_of: Sequence[str] = (),
    context: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Create a job that makes suggestions, and return it.

    Raises
    ------
    InvalidData
        If the number is out of range, or given together with `replicate_of`; if the context is missing or wrong.
    """
    caller.require("record")
    faults = []
    if n is not None and not 1 <= n <= MAX_SUGGESTED:
        faults.append(Fault(f"{n} is not a number of suggestions", f"give 1 to {MAX_SUGGESTED}", path=("n",)))
    if n is not None and replicate_of:
        faults.append(
            Fault(
                "'n' and 'replicate_of' cannot be combined",
                "leave out 'n': one replicate is made for each suggestion",
                path=("n",),
            )
        )
    if len(replicate_of) > MAX_SUGGESTED:
        faults.append(Fault(f"{count(len(replicate_of), 'replicate')} in one request", f"give at most {MAX_SUGGESTED}"))
    if faults:
        raise InvalidData(faults)
    with lab.cache.open(name) as (opened, _):
        if not replicate_of:
            read_context(opened.space, context)
    arguments = {"n": n, "replicate_of": list(replicate_of), **({"context": dict(context)} if context else {})}
    return lab.jobs.create(caller, name, arguments, key)


def record(
    lab: Lab,
    caller: Caller,
    name: str,
    results: Any,
    *,
    attach: bool = False,
    partial: bool = False,
    file: str | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Record a table of results, all rows or none unless `partial`; with `attach`, of designs without a suggestion.

    Raises
    ------
    InvalidData
        With every fault of the table; nothing was recorded.
    """
    caller.require("record")

    def act(opened: Campaign) -> dict[str, Any]:
        write = opened.attach if attach else opened.record
        return representations.report_data(write(results, partial=partial, file=file), opened.state.position)

    content = [attach, partial, results if isinstance(results, list) else results.to_csv()]
    return _execute_once(lab, WriteRequest.of(caller, "attach" if attach else "record", name, content, key), act)


def compare(
    lab: Lab,
    caller: Caller,
    name: str,
    comparisons: Sequence[Mapping[str, Any]],
    *,
    again: bool = False,
    key: str | None = None,
) -> dict[str, Any]:
    """Record comparisons of results (rows of ``better``, ``worse``, ``tie``), all or none."""
    caller.require("record")
    rows = [dict(each) for each in comparisons]

    def act(opened: Campaign) -> dict[str, Any]:
        return {**opened.compare_all(rows, again=again).as_dict(), "version": opened.state.position}

    return _execute_once(lab, WriteRequest.of(caller, "compare", name, [rows, again], key), act)


def fail(
    lab: Lab, caller: Caller, name: str, subject: str | Mapping[str, Any], reason: str, *, key: str | None = None
) -> dict[str, Any]:
    """Record a failed experiment: of a suggestion, or of a design without one."""
    caller.require("record")

    def act(opened: Campaign) -> dict[str, Any]:
        return representations.report_data(opened.record_failure(subject, reason), opened.state.position)

    return _execute_once(lab, WriteRequest.of(caller, "fail", name, [subject, reason], key), act)


def amend(
    lab: Lab,
    caller: Caller,
    name: str,
    measurement: str,
    *,
    values: Mapping[str, Any] | None = None,
    noise: Mapping[str, Any] | None = None,
    design: Mapping[str, Any] | None = None,
    reason: str = "",
    expected_version: int | None,
    key: str | None = None,
) -> dict[str, Any]:
    """Correct a measurement, given the version that the caller has read.

    Raises
    ------
    Refused
        As ``version`` if it was changed since that version, as ``version-needed`` if none is given.
    """
    caller.require("steer")

    def act(opened: Campaign) -> dict[str, Any]:
        made = None
        if design is not None:
            made = {**known_measurement(opened.state, measurement).design, **design}
        changed = opened.amend(measurement, values, noise=noise, design=made, reason=reason)
        return _changed(opened, changed)

    request = WriteRequest.of(caller, "amend", name, [measurement, values, noise, design, reason], key)
    return _execute_once(
        lab, request, act, lambda opened: _check_measurement_version(opened, measurement, expected_version)
    )


def withdraw(
    lab: Lab,
    caller: Caller,
    name: str,
    subject: str,
    *,
    reason: str = "",
    expected_version: int | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Withdraw a suggestion, which is then never suggested again, or a measurement or comparison, which is not used.

    The withdrawal of a measurement names the version that the caller has read, as an amendment does.
    """
    caller.require("steer")

    def act(opened: Campaign) -> dict[str, Any]:
        return _changed(opened, opened.withdraw(subject, reason))

    def guard(opened: Campaign) -> None:
        if names_measurement(subject):
            _check_measurement_version(opened, subject, expected_version)

    return _execute_once(lab, WriteRequest.of(caller, "withdraw", name, [subject, reason], key), act, guard)


def undo(lab: Lab, caller: Caller, name: str, position: int, *, key: str | None = None) -> dict[str, Any]:
    """Undo the last action, whose last event is at `position`: one's own, or with the role ``steer`` anybody's.

    Raises
    ------
    Refused
        As ``not-allowed`` for the action of another user; as ``version`` if another action is the last one.
    """
    caller.require("record")

    def act(opened: Campaign) -> dict[str, Any]:
        return {"undone": opened.undo(position), **_changed(opened, True)}

    def guard(opened: Campaign) -> None:
        action = opened.last_action()
        if action is None or action.position != position:
            last = "nothing can be undone" if action is None else f"the last action is {action.words}"
            raise Refused("version", f"the action at {position} is not the last one: {last}; read the campaign again")
        author = lab.requests.authors(name).get(position, {}).get("user")
        if author != caller.user:
            caller.require("steer")

    return _execute_once(lab, WriteRequest.of(caller, "undo", name, [position], key), act, guard)


def amend_space(
    lab: Lab,
    caller: Caller,
    name: str,
    *,
    bounds: Mapping[str, Sequence[float]] | None = None,
    add_choices: Mapping[str, Sequence[str]] | None = None,
    constraints: Sequence[Any] | None = None,
    expected_version: int | None,
    key: str | None = None,
) -> dict[str, Any]:
    """Change bounds, choices or constraints from now on, given the version of the space that the caller has read."""
    caller.require("steer")

    def act(opened: Campaign) -> dict[str, Any]:
        return _changed(opened, opened.amend_space(bounds=bounds, add_choices=add_choices, constraints=constraints))

    def guard(opened: Campaign) -> None:
        _check_version("the space", representations.space_version(opened.events), expected_version)

    return _execute_once(
        lab, WriteRequest.of(caller, "amend_space", name, [bounds, add_choices, constraints], key), act, guard
    )


def amend_beliefs(
    lab: Lab, caller: Caller, name: str, beliefs: Sequence[Mapping[str, Any]], *, key: str | None = None
) -> dict[str, Any]:
    """Replace the beliefs of an expert from now on."""
    caller.require("steer")

    def act(opened: Campaign) -> dict[str, Any]:
        return _changed(opened, opened.amend_beliefs(beliefs))

    return _execute_once(lab, WriteRequest.of(caller, "amend_beliefs", name, list(beliefs), key), act)


# Shared by all writes


def _execute_once(
    lab: Lab,
    request: WriteRequest,
    act: Callable[[Campaign], dict[str, Any]],
    guard: Callable[[Campaign], None] | None = None,
) -> dict[str, Any]:
    """Carry out a write, unless its key was used before: then return the first reply."""
    previous = _previous(lab, request)
    if previous is not None:
        return previous
    try:
        with lab.cache.open(request.campaign) as (opened, store):
            if guard is not None:
                guard(opened)
            check = None if guard is None else lambda: guard(opened)
            with store.attributed_to(request, check):
                reply = act(opened)
    except RepeatedRequest:  # the same request was sent twice at the same time
        return _previous(lab, request) or {}
    lab.requests.save_reply(request, reply)
    return reply


def _previous(lab: Lab, request: WriteRequest) -> dict[str, Any] | None:
    """Return the first reply to a request; if a crash lost it, it is rebuilt from the events."""
    row = lab.requests.previous(request)
    if row is None:
        return None
    if row["reply"] is not None:
        reply: dict[str, Any] = json.loads(row["reply"])
        return reply
    with lab.cache.open(request.campaign) as (opened, _):
        events = opened.events
    written = events[row["first"] - 1 : row["last"]]
    if request.operation in ("record", "attach", "fail"):
        before = set(representations.measurement_versions(events[: row["first"] - 1]))
        return representations.written_data(written, before)
    changed = {"changed": True, "version": row["last"]}
    if request.operation != "undo":
        return changed
    action = undone_action(events, row["first"])
    return {"undone": None if action is None else action.words, **changed}


def _changed(opened: Campaign, changed: bool) -> dict[str, Any]:
    return {"changed": changed, "version": opened.state.position}


def _check_measurement_version(opened: Campaign, measurement: str, expected: int | None) -> None:
    known_measurement(opened.state, measurement)
    _check_version(measurement, representations.measurement_versions(opened.events)[measurement], expected)


def _check_version(what: str, current: int, expected: int | None) -> None:
    if expected is None:
        raise Refused("version-needed", f"{what} is at version {current}: send the version that you read as If-Match")
    if expected != current:
        raise Refused("version", f"{what} was changed since version {expected}: it is at {current} now; read it again")
