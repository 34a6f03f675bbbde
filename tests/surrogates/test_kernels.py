from __future__ import annotations

import numpy as np
import pytest

from designer.surrogates.kernel_structure import GaussianProcessSettings, MainEffects, build_kernel
from designer.surrogates.kernels import Hyperparameters
from tests.surrogates.tables import mixed_columns, mixed_features


@pytest.mark.parametrize("main_effects", ["none", "category", "all"])
def test_numpy_and_torch_agree_with_the_formula(main_effects: MainEffects) -> None:
    columns = mixed_columns()
    kernel = build_kernel(columns, GaussianProcessSettings(main_effects=main_effects, offset=0.7))
    rng = np.random.default_rng(0)
    hyper = Hyperparameters(rng.uniform(0.2, 3.0, kernel.lengthscales), rng.uniform(0.5, 2.0, kernel.variances), 0.1)
    X = mixed_features(12, 3)
    expected = np.full((12, 12), 0.7)
    for term in kernel.terms:
        r = np.zeros((12, 12))
        for column in term.used:
            difference = X.numpy()[:, None, column] - X.numpy()[None, :, column]
            r += kernel.weights[column] * difference**2 / hyper.lengthscales[term.groups[column]] ** 2
        s = np.sqrt(5.0 * r)
        expected += hyper.variances[term.variance] * (1 + s + s**2 / 3) * np.exp(-s)
    np.testing.assert_allclose(kernel.matrix(X.numpy(), hyper)[0], expected, atol=1e-12)
    np.testing.assert_allclose(kernel.evaluate(X, X, hyper).numpy(), expected, atol=1e-9)
    assert kernel.prior_variance(hyper) == pytest.approx(expected[0, 0])


def test_gradients_at_equal_designs_are_finite() -> None:
    kernel = build_kernel(mixed_columns(), GaussianProcessSettings())
    hyper = Hyperparameters(np.ones(kernel.lengthscales), np.ones(kernel.variances), 0.1)
    X = mixed_features(3, 0).requires_grad_()
    kernel.evaluate(X, X.detach(), hyper).diagonal().sum().backward()
    assert X.grad is not None
    np.testing.assert_allclose(X.grad.numpy(), 0.0, atol=1e-6)
