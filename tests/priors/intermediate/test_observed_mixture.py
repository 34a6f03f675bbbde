"""What a past campaign's relation adds to predictions from observations, and how it is rejected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.priors.baseline import baseline_model
from designer.priors.intermediate.observed_mixture import ObservedMixture, fit_observed
from designer.priors.intermediate.regression import posterior_weights
from designer.priors.intermediate.revision import Revision
from tests.priors.intermediate.past_campaigns import Campaigns, campaigns

SEEDS = range(5)


def error(found: Campaigns, n: int, regression: ObservedMixture | None) -> float:
    """Return the error of the designs without a result, in deviations of their values."""
    baseline = baseline_model(found.first(n)[0])
    X, y = torch.as_tensor(found.X[20:]), found.y[20:]
    mean, _ = baseline.marginals(X)
    if regression is not None:
        revision = regression.revision(X, torch.as_tensor(found.z[20:, None]), baseline)
        mean = revision.mean(*baseline.marginals(X))
    return float(np.sqrt(np.mean((y - mean.numpy()) ** 2)) / y.std())


def moments(revision: Revision, mean: torch.Tensor, variance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the means and variances of a model of designs given their observations, from its own."""
    means, variances = revision.if_informative(mean, variance)
    whole = torch.cat([revision.probabilities, 1.0 - revision.probabilities.sum(0, keepdim=True)])[:, None]
    centre = (whole * torch.cat([means, mean[None]])).sum(0)
    squares = (whole * torch.cat([variances + means.square(), (variance + mean.square())[None]])).sum(0)
    return centre, squares - centre.square()


def of_past(regression: ObservedMixture | None) -> float:
    """Return the probability of the past relation."""
    assert regression is not None
    return sum(each.weight for each in regression.parts if each.past is not None)


@pytest.mark.parametrize("shift", [0.0, 3.0])
@pytest.mark.parametrize(("n", "most"), [(2, 0.6), (3, 0.6), (4, 0.6)])
def test_a_true_relation_predicts_from_the_first_results_on(n: int, most: float, shift: float) -> None:
    """Better than results without it, which need four with observations; another level of the target is no matter."""
    found = [campaigns(seed, shift=shift) for seed in SEEDS]
    ratios = [error(each, n, each.regression(n)) / error(each, n, each.regression(n, past=False)) for each in found]
    assert np.mean(ratios) < most
    assert max(ratios) < 1.0


def test_before_a_result_a_true_relation_predicts_nearly_as_well_as_it_can() -> None:
    for seed in SEEDS:
        found = campaigns(seed)
        regression = found.regression(0)
        assert regression is not None
        assert of_past(regression) == pytest.approx(0.5 / 3.0 + 0.5), "all that is informative"
        mean, _ = regression.parts[0].regression.predict(torch.as_tensor(found.X), torch.as_tensor(found.z[:, None]))
        assert float(np.sqrt(np.mean((found.y - mean.numpy()) ** 2))) < 0.3 * found.y.std()
        assert found.regression(0, past=False) is None


@pytest.mark.parametrize("kind", ["inverted", "shuffled"])
def test_a_wrong_relation_is_rejected_within_few_results(kind: str) -> None:
    ratios = []
    for seed in SEEDS:
        found = campaigns(seed, sign=-1.0) if kind == "inverted" else campaigns(seed, shuffled=True)
        regression, own = found.regression(10), found.regression(10, past=False)
        assert own is not None
        assert regression is not None
        assert of_past(regression) < 0.2
        ratios.append(error(found, 10, regression) / error(found, 10, own))
    assert max(ratios) < 1.1
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.04)


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_results_does_not_matter(order: list[int]) -> None:
    found = campaigns(6)
    relation = found.past.relation((0,))
    assert relation is not None
    data, Z = found.first(6)
    first = fit_observed(data, Z, 0.6, [(found.past, relation)])
    second = fit_observed(data.rows(order), Z[order], 0.6, [(found.past, relation)])
    assert first is not None
    assert second is not None
    assert [each.weight for each in first.parts] == [each.weight for each in second.parts]


def test_the_unit_of_the_target_does_not_matter() -> None:
    found = campaigns(7)
    one = replace(found.past.one, Y=1000.0 * found.past.one.Y + 300.0)
    past = replace(found.past, one=one, learned={})
    other = replace(found, past=past, y=1000.0 * found.y + 300.0)
    for n in (2, 6):
        first, second = found.regression(n), other.regression(n)
        assert first is not None
        assert second is not None
        assert of_past(second) == pytest.approx(of_past(first), rel=1e-3)
        assert error(other, n, second) == pytest.approx(error(found, n, first), rel=1e-3)


def test_without_a_past_campaign_nothing_changes() -> None:
    found = campaigns(8)
    regression = found.regression(8, past=False)
    assert regression is not None
    ((own, weight),) = [(each.regression, each.weight) for each in regression.parts]
    X, Z = torch.as_tensor(found.X[20:]), torch.as_tensor(found.z[20:, None])
    baseline = baseline_model(found.first(8)[0])
    revision = regression.revision(X, Z, baseline)
    mean, variance = baseline.marginals(X)
    given_z, its_variance = own.predict(X, Z)
    expected = (1.0 - weight) * mean + weight * given_z
    moved = weight * (1.0 - weight) * (given_z - mean).square()
    after = moments(revision, mean, variance)
    torch.testing.assert_close(revision.mean(mean, variance), after[0])
    torch.testing.assert_close(after[0], expected, rtol=1e-5, atol=1e-6)
    expected = (1.0 - weight) * variance + weight * its_variance + moved
    torch.testing.assert_close(after[1], expected, rtol=1e-4, atol=1e-6)


def test_weights_are_posterior_probabilities() -> None:
    assert posterior_weights([0.25], [0.0]) == [0.25]
    first, second = posterior_weights([0.2, 0.3], [np.log(2.0), np.log(3.0)])
    assert (first, second) == pytest.approx((0.4 / 1.8, 0.9 / 1.8))
    assert posterior_weights([0.2, 0.3], [900.0, -900.0]) == pytest.approx([1.0, 0.0])
