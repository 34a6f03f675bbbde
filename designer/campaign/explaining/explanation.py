"""The explanation of a suggestion: frozen values, and the same as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from designer.campaign.log.events import Design
from designer.campaign.suggesting.beliefs import DRAWN_FROM_BELIEFS
from designer.campaign.suggesting.flagged_results import FlaggedResult
from designer.campaign.wording import amount, change, percent
from designer.counting import agree, count
from designer.objective import Target
from designer.priors.evidence import PriorEvidence
from designer.units.limits import Side

_MIN_SHARE = 0.05  # of the largest influence: descriptors that contribute less are not mentioned
_EQUAL = 1.02  # acquisition values closer than this ratio are called equal


@dataclass(frozen=True)
class Expectation:
    """The prediction of a measurement of one target, in the target's unit.

    `low` to `high` is the 90 % interval, noise included. Of a target on a log scale `mean` is the median and `sd` half
    the width of the central 68 % interval. `measured` is the mean of the measurements made since; None if there are
    none.
    """

    target: str
    mean: float
    sd: float
    low: float
    high: float
    measured: float | None = None


@dataclass(frozen=True)
class Best:
    """The best design when the choice was made: its ids, its settings, and the means of its measurements.

    `censored` holds the sides, ``<`` or ``>``, of values that are limits.
    """

    label: str
    design: Design
    values: Mapping[str, float]
    censored: Mapping[str, Side] = field(default_factory=dict)


@dataclass(frozen=True)
class Neighbour:
    """A design that was made before, and its distance.

    `distance` is the root mean square of the differences in each parameter, each as a share of its range; `differs`
    lists its settings that differ. `failed` is the reason if it gave no result.
    """

    label: str
    design: Design
    distance: float
    differs: tuple[str, ...]
    values: Mapping[str, float] = field(default_factory=dict)
    failed: str | None = None
    censored: Mapping[str, Side] = field(default_factory=dict)


@dataclass(frozen=True)
class AxisPosition:
    """The position of a design on one axis of the space, 0 to 1.

    A numeric parameter is an axis from its lowest to its highest setting, on its own scale; the choices of a
    categorical parameter are evenly spaced; each member of a composition or mixture is an axis from none to all. `made`
    holds the positions of designs that were made before, failed ones included.
    """

    name: str
    setting: str
    here: float
    made: tuple[float, ...] = ()


@dataclass(frozen=True)
class Influence:
    """A contribution to the predicted mean of one target, in its unit; on a log scale in decades (0.3: a factor of 2).

    `kind` is ``parameter``: the Shapley value of its setting against an average design; ``element``: the change for
    more of it (`by` is how much), with less of the others in proportion; or ``descriptor``: the contribution of a
    property of the elements or choices against an average design (`designer.interpretation.sensitivity`).
    """

    kind: str
    name: str
    effect: float
    by: str = ""


@dataclass(frozen=True)
class Influences:
    """The contributions to one target's prediction; `base` is the mean prediction over designs of the space.

    On a log scale `base` is the geometric mean, in the target's unit.
    """

    target: str
    base: float
    parameters: tuple[Influence, ...]
    members: tuple[Influence, ...] = ()
    descriptors: tuple[Influence, ...] = ()


@dataclass(frozen=True)
class RunnerUpDesign:
    """The design with the next highest acquisition value, and when it would have been chosen.

    Parameters
    ----------
    ratio
        The chosen design's acquisition value over this one's.
    thresholds
        By goal: the predicted mean of the chosen design at which both acquisition values are equal; goals without such
        a mean are left out.
    success
        The chosen design's probability of success at which both acquisition values are equal.
    different
        Whether it differs by at least a fifth of its range in some parameter.
    """

    design: Design
    text: str
    ratio: float
    thresholds: Mapping[str, float]
    success: float
    different: bool


@dataclass(frozen=True)
class BeliefEffect:
    """What the beliefs of an expert changed in a choice.

    Parameters
    ----------
    beliefs
        Each belief and the weight it had, in words.
    design, text
        The design that would have been chosen without them; None and empty where it is the same one.
    ratio
        The acquisition value of the chosen design over that of `design`, both without beliefs.
    """

    beliefs: tuple[str, ...]
    design: Design | None = None
    text: str = ""
    ratio: float = 1.0


@dataclass(frozen=True)
class Explanation:
    """Why one design was suggested, from what was known at that time.

    Parameters
    ----------
    how
        ``initial``, ``model`` or ``replicate``; `note` is the reason that was stored with it.
    results, failures
        How many results and failures were known.
    targets
        The targets of the campaign.
    expected
        Predictions, one for each target that has measurements or past tasks; empty without a model.
    best
        The best measured design at that time; of a Pareto front, the nearest one on it.
    beat, fail, within
        Probabilities: of a feasible result better than the best; of a failure; of meeting all limits. None if there
        was nothing to estimate them from.
    explore, exploit
        Shares of exploration and exploitation, of sum 1; `designer.interpretation.forecast` defines them.
    flagged
        Results that were down-weighted as outliers, or may be slips.
    tiers
        With ``combine: tiers``: the goals that others come after, in words, and the probability to reach each.
    beliefs
        What the beliefs of an expert changed; None where it was not chosen with them.
    above
        With ``goal: boundary``: the probability that the target lies above its level. None with other goals.
    reduction
        With ``goal: map`` or ``boundary``: the share of the variance that the result is expected to take away, over the
        space or near the boundary. None for designs that were not chosen by it.
    robust
        What predictions are where settings are made with an error.
    """

    suggestion: str
    design: Design
    text: str
    how: str
    note: str
    position: int
    status: str
    results: int
    failures: int
    targets: tuple[Target, ...]
    explore: float = 1.0
    exploit: float = 0.0
    expected: tuple[Expectation, ...] = ()
    best: Best | None = None
    beat: float | None = None
    fail: float | None = None
    within: float | None = None
    nearest: tuple[Neighbour, ...] = ()
    places: tuple[AxisPosition, ...] = ()
    influences: tuple[Influences, ...] = ()
    runner_up: RunnerUpDesign | None = None
    prior: PriorEvidence | None = None
    simulated: str | None = None
    flagged: tuple[FlaggedResult, ...] = ()
    tiers: tuple[tuple[str, float], ...] = ()
    beliefs: BeliefEffect | None = None
    above: float | None = None
    reduction: float | None = None
    robust: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON; the keys are those of version 0.1."""
        plain = asdict(self)
        plain["targets"] = [each.model_dump(mode="json", exclude_unset=True) for each in self.targets]
        plain["rival"], plain["doubts"] = plain.pop("runner_up"), plain.pop("flagged")
        for each in (plain["best"], *plain["nearest"]):
            if each is not None and not each["censored"]:
                del each["censored"]
        for key in ("simulated", "above", "reduction"):
            if plain[key] is None:
                del plain[key]
        if not self.tiers:
            del plain["tiers"]
        if self.beliefs is None:
            del plain["beliefs"]
        if not self.robust:
            del plain["robust"]
        return plain

    def lines(self) -> list[str]:
        """Return the explanation as text, one statement a line."""
        return [*self.headline(), *(f"{head}: {text}" for head, text in self.paragraphs())]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def headline(self) -> list[str]:
        """Return the suggested design, and how it was chosen."""
        return [f"{self.suggestion}: {self.text}", f"{self._chosen()} ({self.status})"]

    def paragraphs(self) -> Iterator[tuple[str, str]]:
        """Go through the parts of the explanation: a heading and its text."""
        for each in self.expected:
            yield "Expected", self._expectation(each)
        chances = "; ".join(self._chances())
        if chances:
            yield "Chances", chances
        yield from self._why()
        if self.nearest:
            yield "Nearest", "; ".join(self._neighbour(each) for each in self.nearest)
        for target in self.influences:
            yield from self._influences(target)
        if self.runner_up is not None:
            yield "Runner-up", self._runner_up(self.runner_up)
        yield from self._prior_information()
        if self.flagged:
            yield "Flagged results", " ".join(map(str, self.flagged))

    def _prior_information(self) -> Iterator[tuple[str, str]]:
        """Go through what was known besides the results: errors of settings, beliefs and past tasks."""
        if self.robust:
            yield "Settings", self.robust
        if self.beliefs is not None:
            yield "Beliefs", self._beliefs(self.beliefs)
        yield "Prior", self._prior()
        if self.simulated:
            yield "Past tasks", self.simulated

    @property
    def explores(self) -> bool:
        """Whether the goal is a map or a boundary, and no best value."""
        return any(target.is_explored for target in self.targets)

    def _why(self) -> Iterator[tuple[str, str]]:
        """Yield whether the design was chosen for its prediction, or to learn."""
        if self.how == "initial" and self.note != DRAWN_FROM_BELIEFS:
            planned = "design for a" in (self.note or "")  # an optimal design; others cover the space
            purpose = "are planned to estimate a model" if planned else "cover the space"
            yield "Chosen to learn", f"first designs {purpose}; they are not chosen by their predictions"
        elif self.reduction is not None:
            where = "near the boundary" if self.above is not None else "over the space"
            share = percent(self.reduction)
            yield "Chosen to learn", f"its result is expected to take away {share} of the variance that is left {where}"
        elif self.runner_up is not None and not self.explores:
            yield "Exploration", self._shares()

    def target(self, name: str) -> Target:
        """Return the target of a name."""
        return next(each for each in self.targets if each.name == name)

    def unit(self, target: str) -> str:
        """Return a target's unit as it follows a number."""
        unit = self.target(target).unit
        return f" {unit}" if unit else ""

    def _chosen(self) -> str:
        known = count(self.results, "result")
        if self.failures:
            known += f" and {count(self.failures, 'failure')}"
        chosen = {
            "initial": "First design, chosen without a model",
            "model": "Chosen by the model",
            "replicate": "Replicate, requested by a person",
        }[self.how]
        return f"{chosen}, after {known}; {self.note}" if self.note else f"{chosen}, after {known}"

    def _expectation(self, each: Expectation) -> str:
        unit = self.unit(each.target)
        digits = None if self.target(each.target).is_log else each.high - each.low
        name = f"utility of {each.target}" if self.target(each.target).is_preference else each.target
        text = (
            f"{name} {amount(each.mean, digits)}{unit}, 90 % interval {amount(each.low, digits)} to "
            f"{amount(each.high, digits)}{unit}"
        )
        if self.best is not None and each.target in self.best.values:
            side = self.best.censored.get(each.target, "")
            text += f"; best so far {side}{amount(self.best.values[each.target])}{unit} ({self.best.label})"
        level = self.target(each.target)
        if level.goal == "boundary" and level.value is not None:
            text += f"; the boundary is {amount(level.value)}{unit}"
        if each.measured is not None:
            text += f"; measured since {amount(each.measured)}{unit}"
        return text

    def _chances(self) -> Iterator[str]:
        if self.beat is not None:
            several = sum(target.goal is not None for target in self.targets) > 1 and not self.tiers
            better = "beat the best so far or extend the Pareto front" if several else "beat the best so far"
            yield f"{percent(self.beat)} to {better}"
        for words, chance in self.tiers:
            yield f"{percent(chance)} to meet {words}"
        if self.above is not None:
            yield f"{percent(self.above)} to lie above the boundary"
        if self.within is not None:
            yield f"{percent(self.within)} to meet all limits"
        if self.fail is not None:
            yield f"{percent(self.fail)} to fail"

    def _shares(self) -> str:
        explore = round(100 * self.explore)
        if self.beat is None:
            return f"{explore} %. No measured design meets all limits yet"
        if self.exploit == 0.0:
            return (
                f"{explore} %. The prediction is no better than the best of the measured designs is expected to be; "
                "its uncertainty makes it worth trying"
            )
        return (
            f"{explore} % of the expected improvement comes from uncertainty (exploration), {100 - explore} % from the "
            "predicted mean (exploitation)"
        )

    def _neighbour(self, each: Neighbour) -> str:
        if each.failed is not None:
            return f"{each.label} failed ({each.failed}), {_listed(each.differs)}"
        result = ", ".join(
            f"{name} {each.censored.get(name, '')}{amount(value)}{self.unit(name)}"
            for name, value in each.values.items()
        )
        gave = f"gave {result}" if result else "was made"
        return f"{each.label} {gave}, {_listed(each.differs)}"

    def _influences(self, target: Influences) -> Iterator[tuple[str, str]]:
        unit, of = self.unit(target.target), self.target(target.target)
        parts = ", ".join(f"{each.name} {change(each.effect, of)}" for each in target.parameters)
        yield (
            f"What matters for {target.target}",
            f"{parts}; compared with an average design ({amount(target.base)}{unit})",
        )
        if target.members:
            parts = ", ".join(f"{each.by} more {each.name} {change(each.effect, of)}" for each in target.members)
            yield f"Composition, {target.target}", parts
        largest = max((abs(each.effect) for each in target.parameters), default=0.0)
        shown = [each for each in target.descriptors if abs(each.effect) >= _MIN_SHARE * largest]
        if shown:
            parts = ", ".join(f"{each.name} {change(each.effect, of)}" for each in shown)
            yield f"Descriptors, {target.target}", parts

    def _runner_up(self, other: RunnerUpDesign) -> str:
        near = "" if other.different else " No clearly different design was found."
        if other.ratio < 1 / _EQUAL:
            return f"{other.text}. Its acquisition value is higher: the search that made the choice missed it.{near}"
        if other.ratio < _EQUAL:
            return f"{other.text}. Its acquisition value is nearly the same.{near}"
        changes = list(self._changes(other))
        if not changes:
            return f"{other.text}, with {percent(1 / other.ratio)} of the acquisition value.{near}"
        return f"{other.text}. It would be chosen if {self.suggestion}'s {', or if its '.join(changes)}.{near}"

    def _changes(self, other: RunnerUpDesign) -> Iterator[str]:
        """Go through the changes of the chosen design's prediction that would change the choice."""
        means = {each.target: each.mean for each in self.expected}
        for name, value in other.thresholds.items():
            mean = means[name]
            digits = None if self.target(name).is_log else abs(value - mean)
            moved = "fell" if value < mean else "rose"
            yield f"predicted {name} {moved} from {amount(mean, digits)} to {amount(value, digits)}{self.unit(name)}"
        before, after = percent(self.fail or 0.0), percent(1 - other.success)
        if before != after:
            yield f"chance to fail rose from {before} to {after}"

    def _beliefs(self, effect: BeliefEffect) -> str:
        stated = "; ".join(effect.beliefs)
        if effect.design is None:
            return f"{stated}. The same design would be chosen without them"
        share = percent(effect.ratio)
        return f"{stated}. Without them {effect.text} would be chosen; this design has {share} of its acquisition value"

    def _prior(self) -> str:
        if self.prior is None:
            return "none; predictions use this campaign's results only"
        if self.prior.rejected_at is not None:
            after = count(self.prior.rejected_at, "result")
            contradict = agree(self.prior.rejected_at, "contradicts", "contradict")
            return f"rejected after {after}, which {contradict} it. {self.prior.words}".strip()
        largest = sorted(self.prior.sources, key=lambda source: -source[1])[:5]
        parts = [f"weights of past tasks: {_weights(largest)}"] if largest else []
        parts += [f"weights of models: {_weights(self.prior.experts)}"] if self.prior.experts else []
        return ". ".join([*parts, self.prior.words] if self.prior.words else parts)


def _weights(weights: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {percent(weight)}" for name, weight in weights)


def _listed(differs: tuple[str, ...]) -> str:
    return f"with {', '.join(differs)}" if differs else "for the same design"
