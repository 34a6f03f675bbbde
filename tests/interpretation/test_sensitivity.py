"""Sensitivities against functions whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from botorch.models.deterministic import GenericDeterministicModel

from designer.interpretation.sensitivity import feature_shares, importance, more_of_each
from tests.acquisition.worlds import gaussian_process, measured, tensor

PARTS = [slice(0, 1), slice(1, 2), slice(2, 3)]


def test_indices_of_the_ishigami_function() -> None:
    """f = sin a + 7 sin^2 b + 0.1 c^4 sin a on [-pi, pi]^3 (Ishigami and Homma 1990): its indices are closed."""
    rng = np.random.default_rng(0)
    A, B = rng.uniform(-np.pi, np.pi, (2, 40_000, 3))

    def ishigami(X: np.ndarray) -> np.ndarray:
        a, b, c = X.T
        return (np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a))[:, None]

    found = importance(ishigami, A, B, PARTS)
    np.testing.assert_allclose(found.first[:, 0], [0.3139, 0.4424, 0.0], atol=0.02)
    np.testing.assert_allclose(found.total[:, 0], [0.5576, 0.4424, 0.2437], atol=0.02)
    assert found.variance[0] == pytest.approx(13.845, rel=0.02)


def test_constant_function_has_no_importance() -> None:
    X = np.random.default_rng(0).uniform(size=(2, 16, 3))
    found = importance(lambda rows: np.full((len(rows), 1), 3.0), X[0], X[1], PARTS)
    assert not found.first.any()
    assert not found.total.any()


def test_samples_of_different_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="two of equal shape"):
        importance(lambda rows: rows, np.zeros((3, 3)), np.zeros((2, 3)), PARTS)


def test_more_of_one_member_leaves_the_others_in_proportion() -> None:
    """Of a linear blend sum b_i x_i, Cox's effect of member i is by (b_i - mean of the others' b)."""
    shares, b = np.array([2.0, 3.0, 0.0, 5.0]), np.array([1.0, -2.0, 4.0, 0.5])
    members, raised = more_of_each(shares, 1.0)
    assert members.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(raised.sum(1), 10.0)
    others = (b @ shares - b * shares) / (10.0 - shares)
    np.testing.assert_allclose(raised @ b - shares @ b, b - others)


def test_member_that_cannot_be_raised_is_left_out() -> None:
    members, raised = more_of_each(np.array([9.5, 0.5, 0.0]), 1.0)
    assert members.tolist() == [1, 2]
    assert (raised >= 0).all()


def test_feature_shares_of_a_linear_model_are_slopes_times_differences() -> None:
    slopes = tensor([2.0, -1.0, 0.0])
    model = GenericDeterministicModel(lambda X: (X * slopes).sum(-1, keepdim=True), num_outputs=1)
    x, background = tensor([1.0, 2.0, 3.0]), tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    np.testing.assert_allclose(feature_shares(model, x, background), [1.0, -1.5, 0.0], atol=1e-12)


def test_feature_shares_of_a_gaussian_process_sum_to_the_difference_of_its_means() -> None:
    X, Y = measured(n=10, d=3)
    model = gaussian_process(X, Y[:, 0])
    x, background = tensor([0.2, 0.9, 0.5]), tensor(np.random.default_rng(1).uniform(size=(4, 3)))
    shares = feature_shares(model, x, background)
    means = model.marginals(torch.cat([x[None], background]))[0].numpy()
    assert shares.sum() == pytest.approx(means[0] - means[1:].mean(), abs=1e-5)


def test_parameter_explains_alone_at_most_what_it_explains_with_interactions() -> None:
    designs, others = np.random.default_rng(1).uniform(size=(2, 20, 3))  # few, so that the estimates have large errors
    found = importance(lambda rows: rows @ np.array([[1.0], [0.3], [0.0]]) ** 3, designs, others, PARTS)
    assert (found.first <= found.total).all()
