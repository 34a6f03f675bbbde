"""Acquisition functions by name and as callables: from files and Python, in batches, with limits and failures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from botorch.acquisition.acquisition import AcquisitionFunction
from botorch.acquisition.analytic import LogExpectedImprovement, UpperConfidenceBound
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.models.model import Model
from botorch.sampling.normal import SobolQMCNormalSampler

from designer import Campaign
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.registered import ACQUISITIONS, acquisition_name
from designer.errors import InvalidCampaign, InvalidInput, InvalidObjective

SPACE = [
    {"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.1},
    {"name": "g", "kind": "categorical", "choices": ["a", "b"]},
]
UP = {"name": "y", "goal": "maximize"}


def table(n: int = 9) -> pd.DataFrame:
    x = np.linspace(0, 10, n)
    return pd.DataFrame({"x": x.round(1), "g": ["a", "b"] * (n // 2) + ["a"] * (n % 2), "y": 5 - (x - 7) ** 2 / 5})


def begun(acquisition: Any, targets: list[dict[str, Any]] | None = None, **settings: Any) -> Campaign:
    campaign = Campaign.create(space=SPACE, targets=targets or [UP], acquisition=acquisition, **settings)
    found = table()
    campaign.attach(
        found.assign(**{each["name"]: found["y"] for each in targets or []}).drop(columns=["y"] if targets else [])
    )
    return campaign


def analytic_bound(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
    return UpperConfidenceBound(model, beta=4.0, maximize=True)


def log_noisy_improvement(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
    sampler = SobolQMCNormalSampler(torch.Size([64]), seed=context.seed)
    return qLogNoisyExpectedImprovement(
        model, context.measured, sampler=sampler, prune_baseline=False, cache_root=False, X_pending=context.pending
    )


def no_function(model: Model, context: AcquisitionContext) -> Any:
    return lambda X: X


@pytest.fixture(autouse=True)
def _nothing_stays_registered() -> Iterator[None]:
    before = dict(ACQUISITIONS._registered)
    yield
    ACQUISITIONS._registered.clear()
    ACQUISITIONS._registered.update(before)


@pytest.mark.parametrize("name", [name for name in ACQUISITIONS.names() if ":" not in name])
def test_every_built_in_name_runs_a_batch_and_is_recorded(name: str) -> None:
    campaign = begun(name)
    batch = campaign.suggest(3)
    assert len(batch.drop_duplicates()) == 3
    assert campaign.state.spec.get("acquisition") == name
    assert campaign.explain(batch.index[0]).how == "model"


@pytest.mark.parametrize("build", [analytic_bound, log_noisy_improvement])
def test_any_callable_that_builds_a_botorch_function(build: Any) -> None:
    campaign = begun(build)
    batch = campaign.suggest(3)
    assert len(batch.drop_duplicates()) == 3
    assert campaign.state.spec["acquisition"] == f"{__name__}:{build.__name__}"
    campaign.explain(batch.index[0])


def test_the_chosen_design_has_the_highest_value_of_all_designs() -> None:
    campaign = begun(analytic_bound)
    first = campaign.suggest(1)
    known = campaign.posterior()
    assert known is not None
    designs = campaign.space.enumerate(500)
    X = torch.as_tensor(campaign.space.encoder.encode(designs))
    measured = set(campaign.space.keys(known.coordinates))
    with torch.no_grad():
        values = UpperConfidenceBound(known.model, beta=4.0)(X[:, None, :]).numpy()
    values[[key in measured for key in campaign.space.keys(designs)]] = -math.inf
    best = campaign.space.frame(designs[[int(values.argmax())]])
    assert first.to_dict("list") == best.to_dict("list")


def test_exploitation_and_exploration_differ_as_their_names_say() -> None:
    mean, deviation = begun("posterior-mean").suggest(1), begun("posterior-deviation").suggest(1)
    campaign = begun("auto")
    found = campaign.predict(pd.concat([mean, deviation]))
    assert found["y"].iloc[0] > found["y"].iloc[1]
    assert found["y_sd"].iloc[0] < found["y_sd"].iloc[1]


def test_analytic_functions_spread_a_batch_although_they_ignore_pending_designs() -> None:
    batch = begun(bound_by_deviation).suggest(4)
    assert np.ptp(batch["x"].to_numpy()) > 1


def bound_by_deviation(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
    return UpperConfidenceBound(model, beta=1e6)


def test_designs_that_probably_fail_come_last_whatever_the_scale_of_the_function() -> None:
    campaign = begun("posterior-mean")
    for x in np.arange(5.0, 10.1, 0.5):
        for g in "ab":
            campaign.record_failure({"x": x, "g": g}, "cracked")
    assert campaign.suggest(1)["x"].iloc[0] < 5.5


def test_outcome_constraints_are_kept() -> None:
    targets = [UP, {"name": "z", "at_most": 2.0}]
    campaign = Campaign.create(space=SPACE, targets=targets, acquisition="posterior-mean")  # type: ignore[arg-type]
    campaign.attach(table().assign(z=lambda t: t["x"]))
    assert campaign.suggest(1)["x"].iloc[0] <= 2.5


class TestResuming:
    def test_the_same_suggestion_after_resuming_with_the_callable(self, tmp_path: Path) -> None:
        store = tmp_path / "a.db"
        campaign = begun(analytic_bound, store=store, name="films")
        campaign.suggest(1)
        resumed = Campaign.resume(store, "films", acquisition=analytic_bound)
        other = begun(analytic_bound)
        other.suggest(1)
        pd.testing.assert_frame_equal(resumed.suggest(1), other.suggest(1))

    def test_without_the_callable_it_says_what_is_missing(self, tmp_path: Path) -> None:
        campaign = begun(analytic_bound, store=tmp_path / "a.db", name="films")
        campaign.suggest(1)
        ACQUISITIONS._registered.clear()
        with pytest.raises(InvalidInput, match=r"acquisition function '.*:analytic_bound' is not known"):
            Campaign.resume(tmp_path / "a.db", "films")


class TestFaults:
    def test_an_unknown_name_in_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "c.yaml"
        path.write_text(
            "designer: 1\nname: c\nspace:\n  - {name: x, kind: numeric, bounds: [0, 1]}\n"
            "targets:\n  - {name: y, goal: maximize}\nacquisition: upper-confidence-bond\n"
        )
        with pytest.raises(InvalidCampaign) as caught:
            Campaign.open(path)
        (fault,) = caught.value.faults
        assert "did you mean 'upper-confidence-bound'?" in str(fault)
        assert fault.line == 7

    def test_two_lambdas_have_one_name(self) -> None:
        acquisition_name(lambda model, context: None)
        with pytest.raises(InvalidInput, match="registered already"):
            acquisition_name(lambda model, context: None)

    def test_what_is_built_must_be_a_botorch_function(self) -> None:
        with pytest.raises(InvalidObjective, match="returned function"):
            begun(no_function).suggest(1)

    def test_a_pareto_front_has_no_single_utility(self) -> None:
        campaign = begun("posterior-mean", [UP, {"name": "z", "goal": "minimize"}])
        with pytest.raises(InvalidObjective, match="takes one goal"):
            campaign.suggest(1)

    def test_expected_improvement_of_botorch_alone(self) -> None:
        def build(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
            return LogExpectedImprovement(model, best_f=4.0)

        assert len(begun(build).suggest(2)) == 2


def test_another_package_offers_one_by_an_entry_point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A toy acquisition function from outside the package: one module and one entry point."""
    module = tmp_path / "toy_lab_acquisition.py"
    module.write_text(
        "from botorch.acquisition.analytic import UpperConfidenceBound\n"
        "def build(model, context):\n    return UpperConfidenceBound(model, beta=1.0)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("toy-bound", "toy_lab_acquisition:build", "designer.acquisitions")
    monkeypatch.setattr(ACQUISITIONS, "_entry_points", lambda name=None: [point] if name in (None, "toy-bound") else [])
    campaign = begun("toy-bound")
    assert len(campaign.suggest(2)) == 2
    assert "toy-bound" in ACQUISITIONS.names()
