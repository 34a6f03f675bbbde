"""``python -m tests.golden.keep``: write files as version 0.1 writes them, which every later version has to read.

What is written is never written again: this refuses to touch a folder that is there. It was run once, by the code of
version 0.1, and stays here to tell how its files came to be.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from designer import Campaign, PropertyPredictor, load_properties
from tests.golden import extract, past
from tests.golden.campaigns import at, clock, down, given, property_prior, sampled, up
from tests.golden.compare import environment, text_of

KEPT = Path(__file__).parent / "v0_1"
ROUNDS = """\
designer: 1
name: rounds
space:
  - {name: x, kind: numeric, bounds: [0, 10], step: 0.1}
  - {name: t, kind: numeric, unit: min, bounds: [1, 1000], scale: log}
  - {name: g, kind: categorical, choices: [a, b, c]}
constraints:
  - x <= 9.5
targets:
  - {name: y, goal: maximize}
  - {name: z, unit: mV, goal: minimize}
initial: 4
batch_size: 2
budget: 20
suggest_seconds: 3600
"""
ALLOYS = """\
designer: 1
name: alloys
space:
  - {name: alloy, kind: composition, elements: [Ni, Fe, Co], unit: at.%, step: 10}
  - {name: bath, kind: mixture, components: [water, acid], unit: percent, step: 5}
  - {name: T, kind: numeric, unit: degC, values: [300, 400, 600]}
targets:
  - {name: loss, unit: mV, goal: match, value: 300, tolerance: 5}
initial: 3
seed: 7
suggest_seconds: 3600
"""
CANDIDATES = """\
designer: 1
name: candidates
space:
  - {name: alloy, kind: formula}
  - {name: route, kind: categorical, choices: [cast, hot]}
targets:
  - {name: hardness, unit: HV, goal: maximize, reach: 900}
candidates: candidates.csv
initial: 3
suggest_seconds: 3600
"""
WITH_PRIOR = """\
designer: 1
name: {name}
space:
  - {{name: temperature, kind: numeric, unit: degC, bounds: [300, 900], step: 10}}
  - {{name: time, kind: numeric, unit: min, bounds: [1, 100], scale: log}}
  - {{name: gas, kind: categorical, choices: [N2, Ar, air]}}
targets:
  - {{name: strength, unit: MPa, goal: maximize}}
prior: {{kind: {kind}, tasks: [priors/{kind}]}}
suggest_seconds: 3600
"""


def main() -> int:
    if KEPT.exists():
        sys.stderr.write(f"{KEPT} is there: what version 0.1 wrote stays as it is\n")
        return 2
    with tempfile.TemporaryDirectory() as cache:
        os.environ["DESIGNER_CACHE"] = cache
        KEPT.mkdir()
        _write_store()
        _write_priors()
        _write_api()
    return 0


def _write_store() -> None:
    """Write campaign files, a store with all kinds of events, and what they fold into."""
    files = {"rounds": ROUNDS, "alloys": ALLOYS, "candidates": CANDIDATES}
    for name, text in files.items():
        (KEPT / f"{name}.yaml").write_text(text, encoding="utf-8")
    table = "".join(f"{text},{route}\n" for text, route in zip(past.formulas(12, 5), ["cast", "hot"] * 6, strict=True))
    (KEPT / "candidates.csv").write_text("alloy,route\n" + table, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store.db"
        opened = {name: Campaign.open(KEPT / f"{name}.yaml", store=store, clock=clock()) for name in files}
        _rounds(opened["rounds"])
        _alloys(opened["alloys"])
        _candidates(opened["candidates"])
        (KEPT / "store.sql").write_text(extract.dump_of(store), encoding="utf-8")
        folded = {name: said_of(Campaign.open(KEPT / f"{name}.yaml", store=store)) for name in files}
    content = {"environment": environment(), "values": folded}
    (KEPT / "store.json").write_text(text_of(content), encoding="utf-8")


def _rounds(campaign: Campaign) -> None:
    first = campaign.suggest(4)
    campaign.record(first.iloc[:3].assign(y=up(first.iloc[:3]), y_sem=0.1))
    campaign.record(first.iloc[:2].assign(z=down(first.iloc[:2])))
    campaign.record_failure("S0004", "the crucible broke")
    campaign.suggest(replicate_of=["S0002"])
    campaign.record({"S0005": {"y": 1.25, "z": -3.5}})
    campaign.attach([{"x": 9.93, "t": 7.7, "g": "b", "y": 2.0, "z": -29.0}])
    campaign.amend("M0001", {"y": 0.5, "z": None}, noise={"y": 0.2}, reason="read anew")
    campaign.withdraw("M0003", "the wrong sample")
    campaign.suggest(2)
    campaign.withdraw("S0007", "too costly")
    file = KEPT / "rounds.yaml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace("budget: 20", "budget: 30"), encoding="utf-8")
    changed = Campaign.open(file, store=campaign.store, clock=clock())
    changed.suggest(1)
    changed.amend_space(bounds={"x": [0, 12]}, add_choices={"g": ["d"]}, constraints=["x <= 11.5"])
    file.write_text(
        whole.replace("budget: 20", "budget: 30").replace("[0, 10]", "[0, 12]").replace("[a, b, c]", "[a, b, c, d]")
        .replace("x <= 9.5", "x <= 11.5"),
        encoding="utf-8",
    )  # fmt: skip
    Campaign.open(file, store=campaign.store, clock=clock()).suggest(1)


def _alloys(campaign: Campaign) -> None:
    for _ in range(2):
        batch = campaign.suggest(3)
        campaign.record(batch.assign(loss=250 + batch["alloy.Ni"] + batch["T"] / 10 - batch["bath.acid"]))


def _candidates(campaign: Campaign) -> None:
    for _ in range(2):
        batch = campaign.suggest(3)
        campaign.record(
            batch.assign(hardness=100 * past.hardness(list(batch["alloy"])) + 50 * (batch["route"] == "hot"))
        )


def said_of(campaign: Campaign) -> dict[str, Any]:
    """Return what a kept campaign says."""
    return {
        "state": extract.state(campaign),
        "batches": extract.batches(campaign),
        "best": extract.best(campaign),
        "stopping": extract.stopping(campaign),
        "kinds of events": sorted({event.kind for event in campaign.events}),
    }


def _write_priors() -> None:
    """Write a saved prior of every kind, a campaign file with each, and what they expect."""
    said = {}
    for kind in past.KINDS:
        past.trained(kind).save(KEPT / "priors" / kind)
        if kind != "none":
            file = KEPT / f"with-{kind}.yaml"
            file.write_text(WITH_PRIOR.format(name=f"with-{kind}", kind=kind), encoding="utf-8")
            said[kind] = expected(Campaign.open(file))
    learned = {"properties": past.past_tasks(2), "properties-of-formulas": past.property_tasks()[:1]}
    for name, tasks in learned.items():
        property_prior(tasks).save(KEPT / "priors" / name)
        said[name] = expected_properties(name)  # type: ignore[assignment]
    content = {"environment": environment(), "values": said}
    (KEPT / "priors.json").write_text(text_of(content), encoding="utf-8")


def expected(campaign: Campaign) -> list[dict[str, Any]]:
    """Return what a campaign with a prior expects before any result."""
    return extract.predictions(campaign, at(past.FURNACE))


def expected_properties(name: str) -> dict[str, Any]:
    """Return what a kept prior over properties expects, after no value and after three."""
    prior = load_properties(KEPT / "priors" / name)
    if name == "properties":
        measured = sampled(past.FURNACE, 3, seed=7)
        measured["strength [MPa]"] = past.strength(measured, 0.3)
        asked = at(past.FURNACE)
    else:
        measured, asked = given(3), [{"formula": text} for text in past.formulas(4, 77)]
    return {
        "after no value": extract.properties(PropertyPredictor(prior), asked),
        "after 3 values": extract.properties(PropertyPredictor(prior, measured), asked),
    }


def _write_api() -> None:
    """Write what the API takes and gives, as it describes itself and as it answers."""
    from tests.golden import api

    content = {"described": api.described(), "answered": api.answered()}
    (KEPT / "api.json").write_text(text_of(content), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
