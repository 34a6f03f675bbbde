"""The keys of a campaign file besides its space and its targets: what they may be, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, field_validator, model_validator

from designer.acquisition.classical.design import ClassicalDesign
from designer.acquisition.registered import ACQUISITIONS, AUTO
from designer.documents import Value, faults_of, plain_number, whole_number
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.objective.cost import Cost
from designer.observations.observation import MAX_OBSERVATIONS, Observation
from designer.oracles.measure import MeasureSpec
from designer.priors.kinds import campaign_kinds
from designer.space.beliefs.belief import Belief
from designer.space.cells import CellAxis
from designer.space.size_limits import at_most


def _listed(value: Any) -> Any:
    """Return a mapping as a list of one."""
    return [value] if isinstance(value, Mapping) else value


Count = Annotated[int, BeforeValidator(whole_number), Field(ge=1)]
_COUNT: TypeAdapter[int] = TypeAdapter(Count)
Number = Annotated[float, BeforeValidator(plain_number)]
MAX_BATCH = 1000
"""Designs that one suggestion may have, and measurements that one design may have."""
Batch = Annotated[int, BeforeValidator(whole_number), Field(ge=1, le=MAX_BATCH)]


class Stop(Value):
    """When a campaign has done enough, besides its budget.

    Parameters
    ----------
    reach
        Stop when a measured design keeps all limits and reaches the goals that say when they are reached.
    probability_of_better_than
        Stop when the probability that any remaining design is better than the best one by more than `margin` is below
        this level.
    margin
        How much better is worth another experiment: in the goal's unit where there is one goal, in desirability (0 to
        1), or as a share of each goal's range on the measured Pareto front.
    deviation
        With ``goal: map``: stop when the standard deviation of the prediction, averaged over the space, is at most
        this: in the target's unit, or in decades on a log scale.
    uncertain_share
        With ``goal: boundary``: stop when at most this share of the space is uncertain, which is where the probability
        to lie above the level is between 5 and 95 %.
    """

    reach: bool = True
    probability_of_better_than: Annotated[Number, Field(gt=0, lt=1)] | None = None
    margin: Annotated[Number, Field(ge=0)] = 0.0
    deviation: Annotated[Number, Field(gt=0)] | None = None
    uncertain_share: Annotated[Number, Field(gt=0, lt=1)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Stop:
        if self.probability_of_better_than is None and "margin" in self.model_fields_set:
            what = "'margin' says nothing without 'probability_of_better_than'"
            raise InvalidInput(Fault(what, "add 'probability_of_better_than: 0.01'", path=("margin",)))
        return self


MAX_FIRST_DESIGNS = 1_000_000
MAX_BELIEFS = 50


class PriorSettings(Value):
    """Where knowledge of past tasks comes from.

    Parameters
    ----------
    kind
        How it is learned; ``auto`` finds out whether it helps, ``none`` uses none. ``auto`` without tasks is ``none``.
    tasks
        Folders with a ``family.yaml``, files of finished campaigns, or one saved prior, relative to the campaign file.
    leave_out
        Names or patterns of tasks among them that are not learned from.
    quantities
        For targets, by their names, the past quantity that each is learned from in place of its own, in whatever unit.
    digest
        Of a prior that was given in Python, written by `Campaign.create`.
    """

    kind: str = "auto"
    tasks: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    leave_out: tuple[str, ...] = ()
    quantities: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    digest: str | None = None

    @property
    def learns(self) -> bool:
        """Whether there is past work to learn from."""
        return self.kind != "none" and bool(self.tasks)

    @model_validator(mode="after")
    def _check(self) -> PriorSettings:
        faults = list(self._faults())
        if faults:
            raise InvalidInput(faults)
        return self

    def _faults(self) -> Iterator[Fault]:
        if self.kind not in campaign_kinds():
            remedy = did_you_mean(self.kind, campaign_kinds())
            yield Fault(f"prior kind {self.kind!r} is not known", remedy, path=("kind",))
        elif self.kind not in ("auto", "none") and not self.tasks and self.digest is None:
            what = f"prior kind {self.kind!r} has no past tasks to learn from"
            yield Fault(what, "add 'tasks: [folder]', or use 'none'", path=("kind",))
        if self.leave_out and not self.tasks:
            yield Fault("'leave_out' says nothing without 'tasks'", "add 'tasks: [folder]'", path=("leave_out",))
        if self.quantities and not (self.tasks or self.digest):
            yield Fault("'quantities' says nothing without 'tasks'", "add 'tasks: [folder]'", path=("quantities",))
        if self.kind == "none" and self.tasks:
            yield Fault("prior kind 'none' learns from no tasks", "use 'auto', or leave 'tasks' out", path=("tasks",))


class Budget(Value):
    """What a campaign may spend: experiments, cost, or both.

    Parameters
    ----------
    experiments
        How many experiments may be made.
    cost
        What they may cost together, in the unit of `Settings.cost`.
    """

    experiments: Count | None = None
    cost: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Budget:
        if self.experiments is None and self.cost is None:
            raise InvalidInput(Fault("the budget is empty", "write 'budget: {experiments: 60, cost: 900}'"))
        return self


class Settings(Value):
    """The keys of a campaign file besides `space`, `constraints`, `targets` and `combine`.

    Parameters
    ----------
    designer
        The version of the file's grammar: 1.
    name
        The campaign's name in its store.
    candidates
        A table (CSV) of the only designs there are, relative to the campaign file.
    id_column
        The column of that table with the lab's own names of the candidates, which suggestions show.
    prior
        See `PriorSettings`.
    batch_size
        How many designs are suggested at once, unless asked otherwise; at most `MAX_BATCH`.
    budget
        How many experiments may be made: results and failures of suggestions, replicates included. Attached
        results are not counted. Or a `Budget`, which may limit their cost as well.
    cost
        What experiments cost (`designer.objective.cost.Cost`): the search then maximises the gain for the cost.
    stop
        See `Stop`; the campaign stops at a reached target unless ``reach: false``.
    measure
        The oracle, if no person measures; see `designer.oracles.measure`.
    seed
        Of every random choice.
    store
        Where events are kept, see `designer.campaign.log.store_location`; default: beside the file, with its name and
        ``.db``.
    initial
        The first designs: how many (filling the space), a list of designs in lab units, or a `ClassicalDesign`. The
        rule without it stands in `designer.campaign.suggesting.choice.initial_count`.
    suggest_seconds
        A bound on the time of one suggestion.
    replicates
        How many times each suggestion shall be measured; at most `MAX_BATCH`.
    acquisition
        A name of `designer.acquisition.registered.ACQUISITIONS`.
    other_columns
        Columns of tables of results that are neither settings nor results: they are passed over.
    context
        How often contexts occur (`designer.space.context_distribution`), where parameters have the role ``context``:
        the best design on average is over this distribution, and runs draw from it.
    diversify_by
        Parameters that divide the space into cells (`designer.space.cells`): the best design of each is wanted.
    observations
        What is observed of a design beside its targets or before them (`designer.observations.observation`).
    """

    designer: Literal[1] = 1
    name: str
    candidates: str | None = Field(default=None, min_length=1)
    id_column: str | None = Field(default=None, min_length=1)
    prior: PriorSettings = PriorSettings()
    batch_size: Batch = 1
    budget: int | Budget | None = None
    cost: Cost | None = None
    stop: Stop = Stop()
    measure: MeasureSpec | None = None
    seed: Annotated[int, BeforeValidator(whole_number), Field(ge=0)] = 0
    store: str | None = Field(default=None, repr=False)
    initial: int | tuple[dict[str, Any], ...] | ClassicalDesign | None = None
    suggest_seconds: Annotated[Number, Field(gt=0)] = 60.0
    replicates: Batch = 1
    acquisition: str = AUTO
    other_columns: tuple[str, ...] = ()
    context: dict[str, Any] | None = None
    beliefs: Annotated[tuple[Belief, ...], BeforeValidator(at_most(MAX_BELIEFS, "beliefs"))] = ()
    diversify_by: Annotated[tuple[CellAxis, ...], BeforeValidator(_listed)] = ()
    observations: Annotated[tuple[Observation, ...], BeforeValidator(at_most(MAX_OBSERVATIONS, "observations"))] = ()

    @property
    def passed_columns(self) -> tuple[str, ...]:
        """Columns that tables of results may have besides their own: they are passed over."""
        return self.other_columns if self.id_column is None else (*self.other_columns, self.id_column)

    @property
    def max_experiments(self) -> int | None:
        """How many experiments the budget allows; None without a limit."""
        return self.budget.experiments if isinstance(self.budget, Budget) else self.budget

    @property
    def max_cost(self) -> float | None:
        """What the budget allows experiments to cost; None without a limit."""
        return self.budget.cost if isinstance(self.budget, Budget) else None

    @model_validator(mode="after")
    def _check(self) -> Settings:
        if self.cost is None and self.max_cost is not None:
            what = "a budget of cost says nothing without 'cost'"
            raise InvalidInput(Fault(what, "add 'cost: ...', the cost of an experiment", path=("budget", "cost")))
        if self.cost is not None and self.acquisition != AUTO:
            what = "'cost' is weighed against the expected improvement"
            raise InvalidInput(Fault(what, "use 'acquisition: auto', or leave it out", path=("cost",)))
        return self

    @field_validator("budget", mode="before")
    @classmethod
    def _count_or_budget(cls, given: Any) -> Any:
        if given is None or isinstance(given, Budget):
            return given
        if isinstance(given, Mapping):
            try:
                return Budget.model_validate(dict(given))
            except ValidationError as error:
                raise InvalidInput(faults_of(error, Budget, given)) from None
        return _COUNT.validate_python(given)

    @field_validator("acquisition", mode="before")
    @classmethod
    def _known_acquisition(cls, given: Any) -> Any:
        if given not in ACQUISITIONS:
            raise ValueError(str(ACQUISITIONS.unknown(given)))
        return given

    @field_validator("designer", mode="before")
    @classmethod
    def _known_version(cls, given: Any) -> Any:
        if given != 1 or isinstance(given, bool):
            raise ValueError(f"designer: {given!r} is a grammar that this version does not know; write 'designer: 1'")
        return 1

    @field_validator("name", mode="before")
    @classmethod
    def _usable_name(cls, given: Any) -> Any:
        if not isinstance(given, str):
            raise ValueError(f"name {given!r} is not text; put it in quotes: '{given}'")
        if not given.strip() or given != given.strip() or len(given) > 100 or not given.isprintable():
            raise ValueError(f"name {given!r} cannot be used; give 1 to 100 printable characters without outer blanks")
        return given

    @field_validator("initial", mode="before")
    @classmethod
    def _count_or_designs(cls, given: Any) -> Any:
        if given is None or isinstance(given, ClassicalDesign):
            return given
        if isinstance(given, Mapping):
            try:
                return ClassicalDesign.model_validate(dict(given))
            except ValidationError as error:
                raise InvalidInput(faults_of(error, ClassicalDesign, given)) from None
        if isinstance(given, int) and not isinstance(given, bool) and given >= 1:
            if given > MAX_FIRST_DESIGNS:
                raise ValueError(f"'initial' is beyond {MAX_FIRST_DESIGNS:,}; give a smaller number of designs")
            return given
        if isinstance(given, list | tuple) and given:
            faults = [
                Fault(f"initial design {design!r} is not a mapping", "write {parameter: value, ...}", path=(i,))
                for i, design in enumerate(given)
                if not isinstance(design, Mapping)
            ]
            if faults:
                raise InvalidInput(faults)
            return given
        remedy = "give a whole number above 0, a list of designs, or a design such as {kind: d-optimal}"
        raise ValueError(f"initial {given!r} is no number of designs; {remedy}")
