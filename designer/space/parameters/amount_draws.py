"""Random ways to share a total: exact sums within exact limits, drawn without listing them.

A composition of ten elements at 1 at.% with at most five present has 2 10^10 designs. They are not listed: how many
ways there are to fill what is left from the components still to come is counted once, backwards, and a design is then
drawn component by component with the right odds, so that every draw is valid and no draw is thrown away.

References
----------
A. Nijenhuis and H. S. Wilf, Combinatorial Algorithms, 2nd ed., Academic Press (1978), chapter 13 (random selection
from a counted recursive structure).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.space.parameters.amount_moves import Limits, fill, limits_of
from designer.space.parameters.amounts import AmountLattice

# Counts that are stored for one composition: 32 MB.
_MAX_COUNTS = 4_000_000
_ROUNDS = 50
_SUPPORTS = 2_000  # random sets of members present that are tried
_MAX_PATHS, _MAX_EXCHANGES = 50, 2_000


@lru_cache(maxsize=64)
def draws_of(lattice: AmountLattice) -> AmountDraws:
    """Return the draws of `lattice`, with their counts cached."""
    return AmountDraws(lattice)


@dataclass(frozen=True)
class AmountDraws:
    """Random draws out of the ways to share a total.

    Where ways are counted apart by their number of members present (always, but for dozens of members at fine steps),
    the number is chosen in proportion to the logarithm of how many ways have it, so that pure elements and binaries
    are seen although most ways have many members; given the number, every way is equally likely. Otherwise every way
    is equally likely. Where even those counts would be too many (steps far below a ten-thousandth of the total), the
    draw is made at a coarser step and then spread out evenly within it.

    Examples
    --------
    >>> from designer.space.parameters.amounts import Member
    >>> lattice = AmountLattice(10, (Member(1, 10, True), Member(1, 10, True), Member(2, 4, True)), 1, 2)
    >>> lattice.contains(AmountDraws(lattice).draw(3, np.random.default_rng(0)))
    array([ True,  True,  True])
    """

    lattice: AmountLattice

    @cached_property
    def _coarsening(self) -> int:
        """How many steps are taken together: 1 for an exact count."""
        lattice = self.lattice
        depth = _most_present(lattice) + 1 if self.lattice.limits_number else 1
        return -(-len(lattice.members) * depth * (lattice.total + 1) // _MAX_COUNTS)

    @cached_property
    def _counts(self) -> _Counts:
        return _Counts(_coarser(self.lattice, self._coarsening), self.lattice.limits_number)

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return n random ways, n x e.

        Raises
        ------
        ValueError
            If there is no way at all (or, at steps taken together, none was met).
        """
        if self._coarsening == 1:
            return self._counts.draw(n, rng)
        found = np.zeros((0, len(self.lattice.members)), dtype=np.int64)
        for _ in range(_ROUNDS if self._counts.log_count > -np.inf else 0):
            rough = self._counts.draw(n, rng)
            spread = rough * self._coarsening + rng.integers(0, self._coarsening, rough.shape) - self._coarsening // 2
            fine = fill(np.where(rough > 0, spread, 0), rough > 0, self.lattice)
            found = np.concatenate([found, fine[self.lattice.contains(fine)]])
            if len(found) >= n:
                return found[:n]
        return np.concatenate([found, self._narrow_draws(n - len(found), rng)])

    @property
    def has_way(self) -> bool:
        """Whether `draw` finds a way, where there is one at all.

        It always does but for limits on the number of members present together with ranges narrower than a
        ten-thousandth of the total: then it may be that no set of members is found whose ranges include the total.
        """
        if self._coarsening == 1:
            return self.lattice.is_feasible
        return len(self._supports(_SUPPORTS, np.random.default_rng(0))) > 0 or self._counts.log_count > -np.inf

    def _narrow_draws(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return n random ways where ranges are narrower than the steps taken together: random members, then amounts.

        The amounts are evenly distributed over the ranges of the members present, then corrected to the total.
        """
        supports = self._supports(_SUPPORTS, rng)
        if not len(supports):
            raise ValueError("no amounts within the limits were found")
        present = supports[rng.integers(0, len(supports), n)]
        limits = limits_of(self.lattice)
        low, high = np.where(present, limits.low, 0), np.where(present, limits.high, 0)
        amounts: IntArray = low + np.floor(rng.random(present.shape) * (high - low + 1)).astype(np.int64)
        excess = amounts.sum(axis=1) - self.lattice.total
        for row in np.flatnonzero(excess):
            free = amounts[row] - low[row] if excess[row] > 0 else high[row] - amounts[row]
            # The steps over or short, taken at random from all that may be moved.
            moved = rng.multivariate_hypergeometric(free, abs(excess[row]), method="marginals")
            amounts[row] -= np.sign(excess[row]) * moved
        return amounts

    def _supports(self, n: int, rng: np.random.Generator) -> BoolArray:
        """Return up to n sets of members (rows x e), present together, whose ranges include the total.

        Members that must be present are; of the others there are random ones, and sets that go from those of the
        smallest amounts to those of the largest, one member exchanged at a time.
        """
        lattice, limits = self.lattice, limits_of(self.lattice)
        n = max(1, min(n, _MAX_COUNTS // max(1, len(lattice.members))))
        able = limits.low <= limits.high
        needed = ~limits.zero
        optional = np.flatnonzero(able & limits.zero)
        lowest, highest = np.sort(limits.low[optional]), np.sort(limits.high[optional])[::-1]
        fewest = max(lattice.min_nonzero - int(needed.sum()), 0)
        most = min(lattice.max_nonzero - int(needed.sum()), len(optional))
        least = limits.low[needed].sum() + np.concatenate([[0], np.cumsum(lowest)])
        largest = limits.high[needed].sum() + np.concatenate([[0], np.cumsum(highest)])
        sizes = [k for k in range(fewest, most + 1) if least[k] <= lattice.total <= largest[k]]
        if not sizes or not able[needed].all():
            return np.zeros((0, len(able)), dtype=np.bool_)
        rank = np.argsort(rng.random((n, len(optional))), axis=1)
        chosen = rank < rng.choice(sizes, n)[:, None]
        chosen = np.concatenate([chosen, *(_exchanges(limits.low[optional], k) for k in sizes[:_MAX_PATHS])])
        present = np.repeat(needed[None], len(chosen), axis=0)
        present[:, optional] = chosen
        sums = present @ np.column_stack([limits.low, limits.high])
        return present[(sums[:, 0] <= lattice.total) & (sums[:, 1] >= lattice.total)]


def _exchanges(low: IntArray, size: int) -> BoolArray:
    """Return sets of `size` members (rows x e) from those of the smallest `low` to those of the largest."""
    order = np.argsort(low, kind="stable")
    sets = [order[:size]]
    for position in reversed(range(size)):
        for step in range(len(order) - size):
            moved = sets[-1].copy()
            moved[position] = order[position + step + 1]
            sets.append(moved)
        if len(sets) >= _MAX_EXCHANGES:
            break
    rows = np.zeros((len(sets), len(low)), dtype=np.bool_)
    for row, members in zip(rows, sets, strict=True):
        row[members] = True
    return rows


def _most_present(lattice: AmountLattice) -> int:
    """Return how many members can be present at most: each of them takes a step at least."""
    return min(lattice.max_nonzero, lattice.total)


def _coarser(lattice: AmountLattice, factor: int) -> AmountLattice:
    """Return the same lattice in steps `factor` times as large, as nearly as that goes."""
    if factor == 1:
        return lattice
    members = []
    for member in lattice.members:
        low, high = -(-member.low // factor), member.high // factor
        if member.can_be_present and high < low:  # a range narrower than the coarse step: the nearest one
            low = high = max(1, round((member.low + member.high) / (2 * factor)))
        members.append(replace(member, low=low, high=high))
    return replace(lattice, total=round(lattice.total / factor), members=tuple(members))


@dataclass(frozen=True)
class _Counts:
    """The ways of a lattice, counted by a recursion over its members, and draws by that recursion."""

    lattice: AmountLattice
    binding: bool

    @property
    def total(self) -> int:
        return self.lattice.total

    @property
    def size(self) -> int:
        return len(self.lattice.members)

    @property
    def limits(self) -> Limits:
        return limits_of(self.lattice)

    @cached_property
    def _counted(self) -> bool:
        """Whether ways are counted apart by the number of members present."""
        return self.binding or self.size * (_most_present(self.lattice) + 1) * (self.total + 1) <= _MAX_COUNTS

    @cached_property
    def _ways(self) -> tuple[list[FloatArray], FloatArray]:
        """Ways to complete a design, and the logarithm by which each layer was scaled down.

        Layer i is K x (total + 1): ``[k, r]`` is proportional to the number of ways in which components i, i+1, ...
        can sum to r with k of them present (K = 1 and k = 0 throughout where these are not counted apart).
        """
        shift = int(self._counted)
        depth = _most_present(self.lattice) + 1 if self._counted else 1
        layer = np.zeros((depth, self.total + 1))
        layer[0, 0] = 1.0
        layers, scale = [layer], [0.0]
        for component in reversed(range(self.size)):
            following = layer
            layer = following.copy() if self.limits.zero[component] else np.zeros_like(following)
            low, high = int(self.limits.low[component]), int(self.limits.high[component])
            if high >= low:
                layer[shift:] += _window_sums(following[: depth - shift], low, high)
            largest = float(layer.max()) or 1.0
            layer = layer / largest
            layers.append(layer)
            scale.append(scale[-1] + np.log(largest))
        return layers[::-1], np.array(scale[::-1])

    @cached_property
    def _log_counts(self) -> FloatArray:
        """The logarithm of the number of designs by the number of components present; -inf for none."""
        layers, scale = self._ways
        with np.errstate(divide="ignore"):
            counts: FloatArray = np.log(layers[0][:, self.total]) + scale[0]
        counts[: self.lattice.min_nonzero if self._counted else 0] = -np.inf
        return counts

    @cached_property
    def log_count(self) -> float:
        """The natural logarithm of the number of designs; -inf where there is none."""
        return float(np.logaddexp.reduce(self._log_counts))

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return n random ways, n x e."""
        if not self.log_count > -np.inf:
            raise ValueError("no amounts lie within the limits")
        odds = np.logaddexp(0.0, self._log_counts)
        present = rng.choice(len(odds), size=n, p=odds / odds.sum())
        left = np.full(n, self.total)
        layers, _ = self._ways
        columns = []
        for component in range(self.size):
            amount = self._draw_component(component, layers[component + 1], left, present, rng)
            left = left - amount
            present = present - (amount > 0) * int(self._counted)
            columns.append(amount)
        return np.column_stack(columns) if columns else np.zeros((n, 0), dtype=np.int64)

    def _draw_component(
        self, component: int, following: FloatArray, left: IntArray, present: IntArray, rng: np.random.Generator
    ) -> IntArray:
        """Draw one component's amount for rows with `left` steps and `present` components still to place."""
        low, high = int(self.limits.low[component]), int(self.limits.high[component])
        width = high - low + 1
        odds_absent = following[present, left] if self.limits.zero[component] else np.zeros(len(left))
        chance = rng.random((2, len(left)))
        remaining = present - int(self._counted)
        usable = (remaining >= 0) & (left >= low)
        if width < 1 or not usable.any():
            return np.zeros_like(left)
        table = _Windows(following, width)
        rows = np.flatnonzero(usable)
        odds_present = np.zeros(len(left))
        odds_present[rows] = table.sums(remaining[rows], left[rows] - low)
        takes = np.flatnonzero(chance[0] * (odds_absent + odds_present) >= odds_absent)
        amount = np.zeros_like(left)
        rest = table.pick(remaining[takes], left[takes] - low, chance[1][takes])
        amount[takes] = left[takes] - rest
        return amount


def _window_sums(ways: FloatArray, low: int, high: int) -> FloatArray:
    """Return, for each r, the sum of ``ways[:, r - x]`` over x from `low` to `high`."""
    depth, length = ways.shape
    result = np.zeros_like(ways)
    if depth and low < length:
        level, end = np.divmod(np.arange(depth * (length - low)), length - low)
        result[:, low:] = _Windows(ways, high - low + 1).sums(level, end).reshape(depth, -1)
    return result


class _Windows:
    """Sums over windows of a fixed width, and draws within them, without ever subtracting.

    The row is cut into blocks as wide as the window; a window is then the tail of one block and the head of the next,
    both of which are running sums of non-negative numbers. Differences of one long running sum would lose counts that
    are small beside those before them (M. van Herk, Pattern Recognit. Lett. 13 (1992) 517).
    """

    def __init__(self, ways: FloatArray, width: int) -> None:
        depth, length = ways.shape
        width = min(width, length)
        blocks = -(-length // width) + 1  # one block of nothing in front, for windows that begin before zero
        padded = np.zeros((depth, blocks * width))
        padded[:, width : width + length] = ways
        cut = padded.reshape(depth, blocks, width)
        self._width = width
        self._head = np.cumsum(cut, axis=2).reshape(depth, blocks * width)
        self._tail = np.cumsum(cut[:, :, ::-1], axis=2)[:, :, ::-1].reshape(depth, blocks * width)

    def sums(self, level: IntArray, end: IntArray) -> FloatArray:
        """Return the sum over the window that ends at `end` (included), in row `level`."""
        head, tail = self._parts(level, end)
        return head + tail

    def _parts(self, level: IntArray, end: IntArray) -> tuple[FloatArray, FloatArray]:
        last = end + self._width
        first = last - self._width + 1
        aligned = first % self._width == 0  # the window is a whole block: its head is all of it
        return self._head[level, last], np.where(aligned, 0.0, self._tail[level, first])

    def pick(self, level: IntArray, end: IntArray, chance: FloatArray) -> IntArray:
        """Return a place in the window that ends at `end`, drawn with odds as the ways there; `chance` is in [0, 1)."""
        head, tail = self._parts(level, end)
        # 1 - chance is in (0, 1], so that a place without ways is never met.
        target = (1.0 - chance) * (head + tail)
        in_head = target <= head
        last = end + self._width
        start = last - last % self._width
        # In the head the running sum rises with the place; in the tail it rises towards the front.
        place = np.where(
            in_head,
            _first_reaching(self._head, level, start, last, target, 1),
            _first_reaching(self._tail, level, start - 1, last - self._width + 1, target - head, -1),
        )
        return place - self._width


def _first_reaching(
    sums: FloatArray, level: IntArray, start: IntArray, stop: IntArray, target: FloatArray, direction: int
) -> IntArray:
    """Return the first place from `start` to `stop` (included) whose running sum is at least `target`, by bisection."""
    low, high = np.zeros_like(start), np.maximum((stop - start) * direction, 0)
    for _ in range(int(high.max(initial=0)).bit_length()):
        middle = (low + high) // 2
        reached = sums[level, start + direction * middle] >= target
        high = np.where(reached, middle, high)
        low = np.where(reached, low, np.minimum(middle + 1, high))
    place: IntArray = start + direction * high
    return place
