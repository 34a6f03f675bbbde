"""Tables that people give: every fault is reported, and what is right is read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from designer import PropertyPredictor
from designer.errors import InvalidData, InvalidInput
from designer.objective import Target
from designer.priors.stacking.property_prior import PropertyPrior
from designer.properties.predictor import spaces_of
from designer.space import DesignSpace
from designer.tasks import Task
from tests.priors.stacking.compounds import fitted, formulas, stiffness

TEXTS = formulas(6, 8)
TABLE = pd.DataFrame({"formula": TEXTS, "stiffness [GPa]": stiffness(TEXTS), "shine": np.arange(6.0)})


def faults(error: type[InvalidInput], **what: object) -> list[str]:
    with pytest.raises(error) as caught:
        PropertyPredictor(fitted(), **what)  # type: ignore[arg-type]
    return [str(fault) for fault in caught.value.faults]


def test_all_further_columns_are_quantities_or_those_that_are_named() -> None:
    assert [each.name for each in PropertyPredictor(fitted(), TABLE).quantities] == ["stiffness", "shine"]
    (only,) = PropertyPredictor(fitted(), TABLE, ["shine"]).predict([{"formula": "NaCl"}, {"formula": "W2C"}])
    assert only.quantity.name == "shine"
    assert len(only.value) == 2


def test_a_unit_that_is_not_given_is_that_of_past_tasks() -> None:
    predictor = PropertyPredictor(fitted(), TABLE.rename(columns={"stiffness [GPa]": "softness"}), ["softness"])
    assert predictor.quantities[0].unit == "mm"


def test_every_wrong_cell_is_reported_with_its_place() -> None:
    wrong = TABLE.astype(object)
    wrong.loc[1, "stiffness [GPa]"] = "soft"
    wrong.loc[3, "formula"] = "Xx2O"
    messages = faults(InvalidData, measured=wrong, file="mine.csv")
    assert any("mine.csv, row 3, column 'stiffness [GPa]'" in each for each in messages)
    assert any("row 5" in each and "Xx" in each for each in messages)


def test_what_is_missing_is_reported_with_a_remedy() -> None:
    (message,) = faults(InvalidData, measured=pd.DataFrame({"alloy": ["Fe"], "stiffness": [1.0]}), file="mine.csv")
    assert message.startswith("mine.csv: the table has no column 'formula'")
    (message,) = faults(InvalidData, measured=TABLE[["formula"]])
    assert "no quantity to predict" in message
    message = faults(InvalidData, measured=TABLE, targets=["gloss", "glow"])[1]
    assert "'glow'" in message
    assert "the table has: stiffness, shine" in message
    (message,) = faults(InvalidData, targets=["gloss"])
    assert "past tasks measured: brightness, softness" in message


@pytest.mark.parametrize("level", [0.0, 1.0, 90.0, float("nan")])
def test_a_level_is_a_probability(level: float) -> None:
    with pytest.raises(InvalidData, match="between 0 and 1"):
        PropertyPredictor(fitted(), TABLE, ["shine"]).predict([{"formula": "NaCl"}], level=level)


def test_a_higher_level_gives_a_wider_interval() -> None:
    predictor = PropertyPredictor(fitted(), TABLE, ["stiffness"])
    (half,), (most,) = (predictor.predict([{"formula": "NaCl"}], level=level) for level in (0.5, 0.95))
    assert most.lower[0] < half.lower[0] < half.value[0] == pytest.approx(most.value[0])
    assert most.upper[0] > half.upper[0]


def test_designs_with_faults_are_refused_whole() -> None:
    predictor = PropertyPredictor(fitted(), TABLE, ["stiffness"])
    with pytest.raises(InvalidData) as caught:
        predictor.predict(pd.DataFrame({"formula": ["NaCl", "Na(", "Qq"]}), file="new.csv")
    assert [fault.row for fault in caught.value.faults] == [3, 4]
    assert all(fault.file == "new.csv" for fault in caught.value.faults)


def test_past_compositions_are_asked_for_as_amounts_or_as_formulas() -> None:
    rng = np.random.default_rng(0)
    space = DesignSpace(
        parameters=[{"name": "alloy", "kind": "composition", "elements": ["Al", "Fe", "Ni"], "unit": "at.%", "step": 1}]
    )
    shares = rng.multinomial(100, [0.3, 0.4, 0.3], 40)
    frame = pd.DataFrame(shares, columns=list(space.columns)).assign(hardness=shares @ [1.0, 2.0, 5.0])
    past = Task(space=space, targets=[Target(name="hardness", unit="HV")], data=frame, name="alloys")
    prior = PropertyPrior().fit([past], seed=0)
    assert [[each["kind"] for each in space] for space in spaces_of(prior)] == [["composition"], ["formula"]]
    few = pd.DataFrame({"formula": ["AlFe", "Ni", "FeNi3"], "hardness": [150.0, 500.0, 425.0]})
    by_formula = PropertyPredictor(prior, few).predict([{"formula": "Fe2Ni2"}])[0].value[0]
    amounts = frame.head(3).drop(columns="hardness").assign(hardness=[150.0, 500.0, 425.0])
    amounts[list(space.columns)] = [[50, 50, 0], [0, 0, 100], [0, 25, 75]]
    design = {"alloy.Al": 0, "alloy.Fe": 50, "alloy.Ni": 50}
    by_amounts = PropertyPredictor(prior, amounts).predict([design])[0].value[0]
    assert by_amounts == pytest.approx(by_formula, rel=1e-6)
    assert by_amounts == pytest.approx(350.0, abs=100.0)
