"""The relation of a target to observations that a past campaign tells: against closed forms, units and orders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import FloatArray
from designer.priors.intermediate.past_relation import PastRelation, learned_relation
from designer.priors.intermediate.related_regression import fit_related
from designer.surrogates.kernels import matern
from designer.surrogates.variance_inflation import inflation_factor
from tests.priors.intermediate.past_campaigns import NOISE, campaigns

AT = torch.linspace(-3.0, 3.0, 7, dtype=torch.float64)[:, None]


def learned(seed: int = 0) -> PastRelation:
    relation = campaigns(seed).past.relation((0,))
    assert relation is not None
    return relation


def prior(relation: PastRelation, Z1: torch.Tensor, Z2: torch.Tensor) -> FloatArray:
    """Return the prior covariance of r, written out."""
    linear, smooth = relation.hyperparameters.variances
    distance = (Z1 - Z2.T) / float(relation.hyperparameters.lengthscales[0])
    return (1.0 + linear * Z1 @ Z2.T + smooth * matern(distance.square())).numpy()


def test_a_relation_is_the_posterior_of_one_summand() -> None:
    """Of the past values' covariance only the part of r is shared with r at new observations."""
    one = campaigns(0)
    relation = learned()
    total = np.linalg.inv(relation.precision.numpy())
    z = total @ relation.weights.numpy()
    cross = prior(relation, AT, relation.Z)
    np.testing.assert_allclose(relation.mean(AT).numpy(), cross @ np.linalg.solve(total, z), atol=1e-6)
    expected = prior(relation, AT, AT) - cross @ np.linalg.solve(total, cross.T)
    np.testing.assert_allclose(relation.covariance(AT, AT).numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(relation.variance(AT).numpy(), np.diag(expected), atol=1e-6)
    assert relation.values.sort().values.tolist() == pytest.approx(sorted(one.past.one.Y[:, 0].tolist()))


def test_a_relation_is_the_true_one_within_the_past_observations_and_unknown_far_away() -> None:
    relation, y = learned(), campaigns(0).past.one.Y[:, 0]
    z = torch.linspace(-1.0, 1.0, 9, dtype=torch.float64)[:, None]  # the target is z itself
    found = y.mean() + y.std() * relation.mean(relation.standardised(z))
    assert float((found - z[:, 0]).abs().max()) < 2.0 * NOISE
    near, far = (relation.variance(torch.tensor([[at]], dtype=torch.float64)) for at in (0.0, 30.0))
    assert float(far) > 20.0 * float(near)


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(60)))
def test_the_order_of_past_results_does_not_matter(order: list[int]) -> None:
    past = campaigns(1).past
    first = learned_relation(past.one, past.Z)
    second = learned_relation(past.one.rows(order), past.Z[order])
    assert first is not None
    assert second is not None
    assert torch.equal(first.mean(AT), second.mean(AT))
    assert torch.equal(first.variance(AT), second.variance(AT))


@pytest.mark.parametrize(("a", "b"), [(1000.0, -300.0), (-0.001, 5.0)])
def test_units_do_not_matter(a: float, b: float) -> None:
    """A relation follows affine changes of the observation and of the target, as do predictions from it."""
    found = campaigns(2)
    data, Z = found.first(5)
    relation = learned_relation(found.past.one, found.past.Z)
    changed = learned_relation(replace(found.past.one, Y=a * found.past.one.Y + b), 7.0 * found.past.Z - 40.0)
    assert relation is not None
    assert changed is not None
    X, z = torch.as_tensor(found.X[20:]), torch.as_tensor(found.z[20:, None])
    first = fit_related(data, torch.as_tensor(Z), relation)
    second = fit_related(replace(data, Y=a * data.Y + b), torch.as_tensor(7.0 * Z - 40.0), changed)
    mean, variance = first.predict(X, z)
    in_unit = second.predict(X, 7.0 * z - 40.0)
    torch.testing.assert_close(in_unit[0], a * mean + b, rtol=1e-4, atol=1e-4 * abs(a))
    torch.testing.assert_close(in_unit[1], a**2 * variance, rtol=1e-3, atol=0.0)


def test_a_regression_around_a_relation_is_a_process_with_its_mean_and_covariance() -> None:
    found, relation = campaigns(3), learned(3)
    data, Z = found.first(6)
    related = fit_related(data, torch.as_tensor(Z), relation)
    process, factor = related.model.process, inflation_factor(6 + 2) ** 2
    X, at = torch.as_tensor(found.X[20:25]), relation.standardised(torch.as_tensor(found.z[20:25, None]))
    z = relation.standardised(torch.as_tensor(Z))
    lengths, (own,) = process.hyperparameters.lengthscales, process.hyperparameters.variances

    def covariance(X1: torch.Tensor, X2: torch.Tensor, Z1: torch.Tensor, Z2: torch.Tensor) -> torch.Tensor:
        away = ((X1[:, None] - X2) / torch.as_tensor(lengths)).square().sum(-1)
        return relation.unexplained + own * matern(away) + factor * relation.covariance(Z1, Z2)

    scale, centre = process.output.scale, process.output.centre
    K = covariance(data.X, data.X, z, z) + process.hyperparameters.noise * torch.eye(6)
    cross = covariance(X, data.X, at, z)
    rest = (data.Y[:, 0] - centre) / scale - relation.mean(z)
    mean = centre + scale * (relation.mean(at) + cross @ torch.linalg.solve(K, rest))
    variance = scale**2 * (covariance(X, X, at, at) - cross @ torch.linalg.solve(K, cross.T)).diagonal()
    predicted = related.predict(X, torch.as_tensor(found.z[20:25, None]))
    torch.testing.assert_close(predicted[0], mean, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(predicted[1], variance, rtol=1e-5, atol=1e-8)


def test_without_results_the_past_relation_itself_is_predicted() -> None:
    found, relation = campaigns(4), learned(4)
    data, Z = found.first(0)
    mean, variance = fit_related(data, torch.as_tensor(Z), relation).predict(
        torch.as_tensor(found.X), torch.as_tensor(found.z[:, None])
    )
    y = relation.values
    z = relation.standardised(torch.as_tensor(found.z[:, None]))
    torch.testing.assert_close(mean, y.mean() + y.std() * relation.mean(z), rtol=1e-6, atol=1e-6)
    assert bool((variance > 0.0).all())


def test_nothing_is_learned_of_few_results_or_of_constant_ones() -> None:
    past = campaigns(5).past
    assert learned_relation(past.one.first(2), past.Z[:2]) is None
    assert learned_relation(past.one, np.full_like(past.Z, np.nan)) is None
    assert learned_relation(past.one, np.full_like(past.Z, 3.0)) is None
    assert learned_relation(replace(past.one, Y=torch.full_like(past.one.Y, 2.0)), past.Z) is None


def test_a_relation_is_learned_once_and_taken_over_in_the_units_of_the_new_campaign() -> None:
    past = campaigns(5).past
    first, other = past.relation((0,)), replace(past, centre=np.array([2.0]), deviation=np.array([5.0])).relation((0,))
    assert first is not None
    assert other is not None
    assert first.Z is other.Z, "the same one"
    torch.testing.assert_close(first.standardised(AT), other.standardised((AT - 2.0) / 5.0))
