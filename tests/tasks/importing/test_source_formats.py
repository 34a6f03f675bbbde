"""What is read from spreadsheets, JSON, Parquet, Olympus and Citrine, and each fault with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.errors import InvalidInput
from designer.tasks import load_family
from designer.tasks.importing.mapping import Mapping, plan_import, write_import
from designer.tasks.importing.raw import RawTable, as_text
from designer.tasks.importing.source_formats import read_source

pytest.importorskip("pyarrow", reason="needs the extra parquet")
ROWS = [{"T [K]": 300, "gas": "N2", "y": 1.5}, {"T [K]": 350.5, "gas": "Ar", "y": None}]
TEXT = [{"T [K]": "300", "gas": "N2", "y": "1.5"}, {"T [K]": "350.5", "gas": "Ar", "y": ""}]


def records(path: Path) -> list[dict[str, str]]:
    (table,) = read_source(path)
    return table.frame.to_dict("records")  # type: ignore[return-value]


def test_the_same_table_in_every_format(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    (tmp_path / "b.json").write_text(json.dumps({key: [row[key] for row in ROWS] for key in ROWS[0]}))
    (tmp_path / "c.json").write_text(
        json.dumps({"columns": list(ROWS[0]), "data": [list(row.values()) for row in ROWS]})
    )
    for name in ("a.csv", "a.xlsx", "a.parquet", "a.json", "b.json", "c.json"):
        read = records(tmp_path / name)
        assert [{k: v.removesuffix(".0") for k, v in row.items()} for row in read] == TEXT, name


def test_a_title_above_the_headers_of_a_workbook_is_one_fault(tmp_path: Path) -> None:
    rows = [["Log of May", None, None, None], ["a", "b", "c", "y"], [1, 2, 3, 4]]
    pd.DataFrame(rows).to_excel(tmp_path / "a.xlsx", index=False, header=False)
    with pytest.raises(InvalidInput) as caught:
        read_source(tmp_path / "a.xlsx")
    assert [fault.what for fault in caught.value.faults] == ["'Log of May' stands alone, as a title does"]


def test_a_title_without_commas_is_one_fault_however_many_rows_follow(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Log of May\na;b;y\n" + "1;2,5;3\n" * 20, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_source(tmp_path / "a.csv")
    assert [fault.what for fault in caught.value.faults] == ["'Log of May' stands alone, as a title does"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "a.json:1: is no JSON: Expecting property name"),
        ("a.json", '{"a": [1], "b": [1, 2]}', "a.json: is no table; give a list of records"),
        ("a.json", '[{"a": [1, 2]}]', "a.json, row 1: record 1: 'a' is a list"),
        ("a.json", "[]", "a.json: there are no records"),
        ("a.parquet", "PAR1", "a.parquet: cannot be read"),
        ("a.docx", "x", "a.docx: a .docx is not read"),
        ("a.csv", "a,a\n1,2\n", "a.csv, row 1, column 'a': the header 'a' stands twice"),
        ("none/", "", "none: the folder holds nothing that is read"),
    ],
)
def test_faults_have_a_place(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.mkdir() if name.endswith("/") else path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_source(path)
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(message)


def olympus(folder: Path, config: dict[str, Any], data: str) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "data.csv").write_text(data)
    (folder / "description.txt").write_text("What it is.\n")
    return folder


CONFIG: dict[str, Any] = {
    "constraints": {"parameters": "none", "measurements": "positive"},
    "parameters": [
        {"name": "wait time", "type": "continuous", "low": 0.5, "high": 10.0},
        {"name": "base", "type": "categorical", "options": ["A", "B"]},
        {"name": "n", "type": "discrete", "low": 1, "high": 5, "stride": 2},
    ],
    "measurements": [{"name": "peak_area", "type": "continuous"}],
    "default_goal": "maximize",
}


def test_an_olympus_folder(tmp_path: Path) -> None:
    (table,) = read_source(olympus(tmp_path / "dataset_hplc", CONFIG, "1.5,A,3,200\n0.5,B,1,0\n"))
    mapping = Mapping(**dict(table.card))
    folder, _ = write_import(plan_import([table], [mapping], name="hplc", guessed=False), tmp_path / "out")
    (task,) = load_family(folder).tasks
    assert (task.name, task.target().goal, load_family(folder).description) == ("hplc", "maximize", "What it is.")
    assert task.data.to_numpy().tolist() == [[1.5, "A", 3.0, 200.0], [0.5, "B", 1.0, 0.0]]
    assert task.space.parameters[2].to_lab(task.space.parameters[2].enumerate())[0].tolist() == [1.0, 3.0, 5.0]


def test_an_olympus_simplex_is_a_mixture_and_its_faults_are_reported(tmp_path: Path) -> None:
    parts = [{"name": n, "type": "continuous", "low": 0, "high": 1} for n in ("a", "b")]
    config = CONFIG | {"constraints": {"parameters": "simplex"}, "parameters": parts}
    (table,) = read_source(olympus(tmp_path / "one", config, "0.25,0.75,1\n"))
    assert table.card["space"][0]["kind"] == "mixture"
    broken = CONFIG | {"parameters": [*CONFIG["parameters"], {"name": "x", "type": "continuous"}]}
    with pytest.raises(InvalidInput) as caught:
        read_source(olympus(tmp_path / "two", broken, "1,A,3,1,200\n1,A\n"))
    assert [fault.what for fault in caught.value.faults] == [
        "parameter 'x' of type 'continuous' is not complete", "the row has 2 cells",
    ]  # fmt: skip


def test_citrine_pif(tmp_path: Path) -> None:
    pif = {
        "category": "system.chemical", "uid": "a1", "chemicalFormula": "Fe2O3",
        "preparation": [{"name": "anneal", "details": [{"name": "T", "scalars": [{"value": "900"}], "units": "degC"}]}],
        "properties": [
            {"name": "gap", "units": "eV", "scalars": [{"value": 2.1}],
             "conditions": [{"name": "field", "scalars": [{"value": 0}], "units": "T"}]},
            {"name": "mass", "units": "g", "scalars": [{"minimum": 5}]},
        ],
    }  # fmt: skip
    folder = tmp_path / "pifs"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(pif))
    (folder / "b.json").write_text(json.dumps([pif | {"uid": "a2", "properties": pif["properties"][:1]}]))
    base = {"uid": "a1", "formula": "Fe2O3", "anneal: T [degC]": "900"}
    assert records(folder) == [
        base | {"field [T]": "0", "gap [eV]": "2.1", "mass [g]": ""},
        base | {"field [T]": "", "gap [eV]": "", "mass [g]": ">5"},
        base | {"uid": "a2", "field [T]": "0", "gap [eV]": "2.1", "mass [g]": ""},
    ]
    (folder / "c.json").write_text('{"a": 1}')
    with pytest.raises(InvalidInput, match=r"c\.json: is no Citrine file"):
        read_source(folder)


def test_citrine_gemd(tmp_path: Path) -> None:
    def link(uid: str) -> dict[str, str]:
        return {"type": "link_by_uid", "scope": "id", "id": uid}

    def value(name: str, amount: float, units: str) -> dict[str, Any]:
        return {"name": name, "value": {"type": "nominal_real", "nominal": amount, "units": units}}

    graph = [
        {"type": "process_run", "uids": {"id": "p"}, "parameters": [value("T", 900, "degC")]},
        {"type": "material_run", "uids": {"id": "m"}, "name": "steel", "process": link("p")},
        {"type": "material_run", "uids": {"id": "i"}, "name": "iron"},
        {"type": "ingredient_run", "uids": {"id": "g"}, "process": link("p"), "material": link("i"),
         "mass_fraction": {"type": "nominal_real", "nominal": 0.9, "units": "dimensionless"}},
        {"type": "measurement_run", "uids": {"id": "x"}, "material": link("m"), "properties": [value("HV", 200, "HV")]},
        {"type": "measurement_run", "uids": {"id": "y"}, "material": link("m"), "properties": [value("HV", 210, "HV")]},
    ]  # fmt: skip
    (tmp_path / "g.json").write_text(json.dumps({"context": graph, "object": {"type": "root"}}))
    base = {"material": "steel", "T [degC]": "900", "iron mass fraction": "0.9"}
    assert records(tmp_path / "g.json") == [base | {"HV [HV]": "200"}, base | {"HV [HV]": "210"}]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8).map(str.strip)


@settings(max_examples=12)
@given(remarks=st.lists(cells, min_size=1, max_size=6), x=st.floats(0, 1), y=st.floats(-1e9, 1e9))
def test_every_cell_of_the_source_is_in_the_folder(
    tmp_path_factory: pytest.TempPathFactory, remarks: list[str], x: float, y: float
) -> None:
    place = tmp_path_factory.mktemp("any")
    frame = as_text(
        pd.DataFrame({"x": [x] * len(remarks), "y [mV]": [f"{y!r} mV"] * len(remarks), "remark #": remarks})
    )
    mapping = Mapping(space=[{"name": "x", "kind": "numeric", "bounds": [0, 1]}], targets=[{"name": "y", "unit": "V"}])
    plan = plan_import([RawTable("t", "t.csv", frame)], [mapping], name="f", guessed=False)
    folder, _ = write_import(plan, place / "out")
    assert (
        pd.read_csv(folder / "t.csv", dtype=str, keep_default_na=False).to_numpy().tolist() == frame.to_numpy().tolist()
    )
    assert np.allclose(load_family(folder).tasks[0].Y, y / 1000)


def test_one_table_of_several_tasks(tmp_path: Path) -> None:
    frame = as_text(pd.DataFrame({"salt": ["A", "B", "A"], "x": [0.1, 0.2, 0.3], "y": [1, 2, 3]}))
    space = [{"name": "x", "kind": "numeric", "bounds": [0, 1]}]
    mapping = Mapping(by="salt", space=space, targets=[{"name": "y"}])
    folder, _ = write_import(
        plan_import([RawTable("t", "t", frame)], [mapping], name="f", guessed=False), tmp_path / "out"
    )
    assert [(t.name, len(t)) for t in load_family(folder).tasks] == [("A", 2), ("B", 1)]
    frame.loc[3, "salt"] = ""
    with pytest.raises(InvalidInput, match="t, row 3, column 'salt': the cell is empty"):
        plan_import([RawTable("t", "t", frame)], [mapping], name="f", guessed=False)
