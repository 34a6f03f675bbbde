"""From rows of results to events: what is new, what fills a gap, what was known already. Pure functions.

The rules, for one row:

- the same suggestion with the same values as before changes nothing, and the report states it;
- values of targets that an earlier measurement of it lacks are filled in there;
- other values are a replicate: a measurement of its own;
- with a ``replicate`` number the row is that measurement and no other, so that equal values can be distinguished.

Results without a suggestion follow the same rules, with the design in place of the suggestion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from designer.campaign.log.events import Cell, Design, Event, Failed, Recorded
from designer.campaign.log.ids import measurement_id
from designer.campaign.log.state import CampaignState, Measurement, suggested_designs
from designer.campaign.results.designs import all_violations
from designer.campaign.results.further_cells import COST
from designer.campaign.results.results_table import ResultRow, ResultTable, readings
from designer.campaign.results.wide_targets import wide_targets
from designer.errors import Fault, summarized
from designer.objective import Target
from designer.space import DesignSpace

MAX_LISTED = 12
"""Ids that are listed in a sentence."""

MIN_DIGITS = 4
"""Digits to which a setting may be rounded when it is written down and still counts as the suggested one."""


@dataclass(frozen=True)
class RecordReport:
    """What recording a table did.

    Parameters
    ----------
    recorded
        Ids of new measurements.
    completed
        Ids of measurements that got values of further targets.
    failed
        Suggestions (or rows) whose experiment is now recorded as failed.
    unchanged
        What was known already, in words: nothing was written for it.
    blank
        Suggestions (or rows) without any value: they stay open.
    flags
        Remarks on a new measurement, in words, by its id.
    faults
        With ``partial=True``: what is wrong with the rows that were left out.
    remarks
        What the new results show about the campaign as a whole, in words; each comes once.
    """

    recorded: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.recorded or self.completed or self.failed)

    def with_notes(
        self, space: DesignSpace, targets: Sequence[Target], state: CampaignState, events: Sequence[Event]
    ) -> RecordReport:
        """Return the report with what is remarkable about the measurements of `events`, which follow on `state`."""
        before = wide_targets(targets, (each.values for each in state.results))
        added = [event.values for event in events if isinstance(event, Recorded)]
        after = wide_targets(targets, [*(each.values for each in state.results), *added]) if added else before
        remarks = tuple(text for name, text in after.items() if name not in before)
        return replace(self, flags=new_flags(space, state, events), remarks=remarks)

    def lines(self) -> list[str]:
        """Return what happened, one sentence a line."""
        groups = [
            ("recorded", self.recorded),
            ("completed", self.completed),
            ("recorded as failed", self.failed),
            ("left open, no value given", self.blank),
        ]
        lines = [f"{what}: {_listed(which)}" for what, which in groups if which]
        lines += self.unchanged
        lines += [f"{name}: {text}" for name, texts in self.flags.items() for text in texts]
        lines += self.remarks
        lines += [f"not recorded: {fault}" for fault in summarized(self.faults)]
        if not self.changed:
            lines.append("nothing was changed")
        return lines

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _listed(names: Sequence[str]) -> str:
    """Return names with commas; of many the first two, the last one and their number.

    >>> _listed(["M1", "M2", "M3"]), _listed([f"M{i}" for i in range(1, 48)])
    ('M1, M2, M3', 'M1, M2, ..., M47 (47)')
    """
    if len(names) <= MAX_LISTED:
        return ", ".join(names)
    return f"{names[0]}, {names[1]}, ..., {names[-1]} ({len(names)})"


@dataclass
class _Known:
    """A measurement as the rules compare it: as first recorded, and as it counts now.

    A value is a pair of the number and the side on which it is a limit, or an observation.
    """

    id: str
    designs: tuple[Design, ...]
    first_values: dict[str, Any]
    values: dict[str, Any]
    first_noise: dict[str, float]
    noise: dict[str, float]
    replicate: int | None
    withdrawn: bool
    cost: float | None

    def contains(self, row: ResultRow) -> bool:
        """Whether all values of `row` are recorded here; its cost may be another."""
        values = row.cells
        same_values = _within(values, self.first_values) or _within(values, self.values)
        return same_values and (_within(row.noise, self.first_noise) or _within(row.noise, self.noise))

    def lacks(self, row: ResultRow) -> bool:
        """Whether `row` adds to what is known here without contradicting it."""
        return (
            not self.withdrawn
            and all(self.values.get(key, value) == value for key, value in row.cells.items())
            and all(self.noise.get(key, value) == value for key, value in row.noise.items())
            and (row.cost is None or self.cost in (None, row.cost))
        )


def plan(state: CampaignState, table: ResultTable, at: datetime) -> tuple[list[Event], RecordReport]:
    """Return the events that record `table` after `state`, and the report.

    Rows that contradict an earlier measurement with the same replicate number are among the report's faults.
    """
    planner = _Planner(state, at)
    for row in table.rows:
        planner.take(row)
    report = replace(planner.report(), blank=table.blank, faults=(*table.faults, *planner.faults))
    return planner.events, report


class _Planner:
    def __init__(self, state: CampaignState, at: datetime) -> None:
        self.at = at
        self.state = state
        self.events: list[Event] = []
        self.faults: list[Fault] = []
        self.next = state.next_measurement
        self.lists: dict[str, list[str]] = {key: [] for key in ("recorded", "completed", "failed", "unchanged")}
        self.known: dict[Any, list[_Known]] = {}
        for each in state.measurements.values():
            if each.undone:
                continue
            first = each.as_recorded
            designs = (dict(each.design), *([first.design] if first else []))
            known = _Known(
                each.id,
                designs,
                _cells_of(first or each),
                _cells_of(each),
                dict(first.noise if first else each.noise),
                dict(each.noise),
                each.replicate,
                each.withdrawn,
                each.cost,
            )
            for key in {_key(each.suggestion, design) for design in designs}:
                self.known.setdefault(key, []).append(known)
        self.failures = {(each.suggestion, _cells(each.design), each.reason) for each in state.failures}

    def report(self) -> RecordReport:
        recorded, completed, failed, unchanged = (tuple(names) for names in self.lists.values())
        return RecordReport(recorded, completed, failed, unchanged)

    def take(self, row: ResultRow) -> None:
        design = dict(row.design if row.design is not None else self._suggested(row))
        if row.failed is not None:
            self._fail(row, design, row.failed)
            return
        among = self.known.get(_key(row.suggestion, design), [])
        if row.design is not None and row.suggestion is not None:
            among = [known for known in among if row.design in known.designs]
        if row.replicate is not None:
            among = [known for known in among if known.replicate == row.replicate]
        for known in among:
            if known.contains(row):
                if row.cost is not None and row.cost != known.cost:
                    self._price(row, known)
                    return
                number = _next_replicate(self.known[_key(row.suggestion, design)])
                self.lists["unchanged"].append(_already(row, known, number))
                return
        for known in among:
            if known.lacks(row):
                self._complete(row, known)
                return
        if row.replicate is not None and among:
            self.faults.append(_contradiction(row, among[0]))
            return
        self._record(row, design)

    def _suggested(self, row: ResultRow) -> Mapping[str, Any]:
        assert row.suggestion is not None  # the reader refuses a row that has neither id nor design
        return self.state.suggestions[row.suggestion].design

    def _record(self, row: ResultRow, design: Design) -> None:
        name = measurement_id(self.next)
        self.next += 1
        event = Recorded(
            at=self.at,
            measurement=name,
            suggestion=row.suggestion,
            design=design,
            values=dict(row.values),
            noise=dict(row.noise),
            replicate=row.replicate,
            notes=row.notes,
            censored=dict(row.censored),
            cost=row.cost,
            observed=dict(row.observed),
        )
        noise = dict(event.noise)
        self._add(event, _Known(
            name, (design,), row.cells, row.cells, event.noise, noise, row.replicate, False, row.cost
        ))  # fmt: skip
        self.lists["recorded"].append(name)

    def _add(self, event: Recorded, known: _Known) -> None:
        self.events.append(event)
        self.known.setdefault(_key(event.suggestion, event.design), []).append(known)

    def _complete(self, row: ResultRow, known: _Known) -> None:
        values = {key: value for key, value in row.values.items() if key not in known.values}
        noise = {key: value for key, value in row.noise.items() if key not in known.noise}
        observed = {key: value for key, value in row.observed.items() if key not in known.values}
        self.events.append(
            Recorded(
                at=self.at,
                measurement=known.id,
                suggestion=row.suggestion,
                design=known.designs[0],
                values=values,
                noise=noise,
                replicate=known.replicate,
                notes=row.notes,
                censored={key: side for key, side in row.censored.items() if key in values},
                cost=None if known.cost == row.cost else row.cost,
                observed=observed,
            )
        )
        known.cost = known.cost if row.cost is None else row.cost
        known.values |= {key: row.cells[key] for key in (*values, *observed)}
        known.noise |= noise
        self.lists["completed"].append(known.id)

    def _price(self, row: ResultRow, known: _Known) -> None:
        """Fill in the cost of a measurement whose values are known; another one than before is a fault."""
        if known.cost is None and not known.withdrawn:
            self._complete(row, known)
            return
        what = f"{_subject(row)}: these values were recorded before, as {known.id}, with another cost, {known.cost}"
        remedy = f"amend {known.id}, or give a replicate number for a repeated measurement"
        self.faults.append(Fault(what, remedy, row=row.row, column=COST))

    def _fail(self, row: ResultRow, design: Design, reason: str) -> None:
        mark = (row.suggestion, _cells(design), reason)
        if mark in self.failures:
            self.lists["unchanged"].append(f"{_subject(row)}: this failure was recorded before; nothing was changed")
            return
        self.failures.add(mark)
        self.events.append(Failed(at=self.at, suggestion=row.suggestion, design=design, reason=reason, cost=row.cost))
        self.lists["failed"].append(_subject(row))


def _cells_of(of: Recorded | Measurement) -> dict[str, Any]:
    """Return each value of a measurement with the side on which it is a limit, and each observation."""
    return {**readings(of.values, of.censored), **of.observed}


def _key(suggestion: str | None, design: Mapping[str, Any]) -> Any:
    """Results of a suggestion belong together, whatever was really made; others by what was made."""
    return suggestion if suggestion is not None else _cells(design)


def _cells(design: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(design.items()))


def _within(part: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    return all(key in whole and whole[key] == value for key, value in part.items())


def _subject(row: ResultRow) -> str:
    return row.suggestion or f"row {row.row}"


def _already(row: ResultRow, known: _Known, number: int) -> str:
    text = f"{_subject(row)}: these values were recorded before, as {known.id}; nothing was changed"
    if known.withdrawn:
        return (
            f"{text} ({known.id} was withdrawn; a new measurement of equal value is recorded with replicate={number})"
        )
    if row.replicate is not None:
        return text
    return f"{text} (a repeated measurement of equal value is recorded with replicate={number})"


def _next_replicate(known: Sequence[_Known]) -> int:
    """Return the first replicate number that no measurement of a design has."""
    return max(len(known), *(each.replicate or 0 for each in known)) + 1


def _shown(cell: Cell) -> str:
    return "nothing" if cell is None else str(cell)


def _same_setting(asked: Any, made: Any) -> bool:
    """Whether a setting is the suggested one, be it rounded to four or more digits.

    >>> _same_setting(456.7891, 456.8), _same_setting(456.7891, 457.0), _same_setting(456.7891, 456.7)
    (True, False, False)
    """
    if not isinstance(asked, float | int) or not isinstance(made, float | int):
        return bool(asked == made)
    return any(float(f"{asked:.{digits}g}") == made for digits in range(MIN_DIGITS, 18))


def _value_words(cell: Any) -> str:
    if isinstance(cell, tuple):
        value, side = cell
        return f"{side or ''}{value:g}"
    return "failed" if cell is None else f"{cell:g}"


def _contradiction(row: ResultRow, known: _Known) -> Fault:
    there = ", ".join(f"{key} = {_value_words(value)}" for key, value in known.values.items())
    what = f"replicate {row.replicate} of {_subject(row)} is {known.id} already, with {there}"
    return Fault(what, f"amend {known.id}, or give another replicate number", row=row.row, column="replicate")


def flags_of(space: DesignSpace, state: CampaignState) -> dict[str, tuple[str, ...]]:
    """Return what is remarkable about each measurement of `state`; see `measurement_flags`."""
    return new_flags(space, state, [each.as_current() for each in state.measurements.values()])


def new_flags(space: DesignSpace, state: CampaignState, events: Iterable[Event]) -> dict[str, tuple[str, ...]]:
    """Return what is remarkable about each measurement of `events`, given what was suggested by `state`."""
    made = [event for event in events if isinstance(event, Recorded)]
    found = all_violations(space, [event.design for event in made])
    violations = {event.measurement: texts for event, texts in zip(made, found, strict=True)}
    return measurement_flags(made, suggested_designs(state), violations)


def measurement_flags(
    events: Iterable[Event], suggested: Mapping[str, Mapping[str, Any]], violations: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return what is remarkable about each new measurement: not what was suggested, or not a design of the space.

    Parameters
    ----------
    violations
        By measurement id, how its design leaves the space, in words.
    """
    flags: dict[str, tuple[str, ...]] = {}
    for event in events:
        if not isinstance(event, Recorded) or event.measurement in flags:
            continue
        texts = []
        asked = suggested.get(event.suggestion or "")
        if asked is not None and asked != event.design:
            changes = [f"{key} {_shown(event.design.get(key))} instead of {_shown(asked[key])}" for key in asked]
            changes = [
                text
                for key, text in zip(asked, changes, strict=True)
                if not _same_setting(asked[key], event.design.get(key))
            ]
            if changes:
                texts.append("made differently from what was suggested: " + ", ".join(changes))
        texts += [f"recorded as made; {text}" for text in violations.get(event.measurement, ())]
        if texts:
            flags[event.measurement] = tuple(texts)
    return flags
