"""Remarks of `init` on columns that may be curves or images."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from designer.campaign.file.spec import CampaignSpec
from designer.cli.column_guess import guess, read_columns
from designer.cli.lab_column import ColumnRequest

BASE: dict[str, list[Any]] = {"T": [300, 400, 500, 350], "y": [1, 2, 3, 4]}


def remarks(columns: dict[str, list[Any]]) -> list[str]:
    frame = pd.DataFrame({**BASE, **columns}, dtype=object).astype(str)
    draft = guess(read_columns(frame), "x", [ColumnRequest("y", "maximize")], [], "x.csv")
    return [text for text in draft.remarks if "observations" in text]


def numbers(*names: str) -> dict[str, list[Any]]:
    return {name: [i + 0.5, i + 1.25, i + 7.1, i + 2.3] for i, name in enumerate(names)}


@pytest.mark.parametrize(
    ("columns", "entry"),
    [
        ({"XRD file": ["a.xy", "b.xy", "scans/c.xy", "d.xy"]}, "{name: XRD file, kind: curve}"),
        ({"SEM": ["a.png", "b.tif", "c.png", "d.png"]}, "{name: SEM, kind: image}"),
        (numbers("h6", "h12", "h24"), "{name: curve, kind: curve, columns: {h6: 6, h12: 12, h24: 24}}"),
        (
            numbers(*(f"absorbance_{i}nm" for i in (400, 450, 500, 550, 600))),
            "{name: absorbance, kind: curve, columns: {absorbance_400nm: 400, absorbance_450nm: 450, "
            "absorbance_500nm: 500, absorbance_550nm: 550, absorbance_600nm: 600}}",
        ),
    ],
)
def test_curves_and_images_are_offered(columns: dict[str, list[Any]], entry: str) -> None:
    (remark,) = remarks(columns)
    assert f"'observations: [{entry}]'" in remark
    import yaml

    data = {
        "designer": 1, "name": "c", "space": [{"name": "T", "kind": "numeric", "bounds": [300, 500]}],
        "targets": [{"name": "y", "goal": "maximize"}], **yaml.safe_load(f"observations: [{entry}]"),
    }  # fmt: skip
    assert CampaignSpec.from_data(data).settings.observations


@pytest.mark.parametrize(
    "columns",
    [
        numbers("x1", "x2", "x3"),
        numbers("h6", "h12"),
        numbers("h24", "h6", "h12"),
        numbers("strength_1d", "strength_3d", "strength_5d"),
        {"sample": ["a", "b", "c", "d"]},
        {"XRD file": ["a.xy", "none", "c.xy", "d.xy"]},
    ],
)
def test_other_columns_are_not(columns: dict[str, list[Any]]) -> None:
    assert remarks(columns) == []
