"""What the observations of a campaign file cannot be combined with, and names that they cannot have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from designer.acquisition.registered import AUTO
from designer.campaign.file.reserved_columns import OWN, SUFFIXES
from designer.campaign.file.settings import Settings
from designer.errors import Fault
from designer.objective import Objective
from designer.observations.curves.reference_curves import match_faults
from designer.observations.observation import Observation
from designer.oracles.measure import MeasureBase
from designer.oracles.table import TableMeasure
from designer.space import DesignSpace, NumericParameter

_NO_STAGE = "leave 'stage' and 'cost' out: the observation then counts where it is recorded"


def observation_faults(settings: Settings, space: DesignSpace, objective: Objective) -> Iterator[Fault]:
    """Yield the faults of observations beside all other parts of a campaign file."""
    yield from match_faults(objective.targets, settings.observations)
    yield from _names(settings.observations, space, objective)
    if not settings.observations:
        return
    if objective.preference is not None:
        name = objective.targets[objective.preference].name
        what = f"observations are for targets that are measured, and results of {name!r} are compared"
        yield Fault(what, "leave 'observations' out", path=("observations",))
    errors = [p.name for p in space.parameters if isinstance(p, NumericParameter) and p.setting_error is not None]
    if errors:
        what = f"observations are of the design that was made, and {errors[0]!r} is made with an error"
        yield Fault(what, "leave 'setting_error' out, or 'observations'", path=("observations",))
    for i, each in enumerate(settings.observations):
        if each.stage is not None:
            for what in _stage_conflicts(settings, space, objective):
                full = f"observation {each.name!r} has a stage, {what}"
                yield Fault(full, _NO_STAGE, path=("observations", i, "stage"))
            yield from _oracle(settings, each, i)
        elif each.name in matched_curves(objective):
            yield from _oracle(settings, each, i)
        elif each.measure is not None:
            what = f"observation {each.name!r} has 'measure' and no stage"
            yield Fault(what, "add 'stage: 1' and 'cost'", path=("observations", i, "measure"))


def matched_curves(objective: Objective) -> tuple[str, ...]:
    """Return the observations whose curves are compared with a reference of a target."""
    return tuple(dict.fromkeys(target.curve for target in objective.targets if target.reference and target.curve))


def measured_directly(objective: Objective) -> Objective | None:
    """Return the targets that an oracle measures as numbers; None where all are distances of curves."""
    targets = tuple(target for target in objective.targets if target.reference is None)
    if len(targets) == len(objective.targets):
        return objective
    return Objective(targets=targets) if targets else None


def _names(observations: tuple[Observation, ...], space: DesignSpace, objective: Objective) -> Iterator[Fault]:
    """Yield names that stand twice, or that are columns of the campaign's own tables."""
    taken = dict.fromkeys(space.columns, "a column of the space")
    taken |= {parameter.name: "a parameter" for parameter in space.parameters}
    for target in objective.targets:
        taken |= {target.name + suffix: f"a column of target {target.name!r}" for suffix in SUFFIXES}
        taken |= {name: "a target" for name in (target.name, target.column) if name is not None}
    taken |= dict.fromkeys(OWN, "a column of the campaign's own tables")
    for i, each in enumerate(observations):
        if each.name in taken:
            what = f"observation {each.name!r} is also {taken[each.name]}"
            yield Fault(what, "choose another name", path=("observations", i, "name"))
        taken[each.name] = "an observation"
        for name in each.columns or ():
            if name in taken:
                what = f"the column {name!r} of curve {each.name!r} is also {taken[name]}"
                yield Fault(what, "choose another column", path=("observations", i, "columns", name))
            taken[name] = f"a column of curve {each.name!r}"


def _stage_conflicts(settings: Settings, space: DesignSpace, objective: Objective) -> Iterator[str]:
    """Yield what a decision after a stage cannot be combined with, in words."""
    if objective.explores:
        yield f"and goal {objective.goals[0].goal} has no best design"
    elif objective.mode != "single":
        yield "and the campaign has not one goal: what a design gains is then no single number"
    if space.context_parameters:
        yield f"and the best design depends on a context ({space.context_parameters[0].name})"
    if space.shared_parameters:
        yield f"and a batch is made at one setting of {space.shared_parameters[0].name!r}"
    if settings.diversify_by:
        yield "and 'diversify_by' asks for the best design of each cell"
    if settings.acquisition != AUTO:
        yield f"and 'acquisition: {settings.acquisition}' has no expected improvement"


def _oracle(settings: Settings, each: Observation, i: int) -> Iterator[Fault]:
    """Yield that nothing gives an observation in a run."""
    if settings.measure is None:
        if each.measure is not None:
            what = f"observation {each.name!r} has 'measure', and the campaign has none"
            yield Fault(
                what, "add 'measure' to the campaign, or leave it out here", path=("observations", i, "measure")
            )
    elif each.is_curve and (each.measure or settings.measure).kind not in (
        ("python",) if each.is_image else ("python", "table")
    ):
        what = f"nothing gives the {each.noun} {each.name!r} in a run"
        remedy = "add 'measure: {kind: python, function: \"module:name\"}' to it"
        yield Fault(what, remedy, path=("observations", i, "measure"))
    elif each.is_curve and (each.measure or settings.measure).kind == "table" and each.columns is None:
        what = f"curve {each.name!r} is measured by a table and has no columns"
        yield Fault(what, "add 'columns', such as {h6: 6, h12: 12}", path=("observations", i, "columns"))
    elif each.measure is None and settings.measure.kind != "table" and each.stage is not None:
        what = f"nothing gives observation {each.name!r} in a run"
        remedy = "add 'measure' to it, such as {kind: python, function: 'module:name'}"
        yield Fault(what, remedy, path=("observations", i, "measure"))


@dataclass(frozen=True)
class MeasuredObservation:
    """What measures an observation in a run: its path in the file, and the quantity as the oracle's only target."""

    name: str
    path: tuple[str | int, ...]
    measure: MeasureBase
    quantity: Objective


def observation_oracles(settings: Settings, objective: Objective) -> Iterator[MeasuredObservation]:
    """Yield what measures each observation with a stage and each matched curve: its own, or the table of the campaign.

    Of a matched curve also the Python function of the campaign.
    """
    matched = matched_curves(objective)
    for i, each in enumerate(settings.observations):
        quantity = Objective(targets=each.as_targets)
        if each.stage is None and each.name not in matched:
            continue
        if each.measure is not None:
            yield MeasuredObservation(each.name, ("observations", i, "measure"), each.measure, quantity)
        elif isinstance(settings.measure, TableMeasure):
            names = {target.name for target in each.as_targets}
            columns = {name: column for name, column in settings.measure.columns.items() if name in names}
            measure = settings.measure.model_copy(update={"columns": columns})
            yield MeasuredObservation(each.name, ("measure",), measure, quantity)
        elif each.name in matched and settings.measure is not None:
            yield MeasuredObservation(each.name, ("measure",), settings.measure, quantity)
