"""Settings that all designs of a batch share, chosen together with the batch.

A batch of n designs with the shared settings v has the joint expected improvement

    a(v) = sum_{i <= n} a(x_i | x_1, ..., x_{i-1} pending),        x_i of the designs with the settings v,

which is the improvement of the whole batch over the incumbent, its designs chosen greedily one after another. The
settings with the largest a(v) for what the batch costs, n + the costs of changes in experiments, are chosen: they are
kept while they are good enough. Where the campaign states what designs cost, the batch costs their sum, its own cost
and that of changes, in the same unit. Candidates are first compared by a small search each, and the best of them by the
full search.

Settings that are hard to change: H. Vo, S. Gupta and others call such parameters "switching costs"; whole-plot factors
in R. Jones and C. Nachtsheim, "Split-plot designs: what, why, and how" (Journal of Quality Technology 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any

import numpy as np
import torch

from designer.acquisition.archive import Encode, LogWeights
from designer.acquisition.batch_rule import Settings, SharedSettings
from designer.acquisition.functions import Acquisition
from designer.acquisition.search import Found, Search
from designer.arrays import FloatArray
from designer.errors import InvalidSpace, NoDesignLeft
from designer.objective.design_costs import DesignCosts
from designer.space import DesignSpace

_LISTED = 24
_SPREAD = 12
_SAMPLES = 256
_AROUND = 12
_COMPARED = 4
_REFINED = 3


def search_batch(
    space: DesignSpace,
    shared: SharedSettings,
    acquisition: Acquisition,
    n: int,
    search_of: Callable[[DesignSpace], Search],
    encode: Encode,
    taken: Set[Any],
    starts: FloatArray,
    rng: np.random.Generator,
    log_weights: LogWeights | None = None,
    costs: DesignCosts | None = None,
) -> Found:
    """Return up to `n` designs with the same shared settings, those with the largest joint acquisition for their cost.

    Parameters
    ----------
    search_of
        Returns the full search of a space.
    encode, taken, starts, log_weights, costs
        As in `Search`.
    """
    whole = space.fixed(shared.kept) if shared.kept else space
    free = search_of(whole).run(acquisition, n)
    if len(shared.kept) == len(shared.names) or not len(free.coordinates):
        return free
    found = _candidates(whole, shared, free.coordinates, starts, rng)
    if len(found) == 1:
        return search_of(_fixed(space, found[0]) or space).run(acquisition, n)
    scores = []
    for settings in found:
        fixed = _fixed(space, settings)
        changes = shared.cost(settings)
        score = -np.inf
        if fixed is not None:
            score = _compared(fixed, acquisition, n, encode, taken, starts, rng, log_weights, costs, changes)
        scores.append(score)
    order = np.argsort(-np.array(scores), kind="stable")[:_REFINED]
    best: tuple[float, Found] | None = None
    for i in order.tolist():
        fixed = _fixed(space, found[i]) if np.isfinite(scores[i]) else None
        if fixed is None:
            continue
        batch = search_of(fixed).run(acquisition, n)
        value = _total(acquisition, batch.scores) / _price(costs, batch.coordinates, n, shared.cost(found[i]))
        if len(batch.coordinates) and (best is None or value > best[0]):
            best = value, batch
    return _of_first(shared, space, free) if best is None else best[1]


def _of_first(shared: SharedSettings, space: DesignSpace, found: Found) -> Found:
    """Return those of the designs found that have the shared settings of the first one."""
    first = shared.of(space, found.coordinates[0])
    rows = [i for i, row in enumerate(found.coordinates) if shared.of(space, row) == first]
    return Found(found.coordinates[rows], tuple(found.scores[i] for i in rows), exhausted=True)


def _total(acquisition: Acquisition, scores: Sequence[float]) -> float:
    """Return the joint acquisition of a batch from those of its designs."""
    values = np.array(scores)
    return float(np.exp(values).sum() if acquisition.is_logarithm else values.sum()) if len(values) else -np.inf


def _price(costs: DesignCosts | None, coordinates: FloatArray, n: int, changes: float) -> float:
    """Return what a batch of `n` designs costs with changes of its settings."""
    if costs is None:
        return n + changes
    return float(costs.of(coordinates).sum()) + costs.per_batch + changes


def _fixed(space: DesignSpace, settings: Settings) -> DesignSpace | None:
    """Return the space with shared settings; None where the constraints allow no design with them."""
    try:
        return space.fixed(settings)
    except InvalidSpace:
        return None


def _candidates(
    space: DesignSpace, shared: SharedSettings, free: FloatArray, starts: FloatArray, rng: np.random.Generator
) -> list[Settings]:
    """Return the settings to compare: the current ones, those of good designs, and others all over their range."""
    rows = [*free, *starts]
    kept = shared.kept
    found = [] if shared.current is None else [dict(shared.current)]
    found += [dict(shared.of(space, row)) for row in rows]
    spread = _spread(space, shared, rng)
    unique: dict[tuple[Any, ...], Settings] = {}
    for each in [*found, *spread]:
        settings = {name: tuple(kept.get(name, each[name])) for name in shared.names}
        unique.setdefault(tuple(settings[name] for name in shared.names), settings)
    return list(unique.values())


def _spread(space: DesignSpace, shared: SharedSettings, rng: np.random.Generator) -> list[Settings]:
    """Return all shared settings where they are few, and otherwise some that spread over their ranges."""
    parameters = [(p, part) for p, part in space.parts() if p.name in shared.names]
    counts = [parameter.count for parameter, _ in parameters]
    few = all(count is not None for count in counts) and np.prod([float(c or 0) for c in counts]) <= _LISTED
    drawn = space.sample(512, rng)
    found: dict[tuple[Any, ...], Settings] = {}
    for row in drawn:
        settings = shared.of(space, row)
        found.setdefault(tuple(settings.values()), settings)
    values = list(found.values())
    if few or len(values) <= _SPREAD:
        return values
    columns = np.concatenate([np.arange(part.start, part.stop) for _, part in parameters])
    order = np.argsort(drawn[:, columns[0]], kind="stable")
    levels = drawn[order[np.linspace(0, len(order) - 1, _SPREAD).round().astype(int)]]
    return [shared.of(space, row) for row in levels]


def _compared(
    space: DesignSpace,
    acquisition: Acquisition,
    n: int,
    encode: Encode,
    taken: Set[Any],
    starts: FloatArray,
    rng: np.random.Generator,
    log_weights: LogWeights | None,
    costs: DesignCosts | None,
    changes: float,
) -> float:
    """Return an estimate of the joint acquisition of the best batch of a space for its cost, greedily."""
    try:
        coordinates = space.sample(_SAMPLES, rng)
    except NoDesignLeft:
        return -np.inf
    if space.pool is None and len(starts):
        near = space.in_fixed(starts)
        near = np.concatenate([near, space.neighbours(near, _AROUND, rng, 0.1)])
        coordinates = np.concatenate([coordinates, near[space.valid(near)]])
    kept: dict[Any, int] = {}
    for i, key in enumerate(space.keys(coordinates)):
        if key not in taken:
            kept.setdefault(key, i)
    coordinates = coordinates[list(kept.values())]
    X = torch.as_tensor(encode(coordinates), dtype=torch.float64)
    weights = torch.zeros(len(X)) if log_weights is None else torch.as_tensor(log_weights(coordinates))
    prices = np.ones(len(X)) if costs is None else costs.of(coordinates)
    scores: list[float] = []
    chosen: list[FloatArray] = []
    with torch.no_grad():
        for i in range(min(n, _COMPARED, len(X))):
            values = acquisition(X[:, None, :]) + weights
            row = int(values.argmax() if costs is None else costs.ranking(values.numpy(), prices).argmax())
            scores.append(float(values[row]))
            chosen.append(coordinates[row])
            if i + 1 < min(n, _COMPARED, len(X)):
                acquisition = acquisition.joined(X[row : row + 1])
                X = torch.cat([X[:row], X[row + 1 :]])
                weights = torch.cat([weights[:row], weights[row + 1 :]])
                coordinates, prices = np.delete(coordinates, row, axis=0), np.delete(prices, row)
    if not chosen:
        return -np.inf
    return _total(acquisition, scores) / _price(costs, np.array(chosen), n, changes)
