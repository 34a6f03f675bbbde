"""A small autoregressive network of formulas: element, number of atoms, element, ... in the order of electronegativity.

It is a gated recurrent unit (Cho et al. 2014), conditioned on the quantile of the formula's value, so that formulas of
the best quantile can be drawn. Elements enter with their properties beside a learned vector, so that similar ones are
near.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from designer.arrays import FloatArray, IntArray
from designer.chemistry.elements import element_table
from designer.chemistry.oxidation import electronegativities
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import Amounts

QUANTILES = (0.5, 0.75, 0.9, 0.97)
"""Where the ranges of values begin that the network tells apart, beside the lowest one."""
MAX_LENGTH, MAX_COUNT = 10, 200
"""The largest number of elements of a formula, and of atoms of one of them."""
_END = len(SYMBOLS)
_WIDTH, _VECTOR = 128, 48


@cache
def _rank() -> dict[str, float]:
    scale = electronegativities()
    return {symbol: scale.get(symbol, math.inf) for symbol in SYMBOLS}


@cache
def _element_properties() -> Tensor:
    values = element_table().values
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    return torch.as_tensor(scaled, dtype=torch.float32)


def tokens(amounts: Amounts) -> list[tuple[int, int]] | None:
    """Return elements (0 to 117) and atoms of a formula in their order; None where there are too many.

    >>> tokens((("Ba", 1), ("O", 3), ("Ti", 1)))
    [(55, 1), (21, 1), (7, 3)]
    """
    if len(amounts) > MAX_LENGTH or max(number for _, number in amounts) > MAX_COUNT:
        return None
    ordered = sorted(amounts, key=lambda item: (_rank()[item[0]], item[0]))
    return [(SYMBOLS.index(symbol), number) for symbol, number in ordered]


class FormulaNetwork(nn.Module):
    """The network: probabilities of the next element and of its number of atoms."""

    def __init__(self) -> None:
        super().__init__()
        self.element = nn.Embedding(len(SYMBOLS) + 1, _VECTOR)  # the last one stands for the beginning
        self.properties = nn.Linear(len(element_table().names), _VECTOR, bias=False)
        self.count = nn.Embedding(MAX_COUNT + 1, _VECTOR)
        self.quantile = nn.Embedding(len(QUANTILES) + 1, _VECTOR)
        self.memory = nn.GRUCell(_VECTOR, _WIDTH)
        self.next_element = nn.Linear(_WIDTH, len(SYMBOLS) + 1)
        self.next_count = nn.Linear(_WIDTH + _VECTOR, MAX_COUNT + 1)

    def _vectors(self) -> Tensor:
        known = self.properties(_element_properties())
        return self.element.weight + torch.cat([known, torch.zeros(1, _VECTOR)])

    def loss(self, elements: Tensor, counts: Tensor, quantiles: Tensor) -> Tensor:
        """Return the mean negative log-likelihood of formulas (``n x k`` elements, 118 behind the end, and atoms)."""
        vectors, n = self._vectors(), len(elements)
        quantile = self.quantile(quantiles)
        state = self.memory(vectors[_END] + quantile, torch.zeros(n, _WIDTH))
        total, alive = torch.zeros(n), torch.ones(n, dtype=torch.bool)
        for k in range(elements.shape[1]):
            here = elements[:, k]
            total = total + _chosen(self.next_element(state), here) * alive
            alive = alive & (here != _END)
            if not bool(alive.any()):
                break
            vector = vectors[here]
            total = total + _chosen(self.next_count(torch.cat([state, vector], dim=1)), counts[:, k]) * alive
            state = self.memory(vector + self.count(counts[:, k]) + quantile, state)
        if elements.shape[1] and bool(alive.any()):
            ends = torch.full((n,), _END)
            total = total + _chosen(self.next_element(state), ends) * alive
        return -total.mean()

    @torch.no_grad()
    def draw(
        self, n: int, quantile: int, allowed: Tensor, max_elements: int, random: torch.Generator
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return random formulas: elements (``n x k``, 118 behind the end), atoms, and log-likelihoods (``n``).

        Parameters
        ----------
        allowed
            Whether each of the 118 elements may occur.
        """
        vectors, condition = self._vectors(), self.quantile(torch.full((n,), quantile))
        state = self.memory(vectors[_END] + condition, torch.zeros(n, _WIDTH))
        free = torch.cat([allowed, torch.tensor([False])]).repeat(n, 1)  # the first one is an element
        elements, counts, total = [], [], torch.zeros(n)
        over = torch.zeros(n, dtype=torch.bool)
        for _ in range(min(max_elements, MAX_LENGTH)):
            scores = torch.log_softmax(self.next_element(state).masked_fill(~free, -math.inf), dim=1)
            chosen = torch.multinomial(scores.exp(), 1, generator=random)[:, 0]
            chosen = torch.where(over, torch.full_like(chosen, _END), chosen)
            total = total + torch.where(over, torch.zeros(n), scores.gather(1, chosen[:, None])[:, 0].nan_to_num(0.0))
            over = over | (chosen == _END)
            vector = vectors[chosen]
            likely = torch.log_softmax(self.next_count(torch.cat([state, vector], dim=1))[:, 1:], dim=1)
            number = torch.multinomial(likely.exp(), 1, generator=random)[:, 0]
            total = total + torch.where(over, torch.zeros(n), likely.gather(1, number[:, None])[:, 0])
            elements.append(chosen)
            counts.append(number + 1)
            state = self.memory(vector + self.count(number + 1) + condition, state)
            free.scatter_(1, chosen[:, None], False)
            free[:, _END] = True
        return torch.stack(elements, 1).numpy(), torch.stack(counts, 1).numpy(), total.double().numpy()


def _chosen(logits: Tensor, index: Tensor) -> Tensor:
    return torch.log_softmax(logits, dim=1).gather(1, index[:, None])[:, 0]


def as_arrays(sequences: Sequence[Sequence[tuple[int, int]]]) -> tuple[Tensor, Tensor]:
    """Return elements and atoms (``n x k``) of sequences of `tokens`; 118 and 0 behind the end."""
    length = max(map(len, sequences))
    elements = np.full((len(sequences), length), _END, dtype=np.int64)
    counts = np.zeros((len(sequences), length), dtype=np.int64)
    for row, each in enumerate(sequences):
        for place, (element, number) in enumerate(each):
            elements[row, place], counts[row, place] = element, number
    return torch.as_tensor(elements), torch.as_tensor(counts)
