"""The oracle that measures each level of a fidelity by an oracle of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from designer.campaign.file.spec import CampaignSpec
from designer.errors import InvalidCampaign
from designer.oracles.testing import check_oracle

SPACE: list[dict[str, Any]] = [
    {"name": "x", "kind": "numeric", "bounds": [0, 1]},
    {"name": "method", "kind": "fidelity", "levels": ["dft", "bulk"]},
]
DFT: dict[str, Any] = {"kind": "table", "file": "dft.csv", "match": "nearest"}
BULK: dict[str, Any] = {"kind": "python", "function": "press:measure"}


def spec(folder: Path, levels: dict[str, Any], space: list[dict[str, Any]] = SPACE) -> CampaignSpec:
    (folder / "dft.csv").write_text("x,y\n0.1,1.5\n0.7,2.5\n", encoding="utf-8")
    (folder / "press.py").write_text("def measure(x):\n    return {'y': 3 * x}\n", encoding="utf-8")
    data = {"designer": 1, "name": "n", "space": space, "targets": [{"name": "y", "goal": "maximize"}]}
    return CampaignSpec.from_data({**data, "measure": {"kind": "by_level", "levels": levels}}, folder=folder)


def test_each_level_is_measured_by_its_own_oracle(tmp_path: Path) -> None:
    read = spec(tmp_path, {"dft": DFT, "bulk": BULK})
    assert read.settings.measure is not None
    oracle = read.settings.measure.open(read.space, read.objective, folder=tmp_path)
    assert dict(oracle.measure({"x": 0.5, "method": "bulk"})) == {"y": 1.5}
    found = oracle.measure({"x": 0.65, "method": "dft"})
    assert dict(found) == {"y": 2.5}
    check_oracle(oracle, [{"x": 0.2, "method": "dft"}, {"x": 0.3, "method": "bulk"}], targets=("y",))


@pytest.mark.parametrize(
    ("levels", "path", "words"),
    [
        ({"dft": DFT}, ("measure", "levels"), "level 'bulk' has no oracle"),
        ({"dft": DFT, "bulk": BULK, "films": BULK}, ("measure", "levels", "films"), "'films' is not a level"),
        (
            {"dft": DFT, "bulk": {**BULK, "function": "press:other"}},
            ("measure", "levels", "bulk", "function"),
            "press.py has no function 'other'",
        ),
    ],
)
def test_wrong_levels_are_refused_at_their_place(tmp_path: Path, levels: Any, path: Any, words: str) -> None:
    with pytest.raises(InvalidCampaign) as caught:
        spec(tmp_path, levels)
    assert [each.path for each in caught.value.faults if words in each.what] == [path]


def test_levels_without_a_fidelity_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCampaign, match="the space no fidelity"):
        spec(tmp_path, {"dft": DFT, "bulk": BULK}, SPACE[:1])
