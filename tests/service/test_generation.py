"""Formulas that are on no list, over HTTP and for assistants: proposed by a worker, with limits."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from designer.service.lab import MAX_PREVIEWS, Lab
from designer.service.work.generated import MAX_KNOWN, FormulaRequest, MoleculeRequest, formulas, molecules
from tests.service.conftest import Client

KNOWN = ["BaTiO3", "SrTiO3", "BaZrO3"]


def test_formulas_are_proposed_with_their_origin(lab: Lab, admin: Client) -> None:
    body = {"known": KNOWN, "novel_to": ["SrZrO3"], "elements": ["Ca", "Sr", "Ba", "Ti", "Zr", "Hf", "O"], "n": 5}
    answer = admin("POST", "/generate/formulas", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["words"].startswith("5 formulas on no list.")
    texts = [each["formula"] for each in found["proposals"]]
    assert len(set(texts)) == 5
    assert not {*KNOWN, "SrZrO3"} & set(texts)
    assert all(each["balanced"] and "nearest known" in each["origin"] for each in found["proposals"])
    assert admin("POST", "/generate/formulas", json=body).json() == found
    assert formulas(FormulaRequest(**body).model_dump(mode="json")) == found
    assert lab.store.names() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"known": ["BaTiO3", "Xx2", "?"]}, "Xx2"),
        ({"known": KNOWN, "elements": ["Zz"]}, "Zz"),
        ({"known": KNOWN, "elements": ["Ba"]}, "at least two elements"),
        ({"known": KNOWN, "n": 501}, "500"),
        ({"known": KNOWN, "n": 0}, "1"),
        ({"known": ["NaCl"] * (MAX_KNOWN + 1)}, "2000"),
        ({"known": ["O" * 201]}, "200"),
        ({"known": KNOWN, "max_atoms": 1000}, "200"),
        ({"known": KNOWN, "seed": -1}, "0"),
        ({"known": KNOWN, "atoms": 3}, "atoms"),
        ({"known": ["NaCl"], "elements": ["Na", "Cl"], "max_atoms": 2}, "no new formula"),
    ],
)
def test_what_is_refused(admin: Client, body: dict[str, Any], message: str) -> None:
    answer = admin("POST", "/generate/formulas", json=body)
    assert answer.status_code == 422, answer.text
    assert message in answer.text
    assert "Traceback" not in answer.text


def test_few_requests_wait(lab: Lab, admin: Client) -> None:
    lab._previews = [Future() for _ in range(MAX_PREVIEWS)]
    answer = admin("POST", "/generate/formulas", json={"known": KNOWN})
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems#busy")


MOLECULES = ["CCOC(=O)c1ccccc1", "CCN(CC)C(=O)c1ccncc1", "COc1ccc(N=Nc2ccccc2)cc1", "CC(=O)Nc1ccc(O)cc1"]


def test_molecules_are_proposed_with_their_origin(lab: Lab, admin: Client) -> None:
    pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")
    body = {"known": MOLECULES, "conditions": ["molecule.MolWt <= 220"], "exclude": ["N=N"], "n": 5}
    answer = admin("POST", "/generate/molecules", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["words"].startswith("5 molecules on no list.")
    texts = [each["smiles"] for each in found["proposals"]]
    assert len(set(texts)) == 5
    assert not set(MOLECULES) & set(texts)
    assert all("N=N" not in text for text in texts)
    assert molecules(MoleculeRequest(**body).model_dump(mode="json")) == found
    novel = molecules(MoleculeRequest(**body, novel_to=texts).model_dump(mode="json"))
    assert not set(texts) & {each["smiles"] for each in novel["proposals"]}
    assert lab.store.names() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"known": ["CCO", "C1CC"]}, "C1CC"),
        ({"known": []}, "known"),
        ({"known": ["C" * 1001]}, "1000"),
        ({"known": MOLECULES, "conditions": ["molecule.Weight > 3"]}, "no property"),
        ({"known": MOLECULES, "conditions": ["molecule.MolWt <= 3"]}, "no new molecule"),
        ({"known": MOLECULES, "exclude": ["[N+"]}, "no substructure"),
        ({"known": MOLECULES, "n": 501}, "500"),
        ({"known": MOLECULES, "max_heavy_atoms": 1000}, "200"),
    ],
)
def test_molecules_that_are_refused(admin: Client, body: dict[str, Any], message: str) -> None:
    pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")
    answer = admin("POST", "/generate/molecules", json=body)
    assert answer.status_code == 422, answer.text
    assert message in answer.text
    assert "Traceback" not in answer.text
