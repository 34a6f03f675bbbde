"""A campaign by hand, from the first suggestion to the last correction."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from designer.campaign.campaign import Campaign
from tests.cli.conftest import Designer


def fill(path: Path, **values: list[str]) -> None:
    """Write values into the empty columns of a sheet, as a person does."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for header, cells in values.items():
        [column] = [name for name in rows[0] if name.partition(" [")[0] == header]
        for row, cell in zip(rows, cells, strict=True):
            row[column] = cell
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def events(folder: Path) -> int:
    return Campaign.open(folder / "glass.yaml").state.position


class TestSheets:
    def test_a_sheet_goes_out_and_comes_back(self, designer: Designer, folder: Path) -> None:
        done = designer("suggest", "-n", "4", "--csv", "next.csv", "--json")
        assert done.code == 0, done.out
        assert [each["id"] for each in done.data["suggestions"]] == ["S0001", "S0002", "S0003", "S0004"]
        sheet = folder / "next.csv"
        assert sheet.read_text().splitlines()[0] == (
            "suggestion,SiO2 [percent],Na2O [percent],CaO [percent],temperature [degC],gas,"
            "strength [MPa],haze [percent]"
        )
        with sheet.open(newline="") as file:
            first = next(csv.DictReader(file))
        design = done.data["suggestions"][0]["design"]
        assert float(first["SiO2 [percent]"]) == design["SiO2"]
        assert first["gas"] == design["gas"]

        fill(sheet, strength=["101", "0.102 GPa", "", "104"], haze=["1", "2", "", ""])
        done = designer("record", "next.csv", "--json")
        assert done.code == 0, done.out
        assert done.data["recorded"] == ["M0001", "M0002", "M0003"]
        assert done.data["blank"] == ["S0003"]
        assert done.data["flags"] == {}
        state = Campaign.open(folder / "glass.yaml").state
        assert state.measurements["M0002"].values == {"strength": 102.0, "haze": 2.0}
        assert state.measurements["M0001"].design == design

        # The rest comes later, in the same sheet: what is known stays as it is.
        fill(sheet, strength=["101", "0.102 GPa", "103", "104"], haze=["1", "2", "2", "5"])
        done = designer("record", "next.csv", "--json")
        assert (done.data["recorded"], done.data["completed"]) == (["M0004"], ["M0003"])
        assert len(done.data["unchanged"]) == 2
        again = designer("record", "next.csv")
        assert again.out.splitlines()[-1] == "nothing was changed"

    def test_what_was_made_differently_is_kept_and_flagged(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "1", "--csv", "next.csv")
        fill(folder / "next.csv", temperature=["1555"], strength=["99"])
        done = designer("record", "next.csv", "--json")
        assert done.data["recorded"] == ["M0001"]
        flags = " ".join(done.data["flags"]["M0001"])
        assert "made differently from what was suggested: temperature 1555.0 instead of" in flags
        assert "outside 900 to 1500" in flags

    def test_a_sheet_is_never_overwritten_and_nothing_is_suggested_then(self, designer: Designer, folder: Path) -> None:
        (folder / "next.csv").write_text("mine")
        done = designer("suggest", "--csv", "next.csv")
        assert done.code == 2
        assert done.err == "next.csv: the file exists already and is not overwritten; give another name\n"
        assert not (folder / "glass.db").exists()
        assert designer("suggest", "--csv", "nowhere/next.csv").code == 2
        assert not (folder / "glass.db").exists()

    def test_all_faults_of_a_table_are_reported_and_nothing_is_recorded(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "4", "--csv", "next.csv")
        before = events(folder)
        fill(folder / "next.csv", strength=["hot", "nan", "1e999", "5 mV"], suggestion=["S0001", "S0009", "", "S0004"])
        done = designer("record", "next.csv")
        assert done.code == 2
        assert done.out == ""
        lines = done.err.splitlines()
        assert [line.partition(", ")[2].partition(",")[0] for line in lines] == [
            "row 2", "row 3", "row 3", "row 4", "row 4", "row 5",
        ]  # fmt: skip
        assert all(line.startswith("next.csv, row ") for line in lines)
        assert "'hot' is not a number" in lines[0]
        assert events(folder) == before

    def test_partial_takes_the_good_rows_and_reports_the_others(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "2", "--csv", "next.csv")
        fill(folder / "next.csv", strength=["hot", "102"])
        done = designer("record", "next.csv", "--partial", "--json")
        assert done.code == 0
        assert done.data["recorded"] == ["M0001"]
        [fault] = done.data["faults"]
        assert (fault["row"], fault["column"]) == (2, "strength [MPa]")

    def test_columns_that_mean_nothing_are_refused_unless_ignored(self, designer: Designer, folder: Path) -> None:
        (folder / "r.csv").write_text("suggestion,strength,operator\nS0001,100,Ada\n")
        designer("suggest")
        done = designer("record", "r.csv")
        assert done.code == 2
        assert "r.csv, row 1, column 'operator': unknown column" in done.err
        assert designer("record", "r.csv", "--ignore", "operator").code == 0
        done = designer("record", "r.csv", "--ignore", "operatr")
        assert (done.code, "there is no column 'operatr' to ignore" in done.err) == (2, True)

    def test_a_workbook_will_do(self, designer: Designer, folder: Path) -> None:
        import openpyxl

        designer("suggest", "-n", "1")
        book = openpyxl.Workbook()
        book.active.append(["id", "strength [MPa]"])
        book.active.append(["S0001", 101.5])
        book.save(folder / "r.xlsx")
        assert designer("record", "r.xlsx", "--json").data["recorded"] == ["M0001"]


class TestOneByOne:
    def test_record_in_parts_then_again_then_a_replicate(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "1")
        assert designer("record", "S0001", "strength=101").out == "recorded: M0001\n"
        assert designer("record", "S0001", "haze=2").out == "completed: M0001\n"
        done = designer("record", "S0001", "strength=101", "haze=2")
        assert (done.code, done.out.splitlines()[-1]) == (0, "nothing was changed")
        assert designer("record", "S0001", "strength=101", "haze=2", "--replicate").out == "recorded: M0002\n"
        assert designer("record", "S0001", "strength=101", "haze=2", "--replicate").out == "recorded: M0003\n"
        assert designer("record", "S0001", "strength=105 MPa", "strength_sem=3", "--set", "temperature=1000").code == 0
        measurement = Campaign.open(folder / "glass.yaml").state.measurements["M0004"]
        assert (measurement.values, measurement.noise) == ({"strength": 105.0}, {"strength": 3.0})
        assert measurement.design["temperature"] == 1000.0

    def test_settings_are_named_by_column_or_parameter_as_in_predict(self, designer: Designer, folder: Path) -> None:
        made = ["--set", "glass.silica=60", "--set", "glass.soda=30", "--set", "CaO=10", "--set", "temperature="]
        designer("suggest", "-n", "1")
        assert designer("record", "S0001", "strength=101", *made).code == 0
        assert designer("predict", "glass.silica=60", "glass.soda=30", "CaO=10", "temperature=", "gas=N2").code == 2
        (folder / "more.csv").write_text(
            "glass.silica,Na2O,glass.lime,temperature [K],gas,strength\n50,30,20,1373.15,N2,90\n"
        )
        assert designer("attach", "more.csv").code == 0
        first, second = Campaign.open(folder / "glass.yaml").state.measurements.values()
        assert (first.design["SiO2"], first.design["Na2O"], first.design["CaO"]) == (60, 30, 10)
        assert [second.design["SiO2"], second.design["temperature"]] == [50, pytest.approx(1100)]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["S0002", "strength=1"], "there is no suggestion 'S0002'"),
            (["S0001", "strenth=1"], "did you mean 'strength'?"),
            (["S0001", "strength"], "'strength' cannot be read; write name=value"),
            (["S0001", "strength=1", "strength=2"], "'strength' is given twice"),
            (["S0001", "strength=inf"], "not a"),
            (["S0001"], "no result is given"),
            (["S0001", "strength=1", "--set", "temp=3"], "there is no column 'temp'"),
            (["S0001", "strength=1", "--set", "gas=He"], "'He' is not a choice"),
            (
                ["S0001", "strength=1", "--set", "CaO=3", "--set", "glass.lime=3"],
                "'glass.lime' and 'CaO' are the same setting",
            ),
            (["a.csv", "b.csv"], "2 arguments instead of one table"),
            (["a.csv", "--replicate"], "--set and --replicate cannot be used with a table"),
            (["absent.csv"], "absent.csv: no such file"),
        ],
    )
    def test_invalid_results_are_refused_and_change_nothing(
        self, designer: Designer, folder: Path, words: Any, message: str
    ) -> None:
        designer("suggest", "-n", "1")
        before = events(folder)
        done = designer("record", *words)
        assert done.code == 2
        assert message in done.err
        assert "Traceback" not in done.err
        assert events(folder) == before

    def test_what_is_typed_has_no_row(self, designer: Designer) -> None:
        designer("suggest", "-n", "1")
        assert designer("record", "S0001", "strength=hot").err.startswith("column 'strength': 'hot' is not a number")

    def test_failures_and_withdrawals(self, designer: Designer, folder: Path) -> None:
        designer("suggest", "-n", "3")
        assert designer("fail", "S0001", "film", "peeled").out == "recorded as failed: S0001\n"
        assert designer("fail", "S0002", "--reason", "cracked", "--json").data["failed"] == ["S0002"]
        assert designer("withdraw", "S0003", "too dear").out == "S0003: withdrawn\n"
        assert designer("withdraw", "S0003", "--json").data == {
            "campaign": "glass", "subject": "S0003", "changed": False, "withdrawn": [],
        }  # fmt: skip
        state = Campaign.open(folder / "glass.yaml").state
        assert [each.reason for each in state.failures] == ["film peeled", "cracked"]
        assert state.suggestions["S0003"].withdrawn_because == "too dear"
        for words in (["fail", "S0009", "x"], ["fail", "S0001"], ["withdraw", "S0009"], ["withdraw", "nothing"]):
            assert designer(*words).code == 2

    def test_a_suggestion_may_be_asked_for_once_more(self, designer: Designer) -> None:
        first = designer("suggest", "-n", "1", "--json").data["suggestions"][0]
        again = designer("suggest", "--replicate-of", "S0001", "--json").data["suggestions"][0]
        assert (again["id"], again["design"]) == ("S0002", first["design"])
        both = designer("suggest", "--replicate-of", "S0001", "-n", "3")
        assert both.code == 2
        assert "give --replicate-of once for each replicate, without -n" in both.err


class TestNotes:
    def test_open_suggestions_are_reported(self, designer: Designer) -> None:
        designer("suggest", "-n", "2")
        done = designer("suggest", "-n", "1", "--json")
        assert "Open from before: S0001, S0002" in done.data["notes"]
        assert "Open from before: S0001, S0002" in designer("suggest", "-n", "1").out.replace(", S0003", "")

    def test_a_campaign_that_could_stop_says_so_and_still_answers(self, designer: Designer) -> None:
        designer("suggest", "-n", "1")
        designer("record", "S0001", "strength=250", "haze=1")
        done = designer("suggest", "-n", "1", "--json")
        assert done.code == 0
        [note] = [note for note in done.data["notes"] if note.startswith("The campaign can stop: ")]
        assert "the target is reached after 1 experiment" in note


class TestAttach:
    TABLE = (
        "SiO2 [fraction],Na2O [fraction],CaO [fraction],temperature [K],gas,strength\n"
        "0.6,0.2,0.2,1273.15,N2,150\n0.333,0.333,0.334,1300 degC,Ar,120\n"
    )

    def test_results_of_designs_that_were_not_suggested(self, designer: Designer, folder: Path) -> None:
        (folder / "old.csv").write_text(self.TABLE)
        done = designer("attach", "old.csv", "--json")
        assert done.code == 0, done.out
        assert done.data["recorded"] == ["M0001", "M0002"]
        assert "M0001" not in done.data["flags"]
        assert "M0002" in done.data["flags"]  # off the grid, and too little silica
        measurement = Campaign.open(folder / "glass.yaml").state.measurements["M0001"]
        assert measurement.design == {"SiO2": 60.0, "Na2O": 20.0, "CaO": 20.0, "temperature": 1000.0, "gas": "N2"}
        assert designer("attach", "old.csv").out.splitlines()[-1] == "nothing was changed"

    def test_faults_name_row_and_column(self, designer: Designer, folder: Path) -> None:
        bad = self.TABLE.replace("0.6,", "0.5,").replace("1300 degC", "hot").replace("Ar", "He")
        (folder / "old.csv").write_text(bad)
        done = designer("attach", "old.csv")
        assert done.code == 2
        lines = done.err.splitlines()
        assert len(lines) == 3
        assert lines[0].startswith("old.csv, row 2, column ")
        assert "sum" in lines[0]
        assert not (folder / "glass.db").exists()


class TestAmend:
    @pytest.fixture(autouse=True)
    def _one_result(self, designer: Designer) -> None:
        designer("suggest", "-n", "1")
        designer("record", "S0001", "strength=101", "haze=2")

    def test_a_measurement(self, designer: Designer, folder: Path) -> None:
        assert designer("amend", "M0001", "strength=110", "haze=", "--set", "temperature=990").out == "M0001: amended\n"
        measurement = Campaign.open(folder / "glass.yaml").state.measurements["M0001"]
        assert measurement.values == {"strength": 110.0}
        assert measurement.design["temperature"] == 990.0
        assert designer("amend", "M0001", "strength=110", "--json").data["changed"] is False

    def test_bounds_and_choices(self, designer: Designer, folder: Path) -> None:
        done = designer("amend", "--bounds", "temperature=800,1600", "--choice", "gas=He", "--json")
        assert done.code == 0, done.out
        assert done.data["changed"] is True
        assert len(done.data["changes"]) == 2
        space = Campaign.open(folder / "glass.yaml").space
        assert space.parameter("temperature").bounds == (800.0, 1600.0)  # type: ignore[attr-defined]
        assert space.parameter("gas").choices == ("N2", "Ar", "air", "He")  # type: ignore[attr-defined]
        again = designer("amend", "--bounds", "temperature=800,1600", "--json")
        assert (again.data["changed"], again.data["changes"]) == (False, [])
        differs = ["temperature: bounds was (900.0, 1500.0) and is (800.0, 1600.0)"]
        differs += ["gas: choices was ('N2', 'Ar', 'air') and is ('N2', 'Ar', 'air', 'He')"]
        assert again.data["file_differs"] == differs
        lines = designer("amend", "--bounds", "temperature=800,1600").out.splitlines()
        assert lines[1:] == [
            "The file glass.yaml is not changed. Write the same there, so that both agree:",
            *(f"  {each}" for each in differs),
        ]

    def test_the_space_of_the_file(self, designer: Designer, folder: Path) -> None:
        file = folder / "glass.yaml"
        file.write_text(file.read_text().replace("[900, 1500]", "[900, 1600]"))
        refused = designer("suggest")
        assert refused.code == 2
        assert "designer amend" in refused.err
        assert "glass.yaml:5" in refused.err or "glass.yaml:3" in refused.err
        done = designer("amend", "--space", "--json")
        assert done.code == 0, done.out
        assert len(done.data["changes"]) == 1
        assert designer("suggest").code == 0
        assert designer("amend", "--space", "--json").data["changed"] is False

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["M0009", "strength=1"], "there is no measurement 'M0009'"),
            (["M0001", "strenth=1"], "strenth"),
            (["M0001", "strength=hot"], "'hot' is not a number"),
            (["M0001", "--set", "gas=He"], "'He' is not a choice"),
            (["M0009", "--set", "gas=Ar"], "there is no measurement 'M0009'"),
            (["--bounds", "temperature=high,low"], "bounds 'high,low' of temperature cannot be read"),
            (["--bounds", "temp=1,2"], "temp"),
            (["--choice", "gas"], "'gas' cannot be read; write name=value"),
            (["--space", "M0001"], "these changes cannot be made by one command"),
            ([], "no id is given"),
        ],
    )
    def test_invalid_amendments_are_refused_and_change_nothing(
        self, designer: Designer, folder: Path, words: Any, message: str
    ) -> None:
        before = events(folder)
        done = designer("amend", *words)
        assert done.code == 2, done
        assert message in done.err
        assert events(folder) == before


def test_the_store_may_be_elsewhere(designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert designer("suggest", "--store", "other.db").code == 0
    assert (folder / "other.db").exists()
    assert not (folder / "glass.db").exists()
    monkeypatch.setenv("DESIGNER_STORE", "other.db")
    assert designer("record", "S0001", "strength=1").code == 0


def test_the_campaign_may_be_named_first_or_by_option(designer: Designer, folder: Path) -> None:
    (folder / "b.yaml").write_text((folder / "glass.yaml").read_text())
    assert designer("suggest", "b.yaml", "-n", "1").code == 0
    assert designer("record", "b.yaml", "S0001", "strength=1").code == 0
    assert designer("record", "S0001", "haze=1", "-c", "b.yaml").code == 0
