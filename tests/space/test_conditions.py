"""Conditional parameters (``when:``): they exist only in designs for which their condition holds."""

from collections.abc import Mapping
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings

from designer.documents import read_document
from designer.errors import InvalidData, InvalidSpace
from designer.space import DesignSpace
from designer.space.encoding import Encoder
from designer.space.pool import pooled
from tests.space.spaces import categoricals, compositions, numerics

ROUTE = {"name": "route", "kind": "categorical", "choices": ["dry", "wet", "melt"]}
FURNACE = {
    "name": "furnace",
    "kind": "numeric",
    "unit": "degC",
    "bounds": [700, 1200],
    "step": 50,
    "when": "route == dry",
}
PRESSURE = {"name": "pressure", "kind": "numeric", "unit": "bar", "bounds": [1, 50], "when": "route == wet"}
BASE = {"name": "base", "kind": "categorical", "choices": ["NaOH", "NH3"], "when": "route == wet"}
WASHINGS = {"name": "washings", "kind": "numeric", "bounds": [1, 6], "step": 1, "when": "base == NaOH"}
TIME = {"name": "time", "kind": "numeric", "unit": "h", "bounds": [1, 10], "step": 0.5}


def space_of(*parameters: dict[str, Any], constraints: tuple[str, ...] = ()) -> DesignSpace:
    return DesignSpace(parameters=list(parameters), constraints=list(constraints))


def routes() -> DesignSpace:
    return space_of(ROUTE, FURNACE, PRESSURE, BASE, WASHINGS, TIME)


def exists(row: Mapping[Any, Any]) -> dict[str, bool]:
    wet, naoh = row["route"] == "wet", row["base"] == "NaOH"
    return {"furnace": row["route"] == "dry", "pressure": wet, "base": wet, "washings": wet and naoh}


def test_what_does_not_exist_has_no_value_and_what_exists_has_one() -> None:
    space = routes()
    rng = np.random.default_rng(0)
    drawn = space.sample(300, rng)
    for designs in (drawn, space.neighbours(drawn[:60], 4, rng, 0.1), space.space_filling(12, rng)):
        assert space.valid(designs).all()
        for row in space.frame(designs).to_dict(orient="records"):
            assert {name: not pd.isna(row[name]) for name in exists(row)} == exists(row)
    assert set(space.frame(drawn)["route"]) == {"dry", "wet", "melt"}
    assert (space.coordinates(space.frame(drawn)) == drawn).all()


def test_a_design_without_a_parameter_is_one_design() -> None:
    space = space_of({**ROUTE, "choices": ["dry", "melt"]}, FURNACE)
    assert space.size() == 12  # eleven furnace temperatures, and one melt
    melts = space.coordinates(pd.DataFrame({"route": ["melt", "melt"], "furnace": [np.nan, 900.0]}))
    assert len(set(space.keys(melts))) == 1
    wider = space.amend("furnace", bounds=[600, 1200])
    assert wider.keys(wider.coordinates(wider.frame(melts))) == space.keys(melts)


def test_two_designs_differ_by_nothing_of_a_parameter_that_neither_has() -> None:
    space = routes()
    encoder = Encoder(space)
    drawn = space.sample(200, np.random.default_rng(1))
    features = encoder.encode(drawn)
    melt = drawn[:, 0] == 2
    own = [i for i, column in enumerate(encoder.columns) if column.parameter not in ("route", "time")]
    assert (features[melt][:, own] == features[melt][0, own]).all()
    labels = [column.name for column in encoder.columns]
    marked = features[:, labels.index("furnace does not exist")]
    assert (marked == (drawn[:, 0] != 0)).all()
    scale = features[:, labels.index("furnace")]
    assert set(scale[drawn[:, 0] != 0]) == {0.5}  # no extreme setting, so that it is far from none


def test_moves_into_a_route_draw_its_settings() -> None:
    space = routes()
    melts = space.coordinates(
        pd.DataFrame(
            {
                "route": ["melt"],
                "furnace": [None],
                "pressure": [None],
                "base": [None],
                "washings": [None],
                "time": [5.0],
            }
        )
    )
    near = space.frame(space.neighbours(melts, 400, np.random.default_rng(0), 0.1))
    assert near["furnace"].nunique() > 8
    assert near["pressure"].nunique() > 50
    assert set(near["base"].dropna()) == {"NaOH", "NH3"}


@pytest.mark.parametrize("seed", range(3))
def test_every_route_is_reached_where_constraints_leave_little_of_it(seed: int) -> None:
    parameters: list[dict[str, Any]] = [
        {"name": "route", "kind": "categorical", "choices": [f"r{i}" for i in range(5)]},
        {"name": "T", "kind": "numeric", "bounds": [0, 1000]},
    ]
    parameters += [
        {"name": f"p{i}", "kind": "numeric", "bounds": [0, 1000], "when": f"route == r{i}"} for i in range(5)
    ]
    constraints = [f"{i * 40} <= p{i} - T <= {i * 40 + 1}" for i in range(4)]  # one route is free
    space = DesignSpace(parameters=parameters, constraints=constraints)
    drawn = space.sample(400, np.random.default_rng(seed))
    assert space.valid(drawn).all()
    counts = np.bincount(drawn[:, 0].astype(int), minlength=5)
    assert counts.min() >= 3


def test_a_constraint_on_what_does_not_exist_holds() -> None:
    space = space_of(ROUTE, FURNACE, TIME, constraints=("furnace * time <= 5000", "if furnace > 1000 then time <= 2"))
    frame = pd.DataFrame({"route": ["dry", "dry", "melt"], "furnace": [1100, 700, None], "time": [4, 5, 10]})
    assert space.valid(space.coordinates(frame)).tolist() == [False, True, True]
    assert space.violations(space.coordinates(frame)[2]) == []
    assert len(space.violations(space.coordinates(frame)[0])) == 1
    always = space_of(ROUTE, FURNACE, TIME, constraints=("furnace <= 100",))  # the other routes are left
    assert set(always.frame(always.sample(50, np.random.default_rng(0)))["route"]) == {"wet", "melt"}


def test_tables_have_empty_cells_where_a_parameter_does_not_exist() -> None:
    space = space_of(ROUTE, FURNACE, BASE)
    good = pd.DataFrame(
        {"route": ["dry", "wet", "melt"], "furnace [K]": ["1173.15", "", None], "base": ["", "NH3", " "]}
    )
    read = space.read_table(good)
    assert space.frame(read.coordinates)["furnace"].tolist()[0] == 900
    assert read.flags == ((), (), ())
    bad = pd.DataFrame({"route": ["dry", "wet", "melt"], "furnace": ["", "900", ""], "base": ["", "", "NH3"]})
    with pytest.raises(InvalidData) as caught:
        space.read_table(bad)
    assert [str(fault) for fault in caught.value.faults] == [
        "row 2, column 'furnace': the cell is empty; give a number",
        "row 3, column 'furnace': furnace exists only where route == dry; leave the cell empty",
        "row 3, column 'base': the cell is empty; known: NaOH, NH3",
        "row 4, column 'base': base exists only where route == wet; leave the cell empty",
    ]
    without = space.read_table(pd.DataFrame({"route": ["melt", "melt"]}))  # columns that no row needs
    assert len(without.coordinates) == 2
    with pytest.raises(InvalidData, match="column 'furnace': the column is missing"):
        space.read_table(pd.DataFrame({"route": ["dry"]}))


def test_candidates_may_lack_a_parameter() -> None:
    space = pooled(
        space_of(ROUTE, FURNACE),
        pd.DataFrame({"route": ["dry", "dry", "melt", "wet"], "furnace": [700, 900, None, None]}),
    )
    assert len(space.sample(4, np.random.default_rng(0))) == 4
    assert space.valid(space.coordinates(pd.DataFrame({"route": ["melt"], "furnace": [None]}))).all()


FAULTY = [
    ("route = dry", "'route = dry': a comparison is expected", "write == for 'is equal to'"),
    ("rout == dry", "condition 'rout == dry': there is no parameter 'rout'", "did you mean 'route'?"),
    ("route == dri", "'dri' is not a choice of 'route'", "did you mean 'dry'?"),
    ("pressure > 5", "'pressure' exists only where a condition on itself holds", "name other parameters"),
    ("base == NaOH", "the conditions of 'base', 'pressure' depend on each other", "let one of them always exist"),
]


@pytest.mark.parametrize(("when", "what", "remedy"), FAULTY)
def test_conditions_that_cannot_be_are_named_with_their_line(when: str, what: str, remedy: str) -> None:
    document = read_document(
        f"""\
space:
  - {{name: route, kind: categorical, choices: [dry, wet]}}
  - {{name: base, kind: categorical, choices: [NaOH, NH3], when: pressure > 3}}
  - name: pressure
    kind: numeric
    bounds: [1, 50]
    when: {when}
""",
        file="a.yaml",
    )
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace.from_document(document)
    text = str(caught.value)
    assert what in text
    assert remedy in text
    assert "a.yaml:7:" in text


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        (
            {"name": "x", "kind": "numeric", "bounds": [0, 1], "role": "context"},
            "'x' is a context, which is always known",
        ),
        ({"name": "x", "kind": "formula"}, "'x' is a formula, which every design has"),
    ],
)
def test_what_cannot_be_conditional_is_refused(parameter: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpace, match=message):
        space_of(ROUTE, {**parameter, "when": "route == dry"})


def test_an_equality_of_a_conditional_parameter_is_refused() -> None:
    with pytest.raises(InvalidSpace, match="== is solved only between numbers that are chosen and always exist"):
        space_of(
            ROUTE, PRESSURE, {"name": "A", "kind": "numeric", "bounds": [0, 9]}, constraints=("A == 2 * pressure",)
        )


@st.composite
def conditional_spaces(draw: st.DrawFn) -> DesignSpace:
    makers = draw(st.lists(st.sampled_from([numerics, categoricals, compositions]), min_size=2, max_size=4))
    parameters: list[dict[str, Any]] = [
        {"name": "route", "kind": "categorical", "choices": ["a", "b", "c"]},
        {"name": "level", "kind": "numeric", "bounds": [0, 10]},
    ]
    conditions = ["route == a", "route in [a, b]", "level >= 5", "not route == c and level < 8"]
    for i, make in enumerate(makers):
        parameter = draw(make(f"p{i}"))
        if draw(st.booleans()):
            parameter["when"] = draw(st.sampled_from(conditions))
        parameters.append(parameter)
    try:
        return DesignSpace(parameters=parameters)
    except InvalidSpace:
        assume(False)
        raise


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(conditional_spaces(), st.integers(0, 1000))
def test_random_conditional_spaces_are_consistent(space: DesignSpace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = space.sample(40, rng)
    moved = space.neighbours(drawn, 2, rng, 0.1)
    for designs in (drawn, moved):
        assert space.valid(designs).all()
        assert (space.canonical(designs) == designs).all()
        frame = space.frame(designs)
        assert (space.coordinates(frame) == designs).all()
        assert (space.read_table(frame).coordinates == designs).all()
        there = space.conditions.exists(designs)
        features = Encoder(space).encode(designs)
        assert np.isfinite(features).all()
        for k, parameter in enumerate(space.parameters):
            empty = frame[list(parameter.lab_columns)].isna().all(axis=1).to_numpy()
            assert (empty == ~there[:, k]).all()
    keys = space.keys(drawn)
    assert len(set(keys)) == len(np.unique(drawn, axis=0))


def test_past_tasks_that_lack_the_condition_are_understood() -> None:
    from designer.objective import Target
    from designer.tasks.task import Task
    from designer.tasks.task_view import view_of

    rng = np.random.default_rng(0)
    target = Target(name="y", goal="maximize")
    conditional = space_of(ROUTE, FURNACE, TIME)
    frame = conditional.frame(conditional.sample(30, rng)).assign(y=rng.normal(size=30))
    task = Task(space=conditional, targets=[target], data=frame, name="with")
    assert len(task) == 30
    assert task.dropped.no_setting == 0
    assert np.isfinite(view_of(task).numbers["furnace"][0]).all()
    always = space_of(ROUTE, {key: value for key, value in FURNACE.items() if key != "when"}, TIME)
    names = [column.name for column in Encoder(conditional).columns]
    shared = [names.index(column.name) for column in Encoder(always).columns]
    there = conditional.coordinates(frame)[frame["route"] == "dry"]
    assert (Encoder(conditional).encode(there)[:, shared] == Encoder(always).encode(there)).all()
    assert not Encoder(conditional).encode(there)[:, names.index("furnace does not exist")].any()


def test_conditions_and_equalities_of_other_parameters_go_together() -> None:
    amounts = [{"name": name, "kind": "numeric", "bounds": [0, 100]} for name in ("A", "B")]
    extra = {"name": "C", "kind": "numeric", "zero_or": [5, 60], "step": 5}
    space = DesignSpace(parameters=[ROUTE, *amounts, extra, FURNACE], constraints=["A + B + C == 100", "A == 2 * B"])
    rng = np.random.default_rng(0)
    drawn = space.sample(200, rng)
    for designs in (drawn, space.neighbours(drawn[:30], 4, rng, 0.1)):
        assert space.valid(designs).all()
        frame = space.frame(designs)
        assert (frame["furnace"].isna() == (frame["route"] != "dry")).all()
        assert np.allclose(frame["A"] + frame["B"] + frame["C"], 100, atol=1e-9)
        assert np.allclose(frame["A"], 2 * frame["B"], atol=1e-9)
    assert set(space.frame(drawn)["route"]) == {"dry", "wet", "melt"}
