from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from designer.errors import InvalidData, InvalidObjective
from designer.objective import Objective, Target
from designer.objective.scales import SCALES

positive = st.floats(1e-12, 1e12)


@given(positive)
def test_unit_inverts_model(y: float) -> None:
    for scale in SCALES.values():
        assert scale.unit(scale.model(y)) == pytest.approx(y, rel=1e-12)
        assert scale.unit(scale.model(np.array([y, np.nan])))[0] == pytest.approx(y, rel=1e-12)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(0, 5))
def test_intervals_hold_the_centre_and_are_finite(mean: float, deviation: float, z: float) -> None:
    for scale in SCALES.values():
        low, high = scale.interval(mean, deviation, z)
        assert low <= scale.unit(mean) <= high
        assert np.isfinite([low, high, scale.half_width(mean, deviation)]).all()


def test_log_interval_is_asymmetric_and_holds_the_stated_share() -> None:
    low, high = SCALES["log"].interval(0.0, 1.0, 1.0)
    assert (low, high) == pytest.approx((0.1, 10.0))
    drawn = 10.0 ** np.random.default_rng(0).normal(size=20_000)
    assert np.mean((low < drawn) & (drawn < high)) == pytest.approx(0.6827, abs=0.01)


def test_standard_error_of_a_log_target_is_that_of_the_logarithms() -> None:
    rng = np.random.default_rng(0)
    deviation = SCALES["log"].model_deviation(np.array([50.0]), np.array([10.0]))[0]
    spread = np.log(10.0) * deviation
    drawn = 50.0 * np.exp(rng.normal(size=100_000) * spread - spread**2 / 2)
    assert drawn.std() == pytest.approx(10.0, rel=0.02)


numbers = st.none() | positive


@st.composite
def objectives(draw: st.DrawFn) -> Objective:
    """One to three targets, each linear or logarithmic, with any limits."""
    targets: list[dict[str, Any]] = []
    for i in range(draw(st.integers(1, 3))):
        low, high = sorted([draw(positive), draw(positive)])
        assume(low < high)
        target: dict[str, Any] = {"name": f"y{i}", "scale": draw(st.sampled_from(["linear", "log"]))}
        target |= draw(st.sampled_from([{}, {"at_most": high}, {"at_least": low}, {"at_least": low, "at_most": high}]))
        goal = draw(st.sampled_from(["minimize", "maximize", "match"]))
        if goal == "match":
            assume(target == {"name": target["name"], "scale": target["scale"]})
            target |= {"goal": goal, "value": high, "tolerance": low / 2}
        else:
            target |= {"goal": goal}
        targets.append(target)
    return Objective(targets=targets)


@given(objectives(), st.data())
def test_the_modelled_objective_decides_as_the_objective_in_units(objective: Objective, data: st.DataObject) -> None:
    m = len(objective.targets)
    Y = np.array([[data.draw(positive) for _ in range(m)] for _ in range(4)])
    for low in [x for target in objective.targets for x in (target.at_least, target.at_most) if x is not None]:
        assume((np.abs(Y / low - 1) > 1e-9).all())  # equality is decided by rounding
    Z = objective.model_values(Y)
    assert objective.modelled.feasible(Z).tolist() == objective.feasible(Y).tolist()
    assert objective.unit_values(Z) == pytest.approx(Y, rel=1e-9)
    # One goal of which less or more is wanted: the same order.
    for column in objective.goal_columns:
        if objective.targets[column].goal != "match":
            sign = objective.targets[column].sign
            ordered = sign * Y[np.argsort(sign * Z[:, column], kind="stable"), column]
            assert (np.diff(ordered) >= -1e-9 * np.abs(ordered[1:])).all()  # values of one logarithm may tie


@given(positive, positive, positive)
def test_a_value_within_the_modelled_tolerance_is_within_the_tolerance(
    value: float, tolerance: float, y: float
) -> None:
    assume(tolerance < value)
    objective = Objective(targets=[Target(name="y", goal="match", value=value, tolerance=tolerance, scale="log")])
    Z = objective.model_values(np.array([[y]]))
    if objective.modelled.reached(Z)[0]:
        assert abs(y - value) <= tolerance * (1 + 1e-6)


def test_a_linear_objective_is_its_own_model() -> None:
    objective = Objective(targets=[Target(name="y", goal="maximize")])
    Y = np.array([[-1.0], [2.0]])
    assert objective.modelled is objective
    assert objective.model_values(Y) is Y
    assert objective.unit_values(Y) is Y


@pytest.mark.parametrize(
    ("keys", "path", "words"),
    [
        ({"goal": "minimize", "reach": 0}, ("reach",), "reach 0 has no logarithm"),
        ({"goal": "minimize", "at_least": -1}, ("at_least",), "at_least -1 has no logarithm"),
        ({"goal": "minimize", "at_most": 0}, ("at_most",), "at_most 0 has no logarithm"),
        ({"goal": "match", "value": -2, "tolerance": 1}, ("value",), "value -2 has no logarithm"),
        ({"goal": "match", "value": 2, "tolerance": 2}, ("tolerance",), "value 2 less tolerance 2 has no logarithm"),
        ({"goal": "maximize", "range": [0, 10]}, ("range",), "reaches zero or below"),
        ({"goal": "maximize", "scale": "ln"}, ("scale",), "'linear' or 'log'"),
    ],
)
def test_what_has_no_logarithm_is_a_located_fault(keys: dict[str, Any], path: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidObjective) as caught:
        Target(**{"name": "y", "scale": "log", **keys})
    (fault,) = caught.value.faults
    assert fault.path == path
    assert words in str(fault)


@given(st.floats(max_value=0, allow_nan=False, allow_infinity=False))
def test_a_value_of_zero_or_below_is_refused_with_the_remedy(value: float) -> None:
    Target(name="y", goal="minimize").check_value(value)
    with pytest.raises(InvalidData, match="scale: log"):
        Target(name="y", goal="minimize", scale="log").check_value(value)
