"""Lists of candidates: `init` offers them with the lab's own ids, and suggestions show those."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from designer.campaign.campaign import Campaign
from designer.errors import InvalidCampaign
from tests.cli.conftest import Designer

LIGANDS: dict[str, list[Any]] = {
    "compound": ["L-07", "L-11", "L-12", "L-31", "L-44"],
    "cone angle": [145, 170, 118, 132, 121],
    "pKa": [9.7, 11.4, 8.65, 2.73, 6.5],
    "conversion": ["", "", 45, "", ""],
}
FORMULAS: dict[str, list[Any]] = {
    "sample": ["A-1", "A-2", "A-3", "A-4"],
    "formula": ["Fe2O3", "CuO", "NiO", "O3Fe2"],
    "gap": [2.1, 1.2, "", ""],
}


def init(designer: Designer, folder: Path, table: dict[str, Any], *words: str) -> tuple[dict[str, Any], str]:
    pd.DataFrame(table).to_csv(folder / "t.csv", index=False)
    done = designer("init", "t.csv", "--yes", *words)
    assert done.code == 0, done.err
    return yaml.safe_load((folder / "t.yaml").read_text()), done.out


def test_rows_without_results_are_candidates_known_by_their_ids(designer: Designer, folder: Path) -> None:
    written, out = init(designer, folder, LIGANDS)
    assert (written["candidates"], written["id_column"]) == ("t.csv", "compound")
    assert [entry["name"] for entry in written["space"]] == ["cone_angle", "pKa"]
    assert "most rows have no result yet, as in a list of candidates; --no-candidates if others can be made." in out
    assert "Column 'compound' names the designs: suggestions show it." in out


def test_a_record_of_results_is_no_list_of_candidates(designer: Designer, folder: Path) -> None:
    written, _ = init(designer, folder, {**LIGANDS, "conversion": [1, 2, "", 4, 5]})
    assert "candidates" not in written
    assert "id_column" not in written
    assert written["other_columns"] == ["compound"]


def test_a_person_decides(designer: Designer, folder: Path) -> None:
    written, _ = init(designer, folder, LIGANDS, "--no-candidates")
    assert "candidates" not in written
    (folder / "t.yaml").unlink()
    bare = {key: LIGANDS[key] for key in ("compound", "cone angle", "pKa")}
    written, _ = init(designer, folder, bare, "--candidates", "--minimize", "waste [g]")
    assert written["targets"] == [{"name": "waste", "unit": "g", "goal": "minimize"}]
    assert (written["candidates"], written["id_column"]) == ("t.csv", "compound")


@pytest.mark.parametrize("is_list", [True, False])
def test_a_person_is_asked_where_rows_look_like_candidates(
    designer: Designer, folder: Path, monkeypatch: pytest.MonkeyPatch, is_list: bool
) -> None:
    questions: list[str] = []

    def confirm(question: str, **_: Any) -> bool:
        questions.append(question)
        return is_list

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, default, **__: default)
    monkeypatch.setattr("typer.confirm", confirm)
    pd.DataFrame(LIGANDS).to_csv(folder / "t.csv", index=False)
    assert designer("init", "t.csv").code == 0
    assert questions == ["Can only the designs in the rows of t.csv be made?"]
    assert ("candidates" in yaml.safe_load((folder / "t.yaml").read_text())) is is_list


def test_suggestions_show_the_id_and_tables_pass_over_it(designer: Designer, folder: Path) -> None:
    init(designer, folder, LIGANDS)
    names = dict(zip(zip(LIGANDS["cone angle"], LIGANDS["pKa"], strict=True), LIGANDS["compound"], strict=True))
    assert designer("attach", "t.yaml", "t.csv").code == 0
    (suggested,) = designer("suggest", "t.yaml", "--json").data["suggestions"]
    label = names[suggested["design"]["cone angle"], suggested["design"]["pKa"]]
    assert suggested["candidate"] == label
    out = designer("suggest", "t.yaml", "-n", "2", "--csv", "next.csv").out
    assert "compound" in out.splitlines()[0]
    rows = list(csv.reader((folder / "next.csv").read_text().splitlines()))
    assert rows[0] == ["suggestion", "compound", "cone angle", "pKa", "conversion"]
    assert all(row[1] == names[float(row[2]), float(row[3])] for row in rows[1:])
    filled = "\n".join(",".join([*row[:-1], "50" if i else row[-1]]) for i, row in enumerate(rows))
    (folder / "next.csv").write_text(filled)
    assert designer("record", "t.yaml", "next.csv").code == 0
    assert designer("status", "t.yaml", "--json").data["open_designs"][0]["candidate"] == label
    assert label in designer("status", "t.yaml").out


def test_one_design_of_two_ids_has_both(designer: Designer, folder: Path) -> None:
    written, out = init(designer, folder, FORMULAS)
    assert written["id_column"] == "sample"
    assert "--no-candidates" not in out
    found = designer("suggest", "t.yaml", "-n", "3", "--json").data["suggestions"]
    labels = {each["design"]["formula"]: each["candidate"] for each in found}
    assert labels == {"Fe2O3": "A-1, A-4", "CuO": "A-2", "NiO": "A-3"}


def test_ids_may_change_and_must_be_there(designer: Designer, folder: Path) -> None:
    init(designer, folder, FORMULAS)
    designer("suggest", "t.yaml")
    table, text = (folder / "t.csv").read_text(), (folder / "t.yaml").read_text()
    (folder / "t.csv").write_text(table.replace("A-", "B-"))
    assert "B-" in designer("status", "t.yaml").out
    (folder / "t.yaml").write_text(text.replace("id_column: sample", "id_column: smple"))
    assert "there is no column 'smple'; did you mean 'sample'?" in designer("status", "t.yaml").err
    (folder / "t.yaml").write_text(text.replace("id_column: sample\n", ""))
    assert designer("status", "t.yaml").code == 0


def test_an_id_column_names_rows_of_candidates() -> None:
    space = [{"name": "x", "kind": "numeric", "bounds": [0, 1]}]
    with pytest.raises(InvalidCampaign, match="'id_column' names rows of a table of candidates"):
        Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}], id_column="sample")
    table = pd.DataFrame({"x": [0.1, 0.2], "sample": [7, 8]})
    campaign = Campaign.create(
        space=space, targets=[{"name": "y", "goal": "maximize"}], candidates=table, id_column="sample"
    )
    campaign.attach([{"x": 0.1, "sample": "7", "y": 3}])
    assert len(campaign.state.measurements) == 1
