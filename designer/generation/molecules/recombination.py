"""The generator of molecules: halves of known ones recombined by the rules of BRICS.

No part of it is learned from values. Where proposals shall be like the best molecules, these are its parents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from designer.arrays import FloatArray
from designer.chemistry.molecule_properties import accessibility, tanimoto_similarities
from designer.chemistry.molecule_rules import MoleculeLimits
from designer.chemistry.smiles import canonical_smiles, smiles_fault
from designer.errors import InvalidData
from designer.generation.molecules.halves import Half, environments_of_a_bond, halves_of, joined

MIN_TRIES, TRIES_EACH = 1_000, 20
"""The generator ends after this number of tries, and as many for each molecule that is wanted."""
_EXHAUSTED = 512
"""It ends as well after this number of tries in a row without a new molecule: a few parts give no more."""
_BATCH, _DEEPER = 64, 0.2

Accept = Callable[[Sequence[str]], Sequence[bool]]


@dataclass(frozen=True)
class MoleculeProposal:
    """A proposed molecule and its origin.

    Parameters
    ----------
    smiles
        The canonical SMILES.
    move
        How it was made, in words.
    parent
        The molecule that the first part comes from.
    accessibility
        Its synthetic accessibility score: 1 (easy to make) to 10.
    nearest, distance
        The nearest known molecule, and one minus their Tanimoto similarity.
    """

    smiles: str
    move: str
    parent: str
    accessibility: float = 0.0
    nearest: str | None = None
    distance: float | None = None

    @property
    def origin(self) -> str:
        """Where the molecule comes from, in one line."""
        near = "" if self.nearest is None else f"; nearest known: {self.nearest}, distance {self.distance:.2f}"
        return f"generated from {self.parent}: {self.move}; synthetic accessibility {self.accessibility:.1f}{near}"

    def as_data(self) -> dict[str, str | float | None]:
        """Return the proposal as plain data."""
        return {
            "smiles": self.smiles, "origin": self.origin, "parent": self.parent, "move": self.move,
            "accessibility": self.accessibility, "nearest_known": self.nearest, "distance": self.distance,
        }  # fmt: skip


class MoleculeGenerator(Protocol):
    """What proposes molecules."""

    def propose(
        self,
        n: int,
        *,
        seed: int,
        parents: Mapping[str, float] | None = None,
        taken: frozenset[str] = frozenset(),
        accept: Accept | None = None,
    ) -> tuple[MoleculeProposal, ...]:
        """Return up to `n` different molecules that satisfy the rules and are not known; the same arguments, the same.

        Parameters
        ----------
        parents
            Known molecules to start from, with weights, such as the best ones; all of them unless given. The second
            half of every other proposal is of any known molecule.
        taken
            Canonical SMILES that are not proposed, beside the known ones.
        accept
            Further conditions on canonical SMILES.
        """
        ...


@dataclass(frozen=True)
class KnownMolecules:
    """Known molecules as canonical SMILES, each once.

    Parameters
    ----------
    like
        Molecules that proposals start from, and which are not proposed.
    also
        Further molecules that are not proposed.
    """

    like: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RecombiningGenerator:
    """Proposes molecules of two halves of known ones.

    Parameters
    ----------
    rules
        What every proposal satisfies.
    known
        Canonical SMILES that proposals start from, and which are not new; see `known_molecules`.
    also
        Further molecules that are not new.
    by_rules
        Whether halves are joined only where BRICS rules name such a bond; otherwise any two.
    substituents
        Whether molecules are cut at the bonds of aromatic carbons as well; see `halves_of`.
    draws
        How many molecules are drawn for each that is proposed.
    ranked
        The share of the proposals that are those most similar to the parents, of the drawn ones; the others are the
        first ones drawn.
    """

    rules: MoleculeLimits
    known: tuple[str, ...]
    by_rules: bool = True
    draws: int = 3
    ranked: float = 0.7
    also: tuple[str, ...] = ()
    substituents: bool = True

    def propose(
        self,
        n: int,
        *,
        seed: int,
        parents: Mapping[str, float] | None = None,
        taken: frozenset[str] = frozenset(),
        accept: Accept | None = None,
    ) -> tuple[MoleculeProposal, ...]:
        """Return up to `n` proposals; fewer where the number of tries (`MIN_TRIES`, `TRIES_EACH`) gave no more."""
        weights = _shares(parents or dict.fromkeys(self.known, 1.0))
        pool = _Pool.of(weights, self.known, self.by_rules, self.substituents)
        if not pool.first.any():
            return ()
        seen = {*self.known, *self.also, *taken}
        drawn = self._drawn(n, pool, np.random.default_rng(seed), seen, accept)
        found = self._most_similar(drawn, n, weights)
        return tuple(self._described(each) for each in found)

    def _drawn(
        self, n: int, pool: _Pool, rng: np.random.Generator, seen: set[str], accept: Accept | None
    ) -> list[MoleculeProposal]:
        drawn: list[MoleculeProposal] = []
        tries = without_new = 0
        while len(drawn) < n * self.draws and tries < MIN_TRIES + TRIES_EACH * n and without_new < _EXHAUSTED:
            made: dict[str, MoleculeProposal] = {}
            for _ in range(_BATCH):
                deeper = bool(drawn) and rng.random() < _DEEPER
                start = drawn[int(rng.integers(len(drawn)))].smiles if deeper else None
                proposal = pool.recombined(start, rng)
                if proposal is not None and proposal.smiles not in seen:
                    made.setdefault(proposal.smiles, proposal)
            seen |= made.keys()
            tries += _BATCH
            without_new = 0 if made else without_new + _BATCH
            texts = list(made)
            good = [text for text, fine in zip(texts, self.rules.allows(texts), strict=True) if fine]
            fine = [True] * len(good) if accept is None or not good else accept(good)
            drawn += [made[text] for text, each in zip(good, fine, strict=True) if each]
        return drawn[: n * self.draws]

    def _most_similar(
        self, drawn: list[MoleculeProposal], n: int, parents: Mapping[str, float]
    ) -> list[MoleculeProposal]:
        """Return n of the molecules drawn: those most similar to the parents, and then the first ones."""
        first = round(self.ranked * n)
        if not first or len(drawn) <= n:
            return drawn[:n]
        weights = np.array([parents[text] for text in parents])
        scores = [float(tanimoto_similarities(each.smiles, tuple(parents)) @ weights) for each in drawn]
        chosen = dict.fromkeys(np.argsort(-np.array(scores), kind="stable")[:first].tolist())
        rows = [*chosen, *(row for row in range(len(drawn)) if row not in chosen)][:n]
        return [drawn[row] for row in rows]

    def _described(self, proposal: MoleculeProposal) -> MoleculeProposal:
        shares = tanimoto_similarities(proposal.smiles, self.known)
        row = int(shares.argmax())
        near, distance = self.known[row], round(1.0 - float(shares[row]), 9)
        score = accessibility(proposal.smiles)
        return replace(proposal, accessibility=score, nearest=near, distance=distance)


@dataclass(frozen=True, eq=False)
class _Pool:
    """Halves with weights: a molecule's weight is divided among its halves, as first ones by their atoms, so that more
    often the core of a parent is kept than a substituent.

    Parameters
    ----------
    first, second
        The weight of each half as the first one of a molecule, by the parents, and as the second one: half by the
        parents, and half by all known molecules.
    """

    halves: tuple[Half, ...]
    first: FloatArray
    second: FloatArray
    by_rules: bool
    substituents: bool

    @classmethod
    def of(cls, parents: Mapping[str, float], known: Sequence[str], by_rules: bool, substituents: bool) -> _Pool:
        halves: list[Half] = []
        weights: list[FloatArray] = []
        for text in dict.fromkeys((*parents, *known)):
            own = halves_of(text, substituents)
            halves += own
            sizes = np.array([half.molecule.GetNumAtoms() - 1 for half in own], dtype=np.float64)
            weight, equal = parents.get(text, 0.0), 1.0 / len(own) if own else 0.0
            rows = [sizes / sizes.sum() * weight, np.full(len(own), (weight + 1.0 / len(known)) / 2 * equal)]
            weights.append(np.column_stack(rows) if own else np.empty((0, 2)))
        pairs = np.concatenate(weights) if weights else np.empty((0, 2))
        return cls(tuple(halves), pairs[:, 0], pairs[:, 1], by_rules, substituents)

    @cached_property
    def _groups(self) -> dict[int, tuple[list[int], FloatArray]]:
        """The halves that can be joined to one, by its environment; of any environment with the key 0."""
        if not self.by_rules:
            return {0: ([*range(len(self.halves))], np.cumsum(self.second))}
        rows: dict[int, list[int]] = {}
        for row, half in enumerate(self.halves):
            for partner in environments_of_a_bond().get(half.own, ()):
                rows.setdefault(partner, []).append(row)
        return {key: (each, np.cumsum(self.second[each])) for key, each in rows.items()}

    @cached_property
    def _cumulated(self) -> FloatArray:
        return np.cumsum(self.first)

    def recombined(self, start: str | None, rng: np.random.Generator) -> MoleculeProposal | None:
        """Return a half of a molecule (a random parent, or `start`) with a half of another parent."""
        if start is None:
            first = self.halves[_drawn_row(self._cumulated, rng)]
        else:
            own = halves_of(start, self.substituents)
            if not own:
                return None
            sizes = np.array([half.molecule.GetNumAtoms() - 1 for half in own], dtype=np.float64)
            first = own[_drawn_row(np.cumsum(sizes), rng)]
        group = self._groups.get(first.own if self.by_rules else 0)
        if group is None:
            return None
        rows, cumulated = group
        second = self.halves[rows[_drawn_row(cumulated, rng)]]
        smiles = joined(first, second)
        return None if smiles is None else MoleculeProposal(smiles, f"{first.text} with {second.text}", first.source)


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {text: weight / total for text, weight in weights.items()}


def _drawn_row(cumulated: FloatArray, rng: np.random.Generator) -> int:
    row = int(np.searchsorted(cumulated, rng.random() * cumulated[-1], side="right"))
    return min(row, len(cumulated) - 1)


def known_molecules(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the canonical SMILES of molecules, each once.

    Raises
    ------
    InvalidData
        With every text that is no molecule; its path is the place in the list.

    Examples
    --------
    >>> known_molecules(["OCC", "CCO", "c1ccccc1"])
    ('CCO', 'c1ccccc1')
    """
    found: dict[str, None] = {}
    faults = []
    for i, text in enumerate(texts):
        fault = smiles_fault(text)
        if fault is not None:
            faults.append(fault.at(path=(i,)))
        else:
            found[str(canonical_smiles(text))] = None
    if faults:
        raise InvalidData(faults)
    return tuple(found)
