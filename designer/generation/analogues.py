"""How plausible a formula is, by the known formulas that differ from it in one element."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from designer.chemistry.substitution import substitution_weights
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import Amounts

_INDEX = {symbol: index for index, symbol in enumerate(SYMBOLS)}


class Analogues:
    """Known formulas with weights, by what is left of them when one element is replaced.

    Examples
    --------
    >>> known = Analogues([((("Cl", 1), ("Na", 1)), 1.0), ((("Br", 1), ("Na", 1)), 1.0)])
    >>> known.score((("I", 1), ("Na", 1))) > known.score((("Cl", 1), ("K", 1))) > 0
    True
    >>> known.score((("Na", 2), ("O", 1)))
    0.0
    """

    def __init__(self, known: Iterable[tuple[Amounts, float]]) -> None:
        self._known: dict[tuple[Amounts, int], list[tuple[str, float]]] = {}
        for amounts, weight in known:
            for symbol, rest in _parts(amounts):
                self._known.setdefault(rest, []).append((symbol, weight))

    def score(self, amounts: Amounts) -> float:
        """Return the sum of the weights of the known formulas, each times the likelihood of the substitution.

        Only formulas of the same amounts in which one element is another count; 0 where there is none.
        """
        total = 0.0
        for symbol, rest in _parts(amounts):
            for other, weight in self._known.get(rest, ()):
                total += weight * float(substitution_weights(other)[_INDEX[symbol]])
        return total


def _parts(amounts: Amounts) -> Iterator[tuple[str, tuple[Amounts, int]]]:
    """Yield each element of a formula with the other ones and its number of atoms."""
    for i, (symbol, number) in enumerate(amounts):
        yield symbol, (amounts[:i] + amounts[i + 1 :], number)
