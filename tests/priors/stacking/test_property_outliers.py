"""Outliers among given values are found, reported and left out; correct and confirmed values are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from designer.properties.predictor import PropertyPredictor
from tests.priors.stacking.compounds import fitted, formulas, softness, stiffness

NEW = pd.DataFrame({"formula": formulas(200, 81)})


def table(k: int, wrong: dict[int, float] | None = None, seed: int = 60) -> pd.DataFrame:
    texts = formulas(k, seed)
    y = stiffness(texts)
    for row, factor in (wrong or {}).items():
        y[row] *= factor
    return pd.DataFrame({"formula": texts, "stiffness [GPa]": y})


def error(measured: pd.DataFrame) -> float:
    truth = stiffness(NEW["formula"])  # type: ignore[arg-type]
    (found,) = PropertyPredictor(fitted(), measured).predict(NEW)
    return float(np.mean(np.abs(found.value - truth)) / np.mean(np.abs(truth - np.median(truth))))


def rows(measured: pd.DataFrame) -> list[int]:
    (model,) = PropertyPredictor(fitted(), measured).models
    return [each.row for each in model.outliers]


@pytest.mark.parametrize("k", [1, 4, 5, 12, 30])
@pytest.mark.parametrize("seed", [60, 61, 62])
def test_correct_values_are_no_outliers(k: int, seed: int) -> None:
    assert rows(table(k, seed=seed)) == []


@pytest.mark.parametrize("wrong", [{4: 10.0}, {0: 0.1}, {2: 10.0, 9: 10.0}, {2: 10.0, 9: 0.1}])
def test_wrong_values_are_found_and_predictions_are_as_without_them(wrong: dict[int, float]) -> None:
    given = table(16, wrong)
    assert rows(given) == sorted(wrong)
    (model,) = PropertyPredictor(fitted(), given).models
    assert model.measured == 16 - len(wrong)
    without = error(given.drop(index=sorted(wrong)).reset_index(drop=True))
    # Networks compute in single precision, and kernels of some processors sum other numbers of rows in another order.
    assert error(given) == pytest.approx(without, rel=1e-4)
    for each in model.outliers:
        sound = table(16)["stiffness [GPa]"][each.row]
        assert each.low < sound < each.high
        assert not each.low <= each.value <= each.high


def test_a_second_measurement_confirms_a_value() -> None:
    given = table(16, {4: 10.0})
    again = pd.concat([given, given.iloc[[4]].assign(**{"stiffness [GPa]": given["stiffness [GPa]"][4] * 1.02})])
    assert rows(again.reset_index(drop=True)) == []


def test_the_order_of_rows_changes_only_their_numbers() -> None:
    given = table(16, {4: 10.0})
    assert rows(given.iloc[::-1].reset_index(drop=True)) == [11]


def test_another_unit_changes_only_the_unit() -> None:
    given = table(16, {4: 10.0})
    in_mega = pd.DataFrame({"formula": given["formula"], "stiffness [MPa]": 1000 * given["stiffness [GPa]"]})
    ((one,), (other,)) = (PropertyPredictor(fitted(), each).models[0].outliers for each in (given, in_mega))
    assert (other.value, other.low, other.high) == pytest.approx(
        (1000 * one.value, 1000 * one.low, 1000 * one.high), rel=0.01
    )


def test_past_tasks_of_the_quantity_tell_of_a_wrong_value_too() -> None:
    texts = formulas(8, 60)
    y = softness(texts)
    y[3] *= 30.0
    (model,) = PropertyPredictor(fitted(), pd.DataFrame({"formula": texts, "softness [mm]": y})).models
    assert [each.row for each in model.outliers] == [3]


@pytest.mark.parametrize("many", [60, 40])
def test_of_many_values_some_are_judged_by_each_other_and_the_rest_by_these(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("designer.priors.stacking.quantity_fitting.MAX_EXACT", many)
    # From 30 values on the hyperparameters of the first fit are kept.
    monkeypatch.setattr("designer.priors.stacking.quantity_fitting._MAX_REFITTED", 30)
    wrong = {3: 10.0, 20: 10.0, 31: 0.1, 50: 10.0}
    assert rows(table(60, wrong)) == sorted(wrong)
    assert rows(table(60)) == []


@pytest.mark.parametrize("row", range(8))
def test_a_second_measurement_confirms_one_of_many_values(row: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the two are both among those that are judged by each other, or one, or none."""
    monkeypatch.setattr("designer.priors.stacking.quantity_fitting.MAX_EXACT", 30)
    given = table(60, {row: 10.0})
    assert rows(given) == [row]
    again = given.iloc[[row]].assign(**{"stiffness [GPa]": given["stiffness [GPa]"][row] * 1.02})
    assert rows(pd.concat([given, again], ignore_index=True)) == []


def test_each_outlier_is_reported_with_its_design() -> None:
    given = table(16, {4: 10.0})
    predictor = PropertyPredictor(fitted(), given)
    ((design, each),) = predictor.outliers(predictor.models[0])
    assert design == {"formula": given["formula"][4]}
    assert each.value == given["stiffness [GPa]"][4]
    without = PropertyPredictor(fitted(), targets=["softness"])
    assert without.outliers(without.models[0]) == ()
