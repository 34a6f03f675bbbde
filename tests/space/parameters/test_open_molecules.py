"""Molecules as settings: any spelling of one, what may be suggested, features, properties, and hostile text."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")

from rdkit import Chem

from designer.chemistry import smiles
from designer.chemistry.smiles import MAX_SMILES, canonical_smiles, smiles_fault
from designer.errors import InvalidInput, InvalidSpace, MissingExtra, NoDesignLeft
from designer.priors.alignment import CommonFeatures
from designer.space import DesignSpace, MoleculeParameter
from designer.tasks import load_family

KNOWN = ("CCOC(=O)c1ccccc1", "OCC", "CCN(CC)CC", "c1ccccc1[N+](=O)[O-]", "CCCCCCCCCCCCCC", "C1CCCCC1", "CC.O")
OPEN = MoleculeParameter(
    name="dye", like=("a.csv",), molecules=KNOWN, max_heavy_atoms=11, exclude=("[N+](=O)[O-]",), max_accessibility=5
)
SPACE = DesignSpace(
    parameters=[OPEN, {"name": "T", "kind": "numeric", "bounds": [0, 100]}], constraints=["dye.MolWt <= 120"]
)


def all_coordinates(parameter: MoleculeParameter) -> np.ndarray:
    return np.arange(len(parameter.words), dtype=float)[:, None]


def test_molecules_that_break_the_rules_are_known_and_not_suggested() -> None:
    assert OPEN.valid(all_coordinates(OPEN)).tolist() == [True, True, True, False, False, True, False]
    assert OPEN.count == 4
    assert OPEN.violations(np.array([3.0])) == [
        "dye = c1ccccc1[N+](=O)[O-]: it has the excluded substructure [N+](=O)[O-]"
    ]
    assert OPEN.violations(np.array([4.0])) == ["dye = CCCCCCCCCCCCCC: 14 heavy atoms are more than 11"]
    assert OPEN.violations(np.array([6.0])) == ["dye = CC.O: it has several parts"]
    rng = np.random.default_rng(0)
    drawn = OPEN.draw(50, rng)
    moved = OPEN.move(drawn, 0.3, rng)
    assert OPEN.valid(drawn).all()
    assert OPEN.valid(moved).all()
    assert (moved != drawn).all()


@given(index=st.integers(0, 5), seed=st.integers(1, 10_000))
@settings(max_examples=25, deadline=None)
def test_any_spelling_of_a_molecule_is_the_molecule(index: int, seed: int) -> None:
    text = Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(KNOWN[index]), 1, randomSeed=seed)[0]
    assert canonical_smiles(text) == canonical_smiles(KNOWN[index])
    assert OPEN.index_of(text) == index
    read = SPACE.read_table(pd.DataFrame({"dye": [text], "T": [20.0]}))
    assert read.coordinates.tolist() == [[float(index), 20.0]]
    assert read.space.parameter("dye").words == KNOWN  # type: ignore[attr-defined]
    assert OPEN.with_words([text]) is OPEN


def test_constraints_calculate_with_descriptors() -> None:
    designs = np.column_stack([all_coordinates(OPEN), np.full(len(KNOWN), 20.0)])
    assert SPACE.valid(designs).tolist() == [False, True, True, False, False, True, False]
    assert SPACE.violations(designs[0]) == ["violates 'dye.MolWt <= 120'"]


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("dye.MolWeight <= 5", "no property 'MolWeight'.*did you mean 'MolWt'"),
        ("dye <= 5", "is a molecule, not a number .*; name a property of it, such as dye.MolWt"),
    ],
)
def test_wrong_properties_are_refused(constraint: str, words: str) -> None:
    with pytest.raises(InvalidSpace, match=words):
        DesignSpace(parameters=[{"name": "dye", "kind": "molecule", "like": ["a.csv"]}], constraints=[constraint])


def test_features_tell_molecules_apart_and_agree_with_those_of_choices_with_smiles() -> None:
    own = OPEN.features(descriptors=False)
    encoded = own.encode(all_coordinates(OPEN))
    assert np.linalg.norm(encoded, axis=1) == pytest.approx(1.0)
    assert len(np.unique(encoded, axis=0)) == len(KNOWN)
    listed = DesignSpace(parameters=[{"name": "dye", "kind": "categorical", "choices": KNOWN}])
    described = {c.label for c in OPEN.features(descriptors=True).columns if c.role == "descriptor"}
    assert described == {column.label for column in listed.encoder.columns if column.role == "descriptor"}
    assert MoleculeParameter(like=("a.csv",)).features(descriptors=True).columns == ()


def test_an_empty_vocabulary_has_nothing_to_draw() -> None:
    with pytest.raises(NoDesignLeft):
        MoleculeParameter(like=("a.csv",)).draw(1, np.random.default_rng(0))


def test_two_molecules_of_a_space_have_their_own_vocabularies() -> None:
    both = [{"name": name, "kind": "molecule", "like": ["a.csv"]} for name in ("donor", "acceptor")]
    space = DesignSpace(parameters=[*both, {"name": "salt", "kind": "formula"}]).with_words(
        {"donor": ["CCO"], "acceptor": ["CCN"], "salt": ["NaCl"]}
    )
    assert [parameter.words for parameter in space.parameters] == [("CCO",), ("CCN",), ("NaCl",)]  # type: ignore[attr-defined]
    assert DesignSpace(**space.to_dict()) == space


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"molecules": ["CCO", "C1CC"]}, "'C1CC' is no molecule"),
        ({"molecules": ["CCO", "CCO"]}, "'CCO' is given twice"),
        ({"max_heavy_atoms": 20}, "which has 'like'"),
        ({"smiles": "dye"}, "which has 'like'"),
        ({"like": ["a.csv"], "exclude": ["[N+"]}, "no substructure"),
        ({"like": ["a.csv"], "max_heavy_atoms": 1}, "max_heavy_atoms"),
        ({"like": ["a.csv"], "max_accessibility": 11}, "max_accessibility"),
        ({"like": ["a.csv"], "when": "T > 3"}, "which every design has"),
    ],
)
def test_wrong_molecules_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        DesignSpace(parameters=[{"kind": "molecule", **fields}, {"name": "T", "kind": "numeric", "bounds": [0, 9]}])


@pytest.mark.parametrize(
    "text",
    ["C" * 1_000_000, "(" * 900, "C(" * 400, "C%99" * 200, "[" * 1000, "C C", "CCO ethanol", "", "CCO>>CC", "\x00"],
)  # fmt: skip
def test_hostile_text_is_refused_at_once_and_quietly(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    begun = time.process_time()
    fault = smiles_fault(text)
    assert fault is not None
    assert len(str(fault)) < 2 * MAX_SMILES + 200
    assert time.process_time() - begun < 1
    assert capfd.readouterr().err == ""


def test_without_rdkit_the_kind_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise MissingExtra("rdkit", "molecules")

    smiles.canonical_smiles.cache_clear()
    monkeypatch.setattr(smiles, "rdkit_chem", missing)
    with pytest.raises(InvalidInput, match=r"molecules need RDKit.*materials-designer\[molecules\]"):
        MoleculeParameter(like=("a.csv",), molecules=["CCCCCCO"])
    with pytest.raises(InvalidInput, match="molecules need RDKit"):
        MoleculeParameter(exclude=())


def test_past_tasks_that_list_molecules_have_features_in_common_with_open_ones() -> None:
    past = DesignSpace(parameters=[{"name": "dye", "kind": "categorical", "choices": KNOWN[:5]}])
    common = CommonFeatures.of([past.encoder.columns])
    feature_map = common.feature_map(DesignSpace(parameters=[OPEN]).encoder.columns)
    shared = [c.label for c, there in zip(common.columns, feature_map.present.tolist(), strict=True) if there]
    assert {"molar mass", "logP", "polar surface"} <= set(shared)
    both = torch.tensor(past.encoder.encode(np.array([[1.0]])))
    here = torch.tensor(DesignSpace(parameters=[OPEN]).encoder.encode(np.array([[1.0]])))
    place = [column.label for column in common.columns].index("molar mass")
    there = common.feature_map(past.encoder.columns)(both)
    assert float(feature_map(here)[0, place]) == pytest.approx(float(there[0, place]))


def test_a_task_holds_molecules_and_finds_what_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("dye,y\nCCO,1\nOCC,2\nCCN,3\n")
    card = (
        "family: dyes\nspace:\n- {name: dye, kind: molecule}\ntasks:\n- {name: a, file: a.csv, targets: [{name: y}]}\n"
    )
    (tmp_path / "family.yaml").write_text(card)
    (task,) = load_family(tmp_path).tasks
    assert task.space.parameter("dye").words == ("CCO", "CCN")  # type: ignore[attr-defined]
    assert sorted(task.distinct().mean.tolist()) == [1.5, 3.0]
    (tmp_path / "a.csv").write_text("dye,y\nCCO,1\nC1CC,2\n")
    with pytest.raises(InvalidInput, match="'C1CC' is no molecule"):
        load_family(tmp_path)
