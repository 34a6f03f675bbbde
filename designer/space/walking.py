"""Random walks into the feasible part of a space, where random draws hardly ever satisfy the constraints.

A walk starts from the draws that violate the constraints least and makes small moves (`moves`), each accepted only if
it does not increase the violation, until a design is feasible and beyond, so that the designs found are not all at the
boundary. Constraints that depend on choices (``if reactor == R1 then ...``) make a space of several *branches*, one for
each combination of the choices that constraints test. Each branch has walkers of its own, which keep its choices until
they are feasible; else all would end in the branch that is reached first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.errors import NoDesignLeft
from designer.space.base import SpaceLike
from designer.space.constraints.constraint import BoundConstraint
from designer.space.constraints.violation import tested_choices, violation
from designer.space.moves import Moves, draw
from designer.space.pool import Codes, row_codes

WALKERS = 256
MAX_STEPS = 600
_MIXING_STEPS = 60
_MIN_BRANCH_STEPS = 300  # as long as this a walk goes on while a branch has no feasible design
_MAX_BRANCHES = 32
_BRANCH_DRAWS = 4096
_MAX_RARE = 64
_MIN_MET = 16
_RADII = (0.3, 0.1, 0.03, 0.01)


def distinct(coordinates: FloatArray) -> FloatArray:
    """Return the rows without repeats, in the order in which they first come."""
    _, first = np.unique(row_codes(coordinates), return_index=True)
    return coordinates[np.sort(first)]


@dataclass(frozen=True, eq=False)
class Violation:
    """The constraint violation of designs, each constraint weighted so that different units count alike."""

    space: SpaceLike
    weights: FloatArray
    tested: tuple[int, ...]

    @classmethod
    def of(cls, space: SpaceLike, draws: FloatArray) -> Violation:
        """Return the violation in units of the median violation of each constraint among random draws."""
        columns = violations(space, draws).T
        typical = np.array([np.median(column[column > 0]) if (column > 0).any() else 1.0 for column in columns])
        tested = frozenset().union(*(_tested_choices(space, constraint) for constraint in space.bound_constraints))
        return cls(space, 1.0 / np.where(np.isfinite(typical), typical, 1.0), tuple(sorted(tested)))

    def total(self, coordinates: FloatArray, *, wrong_choice: float = 1.0) -> FloatArray:
        """Return one number a row, 0 exactly where all constraints are satisfied; see `violation`."""
        total: FloatArray = (violations(self.space, coordinates, wrong_choice) * self.weights).sum(axis=1)
        return total

    def branches(self, coordinates: FloatArray) -> IntArray:
        """Return for each row the number of its branch: 0, 1, ... in no particular order."""
        _, branch = np.unique(self.branch_codes(coordinates), return_inverse=True)
        return branch.reshape(-1)

    def branch_codes(self, coordinates: FloatArray) -> Codes:
        """Return for each row a number that is equal for designs of one branch."""
        return row_codes(coordinates[:, list(self.tested)])

    def nearest(self, coordinates: FloatArray) -> FloatArray:
        """Return the rows that violate the constraints least, as many as there are walkers; alike of each branch."""
        if not self.tested:
            return coordinates[np.argsort(self.total(coordinates), kind="stable")[:WALKERS]]
        total, branch = self.total(coordinates, wrong_choice=np.inf), self.branches(coordinates)
        order = np.argsort(total, kind="stable")
        order = order[np.isfinite(total[order])] if np.isfinite(total).any() else order
        rank = _rank_within(branch[order])
        first = branch[order][rank == 0][:_MAX_BRANCHES]
        chosen = np.isin(branch[order], first)
        return coordinates[order[chosen][np.argsort(rank[chosen], kind="stable")][:WALKERS]]


def _tested_choices(space: SpaceLike, constraint: BoundConstraint) -> frozenset[int]:
    """Return the choices that decide whether a constraint holds, or whether the parameters it is about exist."""
    tested = tested_choices(constraint.tree)
    for each in space.conditions.conditionals:
        if any(each.part.start <= column < each.part.stop for column in constraint.uses):
            tested |= _tested_choices(space, each.condition)
    return tested


def violations(space: SpaceLike, coordinates: FloatArray, wrong_choice: float = 1.0) -> FloatArray:
    """Return by how much each row violates each constraint, n x k, 0 where it is satisfied."""
    moves = Moves(space)
    lab = moves.lab_values(coordinates)
    found = [
        np.where(
            space.conditions.concerned(coordinates, each.uses),
            violation(each.tree, lab, wrong_choice=wrong_choice),
            0.0,
        )
        for each in moves.checked
    ]
    return np.column_stack(found) if found else np.zeros((len(coordinates), 0))


def _rank_within(groups: IntArray) -> IntArray:
    """Return for each row how many earlier rows are of its group."""
    order = np.argsort(groups, kind="stable")
    _, start, size = np.unique(groups[order], return_index=True, return_counts=True)
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(groups)) - np.repeat(start, size)
    return rank


def walk(violation: Violation, n: int, found: FloatArray, start: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return up to n distinct valid designs, `found` first, then those that walkers from `start` come across.

    Raises
    ------
    NoDesignLeft
        If there is none in 600 steps, naming the constraint that is violated most often.
    """
    walkers = _Walkers(violation, start)
    sure, enough_since = len(found), 0
    for step in range(MAX_STEPS):
        enough_since = enough_since + 1 if len(found) >= n else 0
        if (len(found) >= 4 * n + 200 or enough_since > _MIXING_STEPS) and walkers.may_end(step):
            break
        if step % 100 == 99:
            walkers.restart_stuck(rng, whole=step >= _MIN_BRANCH_STEPS)
        inside_now = walkers.step(step, rng)
        if len(inside_now):
            found = distinct(np.concatenate([found, inside_now]))
    if not len(found):
        raise NoDesignLeft(why_none(violation.space, walkers.designs, "no design was found"))
    # Which of the walkers' designs are taken is left to chance: the first ones all lie where they came inside.
    others = rng.permutation(found[sure:])
    if violation.tested:
        others = others[np.argsort(_rank_within(violation.branches(others)), kind="stable")]
    return np.concatenate([found[:sure], others])[:n]


def rare_designs(space: SpaceLike) -> FloatArray:
    """Return designs (k x c) of branches of a space whose designs random draws do not meet, at most 64 of each.

    They are always the same: what is random in the search for them is fixed.
    """
    rng = np.random.default_rng(0)
    draws = draw(space, _BRANCH_DRAWS, rng)
    violation = Violation.of(space, draws)
    if not violation.tested:
        return draws[:0]
    branch, satisfied = violation.branches(draws), Moves(space).satisfied(draws)
    # A route of conditional parameters that chance met once or twice is as good as missed.
    least = _MIN_MET if space.conditions.conditionals else 1
    often = np.bincount(branch[satisfied], minlength=int(branch.max()) + 1) >= least
    missed = draws[~often[branch]]
    if not len(missed) or not np.isfinite(violation.total(missed, wrong_choice=np.inf)).any():
        return draws[:0]
    met = violation.branch_codes(draws[satisfied & often[branch]])
    walkers = _Walkers(violation, violation.nearest(missed))
    found = draws[:0]
    for step in range(MAX_STEPS):
        inside = walkers.step(step, rng)
        found = distinct(np.concatenate([found, inside[~np.isin(violation.branch_codes(inside), met)]]))
        found = found[_rank_within(violation.branches(found)) < _MAX_RARE]
        if walkers.may_end(step):
            break
    return found


class _Walkers:
    """Designs on their way into the feasible part of a space."""

    def __init__(self, violation: Violation, start: FloatArray) -> None:
        self.violation = violation
        self.moves = Moves(violation.space)
        self.designs = np.resize(start, (WALKERS, violation.space.width))
        self.branch = violation.branches(self.designs)
        self.reached = np.zeros(int(self.branch.max(initial=0)) + 1, dtype=np.bool_)
        self.total = self._total(self.designs, np.zeros(WALKERS, dtype=np.bool_))
        self.last_reached = 0
        self._note_reached(0)

    def _note_reached(self, step: int) -> None:
        new = self.branch[self.total == 0]
        if not self.reached[new].all():
            self.reached[new] = True
            self.last_reached = step

    def may_end(self, step: int) -> bool:
        """Whether the walkers of every branch have mixed in it, or were searching for it long enough."""
        if not self.violation.tested:
            return True
        all_mixed = bool(self.reached.all()) and step >= self.last_reached + _MIXING_STEPS
        return all_mixed or step >= _MIN_BRANCH_STEPS + _MIXING_STEPS

    def step(self, step: int, rng: np.random.Generator) -> FloatArray:
        """Move each walker once, and return those that moved and are feasible."""
        radius = _RADII[step % len(_RADII)]
        inside = self.total == 0
        trial = self.moves.propose(self.designs, radius, rng)
        total = self._total(trial, inside)
        taken = total <= self.total
        self.designs[taken], self.total[taken] = trial[taken], total[taken]
        self._note_reached(step)
        inside_now: FloatArray = self.designs[taken & (self.total == 0)]
        return inside_now

    def _total(self, designs: FloatArray, inside: BoolArray) -> FloatArray:
        """Return the violation of designs; of those on their way, by the choices of their branch alone."""
        if not self.violation.tested:
            return self.violation.total(designs)
        total = self.violation.total(designs, wrong_choice=np.inf)
        tested = list(self.violation.tested)
        strayed = ~inside & (designs[:, tested] != self.designs[:, tested]).any(axis=1)
        total[strayed] = np.inf
        return total

    def restart_stuck(self, rng: np.random.Generator, *, whole: bool) -> None:
        """Let those that are stuck go on from where others came inside; those of a branch without any if `whole`."""
        stuck = np.flatnonzero((self.total > 0) & (self.reached[self.branch] | whole | (not self.violation.tested)))
        inside = np.flatnonzero(self.total == 0)
        if len(stuck) and len(inside):
            source = rng.choice(inside, len(stuck))
            self.designs[stuck], self.total[stuck], self.branch[stuck] = self.designs[source], 0.0, self.branch[source]


def why_none(space: SpaceLike, tried: FloatArray, what: str) -> str:
    """Return which constraint the designs that were tried violate most often, in words."""
    checked = Moves(space).checked
    if not checked:
        return f"{what}: the space is empty"
    often = (violations(space, tried) > 0).mean(axis=0)
    worst = int(np.argmax(often))
    share = f"{100 * often[worst]:.0f} % of the nearest designs"
    return f"{what} that satisfies all constraints; '{checked[worst].text}' is violated by {share}"
