"""A kind of parameter that another package adds: one class and one registration, and campaigns use it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from designer import Campaign
from designer.errors import InvalidCampaign, InvalidData, InvalidInput, InvalidSpace
from designer.space import DesignSpace, NumericParameter, register_parameter
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.parameter_kinds import PARAMETERS
from tests.plugins import write_package
from tests.space import ordinal
from tests.space.ordinal import OrdinalParameter

LEVELS = ["coarse", "medium", "fine", "nano"]
FILE = """\
designer: 1
name: grinding
space:
  - {name: powder, kind: ordinal, levels: [coarse, medium, fine, nano]}
  - {name: time, kind: numeric, unit: min, bounds: [10, 60], step: 5}
targets:
  - {name: density, unit: g/cm3, goal: maximize}
initial: 3
budget: 20
"""
ENTRY_POINTS = {"designer.parameters": {"ordinal": "ordinal_kind:OrdinalParameter"}}


@pytest.fixture
def registered() -> Iterator[None]:
    register_parameter(OrdinalParameter)
    yield
    PARAMETERS.unregister("ordinal")


def measured(batch: pd.DataFrame) -> pd.DataFrame:
    powder = batch["powder"].map(LEVELS.index)
    return batch.assign(density=4 + 0.3 * powder - ((batch["time"] - 40) / 40) ** 2)


@pytest.mark.usefixtures("registered")
class TestCampaign:
    def test_a_campaign_suggests_records_and_suggests_again(self, tmp_path: Path) -> None:
        (tmp_path / "grinding.yaml").write_text(FILE)
        campaign = Campaign.open(tmp_path / "grinding.yaml")
        first = campaign.suggest(3)
        assert set(first["powder"]) <= set(LEVELS)
        campaign.record(measured(first))
        second = campaign.suggest(2)
        assert len(second) == 2
        assert campaign.space.valid(campaign.space.coordinates(second)).all()
        campaign.record(measured(second))
        again = Campaign.open(tmp_path / "grinding.yaml")
        assert len(again.measurements()) == 5
        assert again.suggest(1)["powder"].iloc[0] in LEVELS

    def test_a_bad_cell_is_a_fault_with_its_place(self) -> None:
        campaign = Campaign.create(
            space=[{"name": "powder", "kind": "ordinal", "levels": LEVELS}],
            targets=[{"name": "density", "goal": "maximize"}],
        )
        with pytest.raises(InvalidData, match=r"row 2, column 'powder': 'fin' is no level; did you mean 'fine'"):
            campaign.attach(pd.DataFrame({"powder": ["fin"], "density": [3.0]}))

    def test_a_fault_of_the_kind_names_file_and_line(self, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text(FILE.replace("[coarse, medium, fine, nano]", "[coarse]"))
        with pytest.raises(InvalidCampaign, match=r"bad.yaml:4: 'levels' needs two different levels"):
            Campaign.open(tmp_path / "bad.yaml")

    def test_unknown_and_missing_keys_are_faults(self, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text(FILE.replace("levels: [coarse, medium, fine, nano]", "steps: 4"))
        with pytest.raises(InvalidCampaign) as caught:
            Campaign.open(tmp_path / "bad.yaml")
        assert [(fault.line, fault.what) for fault in caught.value.faults] == [
            (4, "'levels' is missing"),
            (4, "unknown key 'steps'"),
        ]

    def test_constraints_name_it(self) -> None:
        space = DesignSpace(
            parameters=[{"name": "powder", "kind": "ordinal", "levels": LEVELS}], constraints=["powder >= 2"]
        )
        assert space.frame(space.enumerate())["powder"].tolist() == ["fine", "nano"]
        assert DesignSpace(**space.to_dict()) == space


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(InvalidSpace, match=r"kind 'ordinal' is not known; one of 'numeric', 'categorical'"):
        DesignSpace(parameters=[{"name": "powder", "kind": "ordinal", "levels": LEVELS}])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "T"}, r"parameters\[0\]: 'kind' is missing; add 'kind'"),
        ({"name": "T", "kind": "numerik"}, r"kind 'numerik' is not known; did you mean 'numeric'"),
        ({"name": "T", "kind": ["numeric"]}, r"kind .*numeric.* is not known"),
        ({"name": "T", "kind": None}, "kind 'None' is not known"),
        ("T", r"'parameters\[0\]' cannot be 'T'; write a mapping"),
        (None, r"'parameters\[0\]' cannot be None; write a mapping"),
        ({"name": "T", "kind": "numeric", "bounds": [1]}, r"parameters\[0\].bounds: bounds \[1\] are not two numbers"),
    ],
)
def test_what_is_no_parameter_is_a_fault_with_its_place(given: object, message: str) -> None:
    with pytest.raises(InvalidSpace, match=message):
        DesignSpace(parameters=[given])


class Unfinished(ParameterBase):
    """A kind without methods."""

    kind: str = "unfinished"
    unit: str | None = None


@pytest.mark.parametrize("kind", [Unfinished, ParameterBase, dict, 3])
def test_what_is_no_kind_cannot_be_registered(kind: type[ParameterBase]) -> None:
    with pytest.raises(InvalidInput, match="cannot"):
        register_parameter(kind)
    assert "unfinished" not in PARAMETERS


def test_a_built_in_kind_cannot_be_replaced() -> None:
    with pytest.raises(InvalidInput, match="'numeric' is registered already"):
        register_parameter(NumericParameter)


@pytest.mark.usefixtures("registered")
def test_features_and_moves_of_the_kind_serve_the_space() -> None:
    space = DesignSpace(parameters=[OrdinalParameter(name="powder", levels=LEVELS)])
    rng = np.random.default_rng(0)
    assert space.encoder.encode([[3.0], [0.0]]).tolist() == [[1.0], [0.0]]  # type: ignore[arg-type]
    assert space.neighbours(np.array([[0.0], [3.0]]), 1, rng, 0.1).tolist() == [[1.0], [2.0]]
    assert len(space.space_filling(4, rng)) == 4


class TestEntryPoint:
    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        root = str(Path(__file__).parents[2])
        paths = os.pathsep.join([str(folder), root])
        return subprocess.run(
            [sys.executable, "-m", "designer", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200"},
            cwd=folder,
        )

    def test_an_installed_package_adds_its_kind_to_campaign_files(self, tmp_path: Path) -> None:
        code = Path(ordinal.__file__).read_text(encoding="utf-8")
        folder = write_package(tmp_path, "ordinal_kind", code, ENTRY_POINTS)
        (folder / "grinding.yaml").write_text(FILE)
        done = self.run(folder, "validate", "grinding.yaml")
        assert (done.returncode, done.stderr) == (0, "")
        (folder / "bad.yaml").write_text(FILE.replace("kind: ordinal", "kind: ordnial"))
        done = self.run(folder, "validate", "bad.yaml")
        assert done.returncode == 2
        assert "bad.yaml:4: kind 'ordnial' is not known; did you mean 'ordinal'?" in done.stdout + done.stderr

    def test_a_broken_package_is_named_and_stops_only_those_who_use_it(self, tmp_path: Path) -> None:
        folder = write_package(tmp_path, "ordinal_kind", "raise OSError('no license')", ENTRY_POINTS)
        (folder / "grinding.yaml").write_text(FILE)
        (folder / "usual.yaml").write_text(FILE.replace("kind: ordinal, levels", "kind: categorical, choices"))
        assert self.run(folder, "validate", "usual.yaml").returncode == 0
        done = self.run(folder, "validate", "grinding.yaml")
        assert done.returncode == 1
        text = done.stdout + done.stderr
        assert "parameter kind 'ordinal' of the package ordinal_kind" in text
        assert "OSError: no license" in text
        assert "Traceback" not in text
