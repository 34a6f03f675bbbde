from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from designer.campaign.file.spec import CampaignSpec
from tests.cli.conftest import Designer

TABLE = """\
sample,Ni [at.%],Fe [at.%],Co [at.%],anneal temp [K],time,gas,hardness [HV]
1,10,20,70,300,1 min,N2,100
2,30,30,40,350,10 min,Ar,120
3,0,50,50,425,1000 min,N2,90
4,20,50,30,425,100 min,N2,95
"""


def test_a_good_file_is_described(designer: Designer) -> None:
    done = designer("validate")
    assert done.code == 0
    assert done.out.splitlines() == [
        "glass.yaml: campaign 'glass' can run.",
        "  3 parameters: glass, temperature, gas",
        "  2 targets: strength, haze",
        "  measured by a person",
    ]
    assert designer("validate", "--json").data == {
        "file": "glass.yaml",
        "name": "glass",
        "columns": ["SiO2", "Na2O", "CaO", "temperature", "gas"],
        "targets": ["strength", "haze"],
        "measure": "person",
        "candidates": None,
        "notes": [],
    }


def test_units_that_are_labels_are_said_once(designer: Designer, folder: Path) -> None:
    campaign = folder / "glass.yaml"
    text = campaign.read_text().replace("strength, unit: MPa", "strength, unit: HRC")
    text = text.replace("haze, unit: percent", "haze, unit: Mpa").replace("unit: degC", "unit: C")
    campaign.write_text(text)
    notes = [line for line in designer("validate").out.splitlines() if "note: " in line]
    label = "values in any other unit are refused, nothing is converted"
    assert notes == [
        "  note: unit 'C' of temperature has two meanings: the unit that a value is given in decides between them",
        f"  note: unit 'HRC' of strength is a label: {label}",
        f"  note: unit 'Mpa' of haze is a label (did you mean 'MPa'?): {label}",
    ]
    assert [f"  note: {note}" for note in designer("validate", "--json").data["notes"]] == notes


def test_candidates_that_may_not_be_made_are_counted(designer: Designer, folder: Path) -> None:
    campaign = folder / "glass.yaml"
    campaign.write_text(campaign.read_text().replace("targets:", "candidates: pool.csv\ntargets:"))
    (folder / "pool.csv").write_text(
        "SiO2,Na2O,CaO,temperature,gas\n50,20,30,900,N2\n30,40,30,900,N2\n50,20,30,9000,Ar\n60,20,20,905,Ar\n"
    )
    assert designer("validate").out.splitlines()[-1] == "  2 of 4 candidates keep the bounds and constraints"
    assert designer("validate", "--json").data["candidates"] == {"listed": 4, "usable": 2}


WRONG = """\
designer: 1
name: glass
space:
  - {name: glass, kind: mixture, components: [silica, soda], unit: percent, step: 7}
  - {name: temperature, kind: numeric, unit: degC, bounds: [1500, 900]}
  - {name: gas, kind: categorical, choises: [N2, Ar]}
targets:
  - {name: strength, goal: maximise}
budget: none
measure: {kind: table, file: absent.csv}
colour: blue
"""


def test_all_faults_of_a_wrong_file_are_reported_at_once_each_on_its_line(designer: Designer, folder: Path) -> None:
    (folder / "glass.yaml").write_text(WRONG)
    before = sorted(folder.iterdir())
    for verb in (["validate"], ["suggest"], ["status"], ["run"], ["record", "S0001", "strength=3"]):
        done = designer(*verb)
        assert done.code == 2
        assert done.out == ""
        lines = done.err.splitlines()
        assert [line.partition(": ")[0] for line in lines] == [f"glass.yaml:{n}" for n in (4, 5, 6, 6, 8, 9, 11)]
        assert "write [900, 1500]" in lines[1]
        assert "did you mean 'choices'?" in " ".join(lines[2:4])
        assert "did you mean 'maximize'?" in lines[4]
    assert sorted(folder.iterdir()) == before


def test_faults_for_machines(designer: Designer, folder: Path) -> None:
    (folder / "glass.yaml").write_text(WRONG)
    done = designer("validate", "--json")
    assert done.code == 2
    assert done.err == ""
    assert done.data["error"] == "7 faults"
    assert done.data["faults"][1] == {
        "what": "bounds [1500, 900] are the wrong way round",
        "remedy": "write [900, 1500]",
        "file": "glass.yaml",
        "line": 5,
        "row": None,
        "column": None,
        "path": ["space", 1, "bounds"],
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("glass.silica >= 40", "glass.silca >= 40", "glass.yaml:8: "),
        ("glass.silica >= 40", "glass.silica >= ", "glass.yaml:8: "),
        ("glass.silica >= 40", "glass.silica >= 101", "glass.yaml:"),
        ("budget: 20", "measure: {kind: table, file: plate.csv}", "plate.csv, row 1: column 'haze' is missing"),
        ("budget: 20", "measure: {kind: table, file: plate.csv}", "plate.csv, row 2, column 'strength': 'hot' is not"),
        ("budget: 20", "measure: {kind: python, function: 'm:f'}", "glass.yaml:13: module 'm' is not found"),
        ("budget: 20", "measure: {kind: command, argv: [./no]}", "glass.yaml:13: program './no' is not found"),
        ("budget: 20", "candidates: pool.csv", "pool.csv, row 3, column 'gas': 'He' is not a choice"),
        ("budget: 20", "initial: [{temperature: 900}]", "glass.yaml:13"),
    ],
)
def test_faults_of_every_part_are_found(designer: Designer, folder: Path, old: str, new: str, message: str) -> None:
    file = folder / "glass.yaml"
    file.write_text(file.read_text().replace("initial: 4\n", "").replace(old, new))
    (folder / "plate.csv").write_text("SiO2,Na2O,CaO,temperature,gas,strength\n60,20,20,900,N2,hot\n")
    (folder / "pool.csv").write_text("SiO2,Na2O,CaO,temperature,gas\n60,20,20,900,N2\n60,20,20,900,He\n")
    done = designer("validate")
    assert done.code == 2
    assert message in done.err


class TestInit:
    def test_the_file_that_is_written_can_run_and_takes_the_table_back(self, designer: Designer, folder: Path) -> None:
        (folder / "lab.csv").write_text(TABLE)
        done = designer("init", "lab.csv", "--yes", "--maximize", "hardness")
        assert done.code == 0, done.err
        assert "Column 'sample' was left out: it numbers the rows." in done.out
        spec = CampaignSpec.from_file("lab.yaml")
        assert spec.space.columns == ("Ni", "Fe", "Co", "anneal temp", "time", "gas")
        assert [(t.name, t.unit, t.goal) for t in spec.targets] == [("hardness", "HV", "maximize")]
        assert designer("validate", "lab.yaml").code == 0
        done = designer("attach", "lab.yaml", "lab.csv", "--ignore", "sample", "--json")
        assert done.code == 0, done.out
        assert done.data["recorded"] == ["M0001", "M0002", "M0003", "M0004"]
        assert done.data["flags"] == {}
        assert designer("suggest", "lab.yaml").code == 0

    def test_goals_units_and_names_are_taken(self, designer: Designer, folder: Path) -> None:
        (folder / "lab.csv").write_text(TABLE)
        words = ["--match", "hardness=100,5", "--minimize", "time", "--ignore", "sample", "--name", "my alloys"]
        done = designer("init", "lab.csv", *words, "-o", "a.yaml", "--json")
        assert done.code == 0, done.out
        assert (done.data["file"], done.data["name"]) == ("a.yaml", "my alloys")
        spec = CampaignSpec.from_file("a.yaml")
        found = [(t.name, t.goal, t.value, t.tolerance) for t in spec.targets]
        assert found == [("time", "minimize", None, None), ("hardness", "match", 100, 5)]

    def test_without_a_wish_the_last_column_of_numbers_is_maximized(self, designer: Designer, folder: Path) -> None:
        (folder / "lab.csv").write_text(TABLE)
        assert designer("init", "lab.csv", "--yes").code == 0
        assert [t.name for t in CampaignSpec.from_file("lab.yaml").targets] == ["hardness"]

    def test_decimal_commas_and_ignored_rows_are_stated(self, designer: Designer, folder: Path) -> None:
        text = "T [degC];y;;\n300,5;1,25;;\n450,0;2,5;;\n500,5;1,75;;\n"
        (folder / "komma.csv").write_text(text)
        done = designer("init", "komma.csv", "--yes", "--maximize", "y")
        note = "Decimal commas were read as points: 300,5 in column 'T [degC]' as 300.5."
        assert done.code == 0
        assert note in done.out
        assert f"# {note}" in (folder / "komma.yaml").read_text()
        shown = json.loads(designer("init", "komma.csv", "-o", "b.yaml", "--maximize", "y", "--json").out)
        assert note in shown["remarks"]

    def test_nothing_is_overwritten(self, designer: Designer, folder: Path) -> None:
        (folder / "lab.csv").write_text(TABLE)
        (folder / "lab.yaml").write_text("mine")
        done = designer("init", "lab.csv", "--yes")
        assert (done.code, done.err) == (
            2,
            "lab.yaml: the file exists already and is not overwritten; give another with --output\n",
        )
        assert (folder / "lab.yaml").read_text() == "mine"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (
                ["lab.csv", "--maximize", "softness"],
                "lab.csv: there is no column 'softness'; the table has: sample, Ni",
            ),
            (["lab.csv", "--match", "hardness"], "--match 'hardness' cannot be read; write COLUMN=VALUE,TOLERANCE"),
            (["absent.csv"], "absent.csv: no such file"),
            (["lab.csv", "-o", "nowhere/a.yaml", "--yes"], "nowhere/a.yaml: cannot be written: No such file"),
            ([], "there is nothing to write a campaign from; give a table"),
        ],
    )
    def test_impossible_requests_are_reported_and_nothing_is_written(
        self, designer: Designer, folder: Path, words: Any, message: str
    ) -> None:
        (folder / "lab.csv").write_text(TABLE)
        before = sorted(folder.iterdir())
        done = designer("init", *words)
        assert done.code == 2
        assert message in done.err
        assert sorted(folder.iterdir()) == before

    def test_a_draft_that_could_not_run_is_not_written(self, designer: Designer, folder: Path) -> None:
        # Matching a value needs a tolerance above 0.
        (folder / "lab.csv").write_text(TABLE)
        done = designer("init", "lab.csv", "--match", "hardness=100,0")
        assert done.code == 2
        assert "tolerance" in done.err
        assert not (folder / "lab.yaml").exists()


def answer(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """Answer questions in turn, as somebody at a terminal."""
    waiting = iter(answers)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def reply(text: str, default: Any = None, **_: Any) -> Any:
        given = next(waiting)
        return given or default

    monkeypatch.setattr("typer.prompt", reply)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: next(waiting) == "y")


class TestQuestions:
    def test_a_table_and_its_targets(self, designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "lab.csv").write_text(TABLE)
        answer(monkeypatch, "softness", "8, time", "match", "100", "five", "5", "min")
        assert designer("init", "lab.csv").code == 0
        spec = CampaignSpec.from_file("lab.yaml")
        found = [(t.name, t.goal, t.value, t.tolerance) for t in spec.targets]
        assert found == [("time", "minimize", None, None), ("hardness", "match", 100, 5)]

    def test_from_nothing(self, designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        answer(
            monkeypatch,
            *("anneal temp", "numeric", "degC", "900", "300", "n", "5", ""),  # refused: the wrong way round
            *("anneal temp", "numeric", "degC", "300", "900", "n", "5", "batch"),
            *("time", "num", "min", "1", "1000", "y", ""),
            *("gas", "categorical", "N2, Ar", ""),
            *("humidity", "numeric", "percent", "10", "90", "n", "1", "context"),
            *("alloy", "composition", "Ni, Fe, Co", "at.%", "10", "exp"),
            "",
            *("over-potential", "mV", "minimize"),
            "",
        )
        done = designer("init", "-o", "new.yaml")
        assert done.code == 0, done.err
        assert "Once more, please." in done.err
        spec = CampaignSpec.from_file("new.yaml")
        parameters = {p.name: p for p in spec.space.parameters}
        assert list(parameters) == ["anneal_temp", "time", "gas", "humidity", "alloy"]
        assert (parameters["anneal_temp"].vary, parameters["humidity"].role) == ("per_batch", "context")
        assert [t.name for t in spec.targets] == ["over_potential"]
        assert designer("validate", "new.yaml").code == 0

    def test_a_column_that_may_be_a_context(
        self, designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = [f"{20 + 5 * i},{100 + 10 * (i % 4)},{i}" for i in range(6)]
        (folder / "air.csv").write_text("\n".join(["humidity,T,y", *rows]))
        answer(monkeypatch, "y", "boundary", "3", "y")
        assert designer("init", "air.csv").code == 0
        spec = CampaignSpec.from_file("air.yaml")
        assert [getattr(p, "role", None) for p in spec.space.parameters] == ["context", "setting"]
        assert (spec.targets[0].goal, spec.targets[0].value) == ("boundary", 3)

    def test_ctrl_c_writes_nothing(self, designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.prompt", interrupted)
        assert designer("init", "-o", "new.yaml").code == 130
        assert not (folder / "new.yaml").exists()
