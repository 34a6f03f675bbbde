"""Comparisons of results (``goal: prefer``): read, turned into events, and checked for contradictions. Pure functions.

A table of comparisons has the columns ``better`` and ``worse``, ids of suggestions or measurements, and may have
``tie`` (``yes``: both are as good). The rules, for one row:

- the same answer about the same two results changes nothing, and the report states it, unless it is given as another
  judgement (``again``);
- another answer is recorded as well. Answers that contradict each other are tolerated and named.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from designer.campaign.log.events import Compared, Event
from designer.campaign.log.ids import comparison_id
from designer.campaign.log.state import CampaignState, Comparison
from designer.campaign.results.numeric_cells import is_blank
from designer.campaign.results.results_table import row_numbers
from designer.counting import agree, count
from designer.errors import Fault, InvalidData, InvalidInput, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

BETTER, WORSE, TIE = COLUMNS = ("better", "worse", "tie")
MAX_CYCLES = 5
"""Contradictions that are named; of more the number is stated."""

_YES = frozenset({"true", "t", "yes", "y", "1", "x", "tie", "ja", "oui"})
_NO = frozenset({"", "false", "f", "no", "n", "0", "nein", "non"})


@dataclass(frozen=True)
class ComparedPair:
    """Two results that were compared, by the ids of their measurements."""

    better: str
    worse: str
    tie: bool = False

    @property
    def answer(self) -> tuple[str, ...]:
        """As `Comparison.answer`."""
        return ("tie", *sorted((self.better, self.worse))) if self.tie else ("better", self.better, self.worse)


@dataclass(frozen=True)
class CompareReport:
    """What recording comparisons did.

    Parameters
    ----------
    recorded
        Ids of new comparisons.
    unchanged
        What was known already, in words: nothing was written for it.
    contradictions
        Comparisons that contradict each other, in words; older ones included.
    """

    recorded: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.recorded)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for JSON."""
        return {
            "recorded": list(self.recorded),
            "unchanged": list(self.unchanged),
            "contradictions": list(self.contradictions),
            "changed": self.changed,
        }

    def lines(self) -> list[str]:
        """Return what happened, one sentence a line."""
        lines = [f"recorded: {', '.join(self.recorded)}"] if self.recorded else []
        return [*lines, *self.unchanged, *self.contradictions, *([] if self.changed else ["nothing was changed"])]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def measurement_of(state: CampaignState, target: str, name: str) -> str:
    """Return the measurement that an id of a measurement or a suggestion names.

    Raises
    ------
    InvalidInput
        If there is none that counts, or the suggestion has several.
    """
    record = f"record it first: designer record {name} {target}=made"
    if name in state.suggestions:
        found = [each.id for each in state.of(name) if target in each.values]
        if len(found) == 1:
            return found[0]
        if found:
            what = f"{name} has {count(len(found), 'result')}"
            raise InvalidInput(Fault(what, f"name the measurement: {', '.join(found)}"))
        raise InvalidInput(Fault(f"{name} has no result yet", record))
    if name in state.measurements:
        measurement = state.measurements[name]
        if measurement.withdrawn:
            raise InvalidInput(Fault(f"{name} was withdrawn", "compare a result that counts"))
        if target not in measurement.values:
            remedy = f"designer amend {name} {target}=made"
            raise InvalidInput(Fault(f"{name} has no result of {target!r}", remedy))
        return name
    known = [*state.suggestions, *state.measurements]
    raise InvalidInput(
        Fault(f"there is no result {name!r}", did_you_mean(name, known) if known else "record one first")
    )


def read_pair(state: CampaignState, target: str, better: str, worse: str, *, tie: bool = False) -> ComparedPair:
    """Return two compared results.

    Raises
    ------
    InvalidData
        With every fault: a result that is not there, or the same one twice.
    """
    faults: list[Fault] = []
    names: list[str] = []
    for column, name in ((BETTER, better), (WORSE, worse)):
        try:
            names.append(measurement_of(state, target, str(name).strip()))
        except InvalidInput as error:
            faults += [fault.at(column=column) for fault in error.faults]
    if not faults and names[0] == names[1]:
        faults.append(Fault(f"{names[0]} is compared with itself", "name two results"))
    if faults:
        raise InvalidData(faults)
    return ComparedPair(names[0], names[1], tie)


def read_comparisons(
    frame: pd.DataFrame, state: CampaignState, target: str, names: Mapping[str, str], *, file: str | None = None
) -> list[ComparedPair]:
    """Return the comparisons of a table; `names` maps cells to ids where the lab has other names.

    Raises
    ------
    InvalidData
        With every fault of the table.
    """
    headers = [str(column).strip() for column in frame.columns]
    known = {*COLUMNS, "comparison", "at", "withdrawn", "target"}
    faults = [
        Fault("unknown column", did_you_mean(header, known), row=1, column=header)
        for header in headers
        if header not in known
    ]
    faults += [
        Fault(f"no column {name!r}", "give the columns 'better' and 'worse'", row=1)
        for name in (BETTER, WORSE)
        if name not in headers
    ]
    pairs = []
    rows: list[Any] = [] if faults else frame.set_axis(headers, axis=1).to_dict("records")
    for number, row in zip(row_numbers(frame), rows, strict=False):
        try:
            if _withdrawn(row):
                continue
            given = [str(row[name]).strip() if not is_blank(row[name]) else "" for name in (BETTER, WORSE)]
            better, worse = (names.get(name, name) for name in given)
            pairs.append(read_pair(state, target, better, worse, tie=_is_tie(row.get(TIE))))
        except InvalidInput as error:
            faults += [fault.at(row=number) for fault in error.faults]
    if faults:
        raise InvalidData([fault.at(file=file) for fault in faults])
    return pairs


def _withdrawn(row: Mapping[str, Any]) -> bool:
    """Whether an exported table says that the comparison was withdrawn."""
    return not is_blank(row.get("withdrawn")) and str(row["withdrawn"]).strip().casefold() not in _NO


def _is_tie(cell: Any) -> bool:
    text = "" if is_blank(cell) else str(cell).strip().casefold().removesuffix(".0")
    if text not in _YES | _NO:
        raise InvalidInput(Fault(f"{text!r} is neither yes nor no", "write 'yes' where both are as good", column=TIE))
    return text in _YES


def plan_comparisons(
    state: CampaignState, target: str, pairs: Sequence[ComparedPair], at: datetime, *, again: bool = False
) -> tuple[list[Event], CompareReport]:
    """Return the events that record `pairs` after `state`, and the report without its contradictions.

    Parameters
    ----------
    again
        Record an answer that was given before as another judgement.
    """
    known: dict[tuple[str, ...], str] = {}
    for each in state.comparisons.values():
        if not each.withdrawn:
            known.setdefault(each.answer, each.id)
    events: list[Event] = []
    unchanged = []
    for pair in pairs:
        if pair.answer in known and not again:
            unchanged.append(
                f"{_words(pair)}: this was recorded before, as {known[pair.answer]}; nothing was changed "
                "(a second judgement is recorded with again)"
            )
            continue
        name = comparison_id(state.next_comparison + len(events))
        known.setdefault(pair.answer, name)
        events.append(
            Compared(
                at=at, comparison=name, target=target, better=pair.better, worse=pair.worse, tie=pair.tie,
            )
        )  # fmt: skip
    recorded = tuple(event.comparison for event in events if isinstance(event, Compared))
    return events, CompareReport(recorded, tuple(unchanged))


def with_contradictions(report: CompareReport, state: CampaignState) -> CompareReport:
    """Return the report with the contradictions of all comparisons that count at `state`."""
    return replace(report, contradictions=tuple(contradiction_words(state.counted_comparisons)))


def _words(pair: ComparedPair) -> str:
    return f"{pair.better} {'is as good as' if pair.tie else 'is better than'} {pair.worse}"


def contradiction_words(comparisons: Sequence[Comparison]) -> list[str]:
    """Return contradictions among comparisons in words, at most `MAX_CYCLES` and a line with the number of others."""
    found = cycles(comparisons)
    lines = [
        f"these comparisons contradict each other: {', '.join(each.id for each in cycle)} "
        f"({' > '.join([*(each.better for each in cycle), cycle[0].better])}); the model allows for wrong answers"
        for cycle in found[:MAX_CYCLES]
    ]
    more = len(found) - MAX_CYCLES
    if more > 0:
        lines.append(f"{count(more, 'further contradiction')} {agree(more, 'is', 'are')} not listed")
    return lines


def cycles(comparisons: Iterable[Comparison]) -> list[tuple[Comparison, ...]]:
    """Return cycles of preferences, the shortest ones first, of which no two share a comparison.

    Ties are in no cycle: a result may be as good as two others of which one is better.
    """
    edges: dict[str, list[Comparison]] = {}
    for each in sorted(comparisons, key=lambda comparison: comparison.id):
        if not each.tie:
            edges.setdefault(each.better, []).append(each)
    found = []
    for first in [each for worse in edges.values() for each in worse]:
        back = _path(edges, first.worse, first.better)
        if back is not None:
            found.append((first, *back))
    chosen: list[tuple[Comparison, ...]] = []
    for cycle in sorted(found, key=lambda each: (len(each), each[0].id)):
        used = {each.id for one in chosen for each in one}
        if not used & {each.id for each in cycle}:
            chosen.append(cycle)
    return chosen


def _path(edges: Mapping[str, Sequence[Comparison]], start: str, end: str) -> tuple[Comparison, ...] | None:
    """Return the shortest chain of preferences from a result down to another; None without one."""
    came: dict[str, Comparison] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here == end:
            chain = []
            while here != start:
                chain.append(came[here])
                here = came[here].better
            return tuple(reversed(chain))
        for each in edges.get(here, ()):
            if each.worse not in came and each.worse != start:
                came[each.worse] = each
                waiting.append(each.worse)
    return None


def comparison_frame(state: CampaignState) -> pd.DataFrame:
    """Return every comparison, one a row, indexed by its id; `record` reads the same table again."""
    import pandas as pd

    rows = [
        {
            "target": each.target,
            BETTER: each.better,
            WORSE: each.worse,
            TIE: "yes" if each.tie else "no",
            "withdrawn": "yes" if each.withdrawn else "no",
            "at": each.at,
        }
        for each in state.comparisons.values()
    ]
    index = pd.Index(list(state.comparisons), name="comparison", dtype=object)
    return pd.DataFrame(rows, index=index, columns=["target", *COLUMNS, "withdrawn", "at"])
