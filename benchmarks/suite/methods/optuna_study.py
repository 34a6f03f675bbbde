"""Optuna by its ask-and-tell interface, with its GP or its TPE sampler and their defaults.

Numbers are float distributions over the range of the pool (logarithmic in the task's space), text categorical ones.
Optuna knows no pools and no sums: its trial is replaced by the nearest remaining design (`snapping`). As in its
tutorials on ask-and-tell and on known results, the requested trial is marked as failed and the design that was measured
is added with its own value (`create_trial`, `add_trial`). A study that begins with measurements goes on with its
sampler at once; where nothing is measured, the first 10 trials are random, its default. Source:
https://optuna.readthedocs.io, 5.0: tutorials "Ask-and-Tell Interface" and `Study.add_trial`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Literal

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import BaseSampler, GPSampler, TPESampler
from optuna.trial import TrialState, create_trial

from benchmarks.suite.methods.snapping import Setting, Snapping
from benchmarks.suite.pools import Candidates

FIRST = 10
Sampler = Literal["gp", "tpe"]


class OptunaChooser:
    """One study."""

    def __init__(self, candidates: Candidates, seed: int, sampler: Sampler) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._candidates, self._seed, self._sampler = candidates, seed, sampler
        self._snapping = Snapping(candidates, seed)
        self._distributions = {setting.name: _distribution(setting) for setting in self._snapping.settings}
        self._study: optuna.Study | None = None
        self._known = 0

    def next(self, measured: Sequence[int], y: np.ndarray) -> int:
        """Add new results to the study; return the design nearest to its next trial."""
        if self._study is None:
            sampler = _sampler(self._sampler, self._seed, len(measured) or FIRST)
            self._study = optuna.create_study(direction="maximize", sampler=sampler)
        utility = self._candidates.utility(y)
        for row, value in zip(measured[self._known :], utility[self._known :], strict=True):
            params = self._snapping.design(row)
            self._study.add_trial(create_trial(params=params, distributions=self._distributions, value=float(value)))
        self._known = len(measured)
        trial = self._study.ask(self._distributions)
        self._study.tell(trial, state=TrialState.FAIL)
        return self._snapping.nearest(trial.params, measured)


def _sampler(name: Sampler, seed: int, first: int) -> BaseSampler:
    if name == "gp":
        return GPSampler(seed=seed, n_startup_trials=first)
    return TPESampler(seed=seed, n_startup_trials=first)


def _distribution(setting: Setting) -> BaseDistribution:
    if setting.words:
        return CategoricalDistribution(setting.words)
    return FloatDistribution(setting.low, setting.high, log=setting.log)


def versions() -> dict[str, str]:
    """Return the versions that decide."""
    return {name: version(name) for name in ("optuna", "numpy", "scipy", "torch")}


def begin(candidates: Candidates, seed: int, *, sampler: Sampler) -> OptunaChooser:
    """Start a campaign."""
    return OptunaChooser(candidates, seed, sampler)
