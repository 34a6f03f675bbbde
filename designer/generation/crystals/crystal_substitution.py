"""The generator of crystals: known structures in which elements are replaced with likely ones.

The volume of a new crystal is predicted from the radii of its atoms and their bonds.

References
----------
- G. Hautier et al., Inorg. Chem. 50 (2011) 656: probabilities of substitution; see `designer.chemistry.substitution`.
- I.-H. Chu et al., Predicting the volumes of crystals, Comput. Mater. Sci. 146 (2018) 184; pymatgen's
  `DLSVolumePredictor`.
- pymatgen's `StructureMatcher`: two structures are the same where lattices and sites can be mapped on each other.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.analysis.structure_prediction.volume_predictor import DLSVolumePredictor
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from designer.arrays import FloatArray
from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.substitution import substitution_weights
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import Amounts, formula_text
from designer.generation.crystals.structure_files import KnownStructure, amounts_of

MIN_TRIES, TRIES_EACH = 1_000, 100
"""The generator ends after this number of tries, and as many for each crystal that is wanted."""
_DRAWS = 5
"""Crystals that are drawn for each that is wanted; the most likely ones are proposed."""

Accept = Callable[[Sequence[str]], Sequence[bool]]


@dataclass(frozen=True, eq=False)
class CrystalProposal:
    """A proposed crystal and its origin.

    Parameters
    ----------
    structure
        Its primitive cell: that of the known structure with other elements and another volume, or the relaxed one.
    formula
        The reduced formula.
    move
        How it was made, in words: "Ti replaced with Zr".
    parent
        The known structure that it was made from: formula and name of the file.
    likelihood
        The product of the probabilities of the substitutions.
    balanced
        Whether oxidation states balance.
    above_hull
        The energy above the hull of the known structures, eV an atom, by a potential; negative where the crystal is
        more stable than every mixture of known ones, None where it was not relaxed.
    hull
        What that hull consists of, in words: "4 known compounds and 3 elements".
    note
        Why the energy is missing or uncertain; empty otherwise.
    """

    structure: Structure
    formula: str
    move: str
    parent: str
    likelihood: float
    balanced: bool
    above_hull: float | None = None
    hull: str = ""
    note: str = ""

    @property
    def origin(self) -> str:
        """Where the crystal comes from, in one line."""
        made = f"generated from {self.parent}: {self.move}"
        charges = "charges balance" if self.balanced else "charges do not balance"
        energy = ""
        if self.above_hull is not None:
            side = "above" if self.above_hull >= 0 else "below"
            energy = f"; {abs(1000 * self.above_hull):.0f} meV an atom {side} the hull of {self.hull}"
        return f"{made}; {charges}{energy}{f'; {self.note}' if self.note else ''}"


class CrystalGenerator(Protocol):
    """What proposes crystals."""

    def propose(
        self,
        n: int,
        *,
        seed: int,
        parents: Mapping[str, float] | None = None,
        taken: frozenset[Amounts] = frozenset(),
        accept: Accept | None = None,
    ) -> tuple[CrystalProposal, ...]:
        """Return up to `n` different crystals that satisfy the rules and are not known; the same arguments, the same.

        Parameters
        ----------
        parents
            Names of known structures to start from, with weights; all compounds unless given.
        taken
            Reduced formulas that are not proposed.
        accept
            Further conditions on reduced formulas.
        """
        ...


@dataclass(frozen=True, eq=False)
class SubstitutingCrystals:
    """Proposes known structures with one element or more replaced.

    Parameters
    ----------
    rules
        What the formula of every proposal satisfies.
    known
        The structures that proposals start from, and which are not new.
    """

    rules: FormulaRules
    known: tuple[KnownStructure, ...]

    @cached_property
    def _same(self) -> Distinct:
        return Distinct(each.structure for each in self.known)

    def propose(
        self,
        n: int,
        *,
        seed: int,
        parents: Mapping[str, float] | None = None,
        taken: frozenset[Amounts] = frozenset(),
        accept: Accept | None = None,
    ) -> tuple[CrystalProposal, ...]:
        """Return up to `n` proposals; fewer where the number of tries (`MIN_TRIES`, `TRIES_EACH`) gave no more."""
        compounds = {each.name: 1.0 for each in self.known if len(each.amounts) > 1}
        weights = np.array([(compounds if parents is None else parents).get(each.name, 0.0) for each in self.known])
        if not weights.any():
            return ()
        rng = np.random.default_rng(seed)
        made: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        sources = {each.name: each for each in self.known}
        for _ in range(MIN_TRIES + TRIES_EACH * n):
            if len(made) >= n * _DRAWS:
                break
            known = self.known[int(rng.choice(len(self.known), p=weights / weights.sum()))]
            drawn = self._replacement(known, rng)
            if drawn is None or (known.name, tuple(drawn[0].items())) in made:
                continue
            amounts = _replaced(known.amounts, drawn[0])
            allowed = self.rules.allows(amounts) and amounts not in taken
            if allowed and (accept is None or accept([formula_text(amounts)])[0]):
                made[known.name, tuple(drawn[0].items())] = drawn[1]
        found: list[CrystalProposal] = []
        same = self._same.copy()
        for name, pairs in sorted(made, key=lambda key: (-made[key], key)):
            if len(found) >= n:
                break
            proposal = self._proposal(sources[name], dict(pairs), made[name, pairs])
            if proposal is not None and same.add(proposal.structure):
                found.append(proposal)
        return tuple(found)

    def _replacement(self, known: KnownStructure, rng: np.random.Generator) -> tuple[dict[str, str], float] | None:
        """Return which elements are replaced with which, and how likely; None where there is none.

        Elements that are not allowed are replaced, and one or two others.
        """
        own = [symbol for symbol, _ in known.amounts]
        must = [symbol for symbol in own if symbol not in self.rules.allowed]
        may = [symbol for symbol in own if symbol in self.rules.allowed]
        further = int(rng.integers(0 if must else 1, 3))
        chosen = [*must, *rng.permutation(may)[:further].tolist()] if may else must
        result: dict[str, str] = {}
        likelihood = 1.0
        for symbol in sorted(chosen):
            weights = self._weights(symbol).copy()
            for other in (*own, *result.values()):
                weights[SYMBOLS.index(other)] = 0.0
            total = weights.sum()
            if total <= 0:
                return None
            row = int(rng.choice(len(SYMBOLS), p=weights / total))
            result[symbol] = SYMBOLS[row]
            likelihood *= float(weights[row])
        return (result, likelihood) if result else None

    def _weights(self, symbol: str) -> FloatArray:
        return np.where([each in self.rules.allowed for each in SYMBOLS], substitution_weights(symbol), 0.0)

    def _proposal(self, known: KnownStructure, pairs: dict[str, str], likelihood: float) -> CrystalProposal | None:
        """Return the crystal; None where its volume cannot be predicted."""
        structure = known.structure.copy()
        structure.replace_species({Element(old): Element(new) for old, new in pairs.items()})
        scaled = with_predicted_volume(structure)
        if scaled is None:
            return None
        amounts = amounts_of(scaled)
        move = ", ".join(f"{old} replaced with {new}" for old, new in pairs.items())
        parent = f"{known.formula} ({known.name})"
        return CrystalProposal(scaled, formula_text(amounts), move, parent, likelihood, self.rules.is_balanced(amounts))


def _replaced(amounts: Amounts, pairs: Mapping[str, str]) -> Amounts:
    return tuple(sorted((pairs.get(symbol, symbol), number) for symbol, number in amounts))


def with_predicted_volume(structure: Structure) -> Structure | None:
    """Return a structure with the volume that the radii of its atoms suggest; None where these are not known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about elements whose radius is an estimate
        try:
            return DLSVolumePredictor().get_predicted_structure(structure)  # type: ignore[no-untyped-call, no-any-return]
        except (ValueError, KeyError, RuntimeError, ZeroDivisionError):
            return None


class Distinct:
    """Structures that differ from each other, whatever their volume."""

    def __init__(self, structures: Iterable[Structure] = ()) -> None:
        self._matcher = StructureMatcher()
        self._by_formula: dict[Amounts, tuple[Structure, ...]] = {}
        for each in structures:
            self.add(each)

    def copy(self) -> Distinct:
        """Return the same structures, to which others can be added."""
        other = Distinct()
        other._by_formula = dict(self._by_formula)
        return other

    def add(self, structure: Structure) -> bool:
        """Add a structure where it differs from all others, and return whether it does."""
        key = amounts_of(structure)
        others = self._by_formula.get(key, ())
        if any(self._matcher.fit(structure, each) for each in others):
            return False
        self._by_formula[key] = (*others, structure)
        return True
