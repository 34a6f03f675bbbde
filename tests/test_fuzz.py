"""Campaign files and tables with a few things changed at random: read or refused, never by another exception."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.cli.main import main
from designer.errors import InvalidCampaign, InvalidInput
from tests.fuzz import CAMPAIGN, try_file, try_table


@pytest.mark.parametrize("seed", range(10_000, 10_060))
def test_a_changed_campaign_file_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    try_file(tmp_path, seed)


@pytest.mark.parametrize("seed", range(10_000, 10_040))
def test_a_changed_table_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    try_table(tmp_path, seed)


LONG = "x" * 5000


@pytest.mark.parametrize("path", [LONG, f"a/{LONG}/b", "a/" * 3000, "\0", "a\0b"])
@pytest.mark.parametrize(
    "line", ["candidates: {}", "store: {}", "measure: {{kind: table, file: {}}}", "prior: {{tasks: [{}]}}"]
)
def test_what_can_be_no_path_is_a_fault_with_its_line(line: str, path: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CAMPAIGN + line.format(json.dumps(path)) + "\n")
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_file(tmp_path / "c.yaml")
    (fault,) = caught.value.faults
    assert fault.line == 8
    assert len(str(fault)) < 400 + len(str(tmp_path))


@pytest.mark.parametrize("words", [("attach", "/dev/zero"), ("init", "/dev/zero", "--yes"), ("validate", "/dev/zero")])
def test_a_device_is_no_file(words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be read for ever."""
    (tmp_path / "c.yaml").write_text(CAMPAIGN)
    assert main([*words, *(("--campaign", str(tmp_path / "c.yaml")) if words[0] == "attach" else ())]) == 2
    assert "it is a device and no file" in capsys.readouterr().err


NUMBERS: list[Any] = [
    10**400,
    -(10**400),
    Decimal("1e999"),
    Decimal("sNaN"),
    Fraction(10**400),
    complex(1),
    np.complex128(1),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
@pytest.mark.parametrize("column", ["T", "y"])
def test_numbers_that_are_no_floats_are_refused(column: str, number: Any) -> None:
    campaign = Campaign.create(
        space=[{"name": "T", "kind": "numeric", "bounds": [0, 10]}], targets=[{"name": "y", "goal": "maximize"}]
    )
    with pytest.raises(InvalidInput) as caught:
        campaign.attach([{"T": 1, "y": 1, column: number}])
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("key", ["initial: [{{T: {}, gas: N2}}]", "initial: [{{T: 300, gas: {}}}]", "initial: {}"])
def test_whole_number_of_hundreds_of_digits(key: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CAMPAIGN + key.format("9" * 400) + "\n")
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_file(tmp_path / "c.yaml")
    assert len(str(caught.value)) < 1000 + len(str(tmp_path))
