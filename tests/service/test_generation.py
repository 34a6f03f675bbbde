"""Formulas that are on no list, over HTTP and for assistants: proposed by a worker, with limits."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from designer.service.lab import MAX_PREVIEWS, Lab
from designer.service.work.generated import MAX_KNOWN, FormulaRequest, formulas
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
