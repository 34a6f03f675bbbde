"""The study of observations before targets: its tables, one short campaign of each kind, and the bootstrap."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies import ageing_curves, characterisation
from benchmarks.studies.characterisation import ARMS, WITHOUT, Row, StagedTable, bootstrap, read_rows, run


def table() -> StagedTable:
    x = np.arange(12.0)
    frame = pd.DataFrame({"x": x, "z": 2.0 * (x - 8.0) ** 2, "y": -((x - 8.0) ** 2)})
    return StagedTable("parabola", frame, ({"name": "x", "kind": "numeric", "bounds": [0, 11]},), ("z",), "y")


@pytest.mark.parametrize("price", [0.02, 0.1])
@pytest.mark.parametrize("arm", ARMS)
def test_a_campaign_counts_what_it_spends(monkeypatch: pytest.MonkeyPatch, arm: str, price: float) -> None:
    monkeypatch.setattr(characterisation, "MAX_COST", 3.0)
    priced = replace(table(), observed_cost=price)
    assert sum(each["cost"] for each in priced.declared) == pytest.approx(price)
    cost, measured, observed, _ = run(priced, 0, arm)
    assert cost == pytest.approx(measured + price * observed)
    assert (observed == 0) == (arm == WITHOUT)


def test_shuffled_observations_stay_with_each_other() -> None:
    frame = table().shuffled(1).frame
    assert sorted(frame["z"]) == sorted(table().frame["z"])
    assert frame["y"].tolist() == table().frame["y"].tolist()
    assert frame["z"].tolist() != table().frame["z"].tolist()


def test_simulated_ageing_has_one_curve_and_a_logarithmic_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    designs, columns = ageing_curves.designs(4), ageing_curves.COLUMNS
    rows = [[*design, *range(len(ageing_curves.CURVE)), 300.0 + i] for i, design in enumerate(designs)]
    pd.DataFrame(rows, columns=list(columns)).to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.setattr(ageing_curves, "TABLE", tmp_path / "t.csv")
    [found] = characterisation.tables(["ageing"])
    [curve] = found.declared
    assert curve["kind"] == "curve"
    assert list(curve["columns"]) == list(ageing_curves.CURVE)
    assert list(curve["columns"].values())[::11] == [-3, -1]
    assert [(each["name"], each.get("scale")) for each in found.space] == [
        ("solute", None),
        ("temperature", None),
        ("time", "log"),
    ]
    assert sorted(map(tuple, found.frame[list(ageing_curves.SETTINGS)].to_numpy())) == sorted(designs)


def test_the_bootstrap_of_equal_ratios_has_no_width() -> None:
    assert bootstrap([np.log([0.5, 0.5]), np.log([0.5, 0.5])], draws=20) == pytest.approx((0.5, 0.5, 0.5))


def test_rows_are_resumed_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [Row("t", seed, arm, 60, 5.0, 40, 2.0 + i, 2, i, 1.0) for seed in range(2) for i, arm in enumerate(ARMS)]
    alone = Row("t", 2, WITHOUT, 60, 5.0, 40, 9.0, 9, 0, 1.0)
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in [*rows, alone]))
    assert read_rows(path)[:-1] == rows
    table = StagedTable("t", pd.DataFrame({"x": range(50)}), (), (), "y")
    monkeypatch.setattr(characterisation, "tables", lambda names: [table])
    options = ["--rows", str(path), "--seeds", "2", "--designs", "60", "--max-cost", "5"]
    assert characterisation.main(options) == 0  # no campaign is left to run
    shown = capsys.readouterr().out
    assert characterisation.main([*options, "--report"]) == 0
    assert capsys.readouterr().out == shown
    assert "| t | 40 | 2 | with observations | 3.0 | 2.0 | 1.0 | 1.50 |" in shown
    cheaper = [replace(row, cost=1.0, observed_cost=0.02) for row in rows if row.arm != WITHOUT]
    with path.open("a") as file:
        file.writelines(json.dumps(asdict(row)) + "\n" for row in cheaper)
    assert characterisation.main([*options, "--observed-cost", "0.02"]) == 0
    assert "| t | 40 | 2 | with observations | 1.0 | 2.0 | 1.0 | 0.50 |" in capsys.readouterr().out
    assert characterisation.main(options) == 0
    assert capsys.readouterr().out == shown
    assert "Ratio of costs with observations: 1.50 (1.50 to 1.50)" in shown
