"""The closed loop: suggest, measure, record, until the campaign is done.

Every result is in the store before the next design is measured. So a run that is interrupted, or killed, loses at most
the experiment that was under way; the next run measures the open suggestions first and goes on as if nothing happened.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from designer.campaign.file.contexts import context_cells, drawn_context
from designer.campaign.file.observation_faults import matched_curves
from designer.campaign.log.events import Design
from designer.campaign.log.state import CampaignState, Suggestion
from designer.campaign.results.frames import observed_cell
from designer.campaign.results.recording import RecordReport
from designer.campaign.staging.observation_oracles import ObservationOracles
from designer.campaign.suggesting.choice import seed_of
from designer.campaign.suggesting.stopping import spent
from designer.counting import agree, count
from designer.errors import BudgetSpent, Fault, InvalidInput, MeasurementFailed, NoDesignLeft
from designer.oracles.base import Measured
from designer.units.limits import Side

if TYPE_CHECKING:
    from pathlib import Path

    from designer.campaign.file.settings import Settings
    from designer.campaign.staging.step import NextStep
    from designer.campaign.suggesting.stopping import Verdict
    from designer.objective import Objective
    from designer.oracles import Oracle
    from designer.space import DesignSpace


class RunnableCampaign(Protocol):
    """What the loop asks of a campaign; see `designer.Campaign` for each."""

    @property
    def settings(self) -> Settings:
        """The settings: budget, batch size, stopping rules."""
        ...

    @property
    def objective(self) -> Objective:
        """The targets."""
        ...

    @property
    def space(self) -> DesignSpace:
        """The space as it is now."""
        ...

    @property
    def state(self) -> CampaignState:
        """The state after all events so far."""
        ...

    def oracle(self) -> Oracle | None:
        """Return what measures suggestions; None where a person does."""
        ...

    def refresh(self) -> None:
        """Read events that other processes have written."""
        ...

    def verdict(self, *, ask_model: bool = True) -> Verdict:
        """Return whether to go on or to stop, and why."""
        ...

    def next_steps(self) -> tuple[NextStep, ...]:
        """Return what to measure next of each open suggestion; nothing where no observation has a stage."""
        ...

    @property
    def folder(self) -> Path:
        """Where relative paths start."""
        ...

    def suggest(self, n: int | None = None, *, context: Mapping[str, Any] | None = None) -> Any:
        """Suggest `n` designs for a context, or a batch as the settings say, and store the suggestions."""
        ...

    def record(self, results: list[dict[str, Any]], *, notes: Mapping[str, Sequence[str]]) -> RecordReport:
        """Record results, with notes by suggestion, and return what was recorded."""
        ...

    def record_failure(self, suggestion: str, reason: str) -> Any:
        """Record that the experiment of a suggestion failed, and why."""
        ...


@dataclass(frozen=True)
class Step:
    """One experiment of a run: what was measured and what came out, or why it failed.

    `spent` and `budget` count the campaign's experiments, this one included. `censored` holds the sides (``<``, ``>``)
    of values that are limits. `observed` holds observations before the targets, which are then no experiment yet.
    """

    suggestion: str
    design: Design
    values: dict[str, float] = field(default_factory=dict)
    failed: str | None = None
    notes: tuple[str, ...] = ()
    spent: int = 0
    budget: int | None = None
    censored: Mapping[str, Side] = field(default_factory=dict)
    observed: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunReport:
    """How a run ended: the experiments it made, whether it was interrupted, and the reason in words."""

    steps: tuple[Step, ...]
    reason: str
    rule: str | None
    interrupted: bool = False


Progress = Callable[[Step], None]


class _Interrupted(BaseException):
    """A signal asked the run to end. No Exception: code that an oracle calls must not take it for a failure."""


def run(
    campaign: RunnableCampaign,
    oracle: Oracle | None = None,
    *,
    progress: Progress | None = None,
    max_experiments: int | None = None,
    most: int | None = None,
) -> RunReport:
    """Suggest and measure until the campaign's stopping rule holds.

    Parameters
    ----------
    oracle
        The oracle that measures; the campaign file's ``measure`` unless given.
    progress
        Called after each experiment.
    max_experiments
        The largest number of experiments in this run.
    most
        The name of `max_experiments` in version 0.1.

    Raises
    ------
    InvalidInput
        If there is no oracle or no stopping rule, or both `max_experiments` and `most` are given.
    OracleUnusable
        If the oracle cannot measure at all; the suggestion stays open.
    """
    if max_experiments is not None and most is not None:
        raise InvalidInput(Fault("max_experiments and most are the same option", "give max_experiments only"))
    limit = most if max_experiments is None else max_experiments
    measuring = oracle if oracle is not None else campaign.oracle()
    if measuring is None:
        raise InvalidInput(Fault("the campaign has no oracle", "add 'measure', or give an oracle"))
    if limit is None and not _ends(campaign):
        remedy = "give a 'budget', a target's 'reach', or stop: {probability_of_better_than: ...}"
        if campaign.objective.explores:
            key = "deviation" if campaign.objective.mode == "map" else "uncertain_share"
            remedy = f"give a 'budget', or stop: {{{key}: ...}}"
        raise InvalidInput(Fault("the campaign has no stopping rule", remedy))
    _context(campaign)  # raises at once where it cannot be drawn
    steps: list[Step] = []
    signals = _Signals()
    try:
        with signals.handled():
            reason, rule = _loop(campaign, measuring, steps, progress, limit, signals)
    except _Interrupted:
        return RunReport(tuple(steps), _interrupted(campaign), None, interrupted=True)
    return RunReport(tuple(steps), reason, rule)


def _loop(
    campaign: RunnableCampaign,
    oracle: Oracle,
    steps: list[Step],
    progress: Progress | None,
    limit: int | None,
    signals: _Signals,
) -> tuple[str, str | None]:
    observing = ObservationOracles(campaign.settings, campaign.space, campaign.objective, campaign.folder, oracle)
    while True:
        signals.check()
        campaign.refresh()
        waiting = _next_task(campaign)
        decided = campaign.verdict(ask_model=waiting is None)
        if decided.stop:
            return decided.reason, decided.rule
        if limit is not None and sum(not step.observed for step in steps) >= limit:
            return f"the requested {count(limit, 'experiment')} made; {decided.reason}", None
        if waiting is None:
            try:
                campaign.suggest(_batch(campaign), context=_context(campaign))
                continue
            except BudgetSpent as error:
                return str(error), "cost"
            except NoDesignLeft as error:
                waiting = _most_promising(campaign)
                if waiting is None:
                    return str(error), "space"
        step = _made(campaign, oracle, observing, waiting, signals)
        steps.append(step)
        if progress is not None:
            progress(step)


def _made(
    campaign: RunnableCampaign, oracle: Oracle, observing: ObservationOracles, task: _Task, signals: _Signals
) -> Step:
    """Make an experiment or an observation and record it."""
    if task.observations:
        return _observe(campaign, observing, task, signals)
    return _measure(campaign, oracle, task.suggestion, task.replicate, signals)


@dataclass(frozen=True)
class _Task:
    """What a run makes next: an experiment of a suggestion, or observations of it."""

    suggestion: Suggestion
    replicate: int
    observations: tuple[str, ...] = ()


def _next_task(campaign: RunnableCampaign) -> _Task | None:
    """Return what to make next of the open suggestions; None where a new one is to be made.

    In a campaign in stages observations come first, and then the experiment that promises most for its cost.
    """
    steps = {step.suggestion: step for step in campaign.next_steps()}
    tasks = []
    for each, replicate in unfinished(campaign.state, campaign.settings.replicates):
        step = steps.get(each.id)
        if step is None:
            return _Task(each, replicate)
        if step.kind == "observe":
            return _Task(each, replicate, step.names)
        if step.kind == "measure":
            tasks.append((step.index, _Task(each, replicate)))
    return max(tasks, key=lambda pair: pair[0])[1] if tasks else None


def _most_promising(campaign: RunnableCampaign) -> _Task | None:
    """Return the experiment that promises most of those that wait for a new design; None without any."""
    indices = {step.suggestion: step.index for step in campaign.next_steps()}
    tasks = [_Task(each, replicate) for each, replicate in unfinished(campaign.state, campaign.settings.replicates)]
    return max(tasks, key=lambda task: indices.get(task.suggestion.id, -math.inf), default=None)


def _observe(campaign: RunnableCampaign, observing: ObservationOracles, task: _Task, signals: _Signals) -> Step:
    suggestion = task.suggestion
    with signals.measuring():
        cells = observing.observe(dict(suggestion.design), task.observations, suggestion.id)
    report: RecordReport = campaign.record([{"suggestion": suggestion.id, **cells}], notes={})
    if not report.changed:
        what = f"the observation of {suggestion.id} was not recorded: {report}"
        raise InvalidInput(Fault(what, "check the oracle"))
    seen = {name: value for each in campaign.state.of(suggestion.id) for name, value in each.observed.items()}
    return replace(_step(campaign, suggestion), observed={name: observed_cell(seen[name]) for name in cells})


def unfinished(state: CampaignState, replicates: int) -> Iterator[tuple[Suggestion, int]]:
    """Go through the suggestions that wait for a result, oldest first, with the number of the replicate to make."""
    for each in state.suggestions.values():
        may_be_made = each.withdrawn_because is None and not each.failed_because
        made = sum(bool(result.values) for result in state.of(each.id))
        if may_be_made and made < replicates:
            yield each, _next_replicate(state, each.id)


def _next_replicate(state: CampaignState, suggestion: str) -> int:
    """Return a number that no measurement of the suggestion has had, withdrawn ones included: theirs are not reused."""
    earlier = [each for each in state.measurements.values() if each.suggestion == suggestion]
    number, taken = len(earlier) + 1, {each.replicate for each in earlier}
    while number in taken:
        number += 1
    return number


def _batch(campaign: RunnableCampaign) -> int:
    """Return how many designs to suggest: a batch, or fewer if the budget allows only fewer."""
    settings = campaign.settings
    if settings.max_experiments is None:
        return settings.batch_size
    left = settings.max_experiments - spent(campaign.state)
    return max(1, min(settings.batch_size, -(-left // settings.replicates)))


def _context(campaign: RunnableCampaign) -> dict[str, float | str] | None:
    """Return the context of the next suggestions, drawn as the campaign states; None without contexts."""
    space, settings = campaign.space, campaign.settings
    if not space.context_parameters:
        return None
    seed = seed_of(settings.seed, len(campaign.state.suggestions))
    return context_cells(space, drawn_context(space, settings, seed))


def _measure(
    campaign: RunnableCampaign, oracle: Oracle, suggestion: Suggestion, replicate: int, signals: _Signals
) -> Step:
    design = dict(suggestion.design)
    repeated = campaign.settings.replicates > 1 or replicate > 1
    # An oracle that draws does so by this name: each replicate is a draw of its own, the same after a resume.
    name = suggestion.id if replicate == 1 else f"{suggestion.id}.{replicate}"
    try:
        with signals.measuring():
            result = oracle.measure(design, suggestion=name)
    except MeasurementFailed as error:
        campaign.record_failure(suggestion.id, str(error) or "the oracle gave no reason")
        return _step(campaign, suggestion, failed=str(error))
    censored = dict(getattr(result, "censored", {}))
    cells = result.cells if isinstance(result, Measured) else dict(result)
    row = {"suggestion": suggestion.id, **(getattr(result, "executed", None) or {}), **cells}
    if repeated:
        row["replicate"] = replicate
    notes = tuple(getattr(result, "notes", ()))
    report: RecordReport = campaign.record([row], notes={suggestion.id: notes})
    if not report.changed:
        raise InvalidInput(Fault(f"the result of {suggestion.id} was not recorded: {report}", "check the oracle"))
    values = dict(result)
    if matched := matched_curves(campaign.objective):
        recorded = campaign.state.measurements[(*report.recorded, *report.completed)[-1]].values
        values = {**{name: value for name, value in values.items() if name not in matched}, **recorded}
    return _step(campaign, suggestion, values=values, notes=notes, censored=censored)


def _step(
    campaign: RunnableCampaign,
    suggestion: Suggestion,
    *,
    values: dict[str, float] | None = None,
    failed: str | None = None,
    notes: tuple[str, ...] = (),
    censored: Mapping[str, Side] | None = None,
) -> Step:
    made, design, most = spent(campaign.state), dict(suggestion.design), campaign.settings.max_experiments
    return Step(suggestion.id, design, values or {}, failed, notes, made, most, censored or {})


def _ends(campaign: RunnableCampaign) -> bool:
    stop = campaign.settings.stop
    reachable = stop.reach and any(goal.reachable for goal in campaign.objective.goals)
    settings = campaign.settings
    limited = settings.max_experiments is not None or settings.max_cost is not None
    by_model = (stop.probability_of_better_than, stop.deviation, stop.uncertain_share)
    return limited or reachable or any(rule is not None for rule in by_model)


def _interrupted(campaign: RunnableCampaign) -> str:
    waiting = ", ".join(each.id for each in campaign.state.open)
    are = agree(len(campaign.state.open), "is open and comes", "are open and come")
    return f"interrupted; {f'{waiting} {are} first next time' if waiting else 'no suggestion is open'}"


class _Signals:
    """An interrupt from the keyboard or a request to terminate, taken in where it does no harm.

    While an oracle measures, a signal ends the run at once; elsewhere the run ends before the next experiment, so that
    no result is half recorded. A second signal ends it at once, wherever it is.
    """

    def __init__(self) -> None:
        self._asked = False
        self._measuring = False

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        again, self._asked = self._asked, True
        if self._measuring or again:
            raise _Interrupted

    def check(self) -> None:
        """End the run if a signal asked for it."""
        if self._asked:
            raise _Interrupted

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Let a signal end the run at once inside the context."""
        self._measuring = True
        try:
            self.check()
            yield
        except KeyboardInterrupt:  # outside the main thread nothing is handled here
            raise _Interrupted from None
        finally:
            self._measuring = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle signals inside the context, if this is the thread that gets them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
