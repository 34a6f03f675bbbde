"""Molecules of recombined halves: valid, new, within all conditions, the same for the same seed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")

from rdkit import Chem
from rdkit.Chem import Descriptors

from designer.chemistry.molecule_properties import accessibility
from designer.chemistry.smiles import canonical_smiles
from designer.errors import InvalidInput
from designer.generation.molecules.conditioned_rules import MoleculeRules
from designer.generation.molecules.halves import halves_of, joined
from designer.generation.molecules.recombination import RecombiningGenerator, known_molecules

KNOWN = known_molecules(
    [
        "CCOC(=O)c1ccccc1", "CCN(CC)C(=O)c1ccncc1", "COc1ccc(N=Nc2ccccc2)cc1", "CCCNC(=O)c1ccco1", "CC(=O)Nc1ccc(O)cc1",
        "COC(=O)CCc1ccccc1", "O=C(NCc1ccccc1)c1ccccc1", "CN(C)c1ccc(N=Nc2ccc(C#N)cc2)cc1", "CCOc1ccc(C=O)cc1",
        "CCSc1ccncc1", "O=C(O)CCN1CCOCC1", "CC(C)Oc1ccccc1C(=O)N1CCCC1",
    ]
)  # fmt: skip
CONDITIONS = ("molecule.MolWt <= 200", "molecule.NumHDonors >= 1", "molecule.TPSA / molecule.MolWt < 0.25",
              "molecule.RingCount == 1 or molecule.MolLogP > 2")  # fmt: skip


def satisfied(smiles: str, condition: str) -> bool:
    molecule = Chem.MolFromSmiles(smiles)
    values = {
        name: getattr(Descriptors, name)(molecule) for name in ("MolWt", "NumHDonors", "TPSA", "RingCount", "MolLogP")
    }
    return {
        CONDITIONS[0]: values["MolWt"] <= 200,
        CONDITIONS[1]: values["NumHDonors"] >= 1,
        CONDITIONS[2]: values["TPSA"] / values["MolWt"] < 0.25,
        CONDITIONS[3]: values["RingCount"] == 1 or values["MolLogP"] > 2,
    }[condition]


@given(
    conditions=st.sets(st.sampled_from(CONDITIONS), max_size=2),
    seed=st.integers(0, 99),
    by_rules=st.booleans(),
    accessible=st.sampled_from([2.0, 6.0]),
)
@settings(max_examples=8, deadline=None)
def test_proposals_satisfy_all_rules_and_repeat(
    conditions: set[str], seed: int, by_rules: bool, accessible: float
) -> None:
    rules = MoleculeRules(conditions=sorted(conditions), max_heavy_atoms=18, max_accessibility=accessible)
    made = RecombiningGenerator(rules, KNOWN, by_rules=by_rules, draws=2)
    taken = frozenset(["CCOc1ccccc1"])
    found = made.propose(6, seed=seed, taken=taken, accept=lambda texts: ["S" not in text for text in texts])
    texts = [each.smiles for each in found]
    assert len(texts) == len(set(texts))
    assert not set(texts) & {*KNOWN, *taken}
    for each in found:
        assert canonical_smiles(each.smiles) == each.smiles
        assert "." not in each.smiles
        assert "S" not in each.smiles
        assert all(satisfied(each.smiles, condition) for condition in conditions)
        assert Chem.MolFromSmiles(each.smiles).GetNumHeavyAtoms() <= 18
        assert each.accessibility == accessibility(each.smiles) <= accessible
        assert each.nearest in KNOWN
        assert each.distance is not None
        assert 0 <= each.distance <= 1
    again = made.propose(6, seed=seed, taken=taken, accept=lambda texts: ["S" not in text for text in texts])
    assert again == found


def test_other_seeds_and_other_parents_give_other_molecules() -> None:
    made = RecombiningGenerator(MoleculeRules(), KNOWN)
    first, second = (made.propose(8, seed=seed) for seed in (0, 1))
    assert first != second
    dyes = {text: 1.0 for text in KNOWN if "N=N" in text}
    from_dyes = made.propose(8, seed=0, parents=dyes)
    assert len(from_dyes) == 8
    assert sum("N=N" in each.smiles for each in from_dyes) > sum("N=N" in each.smiles for each in first)


@pytest.mark.parametrize("substituents", [False, True])
@pytest.mark.parametrize("smiles", KNOWN)
def test_the_halves_of_a_molecule_give_the_molecule_again(smiles: str, substituents: bool) -> None:
    found = halves_of(smiles, substituents)
    assert found
    assert not substituents or len(found) >= len(halves_of(smiles))
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert joined(first, second) == smiles
        assert (first.own, first.other) == (second.other, second.own)


def test_azo_groups_and_halogens_are_cut_where_substituents_are() -> None:
    texts = {half.text for half in halves_of("Clc1ccc(/N=N/c2ccccc2)cc1", True)}
    assert {"[18*]Cl", "[18*]N=Nc1ccccc1", "[17*]c1ccccc1"} <= texts
    assert halves_of("Clc1ccc(/N=N/c2ccccc2)cc1") == ()


def test_what_has_no_bond_to_cut_gives_no_proposals() -> None:
    assert halves_of("c1ccccc1") == ()
    assert RecombiningGenerator(MoleculeRules(), ("c1ccccc1",)).propose(3, seed=0) == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"conditions": ["molecule.MolWeight <= 5"]}, "no property 'MolWeight'.*did you mean 'MolWt'"),
        ({"conditions": ["molecule <= 5"]}, "is a molecule, not a number"),
        ({"conditions": ["dye.MolWt <= 5"]}, "dye"),
        ({"conditions": ["molecule.MolWt <="]}, "MolWt <="),
        ({"max_accessibility": 0.5}, "max_accessibility"),
        ({"max_heavy_atoms": 1}, "max_heavy_atoms"),
    ],
)
def test_rules_that_cannot_be_used_are_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        MoleculeRules(**fields)


def test_texts_that_are_no_molecules_are_refused_with_their_place() -> None:
    with pytest.raises(InvalidInput, match="'C1CC' is no molecule") as caught:
        known_molecules(["CCO", "C1CC", ""])
    assert [fault.path for fault in caught.value.faults] == [(1,), (2,)]
