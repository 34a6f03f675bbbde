"""Campaigns that look for the best design of each cell (``diversify_by``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.campaign.campaign import Campaign
from designer.cli.main import main
from designer.errors import InvalidCampaign
from designer.space import DesignSpace
from designer.space.cells import CellAxis, Cells

SPACE: list[dict[str, Any]] = [
    {"name": "g", "kind": "categorical", "choices": ["A", "B", "C"]},
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [100, 900], "step": 5},
]
TARGET = {"name": "y", "unit": "percent", "goal": "maximize"}
PEAKS = {"A": (200, 100.0), "B": (500, 60.0), "C": (800, 30.0)}


def peak(row: Any) -> float:
    centre, height = PEAKS[row["g"]]
    return float(height * np.exp(-(((row["T"] - centre) / 120) ** 2)))


def begun(axes: Any = ({"parameter": "g"},), **keys: Any) -> Campaign:
    space, targets = keys.pop("space", SPACE), keys.pop("targets", [TARGET])
    return Campaign.create(space=space, targets=targets, diversify_by=axes, **{"batch_size": 3, **keys})


def made(campaign: Campaign, count: int) -> Campaign:
    while len(campaign.state.results) < count:
        batch = campaign.suggest()
        campaign.record(batch.assign(y=[peak(row) for row in batch.to_dict(orient="records")]))
    return campaign


def test_best_of_each_cell_is_found() -> None:
    campaign = made(begun(), 27)
    table = campaign.best()
    table = table[table["best_by"] != "measured"]
    assert table["why"].tolist() == [f"the best with g {name}" for name in PEAKS]
    assert (table["y"] / [height for _, height in PEAKS.values()] > 0.9).all()
    assert any("with g C" in each.note for each in campaign.state.suggestions.values())


def test_search_for_the_best_of_all_leaves_cells_behind() -> None:
    campaign = made(Campaign.create(space=SPACE, targets=[TARGET], batch_size=3), 27)
    found = campaign.measurements().groupby("g")["y"].max().reindex(list(PEAKS)).fillna(0.0)
    diverse = made(begun(), 27).measurements().groupby("g")["y"].max()
    shares = [float((each / [height for _, height in PEAKS.values()]).mean()) for each in (found, diverse)]
    assert shares[1] > shares[0]


def test_suggestion_is_explained_by_the_best_of_its_cell() -> None:
    campaign = made(begun(), 12)
    names = campaign.suggest().index
    for name in names:
        found = campaign.explain(name)
        assert found.best is not None
        assert found.best.design["g"] == found.design["g"]


def test_target_is_reached_when_it_is_in_each_cell() -> None:
    campaign = begun(targets=[{**TARGET, "reach": 25}])
    while not campaign.verdict().stop:
        made(campaign, len(campaign.state.results) + 3)
        assert len(campaign.state.results) < 60
    assert campaign.verdict().reason.endswith("in each of 3 cells")
    reached = [each.design["g"] for each in campaign.state.results if each.values["y"] >= 25]
    assert set(reached) == set(PEAKS)


def test_candidates_and_shared_settings_have_cells() -> None:
    rows = [{"g": g, "T": 100.0 + 50 * i} for g in PEAKS for i in range(17)]
    listed = begun(candidates=pd.DataFrame(rows))
    assert {each.design["g"] for each in made(listed, 15).state.results} == set(PEAKS)
    shared = begun(({"parameter": "T", "cells": 4},), space=[{**SPACE[0], "vary": "per_batch"}, SPACE[1]])
    batches = [shared.suggest() for _ in range(2)]
    assert all(len(set(batch["g"])) == 1 for batch in batches)


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    ({"parameter": "h"}, {}, "there is no parameter 'h'"),
    ({"parameter": "T"}, {}, "'T' is numeric, and nothing says into how many cells; add 'cells: 4'"),
    ({"parameter": "g", "cells": 2}, {}, "each choice of 'g' is a cell; leave 'cells' out"),
    ({"parameter": "T", "cells": 1}, {}, "greater than or equal to 2"),
    ([{"parameter": "g"}, {"parameter": "g"}], {}, "'g' is named twice"),
    ([{"parameter": "T", "cells": 50}, {"parameter": "g"}], {}, "these parameters make 150 cells"),
    ({"parameter": "g"}, {"acquisition": "posterior-mean"}, "knows no cells"),
    ({"parameter": "g"}, {"stop": {"probability_of_better_than": 0.1}}, "the best of all"),
    ({"parameter": "g"}, {"targets": [{"name": "y", "goal": "map"}]}, "needs one goal"),
    ({"parameter": "g"}, {"targets": [TARGET, {"name": "z", "goal": "minimize"}]}, "needs one goal"),
    ({"parameter": "T", "cells": 2}, {"space": [{**SPACE[0], "role": "context"}, SPACE[1]]}, "contexts"),
    (
        {"parameter": "g"},
        {"space": [SPACE[0], {**SPACE[1], "setting_error": 5}]},
        "cannot be used with 'setting_error'",
    ),
    ({"parameter": "T", "cells": 2}, {"space": [SPACE[0], {**SPACE[1], "when": "g == A"}]}, "not exist in all designs"),
]


@pytest.mark.parametrize(("axes", "keys", "words"), REFUSED)
def test_what_cannot_be_divided_is_a_fault(axes: Any, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidCampaign) as caught:
        begun(axes, **keys)
    assert words in str(caught.value)
    assert all(fault.path[:1] for fault in caught.value.faults)


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 20), st.sampled_from(["linear", "log"]), st.integers(0, 99))
def test_each_design_lies_in_the_cell_that_its_name_states(cells: int, scale: str, seed: int) -> None:
    numeric = {"name": "T", "kind": "numeric", "bounds": [1, 1000], "scale": scale}
    space = DesignSpace(parameters=[SPACE[0], numeric])
    found = Cells(space, (CellAxis(parameter="T", cells=cells), CellAxis(parameter="g")))
    designs = space.sample(50, np.random.default_rng(seed))
    for design, cell in zip(designs, found.of(designs).tolist(), strict=True):
        low, high = (float(word) for word in found.name(cell).split(",")[0].removeprefix("T ").split(" to "))
        value = design[space.slices[1]][0]
        assert low * 0.999 - 1e-3 <= value <= high * 1.001 + 1e-3
        assert found.name(cell).endswith(f"g {'ABC'[int(design[0])]}")
    assert found.number == 3 * cells


def test_commands_and_report_show_the_best_of_each_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(
        "designer: 1\nname: cells\nspace:\n  - {name: g, kind: categorical, choices: [A, B, C]}\n"
        "  - {name: T, kind: numeric, bounds: [100, 900], step: 5}\n"
        "targets: [{name: y, goal: maximize}]\ndiversify_by: {parameter: g}\n"
    )
    made(Campaign.open("c.yaml", store="c.db"), 6)
    assert main(["best", "c.yaml"]) == 0
    assert "the best with g A" in capsys.readouterr().out
    assert main(["report", "c.yaml", "-o", "c.md"]) == 0
    assert "Best so far in 3 cells" in Path("c.md").read_text()
