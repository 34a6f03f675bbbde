"""What `init` takes for a setting, and what it leaves out; the table is attached right afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.cli.conftest import Designer

RNG = np.random.default_rng(0)
N = 24


def base(**more: Any) -> dict[str, Any]:
    T = RNG.choice([60, 80, 100, 120], N)
    return {**more, "T [degC]": T, "result_y": np.round(T / 3 + RNG.normal(0, 1, N), 2)}


def amounts(total: float, digits: int, parts: int = 3) -> dict[str, Any]:
    shares = RNG.dirichlet(np.ones(parts), N)
    return {f"part {i}": np.round(total * column, digits) for i, column in enumerate(shares.T)}


LIGANDS = {"XPhos": "CC(C)c1cccc1P(C1CCCCC1)", "SPhos": "COc1cccc(OC)c1P(C1)", "PPh3": "c1ccc(cc1)P(c1ccccc1)c1ccccc1"}
NAMES = RNG.choice(list(LIGANDS), N)
TABLES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    # what the table is, its columns, the names of the settings that are found, and of the columns left out
    "names and SMILES": (base(ligand=NAMES, SMILES=[LIGANDS[n] for n in NAMES]), ["ligand", "T"], ["SMILES"]),
    "SMILES and names": (base(smiles=[LIGANDS[n] for n in NAMES], ligand=NAMES), ["ligand", "T"], ["smiles"]),
    "ids": (base(experiment_id=RNG.permutation(N) + 100), ["T"], ["experiment_id"]),
    "run numbers": (base(**{"Run No.": np.arange(1, N + 1)}), ["T"], ["Run No."]),
    "an id": (base(id=np.arange(N)), ["T"], ["id"]),
    "dates": (base(date=[f"2026-05-{i + 1:02}" for i in range(N)]), ["T"], ["date"]),
    "days": (base(made=[f"{i + 1}.5.2026" for i in range(N)]), ["T"], ["made"]),
    "run order": (
        base(**{"Run order": RNG.permutation(N) + 1, "Exp. #": np.arange(N)}),
        ["T"],
        ["Run order", "Exp. #"],
    ),
    "made by": (
        base(**{"Prepared by": RNG.choice(["AB", "CD"], N), "Tester": RNG.choice(["E", "F"], N)}),
        ["T"],
        ["Prepared by", "Tester"],
    ),
    "batches": (base(**{"Batch": RNG.choice(["B1", "B2"], N), "Day": RNG.choice([1, 2], N)}), ["T"], ["Batch", "Day"]),
    "a batch size": (base(**{"batch size [g]": RNG.choice([1, 2], N)}), ["batch_size", "T"], []),
    "operators": (base(Operator=RNG.choice(["AB", "CD"], N)), ["T"], ["Operator"]),
    "positions": (base(well=RNG.choice(["A1", "A2", "B1"], N), plate=RNG.choice([1, 2], N)), ["T"], ["well", "plate"]),
    "positions on a sample": (
        base(
            **{
                "x_pos [mm]": RNG.choice([0, 10], N),
                "Y position": RNG.choice([0, 5], N),
                "wafer": RNG.choice(["W1", "W2"], N),
            }
        ),
        ["T"],
        ["x_pos [mm]", "Y position", "wafer"],
    ),
    "a nozzle's position, and kinds of wafers": (
        base(**{"nozzle position [mm]": RNG.choice([0, 10], N), "wafer": RNG.choice(["silicon", "sapphire"], N)}),
        ["nozzle_position", "wafer", "T"],
        [],
    ),
    "two signs of a result": (base(**{"result_y +": np.arange(N) + 100}), ["T"], ["result_y +"]),
    "two directions of a result": (base(result_y_forward=np.arange(N) + 100), ["T"], ["result_y_forward"]),
    "sizes beside other results": (
        base(**{"size [nm]": RNG.integers(50, 90, N), "PDI": RNG.uniform(0, 0.4, N).round(2)}),
        ["T"],
        ["size [nm]", "PDI"],
    ),
    "a size that is set": (base(**{"mesh size [um]": RNG.choice([45, 63], N)}), ["mesh_size", "T"], []),
    "remarks": (base(Comment=RNG.choice(["ok", "dust"], N)), ["T"], ["Comment"]),
    "other results": (base(**{"yield [percent]": RNG.uniform(0, 99, N).round(1)}), ["T"], ["yield [percent]"]),
    "errors": (base(result_y_std=RNG.uniform(0, 1, N).round(2)), ["T"], ["result_y_std"]),
    "fractions": (base(**amounts(1, 2)), ["mixture", "T"], []),
    "percentages": (base(**amounts(100, 1, parts=4)), ["mixture", "T"], []),
    "micrograms": (base(**{f"{k} [ug]": v for k, v in amounts(120, 1).items()}), ["mixture", "T"], []),
    "a setting called run time": (base(**{"run time [h]": RNG.choice([1, 2, 4], N)}), ["run_time", "T"], []),
    "a number of layers": (base(**{"number of layers": RNG.choice([1, 2, 3], N)}), ["number_of_layers", "T"], []),
    "a result at several times": (
        base(**{"result_y_06h": np.round(RNG.normal(9, 1, N), 2), "result_y_7d": RNG.integers(1, 9, N)}),
        ["T"],
        ["result_y_06h", "result_y_7d"],
    ),
    "another result by its digits": (
        base(gas=RNG.choice(["Ar", "N2"], N))
        | {
            "overlap": RNG.normal(5, 1, N).round(6),
            "result_y": RNG.normal(5, 1, N).round(4),
        },
        ["gas", "T"],
        ["overlap"],
    ),
    "settings of many digits": (
        base(speed=RNG.uniform(1, 9, N).round(5), time=RNG.uniform(1, 9, N).round(5)),
        ["speed", "time", "T"],
        [],
    ),
    "an incomplete setting": (base(gas=["", *RNG.choice(["Ar", "N2"], N - 1)]), ["T"], ["gas"]),
    "amounts of elements by their headers": (
        base(**{f"frac_{k}": v for k, v in zip(["Ni", "Fe", "Co"], amounts(1, 3).values(), strict=True)}),
        ["composition", "T"],
        [],
    ),
    "signs": (
        base(**{"Voltage + [V]": RNG.choice([1, 2], N), "Voltage − [V]": RNG.choice([1, 2, 3], N)}),
        ["Voltage_plus", "Voltage_minus", "T"],
        [],
    ),
}

STRUCTURES = {
    "space_group": [216, 225] * (N // 2),
    "lattice_a_A": np.linspace(8, 9, N),
    "spacegroup": ["F", "P"] * (N // 2),
}
MADE = {"T [degC]": [60, 80, 100, 120] * (N // 4), "result_y": np.linspace(20, 40, N).round(2)}
TABLES["structures"] = ({**STRUCTURES, **MADE}, ["T"], list(STRUCTURES))


@pytest.mark.parametrize("name", TABLES)
def test_settings_are_distinguished_from_the_rest_and_the_table_is_attached(
    name: str, designer: Designer, folder: Path
) -> None:
    columns, settings, left_out = TABLES[name]
    pd.DataFrame(columns).to_csv(folder / "t.csv", index=False)
    done = designer("init", "t.csv", "--maximize", "result_y", "--yes")
    assert done.code == 0, done.err
    written = yaml.safe_load((folder / "t.yaml").read_text())
    assert [entry["name"] for entry in written["space"]] == settings
    assert written.get("other_columns", []) == left_out
    assert all(repr(header) in done.out for header in left_out)
    assert designer("validate", "t.yaml").code == 0
    done = designer("attach", "t.csv", "--campaign", "t.yaml", "--json")
    assert done.code == 0, done.err
    assert len(done.data["recorded"]) + len(done.data["unchanged"]) == N


def test_amounts_of_another_total_keep_it(designer: Designer, folder: Path) -> None:
    pd.DataFrame(TABLES["micrograms"][0]).to_csv(folder / "t.csv", index=False)
    designer("init", "t.csv", "--maximize", "result_y", "--yes")
    (mixture, _) = yaml.safe_load((folder / "t.yaml").read_text())["space"]
    assert (mixture["total"], mixture["unit"], mixture["components"]) == (120, "ug", ["part_0", "part_1", "part_2"])


def test_numbers_that_happen_to_sum_to_nothing_are_settings(designer: Designer, folder: Path) -> None:
    columns = base(a=RNG.integers(1, 9, N), b=RNG.integers(1, 9, N), c=RNG.integers(1, 9, N))
    pd.DataFrame(columns).to_csv(folder / "t.csv", index=False)
    designer("init", "t.csv", "--maximize", "result_y", "--yes")
    assert [p["name"] for p in yaml.safe_load((folder / "t.yaml").read_text())["space"]] == ["a", "b", "c", "T"]


def test_a_large_number_that_hardly_varies_is_no_part_of_a_whole(designer: Designer, folder: Path) -> None:
    columns = base(sieve=RNG.choice([216, 217, 216], N), cell=np.round(RNG.uniform(9, 11, N), 3))
    pd.DataFrame(columns).to_csv(folder / "t.csv", index=False)
    designer("init", "t.csv", "--maximize", "result_y", "--yes")
    names = [p["name"] for p in yaml.safe_load((folder / "t.yaml").read_text())["space"]]
    assert names == ["sieve", "cell", "T"]


def test_other_columns_are_known_to_record_and_a_stranger_is_not(designer: Designer, folder: Path) -> None:
    pd.DataFrame(TABLES["operators"][0]).to_csv(folder / "t.csv", index=False)
    designer("init", "t.csv", "--maximize", "result_y", "--yes")
    (name,) = (
        row["id"] for row in designer("suggest", "--campaign", "t.yaml", "-n", "1", "--json").data["suggestions"]
    )
    (folder / "r.csv").write_text(f"suggestion,Operator,result_y\n{name},AB,3\n")
    assert designer("record", "r.csv", "--campaign", "t.yaml").code == 0
    (folder / "s.csv").write_text(f"suggestion,Weather,result_y\n{name},fine,4\n")
    assert "column 'Weather': unknown column" in designer("record", "s.csv", "--campaign", "t.yaml").err


def test_a_name_is_kept_and_its_smiles_left_out_however_long_the_name(designer: Designer, folder: Path) -> None:
    names = {"diisopropylethylamine": "CCN(C(C)C)C(C)C", "1-methylimidazole": "Cn1ccnc1"}
    chosen = RNG.choice(list(names), N)
    columns = base(base_smiles=[names[name] for name in chosen], base=chosen)
    pd.DataFrame(columns).to_csv(folder / "t.csv", index=False)
    designer("init", "t.csv", "--maximize", "result_y", "--yes")
    written = yaml.safe_load((folder / "t.yaml").read_text())
    assert [p["name"] for p in written["space"]] == ["base", "T"]
    assert written["other_columns"] == ["base_smiles"]


def test_a_formula_beside_the_amounts_of_its_elements_is_said_once(designer: Designer, folder: Path) -> None:
    columns = base(formula=[f"Ni{i}Fe{100 - i}" for i in range(10, 10 + N)])
    columns |= {"Ni": range(10, 10 + N), "Fe": range(90, 90 - N, -1), "Cu": [0] * N}
    pd.DataFrame(columns).to_csv(folder / "t.csv", index=False)
    designer("init", "t.csv", "--maximize", "result_y", "--yes")
    written = yaml.safe_load((folder / "t.yaml").read_text())
    assert [p["name"] for p in written["space"]] == ["composition", "T"]
    assert written["space"][0]["elements"] == ["Ni", "Fe"]
    assert written["other_columns"] == ["formula", "Cu"]


def test_names_that_never_repeat_are_the_choices_where_nothing_else_can_be(designer: Designer, folder: Path) -> None:
    columns = {
        "SMILES": ["C" * (i + 1) for i in range(N)],
        "solvent": [f"solvent {i}" for i in range(N)],
        "y": range(N),
    }
    pd.DataFrame(columns).to_csv(folder / "t.csv", index=False)
    assert designer("init", "t.csv", "--yes").code == 0
    (written,) = yaml.safe_load((folder / "t.yaml").read_text())["space"]
    assert (written["name"], len(written["choices"])) == ("solvent", N)
    assert designer("attach", "t.yaml", "t.csv").code == 0


@pytest.mark.parametrize(("column", "scale"), [(np.geomspace(1e-3, 10, N), "log"), (np.linspace(1e-3, 10, N), None)])
def test_a_small_first_value_makes_no_logarithmic_scale(
    designer: Designer, folder: Path, column: Any, scale: str | None
) -> None:
    pd.DataFrame({"x": column, "y": range(N)}).to_csv(folder / "t.csv", index=False)
    designer("init", "t.csv", "--yes")
    (written,) = yaml.safe_load((folder / "t.yaml").read_text())["space"]
    assert written.get("scale") == scale


def test_a_table_of_candidates_is_offered(designer: Designer, folder: Path) -> None:
    pd.DataFrame(TABLES["ids"][0]).to_csv(folder / "t.csv", index=False)
    designer("init", "t.csv", "--maximize", "result_y", "--yes")
    assert "# candidates: t.csv" in (folder / "t.yaml").read_text()
