import os
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from designer.documents import Document, load_document, read_document
from designer.errors import InvalidSpace
from designer.space import DesignSpace
from tests.space.spaces import spaces

DATA = Path(os.environ.get("DESIGNER_DATA", Path(__file__).parents[3] / "shared" / "data"))
ELEMENTS = ["Ni", "Fe", "Co", "Mn"]
OXIDES: list[dict[str, Any]] = [
    {
        "name": "c",
        "kind": "composition",
        "elements": ["Ni", "Fe", "Co", "Mn"],
        "unit": "at.%",
        "step": 10,
        "max_nonzero": 3,
    },
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
    {"name": "time", "kind": "numeric", "unit": "min", "bounds": [1, 1000], "scale": "log"},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
]


class List:
    """A pool for these tests."""

    labels = None

    def __init__(self, rows: Any) -> None:
        self.coordinates = np.array(rows, dtype=float)

    def contains(self, coordinates: Any) -> Any:
        return (coordinates[:, None, :] == self.coordinates[None]).all(-1).any(-1)

    def labels_of(self, coordinates: Any) -> Any:
        return [None] * len(coordinates)


def random_designs(space: DesignSpace, n: int, seed: int) -> Any:
    """Return designs that every parameter allows, drawn with no help from the code under test's sampler."""
    rng = np.random.default_rng(seed)
    parts = []
    for parameter in space.parameters:
        if parameter.count is not None and parameter.count < 5000:
            settings_ = parameter.enumerate()
            parts.append(settings_[rng.integers(len(settings_), size=n)])
        elif parameter.kind in ("composition", "mixture"):
            weights = rng.dirichlet(np.ones(parameter.width), size=n)
            cut = np.floor(weights * parameter.units)  # type: ignore[attr-defined]
            cut[:, 0] += parameter.units - cut.sum(axis=1)  # type: ignore[attr-defined]
            parts.append(cut)
        else:
            low, high = parameter.low, parameter.high  # type: ignore[attr-defined]
            parts.append(parameter.snap(low + rng.random((n, 1)) * (high - low)))
    return np.concatenate(parts, axis=1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(spaces(), st.integers(0, 2**31))
def test_designs_go_to_the_lab_and_back(space: DesignSpace, seed: int) -> None:
    designs = random_designs(space, 20, seed)
    frame = space.frame(designs)
    assert tuple(frame.columns) == space.columns
    back = space.coordinates(frame)
    assert (back == designs).all()
    assert space.keys(back) == space.keys(designs)
    # The text of a CSV file is as good as the numbers.
    text = space.read_table(frame.astype(str))
    assert (text.coordinates == designs).all()
    assert text.flags == tuple(tuple(space.violations(row)) for row in designs)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(spaces())
def test_a_space_survives_plain_data(space: DesignSpace) -> None:
    again = DesignSpace(**space.to_dict())
    assert again == space
    assert again.to_dict() == space.to_dict()


def test_faults_of_a_file_come_all_at_once_with_their_lines() -> None:
    text = """\
space:
  - {name: c, kind: composition, elements: [Ni, FE], unit: at.%}
  - {name: T, kind: numeric, bounds: [900, 300]}
  - {name: gas, kind: categorial, choices: [N2]}
  - {name: p, kind: numeric, bounds: [1, 2], maximum: 3}
  - {kind: categorical, choices: [N2]}
  - N2
constraints:
  - T <=
"""
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace.from_document(read_document(text, file="a.yaml"))
    assert str(caught.value).splitlines() == [
        "a.yaml:2: 'FE' is not the symbol of an element; did you mean 'Fe'?",
        "a.yaml:3: bounds [900, 300] are the wrong way round; write [300, 900]",
        "a.yaml:4: kind 'categorial' is not known; did you mean 'categorical'?",
        "a.yaml:5: unknown key 'maximum'; known keys: name, description, role, vary, at_most_changes, "
        "change_cost, when, kind, unit, bounds, step, values, zero_or, scale, column, setting_error, recorded_as",
        "a.yaml:6: 'name' is missing; add 'name'",
        "a.yaml:7: 'space[5]' cannot be 'N2'; write a mapping: key: value",
        "a.yaml:9: constraint 'T <=': a number, a name or a bracket is expected at character 5, where the text ends; "
        "write a condition such as 'temperature <= 500'",
    ]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([], "a space needs at least one parameter"),
        ([OXIDES[1], OXIDES[1]], "space[1].name: parameter 'T' is given twice"),
        ([OXIDES[1], {**OXIDES[2], "column": "T"}], "column 'T' belongs to two parameters"),
    ],
)
def test_parameters_that_do_not_go_together(parameters: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace(parameters=parameters)
    assert message in str(caught.value)


def test_missing_space() -> None:
    with pytest.raises(InvalidSpace, match="'space' is missing"):
        DesignSpace.from_document(Document({"targets": []}))


def test_validity_is_bounds_steps_sums_cardinality_and_constraints() -> None:
    space = DesignSpace(parameters=OXIDES, constraints=["T * log10(time) <= 1500", "c.Ni + c.Fe >= 30"])
    rows = np.array(
        [
            [3, 0, 7, 0, 500, 1000, 0],
            [3, 0, 7, 0, 505, 1000, 0],
            [2, 0, 8, 0, 500, 10, 0],
            [3, 1, 3, 3, 500, 10, 0],
            [3, 0, 6, 0, 500, 10, 0],
            [3, 0, 7, 0, 502, 10, 0],
            [3, 0, 7, 0, 500, 2000, 0],
            [3, 0, 7, 0, 500, 10, 3],
        ],
        dtype=float,
    )
    assert space.valid(rows).tolist() == [True] + [False] * 7
    assert [space.violations(row) for row in rows[:7]] == [
        [],
        ["violates 'T * log10(time) <= 1500'"],
        ["violates 'c.Ni + c.Fe >= 30'"],
        ["c has 4 elements, not 1 to 3"],
        ["c sums to 90 at.%, not 100"],
        ["T = 502 degC is not on the step of 5"],
        ["time = 2000 min is outside 1 to 1000", "violates 'T * log10(time) <= 1500'"],
    ]


def test_keys_do_not_depend_on_the_route_nor_on_the_bounds() -> None:
    space = DesignSpace(parameters=OXIDES)
    row = np.array([[3, 0, 7, 0, 500, 437.3, 1.0]])
    noisy = row + np.array([[1e-12, 0, -1e-12, 0, 1e-11, 1e-12, 0]])
    assert space.keys(row) == space.keys(noisy)
    assert space.keys(row) != space.keys(row + np.array([[0, 0, 0, 0, 5, 0, 0]]))
    wider = space.amend("T", bounds=[250, 950]).amend("gas", choices_added=["O2"])
    assert wider.keys(row) == space.keys(row)
    assert space.keys(np.empty((0, 7))) == []


def test_amendments() -> None:
    space = DesignSpace(parameters=OXIDES, constraints=["gas != air"])
    more = space.amend("gas", choices_added=["O2"])
    assert more.parameter("gas").choices == ("N2", "Ar", "air", "O2")  # type: ignore[attr-defined]
    assert more.constraints == space.constraints
    assert space.amend("c", bounds={"Ni": [0, 50]}).valid(np.array([[6.0, 4, 0, 0, 500, 10, 0]])).tolist() == [False]
    listed = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [1, 9], "values": [1, 5, 9]}])
    assert listed.amend("x", bounds=[1, 6]).parameter("x").values == (1.0, 5.0)  # type: ignore[attr-defined]
    for name, change, message in [
        ("T", {"bounds": [303, 903]}, "lowest value 303 of 'T' is not a whole number of steps of 5 away from 300"),
        ("T", {"bounds": [900, 300]}, "are the wrong way round"),
        ("T", {"choices_added": ["a"]}, "'T' has no choices to add to"),
        ("gas", {"choices_added": ["N2"]}, "choice 'N2' is given twice"),
        ("gas", {"bounds": [0, 1]}, "'gas' has no bounds"),
        ("gas", {}, "nothing of 'gas' is changed"),
        ("gass", {"bounds": [0, 1]}, "there is no parameter 'gass'; did you mean 'gas'?"),
    ]:
        with pytest.raises(InvalidSpace) as caught:
            space.amend(name, **change)  # type: ignore[arg-type]
        assert message in str(caught.value)


def test_small_spaces_are_counted_and_listed() -> None:
    parameters = [OXIDES[0], OXIDES[3]]
    space = DesignSpace(parameters=parameters)
    assert space.size() == 3 * (4 * 1 + 6 * 9 + 4 * 36)
    listed = space.enumerate()
    assert len(listed) == len(set(space.keys(listed))) == space.size()
    assert space.valid(listed).all()
    fewer = DesignSpace(parameters=parameters, constraints=["forbid gas == air", "c.Ni >= 50"])
    assert fewer.size() == len(listed[(listed[:, 4] < 2) & (listed[:, 0] >= 5)])
    assert space.size(limit=100) is None
    assert DesignSpace(parameters=OXIDES).size() is None
    with pytest.raises(ValueError, match="sample it instead"):
        DesignSpace(parameters=OXIDES).enumerate()


def test_a_pool_is_all_there_is() -> None:
    parameters = [OXIDES[1], OXIDES[3]]
    pool = List([[300, 0], [400, 1], [500, 2]])
    space = DesignSpace(parameters=parameters, constraints=["T >= 400"], pool=pool)
    assert space.size() == 2
    assert space.enumerate().tolist() == [[400, 1], [500, 2]]
    assert space.valid(np.array([[400.0, 1], [400, 0], [300, 0]])).tolist() == [True, False, False]
    why = ["violates 'T >= 400'", "the design is not among the candidates"]
    assert space.violations({"T": 300, "gas": "Ar"}) == why
    with pytest.raises(InvalidSpace, match="no design of the pool satisfies the constraints"):
        DesignSpace(parameters=parameters, constraints=["T >= 600"], pool=pool)


def test_formulas_enter_the_vocabulary_behind_the_others() -> None:
    space = DesignSpace(parameters=[{"kind": "formula", "formulas": ["NiO"]}, OXIDES[1]])
    read = space.read_table(pd.DataFrame({"formula": ["Fe2O3", "NiO", "Fe2O3"], "T": [300, 305, 310]}))
    assert read.space.parameter("formula").formulas == ("NiO", "Fe2O3")  # type: ignore[attr-defined]
    assert read.coordinates[:, 0].tolist() == [1, 0, 1]
    assert read.space.frame(read.coordinates)["formula"].tolist() == ["Fe2O3", "NiO", "Fe2O3"]
    assert space.with_formulas(["NiO"]) is space


def test_coordinates_of_the_wrong_shape_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match=r"coordinates have shape \(1, 2\), not \(n, 7\)"):
        DesignSpace(parameters=OXIDES).valid(np.zeros((1, 2)))


def _family_spaces() -> list[Any]:
    if not DATA.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no folder of past tasks at {DATA} (DESIGNER_DATA)"))]
    cases = []
    for path in sorted(DATA.glob("*/family.yaml")):
        document = load_document(path)
        whole = [("family", document.data["space"])] if "space" in document.data else []
        parts = whole + [(task["name"], task["space"]) for task in document.data["tasks"] if "space" in task]
        cases += [pytest.param(space, id=f"{path.parent.name}-{name}") for name, space in parts]
    return cases


@pytest.mark.parametrize("space", _family_spaces())
def test_the_spaces_of_past_tasks_are_read(space: list[dict[str, Any]]) -> None:
    made = DesignSpace(parameters=space)
    assert [parameter.name for parameter in made.parameters] == [data["name"] for data in space]
    assert DesignSpace(**made.to_dict()) == made


def test_a_hundred_thousand_designs_are_quick() -> None:
    import time

    space = DesignSpace(parameters=OXIDES, constraints=["c.Ni + c.Fe >= 30", "T * log10(time) <= 2500"])
    designs = np.tile(random_designs(space, 10_000, 0), (10, 1))
    begin = time.process_time()
    frame = space.frame(designs)
    space.coordinates(frame)
    space.valid(designs)
    space.keys(designs)
    # About 0.5 s on the machine it was written on; the bound allows for slower ones.
    assert time.process_time() - begin < 4
