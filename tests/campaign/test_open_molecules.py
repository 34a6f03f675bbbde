"""Campaigns over molecules that are on no list: suggestions, results in any spelling, repetition, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")

from rdkit import Chem
from rdkit.Chem import Descriptors

from designer import Campaign
from designer.campaign.file.molecule_notes import molecule_notes
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.proposing import proposed_molecules
from designer.campaign.proposing.proposals import origins
from designer.chemistry.smiles import canonical_smiles
from designer.documents import read_document, write_document
from designer.errors import InvalidInput

DESCRIPTORS = dict(Descriptors.descList)
KNOWN = [
    "CCOC(=O)c1ccccc1", "CCN(CC)C(=O)c1ccncc1", "COc1ccc(N=Nc2ccccc2)cc1", "CCCNC(=O)c1ccco1", "CC(=O)Nc1ccc(O)cc1",
    "COC(=O)CCc1ccccc1", "O=C(NCc1ccccc1)c1ccccc1", "CN(C)c1ccc(N=Nc2ccc(C#N)cc2)cc1", "CCSc1ccncc1",
]  # fmt: skip
DYE: dict[str, Any] = {"name": "dye", "kind": "molecule", "like": ["known.csv"], "max_heavy_atoms": 22}
HEAT = {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [0, 100], "step": 5}
LIGHT = "dye.MolWt <= 220"
CONTENT: dict[str, Any] = {
    "designer": 1, "name": "dyes", "space": [DYE, HEAT], "constraints": [LIGHT, "if dye.RingCount >= 2 then T >= 50"],
    "targets": [{"name": "y", "goal": "maximize"}], "initial": 2, "batch_size": 2,
}  # fmt: skip


@pytest.fixture(autouse=True)
def few_proposals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(proposed_molecules, "PROPOSALS", 8)
    proposed_molecules._proposed.cache_clear()
    yield
    proposed_molecules._proposed.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pd.DataFrame({"smiles": KNOWN, "value": range(len(KNOWN))}).to_csv(tmp_path / "known.csv", index=False)
    return tmp_path


def opened(folder: Path, **changes: Any) -> Campaign:
    path = folder / "dyes.yaml"
    path.write_text(write_document({**CONTENT, **changes}))
    return Campaign.open(path)


def measured(designs: pd.DataFrame) -> pd.DataFrame:
    return designs.assign(y=[float(DESCRIPTORS["MolLogP"](Chem.MolFromSmiles(text))) for text in designs["dye"]])


def test_a_campaign_suggests_new_molecules_with_their_origin(folder: Path) -> None:
    campaign = opened(folder)
    campaign.record(measured(campaign.suggest(2)))
    after = campaign.suggest(2)
    texts = [each.design["dye"] for each in campaign.state.suggestions.values()]
    assert len({str(each.design) for each in campaign.state.suggestions.values()}) == 4
    assert not set(texts) & {canonical_smiles(text) for text in KNOWN}
    for text in texts:
        molecule = Chem.MolFromSmiles(text)
        assert canonical_smiles(text) == text
        assert DESCRIPTORS["MolWt"](molecule) <= 220
        assert molecule.GetNumHeavyAtoms() <= 22
    notes: dict[str, str] = {}  # of the first suggestion of each molecule: a tried one may come at another temperature
    for each in campaign.state.suggestions.values():
        notes.setdefault(str(each.design["dye"]), each.note)
    assert all("generated from " in note and "; nearest known: " in note for note in notes.values())
    campaign.record_failure(str(after.index[0]), "it did not dissolve")
    failed, (further,) = after.iloc[0].to_dict(), campaign.suggest(1).to_dict(orient="records")
    assert further != failed
    again = Campaign.open(folder / "dyes.yaml")
    assert origins(again._spec(), again.state) == origins(campaign._spec(), campaign.state)


def test_results_are_read_in_any_spelling_and_named_once(folder: Path) -> None:
    campaign = opened(folder)
    (first,) = campaign.suggest(1)["dye"]
    other = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(first), 1, randomSeed=3)[0]
    table = pd.DataFrame({"dye": [other, "OCC", "CCO"], "T": [50, 20, 20], "y": [1.0, 2.0, 4.0]})
    campaign.attach(table)
    assert len({str(each.design["dye"]) for each in campaign.state.results}) <= 3
    assert campaign.best().iloc[0].name is not None
    keys = campaign.space.keys(campaign.space.coordinates(table))
    assert keys[1] == keys[2] != keys[0]
    exported = folder / "out.csv"
    campaign.export(exported)
    assert "OCC" in exported.read_text() or "CCO" in exported.read_text()
    with pytest.raises(InvalidInput, match="'C1CC' is no molecule") as caught:
        campaign.attach(pd.DataFrame({"dye": ["C1CC"], "T": [20], "y": [1.0]}))
    assert (caught.value.faults[0].row, caught.value.faults[0].column) == (2, "dye")


@given(order=st.permutations(range(len(KNOWN))), seed=st.integers(0, 9))
@settings(max_examples=2, deadline=None)
def test_the_same_molecules_are_proposed_whatever_the_order_of_rows_and_all_keep_the_constraints(
    order: list[int], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    state = Campaign.create(space=[HEAT], targets=CONTENT["targets"]).state
    made = []
    for known in (KNOWN, [KNOWN[i] for i in order]):
        folder = tmp_path_factory.mktemp("dyes")
        pd.DataFrame({"dye": known}).to_csv(folder / "known.csv", index=False)
        spec = CampaignSpec.from_document(read_document(write_document({**CONTENT, "seed": seed})), folder=folder)
        (parameter,) = spec.space.parameters[:1]
        made.append(proposed_molecules.proposed_molecules(spec, state, parameter))  # type: ignore[arg-type]
    assert made[0] == made[1] != ()
    assert all(DESCRIPTORS["MolWt"](Chem.MolFromSmiles(each.smiles)) <= 220 for each in made[0])


def test_known_molecules_come_from_tables_and_folders_of_tables(folder: Path) -> None:
    past = folder / "past"
    past.mkdir()
    pd.DataFrame({"molecule": KNOWN[:4]}).to_csv(past / "first.csv", index=False)
    pd.DataFrame({"molecule": KNOWN[2:6]}).to_csv(past / "second.csv", index=False)
    pd.DataFrame({"other": [1]}).to_csv(past / "third.csv", index=False)
    spec = opened(folder, space=[{**DYE, "like": ["past"], "smiles": "molecule"}, HEAT])._spec()
    assert molecule_notes(spec)[0].startswith("molecules of 'dye' are recombined from 6 known molecules")


def test_what_novel_to_names_is_not_proposed(folder: Path) -> None:
    campaign = opened(folder)
    found = list(origins(campaign._spec(), campaign.state))
    pd.DataFrame({"smiles": found[:6]}).to_csv(folder / "also.csv", index=False)
    content = {**CONTENT, "space": [{**DYE, "novel_to": ["also.csv"]}, HEAT]}
    spec = CampaignSpec.from_document(read_document(write_document(content)), folder=folder)
    assert not set(origins(spec, campaign.state)) & set(found[:6])


def test_candidates_may_list_molecules(folder: Path) -> None:
    pd.DataFrame({"dye": [*KNOWN, "O(CC)C(=O)c1ccccc1"], "T": 50}).to_csv(folder / "list.csv", index=False)
    plain = {"name": "dye", "kind": "molecule"}
    campaign = opened(folder, space=[plain, HEAT], candidates="list.csv", constraints=[LIGHT])
    campaign.record(measured(campaign.suggest(2)))
    assert set(campaign.suggest(2)["dye"]) < set(KNOWN)


@pytest.mark.parametrize(
    ("changes", "words", "place"),
    [
        ({"like": ["missing.csv"]}, "missing.csv", "like"),
        ({"like": ["../known.csv"]}, "known.csv", "like"),
        ({"smiles": "SMILES"}, "there is no column 'SMILES'.*it has smiles, value", "known.csv"),
        ({"smiles": "value"}, "'0' is no molecule", "known.csv"),
        ({"novel_to": ["missing.csv"]}, "missing.csv", "novel_to"),
        ({"max_heavy_atoms": 3}, "no new molecule of 'dye' was found", "like"),
        ({"role": "context"}, "molecule 'dye' is a context, and its molecules are proposed", "role"),
        ({"vary": "per_batch"}, "molecule 'dye' is one for a batch", "vary"),
        ({"when": "T > 50"}, "is a molecule, which every design has", "when"),
        ({"exclude": ["[N+"]}, "no substructure", "exclude"),
    ],
)
def test_wrong_open_molecules_are_refused_at_their_place(
    changes: dict[str, Any], words: str, place: str, folder: Path
) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        opened(folder, space=[{**DYE, **changes}, HEAT])
    fault = caught.value.faults[0]
    assert fault.line or fault.row or place in str(fault)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"constraints": ["dye.MolWt <= 20"]}, "no new molecule of 'dye' was found that satisfies 'dye.MolWt <= 20'"),
        ({"targets": [{"name": "y", "goal": "prefer"}]}, "molecules of 'dye' are proposed from numbers"),
        ({"diversify_by": [{"parameter": "dye"}]}, "is of kind molecule"),
        ({"beliefs": [{"parameter": "dye", "near": "CCO"}]}, "the molecules of 'dye' are proposed for each request"),
        ({"initial": {"kind": "factorial"}}, "the molecule 'dye' has no levels"),
        ({"cost": "dye.MolWeight"}, "no property 'MolWeight'"),
    ],
)
def test_what_an_open_molecule_cannot_be_combined_with(changes: dict[str, Any], words: str, folder: Path) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        opened(folder, **changes)
    assert all(fault.line for fault in caught.value.faults)
