"""The report and the command line, on campaigns whose outcome is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import main
from benchmarks.campaigns import Row
from benchmarks.plan import prepare
from benchmarks.pools import Pool
from benchmarks.suite import Suite, load_suite


def row(pool: Pool, method: str, best_at: int, seed: int = 0) -> Row:
    """Return a campaign of 6 experiments that makes the best design as number `best_at` (0: never)."""
    order = sorted(range(len(pool)), key=lambda i: pool.utility[i])
    chosen = order[:6]
    if best_at:
        chosen[best_at - 1] = order[-1]
    y = [float(pool.y[i]) for i in chosen]
    return Row(
        "hills", pool.family, pool.task, method, seed, 6, pool.digest(), 2, chosen, y, [0.5], 100.0, "", {"lib": "1"}
    )


@pytest.fixture
def suite(suite_file: Path) -> Suite:
    return load_suite(str(suite_file))


@pytest.fixture
def pools(suite_file: Path, hills: Path) -> list[Pool]:
    return list(prepare(str(suite_file), hills).pools)


def test_the_table_holds_the_figures_of_the_campaigns(suite: Suite, pools: list[Pool]) -> None:
    found = [row(pool, "designer", best_at=2) for pool in pools] + [row(pool, "botorch", best_at=6) for pool in pools]
    text = report.markdown(report.results(suite, found, pools), ours="designer", baseline="botorch", origin={"a": "b"})
    lines = text.splitlines()
    assert any(line.startswith("| designer | 2 [2, 2] | 2 [2, 2] | 3 [3, 3] | 1 [1, 1] | 1 [1, 1] |") for line in lines)
    assert any(line.startswith("| botorch | 6 [6, 6] | 6 [6, 6] | 1 [1, 1] | 2 [2, 2] | 2 [2, 2] |") for line in lines)
    assert "| hills | report | 2 | 6.0 | **2.0** |" in lines
    assert "On no task is the best other method ahead by more than 2 experiments." in lines
    assert "| designer | 2 | 0.500 | 0.500 | 100 | 0 | lib 1 |" in lines
    assert "| a | b |" in lines


def test_losses_and_errors_are_listed(suite: Suite, pools: list[Pool]) -> None:
    from dataclasses import replace

    found = [row(pool, "designer", best_at=0) for pool in pools] + [row(pool, "botorch", best_at=2) for pool in pools]
    found[0] = replace(found[0], error="RuntimeError: no convergence")
    text = report.markdown(report.results(suite, found, pools), ours="designer", baseline="botorch", origin={})
    assert "| hills/high | botorch | 2.0 | 7.0 |" in text
    assert "| 1; RuntimeError: no convergence |" in text


def test_results_of_another_pool_are_refused(suite: Suite, pools: list[Pool]) -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="another pool or budget; run it again"):
        report.results(suite, [replace(row(pools[0], "x", 2), pool="other")], pools)
    with pytest.raises(ValueError, match="no campaign is shared"):
        report.results(suite, [row(pools[0], "x", 2), row(pools[1], "y", 2)], pools)


def test_run_and_report_from_the_command_line(
    hills: Path, suite_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = [str(suite_file), "--data", str(hills), "--out", str(tmp_path / "out"), "--methods", "random"]
    assert main(["run", *common]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert main(["run", *common]) == 0
    assert capsys.readouterr().out == ""
    assert main(["report", *common]) == 0
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert text.startswith("# Suite `hills`\n")
    assert "2 tasks of 1 families, seeds 0, 1, budget 6" in text
    assert "machine" in text


def test_the_smoke_suite_runs_on_measured_tasks(designer_data: Path, tmp_path: Path) -> None:
    common = ["smoke", "--data", str(designer_data), "--out", str(tmp_path), "--methods"]
    assert main(["run", *common, "designer", "random"]) == 0
    assert main(["report", *common, "designer", "random"]) == 0
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "2 tasks of 2 families, seeds 0, 1, budget 8" in text
    lines = [line for line in text.splitlines() if line.startswith("| designer | 4 |")]
    assert len(lines) == 1
    assert "| 0 | designer " in lines[0]
