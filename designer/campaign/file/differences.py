"""How a campaign file differs from what the campaign began with: what may change, and what makes another campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from designer.campaign.file.file_content import plain_constraints, plain_space
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.results.design_tables import same_candidates
from designer.documents import Value
from designer.errors import Fault, InvalidInput, InvalidSpace
from designer.objective import Target
from designer.observations.curves.curve import Curve
from designer.observations.observation import Observation
from designer.space import DesignSpace
from designer.space.parameters.base import ParameterBase

# Keys that may change at any time: the change is an event. All others make another campaign.
CHANGEABLE = (
    "prior", "batch_size", "budget", "cost", "stop", "measure", "seed", "initial", "suggest_seconds", "replicates",
    "acquisition", "other_columns", "id_column", "context", "diversify_by", "beliefs", "observations",
)  # fmt: skip

MAX_SHOWN = 60
"""Characters of a value in a message; a reference curve is longer."""

CHANGEABLE_OF_TARGETS = ("reach", "scale", "limits", "robust", "description")
"""Keys of targets that may change as well: what was measured, and what is wanted of it, stays the same."""


def same_question(first: CampaignSpec, second: CampaignSpec) -> list[Fault]:
    """Return how `second` asks for something else than `first`: other targets or other candidates.

    ``reach``, ``scale``, ``limits`` and ``robust`` may change at any time, and so may descriptions, which nothing
    computes with.
    """
    faults = []
    old, new = ({target.name: target for target in spec.targets} for spec in (first, second))
    remedy = "put it back, or begin a new campaign under another name"
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            faults.append(Fault(f"target {name!r} is gone", remedy, path=("targets",)))
        elif name not in old:
            faults.append(Fault(f"target {name!r} was not there before", remedy, path=("targets",)))
        else:
            faults += [
                Fault(f"target {name!r}: {key} was {_brief(getattr(old[name], key))} and is "
                      f"{_brief(getattr(new[name], key))}",
                      remedy, path=("targets",))
                for key in Target.model_fields
                if key not in CHANGEABLE_OF_TARGETS and getattr(old[name], key) != getattr(new[name], key)
            ]  # fmt: skip
    if first.objective.mode != second.objective.mode:
        what = f"goals were combined by {first.objective.mode} and now by {second.objective.mode}"
        faults.append(Fault(what, remedy, path=("combine",)))
    if not same_candidates(first.pool_digest, second.pool_digest):
        what = "the candidates are not those that the campaign began with"
        faults.append(Fault(what, remedy, path=("candidates",)))
    return faults


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def values_without_logarithm(targets: Sequence[Target], state: CampaignState) -> list[Fault]:
    """Return the results that a target with ``scale: log`` cannot have: they were recorded on a linear scale."""
    remedy = "amend or withdraw it first, or take 'scale: log' out"
    return [
        Fault(f"{each.id} has {target.name} {each.values[target.name]:g}, which has no logarithm", remedy,
              path=("targets", i, "scale"))
        for i, target in enumerate(targets)
        if target.is_log
        for each in state.results
        if target.name in each.values and each.values[target.name] <= 0
    ]  # fmt: skip


def images_without_features(observations: Sequence[Observation], state: CampaignState) -> list[Fault]:
    """Return the observations whose own features were not computed of an image when that was recorded."""
    faults = []
    for i, each in enumerate(observations):
        for measurement in state.measurements.values():
            seen = measurement.observed.get(each.name)
            image = seen.image if isinstance(seen, Curve) else None
            if image is not None and each.own_features is not None and each.own_features not in image.numbers:
                what = (
                    f"the image {each.name!r} of {measurement.id} was recorded without the features {each.features!r}"
                )
                remedy = f"keep the features that it has ({', '.join(image.numbers)}), or begin a new campaign"
                faults.append(Fault(what, remedy, path=("observations", i, "features")))
                break
    return faults


def changed_settings(first: CampaignSpec, second: CampaignSpec) -> dict[str, Any]:
    """Return the plain new values of the settings in which `second` differs from `first`; None where one is gone."""
    changed = {
        key: second.data.get(key) for key in CHANGEABLE if getattr(first.settings, key) != getattr(second.settings, key)
    }
    if first.targets != second.targets:
        changed["targets"] = second.data.get("targets")
    return changed


def same_space(first: DesignSpace, second: DesignSpace) -> bool:
    """Whether two spaces are the same but for their pools."""
    return first.parameters == second.parameters and first.constraints == second.constraints


def space_changes(old: DesignSpace, new: DesignSpace) -> list[str]:
    """Say in words in what `new` differs from `old`.

    >>> parameter = {"name": "T", "kind": "numeric"}
    >>> old, new = (DesignSpace(parameters=[{**parameter, "bounds": [300, high]}]) for high in (900, 950))
    >>> space_changes(old, new)
    ['T: bounds was (300.0, 900.0) and is (300.0, 950.0)']
    """
    before, after = ({each.name: each for each in space.parameters} for space in (old, new))
    lines = [f"{name}: is gone" for name in before if name not in after]
    lines += [f"{name}: was not there before" for name in after if name not in before]
    for name in before:
        if name in after:
            lines += _parameter_changes(name, before[name], after[name])
    texts = [[str(getattr(each, "text", each)) for each in space.constraints] for space in (old, new)]
    lines += [f"constraint {text!r} is gone" for text in texts[0] if text not in texts[1]]
    lines += [f"constraint {text!r} is new" for text in texts[1] if text not in texts[0]]
    if not lines and not same_space(old, new):
        lines = ["the order of its parts"]
    return lines


def _parameter_changes(name: str, old: Value, new: Value) -> list[str]:
    if type(old) is not type(new):
        return [f"{name}: is of another kind"]
    return [
        f"{name}: {key} was {getattr(old, key)!r} and is {getattr(new, key)!r}"
        for key in type(old).model_fields
        if getattr(old, key) != getattr(new, key)
    ]


def same_plain_space(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two plain specs write the same space."""
    return all(first.get(key) == second.get(key) for key in ("space", "constraints", "candidates", "id_column"))


def amended_space(
    old: CampaignSpec,
    space: DesignSpace | Sequence[Any] | None,
    constraints: Sequence[Any] | None,
    bounds: Mapping[str, Sequence[float]],
    add_choices: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Return the plain `space` and `constraints` that amending `old` leads to.

    Raises
    ------
    InvalidSpace
        If a parameter is not there, or cannot be changed so.
    """
    if space is not None:
        inner = space.constraints if isinstance(space, DesignSpace) else ()
        return {
            "space": plain_space(space),
            "constraints": plain_constraints(inner if constraints is None else constraints),
        }
    new = DesignSpace(parameters=old.data["space"], constraints=old.data.get("constraints") or ())
    faults: list[Fault] = []
    for name in dict.fromkeys((*bounds, *add_choices)):
        try:
            new = new.amend(name, bounds=bounds.get(name), choices_added=add_choices.get(name, ()))
        except InvalidInput as error:
            faults += error.faults
    if faults:
        raise InvalidSpace(faults)
    data = new.to_dict()
    return data if constraints is None else {**data, "constraints": plain_constraints(constraints)}


def unusable_space(old: DesignSpace, new: DesignSpace) -> list[Fault]:
    """Return why designs of `old` could not be held by `new`."""
    remedy = "begin a new campaign for another space"
    faults = []
    before, after = ({each.name: each for each in space.parameters} for space in (old, new))
    for name in {**before, **after}:
        if name not in after or name not in before:
            what = f"parameter {name!r} " + ("is gone" if name not in after else "was not there before")
            faults.append(Fault(what, remedy))
            continue
        first, second = before[name], after[name]
        if first.kind != second.kind or first.lab_columns != second.lab_columns:
            faults.append(Fault(f"parameter {name!r} has another kind or other columns", remedy))
        elif first.when != second.when:
            shown = " and ".join(f"{verb} {each.when!r}" for verb, each in (("was", first), ("is", second)))
            faults.append(Fault(f"parameter {name!r}: the condition {shown}", "keep it"))
        elif first.unit != second.unit:
            faults.append(Fault(f"parameter {name!r}: the unit was {first.unit!r} and is {second.unit!r}", "keep it"))
        faults += _level_faults(first, second, remedy)
        gone = [choice for choice in getattr(first, "choices", ()) if choice not in getattr(second, "choices", ())]
        if gone:
            what = f"parameter {name!r}: choice {gone[0]!r} is gone"
            faults.append(Fault(what, f"keep it, and forbid it: 'forbid {name} == {gone[0]}' among the constraints"))
    return faults


def _level_faults(first: ParameterBase, second: ParameterBase, remedy: str) -> list[Fault]:
    """Return why the levels of a fidelity could not replace others: further ones can be added below them only."""
    old: tuple[str, ...] = getattr(first, "levels", ())
    new: tuple[str, ...] = getattr(second, "levels", ())
    if new[len(new) - len(old) :] == old:
        return []
    what = f"parameter {first.name!r}: the levels were {', '.join(old)} and are {', '.join(new)}"
    return [Fault(what, f"add levels before {old[0]!r} only, or {remedy}")]
