"""Features of curves: the common axis, the baseline, principal components, peaks, and functions of users."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import FloatArray
from designer.errors import BrokenPlugin, InvalidInput
from designer.observations.curves.baselines import baseline
from designer.observations.curves.common_axis import aligned, common_axis, curve_features, on_common_axis
from designer.observations.curves.curve import Curve, curve_of
from designer.observations.curves.curve_features import CURVE_FEATURES
from designer.observations.curves.curve_peaks import peaks_of
from designer.observations.curves.functional_components import component_scores
from designer.observations.observation import Observation

AXIS = np.linspace(10.0, 80.0, 700)
CURVE = Observation(name="z", kind="curve")


def pattern(position: float, height: float, n: int = 700) -> Curve:
    x = np.linspace(10.0, 80.0, n)
    return curve_of(x, 20.0 + 0.1 * x + height * np.exp(-(((x - position) / 0.8) ** 2)))


def test_components_find_what_varies() -> None:
    heights = np.array([1.0, 2.0, 4.0, 5.0, 7.0, 9.0])
    scores = curve_features([pattern(40.0, h) for h in heights], CURVE)
    assert scores.shape == (6, 1)
    assert np.corrcoef(scores[:, 0], heights)[0, 1] > 0.999


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(3, 12))
def test_scores_do_not_depend_on_the_order(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    Y, order = rng.normal(size=(n, 9)), rng.permutation(n)
    x = np.sort(rng.uniform(size=9)) + np.arange(9)
    np.testing.assert_allclose(component_scores(x, Y[order]), component_scores(x, Y)[order], atol=1e-8)
    assert component_scores(x, Y).shape[1] <= max(1, min(5, n // 3))


def test_equal_curves_have_no_components() -> None:
    assert component_scores(np.arange(3.0), np.ones((4, 3))).tolist() == [[0.0]] * 4


def test_curves_of_other_positions_are_aligned() -> None:
    curves = [pattern(40.0, 5.0, 700), pattern(40.0, 5.0, 350), pattern(40.0, 5.0, 1400)]
    _, Y = on_common_axis(curves, CURVE)
    assert np.abs(Y - Y[0]).max() < 0.15
    limited = Observation.model_validate({"name": "z", "kind": "curve", "axis": {"low": 30, "high": 50}})
    x, _ = on_common_axis(curves, limited)
    assert (x[0], x[-1]) == (30.0, 50.0)
    assert common_axis([Curve(x=(0, 1), y=(0, 1))]).tolist() == [0.0, 1.0]


def test_averages_keep_the_area_of_a_narrow_peak() -> None:
    x = np.linspace(0.0, 10.0, 2000)
    curve = curve_of(x, np.exp(-(((x - 5.013) / 0.02) ** 2)))
    axis = np.linspace(0.0, 10.0, 256)
    assert np.trapezoid(aligned(curve, axis), axis) == pytest.approx(0.02 * np.sqrt(np.pi), rel=0.05)


def test_the_baseline_of_a_spectrum_is_subtracted() -> None:
    x = np.linspace(0.0, 1.0, 256)
    below = 50.0 * np.exp(-3.0 * x)
    peak = 10.0 * np.exp(-(((x - 0.6) / 0.02) ** 2))
    assert np.abs(baseline(below + peak) - below)[20:].max() < 1.0
    assert baseline(np.full(7, 3.0)).tolist() == [3.0] * 7


def test_peaks_have_position_height_width_and_area() -> None:
    y = 3.0 * np.exp(-(((AXIS - 30.0) / 0.8) ** 2)) + 5.0 * np.exp(-(((AXIS - 60.0) / 0.4) ** 2))
    first, second = peaks_of(AXIS, y)
    assert [first.position, second.position] == pytest.approx([60.0, 30.0], abs=0.1)
    assert first.width == pytest.approx(0.4 * 2 * np.sqrt(np.log(2)), rel=0.1)
    assert second.area == pytest.approx(3.0 * 0.8 * np.sqrt(np.pi), rel=0.05)
    assert peaks_of(AXIS, np.zeros(700)) == ()
    by_peaks = Observation(name="z", kind="curve", features="peaks")
    found = curve_features([pattern(p, 6.0) for p in (30.0, 40.0, 50.0)], by_peaks)
    np.testing.assert_allclose(found[:, 0], [30.0, 40.0, 50.0], atol=0.3)


@pytest.fixture
def own_features() -> Iterator[str]:
    def means(x: FloatArray, Y: FloatArray) -> FloatArray:
        return np.asarray(Y.mean(axis=1, keepdims=True))

    CURVE_FEATURES.register("means", means)
    CURVE_FEATURES.register("flat", lambda x, Y: Y.mean(axis=1))
    yield "means"
    CURVE_FEATURES.unregister("means")
    CURVE_FEATURES.unregister("flat")


def test_features_of_users(own_features: str) -> None:
    curves = [Curve(x=(0, 1), y=(2, 4)), Curve(x=(0, 1), y=(1, 1))]
    observation = Observation(name="z", kind="curve", features=own_features)
    assert curve_features(curves, observation).tolist() == [[3.0], [1.0]]
    with pytest.raises(BrokenPlugin, match="return one row a curve"):
        curve_features(curves, Observation(name="z", kind="curve", features="flat"))


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"axis": "t"}, "axis", "is one number and has 'axis'"),
        ({"kind": "curve", "features": "compnents"}, "features", "did you mean 'components'"),
        ({"kind": "curve", "columns": {"h6": 6}}, "columns", "1 column of points"),
        ({"kind": "curve", "columns": {"h6": 6, "h7": 6}}, "columns", "have one position"),
        ({"kind": "curve", "axis": {"low": 2, "high": 1}}, "axis", "from 2 to 1"),
    ],
)
def test_faulty_curves_are_refused(given: dict[str, object], path: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        Observation(name="z", **given)
    assert caught.value.faults[0].path[0] == path
