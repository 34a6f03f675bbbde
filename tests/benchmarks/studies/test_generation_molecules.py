"""The recall study of molecules: what is hidden, what is left out as a near copy, rows that are kept, and the page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("rdkit", reason="rdkit is not installed: pip install 'materials-designer[molecules]'")

from benchmarks.studies import generation_molecules as study

TABLE = study.Table("dyes", "dyes/*.csv", "dye", "y")
KNOWN = [
    "COc1ccc(N=Nc2ccccc2)cc1", "CN(C)c1ccc(N=Nc2ccccc2)cc1", "CCOC(=O)c1ccccc1", "CCCNC(=O)c1ccco1", "CCSc1ccncc1",
    "CC(=O)Nc1ccc(O)cc1", "CCN(CC)C(=O)c1ccncc1", "COC(=O)CCc1ccccc1", "O=C(NCc1ccccc1)c1ccccc1",
]  # fmt: skip


def test_hidden_molecules_are_proposed_scored_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "dyes"
    folder.mkdir()
    values = [30.0, 3.0, 20.0, 4.0, 5.0, 10.0, 6.0, 7.0, 1.0]
    frame = pd.DataFrame({"dye": [*KNOWN, "CCOC(=O)c1ccccc1C", "no molecule"], "y": [*values, 19.0, 50.0]})
    frame.to_csv(folder / "a.csv", index=False)
    monkeypatch.setenv("DESIGNER_DATA", str(tmp_path))
    monkeypatch.setattr(study, "TABLES", (TABLE,))
    monkeypatch.setattr(study, "MIN_HIDDEN", 2)
    monkeypatch.setattr(study, "PROPOSALS", 30)
    monkeypatch.setattr(study, "METHODS", ("any halves", "BRICS, from the best, unranked"))
    made = study.split(TABLE, study.values_of(tmp_path, TABLE))
    assert made.hidden == (KNOWN[0], KNOWN[2])
    assert set(made.hidden).isdisjoint(made.left)
    assert made.near_copies == len(frame) - 1 - 2 - len(made.left)
    rows, page = tmp_path / "rows.jsonl", tmp_path / "page.md"
    assert study.main(["--seeds", "1", "--rows", str(rows), "--out", str(page)]) == 0
    kept = study.read_rows(rows)
    assert [row.method for row in kept] == ["any halves", "BRICS, from the best, unranked"]
    assert all(row.valid == 1 and 0 <= row.found <= 2 and row.proposed for row in kept)
    text = page.read_text()
    assert "2 are hidden" in text
    assert study.main(["--seeds", "1", "--rows", str(rows), "--out", str(page)]) == 0
    assert study.read_rows(rows) == kept, "nothing is computed twice"
