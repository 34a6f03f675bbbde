"""The prior over properties: few measurements suffice where past tasks know, and nothing is known without reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr

from designer.errors import InvalidData, InvalidPrior
from designer.objective import Target
from designer.priors import saving
from designer.priors.kinds import load_properties
from designer.priors.stacking.components import ProcessComponent
from designer.priors.stacking.prior_scales import FLAT
from designer.priors.stacking.property_prior import PropertyPrior
from designer.priors.stacking.quantity_posterior import QuantityPosterior
from designer.priors.stacking.trees import TreesComponent
from designer.properties.predictor import PropertyPredictor
from designer.space import DesignSpace
from designer.surrogates.data import Quantity, TaskData
from designer.tasks import Task
from tests.priors.stacking.compounds import brightness, fitted, formulas, past_tasks, softness, stiffness

NEW = formulas(250, 77)


def measured(k: int, seed: int = 60) -> pd.DataFrame:
    texts = formulas(k, seed)
    return pd.DataFrame({"formula": texts, "stiffness [GPa]": stiffness(texts)})


def designs() -> pd.DataFrame:
    return pd.DataFrame({"formula": NEW})


def error(value: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean(np.abs(value - truth)) / np.mean(np.abs(truth - truth.mean())))


def test_another_quantity_is_known_from_a_few_values() -> None:
    truth = stiffness(NEW)
    (found,) = PropertyPredictor(fitted(), measured(10)).predict(designs())
    assert found.quantity == Quantity("stiffness", "GPa")
    assert spearmanr(found.value, truth)[0] > 0.9
    assert error(found.value, truth) < 0.45
    inside = np.mean((truth >= found.lower) & (truth <= found.upper))
    assert 0.75 <= inside <= 1.0
    assert (found.lower <= found.value).all()
    assert (found.value <= found.upper).all()


def test_past_tasks_are_what_makes_it_known() -> None:
    truth = stiffness(NEW)
    errors = []
    for names in (("f/bright",), ("f/soft-a", "f/soft-b")):
        (found,) = PropertyPredictor(fitted().without(names), measured(10)).predict(designs())
        errors.append(error(found.value, truth))
    assert errors[0] < 0.8 * errors[1]


def test_more_values_say_more_and_trees_join() -> None:
    truth = stiffness(NEW)
    few, many = (PropertyPredictor(fitted(), measured(k)) for k in (3, 60))
    assert any("trees" in name for name, _ in many.models[0].shares)
    (first,), (second,) = (each.predict(designs()) for each in (few, many))
    assert error(second.value, truth) < error(first.value, truth)
    assert np.median(second.upper - second.lower) < np.median(first.upper - first.lower)


def test_a_quantity_that_past_tasks_measured_needs_no_measurement() -> None:
    predictor = PropertyPredictor(fitted(), targets=["softness"])
    (found,) = predictor.predict(designs())
    assert error(found.value, softness(NEW)) < 0.25
    assert found.quantity.unit == "mm"
    assert predictor.models[0].anchors == ("f/soft-a", "f/soft-b")
    assert (found.lower >= 0).all()  # no past value was below
    assert np.mean((softness(NEW) >= found.lower) & (softness(NEW) <= found.upper)) > 0.85


def test_its_unit_may_be_another() -> None:
    texts = formulas(3, 5)
    in_metres = pd.DataFrame({"formula": texts, "softness [m]": softness(texts) / 1000})
    (found,) = PropertyPredictor(fitted(), in_metres).predict(designs())
    assert error(found.value, softness(NEW) / 1000) < 0.25


def test_without_measurements_known_quantities_are_predicted() -> None:
    found = PropertyPredictor(fitted()).predict([{"formula": "Fe2O3"}])
    assert {each.quantity.name for each in found} == {"softness", "brightness"}
    assert brightness(["Fe2O3"])[0] == pytest.approx(found[0].value[0], abs=15)


def test_one_measurement_gives_an_interval_of_the_usual_width() -> None:
    (found,) = PropertyPredictor(fitted(), measured(1)).predict(designs())
    assert np.isfinite(found.upper).all()
    assert (found.upper > 1.3 * found.value).all()


def test_after_one_measurement_intervals_are_neither_too_narrow_nor_far_too_wide() -> None:
    inside, width = [], []
    truth = stiffness(NEW)
    for seed in range(60, 72):
        (found,) = PropertyPredictor(fitted(), measured(1, seed)).predict(designs())
        inside.append(np.mean((truth >= found.lower) & (truth <= found.upper)))
        width.append(np.median(np.log(found.upper / np.maximum(found.lower, 1e-9))))
    assert 0.8 < np.mean(inside) <= 1.0
    # Two values differ by sqrt(2) deviations of the logarithm; a Student t of 4 degrees of freedom, 90 %.
    assert np.mean(width) < 1.6 * 2 * 2.13 * np.sqrt(2) * fitted().logs.s0


def test_an_unmeasured_unknown_quantity_is_refused() -> None:
    prior = fitted()
    data = TaskData(
        torch.empty(0, prior.common.dimension), torch.empty(0, 1), prior.common.columns, quantities=(Quantity("gloss"),)
    )
    with pytest.raises(InvalidData, match="no past task measured 'gloss'"):
        prior.condition(data)


def test_the_order_of_measurements_does_not_matter() -> None:
    one, other = measured(12), measured(12).iloc[::-1].reset_index(drop=True)
    (first,), (second,) = (PropertyPredictor(fitted(), each).predict(designs()) for each in (one, other))
    assert first.value == pytest.approx(second.value, rel=1e-6)
    assert first.upper == pytest.approx(second.upper, rel=1e-6)


def test_another_unit_of_the_values_changes_nothing_but_the_unit() -> None:
    texts = formulas(8, 60)
    in_mega = pd.DataFrame({"formula": texts, "stiffness [MPa]": stiffness(texts) * 1000})
    (one,) = PropertyPredictor(fitted(), measured(8)).predict(designs())
    (other,) = PropertyPredictor(fitted(), in_mega).predict(designs())
    assert other.value == pytest.approx(1000 * one.value, rel=1e-3)
    assert other.lower == pytest.approx(1000 * one.lower, rel=1e-3)


def test_equal_values_are_no_fault() -> None:
    frame = measured(6).assign(**{"stiffness [GPa]": 4.0})
    (found,) = PropertyPredictor(fitted(), frame).predict(designs())
    assert found.value == pytest.approx(4.0, abs=0.5)


def test_many_measurements_use_some_for_the_process_and_all_for_the_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("designer.priors.stacking.quantity_fitting.MAX_EXACT", 60)
    monkeypatch.setattr("designer.priors.stacking.quantity_fitting.MAX_FITTED", 40)
    predictor = PropertyPredictor(fitted(), measured(150))
    (model,) = predictor.models
    assert model.measured == 150
    sizes = {len(part.process.values) for part in model.components if isinstance(part, ProcessComponent)}
    trees = [part for part in model.components if isinstance(part, TreesComponent)]
    assert sizes <= {60}
    assert len(trees) == 1
    assert trees[0].forest.estimators_samples_[0].max() > 60
    (found,) = predictor.predict(designs())
    assert error(found.value, stiffness(NEW)) < 0.2


def test_a_saved_prior_is_the_same(tmp_path: Path) -> None:
    fitted().save(tmp_path / "prior")
    saving.annotate(tmp_path / "prior", {"data": []})
    read = load_properties(tmp_path / "prior")
    (one,) = PropertyPredictor(fitted(), measured(5)).predict(designs())
    (other,) = PropertyPredictor(read, measured(5)).predict(designs())
    assert other.value.tolist() == one.value.tolist()
    assert other.upper.tolist() == one.upper.tolist()


@pytest.mark.parametrize("damage", ["kind", "tasks", "common"])
def test_what_is_no_such_prior_is_refused_in_one_line(tmp_path: Path, damage: str) -> None:
    import json

    fitted().save(tmp_path)
    card = json.loads((tmp_path / saving.CARD).read_text())
    card.pop(saving.SEAL)  # as version 0.1 saved it
    card[damage] = {"kind": "auto", "tasks": card["tasks"][:1], "common": {}}[damage]
    (tmp_path / saving.CARD).write_text(json.dumps(card))
    with pytest.raises(InvalidPrior) as caught:
        load_properties(tmp_path)
    (fault,) = caught.value.faults
    assert "\n" not in str(fault)
    assert ("for campaigns" in str(fault)) == (damage == "kind")


def test_what_cannot_be_learned_from_is_refused() -> None:
    with pytest.raises(InvalidPrior, match="there are no past tasks"):
        PropertyPrior().fit([], seed=0)
    task = past_tasks()[0]
    few = Task(space=task.space, targets=task.targets, data=task.data.head(5), name="few")
    with pytest.raises(InvalidPrior, match="no past task has 10 designs"):
        PropertyPrior().fit([few], seed=0)
    with pytest.raises(InvalidPrior, match="no past task is left"):
        fitted().without(["f/soft-a", "f/soft-b", "f/bright"])


def test_designs_of_another_world_are_refused() -> None:
    space = DesignSpace(parameters=[{"name": "speed", "kind": "numeric", "bounds": [0, 1]}])
    data = TaskData(torch.rand(3, 1), torch.rand(3, 1), space.encoder.columns)
    with pytest.raises(InvalidPrior, match="nothing in common"):
        fitted().condition(data)


def test_numbers_and_choices_are_designs_too_and_what_only_the_task_has_counts() -> None:
    rng = np.random.default_rng(0)
    space = DesignSpace(
        parameters=[
            {"name": "temperature", "kind": "numeric", "unit": "degC", "bounds": [300, 900]},
            {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
        ]
    )

    def frame(n: int, shift: float) -> pd.DataFrame:
        T, gas = rng.uniform(300, 900, n), rng.choice(["N2", "Ar"], n)
        return pd.DataFrame({"temperature": T, "gas": gas, "s": np.sin(T / 150) + 0.5 * (gas == "Ar") + shift})

    past = [Task(space=space, targets=[Target(name="s")], data=frame(60, i), name=f"t{i}") for i in range(3)]
    prior = PropertyPrior().fit(past, seed=0)
    wider = DesignSpace(parameters=[*space.parameters, {"name": "flow", "kind": "numeric", "bounds": [0, 1]}])
    extra = frame(40, 0.0).assign(flow=rng.random(40))
    extra["s"] = 2.0 * extra["s"] + 3.0 * extra["flow"]
    task = Task(space=wider, targets=[Target(name="s")], data=extra, name="new")
    X = torch.tensor(wider.encoder.encode(task.coordinates))
    data = TaskData(X[:30], torch.tensor(task.Y[:30]), wider.encoder.columns, quantities=(Quantity("s"),))
    (model,) = prior.condition(data)
    found = model.predict(X[30:])
    assert np.corrcoef(found.value, task.Y[30:, 0])[0, 1] > 0.9
    assert isinstance(model, QuantityPosterior)


def test_scales_come_from_past_tasks_where_there_are_any_of_other_quantities() -> None:
    alone = fitted().without(["f/bright", "f/soft-b"])
    assert alone.theta.means.tolist() == FLAT.means.tolist()
    assert fitted().theta.means.tolist() != FLAT.means.tolist()
    assert fitted().logs.s0 == pytest.approx(np.log(softness(NEW)).std(), rel=0.3)
