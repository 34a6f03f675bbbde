"""Moves from one formula to another: elements replaced, amounts changed, elements added or taken away.

A move takes the amounts of a formula and returns others, or None where it does not apply. It keeps no rules: the
generator asks the rules afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.oxidation import balanced_states
from designer.chemistry.substitution import substitution_weights
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import Amounts, atoms, reduced


@dataclass(frozen=True)
class Moved:
    """A formula made by a move, and the move in words."""

    amounts: Amounts
    words: str


Move = Callable[[Amounts, np.random.Generator], Moved | None]


@dataclass(frozen=True, eq=False)
class Moves:
    """The moves under the rules of one generator."""

    rules: FormulaRules

    @cached_property
    def _indices(self) -> FloatArray:
        """1 for each of the 118 elements that is allowed."""
        return np.array([float(symbol in self.rules.allowed) for symbol in SYMBOLS])

    def _substitute(self, symbol: str, state: float | None, present: set[str], rng: np.random.Generator) -> str | None:
        """Return an element that likely takes the place of another one; None where no allowed one does."""
        weights = substitution_weights(symbol, state) * self._indices
        for other in present:
            weights[SYMBOLS.index(other)] = 0.0
        total = weights.cumsum()
        if total[-1] <= 0:
            return None
        return SYMBOLS[int(np.searchsorted(total, rng.random() * total[-1], side="right"))]

    def allowed_elements(self, amounts: Amounts, rng: np.random.Generator) -> Moved | None:
        """Return the formula with every element that is not allowed replaced; itself where all are."""
        wrong = [symbol for symbol, _ in amounts if symbol not in self.rules.allowed]
        return self._replaced(amounts, wrong, rng) if wrong else Moved(amounts, "")

    def substitute(self, amounts: Amounts, rng: np.random.Generator) -> Moved | None:
        """Return the formula with one element replaced, or two in three of ten cases."""
        count = min(1 + int(rng.random() < 0.3), len(amounts))
        chosen = rng.permutation(len(amounts))[:count]
        return self._replaced(amounts, [amounts[i][0] for i in chosen], rng)

    def _replaced(self, amounts: Amounts, symbols: list[str], rng: np.random.Generator) -> Moved | None:
        states = _states(amounts)
        result = dict(amounts)
        words = []
        for symbol in symbols:
            other = self._substitute(symbol, states.get(symbol), {*result}, rng)
            if other is None:
                return None
            result[other] = result.pop(symbol)
            words.append(f"{symbol} replaced with {other}")
        return Moved(reduced(result), " and ".join(words))

    def substitute_in_part(self, amounts: Amounts, rng: np.random.Generator) -> Moved | None:
        """Return the formula, several times if there are atoms enough, with some atoms of an element replaced."""
        largest = self.rules.max_atoms // atoms(amounts)
        if largest < 1 or len(amounts) >= self.rules.max_elements:
            return None
        times = int(rng.integers(1, min(largest, 10) + 1))
        result = {symbol: amount * times for symbol, amount in amounts}
        several = [symbol for symbol, amount in result.items() if amount > 1]
        if not several:
            return None
        symbol = several[int(rng.integers(len(several)))]
        number = int(rng.integers(1, result[symbol]))
        other = self._substitute(symbol, _states(amounts).get(symbol), {*result}, rng)
        if other is None:
            return None
        share = f"{number}/{result[symbol]}"
        result[symbol] -= number
        result[other] = number
        return Moved(reduced(result), f"{share} of {symbol} replaced with {other}")

    def change_amount(self, amounts: Amounts, rng: np.random.Generator) -> Moved | None:
        """Return the formula with one more atom of an element or one less."""
        result = dict(amounts)
        symbol = amounts[int(rng.integers(len(amounts)))][0]
        step = 1 if rng.random() < 0.5 else -1
        if result[symbol] + step < 1:
            return None
        result[symbol] += step
        return Moved(reduced(result), f"one {symbol} {'more' if step > 0 else 'less'}")

    def change_two_amounts(self, amounts: Amounts, rng: np.random.Generator) -> Moved | None:
        """Return the formula with the amounts of two elements changed such that the charges stay balanced."""
        states = _states(amounts)
        if len(amounts) < 2 or not states:
            return None
        result = dict(amounts)
        first, second = (amounts[i][0] for i in rng.permutation(len(amounts))[:2])
        ratio = np.array([round(abs(states[second])), round(abs(states[first]))])
        ratio = ratio // max(np.gcd(*ratio), 1)
        same_sign = states[first] * states[second] > 0
        result[first] += int(ratio[0])
        result[second] += int(-ratio[1] if same_sign else ratio[1])
        if min(result.values()) < 1:
            return None
        return Moved(reduced(result), f"amounts of {first} and {second} changed")

    def swap(self, amounts: Amounts, rng: np.random.Generator) -> Moved | None:
        """Return the formula with the amounts of two elements exchanged."""
        if len(amounts) < 2:
            return None
        result = dict(amounts)
        first, second = (amounts[i][0] for i in rng.permutation(len(amounts))[:2])
        if result[first] == result[second]:
            return None
        result[first], result[second] = result[second], result[first]
        return Moved(reduced(result), f"amounts of {first} and {second} exchanged")

    def add(self, amounts: Amounts, rng: np.random.Generator) -> Moved | None:
        """Return the formula with one to three atoms of another element."""
        others = [symbol for symbol in self.rules.allowed if symbol not in dict(amounts)]
        if not others or len(amounts) >= self.rules.max_elements:
            return None
        symbol = others[int(rng.integers(len(others)))]
        number = int(rng.integers(1, 4))
        return Moved(reduced({**dict(amounts), symbol: number}), f"{symbol} added")

    def drop(self, amounts: Amounts, rng: np.random.Generator) -> Moved | None:
        """Return the formula without one of its elements."""
        if len(amounts) < 2:
            return None
        symbol = amounts[int(rng.integers(len(amounts)))][0]
        return Moved(reduced({other: n for other, n in amounts if other != symbol}), f"{symbol} taken away")

    def compose(self, rng: np.random.Generator) -> Moved:
        """Return a formula of random elements in random amounts."""
        most = min(self.rules.max_elements, self.rules.max_atoms, len(self.rules.allowed))
        count = int(rng.integers(min(2, most), most + 1))
        chosen = rng.permutation(len(self.rules.allowed))[:count]
        symbols = [self.rules.allowed[i] for i in chosen]
        total = int(rng.integers(count, self.rules.max_atoms + 1))
        numbers = np.ones(count, dtype=np.int64)
        np.add.at(numbers, rng.integers(0, count, total - count), 1)
        return Moved(reduced(dict(zip(symbols, numbers.tolist(), strict=True))), "random elements and amounts")


@lru_cache(maxsize=65_536)  # the formulas that moves start from come again and again
def _states(amounts: Amounts) -> Mapping[str, float]:
    """Return oxidation states that balance, where there are any."""
    return balanced_states(dict(amounts)) or {}
