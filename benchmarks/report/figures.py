"""Figures of reports, as SVG: regret curves with bands, experiments task by task, ranks, and measures by shots."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from benchmarks.report.results import Grid
from benchmarks.report.significance import Ranking
from designer.arrays import FloatArray, IntArray

COLOURS = (
    "#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d", "#1f78b4", "#b2182b", "#35978f",
    "#762a83", "#8c8c8c", "#fb8072", "#80b1d3", "#b3de69",
)  # fmt: skip
OURS = "#08306b"
MARKS = "osD^vPX<>dph*8H"


def colours(methods: Sequence[str], ours: str) -> dict[str, str]:
    """Return a colour for each method, the same on every figure of a page."""
    others = [method for method in sorted(methods) if method != ours]
    return {ours: OURS} | {method: COLOURS[i % len(COLOURS)] for i, method in enumerate(others)}


def regret_curves(grid: Grid, paint: dict[str, str], ours: str, *, draws: int = 400) -> str:
    """Return mean normalised regret by the number of experiments, with bands of a hierarchical bootstrap (95 %)."""
    curves = grid.array(lambda campaign: campaign.regret)
    low, high = _bands(curves, draws)
    mean = curves.mean(axis=(1, 2))
    figure = Figure(figsize=(9.5, 5.2), layout="constrained")
    axes = figure.subplots()
    number = np.arange(1, mean.shape[1] + 1)
    for i in np.argsort(-mean.mean(axis=1)):
        method = grid.methods[i]
        mine = method == ours
        axes.fill_between(number, low[i], high[i], color=paint[method], alpha=0.16 if mine else 0.07, linewidth=0)
        axes.plot(number, mean[i], color=paint[method], linewidth=2.6 if mine else 1.4, label=method)
    axes.set(xlabel="experiments", ylabel="normalised regret (mean over tasks)", xlim=(1, number[-1]))
    axes.set_yscale("symlog", linthresh=0.05, linscale=0.6)
    axes.set_yticks([0, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0], labels=["0", "0.025", "0.05", "0.1", "0.2", "0.5", "1"])
    axes.set_ylim(0, 1.05)
    axes.grid(alpha=0.25)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _svg(figure)


def _bands(curves: FloatArray, draws: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(0)
    _, tasks, seeds, _ = curves.shape
    drawn = np.empty((draws, curves.shape[0], curves.shape[3]))
    for i in range(draws):
        which: IntArray = rng.integers(tasks, size=(tasks,))
        nested = rng.integers(seeds, size=(tasks, seeds))
        drawn[i] = curves[:, which[:, None], nested].mean(axis=(1, 2))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return low, high


def task_dots(grid: Grid, paint: dict[str, str], ours: str) -> str:
    """Return the mean experiments to the top 1 % of each method on each task."""
    means = grid.cube(lambda campaign: campaign.measures.to_top).by_task()
    budget = max(campaign.row.budget for campaign in grid.campaigns.values())
    order = sorted(range(len(grid.tasks)), key=lambda i: grid.tasks[i])[::-1]
    figure = Figure(figsize=(9.5, 0.9 + 0.24 * len(order)), layout="constrained")
    axes = figure.subplots()
    for place, i in enumerate(order):
        axes.plot([means[:, i].min(), means[:, i].max()], [place, place], color="#dddddd", linewidth=1, zorder=0)
    places = np.arange(len(order))
    for m, method in enumerate(grid.methods):
        mine = method == ours
        axes.scatter(
            means[m, order], places, s=60 if mine else 30, color=paint[method], marker=MARKS[m % len(MARKS)],
            label=method, zorder=3 if mine else 2, alpha=0.9, edgecolors="white", linewidths=0.4,
        )  # fmt: skip
    axes.set_yticks(places, labels=["/".join(grid.tasks[i]) for i in order], fontsize=7)
    axes.set(xlabel="experiments to the top 1 % (mean over seeds)", xlim=(0, budget + 2), ylim=(-0.8, len(order) - 0.2))
    axes.axvline(budget + 1, color="#999999", linewidth=0.8, linestyle=":")
    axes.grid(alpha=0.2, axis="x")
    axes.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5)
    return _svg(figure)


def rank_diagram(found: Ranking, paint: dict[str, str]) -> str:
    """Return a critical-difference diagram: average ranks on a line, bars over methods that do not differ."""
    count = len(found.methods)
    rows = (count + 1) // 2
    top = 0.9 + 0.28 * (len(found.groups) + 1)
    figure = Figure(figsize=(9.5, 0.55 + 0.3 * (rows + 1.2 + top)), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set(xlim=(0.3 - 0.12 * count, count + 0.7 + 0.12 * count), ylim=(-rows - 0.6, top + 1.1))
    axes.plot([1, count], [0, 0], color="black", linewidth=1.2)
    for tick in range(1, count + 1):
        axes.plot([tick, tick], [0, 0.16], color="black", linewidth=1)
        axes.text(tick, 0.26, str(tick), ha="center", va="bottom", fontsize=8)
    for i, (method, rank) in enumerate(zip(found.methods, found.ranks, strict=True)):
        left = i < rows
        y = float(-(i + 1) if left else -(count - i))
        end = 0.8 if left else count + 0.2
        axes.plot([rank, rank, end], [0, y, y], color=paint[method], linewidth=1.1)
        axes.plot([rank], [0], marker="o", markersize=4, color=paint[method], clip_on=False)
        label = f"{method}  {rank:.2f}"
        axes.text(end + (-0.08 if left else 0.08), y, label, ha="right" if left else "left", va="center", fontsize=9)
    for level, (first, last) in enumerate(found.groups):
        y = 0.95 + 0.28 * level
        axes.plot([found.ranks[first] - 0.04, found.ranks[last] + 0.04], [y, y], color="#555555", linewidth=3.2)
    y = top + 0.55
    axes.plot([1, 1 + found.critical_difference], [y, y], color="black", linewidth=1.4)
    label = f"critical difference {found.critical_difference:.2f}"
    axes.text(1 + found.critical_difference + 0.08, y, label, va="center", fontsize=8)
    return _svg(figure)


@dataclass(frozen=True)
class Panel:
    """One measure by the number of given values: for each method a value at each of `shots`; a line of reference."""

    title: str
    shots: Sequence[int]
    values: Mapping[str, np.ndarray]
    reference: float | None = None
    logarithmic: bool = False


def shot_curves(panels: Sequence[Panel], paint: dict[str, str], ours: str) -> str:
    """Return panels side by side, the number of given values on a logarithmic axis."""
    figure = Figure(figsize=(3.9 * len(panels), 4.0), layout="constrained")
    for axes, panel in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        for method, values in panel.values.items():
            mine = method.startswith(ours)
            style = "--" if mine and method != ours else "-"
            width = 2.6 if method == ours else 1.6
            axes.plot(panel.shots, values, style, color=paint[method], linewidth=width, label=method, marker="o", ms=3)
        if panel.reference is not None:
            axes.axhline(panel.reference, color="#999999", linewidth=0.8, linestyle=":")
        axes.set_xscale("log")
        if panel.logarithmic:
            axes.set_yscale("log")
            axes.set_yticks([0.2, 0.3, 0.5, 0.7, 1.0, 1.4], labels=["0.2", "0.3", "0.5", "0.7", "1", "1.4"])
        axes.set_xticks(panel.shots, labels=[str(shot) for shot in panel.shots])
        axes.minorticks_off()
        axes.set(title=panel.title, xlabel="values given")
        axes.grid(alpha=0.25)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside lower center", ncols=len(labels))
    return _svg(figure)


def _svg(figure: Figure) -> str:
    """Return the figure as an SVG element; the same figure always gives the same text."""
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg") :]
