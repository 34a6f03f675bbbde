"""The runs of a classical design in a space, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.acquisition.classical.design import SEQUENCES, ClassicalDesign
from designer.acquisition.classical.exchange import MIN_GAIN, divided, improved, information, score
from designer.acquisition.classical.model_basis import ModelBasis
from designer.acquisition.classical.parameter_levels import (
    candidates,
    centres,
    grid,
    one_changed,
    reference_designs,
)
from designer.acquisition.classical.unit_cube import sequence
from designer.arrays import FloatArray, IndexArray
from designer.space import DesignSpace

SPARE_RUNS = 3
"""Runs of an optimal design beside those that its terms need, unless their number is given."""
_MAX_STARTS = 40
_WORK = 2e8  # multiplications of one pass over the runs of an optimal design
_MIN_CANDIDATES = 300
_LEVEL_ROUNDS = 3
_RADII = (0.3, 0.1, 0.03)
_NEAR = 8  # designs tried around each run, for each radius
_OFF_LEVELS = 0.01  # share of a run's contribution that a move off the levels has to add


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of a design.

    Parameters
    ----------
    coordinates
        The runs (``n x c``) in their order, block by block; replicates stand several times.
    blocks
        The block of each run (n), from 0.
    """

    coordinates: FloatArray
    blocks: IndexArray


def run_count(space: DesignSpace, design: ClassicalDesign) -> int:
    """Return how many runs a design has, centre points included; fewer are made where the space has fewer."""
    if design.number is not None:
        return int(design.number + design.centre_points)
    if design.kind == "factorial":
        found = grid(space, design.levels or 2)
        return int(design.centre_points + (0 if found is None else len(found)))
    return int(model_basis(space, design).terms + design.blocks - 1 + SPARE_RUNS + design.centre_points)


def model_basis(space: DesignSpace, design: ClassicalDesign) -> ModelBasis:
    """Return the terms of the model that a design is made for."""
    return ModelBasis.of(space, design.terms, reference_designs(space))


def first_runs(space: DesignSpace, design: ClassicalDesign, batch_size: int, seed: int) -> Runs:
    """Return the runs of a design in random order, block by block.

    Where a batch shares settings, runs with the same shared settings follow each other, and an optimal design has as
    many different ones as batches of `batch_size`, if the parameters may change as often.

    Parameters
    ----------
    space, design
        Without `design_faults`.
    seed
        The same seed always gives the same runs.
    """
    rng = np.random.default_rng(seed)
    reference = reference_designs(space)
    basis = ModelBasis.of(space, design.terms, reference)
    middle = centres(space, design.centre_points)
    if design.kind in SEQUENCES:
        made = sequence(space, design.kind, design.number or 1, rng)
    elif design.kind == "factorial":
        made = _factorial(space, design, basis, middle, rng)
    else:
        made = _optimal(space, design, basis, reference, middle, batch_size, rng)
    runs = np.concatenate([made, middle])
    if space.shared_parameters:
        return _by_shared_settings(space, runs, rng)
    blocks = divided(basis(runs), min(design.blocks, len(runs)), rng)
    order = np.lexsort((rng.permutation(len(runs)), blocks))
    return Runs(runs[order], blocks[order])


def _factorial(
    space: DesignSpace, design: ClassicalDesign, basis: ModelBasis, middle: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return all valid combinations of levels, or the part of them that is D-optimal for the model."""
    whole = grid(space, design.levels or 2)
    assert whole is not None, "design_faults refuses larger grids"
    if design.number is None or design.number >= len(whole):
        return whole
    allowed = [np.arange(len(whole))] * design.number
    return whole[_best(basis(whole), basis(middle), design.kind, allowed, rng, distinct=True)]


def _optimal(
    space: DesignSpace,
    design: ClassicalDesign,
    basis: ModelBasis,
    reference: FloatArray,
    middle: FloatArray,
    batch_size: int,
    rng: np.random.Generator,
) -> FloatArray:
    number = run_count(space, design) - len(middle)
    listed = candidates(space, reference, _levels(design), rng)
    listed = _fewer(listed, int(np.clip(_WORK / (basis.terms**2 * number), _MIN_CANDIDATES, len(listed))), rng)
    if space.shared_parameters:
        return _split_plot(space, design, basis, reference, listed, middle, number, batch_size, rng)
    pool = space.pool is not None
    number = min(number, len(listed)) if pool else number
    fixed = basis(middle)
    allowed = [np.arange(len(listed))] * number
    runs = listed[_best(basis(listed), fixed, design.kind, allowed, rng, distinct=pool)]
    return runs if pool else _refined([space] * number, basis, runs, fixed, design, rng)


def _fewer(designs: FloatArray, number: int, rng: np.random.Generator) -> FloatArray:
    return designs if len(designs) <= number else designs[np.sort(rng.choice(len(designs), number, replace=False))]


def _best(
    terms: FloatArray,
    fixed: FloatArray,
    kind: str,
    allowed: list[IndexArray],
    rng: np.random.Generator,
    *,
    distinct: bool,
) -> IndexArray:
    """Return the best design of several random starts: indices of candidates."""
    found: list[tuple[float, IndexArray]] = []
    work = len(allowed) * terms.size * terms.shape[1]
    for _ in range(int(np.clip(_WORK / work, 1, _MAX_STARTS))):
        first = (
            rng.choice(len(terms), len(allowed), replace=False)
            if distinct
            else np.array([rng.choice(possible) for possible in allowed], dtype=np.intp)
        )
        chosen = improved(terms, first, kind, fixed, allowed, distinct=distinct, rng=rng)
        found.append((score(information(terms[chosen], fixed), kind), chosen))
    return max(found, key=lambda each: each[0])[1]


def _refined(
    spaces: Sequence[DesignSpace],
    basis: ModelBasis,
    runs: FloatArray,
    fixed: FloatArray,
    design: ClassicalDesign,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the runs with one parameter after another at its best level, then each moved in its neighbourhood.

    A move off the levels has to add a hundredth: a twentieth digit is not worth an odd setting.

    Parameters
    ----------
    spaces
        The space of each run.
    """
    steps = [(None, MIN_GAIN)] * _LEVEL_ROUNDS + [(radius, _OFF_LEVELS) for radius in _RADII]
    for radius, min_gain in steps:
        near, allowed = [runs], []
        first = len(runs)
        for i, space in enumerate(spaces):
            own = runs[i : i + 1]
            if radius is None:
                more = one_changed(space, own, _levels(design))
            else:
                more = space.neighbours(own, _NEAR, rng, radius)
            near.append(more)
            allowed.append(np.append(i, np.arange(first, first + len(more))))
            first += len(more)
        listed = np.concatenate(near)
        chosen = improved(
            basis(listed), np.arange(len(runs)), design.kind, fixed, allowed,
            distinct=False, rng=rng, min_gain=min_gain,
        )  # fmt: skip
        runs = listed[chosen]
    return runs


def _levels(design: ClassicalDesign) -> int:
    return 3 if design.terms == "quadratic" else 2


def shared_count(space: DesignSpace, design: ClassicalDesign, number: int, batch_size: int) -> int:
    """Return how many combinations of settings that a batch shares the runs of an optimal design may have.

    One for each batch, and no more than the parameters may change, for which centre points are one more.
    """
    limits = [each.at_most_changes + 1 for each in space.shared_parameters if each.at_most_changes is not None]
    batches = -(-number // batch_size)
    return int(min([batches, *(limit - (design.centre_points > 0) for limit in limits)]))


def shared_basis(space: DesignSpace, design: ClassicalDesign, reference: FloatArray) -> ModelBasis:
    """Return the terms of the model that have parameters only that a batch shares."""
    return ModelBasis.of(space, design.terms, reference, {each.name for each in space.shared_parameters})


def _split_plot(
    space: DesignSpace,
    design: ClassicalDesign,
    basis: ModelBasis,
    reference: FloatArray,
    listed: FloatArray,
    middle: FloatArray,
    number: int,
    batch_size: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return runs of which each batch has one shared setting: those settings first, then the runs of each.

    The shared settings are those of an optimal design for the part of the model that has shared parameters only.
    """
    plots = max(1, shared_count(space, design, number, batch_size))
    whole = shared_basis(space, design, reference)
    everything = [np.arange(len(listed))] * plots
    chosen = _best(whole(listed), whole(middle), design.kind, everything, rng, distinct=False)
    spaces, parts = [], []
    for row in listed[chosen]:
        settings = {p.name: tuple(row[part].tolist()) for p, part in space.parts() if p.is_shared}
        spaces.append(space.fixed(settings))
        found = candidates(spaces[-1], reference_designs(spaces[-1]), _levels(design), rng)
        parts.append(_fewer(found, max(_MIN_CANDIDATES, len(listed) // plots), rng))
    ends = np.cumsum([0, *map(len, parts)])
    plot_of = np.sort(np.arange(number) % plots)
    allowed = [np.arange(ends[plot], ends[plot + 1]) for plot in plot_of]
    together = np.concatenate(parts)
    fixed = basis(middle)
    runs = together[_best(basis(together), fixed, design.kind, allowed, rng, distinct=False)]
    return _refined([spaces[plot] for plot in plot_of], basis, runs, fixed, design, rng)


def _by_shared_settings(space: DesignSpace, runs: FloatArray, rng: np.random.Generator) -> Runs:
    """Return runs with the same shared settings one after another, in random order otherwise."""
    columns = [i for p, part in space.parts() if p.is_shared for i in range(part.start, part.stop)]
    group = np.unique(runs[:, columns], axis=0, return_inverse=True)[1].reshape(-1)
    turn = rng.permutation(group.max() + 1)[group]
    order = np.lexsort((rng.permutation(len(runs)), turn))
    return Runs(runs[order], np.zeros(len(runs), dtype=np.intp))
