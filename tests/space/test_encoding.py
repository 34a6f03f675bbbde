"""Features: a pure function of the space, on and off the grid."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from designer.chemistry.masses import atomic_from_weight
from designer.errors import InvalidData
from designer.space.design_space import DesignSpace
from designer.space.encoding import Axis, Encoder, FeatureColumn

ALLOY = {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Cr"], "unit": "at.%", "step": 1}
HOT = {"name": "hot", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5}
TIME = {"name": "time", "kind": "numeric", "bounds": [1, 1000], "scale": "log"}
GAS = {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]}
INK = {"name": "ink", "kind": "mixture", "components": ["a", "b"], "unit": "percent", "step": 5}


def encoder(*parameters: Any, descriptors: bool = False) -> Any:
    return Encoder(DesignSpace(parameters=parameters), descriptors=descriptors)


def test_every_kind_of_column() -> None:
    coder = encoder(HOT, TIME, GAS, ALLOY, INK)
    assert [(c.name, c.role) for c in coder.columns] == [
        ("hot", "numeric"),
        ("time", "numeric"),
        ("gas = N2", "category"),
        ("gas = Ar", "category"),
        ("gas = air", "category"),
        ("alloy.Ni", "fraction"),
        ("alloy.Fe", "fraction"),
        ("alloy.Cr", "fraction"),
        ("ink.a", "fraction"),
        ("ink.b", "fraction"),
    ]
    assert coder.columns[2] == FeatureColumn("gas = N2", "gas", "category", "categorical", "N2")
    assert coder.columns[1] == FeatureColumn("time", "time", "numeric", "numeric", axis=Axis(1, 1000, "log"))
    row = coder.encode([[450, 10, 2, 20, 30, 50, 5, 15]])
    np.testing.assert_allclose(row, [[0.25, 1 / 3, 0, 0, 1, 0.2, 0.3, 0.5, 0.25, 0.75]], atol=1e-15)
    assert coder.dimension == row.shape[1]


def test_bounds_are_zero_and_one() -> None:
    low_high = encoder(HOT, TIME).encode([[300, 1], [900, 1000]])
    np.testing.assert_array_equal(low_high, [[0, 0], [1, 1]])


def test_values_outside_go_on() -> None:
    result = encoder(HOT, TIME).encode([[0, 0.1], [1500, 1e6], [-900, 0.001]])
    np.testing.assert_allclose(result, [[-0.5, -1 / 3], [2, 2], [-2, -1]], rtol=1e-12)  # type: ignore[arg-type]


def test_a_log_scale_ends_two_ranges_below_for_zero_and_less() -> None:
    result = encoder(TIME).encode([[0.0], [-5.0], [1e-6], [1e-300]])
    np.testing.assert_allclose(result, -2.0, rtol=1e-12)


def test_a_log_scale_over_all_numbers_allowed_stays_finite() -> None:
    wide = {"name": "p", "kind": "numeric", "bounds": [1e-100, 1e100], "scale": "log"}
    result = encoder(wide).encode([[1e-100], [1.0], [1e100], [0.0]])
    assert np.isfinite(result).all()
    np.testing.assert_allclose(result[:3, 0], [0, 0.5, 1])


def test_listed_values_and_one_lonely_value() -> None:
    listed = {"name": "rate", "kind": "numeric", "values": [10, 20, 60]}
    lonely = {"name": "one", "kind": "numeric", "values": [7]}
    np.testing.assert_allclose(encoder(listed, lonely).encode([[20, 7], [60, 7]]), [[0.2, 0], [1, 0]])  # type: ignore[arg-type]


def test_weight_becomes_atoms() -> None:
    by_weight = {**ALLOY, "unit": "wt.%"}
    amounts = np.array([[70.0, 12.0, 18.0], [1.0, 98.0, 1.0], [33.3, 33.3, 33.0]])
    expected = atomic_from_weight(amounts, ALLOY["elements"])  # type: ignore[arg-type]
    np.testing.assert_allclose(encoder(by_weight).encode(amounts), expected, rtol=1e-14)


def test_the_same_alloy_by_weight_and_by_atoms_has_the_same_descriptors() -> None:
    atoms = np.array([[20.0, 30.0, 50.0]])
    from designer.chemistry.masses import weight_from_atomic

    weights = 100 * weight_from_atomic(atoms, ALLOY["elements"])  # type: ignore[arg-type]
    first = encoder(ALLOY, descriptors=True).encode(atoms)
    second = encoder({**ALLOY, "unit": "wt.%"}, descriptors=True).encode(weights)
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_descriptors_are_added_and_lie_between_zero_and_one() -> None:
    plain, rich = encoder(ALLOY), encoder(ALLOY, descriptors=True)
    assert rich.columns[: plain.dimension] == plain.columns
    assert {column.role for column in rich.columns[plain.dimension :]} == {"descriptor"}
    rng = np.random.default_rng(0)
    amounts = rng.multinomial(100, [0.3, 0.3, 0.4], size=200).astype(float)
    features = rich.encode(np.concatenate([amounts, 100 * np.eye(3)]))
    np.testing.assert_array_equal(features[:200, : plain.dimension], plain.encode(amounts))
    assert features.min() >= -1e-12
    assert features.max() <= 1 + 1e-12
    names = [column.name for column in rich.columns]
    number = features[:, names.index("alloy: number of elements")]
    assert number[-3:].tolist() == [0, 0, 0]  # pure elements
    assert number[0] == 1.0
    assert not any("f_valence_electrons" in name for name in names)  # the same for Ni, Fe and Cr: left out


def test_off_grid_and_wrong_sum_are_encoded() -> None:
    features = encoder(ALLOY, descriptors=True).encode([[33.4, 33.3, 31.0], [120.0, -3.0, 0.0]])
    assert np.isfinite(features).all()
    np.testing.assert_allclose(features[0, :3], [0.334, 0.333, 0.31])


def test_a_composition_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidData, match="alloy has no amount above zero in 1 designs"):
        encoder(ALLOY).encode([[0, 0, 0], [100, 0, 0]])


def test_choices_described_by_numbers() -> None:
    numbers = {"N2": {"mass": 28, "noble": 0, "same": 3}, "Ar": {"mass": 40, "noble": 1, "same": 3}}
    numbers["air"] = {"mass": 29, "noble": 0, "same": 3}
    coder = encoder({**GAS, "descriptors": numbers}, descriptors=True)
    assert [column.name for column in coder.columns[3:]] == ["gas: mass", "gas: noble"]
    np.testing.assert_allclose(coder.encode([[0], [1], [2]])[:, 3:], [[0, 0], [1, 1], [1 / 12, 0]])  # type: ignore[arg-type]
    assert encoder({**GAS, "descriptors": numbers}).dimension == 3


def test_formulas() -> None:
    parameter = {"name": "formula", "kind": "formula", "formulas": ["Fe2O3", "NiO", "Fe3O4"]}
    coder = encoder(parameter, descriptors=True)
    assert [column.name for column in coder.columns[:3]] == ["formula.O", "formula.Fe", "formula.Ni"]
    features = coder.encode([[1], [0], [1]])
    np.testing.assert_allclose(features[:, :3], [[0.5, 0, 0.5], [0.6, 0.4, 0], [0.5, 0, 0.5]])
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(features[0], features[2])


def test_permuting_parameters_permutes_columns() -> None:
    parameters = [HOT, TIME, GAS, ALLOY, INK]
    row = {"hot": [450], "time": [10], "gas": [2], "alloy": [20, 30, 50], "ink": [5, 15]}
    order = [3, 0, 4, 2, 1]
    first, second = encoder(*parameters, descriptors=True), encoder(*(parameters[i] for i in order), descriptors=True)
    a = first.encode([[x for p in parameters for x in row[p["name"]]]])[0]  # type: ignore[index]
    b = second.encode([[x for i in order for x in row[parameters[i]["name"]]]])[0]  # type: ignore[index]
    named = dict(zip((c.name for c in first.columns), a, strict=True))
    assert named == dict(zip((c.name for c in second.columns), b, strict=True))


def test_permuting_elements_permutes_fractions_and_leaves_descriptors() -> None:
    turned = {**ALLOY, "elements": ["Cr", "Ni", "Fe"]}
    a = encoder(ALLOY, descriptors=True).encode([[20, 30, 50]])[0]
    b = encoder(turned, descriptors=True).encode([[50, 20, 30]])[0]
    np.testing.assert_allclose(a[[2, 0, 1]], b[:3])
    np.testing.assert_allclose(a[3:], b[3:], atol=1e-12)


def test_change_of_unit_changes_nothing() -> None:
    kelvin = {**HOT, "unit": "K", "bounds": [573.15, 1173.15]}
    celsius = np.array([[300.0], [455.0], [900.0], [1000.0]])
    np.testing.assert_allclose(encoder(HOT).encode(celsius), encoder(kelvin).encode(celsius + 273.15), atol=1e-12)
    seconds = {**TIME, "bounds": [60, 60_000]}
    minutes = np.array([[1.0], [17.0], [1000.0]])
    np.testing.assert_allclose(encoder(TIME).encode(minutes), encoder(seconds).encode(minutes * 60), atol=1e-12)


def test_change_of_the_unit_of_amounts_changes_nothing() -> None:
    percent, fraction = encoder(ALLOY), encoder({**ALLOY, "unit": "fraction", "step": 0.01})
    amounts = np.array([[20.0, 30.0, 50.0]])
    np.testing.assert_array_equal(percent.encode(amounts), fraction.encode(amounts))


def test_wrong_width_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not \(n, 1\)"):
        encoder(HOT).encode([[1, 2]])


def test_no_rows() -> None:
    assert encoder(HOT, ALLOY, GAS, descriptors=True).encode(np.empty((0, 5))).shape[0] == 0


def test_a_million_rows_of_eight_take_less_than_a_second() -> None:
    parameters = [{"name": f"x{i}", "kind": "numeric", "bounds": [0, 1 + i]} for i in range(7)]
    coder = encoder(*parameters, TIME)
    coordinates = np.random.default_rng(0).random((1_000_000, 8)) + 0.5
    begin = time.process_time()
    coder.encode(coordinates)
    assert time.process_time() - begin < 1.0


def test_a_linear_parameter_far_from_zero_has_features_without_a_warning() -> None:
    space = DesignSpace(parameters=[{"name": "t", "kind": "numeric", "bounds": [720, 721]}])
    assert Encoder(space).encode([[720.5]]).tolist() == [[0.5]]  # type: ignore[arg-type]
