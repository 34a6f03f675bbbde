"""Small changes of shares of a total: moves that keep the sum, the limits and the number of members present."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.space.parameters.amounts import AmountLattice

_TRIES = 3
_REMOVE = 0.25  # share of moves that take all there is of a member
_ADD = 0.5  # share of moves that bring in an absent member where one may come in


@dataclass(frozen=True, eq=False)
class Limits:
    """The limits of a lattice as arrays: lowest and highest present amount of each member, and whether it may be 0."""

    low: IntArray
    high: IntArray
    zero: BoolArray


@lru_cache(maxsize=256)
def limits_of(lattice: AmountLattice) -> Limits:
    """Return the limits of `lattice`; no amount exceeds the total."""
    low = np.array([member.low for member in lattice.members], dtype=np.int64)
    high = np.array([min(member.high, lattice.total) for member in lattice.members], dtype=np.int64)
    return Limits(low, high, np.array([member.zero for member in lattice.members], dtype=np.bool_))


def fill(amounts: IntArray, present: BoolArray, lattice: AmountLattice) -> IntArray:
    """Return `amounts` (n x e) clipped to the limits of the members `present`, what is over or short spread out.

    The sum is right wherever the limits of the members present allow it; see `AmountLattice.contains`.
    """
    limits = limits_of(lattice)
    low, high = np.where(present, limits.low, 0), np.where(present, limits.high, 0)
    result = np.clip(amounts, low, np.maximum(low, high))
    excess = result.sum(axis=1) - lattice.total
    # First in proportion to what each member can take, rounded towards zero, then member by member.
    free = np.where(excess[:, None] > 0, result - low, high - result)
    share = np.abs(excess)[:, None] * free // np.maximum(free.sum(axis=1), 1)[:, None]
    result -= np.sign(excess)[:, None] * np.minimum(share, free)
    for member in range(result.shape[1]):
        excess = result.sum(axis=1) - lattice.total
        result[:, member] = np.clip(result[:, member] - excess, low[:, member], high[:, member])
    return result


def settle(amounts: FloatArray, lattice: AmountLattice) -> IntArray:
    """Return ways near to `amounts` (n x e, in steps), for instance near an off-grid measured design.

    Members that are too many to be present lose the smallest amounts; the sum is then made right by `fill`. A row for
    which this finds no way is returned as far as it came.
    """
    limits = limits_of(lattice)
    amounts = np.nan_to_num(np.maximum(np.asarray(amounts, dtype=np.float64), 0.0))
    totals = amounts.sum(axis=1, keepdims=True)
    scaled = amounts * (lattice.total / np.where(totals > 0, totals, 1.0))
    able = limits.low <= limits.high
    # Members that must be present come first, then the larger amounts.
    rank = np.argsort(np.argsort(-np.where(able, np.where(limits.zero, scaled, np.inf), -np.inf), axis=1), axis=1)
    wanted = np.where(limits.zero, np.rint(scaled) > 0, True) & able
    present = (wanted | (rank < lattice.min_nonzero)) & (rank < lattice.max_nonzero) & able
    return fill(np.rint(scaled).astype(np.int64), present, lattice)


def transfer(amounts: IntArray, lattice: AmountLattice, radius: float, rng: np.random.Generator) -> IntArray:
    """Return each way (n x e) with some steps moved from one member to another.

    The number of steps is normal with standard deviation `radius` times the total, at least one. Some moves take all
    there is of a member, some bring in one that was absent, and some do both (a swap). A row for which no move was
    found in a few tries is returned unchanged.
    """
    result = amounts.copy()
    left = np.arange(len(amounts))
    for _ in range(_TRIES):
        moved, good = _try(amounts[left], lattice, radius, rng)
        result[left[good]] = moved[good]
        left = left[~good]
        if not len(left):
            break
    return result


def _try(
    amounts: IntArray, lattice: AmountLattice, radius: float, rng: np.random.Generator
) -> tuple[IntArray, BoolArray]:
    """Try one transfer a row; the mask is true where it keeps the limits."""
    limits = limits_of(lattice)
    rows = np.arange(len(amounts))
    chance = rng.random((2, len(amounts)))
    present = amounts > 0
    number = present.sum(axis=1)
    giver = _pick(present & ((amounts > limits.low) | limits.zero), rng)
    # A giver at its least amount can only go altogether.
    removes = (chance[0] < _REMOVE) | (amounts[rows, giver] <= limits.low[giver])
    removes &= limits.zero[giver]
    adds = ((chance[1] < _ADD) | (number == 1)) & ((number < lattice.max_nonzero) | removes)
    removes &= adds | (number > lattice.min_nonzero)
    may_take = np.where(present, amounts < limits.high, limits.low <= limits.high) & (present != adds[:, None])
    may_take[rows, giver] = False
    taker = _pick(may_take, rng)

    has, gets = amounts[rows, giver], amounts[rows, taker]
    spare = has - limits.low[giver]
    least = np.where(gets > 0, 1, limits.low[taker])
    most = np.minimum(spare, limits.high[taker] - gets)
    steps = 1 + np.abs(rng.standard_normal(len(amounts)) * (radius * lattice.total)).astype(np.int64)
    steps = np.where(removes, has, np.clip(steps, least, np.maximum(most, least)))
    moved = amounts.copy()
    moved[rows, giver] -= steps
    moved[rows, taker] += steps

    goes = moved[rows, giver] == 0
    stays = moved[rows, giver] >= limits.low[giver]
    after = number - goes + (gets == 0)
    good = (
        (stays | (goes & limits.zero[giver]))
        & (moved[rows, taker] >= limits.low[taker])
        & (moved[rows, taker] <= limits.high[taker])
        & may_take[rows, taker]
        & present[rows, giver]
        & (after >= lattice.min_nonzero)
        & (after <= lattice.max_nonzero)
    )
    return moved, good


def _pick(allowed: BoolArray, rng: np.random.Generator) -> IntArray:
    """Return the index of one allowed member a row, at random (the first one where none is allowed)."""
    picked: IntArray = np.argmax(rng.random(allowed.shape, dtype=np.float32) * allowed, axis=1)
    return picked
