"""Ranks and tests against published and hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.report.comparison import Cube
from benchmarks.report.significance import against, critical_difference, holm, rank_methods


def cube(values: object, names: tuple[str, ...]) -> Cube:
    array = np.asarray(values, dtype=float)
    return Cube(names, tuple(("f", str(i)) for i in range(array.shape[1])), (0,), array[:, :, None])


def pairs(values: object, names: tuple[str, ...]) -> list[Cube]:
    """Return the first method beside each other one."""
    array = np.asarray(values, dtype=float)
    return [cube(array[[0, i]], (names[0], names[i])) for i in range(1, len(names))]


def test_ranks_of_a_published_comparison() -> None:
    """Demsar (JMLR 2006), table 6: AUC of four trees on 14 data sets; ranks 3.143, 2.000, 2.893, 1.964."""
    c45 = [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957]
    c45_m = [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978]
    c45_cf = [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.9751, 0.946]
    c45_m_cf = [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.975, 0.970]
    found = rank_methods(cube(-np.array([c45, c45_m, c45_cf, c45_m_cf]), ("C4.5", "m", "cf", "m+cf")))
    assert found.methods == ("m+cf", "m", "cf", "C4.5")
    assert found.ranks == pytest.approx((1.964, 2.0, 2.893, 3.143), abs=1e-3)
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert 0.01 < found.friedman < 0.05  # chi2 = 9.28 on 3 degrees: 0.026
    assert found.groups == ((0, 3),)


@pytest.mark.parametrize(("methods", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_the_critical_values_are_those_of_the_table(methods: int, q: float) -> None:
    assert critical_difference(methods, 6) * 6 / np.sqrt(methods * (methods + 1)) == pytest.approx(q, abs=2e-3)


def test_methods_that_are_alike() -> None:
    found = rank_methods(cube([[1, 2, 3]] * 3, ("a", "b", "c")))
    assert (found.friedman, found.ranks) == (1.0, (2.0, 2.0, 2.0))
    (one, _) = against(pairs([[1, 2, 3]] * 3, ("a", "b", "c")), "a", margin=1)
    assert (one.p, one.ties, one.inferior_excluded, one.better) == (1.0, 3, True, False)


def test_verdicts() -> None:
    ours = np.arange(20.0)
    found = against(pairs([ours, ours + 5, ours + 0.5, ours - 0.5, ours - 5], ("o", "a", "b", "c", "d")), "o", 1.0)
    assert [(each.other, each.better, each.inferior_excluded) for each in found] == [
        ("a", True, True),
        ("b", True, True),
        ("c", False, True),
        ("d", False, False),
    ]
    assert [each.difference.value for each in found] == [-5, -0.5, 0.5, 5]
    assert [(each.wins, each.losses) for each in found] == [(20, 0), (20, 0), (0, 20), (0, 20)]
    assert all(each.p < 0.001 for each in found)


def test_the_bound_widens_with_the_spread() -> None:
    rng = np.random.default_rng(0)
    apart = rng.normal(0.0, 4.0, size=25)
    apart -= apart.mean()
    (found,) = against(pairs([apart, np.zeros(25)], ("o", "a")), "o", margin=1.0)
    assert found.bound == pytest.approx(1.645 * apart.std() / 5, rel=0.1)
    assert not found.inferior_excluded


def test_holm_never_gives_more_than_one() -> None:
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
