from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.studies import fidelity_rules
from benchmarks.studies.fidelity_rules import PRESENT, RULES, main, report, self_prediction


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


def test_results_as_they_are_predict_each_other_more_often_than_shuffled_ones() -> None:
    lines = list(self_prediction(["Borehole", "Hartmann 3"], draws=3))
    assert len(lines) == 8
    shares = [float(line.split("|")[3].strip(" %")) for line in lines[2:]]
    assert sum(shares[0::2]) > sum(shares[1::2])
