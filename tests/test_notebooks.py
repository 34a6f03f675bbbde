"""The notebooks run from top to bottom, and are committed with what they show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
_RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, sys.argv[2])
"""


def cells(path: Path) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def kinds(cell: dict) -> list[str]:
    """Return what a cell shows, without the numbers: texts and pictures, in order.

    What is printed comes in one piece or in several, as it happens.
    """
    found = [kind for output in cell["outputs"] for kind in output.get("data", {output["output_type"]: None})]
    return [kind for kind, _ in groupby(found)]


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS][:2] == ["01-first-campaign", "02-alloy-and-process"]


@pytest.mark.parametrize(
    "path",
    [NOTEBOOKS[0], *(pytest.param(path, marks=pytest.mark.slow) for path in NOTEBOOKS[1:])],
    ids=lambda path: path.stem,
)
def test_it_runs_and_shows_what_is_committed(path: Path, tmp_path: Path) -> None:
    done = tmp_path / path.name
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-c", _RUN, str(path), str(done)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    assert [kinds(cell) for cell in cells(done)] == [kinds(cell) for cell in cells(path)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_whole_and_small(path: Path) -> None:
    shown = [output for cell in cells(path) for output in cell["outputs"]]
    assert all(output["output_type"] in ("stream", "execute_result", "display_data") for output in shown)
    assert all(output.get("name") != "stderr" for output in shown)
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert all(cell["execution_count"] for cell in cells(path))
    assert path.stat().st_size < 400_000
    assert str(Path.home()) not in path.read_text(encoding="utf-8")
