"""Models of a target revised by observations: which ones, from which probability on, and within which bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.priors.baseline import baseline_model
from designer.priors.informed import fit_informed, zero_mean
from designer.priors.interleaving import InterleavedMixture
from designer.priors.intermediate.combined_model import CombinedModel, combined
from designer.priors.intermediate.observed_process import ObservedProcess
from designer.priors.intermediate.observed_target import ObservedTarget
from designer.priors.intermediate.revised_model import same_designs
from designer.priors.intermediate.revision import MIN_PROBABILITY, TRUSTED, revised
from designer.surrogates.forest import fit_forest
from designer.surrogates.model_mixture import Mixture
from tests.priors.intermediate.test_regression import informed_by, task

MOMENT = st.floats(-50.0, 50.0)
VARIANCE = st.floats(1e-4, 1e4)


@settings(max_examples=200, deadline=None)
@given(MOMENT, VARIANCE, MOMENT, VARIANCE, MOMENT, VARIANCE)
def test_observations_move_a_mean_no_further_than_its_two_predictions_are_away(
    mean: float, variance: float, given_z: float, narrow: float, without: float, wide: float
) -> None:
    def number(value: float) -> Any:
        return torch.full((1, 1), value, dtype=torch.float64)

    moved, left = combined(
        (number(mean), number(variance)), (number(given_z), number(narrow)), (number(without), number(wide))
    )
    assert abs(float(moved) - mean) <= (abs(given_z - mean) + abs(without - mean)) * (1.0 + 1e-9) + 1e-9
    assert 0.0 < float(left) <= narrow * (1.0 + 1e-9)


def test_models_of_the_own_results_follow_the_regression_and_others_are_combined_with_it() -> None:
    observed = task(1)
    own = baseline_model(observed.one)
    past = fit_informed(observed.one, zero_mean, ())
    informed = informed_by(observed)
    pair = Mixture([own, fit_forest(observed.one)], [0.7, 0.3])
    found = revised(InterleavedMixture([pair, past], [0.6, 0.4]), informed)
    assert isinstance(found, InterleavedMixture)
    (_, first), (_, second) = found.components
    assert isinstance(first, Mixture)
    assert first.components[0][1] is pair
    assert [type(part) for _, part in first.components][1:] == [ObservedProcess]
    assert first.components[1][0] == pytest.approx(informed[0].probability)
    assert isinstance(second, Mixture)
    assert [type(each) for _, each in second.components] == [type(past), CombinedModel]


def test_observations_that_are_not_probable_enough_change_nothing() -> None:
    observed = task(1)
    own, past = baseline_model(observed.one), fit_informed(observed.one, zero_mean, ())
    (informed,) = informed_by(observed)
    for weight, least, changes in ((0.4, TRUSTED, False), (0.9, TRUSTED, True), (0.4, MIN_PROBABILITY, True)):
        for model in (own, past):
            found = revised(model, [replace(informed, probability=weight)], least)
            assert (found is not model) == changes
    for each in (own, past, Mixture([own, past], [0.5, 0.5])):
        assert revised(each, []) is each
        assert revised(each, [replace(informed, probability=0.01)]) is each


def test_a_design_with_a_part_of_the_observations_is_predicted_by_these() -> None:
    whole = task(3)
    rng = np.random.default_rng(0)
    Z = np.concatenate([whole.Z, 0.5 * whole.Z + rng.normal(size=whole.Z.shape)], axis=1)
    Z_new = np.concatenate([whole.Z_new, rng.normal(size=whole.Z_new.shape)], axis=1)
    Z_new[2:5, 1] = np.nan
    observed = ObservedTarget(whole.one, Z, whole.X_new, Z_new)
    model = cast(ObservedProcess, informed_by(observed)[0].model)
    both, first = observed.regression((0, 1)), observed.regression((0,))
    assert both is not None
    assert first is not None
    known = torch.as_tensor(Z_new)
    cases = ((slice(2, 5), [0], first, 1e-3), (slice(5, 9), [0, 1], both, 0.05))
    for rows, columns, regression, near in cases:
        expected = regression.parts[0].regression.predict(whole.X_new[rows], known[rows][:, columns])
        found = model.marginals(whole.X_new[rows])
        torch.testing.assert_close(found[0], expected[0], rtol=near, atol=near)
        torch.testing.assert_close(found[1], expected[1], rtol=2.0 * near, atol=1e-3)


def test_the_columns_of_most_observations_count_that_enough_results_have() -> None:
    whole = task(3)
    Z = np.concatenate([whole.Z, whole.Z], axis=1)
    for known, expected in ((2, 1), (3, 2), (12, 2)):
        some = Z.copy()
        some[known:, 1] = np.nan
        observed = ObservedTarget(whole.one, some, whole.X_new, np.repeat(whole.Z_new, 2, axis=1))
        assert len(observed._most_known()) == expected
    assert ObservedTarget(whole.one, np.full_like(Z, np.nan), whole.X_new, Z[:0])._most_known() == ()


def test_the_same_designs_are_found_among_many() -> None:
    X = torch.rand(2, 50, 7, dtype=torch.float64)
    Z = torch.cat([X[0, :3], X[1, :2] + 1e-12, torch.rand(4, 7, dtype=torch.float64)])
    expected = (X.unsqueeze(-2) - Z).abs().amax(-1) <= 1e-9
    assert torch.equal(same_designs(X, Z), expected)
    assert int(expected.sum()) == 5
    assert not same_designs(X, Z[5:]).any()
    assert same_designs(X, Z[:0]).shape == (2, 50, 0)
