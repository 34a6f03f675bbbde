"""The study of campaigns over open formulas: what is known at the start, what is measured, and the level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.studies import generation_campaigns as study
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import MeasurementFailed


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> study.World:
    for name, value in {"KNOWN": 20, "MEASURED": 5, "LISTED": 30, "EXPERIMENTS": 4, "BATCH": 2}.items():
        monkeypatch.setattr(study, name, value)
    metals = ("Li", "Na", "K", "Mg", "Ca", "Sr", "Ba", "Zn")
    texts = [f"{a}{b}O3" for a in metals for b in ("Ti", "Zr", "Hf", "Sn", "Si")] + ["NaCl", "BaSiO3", "CaO", "Na9S"]
    values = {exact_amounts(text): (text, float(i)) for i, text in enumerate(texts)}
    return study.World.of(values, {"max_atoms": 8}, trees=5)


def test_the_world_answers_for_any_formula_and_has_a_level(world: study.World) -> None:
    assert "Na9S" not in world.formulas  # more atoms than allowed
    assert world.level == pytest.approx(np.quantile(world.measure(world.formulas), 0.99))
    assert len(world.measure(["BaTiO3", "Ca2TiO4"])) == 2


def test_the_best_formulas_are_not_known_at_the_start(world: study.World) -> None:
    run = study.Run(world, seed=0)
    assert max(world.measure(run.known)) < np.quantile(world.values, 0.9)
    assert run.start == run.known[:5]


@pytest.mark.parametrize("method", ["list", "random"])
def test_a_campaign_measures_new_formulas(world: study.World, method: str, tmp_path: Path) -> None:
    run = study.Run(world, seed=0)
    study.METHODS[method](run, tmp_path)
    assert len(run.made) == 4
    assert 1 <= run.experiments <= 5
    run.made = [world.level - 1, world.level, 0.0]
    assert run.experiments == 2
    assert run.best == 1


def test_past_formulas_are_none_of_the_best(world: study.World) -> None:
    values = {"BaZrO3": 1.0, "NaCl": 2.0, **dict.fromkeys(world.formulas, 3.0)}
    left = world.without_best(values)
    assert 0 < len(left) < len(values)
    assert max(world.measure(list(left))) < np.quantile(world.values, 0.9)


def test_alloys_have_each_reduced_formula_once() -> None:
    """Of two metals and at most ten atoms there are 31 reduced ratios, for each of 15 pairs."""
    found = study._alloys(2)
    assert len(found) == 15 * 31
    assert len({exact_amounts(text) for text in found}) == len(found)


def test_an_alloy_that_is_not_stable_has_the_lowest_value(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ase", reason="ase is not installed: pip install 'materials-designer[simulators]'")
    made = study.MixingEnthalpies()

    def simulate(setting: dict[str, dict[str, float]], *, seed: int) -> dict[str, float]:
        if "Ag" in setting["composition"]:
            raise MeasurementFailed("invented")
        return {"mixing_enthalpy": 100 * setting["composition"]["Cu"]}

    monkeypatch.setattr(type(made.task), "simulate", staticmethod(simulate))
    assert made(["CuNi", "Cu3Ni", "CuAg"]).tolist() == [-50.0, -75.0, -75.0]


def test_campaigns_of_the_file_of_rows_are_not_run_again(
    world: study.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "_world", lambda folder, name: world)
    monkeypatch.setattr(study, "METHODS", {name: study.METHODS[name] for name in ("list", "random")})
    rows, page = tmp_path / "rows.jsonl", tmp_path / "page.md"
    words = ["--rows", str(rows), "--out", str(page), "--tables", "bulk moduli", "--seeds"]
    assert study.main([*words, "1"]) == 0
    first = rows.read_text()
    assert study.main([*words, "2"]) == 0
    assert rows.read_text().startswith(first)
    assert [row.key for row in study.read_rows(rows)] == [
        ("bulk moduli", seed, method) for seed in range(2) for method in ("list", "random")
    ]
    assert "| list |" in page.read_text()
    assert "of 2 |" in page.read_text()


def test_the_page_states_differences_by_seed() -> None:
    def row(seed: int, method: str, experiments: int) -> study.Row:
        return study.Row("w", seed, method, experiments, 1.0, 2.0, 100, 5.0, 50, 10.0, "c")

    lines = study.section([row(0, "open", 9), row(0, "learned", 5), row(1, "open", 7), row(1, "learned", 3)])
    assert "- `learned` less `open`, experiments by seed: -4.00 (-4.00 to -4.00)" in lines
