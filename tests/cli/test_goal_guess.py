"""Which column `init` takes for the target, and whether it guesses that less or more of it is wanted."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import yaml

from designer.cli.column_guess import read_columns
from designer.cli.goal_guess import likely_goal, likely_target
from tests.cli.conftest import Designer

N = 24
X = [float(i % 6) for i in range(N)]
MEASURED = [round(1.2345678 * (i + 1) ** 0.7, 5) for i in range(N)]

GOALS = {
    "impurity_pct": "minimize",
    "total impurities [area%]": "minimize",
    "overpotential [mV]": "minimize",
    "sheet resistance": "minimize",
    "rho [Ohm cm]": "minimize",
    "Rct [kOhm]": "minimize",
    "spectral_loss": "minimize",
    "E-factor": "minimize",
    "instability_index": "minimize",
    "transfer_error": "minimize",
    "RMSE": "minimize",
    "surface roughness (nm)": "minimize",
    "GWP [kg]": "minimize",
    "Cost": "minimize",
    "capacity loss retention": "maximize",
    "yield [percent]": "maximize",
    "conversion": "maximize",
    "loss of selectivity": "maximize",
    "compressive strength [MPa]": "maximize",
    "hardness": "maximize",
    "conductivity [S/cm]": "maximize",
    "gap": "maximize",
    "glossy": "maximize",
    "y": "maximize",
}


@pytest.mark.parametrize("header", GOALS)
def test_the_goal_is_guessed_from_words_and_units(header: str) -> None:
    (column,) = read_columns(pd.DataFrame({header: ["1", "2"]}))
    goal, why = likely_goal(column)
    assert goal == GOALS[header]
    assert why.startswith("a guess")


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        ({"T": X, "y": MEASURED}, "y"),
        ({"T": X, "y": MEASURED, "run": list(range(N))}, "y"),
        ({"T": X, "radius": MEASURED, "radius_std": MEASURED[::-1], "generation": X}, "radius"),
        ({"flow": X, "transfer_error": MEASURED, "transfer_error_stdev": MEASURED[::-1]}, "transfer_error"),
        ({"T": X, "score": MEASURED, "rate": MEASURED[::-1]}, "rate"),
        ({"yield": MEASURED, "T": X, "time": X[::-1]}, "yield"),
        ({"T": X, "time": X[::-1], "outcome": [""] * N}, "outcome"),
        ({"T": X, "yield": ["", "45"] + [""] * (N - 2)}, "yield"),
        ({"T": X, "a": [i / N for i in range(N)], "b": [1 - i / N for i in range(N)]}, "T"),
        ({"T": X, "y": MEASURED, "date": [f"2026-01-{i + 1:02}" for i in range(N)]}, "y"),
    ],
)
def test_the_target_is_the_last_column_that_may_be_a_result(columns: dict[str, Any], target: str) -> None:
    found = likely_target(read_columns(pd.DataFrame(columns, dtype=object)))
    assert found is not None
    assert found.header == target


def test_a_guessed_goal_is_called_a_guess_and_a_given_one_is_not(designer: Designer, folder: Any) -> None:
    pd.DataFrame({"T": X, "overpotential [V]": MEASURED}).to_csv(folder / "t.csv", index=False)
    done = designer("init", "t.csv", "--yes")
    assert "Goal: minimize 'overpotential', a guess; --minimize or --maximize COLUMN decides." in done.out
    text = (folder / "t.yaml").read_text()
    assert "minimize is a guess from 'overpotential'" in text
    assert yaml.safe_load(text)["targets"][0]["goal"] == "minimize"
    done = designer("init", "t.csv", "--maximize", "overpotential", "--yes", "-o", "u.yaml")
    assert "guess;" not in done.out
    assert yaml.safe_load((folder / "u.yaml").read_text())["targets"][0]["goal"] == "maximize"
