"""Campaigns that the programs themselves saved (see `make_saved`): space, targets, results, and what is left out."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.importing.formats import FORMATS, CampaignFormat, Options, read_campaign
from designer.campaign.importing.imported import Cell, ImportedCampaign
from designer.campaign.importing.moving import campaign_content, write_campaign
from designer.errors import DesignerError, InvalidCampaign, InvalidData, InvalidInput

SAVED = Path(__file__).parent / "saved"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The storage that `make_saved` wrote with Optuna."""
    path = tmp_path / "optuna.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((SAVED / "optuna.sql").read_text(encoding="utf-8"))
    return path


def read(name: str, **options: Any) -> ImportedCampaign:
    return read_campaign(SAVED / name, Options("given", **options))


def test_baybe_campaign_with_continuous_and_discrete_parameters() -> None:
    imported = read("baybe.json")
    assert imported.program == "BayBE 0.15.0"
    assert {each["name"]: each for each in imported.space} == {
        "ligand": {
            "name": "ligand",
            "kind": "categorical",
            "choices": ["L1", "L2", "L3"],
            "descriptors": {
                "L1": {"size": 1, "pKa": 4.1},
                "L2": {"size": 2.5, "pKa": 5},
                "L3": {"size": 3, "pKa": 9},
            },
        },
        "site": {"name": "site", "kind": "categorical", "choices": ["A", "B"]},
        "solvent": {"name": "solvent", "kind": "categorical", "choices": ["DMF", "THF", "water"]},
        "temperature": {"name": "temperature", "kind": "numeric", "values": [60, 80, 100]},
        "a": {"name": "a", "kind": "numeric", "bounds": [0, 1]},
        "b": {"name": "b", "kind": "numeric", "bounds": [0, 1]},
        "flow_rate": {
            "name": "flow_rate",
            "column": "flow rate",
            "kind": "numeric",
            "unit": "mL/min",
            "bounds": [0.5, 2],
        },
    }
    assert imported.constraints == [
        "forbid (temperature >= 90) and (solvent in ['THF'])",
        "a + 2 * b <= 1.5",
        "site in ['A']",
    ]
    assert imported.targets == [{"name": "yield", "unit": "percent", "goal": "maximize"}]
    assert imported.results[1] == {
        "flow_rate": 1.5, "temperature": 80, "solvent": "THF", "site": "A", "ligand": "L2", "a": 0.2, "b": 0.2,
        "yield": 55,
    }  # fmt: skip
    assert len(imported.results) == 3
    assert [row["site"] for row in imported.pending] == ["A", "A"]
    assert imported.candidates is None
    assert not imported.left_out


def test_baybe_campaign_over_a_list_keeps_its_candidates() -> None:
    imported = read("baybe-listed.json")
    assert imported.candidates == [{"T": 1, "s": "a"}, {"T": 2, "s": "b"}, {"T": 3, "s": "a"}, {"T": 3, "s": "b"}]
    assert imported.combine == "desirability"
    assert imported.targets == [
        {"name": "size", "goal": "match", "value": 5, "tolerance": 2, "weight": 1},
        {"name": "width", "goal": "match", "value": 5, "tolerance": 2, "weight": 2},
        {"name": "cost", "goal": "minimize", "range": [0, 10], "weight": 1},
    ]


def test_ax_experiment() -> None:
    imported = read("ax.json")
    assert imported.name == "film"
    assert imported.space == [
        {"name": "temperature", "kind": "numeric", "bounds": [300, 900], "step": 25},
        {"name": "time", "kind": "numeric", "bounds": [1, 1000], "scale": "log"},
        {"name": "layers", "kind": "numeric", "bounds": [1, 5], "step": 1},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
        {"name": "speed", "kind": "numeric", "scale": "log", "values": [500, 1000, 2000]},
    ]
    assert imported.targets == [
        {"name": "strength", "goal": "maximize"},
        {"name": "cost", "goal": "minimize"},
        {"name": "roughness", "at_most": 3.5},
    ]
    assert imported.combine == "pareto"
    assert [row.get("strength") for row in imported.results] == [100, 101, None, 150]
    assert imported.results[0]["strength_sem"] == 2
    assert imported.results[2]["failed"] == "cracked"
    assert len(imported.pending) == 1
    assert imported.remarks == ["'pump' is fixed at old and no parameter here"]


def test_optuna_study(study: Path) -> None:
    imported = read_campaign(study, Options("given", study="film"))
    assert imported.program == "Optuna 5.0.0"
    assert imported.space[-1] == {"name": "purge", "kind": "numeric", "bounds": [1, 60], "when": "gas in ['N2']"}
    assert imported.space[:2] == [
        {"name": "temperature", "kind": "numeric", "bounds": [300, 900], "step": 25},
        {"name": "time", "kind": "numeric", "bounds": [1, 1000], "scale": "log"},
    ]
    assert imported.targets == [{"name": "strength", "goal": "maximize"}, {"name": "cost", "goal": "minimize"}]
    assert [("strength" in row, "failed" in row) for row in imported.results].count((True, False)) == 4
    assert [row["failed"] for row in imported.results if "failed" in row] == ["failed in Optuna"]
    assert imported.pending[1] == {"temperature": 500, "time": 10, "layers": 2, "gas": "Ar", "speed": "1000"}
    assert imported.left_out == ["1 trial: pruned"]


def test_a_file_with_several_studies_asks_for_one(study: Path) -> None:
    with pytest.raises(InvalidData, match=r"2 studies; name one with --study; the file has: empty, film"):
        read_campaign(study, Options("given"))
    with pytest.raises(InvalidData, match=r"'empty' has no trial with parameters"):
        read_campaign(study, Options("given", study="empty"))
    with pytest.raises(InvalidData, match=r"there is no study 'films'"):
        read_campaign(study, Options("given", study="films"))


def test_edbo_table() -> None:
    imported = read("edbo.csv", maximize=("yield",), minimize=("ee",))
    assert imported.space[0] == {
        "name": "Solvent_type",
        "column": "Solvent type",
        "kind": "categorical",
        "choices": ["DMF", "THF", "DMAc"],
    }
    assert imported.targets == [{"name": "yield", "goal": "maximize"}, {"name": "ee", "goal": "minimize"}]
    assert len(imported.candidates or ()) == 5
    assert [(row["yield"], row["ee"]) for row in imported.results] == [(55.5, 80), (31, 92.5)]
    assert imported.pending == [{"Solvent_type": "DMF", "concentration": 0.1, "temperature": 60}]
    with pytest.raises(InvalidInput, match=r"goal of 'ee' is not in the file; give --maximize 'ee' or --minimize 'ee'"):
        read("edbo.csv", maximize=("yield",))
    with pytest.raises(InvalidInput, match=r"there is no column 'yeld'; did you mean 'yield'"):
        read("edbo.csv", maximize=("yeld", "yield", "ee"))


def test_nimo_table_is_read_where_it_is_called_one() -> None:
    with pytest.raises(InvalidData, match=r"is no campaign of BayBE, Ax, Optuna, EDBO\+, NIMO; give its format"):
        read("nimo.csv")
    options = Options("given", maximize=("Objective",))
    imported = read_campaign(SAVED / "nimo.csv", options, "nimo")
    assert [row["Objective"] for row in imported.results] == [5.5, 7]
    assert len(imported.candidates or ()) == 4
    with pytest.raises(InvalidData, match=r"objectives is not in the file; name them with --maximize"):
        read_campaign(SAVED / "nimo.csv", Options("given"), "nimo")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("baybe.json", {}),
        ("baybe-listed.json", {}),
        ("ax.json", {}),
        ("edbo.csv", {"maximize": ("yield", "ee")}),
    ],
)
def test_what_is_written_is_a_campaign_with_all_results(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    imported = read(name, **options)
    moved = write_campaign(imported, tmp_path / "moved")
    assert moved.recorded is not None
    assert not moved.recorded.faults
    campaign = Campaign.open(tmp_path / "moved" / "campaign.yaml")
    measured = [row for row in imported.results if "failed" not in row]
    assert len(campaign.measurements()) == len(measured)
    assert len(campaign.state.failures) == len(imported.results) - len(measured)
    for target in imported.targets:
        assert campaign.measurements()[target["name"]].tolist() == [row[target["name"]] for row in measured]
    assert (tmp_path / "moved" / "pending.csv").exists() == bool(imported.pending)
    if imported.candidates is not None:  # the quick ones
        assert len(campaign.suggest(1)) == 1


def test_a_folder_that_exists_is_refused_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    imported = read("ax.json")
    (tmp_path / "there").mkdir()
    with pytest.raises(InvalidCampaign, match="the folder exists already"):
        write_campaign(imported, tmp_path / "there")
    wrong = ImportedCampaign("x", "Ax", space=[{"name": "t", "kind": "numeric", "bounds": [2, 1]}], targets=[])
    with pytest.raises(InvalidCampaign):
        write_campaign(wrong, tmp_path / "moved")
    unknown: list[dict[str, Cell]] = [{"t": "hot", "y": 1}]
    space, targets = [{"name": "t", "kind": "numeric", "bounds": [1, 2]}], [{"name": "y", "goal": "maximize"}]
    with pytest.raises(InvalidData, match=r"results.csv, row 2, column 't'"):
        write_campaign(ImportedCampaign("x", "Ax", space, targets, results=unknown), tmp_path / "moved")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_rows_that_cannot_be_recorded_are_named(tmp_path: Path) -> None:
    space, targets = [{"name": "t", "kind": "numeric", "bounds": [1, 2]}], [{"name": "y", "goal": "maximize"}]
    rows: list[dict[str, Cell]] = [{"t": 1.5, "y": 1}, {"t": "hot", "y": 2}]
    moved = write_campaign(ImportedCampaign("x", "Ax", space, targets, results=rows), tmp_path / "moved")
    assert moved.recorded is not None
    assert [fault.row for fault in moved.recorded.faults] == [3]
    assert len(moved.recorded.recorded) == 1


def test_options_of_another_program_are_refused() -> None:
    with pytest.raises(InvalidInput, match="--study is not for Ax"):
        read("ax.json", study="film")
    with pytest.raises(InvalidInput, match="campaign format 'axe' is not known; did you mean 'ax'"):
        read_campaign(SAVED / "ax.json", Options("given"), "axe")


def test_a_format_of_another_package_is_found_and_two_that_fit_are_named() -> None:
    imported = ImportedCampaign("x", "Mine", space=[], targets=[])
    mine = CampaignFormat("Mine", lambda path: path.name == "ax.json", lambda path, options: imported)
    FORMATS.register("mine", mine)
    try:
        with pytest.raises(InvalidData, match="can be of several formats: ax, mine; say which with --format"):
            read("ax.json")
        assert read_campaign(SAVED / "ax.json", Options("given"), "mine") is imported
    finally:
        FORMATS.unregister("mine")


def test_the_measurements_of_baybe_can_be_given_as_a_table(tmp_path: Path) -> None:
    document = json.loads((SAVED / "baybe-listed.json").read_text(encoding="utf-8"))
    document["measurements_exp"] = "bm90IGEgdGFibGU="
    path = tmp_path / "campaign.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InvalidData, match=r"measurements_exp: the table cannot be read: .* give that with --results"):
        read_campaign(path, Options("given"))
    table = tmp_path / "measured.csv"
    table.write_text("T,s,size,width,cost,BatchNr\n1,a,4,6,2.5,1\n2,b,,5,,1\n", encoding="utf-8")
    imported = read_campaign(path, Options("given", results=table))
    assert imported.results == [
        {"T": 1, "s": "a", "size": 4, "width": 6, "cost": 2.5},
        {"T": 2, "s": "b", "size": None, "width": 5, "cost": None},
    ]


def test_names_of_the_file_become_names_of_a_campaign_file() -> None:
    content = campaign_content(read("baybe.json"))
    assert list(content) == ["designer", "name", "space", "constraints", "targets"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"SQLite format 3\0junk", b"\xff\xfe\x00", b'{"experiment": 3}']
)
def test_files_of_no_format_are_refused(content: bytes, tmp_path: Path) -> None:
    for name in ("a.json", "b.csv", "c.db"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(DesignerError):
            read_campaign(path, Options("given"))


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidData, match="no such file"):
        read_campaign(tmp_path / "x.json", Options("given"))
    monkeypatch.setattr("designer.campaign.importing.parts.MAX_BYTES", 1000)
    with pytest.raises(InvalidData, match="the file has 0 MiB, and at most"):
        read("ax.json")
