"""The posterior of a campaign, and suggestions through the whole path: botorch models, units, limits, constraints."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from botorch.acquisition.logei import qLogExpectedImprovement, qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.objective import GenericMCObjective
from botorch.models.model import Model
from botorch.optim import optimize_acqf
from botorch.sampling.normal import SobolQMCNormalSampler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer.acquisition.observed import Observed
from designer.acquisition.propose import propose
from designer.campaign.campaign import Campaign
from designer.campaign.log.events import Suggested
from designer.campaign.suggesting.flagged_results import MIN_RESULTS_TO_FLAG
from designer.errors import InvalidSpace, NoDesignLeft
from designer.objective import Objective, Target
from designer.space import DesignSpace
from designer.surrogates.robust.decimal_slips import MIN_RESULTS
from designer.surrogates.robust.outlier_search import MAX_OUTLIER_SHARE
from tests.acquisition.worlds import fitted
from tests.space.spaces import spaces

SPACE = [
    {"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.1},
    {"name": "t", "kind": "numeric", "bounds": [1, 1000], "scale": "log"},
    {"name": "g", "kind": "categorical", "choices": ["a", "b", "c"]},
]
UP = {"name": "y", "goal": "maximize"}
DOWN = {"name": "z", "goal": "minimize"}


def results(n: int = 12) -> pd.DataFrame:
    space = DesignSpace(space=SPACE)  # type: ignore[call-arg]
    table = space.frame(space.sample(n, np.random.default_rng(0)))
    y = -((table["x"] - 7) ** 2) / 10 + np.log10(table["t"]) + (table["g"] == "b")
    return table.assign(y=y, z=table["t"] / 100 - 3 * table["x"])


def begun(targets: list[dict], table: pd.DataFrame, **settings: object) -> Campaign:
    campaign = Campaign.create(space=settings.pop("space", SPACE), targets=targets, seed=0, **settings)  # type: ignore[arg-type]
    campaign.attach(table[[*campaign.space.columns, *(each["name"] for each in targets)]])
    return campaign


class TestOutliers:
    def slipped(self) -> Campaign:
        table = results(20)
        table.loc[table.index[6], "y"] *= 10
        return begun([UP, DOWN], table)

    def test_outliers_hardly_change_predictions(self) -> None:
        X = DesignSpace(space=SPACE).sample(40, np.random.default_rng(1))  # type: ignore[call-arg]
        sound, slipped = (each.posterior() for each in (begun([UP, DOWN], results(20)), self.slipped()))
        assert sound is not None
        assert slipped is not None
        apart = np.abs(slipped.predict(X)[0] - sound.predict(X)[0])
        assert apart[:, 0].mean() < 0.1 * np.ptp(sound.Y[:, 0])
        assert apart[:, 1].max() == 0

    def test_flagged_results_are_shown_in_status_events_and_cards(self) -> None:
        campaign = self.slipped()
        (flagged,) = campaign.status().flagged
        (measured,) = (each for each in campaign.state.results if each.values["y"] == flagged.value)
        assert (flagged.measurement, flagged.target) == (measured.id, "y")
        assert f"{measured.id} (y " in str(campaign.status())
        json.dumps(campaign.status().as_dict())
        campaign.suggest(1)
        event = campaign.events[-1]
        assert isinstance(event, Suggested)
        assert event.notes == (str(flagged),)
        card = campaign.explain("S0001")
        assert card.flagged == (flagged,)
        assert any(line.startswith("Flagged results:") for line in card.lines())

    def test_amended_results_are_not_flagged(self) -> None:
        campaign = self.slipped()
        (flagged,) = campaign.status().flagged
        campaign.amend(flagged.measurement, {"y": flagged.value / 10}, reason="a slip of the decimal point")
        assert campaign.status().flagged == ()
        campaign.suggest(1)
        assert campaign.events[-1].notes == ()  # type: ignore[union-attr]

    def test_no_model_below_the_number_of_results_that_can_be_flagged(self) -> None:
        assert int(MAX_OUTLIER_SHARE * MIN_RESULTS_TO_FLAG) == 1
        assert int(MAX_OUTLIER_SHARE * (MIN_RESULTS_TO_FLAG - 1)) == 0
        assert MIN_RESULTS == MIN_RESULTS_TO_FLAG


@pytest.mark.parametrize("q", [1, 2])
def test_its_posterior_is_a_botorch_model_that_botorch_optimises_with_gradients(q: int) -> None:
    known = begun([UP, DOWN], results()).posterior()
    assert known is not None
    assert isinstance(known.model, Model)
    X, d = known.data.X, known.data.X.shape[1]
    sampler = SobolQMCNormalSampler(torch.Size([32]), seed=0)
    first = GenericMCObjective(lambda Y, X=None: Y[..., 0])  # type: ignore[misc]
    functions = [
        qLogExpectedImprovement(known.model, known.Y[:, 0].max(), sampler=sampler, objective=first),
        qLogNoisyExpectedImprovement(
            known.model, X, sampler=sampler, objective=first, prune_baseline=False, cache_root=False
        ),
        qLogNoisyExpectedHypervolumeImprovement(
            known.model, known.Y.min(0).tolist(), X, sampler=sampler, prune_baseline=False, cache_root=False
        ),
    ]
    bounds = torch.stack([torch.zeros(d), torch.ones(d)]).to(torch.float64)
    for function in functions:
        start = torch.rand(3, q, d, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        best, value = optimize_acqf(
            function, bounds, q=q, num_restarts=3, batch_initial_conditions=start, options={"maxiter": 8}
        )
        assert best.shape == (q, d)
        assert float(value) > float(function(start).max())  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1e-30, 1e30])
@pytest.mark.parametrize("targets", [[UP], [UP, DOWN], [UP | {"weight": 2}, DOWN]], ids=["one", "pareto", "weighted"])
def test_suggestions_do_not_depend_on_the_size_of_the_targets(targets: list[dict], scale: float) -> None:
    table = results()
    scaled = table.assign(y=table["y"] * scale, z=table["z"] * scale)
    pd.testing.assert_frame_equal(begun(targets, scaled).suggest(1), begun(targets, table).suggest(1))


def test_suggestions_do_not_depend_on_how_the_question_is_written() -> None:
    table = results()
    usual = begun([UP], table).suggest(2)
    mirrored = begun([UP | {"goal": "minimize"}], table.assign(y=-table["y"]))
    shuffled = begun([UP], table.sample(frac=1, random_state=1)[table.columns[::-1]])
    affine = begun([UP], table.assign(y=37.3 * table["y"] - 1234.5))
    for other in (mirrored, shuffled, affine):
        pd.testing.assert_frame_equal(other.suggest(2), usual)
    in_eighths = [SPACE[0] | {"bounds": [0, 80], "step": 0.8}, *SPACE[1:]]  # type: ignore[operator]  # a power of two: no rounding
    longer = begun([UP], table.assign(x=8 * table["x"]), space=in_eighths).suggest(2)
    pd.testing.assert_frame_equal(longer.assign(x=longer["x"] / 8), usual)


def test_a_limit_on_what_was_never_measured_misleads_neither_suggestions_nor_the_end() -> None:
    table = results()
    limited = [UP, {"name": "z", "at_least": 1e6}]
    campaign = Campaign.create(space=SPACE, targets=limited, seed=0, stop={"probability_of_better_than": 0.01})  # type: ignore[arg-type]
    campaign.attach(table.drop(columns="z"))
    assert campaign.stop_reason is None
    pd.testing.assert_frame_equal(campaign.suggest(2), begun([UP], table).suggest(2))


ASK = """
import numpy as np, torch, sys
torch.set_num_threads(int(sys.argv[1]))
from tests.campaign.suggesting.test_campaign_posterior import *
print(begun([UP, DOWN], results()).suggest(2).to_json())
"""


def test_another_process_with_other_hashes_and_threads_suggests_the_same() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", ASK, str(threads)],
            env={**os.environ, "PYTHONHASHSEED": str(threads)}, capture_output=True, text=True, check=True,
        ).stdout
        for threads in (1, 2)
    }  # fmt: skip
    assert answers == {begun([UP, DOWN], results()).suggest(2).to_json() + "\n"}


def test_global_random_states_and_settings_of_torch_stay_as_they_were() -> None:
    def states() -> list[object]:
        kind, numbers, *rest = np.random.get_state()
        random_states = [random.getstate(), kind, numbers.tolist(), rest, torch.get_rng_state().tolist()]  # type: ignore[attr-defined]
        return [*random_states, torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()]

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        before = states()
        for targets in ([UP], [UP, DOWN], [UP | {"weight": 2}, DOWN]):
            campaign = begun(targets, results(6), stop={"probability_of_better_than": 0.01}, initial=1)  # type: ignore[arg-type]
            campaign.suggest(1)
            campaign.best()
            campaign.verdict()
        assert states() == before
    finally:
        torch.set_num_threads(threads)


@given(spaces(), st.data())
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_suggestion_keeps_constraints_and_sums_to_the_last_digit(space: DesignSpace, data: st.DataObject) -> None:
    columns = [each for each in space.parameters if each.kind == "numeric"]
    lines = []
    if columns:
        limit = float(np.median(space.sample(5, np.random.default_rng(1))[:, space.columns.index(columns[0].name)]))
        sign = data.draw(st.sampled_from(["<=", ">="]))
        lines.append(f"{columns[0].name} {sign} {limit!r}")
    try:
        space = DesignSpace(parameters=space.parameters, constraints=lines)
        X = space.sample(4, np.random.default_rng(data.draw(st.integers(0, 99))))
    except (InvalidSpace, NoDesignLeft):
        return
    y = np.sin(7 * space.encoder.encode(X).sum(axis=1))
    objective = Objective(targets=[Target(name="y", goal="maximize")])
    try:
        found = propose(fitted(space, X, y), space, objective, Observed(X, y[:, None]), X[:0], 2, 0).coordinates
    except NoDesignLeft:
        return
    assert space.valid(found).all()
    assert not set(space.keys(found)) & set(space.keys(X))
    frame = space.frame(found)
    for parameter in space.parameters:
        if parameter.kind == "composition":
            total = 1 if parameter.unit == "fraction" else 100
            for row in frame[list(parameter.lab_columns)].to_numpy(dtype=float):
                assert sum(Decimal(repr(value)) for value in row.tolist()) == total
    if lines:
        values = frame[columns[0].lab_columns[0]].to_numpy(dtype=float)
        assert (values <= limit).all() if sign == "<=" else (values >= limit).all()
