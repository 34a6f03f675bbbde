"""The study of the learned policy: ``python -m benchmarks.studies.policy`` with the steps ``recorded``, ``simulate``,
``rollouts``, ``evaluate``, ``train`` and ``report``, in this order.

``recorded`` takes over campaigns of the suite `families`, and stores states of them. ``simulate`` leads simulated
campaigns of the controls through measured families, formulas and drawn families, and stores states and outcomes.
``rollouts`` continues campaigns of `auto` after one design of another expert.
``evaluate`` trains on all families but those of one fold, and leads campaigns of the trained policies through that
fold. ``train`` trains on all families and writes the network that comes with the package. ``report`` writes the tables
and the picture. All go on where they were stopped.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.report.sections import Section, Table, markdown
from benchmarks.studies import policy_recorded, policy_report, policy_tasks
from benchmarks.studies.policy_controls import CONTROLS
from benchmarks.studies.policy_recorded import recorded, states_on_the_path
from benchmarks.studies.policy_records import Record, VisitStore, append_record, read_records
from benchmarks.studies.policy_rollouts import read_rollouts, roll_out, rollout_states
from benchmarks.studies.policy_simulation import EQUAL, Chooser, Simulation, Visit, allowed, available, campaign
from benchmarks.studies.policy_training import (
    States,
    Trained,
    Training,
    chooser,
    corrected,
    folds,
    load_states,
    logged_steps,
    train,
)
from benchmarks.suite.pools import Pool
from designer.priors import saving
from designer.priors.policy.campaign_state import EXPERT_FEATURES, STATE_FEATURES
from designer.priors.policy.policy_prior import WEIGHTS
from designer.priors.policy.search_experts import DEFAULT

RESULTS = Path(__file__).parents[1] / "results" / "policy"
PICTURE = Path("docs", "images", "policy-learning.png")
BUDGET, FOLDS, INITIAL = 30, 5, 3
SHORTER, LONGER = 15, 60
IN_STATES = ("policy", "policy-linear", "policy-rollouts")
"""The policies whose single states are shown."""

ABLATION_STEPS = 60
"""Steps of training in the ablation."""

MIN_CONTINUED = 5
"""Experiments from which a campaign is continued: shorter ones found the top at once."""
AT_RANDOM = "at-random"
COMMAND = "python -m benchmarks.studies.policy"

VARIANTS: dict[str, Training] = {
    "policy": Training(),
    "policy-linear": Training(linear=True),
    "policy-hindsight": Training(hindsight=0.5),
    "policy-gradient": Training(gradient=0.5),
    "policy-rollouts": Training(rollouts=3.0, penalty=0.1),
}
"""The trained policies that are compared: by states alone, linear, by whole campaigns too, fine-tuned, and by
continuations."""

GROUPS = {
    "held-out predictions": EXPERT_FEATURES[:4],
    "candidates preferred to the best results": EXPERT_FEATURES[4:6],
    "improvement and deviation": EXPERT_FEATURES[6:10],
    "agreement with other experts": EXPERT_FEATURES[10:12],
    "evidence and weights": (EXPERT_FEATURES[12], *STATE_FEATURES[3:5]),
    "sources": (STATE_FEATURES[2], *STATE_FEATURES[5:9]),
    "roughness": STATE_FEATURES[9:13],
    "sizes": (*STATE_FEATURES[:2], *STATE_FEATURES[13:15]),
}
"""The groups of features that the ablation leaves out."""

CAMPAIGNS = (
    "Simulated campaigns, budget 30, from three random first designs: mean experiments to the top 1 % (T) and to 90 % "
    "of the gap (G), 31 where never. A ratio above 1 is faster than `auto` on the same campaigns: the mean of "
    "logarithms by family, with an interval by a hierarchical bootstrap. Policies were trained without the families "
    "that they are shown on."
)
HINDSIGHT = "Campaigns given to one of three experts, by hindsight and by the other families; means of families."
STATES = (
    "Single states, on families left out: how far down an expert's list of candidates the first design of the top 1 % "
    "is, as a ratio of ranks; above 1 is better than `auto`."
)
ABLATION = (
    "Groups of features left out, on families left out: logarithms of ranks less those of `auto`; less is better."
)


@dataclass(frozen=True)
class Variation:
    """How the campaigns differ from those of the training.

    Parameters
    ----------
    name
        Part of the name of the file of outcomes.
    title
        In words.
    own_first
        Whether the three first designs are those that `auto` chose in its recorded campaign of the track `own`.
    control
        How the sources are changed (`benchmarks.suite.controls`).
    batch
        The size of the batches.
    """

    name: str = ""
    title: str = ""
    own_first: bool = False
    control: str = "none"
    batch: int = 1


VARIATIONS = {
    each.name: each
    for each in (
        Variation(),
        Variation("own", "The three first designs are those that past tasks chose.", own_first=True),
        Variation("shuffled", "The values of each source are shuffled over its designs.", control="shuffled"),
        Variation("batches", "Batches of four.", batch=4),
    )
}


@dataclass(frozen=True)
class Study:
    """Where a study reads and writes, how its campaigns differ from those of the training, and how long it may run."""

    data: Path
    work: Path
    results: Path = RESULTS
    seconds: float = 3600.0
    variation: Variation = VARIATIONS[""]

    @property
    def outcomes(self) -> Path:
        """The file of all outcomes."""
        return self.results / f"{'-'.join(filter(None, ('campaigns', self.variation.name)))}.jsonl"

    @property
    def store(self) -> VisitStore:
        """The visited states: those of changed sources stand apart."""
        return VisitStore(
            self.work / ("visits" if self.variation.control == "none" else f"visits-{self.variation.name}")
        )

    @property
    def rollouts(self) -> Path:
        """The file of the continuations."""
        return self.results / "rollouts.jsonl"

    def records(self) -> list[Record]:
        """Return all outcomes so far."""
        return read_records(self.outcomes)

    def record(self, record: Record) -> None:
        """Write an outcome."""
        append_record(self.outcomes, record)


def pools_of(group: str, data: Path, limit: int | None = None, control: str = "none") -> list[Pool]:
    """Return the pools of a group of families, every family once before any comes twice."""
    if group == "measured":
        found = list(policy_tasks.interleaved_by_family(policy_tasks.measured(data, control)))
    else:
        found = [*policy_tasks.drawn(60), *policy_tasks.formulas()]
    return found[:limit]


def lead(
    study: Study, pools: Sequence[Pool], choices: dict[str, Callable[[int], Chooser]], seeds: Sequence[int], budget: int
) -> None:
    """Lead the campaigns that are missing, until the CPU seconds are spent."""
    begun, store, batch = time.process_time(), study.store, study.variation.batch
    done = {record.key for record in study.records()}
    first = _own_first(pools) if study.variation.own_first else {}
    for seed in seeds:
        for pool in pools:
            missing = [name for name in choices if (pool.family, pool.task, name, seed, budget) not in done]
            if not missing or (study.variation.own_first and (pool.family, pool.task, seed) not in first):
                continue
            simulation = Simulation(pool)
            store.load(simulation)
            for name in missing:
                start = first.get((pool.family, pool.task, seed), ())
                found = campaign(simulation, seed, budget, choices[name](seed), first=start, batch=batch)
                study.record(
                    Record(
                        pool.family, pool.task, name, seed, budget, found.to_top, found.to_gap,
                        list(found.experts), list(found.chosen),
                    ),
                )  # fmt: skip
                store.save(simulation)
            spent = time.process_time() - begun
            print(f"{spent:.0f} s: {pool.family}/{pool.task}, seed {seed}: {len(simulation.visits)} states", flush=True)
            if spent > study.seconds:
                return


def _own_first(pools: Sequence[Pool]) -> dict[tuple[str, str, int], list[int]]:
    """Return the first three designs of the recorded campaigns of `auto` in the track `own`."""
    found = recorded(pools, track="own")
    return {(r.family, r.task, r.seed): r.chosen[:INITIAL] for r in found if r.policy == DEFAULT}


def visit_recorded(study: Study, pools: Sequence[Pool], experts: Sequence[str], seeds: Sequence[int]) -> None:
    """Take over the recorded campaigns of some pools, and visit the states of those of some experts and seeds."""
    store, done = study.store, {record.key for record in study.records()}
    for pool in pools:
        found = recorded([pool])
        for record in found:
            if record.key not in done:
                study.record(record)
        simulation = Simulation(pool)
        store.load(simulation)
        for record in found:
            if record.policy in experts and record.seed in seeds:
                for chosen in states_on_the_path(record):
                    simulation.visit(chosen)
        store.save(simulation)
        print(f"{time.process_time():.0f} s: {pool.family}/{pool.task}: {len(simulation.visits)} states", flush=True)


def states_of(study: Study, training: Training, records: Sequence[Record]) -> States:
    """Return all states that controls visited."""
    tasks = sorted({(record.family, record.task) for record in records if record.policy in CONTROLS})
    return load_states(study.store, tasks, records, training.hindsight)


def trained(
    study: Study, states: States, training: Training, records: Sequence[Record], others: States | None = None
) -> Trained:
    """Return a policy trained on states, by campaigns at random and continuations in them where these have weight."""
    baseline = [record for record in records if record.policy == "auto"]
    steps = logged_steps(states, [record for record in records if record.policy == AT_RANDOM], baseline)
    return train(states, training, steps, others, _rollouts_in(study, states) if training.rollouts > 0 else None)


def _rollouts_in(study: Study, states: States) -> States | None:
    families = {key[0] for key in states.keys}
    return rollout_states(study.store, [each for each in read_rollouts(study.rollouts) if each.family in families])


def continue_campaigns(study: Study, pools: Sequence[Pool]) -> None:
    """Continue the recorded campaigns of `auto` with seed 0 by other experts, where that is not done yet."""
    done = {(each.family, each.task) for each in read_rollouts(study.rollouts)}
    records = {(r.family, r.task): r for r in study.records() if (r.policy, r.seed, r.budget) == (DEFAULT, 0, BUDGET)}
    store = study.store
    for pool in pools:
        record = records.get((pool.family, pool.task))
        if record is None or record.to_top < MIN_CONTINUED or (pool.family, pool.task) in done:
            continue
        simulation = Simulation(pool)
        store.load(simulation)
        roll_out(simulation, record, study.rollouts)
        store.save(simulation)
        print(f"{time.process_time():.0f} s: {pool.family}/{pool.task}: continued", flush=True)


def left_out(
    study: Study, training: Training, records: Sequence[Record], measured: Sequence[str]
) -> list[tuple[list[str], States, States]]:
    """Return the families of each fold, the states of all others, and the states of the fold."""
    states = states_of(study, training, records)
    everything = {key[0] for key in states.keys}
    return [(fold, states.of(sorted(everything - set(fold))), states.of(fold)) for fold in folds(measured, FOLDS)]


def evaluate(study: Study, pools: Sequence[Pool], names: Sequence[str], seeds: Sequence[int], budget: int) -> None:
    """Lead campaigns of policies that were trained without the families that they are shown on.

    They are trained on campaigns without variation, and `auto` is led beside them where it is not recorded.
    """
    usual = replace(study, variation=VARIATIONS[""])
    records = [record for record in usual.records() if record.budget == BUDGET]
    known = {record.family for record in records}
    measured = [pool.family for pool in pools if pool.family in known]
    by_family: dict[str, dict[str, Callable[[int], Chooser]]] = {}
    for name in names:
        for fold, training_states, _ in left_out(usual, VARIANTS[name], records, measured):
            choose = chooser(trained(usual, training_states, VARIANTS[name], records))
            for family in fold:
                by_family.setdefault(family, {DEFAULT: CONTROLS[DEFAULT]})[name] = _always(choose)
    for seed in seeds:
        for pool in pools:
            if pool.family in by_family:
                lead(study, [pool], by_family[pool.family], [seed], budget)


def _always(choose: Chooser) -> Callable[[int], Chooser]:
    return lambda seed: choose


def train_all(study: Study, name: str, folder: Path) -> Trained:
    """Train on all families, and write the network with its card."""
    records = [record for record in study.records() if record.budget == BUDGET]
    states = states_of(study, VARIANTS[name], records)
    policy = trained(study, states, VARIANTS[name], records)
    card: dict[str, Any] = {
        "kind": "policy-network",
        "command": f"{COMMAND} train --policy {name}",
        "training": asdict(VARIANTS[name]),
        "families": sorted({key[0] for key in states.keys}),
        "states": len(states.keys),
        "campaigns": len([record for record in records if record.policy in CONTROLS]),
        "features": {"experts": list(EXPERT_FEATURES), "campaign": list(STATE_FEATURES)},
    }
    saving.write(folder, card, policy.tensors)
    return policy


def single_states(study: Study, records: Sequence[Record], measured: Sequence[str]) -> Table:
    """Return the ranks of the best designs left in single states: of controls, and of policies trained without them.

    Bandits need the course of a campaign, and no rank is stored of the mean of all experts: these two are not in it.
    """
    tasks = sorted({(record.family, record.task) for record in records if record.family in measured})
    visits = {
        (*task, i): (len(key), corrected(visit))
        for task in tasks
        for i, (key, visit) in enumerate(study.store.read(*task))
    }
    found: dict[str, dict[tuple[str, str, int], float]] = {}
    for name, control in CONTROLS.items():
        if name not in (EQUAL, "exp3", "thompson"):
            choose = control(0)
            found[name] = {key: _cost(visit, results, choose) for key, (results, visit) in visits.items()}
    for name in IN_STATES:
        training = VARIANTS[name]
        costs = found[name] = {}
        for fold, inside, _ in left_out(study, training, records, measured):
            choose = chooser(trained(study, inside, training, records))
            costs |= {key: _cost(visit, n, choose) for key, (n, visit) in visits.items() if key[0] in fold}
    best = {key: min(_costs(visit, results)[1]) for key, (results, visit) in visits.items()}
    return policy_report.one_step({**found, "the best expert of the state, by hindsight": best})


def _costs(visit: Visit, results: int) -> tuple[list[str], list[float]]:
    """Return the experts that the guard allows, and the logarithms of their ranks less that of the default one."""
    default = math.log(visit.ranks[visit.names.index(allowed(DEFAULT, visit, results))])
    names = list(available(visit, results))
    return names, [math.log(visit.ranks[visit.names.index(name)]) - default for name in names]


def _cost(visit: Visit, results: int, choose: Chooser) -> float:
    names, costs = _costs(visit, results)
    return costs[names.index(allowed(choose(visit, results), visit, results))]


def ablation(study: Study, name: str, records: Sequence[Record], measured: Sequence[str]) -> Table:
    """Return the mean cost on families left out, less that of `auto`, without each group of features."""
    body = []
    for label, features in {"none": (), **GROUPS}.items():
        training = replace(VARIANTS[name], left_out=tuple(features), steps=ABLATION_STEPS)
        costs = [
            trained(study, inside, training, records).expected_cost(outside)
            for _, inside, outside in left_out(study, training, records, measured)
        ]
        body.append([label, f"{sum(costs) / len(costs):+.3f}"])
    return Table(["features left out", "cost less that of `auto`"], body)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("step", choices=["recorded", "simulate", "rollouts", "evaluate", "train", "report"])
    parser.add_argument("--group", choices=["measured", "synthetic"], default="measured")
    parser.add_argument("--controls", nargs="+", choices=sorted(CONTROLS), default=list(CONTROLS))
    parser.add_argument("--policies", nargs="+", choices=sorted(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--policy", choices=sorted(VARIANTS), default="policy")
    parser.add_argument("--variation", choices=sorted(VARIATIONS), default="", help="of the step `evaluate`")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--pools", type=int, help="so many pools only")
    parser.add_argument("--budget", type=int, default=BUDGET)
    parser.add_argument("--cpu-seconds", type=float, default=3600.0)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DESIGNER_DATA", "data")))
    parser.add_argument("--work", type=Path, default=Path("build", "policy"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the folder of the network (%(default)s)")
    given = parser.parse_args(arguments)
    study = Study(given.data, given.work, given.results, given.cpu_seconds, VARIATIONS[given.variation])
    match given.step:
        case "recorded":
            pools = pools_of("measured", study.data, given.pools)
            visit_recorded(study, pools, ["auto"], given.seeds)
        case "simulate":
            pools = pools_of(given.group, study.data, given.pools)
            lead(study, pools, {name: CONTROLS[name] for name in given.controls}, given.seeds, given.budget)
        case "rollouts":
            continue_campaigns(study, pools_of("measured", study.data, given.pools))
        case "evaluate":
            pools = pools_of("measured", study.data, given.pools, study.variation.control)
            evaluate(study, pools, given.policies, given.seeds, given.budget)
        case "train":
            train_all(study, given.policy, given.out)
        case _:
            text = report(study, given.policy)
            (study.results / "report.md").write_text(text, encoding="utf-8")
            print(text)
    return 0


def report(study: Study, name: str) -> str:
    """Return the tables as Markdown, and draw the learning curve."""
    every = study.records()
    records = [record for record in every if record.budget == BUDGET]
    measured = sorted({record.family for record in records if "/" not in record.family})
    shown = [record for record in every if record.family in measured]
    here = [record for record in shown if record.budget == BUDGET]
    parts = [
        (CAMPAIGNS, policy_report.comparison(here, [*CONTROLS, *VARIANTS])),
        (HINDSIGHT, policy_report.hindsight(here, list(policy_recorded.METHODS.values()))),
        (STATES, single_states(study, records, measured)),
        (ABLATION, ablation(study, name, records, measured)),
    ]
    shorter = policy_report.cut_off(here, SHORTER)
    parts.append((f"The same, cut off after {SHORTER} experiments.", policy_report.comparison(shorter, list(VARIANTS))))
    parts += [(title, policy_report.comparison(found, list(VARIANTS))) for title, found in _varied(study, measured)]
    curves = [
        trained(study, inside, VARIANTS[name], records, outside)
        for _, inside, outside in left_out(study, VARIANTS[name], records, measured)
    ]
    policy_report.learning_curve(
        PICTURE,
        [sum(values) / len(curves) for values in zip(*(each.curve for each in curves), strict=True)],
        [sum(values) / len(curves) for values in zip(*(each.other_curve for each in curves), strict=True)],
        range(10, VARIANTS[name].steps + 1, 10),
    )
    assert __doc__ is not None
    intro = " ".join(__doc__.split("\n\n", 1)[1].split())
    return markdown([Section(1, "A learned policy over experts", (intro, *[each for pair in parts for each in pair]))])


def _varied(study: Study, measured: Sequence[str]) -> Iterator[tuple[str, list[Record]]]:
    """Go through the outcomes of each variation, and those of the larger budget, with a title."""
    longer = [record for record in study.records() if record.family in measured and record.budget == LONGER]
    varied = [(v.title, replace(study, variation=v).records()) for name, v in VARIATIONS.items() if name]
    found = [(f"Budget {LONGER}.", longer), *varied]
    yield from ((title, records) for title, records in found if records)


if __name__ == "__main__":
    sys.exit(main())
