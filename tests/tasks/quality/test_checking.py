"""What is found in a table: each kind of fault planted once, with its row, and its repair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import InvalidInput
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import load_family
from designer.tasks.family_folder import write_folder
from designer.tasks.quality.cell_checks import repaired_formula
from designer.tasks.quality.cell_reading import read_cell
from designer.tasks.quality.checking import check, repaired_sheet
from designer.tasks.quality.findings import Finding, combined
from designer.tasks.quality.folder import check_folder, repair_folder
from designer.tasks.quality.sheet import Sheet

SPACE = DesignSpace(
    parameters=[
        {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900]},
        {"name": "time", "kind": "numeric", "unit": "min", "bounds": [1, 60]},
        {"name": "mix", "kind": "mixture", "components": ["a", "b"]},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ]
)
TARGETS = (Target(name="y", unit="mV", goal="maximize"),)


def table(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    T, time, a = rng.uniform(300, 900, n).round(1), rng.uniform(1, 60, n).round(2), rng.random(n).round(2)
    y = (200 + T / 3 + 2 * time + 50 * a + rng.normal(0, 2, n)).round(2)
    gas = rng.choice(["N2", "Ar"], n)
    frame = pd.DataFrame({"T": T, "time": time, "mix.a": a, "mix.b": (1 - a).round(2), "gas": gas, "y": y})
    return frame.astype(str).set_axis(pd.RangeIndex(2, n + 2, name="row"), axis=0).astype(object)


def sheet(frame: pd.DataFrame, name: str = "t", *, own_bounds: bool = True, space: DesignSpace = SPACE) -> Sheet:
    return Sheet(name, f"{name}.csv", space, TARGETS, frame, own_bounds=own_bounds)


def found(frame: pd.DataFrame, **how: bool) -> list[Finding]:
    return check([sheet(frame, **how)])  # type: ignore[arg-type]


def test_nothing_is_found_in_a_sound_table() -> None:
    assert found(table(), own_bounds=False) == []
    assert found(table(seed=1)) == []


@pytest.mark.parametrize(
    ("column", "now", "kind", "repair"),
    [
        ("y", "tenfold", "slip", None),
        ("T", "kelvin", "slip", None),
        ("time", "thousand", "slip", None),
        ("y", "<5", "censored", ""),
        ("T", "<5", "not a number", ""),
        ("y", "n.d.", "missing", ""),
        ("y", "5-7", "not a number", ""),
        ("gas", "argon", "choice", ""),
        ("gas", "ar ", "choice", "Ar"),
        ("y", "0.4 V", "unit", ""),
    ],
)
def test_each_fault_is_found_in_its_row(column: str, now: str, kind: str, repair: str | None) -> None:
    frame, row = table(), 30
    was = str(frame.at[row, column])
    if now == "kelvin":
        was = "850.0"
    if repair is None:
        factors = {"tenfold": 10.0, "thousand": 1000.0}
        now = "1123.15" if now == "kelvin" else f"{float(was) * factors[now]:.12g}"
    frame.at[row, column] = now
    mine = [finding for finding in found(frame) if finding.row == row]
    assert [finding.kind for finding in mine] == [kind]
    changes = [change.now for change in mine[0].repair]
    if repair is None:
        assert [float(text) for text in changes] == [pytest.approx(float(was))]
    elif repair:
        assert changes == [repair]


def test_a_run_of_rows_in_another_unit() -> None:
    frame = table()
    frame.loc[20:26, "time"] = [f"{float(cell) * 60:.2f}" for cell in frame.loc[20:26, "time"]]
    rows = {f.row for f in found(frame) if f.kind == "slip" and f.column == "time"}
    assert len(rows & set(range(20, 27))) >= 6
    assert rows <= set(range(20, 27))


def test_swapped_cells() -> None:
    frame = table()
    frame.at[30, "T"], frame.at[30, "time"] = frame.at[30, "time"], frame.at[30, "T"]  # type: ignore[assignment]
    mine = [f for f in found(frame) if f.row == 30]
    assert [f.kind for f in mine] == ["swap"]
    mended, log, left = repaired_sheet(sheet(frame), mine)
    assert (mended.frame.loc[30].tolist(), len(log), left) == (table().loc[30].tolist(), 2, [])  # type: ignore[operator]


def test_whole_columns_are_judged_by_the_other_tasks() -> None:
    kelvin = table(seed=1)
    kelvin["T"] = [f"{float(cell) * 1000:g}" for cell in kelvin["T"]]
    swapped = table(seed=2).rename(columns={"T": "time", "time": "T"})
    findings = check(
        [sheet(table(seed=i), f"s{i}") for i in (0, 3)] + [sheet(kelvin, "kelvin"), sheet(swapped, "swapped")]
    )
    assert [(f.task, f.kind, f.row, f.column) for f in findings] == [
        ("kelvin", "slip", None, "T"), ("swapped", "swap", None, "T"),
    ]  # fmt: skip


def test_sums_and_bounds() -> None:
    frame = table()
    frame.loc[5, ["mix.a", "mix.b"]] = ["30", "70"]
    frame.loc[6, ["mix.a", "mix.b"]] = ["0.5", "0.46"]
    frame.loc[7, ["mix.a", "mix.b"]] = ["0.5", "0.1"]
    frame.loc[8, "T"] = "905"
    findings = {f.row: f for f in found(frame, own_bounds=False)}
    assert [findings[row].kind for row in (5, 6, 7, 8)] == ["sum", "sum", "sum", "bounds"]
    assert [[c.now for c in findings[row].repair] for row in (5, 6, 7)] == [
        ["0.3", "0.7"],
        ["0.52083333", "0.47916667"],
        [],
    ]


def test_rows_written_twice_and_replicates_that_contradict() -> None:
    frame = table()
    frame.loc[62] = frame.loc[10]
    frame.loc[63] = frame.loc[11]
    frame.loc[63, "y"] = "555.5"
    frame.loc[11, "y"] = "330.0"
    findings = found(frame)
    assert [(f.kind, f.row) for f in findings if f.kind in ("duplicate", "contradiction")] == [
        ("duplicate", 62), ("contradiction", 63),
    ]  # fmt: skip


def test_tasks_that_hold_each_others_results() -> None:
    copy = table(seed=1)
    copy.iloc[:20] = table().iloc[:20].to_numpy()
    found = check([sheet(table(), "a"), sheet(copy, "b")])
    assert [(f.kind, f.task) for f in found] == [("leakage", "b")]
    assert "20 of its designs" in found[0].what


FORMULAS = {
    "CuSO4·5H2O": "CuSO4·5H2O", "Fe₂O₃": "Fe₂O₃", "ZnO:Al0.02": "ZnOAl0.02", "Ca10(PO4)6(OH)2": "Ca10(PO4)6(OH)2",
    "La0.7Sr0.3MnO3": "La0.7Sr0.3MnO3", "YBa2Cu3O7-x": None, "Fe2-3O4": None, "LixCoO2": None, "LaPO4:Ce": None,
    "Xx2O": None, "Fe2(O3": None, "CuSO4.5H2O": None,
}  # fmt: skip


@pytest.mark.parametrize(("given_text", "expected"), FORMULAS.items())
def test_formulas_are_mended_where_there_is_one_way(given_text: str, expected: str | None) -> None:
    assert repaired_formula(given_text) == expected


CELLS = {
    "5": ("number", 5.0), " 5e-3 ": ("number", 0.005), "5 mV": ("number", 5.0), "0.005 V": ("unit", 5.0),
    "5,5": ("rewritten", 5.5), "1,234.5": ("number", 1234.5), "12 345": ("rewritten", 12345.0),
    "5 ± 0.2": ("rewritten", 5.0), "5.25(3)": ("rewritten", 5.25), "~5": ("rewritten", 5.0), "−5": ("number", -5.0),
    "ca. 5 mV": ("rewritten", 5.0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CELLS.items())
def test_cells_as_people_write_them(text: str, expected: tuple[str, float]) -> None:
    read = read_cell(text, None, "mV")
    assert (read.kind, read.value) == (expected[0], pytest.approx(expected[1]))  # type: ignore[comparison-overlap]


@given(st.text(max_size=12))
def test_any_cell_is_read_or_named(text: str) -> None:
    read = read_cell(text, None, "mV")
    assert (read.kind in ("number", "unit", "rewritten")) == np.isfinite(read.value)
    assert read.kind != "odd" or read.why


def test_a_folder_is_repaired_in_a_copy_with_a_log(tmp_path: Path) -> None:
    frame = table()
    frame.loc[30, "y"] = f"{float(frame.loc[30, 'y']) * 1000:g}"  # type: ignore[arg-type, index]
    frame.loc[31, "gas"] = "ar"
    card = {
        "family": "f",
        **SPACE.to_dict(),
        "tasks": [{"name": "t", "file": "t.csv", "rows": 60, "targets": [{"name": "y"}]}],
    }
    sound = write_folder(tmp_path / "f", card, {"t.csv": table()})
    (sound / "t.csv").write_text(frame.to_csv(index=False))
    before = (sound / "t.csv").read_bytes()
    checked = check_folder(sound)
    assert sorted((f.kind, f.row) for f in checked.findings) == [("choice", 31), ("slip", 30)]
    place, log = repair_folder(checked, tmp_path / "mended")
    assert log[["row", "column", "now"]].to_numpy().tolist() == [[30, "y", table().loc[30, "y"]], [31, "gas", "Ar"]]
    assert pd.read_csv(place / "repairs.csv").shape == (2, 6)
    assert len(load_family(place).tasks[0]) == 60
    assert (sound / "t.csv").read_bytes() == before
    with pytest.raises(InvalidInput, match="exists already"):
        repair_folder(checked, tmp_path / "mended")


def test_cells_of_a_column_that_are_all_written_in_one_wrong_way_are_one_line() -> None:
    frame = table(12)
    frame["y"] = [cell.replace(".", ",") for cell in frame["y"]]
    frame.loc[5, "y"] = "5-7"
    findings = found(frame)
    lines = combined(findings)
    assert len(findings) == 12
    assert [(f.row, len(f.repair)) for f in lines] == [(2, 11), (5, 0)]
    assert "and so have 10 more (rows 3, 4, 6, 7, 8, ...)" in lines[0].what
