"""What a prior costs: the figures are of the work that is claimed."""

from __future__ import annotations

from benchmarks import prior_cost


def test_it_measures_a_fit_and_a_suggestion() -> None:
    found = prior_cost.measure("transfer-gp", 2, 20)
    assert set(found) == {"fit", "suggestion", "memory_mb"}
    assert all(value > 0 for value in found.values())
