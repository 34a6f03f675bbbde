"""The studies of what labs ask for, on a small table that is computed here."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies import contexts, lab_spaces, log_targets, mapping, per_batch, preferences
from benchmarks.studies.lab_tables import LabTable


@pytest.fixture
def table() -> LabTable:
    rows = [
        {"kind": kind, "T": T, "c": c, "y": -((c - T / 200) ** 2) - (0.5 if kind == "b" else 0.0)}
        for kind, T, c in product("ab", (100.0, 150.0, 200.0), np.linspace(0, 1, 6).round(2))
    ]
    return LabTable("computed", pd.DataFrame(rows), "T", {"name": "y", "goal": "maximize"}, ("kind",))


def test_regrets_are_shares_of_the_range(table: LabTable) -> None:
    values = table.frame["y"]
    assert table.regrets([values.max(), values.min()]).tolist() == [0.0, 1.0]
    design = {column: table.frame[column].iloc[7] for column in table.settings}
    assert table.value(design) == values.iloc[7]
    assert 0 < len(table.part(0).frame) < len(table.frame)
    assert table.part(1).frame.equals(table.part(1).frame)
    match = LabTable("match", table.frame, "T", {"name": "y", "goal": "match", "value": -0.5, "tolerance": 0.1})
    assert match.utilities([-0.5, 0.5, -1.0]).tolist() == [0.0, -1.0, -0.5]


@pytest.mark.parametrize("name", list(per_batch.POLICIES))
def test_batches_of_every_policy_are_counted(table: LabTable, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(per_batch, "EXPERIMENTS", 16)
    experiments, regret, changes, seconds = per_batch.POLICIES[name](table, 0)
    assert experiments in (4, 8, 12, 16, 17)
    assert 0 <= regret <= 1
    assert changes <= 3
    assert seconds > 0


def test_a_planted_effect_of_batches_is_measured(table: LabTable) -> None:
    known, independent, found = per_batch.planted(table, 0, 1.0)
    assert 0 < known < 3
    assert 0 < independent < 3
    assert found >= 0


@pytest.mark.parametrize("name", ["_routes", "_routes_flat", "_slurry", "_slurry_by_hand"])
def test_campaigns_in_spaces_of_labs_are_counted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_spaces, "EXPERIMENTS", 4)
    experiments, seconds = getattr(lab_spaces, name)(0)
    assert 1 <= experiments <= 5
    assert seconds > 0


@pytest.mark.parametrize("low", [lab_spaces.LIMIT, lab_spaces.NUMBER, lab_spaces.FAILURE])
def test_low_results_are_recorded_in_each_way(table: LabTable, low: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_spaces, "EXPERIMENTS", 5)
    experiments, _ = lab_spaces._with_limit(table, low)(0)
    assert 1 <= experiments <= 6


@pytest.mark.parametrize("name", list(preferences.PREFERENCES))
def test_preferences_recommend_a_design_of_the_table(
    table: LabTable, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preferences, "EXPERIMENTS", 6)
    recommended, best, seconds = preferences.PREFERENCES[name](table, 0)
    assert 0 <= best <= recommended <= 1
    assert seconds >= 0


@pytest.mark.parametrize("name", list(preferences.TIERED))
def test_tiers_are_measured_by_the_second_goal(table: LabTable, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "TIERED_EXPERIMENTS", 8)
    monkeypatch.setattr(preferences, "TIERS", {"computed": (-0.3, "T")})
    excess, reached, seconds = preferences.TIERED[name](table, 0)
    assert 0 <= excess <= 1
    assert reached in (0, 1)
    assert seconds >= 0


@pytest.mark.parametrize("name", list(contexts.POLICIES))
def test_campaigns_of_every_kind_recommend_a_design_for_each_context(
    table: LabTable, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contexts, "EXPERIMENTS", 9)
    recommended, made, seconds = contexts.POLICIES[name](table, 0)
    assert 0 <= recommended <= 1
    assert 0 <= made <= 1
    assert seconds > 0


def test_experiments_are_counted_from_where_most_of_the_table_stays_right() -> None:
    assert mapping.experiments_to({6: 0.05, 9: 0.2, 12: 0.09, 15: 0.0}) == 12
    assert mapping.experiments_to({6: 0.05, 30: 0.2}) == mapping.EXPERIMENTS + 1


def test_maps_boundaries_and_cells_are_measured(table: LabTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "EXPERIMENTS", 8)
    monkeypatch.setattr(mapping, "HALF", 6)
    surface = mapping.Surface("computed", table.space(), table.frame, "y", -0.5)
    goal = {"goal": "boundary", "value": surface.level}
    for way in (mapping.suggested, mapping.space_filling, mapping.at_random):
        wrong = mapping.boundary_errors(surface, way(surface, 0, **goal), surface.level)
        assert set(wrong) == {3, 4, 6}
        assert all(0 <= share <= 1 for share in wrong.values())
    assert min(mapping.map_errors(surface, mapping.suggested(surface, 0, goal="map"))) > 0
    keys = {"goal": "maximize", "diversify_by": {"parameter": "kind"}}
    half, whole = mapping.cell_regrets(surface, "maximize", "kind", mapping.suggested(surface, 0, **keys))
    assert 0 <= whole <= half <= 1


@pytest.mark.parametrize("scale", log_targets.SCALES)
def test_targets_over_decades_are_predicted_on_both_scales(
    table: LabTable, scale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_targets, "EXPERIMENTS", 6)
    monkeypatch.setattr(log_targets, "PREDICTED", 6)
    positive = LabTable(
        "positive", table.frame.assign(y=10.0 ** (3 * table.frame["y"])), "T", dict(table.target), ("kind",)
    )
    reached, off, inside, below, _ = log_targets.run(positive, scale, 0)
    assert 1 <= reached <= 7
    assert 0 <= off <= 3
    assert 0 <= inside <= 1
    assert (below == 0) or scale == "linear"
