from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from designer.campaign.explaining.explanation import (
    AxisPosition,
    Best,
    Expectation,
    Explanation,
    Influence,
    Influences,
    Neighbour,
    RunnerUpDesign,
)
from designer.campaign.log.events import Design
from designer.objective import Target
from designer.priors.evidence import PriorEvidence
from designer.report.cards import card

STRENGTH = Target(name="strength", unit="MPa", goal="maximize", reach=900)
DESIGN: Design = {"alloy.Ni": 60.0, "alloy.Fe": 40.0, "T": 450.0}


def explanation(**more: object) -> Explanation:
    base = Explanation(
        suggestion="S0007",
        design=DESIGN,
        text="alloy Ni 60 Fe 40 at.%, T 450 degC",
        how="model",
        note="exploitation: predicted to beat the best so far",
        position=9,
        status="open",
        results=6,
        failures=1,
        targets=(STRENGTH,),
        explore=0.25,
        exploit=0.75,
        expected=(Expectation("strength", 820.0, 30.0, 771.0, 869.0, measured=801.0),),
        best=Best("S0003", DESIGN, {"strength": 790.0}),
        beat=0.8,
        fail=0.1,
        within=0.9,
        nearest=(Neighbour("S0003", DESIGN, 0.2, ("T 500 degC",), {"strength": 790.0}),),
        places=(AxisPosition("alloy Ni", "60", 0.6, (0.2, 1.0)), AxisPosition("T", "450 degC", 0.25, (0.0, 0.5))),
        influences=(
            Influences(
                "strength",
                700.0,
                (Influence("parameter", "alloy", 130.0), Influence("parameter", "T", -10.0)),
                (Influence("element", "Ni", 12.0, "5 at.%"),),
            ),
        ),
        runner_up=RunnerUpDesign(DESIGN, "alloy Ni 50 Fe 50 at.%, T 450 degC", 1.8, {"strength": 805.0}, 0.5, True),
        prior=PriorEvidence(sources=(("plate 3", 0.6), ("plate 1", 0.4))),
    )
    return replace(base, **more)  # type: ignore[arg-type]


def words(svg: str) -> str:
    return " ".join(text for text in ET.fromstring(svg).itertext() if text.strip())


def test_picture_shows_all_parts() -> None:
    text = words(card(explanation()).svg())
    for part in (
        "S0007: alloy Ni 60 Fe 40 at.%", "Predicted strength [MPa]", "best so far 790", "measured 801",
        "target to reach", "from here the runner-up wins", "exploitation 75 %", "to beat the best", "80 %",
        "to meet all limits", "to fail",
        "What matters for strength [MPa]", "+130", "-10", "Effect of 5 at.% more", "more Ni", "450 degC",
        "plate 3", "60 %",
    ):  # fmt: skip
        assert part in text, part


def test_picture_has_a_text_for_screen_readers() -> None:
    (root,) = [ET.fromstring(card(explanation()).svg())]
    assert "80 % to beat the best so far" in root.attrib["aria-label"]


def test_first_design_without_a_model_has_a_picture() -> None:
    bare = explanation(
        how="initial", expected=(), best=None, beat=None, fail=None, within=None, nearest=(), influences=(),
        runner_up=None, prior=None, explore=1.0, exploit=0.0,
    )  # fmt: skip
    text = words(card(bare).svg())
    assert "exploration 100 %" in text
    assert "alloy Ni" in text
    assert words(card(replace(bare, places=())).svg())


def test_many_parameters_and_long_names_fit() -> None:
    name = "a very long name of a parameter indeed"
    many = tuple(AxisPosition(f"{name} {i}", "0.123456789 mmol/L", 0.5, (0.1,)) for i in range(40))
    influences = Influences("strength", 1.0, tuple(Influence("parameter", f"{name} {i}", float(i)) for i in range(40)))
    drawing = card(explanation(text="x" * 3000, places=many, influences=(influences, influences)))
    assert drawing.size[1] < 15
    assert name not in words(drawing.svg())


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_files(tmp_path: Path, ending: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = card(explanation()).write(tmp_path / f"card.{ending}")
    assert path.read_bytes().startswith({"svg": b"<?xml", "png": b"\x89PNG"}[ending])
    assert path.read_bytes() == card(explanation()).write(tmp_path / f"again.{ending}").read_bytes()


def test_numbers_of_negative_contributions_do_not_lie_over_names() -> None:
    influences = tuple(Influence("parameter", name, effect) for name, effect in (("a long name", -130.0), ("b", 12.5)))
    svg = card(explanation(influences=(Influences("strength", 700.0, influences),))).svg()
    at = {
        "".join(each.itertext()): (float(each.attrib["x"]), "text-anchor: start" in each.attrib["style"])
        for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    }
    assert at["-130"][0] > at["a long name"][0]
    assert at["-130"][1], "it begins there and extends to the right"
    assert not at["a long name"][1]
