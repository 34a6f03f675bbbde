"""The content of a report as frozen values, from which all figures and pages are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from designer.campaign.explaining.explanation import Explanation
from designer.interpretation.response import PairMap, Slice, Ternary
from designer.objective import Target
from designer.objective.scales import LINEAR, Scale
from designer.priors.evidence import PriorEvidence
from designer.report.number_format import number, uncertain
from designer.units.limits import Side

Setting = float | str | Mapping[str, float] | None
Z90 = 1.6448536269514722
"""Half the width of a normal distribution's central 90 % interval, in standard deviations."""

Outcome = Literal["measured", "failed", "open", "withdrawn"]


@dataclass(frozen=True)
class Prediction:
    """The prediction of a measurement: its mean and standard deviation on the scale of the model.

    >>> from designer.objective.scales import LogScale
    >>> Prediction(2.0, 0.5, LogScale()).centre, Prediction(2.0, 0.5, LogScale()).text
    (100.0, '100 (15 to 660)')
    """

    mean: float
    spread: float
    scale: Scale = LINEAR

    @property
    def centre(self) -> float:
        """The mean, of a logarithmic scale the median, in the target's unit."""
        return float(self.scale.unit(self.mean))

    @property
    def text(self) -> str:
        """The prediction with its spread, on a logarithmic scale with its 90 % interval, in the target's unit."""
        if self.scale.name == "linear":
            return uncertain(self.mean, self.spread)
        low, high = self.interval(Z90)
        return f"{number(self.centre, 3)} ({number(low, 2)} to {number(high, 2)})"

    def interval(self, z: float) -> tuple[float, float]:
        """Return the ends of the interval of mean ± z spreads, in the target's unit."""
        low, high = self.scale.interval(self.mean, self.spread, z)
        return float(low), float(high)

    def error(self, value: float) -> float:
        """Return by how many spreads a value, in the target's unit, lies above the mean."""
        return float((self.scale.model(value) - self.mean) / self.spread)


@dataclass(frozen=True)
class Experiment:
    """One row of the table of experiments.

    `number` counts measured and failed experiments from 1, in their order; None for all others. `cells` holds the
    design, one text for each parameter. `predicted` is the prediction made *before* the result. `censored` names the
    targets whose value is a limit, `made` those whose result is compared and has no number. `feasible` says whether the
    values meet the limits of all targets, `allowed` whether the space as it is now allows the design. `spent` is the
    cost of this experiment and of those before it, None where no cost is stated. `level` is the lower level of a
    fidelity at which it was measured; None at the top level.
    """

    id: str
    number: int | None
    outcome: Outcome
    how: str
    cells: tuple[str, ...]
    values: Mapping[str, float] = field(default_factory=dict)
    censored: Mapping[str, Side] = field(default_factory=dict)
    predicted: Mapping[str, Prediction] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    feasible: bool = True
    allowed: bool = True
    best: bool = False
    made: tuple[str, ...] = ()
    spent: float | None = None
    level: str | None = None

    def value_text(self, target: str) -> str:
        """Return the value of a target as text; a limit with its sign, nothing measured as a dash."""
        return "made" if target in self.made else self.censored.get(target, "") + number(self.values.get(target))

    @property
    def result(self) -> str:
        """What came of it, in words."""
        if self.best:
            return "best"
        if self.level is not None:
            return f"measured at {self.level}"
        if not self.feasible:
            return "outside a limit"
        return self.outcome if self.allowed else "not allowed now"

    @property
    def first(self) -> bool:
        """Whether it was a first design, not chosen by the model."""
        return self.how == "first design"


@dataclass(frozen=True)
class Utility:
    """The utility of a design whose results are compared, its standard deviation, and in how many comparisons it is."""

    label: str
    mean: float
    sd: float
    comparisons: int


@dataclass(frozen=True)
class PosteriorBest:
    """The predictions for the design with the best posterior mean after `number` experiments."""

    number: int
    expected: Mapping[str, Prediction]


@dataclass(frozen=True)
class Share:
    """The share of the prediction's variance that a parameter explains: alone (first order) and in total."""

    parameter: str
    alone: float
    total: float


@dataclass(frozen=True, eq=False)
class Landscape:
    """The posterior around one design.

    Parameters
    ----------
    around
        The design as text, and why it was chosen.
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
class ObservedCurve:
    """A curve on the common axis of its observation: of a result with the goal's value, or of an open suggestion.

    Parameters
    ----------
    name
        The id of the result or of the suggestion.
    x, y
        ``g`` each, as features see them.
    value
        The goal's value; None for an open suggestion.
    preview, features
        Of an image: a small picture, base64 of a PNG file, and its features, NaN where one does not exist.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    value: float | None = None
    preview: str = ""
    features: tuple[float, ...] = ()


@dataclass(frozen=True)
class ObservedQuantity:
    """One observation against the goal.

    Parameters
    ----------
    name, unit
        The observation's.
    pairs
        The observation and the goal's value of each result that has both.
    open
        The observation of each open suggestion without a result, by its id.
    words
        What it says about the open suggestions, and what to measure next.
    curves
        Of a curve: those of the results and of the open suggestions, on one axis.
    axis
        Of a curve: the label of its axis.
    reference
        The curve on the same axis that a target matches.
    """

    name: str
    unit: str | None
    pairs: tuple[tuple[float, float], ...]
    open: tuple[tuple[str, float], ...]
    words: tuple[str, ...]
    curves: tuple[ObservedCurve, ...] = ()
    axis: str = ""
    reference: ObservedCurve | None = None


@dataclass(frozen=True)
class Content:
    """Everything in the report.

    `summary` holds sentences, `facts` figures: (label, value, remark). `cards` explain the open suggestions.
    `evidence` holds the number of experiments and the evidence for past tasks after them, `simulated` a sentence about
    simulated campaigns on the past tasks. `beliefs` holds the beliefs of an expert, each with the share of its first
    weight that is left and the same in words. `observations` says what observations tell about the targets.
    """

    name: str
    made_at: str
    summary: tuple[str, ...]
    facts: tuple[tuple[str, str, str], ...]
    parameters: tuple[str, ...]
    targets: tuple[Target, ...]
    experiments: tuple[Experiment, ...]
    posterior_best: tuple[PosteriorBest, ...] = ()
    utilities: tuple[Utility, ...] = ()
    landscape: Landscape | None = None
    cards: tuple[Explanation, ...] = ()
    evidence: tuple[tuple[int, PriorEvidence], ...] = ()
    simulated: str | None = None
    beliefs: tuple[tuple[str, float, str], ...] = ()
    observations: tuple[ObservedQuantity, ...] = ()
    remarks: tuple[str, ...] = ()
    campaign_file: str = ""
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def done(self) -> tuple[Experiment, ...]:
        """The measured and failed experiments, in order."""
        return tuple(each for each in self.experiments if each.number is not None)

    def pairs(self, target: str) -> list[tuple[float, Prediction]]:
        """Return measured value and prediction of every experiment that has both for `target`, limits left out."""
        return [
            (each.values[target], each.predicted[target])
            for each in self.done
            if target in each.values and target in each.predicted and target not in each.censored
        ]


@dataclass(frozen=True)
class Section:
    """A part added by the caller: a title, text, and one figure (SVG)."""

    title: str
    words: str
    figure: str = ""
