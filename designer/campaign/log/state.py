"""The state of a campaign: a pure fold of its events.

`fold(events)` is the same as folding them piece by piece with `advance`, and results may come in any order: the same
results give the same data. Nothing here knows how a space or a model works; designs are mappings in lab units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from designer.campaign.log.events import (
    Amended,
    Cell,
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
from designer.campaign.log.ids import names_comparison, names_measurement
from designer.errors import StoreError
from designer.units.limits import Side

Status = Literal["open", "recorded", "failed", "withdrawn"]


@dataclass(frozen=True)
class Suggestion:
    """One suggested design and what became of it.

    `status` is ``recorded`` where a result counts, else ``withdrawn``, else ``failed``, else ``open``: it does not
    depend on the order in which these came. With ``replicates: 3`` a suggestion stays open until three results count,
    unless it failed or was withdrawn. A withdrawn suggestion never returns, recorded or not.
    """

    id: str
    design: Mapping[str, Cell]
    at: datetime
    position: int
    based_on: int
    how: str
    score: float | None = None
    note: str = ""
    status: Status = "open"
    withdrawn_because: str | None = None
    failed_because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """One result: the design that was made and the target values that were measured, in lab units.

    `values` may lack targets. `noise` holds standard errors, `censored` the sides of values that are limits, `cost`
    what the experiment has cost, where that is known. A withdrawn measurement counts no more. `as_recorded` is the row
    before any amendment, by which the same row is recognised. `observed` holds observations, None where one was tried
    and gave nothing; a measurement with nothing else is no result yet. `undone` says that the recording was undone: the
    same row can then be recorded again.
    """

    id: str
    design: Mapping[str, Cell]
    values: Mapping[str, float]
    at: datetime
    position: int
    suggestion: str | None = None
    noise: Mapping[str, float] = field(default_factory=dict)
    replicate: int | None = None
    notes: tuple[str, ...] = ()
    amended: bool = False
    withdrawn: bool = False
    reason: str = ""
    as_recorded: Recorded | None = None
    censored: Mapping[str, Side] = field(default_factory=dict)
    cost: float | None = None
    observed: Mapping[str, Seen] = field(default_factory=dict)
    undone: bool = False

    @property
    def is_experiment(self) -> bool:
        """Whether it counts as an experiment of the budget: not where it is withdrawn or holds observations alone."""
        return not self.withdrawn and (bool(self.values) or not self.observed)

    def as_current(self) -> Recorded:
        """Return the event that would record what counts now."""
        return Recorded(
            at=self.at,
            position=self.position,
            measurement=self.id,
            suggestion=self.suggestion,
            design=dict(self.design),
            values=dict(self.values),
            noise=dict(self.noise),
            replicate=self.replicate,
            notes=self.notes,
            censored=dict(self.censored),
            cost=self.cost,
            observed=dict(self.observed),
        )


@dataclass(frozen=True)
class Comparison:
    """One comparison of two results, by the ids of their measurements; `tie`: both are as good."""

    id: str
    target: str
    better: str
    worse: str
    tie: bool
    at: datetime
    position: int
    withdrawn: bool = False
    reason: str = ""

    @property
    def answer(self) -> tuple[str, ...]:
        """What was found, the same for the same answer about the same pair."""
        return ("tie", *sorted((self.better, self.worse))) if self.tie else ("better", self.better, self.worse)


@dataclass(frozen=True)
class Failure:
    """One experiment that gave no result."""

    design: Mapping[str, Cell]
    reason: str
    at: datetime
    position: int
    suggestion: str | None = None
    cost: float | None = None


@dataclass(frozen=True)
class CampaignState:
    """What is known after the event at `position`.

    `spec` is the campaign file's plain content as it counts now: with the changed settings and the changed space.
    `beliefs_since` is the position of the event that changed the beliefs of the file last; 0 where none did.
    """

    name: str
    position: int
    spec: Mapping[str, Any]
    pool_digest: str | None
    created_at: datetime
    suggestions: Mapping[str, Suggestion] = field(default_factory=dict)
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    earlier_spaces: tuple[Mapping[str, Any], ...] = ()
    last_choice: int = 1
    beliefs_since: int = 0

    @property
    def open(self) -> tuple[Suggestion, ...]:
        """Suggestions that wait for a result, oldest first."""
        return tuple(each for each in self.suggestions.values() if each.status == "open")

    @cached_property
    def results(self) -> tuple[Measurement, ...]:
        """Measurements that count and hold at least one value, in an order that arrival does not change."""
        kept = [each for each in self.measurements.values() if not each.withdrawn and each.values]
        return tuple(sorted(kept, key=_order_of_result))

    @cached_property
    def counted_comparisons(self) -> tuple[Comparison, ...]:
        """Comparisons that count, as both of their results do, in an order that arrival does not change."""
        counted = {each.id: each.values for each in self.measurements.values() if not each.withdrawn and each.values}
        kept = [
            each
            for each in self.comparisons.values()
            if not each.withdrawn and all(each.target in counted.get(name, ()) for name in (each.better, each.worse))
        ]
        return tuple(sorted(kept, key=lambda each: each.answer))

    @property
    def next_comparison(self) -> int:
        """The number of the next comparison's id."""
        return len(self.comparisons) + 1

    @property
    def next_suggestion(self) -> int:
        """The number of the next suggestion's id."""
        return len(self.suggestions) + 1

    @property
    def next_measurement(self) -> int:
        """The number of the next measurement's id."""
        return len(self.measurements) + 1

    def of(self, suggestion: str) -> tuple[Measurement, ...]:
        """Return the measurements of a suggestion that count, in the order they came."""
        return tuple(
            each for each in self.measurements.values() if each.suggestion == suggestion and not each.withdrawn
        )


def suggested_designs(state: CampaignState) -> dict[str, Mapping[str, Cell]]:
    """Return the designs of all suggestions by id."""
    return {name: each.design for name, each in state.suggestions.items()}


def fold(events: Iterable[Event]) -> CampaignState:
    """Return the state after `events`, of which the first is the campaign's creation.

    Raises
    ------
    StoreError
        If the events do not belong together: a gap, no creation, or an id that nothing introduced.
    """
    first, *rest = events
    if not isinstance(first, Created) or first.position != 1:
        raise StoreError(f"event {first.position} ({first.kind}) stands where the campaign's creation should")
    beginning = CampaignState(first.name, 1, first.spec, first.pool_digest, first.at)
    return advance(beginning, rest)


def advance(state: CampaignState, events: Sequence[Event]) -> CampaignState:
    """Return the state after `events`, which follow on `state`."""
    if not events:
        return state
    fold_ = _Fold(state)
    for event in events:
        fold_.take(event)
    return fold_.state()


class _Fold:
    """A state under construction: plain dictionaries while many events are folded, frozen at the end."""

    def __init__(self, state: CampaignState) -> None:
        self.base = state
        self.position = state.position
        self.spec = state.spec
        self.earlier = list(state.earlier_spaces)
        self.suggestions = dict(state.suggestions)
        self.measurements = dict(state.measurements)
        self.failures = list(state.failures)
        self.comparisons = dict(state.comparisons)
        self.last_choice = state.last_choice
        self.beliefs_since = state.beliefs_since

    def take(self, event: Event) -> None:  # noqa: C901  one case a kind of event
        if event.position != self.position + 1:
            raise StoreError(f"event {event.position} follows on event {self.position}: the store is damaged")
        self.position = event.position
        match event:
            case Suggested():
                self._suggested(event)
            case Recorded():
                self._recorded(event)
            case Compared():
                self._compared(event)
            case Failed():
                self._failed(event)
            case Withdrawn():
                self._withdrawn(event)
            case Amended():
                self._amended(event)
            case Undone():
                self._undone(event)
            case SpaceChanged() | SettingsChanged():
                self._changed(event)
            case Created():
                raise StoreError(f"event {event.position} creates the campaign again: the store is damaged")
        if isinstance(event, Suggested | SpaceChanged | SettingsChanged | Withdrawn | Undone):
            self.last_choice = event.position

    def _suggested(self, event: Suggested) -> None:
        for each in event.designs:
            if each.id in self.suggestions:
                raise StoreError(f"event {event.position} suggests {each.id} again: the store is damaged")
            self.suggestions[each.id] = Suggestion(
                each.id, each.design, event.at, event.position, event.based_on, event.how, each.score, each.note
            )

    def _recorded(self, event: Recorded) -> None:
        if event.suggestion is not None:
            self._known(event, event.suggestion, self.suggestions)
        earlier = self.measurements.get(event.measurement)
        if earlier is not None:
            if earlier.suggestion != event.suggestion:
                raise StoreError(f"event {event.position} gives {event.measurement} to another suggestion: damaged")
            self.measurements[earlier.id] = replace(
                earlier,
                values={**earlier.values, **event.values},
                noise={**earlier.noise, **event.noise},
                notes=earlier.notes + event.notes,
                censored={**earlier.censored, **event.censored},
                cost=earlier.cost if event.cost is None else event.cost,
                observed={**earlier.observed, **event.observed},
                as_recorded=_joined(earlier.as_recorded, event),
            )
            return
        self.measurements[event.measurement] = Measurement(
            id=event.measurement,
            design=event.design,
            values=event.values,
            at=event.at,
            position=event.position,
            suggestion=event.suggestion,
            noise=event.noise,
            replicate=event.replicate,
            notes=event.notes,
            as_recorded=event,
            censored=event.censored,
            cost=event.cost,
            observed=event.observed,
        )

    def _compared(self, event: Compared) -> None:
        for name in (event.better, event.worse):
            self._known(event, name, self.measurements)
        if event.comparison in self.comparisons:
            raise StoreError(f"event {event.position} gives {event.comparison} again: the store is damaged")
        self.comparisons[event.comparison] = Comparison(
            event.comparison, event.target, event.better, event.worse, event.tie, event.at, event.position
        )

    def _failed(self, event: Failed) -> None:
        if event.suggestion is not None:
            self._known(event, event.suggestion, self.suggestions)
        self.failures.append(
            Failure(event.design, event.reason, event.at, event.position, event.suggestion, event.cost)
        )

    def _withdrawn(self, event: Withdrawn) -> None:
        if names_comparison(event.subject):
            comparison = self._known(event, event.subject, self.comparisons)
            self.comparisons[event.subject] = replace(comparison, withdrawn=True, reason=event.reason)
        elif names_measurement(event.subject):
            measurement = self._known(event, event.subject, self.measurements)
            self.measurements[event.subject] = replace(measurement, withdrawn=True, reason=event.reason)
        else:
            found = self._known(event, event.subject, self.suggestions)
            self.suggestions[event.subject] = replace(found, withdrawn_because=event.reason)

    def _amended(self, event: Amended) -> None:
        old = self._known(event, event.measurement, self.measurements)
        self.measurements[old.id] = replace(
            old,
            values=_merged(old.values, event.values),
            noise=_merged(old.noise, event.noise),
            censored={**{k: side for k, side in old.censored.items() if k not in event.values}, **event.censored},
            observed=_corrected(old.observed, event.observed),
            design=event.design if event.design is not None else old.design,
            cost=old.cost if event.cost is None else event.cost,
            amended=True,
        )

    def _undone(self, event: Undone) -> None:
        self.failures = [each for each in self.failures if each.position not in event.undoes]
        for subject in event.withdraws:
            self._withdrawn(Withdrawn(at=event.at, position=event.position, subject=subject, reason="undone"))
            if subject in self.measurements:
                self.measurements[subject] = replace(self.measurements[subject], undone=True)
        for subject in event.restores:
            self._restored(event, subject)
        for earlier in event.becomes:
            old = self._known(event, earlier.measurement, self.measurements)
            self.measurements[old.id] = replace(
                old,
                values=earlier.values,
                noise=earlier.noise,
                notes=earlier.notes,
                censored=earlier.censored,
                observed=earlier.observed,
                design=earlier.design,
                cost=earlier.cost,
                as_recorded=_without_undone(old.as_recorded, earlier),
            )

    def _restored(self, event: Undone, subject: str) -> None:
        """Count again what was withdrawn."""
        if names_comparison(subject):
            comparison = self._known(event, subject, self.comparisons)
            self.comparisons[subject] = replace(comparison, withdrawn=False, reason="")
        elif names_measurement(subject):
            measurement = self._known(event, subject, self.measurements)
            self.measurements[subject] = replace(measurement, withdrawn=False, reason="")
        else:
            found = self._known(event, subject, self.suggestions)
            self.suggestions[subject] = replace(found, withdrawn_because=None)

    def _changed(self, event: SpaceChanged | SettingsChanged) -> None:
        if isinstance(event, SpaceChanged):
            self.earlier.append({"space": self.spec.get("space"), "constraints": self.spec.get("constraints") or []})
            self.spec = {**self.spec, "space": event.space, "constraints": event.constraints}
        else:
            if "beliefs" in event.settings:
                self.beliefs_since = event.position
            changed = {**self.spec, **event.settings}
            self.spec = {key: value for key, value in changed.items() if value is not None}

    def _known(self, event: Event, subject: str, among: Mapping[str, Any]) -> Any:
        if subject not in among:
            raise StoreError(f"event {event.position} ({event.kind}) names {subject}, which is nowhere before: damaged")
        return among[subject]

    def state(self) -> CampaignState:
        results = Counter(each.suggestion for each in self.measurements.values() if not each.withdrawn and each.values)
        wanted = replicates_of(self.spec)
        failed: dict[str | None, list[str]] = {}
        for failure in self.failures:
            failed.setdefault(failure.suggestion, []).append(failure.reason)
        suggestions = {key: _with_status(each, results, failed, wanted) for key, each in self.suggestions.items()}
        return replace(
            self.base,
            position=self.position,
            spec=self.spec,
            suggestions=suggestions,
            measurements=self.measurements,
            failures=tuple(self.failures),
            comparisons=self.comparisons,
            earlier_spaces=tuple(self.earlier),
            last_choice=self.last_choice,
            beliefs_since=self.beliefs_since,
        )


def replicates_of(spec: Mapping[str, Any]) -> int:
    """Return how many times each suggestion of a campaign shall be measured, by its plain spec."""
    given = spec.get("replicates", 1)
    return given if isinstance(given, int) else 1


def _with_status(
    each: Suggestion, results: Mapping[str | None, int], failed: Mapping[str | None, list[str]], wanted: int
) -> Suggestion:
    reasons = tuple(sorted(failed.get(each.id, ())))
    closed = each.withdrawn_because is not None or bool(reasons)
    status: Status = "open"
    if results.get(each.id, 0) >= (1 if closed else wanted):
        status = "recorded"
    elif each.withdrawn_because is not None:
        status = "withdrawn"
    elif reasons:
        status = "failed"
    return replace(each, status=status, failed_because=reasons)


def _merged(old: Mapping[str, float], new: Mapping[str, float | None]) -> dict[str, float]:
    return {key: value for key, value in {**old, **new}.items() if value is not None}


def _corrected(old: Mapping[str, Seen], new: Mapping[str, Seen]) -> dict[str, Seen]:
    """Return observations with those of `new`; one that is None there was not made."""
    return {key: value for key, value in {**old, **new}.items() if key not in new or value is not None}


def _joined(first: Recorded | None, more: Recorded) -> Recorded:
    if first is None:
        return more
    values, noise = {**first.values, **more.values}, {**first.noise, **more.noise}
    censored, observed = {**first.censored, **more.censored}, {**first.observed, **more.observed}
    cost = first.cost if more.cost is None else more.cost
    update = {"values": values, "noise": noise, "censored": censored, "cost": cost, "observed": observed}
    return first.model_copy(update=update)


def _without_undone(first: Recorded | None, earlier: Recorded) -> Recorded | None:
    """Return the first row of a measurement without the values that an undone action added."""
    if first is None:
        return None
    known = {**earlier.values, **earlier.observed}
    update = {
        key: {name: value for name, value in getattr(first, key).items() if name in known}
        for key in ("values", "noise", "censored", "observed")
    }
    return first.model_copy(update=update)


def _order_of_result(each: Measurement) -> tuple[Any, ...]:
    design = sorted((key, str(value)) for key, value in each.design.items())
    values = sorted(each.values.items())
    censored = sorted(each.censored.items())
    return each.suggestion or "~", each.replicate or 0, design, values, sorted(each.noise.items()), censored
