"""What carries a prediction, against functions with known answers and scikit-learn's permutation importance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import permutation_importance
from torch import Tensor

from designer.priors.stacking.components import Designs
from designer.priors.stacking.property_prior import FittedProperties
from designer.priors.stacking.quantity_posterior import QuantityPosterior
from designer.priors.stacking.source_kernel import Inputs
from designer.properties.contributions import AMOUNTS, ITSELF, background_of, groups_of, shares_of, why
from designer.properties.predictor import PropertyPredictor
from designer.surrogates.data import Quantity
from tests.priors.stacking.compounds import fitted, formulas, stiffness


def common_of(n: int, seed: int) -> Tensor:
    return PropertyPredictor(fitted()).features(pd.DataFrame({"formula": formulas(n, seed)}))


@dataclass
class OfGroups(RegressorMixin, BaseEstimator):
    """An estimator whose columns are groups of features: a cell names the row from which the group is taken."""

    model: QuantityPosterior
    X: Tensor
    groups: list[list[int]]
    fitted_: bool = True

    def fit(self, X: np.ndarray, y: np.ndarray) -> OfGroups:
        return self

    def predict(self, rows: np.ndarray) -> np.ndarray:
        mixed = self.X.clone()
        for g, columns in enumerate(self.groups):
            mixed[:, columns] = self.X[rows[:, g].astype(int)][:, columns]
        return self.model.median(self.model.encode.of_common(mixed))


def permuted(model: QuantityPosterior, X: Tensor, y: np.ndarray) -> dict[str, float]:
    """Return the share of each group in scikit-learn's permutation importance (increase of the squared error)."""
    groups = groups_of(fitted())
    cells = np.tile(np.arange(len(X))[:, None], (1, len(groups))).astype(float)
    estimator = OfGroups(model, X, list(groups.values()))
    measure = "neg_mean_squared_error"
    found = permutation_importance(estimator, cells, y, scoring=measure, n_repeats=10, random_state=0)
    size = np.maximum(found.importances_mean, 0.0)
    return dict(zip(groups, size / size.sum(), strict=True))


@dataclass(frozen=True)
class KnownSight:
    """The sight of a model whose answer is known: it adds three groups of features, and one past task's expectation."""

    prior: FittedProperties

    def __call__(self, X: Tensor) -> Designs:
        return self.of_common(X)

    def of_common(self, common: Tensor) -> Designs:
        return self.of_expected(self.prior.networks.expected(common), self.prior.own(common), common)

    def of_expected(self, M: Tensor, own: Tensor, X: Tensor) -> Designs:
        return Designs(X, Inputs(M, own))


TRUE = {"electronegativity": 3.0, "melting point": 2.0, "row": -1.0}


class KnownModel(QuantityPosterior):
    """Adds the standardised means of three properties."""

    def median(self, designs: Designs) -> np.ndarray:
        names = [column.label for column in fitted().common.columns]
        total = np.zeros(len(designs))
        for name, weight in TRUE.items():
            j = names.index(f"{name.replace(' ', '_')} mean")
            spread = background_of(fitted())[:, j]
            total += weight * ((designs.X[:, j] - spread.mean()) / spread.std()).numpy()
        return total


class KnownTasks(QuantityPosterior):
    """Adds what two past tasks expect."""

    def median(self, designs: Designs) -> np.ndarray:
        return (designs.inputs.M @ torch.tensor([0.0, 2.0, -1.0], dtype=torch.float64)).numpy()


def test_known_properties_are_found_exactly_and_as_permutation_finds_them() -> None:
    model = KnownModel(Quantity("y"), (), (), KnownSight(fitted()), 0)
    X = common_of(60, 4)
    background = X[:40]
    found = why(fitted(), model, X[40:], background, evaluations=3000)
    for i, each in enumerate(found):
        assert sum(value for _, value in each.properties) == pytest.approx(each.value - each.base, abs=1e-6)
        parts = dict(each.properties)
        for name, weight in TRUE.items():
            j = [column.label for column in fitted().common.columns].index(f"{name.replace(' ', '_')} mean")
            spread = background_of(fitted())[:, j].std()
            term = weight * float((X[40 + i, j] - background[:, j].mean()) / spread)
            assert parts[name] == pytest.approx(term, abs=0.25 * abs(weight))
        assert all(abs(value) < 1e-6 for name, value in each.properties if name not in TRUE)
    shares = dict(shares_of(why(fitted(), model, X, X, evaluations=1500), "properties"))
    by_permutation = permuted(model, X, model.median(model.encode.of_common(X)))
    for name in TRUE:
        assert shares[name] == pytest.approx(by_permutation[name], abs=0.08)
    assert sum(shares[name] for name in TRUE) == pytest.approx(1.0)


def test_known_past_tasks_are_found_exactly() -> None:
    prior = fitted()
    model = KnownTasks(Quantity("y"), (), (), KnownSight(prior), 0)
    X = common_of(30, 6)
    M = prior.networks.expected(X).numpy()
    (found,) = why(prior, model, X[:1], X[10:])
    parts = dict(found.tasks)
    assert next(iter(parts)) in (prior.sources[1].label, prior.sources[2].label)
    assert parts[prior.sources[1].label] == pytest.approx(2.0 * (M[0, 1] - M[10:, 1].mean()), abs=1e-5)
    assert parts[prior.sources[2].label] == pytest.approx(-(M[0, 2] - M[10:, 2].mean()), abs=1e-5)
    assert parts[prior.sources[0].label] == pytest.approx(0.0, abs=1e-5)
    assert parts[ITSELF] == pytest.approx(0.0, abs=1e-5)


def test_a_learned_model_agrees_with_permutation_and_names_the_right_past_tasks() -> None:
    texts = formulas(25, 8)
    frame = pd.DataFrame({"formula": texts, "stiffness [GPa]": stiffness(texts)})
    (model,) = PropertyPredictor(fitted(), frame).models
    X = common_of(40, 9)
    found = why(fitted(), model, X[:12], X, evaluations=2000)
    tasks = dict(shares_of(found, "tasks"))
    assert tasks["f/soft-a: softness"] + tasks["f/soft-b: softness"] > 5 * tasks["f/bright: brightness"]
    shares = dict(shares_of(found, "properties"))
    by_permutation = permuted(model, X, model.median(model.encode.of_common(X)))
    names = list(shares)
    assert spearmanr([shares[name] for name in names], [by_permutation[name] for name in names])[0] > 0.7
    leading = [sorted(each, key=each.__getitem__)[-5:] for each in (shares, by_permutation)]
    assert len({*leading[0]} & {*leading[1]}) >= 3


def test_groups_hold_every_feature_once() -> None:
    groups = groups_of(fitted())
    assert sorted(j for columns in groups.values() for j in columns) == list(range(fitted().common.dimension))
    assert {AMOUNTS, "electronegativity", "mixing entropy", "number of elements"} <= set(groups)
    assert len(groups["electronegativity"]) == 5


def test_the_same_seed_tells_the_same() -> None:
    (model,) = PropertyPredictor(fitted(), targets=["brightness"]).models
    one, other = (why(fitted(), model, common_of(1, 3), evaluations=500) for _ in range(2))
    assert one == other
