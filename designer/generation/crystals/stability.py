"""Proposed crystals ranked by their energy above the hull of the known ones.

The hull is that of the structures which are given, and of the elements: both are relaxed with the same potential. So it
is higher than the true one wherever a competing compound is not among the given, and an energy of 0 or less is no
proof of stability. Temperature, disorder and magnetism are left out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core.composition import Composition
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from designer.counting import count
from designer.deadline import Deadline
from designer.errors import Fault, InvalidData, MeasurementFailed
from designer.generation.crystals.crystal_substitution import CrystalProposal, Distinct
from designer.generation.crystals.potentials import EXTRA, Potential, Relaxed, relaxed
from designer.generation.crystals.structure_files import KnownStructure
from designer.oracles.simulators.base import load

_BOX = 12.0
"""Edge of the cell of a molecule of an element, angstrom."""


@dataclass(frozen=True, eq=False)
class KnownHull:
    """The energies of known structures and elements, each relaxed when it is first needed.

    Parameters
    ----------
    known
        The known structures.
    potential
        What they are relaxed with.
    max_steps
        Steps of one relaxation.
    """

    known: tuple[KnownStructure, ...]
    potential: Potential
    max_steps: int = 200

    @cached_property
    def _entries(self) -> dict[str, PDEntry]:
        return {}

    @cached_property
    def _diagrams(self) -> dict[frozenset[str], PhaseDiagram]:
        return {}

    def above(self, composition: Composition, energy: float) -> float:
        """Return the energy above the hull (eV an atom) of a crystal with an energy (eV an atom).

        Raises
        ------
        InvalidData
            If a known structure of its elements cannot be relaxed, or an element has no structure; with every one.
        """
        entry = PDEntry(composition, energy * composition.num_atoms)
        diagram = self._diagram(_symbols(composition))
        assert diagram is not None  # it is None for want of time alone
        above = diagram.get_decomp_and_e_above_hull(entry, allow_negative=True)[1]
        assert above is not None  # None is for what has no decomposition, and every element is in the diagram
        return float(above)

    def words(self, symbols: frozenset[str]) -> str:
        """Return what the hull of some elements consists of, in words."""
        inside = [each for each in self.known if {symbol for symbol, _ in each.amounts} <= symbols]
        compounds = len({each.amounts for each in inside if len(each.amounts) > 1})
        elements = count(len(symbols), "element")
        return f"{count(compounds, 'known compound')} and {elements}" if compounds else f"{elements} alone"

    def prepare(self, symbols: frozenset[str], deadline: Deadline | None = None) -> bool:
        """Relax what the hull of some elements needs, and return whether the time lasted; see `above`."""
        return self._diagram(symbols, deadline) is not None

    def _diagram(self, symbols: frozenset[str], deadline: Deadline | None = None) -> PhaseDiagram | None:
        """Return the phase diagram of some elements; None where the time is over before all is relaxed."""
        if symbols not in self._diagrams:
            inside = [each for each in self.known if {symbol for symbol, _ in each.amounts} <= symbols]
            starts = {each.name: each.structure for each in inside}
            given = {each.amounts[0][0] for each in inside if len(each.amounts) == 1}
            faults: list[Fault] = []
            for symbol in sorted(symbols - given):
                try:
                    starts[symbol] = element_structure(symbol)
                except InvalidData as error:
                    faults += error.faults
            for name, structure in starts.items():
                if deadline is not None and deadline.passed:
                    return None
                try:
                    self._relax(name, structure)
                except MeasurementFailed as error:
                    faults.append(Fault(f"{name}: {error}", "leave the structure or its elements out"))
            if faults:
                raise InvalidData(faults)
            self._diagrams[symbols] = PhaseDiagram([self._entries[name] for name in starts])
        return self._diagrams[symbols]

    def _relax(self, name: str, structure: Structure) -> None:
        if name not in self._entries:
            done = relaxed(structure, self.potential, max_steps=self.max_steps)
            self._entries[name] = PDEntry(done.structure.composition, done.energy * len(done.structure))


def element_structure(symbol: str) -> Structure:
    """Return the structure of an element, from ASE's table of reference states; a molecule of two atoms in a box.

    Raises
    ------
    InvalidData
        If the table has no such structure.
    """
    data, build = load("ase.data", EXTRA), load("ase.build", EXTRA)
    state = data.reference_states[data.atomic_numbers[symbol]] or {}
    if state.get("symmetry") == "diatom":
        molecule = load("ase", EXTRA).Atoms(
            [symbol, symbol], [(0, 0, 0), (0, 0, state["d"])], cell=[_BOX] * 3, pbc=True
        )
        return AseAtomsAdaptor.get_structure(molecule)
    try:
        return AseAtomsAdaptor.get_structure(build.bulk(symbol))
    except (ValueError, NotImplementedError, RuntimeError, KeyError):
        what = f"the hull has no structure of the element {symbol}"
        raise InvalidData(Fault(what, f"add a CIF file of {symbol} to the folder, or leave {symbol} out")) from None


@dataclass(frozen=True, eq=False)
class Screening:
    """What a screening found.

    Parameters
    ----------
    proposals
        Those that were relaxed, the most stable first, then those for which the time did not last.
    failed
        Those that the potential could not relax, with the reason in their note.
    duplicates
        Formulas of those that became a known structure or another proposal when they were relaxed.
    seconds
        Seconds that relaxing took, for one structure on average.
    """

    proposals: tuple[CrystalProposal, ...]
    failed: tuple[CrystalProposal, ...]
    duplicates: tuple[str, ...]
    seconds: float


def screened(
    proposals: Sequence[CrystalProposal],
    hull: KnownHull,
    *,
    max_seconds: float = 600.0,
) -> Screening:
    """Relax proposals, the most likely first, and rank them by their energy above the hull.

    Parameters
    ----------
    max_seconds
        No further structure is relaxed after so many seconds, known ones of the hull included, and a proposal that is
        being relaxed then is ended. Which are left depends on the machine.

    Raises
    ------
    InvalidData
        As `KnownHull.above`.
    """
    deadline, begun = Deadline(max_seconds), time.monotonic()
    same = Distinct(each.structure for each in hull.known)
    done: list[CrystalProposal] = []
    late: list[CrystalProposal] = []
    failed: list[CrystalProposal] = []
    duplicates: list[str] = []
    for each in proposals:
        if deadline.passed or not hull.prepare(_symbols(each.structure.composition), deadline):
            late.append(replace(each, note="not relaxed: the time was over"))
            continue
        try:
            found = relaxed(each.structure, hull.potential, max_steps=hull.max_steps, deadline=deadline)
        except MeasurementFailed as error:
            failed.append(replace(each, note=str(error)))
            continue
        if same.add(found.structure):
            done.append(_ranked(each, found, hull))
        else:
            duplicates.append(each.formula)
    tried = len(proposals) - len(late)
    ordered = sorted(done, key=lambda proposal: (proposal.above_hull, proposal.formula))
    mean = (time.monotonic() - begun) / tried if tried else 0.0
    return Screening((*ordered, *late), tuple(failed), tuple(duplicates), mean)


def _ranked(proposal: CrystalProposal, found: Relaxed, hull: KnownHull) -> CrystalProposal:
    composition = found.structure.composition
    above = hull.above(composition, found.energy)
    words = hull.words(_symbols(composition))
    note = "" if found.converged else "forces are still above the limit"
    return replace(proposal, structure=found.structure, above_hull=above, hull=words, note=note)


def _symbols(composition: Composition) -> frozenset[str]:
    return frozenset(each.symbol for each in composition.elements)
