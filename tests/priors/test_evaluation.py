"""Evaluation on tasks that a prior was not fitted to: figures, source tasks, and the unit of replication."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from botorch.models.model import Model

from designer.errors import InvalidPrior
from designer.priors import evaluation
from designer.priors.baseline import BaselinePrior
from designer.priors.evaluation import Score, data_of, evaluate, source_tasks_for, summary
from designer.priors.testing import example_tasks
from designer.surrogates.data import TaskData
from designer.surrogates.normal import normal_posterior

TASKS = example_tasks(4, 16)


@dataclass
class MeanAndDeviation:
    """A prior that knows mean and deviation of everything, and nothing else; it notes what it was fitted to."""

    seen: list[tuple[str, ...]]
    kind: str = "recording"

    def fit(self, tasks: tuple[object, ...], *, seed: int) -> MeanAndDeviation:
        self.seen.append(tuple(task.name for task in tasks))  # type: ignore[attr-defined]
        return self

    def condition(self, data: TaskData) -> Model:
        return Constant(data)

    def save(self, path: Path) -> None:
        raise NotImplementedError


class Constant(Model):
    def __init__(self, data: TaskData) -> None:
        super().__init__()
        every = (data_of(task, name) for task in TASKS for name in ("strength", "hardness"))
        whole = next(each for each in every if measured(each, data))
        self.mean, self.deviation = float(whole.Y.mean()), float(whole.Y.std())

    def posterior(self, X: torch.Tensor, **_: object) -> object:  # type: ignore[override]
        mean = torch.full(X.shape[:-1], self.mean, dtype=torch.float64)
        return normal_posterior(mean, torch.full((*X.shape[:-1], 1), self.deviation**2, dtype=torch.float64))


def measured(whole: TaskData, part: TaskData) -> bool:
    return whole.quantities == part.quantities and all(bool((y == whole.Y).all(1).any()) for y in part.Y)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> MeanAndDeviation:
    prior = MeanAndDeviation([])
    monkeypatch.setattr(evaluation, "prior_of", lambda kind: BaselinePrior() if kind == "none" else prior)
    return prior


def test_known_mean_and_deviation_score_as_the_normal_distribution(recording: MeanAndDeviation) -> None:
    scores = [s for s in evaluate(TASKS, ["recording"], counts=(3,), repeats=2) if s.kind == "recording"]
    assert len(scores) == 8  # four tasks, two targets
    assert np.mean([s.nlpd for s in scores]) == pytest.approx(0.5 * math.log(2 * math.pi) + 0.5, abs=0.12)
    assert np.mean([s.coverage for s in scores]) > 0.85
    assert {s.spearman for s in scores} == {0.0}


def test_a_task_is_no_source_of_itself_nor_of_near_copies(recording: MeanAndDeviation) -> None:
    copies = [replace(TASKS[0], group="g"), replace(TASKS[1], group="g"), *TASKS[2:]]
    evaluate(copies, ["recording"], counts=(3,), repeats=1)
    assert recording.seen == [
        ("task 2", "task 3"),
        ("task 2", "task 3"),
        ("task 0", "task 1", "task 3"),
        ("task 0", "task 1", "task 2"),
    ]
    other = replace(TASKS[3], group="g", family="another")
    assert source_tasks_for(copies[0], [*copies, other]) == (copies[2], copies[3], other)


def test_a_few_tasks_are_spread_over_all(recording: MeanAndDeviation) -> None:
    evaluate(TASKS, ["recording"], counts=(3,), repeats=1, max_tasks=2)
    assert recording.seen == [("task 1", "task 2", "task 3"), ("task 0", "task 1", "task 2")]


def test_counts_that_leave_no_queries_are_left_out(recording: MeanAndDeviation) -> None:
    assert {score.count for score in evaluate(TASKS, ["none"], repeats=1)} == {3, 5, 10}


def test_the_same_seed_gives_the_same_figures() -> None:
    first, again, other = (evaluate(TASKS[:2], ["none"], counts=(5,), seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize("tasks", [[], TASKS[:1], [replace(task, group="g") for task in TASKS]])
def test_there_must_be_something_to_learn_from(tasks: list[object]) -> None:
    with pytest.raises(InvalidPrior, match="none has another to learn from"):
        evaluate(tasks, ["none"])  # type: ignore[arg-type]


def test_an_unknown_kind_is_refused_before_anything_is_fitted() -> None:
    with pytest.raises(InvalidPrior, match="'magic' is not known"):
        evaluate(TASKS, ["magic"])


def score(task: str, kind: str, nlpd: float, target: str = "y") -> Score:
    return Score(task, target, kind, 3, nlpd, 0.9, 0.5)


def test_the_task_is_the_unit() -> None:
    """Twenty targets of one task do not make its gain surer."""
    scores = [score("a", kind, 1.0 if kind == "none" else 0.0, f"y{i}") for kind in ("none", "p") for i in range(20)]
    lines = summary(scores)
    assert [line.kind for line in lines] == ["none", "p"]
    assert (lines[1].tasks, lines[1].gain) == (1, 1.0)
    assert math.isnan(lines[1].low)
    assert lines[1].as_dict()["low"] is None
    more = summary([*scores, score("b", "none", 1.0), score("b", "p", 3.0)])[1]
    assert more.tasks == 2
    assert (more.low, more.high) == (-2.0, 1.0)
