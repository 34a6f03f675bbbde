"""Leave-one-out predictions of results, by which outliers and slips of the decimal point are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import FloatArray
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process


def process_of(data: TaskData, rows: Sequence[int], target: int) -> GaussianProcess:
    """Return the process of some results with inflated deviations; its inputs are in the order of `rows`."""
    return fit_gaussian_process(data.rows(rows).target(target), wide=True)


def deviations(process: GaussianProcess) -> FloatArray:
    """Return how many deviations each result (``n``) lies from its leave-one-out prediction."""
    rest = process.held_out()
    off: FloatArray = np.abs(process.values.numpy() - rest.means) / np.sqrt(rest.variances)
    return off


def leave_one_out_prediction(process: GaussianProcess, data: TaskData, row: int, target: int) -> tuple[float, float]:
    """Return mean and deviation of the prediction of a result by a process without it, the result's noise included."""
    known = np.nan if data.Yvar is None else float(data.Yvar[row, target])
    mean, variance = (float(each[0]) for each in process.marginals(data.X[[row]]))
    noise = process.noise_variance if np.isnan(known) else known
    return mean, (variance + noise) ** 0.5
