"""A lab full of campaigns, written straight into its store, and the check of what is in it after the load."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from designer.campaign.campaign import Campaign
from designer.campaign.log.events import Created, Recorded, Suggested
from designer.campaign.log.store import SqlStore

SPACE = [
    {"name": "film", "kind": "composition", "elements": ["Ni", "Fe", "Co", "Ce"], "unit": "at.%", "step": 5},
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 900], "step": 5},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
]
TARGETS = [{"name": "loss", "unit": "mV", "goal": "minimize"}]


def fill(store: SqlStore, campaigns: int, results: int) -> None:
    """Begin so many campaigns with so many results each.

    All designs are first designs, which fill the space: what is measured is the service, not a model.
    """
    model = Campaign.create(space=SPACE, targets=TARGETS, name="load", initial=100_000)
    batch = model.suggest(results)
    model.record(batch.assign(loss=[400.0 - i for i in range(results)]))
    creation, *rest = model.events
    assert isinstance(creation, Created)
    for i in range(campaigns):
        name = f"load-{i:04d}"
        store.create(creation.model_copy(update={"name": name, "spec": {**creation.spec, "name": name}}))
        store.append(name, rest, expected=1)


def check(store: SqlStore, log: Path, results: int) -> dict[str, int]:
    """Compare the store with what was acknowledged; return counts.

    Raises
    ------
    AssertionError
        If anything acknowledged is not there, is there twice, or is there with another value.
    """
    asked: set[tuple[str, str]] = set()
    recorded: dict[tuple[str, str], float] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        what, campaign, suggestion, value = json.loads(line)
        if what == "asked":
            assert (campaign, suggestion) not in asked, f"{suggestion} of {campaign} was given to two clients"
            asked.add((campaign, suggestion))
        else:
            recorded[campaign, suggestion] = value
    events = {name: store.read(name) for name in store.names()}
    suggested = Counter(
        (name, each.id) for name, all_ in events.items() for event in all_ if isinstance(event, Suggested)
        for each in event.designs
    )  # fmt: skip
    stored = [(name, event) for name, all_ in events.items() for event in all_ if isinstance(event, Recorded)]
    times = Counter((name, event.suggestion) for name, event in stored)
    values = {(name, event.suggestion): event.values["loss"] for name, event in stored}
    assert not asked - set(suggested), "a suggestion is lost"
    assert max(suggested.values()) == 1, "a suggestion is doubled"
    assert max(times.values()) == 1, "a result is doubled"
    wrong = [key for key, value in recorded.items() if values.get(key) != value]
    assert not wrong, f"results are lost or changed: {wrong[:5]}"
    before = results * len(events)
    return {
        "suggestions acknowledged": len(asked),
        "suggestions in the store": sum(suggested.values()) - before,
        "results acknowledged": len(recorded),
        "results in the store": len(stored) - before,
    }
