"""From the features of a task to the inputs of networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from designer.priors.networks.corpus import Inputs, Member
from designer.surrogates.data import TaskData


@dataclass(frozen=True, eq=False)
class InputMap:
    """The map from a task's features (``... x t``) to inputs (``... x w``); differentiable, row by row.

    Parameters
    ----------
    inputs
        How common features become inputs.
    feature_map
        The map to the common features.
    flags, number
        Which parameters the task has, and the number of what it measures (None: not one of the sources').
    """

    inputs: Inputs
    feature_map: Callable[[Tensor], Tensor]
    flags: Tensor
    number: int | None

    def __call__(self, X: Tensor) -> Tensor:
        return self.inputs.of(self.inputs.standardise(self.feature_map(X)), self.flags, self.number)


@dataclass(frozen=True, eq=False)
class AllFeatures:
    """Common features (``... x d``) from those few (``... x t``) that change in a source; the others at reference."""

    columns: Tensor
    reference: Tensor

    def __call__(self, X: Tensor) -> Tensor:
        whole = self.reference.expand(*X.shape[:-1], len(self.reference))
        return whole.index_copy(-1, self.columns, X)


def as_new_task(member: Member, inputs: Inputs) -> tuple[TaskData, InputMap]:
    """Return a source as a new task: signed, standardised values over its varying columns, and its map to inputs."""
    X = member.source.X
    columns = inputs.common.varying(X)
    columns = columns if len(columns) else torch.tensor([0])
    described = tuple(inputs.common.columns[i] for i in columns.tolist())
    data = TaskData(X[:, columns], member.z.to(torch.float64)[:, None], described)
    # A column that never changes in the source has its value there.
    reference = X[0].clone()
    return data, InputMap(inputs, AllFeatures(columns, reference), member.flags, member.number)
