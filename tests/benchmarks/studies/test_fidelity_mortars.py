"""The study of mortars before concretes: the mixes of a table, a campaign of each kind, and the report."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies import fidelity
from benchmarks.studies.fidelity_mortars import (
    AMOUNTS,
    ARMS,
    MAX_EXPERIMENTS,
    SHUFFLED,
    WITH,
    WITHOUT,
    experiments,
    mixes,
    report,
)

DATA = Path(os.environ.get("DESIGNER_DATA", Path(__file__).parents[4] / "shared" / "data"))


def table(n: int, seed: int, scale: float) -> pd.DataFrame:
    """Return random mixes whose strength is that of their cement and water."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.uniform(0, 100, (n, len(AMOUNTS))).round(1), columns=list(AMOUNTS))
    return frame.assign(strength=scale * (frame["cement"] - 0.5 * frame["water"] + 100.0))


@pytest.mark.parametrize("arm", ARMS)
def test_a_campaign_ends_with_the_strongest_concrete(arm: str) -> None:
    concretes, mortars = table(12, 0, 1.0), table(30, 1, 1.7)
    found = experiments(concretes, mortars, 0, arm)
    assert 1 <= found <= 9
    assert experiments(concretes, mortars, 0, arm) == found


def test_mortars_of_other_mixes_find_the_strongest_concrete_at_once() -> None:
    concretes, mortars = table(25, 2, 1.0), table(40, 3, 1.7)
    assert experiments(concretes, mortars, 0, WITH) < experiments(concretes, mortars, 0, WITHOUT)


def test_the_report_has_a_row_for_each_set_of_concretes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "_SAMPLES", 20)
    lines = list(report({"some": table(8, 0, 1.0)}, table(20, 1, 1.7), 1))
    assert lines[0] == f"| concretes | mixes | {WITHOUT} | {WITH} | {SHUFFLED} |"
    assert lines[2].startswith("| some | 8 | ")
    assert [line.split(":")[0] for line in lines[3:]] == [f"\nRatio {arm} to {WITHOUT}" for arm in (WITH, SHUFFLED)]
    assert all(float(cell) <= MAX_EXPERIMENTS for cell in lines[2].split(" | ")[2:4])


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder of measured tables at {DATA} (DESIGNER_DATA)")
def test_the_tables_share_one_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESIGNER_DATA", str(DATA))
    mortars, concretes = mixes("mortar_source0"), mixes("concrete_source0", "concrete_source1")
    assert len(mortars.merge(concretes, on=list(AMOUNTS))) == 1
    assert concretes["strength"].notna().all()
