"""The study of campaigns over molecules: what is known at the start, rows that are kept, and the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")

from benchmarks.studies import generation_molecules
from benchmarks.studies import molecule_campaigns as study
from tests.benchmarks.studies.test_generation_molecules import KNOWN, TABLE
from tests.campaign.feature_pairs import MOLECULES


def test_campaigns_do_not_know_the_best_and_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"KNOWN": 8, "MEASURED": 3, "LISTED": 10, "EXPERIMENTS": 2, "BATCH": 1, "TREES": 5}.items():
        monkeypatch.setattr(study, name, value)
    monkeypatch.setattr(study, "METHODS", {name: study.METHODS[name] for name in ("list", "random")})
    monkeypatch.setattr(study, "TABLES", (TABLE,))
    monkeypatch.setenv("DESIGNER_DATA", str(tmp_path))
    (tmp_path / "dyes").mkdir()
    molecules = [*KNOWN, *MOLECULES, "CCOC(=O)c1ccccc1C", "COC(=O)c1ccccc1", "CCOc1ccccc1"]
    pd.DataFrame({"dye": molecules, "y": range(len(molecules))}).to_csv(tmp_path / "dyes" / "a.csv", index=False)
    world = study.World.of(generation_molecules.values_of(tmp_path, TABLE), trees=5)
    run = study.Run(world, seed=0)
    assert max(world.measure(run.known)) < np.quantile(world.values, study.HIDDEN)
    run.made = [world.level - 1, world.level]
    assert (run.experiments, run.best) == (2, 1)
    rows, page = tmp_path / "rows.jsonl", tmp_path / "page.md"
    assert study.main(["--seeds", "1", "--rows", str(rows), "--out", str(page)]) == 0
    kept = study.read_rows(rows)
    assert [row.method for row in kept] == ["list", "random"]
    assert all(1 <= row.experiments <= 3 for row in kept)
    assert "| random |" in page.read_text()
    assert study.main(["--report", "--rows", str(rows), "--out", str(page)]) == 0
    assert study.read_rows(rows) == kept
