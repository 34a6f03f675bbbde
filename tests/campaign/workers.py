"""What the workers of the crash tests do, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from designer.campaign.campaign import Campaign
from designer.campaign.log.events import Created, Suggested, Withdrawn
from designer.campaign.log.store import open_store
from designer.campaign.run_loop import unfinished
from designer.errors import Conflict

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
FILE = """\
designer: 1
name: run
space:
  - {name: x, kind: numeric, bounds: [0, 1], step: 0.01}
  - {name: gas, kind: categorical, choices: [N2, Ar, air]}
targets:
  - {name: y, goal: maximize}
initial: 1000
"""


def value_of(design: Mapping[str, Any]) -> float:
    """Return what the experiment gives: every digit of it has to survive."""
    return (float(design["x"]) - 0.3) ** 2 / 3 + len(str(design["gas"]))


def warm_up() -> None:
    """Do everything once, so that what is loaded late is loaded before the first fork."""
    import designer.campaign.suggesting.campaign_posterior  # noqa: F401  torch and all that stands on it

    campaign = Campaign.create(
        space=[
            {"name": "x", "kind": "numeric", "bounds": [0, 1], "step": 0.01},
            {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
        ],
        targets=[{"name": "y", "goal": "maximize"}],
        initial=1000,
    )
    batch = campaign.suggest(2)
    campaign.record({name: {"y": 1.0} for name in batch.index})


def model_choice() -> list[str]:
    """Return what a model suggests, scores included, after failures, replicates and results with parts missing."""
    campaign = Campaign.create(
        space=[
            {"name": "T", "kind": "numeric", "bounds": [300, 900], "step": 5},
            {"name": "x", "kind": "composition", "elements": ["Ni", "Fe", "Co", "Mn"], "unit": "at.%", "step": 5},
            {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
        ],
        targets=[{"name": "y", "goal": "minimize"}, {"name": "z", "at_most": 3}],
        initial=8,
    )
    batch = campaign.suggest(16)
    for i, (name, row) in enumerate(batch.iterrows()):
        values = {"y": (row["T"] - 500) ** 2 / 1e4 + row["x.Ni"] / 10, "z": row["x.Co"] / 20 + row["T"] / 400}
        if i % 5 == 3:
            campaign.record_failure(str(name), "cracked")
        else:
            campaign.record({str(name): values if i % 4 else {"y": values["y"]}})
    campaign.record({"S0002": {"y": 0.5, "z": 2.0}})
    campaign.suggest(2)
    event = campaign.events[-1]
    assert isinstance(event, Suggested)
    assert event.how == "model"
    return [each.model_dump_json() for each in event.designs]


def acknowledge(file: str, text: str) -> None:
    """Append a line to a file in one write: it outlives the process that wrote it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{text}\n".encode())
    os.close(descriptor)


def loop(path: str, acknowledged: str, count: str) -> None:
    """Go on with a campaign until it has `count` results, open suggestions first; acknowledge each result."""
    campaign = Campaign.open(path)
    while len(campaign.state.results) < int(count):
        waiting = next(unfinished(campaign.state, 1), None)
        if waiting is None:
            campaign.suggest(2)
            continue
        suggestion, _ = waiting
        campaign.record({suggestion.id: {"y": value_of(dict(suggestion.design))}})
        acknowledge(acknowledged, suggestion.id)


def ask_and_record(path: str, store: str, acknowledged: str, count: str) -> None:
    """Ask for one design and record its result, `count` times; acknowledge each."""
    campaign = Campaign.open(path, store=store)
    for _ in range(int(count)):
        batch = campaign.suggest(1)
        name, design = batch.index[0], batch.iloc[0].to_dict()
        campaign.record({name: {"y": value_of(design)}})  # type: ignore[arg-type]
        acknowledge(acknowledged, f"{name} {design['x']!r} {design['gas']}")


def append_many(location: str, number: str, count: str) -> None:
    """Append `count` events of this worker's own, trying again after each conflict."""
    store = open_store(location)
    for i in range(int(count)):
        while True:
            try:
                subject = f"S{1000 * int(number) + i:04d}"
                store.append("run", [Withdrawn(at=AT, subject=subject)], expected=len(store.read("run")))
                break
            except Conflict:
                continue


def create_once(location: str, acknowledged: str) -> None:
    """Create the campaign, or say that another worker did."""
    try:
        open_store(location).create(Created(at=AT, name="run", spec={}))
        acknowledge(acknowledged, "created")
    except Conflict:
        acknowledge(acknowledged, "conflict")
