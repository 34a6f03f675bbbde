"""Who could choose."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.report.comparison import Cube
from benchmarks.report.oracle_choice import by_family, by_other_seeds, chosen, crosswise
from benchmarks.report.results import Part

TASKS = (("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"))
CUBE = Cube(("ours", "past"), TASKS, (0,), np.array([[9.0, 9.0, 2.0, 7.0], [1.0, 8.0, 20.0, 5.0]])[..., None])


@pytest.mark.parametrize(
    ("leave_task_out", "expected"),
    [
        (False, (9 + 9 + 2 + 5) / 4),  # family a: 20 against 29; b: 7 against 5
        (True, (9 + 9 + 20 + 7) / 4),  # without task 3 the past is better (9 against 18); b has one task: ours
    ],
)
def test_the_best_of_a_family(leave_task_out: bool, expected: float) -> None:
    assert by_family(CUBE, "ours", leave_task_out=leave_task_out) == pytest.approx(expected)


def test_the_best_by_other_seeds_is_shown_on_the_one_left_out() -> None:
    values = np.array([[[1.0, 10.0, 9.0]], [[5.0, 5.0, 4.0]]])  # seeds 1 and 2 choose the second, seed 0 too
    assert by_other_seeds(Cube(("a", "b"), TASKS[:1], (0, 1, 2), values)) == pytest.approx((5 + 5 + 4) / 3)


OURS, BASELINE = "designer-auto", "designer"
SUITE: Any = SimpleNamespace(families_of=lambda split: {"a"} if split == "develop" else {"b"})


def part(**experiments: tuple[float, ...]) -> Part:
    """Return campaigns of two families of two tasks each, one seed: experiments by method."""
    tasks = [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")]
    return Part(
        {
            (*task, method.replace("_", "-"), 0): SimpleNamespace(measures=SimpleNamespace(to_top=n, to_gap=n / 2))  # type: ignore[misc]
            for method, counts in experiments.items()
            for task, n in zip(tasks, counts, strict=True)
        }
    )


def test_a_method_chosen_on_one_half_is_shown_on_the_other() -> None:
    found = crosswise(
        part(designer=(20, 20, 20, 20), designer_auto=(16, 16, 10, 10), designer_metric=(10, 10, 40, 40)),
        SUITE, OURS, BASELINE,
    )  # fmt: skip
    (first, second) = found.body
    assert first[:5] == ["develop", "`designer-metric`", "report", "2", "1"]
    assert first[5].startswith("0.5 ")
    assert first[7].startswith("2 ")
    assert second[:3] == ["report", "`designer-auto`", "develop"]
    assert second[5].startswith("1.25 ")


def test_who_could_choose_asks_all_that_ran() -> None:
    given = {"designer": (20.0, 20.0, 9.0, 9.0), "designer_auto": (16.0, 16.0, 10.0, 10.0)}
    both = {row[0]: row[1:] for row in chosen(part(**given), OURS, BASELINE).body}
    assert both["the best by family"] == ["12.5", "6.2"]
    assert "`source-mean`" not in both
    found = {row[0]: row[1:] for row in chosen(part(**given, source_mean=(4, 40, 30, 30)), OURS, BASELINE).body}
    assert found["`designer-auto`"] == ["13.0", "6.5"]
    assert found["the best by family"] == ["12.5", "6.2"]
    assert found["the best by task"] == ["9.5", "4.8"]
    assert found["the best by the other tasks"] == ["18.5", "9.2"]


def test_further_kinds_of_prior_are_asked_where_they_have_all_tasks() -> None:
    given = {
        "designer": (20.0, 20.0, 9.0, 9.0),
        "designer_auto": (16.0, 16.0, 10.0, 10.0),
        "source_mean": (30.0, 30.0, 30.0, 30.0),
        "designer_auto_without_floor": (1.0, 1.0, 1.0, 1.0),
        "designer_metric": (4.0, 4.0, 12.0, 12.0),
    }
    found = {row[0]: row[1:] for row in chosen(part(**given), OURS, BASELINE).body}
    assert found["`designer-metric`"] == ["8.0", "4.0"]
    assert "`designer-auto-without-floor`" not in found
    assert found["the best by family"] == ["6.5", "3.2"]
    some = {key: value for key, value in part(**given).campaigns.items() if key[:3] != ("b", "2", "designer-metric")}
    assert "`designer-metric`" not in {row[0] for row in chosen(Part(some), OURS, BASELINE).body}


def test_a_method_without_sources_is_not_asked() -> None:
    given = part(designer=(20, 20, 9, 9), botorch=(20, 20, 9, 9), source_mean=(4, 40, 30, 30))
    assert chosen(given, BASELINE, "botorch").body == []
    assert crosswise(given, SUITE, BASELINE, "botorch").body == []
