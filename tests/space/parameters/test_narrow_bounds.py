"""Bounds that leave little or nothing: every mixture is refused with the reason, or sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer.errors import InvalidSpace
from designer.space import DesignSpace

FEASIBLE = [
    (40, [2.4999, 2.6], {}),
    (40, [2.4999, 2.5001], {}),
    (40, [2.5, 2.6], {}),
    (40, [2.4, 2.5], {}),
    (40, [0, 2.5001], {}),
    (30, [3.3333, 3.4], {}),
    (12, [8.3333, 8.3334], {}),
    (100, [0.9999, 1.1], {}),
    (3, [33.3333, 33.3334], {}),
    (40, [2.4999, 2.6], {"zero_or": True}),
    (40, [2.5641, 2.5642], {"zero_or": True, "max_nonzero": 39}),
    (40, [2.5641, 2.5642], {"zero_or": True, "max_nonzero": 39, "min_nonzero": 3}),
]
INFEASIBLE = [
    (40, [2.4, 2.4999], {}, "highest amounts sum to 99.996 percent, less than the total of 100"),
    (40, [2.5001, 2.6], {}, "lowest amounts sum to 100.004 percent, more than the total of 100"),
    (118, [0.8474, 0.8475], {"zero_or": True, "max_nonzero": 117}, "no amounts within the bounds sum to 100 percent"),
    (40, [2.4, 2.50001], {}, "the bounds or fixed amounts are finer than a millionth of the total"),
    (3, [50.0001, 60], {"zero_or": True}, "no amounts within the bounds sum to 100 percent"),
]


def mixture(number: int, bounds: Any, keys: dict[str, Any]) -> DesignSpace:
    names = [f"c{i}" for i in range(number)]
    parameter = {"name": "ink", "kind": "mixture", "components": names, "unit": "percent", "bounds": bounds, **keys}
    return DesignSpace(parameters=[parameter])


@pytest.mark.parametrize(("number", "bounds", "keys"), FEASIBLE)
def test_narrow_bounds_are_sampled(number: int, bounds: list[float], keys: dict[str, Any]) -> None:
    space = mixture(number, bounds, keys)
    designs = space.sample(30, np.random.default_rng(0))
    assert space.valid(designs).all()
    again = space.sample(30, np.random.default_rng(0))
    assert np.array_equal(designs, again)
    assert space.valid(space.neighbours(designs, 2, np.random.default_rng(0), 0.1)).all()


def test_what_is_left_over_goes_to_all_members_alike() -> None:
    space = mixture(30, [3.3333, 3.4], {})
    amounts = space.sample(400, np.random.default_rng(0)) - 33333
    means = amounts.mean(axis=0)
    assert amounts.sum(axis=1).tolist() == [10] * len(amounts)
    assert means.min() > 0.5 * means.max()


@pytest.mark.parametrize(("number", "bounds", "keys", "message"), INFEASIBLE)
def test_infeasible_bounds_are_faults(number: int, bounds: list[float], keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpace, match=message):
        mixture(number, bounds, keys)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bounds_are_refused_or_sampled(data: st.DataObject) -> None:
    number = data.draw(st.integers(2, 45))
    fair = 100 / number
    digits = data.draw(st.integers(0, 4))
    spread = st.sampled_from([0.0, 1e-4, 1e-3, 0.1, 1.0]).map(lambda size: size * fair)
    low = round(max(fair - data.draw(spread), 0.0), digits)
    high = round(min(fair + data.draw(spread), 100.0), digits)
    keys: dict[str, Any] = {"zero_or": data.draw(st.booleans())}
    if data.draw(st.booleans()):
        keys["max_nonzero"] = data.draw(st.integers(max(1, number - 3), number))
    if data.draw(st.booleans()):
        ends = st.sampled_from([0.0, 1.0, low, high, 50.0])
        keys["bounds"] = {"*": [low, high], "c0": sorted([data.draw(ends), data.draw(ends)])}
    bounds = keys.pop("bounds", [low, high])
    try:
        space = mixture(number, bounds, keys)
    except InvalidSpace:
        return
    assert space.valid(space.sample(5, np.random.default_rng(0))).all()


@pytest.mark.parametrize("total", [120, 7, 0.3, 250, 33, 1e-3, 999.9])
@pytest.mark.parametrize("bounds", [(0.1, 0.5), (0.25, 0.35), (0.333, 0.334)])
def test_any_total_takes_bounds(total: float, bounds: tuple[float, float]) -> None:
    """A total such as 120 has no 10,000th of which 10 is a multiple."""
    low, high = (float(f"{share * total:.3g}") for share in bounds)
    mixture = {"name": "m", "kind": "mixture", "components": ["a", "b", "c"], "unit": "ug", "total": total}
    space = DesignSpace(parameters=[{**mixture, "bounds": {"a": [low, high], "b": [low, high]}}])
    designs = space.sample(50, np.random.default_rng(0))
    assert space.valid(designs).all()
    amounts = space.frame(designs).to_numpy(dtype=float)
    assert amounts.sum(axis=1) == pytest.approx(np.full(50, total), rel=1e-12)
    assert (amounts[:, :2] >= low).all()
    assert (amounts[:, :2] <= high).all()
