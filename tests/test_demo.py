"""The demonstration: its data are those of the package that ships them, and its numbers those of the run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from designer.tasks.datasets.alloys import measured_alloys


@pytest.fixture(scope="module")
def demo(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", repository / "campaigns" / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module  # where dataclasses look up their annotations
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_the_package_ships(repository: Path) -> None:
    committed = pd.read_csv(repository / "campaigns" / "alloys.csv")
    shipped = measured_alloys("compressive_strength")
    assert list(committed.columns) == ["alloy", "processing", "compressive_strength [MPa]", "doi"]
    pd.testing.assert_frame_equal(committed.set_axis(shipped.columns, axis=1), shipped, check_dtype=False)


def test_a_search_counts_experiments_until_the_strongest(demo: ModuleType) -> None:
    truth = pd.Series([5.0, 9.0, 7.0])
    assert demo._named([5.0, 7.0, 9.0], truth).needed == 3
    assert demo._named([5.0, 7.0], truth).needed is None
    assert demo._named([5.0, 7.0], truth).best == 7.0


def test_random_search_goes_through_the_whole_list(demo: ModuleType) -> None:
    truth = measured_alloys("compressive_strength").groupby(demo.DESIGN)[demo.QUANTITY].mean()
    needed = [demo._random(truth, seed).needed for seed in range(200)]
    assert all(1 <= count <= len(truth) for count in needed)
    # The mean of a uniform 1...n, within four standard errors.
    n = len(truth)
    assert abs(sum(needed) / 200 - (n + 1) / 2) < 4 * (n**2 / 12 / 200) ** 0.5


def test_formulas_are_written_as_metallurgists_do(demo: ModuleType) -> None:
    assert demo._short("Al0.25 Co1 Fe1 Ni11 Ti1.5") == "Al0.25CoFeNi11Ti1.5"


def test_the_conclusion_says_when_the_strongest_was_not_found(demo: ModuleType) -> None:
    index = pd.MultiIndex.from_tuples([("Fe1 Ni1", "cast"), ("Co1 Ni1", "cast")], names=demo.DESIGN)
    truth = pd.Series([5.0, 9.0], index=index)
    weak, strong = demo.Search([5.0], None), demo.Search([5.0, 9.0], 2)
    text = " ".join(demo._conclusion([weak, weak], [strong], truth, 2))
    assert "designer found it in none of 2 searches" in text
    text = " ".join(demo._conclusion([weak, strong], [strong], truth, 2))
    assert "designer found it in 1 of 2 searches of 2 experiments, after 2 of them (median 2)." in text
    assert "The strongest alloy of the list is Co1 Ni1 (cast), 9 MPa." in text
    assert "Random search found it in 1 of 1 searches" in text


def test_the_demo_runs_and_writes_its_report(repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, "campaigns/demo.py", "--seeds", "1", "--budget", "16", "--folder", str(tmp_path)]
    for _ in range(2):  # the second run begins anew, and says the same
        run = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=600)
        assert run.returncode == 0, run.stderr
        assert "16/16" in run.stdout
        assert str(tmp_path / "report.html") in run.stdout.replace("\n", "")
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert "Against random search" in page
        assert page.count("<tr ") == 16
        assert "Borg et al., Scientific Data 7, 430 (2020), CC BY 4.0" in page
