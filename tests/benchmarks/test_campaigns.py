"""Simulated campaigns: what is written down, what breaks, and that they resume."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import methods, rows, running
from benchmarks.campaigns import Row, simulate
from benchmarks.pools import Candidates, Pool, pool_of
from designer.tasks import load_family


@pytest.fixture
def pool(hills: Path) -> Pool:
    return pool_of(load_family(hills / "hills").task("high"))


def lead(pool: Pool, method: str, budget: int = 6, seed: int = 0) -> Row:
    return simulate(pool, method, suite="hills", seed=seed, budget=budget, initial=2)


def without_cost(row: Row) -> Row:
    return replace(row, seconds=[], memory_mb=0.0)


@pytest.mark.parametrize("method", ["designer", "random", "rf-ei", "botorch"])
def test_every_method_starts_at_the_same_designs_and_never_repeats_one(pool: Pool, method: str) -> None:
    row = lead(pool, method)
    assert row.error == ""
    assert row.chosen[:2] == pool.initial(2, seed=0)
    assert len(set(row.chosen)) == len(row.chosen) == 6
    assert row.y == pool.y[row.chosen].tolist()
    assert len(row.seconds) == 4
    assert row.versions
    assert without_cost(lead(pool, method)) == without_cost(row)


@pytest.mark.parametrize("method", ["designer", "rf-ei"])
def test_models_find_the_top_of_a_parabola(pool: Pool, method: str) -> None:
    assert max(lead(pool, method, budget=20).y) == 0.0


def test_a_pool_smaller_than_the_budget_is_used_up(pool: Pool) -> None:
    row = lead(pool, "random", budget=100)
    assert sorted(row.chosen) == list(range(42))


def broken(choice: object) -> SimpleNamespace:
    def following(measured: Sequence[int], y: np.ndarray) -> int:
        if isinstance(choice, Exception):
            raise choice
        return int(measured[0]) if choice == "again" else len(y) if len(y) < 4 and len(y) not in measured else 10**6

    def begin(candidates: Candidates, seed: int) -> SimpleNamespace:
        return SimpleNamespace(next=following)

    return SimpleNamespace(versions=lambda: {"broken": "1"}, begin=begin)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (RuntimeError("no convergence"), "RuntimeError: no convergence"),
        ("again", "ValueError: asked for row"),
        ("outside", "ValueError: asked for row 1000000"),
    ],
)
def test_a_method_that_breaks_gives_a_row_that_says_so(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, choice: object, expected: str
) -> None:
    monkeypatch.setitem(methods.MODULES, "broken", "broken_method")
    monkeypatch.setitem(sys.modules, "broken_method", broken(choice))  # type: ignore[arg-type]
    row = lead(pool, "broken")
    assert row.error.startswith(expected)
    assert 2 <= len(row.y) < 6


def test_a_library_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(methods.EXTRA, "random", "no_such_library")
    with pytest.raises(Exception, match=r"no_such_library is not installed; .*materials-designer\[bench\]"):
        methods.load("random")


def test_rows_survive_a_cut_last_line_and_the_last_of_two_counts(pool: Pool, tmp_path: Path) -> None:
    row = lead(pool, "random")
    again = replace(row, error="second")
    other = lead(pool, "random", seed=1)
    for each in (row, other, again):
        rows.append(tmp_path, each)
    assert rows.read(tmp_path) == [again, other]
    with (tmp_path / "random.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"suite": "hil')
    assert rows.read(tmp_path) == [again, other]


def test_a_row_after_a_cut_line_is_not_lost(pool: Pool, tmp_path: Path) -> None:
    row = lead(pool, "random")
    (tmp_path / "random.jsonl").write_text('{"suite": "hil', encoding="utf-8")
    rows.append(tmp_path, row)
    assert rows.read(tmp_path) == [row]


def jobs(hills: Path, seeds: int) -> list[running.Job]:
    family = load_family(hills / "hills")
    pools = [pool_of(task) for task in family.tasks]
    return [running.Job(pool, "random", "hills", seed, 6, 2) for seed in range(seeds) for pool in pools]


def test_one_worker_or_many_give_the_same_rows_and_a_run_resumes(hills: Path, tmp_path: Path) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    running.run(jobs(hills, 3), one, workers=1)
    running.run(jobs(hills, 1), many, workers=2)
    told: list[Row] = []
    running.run(jobs(hills, 3), many, workers=2, told=told.append)
    assert len(told) == 4
    assert [without_cost(row) for row in rows.read(one)] == [without_cost(row) for row in rows.read(many)]
    assert all(row.memory_mb > 0 for row in rows.read(one))


@pytest.mark.parametrize(
    ("module", "expected"), [("hanging", "took longer than its limit"), ("dying", "the process ended with code 7")]
)
def test_a_campaign_that_hangs_or_dies_says_so(hills: Path, tmp_path: Path, module: str, expected: str) -> None:
    job = replace(jobs(hills, 1)[0], method=f"tests.benchmarks.{module}")
    running.run([job], tmp_path, limit=2.0)
    (row,) = rows.read(tmp_path)
    assert row.error == expected
    assert row.chosen == job.pool.initial(2, seed=0)
