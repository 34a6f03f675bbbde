"""Evaluation of kinds of prior on tasks that they were not fitted to, compared with the baseline model.

Each task in turn is the new one: the prior is fitted to the others (without near copies of it), conditioned on a few of
the task's designs drawn at random, and predicts the rest. Figures are averaged over the draws of a task; the unit of
replication is the task, so intervals are over tasks (bootstrap), whatever the number of draws.

* NLPD: mean negative log density of the values, noise included, for values standardised by the task's own mean and
  deviation: 1.42 for a prediction of these two. Lower is better.
* coverage: the share of values in the central 90 % intervals. 0.9 is right.
* rank correlation (Spearman) of predicted and measured values.

References: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), 2.5 (log loss); T.
Gneiting, A. E. Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA 102 (2007).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from designer.arrays import FloatArray, IntArray
from designer.counting import agree
from designer.errors import Fault, InvalidPrior
from designer.priors.agreement import rank_correlation
from designer.priors.base import FittedPrior
from designer.priors.baseline import BaselinePrior
from designer.priors.kinds import prior_of
from designer.priors.sources import name_of
from designer.surrogates.data import Quantity, TaskData

if TYPE_CHECKING:
    from designer.tasks import Task


COUNTS = (3, 5, 10, 20)
REPEATS = 3
_QUERIES = 200
_MIN_QUERIES = 5
_Z90 = 1.6448536269514722
_BOOTSTRAPS = 2000


@dataclass(frozen=True)
class Score:
    """Figures of one prior on one task (one target) from `count` designs, averaged over draws."""

    task: str
    target: str
    kind: str
    count: int
    nlpd: float
    coverage: float
    spearman: float


@dataclass(frozen=True)
class Line:
    """A prior and the baseline model at one number of measurements, over tasks.

    Parameters
    ----------
    kind, count, tasks
        The prior, the number of measurements, and the number of predicted tasks.
    nlpd, coverage, spearman
        Means over tasks.
    plain_nlpd, plain_coverage, plain_spearman
        Those of the baseline model from the same measurements.
    gain, low, high
        How much lower the prior's NLPD is than the baseline's, with a 95 % interval over tasks; NaN for one task.
    """

    kind: str
    count: int
    tasks: int
    nlpd: float
    coverage: float
    spearman: float
    plain_nlpd: float
    plain_coverage: float
    plain_spearman: float
    gain: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON: None for values that are not finite."""
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(self).items()
        }


def evaluate(
    tasks: Sequence[Task],
    kinds: Sequence[str],
    *,
    seed: int = 0,
    counts: Sequence[int] = COUNTS,
    repeats: int = REPEATS,
    max_tasks: int | None = None,
    progress: Callable[[str, str], None] | None = None,
) -> list[Score]:
    """Predict every task (at most `max_tasks`, spread over all) by priors fitted to the others.

    Parameters
    ----------
    tasks
        Past tasks, of one family or several.
    kinds
        The kinds of prior; the baseline model (``none``) is always added.
    counts, repeats
        Numbers of measurements, and draws of each.
    progress
        Called with the task and the kind before each fit.

    Raises
    ------
    InvalidPrior
        If there are fewer than two tasks that are no near copies, or a kind is not known.
    """
    priors = {kind: prior_of(kind) for kind in kinds}
    new = [task for task in tasks if source_tasks_for(task, tasks)]
    if not new:
        there = agree(len(tasks), "there is 1 past task", f"there are {len(tasks)} past tasks")
        what = f"{there}, and none has another to learn from"
        raise InvalidPrior(Fault(what, "name at least two that are no near copies"))
    if max_tasks is not None and max_tasks < len(new):
        new = [new[round(i)] for i in np.linspace(0, len(new) - 1, max_tasks)]
    scores: list[Score] = []
    for task in new:
        scores += _scores(task, "none", BaselinePrior(), seed, counts, repeats)
        for kind in dict.fromkeys(kinds):
            if kind != "none":
                if progress is not None:
                    progress(name_of(task), kind)
                fitted = priors[kind].fit(source_tasks_for(task, tasks), seed=seed)
                scores += _scores(task, kind, fitted, seed, counts, repeats)
    return scores


def source_tasks_for(task: Task, tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Return the tasks that a prior for one of them is fitted to: all others that are not near copies of it."""
    return tuple(
        other
        for other in tasks
        if other is not task and (task.group is None or (other.family, other.group) != (task.family, task.group))
    )


def summary(scores: Sequence[Score], *, seed: int = 0) -> list[Line]:
    """Return the priors and the baseline model, one line a kind and number of measurements."""
    baseline = {(s.task, s.target, s.count): s for s in scores if s.kind == "none"}
    lines = []
    for kind in dict.fromkeys(score.kind for score in scores):
        for count in sorted({score.count for score in scores}):
            own = [score for score in scores if (score.kind, score.count) == (kind, count)]
            if own:
                lines.append(_line(kind, count, own, [baseline[s.task, s.target, count] for s in own], seed))
    return lines


def _line(kind: str, count: int, own: Sequence[Score], baseline: Sequence[Score], seed: int) -> Line:
    def mean(scores: Sequence[Score], name: str) -> float:
        return float(np.mean([getattr(score, name) for score in scores]))

    gains = np.array([p.nlpd - s.nlpd for s, p in zip(own, baseline, strict=True)])
    by_task = np.array([gains[[s.task == task for s in own]].mean() for task in dict.fromkeys(s.task for s in own)])
    low, high = _interval(by_task, seed)
    return Line(
        kind,
        count,
        len(by_task),
        mean(own, "nlpd"),
        mean(own, "coverage"),
        mean(own, "spearman"),
        mean(baseline, "nlpd"),
        mean(baseline, "coverage"),
        mean(baseline, "spearman"),
        float(gains.mean()),
        low,
        high,
    )


def _interval(values: FloatArray, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of a mean over tasks, by the bootstrap; NaN for a single task."""
    if len(values) < 2:
        return math.nan, math.nan
    rng = np.random.default_rng([seed, 95])
    means = values[rng.integers(len(values), size=(_BOOTSTRAPS, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _scores(
    task: Task, kind: str, fitted: FittedPrior, seed: int, counts: Sequence[int], repeats: int
) -> Iterator[Score]:
    for target in task.targets:
        data = data_of(task, target.name)
        if len(data.X) < 2 or float(data.Y.std()) == 0:
            continue
        for count in counts:
            if len(data.X) >= count + _MIN_QUERIES:
                orders = [_order(task, target.name, seed, i, len(data.X)) for i in range(repeats)]
                figures = [_scores_of_draw(fitted, data, count, order) for order in orders]
                nlpd, coverage, spearman = np.mean(figures, axis=0).tolist()
                yield Score(name_of(task), target.name, kind, count, nlpd, coverage, spearman)


def data_of(task: Task, target: str) -> TaskData:
    """Return the distinct designs of a task for one target as models see them, replicates averaged."""
    distinct = task.distinct(target)
    encoder = task.space.encoder
    features = torch.tensor(np.asarray(encoder.encode(task.space.coordinates(distinct.designs))))
    measured = task.target(target)
    quantity, y = Quantity(target, measured.unit, scale=measured.scale), measured.scaling.model(distinct.mean)
    return TaskData(features, torch.tensor(y)[:, None], encoder.columns, quantities=(quantity,))


def _order(task: Task, target: str, seed: int, draw: int, rows: int) -> IntArray:
    """Return a random order of the rows that depends on names and seed alone."""
    return np.random.default_rng([seed, draw, number_of(task, target)]).permutation(rows)


def number_of(task: Task, target: str) -> int:
    """Return a number that depends on the names of a task and a target alone, for seeds."""
    return int.from_bytes(hashlib.sha256(f"{name_of(task)}\0{target}".encode()).digest()[:8], "big")


def _scores_of_draw(fitted: FittedPrior, data: TaskData, count: int, order: IntArray) -> tuple[float, float, float]:
    """Return NLPD, coverage and rank correlation from the first `count` rows of `order`."""
    known, queries = order[:count], order[count : count + _QUERIES]
    few = TaskData(data.X[known], data.Y[known], data.columns, quantities=data.quantities)
    with torch.no_grad():
        posterior: Any = fitted.condition(few).posterior(data.X[queries][:, None, :], observation_noise=True)
        mean, variance = posterior.mean[:, 0, 0].numpy(), posterior.variance[:, 0, 0].numpy()
    y, spread = data.Y[queries, 0].numpy(), float(data.Y.std())
    away = (y - mean) / np.sqrt(variance)
    nlpd = 0.5 * np.log(2 * np.pi * variance / spread**2) + 0.5 * away**2
    return float(nlpd.mean()), float(np.mean(np.abs(away) <= _Z90)), rank_correlation(mean, y)
