"""What proposes formulas: the interface of generators, their registry, and a proposal.

A generator is made from the rules that every formula satisfies and the formulas that are known, and proposes others.
Another package adds one as an entry point of the group ``designer.generators``: a callable that takes
(rules, known) and returns a `Generator`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.generator_settings import BASELINE
from designer.chemistry.whole_formulas import Amounts
from designer.generation.known_formulas import KnownFormulas
from designer.registry import Registry


@dataclass(frozen=True)
class Proposal:
    """A proposed formula and its origin.

    Parameters
    ----------
    formula
        The reduced formula.
    move
        How it was made, in words: "Ti replaced with Zr".
    parent
        The formula that it was made from; None where it was made from elements alone.
    balanced
        Whether oxidation states balance.
    nearest, distance
        The nearest known formula and its distance: the share of atoms that differ, 0 to 1.
    """

    formula: str
    move: str
    parent: str | None = None
    balanced: bool = False
    nearest: str | None = None
    distance: float | None = None

    @property
    def origin(self) -> str:
        """Where the formula comes from, in one line.

        >>> Proposal("BaZrO3", "Ti replaced with Zr", "BaTiO3", True, "BaTiO3", 0.2).origin
        'generated from BaTiO3: Ti replaced with Zr; charges balance; nearest known: BaTiO3, distance 0.20'
        """
        made = f"generated from {self.parent}: {self.move}" if self.parent else f"generated: {self.move}"
        near = "" if self.nearest is None else f"; nearest known: {self.nearest}, distance {self.distance:.2f}"
        return f"{made}; {'charges balance' if self.balanced else 'charges do not balance'}{near}"

    def as_data(self) -> dict[str, str | float | bool | None]:
        """Return the proposal as plain data."""
        return {
            "formula": self.formula, "origin": self.origin, "parent": self.parent, "move": self.move,
            "balanced": self.balanced, "nearest_known": self.nearest, "distance": self.distance,
        }  # fmt: skip


Accept = Callable[[Sequence[str]], Sequence[bool]]
"""Which of several formulas may be proposed: conditions beyond the rules, such as the constraints of a campaign."""


class Generator(Protocol):
    """What proposes formulas."""

    def propose(
        self,
        n: int,
        *,
        seed: int,
        parents: Mapping[str, float] | None = None,
        taken: frozenset[Amounts] = frozenset(),
        accept: Accept | None = None,
    ) -> tuple[Proposal, ...]:
        """Return up to `n` different formulas that satisfy the rules and are not known; the same arguments, the same.

        Parameters
        ----------
        parents
            Formulas to start from, with weights, such as the best ones of a campaign; the known ones unless given.
        taken
            Reduced formulas that are not proposed, beside the known ones.
        accept
            Further conditions.
        """
        ...


MakeGenerator = Callable[[FormulaRules, KnownFormulas], Generator]

GENERATORS: Registry[MakeGenerator] = Registry(
    "designer.generators",
    "generator",
    {
        BASELINE: "designer.generation.moving_generator:baseline",
        "substitution": "designer.generation.moving_generator:substitution_alone",
        "random": "designer.generation.moving_generator:random_formulas",
    },
    accepts=callable,
    expected="a callable that takes (rules, known) and returns a Generator",
)
"""Generators by name: the baseline, and two simple ones to compare with."""
