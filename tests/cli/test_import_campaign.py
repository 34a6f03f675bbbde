"""`designer import-campaign`: what it writes and says, and that a fault leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Designer

SAVED = Path(__file__).parents[1] / "campaign" / "importing" / "saved"


def test_a_saved_experiment_becomes_a_campaign(designer: Designer, folder: Path) -> None:
    done = designer("import-campaign", str(SAVED / "ax.json"), "--out", "film", "--json")
    assert done.code == 0
    assert (done.data["recorded"], done.data["failed"], done.data["program"]) == (3, 1, "Ax")
    assert done.data["changed"] == ["'pump' is fixed at old and no parameter here"]
    assert len(done.data["pending"]) == 1
    assert designer("validate", "film/campaign.yaml").code == 0
    again = designer("import-campaign", str(SAVED / "ax.json"), "--out", "film")
    assert again.code == 2
    assert "the folder exists already; give another with --out" in again.err


def test_text_says_what_was_changed_and_what_is_open(designer: Designer, folder: Path) -> None:
    goals = ("--maximize", "yield", "--minimize", "ee")
    done = designer("import-campaign", str(SAVED / "edbo.csv"), *goals, "--name", "x")
    assert done.code == 0
    assert "EDBO+: 3 parameters, 0 constraints, 2 targets, 2 results, 0 failed experiments." in done.out
    assert "changed: 'Solvent type' is called 'Solvent_type' here" in done.out
    assert "1 open design without a result yet: edbo-campaign/pending.csv" in done.out
    assert "name: x\n" in (folder / "edbo-campaign" / "campaign.yaml").read_text(encoding="utf-8")


def test_a_fault_leaves_nothing(designer: Designer, folder: Path) -> None:
    before = sorted(folder.iterdir())
    for words in (["edbo.csv"], ["nimo.csv"], ["make_saved.py"], ["ax.json", "--study", "film"], ["none.json"]):
        done = designer("import-campaign", str(SAVED / words[0]), *words[1:])
        assert done.code == 2, words
        assert "Traceback" not in done.err
    assert sorted(folder.iterdir()) == before
