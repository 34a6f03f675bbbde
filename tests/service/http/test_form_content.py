"""The example campaigns in the form of a new campaign: nothing is lost, and what has no field is known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from designer.documents import load_document
from designer.errors import InvalidCampaign
from designer.service.http.form_content import form_content
from designer.service.work.uploads import read_campaign

CAMPAIGNS = sorted((Path(__file__).parents[3] / "campaigns").glob("*.yaml"))
WITHOUT_FIELDS = {"zero_or", "near", "context", "description", "candidates", "measure"}
"""Keys of the examples that are shown as text: lists and weights, descriptions of several lines, and files."""


def content(data: dict[str, Any]) -> dict[str, Any]:
    found = form_content(data)
    assert found is not None
    return found


def values(data: Any) -> list[Any]:
    """Return every number and text in plain data."""
    if isinstance(data, dict | list):
        items = data.values() if isinstance(data, dict) else data
        return [value for item in items for value in values(item)]
    return [data]


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.stem)
def test_every_value_of_a_campaign_is_in_a_field_or_beside_it(path: Path) -> None:
    data = load_document(path).data
    found = content(data)
    kept = {str(value) for value in values(found)}
    shown = {part for value in kept for part in [value, *re.split(", | = | to ", value), *value.split("\n")]}
    programs = [data.get("measure", {}), *(each.get("measure", {}) for each in data.get("observations", []))]
    measured = values(programs) if found["left_out"] else []
    for value in values({key: each for key, each in data.items() if key != "designer"}):
        assert str(value) in shown or value is True or value is None or value in measured, value
    kinds = [line["kind"] for line in found["lists"]["space"]]
    assert kinds == [entry["kind"] for entry in data["space"]]
    rests = [found["rest"], *(line["rest"] for lines in found["lists"].values() for line in lines)]
    assert {key for rest in rests for key in rest} <= WITHOUT_FIELDS


def test_what_a_field_cannot_hold_stays_beside_it() -> None:
    found = content({
        "name": "x", "initial": 4, "budget": 20, "constraints": ["T <= 5", "T > 1"], "batch_size": 2,
        "context": {"humidity": {"low": 20, "high": 80}, "lot": {"B7": 0.7, "B8": 0.3}},
        "space": [
            {"name": "T", "kind": "numeric", "bounds": [0, 5], "scale": "linear", "zero_or": [1, 4],
             "setting_error": "5 %"},
            {"name": "humidity", "kind": "numeric", "bounds": [10, 90], "role": "context"},
            {"name": "lot", "kind": "categorical", "choices": ["B7", "B8, old"], "role": "context"},
        ],
        "targets": [{"name": "y", "at_most": 3}, {"name": "z", "goal": "match", "value": 5, "reach": 4}],
        "beliefs": [{"parameter": "T", "near": [1, 2]}, {"constraint": "T > 2", "strength": 5}],
        "observations": [{"name": "h", "measure": {"kind": "python", "function": "secret:h"}}],
        "stop": {"reach": False, "deviation": 0.1}, "measure": {"kind": "command", "argv": ["secret"]},
    })  # fmt: skip
    T, humidity, lot = found["lists"]["space"]
    assert T["values"] == {"name": "T", "bounds.0": "0", "bounds.1": "5", "setting_error": "5 %"}
    assert T["rest"] == {"scale": "linear", "zero_or": [1, 4]}  # a default stays as it is written
    assert (humidity["values"]["context.low"], humidity["values"]["context.high"]) == ("20", "80")
    assert lot["rest"] == {"choices": ["B7", "B8, old"]}
    y, z = found["lists"]["targets"]
    assert (y["values"]["goal"], z["values"]["value"], z["rest"]) == ("limits only", "5", {"reach": 4})
    assert [line["kind"] for line in found["lists"]["beliefs"]] == ["near", "constraint"]
    assert found["constraints"] == "T <= 5\nT > 1"
    assert found["rest"] == {"context": {"lot": {"B7": 0.7, "B8": 0.3}}}
    assert found["settings"]["stop.reach"] == "no"
    assert found["settings"]["initial.number"] == "4"
    assert "secret" not in str(found)
    assert ["command" in found["left_out"][0], "python" in found["left_out"][1]] == [True, True]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("bounds", {"Ni": [10, 60], "Fe": [0, 30.5]}, "Ni = 10 to 60, Fe = 0 to 30.5"),
        ("bounds", [0, 60], "0 to 60"),
        ("fixed", {"Cr": 5}, "Cr = 5"),
        ("total", 95, "95"),
        ("columns", ["alloy", "Ni at%"], "alloy, Ni at%"),
        ("description", "cast in argon", "cast in argon"),
        ("bounds", {"Ni": [10]}, None),
        ("fixed", {"Cr": "x, y"}, None),
        ("fixed", {}, None),
    ],
)
def test_values_with_names_are_text_of_a_field_or_stay_beside_it(key: str, value: Any, text: str | None) -> None:
    entry = {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Cr"], key: value}
    (line,) = content({"name": "x", "space": [entry], "targets": []})["lists"]["space"]
    assert line["values"].get(key) == text
    assert line["rest"] == ({} if text is not None else {key: value})


def test_kind_that_the_form_lacks_has_no_form() -> None:
    assert form_content({"name": "x", "space": [{"name": "g", "kind": "ordinal"}], "targets": []}) is None


def test_uploaded_observation_names_no_program(tmp_path: Path) -> None:
    text = """
designer: 1
name: x
space: [{name: T, kind: numeric, bounds: [0, 5]}]
targets: [{name: y, goal: maximize}]
observations:
  - {name: h, cost: 0.1, measure: {kind: python, function: "os:getcwd"}}
"""
    with pytest.raises(InvalidCampaign, match="cannot measure by 'python'") as refused:
        read_campaign(text, tmp_path)
    assert refused.value.faults[0].line == 7
