"""Crystals from known ones: substitution, duplicates, files, and the ranking with a quick potential."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.chemistry.formula_rules import FormulaRules
from designer.chemistry.whole_formulas import exact_amounts
from designer.deadline import Deadline
from designer.errors import InvalidData, InvalidInput, MeasurementFailed, MissingExtra
from designer.generation.crystals import potentials, structure_files
from designer.generation.crystals.crystal_substitution import Distinct, SubstitutingCrystals
from designer.generation.crystals.potentials import potential_of, relaxed
from designer.generation.crystals.stability import KnownHull, element_structure, screened
from designer.generation.crystals.structure_files import KnownStructure, cif_text, read_structures, write_structures
from designer.oracles.simulators import base
from tests.generation.crystals.structures import known, metal, ordered_alloy, perovskite, write

OXIDES = FormulaRules(elements=["Ca", "Sr", "Ba", "Ti", "Zr", "Hf", "O"])
METALS = FormulaRules(elements=["Cu", "Au", "Ni", "Pd", "Pt"], charge_neutral=False, electronegativity=False)


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(1, 6))
def test_proposals_keep_the_rules_and_the_structure(seed: int, n: int) -> None:
    sources = known(perovskite(), perovskite("Ba", "Zr", edge=4.2))
    taken = frozenset({exact_amounts("CaTiO3")})
    found = SubstitutingCrystals(OXIDES, sources).propose(n, seed=seed, taken=taken)
    assert 0 < len(found) <= n
    same = Distinct(each.structure for each in sources)
    for each in found:
        amounts = exact_amounts(each.formula)
        assert OXIDES.allows(amounts)
        assert amounts not in taken
        assert len(each.structure) == 5
        assert each.structure.lattice.abc == pytest.approx([each.structure.volume ** (1 / 3)] * 3)  # still cubic
        assert same.add(each.structure)  # neither known nor proposed twice
        assert each.balanced
        assert each.parent in {"SrTiO3 (0.cif)", "BaZrO3 (1.cif)"}
    again = SubstitutingCrystals(OXIDES, sources).propose(n, seed=seed, taken=taken)
    assert [each.origin for each in again] == [each.origin for each in found]


def test_elements_that_are_not_allowed_are_replaced_and_parents_chosen() -> None:
    sources = known(perovskite("Pb"), perovskite("K", "Nb"))
    found = SubstitutingCrystals(OXIDES, sources).propose(3, seed=0, parents={"0.cif": 1.0})
    assert found
    assert all(each.parent.endswith("(0.cif)") and "Pb replaced with" in each.move for each in found)
    assert SubstitutingCrystals(OXIDES, sources).propose(3, seed=0, parents={"x": 1.0}) == ()
    accepted = SubstitutingCrystals(OXIDES, sources).propose(3, seed=0, accept=lambda texts: ["Ba" in texts[0]])
    assert accepted
    assert all("Ba" in each.formula for each in accepted)


def test_the_volume_follows_the_radii() -> None:
    found = SubstitutingCrystals(OXIDES, known(perovskite())).propose(6, seed=0)
    volumes = {each.formula: each.structure.volume for each in found}
    assert volumes["SrZrO3"] > volumes["CaTiO3"]


def test_duplicates_are_found_whatever_cell_and_volume() -> None:
    larger = perovskite(edge=4.1)
    larger.make_supercell(2)
    same = Distinct([perovskite()])
    assert not same.add(larger)
    assert same.add(perovskite("Ti", "Sr"))  # the same formula, another structure
    assert not same.add(perovskite("Ti", "Sr", edge=5.0))


def test_structures_come_back_from_files(tmp_path: Path) -> None:
    given_structures = [perovskite(), ordered_alloy(), metal()]
    names = write_structures(tmp_path / "out", given_structures)
    assert names == ["001-SrTiO3.cif", "002-Cu3Au.cif", "003-Cu.cif"]
    read = read_structures(tmp_path / "out")
    assert [each.formula for each in read] == ["SrTiO3", "Cu3Au", "Cu"]
    for each, first in zip(read, given_structures, strict=True):
        assert not Distinct([first]).add(each.structure)
        assert each.structure.volume / len(each.structure) == pytest.approx(first.volume / len(first), rel=1e-6)
    with pytest.raises(FileExistsError):
        write_structures(tmp_path / "out", given_structures)


def test_faults_of_files_name_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidData, match=r"there is no CIF file; name a folder with files \*.cif"):
        read_structures(tmp_path)
    mixed = perovskite()
    mixed.replace_species({"Sr": {"Sr": 0.5, "Ba": 0.5}})
    write(tmp_path, perovskite())
    (tmp_path / "a.cif").write_text("no structure")
    (tmp_path / "b.cif").write_text(cif_text(mixed))
    (tmp_path / "c.cif").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setattr(structure_files, "MAX_SITES", 5)
    large = perovskite("Ca")
    large.make_supercell(2)
    large.replace(0, "Ba")
    (tmp_path / "d.cif").write_text(cif_text(large))
    with pytest.raises(InvalidData) as caught:
        read_structures(tmp_path)
    found = [(Path(fault.file or "").name, fault.what) for fault in caught.value.faults]
    assert [name for name, _ in found] == ["a.cif", "b.cif", "c.cif", "d.cif"]
    assert "occupied in part" in found[1][1]
    assert "has 40 atoms" in found[3][1]
    monkeypatch.setattr(structure_files, "MAX_BYTES", 10)
    monkeypatch.setattr(structure_files, "MAX_FILES", 4)
    with pytest.raises(InvalidData, match="there are 5 CIF files"):
        read_structures(tmp_path)
    with pytest.raises(InvalidData, match="larger than 10 bytes"):
        structure_files.read_structure(tmp_path / "a.cif")


@pytest.fixture
def emt() -> potentials.Potential:
    pytest.importorskip("ase", reason="ase is not installed: pip install 'materials-designer[simulators]'")
    return potential_of("emt")


def test_a_crystal_is_relaxed_to_its_least_energy(emt: potentials.Potential) -> None:
    """The lattice constant of copper by effective-medium theory is 3.59 angstrom."""
    small, large = (relaxed(metal(edge=edge), emt) for edge in (3.4, 3.8))
    assert small.converged
    assert large.converged
    assert small.energy == pytest.approx(large.energy, abs=1e-3)
    assert (4 * small.structure.volume) ** (1 / 3) == pytest.approx(3.59, abs=0.02)
    assert not relaxed(metal(edge=3.4), emt, max_steps=1).converged
    with pytest.raises(MeasurementFailed, match="the potential gives no energy"):
        relaxed(perovskite(), emt)


def test_proposals_are_ranked_above_the_hull_of_what_is_given(emt: potentials.Potential) -> None:
    sources = known(ordered_alloy(), metal("Cu", 3.6), ordered_alloy("Ni", "Pt"))
    proposals = SubstitutingCrystals(METALS, sources).propose(4, seed=0)
    hull = KnownHull(sources, emt)
    found = screened(proposals, hull)
    energies = [each.above_hull for each in found.proposals]
    assert len(energies) + len(found.duplicates) == 4
    assert None not in energies
    assert energies == sorted(energies, key=lambda value: value or 0.0)
    hulls = {len(exact_amounts(each.formula)): each.hull for each in found.proposals}
    assert "1 known compound and 2 elements" in hulls[2] or hulls[2] == "2 elements alone"
    assert hull.words(frozenset({"Cu", "Au"})) == "1 known compound and 2 elements"
    assert hull.words(frozenset({"Cu", "Au", "Ni", "Pt"})) == "2 known compounds and 4 elements"
    own = relaxed(ordered_alloy(), emt)
    assert hull.above(own.structure.composition, own.energy) <= 1e-3  # a known one is on the hull
    assert "meV an atom" in found.proposals[0].origin
    assert "the hull of" in found.proposals[0].origin


def test_what_cannot_be_relaxed_is_said(emt: potentials.Potential) -> None:
    sources = known(ordered_alloy())
    proposals = SubstitutingCrystals(METALS, sources).propose(3, seed=0)
    hull = KnownHull(sources, emt)
    late = screened(proposals, hull, max_seconds=0.0)
    assert [each.note for each in late.proposals] == ["not relaxed: the time was over"] * 3
    assert not hull.prepare(frozenset({"Cu", "Au"}), Deadline(0.0))
    silver = (KnownStructure("x.cif", ordered_alloy("Fe", "Au")),)
    with pytest.raises(InvalidData) as caught:
        KnownHull(silver, emt).prepare(frozenset({"Fe", "Au"}))
    assert {fault.what.partition(":")[0] for fault in caught.value.faults} == {"x.cif", "Fe"}


def test_a_crystal_that_becomes_a_known_one_is_left_out(emt: potentials.Potential) -> None:
    sources = known(ordered_alloy())
    proposal = SubstitutingCrystals(METALS, sources).propose(1, seed=0)[0]
    hull = KnownHull((*sources, KnownStructure("same.cif", proposal.structure)), emt)
    assert screened([proposal], hull).duplicates == (proposal.formula,)


@pytest.mark.usefixtures("emt")
def test_elements_of_the_hull_have_structures_or_are_refused() -> None:
    assert len(element_structure("Ti")) == 2
    assert len(element_structure("O")) == 2
    with pytest.raises(InvalidData, match="the hull has no structure of the element S; add a CIF file of S"):
        element_structure("S")
    with pytest.raises(InvalidInput, match="there is no potential 'chgnt'; did you mean 'chgnet'"):
        potential_of("chgnt")


@pytest.mark.usefixtures("emt")
def test_a_potential_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str) -> Any:
        raise ModuleNotFoundError(f"No module named {module!r}", name="chgnet")

    potentials._chgnet.cache_clear()
    monkeypatch.setattr(base, "importlib", SimpleNamespace(import_module=absent))
    with pytest.raises(MissingExtra, match=r"pip install 'materials-designer\[crystals\]'"):
        potential_of("chgnet")


def test_chgnet_ranks_oxides() -> None:
    """The formation energy of BaTiO3 from its oxides is negative; 0.05 eV an atom is twice CHGNet's error."""
    pytest.importorskip("chgnet", reason="chgnet is not installed: pip install 'materials-designer[crystals]'")
    pytest.importorskip("ase", reason="ase is not installed: pip install 'materials-designer[crystals]'")
    sources = known(perovskite())
    proposals = SubstitutingCrystals(OXIDES, sources).propose(2, seed=0)
    found = screened(proposals, KnownHull(sources, potential_of("chgnet")))
    assert len(found.proposals) == 2
    for each in found.proposals:
        assert each.above_hull is not None
        assert -4.5 < each.above_hull < -2.5  # the formation energy from the elements alone
        assert each.hull == "3 elements alone"
