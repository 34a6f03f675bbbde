"""The form of a new campaign has every key of the grammar, but for those that only a file has."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from designer.acquisition.classical.design import ClassicalDesign
from designer.campaign.file.settings import PriorSettings, Settings, Stop
from designer.objective import Target
from designer.observations.observation import Observation
from designer.service.http.form_fields import CONTEXT, NOT_IN_FORM, form_kinds, form_settings
from designer.space import (
    CategoricalParameter,
    CompositionParameter,
    FormulaParameter,
    MixtureParameter,
    MoleculeParameter,
)
from designer.space.cells import CellAxis
from designer.space.parameters.numeric import NumericParameter

KINDS: dict[str, type[BaseModel]] = {
    "numeric": NumericParameter,
    "categorical": CategoricalParameter,
    "composition": CompositionParameter,
    "mixture": MixtureParameter,
    "formula": FormulaParameter,
    "molecule": MoleculeParameter,
    "target": Target,
    "cells": CellAxis,
    "observation": Observation,
}
SETTINGS: dict[str, type[BaseModel]] = {"": Settings, "prior": PriorSettings, "stop": Stop, "initial": ClassicalDesign}


@pytest.mark.parametrize("name", KINDS)
def test_entries_have_every_key_or_it_is_named_as_left_to_the_file(name: str) -> None:
    (kind,) = [each for each in form_kinds() if each.name == name]
    keys = {field.key.split(".")[0] for field in kind.fields} - {CONTEXT}  # a key of the campaign
    left_out = set(NOT_IN_FORM.get(KINDS[name], {}))
    assert keys | left_out == set(KINDS[name].model_fields)
    assert not keys & left_out


@pytest.mark.parametrize("part", SETTINGS)
def test_settings_have_every_key_or_it_is_named_as_left_to_the_file(part: str) -> None:
    paths = [("", *field.key.split(".")) if "." not in field.key else tuple(field.key.split(".")) for field in
             form_settings() if field.key != "combine"]  # fmt: skip
    keys = {path[1] for path in paths if path[0] == part}
    if part == "":
        keys |= {path[0] for path in paths if path[0]}
    assert keys | set(NOT_IN_FORM.get(SETTINGS[part], {})) == set(SETTINGS[part].model_fields)


def test_choices_begin_with_their_value_or_default() -> None:
    fields = [*form_settings(), *(field for kind in form_kinds() for field in kind.fields)]
    for field in fields:
        if field.choices:
            assert (field.value or field.default) in field.choices, field.key
            assert field.default in field.choices, field.key
