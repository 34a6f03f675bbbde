"""Simulated campaigns: what is written down, what breaks, and that they resume."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.suite import methods, rows, running
from benchmarks.suite.campaigns import Job, Row, simulate
from benchmarks.suite.pools import Candidates, Pool, pool_of
from designer.errors import InvalidData
from designer.tasks import load_family


@pytest.fixture
def pool(hills: Path) -> Pool:
    return pool_of(load_family(hills / "hills").task("high"))


def lead(pool: Pool, method: str, budget: int = 6, seed: int = 0, track: str = "shared") -> Row:
    return simulate(Job(pool, method, "hills", seed, budget, 2 if track == "shared" else 0, track))


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


@pytest.mark.parametrize("method", ["designer", "random"])
def test_a_method_makes_its_own_first_experiments(pool: Pool, method: str) -> None:
    row = lead(pool, method, track="own")
    assert row.error == ""
    assert (row.initial, len(row.chosen), len(row.seconds)) == (0, 6, 6)
    assert row.key == ("hills", "high", method, 0, "own", "none")
    assert without_cost(lead(pool, method, track="own")) == without_cost(row)
    assert lead(pool, method, track="own", seed=1).chosen != row.chosen


def test_our_first_experiments_are_those_of_a_campaign(pool: Pool) -> None:
    from designer import Campaign

    space, candidates = pool.candidates.space, pool.candidates
    campaign = Campaign.create(space=space, targets=candidates.objective.targets, candidates=candidates.designs, seed=0)
    for row in lead(pool, "designer", track="own", budget=3).chosen:
        suggested = campaign.suggest(1)
        assert suggested[["x", "gas"]].to_numpy().tolist() == candidates.designs.iloc[[row]].to_numpy().tolist()
        campaign.record(suggested.assign(y=pool.y[row]))


def test_predictions_are_made_before_the_value_is_shown(pool: Pool) -> None:
    row = lead(pool, "designer", budget=20)
    assert len(row.predictions) == len(row.seconds) == 18
    errors = [(y - given[0]) / given[1] for y, given in zip(row.y[2:], row.predictions, strict=True) if given]
    assert len(errors) == 18
    assert max(map(abs, errors)) > 0.01  # a value that was seen would be predicted exactly
    assert np.median(np.abs(errors)) < 3
    own = lead(pool, "designer", track="own", budget=20)
    assert own.predictions[:3] == [None] * 3  # no model before the first designs are made
    assert own.predictions[3] is not None
    assert lead(pool, "random").predictions == []


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
    monkeypatch.setitem(sys.modules, "broken_method", broken(choice))
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


def test_a_line_that_is_no_result_is_named(pool: Pool, tmp_path: Path) -> None:
    rows.append(tmp_path, lead(pool, "random"))
    file = tmp_path / "random.jsonl"
    short = json.dumps({name: value for name, value in asdict(lead(pool, "random")).items() if name != "track"})
    for wrong in ("{}", "<<<<<<< HEAD", short):
        file.write_text(f"{wrong}\n" + file.read_text(encoding="utf-8").splitlines()[-1] + "\n", encoding="utf-8")
        with pytest.raises(InvalidData, match=r"random.jsonl:1: this is no result of a campaign; remove the line"):
            rows.read(tmp_path)


def test_a_row_after_a_cut_line_is_not_lost(pool: Pool, tmp_path: Path) -> None:
    row = lead(pool, "random")
    (tmp_path / "random.jsonl").write_text('{"suite": "hil', encoding="utf-8")
    rows.append(tmp_path, row)
    assert rows.read(tmp_path) == [row]


def jobs(hills: Path, seeds: int) -> list[Job]:
    family = load_family(hills / "hills")
    pools = [pool_of(task) for task in family.tasks]
    return [Job(pool, "random", "hills", seed, 6, 2) for seed in range(seeds) for pool in pools]


def test_one_worker_or_many_give_the_same_rows_and_a_run_resumes(hills: Path, tmp_path: Path) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    running.run(jobs(hills, 3), one, running.here(1))
    running.run(jobs(hills, 1), many, running.here(2))
    on_row: list[Row] = []
    running.run(jobs(hills, 3), many, running.here(2), on_row=on_row.append)
    assert len(on_row) == 4
    assert [without_cost(row) for row in rows.read(one)] == [without_cost(row) for row in rows.read(many)]
    assert all(row.memory_mb > 0 for row in rows.read(one))


@pytest.mark.parametrize(
    ("module", "expected"),
    [("hanging", "took longer than its limit of 2 s"), ("dying", "the process ended with code 7")],
)
def test_a_campaign_that_hangs_or_dies_says_so(hills: Path, tmp_path: Path, module: str, expected: str) -> None:
    job = replace(jobs(hills, 1)[0], method=f"tests.benchmarks.{module}")
    running.run([job], tmp_path, running.here(limit=2.0))
    (row,) = rows.read(tmp_path)
    assert row.error == expected
    assert row.chosen == job.pool.initial(2, seed=0)


def test_a_killed_run_leaves_no_campaign_behind_and_resumes(hills: Path, suite_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "benchmarks", "run", str(suite_file), "--data", str(hills), "--out", str(out)]
    command += ["--methods", "tests.benchmarks.slow", "--seeds", *map(str, range(6))]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    file = out / "tests.benchmarks.slow.jsonl"
    wait_for(lambda: file.exists() and len(rows.read(out)) >= 2)
    children = descendants(killed.pid)
    assert children
    killed.kill()
    killed.wait()
    before = rows.read(out)
    assert 2 <= len(before) < 12
    wait_for(lambda: not any(alive(child) for child in children))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after = rows.read(out)
    assert len(after) == len(done.stdout.splitlines()) + len(before) == 12
    assert len(file.read_text(encoding="utf-8").splitlines()) == 12
    assert [row for row in after if row.key in {each.key for each in before}] == before


def wait_for(happened: Callable[[], bool]) -> None:
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("waited for half a minute in vain")


def descendants(process: int) -> list[int]:
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[1]) == process:
                child = int(status.parent.name)
                found += [child, *descendants(child)]
    return found


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
