"""The time limit of a suggestion, and the fits that it ends."""

from __future__ import annotations

import numpy as np
import torch

from designer.deadline import Deadline, ends_fits, fit_must_end
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from tests.surrogates.tables import numeric_columns


def data(rows: int) -> TaskData:
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(rows, 3))
    return TaskData(
        torch.from_numpy(X), torch.from_numpy(np.sin(5 * X).sum(1, keepdims=True)), columns=numeric_columns(3)
    )


def passes_after(calls: int) -> Deadline:
    """Return a deadline that passes after a number of questions."""
    times = iter([0.0, *[0.5] * calls])
    return Deadline(1.0, clock=lambda: next(times, 2.0))


def test_no_fit_ends_outside_the_context() -> None:
    with ends_fits(Deadline(-1.0)):
        pass
    assert not fit_must_end()


def test_a_deadline_that_did_not_end_a_fit_says_so() -> None:
    deadline = Deadline(1000.0)
    with ends_fits(deadline):
        limited = fit_gaussian_process(data(30))
    assert not deadline.ended_fit
    assert limited.hyperparameters.to_log().tolist() == fit_gaussian_process(data(30)).hyperparameters.to_log().tolist()


def test_a_passed_deadline_ends_a_fit_after_a_step_with_a_whole_model() -> None:
    whole, known = fit_gaussian_process(data(60)), data(60)
    evidences = []
    for calls in (0, 3, 10):
        deadline = passes_after(calls)
        with ends_fits(deadline):
            model = fit_gaussian_process(known)
        assert deadline.ended_fit
        assert torch.isfinite(model.marginals(known.X)[0]).all()
        evidences.append(model.log_evidence())
    assert evidences == sorted(evidences)  # the best iterate so far, never worse with more time
    assert evidences[-1] <= whole.log_evidence() + 1e-6


def test_contexts_end_with_their_block_whatever_happens() -> None:
    outer = Deadline(1000.0)
    with ends_fits(outer):
        try:
            with ends_fits(Deadline(-1.0)):
                raise ArithmeticError
        except ArithmeticError:
            assert not fit_must_end()
