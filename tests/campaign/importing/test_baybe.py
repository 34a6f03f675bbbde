"""Each kind of constraint and target of BayBE, in the grammar of a campaign file."""

from __future__ import annotations

from typing import Any

import pytest

from designer.campaign.importing.baybe import read_baybe
from designer.campaign.importing.imported import ImportedCampaign
from designer.campaign.importing.parts import Part
from designer.errors import InvalidData
from designer.objective import Objective
from designer.space import DesignSpace

EMPTY = (
    "gASVNgEAAAAAAACMBnBhbmRhc5SMCURhdGFGcmFtZZSTlCmBlH2UKIwEX21ncpSMHnBhbmRhcy5jb3JlLmludGVybmFscy5tYW5hZ2Vyc5SMDEJs"
    "b2NrTWFuYWdlcpSTlCldlCiMGHBhbmRhcy5jb3JlLmluZGV4ZXMuYmFzZZSMCl9uZXdfSW5kZXiUk5RoAIwKUmFuZ2VJbmRleJSTlH2UKIwEbmFt"
    "ZZROjAVzdGFydJRLAIwEc3RvcJRLAIwEc3RlcJRLAXWGlFKUaAxoDn2UKGgQTmgRSwBoEksAaBNLAXWGlFKUZYaUUpSMBF90eXCUjAlkYXRhZnJh"
    "bWWUjAlfbWV0YWRhdGGUXZSMBWF0dHJzlH2UjAZfZmxhZ3OUfZSMF2FsbG93c19kdXBsaWNhdGVfbGFiZWxzlIhzdWIu"
)
"""An empty table, as BayBE 0.15 writes it."""
TARGET = {"name": "y", "transformation": {"type": "IdentityTransformation"}, "minimize": False}


def document(
    constraints: tuple[dict[str, Any], ...] = (), target: dict[str, Any] = TARGET, parameters: Any = None
) -> Part:
    listed = [
        {"type": "NumericalDiscreteParameter", "name": name, "values": [0.0, 0.5, 1.0]} for name in ("a", "b")
    ] + [{"type": "CategoricalParameter", "name": name, "values": ["x", "y", "z"]} for name in ("s", "t")]
    search = {"discrete": {"parameters": parameters or listed, "constraints": list(constraints)}}
    content = {"searchspace": search, "objective": {"target": target}, "measurements_exp": EMPTY}
    return Part(content, "campaign.json")


def read(*constraints: dict[str, Any], target: dict[str, Any] = TARGET) -> ImportedCampaign:
    imported = read_baybe(document(constraints, target), "x")
    DesignSpace(parameters=imported.space, constraints=imported.constraints)
    Objective(targets=imported.targets)
    return imported


def threshold(value: float, operator: str) -> dict[str, Any]:
    return {"threshold": value, "operator": operator, "tolerance": None}


@pytest.mark.parametrize(
    ("constraint", "texts"),
    [
        (
            {"type": "DiscreteSumConstraint", "parameters": ["a", "b"], "condition": threshold(1, "=")},
            ["a + b == 1"],
        ),
        (
            {"type": "DiscreteProductConstraint", "parameters": ["a", "b"], "condition": threshold(0.25, "<=")},
            ["a * b <= 0.25"],
        ),
        (
            {
                "type": "DiscreteCardinalityConstraint",
                "parameters": ["a", "b"],
                "min_cardinality": 1,
                "max_cardinality": 1,
            },
            ["(1 if a != 0, 0) + (1 if b != 0, 0) >= 1", "(1 if a != 0, 0) + (1 if b != 0, 0) <= 1"],
        ),
        (
            {"type": "DiscreteLinkedParametersConstraint", "parameters": ["s", "t"]},
            [f"if s == '{label}' then t == '{label}'" for label in "xyz"],
        ),
        (
            {"type": "DiscreteNoLabelDuplicatesConstraint", "parameters": ["s", "t"]},
            [f"forbid s == '{label}' and t == '{label}'" for label in "xyz"],
        ),
        (
            {
                "type": "DiscreteExcludeConstraint",
                "parameters": ["a", "s"],
                "combiner": "OR",
                "conditions": [threshold(0.5, ">"), {"selection": ["x", "y"]}],
            },
            ["forbid (a > 0.5) or (s in ['x', 'y'])"],
        ),
    ],
)
def test_constraints_are_translated(constraint: dict[str, Any], texts: list[str]) -> None:
    imported = read(constraint)
    assert imported.constraints == texts
    assert not imported.left_out


@pytest.mark.parametrize(
    "constraint",
    [
        {"type": "DiscretePermutationInvarianceConstraint", "parameters": ["a", "b"], "dependencies": None},
        {"type": "DiscreteDependenciesConstraint", "parameters": ["s"], "conditions": [], "affected_parameters": []},
        {"type": "DiscreteCustomConstraint", "parameters": ["a"]},
        {"type": "DiscreteExcludeConstraint", "parameters": ["a"], "combiner": "XOR", "conditions": []},
        {"parameters": ["a"], "operator": "=", "coefficients": [1], "rhs": 1, "interpoint": True},
        {"type": "DiscreteNoLabelDuplicatesConstraint", "parameters": ["a", "s"]},
    ],
)
def test_constraints_without_a_translation_are_named(constraint: dict[str, Any]) -> None:
    imported = read(constraint)
    assert imported.constraints == []
    assert len(imported.left_out) == 1
    assert imported.left_out[0].endswith(f"of {', '.join(constraint['parameters'])}")


@pytest.mark.parametrize(
    ("target", "goal"),
    [
        ({"minimize": True, "transformation": {"type": "IdentityTransformation"}}, {"goal": "minimize"}),
        (
            {"constructor_info": {"constructor": "match_bell", "match_value": 5.0, "sigma": 2.0}},
            {"goal": "match", "value": 5, "tolerance": 2},
        ),
        (
            {"constructor_info": {"constructor": "match_triangular", "match_value": None, "cutoffs": [3, 7]}},
            {"goal": "match", "value": 5, "tolerance": 2},
        ),
        (
            {"constructor_info": {"constructor": "match_absolute", "match_value": 5.0}},
            {"goal": "match", "value": 5, "tolerance": 0.05},
        ),
        (
            {
                "minimize": False,
                "constructor_info": {"constructor": "normalized_ramp", "cutoffs": [0, 10], "descending": False},
            },
            {"goal": "maximize", "range": [0, 10]},
        ),
        ({"mode": "MIN", "bounds": {"lower": None, "upper": None}}, {"goal": "minimize"}),
        ({"mode": "MAX", "bounds": {"lower": 0, "upper": 9}}, {"goal": "maximize", "range": [0, 9]}),
        ({"mode": "MATCH", "bounds": {"lower": 4, "upper": 8}}, {"goal": "match", "value": 6, "tolerance": 2}),
    ],
)
def test_targets_are_translated(target: dict[str, Any], goal: dict[str, Any]) -> None:
    assert read(target={"name": "y", **target}).targets == [{"name": "y", **goal}]


def test_a_transformation_that_is_left_out_is_named() -> None:
    imported = read(target={"name": "y", "minimize": False, "transformation": {"type": "LogarithmicTransformation"}})
    assert imported.left_out == ["the transformation of target 'y': its values are used as measured"]


@pytest.mark.parametrize(
    ("part", "what"),
    [
        (document(target={"name": "y", "success_value": "a"}), "has two outcomes, not numbers"),
        (document(target={"name": "y", "mode": "BEST"}), "mode 'BEST' is not known; one of MIN, MAX and MATCH"),
        (document(parameters=[{"type": "Odd", "name": "a"}]), "parameters.0: a parameter of the type 'Odd'"),
        (
            document(parameters=[{"type": "NumericalDiscreteParameter", "name": "a", "values": ["x"]}]),
            "parameters.0.values.0: 'x' is no finite number",
        ),
        (Part({"searchspace": {}, "measurements_exp": ""}, "campaign.json"), "the campaign has no objective"),
    ],
)
def test_faults_name_their_place(part: Part, what: str) -> None:
    with pytest.raises(InvalidData) as raised:
        read_baybe(part, "x")
    assert what in str(raised.value)
    assert str(raised.value).startswith("campaign.json: ")
