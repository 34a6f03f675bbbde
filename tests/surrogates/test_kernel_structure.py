from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from designer.space.encoding import FeatureColumn
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.kernel_structure import (
    Descriptors,
    GaussianProcessSettings,
    Layout,
    MainEffects,
    build_kernel,
    build_priors,
)
from tests.surrogates.tables import mixed_columns, mixed_features, smooth

DESCRIBED = (
    *mixed_columns(),
    *(FeatureColumn(f"alloy: {name}", "alloy", "descriptor") for name in ("mean", "spread", "entropy", "range")),
)


def test_groups_and_weights() -> None:
    layout = Layout.of(DESCRIBED)
    assert layout.groups.tolist() == [0, 1, 2, 2, 2, 3, 4, 5, 5, 5, 5]
    assert layout.weights.tolist() == [1, 1, 0.5, 0.5, 0.5, 1, 1, 0.25, 0.25, 0.25, 0.25]


def test_two_choices_lie_one_lengthscale_apart() -> None:
    """A categorical parameter enters as a Hamming distance: 1 for different choices, however many there are."""
    columns = tuple(FeatureColumn(f"c = {i}", "c", "category") for i in range(5))
    X = np.eye(5) * np.sqrt(Layout.of(columns).weights)
    distances = ((X[:, None] - X[None]) ** 2).sum(-1)
    np.testing.assert_allclose(distances, 1.0 - np.eye(5))


def test_descriptors_unused_together_or_beside() -> None:
    def terms(descriptors: Descriptors) -> list[list[int]]:
        kernel = build_kernel(DESCRIBED, GaussianProcessSettings(descriptors=descriptors, main_effects="none"))
        return [term.used.tolist() for term in kernel.terms]

    assert terms("unused") == [list(range(7))]
    assert terms("together") == [list(range(11))]
    assert terms("beside") == [list(range(7)), [0, 1, 2, 3, 4, 7, 8, 9, 10]]


def test_main_effects_are_one_term_a_group() -> None:
    kernel = build_kernel(mixed_columns(), GaussianProcessSettings(main_effects="all"))
    assert [term.used.tolist() for term in kernel.terms[1:]] == [[0], [1], [2, 3, 4], [5], [6]]
    assert {term.variance for term in kernel.terms[1:]} == {1}
    categories = build_kernel(mixed_columns(), GaussianProcessSettings(main_effects="category"))
    assert [term.used.tolist() for term in categories.terms[1:]] == [[2, 3, 4]]
    alone = build_kernel(mixed_columns()[2:5], GaussianProcessSettings(main_effects="all"))
    assert len(alone.terms) == 1


@pytest.mark.parametrize("main_effects", ["none", "category", "all"])
@pytest.mark.parametrize("descriptors", ["unused", "together", "beside"])
def test_priors_scale_with_groups_and_share_the_variance(main_effects: MainEffects, descriptors: Descriptors) -> None:
    settings = GaussianProcessSettings(descriptors=descriptors, main_effects=main_effects, lengthscale=(-0.5, 1.0))
    kernel = build_kernel(DESCRIBED, settings)
    priors = build_priors(kernel, settings)
    assert len(priors.means) == len(priors.deviations) == kernel.lengthscales + kernel.variances + 1
    for term in kernel.terms:
        groups = np.unique(term.groups[term.used])
        np.testing.assert_allclose(priors.means[groups], -0.5 + 0.5 * math.log(len(groups)))
        np.testing.assert_allclose(priors.deviations[groups], 1.0)
    variances = np.exp(priors.means[kernel.lengthscales : -1])
    assert sum(variances[term.variance] for term in kernel.terms) == pytest.approx(math.exp(settings.variance[0]))


@pytest.mark.parametrize("descriptors", ["unused", "together", "beside"])
def test_every_structure_learns(descriptors: Descriptors) -> None:
    def features(n: int, seed: int) -> torch.Tensor:
        X = mixed_features(n, seed)
        share = X[:, [5]]
        return torch.cat([X, share, share**2, share * (1 - share), 1 - share], dim=1)

    X, new = features(50, 0), features(100, 1)
    settings = GaussianProcessSettings(descriptors=descriptors)
    model = fit_gaussian_process(TaskData(X=X, Y=smooth(X)[:, None], columns=DESCRIBED), settings)
    error = model.marginals(new)[0] - smooth(new)
    assert float(error.square().mean()) < 0.1 * float(smooth(new).var())
