"""The results that models are conditioned on where the time limit of a suggestion is too short for all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.campaign.campaign import Campaign
from designer.campaign.log.events import Suggested
from designer.campaign.suggesting.left_out.modelled_results import max_modelled, modelled_rows
from designer.objective import Objective, Target

UP = Target(name="y", goal="maximize")
DOWN = Target(name="z", goal="minimize")
AT = Target(name="w", goal="match", value=3.0, tolerance=0.5)
SHORT = 0.5


def table(results: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(results, 2)).round(4)
    return pd.DataFrame(X, columns=["a", "b"]).assign(y=X[:, 0] - (X[:, 1] - 0.4) ** 2)


def campaign(results: int, seconds: float) -> Campaign:
    space = [{"name": name, "kind": "numeric", "bounds": [0, 1]} for name in ("a", "b")]
    begun = Campaign.create(space=space, targets=[{"name": "y", "goal": "maximize"}], suggest_seconds=seconds)
    begun.attach(table(results))
    return begun


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(1, 20))
def test_longer_limits_allow_more_results_and_more_targets_fewer(one: float, other: float, targets: int) -> None:
    low, high = sorted([one, other])
    assert 1 <= max_modelled(low, targets) <= max_modelled(high, targets) <= max_modelled(high, 1)


def test_all_results_are_modelled_where_the_limit_allows() -> None:
    Y = np.zeros((max_modelled(60.0, 1), 1))
    assert modelled_rows(Objective(targets=(UP,)), Y, 60.0).tolist() == list(range(len(Y)))


@pytest.mark.parametrize("targets", [(UP,), (DOWN,), (UP, DOWN, AT)], ids=len)
def test_the_best_results_of_each_goal_are_among_the_subset(targets: tuple[Target, ...]) -> None:
    Y = np.random.default_rng(1).normal(size=(3000, len(targets)))
    Y[::7, 0] = np.nan
    rows = modelled_rows(Objective(targets=targets), Y, SHORT)
    assert len(rows) == len(set(rows.tolist())) == max_modelled(SHORT, len(targets))
    best = [np.nanargmax(Y[:, 0]) if targets[0] is UP else np.nanargmin(Y[:, 0])]
    if len(targets) > 1:
        best += [np.nanargmin(Y[:, 1]), np.nanargmin(np.abs(Y[:, 2] - 3.0))]
    assert {int(row) for row in best} <= set(rows.tolist())


def test_a_goal_that_was_never_measured_takes_no_place() -> None:
    Y = np.full((2000, 2), np.nan)
    Y[:, 0] = np.arange(2000)
    rows = modelled_rows(Objective(targets=(UP, DOWN)), Y, SHORT)
    assert len(rows) == max_modelled(SHORT, 2)


def test_a_suggestion_says_what_was_left_out_for_its_time_limit() -> None:
    begun = campaign(1500, SHORT)
    begun.suggest(1)
    used = max_modelled(SHORT, 1)
    event = begun.events[-1]
    assert isinstance(event, Suggested)
    expected = f"the model uses {used} of 1500 results, the best ones among them: suggest_seconds is 0.5"
    assert event.notes[0] == expected  # on a loaded machine a second note says that the fit ended early


def test_the_subset_does_not_depend_on_the_order_of_arrival() -> None:
    first, second = campaign(20, SHORT), campaign(20, SHORT)
    shuffled = table(800, seed=3)
    first.attach(shuffled)
    second.attach(shuffled.sample(frac=1.0, random_state=5))
    one, other = first.posterior(), second.posterior()
    assert one is not None
    assert other is not None
    assert len(one.left_out) == len(other.left_out) > 0
    assert np.array_equal(one.coordinates, other.coordinates)


def test_the_explanation_is_of_the_same_model() -> None:
    begun = campaign(700, SHORT)
    name = str(begun.suggest(1).index[0])
    assert begun.explain(name).results == 700
    known = begun.posterior()
    assert known is not None
    assert len(known.left_out) == 700 - max_modelled(SHORT, 1)
