"""What happened in a campaign, as frozen events that are only ever appended.

A campaign's state is the fold of its events (see `designer.campaign.log.state`). An event is stored as one JSON object
with its `kind` and the version `v` of its grammar, so that today's files are read for ever: a later version adds kinds
or raises `v`, and reads what older versions wrote.

A *design* in an event is a mapping of lab columns to values in lab units, as a person reads them.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from designer.documents import Value, read_json
from designer.errors import StoreError
from designer.observations.curves.curve import Curve
from designer.units.limits import Side

GRAMMAR = 1
CENSORED_GRAMMAR = 2
"""The version of events with censored results, which earlier versions of the program do not know."""
ABSENT_GRAMMAR = 3
"""The version of events with designs in which a conditional parameter does not exist."""
COST_GRAMMAR = 4
"""The version of events with the true cost of an experiment."""
OBSERVED_GRAMMAR = 5
"""The version of events with observations, which come beside or before the targets."""
UNDO_GRAMMAR = 6
"""The version of events that undo an action, which earlier versions of the program do not know."""
CURVE_GRAMMAR = 7
"""The version of events with curves among the observations."""
IMAGE_GRAMMAR = 8
"""The version of events with images among the observations."""
LAST_GRAMMAR = IMAGE_GRAMMAR
MAX_DEPTH = 50
"""Levels of lists and mappings in an event; a campaign file has fewer than ten."""

Cell: TypeAlias = float | str | None
"""A setting in lab units; None where a conditional parameter does not exist."""
Design: TypeAlias = dict[str, Cell]
Seen: TypeAlias = float | Curve | None
"""An observation: a number, a curve or an image; None where it was tried and gave nothing."""
TrueCost = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""What one experiment has cost, in the unit of the file's cost."""
SuggestionId = Annotated[str, Field(pattern=r"^S\d{4,}$")]
MeasurementId = Annotated[str, Field(pattern=r"^M\d{4,}$")]
ComparisonId = Annotated[str, Field(pattern=r"^C\d{4,}$")]


class _Event(Value):
    """What all events share: when it happened, and its position in the campaign (from 1; 0: not stored yet)."""

    at: AwareDatetime
    position: int = Field(default=0, ge=0, exclude=True)


class Created(_Event):
    """The campaign began. `spec` is the campaign file's plain content, without its store.

    `pool_digest` identifies the content of the candidates file, which is not copied into the store.
    """

    kind: Literal["created"] = "created"
    name: str
    spec: dict[str, Any]
    pool_digest: str | None = None
    versions: dict[str, str] = Field(default_factory=dict)


class SuggestedDesign(Value):
    """One suggestion: its id, what to make, and why (the acquisition's score, and a reason in words).

    `plain` tells that it was chosen as if there were no past tasks (`designer.priors.interleaving`).
    """

    id: SuggestionId
    design: Design
    score: float | None = None
    note: str = ""
    plain: bool = False


class Suggested(_Event):
    """Designs were proposed, computed from the events up to position `based_on` alone."""

    kind: Literal["suggested"] = "suggested"
    designs: tuple[SuggestedDesign, ...] = Field(min_length=1)
    based_on: int = Field(ge=1)
    how: Literal["initial", "model", "replicate"]
    notes: tuple[str, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)


class Recorded(_Event):
    """A measurement, or more target values of one.

    `design` is what was really made. `suggestion` is None for an attached result. A second event with the
    same `measurement` fills in targets that were still missing. `noise` holds standard errors in the targets' units;
    `notes` is what the oracle says about the result. `censored` names the targets whose value is a limit, and on which
    side of it the result lies. `cost` is what the experiment has cost, where that is known. `observed` holds
    observations, which may come before the targets; None where one was tried and gave nothing.
    """

    kind: Literal["recorded"] = "recorded"
    measurement: MeasurementId
    suggestion: SuggestionId | None = None
    design: Design
    values: dict[str, float]
    noise: dict[str, float] = Field(default_factory=dict)
    replicate: int | None = Field(default=None, ge=1)
    notes: tuple[str, ...] = ()
    censored: dict[str, Side] = Field(default_factory=dict)
    cost: TrueCost | None = None
    observed: dict[str, Seen] = Field(default_factory=dict)


class Compared(_Event):
    """Two results of a target with ``goal: prefer`` were compared: one is better, or both are as good (`tie`)."""

    kind: Literal["compared"] = "compared"
    comparison: ComparisonId
    target: str
    better: MeasurementId
    worse: MeasurementId
    tie: bool = False


class Failed(_Event):
    """An experiment gave no result. The design may be tried again, but the region is known to be difficult."""

    kind: Literal["failed"] = "failed"
    suggestion: SuggestionId | None = None
    design: Design
    reason: str
    cost: TrueCost | None = None


class Withdrawn(_Event):
    """A suggestion that shall never return (`S...`), or a measurement (`M...`) or comparison (`C...`) to be ignored."""

    kind: Literal["withdrawn"] = "withdrawn"
    subject: Annotated[str, Field(pattern=r"^[SMC]\d{4,}$")]
    reason: str = ""


class Amended(_Event):
    """A measurement was corrected: only what is named changes; a value of None means "not measured after all".

    A new value is a limit where `censored` names its side, and a plain number otherwise. `cost` is the true cost where
    it was corrected. `observed` holds corrected observations; None where one was not made after all.
    """

    kind: Literal["amended"] = "amended"
    measurement: MeasurementId
    values: dict[str, float | None] = Field(default_factory=dict)
    noise: dict[str, float | None] = Field(default_factory=dict)
    design: Design | None = None
    reason: str = ""
    censored: dict[str, Side] = Field(default_factory=dict)
    cost: TrueCost | None = None
    observed: dict[str, Seen] = Field(default_factory=dict)


class Undone(_Event):
    """The last action was undone: the events at the positions `undoes` stay in the history, and count no more.

    `withdraws` names results and comparisons that the action added, `restores` what it withdrew; `becomes` holds
    results that it changed, as they were before. Failures among `undoes` count no more.
    """

    kind: Literal["undone"] = "undone"
    undoes: tuple[Annotated[int, Field(ge=2)], ...] = Field(min_length=1)
    withdraws: tuple[Annotated[str, Field(pattern=r"^[MC]\d{4,}$")], ...] = ()
    restores: tuple[Annotated[str, Field(pattern=r"^[SMC]\d{4,}$")], ...] = ()
    becomes: tuple[Recorded, ...] = ()


class SpaceChanged(_Event):
    """Bounds or choices changed; `space` and `constraints` are the new space as a campaign file writes it."""

    kind: Literal["space_changed"] = "space_changed"
    space: list[dict[str, Any]]
    constraints: list[Any] = Field(default_factory=list)
    changes: tuple[str, ...] = ()


class SettingsChanged(_Event):
    """Keys of the campaign file that may change at any time (budget, batch size, ...) have changed.

    `settings` holds the new plain value of each changed key; None where the key was taken out of the file.
    """

    kind: Literal["settings_changed"] = "settings_changed"
    settings: dict[str, Any]


Event: TypeAlias = (
    Created | Suggested | Recorded | Compared | Failed | Withdrawn | Amended | Undone | SpaceChanged | SettingsChanged
)
KINDS: tuple[str, ...] = (
    "created",
    "suggested",
    "recorded",
    "compared",
    "failed",
    "withdrawn",
    "amended",
    "undone",
    "space_changed",
    "settings_changed",
)
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def to_json(event: Event) -> str:
    """Return an event as one line of JSON, without its position (the store keeps that).

    >>> from datetime import datetime, timezone
    >>> to_json(Withdrawn(at=datetime(2026, 1, 2, tzinfo=timezone.utc), subject="S0003", reason="too costly"))
    '{"v":1,"at":"2026-01-02T00:00:00Z","kind":"withdrawn","subject":"S0003","reason":"too costly"}'
    """
    content = event.model_dump(mode="json")
    version = CENSORED_GRAMMAR if content.get("censored") else GRAMMAR
    if version == GRAMMAR:
        content.pop("censored", None)
    designs = [content.get("design"), *(each.get("design") for each in content.get("designs") or ())]
    if any(value is None for design in designs if design for value in design.values()):
        version = ABSENT_GRAMMAR
    if "cost" in content and content["cost"] is None:
        del content["cost"]
    elif "cost" in content:
        version = COST_GRAMMAR
    if content.get("observed"):
        curves = [each for each in content["observed"].values() if isinstance(each, dict)]
        version = CURVE_GRAMMAR if curves else OBSERVED_GRAMMAR
        if any(curve["image"] for curve in curves):
            version = IMAGE_GRAMMAR
        for curve in curves:
            for name in [name for name, value in curve.items() if not value]:
                del curve[name]
    else:
        content.pop("observed", None)
    if isinstance(event, Undone):
        version = max([UNDO_GRAMMAR, *(json.loads(to_json(each))["v"] for each in event.becomes)])
    content = {"v": version, **content}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str, position: int = 0) -> Event:
    """Return the event that `to_json` wrote.

    Raises
    ------
    StoreError
        If the text is not an event, or one of a kind or version that this version of designer does not know.
    """
    place = f"event {position}" if position else "the event"
    try:
        data = read_json(text)
    except (TypeError, ValueError, RecursionError):
        raise StoreError(f"{place} is not JSON: the store is damaged") from None
    if not isinstance(data, dict):
        raise StoreError(f"{place} is not a JSON object: the store is damaged")
    problem = _not_plain(data)
    if problem is not None:
        raise StoreError(f"{place} {problem}: the store is damaged")
    version, kind = data.pop("v", None), data.get("kind")
    if version not in range(GRAMMAR, LAST_GRAMMAR + 1) or isinstance(version, bool):
        shown = repr(version)[:40]
        known = f"{GRAMMAR} to {LAST_GRAMMAR}"
        raise StoreError(f"{place} has version {shown}; this designer reads versions {known}: update designer")
    if kind not in KINDS:
        raise StoreError(f"{place} is of kind {repr(kind)[:40]}, which this version does not know: update designer")
    try:
        event = _ADAPTER.validate_python({**data, "position": position})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"{place} ({kind}) is damaged: {where}: {first['msg']}") from None
    return event


def _not_plain(data: Any) -> str | None:
    """Say what no event holds: a value below too many others, or a number that is not finite."""
    level = [data]
    for _ in range(MAX_DEPTH):
        if not level:
            return None
        if any(isinstance(each, float) and not math.isfinite(each) for each in level):
            return "holds a number that is not finite"
        if any(isinstance(each, str) and not _is_unicode(each) for each in level):
            return "holds text that is not Unicode"
        below = [each if isinstance(each, list) else [*each, *each.values()] for each in level if _holds_others(each)]
        level = [value for values in below for value in values]
    return f"is nested deeper than {MAX_DEPTH} levels" if level else None


def _holds_others(value: Any) -> bool:
    return isinstance(value, dict | list)


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def placed(event: Event, position: int) -> Event:
    """Return `event` with the position it has in the store."""
    return event.model_copy(update={"position": position})


def utc_now() -> datetime:
    """Return the present moment, aware of its zone."""
    return datetime.now(UTC)
