"""Conditioning target by target: the way that all kinds of prior which learn from sources have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from botorch.models.model import Model

from designer.priors.alignment import Bridge, CommonFeatures
from designer.priors.sources import Source, matching
from designer.surrogates.data import Quantity, TaskData
from designer.surrogates.gaussian_process import GaussianProcess, fit_gaussian_process
from designer.surrogates.independent import IndependentModels


def condition_each(data: TaskData, informed: Callable[[TaskData], Model | None]) -> Model:
    """Return one model a target: what `informed` makes of it, or the plain model where it knows nothing (None)."""
    models: list[Model] = []
    for i in range(data.targets):
        one = data.target(i)
        model = informed(one)
        models.append(fit_gaussian_process(one) if model is None else model)
    return models[0] if len(models) == 1 else IndependentModels(*models)


def is_informed(model: Model) -> bool:
    """Whether a posterior that a prior gave follows past tasks in some target: it is not the plain model alone."""
    parts = model.models if isinstance(model, IndependentModels) else [model]
    return any(not isinstance(part, GaussianProcess) for part in parts)


def quantity_of(one: TaskData) -> Quantity | None:
    """Return the quantity of data of one target, None where it is not known."""
    return one.quantities[0] if one.quantities else None


def what_teaches(
    one: TaskData, common: CommonFeatures, sources: Sequence[Source]
) -> tuple[Bridge, tuple[Source, ...]] | None:
    """Return the way into the common features and the sources that teach about a target; None, where there are none."""
    teaching = matching(sources, quantity_of(one))
    bridge = common.bridge(one.columns)
    return (bridge, teaching) if teaching and bridge.shares else None
