"""`designer tasks` as a person and a program use it: what is written, what is refused, and the messages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from designer.tasks import load_family
from tests.cli.conftest import Designer


def table(n: int = 30, seed: int = 0, slope: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    T = rng.uniform(300, 900, n).round(1)
    return pd.DataFrame({"T [degC]": T, "gas": rng.choice(["N2", "Ar"], n), "y (mV)": (slope * T + 5).round(2)})


def test_a_guess_is_shown_and_must_be_confirmed(designer: Designer, folder: Path) -> None:
    table().to_csv("a.csv", index=False)
    done = designer("tasks", "import", "a.csv", "-o", "out")
    assert (done.code, (folder / "out").exists()) == (2, False)
    assert "kind: numeric" in done.err
    assert "confirm it with --yes" in done.err
    done = designer("tasks", "import", "a.csv", "-o", "out", "--yes", "--json")
    assert (done.code, done.data["tasks"], done.data["findings"]) == (0, [{"name": "a", "rows": 30}], [])
    (task,) = load_family(folder / "out").tasks
    assert (task.space.columns, task.target().goal, len(task)) == (("T", "gas"), None, 30)
    assert (
        designer("tasks", "import", "a.csv", "-o", "out", "--yes").err
        == "out: the folder exists already; give another with --output\n"
    )


def test_a_target_keeps_its_name(designer: Designer, folder: Path) -> None:
    table().rename(columns={"y (mV)": "yield [percent]"}).to_csv("a.csv", index=False)
    assert designer("tasks", "import", "a.csv", "-o", "out", "--yes").code == 0
    (task,) = load_family(folder / "out").tasks
    assert (task.target().name, task.target().unit) == ("yield", "percent")
    assert "yield_" not in "".join(path.read_text() for path in (folder / "out").rglob("*.yaml"))


def test_a_mapping_file_and_several_tables(designer: Designer, folder: Path) -> None:
    table().to_csv("a.csv", index=False)
    table(seed=1, slope=-1).to_csv("b.csv", index=False)
    space = "space:\n  - {name: T, kind: numeric, unit: K, bounds: [500, 1300]}\n"
    mapping = f"{space}targets:\n  - {{name: y, unit: V, goal: minimize}}\n"
    (folder / "m.yaml").write_text(mapping)
    done = designer("tasks", "import", "a.csv", "b.csv", "--mapping", "m.yaml", "-o", "out", "--name", "waves")
    assert done.code == 0, done.err
    family = load_family(folder / "out")
    assert (family.name, [task.name for task in family.tasks]) == ("waves", ["a", "b"])
    assert family.tasks[0].Y[0, 0] == (table()["y (mV)"][0] / 1000)
    done = designer("tasks", "map", "out", "--json")
    assert done.data["pairs"][0]["distance"] > 0.8
    assert "<svg" in (folder / "out-map.svg").read_text()
    assert "'.pdf'" in designer("tasks", "map", "out", "-o", "x.pdf").err
    (folder / "m.yaml").write_text(mapping.replace("kind: numeric", "kind: number"))
    assert designer("tasks", "import", "a.csv", "--mapping", "m.yaml", "-o", "new").err.startswith(
        "m.yaml:2: kind 'number'"
    )


def test_repairs_are_made_only_when_asked_for_and_are_logged(designer: Designer, folder: Path) -> None:
    frame = table().astype(object)
    frame.loc[4, "y (mV)"] = f"{frame.loc[4, 'y (mV)']} ± 3"  # type: ignore[index, str-bytes-safe]
    frame.loc[10, "T [degC]"] = round(frame.loc[10, "T [degC]"] * 1000, 1)  # type: ignore[arg-type, index, operator]
    frame.to_csv("a.csv", index=False)
    done = designer("tasks", "import", "a.csv", "-o", "out", "--yes")
    assert (done.code, done.err.count("\n"), (folder / "out").exists()) == (2, 1, False)
    assert "row 6, column 'y (mV)'" in done.err
    done = designer("tasks", "import", "a.csv", "-o", "out", "--yes", "--repair", "--json")
    assert (done.code, done.data["repairs"]) == (0, 2)
    (task,) = load_family(folder / "out").tasks
    assert task.designs["T"].tolist() == table()["T [degC]"].tolist()
    assert task.space.parameters[0].high == table()["T [degC]"].max()  # type: ignore[attr-defined]
    assert len(pd.read_csv(folder / "out" / "repairs.csv")) == 2


def test_check_and_a_repaired_copy(designer: Designer, folder: Path) -> None:
    table().to_csv("a.csv", index=False)
    designer("tasks", "import", "a.csv", "-o", "out", "--yes")
    assert "No faults were found" in designer("tasks", "check", "out").out
    text = (folder / "out" / "a.csv").read_text().replace("N2", "n2", 1)
    (folder / "out" / "a.csv").write_text(text)
    done = designer("tasks", "check", "out", "--json")
    assert [finding["kind"] for finding in done.data["findings"]] == ["choice"]
    done = designer("tasks", "check", "out", "--repair")
    assert (done.code, len(load_family(folder / "out-repaired").tasks)) == (0, 1)
    assert (folder / "out" / "a.csv").read_text() == text


def test_a_campaign_becomes_a_task(designer: Designer, folder: Path) -> None:
    done = designer("tasks", "import", "glass.yaml", "-o", "out")
    assert (done.code, done.err) == (2, "glass.yaml: campaign 'glass' has not begun; record its results first\n")
    assert not (folder / "glass.db").exists()
    assert designer("suggest", "glass.yaml").code == 0
    for name, strength in (("S0001", 150), ("S0002", 170)):
        assert designer("record", "glass.yaml", name, f"strength={strength}", "haze=1").code == 0
    done = designer("tasks", "import", "glass.yaml", "-o", "out")
    assert done.code == 0, done.err
    (task,) = load_family(folder / "out").tasks
    assert (task.name, task.data["strength"].tolist()) == ("glass", [150.0, 170.0])
    assert [c.text for c in task.space.constraints] == ["glass.silica >= 40"]


def test_wrong_use_is_one_line(designer: Designer, folder: Path) -> None:
    (folder / "a.csv").write_text("x,y\n1,a\n2,b\n")
    for words, message in (
        (("tasks", "import"), "there is nothing to import"),
        (("tasks", "import", "none.csv"), "none.csv: no such file"),
        (("tasks", "import", "a.csv", "--maximize", "z", "--yes"), "a.csv: there is no column 'z'"),
        (("tasks", "check", "none"), "none: no such file"),
        (("tasks", "import", "--materials-project", "chemsys=Fe", "--property", "hardness"), "--property 'hardness'"),
    ):
        done = designer(*words)
        assert (done.code, done.err.count("\n")) == (2, 1), done.err
        assert done.err.startswith(message)


@pytest.mark.parametrize(
    ("target", "note"),
    [
        ("{name: y, unit: V, goal: maximize}", "past tasks: 'y' [V] was measured in 1 of 1"),
        (
            "{name: y, unit: K, goal: maximize}",
            "past tasks: none measured 'y' [K] (the unit of 'y' [mV] does not convert): they are not used; they "
            "measured 'y' [mV]; to use one of these, write 'quantities: {y: NAME}' under 'prior'",
        ),
        (
            "{name: z, unit: V, goal: maximize}",
            "past tasks: none measured 'z' [V]; they are used for what they measured: 'y' [mV]",
        ),
        (
            "{name: z, goal: maximize}",
            "past tasks: none measured 'z' (no unit), and the units do not all convert: they are not used; "
            "they measured 'y' [mV]",
        ),
    ],
)
def test_validate_states_what_past_tasks_are_matched_to(
    target: str, note: str, designer: Designer, folder: Path
) -> None:
    table().to_csv("a.csv", index=False)
    designer("tasks", "import", "a.csv", "-o", "past", "--yes")
    (folder / "c.yaml").write_text(
        "designer: 1\nname: c\nspace:\n  - {name: T, kind: numeric, unit: degC, bounds: [300, 900]}\n"
        f"targets:\n  - {target}\nprior: {{tasks: [past]}}\n"
    )
    done = designer("validate", "c.yaml")
    assert done.code == 0
    assert f"note: {note}" in done.out


@pytest.mark.parametrize("unit", ["at.%", "wt%", "mol%", "vol.%", "%", "mg", "g/L", "fraction", ""])
@pytest.mark.parametrize("names", ["A,B,C", "Ni,Fe,Co"])
def test_amounts_with_their_unit_in_the_header_are_imported(
    unit: str, names: str, designer: Designer, folder: Path
) -> None:
    if names != "A,B,C" and unit in ("mol%", "vol.%", "mg", "g/L"):
        pytest.skip("no unit of a composition")
    whole = 1 if unit == "fraction" else 100
    rows = [(a / 5, b / 5, (5 - a - b) / 5) for a in range(6) for b in range(6 - a)]
    headers = ",".join(f"{name} [{unit}]" if unit else name for name in names.split(","))
    lines = [f"{a * whole:.3g},{b * whole:.3g},{c * whole:.3g},{3 * a - b + c * c:.2f}" for a, b, c in rows]
    (folder / "t.csv").write_text(f"{headers},y [mV]\n" + "\n".join(lines) + "\n")
    done = designer("tasks", "import", "t.csv", "-o", "past", "--maximize", "y", "--yes")
    assert done.code == 0, done.err
    assert "1 task, 21 rows" in done.out
