"""A command line in the test's own folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from designer.cli.main import main

CAMPAIGN = """\
designer: 1
name: glass
space:
  - {name: glass, kind: mixture, components: [silica, soda, lime], unit: percent, step: 5, columns: [SiO2, Na2O, CaO]}
  - {name: temperature, kind: numeric, unit: degC, bounds: [900, 1500], step: 10}
  - {name: gas, kind: categorical, choices: [N2, Ar, air]}
constraints:
  - glass.silica >= 40
targets:
  - {name: strength, unit: MPa, goal: maximize, reach: 200}
  - {name: haze, unit: percent, at_most: 3}
batch_size: 2
initial: 4
budget: 20
"""


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)


Designer = Callable[..., Done]
"""Runs one command line, given as words."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one campaign file, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DESIGNER_DEBUG", raising=False)
    monkeypatch.delenv("DESIGNER_STORE", raising=False)
    (tmp_path / "glass.yaml").write_text(CAMPAIGN)
    return tmp_path


@pytest.fixture
def designer(folder: Path, capsys: pytest.CaptureFixture[str]) -> Designer:
    """Run one command in `folder` and return its exit code and what it wrote."""

    def run(*words: str) -> Done:
        capsys.readouterr()
        code = main(words)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run
