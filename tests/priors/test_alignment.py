"""Common features: the same thing in two tasks is the same column, whatever its unit, bounds, elements or order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from designer.priors.alignment import CommonFeatures
from designer.space import DesignSpace

TIME = {"name": "time", "kind": "numeric", "unit": "min", "bounds": [1, 100], "scale": "log"}
GAS = {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]}


def space(*parameters: dict[str, Any]) -> DesignSpace:
    return DesignSpace(parameters=list(parameters))


def alloy(*elements: str, name: str = "alloy") -> dict[str, Any]:
    return {"name": name, "kind": "composition", "elements": list(elements), "unit": "at.%", "step": 10}


def temperature(low: float, high: float, unit: str = "degC", scale: str = "linear") -> dict[str, Any]:
    return {"name": "T", "kind": "numeric", "unit": unit, "bounds": [low, high], "scale": scale}


def common(*spaces: DesignSpace) -> CommonFeatures:
    return CommonFeatures.of([each.encoder.columns for each in spaces])


def through(features: CommonFeatures, target: DesignSpace, designs: list[list[float]]) -> torch.Tensor:
    X = torch.as_tensor(target.encoder.encode(np.array(designs, dtype=float)))
    return features.feature_map(target.encoder.columns)(X)


def test_one_space_is_common_with_itself() -> None:
    one = space(temperature(300, 900), TIME, GAS)
    designs = one.sample(20, np.random.default_rng(0))
    X = torch.as_tensor(one.encoder.encode(designs))
    feature_map = common(one).feature_map(one.encoder.columns)
    torch.testing.assert_close(feature_map(X), X, rtol=0, atol=1e-15)
    assert feature_map.present.all()
    assert (feature_map.missing, feature_map.unknown) == ((), ())


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (temperature(300, 900), 600.0),
        (temperature(573.15, 1173.15, "K"), 873.15),
        (temperature(100, 1000), 600.0),
        (temperature(100, 1000, scale="log"), 600.0),
        (temperature(500, 2000, "K", "log"), 873.15),
    ],
)
def test_a_number_is_the_same_in_other_units_bounds_and_scales(parameter: dict[str, Any], value: float) -> None:
    known = common(space(temperature(300, 900)))
    np.testing.assert_allclose(through(known, space(parameter), [[value]]), [[0.5]], atol=1e-12)


def test_log_scales_of_two_units() -> None:
    known = common(space(TIME))
    hours = space({"name": "time", "kind": "numeric", "unit": "h", "bounds": [0.1, 10], "scale": "log"})
    np.testing.assert_allclose(through(known, hours, [[1.0]]), [[np.log(60) / np.log(100)]], atol=1e-12)


def test_the_axis_spans_all_sources() -> None:
    known = common(space(temperature(300, 600)), space(temperature(673.15, 1173.15, "K")))
    np.testing.assert_allclose(through(known, space(temperature(0, 1000)), [[300], [900]]), [[0], [1]], atol=1e-12)


def test_a_name_with_another_quantity_is_another_parameter() -> None:
    known = common(space(temperature(300, 900)))
    feature_map = known.feature_map(space(temperature(1, 10, "bar")).encoder.columns)
    assert feature_map.missing == ("T",)
    assert feature_map.unknown == ("T",)
    assert not feature_map.shares


def test_what_a_task_does_not_have_stands_at_the_middle_of_the_sources_and_is_named() -> None:
    hot = space(temperature(300, 900), TIME)
    known = common(hot)
    X = torch.as_tensor(hot.encoder.encode(np.array([[300.0, 1], [300, 1], [840, 100]])))
    known = known.with_reference([X], [torch.ones(2, dtype=torch.bool)])
    only_time = space(TIME)
    feature_map = known.feature_map(only_time.encoder.columns)
    assert feature_map.missing == ("T",)
    assert feature_map.present.tolist() == [False, True]
    np.testing.assert_allclose(through(known, only_time, [[10.0]]), [[0.0, 0.5]], atol=1e-12)


def test_choices_are_matched_by_label() -> None:
    known = common(space(GAS), space({**GAS, "choices": ["air", "Ar"]}))
    assert [column.label for column in known.columns] == ["N2", "Ar", "air"]
    other = space({**GAS, "choices": ["O2", "air", "N2"]})
    assert through(known, other, [[0], [1], [2]]).tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 0]]


def test_descriptors_of_choices_are_brought_to_one_scale() -> None:
    def gas(**masses: float) -> DesignSpace:
        descriptors = {name: {"mass": mass} for name, mass in masses.items()}
        return space({**GAS, "choices": list(masses), "descriptors": descriptors})

    known = common(gas(N2=28, Ar=40), gas(N2=28, Xe=131))
    place = [column.role for column in known.columns].index("descriptor")
    found = through(known, gas(Ar=40, Kr=84), [[0], [1]])[:, place]
    np.testing.assert_allclose(found, [(40 - 28) / 103, (84 - 28) / 103])


class TestCompositions:
    def test_elements_are_matched_by_symbol_in_any_composition(self) -> None:
        known = common(space(alloy("Ni", "Fe")), space(alloy("Fe", "Co", name="mixture")))
        found = through(known, space(alloy("Co", "Ni", "Cr")), [[2, 5, 3]])
        assert found[0, :3].tolist() == [0.5, 0.0, 0.2]

    def test_descriptors_are_those_of_the_encoder_where_the_elements_are_the_same(self) -> None:
        one = space(alloy("Ni", "Fe", "Co", "La"))
        designs = one.sample(50, np.random.default_rng(1))
        X = torch.as_tensor(one.encoder.encode(designs))
        found = common(one).feature_map(one.encoder.columns)(X)
        torch.testing.assert_close(found, X, rtol=0, atol=1e-12)

    def test_an_element_that_no_source_holds_counts_in_the_descriptors(self) -> None:
        known = common(space(alloy("Ni", "Fe", "Co")))
        target = space(alloy("Ni", "Cu"))
        pure = through(known, target, [[10, 0], [0, 10]])
        mass = [column.label for column in known.columns].index("atomic_number mean")
        assert pure[:, mass].tolist() == pytest.approx([1.0, 1.5])

    def test_order_of_elements_changes_nothing(self) -> None:
        known = common(space(alloy("Ni", "Fe", "Co")))
        torch.testing.assert_close(
            through(known, space(alloy("Ni", "Cr", "Fe")), [[5, 2, 3]]),
            through(known, space(alloy("Cr", "Fe", "Ni")), [[2, 3, 5]]),
        )


def test_gradients_pass() -> None:
    known = common(space(temperature(300, 900), TIME, alloy("Ni", "Fe", "Co")))
    target = space(temperature(500, 2000, "K", "log"), TIME, alloy("Ni", "Fe"))
    X = torch.as_tensor(target.encoder.encode(np.array([[900.0, 10, 3, 7]]))).requires_grad_()
    feature_map = known.feature_map(target.encoder.columns)
    assert torch.autograd.gradcheck(lambda x: feature_map(x)[:, :5], X)
    feature_map(X).sum().backward()
    assert torch.isfinite(X.grad).all()  # type: ignore[arg-type]


def test_shapes_of_batches_are_kept() -> None:
    one = space(temperature(300, 900), TIME)
    feature_map = common(one).feature_map(one.encoder.columns)
    assert feature_map(torch.zeros(3, 4, 2, dtype=torch.float64)).shape == (3, 4, 2)
    assert feature_map(torch.zeros(0, 2, dtype=torch.float64)).shape == (0, 2)


def test_it_survives_json() -> None:
    import json

    known = common(space(temperature(300, 900), TIME, GAS, alloy("Ni", "Fe", "Co")))
    assert CommonFeatures.from_dict(json.loads(json.dumps(known.as_dict()))) == known
