"""The study of past relations: its splits, and one small table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.studies import past_relations
from benchmarks.studies.characterisation import StagedTable
from benchmarks.studies.past_relations import OWN, RESULTS, Line, Split, campaign_cost, lines, report


def table() -> StagedTable:
    rng = np.random.default_rng(0)
    X = rng.random((60, 3))
    z = np.sin(X @ (8.0 * rng.normal(size=(3, 4)))).sum(axis=1)
    frame = pd.DataFrame({**{f"x{i}": X[:, i] for i in range(3)}, "z": z, "y": 2.0 * z + 0.1 * rng.normal(size=60)})
    space = tuple({"name": f"x{i}", "kind": "numeric", "bounds": [0, 1]} for i in range(3))
    return StagedTable("rough", frame, space, ("z",), "y")


def test_a_split_has_each_design_once() -> None:
    true, exchanged = (Split.of(table(), 1, exchanged=each) for each in (False, True))
    designs = torch.cat([true.past.X, true.own.X])
    assert len(torch.unique(designs, dim=0)) == len(designs) == 60
    y = true.own.Y[:, 0].numpy()
    assert np.corrcoef(true.Z[:, 0], y)[0, 1] > 0.9
    assert abs(np.corrcoef(exchanged.Z[:, 0], y)[0, 1]) < 0.5
    assert sorted(exchanged.Z[:, 0]) == pytest.approx(sorted(true.Z[:, 0]))


def test_a_true_relation_is_found_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_relations, "RESULTS", (2, 4))
    found = list(lines(table(), 0, exchanged=False))
    assert [line.results for line in found] == [2, 4]
    assert all(line.errors[2] < 0.8 * line.errors[1] and line.holds > 0.6 for line in found)


def test_the_report_has_a_line_for_each_number_of_results() -> None:
    splits = [[Line(n, (1.0, 0.5, 0.25), 0.75) for n in RESULTS]] * 2
    shown = list(report({"rough": splits}, "Title"))
    assert "| 2 | 1.00 | 0.50 | 0.25 | 0.75 | 0.25 (0.25 to 0.25) | 0.50 (0.50 to 0.50) |" in shown
    assert "| rough | 1.00 | 0.50 | 0.25 | 0.75 |" in shown


def test_a_campaign_after_a_past_one_costs_no_more_than_its_designs() -> None:
    part, rest = table().split(0, 12)
    assert len(part.frame) == 12
    assert not set(part.frame["x0"]) & set(rest.frame["x0"])
    assert len(part.frame) + len(rest.frame) == 60
    assert 0.0 < campaign_cost(part, rest, 0, OWN) <= 12 * 1.1
