"""The map of past tasks: multidimensional scaling of their distances, and a tree (hierarchical clustering)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from designer.counting import count
from designer.report.drawing import BLUE, GREY, INK, Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONG = 40
_MIN_HEIGHT = 1e-6  # of a tree's branches, so that a tree of identical tasks has a width
_SMALL, _MANY = 8.0, 60
_AREA = 26.0  # of a circle, for each point of its number's size
_PUSHES = 500


def task_map(names: Sequence[str], distances: np.ndarray) -> Drawing:
    """Return the drawing of a map (metric multidimensional scaling) and a tree (average linkage) of tasks.

    Tasks are numbered in the order of the tree, from the top; the map shows the numbers, since names would cover it.

    Parameters
    ----------
    distances
        ``n x n``, symmetric; 0.5 for two tasks that are not informative about each other.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    tree = linkage(squareform(distances, checks=False), "average")
    tree[:, 2] = np.maximum(tree[:, 2], _MIN_HEIGHT)
    numbers = np.empty(len(names), dtype=np.int64)
    numbers[leaves_list(tree)[::-1]] = np.arange(1, len(names) + 1)
    shown = [f"{number}  {_shortened(name)}" for name, number in zip(names, numbers, strict=True)]
    size = _SMALL if len(names) <= _MANY else 6.0

    def paint(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
        _map(left, numbers, _scaled(distances), size)
        _tree(right, shown, tree, size)
        _unfold(figure, left, size)

    label = f"Distances between {count(len(names), 'task')}: a map and a tree"
    return Drawing("task-map", label, paint, (12, max(4.8, 0.022 * size * len(names) + 1.2)))


def _shortened(name: str) -> str:
    """Return a long name without its middle: names usually differ at either end."""
    half = (_LONG - 1) // 2
    return name if len(name) <= _LONG else f"{name[:half]}…{name[-half:]}"


def _map(axes: Axes, numbers: np.ndarray, points: np.ndarray, size: float) -> None:
    from matplotlib.font_manager import FontProperties
    from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar  # type: ignore[import-untyped]

    axes.scatter(points[:, 0], points[:, 1], s=_AREA * size, color="white", edgecolors=BLUE, linewidths=1.2, zorder=3)
    for number, (x, y) in zip(numbers, points, strict=True):
        axes.text(x, y, str(number), ha="center", va="center", fontsize=size, color=INK, zorder=4)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.1)
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title("Tasks that rank designs alike stand close together", fontsize=10)
    # Distances in the map approximate those of the tree.
    font = FontProperties(size=9)
    bar = AnchoredSizeBar(
        axes.transData, 0.1, "distance 0.1", "lower left", pad=0.8, sep=4, frameon=False, color=INK, fontproperties=font
    )
    axes.add_artist(bar)


def _unfold(figure: Figure, axes: Axes, size: float) -> None:
    """Move overlapping circles apart, each with a line to its true position."""
    figure.draw_without_rendering()  # only now it is known how large the map is
    circles = axes.collections[0]
    true = np.asarray(circles.get_offsets(), dtype=np.float64)
    across = (np.sqrt(_AREA * size) + 2.0) * figure.dpi / 72.0
    moved = axes.transData.inverted().transform(pushed_apart(axes.transData.transform(true), across))
    circles.set_offsets(moved)
    for text, (x, y), (x0, y0) in zip(axes.texts, moved, true, strict=True):
        text.set_position((x, y))
        if (x, y) != (x0, y0):
            axes.plot([x0, x], [y0, y], color=GREY, linewidth=0.8, marker="o", markevery=[0], markersize=2.5, zorder=2)


def pushed_apart(points: np.ndarray, across: float) -> np.ndarray:
    """Return positions (``n x 2``) near `points` of which no two are closer than `across`, by repeated pushing.

    Points that are far enough from all others do not move.

    >>> pushed_apart(np.array([[0.0, 0.0], [1.0, 0.0], [9.0, 9.0]]), 3.0).tolist()
    [[-1.0, 0.0], [2.0, 0.0], [9.0, 9.0]]
    """
    positions = points.astype(np.float64)
    for _ in range(_PUSHES):
        crowded = False
        for i, j in combinations(range(len(positions)), 2):
            gap = positions[j] - positions[i]
            far = float(np.hypot(*gap))
            if far < across - 1e-9:
                crowded = True
                angle = 2.4 * (i + j)  # the direction for two points in one position: any, but not the same for all
                direction = gap / far if far > 1e-9 * across else np.array([np.cos(angle), np.sin(angle)])
                positions[i] -= direction * (across - far) / 2
                positions[j] += direction * (across - far) / 2
        if not crowded:
            break
    return positions


def _tree(axes: Axes, names: Sequence[str], tree: np.ndarray, size: float) -> None:
    from scipy.cluster.hierarchy import dendrogram

    dendrogram(tree, orientation="left", labels=list(names), ax=axes, color_threshold=0, above_threshold_color=GREY)
    axes.axvline(0.5, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlim(max(float(tree[:, 2].max()) * 1.05, 0.1), 0)
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", labelsize=size, length=0)
    axes.set_xlabel("distance (0.5: not informative about each other)", fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(False)
    for side in ("left", "top", "right"):
        axes.spines[side].set_visible(False)


def _scaled(distances: np.ndarray) -> np.ndarray:
    """Return positions in the plane (``n x 2``) whose distances approximate `distances`."""
    from sklearn.manifold import MDS

    if not distances.any():
        return np.zeros((len(distances), 2))
    if len(distances) < 3:
        return np.array([[0.0, 0.0], [float(distances.max()), 0.0]])[: len(distances)]
    scaling = MDS(2, metric="precomputed", n_init=4, init="random", random_state=0, normalized_stress=False)
    return np.asarray(scaling.fit_transform(distances))
