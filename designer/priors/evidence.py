"""Evidence for a learned prior, and the weights of its sources: values to show to a user."""

from __future__ import annotations

import math
from dataclasses import dataclass

Weights = tuple[tuple[str, float], ...]

MIN_REPORTED_ODDS = 3.0
"""Bayes factors below it are reported as about equal."""


def odds_of(log_evidence: float) -> float:
    """Return the Bayes factor for the side that the evidence is on, at least 1."""
    return math.exp(min(abs(log_evidence), 700.0))


def comparison_words(who: str, results: str, alone: str, log_evidence: float) -> str:
    """Return a sentence that compares two predictions of the same results by the evidence for the first.

    >>> comparison_words("past tasks", "these 9 results", "the campaign alone", math.log(31))
    'past tasks predict these 9 results better than the campaign alone (Bayes factor 31)'
    >>> comparison_words("past tasks", "this 1 result", "the campaign alone", 0.1)
    'past tasks predict this 1 result about as well as the campaign alone'
    """
    odds = odds_of(log_evidence)
    if odds < MIN_REPORTED_ODDS:
        return f"{who} predict {results} about as well as {alone}"
    how = "better" if log_evidence > 0 else "worse"
    return f"{who} predict {results} {how} than {alone} (Bayes factor {odds:.3g})"


@dataclass(frozen=True)
class PriorEvidence:
    """Weights and evidence of a learned prior after some measurements.

    A campaign without a learned prior (``prior: none``) has none of this.

    Parameters
    ----------
    experts
        Names of the combined models and their weights, of sum 1.
    sources
        Names of the past tasks and their weights, of sum 1.
    log_evidence
        Natural logarithm of the Bayes factor of the prior against the baseline model: above 0 it is evidence for the
        prior, below 0 against it.
    rejected_at
        The number of results after which the prior was rejected; None while it is in use.
    words
        A sentence about it, for a user.
    levels
        The same for the lower levels of a fidelity alone; None without results there.

    Raises
    ------
    ValueError
        If weights are negative or do not sum to 1.

    Examples
    --------
    >>> PriorEvidence((("transfer-gp", 0.75), ("plain", 0.25)), (("plate 3", 1.0),), log_evidence=2.3).leading
    ('plate 3', 1.0)
    """

    experts: Weights = ()
    sources: Weights = ()
    log_evidence: float = 0.0
    rejected_at: int | None = None
    words: str = ""
    levels: float | None = None

    def __post_init__(self) -> None:
        for what in ("experts", "sources"):
            weights = [weight for _, weight in getattr(self, what)]
            if weights and (min(weights) < 0 or abs(sum(weights) - 1.0) > 1e-6):
                raise ValueError(f"the weights of {what} are {weights}: give numbers >= 0 of sum 1")

    @property
    def leading(self) -> tuple[str, float] | None:
        """The past task with the largest weight; the first of equals."""
        return max(self.sources, key=lambda each: each[1], default=None)
