"""What is shown of a run, and the page about two workers."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.studies import scaling
from benchmarks.suite import progress
from benchmarks.suite.campaigns import Job, Row
from benchmarks.suite.pools import pool_of
from designer.tasks import load_family


@pytest.fixture
def row(hills: Path) -> Row:
    job = Job(pool_of(load_family(hills / "hills").task("high")), "random", "hills", 3, 6, 2)
    return job.row(job.first(), seconds=[0.25, 0.5])


def shown(row: Row, *, terminal: bool) -> str:
    text = io.StringIO()
    with progress.shown("random", 4, 1, Console(file=text, force_terminal=terminal, width=120)) as on_row:
        on_row(row)
        on_row(replace(row, error="RuntimeError: no convergence", track="own", control="shuffled"))
    return text.getvalue()


def test_one_line_a_campaign_where_nobody_watches(row: Row) -> None:
    first, second = shown(row, terminal=False).splitlines()
    assert first[9:] == "hills/high random seed 3 0.8 CPU s"
    assert second[9:] == "hills/high random seed 3 own shuffled RuntimeError: no convergence"


def test_a_bar_with_the_time_left_in_a_terminal(row: Row) -> None:
    text = shown(row, terminal=True)
    assert "3/4" in text
    assert "left" in text
    assert "no convergence" in text
    assert "CPU s" not in text


def test_scaling_compares_the_best_of_each_and_the_same_campaigns(row: Row) -> None:
    runs = [(1, 10.0, 0.1, [row]), (2, 6.0, 0.1, [row]), (1, 9.0, 0.1, [row]), (2, 5.0, 0.1, [row])]
    text = scaling.page(runs, ["run", "full"])
    assert "Two workers took 5.0 s and one 9.0 s, the best of each: 1.80 times." in text
    assert "| 2 | 6.0 | 0.10 | 1 | 0.8 |" in text
    with pytest.raises(ValueError, match="did not give the same campaigns"):
        scaling.page([*runs, (2, 5.0, 0.1, [replace(row, chosen=[1])])], ["run", "full"])
