"""The evaluation of property prediction: its features, its rows, and what its page makes of them."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.studies.magpie import PROPERTIES, element_table, magpie
from benchmarks.studies.properties_page import EASY, OTHERS, OURS, complete, figure, page
from benchmarks.studies.properties_work import METHODS, POOLED, SHOTS, SLIPPED, Row, add, aside, done, learned
from tests.priors.stacking.compounds import past_tasks

SUBJECTS = {"a": "a", "b1": "b", "b2": "b"}


def rows(seeds: int = 2) -> list[Row]:
    """Return rows in which we are twice as good as all others, and a little worse for one quantity at 5 values."""
    found = []
    for task in SUBJECTS:
        for seed in range(seeds):
            for k in SHOTS:
                for method in METHODS:
                    error = 0.4 if method == OURS else 0.8
                    error = 0.9 if (task, method, k) == ("a", OURS, 5) else error
                    found.append(Row(task, "honest", method, k, seed, error, 0.5, 0.9, 2.0, error / 2, 0.1))
                    if k == 20:
                        found.append(Row(task, SLIPPED, method, k, seed, 2 * error, 0.5, 0.9, 2.0, error, 0.1))
                found.append(Row(task, "easy", OURS, k, seed, 0.3, 0.6, 0.9, 2.0, 0.2, 0.1))
        found += [Row(task, "honest", OURS, -1, 0, 0.2, 0.9, 0.9, 1.0, 0.1, 3.0)]
        found += [Row(task, "honest", OTHERS[0], -1, 0, 0.25, 0.9, 0.9, 1.0, 0.1, 3.0)]
    return found


def test_rows_are_written_and_read_and_a_cut_line_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    for row in rows(1)[:5]:
        add(file, row)
    assert done(file) == rows(1)[:5]
    file.write_text(file.read_text() + "a,honest,ours,1")
    assert done(file) == rows(1)[:5]
    assert done(tmp_path / "none.csv") == []


def test_a_composition_is_set_aside_however_it_is_written() -> None:
    texts = [f"Fe{i}O{j}" for i in range(1, 30) for j in range(1, 10)]
    away = aside(texts)
    assert 0.2 < away.mean() < 0.4
    assert (aside([f"O{4 * j}Fe{4 * i}" for i in range(1, 30) for j in range(1, 10)]) == away).all()


def test_the_page_says_who_is_better_and_where_it_loses() -> None:
    text = page(rows(), SUBJECTS, (1000, 3.0), [], "What.\n\nHow.")
    assert "| 10 | 0.50 [0.50, 0.50] | 0.50 [0.50, 0.50] | 0.50 [0.50, 0.50] | 0.50 [0.50, 0.50] | 2 |" in text
    lost = text.partition("## Where it loses")[2].partition("##")[0]
    assert lost.count("| 5 | a |") == 1
    assert "| b |" not in lost
    assert "| *all 3* | | | 0.80 | 90% | | |" in text
    assert "2 draws" in text
    assert "| 20 | 10 times too large | 0.80 | 1.60 | 1.60 | 1.60 | 1.60 |" in text


def test_pooled_models_stand_beside_where_another_task_measured_the_quantity() -> None:
    pooled = [Row("b1", "easy", POOLED[0], k, 0, 0.6, 0.5, 0.9, 2.0, 0.3, 9.0) for k in (0, 20)]
    pooled += [replace(row, method=method) for row in pooled for method in POOLED[1:]]
    pooled += [Row("b1", "easy", OURS, 0, 0, 0.3, 0.6, 0.9, 2.0, 0.2, 0.1)]
    text = page([*rows(), *pooled], SUBJECTS, (1000, 3.0), [], "What.\n\nHow.")
    assert "2 draws" in text  # other tasks need none of these
    assert text.count("| b1 | 0.300 | 0.600 | 0.600 | 0.600 | 0.60 | 90% | 0.1 | 9.0 |") == 2


def test_the_picture_names_all_and_is_always_the_same() -> None:
    drawn = figure(rows(), SUBJECTS)
    assert drawn.startswith("<svg")
    assert all(f">{method}</text>" in drawn for method in (*METHODS, EASY))
    assert drawn == figure(rows(), SUBJECTS)


def test_a_method_without_an_interval_is_said_to_have_none() -> None:
    endless = [replace(row, score=np.inf) if (row.method, row.k) == ("mean", 1) else row for row in rows()]
    text = page(endless, SUBJECTS, (1000, 3.0), [], "What.\n\nHow.")
    scores = text.partition("## Our score over that of the others, honest")[2].partition("\n## ")[0]
    assert scores.count("| no interval | 2 |") == 2  # once in each of the two tables
    assert "nan" not in text


def test_seeds_that_are_not_whole_are_left_out() -> None:
    cut = [row for row in rows() if (row.task, row.method, row.k, row.seed) != ("b1", "mean", 20, 1)]
    assert {row.seed for row in complete(cut, SUBJECTS)} == {0}


def test_a_prior_is_learned_once_by_the_same_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder := tmp_path / "kept").mkdir()
    first, seconds = learned(past_tasks(), folder)
    assert learned(past_tasks(), folder)[1] == seconds  # read, not learned
    monkeypatch.setattr("benchmarks.studies.properties_work.learning_code", lambda: "other")
    again, other = learned(past_tasks(), folder)
    assert other != seconds
    assert torch.equal(again.networks.weights["third"], first.networks.weights["third"])


def test_magpie_features_are_statistics_of_the_elements() -> None:
    try:
        distribution("matminer")
    except PackageNotFoundError:
        pytest.skip("matminer is not installed: pip install 'materials-designer[bench]'")
    table = element_table()
    assert table.shape == (103, len(PROPERTIES))
    features = magpie(["Fe2O3", "O3Fe2"]).reshape(2, len(PROPERTIES), 6)
    assert (features[0] == features[1]).all()
    iron, oxygen = 26.0, 8.0
    mean = 0.4 * iron + 0.6 * oxygen
    spread = 0.4 * (iron - mean) + 0.6 * (mean - oxygen)
    assert features[0, 0] == pytest.approx([oxygen, iron, iron - oxygen, mean, spread, oxygen])
    # Of matminer 0.8.0 itself: Electronegativity of Fe2O3.
    number = PROPERTIES.index("Electronegativity")
    assert features[0, number] == pytest.approx([1.83, 3.44, 1.61, 2.796, 0.7728, 3.44])
    assert np.isfinite(features).all()
