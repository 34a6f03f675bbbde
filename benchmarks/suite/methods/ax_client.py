"""Ax's `Client` with its defaults, as in its documentation: get a trial, evaluate it, complete it with the result.

Numbers are range parameters over the range of the pool (logarithmic in the task's space), text columns unordered
choice parameters. Of a composition the last member that varies is left out and the sum of the others is constrained
(``x0 + x1 <= ...``), as Ax's developers advise for what sums to one. Ax knows no pools: what it suggests is made as
the nearest design that is left (`snapping`). The trial is abandoned and the design that was made attached
(`attach_trial`, its recipe for designs of one's own); a suggestion that is a design of the pool is completed as it is.
A campaign that begins with measurements has them as its initialisation; where nothing is measured, Ax begins as by
default: the centre, then Sobol points, 5 in all.
Source: https://ax.dev/docs, 1.3: "Getting started", recipes "attach-trial" and "influence-gs-choice"; issues 510, 727.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

from benchmarks.suite.methods.snapping import Setting, Snapping
from benchmarks.suite.pools import Candidates

GOAL = "utility"


class AxChooser:
    """One Ax experiment."""

    def __init__(self, candidates: Candidates, seed: int) -> None:
        logging.getLogger("ax").setLevel(logging.ERROR)
        self._candidates = candidates
        self._snapping = Snapping(candidates, seed)
        self._client = Client(random_seed=seed)
        self._client.configure_experiment(
            parameters=[_parameter(setting) for setting in self._snapping.settings],
            parameter_constraints=[
                f"{' + '.join(whole.names)} <= {whole.highest * (1 + 1e-9)!r}" for whole in self._snapping.sums
            ],
        )
        self._client.configure_optimization(objective=GOAL)
        self._known = 0
        self._asked: tuple[int, int] | None = None

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Report new results to the client; return the design nearest to its next trial."""
        if measured and not self._known:
            self._client.configure_generation_strategy(
                initialization_budget=len(measured), initialize_with_center=False
            )
        utility = self._candidates.utility(y)
        for row, value in zip(measured[self._known :], utility[self._known :], strict=True):
            self._client.complete_trial(self._trial(row), raw_data={GOAL: float(value)})
        self._known = len(measured)
        ((trial, wanted),) = self._client.get_next_trials(max_trials=1).items()
        row = self._snapping.nearest(wanted, measured)
        if self._snapping.design(row) == wanted:
            self._asked = (row, trial)
        else:
            self._client.mark_trial_abandoned(trial)
        return row

    def _trial(self, row: int) -> int:
        """Return the trial of a design that was made: the one asked for, or one that is attached."""
        asked, self._asked = self._asked, None
        if asked is not None and asked[0] == row:
            return asked[1]
        return int(self._client.attach_trial(self._snapping.design(row)))


def _parameter(setting: Setting) -> RangeParameterConfig | ChoiceParameterConfig:
    if setting.words:
        return ChoiceParameterConfig(setting.name, list(setting.words), "str", is_ordered=False)
    scaling = "log" if setting.log else "linear"
    return RangeParameterConfig(setting.name, (setting.low, setting.high), "float", scaling=scaling)


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {name: version(name) for name in ("ax-platform", "botorch", "gpytorch", "torch")}


def begin(candidates: Candidates, seed: int) -> AxChooser:
    """Start a campaign."""
    return AxChooser(candidates, seed)
