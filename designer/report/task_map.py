"""The map of past work: tasks as points that lie as far apart as they differ, and as leaves of a tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from designer.report.drawing import BLUE, GREY, INK, Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONG = 28


def task_map(names: Sequence[str], distances: np.ndarray) -> Drawing:
    """Return the drawing of a map (metric multidimensional scaling) and a tree (average linkage) of tasks.

    Parameters
    ----------
    distances
        ``n x n``, symmetric; 0.5 where two tasks say nothing about each other.
    """
    shown = [name if len(name) <= _LONG else f"{name[: _LONG - 1]}…" for name in names]

    def paint(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        _map(left, shown, _places(distances))
        _tree(right, shown, distances)

    label = f"Distances between {len(names)} tasks: a map and a tree"
    return Drawing("task-map", label, paint, (11, max(4.2, 0.22 * len(names) + 1.2)))


def _map(axes: Axes, names: Sequence[str], points: np.ndarray) -> None:
    axes.scatter(points[:, 0], points[:, 1], color=BLUE, zorder=3)
    for name, (x, y) in zip(names, points, strict=True):
        axes.annotate(name, (x, y), xytext=(5, 4), textcoords="offset points", fontsize=8, color=INK)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.15)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title("near: they rank designs alike", fontsize=10)


def _tree(axes: Axes, names: Sequence[str], distances: np.ndarray) -> None:
    from scipy.cluster.hierarchy import dendrogram, linkage
    from scipy.spatial.distance import squareform

    tree = linkage(squareform(distances, checks=False), "average")
    dendrogram(tree, orientation="left", labels=list(names), ax=axes, color_threshold=0, above_threshold_color=GREY)
    axes.axvline(0.5, color=INK, linewidth=0.8, linestyle=":")
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel("distance (0.5: says nothing about each other)")
    axes.grid(False)


def _places(distances: np.ndarray) -> np.ndarray:
    """Return places in the plane (``n x 2``) whose distances are as near to `distances` as they can be."""
    from sklearn.manifold import MDS

    if len(distances) < 3:
        return np.array([[0.0, 0.0], [float(distances.max()), 0.0]])[: len(distances)]
    scaling = MDS(2, metric="precomputed", n_init=4, init="random", random_state=0, normalized_stress=False)
    return np.asarray(scaling.fit_transform(distances))
