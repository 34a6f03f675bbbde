"""The form of a new campaign: which keys of a campaign file it has, and how each is typed.

The page and its script know no key by name: they draw these fields, and put what is typed at their paths. A key that
the grammar does not have is left out, and choices are those of the grammar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from designer.acquisition.classical.design import ClassicalDesign
from designer.acquisition.registered import ACQUISITIONS
from designer.campaign.file.settings import PriorSettings, Settings
from designer.chemistry.generator_settings import BASELINE, LEARNED
from designer.objective import Objective, Target
from designer.observations.observation import Observation
from designer.priors.kinds import campaign_kinds
from designer.service.work.uploads import SERVED_MEASURES
from designer.space import (
    CategoricalParameter,
    CompositionParameter,
    FormulaParameter,
    MixtureParameter,
    MoleculeParameter,
)
from designer.space.cells import CellAxis
from designer.space.fidelity.fidelity_parameter import FidelityParameter
from designer.space.parameters.numeric import NumericParameter

Typed = Literal["text", "number", "list", "numbers", "named", "named numbers", "named ranges", "yes"]


@dataclass(frozen=True)
class Field:
    """One field of the form.

    Parameters
    ----------
    key
        Where its value goes: a path inside the entry, as in ``bounds.0``.
    label, placeholder
        What the page shows.
    typed
        What its text means: itself, a number where it is one, words or numbers between commas, those with names as in
        ``Ni = 20, Fe = 10``, ranges with names as in ``Ni = 10 to 60`` or one for all, or yes for ``true``.
    choices
        The only values; empty where it is typed.
    default
        The value that is left out of the campaign file.
    value
        What it begins with.
    goals
        The goals for which a field of a target is shown; empty for all.
    wide, more
        Whether it takes the width of two, and whether it is shown on request only.
    """

    key: str
    label: str
    placeholder: str = ""
    typed: Typed = "text"
    choices: tuple[str, ...] = ()
    default: str = ""
    value: str = ""
    goals: tuple[str, ...] = ()
    wide: bool = False
    more: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of entry: a parameter, a target, a belief.

    Parameters
    ----------
    list
        The key of the campaign file whose list it belongs to.
    name
        The word behind ``kind:``; of entries without that key only a name for the page.
    title
        What the button that adds one says.
    """

    list: str
    name: str
    title: str
    fields: tuple[Field, ...]


def number(key: str, label: str, placeholder: str = "", **more: Any) -> Field:
    """Return a field for a number."""
    return Field(key, label, placeholder, "number", **more)


def words(key: str, label: str, placeholder: str, **more: Any) -> Field:
    """Return a field for several words."""
    return Field(key, label, placeholder, "list", wide=True, **more)


def named(key: str, label: str, placeholder: str, typed: Typed = "named", **more: Any) -> Field:
    """Return a field for several values, each with a name."""
    return Field(key, label, placeholder, typed, wide=True, **more)


def yes(key: str, label: str, default: str = "no", **more: Any) -> Field:
    """Return a field for yes or no."""
    return Field(key, label, typed="yes", choices=("no", "yes"), default=default, **more)


def literals(model: type[BaseModel], key: str) -> tuple[str, ...]:
    """Return the words that a key of the grammar may have.

    >>> literals(Target, "scale")
    ('linear', 'log')
    """
    return tuple(_literals(model.model_fields[key].annotation))


def _literals(annotation: Any) -> Iterable[str]:
    if get_origin(annotation) is Literal:
        yield from (each for each in get_args(annotation) if isinstance(each, str))
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _literals(each)


def choice(model: type[BaseModel], key: str, label: str, **more: Any) -> Field:
    """Return a field for one of the words of a key, of which the first is the default."""
    found = literals(model, key)
    return Field(key, label, choices=found, default=found[0], **more)


_DESCRIPTION = Field("description", "Description", wide=True, more=True)
_OF_EVERY_PARAMETER = (
    Field("when", "Only where", "always", wide=True, more=True),
    choice(NumericParameter, "role", "Role", more=True),
    choice(NumericParameter, "vary", "May vary", more=True),
    number("at_most_changes", "Changes, at most", "any", more=True),
    number("change_cost", "Cost of a change (experiments)", "0", more=True),
    Field("column", "Column in tables", "the name", more=True),
    _DESCRIPTION,
)
CONTEXT = "context"
"""The key of the campaign that says how often contexts occur; in the form it is typed beside its parameter."""
_OF_CONTEXTS: Mapping[str, tuple[Field, ...]] = {
    "numeric": (
        number(f"{CONTEXT}.low", "As a context, from", more=True),
        number(f"{CONTEXT}.high", "to", more=True),
    ),
    "categorical": (words(CONTEXT, "As a context, one of", "B7, B8", more=True),),
}
_OF_SHARES = (
    number("step", "Step", value="5"),
    number("max_nonzero", "At most", "all"),
    number("min_nonzero", "At least", "1", more=True),
    words("zero_or", "May be absent below the bound", "Al", more=True),
    named("bounds", "From and to, for all or each", "Ni = 10 to 60, Fe = 0 to 30", "named ranges", more=True),
    named("fixed", "Fixed shares", "Cr = 5", "named numbers", more=True),
    number("total", "Sum", "of the unit", more=True),
    words("columns", "Columns in tables, in the same order", "the name and each part", more=True),
)


def _kind(of: str, name: str, title: str, model: type[BaseModel], fields: Iterable[Field]) -> Kind:
    """Return a kind with those of the fields that its grammar has."""
    return Kind(of, name, title, tuple(each for each in fields if each.key.split(".")[0] in model.model_fields))


def _parameters() -> list[Kind]:
    numeric = (
        Field("name", "Number", "temperature"),
        Field("unit", "Unit", "degC"),
        number("bounds.0", "From"),
        number("bounds.1", "To"),
        number("step", "Step", "any"),
        choice(NumericParameter, "scale", "Scale"),
        yes("zero_or", "Or 0", more=True),
        Field("values", "Only these values", "500, 1000, 2000", "numbers", wide=True, more=True),
        number("setting_error", "Error of the setting", "none, 5, or 2 %", more=True),
        Field("recorded_as", "Results have settings as", choices=("made", "nominal"), default="made", more=True),
    )
    categorical = (
        Field("name", "Choice", "atmosphere"),
        words("choices", "Choices", "N2, Ar, air"),
        Field("descriptors", "Descriptors", choices=("auto", "smiles", "none"), default="auto", more=True),
        named("smiles", "SMILES", "DMSO = CS(C)=O, water = O", more=True),
    )
    composition = (
        Field("name", "Composition", "alloy"),
        words("elements", "Elements", "Ni, Fe, Co"),
        Field("unit", "Unit", choices=("at.%", "wt.%", "fraction"), default="fraction", value="at.%"),
        *_OF_SHARES,
    )
    mixture = (
        Field("name", "Mixture", "electrolyte"),
        words("components", "Components", "EC, DMC, EMC"),
        Field("unit", "Unit", choices=("percent", "vol.%", "wt.%", "fraction"), default="fraction", value="percent"),
        *_OF_SHARES,
    )
    formula = (
        Field("name", "Formula", "oxide"),
        words("elements", "Elements, where no table lists them", "Ca, Sr, Ti, O"),
        number("max_elements", "Elements, at most", "5"),
        number("max_atoms", "Atoms, at most", "20", more=True),
        words("exclude", "Without", "toxic, precious", more=True),
        words("formulas", "Only these formulas", "SrTiO3, CaTiO3", more=True),
        words("like", "Made from (tables in the lab's folder)", "known.csv", more=True),
        words("novel_to", "Not in (tables in the lab's folder)", "made.csv", more=True),
        yes("charge_neutral", "Charge neutral", "yes", more=True),
        yes("electronegativity", "Anions more electronegative", "yes", more=True),
        Field(
            "generator.kind", "Proposed by", choices=(BASELINE, LEARNED), default=BASELINE, value=BASELINE, more=True
        ),
        words("generator.tasks", "Learned from (folders in the lab's folder)", "past/oxides", more=True),
    )
    molecule = (
        Field("name", "Molecule", "dye"),
        words("like", "Tables of known molecules (in the lab's folder)", "dyes.csv"),
        Field("smiles", "Their column of SMILES", "smiles"),
        number("max_heavy_atoms", "Atoms beside hydrogen, at most", "60", more=True),
        number("max_accessibility", "Synthetic accessibility score, at most", "6", more=True),
        words("exclude", "Without substructures (SMARTS)", "[N+](=O)[O-]", more=True),
        words("molecules", "Only these molecules, with a table of candidates", "CCO, CCN", more=True),
        words("novel_to", "Not in (tables in the lab's folder)", "made.csv", more=True),
    )
    fidelity = (
        Field("name", "Levels of measurement", "method"),
        words("levels", "Levels, the wanted one last", "simulation, film, bulk"),
    )
    kinds: list[tuple[str, str, type[BaseModel], tuple[Field, ...]]] = [
        ("numeric", "+ Number", NumericParameter, numeric),
        ("categorical", "+ Choice", CategoricalParameter, categorical),
        ("composition", "+ Composition", CompositionParameter, composition),
        ("mixture", "+ Mixture", MixtureParameter, mixture),
        ("formula", "+ Formula", FormulaParameter, formula),
        ("molecule", "+ Molecule", MoleculeParameter, molecule),
    ]
    chosen = [_kind("space", name, title, of, (*own, *_OF_EVERY_PARAMETER)) for name, title, of, own in kinds]
    chosen = [replace(each, fields=(*each.fields, *_OF_CONTEXTS.get(each.name, ()))) for each in chosen]
    return [*chosen, _kind("space", "fidelity", "+ Levels", FidelityParameter, fidelity)]


def _target() -> Kind:
    fields = (
        Field("name", "Target", "hardness"),
        Field("unit", "Unit", "HV"),
        Field(
            "goal", "Goal", choices=(*literals(Target, "goal"), "limits only"), default="limits only", value="maximize"
        ),
        choice(Target, "scale", "Scale"),
        number("reach", "Reach", "none", goals=("maximize", "minimize")),
        number("value", "Value", goals=tuple(each for each in literals(Target, "goal") if each in _OF_A_VALUE)),
        number("tolerance", "±", goals=("match",)),
        number("at_least", "At least", "none"),
        number("at_most", "At most", "none"),
        number("weight", "Weight", "1", more=True),
        number("range.0", "Worst or lowest", more=True),
        number("range.1", "Best or highest", more=True),
        number("robust.quantile", "Quantile, where settings have errors", "mean", more=True),
        number("limits.0", "Measurable from", more=True),
        number("limits.1", "Measurable to", more=True),
        Field("column", "Column in tables", "the name", more=True),
        _DESCRIPTION,
        Field("curve", "Match the curve of the observation", "xrd", more=True),
        Field("reference", "Reference: points or a file in the lab's folder", "10:1.5; 20:1.7", more=True),
        choice(Target, "distance", "Distance of curves", more=True),
    )
    return _kind("targets", "target", "+ Target", Target, fields)


_OF_A_VALUE = ("match", "boundary")


def _beliefs() -> list[Kind]:
    """Return the kinds of beliefs, where the grammar has them."""
    if "beliefs" not in Settings.model_fields:
        return []
    near = (
        Field("parameter", "Best expected for", "temperature"),
        number("near", "Near", "650"),
        number("spread", "Spread", "80"),
        number("strength", "Strength", "100", more=True),
    )
    constraint = (
        Field("constraint", "Best expected where", "temperature <= 700", wide=True),
        number("strength", "Strength", "100"),
    )
    return [
        Kind("beliefs", "near", "+ Expected value", near),
        Kind("beliefs", "constraint", "+ Expected condition", constraint),
    ]


def _cells() -> Kind:
    fields = (
        Field("parameter", "The best for each", "reactor"),
        number("cells", "Cells, of a number", "its choices"),
    )
    return _kind("diversify_by", "cells", "+ Cells", CellAxis, fields)


def _observation() -> Kind:
    fields = (
        Field("name", "Measured before or beside the targets", "hardness"),
        Field("unit", "Unit", "HV"),
        choice(Observation, "kind", "It is a"),
        number("stage", "Stage before the targets", "none"),
        number("cost", "Cost, in experiments or as stated", "0.1"),
        Field("axis.name", "Axis of a curve", "two_theta", more=True),
        Field("axis.unit", "Unit of the axis", "deg", more=True),
        number("axis.low", "Axis from", more=True),
        number("axis.high", "Axis to", more=True),
        Field("features", "Features of a curve", "components", more=True),
        named("columns", "Columns of a curve in tables", "I_10 = 10, I_20 = 20", "named numbers", more=True),
        _DESCRIPTION,
    )
    return _kind("observations", "observation", "+ Observation", Observation, fields)


def form_kinds() -> list[Kind]:
    """Return every kind of entry that the form can add."""
    return [*_parameters(), _target(), _observation(), *_beliefs(), _cells()]


def form_settings() -> list[Field]:
    """Return the fields of the settings."""
    initial = ClassicalDesign
    fields = [
        number("batch_size", "Batch size", value="4"),
        number("budget.experiments", "Budget (experiments)", "unlimited"),
        _of(Objective, choice(Objective, "combine", "Several goals")),
        number("replicates", "Measurements of each", "1"),
        Field("initial.kind", "First designs", choices=("fill the space", *literals(initial, "kind")), more=True,
              default="fill the space"),
        number("initial.number", "Their number", "automatic", more=True),
        Field("initial.model", "For a model", choices=("automatic", *literals(initial, "model")), default="automatic",
              more=True),
        number("initial.blocks", "Blocks", "1", more=True),
        number("initial.centre_points", "Centre points", "0", more=True),
        number("initial.levels", "Levels of a number", "automatic", more=True),
        Field("prior.tasks", "Past tasks (folders in the lab's folder)", "past/furnaces", "list", wide=True, more=True),
        Field("prior.kind", "Prior", choices=tuple(campaign_kinds()), default="auto", more=True),
        words("prior.leave_out", "Past tasks left out", "furnace-3", more=True),
        named("prior.quantities", "Targets learned from", "hardness = Vickers hardness", more=True),
        Field("id_column", "Name column of the candidates", "sample", more=True),
        words("other_columns", "Columns of tables to pass over", "remark, operator", more=True),
        Field("cost", "Cost of an experiment", "(40 if method == bulk, 5) + 0.5 * time", wide=True, more=True),
        number("budget.cost", "Budget (cost)", "unlimited", more=True),
        Field("acquisition", "Acquisition", choices=tuple(ACQUISITIONS.names()), default="auto", more=True),
        number("stop.probability_of_better_than", "Stop below this chance of better", "never", more=True),
        number("stop.margin", "Better by at least", "0", more=True),
        yes("stop.reach", "Stop once all goals are reached", "yes", more=True),
        number("stop.deviation", "Stop a map below this deviation", "never", more=True),
        number("stop.uncertain_share", "Stop a boundary below this share", "never", more=True),
        Field("measure.kind", "Measured by", choices=("a person", *SERVED_MEASURES), default="a person", more=True),
        Field("measure.name", "Simulator", "hot-filament-cvd", more=True),
        Field("measure.task", "Its task", "array-8mm", more=True),
        number("seed", "Seed", "0", more=True),
        number("suggest_seconds", "Time limit of a suggestion (s)", "60", more=True),
    ]  # fmt: skip
    return fields


def _of(model: type[BaseModel], field: Field) -> Field:
    """Return a field with the default that its key has in the grammar."""
    default = model.model_fields[field.key].default
    return replace(field, default=default if isinstance(default, str) else field.default)


_KIND = {"kind": "the button that adds the entry"}
NOT_IN_FORM: Mapping[type[BaseModel], Mapping[str, str]] = {
    NumericParameter: _KIND,
    CategoricalParameter: _KIND,
    CompositionParameter: _KIND,
    MixtureParameter: _KIND,
    FormulaParameter: _KIND,
    MoleculeParameter: _KIND,
    Settings: {
        "designer": "the form writes it",
        "name": "a field of its own",
        "candidates": "a field of its own, with an upload",
        "store": "the service has its own",
        CONTEXT: "beside its parameter",
        "beliefs": "a list of its own",
        "diversify_by": "a list of its own",
        "observations": "a list of its own",
    },
    PriorSettings: {"digest": "the program writes it"},
    Observation: {"measure": "people measure it; a simulator or table is named in a campaign file"},
}
"""Keys without such a field, by model, and why."""
