"""Suites made ready: what would run, and every fault in one go before anything does."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.suite import families, methods, rows
from benchmarks.suite.plan import prepare
from benchmarks.suite.suite import load_suite
from designer.errors import InvalidInput
from designer.tasks import Family, load_family

ROWS = "\n".join(f"{x},Ar,{x % 7}" for x in range(11, 40))
THREE = """\
family: three
space:
  - {name: x, kind: numeric, bounds: [0, 99]}
  - {name: gas, kind: categorical, choices: [N2, Ar]}
tasks:
  - {name: one, file: one.csv, targets: [{name: y, goal: maximize}]}
  - {name: two, file: two.csv, targets: [{name: y, goal: maximize}]}
  - {name: words, file: words.csv, targets: [{name: y, goal: maximize}]}
  - {name: aimless, file: one.csv, targets: [{name: y}]}
"""


@pytest.fixture
def three(hills: Path) -> Path:
    """Return the folder of families, with one more of which a table has words for values and one has a replicate."""
    folder = hills / "three"
    folder.mkdir()
    (folder / "family.yaml").write_text(THREE.replace("  - {name: words", "  # - {name: words"), encoding="utf-8")
    (folder / "one.csv").write_text(f"x,gas,y\n{ROWS}\n11,Ar,8\n", encoding="utf-8")
    (folder / "two.csv").write_text(f"x,gas,y\n{ROWS}\n", encoding="utf-8")
    (folder / "words.csv").write_text("x,gas,y\n1,Ar,good\n2,Ar,bad\n3,Ar,good\n", encoding="utf-8")
    return hills


def write(path: Path, *lines: str, head: str = "suite: s\nbudget: 6\ninitial: 2\nseeds: 2\n") -> str:
    path.write_text(head + "families:\n" + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
    return str(path)


def faults(suite: str, data: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    out = data.parent / "out"
    assert main(["run", suite, "--data", str(data), "--out", str(out), *more]) == 2
    assert not out.exists()
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


HILLS = "{family: hills, split: report, tasks: [high, low]}"


def test_jobs_are_all_tracks_seeds_and_tasks_of_a_method(three: Path, tmp_path: Path) -> None:
    head = "suite: s\nbudget: 6\ninitial: 2\nseeds: 2\ntracks: [shared, own]\nmethods:\n"
    head += "  - {name: random}\n  - {name: botorch, seeds: 1, every: 2}\n"
    suite = write(tmp_path / "s.yaml", HILLS, "{family: three, split: develop, tasks: [one, two]}", head=head)
    plan = prepare(suite, three)
    everything = plan.jobs("random")
    assert len(everything) == len({job.key for job in everything}) == 2 * 2 * 4
    assert {(job.track, job.initial) for job in everything} == {("shared", 2), ("own", 0)}
    assert [job.pool.task for job in everything[:4]] == ["one", "two", "high", "low"]  # small pools first
    some = plan.jobs("botorch")
    assert {(job.pool.task, job.seed) for job in some} == {("high", 0), ("one", 0)}
    assert [job.seed for job in plan.jobs("random", seeds=[7], tracks=["own"])] == [7] * 4


def test_sources_go_to_methods_that_read_them(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (three / "three" / "two.csv").write_text("x,gas,y\n" + ROWS.replace("Ar", "N2") + "\n", encoding="utf-8")
    suite = write(tmp_path / "s.yaml", HILLS, "{family: three, split: report, tasks: [one]}")
    plan = prepare(suite, three)
    assert all(job.pool.candidates.sources == () for job in plan.jobs("random"))
    monkeypatch.setattr(methods, "TRANSFERS", frozenset({"random"}))
    jobs = plan.jobs("random", seeds=[0])
    assert [job.pool.task for job in jobs] == ["one"]  # the hills share all their designs: no source is left
    assert [source.name for source in jobs[0].pool.candidates.sources] == ["two"]
    (shuffled,) = plan.jobs("random", seeds=[0], control="shuffled")
    assert shuffled.key[-1] == "shuffled"
    assert shuffled.pool.digest() == jobs[0].pool.digest()
    assert shuffled.pool.candidates.sources[0].Y.tolist() != jobs[0].pool.candidates.sources[0].Y.tolist()
    assert len(plan.jobs("random", seeds=[0], control="target-as-source")) == 3


def test_a_suite_gives_its_own_groups_of_near_copies(three: Path, tmp_path: Path) -> None:
    (three / "three" / "two.csv").write_text("x,gas,y\n" + ROWS.replace("Ar", "N2") + "\n", encoding="utf-8")
    entry = "{{family: three, split: report, tasks: [one], leave_out: {{group: [{}]}}}}"
    (pool,) = prepare(write(tmp_path / "s.yaml", entry.format('"*"')), three).pools
    assert pool.candidates.sources == ()
    (pool,) = prepare(write(tmp_path / "s.yaml", entry.format("one")), three).pools
    assert len(pool.candidates.sources) == 1


def test_named_families_need_no_folder(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make() -> Family:
        made = load_family(three / "three", tasks=["one", "two"])
        return Family("analytic/three", made.tasks)

    monkeypatch.setitem(families.NAMED, "analytic/three", make)
    entry = '{family: analytic/three, split: report, tasks: [one], leave_out: {g: ["*"]}}'
    (pool,) = prepare(write(tmp_path / "s.yaml", entry), tmp_path / "nowhere").pools
    assert (pool.family, pool.task, len(pool)) == ("analytic/three", "one", 29)
    wrong = entry.replace('"*"', "magic")
    with pytest.raises(InvalidInput, match=r"s.yaml:6.*: 'magic' names no task"):
        prepare(write(tmp_path / "s.yaml", wrong), tmp_path)


def test_all_faults_of_a_suite_come_at_once(three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (three / "three" / "family.yaml").write_text(THREE, encoding="utf-8")
    broken = three / "broken"
    broken.mkdir()
    (broken / "family.yaml").write_text("family: broken\ntaskz: []\n", encoding="utf-8")
    head = "suite: s\nbudget: 6\ninitial: 2\nseeds: 2\nmethods: [{name: magic}]\n"
    suite = write(
        tmp_path / "s.yaml",
        "{family: hills, split: report, target: z, tasks: [high, lowest]}",
        "{family: hils, split: report, tasks: [high]}",
        "{family: broken, split: report, tasks: [a]}",
        "{family: three, split: report, tasks: [one]}",
        head=head,
    )
    found = faults(suite, three, capsys, "--methods", "random", "wizard")
    expected = [
        "there is no method 'wizard'; one of: ",
        f"{suite}:7: task 'high' has no target 'z'; one of: y",
        f"{suite}:7: family 'hills' has no task 'lowest'; one of: high, low",
        f"{suite}:8: there is no family 'hils'",
        f"{broken / 'family.yaml'}:1: ",
        f"{broken / 'family.yaml'}:2: unknown key 'taskz'",
        f"{three / 'three' / 'words.csv'}, row 2, column 'y': 'good' is not a number",
        f"{suite}:5: there is no method 'magic'",
    ]
    assert len(found) == len(expected), found
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start), (line, start)
    assert found[6].endswith("(and so in 2 more rows)")
    assert {"broken", "hills", "three"} <= set(found[3].partition("one of: ")[2].split(", "))


def test_replicates_where_a_table_must_be_exact(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = "{family: three, split: report, tasks: [two, one], exact: true}"
    (line,) = faults(write(tmp_path / "s.yaml", entry), three, capsys, "--methods", "random")
    table = three / "three" / "one.csv"
    assert line == (
        f"{table}: measurement 30 has the design of measurement 1; each design once, or leave out 'exact' to average"
    )


def test_a_task_without_a_goal_and_one_that_is_too_small(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "suite: s\nbudget: 60\ninitial: 42\nseeds: 1\n"
    suite = write(tmp_path / "s.yaml", HILLS, "{family: three, split: report, tasks: [aimless]}", head=head)
    assert faults(suite, three, capsys, "--methods", "random") == [
        f"{suite}:6: task 'high' has 42 designs; more than the 42 initial experiments are needed",
        f"{suite}:6: task 'low' has 42 designs; more than the 42 initial experiments are needed",
        f"{suite}:7: target 'y' of 'aimless' has no goal to pursue; give one in the card",
    ]


def test_faults_of_the_suite_file_are_located(
    suite_file: Path, hills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = suite_file.read_text(encoding="utf-8")
    suite_file.write_text(text.replace("budget: 6", "budget: 0").replace("split: report", "split: test"), "utf-8")
    found = faults(str(suite_file), hills, capsys, "--methods", "random")
    assert [fault.partition(": ")[0] for fault in found] == [f"{suite_file}:2", f"{suite_file}:6"]


def test_twice_the_same_family_and_no_experiments_to_choose(
    hills: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "suite: s\nbudget: 6\ninitial: 6\nseeds: 1\n"
    suite = write(tmp_path / "s.yaml", HILLS, HILLS, head=head)
    assert faults(suite, hills, capsys) == [
        f"{suite}:3: initial is 6; give less than the budget",
        f"{suite}:7: 'hills' is given twice; give it once",
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (
            ["--methods", "random", "--control", "shuffled"],
            "'random' reads no sources, so a control does not change it",
        ),
        (["--methods", "no.such.module"], "there is no module 'no.such.module'"),
    ],
)
def test_what_was_asked_for_is_checked_too(
    suite_file: Path, hills: Path, capsys: pytest.CaptureFixture[str], wanted: list[str], expected: str
) -> None:
    (line,) = faults(str(suite_file), hills, capsys, *wanted)
    assert line.startswith(expected)


def test_the_unrelated_control_needs_a_task_of_another_family(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "suite: s\nbudget: 6\ninitial: 2\nseeds: 1\nunrelated: [{family: hills, task: high}]\n"
    suite = write(tmp_path / "s.yaml", HILLS, "{family: three, split: report, tasks: [one]}", head=head)
    assert faults(suite, three, capsys, "--control", "unrelated") == [
        f"{suite}:5: no unrelated task is named for hills; list tasks of two families under 'unrelated'"
    ]
    assert prepare(suite, three).unrelated == ()  # read only where the control runs


def test_a_control_without_a_method_that_reads_sources(
    suite_file: Path, hills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = suite_file.read_text(encoding="utf-8")
    suite_file.write_text(text.replace("families:", "methods: [{name: random}]\nfamilies:"), encoding="utf-8")
    (line,) = faults(str(suite_file), hills, capsys, "--control", "negated")
    assert line == "no method of the suite reads sources; name some by --methods"


def test_check_says_what_would_run(three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "suite: s\nbudget: 6\ninitial: 2\nseeds: 2\nmethods: [{name: random}]\n"
    suite = write(tmp_path / "s.yaml", HILLS, head=head)
    assert main(["check", suite, "--data", str(three)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "hills/high: 42 designs, no sources",
        "hills/low: 42 designs, no sources",
        "random: 4 campaigns",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["full", "families"])
def test_the_suites_of_the_project_and_their_committed_rows(name: str, repository: Path, designer_data: Path) -> None:
    plan = prepare(name, designer_data, control="unrelated")
    assert all(len(pool) > plan.suite.budget for pool in plan.pools)
    assert {entry.split for entry in plan.suite.families} == {"develop", "report"}
    assert len({pool.family for pool in plan.pools}) >= 6
    assert len(plan.pools) >= 30
    if name == "families":
        assert sum(bool(pool.candidates.sources) for pool in plan.pools) >= 70
    pools = {(pool.family, pool.task): (pool, pool.digest()) for pool in plan.pools}
    found = rows.read(repository / "benchmarks/results" / name)
    assert len(found) >= 500
    for row in found:
        pool, digest = pools[row.family, row.task]
        assert (row.suite, row.pool, row.budget) == (name, digest, plan.suite.budget)
        assert row.initial == (plan.suite.initial if row.track == "shared" else 0)
        assert row.chosen[: row.initial] == pool.initial(row.initial, row.seed)
        assert row.y == pool.y[row.chosen].tolist()


def test_a_suite_that_is_not_there() -> None:
    with pytest.raises(
        InvalidInput, match=r"there is no suite 'nothing'; one of: families, full, .*smoke.*, or the path of a YAML"
    ):
        load_suite("nothing")
    with pytest.raises(InvalidInput, match="no such file"):
        load_suite("nothing.yaml")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--workers", "0"], "argument --workers: '0' is not a whole number of at least 1"),
        (["--seeds", "1", "x"], "argument --seeds: 'x' is not a whole number of at least 0"),
        (["--limit", "nan"], "argument --limit: 'nan' is not a number of at least 1"),
        (["--workers", "2", "--scheduler", "tcp://a:1"], "argument --scheduler: not allowed with argument --workers"),
    ],
)
def test_options_that_make_no_sense(
    suite_file: Path, capsys: pytest.CaptureFixture[str], given: list[str], expected: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", str(suite_file), *given])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(expected)


def test_the_roles_of_a_suite_are_known_methods(
    suite_file: Path, hills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = suite_file.read_text(encoding="utf-8")
    suite_file.write_text(text.replace("families:", "ours: wizard\nbaseline: magic\nfamilies:"), encoding="utf-8")
    ours, baseline = faults(str(suite_file), hills, capsys, "--methods", "random")
    assert ours.startswith(f"{suite_file}:5: there is no method 'wizard'; one of: ")
    assert baseline.startswith(f"{suite_file}:6: there is no method 'magic'; one of: ")
