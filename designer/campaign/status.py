"""Where a campaign stands, in numbers and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from designer.campaign.log.state import CampaignState
from designer.campaign.suggesting.flagged_results import FlaggedResult
from designer.campaign.suggesting.stopping import Verdict, spent
from designer.priors.evidence import PriorEvidence


@dataclass(frozen=True)
class Status:
    """Where a campaign stands.

    Parameters
    ----------
    position
        The number of events.
    open, recorded, failed, withdrawn
        Ids of suggestions by what became of them.
    measurements, attached
        How many measurements count, and how many of them nobody asked for.
    spent, budget
        Experiments made, and how many may be made (None: no bound).
    stop, reason
        Whether a stopping rule holds, and why or why not.
    notices
        What a reader should know about the campaign file.
    prior
        What past tasks contribute and what the results say of them; None where there are none.
    doubts
        Results that nothing foretells, or that may be slips, and what they count as.
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
    doubts: tuple[FlaggedResult, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Say in lines where the campaign stands."""
        suggested = sum(len(each) for each in (self.open, self.recorded, self.failed, self.withdrawn))
        lines = [
            f"campaign {self.name} in {self.store}, {self.position} events",
            f"{suggested} suggested: {len(self.recorded)} recorded, {len(self.open)} open, {len(self.failed)} failed,"
            f" {len(self.withdrawn)} withdrawn; {self.measurements} measurements, {self.attached} of them unasked",
        ]
        if self.open:
            lines.append(f"open: {', '.join(self.open)}")
        if self.prior is not None:
            lines.append(f"prior: {self.prior.words}{_leaning(self.prior)}")
        lines += map(str, self.doubts)
        lines.append(f"{'stop' if self.stop else 'go on'}: {self.reason.removeprefix('goes on: ')}")
        return lines + list(self.notices)

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _leaning(prior: PriorEvidence) -> str:
    """Say on which past tasks the prior leans most, and how much the campaign itself counts."""
    if prior.rejected_at is not None or not prior.sources:
        return ""
    most = sorted(prior.sources, key=lambda each: -each[1])[:3]
    return f"; it leans on {', '.join(f'{name} ({weight:.0%})' for name, weight in most)}"


def status_of(
    state: CampaignState,
    store: str,
    budget: int | None,
    decided: Verdict,
    notices: tuple[str, ...],
    prior: PriorEvidence | None = None,
    doubts: tuple[FlaggedResult, ...] = (),
) -> Status:
    """Return where the campaign stands after `state`."""
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
        doubts=doubts,
    )
