"""Outliers: results that the other results do not predict."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from designer.arrays import FloatArray
from designer.space import DesignSpace
from designer.surrogates import gaussian_process
from designer.surrogates.data import TaskData
from designer.surrogates.fitting import LogPosterior
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.kernels import Hyperparameters
from designer.surrogates.robust.decimal_slips import decimal_slip
from designer.surrogates.robust.outlier_search import MAX_OUTLIER_SHARE
from designer.surrogates.robust.outliers import outlier_threshold, outliers, winsorise_outliers, without
from designer.surrogates.variance_inflation import inflation_factor
from tests.surrogates.tables import numeric_columns

SPACE = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}])
MANY = {5: 10.0, 12: 10.0, 18: 0.1}


def data(wrong: Mapping[int, float], n: int = 24, variance: float | None = None) -> TaskData:
    x = torch.linspace(0, 1, n, dtype=torch.float64)[:, None]
    y = 5 + torch.sin(6 * x) + 0.02 * torch.from_numpy(np.random.default_rng(0).normal(size=(n, 1)))
    for row, factor in wrong.items():
        y[row] *= factor
    return TaskData(x, y, SPACE.encoder.columns, None if variance is None else torch.full_like(y, variance))


def process(given: TaskData) -> GaussianProcess:
    return fit_gaussian_process(given, wide=True)


@pytest.mark.parametrize("n", [0, 1, 4, 5, 24])
def test_sound_results_hold_none(n: int) -> None:
    assert outliers(data({}, n), 0) == ()


@pytest.mark.parametrize("variance", [None, 4e-4])
@pytest.mark.parametrize("wrong", [{7: 10.0}, {3: 0.1}, {0: 1e6}, MANY])
def test_wrong_results_are_found_and_hide_the_others_no_more(wrong: dict[int, float], variance: float | None) -> None:
    sound, given = data({}), data(wrong, variance=variance)
    found = outliers(given, 0)
    assert [each.row for each in found] == sorted(wrong)
    assert [each.value for each in found] == given.Y[sorted(wrong), 0].tolist()
    assert [each.expected for each in found] == pytest.approx(sound.Y[sorted(wrong), 0].tolist(), abs=0.2)
    errors = [
        float((process(each).marginals(sound.X)[0] - sound.Y[:, 0]).square().mean().sqrt())
        for each in (without(given, found), winsorise_outliers(given, found), given)
    ]
    assert errors[0] < 0.1
    assert errors[1] < (0.25 if variance is None else 0.5)
    assert errors[1] < errors[2]


def test_the_threshold_is_that_of_the_process_of_the_others() -> None:
    given = data(MANY)
    rest = process(without(given, outliers(given, 0)))
    for each in outliers(given, 0):
        mean, variance = rest.marginals(given.X[[each.row]])
        reach = outlier_threshold(21) * float(variance + rest.noise_variance) ** 0.5
        assert each.expected == pytest.approx(float(mean))
        assert abs(each.edge - each.expected) == pytest.approx(reach)
        assert (each.edge > each.expected) == (each.value > each.expected)


@pytest.mark.parametrize("results", [3, 6, 22, 500])
def test_a_correct_result_lies_beyond_the_threshold_as_rarely_as_beyond_five_deviations(results: int) -> None:
    narrow = outlier_threshold(results) * inflation_factor(results - 2)
    assert t.sf(narrow, results - 2) == pytest.approx(norm.sf(5.0))


def test_noise_alone_is_hardly_ever_flagged() -> None:
    rng = np.random.default_rng(3)
    x = torch.linspace(0, 1, 15, dtype=torch.float64)[:, None]
    found = [outliers(TaskData(x, torch.from_numpy(rng.normal(size=(15, 1))), SPACE.encoder.columns), 0)
             for _ in range(60)]  # fmt: skip
    assert sum(map(bool, found)) <= 1


@given(st.sampled_from([-1.0, 0.01, 300.0]), st.sampled_from([-40.0, 0.0, 7.0]), st.permutations(range(24)))
def test_they_are_the_same_in_any_unit_sign_and_order(slope: float, shift: float, order: list[int]) -> None:
    given = data(MANY)
    turned = TaskData(given.X[order], slope * given.Y[order] + shift, given.columns)
    first, second = outliers(given, 0), outliers(turned, 0)
    by_row = {order[each.row]: each for each in second}
    assert sorted(by_row) == [each.row for each in first]
    for each in first:
        assert by_row[each.row].edge == pytest.approx(slope * each.edge + shift, rel=1e-4, abs=1e-4 * abs(slope))


@pytest.mark.parametrize(("second", "flagged"), [(1.02, []), (1.4, []), (0.1, [7]), (2.5, [7, 24])])
def test_a_second_measurement_confirms_a_result_or_does_not(second: float, flagged: list[int]) -> None:
    given = data({7: 10.0})
    again = TaskData(
        torch.cat([given.X, given.X[[7]]]), torch.cat([given.Y, second * given.Y[[7]]]), SPACE.encoder.columns
    )
    assert [each.row for each in outliers(again, 0)] == flagged


def test_near_designs_that_agree_are_no_outliers() -> None:
    assert outliers(data({7: 10.0, 8: 10.0, 9: 10.0}), 0) == ()


def test_a_winsorised_value_still_stands_out() -> None:
    """A discovery is worth a look at the designs beside it."""
    space = DesignSpace(parameters=[{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in "abc"])
    X = torch.rand(14, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    y = 1 + torch.sin(3 * X[:, :1])
    y[9] = 60.0
    given = TaskData(X, y, space.encoder.columns)
    (found,) = outliers(given, 0)
    mean, _ = process(winsorise_outliers(given, [found])).marginals(X)
    assert found.row == 9
    assert int(mean.argmax()) == 9
    assert float(mean[9]) > 1.4 * float(mean[y[:, 0] < 60].max())


def test_each_target_is_judged_by_its_own_results() -> None:
    given = data({7: 10.0})
    both = TaskData(given.X, torch.cat([data({}).Y, given.Y], dim=1), SPACE.encoder.columns)
    assert outliers(both, 0) == ()
    (found,) = outliers(both, 1)
    assert (found.row, found.target) == (7, 1)
    drawn = winsorise_outliers(both, [found])
    assert torch.equal(drawn.Y[:, 0], both.Y[:, 0])
    assert int((drawn.Y != both.Y).sum()) == 1
    assert int(torch.isnan(without(both, [found]).Y).sum()) == 1


def test_at_most_a_share_is_flagged() -> None:
    wrong = dict.fromkeys(range(0, 24, 3), 10.0)
    assert len(outliers(data(wrong), 0)) <= MAX_OUTLIER_SHARE * 24


def test_a_process_that_is_known_already_changes_nothing() -> None:
    given = data(MANY)
    assert outliers(given, 0, process(given)) == outliers(given, 0)


class TestManyResults:
    """Hyperparameters are learned a bounded number of times, from a bounded number of results."""

    def data(self, n: int, wrong: list[int]) -> TaskData:
        rng = np.random.default_rng(n)
        X = torch.from_numpy(rng.random((n, 2)))
        y = torch.sin(5 * X[:, 0]) + X[:, 1] + 0.1 * torch.from_numpy(rng.normal(size=n))
        y[wrong] -= 8
        return TaskData(X, y[:, None], columns=numeric_columns(2))

    @pytest.mark.parametrize("n", [151, 400, 900])
    def test_all_planted_outliers_and_no_others_are_found_with_one_more_fit(
        self, n: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = list(range(3, n, 97))
        data = self.data(n, wrong)
        sizes: list[int] = []
        fit = gaussian_process.maximum_posterior  # type: ignore[attr-defined]

        def counted(problem: LogPosterior, starts: FloatArray) -> Hyperparameters:
            sizes.append(len(problem.z))
            return fit(problem, starts)

        monkeypatch.setattr(gaussian_process, "maximum_posterior", counted)
        assert [each.row for each in outliers(data, 0)] == wrong
        assert len(sizes) == 2
        assert max(sizes) <= gaussian_process.MAX_FITTED
        assert decimal_slip(data, 0, None) is None
        assert len(sizes) == 3

    def test_the_order_of_rows_does_not_matter(self) -> None:
        data = self.data(450, [7, 300])
        order = np.random.default_rng(1).permutation(450)
        other = data.rows(order.tolist())
        assert sorted(order[each.row] for each in outliers(other, 0)) == [7, 300]
        X = data.X[:5]
        one, two = (fit_gaussian_process(each, wide=True).marginals(X) for each in (data, other))
        torch.testing.assert_close(one, two, rtol=1e-6, atol=1e-8)
