"""The results that the models of a large campaign are not conditioned on, as features, values and noise variances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from designer.arrays import FloatArray, IndexArray
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import Measurement
from designer.campaign.results.designs import coordinates_of
from designer.objective import Objective
from designer.surrogates.data import TaskData


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Results that models are not conditioned on: their features, values and noise variances; None without any."""

    data: TaskData | None = None

    def __len__(self) -> int:
        return 0 if self.data is None else len(self.data.X)

    @property
    def targets(self) -> int:
        """The number of targets; 0 where nothing is left out."""
        return 0 if self.data is None else self.data.targets

    def of(self, column: int) -> TaskData:
        """Return the data of one target, with the results that have a value of it."""
        assert self.data is not None
        return self.data.target(column)


def left_out_results(spec: CampaignSpec, results: Sequence[Measurement], Y: FloatArray, rows: IndexArray) -> LeftOut:
    """Return the results (`rows`) that models are not conditioned on, on the scales of the models.

    Those that are limits have no value, nor have those of a target whose results are compared.
    """
    if not len(rows):
        return LeftOut()
    results, names = [results[i] for i in rows], [target.name for target in spec.targets]
    values, variances = on_model_scales(spec.objective, Y[rows], standard_errors(results, names))
    values[np.array([[name in each.censored for name in names] for each in results])] = np.nan
    if spec.objective.preference is not None:
        values[:, spec.objective.preference] = np.nan
    encoder = spec.space.encoder
    coordinates = coordinates_of(spec.space, (each.design for each in results))
    X = torch.as_tensor(encoder.encode(coordinates), dtype=torch.float64)
    return LeftOut(TaskData(X, torch.as_tensor(values), encoder.columns, Yvar=torch.as_tensor(variances)))


def standard_errors(results: Sequence[Measurement], names: Sequence[str]) -> FloatArray:
    """Return the standard errors (``n x m``) of results, NaN where none is stated."""
    return np.array([[each.noise.get(name, np.nan) for name in names] for each in results]).reshape(-1, len(names))


def on_model_scales(objective: Objective, Y: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return values and noise variances on the scales of the models, of values and standard errors in units."""
    deviations = [
        target.scaling.model_deviation(y, sem) for target, y, sem in zip(objective.targets, Y.T, noise.T, strict=True)
    ]
    return objective.model_values(Y), np.stack(deviations, axis=-1) ** 2
