"""Results that are compared, and goals in their order: ``python -m benchmarks.studies.preferences [--seeds 4]``.

Two parts, over measured tables of which each campaign has a random part (80 % of the rows).

Preferences: 16 experiments whose results have no number. A judge knows the table and gives a wrong answer in one of ten
cases. ``goal: prefer`` asks for two comparisons an experiment. Random choice makes designs at random, and the same
judge keeps the better of the last winner and each new design (one comparison an experiment, and a second judgement,
which must agree to replace the winner). The workaround rates each result from 1 to 5, as fifths of the table's range,
and maximises the rating; one rating of ten is random. The regret of the recommended design is a share of the table's
range.

Tiers: 24 experiments in pairs; a yield of 85 % and then the least palladium, a strength of 50 MPa and then the least
cement. ``combine: tiers`` is compared with a weighted sum of desirabilities, in which the first goal has the weight 1
or 3, and with random choice. Each method recommends the measured design that reaches the first goal with the least of
the second (results are exact): how much more of it than the best of the table, as a share of its range, 1 where no
design reaches the first goal.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.studies.lab_tables import LabTable, tables
from designer import Campaign

EXPERIMENTS, COMPARISONS, WRONG = 16, 2, 0.1
TIERED_EXPERIMENTS, PAIR = 24, 2
SEEDS = 4
PREFERENCE_TABLES = ("direct arylation", "Suzuki coupling", "enzymatic oxidation")
TIERS = {"Suzuki coupling": (85.0, "Pd_molpct"), "ageing of concrete": (50.0, "cement_kg_m3")}
"""By table: the value of the target that comes first, and the setting of which the least is wanted then."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print two Markdown tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.preferences", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    known = {table.name: table for table in tables()}
    print("| table | campaign | regret of the recommended | regret of the best made | CPU s an experiment |")
    print("|---|---|---:|---:|---:|")
    for name in PREFERENCE_TABLES:
        _print(name, PREFERENCES, known[name], given.seeds, 3)
    print("\n| table | campaign | excess of the second goal | first goal reached | CPU s a suggestion |")
    print("|---|---|---:|---:|---:|")
    for name in TIERS:
        _print(name, TIERED, known[name], given.seeds, 2)
    return 0


def _print(
    name: str, methods: dict[str, Callable[[LabTable, int], Sequence[float]]], table: LabTable, seeds: int, digits: int
) -> None:
    for method, run in methods.items():
        rows = np.array([run(table.part(seed), seed) for seed in range(seeds)])
        mean = rows.mean(0)
        error = rows[:, 0].std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else 0.0
        cells = f"{mean[0]:.3f} ± {error:.3f} | {mean[1]:.{digits}f} | {mean[2]:.2f}"
        print(f"| {name} | {method} | {cells} |", flush=True)


class Judge:
    """Answers by the values of a table, and wrongly in a share of the cases."""

    def __init__(self, table: LabTable, seed: int) -> None:
        self.table, self.rng = table, np.random.default_rng([seed, 7])

    def value(self, design: Any) -> float:
        """Return the hidden value of a design."""
        return self.table.value({column: design[column] for column in self.table.settings})

    def prefers_first(self, first: Any, second: Any) -> bool:
        """Return whether the judge prefers the first design."""
        return (self.value(first) > self.value(second)) ^ (self.rng.random() < WRONG)

    def rating(self, design: Any) -> float:
        """Return the rating of a design, 1 to 5: fifths of the table's range, or at random."""
        if self.rng.random() < WRONG:
            return float(self.rng.integers(1, 6))
        values = self.table.frame[self.table.target["name"]]
        share = (self.value(design) - values.min()) / np.ptp(values)
        return float(min(5, 1 + int(5 * share)))


def _campaign(table: LabTable, seed: int, targets: Sequence[Any], **settings: Any) -> Campaign:
    return Campaign.create(
        space=table.space(),
        targets=targets,
        candidates=table.frame[table.settings],
        seed=seed,
        stop={"reach": False},
        suggest_seconds=3600.0,  # no time limit, whatever else the machine does
        **settings,
    )


def preferred(table: LabTable, seed: int) -> Sequence[float]:
    """Return the figures of a campaign with ``goal: prefer``."""
    judge, begin = Judge(table, seed), time.process_time()
    campaign = _campaign(table, seed, [{"name": "look", "goal": "prefer"}])
    for _ in range(EXPERIMENTS):
        frame = campaign.suggest(1)
        campaign.record(frame.assign(look="made"))
        for _ in range(COMPARISONS):
            pair = campaign.next_comparison()
            if pair is None:
                break
            made = campaign.state.measurements
            names = (pair.first, pair.second)
            better, worse = names if judge.prefers_first(*(made[name].design for name in names)) else reversed(names)
            campaign.compare(better, worse)
    recommended = campaign.best().iloc[0]
    made_values = [judge.value(each.design) for each in campaign.state.results]
    return _figures(table, judge.value(recommended), max(made_values), begin)


def rated(table: LabTable, seed: int) -> Sequence[float]:
    """Return the figures of a campaign that maximises ratings from 1 to 5."""
    judge, begin = Judge(table, seed), time.process_time()
    campaign = _campaign(table, seed, [{"name": "rating", "goal": "maximize"}])
    for _ in range(EXPERIMENTS):
        frame = campaign.suggest(1)
        campaign.record(frame.assign(rating=[judge.rating(row) for _, row in frame.iterrows()]))
    best = campaign.best()
    recommended = best[best["best_by"] != "measured"].iloc[0]
    made_values = [judge.value(each.design) for each in campaign.state.results]
    return _figures(table, judge.value(recommended), max(made_values), begin)


def random_winner(table: LabTable, seed: int) -> Sequence[float]:
    """Return the figures of designs at random, of which the winner of comparisons is recommended."""
    judge, begin = Judge(table, seed), time.process_time()
    rows = np.random.default_rng([seed, 3]).permutation(len(table.frame))[:EXPERIMENTS]
    designs = [table.frame.iloc[int(row)] for row in rows]
    winner = designs[0]
    for design in designs[1:]:
        if judge.prefers_first(design, winner) and judge.prefers_first(design, winner):
            winner = design
    return _figures(table, judge.value(winner), max(judge.value(each) for each in designs), begin)


def _figures(table: LabTable, recommended: float, best: float, begin: float) -> Sequence[float]:
    seconds = (time.process_time() - begin) / EXPERIMENTS
    return *table.regrets([recommended, best]).tolist(), seconds


def _tiered(combine: dict[str, Any], *of_goals: dict[str, Any]) -> Callable[[LabTable, int], Sequence[float]]:
    def run(table: LabTable, seed: int) -> Sequence[float]:
        reach, second = TIERS[table.name]
        first: dict[str, Any] = {"name": "first", "goal": "maximize", "reach": reach}
        targets = [first, {"name": "second", "goal": "minimize"}]
        targets = [{**target, **extra} for target, extra in zip(targets, of_goals or ({}, {}), strict=True)]
        judge, begin = Judge(table, seed), time.process_time()
        campaign = _campaign(table, seed, targets, batch_size=PAIR, **combine)
        for _ in range(TIERED_EXPERIMENTS // PAIR):
            frame = campaign.suggest()
            values = [judge.value(row) for _, row in frame.iterrows()]
            campaign.record(frame.assign(first=values, second=frame[second]))
        made = [(each.values["first"], each.values["second"]) for each in campaign.state.results]
        return _excess(table, made, (time.process_time() - begin) / (TIERED_EXPERIMENTS // PAIR))

    return run


def random_tiers(table: LabTable, seed: int) -> Sequence[float]:
    """Return the figures of designs at random."""
    rows = table.frame.iloc[np.random.default_rng([seed, 3]).permutation(len(table.frame))[:TIERED_EXPERIMENTS]]
    _, second = TIERS[table.name]
    return _excess(table, list(zip(rows[table.target["name"]], rows[second], strict=True)), 0.0)


def _excess(table: LabTable, made: Sequence[tuple[float, float]], seconds: float) -> Sequence[float]:
    reach, second = TIERS[table.name]
    whole = table.frame
    best = whole.loc[whole[table.target["name"]] >= reach, second].min()
    found = [cost for value, cost in made if value >= reach]
    excess = (min(found) - best) / np.ptp(whole[second]) if found else 1.0
    return float(excess), float(bool(found)), seconds


PREFERENCES: dict[str, Callable[[LabTable, int], Sequence[float]]] = {
    "`goal: prefer`": preferred,
    "rated from 1 to 5": rated,
    "random, winner kept": random_winner,
}
TIERED: dict[str, Callable[[LabTable, int], Sequence[float]]] = {
    "`combine: tiers`": _tiered({"combine": "tiers"}),
    "desirability, weights 1 and 1": _tiered({"combine": "desirability"}, {"weight": 1}, {"weight": 1}),
    "desirability, weights 3 and 1": _tiered({"combine": "desirability"}, {"weight": 3}, {"weight": 1}),
    "random": random_tiers,
}


if __name__ == "__main__":
    sys.exit(main())
