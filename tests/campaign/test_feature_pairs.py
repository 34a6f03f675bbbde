"""Any two features of campaign files give suggestions together, or `validate` refuses them at once, with the place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.proposing import proposals
from designer.documents import read_document, write_document
from designer.errors import Fault, InvalidInput
from tests.campaign.feature_pairs import FEATURES, MOLECULES, PAIRS, Content, candidates_of, content_of, suggested

REFUSED: dict[str, set[str]] = {
    "per_batch": {"latin-hypercube", "fidelity", "observations"},
    "context": {"diversify_by", "d-optimal", "factorial", "latin-hypercube", "observations", "stop"},
    "scale: log": {"prefer"},
    "limits": {"prefer"},
    "equality": {"factorial", "latin-hypercube"},
    "map": {"diversify_by", "beliefs", "setting_error", "robust", "fidelity", "observations", "acquisition", "stop"},
    "boundary": {"diversify_by", "beliefs", "setting_error", "robust", "fidelity", "observations", "acquisition",
                 "stop"},
    "prefer": {"diversify_by", "setting_error", "robust", "formula", "molecule", "fidelity", "observations",
               "acquisition"},
    "tiers": {"diversify_by", "observations"},
    "diversify_by": {"setting_error", "robust", "fidelity", "observations", "acquisition", "stop"},
    "beliefs": {"acquisition"},
    "setting_error": {"fidelity", "observations", "match curve"},
    "robust": {"fidelity", "observations", "match curve"},
    "d-optimal": {"formula", "molecule"},
    "factorial": {"candidates", "formula", "molecule"},
    "latin-hypercube": {"formula", "molecule"},
    "candidates": {"formula", "molecule"},
    "cost": {"acquisition"},
    "formula": {"fidelity"},
    "molecule": {"fidelity"},
    "fidelity": {"observations", "match curve"},
    "observations": {"acquisition"},
}  # fmt: skip
WITH_RESULTS = [("when", "equality"), ("context", "zero_or"), ("per_batch", "tiers")]


@pytest.fixture(autouse=True)
def few_proposals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Propose 20 formulas instead of 500, which is quick."""
    monkeypatch.setattr(proposals, "PROPOSALS", 20)
    proposals._proposed.cache_clear()
    yield
    proposals._proposed.cache_clear()


def faults_of(content: Content, folder: Path, pair: tuple[str, str]) -> Sequence[Fault]:
    """Return the faults that `validate` finds in the campaign file of a pair."""
    if "candidates" in pair:
        candidates_of(content).to_csv(folder / "designs.csv", index=False)
        content = {**content, "candidates": "designs.csv"}
    pd.DataFrame({"dye": MOLECULES}).to_csv(folder / "known.csv", index=False)
    try:
        CampaignSpec.from_document(read_document(write_document(content), file="pair.yaml"), folder=folder)
    except InvalidInput as error:
        return error.faults
    return ()


@pytest.mark.parametrize("first", FEATURES)
def test_pairs_are_accepted_or_refused_at_a_line(first: str, tmp_path: Path) -> None:
    faults = {pair[1]: faults_of(content_of(pair), tmp_path, pair) for pair in PAIRS if pair[0] == first}
    assert {second for second, found in faults.items() if found} == REFUSED.get(first, set()) & faults.keys()
    assert all(fault.line and fault.remedy for found in faults.values() for fault in found)


ACCEPTED = [pair for pair in PAIRS if pair[1] not in REFUSED.get(pair[0], set())]


FEW = [pair for pair in ACCEPTED if "formula" not in pair and "molecule" not in pair][::18]
"""Some of the accepted pairs: all of them take long, and first designs of open formulas have tests of their own."""


def test_accepted_pairs_give_first_designs() -> None:
    for pair in FEW:
        content = content_of(pair)
        table = candidates_of(content) if "candidates" in pair else None
        assert len(suggested(content, table, results=0)) == 2, pair


@pytest.mark.parametrize("pair", WITH_RESULTS)
def test_accepted_pairs_give_suggestions_by_a_model(pair: tuple[str, str]) -> None:
    assert len(suggested(content_of(pair), None, results=3)) == 2
