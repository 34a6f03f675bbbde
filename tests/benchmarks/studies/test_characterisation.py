"""The study of observations before targets: its tables, one short campaign of each kind, and the bootstrap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies import characterisation
from benchmarks.studies.characterisation import ARMS, WITHOUT, StagedTable, bootstrap, run


def table() -> StagedTable:
    x = np.arange(12.0)
    frame = pd.DataFrame({"x": x, "z": 2.0 * (x - 8.0) ** 2, "y": -((x - 8.0) ** 2)})
    return StagedTable("parabola", frame, ({"name": "x", "kind": "numeric", "bounds": [0, 11]},), ("z",), "y")


@pytest.mark.parametrize("arm", ARMS)
def test_a_campaign_counts_what_it_spends(monkeypatch: pytest.MonkeyPatch, arm: str) -> None:
    monkeypatch.setattr(characterisation, "MAX_COST", 3.0)
    cost, measured, observed, _ = run(table(), 0, arm)
    assert cost == pytest.approx(measured + 0.1 * observed)
    assert (observed == 0) == (arm == WITHOUT)


def test_shuffled_observations_stay_with_each_other() -> None:
    frame = table().shuffled(1).frame
    assert sorted(frame["z"]) == sorted(table().frame["z"])
    assert frame["y"].tolist() == table().frame["y"].tolist()
    assert frame["z"].tolist() != table().frame["z"].tolist()


def test_the_bootstrap_of_equal_ratios_has_no_width() -> None:
    assert bootstrap([np.log([0.5, 0.5]), np.log([0.5, 0.5])], draws=20) == pytest.approx((0.5, 0.5, 0.5))
