"""Collect the content of a campaign's report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.campaign.best import best_rows, ranked_values
from designer.campaign.levels.level_states import level_counts, lower_levels
from designer.campaign.log.events import Cell, Created, Suggested, utc_now
from designer.campaign.log.state import Failure, Measurement, Suggestion
from designer.campaign.results.measured_designs import (
    MeasuredDesign,
    allowed_mask,
    by_design,
    forbidden_measurements,
)
from designer.campaign.results.wide_targets import wide_targets
from designer.campaign.wording import percent
from designer.counting import count
from designer.objective import Target
from designer.report.chapters import MAX_CARDS
from designer.report.content import Content, Experiment, Prediction
from designer.report.landscape import landscape_of
from designer.report.number_format import MISSING, amounts, moment, number
from designer.report.observed_quantities import observed_quantities
from designer.report.posterior_history import History, history_of
from designer.report.utilities import utilities_of
from designer.space import DesignSpace, Parameter, ShareParameter
from designer.space.absent_cells import is_absent
from designer.space.cells import Cells
from designer.units import with_unit

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign

_HOW = {"initial": "first design", "model": "model", "replicate": "replicate"}


def gather(campaign: Campaign) -> Content:
    """Return the content of the report of `campaign`, from all events read so far."""
    state, space = campaign.state, campaign.space
    history = history_of(campaign)
    best = _best_measured(campaign)
    rows = tuple(_experiments(campaign, history, {name for each in best for name in each.measurements}))
    return Content(
        name=campaign.name,
        made_at=moment(utc_now()),
        summary=tuple(_summary(campaign, best)),
        facts=tuple(_facts(campaign, best, history)),
        parameters=tuple(with_unit(p.name, getattr(p, "unit", None)) for p in space.parameters),
        targets=campaign.objective.targets,
        experiments=rows,
        posterior_best=history.posterior_best,
        utilities=utilities_of(campaign),
        landscape=landscape_of(campaign),
        cards=tuple(campaign.explain(each.id) for each in state.open[:MAX_CARDS]),
        evidence=history.evidence,
        simulated=campaign.simulated_campaigns(),
        beliefs=tuple(_beliefs(campaign)),
        observations=tuple(observed_quantities(campaign)),
        remarks=tuple(_remarks(campaign, history)),
        campaign_file=_plain_yaml(state.spec),
        versions=_versions(campaign),
    )


def measured_content(campaign: Campaign) -> Content:
    """Return the targets and the experiments alone: what was measured, without anything that a model predicts."""
    best = {name for each in _best_measured(campaign) for name in each.measurements}
    nothing = History({}, (), (), 0, 0)
    return Content(
        name=campaign.name,
        made_at="",
        summary=(),
        facts=(),
        parameters=(),
        targets=campaign.objective.targets,
        experiments=tuple(_experiments(campaign, nothing, best)),
        posterior_best=(),
        landscape=None,
        cards=(),
        evidence=(),
        simulated=campaign.simulated_campaigns(),
        remarks=(),
        campaign_file="",
        versions=(),
    )


def _best_measured(campaign: Campaign) -> list[MeasuredDesign]:
    groups = by_design(campaign.space, campaign.objective.targets, campaign.top_state.results)
    if not groups:
        return []
    objective, known = campaign.objective, campaign.posterior() if campaign.objective.preference is not None else None
    predicted = None if known is None else known.predict(np.array([group.coordinates for group in groups]))[0]
    means = ranked_values(objective, groups, predicted)
    allowed, cells = allowed_mask(groups), campaign.cells
    if cells is None:
        return [groups[i] for i in best_rows(objective, means, allowed=allowed)]
    where = cells.of(np.array([group.coordinates for group in groups]))
    found = [best_rows(objective, means, allowed=allowed & (where == cell)) for cell in sorted(set(where.tolist()))]
    return [groups[i] for rows in found for i in rows]


# The table of experiments


def _experiments(campaign: Campaign, history: History, best: set[str]) -> Iterator[Experiment]:
    """Yield measured and failed experiments in their order, then open ones, then those withdrawn before a result."""
    state, space, targets = campaign.state, campaign.space, campaign.objective.targets
    flags = campaign.measurements()["flags"]
    forbidden = forbidden_measurements(space, list(state.measurements.values()))
    compared = {target.name for target in targets if target.is_preference}
    done: list[Measurement | Failure] = [*state.measurements.values(), *state.failures]
    done_so_far, levels = 0, lower_levels(space, state)
    spent, costs = 0.0, dict(campaign.costs_of_results())
    for each in sorted(done, key=lambda result: result.position):
        row = _row(space, each, state.suggestions.get(each.suggestion or ""), history)
        counts = isinstance(each, Failure) or (not each.withdrawn and bool(each.values))
        done_so_far += counts
        spent += costs.get(each.position, 0.0)
        row = replace(row, number=done_so_far if counts else None, spent=spent if costs and counts else None)
        if isinstance(each, Failure):
            yield replace(row, outcome="failed", notes=(each.reason,))
            continue
        yield replace(
            row,
            outcome="measured" if counts else "withdrawn",
            values={name: value for name, value in each.values.items() if name not in compared},
            made=tuple(name for name in each.values if name in compared),
            censored=dict(each.censored),
            notes=tuple(_notes(each, str(flags[each.id]))),
            feasible=_feasible(targets, each),
            allowed=each.id not in forbidden,
            level=levels.get(each.id),
            predicted={} if each.id in levels else row.predicted,
            best=each.id in best,
        )
    for status in ("open", "withdrawn"):
        for suggestion in state.suggestions.values():
            if suggestion.status == status:
                notes = (suggestion.withdrawn_because,) if suggestion.withdrawn_because else ()
                yield replace(_row(space, suggestion, suggestion, history), outcome=status, notes=notes)


def _row(
    space: DesignSpace, made: Measurement | Failure | Suggestion, suggestion: Suggestion | None, history: History
) -> Experiment:
    """Return the table's row for `made`, without its outcome."""
    own = made.id if isinstance(made, Measurement) else "–"
    return Experiment(
        id=own if suggestion is None else suggestion.id,
        number=None,
        outcome="open",
        how="attached" if suggestion is None else _HOW[suggestion.how],
        cells=tuple(cells(space, made.design)),
        predicted={} if suggestion is None else _prediction(made, suggestion, history),
    )


def _prediction(made: Any, suggestion: Suggestion, history: History) -> Mapping[str, Prediction]:
    """Return the prediction of a suggestion; nothing if another design was made."""
    return history.predicted.get(suggestion.id, {}) if dict(made.design) == dict(suggestion.design) else {}


def cells(space: DesignSpace, design: Mapping[str, Cell]) -> Iterator[str]:
    """Yield the settings of a design as text, one for each parameter."""
    for parameter in space.parameters:
        values = [design[column] for column in parameter.lab_columns]
        if values[0] is None:
            yield MISSING
        elif isinstance(parameter, ShareParameter):
            yield amounts({m: float(v or 0.0) for m, v in zip(parameter.members, values, strict=True)})
        else:
            yield values[0] if isinstance(values[0], str) else number(values[0])


def _feasible(targets: Sequence[Target], made: Measurement) -> bool:
    """Whether the measured values meet their limits; of a censored one it must be certain."""
    return all(_meets(target, made.values[target.name], made) for target in targets if target.name in made.values)


def _meets(target: Target, value: float, made: Measurement) -> bool:
    side = made.censored.get(target.name)
    return (target.at_least is None or (value >= target.at_least and side != "<")) and (
        target.at_most is None or (value <= target.at_most and side != ">")
    )


def _notes(each: Measurement, flags: str) -> Iterator[str]:
    if each.withdrawn:
        yield f"withdrawn: {each.reason}" if each.reason else "withdrawn"
    if flags:
        yield flags


# What is read first


def _summary(campaign: Campaign, best: Sequence[MeasuredDesign]) -> Iterator[str]:
    if campaign.objective.explores:
        yield from (f"{each.words[:1].upper()}{each.words[1:]}." for each in campaign.remaining_uncertainty())
    elif not best:
        compared = campaign.objective.preference is not None and bool(campaign.state.results)
        yield "No two results were compared yet." if compared else "No feasible design has been measured yet."
    elif campaign.cells is not None:
        yield f"Best so far in {count(len(best), 'cell')}: {'; '.join(_in_cells(campaign, campaign.cells, best))}."
    elif len(best) == 1:
        yield f"Best so far: {_values(campaign, best[0])}, at {_design(campaign, best[0])}."
    else:
        yield f"{len(best)} designs are the best trade-offs so far (the measured Pareto front)."
    yield from _by_tiers(campaign)
    yield from _in_contexts(campaign)
    if campaign.robust():
        yield f"Settings are made with an error: {campaign.robust()}."
    decided = campaign.verdict()
    reason = decided.reason[:1].upper() + decided.reason[1:]
    yield f"The campaign can stop. {reason.rstrip('.')}." if decided.stop else f"{reason.rstrip('.')}."


def _by_tiers(campaign: Campaign) -> Iterator[str]:
    """Yield why the best design is the best where goals are tiers; nothing in other modes."""
    if campaign.objective.tiers and campaign.averaged_over() is None:
        for label, row in campaign.best().iterrows():
            yield f"{label} (best by {row['best_by']}): {row['why']}."


def _in_cells(campaign: Campaign, cells: Cells, best: Sequence[MeasuredDesign]) -> Iterator[str]:
    """Yield the best measured design of each cell: its values, the cell, and its id."""
    for made in best:
        (cell,) = cells.of(made.coordinates[None]).tolist()
        yield f"{_values(campaign, made)} with {cells.name(cell)} ({made.label})"


def _in_contexts(campaign: Campaign) -> Iterator[str]:
    """Yield what is predicted to be the best on average over the contexts; nothing where there are none."""
    averaged = campaign.averaged_over()
    table = campaign.best() if averaged is not None else None
    for label, row in [] if table is None else table[table["best_by"] != "measured"].iterrows():
        design = {column: None if is_absent(row[column]) else row[column] for column in campaign.space.columns}
        settings = _settings(campaign, design, chosen=True)
        expected = ", ".join(
            f"{goal.name} {number(float(row[f'{goal.name}_mean']))}{_unit(goal)}" for goal in campaign.objective.goals
        )
        yield f"The best {averaged} by the model: {expected}, with {settings} ({label})."


def _values(campaign: Campaign, made: MeasuredDesign) -> str:
    values = zip(campaign.objective.targets, made.means, made.sides, strict=True)
    return ", ".join(
        f"{t.name} preferred" if t.is_preference else f"{t.name} {side or ''}{number(float(value))}{_unit(t)}"
        for t, value, side in values
        if np.isfinite(value)
    )


def _design(campaign: Campaign, made: MeasuredDesign) -> str:
    return _settings(campaign, made.design)


def _settings(campaign: Campaign, design: Mapping[str, Cell], *, chosen: bool = False) -> str:
    """Return the settings of the parameters that exist in a design; with `chosen` without contexts."""
    texts = zip(campaign.space.parameters, cells(campaign.space, design), strict=True)
    shown = [(p, text) for p, text in texts if text != MISSING and not (chosen and p.is_context)]
    return "; ".join(f"{parameter.name} {text}{_unit(parameter)}" for parameter, text in shown)


def _unit(of: Target | Parameter) -> str:
    """Return a unit as it follows a number."""
    unit = getattr(of, "unit", None)
    return f" {unit}" if unit and unit != "fraction" else ""


def _facts(campaign: Campaign, best: Sequence[MeasuredDesign], history: History) -> Iterator[tuple[str, str, str]]:
    status = campaign.status()
    of_budget = f" of {status.budget}" if status.budget is not None else ""
    beside = [count(status.attached, "result") + " attached"] if status.attached else []
    beside += [f"{len(status.failed)} failed"] if status.failed else []
    beside += [f"{len(status.open)} open"] if status.open else []
    yield "Experiments", f"{status.spent}{of_budget}", ", ".join(beside)
    levels = level_counts(campaign.space, campaign.state)
    if levels:
        top, *lower = reversed(levels.items())
        yield f"Results at {top[0]}", str(top[1]), ", ".join(f"{level} {number}" for level, number in lower)
    for each in campaign.remaining_uncertainty():
        if each.uncertain_share is not None:
            yield "Uncertain share of the space", percent(each.uncertain_share), f"at {each.target} {each.level:g}"
        else:
            yield f"Average uncertainty of {each.target}", each.size, f"{percent(each.variance_left)} of variance left"
    if status.cost is not None:
        of_cost = "" if status.cost.budget is None else f" of {number(status.cost.budget)}"
        waiting = f"{number(status.cost.committed)} for open suggestions" if status.cost.committed else ""
        yield "Cost", f"{number(status.cost.spent)}{of_cost}", waiting
    if campaign.cells is not None:
        yield "Best of each cell", str(len(best)), ", ".join(made.label for made in best[:6])
    elif len(best) == 1:
        for target, value, side in zip(campaign.objective.targets, best[0].means, best[0].sides, strict=True):
            if target.goal is not None and np.isfinite(value) and not target.is_preference:
                shown = f"{side or ''}{number(float(value))}{_unit(target)}"
                yield f"Best measured {target.name}", shown, best[0].label
        yield from _best_by_model(campaign, history)
    elif best:
        yield "Best trade-offs", str(len(best)), ", ".join(made.label for made in best[:6])
    yield "State", "can stop" if status.stop else "running", ""


def _best_by_model(campaign: Campaign, history: History) -> Iterator[tuple[str, str, str]]:
    if not history.posterior_best:
        return
    table = campaign.best()
    rows = table[table["best_by"] != "measured"]
    for target in campaign.objective.goals:
        expected = history.posterior_best[-1].expected.get(target.name)
        if expected is not None and len(rows) == 1:
            value = expected.text + _unit(target)
            yield f"Best by the model, {target.name}", value, str(rows.index[0])


# Where it comes from


def _remarks(campaign: Campaign, history: History) -> Iterator[str]:
    state = campaign.state
    yield (
        f"Started {moment(state.created_at)}; {count(state.position, 'event')}; seed {campaign.settings.seed}. The "
        "same file, events and library versions give the same suggestions again."
    )
    if history.evaluated < history.choices:
        yield (
            f"To limit computing time, predictions are shown for {history.evaluated} of the model's "
            f"{count(history.choices, 'choice')} only."
        )
    known = campaign.posterior()
    yield from known.batch_effects if known else ()
    yield from map(str, known.flagged if known else ())
    yield from wide_targets(campaign.objective.targets, (each.values for each in state.results)).values()
    yield from campaign.notices


def _beliefs(campaign: Campaign) -> Iterator[tuple[str, float, str]]:
    """Yield each belief, the share of its first weight that is left, and the same in words."""
    beliefs = campaign.current_beliefs()
    shares = [*beliefs.remaining, *(0.0 for _ in beliefs.unusable)]
    names = [*(each.words for each in beliefs.bound), *(each.partition(":")[0] for each in beliefs.unusable)]
    yield from zip(names, shares, beliefs.lines, strict=True)


def _plain_yaml(spec: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(dict(spec), sort_keys=False, allow_unicode=True, width=100, default_flow_style=None)


def _versions(campaign: Campaign) -> tuple[tuple[str, str], ...]:
    """Return the versions of the newest choice, by the model if there is one."""
    versions: Mapping[str, str] = {}
    for event in campaign.events:
        if isinstance(event, Created | Suggested) and len(event.versions) >= len(versions):
            versions = event.versions
    return tuple(versions.items())
