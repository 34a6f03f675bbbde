"""The study of large campaigns: its function, its table and its page."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.studies.large_campaigns import designs, hartmann, page, table


def test_the_function_has_its_known_maximum() -> None:
    best = np.array([[0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573]])
    assert hartmann(best)[0] == pytest.approx(3.32237, abs=1e-4)
    assert (hartmann(np.random.default_rng(0).random((500, 6))) < 3.3224).all()


def test_the_table_is_reproducible_and_has_good_designs() -> None:
    first, second = table(400), table(400)
    assert first.equals(second)
    assert len(first) == 400
    assert first["y"].iloc[200:].mean() > first["y"].iloc[:200].mean()


def test_designs_are_judged_at_random_and_where_the_function_is_good() -> None:
    found = designs(table(400))
    assert {name: X.shape for name, X in found.items()} == {"random": (2000, 6), "good": (1000, 6)}
    assert hartmann(found["good"]).mean() > 3 * hartmann(found["random"]).mean()


def test_the_page_states_each_figure() -> None:
    found = {
        "results": 2000, "modelled": 10, "seconds": 1.0, "memory_mb": 5, "rmse_random": 0.1, "rmse_good": 0.2,
        "random": 0.95, "good": 0.96, "stationary_random": 0.97, "stationary_good": 0.98, "suggested": 3.0,
        "ended": True,
    }  # fmt: skip
    exact = {key: value for key, value in found.items() if key not in ("seconds", "suggested", "ended")}
    text = page([("`designer --help`", "1 s", 0.5)], [found, exact], {"date": "today"})
    shares = "0.100 / 0.200 | 95.0% | 96.0% | 97.0% | 98.0%"
    assert "| `designer --help` | 0.50 | 1 s |" in text
    assert f"| 2,000 | 10 | 1.0 | 5 | {shares} | 3.000 | ended by the limit |" in text
    assert f"| 2,000 | 10 |  | 5 | {shares} |  | not searched |" in text
