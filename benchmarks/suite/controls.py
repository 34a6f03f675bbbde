"""Controls for transfer learning: changed sources that should be uninformative, or fully informative, about the target.

Each control replaces the sources of a target task; its pool and first experiments are unchanged. Random numbers are
seeded by the names of the tasks, so every method and every seed gets the same sources.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import spearmanr

from benchmarks.suite.past_campaigns import past_campaign
from benchmarks.suite.pools import Pool
from benchmarks.suite.sources import MAX_ROWS, drawn, rng_of, with_rows
from designer.arrays import FloatArray
from designer.space import CategoricalParameter, FormulaParameter
from designer.tasks import Task

CONTROLS = {
    "none": "the sources as they are",
    "no-sources": "no sources at all: must equal the method without transfer",
    "shuffled": "the values of each source are shuffled over its designs",
    "negated": "the values of each source are mirrored: its best design becomes its worst",
    "rescaled": "the values of each source are multiplied and shifted by numbers of its own",
    "unrelated": "each source design takes a value of another real family: the nearest by principal components",
    "smooth": "the values of each source are a smooth random function of its designs",
    "campaigns": "of each source the 20 to 60 rows that an optimiser's own campaign on it would have measured",
    "one-in-nine": "the one source that agrees best with the target, among nine shuffled ones",
    "target-as-source": "the target's own table is the one source: an upper bound",
}
FREQUENCIES = 256
LENGTHSCALE = 0.5
BAD = 9


def controlled(control: str, pool: Pool, sources: Sequence[Task], unrelated: Task | None = None) -> tuple[Task, ...]:
    """Return the sources of a pool's task under a control.

    Parameters
    ----------
    unrelated
        A task of another family, for the control of this name.

    Raises
    ------
    ValueError
        If there is no such control, or it needs sources (or an unrelated task) and there are none.
    """
    if control not in CONTROLS:
        raise ValueError(f"there is no control {control!r}; one of: {', '.join(CONTROLS)}")
    if control == "none":
        return tuple(sources)
    if control == "no-sources":
        return ()
    if control == "target-as-source":
        return (_own_table(pool),)
    if not sources:
        raise ValueError(f"{pool.family}/{pool.task} has no sources, which the control {control!r} needs")
    if control == "campaigns":
        return tuple(past_campaign(task, pool.candidates, _rng(control, pool, task)) for task in sources)
    if control == "one-in-nine":
        return _one_in_nine(pool, sources)
    if control == "unrelated":
        if unrelated is None:
            raise ValueError("the control 'unrelated' needs a task of another family: name one in the suite")
        return tuple(_replaced(source, laid_over(unrelated, source)) for source in sources)
    change = _CHANGES[control]
    return tuple(_replaced(task, change(task, _rng(control, pool, task))) for task in sources)


def _rng(control: str, pool: Pool, task: Task, number: int = 0) -> np.random.Generator:
    return rng_of(f"{control}/{pool.family}/{pool.task}/{task.name}/{number}")


def _replaced(task: Task, y: FloatArray, name: str | None = None) -> Task:
    target = task.targets[0]
    data = task.data.assign(**{target.name: y})
    return Task(task.space, task.targets, data, name or task.name, task.family, task.group)


def _values(task: Task) -> FloatArray:
    return task.Y[:, 0]


def _shuffled(task: Task, rng: np.random.Generator) -> FloatArray:
    return rng.permutation(_values(task))


def _negated(task: Task, rng: np.random.Generator) -> FloatArray:
    y = _values(task)
    return np.asarray(y.max() + y.min() - y)


def _rescaled(task: Task, rng: np.random.Generator) -> FloatArray:
    y = _values(task)
    factor, shift = 10 ** rng.uniform(-1, 1), rng.normal()
    return factor * y + shift * 10 * np.ptp(y)


def _smooth(task: Task, rng: np.random.Generator) -> FloatArray:
    """Draw a Gaussian process by random Fourier features (Rahimi and Recht, NeurIPS 2007), scaled as the source is."""
    x = _unit(numbers([task]))
    dimension = max(1, x.shape[1])
    frequencies = rng.normal(size=(x.shape[1], FREQUENCIES)) / (LENGTHSCALE * np.sqrt(dimension))
    waves = np.cos(x @ frequencies + rng.uniform(0, 2 * np.pi, size=FREQUENCIES))
    drawn_values = waves @ rng.normal(size=FREQUENCIES)
    y = _values(task)
    spread = drawn_values.std()
    return np.asarray(y.mean() + y.std() * (drawn_values - drawn_values.mean()) / (spread if spread > 0 else 1.0))


_CHANGES: dict[str, Callable[[Task, np.random.Generator], FloatArray]] = {
    "shuffled": _shuffled,
    "negated": _negated,
    "rescaled": _rescaled,
    "smooth": _smooth,
}


def laid_over(unrelated: Task, source: Task) -> FloatArray:
    """Return, for each design of `source`, a value of `unrelated`: that of the nearest row.

    Both tables are projected onto their leading principal components (as many as both have, at most three), each scaled
    to the unit range. The response surface is a measured one, and the designs lie in the target's space.
    """
    theirs, ours = components(numbers([unrelated])), components(numbers([source]))
    shared = min(theirs.shape[1], ours.shape[1])
    _, nearest = cKDTree(theirs[:, :shared]).query(ours[:, :shared])
    return _values(unrelated)[nearest]


def components(x: FloatArray, max_count: int = 3) -> FloatArray:
    """Return the leading principal components of a table, each scaled to the unit range."""
    centred = _unit(x)
    centred = centred - centred.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    count = max(1, min(max_count, int((s > 1e-9 * max(s.max(), 1e-300)).sum())))
    return _unit(u[:, :count] * s[:count])


def _one_in_nine(pool: Pool, sources: Sequence[Task]) -> tuple[Task, ...]:
    good = max(sources, key=lambda task: agreement(pool, task))
    bad = []
    for number in range(BAD):
        task = sources[number % len(sources)]
        rng = _rng("one-in-nine", pool, task, number)
        bad.append(_replaced(task, _shuffled(task, rng), name=f"{task.name}-shuffled-{number}"))
    place = int(rng_of(f"one-in-nine/{pool.family}/{pool.task}").integers(BAD + 1))
    return (*bad[:place], good, *bad[place:])


def agreement(pool: Pool, source: Task) -> float:
    """Return the Spearman correlation between the pool's values and the source's values at the nearest designs."""
    own = _own_table(pool)
    both = _unit(numbers([own, source]))
    _, nearest = cKDTree(both[len(own) :]).query(both[: len(own)])
    guessed = _values(source)[nearest]
    if np.ptp(guessed) == 0 or np.ptp(_values(own)) == 0:
        return 0.0
    return float(spearmanr(guessed, _values(own)).statistic)


def _own_table(pool: Pool) -> Task:
    given = pool.candidates
    data = given.designs.assign(**{given.target: pool.y})
    task = Task(given.space, given.objective.targets, data, f"{pool.task}-itself", pool.family)
    return with_rows(task, drawn(len(task), MAX_ROWS, f"target-as-source/{pool.family}/{pool.task}"))


def numbers(tasks: Sequence[Task]) -> FloatArray:
    """Return the designs of tasks below one another as numbers: text one-hot, missing columns 0."""
    frames = [task.designs for task in tasks]
    words = {column for task in tasks for column in _words(task)}
    both = pd.concat(frames, ignore_index=True)
    chosen = [column for column in both.columns if column in words]
    coded = pd.get_dummies(both, columns=chosen, dtype=float) if chosen else both
    return coded.fillna(0.0).to_numpy(dtype=float)


def _words(task: Task) -> list[str]:
    kinds = (CategoricalParameter, FormulaParameter)
    return [column for p in task.space.parameters if isinstance(p, kinds) for column in p.lab_columns]


def _unit(x: FloatArray) -> FloatArray:
    spread = np.ptp(x, axis=0)
    return np.asarray((x - x.min(axis=0)) / np.where(spread > 0, spread, 1.0))
