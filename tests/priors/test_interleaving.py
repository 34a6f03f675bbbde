"""Designs chosen in interleaved: by all the evidence, and, every third, as if there were no past tasks."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from designer.priors.interleaving import EVERY, InterleavedMixture, baseline_part, interleaved, is_baseline_turn
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.independent import IndependentModels
from designer.surrogates.model_mixture import Mixture

SPACE = DesignSpace(parameters=[{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in "ab"])


def fitted(sign: float) -> GaussianProcess:
    X = torch.rand(8, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return fit_gaussian_process(TaskData(X, sign * X[:, :1] + 0.1 * X[:, 1:], columns=SPACE.encoder.columns))


@given(st.integers(0, 50), st.integers(1, 20))
def test_a_batch_is_chosen_as_its_designs_one_by_one(made: int, n: int) -> None:
    who = [plain for plain, count in interleaved(made, n) for _ in range(count)]
    assert who == [is_baseline_turn(made + i) for i in range(n)]
    assert abs(sum(who) - n / EVERY) < 1


def test_the_plain_part_of_each_target_stands_beside_those_that_follow_nothing() -> None:
    up, down = fitted(1.0), fitted(-1.0)
    guarded = InterleavedMixture([up, down], [0.3, 0.7])
    assert baseline_part(guarded) is up
    assert baseline_part(up) is None
    assert baseline_part(Mixture([up, down], [0.3, 0.7])) is None
    assert baseline_part(IndependentModels(up, down)) is None
    both = baseline_part(IndependentModels(down, guarded))
    assert isinstance(both, IndependentModels)
    assert [*both.models] == [down, up]


def test_it_predicts_as_the_mixture_does() -> None:
    up, down = fitted(1.0), fitted(-1.0)
    X = torch.rand(4, 1, up.inputs.shape[-1], dtype=torch.float64)
    guarded, mixed = InterleavedMixture([up, down], [0.3, 0.7]), Mixture([up, down], [0.3, 0.7])
    assert torch.equal(guarded.posterior(X).mean, mixed.posterior(X).mean)
    assert torch.equal(guarded.posterior(X).variance, mixed.posterior(X).variance)
