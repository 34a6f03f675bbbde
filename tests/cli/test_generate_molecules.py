"""`designer generate --smiles`: molecules with their origin on the terminal, in a file and as JSON; what is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")

from rdkit import Chem

from tests.cli.conftest import Designer
from tests.generation.molecules.test_recombination import KNOWN


@pytest.fixture
def table(folder: Path) -> str:
    rows = [(text, float(len(text))) for text in KNOWN]
    pd.DataFrame(rows, columns=["dye", "shift"]).to_csv(folder / "dyes.csv", index=False)
    return "dyes.csv"


def test_molecules_are_shown_and_written(designer: Designer, table: str, folder: Path) -> None:
    words = ("generate", table, "--smiles", "dye", "-n", "25", "--condition", "molecule.MolWt <= 300")
    done = designer(*words, "--csv", "new.csv")
    assert done.code == 0
    assert "synthetic accessibility" in done.out
    assert "... and 5 molecules more" in done.out
    assert "not a synthesis" in done.out
    frame = pd.read_csv(folder / "new.csv")
    assert list(frame.columns) == ["smiles", "parent", "move", "accessibility", "nearest_known", "distance"]
    found = designer(*words, "--json").data["proposals"]
    assert [each["smiles"] for each in found] == frame["smiles"].tolist()
    best = designer(*words, "--best", "shift", "--json").data["proposals"]
    worst = designer(*words, "--best", "shift", "--minimize", "--json").data["proposals"]
    assert best != worst


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("dyes.csv", "--smiles", "die"), "there is no column 'die'; did you mean 'dye'"),
        (("dyes.csv", "--smiles", "shift"), "dyes.csv, row 2, column 'shift'"),
        (("dyes.csv", "--smiles", "dye", "--best", "shft"), "did you mean 'shift'"),
        (("dyes.csv", "--smiles", "dye", "--best", "dye"), "is no number"),
        (("--smiles", "dye"), "name a table of molecules"),
        (("dyes.csv", "--smiles", "dye", "--elements", "C,N"), "--elements cannot be used with --smiles"),
        (("dyes.csv", "--smiles", "dye", "--learn", "shift"), "--learn cannot be used with --smiles"),
        (("glass.yaml", "--smiles", "dye"), "a campaign file cannot be used with --smiles"),
        (("dyes.csv", "--condition", "molecule.MolWt < 3"), "--condition is used with --smiles"),
        (("dyes.csv", "--smiles", "dye", "--condition", "molecule.MolWt < 3"), "no new molecule was found"),
        (("dyes.csv", "--smiles", "dye", "--condition", "molecule.Weight < 3"), "no property 'Weight'"),
        (("dyes.csv", "--smiles", "dye", "--max-accessibility", "11"), "max_accessibility"),
    ],
)
def test_wrong_requests_are_refused(designer: Designer, table: str, words: tuple[str, ...], expected: str) -> None:
    done = designer("generate", "-n", "5", *words)
    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err


def test_the_rules_of_an_open_molecule_of_a_campaign_are_used(designer: Designer, table: str, folder: Path) -> None:
    (folder / "dyes.yaml").write_text(
        "designer: 1\nname: dyes\n"
        "space:\n- {name: dye, kind: molecule, like: [dyes.csv], max_heavy_atoms: 16}\n"
        "constraints: [dye.RingCount == 1]\ntargets:\n- {name: y, goal: maximize}\n"
    )
    found = designer("generate", "dyes.yaml", "-n", "6", "--json").data["proposals"]
    molecules = [Chem.MolFromSmiles(each["smiles"]) for each in found]
    assert len(molecules) == 6
    assert all(each.GetNumHeavyAtoms() <= 16 and each.GetRingInfo().NumRings() == 1 for each in molecules)
    refused = designer("generate", "dyes.yaml", "--max-atoms", "9")
    assert refused.code == 2
    assert "cannot be used with a campaign file" in refused.err
