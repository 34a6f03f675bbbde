"""Families of measured tasks: what is read from a folder, and every fault with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from designer.errors import InvalidInput, InvalidObjective
from designer.tasks import Family, load_family

CARD = """\
family: salts
related: true
leave_out:
  first: ["a__*"]
space:
  - {name: solvent, kind: mixture, components: [EC, PC, DEC], columns: [w_EC, w_PC, w_DEC]}
  - {name: concentration, kind: numeric, unit: mol/kg, bounds: [0, 2]}
  - {name: salt, kind: categorical, choices: [LiPF6, LiBOB], smiles: {LiPF6: F, LiBOB: B}}
tasks:
  - name: a__cold
    file: cold.csv
    rows: 5
    inputs: [w_EC, w_PC, concentration, salt]
    targets: [{name: conductivity, unit: mS/cm, goal: maximize}]
  - name: a__warm
    file: warm.csv
    targets: [{name: conductivity, unit: mS/cm, goal: maximize}, {name: gap, goal: match}]
  - name: b
    file: warm.csv
    targets: [{name: gap, goal: match}]
"""
COLD = """\
w_EC,w_PC,concentration,salt,doi,conductivity
0.3,0.7,1.0,LiPF6,x,1.5
0.3,0.7,1.0,LiPF6,y,2.5
0.5,0.5,1.0,LiBOB,z,
0.5,0.5,,LiBOB,z,3
0.5,0.5,2.0,LiBOB,z,4
"""
WARM = """\
w_EC,w_PC,w_DEC,concentration,salt,conductivity [S/m],gap
0.2,0.3,0.5,0.5,LiPF6,1,7
0.2,0.3,0.5,1500 mmol/kg,LiPF6,0.2,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "family.yaml").write_text(CARD, encoding="utf-8")
    (tmp_path / "cold.csv").write_text(COLD, encoding="utf-8")
    (tmp_path / "warm.csv").write_text(WARM, encoding="utf-8")
    return tmp_path


def faults(folder: Path, **arguments: object) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load_family(folder, **arguments)  # type: ignore[arg-type]
    return [str(fault).replace(str(folder), "DIR") for fault in caught.value.faults]


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_rows_without_target_or_setting_are_dropped_and_counted(folder: Path) -> None:
    task = load_family(folder).task("a__cold")
    assert (len(task), task.dropped.no_target, task.dropped.no_setting) == (3, 1, 1)
    assert task.family == "salts"


def test_replicates_stay_in_the_task_and_are_averaged_on_demand(folder: Path) -> None:
    task = load_family(folder).task("a__cold")
    assert task.Y.tolist() == [[1.5], [2.5], [4.0]]
    distinct = task.distinct()
    assert distinct.mean.tolist() == [2.0, 4.0]
    assert distinct.count.tolist() == [2, 1]
    assert distinct.spread[0] == pytest.approx(np.sqrt(0.5))
    assert np.isnan(distinct.spread[1])
    assert distinct.designs["salt"].tolist() == ["LiPF6", "LiBOB"]


def test_inputs_narrow_the_space_to_the_columns_that_vary(folder: Path) -> None:
    family = load_family(folder)
    assert family.task("a__cold").space.columns == ("w_EC", "w_PC", "concentration", "salt")
    assert family.task("a__warm").space.columns == ("w_EC", "w_PC", "w_DEC", "concentration", "salt")
    assert family.task("a__cold").coordinates.shape == (3, 4)


def test_units_in_headers_and_cells_are_converted(folder: Path) -> None:
    task = load_family(folder).task("a__warm")
    assert task.Y[:, 0] == pytest.approx([10.0, 2.0])
    assert task.designs["concentration"].tolist() == pytest.approx([0.5, 1.5])


def test_match_without_a_value_is_no_goal(folder: Path) -> None:
    task = load_family(folder).task("b")
    assert task.targets[0].goal is None
    with pytest.raises(InvalidObjective, match="no target has a goal"):
        _ = task.objective


def test_one_target_alone_drops_the_rows_that_lack_it(folder: Path) -> None:
    task = load_family(folder).task("a__warm")
    alone = task.only("gap")
    assert [target.name for target in alone.targets] == ["gap"]
    assert (len(task), len(alone), alone.dropped.no_target) == (2, 1, 1)


def test_near_copies_and_the_target_itself_are_no_sources(folder: Path) -> None:
    family = load_family(folder)
    assert [task.name for task in family.sources("a__cold")] == ["b"]
    assert [task.name for task in family.sources("b")] == ["a__cold", "a__warm"]
    assert [task.name for task in load_family(folder, leave_out={}).sources("a__cold")] == ["a__warm", "b"]


def test_unrelated_tasks_are_no_sources(folder: Path) -> None:
    assert load_family(edited(folder, "family.yaml", "related: true", "related: false")).sources("b") == ()


def test_some_tasks_only(folder: Path) -> None:
    (folder / "warm.csv").unlink()
    family: Family = load_family(folder, tasks=["a__cold"])
    assert [task.name for task in family.tasks] == ["a__cold"]


def test_a_byte_order_mark_and_blank_lines_do_not_matter(folder: Path) -> None:
    (folder / "cold.csv").write_text("\ufeff" + COLD + "\n\n", encoding="utf-8")
    assert len(load_family(folder).task("a__cold")) == 3


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("family.yaml", "kind: numeric", "kind: number", "DIR/family.yaml:7: kind 'number' is not known"),
        ("family.yaml", "file: cold.csv", "fil: cold.csv", "DIR/family.yaml:11: unknown key 'fil'"),
        ("family.yaml", "file: cold.csv", "file: ../cold.csv", "DIR/family.yaml:11: file '../cold.csv' lies outside"),
        ("family.yaml", "rows: 5", "rows: 6", "DIR/family.yaml:12: 'cold.csv' has 5 rows of data, not 6"),
        ("family.yaml", "[w_EC, w_PC, c", "[w_EC, w_XX, c", "DIR/family.yaml:13: input 'w_XX' is no column"),
        ("family.yaml", "name: b", "name: a__cold", "DIR/family.yaml:18: task 'a__cold' is given twice"),
        ("family.yaml", '["a__*"]', '["c__*"]', "DIR/family.yaml:4: 'c__*' names no task"),
        (
            "family.yaml",
            "goal: maximize}]\n  - name: a__warm",
            "goal: most}]\n  - name: a__warm",
            "DIR/family.yaml:14: ",
        ),
        ("cold.csv", "concentration,", "w_EC,", "DIR/cold.csv, row 1, column 'w_EC': the header 'w_EC' stands twice"),
        ("cold.csv", "w_EC,", ",", "DIR/cold.csv, row 1: column 1 has no header"),
        ("cold.csv", "salt,doi", "salz,doi", "DIR/cold.csv, row 1, column 'salt': the column is missing"),
        ("cold.csv", "2.0,LiBOB", "2.0,LiBOX", "DIR/cold.csv, row 6, column 'salt': 'LiBOX' is not a choice"),
        ("cold.csv", "y,2.5", "y,good", "DIR/cold.csv, row 3, column 'conductivity': 'good' is not a number"),
        ("cold.csv", "y,2.5", "y,inf", "DIR/cold.csv, row 3, column 'conductivity': 'inf' is not a number"),
        ("cold.csv", "y,2.5", "y,2.5 MPa", "DIR/cold.csv, row 3, column 'conductivity': 'MPa' does not convert"),
        ("cold.csv", "y,2.5", "y,2.5,9", "DIR/cold.csv, row 3: the row has 7 cells"),
    ],
)
def test_each_fault_is_located(folder: Path, name: str, old: str, new: str, expected: str) -> None:
    found = faults(edited(folder, name, old, new))
    assert any(text.startswith(expected) for text in found), found


def test_one_fault_in_a_list_is_one_fault(folder: Path) -> None:
    assert len(faults(edited(folder, "family.yaml", "file: cold.csv", "fil: cold.csv"))) == 2  # unknown, and missing
    empty = "family: salts\nspace:\n  - {name: x, kind: numeric, bounds: [0, 1]}\ntasks: []\n"
    (folder / "family.yaml").write_text(empty, encoding="utf-8")
    assert faults(folder) == ["DIR/family.yaml:4: the list is empty; give at least one"]


def test_all_faults_of_all_tables_are_reported_at_once(folder: Path) -> None:
    edited(folder, "cold.csv", "y,2.5", "y,good")
    edited(folder, "warm.csv", "LiPF6,1,7", "LiPF,1,7")
    found = faults(folder)
    assert [text.partition(":")[0] for text in found][:2] == [
        "DIR/cold.csv, row 3, column 'conductivity'",
        "DIR/warm.csv, row 2, column 'salt'",
    ]


@pytest.mark.parametrize("padded", [True, False])
def test_a_title_above_the_headers_is_one_fault(folder: Path, padded: bool) -> None:
    text = (folder / "cold.csv").read_text(encoding="utf-8")
    title = "Log of May" + "," * (padded * text.partition("\n")[0].count(",")) + "\n"
    (folder / "cold.csv").write_text(title + text, encoding="utf-8")
    found = [fault for fault in faults(folder) if fault.startswith("DIR/cold.csv")]
    assert found == [
        "DIR/cold.csv, row 1: 'Log of May' stands alone, as a title does; "
        "delete the rows above the headers, so that the table begins with them"
    ]


def test_a_missing_table_and_a_missing_card(folder: Path) -> None:
    (folder / "cold.csv").unlink()
    assert faults(folder) == ["DIR/cold.csv: no such file; give the path of a CSV file"]
    (folder / "family.yaml").unlink()
    with pytest.raises(InvalidInput, match="no such file"):
        load_family(folder / "family.yaml")


def test_a_task_that_is_not_there(folder: Path) -> None:
    assert faults(folder, tasks=["c"])[0].startswith("there is no task 'c'; one of: a__cold")
    with pytest.raises(InvalidInput, match="has no task 'c'"):
        load_family(folder).task("c")
    assert faults(folder, leave_out={"x": ["zz*"]})[0].startswith("leave_out.x[0]: 'zz*' names no task")


def test_every_family_of_the_shared_data_loads(designer_data: Path) -> None:
    small = [path.parent for path in sorted(designer_data.glob("*/family.yaml")) if "dft" not in path.parent.name]
    assert len(small) >= 9
    for path in small:
        family = load_family(path)
        for task in family.tasks:
            assert len(task) + task.dropped.no_target + task.dropped.no_setting > 20
            assert np.isfinite(task.coordinates).all()
            assert len(task.distinct().mean) <= len(task)


def test_formulas_of_the_shared_data_become_the_vocabulary(designer_data: Path) -> None:
    task = load_family(designer_data / "composition_property_dft", tasks=["matbench_jdft2d"]).tasks[0]
    assert task.coordinates.shape == (len(task), 1)
    frame = task.space.frame(task.coordinates[:5])
    assert frame["formula"].tolist() == task.designs["formula"].tolist()[:5]
