"""A campaign: the one object with a state. It reads and writes events; what they mean is decided by pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.acquisition.registered import AcquisitionBuilder, acquisition_name
from designer.campaign.file import corrections, differences, opening, undoing
from designer.campaign.file.contexts import read_context
from designer.campaign.file.opening import Place
from designer.campaign.levels.level_states import at_own_level
from designer.campaign.log.events import Event, SettingsChanged, utc_now
from designer.campaign.log.state import CampaignState, suggested_designs
from designer.campaign.results import comparisons, design_tables, frames, recording
from designer.campaign.results.comparisons import ComparedPair, CompareReport
from designer.campaign.results.recording import RecordReport
from designer.campaign.results.results_table import ResultTable, read_results
from designer.campaign.staging.next_steps import with_first_steps
from designer.campaign.suggesting import next_designs
from designer.campaign.view import CampaignView
from designer.errors import Fault, InvalidCampaign, InvalidData
from designer.objective import Objective, Target
from designer.space import DesignSpace
from designer.space.beliefs.belief import Belief

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.run_loop import RunReport
    from designer.oracles import Oracle
    from designer.priors.base import FittedPrior


class Campaign(CampaignView):
    """A search for designs that meet targets, one experiment after the other.

    Use `open` for a campaign file, `create` from Python, `resume` for a campaign in a store.

    Examples
    --------
    >>> campaign = Campaign.create(
    ...     space=[{"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 50}],
    ...     targets=[{"name": "strength", "unit": "MPa", "goal": "maximize"}],
    ... )
    >>> batch = campaign.suggest(2)
    >>> list(batch.index), list(batch.columns)
    (['S0001', 'S0002'], ['T'])
    >>> print(campaign.record(batch.assign(strength=[410.0, 395.0])))
    recorded: M0001, M0002
    """

    # Beginning and resuming

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        store: Place | None = None,
        accept_space: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> Campaign:
        """Begin the campaign of a file, or resume it. Nothing is written before the first suggestion or result.

        Budget, stopping rule and other settings may change in the file at any time. Another space is refused unless
        `accept_space` takes it over, as an event; other targets or candidates make another campaign.

        Parameters
        ----------
        path
            The campaign file.
        store
            Where the events are, if not where the file says.

        Raises
        ------
        InvalidCampaign
            If the file has faults, or asks for something else than the campaign began with.
        StoreError
            If the store cannot be used.
        """
        campaign = cls(opening.from_file(path, store), clock=clock)
        faults, notice = campaign._specs.disagreement(campaign.state)
        if accept_space and not differences.same_question(campaign._specs.known(campaign.state), campaign._given):
            given = campaign._given.data
            campaign.amend_space(given["space"], constraints=given.get("constraints") or ())
        elif faults:
            raise InvalidCampaign(faults)
        elif notice:
            campaign.notices = (*campaign.notices, notice)
        return campaign

    @classmethod
    def create(
        cls,
        *,
        space: DesignSpace | Sequence[Any],
        targets: Objective | Sequence[Target | Mapping[str, Any]],
        constraints: Sequence[Any] = (),
        candidates: pd.DataFrame | Path | str | None = None,
        combine: str | None = None,
        name: str = "campaign",
        store: Place | None = None,
        clock: Callable[[], datetime] = utc_now,
        **settings: Any,
    ) -> Campaign:
        """Begin a campaign from Python; nothing is written to disk unless `store` is given.

        Parameters
        ----------
        space, constraints, targets, combine
            As in a campaign file, or as `DesignSpace`, parameters, `Objective` and `Target`.
        candidates
            The only designs there are: a table, or the path of one.
        settings
            Other keys of a campaign file: ``batch_size``, ``budget``, ``stop``, ``seed``, ``initial``, ...;
            ``prior`` may also be what `designer.fit_prior` returns, and ``acquisition`` a callable that builds a
            botorch `AcquisitionFunction` from (model, context); see `designer.acquisition.registered`.

        Raises
        ------
        InvalidCampaign
            With every fault, or if the store holds a campaign of this name.
        """
        begun = opening.from_python(name, space, constraints, targets, combine, candidates, store, settings)
        return cls(begun, clock=clock)

    @classmethod
    def resume(
        cls,
        store: Place,
        name: str,
        *,
        candidates: pd.DataFrame | Path | str | None = None,
        prior: FittedPrior | None = None,
        acquisition: AcquisitionBuilder | None = None,
        folder: Path | str = ".",
        clock: Callable[[], datetime] = utc_now,
    ) -> Campaign:
        """Go on with a campaign from its store alone; what was given in Python at the beginning is given again.

        Raises
        ------
        InvalidCampaign
            If the store holds no such campaign, or the candidates or the prior are others.
        """
        acquisition_name(acquisition)
        return cls(opening.from_store(store, name, candidates, folder, prior), clock=clock)

    # Suggesting

    def suggest(
        self,
        n: int | None = None,
        *,
        replicate_of: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Return designs to make next, in lab units; the index holds their suggestion ids.

        Parameters
        ----------
        n
            How many; the campaign's batch size unless given.
        replicate_of
            Suggest the designs of these suggestions again instead, one each; withdrawn ones never return.
        context
            The values of all parameters with ``role: context``, by parameter or lab column: ``{"humidity": 45}``.

        Raises
        ------
        InvalidData
            If the context is missing, unknown or out of bounds, or no design is possible in it.
        NoDesignLeft
            If the space holds no design that was not suggested, measured or withdrawn before.
        """
        if isinstance(replicate_of, str):
            replicate_of = [replicate_of]
        if n is not None and replicate_of:
            raise InvalidData(Fault("replicates are as many as the suggestions they repeat", "leave out 'n'"))
        if context and replicate_of:
            raise InvalidData(Fault("a replicate has the context of its suggestion", "leave out 'context'"))
        count = self.settings.batch_size if n is None else next_designs.number_of_designs(n)
        while True:
            self.refresh()
            self._sync_settings()
            state = self.state
            if replicate_of:
                choice = next_designs.repeated(self.space, state, replicate_of)
            else:
                given = read_context(self.space, context)
                choice = next_designs.choose(self._spec(), state, count, self._posterior, given)
                choice = with_first_steps(self._spec(), state, choice, self._posterior)
            event = next_designs.suggested(self._spec(), state, choice, self._clock())
            if self._journal.commit_choice(event, state):
                return frames.of_suggestions(self.space, (self.state.suggestions[each.id] for each in event.designs))

    def _sync_settings(self) -> None:
        """Write down what the file's settings have become, so that the events alone say what was suggested why."""
        if self._given.file is None or not differences.changed_settings(self._spec(), self._given):
            return

        def changed(_: CampaignState) -> list[Event]:
            settings = differences.changed_settings(self._spec(), self._given)
            return [SettingsChanged(at=self._clock(), settings=settings)] if settings else []

        self._journal.commit(changed)

    # Recording

    def record(
        self,
        results: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        partial: bool = False,
        file: str | None = None,
        notes: Mapping[str, Sequence[str]] | None = None,
    ) -> RecordReport:
        """Record results of suggestions, all or none.

        Parameters
        ----------
        results
            A table as `designer.campaign.results.results_table` describes it, a mapping from suggestion id to its
            values (``{"S0001": {"overpotential": 372}}``), or a list of rows.
        partial
            Record the rows without faults and return the faults of the others.
        file
            Where the table comes from, for messages.
        notes
            What is to be known about a suggestion's results, by its id.

        Raises
        ------
        InvalidData
            With every fault of the table; then nothing was recorded.
        """
        frame = design_tables.as_frame(results)

        def read(state: CampaignState) -> ResultTable:
            named = self._candidate_names(state).with_suggestions(frame, self.objective.targets)
            return self._results_of(named, suggested_designs(state), file)

        return self._record(read, partial, notes or {})

    def attach(
        self,
        results: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        partial: bool = False,
        file: str | None = None,
    ) -> RecordReport:
        """Record results of designs that were not suggested, also off the step or out of bounds, all or none.

        The table holds the space's columns and the targets'. Raises InvalidData with every fault.
        """
        frame = self._candidate_names(self.state).with_designs(design_tables.as_frame(results), file=file)
        return self._record(lambda _: self._results_of(frame, None, file), partial, {})

    def check(
        self,
        results: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        asked: bool = True,
        file: str | None = None,
    ) -> RecordReport:
        """Say what `record` would do with a table (`attach`, unless `asked`), every fault included; nothing is written.

        As with `partial`: the report tells of the rows that could be recorded, and of the faults of the others.
        """
        self.refresh()
        state, frame = self.state, design_tables.as_frame(results)
        suggested = suggested_designs(state) if asked else None
        names = self._candidate_names(state)
        frame = names.with_suggestions(frame, self.objective.targets) if asked else names.with_designs(frame, file=file)
        events, report = recording.plan(state, self._results_of(frame, suggested, file), self._clock())
        return report.with_notes(self.space, self.objective.targets, state, events)

    def _results_of(
        self, frame: pd.DataFrame, suggested: Mapping[str, Mapping[str, Any]] | None, file: str | None
    ) -> ResultTable:
        settings = self.settings
        return read_results(
            frame, self.space, self.objective.targets, suggested, file=file, others=settings.passed_columns,
            costs=settings.cost is not None, observations=settings.observations,
        )  # fmt: skip

    def _record(
        self, read: Callable[[CampaignState], ResultTable], partial: bool, notes: Mapping[str, Sequence[str]]
    ) -> RecordReport:
        reports: list[RecordReport] = []

        def decide(state: CampaignState) -> list[Event]:
            table = read(state).noted(notes)
            events, report = recording.plan(state, table, self._clock())
            if report.faults and (not partial or table.unusable):
                raise InvalidData(report.faults)
            reports.append(report.with_notes(self.space, self.objective.targets, state, events))
            self.store.add_files(table.files)
            return events

        self._journal.commit(decide)
        return reports[-1]

    def record_failure(self, suggestion: str | Sequence[str] | Mapping[str, Any], reason: str) -> RecordReport:
        """Record that an experiment gave no result: of suggestions (by id or candidate), or of a design without one.

        Regions that fail are avoided from then on; the design itself may be tried again.
        """
        names = self._candidate_names(self._journal.refresh())
        rows = corrections.failure_rows(self.space, self.state, names, suggestion, reason)
        return self._record(lambda _: ResultTable(rows, (), ()), False, {})

    def compare(self, better: str, worse: str, *, tie: bool = False, again: bool = False) -> CompareReport:
        """Record that one result is better than another, or that both are as good (`tie`); see ``goal: prefer``.

        Parameters
        ----------
        better, worse
            Ids of suggestions or measurements, or names of candidates.
        again
            Record an answer that was given before as another judgement.

        Raises
        ------
        InvalidData
            If there is no such result, the target of the campaign is another, or a result is compared with itself.
        """
        names = self._candidate_names(self._journal.refresh())
        given = [names.suggestion_of(str(name)) for name in (better, worse)]

        def read(state: CampaignState, target: str) -> list[ComparedPair]:
            return [comparisons.read_pair(state, target, *given, tie=tie)]

        return self._compare(read, again)

    def compare_all(
        self, table: pd.DataFrame | Sequence[Mapping[str, Any]], *, again: bool = False, file: str | None = None
    ) -> CompareReport:
        """Record comparisons, all or none: rows of ``better``, ``worse`` and ``tie`` (``yes``: both are as good).

        What `comparisons` returns is read again. Raises InvalidData with every fault of the table.
        """
        frame = design_tables.as_frame(table)
        names = self._candidate_names(self._journal.refresh())
        columns = [column for column in frame.columns if str(column).strip() in ("better", "worse")]
        known = {str(cell): names.suggestion_of(str(cell)) for column in columns for cell in frame[column]}

        def read(state: CampaignState, target: str) -> list[ComparedPair]:
            return comparisons.read_comparisons(frame, state, target, known, file=file)

        return self._compare(read, again)

    def _compare(self, read: Callable[[CampaignState, str], list[ComparedPair]], again: bool) -> CompareReport:
        column = self.objective.preference
        if column is None:
            what = "no target of the campaign has results that are compared"
            raise InvalidData(Fault(what, "record numbers, or begin a campaign with a target of goal: prefer"))
        target = self.objective.targets[column].name
        reports: list[CompareReport] = []

        def decide(state: CampaignState) -> list[Event]:
            pairs = read(state, target)
            events, report = comparisons.plan_comparisons(state, target, pairs, self._clock(), again=again)
            reports.append(report)
            return events

        self._journal.commit(decide)
        return comparisons.with_contradictions(reports[-1], self.state)

    # Changing

    def amend(
        self,
        measurement: str,
        values: Mapping[str, Any] | None = None,
        *,
        noise: Mapping[str, Any] | None = None,
        design: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> bool:
        """Correct a measurement; a value of None says that this target or observation was not measured after all.

        Where the campaign states costs, `values` may hold the true ``cost``. Returns whether anything was changed.

        Raises
        ------
        UnknownSuggestion
            If there is no such measurement.
        InvalidData
            If a value is none.
        """
        settings = self.settings
        corrected = corrections.read_corrections(
            self.objective.targets, values or {}, noise or {}, settings.observations, costs=settings.cost is not None
        )
        given = None if design is None else at_own_level(self.space, self.state, measurement, design)
        made = None if given is None else design_tables.read_designs(self.space, [given])[0]
        self.store.add_files(corrected.files)
        return self._changes(
            lambda state: corrections.amended(state, measurement, corrected, made, reason, self._clock())
        )

    def withdraw(self, subject: str | Sequence[str], reason: str = "") -> bool:
        """Withdraw suggestions (they never return), measurements and comparisons (they count no more), all or none.

        Returns whether any of that is new.

        Raises
        ------
        UnknownSuggestion
            With every id that is no suggestion, measurement or comparison.
        """
        return self._changes(lambda state: corrections.withdrawn(state, subject, reason, self._clock()))

    def undo(self, position: int | None = None) -> str | None:
        """Undo the last action (see `designer.campaign.file.undoing`) and return it in words; None where there is none.

        Its events stay in the history and count no more. `position` is that of its last event: InvalidData is raised if
        another action is the last one.
        """
        reports: list[str | None] = []

        def decide(_: CampaignState) -> list[Event]:
            read = None if self.file else self._specs.of
            events, words = undoing.plan_undo(self.events, position, self._clock(), read)
            reports.append(words)
            return events

        self._journal.commit(decide)
        return reports[-1]

    def last_action(self) -> undoing.Action | None:
        """Return the action that `undo` undoes; None where there is none."""
        return undoing.last_action(self.events, None if self.file else self._specs.of)

    def amend_space(
        self,
        space: DesignSpace | Sequence[Any] | None = None,
        *,
        constraints: Sequence[Any] | None = None,
        bounds: Mapping[str, Sequence[float]] | None = None,
        add_choices: Mapping[str, Sequence[str]] | None = None,
    ) -> bool:
        """Change bounds, steps, choices or constraints from now on; say whether anything changed.

        What was measured stays as it was, and is flagged where it lies outside.

        Parameters
        ----------
        space
            The whole new space, as a campaign file writes it; or else:
        bounds, add_choices, constraints
            New bounds and further choices by parameter; the new list of constraints.

        Raises
        ------
        InvalidSpace
            If the new space has faults, or could not hold what was measured: another parameter, another unit, a choice
            less.
        """

        def decide(_: CampaignState) -> list[Event]:
            old = self._specs.of(self.state.spec)
            data = differences.amended_space(old, space, constraints, bounds or {}, add_choices or {})
            return corrections.space_changed(old, data, self._specs.of, self._clock())

        return self._changes(decide)

    def amend_beliefs(self, beliefs: Sequence[Belief | Mapping[str, Any]]) -> bool:
        """Replace the beliefs of an expert from now on; say whether anything changed. No belief is ``[]``.

        A campaign that has a file reads its beliefs from there: change ``beliefs`` in the file instead.

        Raises
        ------
        InvalidCampaign
            With every fault of the beliefs, or if the campaign has a file.
        """
        if self.file is not None:
            raise InvalidCampaign(Fault("the campaign's file states its beliefs", f"change 'beliefs' in {self.file}"))

        def decide(_: CampaignState) -> list[Event]:
            return corrections.beliefs_changed(self._specs.of(self.state.spec), beliefs, self._clock())

        return self._changes(decide)

    def _changes(self, decide: Callable[[CampaignState], list[Event]]) -> bool:
        return self._journal.commit(decide) > 0

    def run(self, oracle: Oracle | None = None, **options: Any) -> RunReport:
        """Suggest and measure until the campaign is done; see `designer.campaign.run_loop.run`."""
        from designer.campaign.run_loop import run

        return run(self, oracle, **options)
