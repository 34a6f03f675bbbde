"""Every kind of prior keeps the contract, in the public test kit and in the search for designs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.acquisition.observed import Observed
from designer.acquisition.propose import propose
from designer.campaign.file.settings import PriorSettings
from designer.errors import InvalidPrior
from designer.objective import Objective, Target
from designer.priors import saving, testing
from designer.priors.base import FittedPrior
from designer.priors.baseline import BaselinePrior
from designer.priors.conditioning import is_informed
from designer.priors.kinds import PRIORS, PROPERTIES, campaign_kinds, fit_prior, load_prior, load_properties, prior_of
from designer.priors.stacking.property_posterior import FittedPropertyPrior
from designer.priors.stacking.property_prior import PropertyPrior
from designer.surrogates.data import Quantity, TaskData
from designer.tasks import Task
from tests.priors.contract import small

KINDS = campaign_kinds()
LEARNING = [kind for kind in KINDS if kind != "none"]


@cache
def fitted(kind: str) -> FittedPrior:
    return small(kind).fit(testing.example_tasks(), seed=0)


@pytest.mark.parametrize("check", testing.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_fitted(kind: str, check: object) -> None:
    assert callable(check)
    check(fitted(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_its_kind_is_the_word_it_is_known_by(kind: str) -> None:
    assert fitted(kind).kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_fitting_is_a_pure_function_of_tasks_and_seed(kind: str) -> None:
    before = torch.get_rng_state()
    again = small(kind).fit(tuple(reversed(testing.example_tasks())), seed=0)
    testing._same(fitted(kind), again, "the order of past tasks counted")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("kind", KINDS)
def test_units_and_signs(kind: str) -> None:
    testing.check_units(small(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_one_past_task(kind: str) -> None:
    testing.check_few_tasks(small(kind))


@pytest.mark.parametrize("rows", [0, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_designs_are_proposed(kind: str, rows: int) -> None:
    space, data = testing.example_space(), testing.example_data(rows)
    coordinates = space.sample(max(rows, 1), np.random.default_rng(77))[:rows]
    objective = Objective(targets=[Target(name="strength", unit="MPa", goal="maximize")])
    observed = Observed(coordinates, data.Y.numpy())
    found = [
        propose(fitted(kind).condition(data), space, objective, observed, coordinates[:0], 2, 0).coordinates
        for _ in range(2)
    ]
    assert found[0].shape == (2, 3)
    assert found[0].tobytes() == found[1].tobytes()
    assert space.valid(found[0]).all()


@pytest.mark.parametrize("kind", LEARNING)
def test_past_tasks_predict_without_measurements(kind: str) -> None:
    data, new = testing.example_data(0), testing.example_data(60)
    mean = fitted(kind).condition(data).posterior(new.X).mean[:, 0]
    assert np.corrcoef(mean, new.Y[:, 0])[0, 1] > 0.5


@pytest.mark.parametrize("kind", LEARNING)
@pytest.mark.parametrize(
    ("quantity", "learns"),
    [
        (Quantity("strength", "MPa"), True),
        (Quantity("strength", "kPa"), True),
        (Quantity("hardness", "GPa"), False),  # past tasks measured a quantity of another unit too: which is meant?
        (Quantity("hardness", "GPa", learned_from="strength"), True),
        (Quantity("strength", "EUR"), False),
        (Quantity("strength"), False),
        (Quantity("cost", "EUR"), False),
        (Quantity("cost", "EUR", learned_from="strength"), True),
        (Quantity("strength", "MPa", learned_from="density"), False),
    ],
)
def test_no_quantity_of_another_kind_is_a_source_unless_it_is_named(
    kind: str, quantity: Quantity, learns: bool
) -> None:
    data = replace(testing.example_data(0), quantities=(quantity,))
    assert is_informed(fitted(kind).condition(data)) is learns


@pytest.mark.parametrize("kind", LEARNING)
def test_a_saved_prior_that_was_altered_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    fitted(kind).save(tmp_path)
    card = json.loads((tmp_path / "prior.json").read_text())
    assert [task["name"] for task in card["tasks"]] == sorted(task["name"] for task in card["tasks"])
    (tmp_path / "prior.json").write_text(json.dumps({**card, "common": {}}))
    with pytest.raises(InvalidPrior, match="its content is not what was saved"):
        load_prior(tmp_path)
    card.pop(saving.SEAL)  # as version 0.1 saved it
    (tmp_path / "prior.json").write_text(json.dumps({**card, "common": {}}))
    with pytest.raises(InvalidPrior, match=f"not as a prior of kind '{kind}' is saved") as caught:
        load_prior(tmp_path)
    assert "\n" not in str(caught.value)


@cache
def fitted_properties() -> FittedPropertyPrior:
    return PropertyPrior(passes=5).fit(testing.example_tasks(), seed=0)


@pytest.mark.parametrize("check", testing.PROPERTY_CHECKS, ids=lambda check: check.__name__)
def test_fitted_prior_over_properties(check: Callable[[FittedPropertyPrior], None]) -> None:
    check(fitted_properties())


def test_prior_over_properties() -> None:
    testing.check_property_prior(PropertyPrior(passes=5))


def test_a_prior_over_properties_is_no_prior_for_campaigns(tmp_path: Path) -> None:
    fitted_properties().save(tmp_path / "properties")
    fitted("none").save(tmp_path / "none")
    with pytest.raises(InvalidPrior, match="of kind 'properties', for designer predict"):
        load_prior(tmp_path / "properties")
    with pytest.raises(InvalidPrior, match="of kind 'none', for campaigns"):
        load_properties(tmp_path / "none")
    with pytest.raises(InvalidPrior, match="'properties' is not for campaigns"):
        fit_prior(testing.example_tasks(), PROPERTIES)


class OwnPrior:
    """A kind of another package: the baseline model under another name."""

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> OwnFitted:
        return OwnFitted()

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> OwnFitted:
        return OwnFitted()


class OwnFitted:
    kind = "own"

    def condition(self, data: TaskData) -> Model:
        return BaselinePrior().condition(data)

    def save(self, path: Path) -> None:
        saving.write(path, {"kind": self.kind}, {})


@pytest.fixture
def registered() -> Iterator[None]:
    PRIORS.register("own", OwnPrior)
    yield
    PRIORS.unregister("own")


def test_another_kind_needs_one_class_and_one_registration(registered: None, tmp_path: Path) -> None:
    assert "own" in campaign_kinds()
    testing.check_prior(prior_of("own"))
    past = testing.example_tasks()
    prior = fit_prior(past, "own")
    prior.save(tmp_path)
    assert load_prior(tmp_path).kind == "own"
    settings = PriorSettings(kind="own", tasks=("past",))
    assert settings.learns


@dataclass
class Forgetful:
    """A prior that breaks the contract on purpose: what it says depends on the order of the rows."""

    kind: str = "none"

    def fit(self, tasks: object, *, seed: int) -> Forgetful:
        return self

    def condition(self, data: TaskData) -> object:
        return BaselinePrior().condition(replace(data, X=data.X[1:], Y=data.Y[1:]))

    def save(self, path: Path) -> None:
        BaselinePrior().save(path)


def test_the_kit_finds_what_is_broken() -> None:
    with pytest.raises(AssertionError, match="the order counted"):
        testing.check_rows(Forgetful())  # type: ignore[arg-type]  # it returns no model by type
