from __future__ import annotations

from typing import Any

import pytest

from designer.campaign.results.designs import all_violations, violations
from designer.space import DesignSpace

SPACE: list[dict[str, Any]] = [
    {"name": "x", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "unit": "at.%", "step": 5, "max_nonzero": 2},
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "air"]},
]


def designs() -> list[dict[str, Any]]:
    rows = [
        {"x.Ni": nickel, "x.Fe": iron, "x.Co": 100 - nickel - iron, "T": T, "gas": "N2"}
        for nickel in (0.0, 50.0, 52.0, 100.0)
        for iron in (0.0, 30.0, 100.0 - nickel)
        for T in (200.0, 300.0, 303.0, 900.0)
    ]
    return [row for row in rows if row["x.Co"] >= 0]  # type: ignore[operator]


@pytest.mark.parametrize("constraints", [[], ["T <= 800"], ["x.Ni >= 20"]])
def test_many_designs_agree_with_one_at_a_time(constraints: list[str]) -> None:
    space = DesignSpace(parameters=SPACE, constraints=constraints)
    found = all_violations(space, designs())
    assert found == [violations(space, design) for design in designs()]
    assert 0 < sum(not texts for texts in found) < len(found)
