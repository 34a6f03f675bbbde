"""Errors of settings and robust targets, in words."""

from __future__ import annotations

from designer.objective import Objective, Target
from designer.objective.targets import RobustQuantile
from designer.space import DesignSpace, NumericParameter


def has_setting_errors(space: DesignSpace) -> bool:
    """Whether some setting is made with an error."""
    return any(isinstance(each, NumericParameter) and each.setting_error is not None for each in space.parameters)


def quantile_level(target: Target) -> float | None:
    """Return the share of runs that may be worse than the robust value of a target; None for the expected value."""
    return target.robust.quantile if isinstance(target.robust, RobustQuantile) else None


def robust_words(space: DesignSpace, objective: Objective) -> str:
    """Return what the model predicts where settings are made with an error; nothing without errors.

    >>> space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "bounds": [0, 9], "setting_error": 0.5}])
    >>> robust_words(space, Objective(targets=[{"name": "y", "goal": "maximize", "robust": {"quantile": 0.1}}]))
    'predictions are the 10 % quantile of y, over the errors of the settings (T ± 0.5)'
    """
    errors = [
        f"{each.name} ± {_error(each)}"
        for each in space.parameters
        if isinstance(each, NumericParameter) and each.setting_error is not None
    ]
    if not errors:
        return ""
    levels = [(target.name, quantile_level(target)) for target in objective.targets]
    expected = [name for name, level in levels if level is None]
    parts = [f"the {100 * level:g} % quantile of {name}" for name, level in levels if level is not None]
    parts += [f"the expected value of {', '.join(expected)}"] if expected else []
    return f"predictions are {' and '.join(parts)}, over the errors of the settings ({', '.join(errors)})"


def _error(parameter: NumericParameter) -> str:
    given = parameter.setting_error
    if isinstance(given, str):
        return given
    return f"{given:g} {parameter.unit}" if parameter.unit else f"{given:g}"
