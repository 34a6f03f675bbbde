"""Networks of past tasks: what they have not seen they do not know, and leaving a source out changes no other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from designer.priors.stacking.source_networks import FOLDS, folds_of, train_networks


def table(n: int, seed: int) -> torch.Tensor:
    return torch.rand(n, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_folds_depend_on_the_design_alone() -> None:
    X = table(300, 0)
    folds = folds_of(X)
    assert set(folds) == set(range(FOLDS))
    assert np.bincount(folds).min() > 60
    shuffled = torch.randperm(300, generator=torch.Generator().manual_seed(1))
    assert (folds_of(X[shuffled]) == folds[shuffled.numpy()]).all()
    assert (folds_of(X + 1e-14) == folds_of(X)).all()  # the last digits of a machine


@pytest.fixture(scope="module")
def noise_and_signal() -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    X = [table(150, 2), table(120, 3)]
    noise = torch.randn(150, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    return X, [noise, 2.0 * X[1][:, 0] - X[1][:, 1]]


def test_held_out_predictions_are_out_of_fold_and_new_designs_are_predicted(noise_and_signal: Any) -> None:
    X, z = noise_and_signal
    networks = train_networks(X, z, seed=0)
    seen = networks.only([0]).expected(X[0])[:, 0]
    unseen = networks.only([0]).held_out(X[0])[:, 0]
    assert np.corrcoef(seen, z[0])[0, 1] > 0.4  # noise learned by heart ...
    assert abs(np.corrcoef(unseen, z[0])[0, 1]) < 0.25  # ... is not known from the other folds
    new = table(100, 9)
    assert np.corrcoef(networks.only([1]).expected(new)[:, 0], 2.0 * new[:, 0] - new[:, 1])[0, 1] > 0.98


def test_training_is_repeatable_and_chunks_change_nothing(
    noise_and_signal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, z = noise_and_signal
    first, second = (train_networks(X, z, seed=3) for _ in range(2))
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)
    whole = first.expected(X[0])
    monkeypatch.setattr("designer.priors.stacking.source_networks._CHUNK", 7)
    assert torch.allclose(first.expected(X[0]), whole, atol=1e-6)
    assert first.expected(X[0][:0]).shape == (0, 2)
    assert first.only([1]).expected(X[0])[:, 0] == pytest.approx(whole[:, 1], abs=1e-6)


def test_progress_is_reported() -> None:
    steps: list[tuple[int, int]] = []
    train_networks([table(20, 0)], [table(20, 1)[:, 0]], seed=0, progress=lambda *at: steps.append(at))
    assert steps == [(100, 200), (200, 200)]


def test_a_source_is_learned_the_same_whatever_stands_beside_it(noise_and_signal: Any) -> None:
    X, z = noise_and_signal
    one, other = (train_networks([X[0], X[0]], [z[0], beside], seed=0) for beside in (z[0].flip(0), z[0].square()))
    assert all(torch.equal(one.weights[name][0], other.weights[name][0]) for name in one.weights)
    assert not torch.equal(one.weights["third"][1], other.weights["third"][1])
