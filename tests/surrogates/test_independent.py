from __future__ import annotations

import pytest
import torch
from botorch.acquisition.objective import ScalarizedPosteriorTransform

from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.independent import IndependentModels
from tests.surrogates.tables import mixed_features, mixed_task


@pytest.fixture(scope="module")
def models() -> IndependentModels:
    return IndependentModels(fit_gaussian_process(mixed_task(10)), fit_gaussian_process(mixed_task(14, seed=1)))


def test_outputs_are_those_of_each_model(models: IndependentModels) -> None:
    X = mixed_features(6, 4).reshape(2, 3, -1)
    joint = models.posterior(X)
    assert models.num_outputs == 2
    assert joint.mean.shape == (2, 3, 2)
    for j, model in enumerate(models.models):
        alone = model.posterior(X)  # type: ignore[operator]
        torch.testing.assert_close(joint.mean[..., [j]], alone.mean)
        torch.testing.assert_close(joint.variance[..., [j]], alone.variance)
        torch.testing.assert_close(models.posterior(X, output_indices=[j]).mean, alone.mean)


def test_noise_goes_to_its_output(models: IndependentModels) -> None:
    X = mixed_features(2, 4)
    noise = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    added = models.posterior(X, observation_noise=noise).variance - models.posterior(X).variance
    torch.testing.assert_close(added, noise.expand(2, 2))


def test_posterior_transforms_work(models: IndependentModels) -> None:
    X = mixed_features(3, 4)
    weights = torch.tensor([1.0, -2.0], dtype=torch.float64)
    transformed = models.posterior(X, posterior_transform=ScalarizedPosteriorTransform(weights))
    torch.testing.assert_close(transformed.mean[:, 0], models.posterior(X).mean @ weights)
