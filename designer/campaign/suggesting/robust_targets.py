"""Robust targets of a campaign: what designs give where their settings are made with an error.

Reached only when a model is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.acquisition.moments import single_output
from designer.campaign.robust_words import quantile_level
from designer.objective import Objective, Target
from designer.space import DesignSpace, NumericParameter
from designer.surrogates.independent import joined
from designer.surrogates.setting_errors import Quantile, SettingErrors, robust_model, setting_errors

if TYPE_CHECKING:
    from botorch.models.model import Model


def robust_targets(model: Model, space: DesignSpace, objective: Objective) -> Model:
    """Return the posterior of the robust targets, from that of the targets at exact settings; itself without errors.

    Parameters
    ----------
    model
        Of all targets, over the features of `space`.
    objective
        The campaign's, on the scales of the models.
    """
    errors = errors_of(space)
    if errors is None:
        return model
    return joined(
        [robust_model(single_output(model, i), errors, _quantile(t)) for i, t in enumerate(objective.targets)]
    )


def errors_of(space: DesignSpace) -> SettingErrors | None:
    """Return the errors of the settings as errors of features; None where all settings are exact."""
    made = [
        each
        for each in space.parameters
        if isinstance(each, NumericParameter) and each.setting_error is not None and each.low < each.high
    ]
    deviations = {each.name: each.error_deviation for each in made}
    nominal = {each.name for each in made if each.recorded_as == "nominal"}
    return setting_errors(space.encoder.columns, deviations, nominal) if deviations else None


def _quantile(target: Target) -> Quantile | None:
    """Return the quantile that is wanted of a target: towards its worse values, or towards its only limit."""
    level = quantile_level(target)
    if level is None:
        return None
    if target.goal == "match":
        return Quantile(level, value=target.value)
    if target.sign:
        return Quantile(level, float(target.sign))
    return Quantile(level, -1.0) if target.at_least is None else Quantile(level)
