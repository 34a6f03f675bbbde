"""A past campaign's relation: ``python -m benchmarks.studies.past_relations [--seeds 10] [--tables NAME ...]``.

How well a target is predicted from an observation of a design after few results, with a past campaign that measured
both. The tables are those of `benchmarks.studies.characterisation`. Of each, 40 % of the designs (at most 100) are the
past campaign, up to 10 of the others, at random, the results of the new one, and the rest, at most 100, are observed
and not measured. The error is the root mean square of their deviations from the predictions, over the standard
deviation of their values: without observations, with them, and with them and the past campaign. As a control the
observations of the new campaign are exchanged among its designs, so that the past relation does not hold in it.
``DESIGNER_DATA`` names the folder of the tables.

With ``--campaigns`` campaigns are run as in `benchmarks.studies.characterisation`, over 60 designs at most, until the
best one is measured: without a past campaign and with one of the designs that are left, at most 100, each without
observations and with them.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from benchmarks.studies.characterisation import TABLES, WITH, WITHOUT, Lab, StagedTable, bootstrap, run, tables
from designer import Campaign
from designer.arrays import FloatArray
from designer.campaign.log.versions import versions
from designer.campaign.observing.observed_designs import ColumnScale
from designer.campaign.observing.past_observations import MIN_WEIGHT
from designer.observations.curves.functional_components import component_scores
from designer.priors.baseline import baseline_model
from designer.priors.intermediate.observed_mixture import ObservedMixture, fit_observed
from designer.priors.intermediate.past_relation import PastResults
from designer.priors.intermediate.regression import PRIOR_PROBABILITY
from designer.surrogates.data import TaskData

PAST, MAX_PAST, MAX_PREDICTED, MAX_DESIGNS, SEEDS = 0.4, 100, 100, 60, 10
RESULTS = (2, 3, 4, 6, 10)
OWN, RELATED = WITH, "with a past campaign"
ARMS = (WITHOUT, OWN, RELATED)


@dataclass(frozen=True, eq=False)
class Split:
    """The designs of a table: a past campaign, and a new one whose first rows are its results.

    Parameters
    ----------
    past, own
        Their results.
    Z_past, Z
        Observations of both; those of the new campaign are standardised.
    scale
        By which they are.
    """

    past: TaskData
    own: TaskData
    Z_past: FloatArray
    Z: FloatArray
    scale: ColumnScale

    @classmethod
    def of(cls, table: StagedTable, seed: int, *, exchanged: bool) -> Split:
        """Return a random split; `exchanged`: with the new campaign's observations exchanged among its designs."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(table.frame))
        n = min(MAX_PAST, int(PAST * len(order)))
        past, own = order[:n], order[n:][: max(RESULTS) + MAX_PREDICTED]
        settings = [column for column in table.frame.columns if column not in (*table.observations, table.target)]
        designs, target = table.frame[settings], {"name": table.target, "goal": "maximize"}
        space = Campaign.create(space=list(table.space), targets=[target], candidates=designs).space
        X = torch.as_tensor(space.encoder.encode(space.coordinates(designs)))
        y = torch.tensor(table.frame[table.target].to_numpy(dtype=float))[:, None]
        Z = table.frame[list(table.observations)].to_numpy(dtype=float)
        if table.positions:
            Z = component_scores(np.array(table.positions), Z)
        scale, seen = ColumnScale.of(Z[own]), Z[rng.permutation(own) if exchanged else own]
        first, second = (TaskData(X[rows], y[rows], space.encoder.columns) for rows in (past, own))
        return cls(first, second, Z[past], scale.own(seen), scale)

    def errors(self, results: int, regressions: Sequence[ObservedMixture | None]) -> list[float]:
        """Return the errors without observations and by each of some regressions."""
        baseline = baseline_model(self.own.first(results))
        X, y = self.own.X[max(RESULTS) :], self.own.Y[max(RESULTS) :, 0]
        Z = torch.as_tensor(self.Z[max(RESULTS) :])
        mean, variance = baseline.marginals(X)
        means = [mean]
        for each in regressions:
            revision = None if each is None else each.revision(X, Z, baseline)
            means.append(mean if revision is None else revision.mean(mean, variance))
        return [float((y - mean).square().mean().sqrt() / y.std(correction=0)) for mean in means]

    def relation(self) -> tuple[PastResults | None, float]:
        """Return the past results, where the observations were probably informative, and the probability before."""
        found = fit_observed(self.past, ColumnScale.of(self.Z_past).own(self.Z_past))
        weight = 0.0 if found is None else found.weight
        before = 0.5 * (PRIOR_PROBABILITY + weight)
        if weight < MIN_WEIGHT:
            return None, before
        units = self.scale.centre, self.scale.deviation
        return PastResults("past", self.past, self.Z_past, 0.5 * weight, *units), before


@dataclass(frozen=True)
class Line:
    """Errors in the order of `ARMS`, and the probability that the past relation holds."""

    results: int
    errors: tuple[float, ...]
    holds: float


def lines(table: StagedTable, seed: int, *, exchanged: bool) -> Iterator[Line]:
    """Yield the figures of one split after some numbers of results."""
    split = Split.of(table, seed, exchanged=exchanged)
    past, before = split.relation()
    relation = None if past is None else past.relation(range(split.Z.shape[1]))
    known = [] if past is None or relation is None else [(past, relation)]
    for n in RESULTS:
        first, Z = split.own.first(n), split.Z[:n]
        related = fit_observed(first, Z, before, known)
        parts = () if related is None else related.parts
        holds = math.fsum(each.weight for each in parts if each.past is not None)
        yield Line(n, tuple(split.errors(n, [fit_observed(first, Z), related])), holds)


def report(found: dict[str, list[list[Line]]], title: str) -> Iterator[str]:
    """Yield the lines of a Markdown table: the splits of each table by its name."""
    yield f"\n## {title}\n"
    yield f"| results | {' | '.join(ARMS)} | past relation holds | ratio to without | ratio to own |"
    yield "|---:|" + "---:|" * (len(ARMS) + 3)
    for i, n in enumerate(RESULTS):
        errors = {name: np.log([split[i].errors for split in splits]) for name, splits in found.items()}
        means = np.exp(np.mean([each.mean(axis=0) for each in errors.values()], axis=0))
        holds = np.mean([np.mean([split[i].holds for split in splits]) for splits in found.values()])
        ratios = []
        for arm in (0, 1):
            low, mid, high = bootstrap([each[:, 2] - each[:, arm] for each in errors.values()])
            ratios.append(f"{mid:.2f} ({low:.2f} to {high:.2f})")
        yield f"| {n} | {' | '.join(f'{each:.2f}' for each in means)} | {holds:.2f} | {' | '.join(ratios)} |"
    yield f"\nAfter {RESULTS[1]} results, by table:\n"
    yield f"| table | {' | '.join(ARMS)} | past relation holds |"
    yield "|---|" + "---:|" * (len(ARMS) + 1)
    for name, splits in found.items():
        means = np.exp(np.mean([np.log(split[1].errors) for split in splits], axis=0))
        holds = np.mean([split[1].holds for split in splits])
        yield f"| {name} | {' | '.join(f'{each:.2f}' for each in means)} | {holds:.2f} |"


def campaigns(known: Sequence[StagedTable], seeds: int) -> Iterator[str]:
    """Yield the lines of a page on the cost of campaigns to one of the best designs."""
    kinds = [(arm, past) for past in (False, True) for arm in (WITHOUT, OWN)]
    names = [f"{arm}{', past campaign' if past else ''}" for arm, past in kinds]
    yield f"| table | designs | past designs | {' | '.join(names)} |"
    yield "|---|" + "---:|" * (len(kinds) + 2)
    logs: list[FloatArray] = []
    for table in known:
        costs, sizes = [], (0, 0)
        for seed in range(seeds):
            part, rest = table.split(seed, MAX_DESIGNS)
            rest = replace(rest, frame=rest.frame.iloc[:MAX_PAST])
            costs.append([campaign_cost(part, rest if past else None, seed, arm) for arm, past in kinds])
            sizes = len(part.frame), len(rest.frame)
        logs.append(np.log(costs))
        yield f"| {table.name} | {sizes[0]} | {sizes[1]} | {' | '.join(f'{each:.1f}' for each in np.mean(costs, 0))} |"
    for i, j in ((1, 0), (2, 0), (3, 0), (3, 1), (3, 2)):
        low, mid, high = bootstrap([each[:, i] - each[:, j] for each in logs])
        yield f"\n- Ratio of costs {names[i]} to {names[j]}: {mid:.2f} ({low:.2f} to {high:.2f})"


def campaign_cost(table: StagedTable, past: StagedTable | None, seed: int, arm: str) -> float:
    """Return what a campaign costs until one of the best designs is measured."""
    if past is None:
        return run(table, seed, arm)[0]
    with TemporaryDirectory() as folder:
        file, listed = Path(folder) / "past.yaml", Path(folder) / "designs.csv"
        past.frame[Lab(past).columns].to_csv(listed, index=False)
        targets, observations = [{"name": past.target, "goal": "maximize"}], past.declared
        data = {"designer": 1, "name": "past", "space": past.space, "targets": targets, "observations": observations}
        file.write_text(json.dumps({**data, "candidates": listed.name}), encoding="utf-8")
        Campaign.open(file).attach(past.frame)
        return run(table, seed, arm, prior={"kind": "transfer-gp", "tasks": [str(file)]})[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page of the study."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.past_relations", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tables", nargs="+", choices=list(TABLES), default=list(TABLES), metavar="NAME")
    parser.add_argument("--campaigns", action="store_true", help="Run campaigns in place of predictions.")
    given = parser.parse_args(arguments)
    begin, known = time.process_time(), tables(given.tables)
    print(f"{platform.processor() or platform.machine()}, {versions(model=True, molecules=False)}\n")
    if given.campaigns:
        for line in campaigns(known, given.seeds):
            print(line, flush=True)
        print(f"\n{time.process_time() - begin:.0f} CPU s")
        return 0
    for exchanged, title in ((False, "The relation holds"), (True, "The relation does not hold")):
        found = {
            table.name: [list(lines(table, seed, exchanged=exchanged)) for seed in range(given.seeds)]
            for table in known
        }
        print("\n".join(report(found, title)))
    print(f"\n{time.process_time() - begin:.0f} CPU s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
