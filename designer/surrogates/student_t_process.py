"""A Gaussian process whose overall scale is marginalised: a Student-t process.

    u(x) ~ GP(0, s^2 k),    s^2 ~ inverse gamma(nu / 2, nu s0^2 / 2).

The prediction is a Student t with ``nu + n`` degrees of freedom: wide after two measurements. Conditioning, prediction
and leave-one-out are those of the exact process (`designer.surrogates.gaussian_process`), whose variances are
multiplied by the posterior mean square of the scale.

References: A. O'Hagan, Some Bayesian numerical analysis (1992); A. Shah, A. G. Wilson, Z. Ghahramani, Student-t
Processes as Alternatives to Gaussian Processes (AISTATS 2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from designer.arrays import FloatArray
from designer.surrogates.fitting import ScalePrior
from designer.surrogates.gaussian_process import GaussianProcess

_MIN_SQUARES = 1e-12


@dataclass(frozen=True, eq=False)
class StudentTProcess:
    """A process whose scale is marginalised.

    Parameters
    ----------
    process
        The process of scale 1, conditioned on ``n`` values.
    scale
        The prior of the scale.
    """

    process: GaussianProcess
    scale: ScalePrior

    @property
    def values(self) -> FloatArray:
        """The ``n`` values that it is conditioned on."""
        return self.process.values.numpy()

    @property
    def dof(self) -> float:
        """Degrees of freedom."""
        return self.scale.nu + len(self.process.values)

    @cached_property
    def _squares(self) -> float:
        return self.scale.nu * self.scale.s0**2 + self.process.squared_mahalanobis()

    def predict(self, X: Tensor) -> tuple[FloatArray, FloatArray]:
        """Return location and scale (``n`` each) of a measurement at designs (``n x d``): Student t with `dof`.

        In single precision (`GaussianProcess.single_precision_marginals`).
        """
        mean, variance = self.process.single_precision_marginals(X)
        size = self._squares / self.dof
        return mean.numpy(), np.sqrt(size * (variance.numpy() + self.process.noise_variance))

    @cached_property
    def held_out(self) -> tuple[FloatArray, FloatArray]:
        """Location and scale (``n`` each) of the leave-one-out prediction of every value, in closed form."""
        found = self.process.held_out()
        squares = np.maximum(self._squares - (self.values - found.means) ** 2 / found.variances, _MIN_SQUARES)
        return found.means, np.sqrt(squares / (self.dof - 1.0) * found.variances)
