"""Families on disk: nothing is lost on the way there and back, and nothing half-written is ever left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.errors import InvalidData
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Family, Task, load_family
from designer.tasks.family_folder import save_family, write_folder
from tests.space.spaces import spaces

FORMULAS = ["Fe2O3", "Ba0.5Sr0.5CoO3", "CuSO4(H2O)5", "NaCl"]
words = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=9)
numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e90, max_value=1e90)


def cell(draw: st.DrawFn) -> Any:
    value = draw(numbers)
    return draw(st.sampled_from([value, value, None, f"<{value!r}", f">{value!r}"]))


@st.composite
def tasks(draw: st.DrawFn, name: str) -> Task:
    space = draw(spaces())
    if draw(st.booleans()):
        space = DesignSpace(parameters=[*space.parameters, {"name": "f", "kind": "formula"}])
    n = draw(st.integers(1, 6))
    seed = draw(st.integers(0, 99))
    known = DesignSpace(parameters=[*space.parameters]).with_formulas(FORMULAS)
    frame = known.frame(known.sample(n, np.random.default_rng(seed))).astype(object)
    targets = [Target(name="y", unit="mV", goal="minimize", reach=draw(numbers))]
    if draw(st.booleans()):
        targets.append(Target(name="yes: no", column="y 2, #", description=draw(words)))
    for target in targets:
        frame[target.column or target.name] = [cell(draw) for _ in range(len(frame))]
    return Task(space=space, targets=targets, data=frame, name=name, group=draw(st.sampled_from([None, "g[1]", "*"])))


@st.composite
def families(draw: st.DrawFn) -> Family:
    names = draw(st.lists(words.filter(lambda w: w == w.strip()), min_size=1, max_size=3, unique=True))
    made = [draw(tasks(name)) for name in names]
    if draw(st.booleans()):
        made = [Task(made[0].space, made[0].targets, made[0].data, name, group=made[0].group) for name in names]
    text = st.none() | words
    return Family(draw(words), tuple(made), draw(st.booleans()), draw(text), draw(text), draw(text), draw(text))


def assert_same(a: Family, b: Family) -> None:
    for key in ("name", "related", "description", "license", "source", "citation", "retrieved"):
        assert getattr(a, key) == getattr(b, key)
    assert [task.name for task in a.tasks] == [task.name for task in b.tasks]
    for one, other in zip(a.tasks, b.tasks, strict=True):
        assert one.space.to_dict() == other.space.to_dict()
        assert (one.targets, one.group) == (other.targets, other.group)
        pd.testing.assert_frame_equal(one.data, other.data, check_exact=True)
        pd.testing.assert_frame_equal(one.censored, other.censored, check_exact=True, check_dtype=len(one.censored) > 0)


@settings(max_examples=25)
@given(families())
def test_a_family_comes_back_as_it_went(family: Family) -> None:
    with tempfile.TemporaryDirectory() as place:
        assert_same(load_family(save_family(family, Path(place) / "out")), family)
        assert [path.name for path in Path(place).iterdir()] == ["out"]


def test_measured_families_come_back(designer_data: Path, tmp_path: Path) -> None:
    for name in ("mpea_mechanical", "liang_benchmarks"):
        family = load_family(designer_data / name)
        assert_same(load_family(save_family(family, tmp_path / name)), family)


def test_a_vocabulary_beyond_the_table_is_kept(tmp_path: Path) -> None:
    space = DesignSpace(parameters=[{"name": "f", "kind": "formula", "formulas": ["NaCl", "KCl"]}])
    task = Task(space, [Target(name="y")], pd.DataFrame({"f": ["KCl"], "y": [1.0]}), "a")
    again = load_family(save_family(Family("x", (task,)), tmp_path / "x")).tasks[0]
    assert again.space == task.space


def test_nothing_is_overwritten_and_faults_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    family = Family("x", (Task(DesignSpace(parameters=[{"name": "a", "kind": "numeric", "bounds": [0, 1]}]),
                               [Target(name="y")], pd.DataFrame({"a": [0.5], "y": [1.0]}), "t"),))  # fmt: skip
    with pytest.raises(InvalidData, match="the folder exists already"):
        save_family(family, tmp_path / "there")
    card = {"family": "x", "space": [{"name": "a", "kind": "numeric", "bounds": [0, 1]}],
            "tasks": [{"name": "t", "file": "t.csv", "targets": [{"name": "y"}]}]}  # fmt: skip
    with pytest.raises(InvalidData) as caught:
        write_folder(tmp_path / "new", card, {"t.csv": pd.DataFrame({"a": ["0.5"], "y": ["high"]})})
    place = tmp_path / "new" / "t.csv"
    assert str(caught.value) == f"{place} (not written), row 2, column 'y': 'high' is not a number; give a number"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("fsyncs", [0, 2, 3])
def test_a_killed_process_leaves_no_half_written_folder(tmp_path: Path, fsyncs: int) -> None:
    """Killed at any moment: the place is as it was, or the whole family is there."""
    script = f"""
import os, signal
import pandas as pd
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Family, Task
from designer.tasks.family_folder import save_family
left, sync = [{fsyncs}], os.fsync
def dying(handle):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    sync(handle)
os.fsync = dying
space = DesignSpace(parameters=[{{"name": "a", "kind": "numeric", "bounds": [0, 1]}}])
task = Task(space, [Target(name="y")], pd.DataFrame({{"a": [0.5], "y": [1.0]}}), "t")
save_family(Family("x", (task,)), {str(tmp_path / "out")!r})
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    if (tmp_path / "out").exists():
        assert len(load_family(tmp_path / "out").tasks) == 1
    assert (tmp_path / "out").exists() == (fsyncs == 3)  # after the rename, before the parent folder is on the disk
