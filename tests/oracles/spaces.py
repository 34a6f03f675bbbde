"""The space and targets that the tests of this folder measure."""

from __future__ import annotations

from typing import Any

from designer.objective import Objective
from designer.space import DesignSpace

SPACE = DesignSpace(
    parameters=[
        {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 10},
        {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ]
)
TARGETS = ("hardness", "cost")
OBJECTIVE = Objective(targets=[{"name": "hardness", "unit": "HV", "goal": "maximize"}, {"name": "cost", "at_most": 9}])


def design(ni: float = 10.0, fe: float = 20.0, co: float = 70.0, temperature: float = 450.0, gas: str = "Ar") -> Any:
    """Return one design by lab column."""
    return {"alloy.Ni": ni, "alloy.Fe": fe, "alloy.Co": co, "temperature": temperature, "gas": gas}


DESIGNS = [design(), design(30, 30, 40, 500, "N2"), design(0, 50, 50, 900, "Ar")]
