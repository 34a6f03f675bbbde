"""What a report says of the model as it is now, and the figures of it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from designer import Campaign
from designer.interpretation.response import PairMap, Slice, Ternary
from designer.objective import Target
from designer.report import landscape_figures
from designer.report.content import Landscape, Share
from designer.report.landscape import landscape_of

SPACE = [
    {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co", "Cr"], "unit": "at.%", "step": 10},
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 600]},
    {"name": "t", "kind": "numeric", "unit": "min", "bounds": [1, 100], "scale": "log"},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "air"]},
]
STRENGTH = Target(name="strength", unit="MPa", goal="maximize")


def words(svg: str) -> str:
    return " ".join(text for text in ET.fromstring(svg).itertext() if text.strip())


@pytest.fixture(scope="module")
def landscape() -> Landscape:
    campaign = Campaign.create(space=SPACE, targets=[STRENGTH], initial=14, name="alloys")
    batch = campaign.suggest(14)
    campaign.record(batch.assign(strength=3 * batch["T"] + batch["alloy.Ni"] / 2 + 0.1 * batch["t"]))
    found = landscape_of(campaign)
    assert found is not None
    return found


def test_most_important_parameter_comes_first(landscape: Landscape) -> None:
    shares = landscape.importance["strength"]
    assert shares[0].parameter == "T"
    assert shares[0].total > 0.8
    assert shares[0].alone == pytest.approx(shares[0].total, abs=0.1)
    assert [share.total for share in shares] == sorted((share.total for share in shares), reverse=True)
    assert landscape.slices[0].parameter == "T"
    assert [found.names for found in landscape.maps] == [("T", "t")]


def test_landscape_is_centred_on_the_best_design(landscape: Landscape) -> None:
    assert ", the best by the model: alloy " in landscape.around
    (found,) = landscape.ternaries
    assert len(set(found.members)) == 3
    assert len(landscape.made) == 14
    assert set(landscape.made[0]) == {"alloy", "T", "t", "gas"}


def test_no_landscape_without_results() -> None:
    assert landscape_of(Campaign.create(space=SPACE, targets=[STRENGTH])) is None


def test_landscape_of_a_front_is_centred_on_one_of_its_designs() -> None:
    cost = Target(name="cost", goal="minimize")
    campaign = Campaign.create(space=SPACE[1:], targets=[STRENGTH, cost], initial=5, name="alloys")
    batch = campaign.suggest(5)
    campaign.record(batch.assign(strength=batch["T"], cost=batch["T"]))
    found = landscape_of(campaign)
    assert found is not None
    assert "one of the best trade-offs" in found.around
    assert list(found.importance) == ["strength", "cost"]
    assert not found.ternaries


class TestFigures:
    def test_importance(self) -> None:
        shares = (Share("temperature", 0.5, 0.7), Share("$x$", 0.1, 0.2))
        drawing = landscape_figures.importance(STRENGTH, shares)
        shown = words(drawing.svg())
        assert "temperature" in shown
        assert "$x$" in shown
        assert "temperature 70 %" in drawing.caption

    def test_slices(self, landscape: Landscape) -> None:
        shown = words(landscape_figures.slices(STRENGTH, 0, landscape.slices).svg())
        for text in ("strength [MPa]", "T [degC]", "t [min]", "alloy [at.%]", "Ni", "gas", "N2", "air"):
            assert text in shown
        assert "mathdefault" not in shown

    def test_maps_and_triangles_show_measured_designs(self, landscape: Landscape) -> None:
        found = landscape.maps[0]
        points = landscape_figures.points_on(found, landscape)
        assert len(points) == 14
        assert points[0] == (landscape.made[0]["T"], landscape.made[0]["t"])
        shown = words(landscape_figures.pair(STRENGTH, 0, found, points).svg())
        assert "predicted [MPa]" in shown
        assert "uncertainty" in shown
        triangle = landscape.ternaries[0]
        inside = landscape_figures.points_in(triangle, landscape)
        assert np.sum(inside, axis=1) == pytest.approx(1)
        shown = words(landscape_figures.triangle(STRENGTH, 0, triangle, inside).svg())
        assert all(member in shown for member in triangle.members)

    def test_constant_predictions_are_drawn(self) -> None:
        flat = np.ones((3, 3, 1))
        axis = np.array([1.0, 10.0, 1000.0])
        found = PairMap(("a", "b"), (None, None), (False, True), axis, axis, flat, flat * 0)
        assert "predicted" in words(landscape_figures.pair(STRENGTH_WITHOUT_UNIT, 0, found, []).svg())
        shares = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.4, 0.3, 0.3]])
        one = Ternary("c", ("A", "B", "C"), (("D", 5.0),), shares, np.ones((4, 1)), np.zeros((4, 1)), shares[3])
        drawing = landscape_figures.triangle(STRENGTH, 0, one, [])
        assert "with D 5 fixed" in drawing.caption
        assert drawing.svg()
        still = Slice("c", None, axis, 1.0, np.ones((3, 1)), np.zeros((3, 1)), log=True)
        assert landscape_figures.slices(STRENGTH, 0, [still]).svg()


STRENGTH_WITHOUT_UNIT = Target(name="strength", goal="maximize")
