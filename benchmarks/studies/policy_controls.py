"""Choices of experts that learn nothing from other campaigns: schedules, chance, and bandits within one campaign.

A bandit sees only its own campaign: after each result, how every expert ranked the measured design among the
candidates before (one step ahead). EXP3 is by P. Auer et al., The Nonstochastic Multiarmed Bandit Problem (SIAM J.
Computing 2002), here with the losses of all experts, which are known (Hedge); Thompson sampling draws each expert's
rate of gains from a beta posterior.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.studies.policy_simulation import ALL, EQUAL, Chooser, Visit, fixed

_EARLY = 12  # results until which the first expert of a schedule is used
_RATE = 1.0


def schedule(first: str, then: str, results: int = _EARLY) -> Chooser:
    """Return the choice of one expert for the first results, and of another one then."""
    return lambda visit, count: first if count < results else then


def at_random(seed: int) -> Chooser:
    """Return the choice of an expert by chance, with the same probability each."""
    rng = np.random.default_rng(seed)
    return lambda visit, count: str(rng.choice(visit.names))


class Bandit:
    """Chooses by the held-out ranks of the best results that each expert gave: those of the state.

    The reward of an expert is the share of candidates that it did not prefer to the best three results when these
    were held out, which is what one step ahead would have proposed them.
    """

    def __init__(self, seed: int, *, thompson: bool) -> None:
        self._rng, self._thompson = np.random.default_rng(seed), thompson
        self._gains = dict.fromkeys(ALL, 0.0)
        self._trials = dict.fromkeys(ALL, 0)

    def __call__(self, visit: Visit, results: int) -> str:
        """Return the expert that proposes."""
        for name, row in zip(visit.names, visit.experts, strict=True):
            self._gains[name] += float(1.0 - np.clip(row[5], 0.0, 1.0))
            self._trials[name] += 1
        names = list(visit.names)
        gains = np.array([self._gains[name] for name in names])
        if self._thompson:
            trials = np.array([self._trials[name] for name in names])
            drawn = self._rng.beta(1 + gains, 1 + np.maximum(trials - gains, 0.0))
            return names[int(drawn.argmax())]
        weights = np.exp(_RATE * (gains - gains.max()))
        return str(self._rng.choice(names, p=weights / weights.sum()))


def _always(name: str) -> Callable[[int], Chooser]:
    return lambda seed: fixed(name)


CONTROLS: dict[str, Callable[[int], Chooser]] = {
    **{name: _always(name) for name in (*ALL, EQUAL)},
    "forest-then-gp": lambda seed: schedule("forest", "gp"),
    "gp-then-forest": lambda seed: schedule("gp", "forest"),
    "past-then-alone": lambda seed: schedule("transfer-gp", "gp-and-forest"),
    "at-random": at_random,
    "exp3": lambda seed: Bandit(seed, thompson=False),
    "thompson": lambda seed: Bandit(seed, thompson=True),
}
"""The controls by name: each gives a choice for a campaign with a seed."""
