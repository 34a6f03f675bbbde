"""A sampler of Optuna whose trials are suggestions of a campaign (extra ``optuna``).

References: T. Akiba et al., Optuna: a next-generation hyperparameter optimization framework, KDD (2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from designer.campaign.campaign import Campaign
from designer.campaign.importing.imported import Names, choice_text
from designer.errors import Fault, InvalidInput, MissingExtra, NoDesignLeft

try:
    import optuna
    from optuna.samplers import BaseSampler, RandomSampler
    from optuna.search_space import IntersectionSearchSpace
    from optuna.trial import TrialState
except ImportError:
    optuna = None

if TYPE_CHECKING or optuna is None:
    _Base: Any = object
else:
    _Base = BaseSampler


class DesignerSampler(_Base):  # type: ignore[misc]  # optuna has no types where it is not installed
    """Suggests the parameters of a trial as a campaign suggests designs.

    The parameters that all finished trials have are one space; those of other trials are drawn at random, as in other
    samplers of Optuna. Trials that run in this process are pending. Failed trials are failed experiments, and pruned
    ones are not used. Each target is a value of the study; several values are a Pareto front.

    Parameters
    ----------
    seed
        The same seed and the same results give the same trials.
    constraints
        Conditions that every trial keeps, in the grammar of a campaign file, over names of parameters:
        ``["temperature * log10(time) <= 2500"]``.
    settings
        Other keys of a campaign file: ``prior``, ``initial``, ``acquisition``, ...

    Raises
    ------
    MissingExtra
        If Optuna is not installed.
    InvalidInput
        If a setting is one that the sampler itself decides.

    Examples
    --------
    ``study = optuna.create_study(direction="maximize", sampler=DesignerSampler(seed=0))``; the rest is as with every
    sampler.
    """

    def __init__(self, *, seed: int = 0, constraints: Sequence[str] = (), **settings: Any) -> None:
        if optuna is None:
            raise MissingExtra("optuna", "optuna")
        decided = sorted({"space", "targets", "candidates", "store", "combine", "name", "batch_size"} & set(settings))
        if decided:
            raise InvalidInput(Fault(f"{', '.join(decided)} is decided by the study", "leave it out"))
        self._seed, self._constraints, self._settings = seed, tuple(constraints), settings
        self._independent = RandomSampler(seed=seed)
        self._intersection = IntersectionSearchSpace()
        self._loops: dict[str, _Loop] = {}

    def reseed_rng(self) -> None:
        """Draw other parameters than another process with the same sampler; called by Optuna."""
        self._independent.reseed_rng()

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """Return the distributions of the parameters that all finished trials have."""
        found = self._intersection.calculate(study)
        return {name: distribution for name, distribution in found.items() if not distribution.single()}

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        """Return the suggested values of the parameters of a trial; none where no design is left."""
        if not search_space:
            return {}
        loop = self._loops.get(study.study_name)
        if loop is None or loop.distributions != search_space:
            loop = _Loop.of(study, search_space, self._seed, self._constraints, self._settings)
            self._loops[study.study_name] = loop
        loop.record(study.get_trials(deepcopy=False))
        try:
            return loop.suggest(trial.number)
        except NoDesignLeft as error:
            optuna.logging.get_logger("designer").warning(f"{error}; this trial is drawn at random")
            return {}

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        """Return a random value of a parameter that is not part of the common space."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)


@dataclass
class _Loop:
    """The campaign of a study with one search space, and what it knows of the trials."""

    campaign: Campaign
    distributions: dict[str, Any]
    names: Names
    choices: Mapping[str, tuple[str, ...]]
    suggested: dict[int, str] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)

    @classmethod
    def of(
        cls, study: Any, distributions: dict[str, Any], seed: int, constraints: Sequence[str], settings: dict[str, Any]
    ) -> _Loop:
        names = Names()
        choices = {
            name: _labels(distribution.choices)
            for name, distribution in distributions.items()
            if isinstance(distribution, optuna.distributions.CategoricalDistribution)
        }
        space = [_parameter(names.of(name), each, choices.get(name)) for name, each in distributions.items()]
        goals = [direction.name.lower() for direction in study.directions]
        targets = [{"name": f"objective_{i}", "goal": goal} for i, goal in enumerate(goals)]
        combine = "pareto" if len(targets) > 1 else None
        campaign = Campaign.create(
            space=space, targets=targets, constraints=list(constraints), combine=combine, seed=seed, **settings
        )
        return cls(campaign, distributions, names, choices)

    def record(self, trials: Sequence[Any]) -> None:
        """Record the trials that have ended since the last one."""
        for trial in trials:
            if trial.number in self.known or not trial.state.is_finished():
                continue
            self.known.add(trial.number)
            values = trial.values or []
            suggestion = self.suggested.get(trial.number)
            failed = trial.state == TrialState.FAIL
            measured = trial.state == TrialState.COMPLETE and all(map(math.isfinite, values))
            if not failed and not measured:
                if suggestion is not None:
                    self.campaign.withdraw(suggestion, "pruned, or without a finite value")
                continue
            result = {f"objective_{i}": value for i, value in enumerate(values)} if measured else {"failed": "failed"}
            if suggestion is not None and self._as_suggested(suggestion, trial.params):
                self.campaign.record([{"suggestion": suggestion, **result}])
            elif set(self.distributions) <= set(trial.params):
                if suggestion is not None:
                    self.campaign.withdraw(suggestion, "made with other parameters")
                self.campaign.attach([{**self._design(trial.params), **result}])

    def suggest(self, number: int) -> dict[str, Any]:
        """Return the parameters of a new trial."""
        frame = self.campaign.suggest(1)
        self.suggested[number] = str(frame.index[0])
        return self._parameters({str(column): value for column, value in frame.iloc[0].items()})

    def _parameters(self, design: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for name, distribution in self.distributions.items():
            value = design[self.names.of(name)]
            if name in self.choices:
                found[name] = distribution.choices[self.choices[name].index(str(value))]
            else:
                whole = isinstance(distribution, optuna.distributions.IntDistribution)
                found[name] = round(value) if whole else float(value)
        return found

    def _design(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {
            self.names.of(name): self.choices[name][_index(distribution.choices, params[name])]
            if name in self.choices
            else params[name]
            for name, distribution in self.distributions.items()
        }

    def _as_suggested(self, suggestion: str, params: Mapping[str, Any]) -> bool:
        design = self.campaign.state.suggestions[suggestion].design
        stated = self._parameters({name: design[name] for name in map(self.names.of, self.distributions)})
        return all(params.get(name) == value for name, value in stated.items())


def _index(choices: Sequence[Any], value: Any) -> int:
    """Return the place of a choice: the first of the same type, since 1 and True are equal."""
    return next(i for i, each in enumerate(choices) if each == value and type(each) is type(value))


def _labels(choices: Sequence[Any]) -> tuple[str, ...]:
    """Return the choices as different texts."""
    texts = [choice_text(choice) for choice in choices]
    if len(set(map(str.casefold, texts))) < len(texts) or not all(texts):
        texts = [f"{i}: {text}" for i, text in enumerate(texts)]
    return tuple(texts)


def _parameter(name: str, distribution: Any, labels: Sequence[str] | None) -> dict[str, Any]:
    if labels is not None:
        return {"name": name, "kind": "categorical", "choices": list(labels)}
    whole = isinstance(distribution, optuna.distributions.IntDistribution)
    step = distribution.step if not distribution.log or whole else None
    keys = {"name": name, "kind": "numeric", "bounds": [distribution.low, distribution.high]}
    return keys | ({"step": step} if step else {}) | ({"scale": "log"} if distribution.log else {})
