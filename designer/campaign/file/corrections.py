"""Corrections as events: amended measurements, withdrawn suggestions and measurements, a changed space. Pure functions.

Each returns the events to write after a state: none where nothing would change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

from designer.campaign.file import differences
from designer.campaign.file.file_content import plain
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.events import Amended, Design, Event, Seen, SettingsChanged, SpaceChanged, Withdrawn
from designer.campaign.log.ids import names_comparison, names_measurement
from designer.campaign.log.state import CampaignState, Comparison, Measurement, Suggestion
from designer.campaign.results import design_tables
from designer.campaign.results.candidate_names import CandidateNames
from designer.campaign.results.further_cells import COST, read_cost
from designer.campaign.results.numeric_cells import Reading, read_observation, read_result, read_spread
from designer.campaign.results.results_table import ResultRow, readings
from designer.errors import Fault, InvalidData, InvalidInput, InvalidSpace, UnknownSuggestion
from designer.objective import Target
from designer.observations.curves.curve import Curve
from designer.observations.curves.curve_cells import CellFiles
from designer.observations.curves.reference_curves import curve_distances
from designer.observations.observation import Observation
from designer.space import DesignSpace

Changes = dict[str, float | None]
Readings = dict[str, Reading | None]
R = TypeVar("R")
Q = TypeVar("Q", Target, Observation)


class Corrections(NamedTuple):
    """Corrected values and standard errors by target, the true cost, observations, and files of curves by digest."""

    values: Readings
    noise: Changes
    cost: float | None = None
    observed: Mapping[str, Seen] = {}
    files: Mapping[str, bytes] = {}


def known_suggestion(state: CampaignState, name: str) -> Suggestion:
    """Return a suggestion by its id, or raise UnknownSuggestion."""
    if name not in state.suggestions:
        raise UnknownSuggestion(_unknown("suggestion", name, state.suggestions))
    return state.suggestions[name]


def known_suggestions(state: CampaignState, names: str | Sequence[str]) -> tuple[str, ...]:
    """Return the ids of one or several suggestions, each once, or raise UnknownSuggestion with every unknown one."""
    given = _each(names)
    faults = [_unknown("suggestion", name, state.suggestions) for name in given if name not in state.suggestions]
    if faults:
        raise UnknownSuggestion(faults)
    return tuple(given)


def _each(names: str | Sequence[str]) -> list[str]:
    """Return every name once."""
    return list(dict.fromkeys(names)) if isinstance(names, list | tuple) else [str(names)]


def known_measurement(state: CampaignState, name: str) -> Measurement:
    """Return a measurement by its id, or raise UnknownSuggestion."""
    if name not in state.measurements:
        raise UnknownSuggestion(_unknown("measurement", name, state.measurements))
    return state.measurements[name]


def known_comparison(state: CampaignState, name: str) -> Comparison:
    """Return a comparison by its id, or raise UnknownSuggestion."""
    if name not in state.comparisons:
        raise UnknownSuggestion(_unknown("comparison", name, state.comparisons))
    return state.comparisons[name]


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> Fault:
    close = get_close_matches(str(name), known, n=1)
    remedy = (
        f"did you mean {close[0]}?" if close else f"ids run to {list(known)[-1]}" if known else f"no {what} is there"
    )
    return Fault(f"there is no {what} {name!r}", remedy)


def read_corrections(
    targets: Sequence[Target],
    values: Mapping[str, Any],
    noise: Mapping[str, Any],
    observations: Sequence[Observation] = (),
    *,
    costs: bool = False,
) -> Corrections:
    """Return corrected values, standard errors and observations, in their units; None removes a value.

    Parameters
    ----------
    costs
        Whether `values` may hold the true cost of the experiment.

    Raises
    ------
    InvalidData
        With every fault: an unknown target, or a value that is not a number.
    """
    faults: list[Fault] = []
    files = CellFiles()
    given, cost = dict(values), None
    if costs and COST in given and all(target.name != COST for target in targets):
        try:
            cost = read_cost(given.pop(COST))
        except InvalidInput as error:
            faults += [fault.at(column=COST) for fault in error.faults]
    own = {each.name for each in observations}
    of_targets = {name: cell for name, cell in given.items() if name not in own}
    observed = {name: cell for name, cell in given.items() if name in own}
    results = _read(targets, of_targets, lambda cell, target: read_result(cell, None, target), faults)
    spreads = _read(targets, noise, lambda cell, target: read_spread(cell, None, target.unit), faults)
    seen = _read(observations, observed, lambda cell, each: _observation(cell, each, files), faults)
    results |= _distances(targets, observations, seen, results, faults)
    read = Corrections(results, spreads, cost, seen, files.contents)
    if faults:
        raise InvalidData(faults)
    return read


def _distances(
    targets: Sequence[Target],
    observations: Sequence[Observation],
    seen: Mapping[str, float | Curve | None],
    results: Mapping[str, Reading | None],
    faults: list[Fault],
) -> dict[str, Reading | None]:
    """Return the distances of corrected curves from the references of targets; None where a curve was not made."""
    given = {name: None if reading is None else reading[0] for name, reading in results.items()}
    found, wrong = curve_distances(targets, {each.name: each for each in observations}, seen, given)
    faults += wrong
    not_made = {name for name, cell in seen.items() if cell is None}
    gone = [target.name for target in targets if target.reference is not None and target.curve in not_made]
    return {**dict.fromkeys(gone), **{name: (distance, None) for name, distance in found.items()}}


def _observation(cell: Any, observation: Observation, files: CellFiles) -> float | Curve:
    value = read_observation(cell, None, observation, files)
    if value is None:
        what = f"{observation.name!r} is to be corrected, and 'failed' is no number"
        raise InvalidInput(Fault(what, "give a number, or leave it empty where it was not made"))
    return value


def _read(
    targets: Sequence[Q], given: Mapping[str, Any], reader: Callable[[Any, Q], R], faults: list[Fault]
) -> dict[str, R | None]:
    by_name = {target.name: target for target in targets}
    result: dict[str, R | None] = {}
    for name, cell in given.items():
        if name not in by_name:
            close = get_close_matches(str(name), by_name, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"targets: {', '.join(by_name)}"
            faults.append(Fault(f"there is no target {name!r}", remedy, column=str(name)))
            continue
        try:
            result[name] = None if cell is None else reader(cell, by_name[name])
        except InvalidInput as error:
            faults.extend(fault.at(column=str(name)) for fault in error.faults)
    return result


def amended(
    state: CampaignState,
    measurement: str,
    corrections: Corrections,
    design: Design | None,
    reason: str,
    at: datetime,
) -> list[Event]:
    """Return the amendment of a measurement; a value that becomes a limit loses its standard error."""
    old = known_measurement(state, measurement)
    values, noise, cost, observed, _ = corrections
    before = readings(old.values, old.censored)
    changed = {name: reading for name, reading in values.items() if before.get(name) != reading}
    limits = {name: reading[1] for name, reading in changed.items() if reading is not None and reading[1] is not None}
    noise = {**dict.fromkeys(limits), **noise}
    event = Amended(
        at=at,
        measurement=measurement,
        values={name: None if reading is None else reading[0] for name, reading in changed.items()},
        noise={key: value for key, value in noise.items() if old.noise.get(key) != value},
        design=design if design != old.design else None,
        reason=reason,
        censored=limits,
        cost=cost if cost != old.cost else None,
        observed={name: cell for name, cell in observed.items() if old.observed.get(name) != cell},
    )
    changes = event.values or event.noise or event.observed or event.design is not None or event.cost is not None
    return [event] if changes else []


def withdrawn(state: CampaignState, subjects: str | Sequence[str], reason: str, at: datetime) -> list[Event]:
    """Return the withdrawals of suggestions, measurements and comparisons that are not withdrawn yet.

    Raises
    ------
    UnknownSuggestion
        With every id that is none of them.
    """
    faults: list[Fault] = []
    events: list[Event] = []
    for subject in _each(subjects):
        try:
            if names_comparison(subject):
                done = known_comparison(state, subject).withdrawn
            elif names_measurement(subject):
                done = known_measurement(state, subject).withdrawn
            else:
                done = known_suggestion(state, subject).withdrawn_because is not None
        except UnknownSuggestion as error:
            faults += error.faults
            continue
        if not done:
            events.append(Withdrawn(at=at, subject=subject, reason=reason))
    if faults:
        raise UnknownSuggestion(faults)
    return events


def failure_rows(
    space: DesignSpace, state: CampaignState, names: CandidateNames, failed: Any, reason: Any
) -> tuple[ResultRow, ...]:
    """Return the rows of failed experiments: of one or several suggestions, or of a design without one.

    Raises
    ------
    InvalidData
        If there is no reason, or the design has faults.
    UnknownSuggestion
        With every unknown suggestion.
    """
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidData(Fault("a failure needs a reason", "say in a few words what happened"))
    if isinstance(failed, Mapping):
        (design,) = design_tables.read_designs(space, [failed])
        return (ResultRow(row=2, design=design, failed=reason.strip()),)
    given = failed if isinstance(failed, list | tuple) else [failed]
    known = known_suggestions(state, [names.suggestion_of(str(name)) for name in given])
    return tuple(ResultRow(row=2, suggestion=name, failed=reason.strip()) for name in known)


def beliefs_changed(old: CampaignSpec, beliefs: Sequence[Any], at: datetime) -> list[Event]:
    """Return the change of a campaign's beliefs to `beliefs`, values or mappings; nothing where they are the same.

    Raises
    ------
    InvalidCampaign
        With every fault, as a campaign file with these beliefs would have.
    """
    data = {key: value for key, value in old.data.items() if key != "beliefs"}
    given = plain(list(beliefs))
    new = old.with_data({**data, "beliefs": given} if given else data, check_beliefs=True)
    if new.settings.beliefs == old.settings.beliefs:
        return []
    return [SettingsChanged(at=at, settings={"beliefs": given or None})]


def space_changed(
    old: CampaignSpec, data: Mapping[str, Any], read: Callable[[Mapping[str, Any]], CampaignSpec], at: datetime
) -> list[Event]:
    """Return the change of the space to the plain `space` and `constraints` in `data`.

    Raises
    ------
    InvalidSpace
        If the new space has faults or could not hold what was measured in the old one.
    """
    new: DesignSpace = read({**old.data, **data}).space
    faults = differences.unusable_space(old.space, new)
    if faults:
        raise InvalidSpace(faults)
    changes = tuple(differences.space_changes(old.space, new))
    return [SpaceChanged(at=at, changes=changes, **data)] if changes else []
