"""The baseline generator: moves from known formulas and from earlier proposals, the rules as a filter, and a choice of
the formulas with the most likely analogues among the known ones.

No part of it is learned from measured values. Where the proposals of a campaign shall be like its best designs, these
are its parents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.whole_formulas import Amounts, exact_amounts, formula_text, nearest_amounts
from designer.errors import InvalidData
from designer.generation.analogues import Analogues
from designer.generation.base import Accept, Proposal
from designer.generation.formula_moves import Moved, Moves
from designer.generation.known_formulas import KnownFormulas

_RARE, _DEEPER_IF_RARE = 0.2, 0.6
"""Below this share of formulas that satisfy further conditions, so many moves start from those that do."""
MIN_TRIES, TRIES_EACH = 4_096, 20
"""A generator ends after this number of moves, and as many for each formula that is to be drawn."""
_EXHAUSTED = 4_096
"""It ends as well after this number of moves in a row without a new formula: a small space has no more."""
_BATCH = 256

Shares = Mapping[str, float]
Drawn = tuple[Proposal, Amounts]
_BASELINE: Shares = {
    "substitute": 0.55,
    "substitute_in_part": 0.15,
    "change_amount": 0.05,
    "change_two_amounts": 0.1,
    "swap": 0.02,
    "add": 0.03,
    "drop": 0.05,
    "compose": 0.05,
}


@dataclass(frozen=True, eq=False)
class MovingGenerator:
    """Proposes formulas by moves from others.

    Parameters
    ----------
    rules
        What every proposal satisfies.
    known
        What proposals start from, and what is not new.
    shares
        How often each move of `Moves` is tried.
    deeper
        The share of moves that start from an earlier proposal of the same call.
    draws
        How many formulas are drawn for each that is proposed.
    ranked
        The share of the proposals that are the most plausible ones of those drawn, by `Analogues`; the others are the
        first ones drawn.
    """

    rules: FormulaRules
    known: KnownFormulas
    shares: Shares
    deeper: float = 0.0
    draws: int = 1
    ranked: float = 0.0

    @cached_property
    def _moves(self) -> Moves:
        return Moves(self.rules)

    def propose(
        self,
        n: int,
        *,
        seed: int,
        parents: Mapping[str, float] | None = None,
        taken: frozenset[Amounts] = frozenset(),
        accept: Accept | None = None,
    ) -> tuple[Proposal, ...]:
        """Return up to `n` proposals; fewer where the number of moves (`MIN_TRIES`, `TRIES_EACH`) gave no more."""
        starts = _Parents.of(self, parents)
        drawing = _Drawing(self, starts, set(self.known.keys | taken), np.random.default_rng(seed))
        drawn = drawing.run(n * self.draws, accept)
        found = drawn[:n] if self.draws == 1 else self._most_plausible(drawn, n, starts)
        nearest = self.known.nearest([amounts for _, amounts in found])
        return tuple(
            replace(proposal, balanced=self._balanced(amounts), nearest=text, distance=distance)
            for (proposal, amounts), (text, distance) in zip(found, nearest, strict=True)
        )

    def _most_plausible(self, drawn: list[Drawn], n: int, parents: _Parents) -> list[Drawn]:
        """Return n of the formulas drawn: the most plausible ones, and between them the first ones."""
        known = Analogues(zip(parents.amounts, parents.weights.tolist(), strict=True))
        scores = np.array([known.score(amounts) for _, amounts in drawn])
        ranked = iter(np.argsort(-scores, kind="stable").tolist())
        first = iter(range(len(drawn)))
        chosen: dict[int, None] = {}
        for place in range(min(n, len(drawn))):
            source = ranked if int((place + 1) * self.ranked) > int(place * self.ranked) else first
            chosen[next(row for row in source if row not in chosen)] = None
        return [drawn[row] for row in chosen]

    def _balanced(self, amounts: Amounts) -> bool:
        return self.rules.charge_neutral or self.rules.is_balanced(amounts)


@dataclass(frozen=True, eq=False)
class _Parents:
    """Formulas to start from: amounts of at most `max_atoms` atoms, texts, and weights."""

    amounts: tuple[Amounts, ...]
    texts: tuple[str, ...]
    weights: FloatArray

    @cached_property
    def cumulated(self) -> FloatArray:
        """The sums of the weights up to each formula."""
        return np.cumsum(self.weights)

    @classmethod
    def of(cls, generator: MovingGenerator, given: Mapping[str, float] | None) -> _Parents:
        weights = given or dict.fromkeys(generator.known.prototypes, 1.0)
        near = {text: nearest_amounts(text, generator.rules.max_atoms) for text in weights}
        texts = tuple(text for text, amounts in near.items() if amounts and weights[text] > 0)
        return cls(tuple(near[text] for text in texts), texts, np.array([weights[text] for text in texts]))

    def draw(self, rng: np.random.Generator) -> int:
        """Return the row of a random formula, by the weights."""
        return int(np.searchsorted(self.cumulated, rng.random() * self.cumulated[-1], side="right"))


class _Drawing:
    """The draws of one call of a generator."""

    def __init__(
        self, generator: MovingGenerator, parents: _Parents, seen: set[Amounts], rng: np.random.Generator
    ) -> None:
        self.generator, self.parents, self.seen, self.rng = generator, parents, seen, rng
        self.moves = generator._moves
        self.names = tuple(generator.shares)
        self.cumulated = np.cumsum([generator.shares[name] for name in self.names])
        self.found: list[Amounts] = []
        self.deeper = generator.deeper
        self.checked = 0

    def run(self, n: int, accept: Accept | None) -> list[Drawn]:
        """Return up to n formulas that are new, satisfy the rules and are accepted."""
        drawn: list[Drawn] = []
        tries = without_new = 0
        while len(drawn) < n and tries < MIN_TRIES + TRIES_EACH * n and without_new < _EXHAUSTED:
            made = (self._one() for _ in range(_BATCH))
            batch = [each for each in made if each is not None]
            good = [True] * len(batch) if accept is None else accept([each.formula for each, _ in batch])
            accepted = [each for each, fine in zip(batch, good, strict=True) if fine]
            self.found += [amounts for _, amounts in accepted]
            drawn += accepted
            tries += _BATCH
            without_new = 0 if batch else without_new + _BATCH
            self.checked += len(batch)
            if accept is not None:
                rare = len(self.found) < _RARE * self.checked
                self.deeper = max(self.generator.deeper, _DEEPER_IF_RARE if rare else 0.0)
        return drawn[:n]

    def _one(self) -> Drawn | None:
        name = self.names[int(np.searchsorted(self.cumulated, self.rng.random() * self.cumulated[-1], side="right"))]
        parent: str | None = None
        if name == "compose" or not self.parents.texts:
            moved: Moved | None = self.moves.compose(self.rng)
        else:
            start, parent, before = self._start()
            if start is None:
                return None
            moved = getattr(self.moves, name)(start, self.rng)
            if moved is not None and before:
                moved = Moved(moved.amounts, f"{before}, then {moved.words}")
        if moved is None or moved.amounts in self.seen or not self.generator.rules.allows(moved.amounts):
            return None
        self.seen.add(moved.amounts)
        try:
            text = formula_text(moved.amounts)
        except InvalidData:  # no text is read as these amounts, and a table could not hold it
            return None
        return Proposal(text, moved.words, parent), moved.amounts

    def _start(self) -> tuple[Amounts | None, str | None, str]:
        """Return amounts of allowed elements, the formula that they come from, and the replacements in it."""
        if self.found and self.rng.random() < self.deeper:
            amounts = self.found[int(self.rng.integers(len(self.found)))]
            return amounts, formula_text(amounts), ""
        row = self.parents.draw(self.rng)
        text, amounts = self.parents.texts[row], self.parents.amounts[row]
        moved = self.moves.allowed_elements(amounts, self.rng)
        if moved is None:
            return None, text, ""
        rounded = "" if exact_amounts(text) == amounts else f"rounded to {formula_text(amounts)}"
        return moved.amounts, text, ", ".join(filter(None, (rounded, moved.words)))


def baseline(rules: FormulaRules, known: KnownFormulas) -> MovingGenerator:
    """Return the baseline generator."""
    return MovingGenerator(rules, known, _BASELINE, deeper=0.1, draws=10, ranked=0.7)


def substitution_alone(rules: FormulaRules, known: KnownFormulas) -> MovingGenerator:
    """Return the generator that replaces one element or two of a known formula, and does nothing else."""
    return MovingGenerator(rules, known, {"substitute": 1.0})


def random_formulas(rules: FormulaRules, known: KnownFormulas) -> MovingGenerator:
    """Return the generator of random elements in random amounts, filtered by the rules."""
    return MovingGenerator(rules, known, {"compose": 1.0})
