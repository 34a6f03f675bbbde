"""The status of a campaign: counts, evidence for its prior, flagged results, and whether to stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from designer.campaign.log.state import CampaignState, replicates_of
from designer.campaign.suggesting.flagged_results import FlaggedResult
from designer.campaign.suggesting.stopping import Spending, Verdict, spent
from designer.campaign.wording import percent
from designer.counting import count
from designer.priors.evidence import PriorEvidence


@dataclass(frozen=True)
class Status:
    """The status of a campaign.

    Parameters
    ----------
    position
        The number of events.
    open, recorded, failed, withdrawn
        Ids of suggestions by their status.
    measurements, attached
        How many measurements count, and how many of them were attached without a suggestion.
    spent, budget
        Experiments made, and the largest number allowed (None: no limit).
    stop, reason
        Whether a stopping rule holds, and why or why not.
    notices
        Differences between the campaign file and the campaign.
    prior
        The weights of past tasks and the evidence for them; None without past tasks.
    flagged
        Results flagged as outliers or as possible slips.
    replicates, open_results
        How many results each suggestion shall have, and how many each of the open ones has.
    remarks
        By how many experiments the open suggestions are more than the budget has left.
    quantities
        Which results of past tasks each target is matched to, by name and unit.
    beliefs
        The beliefs of an expert, and what is left of their weights.
    remaining
        What is still uncertain over the space, where the goal is a map or a boundary.
    cost
        What was spent of the cost budget, and what is left; None where the campaign states no cost.
    steps
        What to measure next of each open suggestion, where observations have stages.
    """

    name: str
    store: str
    position: int
    open: tuple[str, ...]
    recorded: tuple[str, ...]
    failed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    measurements: int
    attached: int
    spent: int
    budget: int | None
    stop: bool
    reason: str
    notices: tuple[str, ...] = ()
    prior: PriorEvidence | None = None
    flagged: tuple[FlaggedResult, ...] = ()
    replicates: int = 1
    open_results: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    beliefs: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    cost: Spending | None = None
    steps: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON; the keys are those of version 0.1."""
        plain = asdict(self)
        plain["doubts"] = plain.pop("flagged")
        if not self.beliefs:
            del plain["beliefs"]
        if not self.remaining:
            del plain["remaining"]
        if self.cost is None:
            del plain["cost"]
        if not self.steps:
            del plain["steps"]
        return plain

    def lines(self) -> list[str]:
        """Return the status as text."""
        suggested = sum(len(each) for each in (self.open, self.recorded, self.failed, self.withdrawn))
        lines = [
            f"campaign {self.name} in {self.store}, {count(self.position, 'event')}",
            f"{count(suggested, 'suggestion')}: {len(self.recorded)} recorded, {len(self.open)} open, "
            f"{len(self.failed)} failed, {len(self.withdrawn)} withdrawn; {count(self.measurements, 'measurement')}, "
            f"{self.attached} of them attached",
        ]
        if self.open:
            lines.append(f"open: {', '.join(self._open_words())}")
        if self.cost is not None:
            lines.append(self.cost.words)
        if self.prior is not None:
            lines.append(f"prior: {self.prior.words}{_weights(self.prior)}")
        lines += [f"belief: {each}" for each in self.beliefs]
        lines += [*self.steps, *self.remaining, *self.quantities, *map(str, self.flagged)]
        lines.append(f"{'stop' if self.stop else 'go on'}: {self.reason.removeprefix('goes on: ')}")
        return [*lines, *self.remarks, *self.notices]

    def _open_words(self) -> Iterator[str]:
        for name, results in zip(self.open, self.open_results or (0,) * len(self.open), strict=True):
            yield f"{name} ({results} of {self.replicates} results)" if self.replicates > 1 else name

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _weights(prior: PriorEvidence) -> str:
    """Return the past tasks with the largest weights."""
    if prior.rejected_at is not None or not prior.sources:
        return ""
    largest = sorted(prior.sources, key=lambda each: -each[1])[:3]
    return f"; largest weights: {', '.join(f'{name} {percent(weight)}' for name, weight in largest)}"


def status_of(
    state: CampaignState,
    store: str,
    budget: int | None,
    decided: Verdict,
    notices: tuple[str, ...],
    prior: PriorEvidence | None = None,
    flagged: tuple[FlaggedResult, ...] = (),
    remarks: tuple[str, ...] = (),
    quantities: tuple[str, ...] = (),
    beliefs: tuple[str, ...] = (),
    remaining: tuple[str, ...] = (),
    cost: Spending | None = None,
    steps: tuple[str, ...] = (),
) -> Status:
    """Return the status of a campaign in `state`."""
    by_status: dict[str, list[str]] = {"open": [], "recorded": [], "failed": [], "withdrawn": []}
    for each in state.suggestions.values():
        by_status[each.status].append(each.id)
    return Status(
        name=state.name,
        store=store,
        position=state.position,
        open=tuple(by_status["open"]),
        recorded=tuple(by_status["recorded"]),
        failed=tuple(by_status["failed"]),
        withdrawn=tuple(by_status["withdrawn"]),
        measurements=len(state.results),
        attached=sum(each.suggestion is None for each in state.results),
        spent=spent(state),
        budget=budget,
        stop=decided.stop,
        reason=decided.reason,
        notices=notices,
        prior=prior,
        flagged=flagged,
        replicates=replicates_of(state.spec),
        remarks=remarks,
        quantities=quantities,
        beliefs=beliefs,
        remaining=remaining,
        cost=cost,
        steps=steps,
        open_results=tuple(sum(bool(result.values) for result in state.of(name)) for name in by_status["open"]),
    )
