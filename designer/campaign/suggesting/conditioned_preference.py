"""The posterior of a campaign whose results are compared, beside targets that are numbers."""

from __future__ import annotations

from dataclasses import replace

import torch

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.suggesting.preference_model import preference_model
from designer.priors import robust_conditioning
from designer.priors.base import ConditionedPrior, FittedPrior
from designer.priors.robust_conditioning import Conditioned
from designer.surrogates.data import TaskData
from designer.surrogates.independent import joined
from designer.surrogates.independent import parts as target_models


def with_preference(
    spec: CampaignSpec, state: CampaignState, prior: FittedPrior, data: TaskData, column: int
) -> Conditioned:
    """Return the posterior of a campaign whose results are compared: the utility is a process of its own.

    The data hold its posterior means at the results.
    """
    utility = preference_model(spec.space, state)
    Y = data.Y.clone()
    Y[:, column] = torch.where(Y[:, column].isfinite(), utility.marginals(data.X)[0], torch.nan)
    data = replace(data, Y=Y)
    others = [i for i in range(data.targets) if i != column]
    if not others:
        return Conditioned(ConditionedPrior(utility), data)
    found = robust_conditioning.condition(prior, data.columns_of(others))
    models = dict(zip(others, target_models(found.model), strict=True)) | {column: utility}
    outliers = tuple(replace(each, target=others[each.target]) for each in found.outliers)
    model = joined([models[i] for i in sorted(models)])
    return Conditioned(ConditionedPrior(model), _with_targets(data, others, found.data), outliers)


def _with_targets(data: TaskData, columns: list[int], some: TaskData) -> TaskData:
    """Return data with the values of some targets (`columns`) replaced by those of `some`."""

    def filled(values: torch.Tensor | None, whole: torch.Tensor, rest: float) -> torch.Tensor | None:
        if values is None:
            return None
        result = torch.full_like(whole, rest, dtype=values.dtype)
        result[:, columns] = values
        return result

    Y = data.Y.clone()
    Y[:, columns] = some.Y
    return replace(data, Y=Y, Yvar=filled(some.Yvar, Y, torch.nan), censored=filled(some.censored, Y, 0))
