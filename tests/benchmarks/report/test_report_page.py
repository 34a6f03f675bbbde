"""The report and the command line, on campaigns whose outcome is known."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.__main__ import main
from benchmarks.report import tidy
from benchmarks.report.report_page import report
from benchmarks.report.results import results
from benchmarks.report.sections import markdown, page
from benchmarks.suite.campaigns import Row
from benchmarks.suite.plan import Plan, prepare
from benchmarks.suite.pools import Pool
from benchmarks.suite.sources import digest


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
def plan(suite_file: Path, hills: Path) -> Plan:
    return prepare(str(suite_file), hills)


@pytest.fixture
def three_families(hills: Path, tmp_path: Path) -> Plan:
    names = {"hills": "high", "process-window": "process-window-0", "ternary-ridge": "ternary-ridge-0"}
    families = "".join(f"  - {{family: {name}, split: report, tasks: [{task}]}}\n" for name, task in names.items())
    suite = tmp_path / "three.yaml"
    suite.write_text(f"suite: three\nbudget: 6\ninitial: 2\nseeds: 1\nfamilies:\n{families}", encoding="utf-8")
    return prepare(str(suite), hills)


def text_of(plan: Plan, found: list[Row], ours: str = "designer", baseline: str = "designer") -> str:
    return markdown(report(results(plan, found), ours=ours, baseline=baseline, provenance={"a": "b"}))


def every(plan: Plan, method: str, best_at: int, **changes: object) -> list[Row]:
    return [replace(row(pool, method, best_at), **changes) for pool in plan.pools]  # type: ignore[arg-type]


def test_the_tables_hold_the_figures_of_the_campaigns(plan: Plan) -> None:
    lines = text_of(plan, every(plan, "designer", 2) + every(plan, "botorch", 6)).splitlines()
    head = next(line for line in lines if line.startswith("| method | to top 1 %"))
    assert "| acceleration over designer | enhancement at 6 |" in head
    # one of the best three designs (5 % of 42) in 6 experiments, where 6 / 42 are found by chance: 7 / 3
    expected = "| designer | 2 [2, 2] | 2 [2, 2] | 1 [1, 1] | 2.33 [2.33, 2.33] | 1 [1, 1] | 1 [1, 1] |"
    assert any(line.startswith(expected) for line in lines)
    expected = "| botorch | 6 [6, 6] | 6 [6, 6] | 0.333 [0.333, 0.333] |"
    assert any(line.startswith(expected) for line in lines)
    assert "| hills | report | 2 | 6.0 | **2.0** | botorch | 3 [3, 3] | 3 [3, 3] |" in lines
    beside = "| botorch | 2 | 1 | 6.0 | 2.0 | -4 [-4, -4] | -4.00 | better | 2 / 0 / 0 | 0.16 | 3 [3, 3] | 3 [3, 3] |"
    assert beside in lines
    assert "| all | `botorch` | 2 | 1 | 3 [3, 3] | 3 [3, 3] |" in lines
    assert "| all | each family's best peer | 2 | 1 | 3 [3, 3] | 3 [3, 3] |" in lines
    assert "On no task is the best other method ahead by more than 2 experiments." in lines
    assert "| designer | 2 | 0.500 | 0.500 | 100 | 0 | lib 1 |" in lines
    assert "| designer | shared | none | 2 | 2 | 0 | 2 | 1 | 3600 |" in lines
    assert "| a | b |" in lines


def test_losses_and_errors_are_listed(plan: Plan) -> None:
    found = every(plan, "designer", 0) + every(plan, "botorch", 2)
    found[0] = replace(found[0], error="RuntimeError: no convergence")
    text = text_of(plan, found)
    assert "| hills/high | botorch | 1 | 2.0 | 7.0 |" in text
    assert "| 1; RuntimeError: no convergence |" in text
    assert "| 2.0 | 7.0 | 5 [5, 5] | 5.00 | not shown | 0 / 0 / 2 |" in text


def test_a_method_with_fewer_tasks_is_compared_on_those_it_has(plan: Plan) -> None:
    found = every(plan, "designer", 2) + every(plan, "botorch", 4) + every(plan, "slow", 6)[:1]
    lines = text_of(plan, found).splitlines()
    started = "all campaigns that `botorch`, `designer` share. With fewer tasks, and so not in this table: `slow`."
    assert any(started in line for line in lines)
    assert "| slow | botorch | 1 | 1 | 6.0 | 4.0 | 0.667 [0.667, 0.667] | 0.667 [0.667, 0.667] |" in lines
    assert any(line.startswith("| slow | 1 | 1 | 6.0 | 2.0 | -4 [-4, -4] |") for line in lines)  # beside ours
    assert "Not ranked, since all methods share 1 tasks only, which is too few: `slow`." in lines
    assert not any("need fewer experiments than the best peer" in line for line in lines)
    quick = text_of(plan, every(plan, "designer", 2) + every(plan, "botorch", 4) + every(plan, "quick", 1)[:1])
    assert "Where they ran, these need fewer experiments than the best peer `botorch`: `quick`." in quick


def test_each_family_has_its_own_best_peer(three_families: Plan) -> None:
    def led(method: str, *best_at: int) -> list[Row]:
        return [row(pool, method, n) for pool, n in zip(three_families.pools, best_at, strict=True)]

    lines = text_of(three_families, led("designer", 3, 3, 3) + led("baybe", 3, 6, 6) + led("ax", 6, 3, 5)).splitlines()
    assert not any(line.startswith("| all | `baybe` |") for line in lines)
    (single,) = [line for line in lines if line.startswith("| all | `ax` |")]
    assert single.startswith("| all | `ax` | 3 | 1 | 1.56 [")  # 14 over 9
    (each,) = [line for line in lines if line.startswith("| all | each family's best peer |")]
    assert each.startswith("| all | each family's best peer | 3 | 1 | 1.22 [")  # 3, 3 and 5 over 3, 3 and 3
    assert "| hills | report | 1 | 6.0 | **3.0** | **3.0** | baybe | 1 [1, 1] | 1 [1, 1] |" in lines
    assert any(line.startswith("| ternary-ridge | report | 1 | 5.0 | 6.0 | **3.0** | ax | 1.67 ") for line in lines)


def test_ratios_of_families_weigh_the_same(three_families: Plan) -> None:
    def led(method: str, *best_at: int) -> list[Row]:
        return [row(pool, method, n) for pool, n in zip(three_families.pools, best_at, strict=True)]

    lines = text_of(three_families, led("designer", 3, 3, 3) + led("ax", 6, 3, 5)).splitlines()
    (found,) = [line for line in lines if line.startswith("| ax | 3 | 3 | 3 | 1.49 [")]  # 2, 1 and 5/3
    assert "| 3 of 3 |" in found
    lines = text_of(three_families, led("designer", 3, 4, 3) + led("ax", 3, 3, 3)).splitlines()
    (found,) = [line for line in lines if line.startswith("| ax | 3 | 3 | 3 |")]
    assert "| 0.909 [" in found  # the cube root of 3/4
    assert "| 2 of 3 |" in found


def test_families_whose_sources_measured_other_quantities_stand_apart(three_families: Plan) -> None:
    hills, *others = three_families.suite.families
    suite = three_families.suite.model_copy(
        update={"families": (hills.model_copy(update={"across_targets": True}), *others)}
    )
    apart = replace(three_families, suite=suite)
    slow = [row(pool, "baybe", n) for pool, n in zip(apart.pools, (6, 4, 4), strict=True)]
    ours = [replace(row(pool, "designer-auto", 2), sources=digest(pool.candidates.sources)) for pool in apart.pools]
    lines = text_of(apart, ours + slow, ours="designer-auto").splitlines()
    assert any(line.startswith("| all | `baybe` | 3 | 1 | 2.33 [") for line in lines)
    assert any(line.startswith("| related | `baybe` | 2 | 1 | 2 [2, 2] |") for line in lines)
    assert "| related |" not in text_of(three_families, ours + slow, ours="designer-auto")
    assert "| related |" not in text_of(apart, every(apart, "designer", 2) + slow)


def test_our_other_methods_are_an_ablation(plan: Plan) -> None:
    found = every(plan, "designer-auto", 2) + every(plan, "designer", 3) + every(plan, "designer-metric", 4)
    text = text_of(plan, found + every(plan, "baybe", 6), ours="designer-auto")
    others, _, ablation = text.partition("`designer-auto` beside our other methods (ablation)")
    ablation = ablation.partition("###")[0]
    assert "| baybe | 2 | 1 | 6.0 | 2.0 |" in others
    assert "| designer-metric | 2 | 1 | 4.0 | 2.0 |" in ablation
    assert "| designer | 2 | 1 | 3.0 | 2.0 |" in ablation
    assert "| baybe |" not in ablation
    assert (
        "all campaigns that `baybe`, `designer`, `designer-auto` share. Our other methods are in the ablation table"
        in others
    )
    assert not any(line.startswith("| designer-metric |") and "[" in line for line in others.splitlines())


def test_our_other_methods_alone_are_shown_too(plan: Plan) -> None:
    text = text_of(plan, every(plan, "designer-metric", 4), ours="designer-auto")
    assert "all campaigns that `designer-metric` share." in text


def test_tracks_are_reported_apart(plan: Plan) -> None:
    own = every(plan, "designer", 4, track="own", initial=0) + every(plan, "botorch", 3, track="own", initial=0)
    text = text_of(plan, every(plan, "designer", 2) + every(plan, "botorch", 6) + own)
    shared, _, rest = text.partition("## Track `own`")
    assert "| botorch | 6 [6, 6]" in shared
    assert "| botorch | 3 [3, 3]" in rest
    assert "| designer | 4 [4, 4]" in rest


def test_controls_are_compared_with_the_method_with_its_own_sources(plan: Plan) -> None:
    found = every(plan, "designer", 4) + every(plan, "rgpe", 2) + every(plan, "rgpe", 5, control="no-sources")
    text = text_of(plan, found)
    expected = "| shared | no-sources | rgpe | 2 | 1 | 5.0 | 2.0 | 4.0 | +25.0% [+25.0%, +25.0%] | +25.0% |"
    assert f"{expected} +25.0% [+25.0%, +25.0%] | +25.0% | 0 of 2 | not excluded |" in text
    assert "| rgpe | shared | no-sources | 2 | 2 | 0 |" in text
    assert "at most 5% more, with the bound under 10%, as the suite fixes" in text


def test_a_control_that_chooses_as_the_baseline_does_no_harm(plan: Plan) -> None:
    found = every(plan, "designer", 4) + every(plan, "rgpe", 4, control="no-sources")
    expected = "| shared | no-sources | rgpe | 2 | 1 | 4.0 | - | 4.0 | +0.0% [+0.0%, +0.0%] | +0.0% |"
    assert f"{expected} +0.0% [+0.0%, +0.0%] | +0.0% | 2 of 2 | none |" in text_of(plan, found)


def test_predictions_are_judged(plan: Plan) -> None:
    def predicting(each: Row, away: float) -> Row:
        return replace(each, predictions=[[y + away, 1.0] for y in each.y[2:]])

    found = [predicting(each, away) for each, away in zip(every(plan, "designer", 2), (0.0, 3.0), strict=True)]
    text = text_of(plan, found + every(plan, "random", 6))
    (line,) = [line for line in text.partition("predictions one step ahead")[2].splitlines() if "designer |" in line][
        :1
    ]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:3] == ["2", "2"]
    assert cells[11] == "0.50 [0.00, 1.00]"  # after 3: one of two tasks within
    assert cells[13:] == ["-", "-"]  # six experiments: none after 10 or 20
    assert "random |" not in text.partition("predictions one step ahead")[2].partition("## Cost")[0]


def test_predictions_of_fewer_tasks_stand_beside_ours_on_the_same(plan: Plan) -> None:
    def exact(each: Row, off: float) -> Row:
        return replace(each, predictions=[[y + off, 1.0] for y in each.y[2:]])

    ours = [exact(each, off) for each, off in zip(every(plan, "designer", 2), (0.0, 3.0), strict=True)]
    table = text_of(plan, [*ours, exact(every(plan, "baybe", 2)[0], 0.0)]).partition("predictions one step ahead")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "| " in line]
    covered = {cells[0]: cells[11] for cells in rows if len(cells) == 15}
    (ours_line,) = [cells for cells in rows if cells[0] == "designer" and len(cells) == 15]
    expected = 0.5 * np.log(2 * np.pi) + 9 / 4 - np.log(np.std(plan.pools[0].y))  # of two tasks, 0 and 3 deviations off
    assert ours_line[3].split()[0] == ours_line[7] == f"{expected:.2f}"  # of two tasks, mean and median are the same
    assert covered["baybe"] == "1.00 [1.00, 1.00]"
    assert covered["designer"] == "0.50 [0.00, 1.00]"
    assert covered["`designer`, on the tasks of baybe"] == "1.00 [1.00, 1.00]"


def test_results_of_another_pool_or_other_sources_are_refused(plan: Plan) -> None:
    one = row(plan.pools[0], "x", 2)
    with pytest.raises(ValueError, match="another pool or budget; run it again"):
        results(plan, [replace(one, pool="other")])
    with pytest.raises(ValueError, match="of other sources; run it again"):
        results(plan, [replace(one, method="rgpe", sources="other")])
    with pytest.raises(ValueError, match="no result of suite 'hills'; run it first"):
        results(plan, [])


def test_nothing_shared_so_far_is_said(plan: Plan) -> None:
    found = [row(plan.pools[0], "x", 2), row(plan.pools[1], "y", 2)]
    assert "No campaign is shared by the methods so far." in text_of(plan, found)


def test_the_page_needs_nothing_else_and_shows_the_figures(plan: Plan) -> None:
    own = every(plan, "designer", 4, track="own", initial=0) + every(plan, "a<b", 3, track="own", initial=0)
    found = results(plan, every(plan, "designer", 2) + every(plan, "a<b", 6) + own)
    text = page(report(found, ours="designer", baseline="designer", provenance={}))
    assert text.count("<svg") == text.count("</svg>") == 8
    assert "a&lt;b" in text
    assert "a<b" not in text
    assert not re.search(r"""(?:src|href)=["'](?!#)""", re.sub(r'xmlns[:a-z]*="[^"]*"', "", text))
    again = page(report(found, ours="designer", baseline="designer", provenance={}))
    assert again == text


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
    assert "| campaigns ran on | " in text
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".jsonl", ".md", ".html", ".parquet", ".gz"}


def test_tidy_tables_hold_every_experiment(plan: Plan, tmp_path: Path) -> None:
    found = every(plan, "designer", 2)
    found[0] = replace(found[0], predictions=[[1.0, 2.0], None, [3.0, 4.0], [5.0, 6.0]], seconds=[0.1, 0.2, 0.3, 0.4])
    parquet, csv = tidy.write(results(plan, found), tmp_path)
    table = pd.read_parquet(parquet)
    assert len(table) == 12
    first = table[table["task"] == plan.pools[0].task]
    assert first["number"].tolist() == [1, 2, 3, 4, 5, 6]
    assert first["value"].tolist() == found[0].y
    assert first["design"].tolist() == found[0].chosen
    assert first["cpu_s"].tolist()[2:] == [0.1, 0.2, 0.3, 0.4]
    assert first["cpu_s"].isna().tolist() == [True, True, False, False, False, False]
    assert first["predicted_sd"].tolist()[2::2] == [2.0, 4.0]
    assert first["regret"].iloc[1] == 0
    one_each = pd.read_csv(csv)
    assert one_each[["task", "to_top", "designs"]].to_numpy().tolist() == [["high", 2, 42], ["low", 2, 42]]
    before = csv.read_bytes()
    tidy.write(results(plan, found), tmp_path)
    assert csv.read_bytes() == before


@pytest.mark.slow
def test_the_smoke_suite_runs_without_a_folder_of_families(tmp_path: Path) -> None:
    common = ["smoke", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path)]
    assert main(["run", *common, "--seeds", "0"]) == 0
    assert main(["run", *common, "--control", "shuffled", "--tracks", "shared", "--methods", "source-mean"]) == 0
    assert main(["report", *common]) == 0
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "2 tasks of 2 families, seeds 0, budget 8" in text
    ran = {line.split(" | ")[0]: line for line in text.partition("## Cost")[2].splitlines() if line.startswith("| ")}
    for method, campaigns in (("designer", 4), ("random", 4), ("rf-ei", 4), ("source-mean", 3)):
        assert ran[f"| {method}"].startswith(f"| {method} | {campaigns} | ")
        assert " | 0 | " in ran[f"| {method}"]  # none ended by an error
    (control,) = [line for line in text.splitlines() if line.startswith("| shared | shuffled | source-mean |")]
    assert control.startswith("| shared | shuffled | source-mean | 1 | 1 |")
