"""How the weights of `auto` follow the results: `python -m benchmarks.studies.prior_weights` draws the picture of
docs/priors.md.

Two campaigns on one response surface, each with seven past tasks. On the left those of its own family; on the right the
same tasks with their temperatures mirrored, so that they agree with each other and are wrong about the campaign.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from designer import Campaign, fit_prior
from designer.arrays import FloatArray
from designer.space import NumericParameter
from designer.tasks import Task
from designer.tasks.analytic import TARGET, Surface, analytic_family, analytic_surfaces

FAMILY, SOURCES, ROWS, EXPERIMENTS = "arrhenius-peak", 7, 40, 15
PICTURE = Path("docs/images/prior-weights.png")
BASELINE = "plain"  # as version 0.1 wrote it into stores
COLOURS = {"past tasks": "#08306b", "without past tasks": "#c6d4e3"}


@dataclass(frozen=True, eq=False)
class Course:
    """A campaign after each result: weight of the models with past tasks, and the best value so far (``n`` each)."""

    weights: FloatArray
    best: FloatArray


def mirrored(task: Task) -> Task:
    """Return a task whose designs have the temperatures of the other end of the space."""
    (temperature,) = (p for p in task.space.parameters if p.name == "temperature")
    assert isinstance(temperature, NumericParameter)
    assert temperature.bounds is not None
    low, high = temperature.bounds
    return replace(task, data=task.data.assign(temperature=low + high - task.data["temperature"]))


def course(surface: Surface, sources: Sequence[Task], experiments: int) -> Course:
    """Return the course of a campaign on a surface, without noise, with a prior of kind `auto`."""
    campaign = Campaign.create(space=surface.space, targets=[TARGET], prior=fit_prior(sources, kind="auto", seed=0))
    weights, values = [], []
    for _ in range(experiments):
        made = campaign.suggest(1)
        values.append(float(surface(made)[0]))
        campaign.record({str(made.index[0]): {TARGET.name: values[-1]}})
        evidence = campaign.status().prior
        weights.append(0.0 if evidence is None else 1.0 - dict(evidence.experts).get(BASELINE, 0.0))
    return Course(np.array(weights), np.maximum.accumulate(values) / surface.best_value)


def picture(courses: dict[str, Course]) -> Figure:
    """Return the weights of each campaign, and its best value, by the number of results."""
    figure = Figure(figsize=(9.0, 3.4), layout="constrained")
    for axes, (title, each) in zip(figure.subplots(1, len(courses), sharey=True), courses.items(), strict=True):
        _draw(axes, each)
        axes.set_title(title, fontsize=11)
    figure.axes[0].set_ylabel("share")
    figure.axes[-1].legend(loc="center right", fontsize=9, framealpha=0.95)
    return figure


def _draw(axes: Axes, each: Course) -> None:
    results = np.arange(1, len(each.weights) + 1)
    axes.stackplot(results, each.weights, 1 - each.weights, labels=COLOURS, colors=list(COLOURS.values()))
    axes.plot(results, each.best, color="#d95f02", linewidth=2, marker="o", markersize=3, label="best value / optimum")
    axes.set(xlim=(1, len(results)), ylim=(0, 1.02), xlabel="results")


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture and print the weights."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.prior_weights", description=__doc__)
    parser.add_argument("--experiments", type=int, default=EXPERIMENTS, help=f"a campaign (default: {EXPERIMENTS})")
    parser.add_argument("--out", type=Path, default=PICTURE, help=f"the picture (default: {PICTURE})")
    given = parser.parse_args(arguments)
    surface = analytic_surfaces(FAMILY)[0]
    related = analytic_family(FAMILY, number=SOURCES + 1, rows=ROWS).tasks[1:]
    courses = {
        "past tasks of the same process": course(surface, related, given.experiments),
        "past tasks that mislead": course(surface, [mirrored(task) for task in related], given.experiments),
    }
    picture(courses).savefig(given.out, dpi=130)
    for title, each in courses.items():
        print(f"{title}: weight of past tasks {each.weights.round(2).tolist()}, best {each.best.round(2).tolist()}")


if __name__ == "__main__":
    main()
