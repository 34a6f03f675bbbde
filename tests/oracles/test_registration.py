"""A kind of oracle that another package adds: one class and one registration, and campaign files use it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest

from designer import Campaign
from designer.errors import Fault, InvalidCampaign, InvalidInput
from designer.objective import Objective
from designer.oracles import MeasureBase, TableMeasure, register_oracle
from designer.oracles.measure import ORACLES
from designer.space import DesignSpace
from tests.plugins import write_package

FILE = """\
designer: 1
name: paraboloid
space:
  - {name: x, kind: numeric, bounds: [0, 10], step: 1}
targets:
  - {name: y, goal: maximize}
initial: 2
budget: 4
measure: {kind: parabola, top: 3}
"""
CODE = """
from typing import Literal
from designer.oracles import MeasureBase

class ParabolaMeasure(MeasureBase):
    kind: Literal["parabola"] = "parabola"
    top: float

    def open(self, space, objective, *, folder, seed=0):
        return self

    def measure(self, design, *, suggestion=None):
        return {"y": -(design["x"] - self.top) ** 2}
"""


class Parabola:
    def __init__(self, top: float) -> None:
        self.top = top

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> dict[str, float]:
        return {"y": -((design["x"] - self.top) ** 2)}


class ParabolaMeasure(MeasureBase):
    """``{kind: parabola, top: 3}``: a function of x with its largest value at `top`."""

    kind: Literal["parabola"] = "parabola"
    top: float

    def open(self, space: DesignSpace, objective: Objective, *, folder: Path, seed: int = 0) -> Parabola:
        return Parabola(self.top)

    def faults(self, space: DesignSpace, objective: Objective, *, folder: Path) -> list[Fault]:
        return [] if "x" in space.columns else [Fault("no parameter is called 'x'", "add it")]


@pytest.fixture
def registered() -> Iterator[None]:
    register_oracle(ParabolaMeasure)
    yield
    ORACLES.unregister("parabola")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "campaign.yaml"
    file.write_text(FILE)
    return file


@pytest.mark.usefixtures("registered")
class TestCampaign:
    def test_runs_with_the_oracle(self, path: Path) -> None:
        report = Campaign.open(path).run()
        assert len(report.steps) == 4
        assert Campaign.open(path).measurements()["y"].notna().sum() == 4

    def test_its_own_faults_have_a_place(self, path: Path) -> None:
        path.write_text(FILE.replace("name: x", "name: z"))
        with pytest.raises(InvalidCampaign, match=r"campaign.yaml:9: no parameter is called 'x'; add it"):
            Campaign.open(path)

    def test_missing_and_unknown_keys_are_faults(self, path: Path) -> None:
        path.write_text(FILE.replace("top: 3", "peak: 3"))
        with pytest.raises(InvalidCampaign, match=r"campaign.yaml:9: 'top' is missing") as caught:
            Campaign.open(path)
        assert "unknown key 'peak'" in str(caught.value)


def test_an_unknown_kind_names_the_nearest(path: Path) -> None:
    with pytest.raises(InvalidCampaign, match=r"yaml:9: kind 'parabola' is not known; one of 'table', 'python'"):
        Campaign.open(path)


def test_an_installed_package_adds_its_kind(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"designer.oracles": {"parabola": "parabola_oracle:ParabolaMeasure"}}
    monkeypatch.syspath_prepend(str(write_package(tmp_path, "parabola_oracle", CODE, points)))
    try:
        assert Campaign.open(path).suggest(1)["x"].between(0, 10).all()
        assert len(Campaign.open(path).run().steps) == 4
    finally:
        ORACLES.unregister("parabola")
        sys.modules.pop("parabola_oracle", None)


@pytest.mark.parametrize("kind", [MeasureBase, Parabola, 3, TableMeasure])
def test_what_is_no_kind_or_is_taken_cannot_be_registered(kind: type[MeasureBase]) -> None:
    with pytest.raises(InvalidInput, match=r"cannot|already"):
        register_oracle(kind)
