"""Every change of a campaign that is accepted leaves a campaign that can be opened and goes on."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer import Campaign
from designer.documents import write_document
from designer.errors import InvalidInput, NoDesignLeft
from designer.space import DesignSpace
from tests.space.spaces import spaces

numbers = st.one_of(
    st.integers(-600, 600).map(float),
    st.floats(-1e4, 1e4).map(lambda number: float(f"{number:.3g}")),
    st.sampled_from([0.0, -0.0, 1e-9, 1e99, float("inf"), float("nan"), 2.4999]),
)
pairs = st.one_of(
    st.tuples(numbers, numbers).map(sorted), st.lists(numbers, max_size=3), st.sampled_from(["ab", None, 3])
)
words = st.text("abcXYZ -()1é", max_size=4)
conditions = ["{0} <= 900", "{0} >= {1}", "{0} in [a, b]", "forbid {0} == a", "2 * {0} + {1} <= 1e3", "nothing <= 3"]


@st.composite
def changes(draw: st.DrawFn, space: DesignSpace) -> dict[str, Any]:
    """Draw what `amend_space` takes: bounds and choices of parameters, constraints, or a whole space."""
    names = [parameter.name for parameter in space.parameters]
    known = st.sampled_from(names)
    change: dict[str, Any] = {}
    if draw(st.booleans()):
        change["bounds"] = draw(st.dictionaries(known, pairs, max_size=2))
    if draw(st.booleans()):
        change["add_choices"] = draw(st.dictionaries(known, st.lists(words, max_size=2), max_size=2))
    if draw(st.booleans()):
        texts = draw(st.lists(st.sampled_from(conditions), max_size=2))
        members = [*names, *space.columns]
        change["constraints"] = [
            text.format(draw(st.sampled_from(members)), draw(st.sampled_from(members))) for text in texts
        ]
    if draw(st.integers(0, 3)) == 0:
        data = space.to_dict()["space"]
        for given_parameter in data:
            for key in draw(st.lists(st.sampled_from(["step", "bounds", "values", "max_nonzero", "description"]))):
                given_parameter[key] = draw(st.one_of(pairs, numbers, st.lists(numbers, max_size=4)))
        change = {"space": data, **({"constraints": change["constraints"]} if "constraints" in change else {})}
    return change


def text_of(space: DesignSpace) -> str:
    return write_document(
        {"designer": 1, "name": "c", **space.to_dict(), "targets": [{"name": "y", "goal": "maximize"}], "initial": 2}
    )


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_an_accepted_change_can_be_opened_again(data: st.DataObject) -> None:
    space = data.draw(spaces())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.yaml"
        path.write_text(text_of(space), encoding="utf-8")
        campaign = Campaign.open(path)
        campaign.suggest(1)
        for _ in range(data.draw(st.integers(1, 2))):
            change = data.draw(changes(campaign.space))
            position = campaign.state.position
            try:
                changed = campaign.amend_space(**change)
            except InvalidInput:
                assert Campaign.open(path).state.position == position, "a refused change wrote an event"
                continue
            again = Campaign.open(path)
            assert again.space == campaign.space
            assert (again.state.position > position) == changed
            with suppress(NoDesignLeft):
                again.suggest(1)
            campaign = Campaign.open(path)


@pytest.mark.parametrize(
    "bounds",
    [[300, 500], [350, 350], [300.0, 1e99], (350, 900), [351, 352], ["a", 1], [1], None, "ab", [float("nan"), 1]],
)
def test_bounds_of_listed_values_under_a_constraint(bounds: Any, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    space = DesignSpace(
        parameters=[
            {"name": "T", "kind": "numeric", "values": [300, 350, 500, 900]},
            {"name": "x", "kind": "numeric", "bounds": [0, 10]},
        ],
        constraints=["T + 10 * x <= 900"],
    )
    path.write_text(text_of(space))
    campaign = Campaign.open(path)
    campaign.suggest(1)
    try:
        campaign.amend_space(bounds={"T": bounds})
    except InvalidInput:
        assert Campaign.open(path).space == space
    else:
        assert Campaign.open(path).space == campaign.space
    assert len(Campaign.open(path).suggest(1)) == 1
