from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from designer.errors import MeasurementFailed
from designer.objective import Target
from designer.oracles import CommandMeasure, PythonMeasure, TableMeasure
from designer.oracles.table import TableOracle
from designer.oracles.testing import check_oracle
from designer.space import DesignSpace
from tests.oracles.spaces import DESIGNS, OBJECTIVE, SPACE, TARGETS, design

HEADER = "alloy.Ni,alloy.Fe,alloy.Co,temperature [K],gas,hardness [HV],cost,operator"
ROWS = [
    "10,20,70,723.15,Ar,600,2,Ada",
    "30,30,40,773.15,N2,500,1,Ada",
    "30,30,40,500 degC,N2,520,3,Bo",
    "0,50,50,1173.15,Ar,,4,Bo",
]


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "plate.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def oracle(folder: Path, seed: int = 0, **options: Any) -> TableOracle:
    spec = TableMeasure(file="plate.csv", **options)
    opened = spec.open(SPACE, OBJECTIVE, folder=folder, seed=seed)
    assert isinstance(opened, TableOracle)
    return opened


@pytest.mark.parametrize("match", ["exact", "nearest"])
@pytest.mark.parametrize("replicates", ["mean", "draw"])
def test_keeps_the_contract(tmp_path: Path, match: str, replicates: str) -> None:
    write(tmp_path, *ROWS)
    designs = [*DESIGNS, design(10, 20, 70, 455, "Ar")]
    check_oracle(oracle(tmp_path, match=match, replicates=replicates), designs, TARGETS)


def test_an_exact_row_answers_in_the_targets_units(tmp_path: Path) -> None:
    write(tmp_path, *ROWS)
    result = oracle(tmp_path).measure(design())
    assert dict(result) == {"hardness": 600.0, "cost": 2.0}
    assert result.notes == ()
    assert result.executed is None


def test_a_design_that_is_not_there_failed(tmp_path: Path) -> None:
    path = write(tmp_path, *ROWS)
    with pytest.raises(MeasurementFailed) as failure:
        oracle(tmp_path).measure(design(temperature=455))
    assert str(failure.value) == f"{path} has no row with this design"


def test_the_nearest_row_says_what_was_measured_and_how_far_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, *ROWS)
    result = oracle(tmp_path, match="nearest").measure(design(temperature=510))
    assert dict(result) == {"hardness": 600.0, "cost": 2.0}
    assert result.executed == design(temperature=450)
    # 60 of 600 degrees between the bounds
    assert result.notes == (f"nearest row 2 of {path}, 0.1 away in features",)


def test_an_exact_row_is_no_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, *ROWS)
    result = oracle(tmp_path, match="nearest").measure(design())
    assert (result.notes, result.executed) == ((), None)


def test_replicates_are_averaged_and_said(tmp_path: Path) -> None:
    write(tmp_path, *ROWS)
    result = oracle(tmp_path).measure(DESIGNS[1])
    assert dict(result) == {"hardness": 510.0, "cost": 2.0}
    assert result.notes == ("mean of rows 3, 4",)


def test_replicates_are_drawn_by_seed_and_suggestion_alone(tmp_path: Path) -> None:
    write(tmp_path, *ROWS)

    def draws(seed: int) -> list[float]:
        opened = oracle(tmp_path, seed=seed, replicates="draw")
        return [opened.measure(DESIGNS[1], suggestion=f"S{i:04d}")["hardness"] for i in range(40)]

    assert set(draws(0)) == {500.0, 520.0}
    assert draws(0) == draws(0)
    assert draws(0) != draws(1)
    result = oracle(tmp_path, replicates="draw").measure(DESIGNS[1], suggestion="S0001")
    assert result.notes[0] in ("row 3, drawn from rows 3, 4", "row 4, drawn from rows 3, 4")


def test_a_missing_cell_is_a_failed_measurement(tmp_path: Path) -> None:
    path = write(tmp_path, *ROWS)
    with pytest.raises(MeasurementFailed) as failure:
        oracle(tmp_path).measure(DESIGNS[2])
    assert str(failure.value) == f"{path} has no hardness in row 5"


def test_targets_may_have_columns_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "10,20,70,450,Ar,1,9,3", header="alloy.Ni,alloy.Fe,alloy.Co,temperature,gas,price,HV10 [HV],cost")
    opened = oracle(tmp_path, columns={"hardness": "HV10"})
    assert dict(opened.measure(design())) == {"hardness": 9.0, "cost": 3.0}


def test_a_frame_serves_as_well() -> None:
    frame = pd.DataFrame([design() | {"hardness": 1.5, "cost": None}, design(0, 0, 100) | {"hardness": 2, "cost": 3}])
    opened = TableOracle(frame, SPACE, OBJECTIVE.targets)
    assert dict(opened.measure(design(0, 0, 100))) == {"hardness": 2.0, "cost": 3.0}
    with pytest.raises(MeasurementFailed, match="the table has no cost in row 2"):
        opened.measure(design())


def faults_of(folder: Path, **options: Any) -> list[str]:
    spec = TableMeasure(**({"file": "plate.csv"} | options))
    return [str(fault) for fault in spec.faults(SPACE, OBJECTIVE, folder=folder)]


def test_a_good_table_has_no_fault(tmp_path: Path) -> None:
    write(tmp_path, *ROWS)
    assert faults_of(tmp_path) == []


def test_missing_columns_and_bad_cells_are_reported_together(tmp_path: Path) -> None:
    path = write(tmp_path, "10,20,70,450,Ar,hot,3", header="alloy.Ni,alloy.Fe,alloy.Co,temperature,gaz,hardness,price")
    found = faults_of(tmp_path)
    assert len(found) == 3
    assert found[0].startswith(f"{path}, row 1: column 'gas' is missing; the table has: alloy.Ni,")
    assert found[1].startswith(f"{path}, row 1: column 'cost' is missing")
    assert found[2].startswith(f"{path}, row 2, column 'hardness': 'hot' is not a number")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("10,20,60,723.15,Ar,600,2,Ada", "row 2, column 'alloy.Ni': alloy sums to 90"),
        ("10,20,70,723.15,He,600,2,Ada", "row 2, column 'gas': 'He' is not a choice"),
        ("10,20,70,warm,Ar,600,2,Ada", "row 2, column 'temperature [K]': 'warm' is not a number"),
        ("10,20,70,723.15,Ar,600 mV,2,Ada", "row 2, column 'hardness [HV]'"),
        ("10,20,70,723.15,Ar,1e999,2,Ada", "row 2, column 'hardness [HV]': 1e999 is not finite"),
    ],
)
def test_bad_cells_are_reported_with_row_and_column(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path, row)
    [fault] = faults_of(tmp_path)
    assert fault.startswith(f"{path}, ")
    assert message in fault


def test_the_file_must_be_there_and_in_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    write(tmp_path, *ROWS)
    (inside / "link.csv").symlink_to(tmp_path / "plate.csv")
    assert faults_of(inside) == [f"{inside / 'plate.csv'}: no such file; give the path of a CSV file"]
    for file in ("../plate.csv", str(tmp_path / "plate.csv"), "link.csv"):
        [fault] = faults_of(inside, file=file)
        assert "lies outside the campaign file's folder" in fault


def test_columns_must_name_targets(tmp_path: Path) -> None:
    write(tmp_path, *ROWS)
    [fault] = faults_of(tmp_path, columns={"hardnes": "HV"})
    assert "'hardnes' is no target; targets: hardness, cost" in fault


def test_open_oracle_opens_every_kind(tmp_path: Path) -> None:
    from designer.oracles.command import CommandOracle
    from designer.oracles.python_function import PythonOracle

    (tmp_path / "m.py").write_text("def f(**design): return {'hardness': 1, 'cost': 2}\n")
    opened = PythonMeasure(function="m:f").open(SPACE, OBJECTIVE, folder=tmp_path)
    assert isinstance(opened, PythonOracle)
    assert dict(opened.measure(design())) == {"hardness": 1.0, "cost": 2.0}
    opened = CommandMeasure(argv=("python", "m.py")).open(SPACE, OBJECTIVE, folder=tmp_path)  # type: ignore[assignment]
    assert isinstance(opened, CommandOracle)
    assert PythonMeasure(function="m:f").faults(SPACE, OBJECTIVE, folder=tmp_path) == []
    assert CommandMeasure(argv=("python", "m.py")).faults(SPACE, OBJECTIVE, folder=tmp_path) == []


@pytest.mark.parametrize(
    ("cells", "value", "side"),
    [
        (["<500"], 500.0, "<"),
        (["&gt;=600"], 600.0, ">"),
        (["n.d."], 100.0, "<"),
        (["500", "<300"], 400.0, "<"),
        (["<500", "<300"], 400.0, "<"),
        (["500", ""], 500.0, None),
    ],
)
def test_a_cell_may_be_a_limit(cells: list[str], value: float, side: str | None) -> None:
    frame = pd.DataFrame({"T": [1.0] * len(cells), "y": cells})
    target = Target(name="y", unit="HV", goal="maximize", limits=[100, None])
    space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "bounds": [0, 10]}])
    result = TableOracle(frame, space, [target]).measure({"T": 1.0})
    assert (dict(result), dict(result.censored)) == ({"y": value}, {} if side is None else {"y": side})


def test_limits_on_both_sides_say_nothing() -> None:
    frame = pd.DataFrame({"T": [1.0, 1.0], "y": ["<5", ">3"]})
    space = DesignSpace(parameters=[{"name": "T", "kind": "numeric", "bounds": [0, 10]}])
    with pytest.raises(MeasurementFailed, match="limits of y on both sides in rows 2, 3"):
        TableOracle(frame, space, [Target(name="y", goal="maximize")]).measure({"T": 1.0})
