"""Figures of the experiments and of their predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from designer.counting import agree, count
from designer.objective import Target
from designer.report.content import Z90 as Z
from designer.report.content import Content, Experiment, ObservedQuantity, PosteriorBest, Prediction
from designer.report.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    Drawing,
    LabelledPoint,
    draw_goal,
    file_name,
    log_scale,
    on_axes,
)
from designer.report.number_format import number
from designer.units import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COVERAGE = 0.9
FAILURE_HEIGHT = 0.03
"""Share of the height at which failures are marked."""
MAX_LINES = 20
"""Open suggestions that a figure names."""


def progress(content: Content, target: Target) -> Drawing:
    """Return the measured values of `target` against the number of the experiment, with the best so far."""

    def paint(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        draw_goal(axes, target)
        _measured(axes, content.done, target)
        _best_line(axes, content.done, target)
        _posterior_best(axes, content.posterior_best, target)
        _failures(axes, content.done)
        axes.set_xlabel("experiment")
        axes.set_ylabel(with_unit(target.name, target.unit))
        if target.is_log:
            log_scale(axes, "y")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        _legend(axes)

    label = f"Progress of {target.name}: measured values against the number of the experiment"
    points = [point for each in content.done for point in _point(each, target)]
    return on_axes(file_name("progress", target.name), label, paint, caption=_goal_text(target), points=points)


def _point(each: Experiment, target: Target) -> Iterator[LabelledPoint]:
    """Yield the labelled point of an experiment: its value, or why it failed."""
    number = each.number or 0
    if target.name in each.values:
        yield LabelledPoint(number, each.values[target.name], f"{each.id}: {_with_unit(each, target)}")
    elif each.outcome == "failed":
        why = f": {'; '.join(each.notes)}" if each.notes else ""
        yield LabelledPoint(number, FAILURE_HEIGHT, f"{each.id} failed{why}", share=True)


def by_cost(content: Content, target: Target) -> Drawing:
    """Return the measured values of `target` against the cost that was spent, with the best so far."""
    done = [each for each in content.done if each.spent is not None]

    def paint(axes: Axes) -> None:
        draw_goal(axes, target)
        spent = {each.number: each.spent or 0.0 for each in done}
        measured = [each for each in done if target.name in each.values.keys() - each.censored.keys()]
        axes.scatter(
            [each.spent or 0.0 for each in measured], [each.values[target.name] for each in measured],
            s=34, facecolors=BLUE, edgecolors="white", zorder=3, label="measured",
        )  # fmt: skip
        line = best_so_far(done, target)
        if line:
            costs, values = [spent[number] for number, _ in line], [value for _, value in line]
            axes.step(costs, values, where="post", color=BLUE, lw=1.8, label="best measured so far", zorder=2)
        axes.set_xlabel("cost spent")
        axes.set_ylabel(with_unit(target.name, target.unit))
        axes.set_xlim(left=0.0)
        if target.is_log:
            log_scale(axes, "y")
        _legend(axes)

    label = f"Cost of {target.name}: measured values against the cost that was spent"
    return on_axes(file_name("cost", target.name), label, paint, caption=_goal_text(target))


def _goal_text(target: Target) -> str:
    unit = f" {target.unit}" if target.unit else ""
    parts = []
    if target.goal == "match":
        parts.append(f"match {number(target.value)} ± {number(target.tolerance)}{unit}")
    elif target.goal == "boundary":
        parts.append(f"boundary at {number(target.value)}{unit}")
    elif target.reference is not None:
        parts.append(f"match the reference of {target.curve} (distance {target.distance or 'l2'})")
    elif target.goal is not None:
        parts.append(target.goal)
    if target.reach is not None:
        parts.append(f"reach {number(target.reach)}{unit}")
    if target.at_least is not None:
        parts.append(f"at least {number(target.at_least)}{unit}")
    if target.at_most is not None:
        parts.append(f"at most {number(target.at_most)}{unit}")
    return f"{target.name}: {'; '.join(parts) or 'recorded only'}."


def _measured(axes: Axes, done: Sequence[Experiment], target: Target) -> None:
    groups: list[tuple[str, dict[str, Any], Callable[[Experiment], bool]]] = [
        ("first designs", {"marker": "o", "facecolors": "white", "edgecolors": BLUE}, lambda e: _counts(e) and e.first),
        (
            "chosen by the model",
            {"marker": "o", "facecolors": BLUE, "edgecolors": "white"},
            lambda e: _counts(e) and not e.first and e.how != "attached",
        ),
        (
            "attached",
            {"marker": "s", "facecolors": "white", "edgecolors": BLUE},
            lambda e: _counts(e) and e.how == "attached",
        ),
        (
            "outside a limit",
            {"marker": "v", "facecolors": "white", "edgecolors": RED},
            lambda e: not e.feasible and e.level is None,
        ),
        ("not allowed now", {"marker": "x", "color": GREY}, lambda e: e.feasible and not e.allowed and e.level is None),
        ("at a lower level", {"marker": "D", "facecolors": "white", "edgecolors": GREY}, lambda e: e.level is not None),
    ]
    for label, style, belongs in groups:
        rows = [each for each in done if belongs(each) and target.name in each.values.keys() - each.censored.keys()]
        if rows:
            numbers, values = [each.number or 0 for each in rows], [each.values[target.name] for each in rows]
            axes.scatter(numbers, values, s=34, linewidths=1.1, zorder=3, label=label, **style)
    for side, marker, label in (("<", "v", "below this limit"), (">", "^", "above this limit")):
        rows = [each for each in done if each.censored.get(target.name) == side]
        if rows:
            numbers, values = [each.number or 0 for each in rows], [each.values[target.name] for each in rows]
            axes.scatter(numbers, values, s=60, marker=marker, color=PURPLE, zorder=3, label=label)


def _counts(each: Experiment) -> bool:
    return each.feasible and each.allowed and each.level is None


def best_so_far(done: Iterable[Experiment], target: Target) -> list[tuple[int, float]]:
    """Return pairs of (experiment, best value so far) for `target`, of feasible designs that the space allows now."""
    line: list[tuple[int, float]] = []
    best: float | None = None
    for each in done:
        value, side = each.values.get(target.name), each.censored.get(target.name)
        if each.number is None:
            continue
        if side is not None and not target.is_decided_by(side):
            value = None
        if value is not None and _counts(each) and (best is None or target.utility(value) > target.utility(best)):
            best = value
        if best is not None:
            line.append((each.number, best))
    return line


def _best_line(axes: Axes, done: Sequence[Experiment], target: Target) -> None:
    line = best_so_far(done, target) if target.goal is not None and not target.is_explored else []
    if line:
        numbers, values = zip(*line, strict=True)
        axes.step(numbers, values, where="post", color=BLUE, lw=1.8, label="best measured so far", zorder=2)


def _posterior_best(axes: Axes, found: Sequence[PosteriorBest], target: Target) -> None:
    known = [(each.number, each.expected[target.name]) for each in found if target.name in each.expected]
    if not known or target.goal is None:
        return
    numbers = [number for number, _ in known]
    low, high = zip(*(expected.interval(Z) for _, expected in known), strict=True)
    axes.fill_between(numbers, low, high, color=ORANGE, alpha=0.18, lw=0, zorder=1)
    means = [expected.centre for _, expected in known]
    axes.plot(numbers, means, color=ORANGE, lw=1.6, marker=".", zorder=2, label="best by the model, 90 % interval")
    if len(known) == 1:  # a band needs two
        axes.vlines(numbers, low, high, color=ORANGE, lw=1.6, zorder=2)


def _failures(axes: Axes, done: Sequence[Experiment]) -> None:
    numbers = [each.number or 0 for each in done if each.outcome == "failed"]
    if numbers:
        floor = [FAILURE_HEIGHT] * len(numbers)
        axes.scatter(
            numbers, floor, marker="x", color=RED, s=34, lw=1.6, transform=axes.get_xaxis_transform(), label="failed"
        )


def _legend(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    if unique:
        axes.figure.legend(unique.values(), unique.keys(), loc="outside upper left", ncols=2, columnspacing=1.5)


def calibration(content: Content, target: Target) -> Drawing:
    """Return measured values of `target` against the predictions made before."""
    pairs = content.pairs(target.name)

    def paint(axes: Axes) -> None:
        measured = [value for value, _ in pairs]
        means = [expected.centre for _, expected in pairs]
        below, above = zip(*(_distances(expected) for _, expected in pairs), strict=True)
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
                    [measured[i] for i in rows], [means[i] for i in rows],
                    yerr=[[side[i] for i in rows] for side in (below, above)],
                    fmt=marker, ms=5, color=colour, mec="white", mew=0.8, elinewidth=1, label=label, zorder=3,
                )  # fmt: skip
        axes.set_xlabel(with_unit(f"measured {target.name}", target.unit))
        axes.set_ylabel("predicted before measuring")
        if target.is_log:
            log_scale(axes, "x")
            log_scale(axes, "y")
        _legend(axes)

    name = file_name("calibration", target.name)
    return on_axes(name, f"Predicted against measured {target.name}", paint, caption=coverage(content, target))


def _distances(expected: Prediction) -> tuple[float, float]:
    """Return how far the ends of the 90 % interval lie below and above the centre."""
    low, high = expected.interval(Z)
    return expected.centre - low, high - expected.centre


def _inside(value: float, interval: tuple[float, float]) -> bool:
    return interval[0] <= value <= interval[1]


def covered(content: Content, target: Target) -> tuple[int, int]:
    """Return the number of measurements of `target` inside their 90 % interval, and the number of predictions."""
    pairs = content.pairs(target.name)
    return sum(_inside(value, expected.interval(Z)) for value, expected in pairs), len(pairs)


def coverage(content: Content, target: Target) -> str:
    """Return the coverage of the 90 % interval as a sentence, with the range expected of calibrated intervals."""
    from scipy.stats import binom

    inside, total = covered(content, target)
    low, high = (int(binom.ppf(level, total, COVERAGE)) for level in (0.05, 0.95))
    expected = str(low) if low == high else f"{low} to {high}"
    share = f"{inside} of {count(total, 'measurement')} ({100 * inside / total:.0f} %)"
    are = agree(high, "is", "are")
    text = f"{target.name}: {share} {agree(inside, 'lies inside its', 'lie inside their')} 90 % interval"
    text += f"; {expected} {are} expected of calibrated intervals"
    return f"{text}. The model is overconfident." if inside < low else f"{text}."


def errors(content: Content, target: Target) -> Drawing:
    """Return the error of each prediction, in predicted standard deviations."""
    rows = [
        (each.number or 0, expected.error(each.values[target.name]))
        for each in content.done
        if target.name in each.values.keys() - each.censored.keys()
        and (expected := each.predicted.get(target.name)) is not None
        and expected.spread > 0
    ]

    def paint(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        axes.axhspan(-Z, Z, color=BLUE, alpha=0.1, lw=0, label="90 % should lie here")
        axes.axhline(0, color=GREY, lw=1.2)
        for n, error in rows:
            axes.plot([n, n], [0, error], color=GREY, lw=1, zorder=2)
        for hit, colour, marker in ((True, BLUE, "o"), (False, RED, "D")):
            some = [(n, e) for n, e in rows if (abs(e) <= Z) is hit]
            if some:
                axes.plot(*zip(*some, strict=True), marker, color=colour, ms=6, mec="white", mew=0.8, zorder=3)
        reach = max(2.5, *(abs(error) for _, error in rows)) if rows else 2.5
        axes.set_ylim(-1.15 * reach, 1.15 * reach)
        axes.set_xlabel("experiment")
        axes.set_ylabel("error / predicted s.d.")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        _legend(axes)

    label = f"One-step-ahead errors of {target.name}"
    return on_axes(file_name("errors", target.name), label, paint, caption=_size_of_errors(content, target))


def _size_of_errors(content: Content, target: Target) -> str:
    """Return the model's mean absolute error, beside that of predicting the mean of all values measured before."""
    own: list[float] = []
    baseline: list[float] = []
    seen: list[float] = []
    for each in content.done:
        if target.name not in each.values.keys() - each.censored.keys():
            continue
        value = target.scaling.model(each.values[target.name])
        if target.name in each.predicted:
            own.append(abs(value - each.predicted[target.name].mean))
            if seen:
                baseline.append(abs(value - sum(seen) / len(seen)))
        seen.append(value)
    text = f"{target.name}: the mean absolute error is {_error_text(target, own)}"
    if not baseline:
        return f"{text}."
    return f"{text}. Predicting the mean of all earlier results would give {_error_text(target, baseline)}."


def _error_text(target: Target, found: Sequence[float]) -> str:
    """Return a mean error on the model's scale with its unit; of logarithms as the factor that it is."""
    mean = sum(found) / len(found)
    if target.is_log:
        return f"a factor of {number(10.0**mean, 3)}"
    return f"{number(mean, 3)}{f' {target.unit}' if target.unit else ''}"


def evidence(content: Content) -> Drawing:
    """Return the evidence for past tasks and their weights over time."""
    numbers = [n for n, _ in content.evidence]
    values = [each for _, each in content.evidence]
    names = list(dict.fromkeys(name for each in values for name, _ in each.sources))
    weights = {name: [dict(each.sources).get(name, 0.0) for each in values] for name in names}
    leading = sorted(names, key=lambda name: -sum(weights[name]))[:5]

    def paint(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True)
        upper.axhline(0, color=GREY, lw=1.2)
        upper.plot(numbers, [each.log_evidence for each in values], "o-", color=BLUE, lw=1.8, ms=4)
        rejected = [(n, e.log_evidence) for n, e in content.evidence if e.rejected_at is not None]
        if rejected:
            upper.plot(*rejected[0], "X", color=RED, ms=10, label="prior rejected")
            upper.legend()
        upper.set_ylabel("log evidence")
        for name, colour in zip(leading, (BLUE, ORANGE, GREEN, PURPLE, SKY), strict=False):
            lower.plot(numbers, weights[name], "o-", color=colour, lw=1.6, ms=4, label=name)
        lower.set_ylim(-0.03, 1.03)
        lower.set_ylabel("weight of past tasks")
        lower.set_xlabel("experiment")
        if leading:
            lower.legend(fontsize=8.5)

    caption = (
        "Top: log Bayes factor of the model with past tasks against the model without them; above 0 the measurements "
        "support the past tasks. Bottom: the weight of each past task."
    )
    return Drawing("prior-evidence", "Evidence for past tasks over time", paint, (6.4, 4.6), caption)


def belief_weights(content: Content) -> Drawing:
    """Return the share of its first weight that each belief of an expert has left."""
    shown = content.beliefs[:12]

    def paint(axes: Axes) -> None:
        axes.barh(range(len(shown)), [100 * share for _, share, _ in shown], color=BLUE, height=0.6)
        axes.set_yticks(range(len(shown)), [name if len(name) <= 40 else f"{name[:39]}…" for name, _, _ in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(0, 100)
        axes.set_xlabel("share of the first weight that is left [%]")
        axes.grid(visible=False, axis="y")

    caption = "What is left of the weight of each belief in the choice of the next designs."
    return on_axes("beliefs", "Weights of the beliefs", paint, (6.4, 1.1 + 0.33 * len(shown)), caption)


def observed(content: Content, quantity: ObservedQuantity) -> Drawing:
    """Return an observation against the goal, with a line for each open suggestion without a result."""
    goal = next(target for target in content.targets if target.goal is not None)
    x, y = ([pair[i] for pair in quantity.pairs] for i in (0, 1))

    def paint(axes: Axes) -> None:
        axes.scatter(x, y, s=38, color=BLUE, edgecolors="white", linewidths=0.8, zorder=3)
        for name, value in quantity.open[:MAX_LINES]:
            axes.axvline(value, color=GREY, linewidth=1, zorder=1)
            axes.annotate(name, (value, 1.0), xycoords=("data", "axes fraction"), rotation=90, fontsize=7, va="top")
        axes.set_xlabel(with_unit(quantity.name, quantity.unit))
        axes.set_ylabel(with_unit(goal.name, goal.unit))

    caption = f"{quantity.name} and {goal.name} of each result that has both."
    return on_axes(file_name("observed", quantity.name), f"{goal.name} against {quantity.name}", paint, caption=caption)


def trade_off(content: Content, first: Target, second: Target) -> Drawing:
    """Return two goals against each other, with the best designs marked: the Pareto front, or the one best design."""
    several = sum(each.best for each in content.done) > 1
    rows = [each for each in content.done if first.name in each.values and second.name in each.values]

    def paint(axes: Axes) -> None:
        groups: list[tuple[str, dict[str, Any], Callable[[Experiment], bool]]] = [
            ("outside a limit", {"marker": "v", "color": RED}, lambda e: not e.feasible and e.level is None),
            ("not allowed now", {"marker": "X", "color": GREY}, lambda e: e.feasible and not e.allowed and not e.level),
            ("at a lower level", {"marker": "D", "color": GREY}, lambda e: e.level is not None),
            ("measured", {"marker": "o", "color": GREY}, lambda e: _counts(e) and not e.best),
            ("best trade-offs" if several else "best", {"marker": "o", "color": BLUE}, lambda e: e.best),
        ]
        for label, style, belongs in groups:
            chosen = [each for each in rows if belongs(each)]
            if chosen:
                x, y = [each.values[first.name] for each in chosen], [each.values[second.name] for each in chosen]
                axes.scatter(x, y, s=38, label=label, edgecolors="white", linewidths=0.8, zorder=3, **style)
        front = sorted((each.values[first.name], each.values[second.name]) for each in rows if each.best)
        if len(front) > 1 and first.sign and second.sign and sum(t.goal is not None for t in content.targets) == 2:
            # Up to the next design on the front, the attained value is that of the design on the better side.
            where: Any = "pre" if first.sign > 0 else "post"
            axes.step(*zip(*front, strict=True), where=where, color=BLUE, lw=1.4, alpha=0.6, zorder=2)
        for which, target in (("x", first), ("y", second)):
            if target.is_log:
                log_scale(axes, which)
        axes.set_xlabel(with_unit(first.name, first.unit))
        axes.set_ylabel(with_unit(second.name, second.unit))
        _legend(axes)

    caption = f"{first.name} against {second.name}; the {'Pareto front' if several else 'best design'} is blue."
    name = file_name("trade-off", first.name, second.name)
    points = [
        LabelledPoint(
            each.values[first.name],
            each.values[second.name],
            f"{each.id}: {first.name} {_with_unit(each, first)}, {second.name} {_with_unit(each, second)}",
        )
        for each in rows
    ]
    return on_axes(name, f"Trade-off between {first.name} and {second.name}", paint, caption=caption, points=points)


def _with_unit(each: Experiment, target: Target) -> str:
    """Return the value of a target with its unit, as text."""
    return f"{each.value_text(target.name)}{f' {target.unit}' if target.unit else ''}"
