"""Rules for using lower levels: ``python -m benchmarks.studies.fidelity_rules [--seeds 3] [--rows FILE]``.

The study `benchmarks.studies.fidelity` with other pairs: functions beside the same with a random smooth deviation,
small or as large as the function itself, three tables of compounds whose lower values are the measured ones with a
deviation that depends on the composition, and pairs of measured tables of the same designs. None of them is reported
there but Branin and Hartmann 6. Each rule changes one part of `kind: fidelity`. Figures are the cost to one of the best
1 % of 200 designs, divided by that of the top level alone, with lower values as they are and shuffled. The tables are
in the folder that ``DESIGNER_DATA`` names.

Each campaign is a line of the file of rows, and one that is there is not run again; ``--report`` prints the table of
the file alone. ``--self-prediction`` prints how well the results of a few random designs predict each other, as they
are and shuffled.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from benchmarks.studies.campaign_rows import Row, completed
from benchmarks.studies.fidelity import bootstrap, run
from benchmarks.studies.fidelity_rule_pairs import names, pair_of, space_of
from benchmarks.studies.fidelity_tasks import Pair
from designer.arrays import FloatArray
from designer.campaign.suggesting import level_choice
from designer.priors.auto import expert_weights
from designer.priors.fidelity import level_evidence, level_prior, level_process
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import fit_gaussian_process
from designer.surrogates.held_out import r_squared
from designer.surrogates.outputs import OutputScale, winsorised

SEEDS, RATIOS = 3, (0.02, 0.1)
ALONE, PRESENT = "top level alone", "the present rule"


def _of_process_alone(pairs: FloatArray) -> None:
    """Leave the correlation of designs at both levels out of the evidence."""


def _with_least_weight(log_prior: FloatArray, log_evidence: FloatArray, **_: float) -> tuple[FloatArray, float]:
    """Return the weights with the least one that the baseline model has beside past tasks."""
    return expert_weights(log_prior, log_evidence)


RULES: dict[str, tuple[tuple[Any, str, Any], ...]] = {
    PRESENT: (),
    "used only once top-level results prove them": (
        (level_evidence, "MIN_PREDICTED", sys.maxsize),
        (level_choice, "MIN_PREDICTED", sys.maxsize),
    ),
    "evidence of the process alone": ((level_process, "log_odds_of_correlation", _of_process_alone),),
    "lower levels cost as much as the top one": (
        (level_choice, "MAX_SHARE", 1.0),
        (level_choice, "USED_IN_ADVANCE", 8),
    ),
    "the model without them has a least weight": (
        (level_prior, "BASELINE_WEIGHT", 0.5),
        (level_prior, "expert_weights", _with_least_weight),
    ),
}
"""What each rule changes: an object, its attribute and the value."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns that are not in the file of rows and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.fidelity_rules", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--pairs", nargs="*", default=names(), help="Names of the pairs; all unless given.")
    parser.add_argument("--rules", nargs="*", default=list(RULES), help="Names of the rules; all unless given.")
    parser.add_argument("--rows", type=Path, default=Path("benchmarks/results/fidelity_rules.jsonl"))
    parser.add_argument("--report", action="store_true", help="Only print the table of the file.")
    parser.add_argument("--self-prediction", action="store_true", help="Only print the table of self-prediction.")
    given = parser.parse_args(arguments)
    if given.self_prediction:
        print("\n".join(self_prediction(given.pairs)))
        return 0
    missing = () if given.report else _campaigns(given.pairs, given.rules, given.seeds)
    rows = completed(given.rows, missing, _key, _campaign)
    print("\n".join(report(rows)))
    return 0


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("pair", "seed", "rule", "ratio", "shuffled"))


def _campaigns(pairs: Sequence[str], rules: Sequence[str], seeds: int) -> Iterator[Row]:
    """Yield what distinguishes each campaign, by seed."""
    for seed in range(seeds):
        for pair in pairs:
            yield {"pair": pair, "seed": seed, "rule": ALONE, "ratio": 1.0, "shuffled": False}
            for rule in rules:
                for ratio in RATIOS:
                    for shuffled in (False, True):
                        yield {"pair": pair, "seed": seed, "rule": rule, "ratio": ratio, "shuffled": shuffled}


_pair_of = cache(pair_of)


def _campaign(row: Row) -> Row:
    """Return the row with the cost of its campaign and the number of results at the lower level."""
    part = _pair_of(row["pair"]).part(row["seed"])
    with ExitStack() as stack:
        for each in RULES.get(row["rule"], ()):
            stack.enter_context(patch.object(*each))
        ratio = None if row["rule"] == ALONE else row["ratio"]
        cost, lower, _ = run(part, row["seed"], ratio, shuffled=row["shuffled"])
    return {**row, "cost": round(cost, 6), "lower": int(lower)}


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table: by rule, the ratios to the cost of the top level alone."""
    alone = {(row["pair"], row["seed"]): row["cost"] for row in rows if row["rule"] == ALONE}
    yield "| rule | campaigns | at 0.02 | shuffled | at 0.1 | shuffled | mean cost, shuffled | largest, shuffled |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for rule in RULES:
        same = [row for row in rows if row["rule"] == rule]
        cells = []
        for ratio in RATIOS:
            for shuffled in (False, True):
                logs = _logs([row for row in same if (row["ratio"], row["shuffled"]) == (ratio, shuffled)], alone)
                cells.append(bootstrap(logs) if logs else "")
        costs = np.array([(row["cost"], alone[row["pair"], row["seed"]]) for row in same if row["shuffled"]])
        if len(costs):
            mean, worst = costs[:, 0].mean() / costs[:, 1].mean(), (costs[:, 0] / costs[:, 1]).max()
            yield f"| {rule} | {len(same)} | {' | '.join(cells)} | {mean:.2f} | {worst:.2f} |"


def self_prediction(pairs: Sequence[str], draws: int = 12) -> Iterator[str]:
    """Yield a Markdown table: the share of sets of random results whose leave-one-out R^2 reaches a limit."""
    limits = (0.2, 0.3, 0.4, 0.5, 0.6)
    yield f"| results | lower values | {' | '.join(f'R² ≥ {limit:g}' for limit in limits)} |"
    yield f"|---:|---|{'---:|' * len(limits)}"
    for number in (12, 16, 20):
        rng = np.random.default_rng(number)
        found = [[_self_prediction(_pair_of(name), number, rng) for _ in range(draws)] for name in pairs]
        for i, what in enumerate(("as they are", "shuffled")):
            shares = [100.0 * np.mean([each[i] >= limit for one in found for each in one]) for limit in limits]
            yield f"| {number} | {what} | {' | '.join(f'{share:.0f} %' for share in shares)} |"


def _self_prediction(pair: Pair, number: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return the leave-one-out R^2 of the lower values of some designs, as they are and shuffled."""
    space, low = space_of(pair), pair.frame["low"].to_numpy()
    X = np.asarray(space.encoder.encode(space.coordinates(pair.frame[pair.columns])))
    rows, others = (rng.choice(len(X), number, replace=False) for _ in range(2))

    def of(values: FloatArray) -> float:
        z = winsorised(values)
        z = np.asarray(OutputScale.of(z).standardise(z))
        data = TaskData(torch.from_numpy(X[rows]), torch.from_numpy(z[:, None]), space.encoder.columns)
        process = fit_gaussian_process(data)
        return r_squared(process.values.numpy(), process.held_out().means)

    return of(low[rows]), of(low[others])


def _logs(rows: Sequence[Row], alone: dict[tuple[str, int], float]) -> list[list[float]]:
    """Return the logarithms of the ratios, by pair."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row["pair"], []).append(math.log(row["cost"] / alone[row["pair"], row["seed"]]))
    return list(found.values())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
