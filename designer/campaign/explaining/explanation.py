"""Why a design was suggested: a card of frozen values, and the same in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from designer.campaign.log.events import Design
from designer.campaign.suggesting.flagged_results import FlaggedResult
from designer.campaign.wording import amount, percent, signed
from designer.objective import Target
from designer.priors.evidence import PriorEvidence

_TELLING = 0.05  # of the largest influence: what adds less is left out of the words


@dataclass(frozen=True)
class Expectation:
    """What the model expected a measurement of one target to give, in the target's unit.

    `low` to `high` holds 90 % of the belief, the noise of measuring included. `measured` is the mean of what came out
    since, None while nothing has.
    """

    target: str
    mean: float
    sd: float
    low: float
    high: float
    measured: float | None = None


@dataclass(frozen=True)
class Best:
    """The best design when the choice was made: its ids, its design, and the mean of what was measured."""

    label: str
    design: Design
    values: Mapping[str, float]


@dataclass(frozen=True)
class Neighbour:
    """A design that was made before, and how far away it is.

    `distance` is the root mean square of the differences in each parameter, each as a share of its range; `differs`
    says in words what was different. `failed` is why it gave no result.
    """

    label: str
    design: Design
    distance: float
    differs: tuple[str, ...]
    values: Mapping[str, float] = field(default_factory=dict)
    failed: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a design lies on one axis of the space.

    A numeric parameter is an axis from its lowest (0) to its highest setting (1), on its own scale; a choice has evenly
    spread places; each member of a composition or mixture is an axis from none (0) to all (1). `made` holds the places
    of designs that were made before, failed ones included.
    """

    name: str
    setting: str
    here: float
    made: tuple[float, ...] = ()


@dataclass(frozen=True)
class Influence:
    """What something adds to the predicted mean of one target, in the target's unit.

    `kind` is ``parameter``: the Shapley value of its setting against an average design; ``element``: the change if
    there were more of it (`by` says how much) and the others made way in proportion; or ``descriptor``: what a property
    of the elements or choices adds against an average design (`designer.interpretation.sensitivity`).
    """

    kind: str
    name: str
    effect: float
    by: str = ""


@dataclass(frozen=True)
class Influences:
    """What one target's prediction rests on: `base` is its mean over designs of the space."""

    target: str
    base: float
    parameters: tuple[Influence, ...]
    members: tuple[Influence, ...] = ()
    descriptors: tuple[Influence, ...] = ()


@dataclass(frozen=True)
class Rival:
    """The design that would have been chosen instead, and what that would take.

    Parameters
    ----------
    ratio
        How many times as much is hoped for from the chosen design as from this one.
    thresholds
        By goal: the predicted mean of the chosen design at which the two are level; a goal without one is left out.
    success
        The chance that the chosen design's experiment succeeds at which the two are level.
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
class Explanation:
    """Why one design was suggested, from what was known when it was.

    Parameters
    ----------
    how
        ``initial``, ``model`` or ``replicate``; `note` is the reason in words that was stored with it.
    results, failures
        How many results and failures were known.
    targets
        What was wanted.
    expected
        Predictions, one a target that there was something to learn about from; empty without a model.
    best
        The best measured design at that moment; of a Pareto front, the one on it that is nearest.
    beat, fail, within
        Chances: to be better than the best, limits and failures counted; that the experiment fails; that the limits are
        kept. None where there was nothing to tell from.
    explore, exploit
        Shares of what is hoped for, of sum 1; `designer.interpretation.outlook` defines them.
    doubts
        Results that were not believed as they stood, or may be slips.
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
    places: tuple[Place, ...] = ()
    influences: tuple[Influences, ...] = ()
    rival: Rival | None = None
    prior: PriorEvidence | None = None
    doubts: tuple[FlaggedResult, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        plain = asdict(self)
        plain["targets"] = [each.model_dump(mode="json", exclude_unset=True) for each in self.targets]
        return plain

    def lines(self) -> list[str]:
        """Say why, one thought a line."""
        return [*self.headline(), *(f"{head}: {text}" for head, text in self.paragraphs())]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def headline(self) -> list[str]:
        """Return what the suggestion is, and how it was chosen."""
        return [f"{self.suggestion}: {self.text}", f"{self._chosen()} ({self.status})"]

    def paragraphs(self) -> Iterator[tuple[str, str]]:
        """Go through the parts of the card: a heading and what stands below it."""
        for each in self.expected:
            yield "Expected", self._expectation(each)
        if self.beat is not None or self.fail is not None:
            yield "Chances", "; ".join(self._chances())
        yield "Exploring or exploiting", self._shares()
        if self.nearest:
            yield "Nearest", "; ".join(self._neighbour(each) for each in self.nearest)
        for target in self.influences:
            yield from self._influences(target)
        if self.rival is not None:
            yield "What would change the choice", self._rival(self.rival)
        yield "Prior", self._prior()
        if self.doubts:
            yield "Doubtful results", "; ".join(map(str, self.doubts))

    def unit(self, target: str) -> str:
        """Return a target's unit as it follows a number."""
        unit = next((each.unit for each in self.targets if each.name == target), None)
        return f" {unit}" if unit else ""

    def _chosen(self) -> str:
        known = f"{self.results} result{'' if self.results == 1 else 's'}"
        if self.failures:
            known += f" and {self.failures} failure{'' if self.failures == 1 else 's'}"
        way = {
            "initial": "A first design, chosen before a model decides",
            "model": "Chosen by the model",
            "replicate": "Asked for again by a person",
        }[self.how]
        return f"{way}, from {known}; {self.note}" if self.note else f"{way}, from {known}"

    def _expectation(self, each: Expectation) -> str:
        unit = self.unit(each.target)
        digits = each.high - each.low
        said = (
            f"{each.target} {amount(each.mean, digits)}{unit}, between {amount(each.low, digits)} and "
            f"{amount(each.high, digits)}{unit} with 90 % probability"
        )
        if self.best is not None and each.target in self.best.values:
            said += f"; the best so far ({self.best.label}) has {amount(self.best.values[each.target])}{unit}"
        if each.measured is not None:
            said += f"; measured since: {amount(each.measured)}{unit}"
        return said

    def _chances(self) -> Iterator[str]:
        if self.beat is not None:
            several = sum(target.goal is not None for target in self.targets) > 1
            yield f"to beat the best {percent(self.beat)}" + (" (or to widen the front)" if several else "")
        if self.within is not None:
            yield f"to keep all limits {percent(self.within)}"
        if self.fail is not None:
            yield f"to fail {percent(self.fail)}"

    def _shares(self) -> str:
        explore = round(100 * self.explore)
        said = f"exploring {explore} %, exploiting {100 - explore} %"
        if self.how != "model":
            return f"{said}: it is made to learn"
        if self.beat is None:
            return f"{said}: nothing that keeps all limits was measured yet"
        if self.exploit == 0.0:
            return f"{said}: it is not expected to be better than the best, but may be"
        return f"{said} of the improvement that is hoped for: from what is uncertain, and from what is predicted"

    def _neighbour(self, each: Neighbour) -> str:
        if each.failed is not None:
            return f"{each.label}, which failed ({each.failed}), {_listed(each.differs)}"
        result = ", ".join(f"{name} {amount(value)}{self.unit(name)}" for name, value in each.values.items())
        return f"{each.label} with {result}, {_listed(each.differs)}"

    def _influences(self, target: Influences) -> Iterator[tuple[str, str]]:
        unit = self.unit(target.target)
        against = f"against the average of the space ({amount(target.base)}{unit})"
        parts = ", ".join(f"{each.name} {signed(each.effect)}{unit}" for each in target.parameters)
        yield f"What matters for {target.target}", f"{against}: {parts}"
        if target.members:
            parts = ", ".join(f"{each.by} more {each.name} {signed(each.effect)}{unit}" for each in target.members)
            yield f"A little more of it, {target.target}", parts
        largest = max((abs(each.effect) for each in target.parameters), default=0.0)
        telling = [each for each in target.descriptors if abs(each.effect) >= _TELLING * largest]
        if telling:
            parts = ", ".join(f"{each.name} {signed(each.effect)}{unit}" for each in telling)
            yield f"Through properties, {target.target}", parts

    def _rival(self, rival: Rival) -> str:
        text = rival.text
        means = {each.target: each.mean for each in self.expected}
        if rival.ratio < 1 / 1.02:
            return f"the model hopes for more from {text}: the search that made the choice missed it"
        if rival.ratio < 1.02:
            return f"almost nothing: the model hopes for as much from {text}"
        ways = [
            f"its predicted {name} were {amount(value, abs(value - means[name]))}{self.unit(name)} instead of "
            f"{amount(means[name], abs(value - means[name]))}{self.unit(name)}"
            for name, value in rival.thresholds.items()
        ]
        before, after = percent(self.fail or 0.0), percent(1 - rival.success)
        if before != after:
            ways.append(f"its chance to fail were {after}" + (f" instead of {before}" if self.fail else ""))
        near = "" if rival.different else " (nothing that differs clearly was found)"
        if not ways:
            return f"next comes {text}, from which {percent(1 / rival.ratio)} as much is hoped for{near}"
        return f"{text} would be chosen if {', or if '.join(ways)}{near}"

    def _prior(self) -> str:
        if self.prior is None:
            return "none; the campaign's own results alone"
        if self.prior.rejected_at is not None:
            return f"laid aside after {self.prior.rejected_at} results: they contradict it. {self.prior.words}".strip()
        leans = ", ".join(f"{name} {percent(w)}" for name, w in sorted(self.prior.sources, key=lambda s: -s[1])[:5])
        parts = [f"leans on {leans}"] if leans else []
        parts += (
            [f"models: {', '.join(f'{n} {percent(w)}' for n, w in self.prior.experts)}"] if self.prior.experts else []
        )
        return ". ".join([*parts, self.prior.words] if self.prior.words else parts)


def _listed(differs: tuple[str, ...]) -> str:
    return f"differing in {', '.join(differs)}" if differs else "the same design"
