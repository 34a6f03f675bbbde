"""The map of past work: every task has one number, in the map and before its name in the tree."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from designer.report.task_map import pushed_apart, task_map


@pytest.mark.parametrize("n", [2, 3, 70])
def test_numbers_in_the_map_are_those_in_the_tree(n: int) -> None:
    places = np.random.default_rng(0).random((n, 2))
    distances = np.linalg.norm(places[:, None] - places[None, :], axis=2) / 2
    names = [f"task_{i}" for i in range(n)]
    figure = Figure()
    task_map(names, distances).paint(figure)
    left, right = figure.axes
    assert sorted(int(text.get_text()) for text in left.texts) == list(range(1, n + 1))
    labels = [label.get_text().split("  ") for label in right.get_yticklabels()]
    assert [int(number) for number, _ in labels[::-1]] == list(range(1, n + 1))  # from above
    number = {name: int(given) for given, name in labels}
    assert [number[name] for name in names] == [int(text.get_text()) for text in left.texts]


def test_identical_tasks_make_a_map() -> None:
    figure = Figure()
    task_map(["a", "b", "c"], np.zeros((3, 3))).paint(figure)
    assert len(figure.axes) == 2


@pytest.mark.parametrize("crowd", [0.0, 0.002])
def test_no_two_numbers_overlap(crowd: float) -> None:
    places = np.random.default_rng(1).random((20, 2)) * np.where(np.arange(20) < 12, crowd, 1.0)[:, None]
    distances = np.linalg.norm(places[:, None] - places[None, :], axis=2) / 2
    figure = Figure()
    task_map([f"task_{i}" for i in range(20)], distances).paint(figure)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    shown = axes.transData.transform(np.asarray(axes.collections[0].get_offsets()))
    gaps = np.linalg.norm(shown[:, None] - shown[None, :], axis=2)[np.triu_indices(20, 1)]
    across = np.sqrt(axes.collections[0].get_sizes()[0]) * figure.dpi / 72  # type: ignore[attr-defined]
    assert gaps.min() > across
    assert np.allclose(shown, axes.transData.transform([text.get_position() for text in axes.texts]))


def test_distant_points_do_not_move() -> None:
    points = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    assert pushed_apart(points, 9.0).tolist() == points.tolist()


def test_ends_of_a_long_name_are_shown() -> None:
    figure = Figure()
    names = ["a" * 30 + "b" * 30 + end for end in ("_x", "_y")]
    task_map(names, np.array([[0.0, 0.3], [0.3, 0.0]])).paint(figure)
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert {label[-2:] for label in labels} == {"_x", "_y"}
    assert max(map(len, labels)) <= 44
