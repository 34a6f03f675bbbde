"""What is known and not chosen: ``python -m benchmarks.studies.contexts [--seeds 10]``.

Campaigns over measured tables of which one column is a context (`benchmarks.studies.lab_tables`): each experiment comes
in a context at random, and after 30 experiments every context gets its recommended design. Compared are ``role:
context``; one campaign for each context; and one campaign that ignores the context (the model does not see it). The
regret is that of the recommended design in each context, as a share of the range of the table in this context, and of
all designs that were tried; means over contexts and experiments, with the CPU seconds for a suggestion. The variable
``DESIGNER_DATA`` names the folder of the tables.
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
from designer.arrays import FloatArray

EXPERIMENTS, SEEDS = 30, 10

Row = tuple[float, float, float]
"""Mean regret of the recommended designs, mean regret of the experiments, CPU seconds for a suggestion."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.contexts", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    print("| table | context | campaign | regret of the recommended | regret of the experiments | CPU s a suggestion |")
    print("|---|---|---|---:|---:|---:|")
    for table in tables()[:3]:
        for name, policy in POLICIES.items():
            rows = np.array([policy(table, seed) for seed in range(given.seeds)])
            mean, error = rows.mean(0), rows[:, 0].std(ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else 0.0
            cells = f"{mean[0]:.3f} ± {error:.3f} | {mean[1]:.3f} | {mean[2]:.2f}"
            print(f"| {table.name} | {table.shared} | {name} | {cells} |", flush=True)
    return 0


class _Arm:
    """One way to run the experiments: `suggest` and `record` for a context, and `recommended` at the end."""

    def __init__(self, table: LabTable, seed: int, *, role: str | None) -> None:
        self.table, self.role = table, role
        space = [
            {**each, **({"role": role} if role and each["name"] == table.shared else {})}
            for each in table.space()
            if role or each["name"] != table.shared
        ]
        settings = [each["name"] for each in space]
        candidates = table.frame[settings].drop_duplicates()
        self.campaign = Campaign.create(
            space=space, targets=[{**table.target}], candidates=candidates, seed=seed, initial=4,
            suggest_seconds=3600.0,  # no time limit, whatever else the machine does
        )  # fmt: skip

    def experiment(self, context: float) -> float:
        """Make one experiment in a context and return its value."""
        batch = self.campaign.suggest(1, context={self.table.shared: context} if self.role else None)
        value = _value(self.table, batch.iloc[0].to_dict(), context)
        self.campaign.record(batch.assign(**{self.table.target["name"]: [value]}))
        return value

    def recommended(self, context: float) -> float:
        """Return the value in a context of the design that is recommended for it."""
        best = self.campaign.best({self.table.shared: context} if self.role else None)
        rows = best[best["best_by"] != "measured"]
        return _value(self.table, (rows if len(rows) else best).iloc[0].to_dict(), context)


def _value(table: LabTable, design: dict[Any, Any], context: float) -> float:
    """Return the measured value of a design in a context; where the table lacks it, the worst value of the context."""
    here = table.frame[table.frame[table.shared] == context]
    for column in table.settings:
        if column != table.shared:
            here = here[here[column] == design[column]]
    values = here[table.target["name"]]
    return float(values.iloc[0]) if len(values) else float(_of_context(table, context).min())


def _of_context(table: LabTable, context: float) -> FloatArray:
    here = table.frame[table.frame[table.shared] == context]
    values: FloatArray = here[table.target["name"]].to_numpy(dtype=float)
    return values


def _regret(table: LabTable, value: float, context: float) -> float:
    whole = _of_context(table, context)
    return float((whole.max() - value) / np.ptp(whole))


def in_context(table: LabTable, seed: int) -> Row:
    """Return the figures of a campaign with ``role: context``."""
    arm = _Arm(table, seed, role="context")
    return _run(table, seed, lambda _: arm)


def ignored(table: LabTable, seed: int) -> Row:
    """Return the figures of a campaign that does not know the context."""
    arm = _Arm(table, seed, role=None)
    return _run(table, seed, lambda _: arm)


def apart(table: LabTable, seed: int) -> Row:
    """Return the figures of one campaign for each context."""
    arms: dict[float, _Arm] = {}
    return _run(table, seed, lambda context: arms.setdefault(context, _Arm(table, seed, role=None)))


def _run(table: LabTable, seed: int, arm_of: Callable[[float], _Arm]) -> Row:
    contexts = sorted(set(table.frame[table.shared]))
    rng = np.random.default_rng(seed)
    begin, regrets = time.process_time(), []
    for _ in range(EXPERIMENTS):
        context = float(rng.choice(contexts))
        regrets.append(_regret(table, arm_of(context).experiment(context), context))
    seconds = (time.process_time() - begin) / EXPERIMENTS
    final = [_regret(table, arm_of(float(c)).recommended(float(c)), float(c)) for c in contexts]
    return float(np.mean(final)), float(np.mean(regrets)), seconds


POLICIES: dict[str, Callable[[LabTable, int], Row]] = {
    "`role: context`": in_context,
    "one for each context": apart,
    "context ignored": ignored,
}


if __name__ == "__main__":
    sys.exit(main())
