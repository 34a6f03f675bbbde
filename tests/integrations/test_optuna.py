"""The sampler of Optuna: suggestions of a campaign as trials, results and failures as its measurements."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from designer.errors import InvalidInput, MissingExtra
from designer.integrations.optuna import DesignerSampler

INSTALLED = importlib.util.find_spec("optuna") is not None
needs_optuna = pytest.mark.skipif(not INSTALLED, reason="needs the extra optuna")


@pytest.mark.skipif(INSTALLED, reason="optuna is installed")
def test_a_missing_optuna_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtra, match=r"optuna is not installed; install it with: .*\[optuna\]"):
        DesignerSampler()


def study(directions: tuple[str, ...] = ("maximize",), **options: Any) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(directions=directions, sampler=DesignerSampler(seed=3, **options))


def objective(trial: Any) -> float:
    temperature = trial.suggest_float("furnace temperature", 300, 900, step=25)
    time = trial.suggest_float("time", 1, 1000, log=True)
    layers = trial.suggest_int("layers", 1, 5)
    gas = trial.suggest_categorical("gas", ["N2", "Ar", None, 1, True])
    trial.suggest_int("fixed", 2, 2)
    return float(-abs(temperature - 600) / 100 - layers + (gas == "Ar") + (time > 10))


@needs_optuna
def test_trials_are_suggestions_within_the_distributions() -> None:
    optimized = study()
    optimized.optimize(objective, n_trials=7)
    assert len(optimized.trials) == 7
    assert all(trial.state.name == "COMPLETE" for trial in optimized.trials)
    (loop,) = optimized.sampler._loops.values()
    assert len(loop.campaign.measurements()) == 6  # the last trial is recorded when the next one is asked
    assert len(loop.suggested) == 6  # the first trial makes the space known
    assert {"objective_0", "furnace_temperature", "gas"} <= set(loop.campaign.measurements().columns)


@needs_optuna
def test_the_same_seed_gives_the_same_trials() -> None:
    first, second = study(), study()
    for each in (first, second):
        each.optimize(objective, n_trials=4)
    assert [trial.params for trial in first.trials] == [trial.params for trial in second.trials]


@needs_optuna
def test_constraints_hold_and_failures_pruned_and_running_trials_are_known() -> None:
    import optuna

    optimized = study(constraints=["x + y <= 1"])
    optimized.enqueue_trial({"x": 0.5, "y": 0.25})

    def limited(trial: Any) -> float:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        if trial.number == 2:
            raise ValueError("broken")
        if trial.number == 3:
            raise optuna.TrialPruned
        return float("inf") if trial.number == 4 else x + y

    optimized.optimize(limited, n_trials=6, catch=(ValueError,))
    running = optimized.ask()
    running.suggest_float("x", 0, 1)
    optimized.ask().suggest_float("x", 0, 1)
    assert all(trial.params["x"] + trial.params["y"] <= 1 + 1e-12 for trial in optimized.trials[:6])
    (loop,) = optimized.sampler._loops.values()
    assert len(loop.campaign.measurements()) == 3
    assert len(loop.campaign.state.failures) == 1
    assert len(loop.campaign.state.open) == 2


@needs_optuna
def test_several_values_are_a_pareto_front_and_a_full_space_is_drawn_from_again() -> None:
    optimized = study(("maximize", "minimize"))

    def two(trial: Any) -> tuple[float, float]:
        n = trial.suggest_int("n", 1, 3)
        return float(n), float(n)

    optimized.optimize(two, n_trials=6)
    assert {trial.params["n"] for trial in optimized.trials} == {1, 2, 3}
    (loop,) = optimized.sampler._loops.values()
    assert loop.campaign.objective.combine == "pareto"


@needs_optuna
def test_settings_that_the_study_decides_are_refused() -> None:
    with pytest.raises(InvalidInput, match="batch_size, targets is decided by the study"):
        DesignerSampler(targets=[], batch_size=2)
