"""The knowledge gradient against its closed form for two designs."""

import numpy as np
import pytest
from scipy import stats

from designer.acquisition.replication import knowledge_gradients

from .worlds import tensor


@pytest.mark.parametrize("gap", [0.0, 0.5, -1.5])
def test_two_designs_have_a_closed_form(gap: float) -> None:
    covariance, noise = np.array([[1.0, 0.3], [0.3, 0.5]]), 0.2
    found = knowledge_gradients(tensor([gap, 0.0]), tensor(covariance), noise)
    for i in range(2):
        slope = abs(covariance[0, i] - covariance[1, i]) / np.sqrt(covariance[i, i] + noise)
        z = abs(gap) / slope
        assert found[i].item() == pytest.approx(slope * (stats.norm.pdf(z) - z * stats.norm.sf(z)), abs=2e-3)


def test_what_is_known_for_certain_teaches_nothing() -> None:
    covariance = tensor([[0.0, 0.0], [0.0, 1.0]])
    found = knowledge_gradients(tensor([0.0, 0.1]), covariance, 0.1)
    assert found[0] == pytest.approx(0, abs=1e-12)
    assert found[1] > 0.01
