"""What a campaign's results say, as models see them: features, values, variances, and the posterior they lead to.

Reached only when a model is needed: this is where torch is loaded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from designer.acquisition.deadline import Deadline
from designer.acquisition.observed import Observed
from designer.acquisition.propose import propose
from designer.acquisition.threads import one_thread
from designer.campaign.designs import coordinates_of, lab_designs
from designer.campaign.spec import CampaignSpec
from designer.campaign.state import CampaignState
from designer.campaign.suggesting import Choice
from designer.objective import Objective
from designer.priors.plain import PlainPrior
from designer.space import DesignSpace
from designer.surrogates.data import TaskData
from designer.surrogates.feasibility import Feasibility

if TYPE_CHECKING:
    from botorch.models.model import Model
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Knowledge:
    """The results of a campaign and the posterior given them.

    Parameters
    ----------
    coordinates
        ``n x c``, one row a result; replicates are repeated rows.
    Y, Yvar
        ``n x m`` values and variances in the targets' units, NaN where there is none.
    """

    space: DesignSpace
    objective: Objective
    coordinates: Floats
    Y: Floats
    Yvar: Floats
    data: TaskData
    model: Model

    def predict(self, coordinates: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation (``n x m`` each) of the noise-free targets of designs."""
        if not len(coordinates):
            return np.empty((0, self.Y.shape[1])), np.empty((0, self.Y.shape[1]))
        X = torch.as_tensor(self.space.encoder.encode(coordinates), dtype=torch.float64)
        with torch.no_grad(), one_thread():
            posterior: Any = self.model.posterior(X.unsqueeze(-2))
            mean, variance = posterior.mean.squeeze(-2), posterior.variance.squeeze(-2)
        return mean.numpy(), variance.clamp_min(0.0).sqrt().numpy()


def knowledge_of(spec: CampaignSpec, state: CampaignState) -> Knowledge:
    """Return what the results of `state` say. A pure function: the order in which they came does not matter."""
    results = state.results
    names = [target.name for target in spec.targets]
    coordinates = coordinates_of(spec.space, (each.design for each in results))
    Y = np.array([[each.values.get(name, np.nan) for name in names] for each in results]).reshape(-1, len(names))
    noise = np.array([[each.noise.get(name, np.nan) for name in names] for each in results]).reshape(-1, len(names))
    encoder = spec.space.encoder
    Yvar = noise**2
    known = torch.as_tensor(Yvar) if np.isfinite(Yvar).any() else None
    data = TaskData(
        torch.as_tensor(encoder.encode(coordinates)), torch.as_tensor(Y), columns=encoder.columns, Yvar=known
    )
    with one_thread():
        model = PlainPrior().condition(data)
    return Knowledge(spec.space, spec.objective, coordinates, Y, Yvar, data, model)


def propose_next(spec: CampaignSpec, state: CampaignState, n: int, seed: int, taken: frozenset[Any]) -> Choice:
    """Return the `n` designs that the model would make next.

    Parameters
    ----------
    taken
        Keys of designs that are not to be suggested again.
    """
    deadline = Deadline(spec.settings.suggest_seconds)
    known = knowledge_of(spec, state)
    pending = coordinates_of(spec.space, (each.design for each in state.open))
    proposal = propose(
        known.model,
        spec.space,
        spec.objective,
        Observed(known.coordinates, known.Y),
        pending,
        n,
        seed,
        feasibility=feasibility_of(spec, state, known),
        forbidden_keys=taken,
        deadline=deadline,
    )
    return Choice(
        designs=tuple(lab_designs(spec.space, proposal.coordinates)),
        how="model",
        scores=tuple(score if math.isfinite(score) else None for score in proposal.scores),
        reasons=proposal.notes,
        remarks=proposal.remarks,
    )


def feasibility_of(spec: CampaignSpec, state: CampaignState, known: Knowledge) -> Feasibility | None:
    """Return where experiments succeed; None if none has failed."""
    if not state.failures:
        return None
    failed = coordinates_of(spec.space, (each.design for each in state.failures))
    coordinates = np.concatenate([known.coordinates, failed])
    succeeded = torch.arange(len(coordinates)) < len(known.coordinates)
    encoder = spec.space.encoder
    return Feasibility(torch.as_tensor(encoder.encode(coordinates)), succeeded, encoder.columns)
