"""Leave-one-out predictions of results, by which outliers and slips of the decimal point are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import FloatArray
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess, conditioned_like, fit_gaussian_process

MAX_REFITTED = 150
"""Results up to which hyperparameters are learned anew without each set of suspects."""


def process_of(data: TaskData, rows: Sequence[int], target: int) -> GaussianProcess:
    """Return the process of some results with inflated deviations; its inputs are in the order of `rows`."""
    return fit_gaussian_process(data.rows(rows).target(target), wide=True)


class Exclusions:
    """The process of a target's results without some of them, for one set of suspects after another.

    Hyperparameters are learned anew for each set of up to `MAX_REFITTED` results. Those of more results hardly depend
    on a few, and the fit takes long: they are learned anew once, without the first set, or never unless `refit`.
    """

    def __init__(
        self, data: TaskData, rows: Sequence[int], target: int, whole: GaussianProcess, *, refit: bool = True
    ) -> None:
        self._data, self._target, self._whole = data, target, whole
        self._few = len(rows) <= MAX_REFITTED
        self._fitted = None if refit else whole

    def process(self, trusted: Sequence[int]) -> GaussianProcess:
        """Return the process of the `trusted` rows."""
        if self._few:
            return process_of(self._data, trusted, self._target)
        one = self._data.rows(trusted).target(self._target)
        if self._fitted is not None:
            return conditioned_like(self._fitted, one)
        self._fitted = fit_gaussian_process(one, wide=True, start=self._whole.hyperparameters)
        return self._fitted


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
