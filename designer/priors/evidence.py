"""What a learned prior leans on, and what the measurements say about it: values to be shown, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class PriorEvidence:
    """How far a posterior follows a learned prior, after some measurements.

    A campaign without a learned prior (``prior: none``) has none of this.

    Parameters
    ----------
    experts
        Names of the models that are combined and their weights, of sum 1.
    sources
        Names of the past tasks and the weights with which the prior leans on them, of sum 1.
    log_evidence
        Natural logarithm of how much better the prior foretold the measurements than the plain model did: above 0
        the measurements speak for the prior, below 0 against it.
    rejected_at
        After how many results the prior was laid aside; None while it is in use.
    words
        One sentence on it, for the reader.

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

    def __post_init__(self) -> None:
        for what in ("experts", "sources"):
            weights = [weight for _, weight in getattr(self, what)]
            if weights and (min(weights) < 0 or abs(sum(weights) - 1.0) > 1e-6):
                raise ValueError(f"the weights of {what} are {weights}: give numbers >= 0 of sum 1")

    @property
    def leading(self) -> tuple[str, float] | None:
        """The past task with the largest weight; the first of equals."""
        return max(self.sources, key=lambda each: each[1], default=None)
