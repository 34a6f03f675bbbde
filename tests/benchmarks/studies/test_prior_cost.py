"""What a prior costs: the figures are of the work that is claimed."""

from __future__ import annotations

import subprocess

import pytest

from benchmarks.studies import prior_cost
from benchmarks.suite import fresh_process


def test_it_measures_a_fit_and_a_suggestion() -> None:
    found = prior_cost.measure("transfer-gp", 2, 20)
    assert set(found) == {"fit", "suggestion", "memory_mb"}
    assert all(value > 0 for value in found.values())


def test_a_figure_comes_from_a_fresh_interpreter() -> None:
    found = fresh_process.measured("benchmarks.studies.prior_cost", "--one", "transfer-gp", 2, 20)
    assert set(found) == {"fit", "suggestion", "memory_mb"}
    with pytest.raises(subprocess.CalledProcessError):
        fresh_process.measured("benchmarks.studies.prior_cost", "--one", "transfer-gp", "two", 20)
