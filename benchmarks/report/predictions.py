"""The table of how well methods predicted their own next experiment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.report.one_step_ahead import AFTER
from benchmarks.report.results import Campaign, Measure, Part, TaskKey
from benchmarks.report.sections import Table

DRAWS = 500
TEXT = (
    "The prediction of the experiment after 3, 5, 10 and 20 measurements, before its value was known: negative log "
    "predictive density (in units of the standard deviation of the pool's values; less is better; the mean over tasks, "
    "and the median, since one value far outside the prediction dominates a mean), and the share of values in "
    "the central 90 % interval (0.90 is right), at the designs that it chose. A row rests on the campaigns in which "
    "the method predicted something; where these are of other tasks than those of `{ours}`, the next row has `{ours}` "
    "on the same ones."
)


def predictions(part: Part, ours: str) -> Table:
    """Return how well methods predicted; methods that predict nothing are left out."""
    predicted = {method: _predicted(part, method) for method in part.methods}
    mine = predicted.get(ours, [])
    body = []
    for method, found in predicted.items():
        if not found:
            continue
        body.append(_line(method, found))
        tasks = _tasks(found)
        same = [each for each in mine if _task(each) in tasks]
        if method != ours and same and tasks != _tasks(mine):
            body.append(_line(f"`{ours}`, on the tasks of {method}" + _short(tasks, same), same))
    names = ["method", "tasks", "campaigns", *(f"NLPD at {n}" for n in AFTER), *(f"median at {n}" for n in AFTER)]
    names += [*(f"covered at {n}" for n in AFTER)]
    return Table(names, body)


def _predicted(part: Part, method: str) -> list[Campaign]:
    """Return the campaigns of a method in which it predicted any of the experiments that are scored."""
    campaigns = (each for key, each in sorted(part.campaigns.items()) if key[2] == method)
    return [each for each in campaigns if not np.isnan(each.one_step_ahead.nlpd).all()]


def _task(campaign: Campaign) -> TaskKey:
    return campaign.row.family, campaign.row.task


def _tasks(campaigns: Iterable[Campaign]) -> set[TaskKey]:
    return {_task(each) for each in campaigns}


def _short(wanted: set[TaskKey], found: list[Campaign]) -> str:
    missing = len(wanted - _tasks(found))
    return f" ({missing} of them missing)" if missing else ""


def _line(name: str, found: list[Campaign]) -> list[str]:
    nlpd, covered = ([_by_task(found, _score_of(kind, i)) for i in range(len(AFTER))] for kind in ("nlpd", "covered"))
    medians = [_number(float(np.median([values.mean() for values in each]))) if each else "-" for each in nlpd]
    return [name, str(len(_tasks(found))), str(len(found)), *map(nested, nlpd), *medians, *map(nested, covered)]


def _score_of(kind: str, i: int) -> Measure:
    return lambda campaign: float(getattr(campaign.one_step_ahead, kind)[i])


def _by_task(campaigns: Iterable[Campaign], value: Measure) -> list[np.ndarray]:
    """Return the values of the campaigns of each task, one array a task."""
    by_task: dict[TaskKey, list[float]] = {}
    for campaign in campaigns:
        found = value(campaign)
        if not np.isnan(found):
            by_task.setdefault(_task(campaign), []).append(found)
    return [np.array(values) for values in by_task.values()]


def nested(groups: Sequence[np.ndarray]) -> str:
    """Return the mean over tasks of means over seeds, with its interval; tasks may differ in their number of seeds."""
    if not groups:
        return "-"
    rng = np.random.default_rng(0)
    drawn = np.empty(DRAWS)
    for i in range(DRAWS):
        which = rng.integers(len(groups), size=len(groups))
        drawn[i] = np.mean([rng.choice(groups[j], size=len(groups[j])).mean() for j in which])
    low, high = np.quantile(drawn, [0.025, 0.975])
    value_ = float(np.mean([group.mean() for group in groups]))
    return f"{_number(value_)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    """Return a figure: two decimals, or three digits where it is large.

    >>> _number(1.234), _number(200774.75)
    ('1.23', '2.01e+05')
    """
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.3g}"
