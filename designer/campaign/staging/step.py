"""The advice on one open suggestion: what to measure of it next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from designer.campaign.wording import percent

Kind = Literal["observe", "measure", "wait", "stop"]


@dataclass(frozen=True)
class NextStep:
    """The advice on one open suggestion.

    Parameters
    ----------
    suggestion
        Its id.
    kind
        ``observe`` or ``measure`` what `names` says; ``wait``, as a new design promises more for its cost; or ``stop``.
    names
        The observations or the targets to measure next; empty with ``wait`` and ``stop``.
    index
        The expected improvement for the cost, at which options are compared (`designer.priors.intermediate`).
    chance
        The probability that it is better than the best measured design; None before a model is used.
    """

    suggestion: str
    kind: Kind
    names: tuple[str, ...]
    index: float = math.inf
    chance: float | None = None

    @classmethod
    def in_order(cls, suggestion: str, observations: tuple[str, ...] | None, targets: tuple[str, ...]) -> NextStep:
        """Return the step that makes all observations, and then measures the targets: None, where none is left."""
        if observations is None:
            return cls(suggestion, "measure", targets)
        return cls(suggestion, "observe", observations)

    @property
    def words(self) -> str:
        """The advice in one sentence."""
        what = " and ".join(self.names)
        if self.kind == "observe":
            return f"{self.suggestion}: measure {what}"
        if self.kind == "measure":
            return f"{self.suggestion}: go on to {what}"
        assert self.chance is not None
        chance = f"{percent(self.chance)} chance to be better than the best"
        if self.kind == "stop":
            return f"{self.suggestion}: stop, {chance}"
        return f"{self.suggestion}: wait, {chance}; a new design promises more for its cost"
