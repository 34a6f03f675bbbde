"""Predictions of results by a Gaussian process without some others, in closed form.

With the inverse covariance P of all results and the standardised values z, leaving out the results S leaves for the
others K the inverse covariance ``P_KK - P_KS P_SS^-1 P_SK`` and the weights ``(P z)_K - P_KS P_SS^-1 (P z)_S``; the
left out ones are predicted with the errors ``P_SS^-1 (P z)_S`` and the variances ``diag P_SS^-1``. So one inverse
serves all sets S, at ``O(n |S|^2)`` each.

References: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 5.4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from designer.arrays import BoolArray, FloatArray
from designer.surrogates.gaussian_process import GaussianProcess


@dataclass(frozen=True, eq=False)
class Deletion:
    """A process of ``n`` results without some of them; hyperparameters do not change.

    Parameters
    ----------
    process
        The process of all results.
    precision
        The inverse covariance (``n x n``) of its standardised values, `GaussianProcess.precision`.
    left_out
        Which results are left out (``n``).
    """

    process: GaussianProcess
    precision: FloatArray
    left_out: BoolArray

    @classmethod
    def of(cls, process: GaussianProcess) -> Deletion:
        """Return the process without any deletion."""
        return cls(process, process.precision().numpy(), np.zeros(len(process.values), dtype=np.bool_))

    def without(self, positions: Sequence[int]) -> Deletion:
        """Return the process without the results at these positions (0 to n - 1), and with all others."""
        left_out = np.zeros(len(self.left_out), dtype=np.bool_)
        left_out[list(positions)] = True
        return Deletion(self.process, self.precision, left_out)

    def __len__(self) -> int:
        """The number of results that are not left out."""
        return int((~self.left_out).sum())

    @cached_property
    def deviations(self) -> FloatArray:
        """How many deviations each of the other results lies from its leave-one-out prediction."""
        weights, diagonal = self._rest
        deviations: FloatArray = np.abs(weights) / np.sqrt(diagonal)
        return deviations

    def leave_one_out(self) -> tuple[FloatArray, FloatArray]:
        """Return means and variances of each of the other results by those that remain without it, noise included.

        In their order and unit; the variance is in the unit squared.
        """
        weights, diagonal = self._rest
        output = self.process.output
        z = output.standardise(self.process.values.numpy())[~self.left_out]
        return output.centre + output.scale * (z - weights / diagonal), output.scale**2 / diagonal

    @cached_property
    def _rest(self) -> tuple[FloatArray, FloatArray]:
        """Return the weights of the other results, and the diagonal of their inverse covariance."""
        kept = ~self.left_out
        weights, diagonal = self._weights[kept], self.precision.diagonal()[kept].copy()
        if self.left_out.any():
            cross = self.precision[np.ix_(kept, self.left_out)]
            solved = cho_solve(self._block, cross.T)
            weights = weights - solved.T @ self._weights[self.left_out]
            diagonal -= np.einsum("ks,sk->k", cross, solved)
        return weights, diagonal

    def predictions(self) -> tuple[FloatArray, FloatArray]:
        """Return means and variances of the left out results, in their order and unit, without noise."""
        output, noise = self.process.output, self.process.known_noise.numpy()[self.left_out]
        covariance = cho_solve(self._block, np.eye(int(self.left_out.sum())))
        z = output.standardise(self.process.values.numpy())[self.left_out]
        means = z - covariance @ self._weights[self.left_out]
        noise = np.where(np.isnan(noise), self.process.noise_variance, noise)
        variances = np.maximum(output.scale**2 * covariance.diagonal() - noise, 0.0)
        return output.centre + output.scale * means, variances

    @cached_property
    def _weights(self) -> FloatArray:
        weights: FloatArray = self.precision @ self.process.output.standardise(self.process.values.numpy())
        return weights

    @cached_property
    def _block(self) -> tuple[FloatArray, bool]:
        block: tuple[FloatArray, bool] = cho_factor(self.precision[np.ix_(self.left_out, self.left_out)], lower=True)
        return block
