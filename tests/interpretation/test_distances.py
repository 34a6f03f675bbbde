from __future__ import annotations

import numpy as np
import pytest

from designer.interpretation.distances import clearly_different, distances, parameter_distances
from tests.acquisition.worlds import alloys, box


def test_distances_are_shares_of_the_range() -> None:
    space = alloys()
    first = np.array([[10.0, 0.0, 0.0, 0.0, 300.0, 0.0]])
    second = np.array([[5.0, 5.0, 0.0, 0.0, 450.0, 1.0], [0.0, 0.0, 0.0, 10.0, 900.0, 0.0]])
    expected = [[0.5, 0.25, 1.0], [1.0, 1.0, 0.0]]
    np.testing.assert_allclose(parameter_distances(space, first, second)[0], expected)
    np.testing.assert_allclose(distances(space, first, second)[0], np.sqrt(np.mean(np.square(expected), axis=1)))


def test_distance_is_symmetric_and_zero_to_itself() -> None:
    space = alloys()
    designs = space.sample(8, np.random.default_rng(0))
    table = distances(space, designs, designs)
    np.testing.assert_allclose(table, table.T)
    assert table.diagonal() == pytest.approx(0)


def test_designs_differ_clearly_if_any_parameter_does() -> None:
    space = box(2)
    others = np.array([[0.6, 0.5], [0.5, 0.69], [0.5, 0.7], [0.3, 0.3]])
    assert clearly_different(space, np.array([0.5, 0.5]), others).tolist() == [False, False, True, True]
    assert clearly_different(space, np.array([0.5, 0.5]), others[:0]).tolist() == []
