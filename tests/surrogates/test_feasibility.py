from __future__ import annotations

import math
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import InvalidData
from designer.space.encoding import FeatureColumn
from designer.surrogates.feasibility import Feasibility
from tests.surrogates.tables import mixed_columns, mixed_features, numeric_columns


def of(points: list[float], outcomes: list[bool]) -> Feasibility:
    X = torch.tensor(points, dtype=torch.float64)[:, None]
    return Feasibility(X, torch.tensor(outcomes), numeric_columns(1))


def at(model: Feasibility, x: float) -> float:
    return float(model.probability(torch.tensor([[x]], dtype=torch.float64)))


def test_without_failures_all_is_feasible_exactly() -> None:
    assert of([0.1, 0.2], [True, True]).log_probability(torch.rand(5, 1)).tolist() == [0.0] * 5
    assert of([], []).log_probability(torch.rand(3, 2, 1)).shape == (3, 2)


def test_one_failure_is_stated_by_the_formula() -> None:
    model = of([0.0], [False])
    rate = 4 / 6
    assert at(model, 0.0) == pytest.approx(0.5 * rate / 1.5)
    assert at(model, 50.0) == pytest.approx(rate)
    r = 0.1 / 0.2
    s = math.sqrt(5) * r
    k = (1 + s + s * s / 3) * math.exp(-s)
    assert at(model, 0.1) == pytest.approx(0.5 * rate / (0.5 + k))


def test_one_failure_does_not_freeze_the_rest() -> None:
    model = of([0.5, 0.0, 0.2, 0.8, 1.0], [False, True, True, True, True])
    assert at(model, 0.5) < 0.5
    assert min(at(model, 0.0), at(model, 1.0)) > 0.8


def test_more_failures_there_make_it_worse_and_successes_better() -> None:
    one = at(of([0.5, 0.0], [False, True]), 0.5)
    two = at(of([0.5, 0.0, 0.52], [False, True, False]), 0.5)
    mended = at(of([0.5, 0.0, 0.52], [False, True, True]), 0.5)
    assert two < one < mended


def test_an_edge_of_one_parameter_among_several_is_learned() -> None:
    X = torch.quasirandom.SobolEngine(4, seed=0).draw(20).to(torch.float64)
    failed = X[:, 2] > 0.8
    model = Feasibility(X, ~failed, numeric_columns(4))
    new = torch.quasirandom.SobolEngine(4, seed=1).draw(64).to(torch.float64)
    beyond, inside = new[:, 2] > 0.9, new[:, 2] < 0.6
    assert float(model.probability(new[beyond]).max()) < 0.3
    assert float(model.probability(new[inside]).min()) > 0.7


def test_a_choice_that_always_fails_is_learned() -> None:
    columns = tuple(FeatureColumn(f"c = {i}", "c", "category") for i in range(3))
    X = torch.eye(3, dtype=torch.float64).repeat(4, 1)
    model = Feasibility(X, X[:, 0] == 0, columns)
    chances = model.probability(torch.eye(3, dtype=torch.float64))
    assert float(chances[0]) < 0.2
    assert float(chances[1:].min()) > 0.8


@given(outcomes=st.lists(st.booleans(), min_size=1, max_size=20), seed=st.integers(0, 50))
def test_probabilities_are_probabilities_in_any_order(outcomes: list[bool], seed: int) -> None:
    X, new = mixed_features(len(outcomes), seed), mixed_features(10, seed + 1)
    succeeded = torch.tensor(outcomes)
    model = Feasibility(X, succeeded, mixed_columns())
    values = model.log_probability(new)
    assert bool((values <= 0).all())
    assert bool(torch.isfinite(values).all())
    turned = Feasibility(X.flip(0), succeeded.flip(0), mixed_columns()).log_probability(new)
    torch.testing.assert_close(turned, values, rtol=1e-9, atol=1e-12)


def test_it_is_differentiable() -> None:
    model = Feasibility(mixed_features(8, 0), torch.arange(8) % 2 == 0, mixed_columns())
    X = mixed_features(3, 1).requires_grad_()
    assert torch.autograd.gradcheck(model.log_probability, (X,))


def test_descriptors_play_no_part() -> None:
    columns = (*numeric_columns(1), FeatureColumn("d", "x0", "descriptor"))
    X = torch.tensor([[0.1, 5.0], [0.9, -3.0]], dtype=torch.float64)
    model = Feasibility(X, torch.tensor([True, False]), columns)
    one, other = torch.tensor([[0.4, 0.0]]).double(), torch.tensor([[0.4, 99.0]]).double()
    assert float(model.probability(one)) == float(model.probability(other))


def test_shapes_must_agree() -> None:
    with pytest.raises(InvalidData, match="2 outcomes"):
        Feasibility(torch.zeros(3, 1), torch.tensor([True, False]), numeric_columns(1))
    with pytest.raises(InvalidData, match="NaN"):
        Feasibility(torch.tensor([[float("nan")]]), torch.tensor([True]), numeric_columns(1))


def test_a_million_designs_are_quick() -> None:
    X = torch.rand(30, 8, dtype=torch.float64)
    model = Feasibility(X, torch.arange(30) > 4, numeric_columns(8))
    pool = torch.rand(1_000_000, 8, dtype=torch.float64)
    begun = time.thread_time()
    assert model.log_probability(pool).shape == (1_000_000,)
    assert time.thread_time() - begun < 5.0  # about 0.7 s on an idle machine
