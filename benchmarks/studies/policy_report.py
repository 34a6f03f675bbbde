"""Figures of the study of the learned policy: means, ratios by family with intervals, hindsight, and pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.report.comparison import Estimate
from benchmarks.report.sections import Table
from benchmarks.studies.policy_records import Record
from benchmarks.studies.policy_simulation import ALL
from designer.arrays import FloatArray

DRAWS = 2000
BASELINE = "auto"

Times = Mapping[tuple[str, str, int], float]
"""Experiments by family, task and seed."""


def times(records: Sequence[Record], policy: str, *, gap: bool = False) -> dict[tuple[str, str, int], float]:
    """Return the experiments of a policy's campaigns, to the top 1 % or to 90 % of the gap."""
    return {(r.family, r.task, r.seed): float(r.to_gap if gap else r.to_top) for r in records if r.policy == policy}


def ratio(others: Times, own: Times) -> Estimate:
    """Return by how much `own` is faster: the mean over families of log(other / own), as a ratio with its interval.

    The interval is that of a hierarchical bootstrap over families, tasks and seeds of the campaigns that both have.

    >>> ratio({("f", "a", 0): 20.0, ("g", "b", 0): 10.0}, {("f", "a", 0): 10.0, ("g", "b", 0): 5.0}).value
    2.0
    """
    tree = _tree({key: math.log(others[key] / own[key]) for key in own if key in others})
    rng = np.random.default_rng(0)
    drawn = [_drawn_mean(tree, rng) for _ in range(DRAWS)]
    low, high = np.exp(np.quantile(drawn, [0.025, 0.975]))
    value = math.exp(float(np.mean([np.mean([np.mean(seeds) for seeds in tasks]) for tasks in tree])))
    return Estimate(round(value, 12), float(low), float(high))


def _tree(values: Times) -> list[list[FloatArray]]:
    """Return seeds of tasks of families."""
    families: dict[str, dict[str, list[float]]] = {}
    for (family, task, _), value in sorted(values.items()):
        families.setdefault(family, {}).setdefault(task, []).append(value)
    return [[np.array(seeds) for seeds in tasks.values()] for tasks in families.values()]


def _drawn_mean(tree: list[list[FloatArray]], rng: np.random.Generator) -> float:
    means = []
    for i in rng.integers(len(tree), size=len(tree)):
        tasks = tree[i]
        chosen = rng.integers(len(tasks), size=len(tasks))
        means.append(np.mean([rng.choice(tasks[j], size=len(tasks[j])).mean() for j in chosen]))
    return float(np.mean(means))


def comparison(records: Sequence[Record], policies: Sequence[str]) -> Table:
    """Return a table of policies: campaigns, mean experiments of each and of `auto` on the same, and the ratios."""
    body = []
    for policy in policies:
        own, base = times(records, policy), times(records, BASELINE)
        shared = [key for key in own if key in base]
        if not shared:
            continue
        own_gap, base_gap = times(records, policy, gap=True), times(records, BASELINE, gap=True)
        worst = worst_family({key: own[key] for key in shared}, base)
        body.append(
            [
                policy,
                str(len(shared)),
                f"{np.mean([own[key] for key in shared]):.1f}",
                f"{np.mean([base[key] for key in shared]):.1f}",
                str(ratio(base, own)),
                f"{np.mean([own_gap[key] for key in shared]):.1f}",
                str(ratio(base_gap, own_gap)),
                f"{worst[0]} ({worst[1]:.2f})",
            ]
        )
    names = ["policy", "campaigns", "T", "T of `auto`", "ratio of T", "G", "ratio of G", "slowest family (ratio of T)"]
    return Table(names, body)


def cut_off(records: Sequence[Record], budget: int) -> list[Record]:
    """Return the outcomes under a smaller budget: no choice here depends on the budget."""
    return [
        replace(r, budget=budget, to_top=min(r.to_top, budget + 1), to_gap=min(r.to_gap, budget + 1))
        for r in records
        if r.budget >= budget
    ]


def worst_family(own: Times, base: Times) -> tuple[str, float]:
    """Return the family in which `own` is slowest beside `base`, and the ratio there (under 1: slower)."""
    found: dict[str, list[float]] = {}
    for key, value in own.items():
        found.setdefault(key[0], []).append(math.log(base[key] / value))
    family = min(found, key=lambda name: float(np.mean(found[name])))
    return family, math.exp(float(np.mean(found[family])))


def one_step(costs: Mapping[str, Mapping[tuple[str, str, int], float]]) -> Table:
    """Return a table of costs in single states, less those of `auto`: means over families with intervals.

    Parameters
    ----------
    costs
        By policy: by family, task and number of the state.
    """
    body = []
    for name, values in costs.items():
        tree = _tree(values)
        rng = np.random.default_rng(0)
        drawn = [_drawn_mean(tree, rng) for _ in range(DRAWS)]
        mean = float(np.mean([np.mean([np.mean(states) for states in tasks]) for tasks in tree]))
        found = Estimate(math.exp(-mean), *(math.exp(-float(q)) for q in np.quantile(drawn, [0.975, 0.025])))
        body.append([name, str(sum(len(states) for tasks in tree for states in tasks)), str(found)])
    return Table(["choice", "states", "rank of the best design left: `auto` over it"], body)


def hindsight(records: Sequence[Record], names: Sequence[str] = ALL) -> Table:
    """Return what fixed experts need, as means of families, where each campaign or family is given to the best one."""
    each = {name: times(records, name) for name in names}
    shared = [key for key in each[BASELINE] if all(key in found for found in each.values())]
    matrix = np.array([[each[name][key] for key in shared] for name in names])
    families = sorted({key[0] for key in shared})
    by_family, by_campaign = [], []
    for family in families:
        columns = [i for i, key in enumerate(shared) if key[0] == family]
        by_family.append(matrix[:, columns].mean(1))
        by_campaign.append(matrix[:, columns].min(0).mean())
    others = np.array(by_family)
    crossed = []  # the best expert of the other families
    for i in range(len(families)):
        best = int(np.delete(others, i, axis=0).mean(0).argmin())
        crossed.append(others[i, best])
    body = [
        ["`auto`", f"{others[:, list(names).index(BASELINE)].mean():.1f}"],
        ["the best expert of the other families", f"{np.mean(crossed):.1f}"],
        ["the best expert of the family, by hindsight", f"{others.min(1).mean():.1f}"],
        ["the best expert of the campaign, by hindsight", f"{np.mean(by_campaign):.1f}"],
    ]
    return Table([f"each campaign given to ({len(shared)} campaigns)", "T"], body)


def learning_curve(file: Path, trained: Sequence[float], left_out: Sequence[float], steps: Sequence[int]) -> None:
    """Draw the expected cost on training families and on families left out against the steps of training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(steps, trained, label="families of the training")
    axes.plot(steps, left_out, label="families left out")
    axes.axhline(0.0, color="0.5", linewidth=0.8)
    axes.set_xlabel("steps of training")
    axes.set_ylabel("cost less that of auto (logarithms of ranks)")
    axes.legend()
    figure.savefig(file, dpi=110)
