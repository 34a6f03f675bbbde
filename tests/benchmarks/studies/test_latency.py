"""The page of latencies: its measurements, and its text where a figure is missing."""

from __future__ import annotations

import numpy as np

from benchmarks.studies import latency
from benchmarks.studies.latency import Figure, measure, report
from benchmarks.studies.latency_work import alloy_table, lattice_table


def test_our_descriptors_are_quick_and_counted() -> None:
    figure = measure("designer", "descriptors", limit=60)
    assert figure.problem == ""
    assert figure.seconds is not None
    assert 0 < figure.seconds < 1.0
    assert figure.memory_mb is not None
    assert figure.memory_mb > 50


def test_work_beyond_its_limit_is_no_answer() -> None:
    assert measure("designer", "pool", limit=1).problem == "no answer in 1 CPU s, or out of memory"


def test_a_library_that_breaks_is_named_with_its_reason() -> None:
    assert "KeyError" in measure("designer", "nothing", limit=60).problem


def test_what_cannot_be_done_is_said_without_trying() -> None:
    assert measure("ax", "pool", limit=1).problem == latency.CANNOT["ax", "pool"]


def test_ratios_are_to_ours() -> None:
    figures = {"knobs": [Figure("designer", 2.0, 0.5, 400), Figure("baybe", 5.0, 1.0, 900, "slow"), Figure("ax")]}
    lines = report(figures, [("`designer --help`", 0.4, 0.3)], {"machine": "m"}).splitlines()
    assert "| designer | 2.00 | 1.0x | 0.50 | 400 |  |" in lines
    assert "| baybe | 5.00 | 2.5x | 1.00 | 900 | slow |" in lines
    assert "| ax | - | - | - | - |  |" in lines
    assert "| `designer --help` | 0.40 | 0.30 |" in lines


def test_random_alloys_are_as_stated() -> None:
    rows = 200
    alloys = alloy_table(rows, np.random.default_rng(0))
    amounts = alloys.iloc[:, :10].to_numpy()
    assert (amounts.sum(axis=1) == 100).all()
    assert ((amounts > 0).sum(axis=1) <= 5).all()
    lattice = lattice_table(rows, np.random.default_rng(0)).iloc[:, :5].to_numpy()
    assert np.allclose(lattice.sum(axis=1), 1.0)
