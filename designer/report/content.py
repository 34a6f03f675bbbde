"""What a report says, as frozen values: figures and pages are drawn from these and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from designer.campaign.explaining.explanation import Explanation
from designer.interpretation.response import PairMap, Slice, Ternary
from designer.objective import Target
from designer.priors.evidence import PriorEvidence

Setting = float | str | Mapping[str, float]
Outcome = Literal["measured", "failed", "open", "withdrawn"]


@dataclass(frozen=True)
class Prediction:
    """What the model expected of a measurement, in the target's unit: its mean and standard deviation."""

    mean: float
    spread: float

    def interval(self, z: float) -> tuple[float, float]:
        """Return mean - z spreads and mean + z spreads."""
        return self.mean - z * self.spread, self.mean + z * self.spread


@dataclass(frozen=True)
class Experiment:
    """One row of the table of experiments.

    `number` counts what was done (measured or failed), from 1, in the order in which it came; None for the rest.
    `cells` holds the design, one text a parameter. `predicted` is what the model expected *before* the result.
    """

    id: str
    number: int | None
    outcome: Outcome
    how: str
    cells: tuple[str, ...]
    values: Mapping[str, float] = field(default_factory=dict)
    predicted: Mapping[str, Prediction] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    feasible: bool = True
    best: bool = False

    @property
    def first(self) -> bool:
        """Whether it was chosen to fill the space, not by the model."""
        return self.how == "first design"


@dataclass(frozen=True)
class Belief:
    """The best design by the model after `number` experiments: what it expects of that design."""

    number: int
    expected: Mapping[str, Prediction]


@dataclass(frozen=True)
class Share:
    """How much of the variation of the prediction over the space a parameter explains, alone and in all."""

    parameter: str
    alone: float
    total: float


@dataclass(frozen=True, eq=False)
class Landscape:
    """What the model says now, around one design.

    Parameters
    ----------
    around
        The design in words, and why it is this one.
    importance
        By goal, the parameters, the most important first.
    made
        The designs that were measured: by parameter its setting, of a composition or mixture its members' amounts.
    """

    around: str
    importance: Mapping[str, tuple[Share, ...]]
    slices: tuple[Slice, ...]
    maps: tuple[PairMap, ...]
    ternaries: tuple[Ternary, ...]
    made: tuple[Mapping[str, Setting], ...] = ()


@dataclass(frozen=True)
class Content:
    """Everything on the page.

    `summary` is read first: one sentence each. `facts` are the figures beside it: (label, value, remark). `cards` are
    the reasons for the suggestions that are open. `evidence` is what a learned prior was worth after how many
    experiments.
    """

    name: str
    made_at: str
    summary: tuple[str, ...]
    facts: tuple[tuple[str, str, str], ...]
    parameters: tuple[str, ...]
    targets: tuple[Target, ...]
    experiments: tuple[Experiment, ...]
    beliefs: tuple[Belief, ...] = ()
    landscape: Landscape | None = None
    cards: tuple[Explanation, ...] = ()
    evidence: tuple[tuple[int, PriorEvidence], ...] = ()
    remarks: tuple[str, ...] = ()
    campaign_file: str = ""
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def done(self) -> tuple[Experiment, ...]:
        """The experiments that were done, in order."""
        return tuple(each for each in self.experiments if each.number is not None)

    def pairs(self, target: str) -> list[tuple[float, Prediction]]:
        """Return measured value and prediction of every experiment that has both for `target`."""
        return [
            (each.values[target], each.predicted[target])
            for each in self.done
            if target in each.values and target in each.predicted
        ]


@dataclass(frozen=True)
class Section:
    """A part that the caller adds to the report: a title, words, and one figure (SVG)."""

    title: str
    words: str
    figure: str = ""
