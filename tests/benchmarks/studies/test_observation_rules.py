from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.studies import observation_rules
from benchmarks.studies.characterisation import SHUFFLED, WITHOUT, StagedTable
from benchmarks.studies.observation_rules import PRESENT, PROBLEMS, ROWS, RULES, main, report


@pytest.mark.parametrize("name", PROBLEMS)
def test_observations_are_related_to_the_target_and_unrelated_columns_are_not(name: str) -> None:
    problem = PROBLEMS[name]
    table = problem.table(name)
    assert len(table.frame) == ROWS
    assert len(table.observations) == 1 + problem.unrelated
    related = table.frame[[*table.observations, table.target]].corr()[table.target].abs()
    assert related["z"] > 0.6
    assert all(related[f"u{i}"] < 0.2 for i in range(problem.unrelated))
    assert table.frame[table.target].std() == pytest.approx(np.hypot(1.0, problem.rough), rel=0.15)


def test_campaigns_are_rows_that_are_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []

    def run(table: StagedTable, seed: int, arm: str) -> tuple[float, int, int, float]:
        made.append(arm)
        return {WITHOUT: 10.0, SHUFFLED: 11.0}.get(arm, 5.0), 5, 0, 0.1

    monkeypatch.setattr(observation_rules, "run", run)
    given = ["--seeds", "1", "--problems", "Branin", "Borehole", "--rows", str(tmp_path / "rows.jsonl")]
    for _ in range(2):
        assert main(given) == 0
    assert len(made) == 2 * (1 + 2 * len(RULES))
    page = capsys.readouterr().out
    assert f"| {PRESENT} | 4 | 0.50 (0.50 to 0.50) | 1.10 (1.10 to 1.10) | 1.10 | 0.0 | 5.0 |" in page
    assert "| Branin | 10.0 | 0.50 / 1.10 |" in page


def test_report_without_rows_has_no_rule() -> None:
    assert len(list(report([]))) == 2
