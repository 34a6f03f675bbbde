"""Ways to share a whole number of units among members: counted, listed and checked in integers.

This is the arithmetic below compositions and mixtures. Amounts are whole numbers of steps, so a sum is the total or it
is not, and nothing is ever rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray

TOO_MANY = 2**40  # counts are exact below, and only known to reach this above


@dataclass(frozen=True)
class Member:
    """What one member may amount to, in units: between `low` and `high` (both at least 1), or 0 where `zero` is true.

    ``high < low`` where it can only be 0.
    """

    low: int
    high: int
    zero: bool

    @property
    def can_be_present(self) -> bool:
        """Whether any amount above 0 is allowed."""
        return self.low <= self.high


@dataclass(frozen=True)
class AmountLattice:
    """All ways to share `total` units, with `min_nonzero` to `max_nonzero` members present.

    Examples
    --------
    >>> lattice = AmountLattice(total=4, members=(Member(1, 4, True),) * 3, min_nonzero=1, max_nonzero=2)
    >>> lattice.count
    12
    >>> lattice.enumerate()[:3].tolist()
    [[0, 0, 4], [0, 1, 3], [0, 2, 2]]
    """

    total: int
    members: tuple[Member, ...]
    min_nonzero: int
    max_nonzero: int

    def contains(self, amounts: FloatArray | IntArray) -> BoolArray:
        """Whether each row of amounts (``... x members``) is one of the ways; exact, whatever the number type."""
        amounts = np.asarray(amounts, dtype=np.float64)
        low = np.array([member.low for member in self.members])
        high = np.array([member.high for member in self.members])
        zero = np.array([member.zero for member in self.members])
        present = amounts != 0
        allowed = np.where(present, (amounts >= low) & (amounts <= high), zero) & (amounts == np.rint(amounts))
        number = present.sum(axis=-1)
        right = (number >= self.min_nonzero) & (number <= self.max_nonzero) & (amounts.sum(axis=-1) == self.total)
        mask: BoolArray = allowed.all(axis=-1) & right
        return mask

    @property
    def limits_number(self) -> bool:
        """Whether the number of members present is limited at all; a sum above 0 has one at least."""
        return self.min_nonzero > 1 or self.max_nonzero < len(self.members)

    @cached_property
    def is_feasible(self) -> bool:
        """Whether there is any way at all.

        The reachable sums of each number of present members are the bits of one integer, so that this is quick even
        for totals of a million units. Where that number is not limited, all sums are the bits of one integer.
        """
        mask = (1 << (self.total + 1)) - 1
        if not self.limits_number:
            sums = 1
            for member in self.members:
                sums = _spread(sums, member, mask) | (sums if member.zero else 0)
            return bool(sums >> self.total & 1)
        reachable = [1] + [0] * self.max_nonzero
        for member in self.members:
            moved = [_spread(bits, member, mask) for bits in reachable]
            absent = reachable if member.zero else [0] * len(reachable)
            reachable = [absent[j] | (moved[j - 1] if j else 0) for j in range(len(reachable))]
        return any(bits >> self.total & 1 for bits in reachable[self.min_nonzero :])

    @cached_property
    def count(self) -> int | None:
        """The number of ways; None where it reaches `TOO_MANY`."""
        number = int(self._ways(keep=False)[0][0, self.total])
        return None if number >= TOO_MANY else number

    def enumerate(self) -> IntArray:
        """Return all ways (``count x members``) in ascending order, first member first."""
        ways = self._ways(keep=True)
        amounts = np.zeros((1, 0), dtype=np.int64)
        used = np.zeros(1, dtype=np.int64)
        left = np.full(1, self.total, dtype=np.int64)
        for i, member in enumerate(self.members):
            choices = ([0] if member.zero else []) + list(range(member.low, min(member.high, self.total) + 1))
            parts = []
            for amount in choices:
                present = int(amount > 0)
                at = np.flatnonzero((left >= amount) & (used + present <= self.max_nonzero))
                at = at[ways[i + 1][used[at] + present, left[at] - amount] > 0]
                parts.append((at, np.full(at.size, amount, dtype=np.int64)))
            source = np.concatenate([at for at, _ in parts]) if parts else np.zeros(0, dtype=np.intp)
            chosen = np.concatenate([taken for _, taken in parts]) if parts else np.zeros(0, dtype=np.int64)
            amounts = np.column_stack([amounts[source], chosen])
            used, left = used[source] + (chosen > 0), left[source] - chosen
        return amounts[np.lexsort(amounts.T[::-1])]

    def _ways(self, *, keep: bool) -> list[IntArray]:
        """Return for each member the number of ways to finish: ``[members used so far, units left]``, saturated."""
        layer = np.zeros((self.max_nonzero + 1, self.total + 1), dtype=np.int64)
        layer[self.min_nonzero :, 0] = 1
        layers = [layer]
        for member in reversed(self.members):
            before = np.zeros_like(layer)
            if member.zero:
                before += layer
            if member.can_be_present:
                before[:-1] += _window_sums(layer[1:], member.low, member.high)
            layer = np.minimum(before, TOO_MANY)
            layers = [layer, *layers] if keep else [layer]
        return layers


def _window_sums(counts: IntArray, low: int, high: int) -> IntArray:
    """Return for each place r the sum of ``counts[r - high .. r - low]`` along the last axis."""
    size = counts.shape[-1]
    sums = np.concatenate([np.zeros((*counts.shape[:-1], 1), dtype=np.int64), np.cumsum(counts, axis=-1)], axis=-1)
    places = np.arange(size)
    upper = np.clip(places - low + 1, 0, size)
    lower = np.clip(places - high, 0, size)
    result: IntArray = sums[..., upper] - sums[..., lower]
    return result


def _spread(bits: int, member: Member, mask: int) -> int:
    """Return the sums reached from those in `bits` by adding any present amount of `member`."""
    if not member.can_be_present or not bits:
        return 0
    bits = (bits << member.low) & mask
    width, wanted = 1, member.high - member.low + 1
    while width < wanted:
        step = min(width, wanted - width)
        bits |= (bits << step) & mask
        width += step
    return bits
