"""Leave-one-out predictions of results, by which outliers and slips of the decimal point are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import FloatArray
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, conditioned_like, fit_gaussian_process, fitted_rows

MAX_REFITTED = 150
"""Results up to which hyperparameters are learned anew without each set of suspects, and from scratch once outliers are
winsorised."""


def process_of(data: TaskData, rows: Sequence[int], target: int) -> GaussianProcess:
    """Return the process of some results with inflated deviations; its inputs are in the order of `rows`."""
    return fit_gaussian_process(data.rows(rows).target(target), wide=True)


def refitted_without(
    data: TaskData, rows: Sequence[int], trusted: Sequence[int], target: int, whole: GaussianProcess
) -> GaussianProcess:
    """Return the process of all `rows` with hyperparameters learned from the `trusted` ones alone, or some of them.

    The search for them begins at those of `whole`, the process of all rows.
    """
    some = [trusted[i] for i in fitted_rows(len(trusted))]
    fitted = fit_gaussian_process(data.rows(some).target(target), wide=True, start=whole.hyperparameters)
    return conditioned_like(fitted, data.rows(rows).target(target))


def deviations(process: GaussianProcess) -> FloatArray:
    """Return how many deviations each result (``n``) lies from its leave-one-out prediction."""
    rest = process.held_out()
    off: FloatArray = np.abs(process.values.numpy() - rest.means) / np.sqrt(rest.variances)
    return off


def leave_one_out_prediction(process: GaussianProcess, data: TaskData, row: int, target: int) -> tuple[float, float]:
    """Return mean and deviation of the prediction of a result by a process without it, the result's noise included."""
    mean, variance = (float(each[0]) for each in process.marginals(data.X[[row]]))
    noise = noise_of(data, row, target, process.noise_variance) + process.shared_variance
    return mean, (variance + noise) ** 0.5


def noise_of(data: TaskData, row: int, target: int, learned: float) -> float:
    """Return the noise variance of a result: the known one, or the learned one where none is known."""
    known = np.nan if data.Yvar is None else float(data.Yvar[row, target])
    return learned if np.isnan(known) else known
