"""Levels of a fidelity: ``python -m benchmarks.studies.fidelity [--seeds 10] [--rows FILE]``.

Each campaign has a table of designs with a value at the top level, which is wanted, and one at a lower level. It makes
experiments one after another until one of the best 1 % of the designs is measured at the top level, for a cost of at
most 30 experiments there; one at the lower level costs 0.02, 0.1 or 0.5 of these. The figure is the cost spent.

Compared are the top level alone; `kind: fidelity`; the same with shuffled lower values; all designs at the lower level
first and then the best of them, in order; the whole lower table as a past task; and two multi-fidelity acquisition
functions of BoTorch (`benchmarks.studies.fidelity_botorch`) at a ratio of 0.1. Ratios to the top level alone are
geometric means with a 95 % interval by a hierarchical bootstrap over tasks and seeds.

Each campaign is a line of the file of rows, and one that is there is not run again; ``--report`` prints the tables of
the file alone. ``DESIGNER_DATA`` names the tables' folder; the simulators need the extra `simulators`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.fidelity_botorch import ENTROPY, GRADIENT, botorch_search
from benchmarks.studies.fidelity_tasks import MEASURED, Pair, names, pair_of
from designer import Campaign, fit_prior
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task

BUDGET, SEEDS = 30.0, 10
RATIOS = (0.02, 0.1, 0.5)
COMPARED_RATIO = 0.1
COMPARED = ("Branin", "Hartmann 6", "doses", "bulk modulus", "photoswitches")
"""The pairs on which BoTorch's searches are run."""

ALONE, LEVELS, SHUFFLED = "top level alone", "`kind: fidelity`", "`kind: fidelity`, lower values shuffled"
FIRST_ALL, PAST = "all at the lower level first", "lower table as a past task"
METHODS = (ALONE, LEVELS, SHUFFLED, FIRST_ALL, PAST, ENTROPY, GRADIENT)
_SAMPLES = 2000

Key = tuple[str, int, float, str]
"""Pair, seed, cost ratio and method of a campaign."""


@dataclass(frozen=True)
class Row:
    """One campaign.

    Parameters
    ----------
    ratio
        What an experiment at the lower level costs; 1 at the top level alone.
    cost
        What was spent until one of the best designs was measured; 31 where none was.
    lower
        Experiments at the lower level.
    seconds
        CPU s a suggestion.
    rank
        Spearman's correlation of the two levels.
    """

    task: str
    seed: int
    ratio: float
    method: str
    cost: float
    lower: int
    seconds: float
    rank: float

    @property
    def key(self) -> Key:
        """What distinguishes it from the other campaigns."""
        return self.task, self.seed, self.ratio, self.method


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns that are not in the file of rows and print Markdown tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.fidelity", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tasks", nargs="*", default=names(), help="Names of the pairs; all unless given.")
    parser.add_argument("--rows", type=Path, default=Path("benchmarks/results/fidelity.jsonl"))
    parser.add_argument("--report", action="store_true", help="Only print the tables of the file.")
    given = parser.parse_args(arguments)
    found = read_rows(given.rows)
    if not given.report:
        known = {row.key for row in found}
        with given.rows.open("a", encoding="utf-8") as file:
            for key in campaigns(given.tasks, given.seeds):
                if key not in known:
                    row = campaign(*key)
                    file.write(json.dumps(asdict(row)) + "\n")
                    file.flush()
                    found.append(row)
    print("\n".join(report(found)))
    return 0


def read_rows(path: Path) -> list[Row]:
    """Return the campaigns of a file; none where there is no file."""
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def campaigns(tasks: Sequence[str], seeds: int) -> list[Key]:
    """Return the keys of all campaigns, by seed: those of `kind: fidelity` first, BoTorch's searches last."""
    found = [(task, seed, ratio, method) for seed in range(seeds) for task in tasks for ratio, method in _runs_of(task)]
    return sorted(found, key=lambda key: _stage(*key))


def _stage(task: str, seed: int, ratio: float, method: str) -> tuple[int, bool]:
    """Return the place of a campaign in the order of the study: the measured tables are run before the others."""
    first = 2 if method in (ENTROPY, GRADIENT) else int(method == PAST or ratio == RATIOS[-1])
    return first, task not in MEASURED


def _runs_of(task: str) -> Iterator[tuple[float, str]]:
    """Yield the ratio and the method of each campaign of a pair."""
    yield 1.0, ALONE
    yield 1.0, PAST
    for ratio in RATIOS:
        yield ratio, LEVELS
        yield ratio, FIRST_ALL
        if ratio < RATIOS[-1]:  # there no lower level is suggested
            yield ratio, SHUFFLED
    if task in COMPARED:
        yield COMPARED_RATIO, ENTROPY
        yield COMPARED_RATIO, GRADIENT


def campaign(task: str, seed: int, ratio: float, method: str) -> Row:
    """Run one campaign."""
    part = _pair(task).part(seed)
    rank = float(part.frame["top"].corr(part.frame["low"], method="spearman"))
    cost, lower, seconds = _run(part, seed, ratio, method)
    return Row(task, seed, ratio, method, round(cost, 6), int(lower), round(seconds, 4), round(rank, 4))


_pair = cache(pair_of)


def _run(part: Pair, seed: int, ratio: float, method: str) -> tuple[float, float, float]:
    """Return cost, experiments at the lower level and CPU s a suggestion of one campaign."""
    if method == ALONE:
        return run(part, seed, None)
    if method == PAST:
        cost, _, seconds = run(part, seed, None, prior=_past(part))
        return cost, len(part.frame), seconds
    if method == FIRST_ALL:
        return in_order(part, ratio)
    if method in (ENTROPY, GRADIENT):
        return botorch_search(part, seed, ratio, method, BUDGET)
    return run(part, seed, ratio, shuffled=method == SHUFFLED)


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of Markdown tables: mean ratios of costs to the top level alone, and each task."""
    alone = {(row.task, row.seed): row.cost for row in rows if row.method == ALONE}
    rows = [each for row in rows for each in _at_each_ratio(row)]
    order = sorted({(row.ratio, row.method) for row in rows if row.method != ALONE}, key=_place)
    yield "| cost ratio | method | measured tables | mean cost there | all tasks | mean cost there | campaigns |"
    yield "|---:|---|---:|---:|---:|---:|---:|"
    for ratio, method in order:
        same = [row for row in rows if (row.ratio, row.method) == (ratio, method)]
        yield f"| {ratio:g} | {method} | {' | '.join(_means(same, alone))} |"
    for method in METHODS:
        same = [row for row in rows if row.method == method != ALONE]
        ratios = sorted({row.ratio for row in same})
        if len(ratios) > 1:
            yield f"| {', '.join(f'{ratio:g}' for ratio in ratios)} | {method} | {' | '.join(_means(same, alone))} |"
    yield ""
    yield "| task | rank correlation | cost ratio | method | cost | ratio | lower results | CPU s a step | seeds |"
    yield "|---|---:|---:|---|---:|---:|---:|---:|---:|"
    for task in names():
        for ratio, method in [(1.0, ALONE), *order]:
            same = [row for row in rows if (row.task, row.ratio, row.method) == (task, ratio, method)]
            if same:
                cost, lower, seconds, rank = (
                    float(np.mean([getattr(row, key) for row in same])) for key in ("cost", "lower", "seconds", "rank")
                )
                mean = math.exp(float(np.mean(_logs(same, alone)[0])))
                what = "" if method == ALONE else f"{ratio:g}"
                yield (
                    f"| {task} | {rank:.2f} | {what} | {method} | {cost:.1f} | {mean:.2f} | {lower:.0f}"
                    f" | {seconds:.2f} | {len(same)} |"
                )


def _place(key: tuple[float, str]) -> tuple[float, int]:
    return key[0], METHODS.index(key[1])


def _means(rows: Sequence[Row], alone: Mapping[tuple[str, int], float]) -> Iterator[str]:
    """Yield the mean ratio and the ratio of mean costs, of the measured tables and of all; the number of campaigns."""
    for some in ([row for row in rows if row.task in MEASURED], rows):
        yield bootstrap(_logs(some, alone)) if some else ""
        yield f"{sum(row.cost for row in some) / sum(alone[row.task, row.seed] for row in some):.2f}" if some else ""
    yield str(len(rows))


def _logs(rows: Sequence[Row], alone: Mapping[tuple[str, int], float]) -> list[list[float]]:
    """Return the logarithms of the ratios to the top level alone, by task."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row.task, []).append(math.log(row.cost / alone[row.task, row.seed]))
    return list(found.values())


def _at_each_ratio(row: Row) -> list[Row]:
    """Return the row; with a past task one for each ratio, with the cost of its table."""
    if row.method != PAST:
        return [row]
    return [Row(**{**asdict(row), "ratio": ratio, "cost": row.cost + ratio * row.lower}) for ratio in RATIOS]


def run(
    pair: Pair, seed: int, ratio: float | None, *, shuffled: bool = False, prior: Any = None
) -> tuple[float, float, float]:
    """Return the cost to one of the best designs, the results at the lower level, and CPU s a suggestion."""
    low = pair.frame["low"].to_numpy()
    low = np.random.default_rng(seed).permutation(low) if shuffled else low
    top, good = pair.frame["top"].to_numpy(), pair.good
    options: dict[str, Any] = {} if prior is None else {"prior": prior}
    space = list(pair.space)
    if ratio is not None:
        space.append({"name": "level", "kind": "fidelity", "levels": ["low", "top"]})
        options["cost"] = f"1 if level == top, {ratio}"
    campaign = Campaign.create(
        space=space, targets=[{"name": "y", "goal": "maximize"}], candidates=pair.frame[pair.columns], seed=seed,
        stop={"reach": False}, suggest_seconds=3600.0, **options,
    )  # fmt: skip
    rows = {tuple(row): i for i, row in enumerate(pair.frame[pair.columns].itertuples(index=False, name=None))}
    spent, lower, made, begin = 0.0, 0, 0, time.process_time()
    while spent < BUDGET:
        batch = campaign.suggest(1)
        made += 1
        row = rows[tuple(batch[pair.columns].iloc[0])]
        is_low = ratio is not None and batch.iloc[0]["level"] == "low"
        spent += ratio if is_low and ratio is not None else 1.0
        lower += is_low
        if not is_low and row in good:
            break
        campaign.record(batch.assign(y=[float(low[row] if is_low else top[row])]))
    else:
        spent = BUDGET + 1.0
    return spent, float(lower), (time.process_time() - begin) / made


def in_order(pair: Pair, ratio: float) -> tuple[float, float, float]:
    """Return the cost where every design is measured at the lower level, and the best of them at the top one."""
    order = np.argsort(-pair.frame["low"].to_numpy(), kind="stable").tolist()
    needed = min(order.index(row) for row in pair.good) + 1
    return ratio * len(order) + min(needed, BUDGET + 1.0), float(len(order)), 0.0


def _past(pair: Pair) -> Any:
    """Return the prior that the whole lower table gives as a past task."""
    data = pair.frame[[*pair.columns, "low"]].rename(columns={"low": "y"})
    task = Task(DesignSpace(parameters=pair.space), [Target(name="y", goal="maximize")], data, name="low")
    return fit_prior([task], "auto")


def bootstrap(by_task: Sequence[Sequence[float]]) -> str:
    """Return the geometric mean of ratios with a 95 % interval, from their logarithms by task."""
    rng = np.random.default_rng(0)
    means = []
    for _ in range(_SAMPLES):
        chosen = rng.integers(0, len(by_task), len(by_task))
        means.append(np.mean([np.mean(rng.choice(by_task[i], len(by_task[i]))) for i in chosen]))
    mid = math.exp(float(np.mean([np.mean(values) for values in by_task])))
    low, high = np.exp(np.quantile(means, [0.025, 0.975]))
    return f"{mid:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
