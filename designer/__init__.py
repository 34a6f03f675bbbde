"""Closed-loop materials design: from past knowledge to the target in as few experiments as possible.

Names are loaded when they are first used, so that `import designer` is quick and loads no model library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designer.campaign.campaign import Campaign
    from designer.campaign.file.spec import CampaignSpec
    from designer.errors import (
        Conflict,
        DesignerError,
        Fault,
        InvalidCampaign,
        InvalidData,
        InvalidInput,
        InvalidObjective,
        InvalidPrior,
        InvalidSpace,
        InvalidUnit,
        MeasurementFailed,
        MissingExtra,
        NoDesignLeft,
        OracleUnusable,
        StoreError,
        UnknownSuggestion,
    )
    from designer.objective import Objective, Target
    from designer.priors.kinds import fit_prior, load_prior, load_properties
    from designer.priors.stacking.property_prior import PropertyPrior
    from designer.properties.predictor import PropertyPredictor
    from designer.space import (
        CategoricalParameter,
        CompositionParameter,
        Constraint,
        DesignSpace,
        FormulaParameter,
        MixtureParameter,
        MoleculeParameter,
        NumericParameter,
    )
    from designer.tasks import Family, Task, load_family

_HOMES = {
    "designer.campaign.campaign": ("Campaign",),
    "designer.campaign.file.spec": ("CampaignSpec",),
    "designer.errors": (
        "Conflict",
        "DesignerError",
        "Fault",
        "InvalidCampaign",
        "InvalidData",
        "InvalidInput",
        "InvalidObjective",
        "InvalidPrior",
        "InvalidSpace",
        "InvalidUnit",
        "MeasurementFailed",
        "MissingExtra",
        "NoDesignLeft",
        "OracleUnusable",
        "StoreError",
        "UnknownSuggestion",
    ),
    "designer.objective": ("Objective", "Target"),
    "designer.properties.predictor": ("PropertyPredictor",),
    "designer.priors.stacking.property_prior": ("PropertyPrior",),
    "designer.priors.kinds": ("fit_prior", "load_prior", "load_properties"),
    "designer.space": (
        "CategoricalParameter",
        "CompositionParameter",
        "Constraint",
        "DesignSpace",
        "FormulaParameter",
        "MixtureParameter",
        "MoleculeParameter",
        "NumericParameter",
    ),
    "designer.tasks": ("Family", "Task", "load_family"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Campaign",
    "CampaignSpec",
    "CategoricalParameter",
    "CompositionParameter",
    "Conflict",
    "Constraint",
    "DesignSpace",
    "DesignerError",
    "Family",
    "Fault",
    "FormulaParameter",
    "InvalidCampaign",
    "InvalidData",
    "InvalidInput",
    "InvalidObjective",
    "InvalidPrior",
    "InvalidSpace",
    "InvalidUnit",
    "MeasurementFailed",
    "MissingExtra",
    "MixtureParameter",
    "MoleculeParameter",
    "NoDesignLeft",
    "NumericParameter",
    "Objective",
    "OracleUnusable",
    "PropertyPredictor",
    "PropertyPrior",
    "StoreError",
    "Target",
    "Task",
    "UnknownSuggestion",
    "fit_prior",
    "load_family",
    "load_prior",
    "load_properties",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'designer' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
