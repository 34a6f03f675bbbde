from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.studies.fidelity_rule_pairs import MEASURED, PAIRS, names, pair_of

DATA = Path(os.environ.get("DESIGNER_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.mark.parametrize(("name", "best", "at"), [("Hartmann 3", 3.86278, [0.114614, 0.555649, 0.852547])])
def test_functions_have_their_known_maximum(name: str, best: float, at: list[float]) -> None:
    size, function, _ = PAIRS[name]
    assert size == len(at)
    np.testing.assert_allclose(function(np.array([at])), best, rtol=1e-5)


def test_borehole_and_currin_have_known_values() -> None:
    # At the middle of the ranges: 2 pi Tu (Hu - Hl) / (ln(r / rw) (1 + 2 L Tu / (ln(r / rw) rw^2 Kw) + Tu / Tl)).
    rw, r, tu, hu, tl, hl, length, kw = 0.1, 25050.0, 89335.0, 1050.0, 89.55, 760.0, 1400.0, 10950.0
    log = np.log(r / rw)
    flow = 2 * np.pi * tu * (hu - hl) / (log * (1 + 2 * length * tu / (log * rw**2 * kw) + tu / tl))
    np.testing.assert_allclose(PAIRS["Borehole"][1](np.full((1, 8), 0.5)), flow, rtol=1e-12)
    np.testing.assert_allclose(PAIRS["Currin"][1](np.array([[0.216667, 0.022857]])), 13.7987, rtol=1e-4)


def test_pairs_have_names_of_their_own() -> None:
    assert len(set(names())) == len(names())


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder of measured tables at {DATA} (DESIGNER_DATA)")
@pytest.mark.parametrize("name", MEASURED)
def test_tables_share_designs_and_campaigns_have_a_part_of_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESIGNER_DATA", str(DATA))
    pair = pair_of(name)
    assert not pair.frame.duplicated(pair.columns).any()
    assert np.isfinite(pair.frame[["top", "low"]]).all(axis=None)
    assert {each["name"] for each in pair.space} == set(pair.columns)
    parts = [pair.part(seed).frame for seed in (0, 1)]
    assert len(parts[0]) == len(parts[1]) < len(pair.frame)
    assert not parts[0].equals(parts[1])
    # The values are those of the same design in each of the tables, which are read apart.
    assert pair.frame["top"].corr(pair.frame["low"], method="spearman") > -0.2
