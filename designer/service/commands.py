"""The verbs that write: each says who asks, is carried out once for each key, and tells what it did as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from designer.campaign.campaign import Campaign
from designer.campaign.file.corrections import known_measurement
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Created, utc_now
from designer.campaign.log.versions import versions
from designer.errors import Conflict, Fault, InvalidCampaign, InvalidData
from designer.service import representations
from designer.service.http.uploads import keep_table, read_campaign, read_sheet
from designer.service.lab import Lab
from designer.service.problems import Refused
from designer.service.store.accounts import Caller
from designer.service.store.idempotency import Note, Repeated
from designer.service.url_names import path_of

MAX_SUGGESTED = 100
Content = str | Mapping[str, Any]


def validate(lab: Lab, caller: Caller, content: Content) -> dict[str, Any]:
    """Say whether a campaign could begin; nothing is written."""
    caller.needs("read")
    return _told_spec(read_campaign(content, lab.place.folder))


def _told_spec(spec: CampaignSpec) -> dict[str, Any]:
    return {
        "id": path_of(spec.name),
        "name": spec.name,
        "columns": list(spec.space.columns),
        "targets": [target.name for target in spec.targets],
        "candidates": None if spec.space.pool is None else len(spec.space.pool.coordinates),
    }


def create(lab: Lab, caller: Caller, content: Content, *, key: str | None = None) -> dict[str, Any]:
    """Begin a campaign.

    Raises
    ------
    InvalidCampaign
        With every fault, or if there is a campaign of this name.
    """
    caller.needs("steer")
    spec = read_campaign(content, lab.place.folder)
    note = Note.of(caller, "create", spec.name, spec.data, key)
    reply = {**_told_spec(spec), "version": 1}
    if lab.notes.earlier(note) is not None:
        return reply
    store = lab.shelf.new_store()
    event = Created(
        at=utc_now(), name=spec.name, spec=dict(spec.data), pool_digest=spec.pool_digest, versions=versions()
    )
    try:
        with store.noting(note):
            store.create(event)
    except Repeated:
        return reply
    except Conflict:
        if lab.notes.earlier(note) is not None:  # the same request, at the same time
            return reply
        fault = Fault(f"there is a campaign {spec.name!r} already", "give another name", path=("name",))
        raise InvalidCampaign(fault) from None
    lab.notes.answered(note, reply)
    return reply


def upload(lab: Lab, caller: Caller, content: bytes, file: str) -> dict[str, Any]:
    """Keep a table of candidates; a campaign names it as its ``candidates``."""
    caller.needs("steer")
    frame = read_sheet(content, file)
    name = keep_table(frame, lab.place.folder)
    return {"candidates": name, "rows": len(frame), "columns": [str(column) for column in frame.columns]}


def suggest(
    lab: Lab,
    caller: Caller,
    name: str,
    *,
    n: int | None = None,
    replicate_of: Sequence[str] = (),
    key: str | None = None,
) -> dict[str, Any]:
    """Ask for suggestions: returns the job that makes them.

    Raises
    ------
    InvalidData
        If the number is none, or given together with `replicate_of`.
    """
    caller.needs("record")
    faults = []
    if n is not None and not 1 <= n <= MAX_SUGGESTED:
        faults.append(Fault(f"{n} designs cannot be asked for at once", f"give 1 to {MAX_SUGGESTED}", path=("n",)))
    if n is not None and replicate_of:
        faults.append(Fault("replicates are as many as the suggestions they repeat", "leave out 'n'", path=("n",)))
    if len(replicate_of) > MAX_SUGGESTED:
        faults.append(Fault(f"{len(replicate_of)} replicates at once", f"at most {MAX_SUGGESTED}"))
    if faults:
        raise InvalidData(faults)
    with lab.shelf.open(name):
        pass  # there is such a campaign, and it can be opened
    return lab.jobs.ask(caller, name, {"n": n, "replicate_of": list(replicate_of)}, key)


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
    """Record a table of results (`attach`: that nobody asked for), all rows or none unless `partial`.

    Raises
    ------
    InvalidData
        With every fault of the table; then nothing was recorded.
    """
    caller.needs("record")

    def act(opened: Campaign) -> dict[str, Any]:
        verb = opened.attach if attach else opened.record
        return representations.report_data(verb(results, partial=partial, file=file), opened.state.position)

    asked = [attach, partial, results if isinstance(results, list) else results.to_csv()]
    return _once(lab, Note.of(caller, "attach" if attach else "record", name, asked, key), act)


def fail(
    lab: Lab, caller: Caller, name: str, subject: str | Mapping[str, Any], reason: str, *, key: str | None = None
) -> dict[str, Any]:
    """Record that an experiment gave no result: of a suggestion, or of a design that nobody asked for."""
    caller.needs("record")

    def act(opened: Campaign) -> dict[str, Any]:
        return representations.report_data(opened.record_failure(subject, reason), opened.state.position)

    return _once(lab, Note.of(caller, "fail", name, [subject, reason], key), act)


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
    seen: int | None,
    key: str | None = None,
) -> dict[str, Any]:
    """Correct a measurement, as it was at the version that the caller has `seen`.

    Raises
    ------
    Refused
        As ``version`` if somebody has changed it since, as ``version-needed`` if none is given.
    """
    caller.needs("steer")

    def act(opened: Campaign) -> dict[str, Any]:
        made = None
        if design is not None:
            made = {**known_measurement(opened.state, measurement).design, **design}
        changed = opened.amend(measurement, values, noise=noise, design=made, reason=reason)
        return _changed(opened, changed)

    note = Note.of(caller, "amend", name, [measurement, values, noise, design, reason], key)
    return _once(lab, note, act, lambda opened: _unchanged_since(opened, measurement, seen))


def withdraw(
    lab: Lab,
    caller: Caller,
    name: str,
    subject: str,
    *,
    reason: str = "",
    seen: int | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Withdraw a suggestion, which never returns then, or a measurement, which counts no more.

    A measurement's withdrawal names the version that was `seen`, as an amendment does.
    """
    caller.needs("steer")

    def act(opened: Campaign) -> dict[str, Any]:
        return _changed(opened, opened.withdraw(subject, reason))

    def guard(opened: Campaign) -> None:
        if subject.startswith("M"):
            _unchanged_since(opened, subject, seen)

    return _once(lab, Note.of(caller, "withdraw", name, [subject, reason], key), act, guard)


def amend_space(
    lab: Lab,
    caller: Caller,
    name: str,
    *,
    bounds: Mapping[str, Sequence[float]] | None = None,
    add_choices: Mapping[str, Sequence[str]] | None = None,
    constraints: Sequence[Any] | None = None,
    seen: int | None,
    key: str | None = None,
) -> dict[str, Any]:
    """Change bounds, choices or constraints from now on, given the version of the space that was `seen`."""
    caller.needs("steer")

    def act(opened: Campaign) -> dict[str, Any]:
        return _changed(opened, opened.amend_space(bounds=bounds, add_choices=add_choices, constraints=constraints))

    def guard(opened: Campaign) -> None:
        _same_version("the space", representations.space_version(opened.events), seen)

    return _once(lab, Note.of(caller, "amend_space", name, [bounds, add_choices, constraints], key), act, guard)


# What writes have in common


def _once(
    lab: Lab,
    note: Note,
    act: Callable[[Campaign], dict[str, Any]],
    guard: Callable[[Campaign], None] | None = None,
) -> dict[str, Any]:
    """Carry a write out, unless its key was used before: then return the answer of the first time."""
    earlier = _earlier(lab, note)
    if earlier is not None:
        return earlier
    try:
        with lab.shelf.open(note.campaign) as (opened, store):
            if guard is not None:
                guard(opened)
            asked = None if guard is None else lambda: guard(opened)
            with store.noting(note, asked):
                reply = act(opened)
    except Repeated:  # the same request at the same time: its answer is on its way
        return _earlier(lab, note) or {}
    lab.notes.answered(note, reply)
    return reply


def _earlier(lab: Lab, note: Note) -> dict[str, Any] | None:
    """Return the answer of the first time; where a crash took it, it is told again from the events."""
    row = lab.notes.earlier(note)
    if row is None:
        return None
    if row["reply"] is not None:
        reply: dict[str, Any] = json.loads(row["reply"])
        return reply
    with lab.shelf.open(note.campaign) as (opened, _):
        events = opened.events
    written = events[row["first"] - 1 : row["last"]]
    if note.verb in ("record", "attach", "fail"):
        before = set(representations.measurement_versions(events[: row["first"] - 1]))
        return representations.written_data(written, before)
    return {"changed": True, "version": row["last"]}


def _changed(opened: Campaign, changed: bool) -> dict[str, Any]:
    return {"changed": changed, "version": opened.state.position}


def _unchanged_since(opened: Campaign, measurement: str, seen: int | None) -> None:
    known_measurement(opened.state, measurement)
    _same_version(measurement, representations.measurement_versions(opened.events)[measurement], seen)


def _same_version(what: str, now: int, seen: int | None) -> None:
    if seen is None:
        raise Refused("version-needed", f"{what} is at version {now}: say which version you saw, as If-Match")
    if seen != now:
        raise Refused("version", f"{what} was changed since you saw version {seen}: it is at {now} now; read it again")
