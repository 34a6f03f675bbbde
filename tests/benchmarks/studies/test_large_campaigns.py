"""The study of large campaigns: its function, its table and its page."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.studies.large_campaigns import LIMITS, hartmann, page, table


def test_the_function_has_its_known_maximum() -> None:
    best = np.array([[0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573]])
    assert hartmann(best)[0] == pytest.approx(3.32237, abs=1e-4)
    assert (hartmann(np.random.default_rng(0).random((500, 6))) < 3.3224).all()


def test_the_table_is_reproducible_and_has_good_designs() -> None:
    first, second = table(400), table(400)
    assert first.equals(second)
    assert len(first) == 400
    assert first["y"].iloc[200:].mean() > first["y"].iloc[:200].mean()


def test_the_page_states_each_figure() -> None:
    found = {"modelled": 10, "seconds": 1.0, "memory_mb": 5, "rmse": 0.1, "within": 0.95, "suggested": 3.0}
    text = page([("`designer --help`", "1 s", 0.5)], [{**found, "ended": True}] * len(LIMITS), {"date": "today"})
    assert "| `designer --help` | 0.50 | 1 s |" in text
    assert text.count("| 10 | 1.0 | 5 | 0.100 | 95.0% | 3.000 | ended by the limit |") == len(LIMITS)
