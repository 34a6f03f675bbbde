"""Rules for observations: ``python -m benchmarks.studies.observation_rules [--seeds 3] [--rows FILE]``.

The study `benchmarks.studies.characterisation` with functions and other tables in the place of its own, so that no
number of a rule is chosen on what is reported. The target is a function, in some with a part that no parameter
explains; the observation is the same with a random smooth deviation, or with noise, alone or beside unrelated columns.
The tables are the measured ones and those of compounds of `benchmarks.studies.fidelity_rules`; the value at the lower
level is the observation. Each rule changes numbers of the stage rule. Figures are the cost to one of the best 1 % of at
most 200 designs, divided by that without observations of the same seed, with observations as they are and shuffled.

Each campaign is a line of the file of rows, and one that is there is not run again; ``--report`` prints the tables of
the file alone. ``--guard`` prints how well a few results of random designs tell true observations from shuffled ones.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.studies.campaign_rows import Row, completed
from benchmarks.studies.characterisation import SHUFFLED, WITH, WITHOUT, StagedTable, bootstrap, run
from benchmarks.studies.fidelity_rule_pairs import MEASURED, TABLES, borehole, currin, hartmann_3, pair_of
from benchmarks.studies.fidelity_tasks import analytic, branin, hartmann
from designer.arrays import FloatArray
from designer.campaign.staging import learning, stage_rule
from designer.campaign.suggesting import campaign_posterior
from designer.priors.intermediate.regression import PRIOR_PROBABILITY
from designer.priors.intermediate.relation import log_bayes_factor
from designer.priors.intermediate.revision import TRUSTED

LOOKS = 16
"""Results of a campaign after each of which the guard is asked."""

SEEDS, ROWS = 3, 250
"""Campaigns of a function, and its designs: a campaign has 80 % of them."""


@dataclass(frozen=True)
class Problem:
    """A function with observations.

    Parameters
    ----------
    size, function
        Its inputs, on the unit cube.
    deviation, noise
        The size of the smooth deviation and of the noise of the observation, beside the target's own.
    unrelated
        Further columns of the observation that are noise.
    rough
        The size of the part of the target that no parameter explains, which the observation has as well.
    """

    size: int
    function: Callable[[FloatArray], FloatArray]
    deviation: float = 0.0
    noise: float = 0.0
    unrelated: int = 0
    rough: float = 0.0

    def table(self, name: str) -> StagedTable:
        """Return its designs with their observations and targets."""
        pair = analytic(name, self.size, self.function, self.function, self.deviation)
        frame, rng = pair.frame.iloc[:ROWS].reset_index(drop=True), np.random.default_rng(1)
        rough, noise = self.rough * rng.normal(size=ROWS), self.noise * rng.normal(size=ROWS)
        top = _standardised(frame.pop("top").to_numpy()) + rough
        low = _standardised(frame.pop("low").to_numpy()) + rough + noise
        others = {f"u{i}": rng.normal(size=ROWS) for i in range(self.unrelated)}
        names = ("z", *others)
        return StagedTable(name, frame.assign(z=low, **others, y=top), tuple(pair.space), names, "y")


def _standardised(y: FloatArray) -> FloatArray:
    return np.asarray((y - y.mean()) / y.std())


PROBLEMS: dict[str, Problem] = {
    "Branin": Problem(2, branin, deviation=0.3),
    "Hartmann 3": Problem(3, hartmann_3, deviation=0.5, unrelated=1),
    "Hartmann 6": Problem(6, hartmann, noise=0.3),
    "Borehole": Problem(8, borehole, deviation=1.0),
    "Currin, rough": Problem(2, currin, noise=0.3, rough=0.7),
    "Hartmann 3, rough": Problem(3, hartmann_3, deviation=0.3, noise=0.2, rough=1.0),
    "Hartmann 6, rough": Problem(6, hartmann, noise=0.5, unrelated=3, rough=0.7),
    "Borehole, rough": Problem(8, borehole, noise=0.3, rough=0.5),
}

PRESENT = "the present rule"


RULES: dict[str, tuple[tuple[Any, str, Any], ...]] = {
    PRESENT: (),
    "trusted from 0.5": ((stage_rule, "TRUSTED", 0.5), (campaign_posterior, "TRUSTED", 0.5)),
    "at most a quarter of the cost": ((stage_rule, "MAX_SHARE", 0.25),),
    "observed only where probably informative": ((stage_rule, "PROMISING", 0.5),),
    "six designs observed in any case": ((learning, "MIN_PAIRS", 6),),
}
"""What each rule changes: an object, its attribute and the value."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns that are not in the file of rows and print Markdown tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.observation_rules", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--problems", nargs="*", default=names(), help="Names; all unless given.")
    parser.add_argument("--rules", nargs="*", default=list(RULES), help="Names; all unless given.")
    parser.add_argument("--rows", type=Path, default=Path("benchmarks/results/observation_rules.jsonl"))
    parser.add_argument("--report", action="store_true", help="Only print the tables of the file.")
    parser.add_argument("--guard", action="store_true", help="Only print the table of the guard.")
    given = parser.parse_args(arguments)
    if given.guard:
        print("\n".join(guard()))
        return 0
    missing = () if given.report else _campaigns(given.problems, given.rules, given.seeds)
    rows = completed(given.rows, missing, _key, _campaign)
    print("\n".join([*report(rows), "", *report_problems(rows)]))
    return 0


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("problem", "seed", "rule", "arm"))


def _campaigns(problems: Sequence[str], rules: Sequence[str], seeds: int) -> Iterator[Row]:
    """Yield what distinguishes each campaign, by seed; one without observations is the same by all rules."""
    for seed in range(seeds):
        for problem in problems:
            yield {"problem": problem, "seed": seed, "rule": WITHOUT, "arm": WITHOUT}
            for rule in rules:
                for arm in (WITH, SHUFFLED):
                    yield {"problem": problem, "seed": seed, "rule": rule, "arm": arm}


def names() -> list[str]:
    """Return the names of the functions and of the tables."""
    return [*PROBLEMS, *MEASURED, *TABLES]


@cache
def table_of(name: str) -> StagedTable:
    """Return the designs of a function or of a table with their observations and targets."""
    if name in PROBLEMS:
        return PROBLEMS[name].table(name)
    pair = pair_of(name)
    frame = pair.frame.rename(columns={"low": "z", "top": "y"})
    return StagedTable(name, frame, tuple(pair.space), ("z",), "y")


def _campaign(row: Row) -> Row:
    """Return the row with the cost of its campaign, what was measured and observed, and CPU seconds."""
    with ExitStack() as stack:
        for each in RULES.get(row["rule"], ()):
            stack.enter_context(patch.object(*each))
        cost, measured, observed, seconds = run(table_of(row["problem"]).part(row["seed"]), row["seed"], row["arm"])
    return {**row, "cost": round(cost, 6), "measured": measured, "observed": observed, "seconds": round(seconds, 2)}


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table: by rule, the ratios to the cost without observations."""
    yield "| rule | campaigns | with observations | shuffled | largest of a problem, shuffled | observed | measured |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for rule in RULES:
        same = [row for row in rows if row["rule"] == rule]
        logs = {arm: _logs(same, rows, arm) for arm in (WITH, SHUFFLED)}
        if not all(logs.values()):
            continue
        cells = []
        for arm in (WITH, SHUFFLED):
            low, mid, high = bootstrap(list(logs[arm].values()))
            cells.append(f"{mid:.2f} ({low:.2f} to {high:.2f})")
        worst = np.exp(max(each.mean() for each in logs[SHUFFLED].values()))
        true = [row for row in same if row["arm"] == WITH]
        means = [np.mean([row[name] for row in true]) for name in ("observed", "measured")]
        yield f"| {rule} | {len(same)} | {' | '.join(cells)} | {worst:.2f} | {means[0]:.1f} | {means[1]:.1f} |"


def report_problems(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table: by problem the cost without observations, and the ratios by rule."""
    rules = [rule for rule in RULES if any(row["rule"] == rule for row in rows)]
    yield f"| problem | without | {' | '.join(rules)} |"
    yield f"|---|---:|{'---:|' * len(rules)}"
    for problem in names():
        cells = []
        for rule in rules:
            same = [row for row in rows if row["rule"] == rule]
            found = [_logs(same, rows, arm).get(problem) for arm in (WITH, SHUFFLED)]
            cells.append(" / ".join("" if each is None else f"{np.exp(each.mean()):.2f}" for each in found))
        alone = [row["cost"] for row in rows if (row["problem"], row["rule"]) == (problem, WITHOUT)]
        if alone:
            yield f"| {problem} | {np.mean(alone):.1f} | {' | '.join(cells)} |"


def guard(draws: int = 60) -> Iterator[str]:
    """Yield two Markdown tables: how well results tell true observations from shuffled ones.

    By the number of results the area under the receiver operating curve of the evidence and the shares of
    probabilities above a level; and by level the share of shuffled observations that exceed it at any of the first
    `LOOKS` results, and the results after which true ones first do, `LOOKS` where they never do.
    """
    levels = (0.5, TRUSTED, 0.8)
    yield f"| results | area | {' | '.join(f'true, above {each} | shuffled, above {each}' for each in levels)} |"
    yield f"|---:|---:|{'---:|' * 2 * len(levels)}"
    for n in (3, 4, 6, 8, 12):
        found: dict[bool, list[float]] = {True: [], False: []}
        for true, shuffled in _draws(n, draws):
            found[True].append(_probabilities(*true, n)[-1])
            found[False].append(_probabilities(*shuffled, n)[-1])
        area = (np.array(found[True])[:, None] > found[False]).mean()
        shares = [f"{100.0 * (np.array(found[kind]) > each).mean():.0f} %" for each in levels for kind in (True, False)]
        yield f"| {n} | {area:.2f} | {' | '.join(shares)} |"
    yield "\n| probability | shuffled, ever above | true, first above after |"
    yield "|---:|---:|---:|"
    looks = [(_probabilities(*true, 3), _probabilities(*other, 3)) for true, other in _draws(LOOKS, draws // 2)]
    for each in levels:
        ever = np.mean([max(shuffled) > each for _, shuffled in looks])
        first = np.mean([next((3 + i for i, p in enumerate(true) if p > each), LOOKS) for true, _ in looks])
        yield f"| {each} | {100.0 * ever:.0f} % | {first:.1f} |"


Sample = tuple[FloatArray, FloatArray]


def _draws(n: int, draws: int) -> Iterator[tuple[Sample, Sample]]:
    """Yield `draws` times of each problem `n` results with their observations and with those of other designs."""
    for name in names():
        table, rng = table_of(name), np.random.default_rng(n)
        y, Z = table.frame[table.target].to_numpy(), table.frame[list(table.observations)].to_numpy()
        for _ in range(draws):
            rows, others = (rng.choice(len(y), n, replace=False) for _ in range(2))
            yield (y[rows], Z[rows]), (y[rows], Z[others])


def _probabilities(y: FloatArray, Z: FloatArray, first: int) -> list[float]:
    """Return the probability that observations are informative after the `first` results and after each further one."""
    odds = PRIOR_PROBABILITY / (1.0 - PRIOR_PROBABILITY)
    factors = [log_bayes_factor(y[:n], Z[:n]) for n in range(first, len(y) + 1)]
    return [float(1.0 / (1.0 + np.exp(-each) / odds)) for each in factors]


def _logs(rows: Sequence[Row], all_rows: Sequence[Row], arm: str) -> dict[str, FloatArray]:
    """Return the logarithms of the ratios of an arm, by problem."""
    alone = {(row["problem"], row["seed"]): row["cost"] for row in all_rows if row["rule"] == WITHOUT}
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["arm"] == arm:
            found.setdefault(row["problem"], []).append(np.log(row["cost"] / alone[row["problem"], row["seed"]]))
    return {problem: np.array(each) for problem, each in found.items()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
