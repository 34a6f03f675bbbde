"""A small family with a known best design, and a suite of it."""

from __future__ import annotations

from pathlib import Path

import pytest

CARD = """\
family: hills
space:
  - {name: x, kind: numeric, bounds: [0, 20]}
  - {name: gas, kind: categorical, choices: [N2, Ar]}
tasks:
  - {name: high, file: high.csv, targets: [{name: y, goal: maximize}]}
  - {name: low, file: low.csv, targets: [{name: y, goal: minimize}]}
"""
SUITE = """\
suite: hills
budget: 6
initial: 2
seeds: 2
families:
  - {family: hills, split: report, tasks: [high, low]}
"""


@pytest.fixture
def hills(tmp_path: Path) -> Path:
    """Return a folder with the family `hills`: parabolas with the best design at x = 7 in Ar."""
    folder = tmp_path / "data" / "hills"
    folder.mkdir(parents=True)
    (folder / "family.yaml").write_text(CARD, encoding="utf-8")
    for name, sign in (("high", -1), ("low", 1)):
        rows = [f"{x},{gas},{sign * ((x - 7) ** 2 + 5 * (gas == 'N2'))}" for x in range(21) for gas in ("N2", "Ar")]
        (folder / f"{name}.csv").write_text("\n".join(["x,gas,y", *rows]) + "\n", encoding="utf-8")
    return folder.parent


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    """Return the file of a suite of `hills`."""
    path = tmp_path / "hills.yaml"
    path.write_text(SUITE, encoding="utf-8")
    return path
