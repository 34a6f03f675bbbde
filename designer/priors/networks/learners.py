"""Protocols of trained networks that give a model of a new task from its measurements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from designer.priors.informed import InformedModel
from designer.priors.networks.corpus import Corpus
from designer.priors.networks.input_map import InputMap
from designer.priors.networks.network_calibration import Calibration
from designer.surrogates.data import TaskData
from designer.surrogates.outputs import OutputScale


class Learner(Protocol):
    """One trained network or several."""

    def wide(self) -> Calibration:
        """Return wide priors of the process around its predictions, before calibration on held-out tasks."""
        ...

    def expected(self, X: Tensor, input_map: InputMap) -> Tensor:
        """Return predictions (``n``, standardised, no gradients) of designs (``n x t``) without measurements."""
        ...

    def model(
        self, one: TaskData, input_map: InputMap, sign: float, output: OutputScale, calibration: Calibration
    ) -> InformedModel:
        """Return the posterior of a new task (one target); its standardised values times `sign` are as in training."""
        ...

    def joined(self, other: Learner) -> Learner:
        """Return the networks of both as one ensemble."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights."""
        ...

    def restored(self, tensors: Mapping[str, Tensor]) -> Learner:
        """Return a learner of these settings with the weights in `tensors`."""
        ...


class Method(Protocol):
    """How a learner is trained."""

    def train(self, corpus: Corpus, held_out: Corpus | None, seed: int) -> Learner:
        """Train on sources, stopping by those held out: a pure function of these."""
        ...

    def empty(self) -> Learner:
        """Return the learner without networks, into which saved ones are read."""
        ...
