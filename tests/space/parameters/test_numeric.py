from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from designer.errors import InvalidSpace
from designer.space import DesignSpace, NumericParameter
from tests.space.spaces import numerics

BAD_NUMBERS = [
    ({"bounds": [3, 1]}, "bounds: bounds [3, 1] are the wrong way round; write [1, 3]"),
    ({"bounds": [3, 3]}, "leave nothing to choose"),
    ({"bounds": [3]}, "are not two numbers; write [lowest, highest]"),
    ({"bounds": ["1", 3]}, "'1' is not a number"),
    ({"bounds": [True, 3]}, "True is not a number"),
    ({"bounds": [0, float("inf")]}, "is not finite"),
    ({"bounds": [0, float("nan")]}, "is not finite"),
    ({"bounds": [0, 10**400]}, "a number beyond 1e+100 is too large to calculate with; choose a larger unit"),
    ({"bounds": [-1e308, 1e308]}, "bounds[0]: a number beyond 1e+100"),
    ({"bounds": [1e-300, 1], "scale": "log"}, "1e-300 is too near to 0 to calculate with; choose a smaller unit"),
    ({"bounds": [0, 1e9], "step": 1e-9}, "into 1e+18 steps, more than numbers can tell apart; give a coarser step"),
    ({}, "has no bounds; give 'bounds: [lowest, highest]' or 'values: [...]'"),
    ({"bounds": [300, 902], "step": 5}, "are not a whole number of steps of 5 apart; end at 900 or 905"),
    ({"bounds": [0, 1], "step": 3}, "end at 3"),
    ({"bounds": [0, 1], "step": -0.1}, "step -0.1 is not positive"),
    ({"bounds": [0, 1], "step": 0}, "step 0 is not positive"),
    ({"bounds": [0, 1], "scale": "log"}, "a log scale cannot begin at 0"),
    ({"values": [-1, 1], "scale": "log"}, "values: a log scale cannot begin at -1"),
    ({"bounds": [0, 1], "scale": "lin"}, "did you mean 'linear'?"),
    ({"values": []}, "'values' is empty"),
    ({"values": [1, 2, 1]}, "values[2]: value 1 is given twice"),
    ({"bounds": [0, 1], "values": [0, 2]}, "values[1]: value 2 is outside the bounds; between 0 and 1"),
    ({"values": [0, 1], "step": 1}, "'step' and 'values' are both given"),
    ({"bounds": [0, 1], "stepp": 1}, "unknown key 'stepp'; did you mean 'step'?"),
    ({"bounds": [0, 5], "zero_or": True}, "zero_or: 0 lies within the bounds [0, 5] already; leave 'zero_or' out"),
    ({"values": [0, 5], "zero_or": True}, "zero_or: 0 lies among the values; remove 0 from 'values'"),
    ({"values": [-1, 5], "zero_or": True}, "add 0 to 'values', and leave 'zero_or' out"),
    ({"zero_or": [20, 5]}, "zero_or: bounds [20, 5] are the wrong way round; write [5, 20]"),
    ({"zero_or": [5]}, "zero_or: zero_or [5] is neither true nor a range; write 'zero_or: true' beside 'bounds'"),
    ({"zero_or": 5}, "zero_or: zero_or 5 is neither true nor a range"),
    ({"zero_or": [5, 20], "bounds": [5, 20]}, "zero_or: 'bounds' and a range under 'zero_or' are both given"),
    ({"zero_or": [5, 20], "step": 4}, "bounds [5, 20] are not a whole number of steps of 4 apart; end at 17 or 21"),
    ({"name": "flow rate", "bounds": [0, 1]}, "name 'flow rate' cannot be used in a constraint"),
    ({"name": "log10", "bounds": [0, 1]}, "is a word of the grammar"),
]


@pytest.mark.parametrize(("data", "message"), BAD_NUMBERS)
def test_a_wrong_numeric_parameter_is_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        NumericParameter(**{"name": "t", **data})
    assert message in str(caught.value)


def test_several_faults_are_reported_together() -> None:
    with pytest.raises(InvalidSpace) as caught:
        NumericParameter(name="t", values=[1, 1, 9], bounds=[0, 5], step=1)
    assert len(caught.value.faults) == 3


@settings(max_examples=100, deadline=None)
@given(numerics(), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_snapped_values_are_settings(data: dict[str, Any], shares: list[float]) -> None:
    parameter = NumericParameter(**data)
    drawn = parameter.low + np.array(shares)[:, None] * (parameter.high - parameter.low)
    snapped = parameter.snap(drawn)
    assert parameter.valid(snapped).all()
    assert (parameter.snap(snapped) == snapped).all()
    assert (parameter.canonical(snapped) == snapped).all()
    assert (parameter.from_lab(parameter.to_lab(snapped)) == snapped).all()
    assert parameter.violations(snapped[0]) == []


@settings(max_examples=50, deadline=None)
@given(numerics())
def test_a_counted_parameter_lists_its_settings(data: dict[str, Any]) -> None:
    parameter = NumericParameter(**data)
    if parameter.count is None:
        assert parameter.is_continuous
        return
    settings_ = parameter.enumerate()
    assert len(settings_) == len(np.unique(settings_)) == parameter.count
    assert parameter.valid(settings_).all()


def test_suggestions_on_continuous_ranges_are_readable() -> None:
    plain = NumericParameter(name="t", bounds=[300, 900])
    log = NumericParameter(name="p", bounds=[1, 1e5], scale="log")
    narrow = NumericParameter(name="p", bounds=[100, 101], scale="log")
    odd = NumericParameter(name="x", bounds=[0.0285714, 2.32614])
    assert plain.snap(np.array([[437.28194732]])).tolist() == [[437.3]]
    assert log.snap(np.array([[437.28194732], [54321.7]])).tolist() == [[437.3], [54320.0]]
    assert narrow.snap(np.array([[100.1234567]])).tolist() == [[100.1235]]
    assert odd.snap(np.array([[0.0285], [3.0], [1.23456789]])).tolist() == [[0.0285714], [2.32614], [1.235]]


@pytest.mark.parametrize(
    ("bounds", "value", "suggested"),
    [
        ([300, 450], 449.9931, 450.0),  # a hundredth of a degree is finer than any furnace
        ([900, 1500], 1232.84, 1233.0),
        ([20, 80], 45.3712, 45.37),
        ([0, 1], 0.123456, 0.1235),
        ([-80, 25], -41.2345, -41.23),
        ([1000, 1001], 1000.4567, 1000.457),  # a narrow range keeps at least 300 settings
        ([0.001, 0.003], 0.00123456, 0.001235),
        ([101000, 103000], 101234.5, 101234.0),
    ],
)
def test_suggestions_have_four_digits_where_the_range_allows_it(bounds: Any, value: float, suggested: float) -> None:
    found = NumericParameter(name="x", bounds=bounds).snap(np.array([[value]]))[0, 0]
    assert found == pytest.approx(suggested, abs=1e-12)


def test_a_step_is_kept_in_decimals() -> None:
    tenths = NumericParameter(name="x", bounds=[0, 1], step=0.1)
    assert tenths.count == 11
    assert tenths.canonical(np.array([[0.1 + 0.2]])).tolist() == [[0.3]]
    assert tenths.valid(np.array([[0.3], [0.35], [1.1], [np.nan]])).tolist() == [True, False, False, False]
    assert tenths.to_lab(np.array([[0.1 * 3]]))[0].tolist() == [0.3]


def test_bounds_and_values_together() -> None:
    molar = NumericParameter(name="c", bounds=[0.05, 0.2], values=[0.153, 0.057, 0.1])
    assert (molar.low, molar.high, molar.count) == (0.05, 0.2, 3)
    assert molar.snap(np.array([[0.08], [0.2]])).tolist() == [[0.1], [0.153]]
    assert molar.violations(np.array([0.06])) == ["c = 0.06 is not on the listed values"]


def test_on_a_log_scale_nearest_is_by_ratio() -> None:
    decades = NumericParameter(name="p", values=[1, 10, 100], scale="log")
    assert decades.snap(np.array([[4.0]])).tolist() == [[10.0]]


@pytest.mark.parametrize(
    "data", [{"zero_or": [5, 20]}, {"zero_or": [5, 20], "step": 2.5}, {"zero_or": [0.01, 10], "scale": "log"}]
)
def test_a_value_is_zero_or_within_the_range(data: dict[str, Any]) -> None:
    parameter = NumericParameter(name="t", **data)
    low, high = data["zero_or"]
    assert (parameter.bounds, parameter.zero_or) == ((low, high), True)
    rng = np.random.default_rng(0)
    drawn = parameter.draw(1000, rng)
    moved = parameter.move(drawn, 0.1, rng)
    for values in (drawn, moved, parameter.snap(rng.uniform(-high, 2 * high, (1000, 1)))):
        assert parameter.valid(values).all()
        assert 0.05 < (values == 0).mean() < 0.6
        assert ((values == 0) | ((values >= low) & (values <= high))).all()
    assert (moved != drawn).all()
    assert not parameter.valid(np.array([[low / 3]]))[0]
    assert parameter.violations(np.array([low / 3]))[0].endswith(f"is outside 0 or {low:g} to {high:g}")
    assert parameter.violations(np.array([0.0])) == []
    assert parameter.within(np.array([[0.0], [low / 3]])).tolist() == [True, False]
    features = parameter.features(descriptors=False).encode(np.array([[0.0], [low], [high]]))[:, 0]
    assert -0.5 <= features[0] < features[1] == 0 < features[2] == 1


def test_a_zero_far_from_a_narrow_range_stays_near_in_features() -> None:
    parameter = NumericParameter(name="t", zero_or=[95, 100])
    assert parameter.features(descriptors=False).encode(np.array([[0.0], [50.0]]))[:, 0].tolist() == [-0.5, -9.0]


def test_new_bounds_keep_the_zero() -> None:
    space = DesignSpace(parameters=[{"name": "t", "kind": "numeric", "zero_or": [5, 20], "step": 5}])
    new = space.amend("t", bounds=[5, 30]).parameters[0]
    assert new.enumerate()[:, 0].tolist() == [0, 5, 10, 15, 20, 25, 30]
    with pytest.raises(InvalidSpace, match="0 lies within the bounds"):
        space.amend("t", bounds=[-5, 30])
