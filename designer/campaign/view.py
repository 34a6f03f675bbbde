"""What can be asked of a campaign. Nothing here writes an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.best import best_frame, forbidden_best, reached_by_model
from designer.campaign.best_in_context import best_in_contexts, reached_in_contexts
from designer.campaign.file import corrections, differences
from designer.campaign.file.contexts import Context, WeightedContexts, averaged_contexts, read_context
from designer.campaign.file.opening import Opening, Specs
from designer.campaign.file.settings import Settings
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.levels.level_states import level_words, top_state
from designer.campaign.log.events import Created, Event, Suggested, to_json, utc_now
from designer.campaign.log.journal import Journal
from designer.campaign.log.state import CampaignState, fold
from designer.campaign.log.store import EventStore
from designer.campaign.log.versions import versions
from designer.campaign.predictions import predictions
from designer.campaign.proposing.proposals import with_proposals
from designer.campaign.results import curve_paths, design_tables, frames, measured_designs, recording
from designer.campaign.results.candidate_names import CandidateNames
from designer.campaign.results.comparisons import comparison_frame, contradiction_words
from designer.campaign.results.designs import coordinates_of
from designer.campaign.robust_words import robust_words
from designer.campaign.staging.next_steps import effects_of, next_steps
from designer.campaign.staging.observation_oracles import campaign_oracle
from designer.campaign.staging.step import NextStep
from designer.campaign.status import Status, status_of
from designer.campaign.suggesting import next_designs
from designer.campaign.suggesting.beliefs import CurrentBeliefs, current_beliefs
from designer.campaign.suggesting.flagged_results import MIN_RESULTS_TO_FLAG
from designer.campaign.suggesting.next_comparison import NextComparison, next_comparison
from designer.campaign.suggesting.spending import can_pay, costs_of_results, spending_of, stated_costs
from designer.campaign.suggesting.stopping import Spending, Verdict, over_budget, verdict
from designer.counting import count
from designer.errors import Fault, InvalidData, InvalidInput
from designer.objective import Objective
from designer.space import DesignSpace
from designer.space.cells import Cells
from designer.whole_files import write_new, write_over

if TYPE_CHECKING:
    import pandas as pd

    from designer.campaign.explaining.explanation import Explanation
    from designer.campaign.staging.observation_effects import ObservationEffect
    from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
    from designer.campaign.suggesting.remaining_uncertainty import Remaining
    from designer.oracles import Oracle


class CampaignView:
    """A campaign as it can be looked at: its state, its posterior, its tables.

    Attributes
    ----------
    notices
        What a reader should know about the campaign file, in words.
    """

    def __init__(self, opening: Opening, *, clock: Callable[[], datetime] = utc_now) -> None:
        spec = opening.spec
        creation = Created(
            at=clock(), name=spec.name, spec=dict(spec.data), pool_digest=spec.pool_digest, versions=versions()
        )
        self._clock = clock
        self._given = spec
        self._specs = Specs(spec, opening.candidates, with_proposals if opening.proposes else None)
        remember = None if opening.beginning is None else opening.beginning.remember
        self._journal = Journal(opening.store, creation, remember)
        self._known: tuple[CampaignState, CampaignPosterior] | None = None
        self._earlier: tuple[int, CampaignPosterior | None] | None = None
        self.notices: tuple[str, ...] = ()
        if opening.beginning is not None and not self._journal.is_stored:
            self.notices = (opening.beginning.check(),)

    # What is known

    @property
    def name(self) -> str:
        """The campaign's name in its store."""
        return self._given.name

    @property
    def state(self) -> CampaignState:
        """What is known after the events read so far; `refresh` reads those of others."""
        return self._journal.state

    @property
    def events(self) -> tuple[Event, ...]:
        """All events read so far, the campaign's creation first."""
        return tuple(self._journal.events)

    @property
    def store(self) -> EventStore:
        """Where the events are."""
        return self._journal.store

    @property
    def cells(self) -> Cells | None:
        """The cells of the space in each of which the best design is wanted; None where the best of all is."""
        return self._spec().cells

    @property
    def space(self) -> DesignSpace:
        """The space as it is now."""
        return self._spec().space

    @property
    def objective(self) -> Objective:
        """What is wanted."""
        return self._given.objective if self._given.file is not None else self._spec().objective

    @property
    def settings(self) -> Settings:
        """Budget, batch size and all other settings that count now."""
        return self._given.settings if self._given.file is not None else self._spec().settings

    @property
    def folder(self) -> Path:
        """Where relative paths start."""
        return self._given.folder

    @property
    def file(self) -> Path | None:
        """The campaign file; None for a campaign made in Python or resumed from its store."""
        return self._given.file

    @property
    def top_state(self) -> CampaignState:
        """The state with the results of the top level of a fidelity alone."""
        return top_state(self.space, self.state)

    def file_differences(self) -> list[str]:
        """Return in words how the campaign's space differs from that of its file; nothing where both agree."""
        if self._given.file is None:
            return []
        return differences.space_changes(self._given.space, self._specs.known(self.state).space)

    def _candidate_names(self, state: CampaignState) -> CandidateNames:
        return CandidateNames(self.space, self.settings.id_column, state)

    def suggestion_of(self, name: str) -> str:
        """Return the id of the suggestion of a candidate, by its name in the campaign's `id_column`.

        The name itself where it is a suggestion's id, or no suggestion of it is known.
        """
        return self._candidate_names(self.state).suggestion_of(name)

    def refresh(self) -> None:
        """Read what other processes have written."""
        self._journal.refresh()

    def _spec(self) -> CampaignSpec:
        """Return the spec that counts after the events read so far."""
        return self._specs.at(self.state)

    def posterior(self) -> CampaignPosterior | None:
        """Return the posterior given all results; None while there are too few of them.

        A campaign that past tasks inform has one from the beginning.
        """
        known = next_designs.can_predict(self._spec(), self.state, self._posterior)
        return self._posterior() if known else None

    def posterior_at(self, position: int) -> CampaignPosterior | None:
        """Return the posterior given the results up to the event at `position`, as a choice based on it saw them."""
        state = fold(self.events[:position])
        spec = self._specs.at(state)
        posterior = _conditioned_once(spec, state)
        return posterior() if next_designs.can_predict(spec, state, posterior) else None

    def _posterior(self) -> CampaignPosterior:
        """Return the posterior of the present state: the prior is conditioned once, whatever asks for it."""
        if self._known is None or self._known[0] is not self.state:
            from designer.campaign.later_posterior import later_posterior

            self._known = (self.state, later_posterior(self._spec(), self.state, self._known))
        return self._known[1]

    def forget_posterior(self) -> None:
        """Free the memory of the posterior, which is the square of the results; it is computed again when needed."""
        self._known = None

    def matched_quantities(self) -> tuple[str, ...]:
        """Return which results of past tasks each target is matched to, by name and unit; nothing without past tasks.

        The prior is fitted for it if it is not yet, and not conditioned.
        """
        if not self._spec().learns:
            return ()
        from designer.campaign.suggesting.past_tasks import prior_of_spec
        from designer.priors.sources import matched_to

        spec = self._spec()
        found = matched_to(prior_of_spec(spec), self.objective.targets, spec.settings.prior.quantities)
        return tuple(each.words for each in found)

    def simulated_campaigns(self) -> str | None:
        """Return what simulated campaigns on past tasks found, as the card of a saved prior says; None without one."""
        if not self._spec().learns:
            return None
        from designer.campaign.suggesting.replay import simulations_of

        return simulations_of(self._spec())

    def robust(self) -> str:
        """Say what predictions are where settings are made with an error; nothing where they are exact."""
        return robust_words(self.space, self.objective)

    def beliefs(self) -> tuple[str, ...]:
        """Return the beliefs of an expert and what is left of their weights, in words."""
        return self.current_beliefs().lines

    def current_beliefs(self) -> CurrentBeliefs:
        """Return the beliefs of an expert with their weights by the results so far."""
        return current_beliefs(self._spec(), self.state)

    def best(self, context: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the best measured designs, by posterior and as measured; see `designer.campaign.best`.

        Where parameters have the role ``context``: the best for `context`, or on average over the contexts that the
        file states, or else over those measured so far; see `designer.campaign.best_in_context`.

        Where the goal is a map or a boundary no design is better than another: then what is still uncertain, one row a
        target; see `remaining_uncertainty`.

        Raises
        ------
        InvalidData
            If a value of the context is missing, unknown or out of bounds.
        """
        if self.objective.explores:
            from designer.campaign.suggesting.remaining_uncertainty import remaining_frame

            return remaining_frame(self.remaining_uncertainty(context))
        given = read_context(self.space, context) if context else {}
        wanted = self._contexts(given)
        if wanted is None:
            return best_frame(self.space, self.objective, self.top_state, self.posterior(), self.cells)
        groups = measured_designs.by_design(self.space, self.objective.targets, self.top_state.results)
        return best_in_contexts(self.space, self.objective, groups, self.posterior(), wanted)

    def averaged_over(self) -> str | None:
        """Say over which contexts the best design is the best on average; None without contexts, or before a result."""
        wanted = None if self.objective.explores else self._contexts({})
        return None if wanted is None else wanted.source

    def _contexts(self, given: Context) -> WeightedContexts | None:
        if not self.space.context_parameters:
            return None
        measured = coordinates_of(self.space, (each.design for each in self.top_state.results))
        return averaged_contexts(self.space, self.settings, measured, given)

    def forbidden_best(self) -> pd.DataFrame:
        """Return measured designs that would be the best if the bounds and constraints did not forbid them."""
        return forbidden_best(self.space, self.objective, self.top_state, self.posterior())

    def predict(self, designs: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Return what the model expects of designs given in lab units; see `frames.of_predictions`.

        For a target with ``goal: boundary`` also ``<target>_above``, the probability to lie above the level, and
        ``<target>_side``: ``above``, ``below``, or ``uncertain`` between 5 and 95 %.

        Raises
        ------
        InvalidData
            With every fault of the designs, or if there are too few results for a model.
        """
        return predictions(self.space, self.objective, designs, self.posterior, len(self.state.results))

    def explain(self, suggestion: str) -> Explanation:
        """Return why a suggestion was made, from what was known when it was; print it for the same in words.

        The events so far decide alone: the same suggestion always has the same explanation, but for what was measured
        of it since. Takes seconds where a model chose it.

        Raises
        ------
        UnknownSuggestion
            If there is no such suggestion.
        """
        from designer.campaign.explaining.explain import Moment, explain

        now = corrections.known_suggestion(self.state, suggestion)
        event = next(
            event
            for event in self.events
            if isinstance(event, Suggested) and any(each.id == suggestion for each in event.designs)
        )
        state = fold(self.events[: event.based_on])
        since = measured_designs.means_of(self.top_state.of(suggestion), self.objective.targets)
        return explain(Moment(self._specs.at(state), state, event, self._known_at(event.based_on), now, since))

    def _known_at(self, position: int) -> CampaignPosterior | None:
        """Return `posterior_at`, that of the last position asked for from memory: a batch has one."""
        if self._earlier is None or self._earlier[0] != position:
            self._earlier = (position, self.posterior_at(position))
        return self._earlier[1]

    def verdict(self, *, ask_model: bool = True) -> Verdict:
        """Say whether the campaign is done, and why or why not.

        `ask_model=False` leaves out the probability of finding something better, which takes a model to know.
        """
        modelled = ask_model and next_designs.model_decides(self._spec(), self.state, self._posterior)
        return verdict(
            self.settings,
            self.objective,
            self.space,
            self.state,
            self._chance if modelled else None,
            self._predicted_to_reach if modelled else None,
            self.remaining_uncertainty if modelled else None,
            self.spending,
            lambda: can_pay(self._spec(), self.state),
            can_ask=ask_model,
        )

    @property
    def spending(self) -> Spending | None:
        """What was spent of the cost budget, and what is left; None where the file states no cost."""
        return spending_of(self._spec(), self.state)

    def costs_of_results(self) -> list[tuple[int, float]]:
        """Return the position and the cost of each result and failure of a suggestion; nothing without a cost."""
        return costs_of_results(self._spec(), self.state)

    def stated_costs(self, designs: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """Return the stated cost of designs that were suggested or made; None where there is none."""
        return stated_costs(self._spec(), designs)

    def costs(self, designs: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> pd.Series[float]:
        """Return what one experiment of each design, in lab units, costs as the file states it.

        Raises
        ------
        InvalidData
            With every fault of the designs, or if the file states no cost.
        """
        import pandas as pd

        stated = self._spec().stated_cost
        if stated is None:
            raise InvalidData(Fault("the campaign states no cost", "add 'cost: ...' to its file"))
        frame = design_tables.as_frame(designs)
        coordinates = coordinates_of(self.space, design_tables.read_design_frame(self.space, frame))
        return pd.Series(stated.of_designs(coordinates), index=frame.index, name="cost")

    def remaining_uncertainty(self, context: Mapping[str, Any] | None = None) -> tuple[Remaining, ...]:
        """Return what is still uncertain over the space where the goal is a map or a boundary.

        Over the space in a context, if one is given. Nothing for other goals, and while there are too few results.

        Raises
        ------
        InvalidData
            If a value of the context is missing, unknown or out of bounds.
        """
        given = read_context(self.space, context) if context else {}
        known = self.posterior() if self.objective.explores else None
        if known is None:
            return ()
        from designer.campaign.suggesting.remaining_uncertainty import remaining_uncertainty

        return remaining_uncertainty(known, self.space.fixed(given) if given else None)

    def _predicted_to_reach(self) -> str | None:
        """Say that a design is predicted to reach the target, in every context; None where none is."""
        wanted, known = self._contexts({}), self.posterior()
        if known is None:
            return None
        if wanted is None:
            return reached_by_model(self.space, self.objective, self.top_state, known)
        groups = measured_designs.by_design(self.space, self.objective.targets, self.top_state.results)
        if not reached_in_contexts(self.space, self.objective, groups, known, wanted):
            return None
        contexts = f"{count(len(wanted.contexts), 'context')} ({wanted.source.removeprefix('on average over ')})"
        return f"a design that was made is predicted to reach it in each of {contexts}"

    @property
    def stop_reason(self) -> str | None:
        """Why the campaign should stop; None while it should go on."""
        decided = self.verdict()
        return decided.reason if decided.stop else None

    def _chance(self, margin: float) -> float:
        from designer.campaign.suggesting.proposer import chance_of_better

        known = self.posterior()
        return 1.0 if known is None else chance_of_better(self._spec(), self.state, known, margin)

    def status(self) -> Status:
        """Return where the campaign stands, the reason to stop or to go on included."""
        self.refresh()
        levels, results = tuple(level_words(self.space, self.state)), len(self.state.results)
        tells = levels or self._spec().learns or self.objective.explores or results >= MIN_RESULTS_TO_FLAG
        known = self.posterior() if tells else None
        prior, flagged = (None, ()) if known is None else (known.evidence, known.flagged)
        where, budget = getattr(self.store, "location", "memory"), self.settings.max_experiments
        excess = over_budget(self.settings, self.state)
        remarks = (*levels, *self._comparison_words(), *(() if excess is None else (excess,)))
        quantities = tuple(each.words for each in (known or self._posterior()).matched) if self._spec().learns else ()
        return status_of(
            self.state, where, budget, self.verdict(), self.notices, prior, flagged, remarks, quantities,
            self.beliefs(), tuple(each.words for each in self.remaining_uncertainty()), self.spending,
            tuple(each.words for each in self.next_steps()),
        )  # fmt: skip

    def next_steps(self) -> tuple[NextStep, ...]:
        """Return what to measure next of each open suggestion; nothing where no observation has a stage."""
        return next_steps(self._spec(), self.state, self._posterior)

    def observation_effects(self) -> tuple[ObservationEffect, ...]:
        """Return what the observations of each open suggestion without a result say about the goal."""
        return effects_of(self._spec(), self.state, self.posterior)

    def measurements(self) -> pd.DataFrame:
        """Return every measurement in lab units, indexed by its id, with what is remarkable about it."""
        flags = recording.flags_of(self.space, self.state)
        return frames.of_measurements(self.space, self.objective.targets, self.state, flags)

    def comparisons(self) -> pd.DataFrame:
        """Return every comparison of results (``goal: prefer``), one a row, indexed by its id."""
        return comparison_frame(self.state)

    def next_comparison(self) -> NextComparison | None:
        """Return which two results to compare next; None without ``goal: prefer``, or where all pairs are compared."""
        column = self.objective.preference
        if column is None:
            return None
        return next_comparison(self.space, self.state, self.objective.targets[column].name, self.posterior())

    def _comparison_words(self) -> Iterator[str]:
        """Yield how many results were compared, contradictions among them, and which to compare next."""
        if self.objective.preference is None:
            return
        found = self.state.counted_comparisons
        yield f"{count(len(found), 'comparison')} of {count(len(self.state.results), 'result')}"
        yield from contradiction_words(found)
        following = self.next_comparison()
        if following is not None:
            yield following.words

    def history(self) -> pd.DataFrame:
        """Return every event, one a row, indexed by position."""
        return frames.of_events(self.events)

    def export(self, path: Path | str, *, replace: bool = True) -> Path:
        """Write measurements (``.csv``), comparisons (``.comparisons.csv``) or events (``.jsonl``) to a file.

        Returns its path.

        The file is written whole or not at all. Curves of many points are files of a folder beside it.

        Parameters
        ----------
        replace
            Whether an older file with another content is replaced.

        Raises
        ------
        InvalidInput
            If the file's ending is another.
        FileExistsError
            If there is an older file that is not to be replaced.
        """
        path = Path(path)
        contents: dict[str, Callable[[], str]] = {
            ".comparisons.csv": lambda: str(self.comparisons().to_csv()),
            ".csv": lambda: str(curve_paths.exported(self.measurements(), self.state, self.store, path).to_csv()),
            ".jsonl": lambda: "".join(to_json(event) + "\n" for event in self.events),
        }
        content = next((each for ending, each in contents.items() if path.name.endswith(ending)), None)
        if content is None:
            raise InvalidInput(Fault(f"cannot export to {path.name!r}", "end it in .csv (results) or .jsonl (events)"))
        (write_over if replace else write_new)(path, content())
        return path

    def oracle(self) -> Oracle | None:
        """Return what measures, as the campaign file says; None where a person does."""
        return campaign_oracle(self.settings, self.space, self.objective, self.folder)


def _conditioned_once(spec: CampaignSpec, state: CampaignState) -> Callable[[], CampaignPosterior]:
    """Return a function that computes the posterior at `state` when it is first called."""

    @cache
    def posterior() -> CampaignPosterior:
        from designer.campaign.suggesting.campaign_posterior import campaign_posterior

        return campaign_posterior(spec, state)

    return posterior
