"""Models of a quantity, whose predictive distribution is Student's t on the model's own scale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import gammaln
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.stacking.source_kernel import Inputs
from designer.priors.stacking.warps import Warp
from designer.surrogates.student_t_process import StudentTProcess

_DOF = (2.1, 200.0)


@dataclass(frozen=True, eq=False)
class Designs:
    """Designs as all models encode them.

    Parameters
    ----------
    X
        ``n x d`` common features.
    inputs
        Predictions of the sources, and own features.
    anchor
        ``n``: the prediction of sources of the same quantity, in its unit; None without such sources.
    """

    X: Tensor
    inputs: Inputs
    anchor: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.X)

    def at(self, rows: Tensor | slice) -> Designs:
        """Return some of the designs."""
        anchor = None if self.anchor is None else self.anchor[rows.numpy() if isinstance(rows, Tensor) else rows]
        return Designs(self.X[rows], self.inputs.at(rows), anchor)


@dataclass(frozen=True, eq=False)
class StudentT:
    """Predictive distributions of ``n`` designs: ``w(y) = location + scale * t``, t of `dof` degrees of freedom."""

    location: FloatArray
    scale: FloatArray
    dof: FloatArray
    warp: Warp

    def log_density(self, y: FloatArray) -> FloatArray:
        """Return the log density of values in their own unit."""
        z = (self.warp(y) - self.location) / self.scale
        return log_t(z, self.dof) - np.log(self.scale) + self.warp.log_slope(y)


class Component(Protocol):
    """A fitted model."""

    @property
    def name(self) -> str:
        """Its name, for users."""
        ...

    def predictive(self, designs: Designs) -> StudentT:
        """Return the predictive distributions of designs."""
        ...


@dataclass(frozen=True)
class Calibration:
    """Calibration of predictive scales on held-out errors: a factor, and degrees of freedom."""

    factor: float = 1.0
    dof: float = _DOF[1]

    @classmethod
    def of(cls, z: FloatArray, dof: float) -> Calibration:
        """Return the most probable calibration given held-out errors over scales; the model's own for fewer than four.

        >>> Calibration.of(np.array([]), 5.0)
        Calibration(factor=1.0, dof=5.0)
        """
        start = np.array([0.0, np.log(np.clip(dof, *_DOF))])
        if len(z) < 4:
            return cls(1.0, float(dof))

        def objective(parameters: FloatArray) -> float:
            log_factor, log_dof = parameters
            away = log_factor**2 / (2 * 0.3**2) + (log_dof - start[1]) ** 2 / 2.0
            density = log_t(z / np.exp(log_factor), np.exp(log_dof)) - log_factor
            return float(away - density.sum())

        bounds = [(-1.5, 1.5), tuple(np.log(_DOF))]
        found = minimize(objective, start, method="L-BFGS-B", bounds=bounds).x
        return cls(float(np.exp(found[0])), float(np.exp(found[1])))


@dataclass(frozen=True, eq=False)
class ProcessComponent:
    """A process around the mean of the values, or around sources of the same quantity (`anchored`)."""

    process: StudentTProcess
    warp: Warp
    centre: float
    anchored: bool
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def name(self) -> str:
        """Its name with its scale."""
        return f"process on {self.warp.form} scale" + (" around the same quantity" if self.anchored else "")

    def predictive(self, designs: Designs) -> StudentT:
        """Return the predictive distributions of designs."""
        location, scale = self.process.predict(designs.inputs.features)
        return self._student_t(location + self.mean(designs), scale)

    def held_out(self, designs: Designs) -> StudentT:
        """Return the leave-one-out predictive distributions of the designs that it is conditioned on."""
        location, scale = self.process.held_out
        return self._student_t(location + self.mean(designs), scale)

    def mean(self, designs: Designs) -> FloatArray | float:
        """Return the mean of the process, on its scale: one number, or one for each design."""
        if not self.anchored or designs.anchor is None:
            return self.centre
        return self.centre + self.warp(designs.anchor)

    def _student_t(self, location: FloatArray, scale: FloatArray) -> StudentT:
        dof = np.full(len(location), self.calibration.dof)
        return StudentT(np.asarray(location), scale * self.calibration.factor, dof, self.warp)


def log_t(z: FloatArray, dof: FloatArray | float) -> FloatArray:
    """Return the log density of Student's t.

    >>> round(float(log_t(np.array(0.0), 1.0)), 6)  # Cauchy: 1 / pi
    -1.14473
    """
    dof = np.asarray(dof, dtype=np.float64)
    constant = gammaln((dof + 1) / 2) - gammaln(dof / 2) - 0.5 * np.log(dof * np.pi)
    return np.asarray(constant - 0.5 * (dof + 1) * np.log1p(z * z / dof))


def tensor(y: FloatArray) -> Tensor:
    """Return values as a tensor."""
    return torch.from_numpy(np.ascontiguousarray(y, dtype=np.float64))
