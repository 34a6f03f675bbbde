"""Tables of simulated tasks: the committed ones come out again, and a run goes on where it was cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.suite import simulated
from benchmarks.suite.families import TABLES
from designer.oracles.simulators import SIMULATORS
from designer.tasks import load_family

EACH = pytest.mark.parametrize("name", simulated.TABLES)


@EACH
def test_the_committed_tables_say_how_they_were_made(name: str) -> None:
    family = load_family(TABLES / name)
    assert family.name == name
    assert family.source.startswith(f"python -m benchmarks.suite.simulated {name}, with ")  # type: ignore[union-attr]
    assert "not measured" in family.description  # type: ignore[operator]
    assert tuple(task.name for task in family.tasks) == simulated.TABLES[name].names
    for task in family.tasks:
        assert task.targets[0].goal is not None
        made = simulated.designs(name, task.name)
        columns = list(task.space.columns)
        kept = made.merge(task.data[columns].drop_duplicates(), on=columns, how="inner")
        assert len(kept) == len(task) <= len(made) == simulated.TABLES[name].rows


@EACH
def test_the_committed_values_come_out_again(name: str, tmp_path: Path) -> None:
    """The first designs of two tasks, simulated anew; a table has values where the simulation does not fail."""
    simulator = SIMULATORS[simulated.TABLES[name].simulator]
    pytest.importorskip(simulator.package, reason=f"{name} is simulated; install the extra '{simulator.extra}'")
    family = load_family(TABLES / name)
    for task in (family.tasks[0], family.tasks[-1]):
        frame = simulated.designs(name, task.name).head(2)
        values = simulated._simulated(name, simulator.task(task.name), frame, tmp_path / f"{task.name}.jsonl")
        again = simulated._task(name, simulator.task(task.name), frame, values)
        columns = list(task.space.columns)
        both = again.data.merge(task.data, on=columns, suffixes=("_again", ""))
        assert len(both) == len(again) > 0
        for target in task.targets:
            assert both[target.name].tolist() == pytest.approx(
                both[f"{target.name}_again"].tolist(), rel=2e-3, abs=0.02
            )


def test_all_tables_are_small() -> None:
    assert sum(file.stat().st_size for file in TABLES.rglob("*") if file.is_file()) < 1.5e6


@EACH
def test_designs_are_the_same_every_time_and_others_for_other_tasks(name: str) -> None:
    first, second = simulated.TABLES[name].names[:2]
    pd.testing.assert_frame_equal(simulated.designs(name, first), simulated.designs(name, first))
    one, other = simulated.designs(name, first).to_numpy(), simulated.designs(name, second).to_numpy()
    assert one.shape != other.shape or (one != other).any(axis=1).mean() > 0.9


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Simulations that cost nothing; the fifth design of each task fails."""
    made: list[tuple[str, int]] = []

    def simulate(self: Any, setting: Any, *, seed: int) -> Any:
        made.append((self.name, seed))
        if sum(name == self.name for name, _ in made) == 5:
            raise simulated.MeasurementFailed("no film")  # type: ignore[attr-defined]
        return {"coverage": setting["temperature"] / 3.5, "precursor_use": 1 / 3}

    monkeypatch.setattr(type(SIMULATORS["atomic-layer-deposition"].tasks[0]), "simulate", simulate)
    monkeypatch.setattr(simulated, "version", lambda package: "1.0")
    return made


def test_a_run_goes_on_where_it_was_cut_off(calls: Any, tmp_path: Path) -> None:
    whole = simulated.make("deposition", tmp_path / "whole", rows=6)
    assert len(calls) == 6 * 8
    files = sorted((tmp_path / "whole").rglob("*.jsonl"))
    texts = [file.read_text() for file in files]
    cut = files[0]
    cut.write_text("".join(cut.read_text().splitlines(keepends=True)[:5]) + '{"design": {"tempe')
    files[1].unlink()
    before = calls.copy()
    calls.clear()
    again = simulated.make("deposition", tmp_path / "whole", rows=6)
    assert len(calls) == 1 + 6
    assert set(calls) <= set(before)
    assert [file.read_text() for file in files] == texts
    for one, other in zip(whole.tasks, again.tasks, strict=True):
        pd.testing.assert_frame_equal(one.data, other.data)


def test_what_failed_is_left_out_and_counted(calls: Any, tmp_path: Path) -> None:
    family = simulated.make("deposition", tmp_path, rows=6)
    assert [len(task) for task in family.tasks] == 8 * [5]
    assert "8 of 48 simulations failed" in family.description  # type: ignore[operator]
    row = family.tasks[0].data.iloc[0]
    assert row["effective_use"] == pytest.approx(row["coverage"] * row["precursor_use"] / 100, rel=1e-5)


def test_results_of_other_designs_are_not_taken(calls: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulated.make("deposition", tmp_path, rows=6)
    file = tmp_path / "deposition" / "tma-via-10.jsonl"
    file.write_text(file.read_text().replace('"temperature": ', '"temperature": 1'))
    made = len(calls)
    arguments = ["deposition", "--work", str(tmp_path), "--out", str(tmp_path / "out"), "--rows", "6"]
    assert simulated.main(arguments) == 2
    assert "has other designs" in capsys.readouterr().err
    assert len(calls) == made
    assert not (tmp_path / "out").exists()


def test_the_command_writes_a_family_and_refuses_to_write_over_one(
    calls: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["deposition", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), "--rows", "6"]
    assert simulated.main(arguments) == 0
    assert len(load_family(tmp_path / "out").tasks) == 8
    assert simulated.main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
