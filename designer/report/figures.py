"""The figures of a report, as SVG text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from designer.objective import Target
from designer.report.content import Belief, Content, Experiment
from designer.report.drawing import BLUE, GREEN, GREY, ORANGE, RED, draw
from designer.report.wording import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COVERAGE = 0.9
Z = 1.6448536269514722  # 90 % of a normal distribution lies within so many standard deviations


def progress(content: Content, target: Target) -> str:
    """Return what was measured of `target`, experiment by experiment, with the best so far."""

    def paint(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        _aims(axes, target)
        _measured(axes, content.done, target)
        _best_line(axes, content.done, target)
        _beliefs(axes, content.beliefs, target)
        _failures(axes, content.done)
        axes.set_xlabel("experiment")
        axes.set_ylabel(with_unit(target.name, target.unit))
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        _legend(axes)

    return draw(paint, f"Progress of {target.name}: measured values against the number of the experiment")


def _aims(axes: Axes, target: Target) -> None:
    if target.goal == "match" and target.value is not None and target.tolerance is not None:
        low, high = target.value - target.tolerance, target.value + target.tolerance
        axes.axhspan(low, high, color=GREEN, alpha=0.15, lw=0, label="wanted")
    elif target.reach is not None:
        axes.axhline(target.reach, color=GREEN, ls=(0, (5, 3)), lw=1.4, label="to be reached")
    for limit in (target.at_least, target.at_most):
        if limit is not None:
            axes.axhline(limit, color=RED, ls=(0, (1, 2)), lw=1.4, label="limit")


def _measured(axes: Axes, done: Sequence[Experiment], target: Target) -> None:
    groups: list[tuple[str, dict[str, Any], Callable[[Experiment], bool]]] = [
        ("first designs", {"marker": "o", "facecolors": "white", "edgecolors": BLUE}, lambda e: e.feasible and e.first),
        (
            "chosen by the model",
            {"marker": "o", "facecolors": BLUE, "edgecolors": "white"},
            lambda e: e.feasible and not e.first and e.how != "attached",
        ),
        (
            "attached",
            {"marker": "s", "facecolors": "white", "edgecolors": BLUE},
            lambda e: e.feasible and e.how == "attached",
        ),
        ("outside a limit", {"marker": "v", "facecolors": "white", "edgecolors": RED}, lambda e: not e.feasible),
    ]
    for label, style, belongs in groups:
        rows = [each for each in done if belongs(each) and target.name in each.values]
        if rows:
            numbers, values = [each.number or 0 for each in rows], [each.values[target.name] for each in rows]
            axes.scatter(numbers, values, s=34, linewidths=1.1, zorder=3, label=label, **style)


def best_so_far(done: Iterable[Experiment], target: Target) -> list[tuple[int, float]]:
    """Return (experiment, best feasible value until then) for `target`, from the first value on."""
    line: list[tuple[int, float]] = []
    best: float | None = None
    for each in done:
        value = each.values.get(target.name)
        if each.number is None:
            continue
        if value is not None and each.feasible and (best is None or _merit(target, value) > _merit(target, best)):
            best = value
        if best is not None:
            line.append((each.number, best))
    return line


def _merit(target: Target, value: float) -> float:
    return -abs(value - (target.value or 0.0)) if target.goal == "match" else target.sign * value


def _best_line(axes: Axes, done: Sequence[Experiment], target: Target) -> None:
    line = best_so_far(done, target) if target.goal is not None else []
    if line:
        numbers, values = zip(*line, strict=True)
        axes.step(numbers, values, where="post", color=BLUE, lw=1.8, label="best measured so far", zorder=2)


def _beliefs(axes: Axes, beliefs: Sequence[Belief], target: Target) -> None:
    known = [(each.number, each.expected[target.name]) for each in beliefs if target.name in each.expected]
    if not known or target.goal is None:
        return
    numbers = [number for number, _ in known]
    low, high = zip(*(expected.interval(Z) for _, expected in known), strict=True)
    axes.fill_between(numbers, low, high, color=ORANGE, alpha=0.18, lw=0, zorder=1)
    means = [expected.mean for _, expected in known]
    axes.plot(numbers, means, color=ORANGE, lw=1.6, marker=".", zorder=2, label="best by the model (90 %)")
    if len(known) == 1:  # a band needs two
        axes.vlines(numbers, low, high, color=ORANGE, lw=1.6, zorder=2)


def _failures(axes: Axes, done: Sequence[Experiment]) -> None:
    numbers = [each.number or 0 for each in done if each.outcome == "failed"]
    if numbers:
        floor = [0.03] * len(numbers)
        axes.scatter(
            numbers, floor, marker="x", color=RED, s=34, lw=1.6, transform=axes.get_xaxis_transform(), label="failed"
        )


def _legend(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    if unique:
        axes.figure.legend(unique.values(), unique.keys(), loc="outside upper left", ncols=2, columnspacing=1.5)


def calibration(content: Content, target: Target) -> str:
    """Return what was measured of `target` against what the model had expected just before."""
    pairs = content.pairs(target.name)

    def paint(axes: Axes) -> None:
        measured = [value for value, _ in pairs]
        means = [expected.mean for _, expected in pairs]
        bars = [Z * expected.spread for _, expected in pairs]
        inside = [_inside(value, expected.interval(Z)) for value, expected in pairs]
        ends = [min(measured + means), max(measured + means)]
        axes.plot(ends, ends, color=GREY, lw=1.2, zorder=1)
        for hit, colour, marker, label in (
            (True, BLUE, "o", "inside its 90 % interval"),
            (False, RED, "D", "outside"),
        ):
            rows = [i for i, each in enumerate(inside) if each is hit]
            if rows:
                axes.errorbar(
                    [measured[i] for i in rows], [means[i] for i in rows], yerr=[bars[i] for i in rows],
                    fmt=marker, ms=5, color=colour, mec="white", mew=0.8, elinewidth=1, label=label, zorder=3,
                )  # fmt: skip
        axes.set_xlabel(with_unit(f"measured {target.name}", target.unit))
        axes.set_ylabel("predicted before it was measured")
        _legend(axes)

    return draw(paint, f"Predicted against measured {target.name}")


def _inside(value: float, interval: tuple[float, float]) -> bool:
    return interval[0] <= value <= interval[1]


def covered(content: Content, target: Target) -> tuple[int, int]:
    """Return how many measurements of `target` lay inside their 90 % interval, and how many were predicted at all."""
    pairs = content.pairs(target.name)
    return sum(_inside(value, expected.interval(Z)) for value, expected in pairs), len(pairs)


def trade_off(content: Content, first: Target, second: Target) -> str:
    """Return two goals against each other, with the best trade-offs marked."""
    rows = [each for each in content.done if first.name in each.values and second.name in each.values]

    def paint(axes: Axes) -> None:
        groups: list[tuple[str, dict[str, Any], Callable[[Experiment], bool]]] = [
            ("outside a limit", {"marker": "v", "color": RED}, lambda e: not e.feasible),
            ("measured", {"marker": "o", "color": GREY}, lambda e: e.feasible and not e.best),
            ("best trade-offs", {"marker": "o", "color": BLUE}, lambda e: e.best),
        ]
        for label, style, belongs in groups:
            chosen = [each for each in rows if belongs(each)]
            if chosen:
                x, y = [each.values[first.name] for each in chosen], [each.values[second.name] for each in chosen]
                axes.scatter(x, y, s=38, label=label, edgecolors="white", linewidths=0.8, zorder=3, **style)
        axes.set_xlabel(with_unit(first.name, first.unit))
        axes.set_ylabel(with_unit(second.name, second.unit))
        _legend(axes)

    return draw(paint, f"Trade-off between {first.name} and {second.name}")
