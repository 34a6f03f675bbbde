"""The regressor keeps the contract of scikit-learn: clone, parameters, validation, pipelines, cross-validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from designer.errors import InvalidData, InvalidInput
from designer.integrations.scikit_learn import PropertyRegressor
from tests.priors.stacking.compounds import fitted, formulas, stiffness

TEXTS = formulas(12, 8)
X = pd.DataFrame({"formula": TEXTS})
Y = stiffness(TEXTS)


@pytest.fixture(scope="module")
def regressor() -> PropertyRegressor:
    return PropertyRegressor(fitted(), "stiffness", "GPa").fit(X, Y)


def test_it_is_a_regressor_whose_parameters_are_stored_and_cloned(regressor: PropertyRegressor) -> None:
    assert is_regressor(regressor)
    copied = clone(PropertyRegressor("learned", "stiffness"))
    assert copied.get_params() == {"prior": "learned", "quantity": "stiffness", "unit": None}
    assert copied.set_params(unit="GPa").unit == "GPa"
    assert not hasattr(copied, "predictor_")
    assert list(regressor.feature_names_in_) == ["formula"]
    assert regressor.n_features_in_ == 1


def test_predictions_are_those_of_the_predictor_with_a_deviation_and_intervals(regressor: PropertyRegressor) -> None:
    value, deviation = regressor.predict(X[:3], return_std=True)
    assert value.shape == deviation.shape == (3,)
    assert (deviation > 0).all()
    (same,) = regressor.predictor_.predict(X[:3])
    np.testing.assert_allclose(value, same.value)
    half, most = (regressor.predict_interval(X[:3], level) for level in (0.5, 0.95))
    assert (most[:, 0] < half[:, 0]).all()
    assert (half[:, 1] < most[:, 1]).all()
    assert regressor.score(X, Y) > 0.5


@pytest.mark.parametrize("designs", [X, X.to_numpy(), TEXTS, np.array(TEXTS)[:, None], X.set_index(X.index + 7)])
def test_designs_may_be_a_frame_an_array_or_texts(regressor: PropertyRegressor, designs: Any) -> None:
    np.testing.assert_allclose(regressor.predict(designs), regressor.predict(X))


def test_it_works_in_a_pipeline_and_in_cross_validation() -> None:
    chained = make_pipeline(FunctionTransformer(lambda table: table), PropertyRegressor(fitted(), "stiffness", "GPa"))
    scores = cross_val_score(chained, X, Y, cv=2)
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()


def test_what_is_wrong_is_said(regressor: PropertyRegressor, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        PropertyRegressor(fitted()).predict(X)
    with pytest.raises(InvalidInput, match="there is no prior"):
        PropertyRegressor().fit(X, Y)
    with pytest.raises(InvalidData, match="5 given values belong to 12 rows"):
        PropertyRegressor(fitted()).fit(X, Y[:5])
    with pytest.raises(InvalidData, match="'formula' is a column of the designs too"):
        PropertyRegressor(fitted(), "formula").fit(X, Y)
    with pytest.raises(InvalidData, match="designs have 2 columns without names"):
        regressor.predict([["Fe", "Co"]])
    with pytest.raises(InvalidInput):
        PropertyRegressor(tmp_path / "none").fit(X, Y)
    with pytest.raises(InvalidData, match="Xx"):
        regressor.predict(["Xx2O"])
