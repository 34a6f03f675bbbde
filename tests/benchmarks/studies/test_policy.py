"""The study of the learned policy: simulated campaigns, records, training, and its figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.studies import policy, policy_candidates, policy_report, policy_tasks
from benchmarks.studies.policy import Study, lead, left_out, trained
from benchmarks.studies.policy_controls import CONTROLS
from benchmarks.studies.policy_records import Record, VisitStore, read_records
from benchmarks.studies.policy_rollouts import read_rollouts, roll_out, rollout_states
from benchmarks.studies.policy_simulation import ALL, Simulation, campaign, fixed
from benchmarks.studies.policy_training import Trained, Training, chooser, corrected, load_states, padded
from benchmarks.suite.plan import with_sources
from benchmarks.suite.pools import Pool
from designer.campaign.suggesting.pool_campaign import PoolCampaign
from designer.priors import saving
from designer.priors.auto import AutoPrior, FittedAuto
from designer.priors.interleaving import is_baseline_turn
from designer.priors.policy.expert_scorer import ExpertScorer, initial
from designer.priors.policy.policy_prior import FittedPolicy
from designer.priors.policy.search_experts import ALONE

BUDGET = 9


@pytest.fixture(scope="module")
def pool() -> Pool:
    return policy_tasks.drawn(1)[0]


@pytest.fixture(scope="module")
def prior(pool: Pool) -> FittedAuto:
    return AutoPrior().fit(pool.candidates.sources, seed=0)


@pytest.fixture(scope="module")
def simulation(pool: Pool, prior: FittedAuto) -> Simulation:
    return Simulation(pool, prior=prior)


def led(chooser: PoolCampaign, pool: Pool, length: int) -> list[int]:
    chosen = pool.initial(3, 0)
    while len(chosen) < length:
        chosen.append(chooser.next(chosen, pool.y[chosen]))
    return chosen


def test_simulated_campaigns_of_auto_are_those_of_the_benchmark(
    simulation: Simulation, pool: Pool, prior: FittedAuto
) -> None:
    found = campaign(simulation, 0, BUDGET, fixed("auto"))
    assert list(found.chosen) == led(_chooser(pool, prior), pool, len(found.chosen))


def _chooser(pool: Pool, prior: FittedAuto | FittedPolicy) -> PoolCampaign:
    given = pool.candidates
    return PoolCampaign(given.space, given.designs, given.objective, 0, prior)


def test_simulated_campaigns_of_a_policy_are_those_of_the_benchmark(
    simulation: Simulation, pool: Pool, prior: FittedAuto
) -> None:
    tensors = initial(3)
    tensors["w"] = 30 * tensors["w"]
    found = campaign(simulation, 0, BUDGET, chooser(Trained(tensors)))
    own = FittedPolicy(prior, ExpertScorer(tensors))
    assert list(found.chosen) == led(_chooser(pool, own), pool, len(found.chosen))
    assert all(name in ALONE for i, name in enumerate(found.experts, start=3) if is_baseline_turn(i))


def test_the_designs_of_a_batch_are_chosen_with_those_before_pending(simulation: Simulation) -> None:
    one_by_one = campaign(simulation, 0, BUDGET, fixed("auto"))
    found = campaign(simulation, 0, BUDGET, fixed("auto"), batch=3)
    assert found.chosen[:4] == one_by_one.chosen[:4]  # the first of a batch is that without pending ones
    assert len(set(found.chosen)) == len(found.chosen)
    first, second = found.chosen[3:5]
    assert second == simulation.visit(found.chosen[:3], [first]).proposals[ALL.index("auto")]


def test_campaigns_begin_with_given_designs(simulation: Simulation) -> None:
    first = simulation.pool.initial(5, 7)
    assert campaign(simulation, 0, BUDGET, fixed("auto"), first=first).chosen[:5] == tuple(first)


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_controls_choose_experts_that_there_are(simulation: Simulation, name: str) -> None:
    found = campaign(simulation, 0, 7, CONTROLS[name](0))
    assert len(set(found.chosen)) == len(found.chosen)
    assert set(found.experts) <= {*ALL, "equal-weights"}


def test_sources_that_are_missing_leave_the_experts_without_past_tasks(pool: Pool) -> None:
    visit = Simulation(with_sources(pool, ())).visit(pool.initial(4, 0))
    assert visit.names == ALONE
    _, there, _, default = padded(visit, 4)
    assert [ALL[i] for i in np.flatnonzero(there)] == list(ALONE)
    assert ALL[default] == "gp-and-forest"


def test_stored_states_are_read_again_and_what_was_cut_off_is_left_out(simulation: Simulation, tmp_path: Path) -> None:
    store = VisitStore(tmp_path)
    visit = simulation.visit(simulation.pool.initial(3, 0))
    store.save(simulation)
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text() + '{"measured": [1', encoding="utf-8")
    again = Simulation(simulation.pool)
    VisitStore(tmp_path).load(again)
    read = again.visits[tuple(sorted(simulation.pool.initial(3, 0)))]
    assert read.proposals == visit.proposals
    np.testing.assert_allclose(read.experts, visit.experts, atol=1e-4)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("study")
    found = Study(folder / "data", folder / "work", folder / "results")
    names = ("auto", "at-random", "forest")
    lead(found, policy_tasks.drawn(3), {name: CONTROLS[name] for name in names}, [0], 12)
    return found


def test_a_study_goes_on_where_it_was_stopped(study: Study) -> None:
    before = study.outcomes.read_text(encoding="utf-8")
    lead(study, policy_tasks.drawn(3), {"auto": CONTROLS["auto"]}, [0], 12)
    assert study.outcomes.read_text(encoding="utf-8") == before
    assert len(read_records(study.outcomes)) == 9


@pytest.mark.parametrize("training", [Training(), Training(linear=True), Training(gradient=0.5)])
def test_training_lowers_the_cost_on_its_own_states(study: Study, training: Training) -> None:
    records = study.records()
    states = load_states(study.store, [(r.family, r.task) for r in records], records, training.hindsight)
    found = trained(study, states, replace(training, penalty=0.0, entropy=0.0, steps=120), records)
    assert found.curve[-1] < 0.0


def test_variations_keep_their_outcomes_apart(study: Study) -> None:
    files = {replace(study, variation=each).outcomes.name for each in policy.VARIATIONS.values()}
    assert files == {"campaigns.jsonl", "campaigns-own.jsonl", "campaigns-shuffled.jsonl", "campaigns-batches.jsonl"}
    shuffled = replace(study, variation=policy.VARIATIONS["shuffled"])
    assert not list(shuffled.store.read("drawn/0", "task-0"))  # other sources, other states
    lead(replace(study, variation=policy.VARIATIONS["batches"]), policy_tasks.drawn(1), {"gp": CONTROLS["gp"]}, [0], 7)
    (record,) = replace(study, variation=policy.VARIATIONS["batches"]).records()
    assert record.policy == "gp"
    assert len(record.experts) % 4 == 0


def test_folds_leave_whole_families_out(study: Study) -> None:
    families = sorted({record.family for record in study.records()})
    for fold, inside, outside in left_out(study, Training(), study.records(), families):
        assert {key[0] for key in inside.keys} == set(families) - set(fold)
        assert {key[0] for key in outside.keys} <= set(fold)
        assert float(inside.weights.sum()) == pytest.approx(1.0)


def test_a_network_is_written_with_its_card(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "BUDGET", 12)
    found = policy.train_all(study, "policy", tmp_path)
    read = saving.read(tmp_path)
    assert read[0]["command"] == "python -m benchmarks.studies.policy train --policy policy"
    assert all(torch.equal(tensor, read[1][name]) for name, tensor in found.tensors.items())


def test_states_without_past_tasks_are_not_marked_as_chosen_without_them(simulation: Simulation) -> None:
    visit = simulation.visit(simulation.pool.initial(5, 0))
    marked = replace(visit, campaign=np.where(np.arange(16) == 15, 1.0, visit.campaign))
    assert corrected(marked).campaign[-1] == visit.campaign[4]


def record(family: str, name: str, seed: int, value: int) -> Record:
    return Record(family, "task", name, seed, 30, value, value, [], [])


def test_ratios_weigh_families_the_same_and_have_an_interval() -> None:
    base = [record("f", "auto", seed, 20) for seed in (0, 1)] + [record("g", "auto", 0, 16)]
    own = [record("f", "new", 0, 10), record("f", "new", 1, 10), record("g", "new", 0, 32)]
    found = policy_report.ratio(policy_report.times(base, "auto"), policy_report.times(own, "new"))
    assert found.value == pytest.approx(1.0)
    assert (found.low, found.high) == pytest.approx((0.5, 2.0))
    table = policy_report.comparison([*base, *own], ["new"])
    assert table.body[0][:4] == ["new", "3", "17.3", "18.7"]
    assert table.body[0][-1] == "g (0.50)"


def test_hindsight_of_experts() -> None:
    values = {"f": [5, 9, 9, 9, 9, 9, 9], "g": [9, 9, 9, 9, 7, 3, 9]}
    records = [record(family, name, 0, v) for family, row in values.items() for name, v in zip(ALL, row, strict=True)]
    found = [row[1] for row in policy_report.hindsight(records).body]
    assert found == ["8.0", "9.0", "4.0", "4.0"]


def test_outcomes_under_a_smaller_budget() -> None:
    found = policy_report.cut_off([record("f", "auto", 0, 9), record("f", "auto", 1, 31)], 15)
    assert [(each.budget, each.to_top, each.to_gap) for each in found] == [(15, 9, 9), (15, 16, 16)]


def test_continuations_give_advantages_over_auto(study: Study) -> None:
    pools = policy_tasks.drawn(3)
    (record,) = [r for r in study.records() if (r.family, r.policy) == ("drawn/1", "auto")]
    simulation = Simulation(pools[1])
    study.store.load(simulation)
    roll_out(simulation, record, study.rollouts, states=1)
    study.store.save(simulation)
    found = read_rollouts(study.rollouts)
    assert found
    visit = simulation.visit(found[0].measured)
    default = visit.proposals[ALL.index("gp-and-forest" if len(visit.names) == 3 else "auto")]
    assert all(visit.proposals[visit.names.index(each.expert)] != default for each in found)
    states = rollout_states(study.store, found)
    assert states is not None
    advantages = {round(float(np.log(each.to_top / each.to_top_of_auto)), 9) for each in found}
    assert {round(value, 9) for value in states.cost[states.there].tolist()} == {0.0, *advantages}
    assert trained(study, states, Training(rollouts=1.0, steps=5), study.records()).tensors["w"].isfinite().all()


def test_a_learned_score_of_candidates_begins_with_that_of_auto(simulation: Simulation) -> None:
    state = policy_candidates.listed("f", "t", simulation.candidates(simulation.pool.initial(6, 0)))
    score = policy_candidates.trained([state], 0, steps=0)
    assert policy_candidates.cost(state, score) == 0.0
    visit = simulation.visit(simulation.pool.initial(6, 0))
    left = np.setdiff1d(np.arange(len(simulation.pool)), simulation.pool.initial(6, 0))
    assert left[int(state.auto.argmax())] == visit.proposals[visit.names.index("auto")]


@pytest.mark.parametrize("hidden", [0, 4])
def test_a_learned_score_finds_the_top_of_its_own_states_and_permutes_with_the_candidates(
    simulation: Simulation, hidden: int
) -> None:
    state = policy_candidates.listed("f", "t", simulation.candidates(simulation.pool.initial(6, 0)))
    score = policy_candidates.trained([state], hidden, steps=150)
    assert policy_candidates.cost(state, score) <= 0.0
    order = np.random.default_rng(0).permutation(len(state.auto))
    other = replace(state, features=state.features[order], auto=state.auto[order], top=state.top[order])
    np.testing.assert_allclose(score(other), score(state)[order])
