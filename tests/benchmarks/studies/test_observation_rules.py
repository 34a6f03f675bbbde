from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.studies import observation_rules
from benchmarks.studies.characterisation import SHUFFLED, WITHOUT, StagedTable
from benchmarks.studies.fidelity_tasks import Pair
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


def test_the_guard_tells_true_observations_from_shuffled_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observation_rules, "names", lambda: ["Borehole, rough"])
    shares = [row.split(" | ") for row in observation_rules.guard(draws=40)]
    areas = [float(row[1]) for row in shares[2:7]]
    assert 0.5 < areas[0] < areas[-1] <= 1.0
    ever, first = zip(*((float(row[1].rstrip(" %")), float(row[2].rstrip(" |"))) for row in shares[-3:]), strict=True)
    assert ever[0] >= ever[1] >= ever[2]
    assert 3.0 <= first[0] <= first[1] <= first[2] <= observation_rules.LOOKS


def test_tables_have_the_lower_level_as_their_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "low": [3.0, 4.0], "top": [5.0, 6.0]})
    pair = Pair("concrete", [{"name": "x", "kind": "numeric", "bounds": [1, 2]}], frame)
    monkeypatch.setattr(observation_rules, "pair_of", lambda name: pair)
    table = observation_rules.table_of.__wrapped__("concrete")
    assert (table.observations, table.target) == (("z",), "y")
    assert table.frame.to_dict("list") == {"x": [1.0, 2.0], "z": [3.0, 4.0], "y": [5.0, 6.0]}
