from __future__ import annotations

import numpy as np
import pytest

from designer.interpretation.response import pair_map, slices_through, ternary
from designer.space import DesignSpace
from tests.acquisition.worlds import alloys

SPACE = DesignSpace(
    parameters=[
        *alloys().parameters,
        {"name": "t", "kind": "numeric", "unit": "min", "bounds": [1, 100], "scale": "log"},
        {"name": "fixed", "kind": "numeric", "values": [3]},
    ]
)
X = np.array([6.0, 4.0, 0.0, 0.0, 500.0, 1.0, 10.0, 3.0])


def predict(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a known function, and the temperature as its uncertainty."""
    y = 2 * rows[:, 0] + rows[:, 4] / 100 + np.log10(rows[:, 6]) + 5 * rows[:, 5]
    assert rows[:, :4].sum(1) == pytest.approx(10)
    return np.column_stack([y, -y]), np.repeat(rows[:, 4:5], 2, axis=1)


def test_slices_change_one_parameter_and_pass_through_the_design() -> None:
    found = slices_through(predict, SPACE, X)
    assert [(each.parameter, each.member) for each in found] == [
        ("c", "Ni"), ("c", "Fe"), ("c", "Co"), ("c", "Cr"), ("T", None), ("gas", None), ("t", None),
    ]  # fmt: skip
    by_name = {each.member or each.parameter: each for each in found}
    own = predict(X[None])[0][0, 0]
    for each in found:
        here = np.interp(each.here, each.positions, each.mean[:, 0])
        assert here == pytest.approx(own, abs=0.05)
        np.testing.assert_allclose(each.mean[:, 1], -each.mean[:, 0])
    temperature = by_name["T"]
    np.testing.assert_allclose(temperature.mean[:, 0] - own, (temperature.positions - 500) / 100)
    np.testing.assert_allclose(temperature.sd[:, 0], temperature.positions)
    nickel, iron = by_name["Ni"], by_name["Fe"]
    assert (nickel.positions.min(), nickel.positions.max(), nickel.here) == (0.0, 100.0, 60.0)
    np.testing.assert_allclose(nickel.mean[:, 0] - own, 2 * (nickel.positions - 60) / 10)
    # More iron takes nickel's place in proportion: all that is not iron is nickel.
    np.testing.assert_allclose(iron.mean[:, 0] - own, -2 * (iron.positions - 40) / 10)
    assert by_name["gas"].labels == ("N2", "Ar")
    assert by_name["t"].log
    np.testing.assert_allclose(np.diff(np.log(by_name["t"].positions), 2), 0, atol=1e-12)


def test_map_holds_predictions_over_two_parameters() -> None:
    found = pair_map(predict, SPACE, X, "T", "t")
    a, b = np.meshgrid(found.first, found.second)
    np.testing.assert_allclose(found.mean[:, :, 0], 12 + a / 100 + np.log10(b) + 5)
    np.testing.assert_allclose(found.sd[:, :, 0], a)
    assert (found.units, found.logs) == ((None, "min"), (False, True))


def test_ternary_fixes_the_other_members() -> None:
    x = np.array([3.0, 3.0, 2.0, 2.0, 500.0, 1.0, 10.0, 3.0])
    found = ternary(predict, SPACE, x, "c", ("Ni", "Fe", "Co"))
    assert found.rest == (("Cr", 20.0),)
    np.testing.assert_allclose(found.shares.sum(1), 1)
    np.testing.assert_allclose(found.here, [3 / 8, 3 / 8, 2 / 8])
    np.testing.assert_allclose(found.mean[:, 0], 2 * 8 * found.shares[:, 0] + 11)
    corners = found.shares[(found.shares == 1).any(1)]
    assert len(corners) == 3


def test_ternary_without_any_of_the_members_is_refused() -> None:
    with pytest.raises(ValueError, match="none of Fe, Co, Cr"):
        ternary(predict, SPACE, np.array([10.0, 0, 0, 0, 500, 1, 10, 3]), "c", ("Fe", "Co", "Cr"))
