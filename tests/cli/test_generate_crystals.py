"""`designer generate --structures`: crystals on the terminal, in files and as JSON; what is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from designer.generation.crystals.structure_files import read_structures
from tests.cli.conftest import Designer
from tests.generation.crystals.structures import metal, ordered_alloy, write

ALLOYS = ("generate", "--structures", "alloys", "--elements", "Cu,Au,Pd,Pt", "--not-charge-neutral",
          "--no-electronegativity", "-n", "3")  # fmt: skip


@pytest.fixture
def alloys(folder: Path) -> Path:
    return write(folder / "alloys", ordered_alloy(), metal())


def test_crystals_are_ranked_and_written(designer: Designer, alloys: Path, folder: Path) -> None:
    pytest.importorskip("ase", reason="ase is not installed: pip install 'materials-designer[simulators]'")
    done = designer(*ALLOYS, "--potential", "emt", "--cif", "new", "--csv", "new.csv")
    assert done.code == 0, done.err
    assert "the hull of" in done.out
    assert "not a synthesis" in done.out
    frame = pd.read_csv(folder / "new.csv")
    assert frame["energy_above_hull [eV]"].is_monotonic_increasing
    read = read_structures(folder / "new")
    assert [each.formula for each in read] == frame["formula"].tolist()
    again = designer(*ALLOYS, "--potential", "emt", "--cif", "new")
    assert again.code == 2
    assert "exists already" in again.err


def test_without_a_potential_the_likely_ones_come_first(designer: Designer, alloys: Path) -> None:
    found = designer(*ALLOYS, "--potential", "none", "--json").data["proposals"]
    assert len(found) == 3
    assert all(each["above_hull"] is None for each in found)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--structures", "nowhere"), "there is no CIF file"),
        (("--structures", "alloys", "--potential", "emtt"), "did you mean 'emt'"),
        (("--structures", "alloys", "--max-steps", "0"), "--max-steps 0 is out of range"),
        (("--structures", "alloys", "--max-seconds", "0"), "--max-seconds 0 is out of range"),
        (("--structures", "alloys", "-n", "501"), "-n 501 is out of range"),
        (("--structures", "alloys", "--smiles", "dye"), "--smiles cannot be used with --structures"),
        (("--structures", "alloys", "--learn", "y"), "--learn cannot be used with --structures"),
        (("a.csv", "--structures", "alloys"), "a table cannot be used with --structures"),
        (("--cif", "new"), "--cif is used with --structures"),
        (("--structures", "alloys", "--potential", "none", "--elements", "Cu"), "has at least two elements"),
        (("--structures", "alloys", "--potential", "none", "--elements", "Na,Cl"), "no new crystal of Na, Cl keeps"),
    ],
)
def test_wrong_requests_are_refused(designer: Designer, alloys: Path, words: tuple[str, ...], expected: str) -> None:
    done = designer("generate", *words)
    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err
