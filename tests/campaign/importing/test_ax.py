"""Experiments of older versions of Ax, objectives as expressions, and what has no translation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from designer.campaign.importing.ax import read_ax
from designer.campaign.importing.imported import ImportedCampaign
from designer.campaign.importing.parts import Part
from designer.errors import InvalidData
from designer.objective import Objective
from designer.space import DesignSpace


def parameter(name: str, kind: str = "RangeParameter", number: str = "FLOAT", **keys: Any) -> dict[str, Any]:
    return {"__type": kind, "name": name, "parameter_type": {"name": number}, **keys}


SPACE = [parameter("a", lower=0.0, upper=1.0), parameter("b", lower=0.0, upper=1.0)]
ONE = {"__type": "Objective", "metric": {"name": "y"}, "minimize": True}
OTHER = {"__type": "Objective", "metric": {"name": "z"}, "minimize": False}


def read(
    objective: Any = ONE,
    parameters: Any = SPACE,
    constraints: Any = (),
    limits: Any = (),
    trials: Any = None,
    **more: Any,
) -> ImportedCampaign:
    experiment = {
        "__type": "Experiment", "name": None,
        "search_space": {"parameters": parameters, "parameter_constraints": list(constraints)},
        "optimization_config": {"objective": objective, "outcome_constraints": list(limits)},
        "trials": trials or {}, **more,
    }  # fmt: skip
    imported = read_ax(Part(experiment, "ax.json"), "given")
    DesignSpace(parameters=imported.space, constraints=imported.constraints)
    Objective(targets=imported.targets, combine=imported.combine or "auto")
    return imported


@pytest.mark.parametrize(
    ("objective", "targets"),
    [
        (ONE, [("y", "minimize", None)]),
        ({"objectives": [ONE, OTHER]}, [("y", "minimize", None), ("z", "maximize", None)]),
        ({"expression": "y"}, [("y", "maximize", None)]),
        ({"expression": "-y, z"}, [("y", "minimize", None), ("z", "maximize", None)]),
        ({"expression": "2*y - 0.5*z"}, [("y", "maximize", 2), ("z", "minimize", 0.5)]),
        ({"expression": "-y + 1e-2 * z"}, [("y", "minimize", 1), ("z", "maximize", 0.01)]),
        (
            {"metrics": [{"name": "y"}, {"name": "z"}], "weights": [2.0, -1.0], "minimize": False},
            [("y", "maximize", 2), ("z", "minimize", 1)],
        ),
    ],
)  # fmt: skip
def test_objectives_of_all_versions(objective: dict[str, Any], targets: list[tuple[str, str, float | None]]) -> None:
    imported = read(objective)
    assert [(each["name"], each["goal"], each.get("weight")) for each in imported.targets] == targets
    assert (imported.combine == "desirability") == (targets[0][2] is not None)


def test_constraints_of_all_versions() -> None:
    imported = read(
        parameters=[*SPACE, parameter("layer count", lower=1, upper=9, number="INT"),
                    parameter("pump", "FixedParameter", "INT", value=3)],
        constraints=[
            {"inequality": "1.0 * a + 2.0 * b <= 1.5"},
            {"__type": "ParameterConstraint", "constraint_dict": {"a": 1.0, "b": -1.0}, "bound": 0.0},
            {"inequality": "a + pump <= 4"},
            {"__type": "OddConstraint"},
        ],
    )  # fmt: skip
    assert imported.constraints == ["1.0 * a + 2.0 * b <= 1.5", "1 * a + -1 * b <= 0"]
    assert imported.left_out == [
        "the constraint 'a + pump <= 4', of a fixed parameter",
        "a constraint of the type OddConstraint",
    ]
    assert imported.space[-1] == {
        "name": "layer_count", "column": "layer count", "kind": "numeric", "bounds": [1, 9], "step": 1,
    }  # fmt: skip


def test_parameters_that_depend_on_others_and_digits() -> None:
    parent = parameter("route", "ChoiceParameter", "STRING", values=["dry", "wet"], dependents={"wet": ["ph"]})
    imported = read(parameters=[parent, parameter("ph", lower=1.04, upper=12.0, digits=1), *SPACE])
    assert imported.space[1] == {
        "name": "ph", "kind": "numeric", "bounds": [1.0, 12.0], "step": 0.1, "when": "route == 'wet'",
    }  # fmt: skip


def test_limits_relative_to_the_status_quo_are_named() -> None:
    def limit(**keys: Any) -> dict[str, Any]:
        return {"metric": {"name": "z"}, "op": {"name": "GEQ"}, "bound": 2.0, "relative": False, **keys}

    assert read(limits=[limit()]).targets[1] == {"name": "z", "at_least": 2}
    imported = read(limits=[limit(relative=True)])
    assert imported.left_out == ["the outcome constraint of z, relative to the status quo or of several metrics"]


def test_trials_with_data_of_older_versions() -> None:
    def trial(status: str, *arms: dict[str, Any]) -> dict[str, Any]:
        return {"status": {"name": status}, "generator_run_structs": [{"generator_run": {"arms": list(arms)}}]}

    arms = [{"name": f"0_{i}", "parameters": {"a": i / 4, "b": 0.5}} for i in range(3)]
    frame = {
        "arm_name": {"0": "0_0", "1": "0_1"}, "metric_name": {"0": "y", "1": "y"},
        "mean": {"0": 1.5, "1": None}, "sem": {"0": 0.1, "1": None}, "trial_index": {"0": 0, "1": 0},
    }  # fmt: skip
    data = {"0": {"__type": "OrderedDict", "value": [[0, {"df": {"__type": "DataFrame", "value": json.dumps(frame)}}]]}}
    imported = read(
        trials={"0": trial("COMPLETED", *arms[:2]), "1": trial("CANDIDATE", arms[2]), "2": trial("FAILED", arms[1])},
        data_by_trial=data,
    )
    assert imported.results == [
        {"a": 0, "b": 0.5, "y": 1.5, "y_sem": 0.1},
        {"a": 0.25, "b": 0.5, "failed": "failed in Ax"},
    ]
    assert imported.pending == [{"a": 0.5, "b": 0.5}]
    assert imported.left_out == ["trials without data that were abandoned or completed: 1"]


@pytest.mark.parametrize(
    ("objective", "what"),
    [
        ({"expression": "y * z"}, "optimization_config.objective.expression: 'y * z' of the objective is no metric"),
        ({"expression": ""}, "optimization_config.objective.expression: '' is no text"),
        ({}, "optimization_config.objective: there is no 'metric'"),
        (3, "optimization_config.objective: 3 is no mapping"),
    ],
)
def test_faults_name_their_place_in_the_document(objective: Any, what: str) -> None:
    with pytest.raises(InvalidData) as raised:
        read(objective)
    assert str(raised.value).startswith(f"ax.json: {what}")
