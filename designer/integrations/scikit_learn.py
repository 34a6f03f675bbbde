"""Predictions of properties as a regressor of scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from designer.arrays import FloatArray
from designer.counting import count
from designer.errors import Fault, InvalidData, InvalidInput
from designer.priors.kinds import load_properties
from designer.priors.stacking.property_posterior import Prediction
from designer.priors.stacking.property_prior import FittedProperties
from designer.properties.predictor import PropertyPredictor

_LEVEL = 0.6826894921370859
"""The probability within one standard deviation of a normal distribution."""


class PropertyRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Predicts one property of designs from past tasks and the training data.

    It follows the contract of scikit-learn's regressors: parameters are stored as they are, `fit` returns the
    regressor, and `clone`, `cross_val_score`, `GridSearchCV` and pipelines take it. Designs are rows of a data frame
    with the columns of past tasks, such as ``formula`` and ``temperature``; a sequence of texts is one column.

    Parameters
    ----------
    prior
        A prior over properties (`PropertyPrior().fit(tasks, seed=0)`), or the folder of a saved one.
    quantity
        The name of the property, where past tasks measured it; a quantity of its own unless given.
    unit
        Its unit, where `quantity` has one; that of past tasks unless given.

    Attributes
    ----------
    feature_names_in_, n_features_in_
        The columns of the training data.
    predictor_
        The `PropertyPredictor` behind it.
    """

    def __init__(
        self, prior: FittedProperties | Path | str | None = None, quantity: str = "value", unit: str | None = None
    ) -> None:
        self.prior = prior
        self.quantity = quantity
        self.unit = unit

    def fit(self, X: Any, y: Any) -> PropertyRegressor:
        """Learn from designs (``n`` rows) and values (``n``), in the quantity's unit.

        Raises
        ------
        InvalidData
            With every fault of the table, or if the values are not as many as the designs.
        InvalidPrior
            If the prior cannot be read, or has nothing in common with the designs.
        """
        if self.prior is None:
            raise InvalidInput(Fault("there is no prior", "give a fitted prior over properties, or its folder"))
        prior = load_properties(self.prior) if isinstance(self.prior, Path | str) else self.prior
        designs = self._frame(X, None, prior)
        values = np.asarray(y, dtype=object).ravel()
        if len(values) != len(designs):
            what = f"{count(len(values), 'given value')} belong to {count(len(designs), 'row')}"
            raise InvalidData(Fault(what, "give one value for each design"))
        header = self.quantity if self.unit is None else f"{self.quantity} [{self.unit}]"
        if header in designs.columns:
            raise InvalidData(Fault(f"{header!r} is a column of the designs too", "give another quantity"))
        measured = designs.assign(**{header: values})
        self.predictor_ = PropertyPredictor(prior, measured, [self.quantity])
        self.feature_names_in_ = np.array(designs.columns, dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        return self

    def predict(self, X: Any, return_std: bool = False) -> FloatArray | tuple[FloatArray, FloatArray]:
        """Return the medians of designs (``n``), with half the width of the central 68 % intervals if asked for.

        Raises
        ------
        NotFittedError
            Before `fit`.
        InvalidData
            With every fault of the table.
        """
        prediction = self._predicted(X, _LEVEL)
        if not return_std:
            return prediction.value
        return prediction.value, (prediction.upper - prediction.lower) / 2

    def predict_interval(self, X: Any, level: float = 0.9) -> FloatArray:
        """Return the intervals (``n x 2``) that contain a measurement with a probability of `level`."""
        prediction = self._predicted(X, level)
        return np.column_stack([prediction.lower, prediction.upper])

    def _predicted(self, X: Any, level: float) -> Prediction:
        check_is_fitted(self, "predictor_")
        designs = self._frame(X, [str(name) for name in self.feature_names_in_], self.predictor_.prior)
        (prediction,) = self.predictor_.predict(designs, level=level)
        return prediction

    def _frame(self, X: Any, names: list[str] | None, prior: FittedProperties) -> pd.DataFrame:
        """Return designs as a data frame: as it is, or named as the training data or the prior's first space."""
        if isinstance(X, pd.DataFrame):
            return X.reset_index(drop=True)
        cells = np.asarray(X, dtype=object)
        cells = cells.reshape(len(cells), -1)
        if names is None:
            from designer.space import DesignSpace

            spaces = [list(DesignSpace(parameters=grammar).columns) for grammar in prior.spaces]
            names = next((columns for columns in spaces if len(columns) == cells.shape[1]), None)
        if names is None or len(names) != cells.shape[1]:
            wanted = "" if names is None else f": {', '.join(names)}"
            what = f"designs have {count(cells.shape[1], 'column')} without names"
            raise InvalidData(Fault(what, f"give a data frame with the columns of the designs{wanted}"))
        return pd.DataFrame(cells, columns=names)
