from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Designer

RESULTS = """\
SiO2,Na2O,CaO,temperature,gas,strength,haze
60,20,20,1000,N2,150,1
60,20,20,1400,N2,170,2
70,15,15,1200,Ar,160,1
40,30,30,1000,Ar,190,5
50,30,20,1100,air,120,2
"""
DESIGN = ["SiO2=60", "Na2O=20", "CaO=20", "temperature=1200 degC", "gas=N2"]


@pytest.fixture
def measured(designer: Designer, folder: Path) -> None:
    """A campaign with five attached results; the strongest glass is too hazy."""
    (folder / "old.csv").write_text(RESULTS)
    assert designer("attach", "old.csv").code == 0


def test_status_of_a_campaign_that_has_not_begun_writes_nothing(designer: Designer, folder: Path) -> None:
    done = designer("status", "--json")
    assert done.code == 0
    assert (done.data["open"], done.data["spent"], done.data["budget"], done.data["stop"]) == ([], 0, 20, False)
    assert not (folder / "glass.db").exists()


def test_status_shows_what_is_open(designer: Designer) -> None:
    suggested = designer("suggest", "--json").data["suggestions"]
    designer("fail", "S0001", "broke")
    done = designer("status", "--json")
    assert (done.data["open"], done.data["failed"], done.data["spent"]) == (["S0002"], ["S0001"], 1)
    assert done.data["open_designs"] == [suggested[1]]
    text = designer("status").out
    assert "open: S0002" in text
    assert "temperature [degC]" in text
    assert "1 of 20 experiments made" in text


def outlier_campaign(designer: Designer, folder: Path, added: float) -> dict[str, Any]:
    """Attach twelve results, of which the sixth is off by `added` MPa, and return the one that is flagged."""
    rows = [f"60,20,20,{900 + 50 * i},N2,{round(100 + 10 * math.sin(i) + added * (i == 5), 1)},1" for i in range(12)]
    (folder / "old.csv").write_text("\n".join([RESULTS.splitlines()[0], *rows]) + "\n")
    assert designer("attach", "old.csv").code == 0
    (flagged,) = designer("status", "--json").data["doubts"]
    assert [flagged[key] for key in ("measurement", "target", "unit")] == ["M0006", "strength", "MPa"]
    return dict(flagged)


def assert_named_until_amended(designer: Designer, text: str) -> None:
    assert text in " ".join(designer("status").out.split())
    assert text in " ".join(designer("suggest", "-n", "1").out.split())
    assert designer("amend", "M0006", "strength=90.4").code == 0
    assert designer("status", "--json").data["doubts"] == []


def test_outlier_is_flagged_until_it_is_amended(designer: Designer, folder: Path) -> None:
    flagged = outlier_campaign(designer, folder, -800)
    assert flagged["value"] == -709.6
    assert flagged["expected"] > flagged["counts_as"] > -100
    expected = f"{flagged['expected']:.4g}"
    text = f"M0006 (strength -709.6 MPa) is far below what the other results predict ({expected} MPa)."
    assert_named_until_amended(designer, text)


def test_result_better_than_all_others_keeps_its_value_and_is_to_be_confirmed(designer: Designer, folder: Path) -> None:
    flagged = outlier_campaign(designer, folder, 813.7)
    assert flagged["discovery"]
    assert flagged["value"] == flagged["counts_as"] == 904.1
    text = "M0006 (strength 904.1 MPa) is better than all other results and far from what they predict"
    assert_named_until_amended(designer, text)


def test_possible_slip_among_few_results_is_flagged(designer: Designer, folder: Path) -> None:
    rows = [f"60,20,20,{900 + 100 * i},N2,{y},1" for i, y in enumerate([150, 178, 15.5, 139, 176, 158, 190])]
    (folder / "old.csv").write_text("\n".join([RESULTS.splitlines()[0], *rows]) + "\n")
    assert designer("attach", "old.csv").code == 0
    (flagged,) = designer("status", "--json").data["doubts"]
    assert (flagged["measurement"], flagged["value"], flagged["counts_as"], flagged["fits"]) == (
        "M0003",
        15.5,
        15.5,
        10.0,
    )
    text = " ".join(designer("status").out.split())
    assert "M0003 (strength 15.5 MPa) may be a slip of the decimal point" in text
    assert "ten times the value would agree. Models use it unchanged." in text
    assert designer("amend", "M0003", "strength=155").code == 0
    assert designer("status", "--json").data["doubts"] == []


def test_status_says_when_and_why_to_stop(designer: Designer, measured: Any, folder: Path) -> None:
    designer("suggest", "-n", "1")
    designer("record", "S0001", "strength=250", "haze=1")
    done = designer("status", "--json")
    assert (done.data["stop"], "S0001 has strength = 250 MPa" in done.data["reason"]) == (True, True)
    assert "stop: the target is reached" in designer("status").out


class TestBest:
    def test_nothing_yet(self, designer: Designer) -> None:
        assert designer("best").out == "Nothing has been measured yet.\n"
        assert designer("best", "--json").data == {"campaign": "glass", "best": [], "forbidden": []}

    def test_nothing_that_keeps_the_limits(self, designer: Designer) -> None:
        designer("suggest", "-n", "1")
        designer("record", "S0001", "strength=150", "haze=4")
        assert designer("best").out == "No measured design meets all limits yet.\n"

    def test_best_as_measured_and_by_the_model(self, designer: Designer, measured: Any) -> None:
        rows = designer("best", "--json").data["best"]
        [raw] = [row for row in rows if "measured" in row["best_by"]]
        assert (raw["id"], raw["measured"]) == ("M0002", {"strength": 170.0, "haze": 2.0})
        assert raw["design"] == {"SiO2": 60.0, "Na2O": 20.0, "CaO": 20.0, "temperature": 1400.0, "gas": "N2"}
        assert abs(raw["expected"]["strength"]["mean"] - 170) < 4 * raw["expected"]["strength"]["sd"]
        assert raw["measurements"] == ["M0002"]
        text = designer("best").out
        assert "silica 60  soda 20  lime 20" in text
        assert "strength [MPa]" in text
        assert " ± " in text


class TestPredict:
    def test_one_design_in_words(self, designer: Designer, measured: Any) -> None:
        done = designer("predict", *DESIGN, "--json")
        assert done.code == 0, done.out
        [row] = done.data["predictions"]
        strength = row["predicted"]["strength"]
        assert 100 < strength["mean"] < 220
        assert strength["low"] < strength["mean"] < strength["high"]
        assert strength["high"] - strength["low"] == pytest.approx(2 * 1.96 * strength["sd"])
        assert "strength [MPa]" in designer("predict", *DESIGN).out

    def test_a_table_of_designs_targets_passed_over(self, designer: Designer, measured: Any, folder: Path) -> None:
        done = designer("predict", "old.csv", "--json")
        assert [row["design"] for row in done.data["predictions"]] == [f"row {i}" for i in range(2, 7)]
        # The model knows these designs: what it expects lies near what was measured.
        for row, strength in zip(done.data["predictions"], (150, 170, 160, 190, 120), strict=True):
            expected = row["predicted"]["strength"]
            assert abs(expected["mean"] - strength) < 4 * expected["sd"] + 1

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["SiO2=60"], "'Na2O'"),
            ([*DESIGN[:-1], "gas=He"], "'He' is not a choice"),
            ([*DESIGN, "colour=blue"], "colour"),
            (["SiO2=70", *DESIGN[1:]], "sums to 110"),
            (["absent.csv"], "absent.csv: no such file"),
            (["glass.yaml"], "no design is given"),
        ],
    )
    def test_invalid_predictions_are_refused(self, designer: Designer, measured: Any, words: Any, message: str) -> None:
        done = designer("predict", *words)
        assert done.code == 2
        assert message in done.err

    def test_too_few_results(self, designer: Designer) -> None:
        done = designer("predict", *DESIGN)
        assert done.code == 2
        assert "too few for a model" in done.err


class TestExplain:
    @pytest.fixture
    def suggested(self, designer: Designer, measured: Any) -> None:
        """One choice of the model, after two first designs."""
        designer("suggest", "-n", "3")
        for name, strength in (("S0001", 155), ("S0002", 165), ("S0003", 158)):
            designer("record", name, f"strength={strength}", "haze=1")
        designer("suggest", "-n", "1")

    def test_in_words(self, designer: Designer, suggested: Any) -> None:
        done = designer("explain", "S0004")
        assert done.code == 0, done.err
        assert done.out.startswith("S0004: ")
        for words in ("Chosen by the model", "Expected: strength", "to beat the best so far", "Runner-up: "):
            assert words in done.out
        assert max(len(line) for line in done.out.splitlines()[2:]) <= 110

    def test_for_machines_and_as_a_picture(self, designer: Designer, suggested: Any, folder: Path) -> None:
        done = designer("explain", "glass.yaml", "S0004", "-p", "why.png", "--json")
        assert done.code == 0, done.err
        assert (done.data["campaign"], done.data["suggestion"], done.data["picture"]) == ("glass", "S0004", "why.png")
        assert (folder / "why.png").read_bytes().startswith(b"\x89PNG")
        assert designer("explain", "S0001", "-p", "why.svg").out.endswith("Wrote why.svg\n")
        assert "<svg" in (folder / "why.svg").read_text()

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["S0044"], "there is no suggestion 'S0044'"),
            (["S0001", "S0002"], "exactly one suggestion must be given"),
            (["S0001", "-p", "why.pdf"], "why.pdf: a picture cannot end in .pdf; end it in .svg or .png"),
            (["S0001", "-p", "nowhere/why.svg"], "nowhere/why.svg: the folder does not exist"),
        ],
    )
    def test_invalid_requests_are_refused(
        self, designer: Designer, measured: Any, folder: Path, words: Any, message: str
    ) -> None:
        designer("suggest", "-n", "1")
        done = designer("explain", *words)
        assert done.code == 2
        assert message in done.err
        assert not (folder / "why.pdf").exists()


class TestExport:
    def test_results_and_events(self, designer: Designer, measured: Any, folder: Path) -> None:
        assert designer("export", "out.csv").out == "Wrote out.csv\n"
        with (folder / "out.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["strength"] for row in rows] == ["150.0", "170.0", "160.0", "190.0", "120.0"]
        assert designer("export", "out.jsonl", "--json").data == {"campaign": "glass", "file": "out.jsonl"}
        kinds = [json.loads(line)["kind"] for line in (folder / "out.jsonl").read_text().splitlines()]
        assert kinds == ["created"] + 5 * ["recorded"]

    def test_existing_files_are_not_overwritten_by_default(
        self, designer: Designer, measured: Any, folder: Path
    ) -> None:
        (folder / "out.csv").write_text("mine")
        assert designer("export", "out.csv").code == 2
        assert (folder / "out.csv").read_text() == "mine"
        assert designer("export", "out.csv", "--force").code == 0
        assert (folder / "out.csv").read_text().startswith("measurement,")

    @pytest.mark.parametrize("words", [[], ["out.xml"], ["a.csv", "b.csv"], ["nowhere/out.csv"]])
    def test_pictures_that_cannot_be_written_are_refused(self, designer: Designer, measured: Any, words: Any) -> None:
        done = designer("export", *words)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1


class TestReport:
    def test_one_html_file(self, designer: Designer, measured: Any, folder: Path) -> None:
        assert designer("report").out == "Wrote glass.html\n"
        page = (folder / "glass.html").read_text()
        assert page.lstrip().lower().startswith("<!doctype html>")
        assert "strength" in page
        assert designer("report", "-o", "other.html", "--json").data["file"] == "other.html"

    def test_markdown_and_the_figures_as_files(self, designer: Designer, measured: Any, folder: Path) -> None:
        done = designer("report", "--format", "md", "--figures", "png", "--figure-format", "png", "--json")
        assert done.code == 0, done.err
        assert (done.data["file"], done.data["figures"]) == ("glass.md", "png")
        assert "## Progress" in (folder / "glass.md").read_text()
        assert (folder / "glass-figures" / "progress-strength.svg").is_file()
        names = {path.stem for path in (folder / "glass-figures").iterdir()}
        assert {path.stem for path in (folder / "png").iterdir()} == names
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in (folder / "png").iterdir())

    def test_all_faults_of_a_command_line_are_reported_at_once(
        self, designer: Designer, measured: Any, folder: Path
    ) -> None:
        (folder / "taken").write_text("mine")
        done = designer("report", "--format", "pdf", "--figures", "taken", "--figure-format", "gif", "-o", "a.doc")
        assert done.code == 2
        assert len(done.err.splitlines()) == 4
        assert (folder / "taken").read_text() == "mine"
        assert designer("report", "--format", "md", "-o", "a.html").code == 2

    @pytest.mark.parametrize("name", ["report.pdf", "nowhere/report.html"])
    def test_reports_that_cannot_be_written_are_refused(
        self, designer: Designer, measured: Any, folder: Path, name: str
    ) -> None:
        done = designer("report", "-o", name)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1
        assert not (folder / name).exists()
