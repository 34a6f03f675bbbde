from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.studies import fidelity_rules
from benchmarks.studies.fidelity_rules import PAIRS, PRESENT, RULES, main, report


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


def test_campaigns_are_rows_that_are_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []

    def run(*given: object, **options: object) -> tuple[float, float, float]:
        made.append(options)
        return (10.0 if given[2] is None else 5.0), 3.0, 0.1

    monkeypatch.setattr(fidelity_rules, "run", run)
    given = ["--seeds", "1", "--pairs", "Branin", "Currin", "--rows", str(tmp_path / "rows.jsonl")]
    for _ in range(2):
        assert main(given) == 0
    assert len(made) == 2 * (1 + 4 * len(RULES))
    assert f"| {PRESENT} | 8 | 0.50 (0.50 to 0.50) |" in capsys.readouterr().out


def test_report_without_rows_has_no_rule() -> None:
    assert len(list(report([]))) == 2
