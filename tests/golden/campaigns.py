"""The golden campaigns: small ones, built through the public interface alone, that together use all that there is.

Each is a function of no arguments that returns plain data (`extract`). All chance comes from fixed seeds, and no
campaign is limited in time: what is said depends on the code alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designer import Campaign, DesignSpace, PropertyPredictor, PropertyPrior, Task, load_properties
from tests.golden import extract, past

Plain = dict[str, Any]
CAMPAIGNS: dict[str, Callable[[], Plain]] = {}
"""The campaigns by name."""
TRAINED = ("training", "properties-with-wrong-values")
"""Those that train networks: steps in single precision multiply what rounding differs by."""


def golden(function: Callable[[], Plain]) -> Callable[[], Plain]:
    """Add a campaign under its function's name."""
    CAMPAIGNS[function.__name__.replace("_", "-")] = function
    return function


def clock() -> Callable[[], datetime]:
    """Return a clock that ticks by a minute from one fixed moment on."""
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def tick() -> datetime:
        nonlocal now
        now += timedelta(minutes=1)
        return now

    return tick


def create(space: Sequence[Any], targets: Sequence[Any], **settings: Any) -> Campaign:
    """Begin a campaign in memory."""
    return Campaign.create(space=space, targets=targets, clock=clock(), **{"suggest_seconds": 3600, **settings})


def sampled(space: Sequence[Any], rows: int, seed: int = 0, **more: Any) -> pd.DataFrame:
    """Return random designs of a space in lab units."""
    made = DesignSpace(space=list(space), **more)  # type: ignore[call-arg]
    return made.frame(made.sample(rows, np.random.default_rng(seed)))


def at(space: Sequence[Any], **more: Any) -> list[dict[str, Any]]:
    """Return the five designs of a space at which models are asked."""
    return list(sampled(space, 5, seed=99, **more).to_dict("records"))  # type: ignore[arg-type]


UP: dict[str, Any] = {"name": "y", "goal": "maximize"}
DOWN: dict[str, Any] = {"name": "z", "unit": "mV", "goal": "minimize"}
MIXED: tuple[dict[str, Any], ...] = (
    {"name": "x", "kind": "numeric", "bounds": [0, 10], "step": 0.1},
    {"name": "t", "kind": "numeric", "unit": "min", "bounds": [1, 1000], "scale": "log"},
    {"name": "g", "kind": "categorical", "choices": ["a", "b", "c"]},
)


def up(table: pd.DataFrame) -> pd.Series:
    """Return y of designs of `MIXED`."""
    return -((table["x"] - 7) ** 2) / 10 + np.log10(table["t"]) + (table["g"] == "b")


def down(table: pd.DataFrame) -> pd.Series:
    """Return z of designs of `MIXED`."""
    return table["t"] / 100 - 3 * table["x"]


def mixed(rows: int = 10) -> pd.DataFrame:
    """Return results in `MIXED`."""
    table = sampled(MIXED, rows)
    return table.assign(y=up(table), z=down(table))


# Kinds of parameters


@golden
def numeric() -> Plain:
    space = [
        {"name": "a", "kind": "numeric", "unit": "degC", "bounds": [300, 900]},
        {"name": "b", "kind": "numeric", "bounds": [1e-3, 10], "scale": "log"},
        {"name": "c", "kind": "numeric", "bounds": [0, 2], "step": 0.25},
        {"name": "d", "kind": "numeric", "unit": "rpm", "values": [500, 1000, 2000, 4000]},
    ]
    campaign = create(space, [UP], seed=3)
    first = campaign.suggest(5)
    before = extract.campaign(campaign, at(space), ["S0002"])
    value = -(((first["a"] - 600) / 100) ** 2) + np.log10(first["b"]) * first["c"] - first["d"] / 3000
    campaign.record(first.assign(y=value))
    campaign.suggest(2)
    return {"before any result": before, "after five": extract.campaign(campaign, at(space), ["S0006", "S0007"])}


@golden
def categorical() -> Plain:
    space = [
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "air"]},
        {
            "name": "solvent",
            "kind": "categorical",
            "choices": ["water", "ethanol", "toluene", "hexane"],
            "descriptors": {
                "water": {"dielectric": 80.1, "boiling": 100},
                "ethanol": {"dielectric": 24.5, "boiling": 78.4},
                "toluene": {"dielectric": 2.4, "boiling": 110.6},
                "hexane": {"dielectric": 1.9, "boiling": 68.7},
            },
        },
        {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [20, 80], "step": 5},
    ]
    limits = ["forbid gas == air and T > 60", "if solvent == hexane then T <= 50"]
    campaign = create(space, [UP], constraints=limits)
    table = sampled(space, 8, constraints=limits)
    value = table["T"] / 20 - (table["solvent"] == "toluene") * 2 + (table["gas"] == "Ar")
    campaign.attach(table.assign(y=value))
    campaign.suggest(1)
    return extract.campaign(campaign, at(space, constraints=limits), ["S0001"])


ALLOY: tuple[dict[str, Any], ...] = (
    {
        "name": "alloy", "kind": "composition", "elements": ["Al", "Co", "Cr", "Fe", "Ni"], "unit": "at.%", "step": 5,
        "bounds": {"Al": [5, 30]}, "zero_or": ["Al"], "max_nonzero": 4,
    },
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [600, 1200], "step": 25},
)  # fmt: skip


@golden
def composition() -> Plain:
    limits = ["alloy.Ni + alloy.Fe >= 30"]
    target = {"name": "y", "goal": "maximize", "reach": 4.0}
    campaign = create(ALLOY, [target], constraints=limits)
    table = sampled(ALLOY, 9, constraints=limits)
    value = 4 - ((table["alloy.Ni"] - 40) / 20) ** 2 - ((table["T"] - 900) / 200) ** 2 + table["alloy.Cr"] / 40
    campaign.attach(table.assign(y=value))
    campaign.suggest(1)
    return extract.campaign(campaign, at(ALLOY, constraints=limits), ["S0001"])


@golden
def mixture_within_limits() -> Plain:
    space = [
        {"name": "salt", "kind": "mixture", "components": ["EC", "DMC", "EMC"], "unit": "vol.%", "step": 5},
        {"name": "c", "kind": "numeric", "bounds": [0.5, 2.0], "step": 0.05},
    ]
    targets = [UP, {"name": "z", "unit": "mPa*s", "at_most": 3}, {"name": "w", "at_least": 0.2}]
    campaign = create(space, targets)
    table = sampled(space, 9)
    value = 10 - ((table["salt.EC"] - 40) / 20) ** 2 - 4 * (table["c"] - 1.2) ** 2
    campaign.attach(table.assign(y=value, z=1 + table["salt.EC"] / 20 * table["c"] / 2, w=table["salt.DMC"] / 100))
    campaign.suggest(1)
    return extract.campaign(campaign, at(space), ["S0001"])


@golden
def formula_of_candidates() -> Plain:
    space = [{"name": "alloy", "kind": "formula"}, {"name": "route", "kind": "categorical", "choices": ["cast", "hot"]}]
    texts = past.formulas(20, 5)
    pool = pd.DataFrame({"alloy": texts, "route": ["cast", "hot"] * 10})
    campaign = create(space, [UP], candidates=pool)
    table = pool.iloc[:8]
    campaign.attach(table.assign(y=past.hardness(texts[:8]) + (table["route"] == "hot")))
    campaign.suggest(2)
    return extract.campaign(campaign, list(pool.iloc[10:15].to_dict("records")), ["S0001", "S0002"])  # type: ignore[arg-type]


@golden
def candidates_until_none_is_left() -> Plain:
    pool = sampled(MIXED, 9, seed=4)
    campaign = create(MIXED, [UP], candidates=pool, initial=3, batch_size=3, budget=9)
    for _ in range(2):
        batch = campaign.suggest()
        campaign.record(batch.assign(y=up(batch)))
    campaign.suggest(5)
    return extract.campaign(campaign, list(pool.iloc[:5].to_dict("records")), ["S0004", "S0009"])  # type: ignore[arg-type]


@golden
def nothing_better_is_likely() -> Plain:
    pool = sampled(MIXED, 12, seed=4)
    campaign = create(MIXED, [UP], candidates=pool, stop={"probability_of_better_than": 0.2, "margin": 0.5})
    rest = pool.drop(index=pool.index[up(pool).argsort().iloc[:2]])  # type: ignore[index]
    campaign.attach(rest.assign(y=up(rest)))
    return extract.campaign(campaign, list(pool.iloc[:5].to_dict("records")))  # type: ignore[arg-type]


# Kinds of targets


@golden
def two_targets_with_values_missing() -> Plain:
    table = mixed()
    table.loc[table.index[[2, 5, 6]], "z"] = None
    campaign = create(MIXED, [UP, DOWN])
    campaign.attach(table)
    campaign.suggest(2)
    return extract.campaign(campaign, at(MIXED), ["S0001"])


@golden
def desirability() -> Plain:
    targets = [UP | {"weight": 2, "range": [-2, 4]}, DOWN | {"weight": 1}]
    campaign = create(MIXED, targets, combine="desirability")
    campaign.attach(mixed())
    campaign.suggest(1)
    return extract.campaign(campaign, at(MIXED), ["S0001"])


@golden
def match() -> Plain:
    campaign = create(MIXED, [{"name": "y", "goal": "match", "value": 1.5, "tolerance": 0.2}, {"name": "z"}])
    campaign.attach(mixed())
    campaign.suggest(1)
    return extract.campaign(campaign, at(MIXED), ["S0001"])


# What happens in a laboratory


@golden
def batch_with_pending() -> Plain:
    campaign = create(MIXED, [UP], batch_size=3, initial=6)
    first = campaign.suggest(6)
    campaign.record(first.iloc[:4].assign(y=up(first.iloc[:4])))
    campaign.suggest()
    return extract.campaign(campaign, at(MIXED), ["S0007", "S0009"])


@golden
def failures_and_withdrawn() -> Plain:
    campaign = create(MIXED, [UP], initial=8, budget=8)
    first = campaign.suggest(8)
    campaign.record(first.iloc[:5].assign(y=up(first.iloc[:5])))
    campaign.record_failure("S0006", "the crucible broke")
    campaign.record_failure(dict(sampled(MIXED, 1, seed=8).iloc[0]), "the film peeled")
    campaign.withdraw("S0007", "too costly")
    campaign.withdraw("M0002", "the wrong sample")
    campaign.suggest(2)
    return extract.campaign(campaign, at(MIXED), ["S0009", "S0010"])


@golden
def replicates_with_noise() -> Plain:
    campaign = create(MIXED, [UP], initial=5, replicates=2, stop={"probability_of_better_than": 0.01, "margin": 0.1})
    first = campaign.suggest(5)
    noise = np.random.default_rng(1).normal(0, 0.3, (2, 5))
    campaign.record(first.assign(y=up(first) + noise[0], y_sem=0.3))
    campaign.record(first.assign(y=up(first) + noise[1]))
    campaign.suggest(replicate_of=["S0003"])
    campaign.suggest(2)
    return extract.campaign(campaign, at(MIXED), ["S0006", "S0007"])


@golden
def wrong_result() -> Plain:
    table = mixed(12)
    table.loc[table.index[6], "y"] *= 10
    campaign = create(MIXED, [UP, {"name": "z"}])
    campaign.attach(table)
    campaign.suggest(1)
    return extract.campaign(campaign, at(MIXED), ["S0001"])


@golden
def decimal_slip() -> Plain:
    space = [{"name": "x", "kind": "numeric", "bounds": [0, 1], "step": 0.01}]
    x = np.round(np.linspace(0, 1, 7), 2)
    y = 285 + 30 * np.sin(4 * x)
    y[3] /= 10
    campaign = create(space, [UP])
    campaign.attach(pd.DataFrame({"x": x, "y": y}))
    campaign.suggest(1)
    return extract.campaign(campaign, at(space), ["S0001"])


@golden
def space_and_results_amended() -> Plain:
    campaign = create(MIXED, [UP], initial=6)
    first = campaign.suggest(6)
    campaign.record(first.assign(y=up(first)))
    campaign.amend("M0003", {"y": 0.5}, reason="read anew")
    campaign.amend_space(bounds={"x": [2, 14]}, add_choices={"g": ["d"]}, constraints=["x <= 12"])
    campaign.suggest(2)
    return extract.campaign(campaign, at(MIXED), ["S0007"])


@golden
def first_designs_of_its_own() -> Plain:
    campaign = create(MIXED, [UP], initial=[{"x": 1, "t": 10, "g": "a"}, {"x": 9, "t": "2 h", "g": "b"}])
    campaign.suggest(4)
    return extract.campaign(campaign, at(MIXED), ["S0001", "S0004"])


# Past tasks


def informed(prior: Any, results: int = 6, phase: float = 0.15, **settings: Any) -> Campaign:
    """Return a campaign in the furnace's space that has a prior and some results, and suggests two designs."""
    campaign = create(past.FURNACE, [past.STRENGTH], prior=prior, **settings)
    table = sampled(past.FURNACE, max(results, 1), seed=77)[:results]
    campaign.attach(table.assign(strength=past.strength(table, phase)))
    campaign.suggest(2)
    return campaign


def with_prior(kind: str) -> Callable[[], Plain]:
    """Return the campaign that has a prior of a kind."""
    return lambda: extract.campaign(informed(past.saved(kind)), at(past.FURNACE), ["S0001"])


for _kind in past.KINDS:
    CAMPAIGNS[f"prior-{_kind}"] = with_prior(_kind)


@golden
def training() -> Plain:
    campaigns = {kind: create(past.FURNACE, [past.STRENGTH], prior=past.trained(kind)) for kind in past.KINDS[1:]}
    return {kind: extract.predictions(campaign, at(past.FURNACE)) for kind, campaign in campaigns.items()}


@golden
def informed_from_the_first_design_on() -> Plain:
    campaign = create(past.FURNACE, [past.STRENGTH], prior=past.saved("auto"))
    stages = []
    for _ in range(4):
        batch = campaign.suggest(1)
        stages.append(extract.predictions(campaign, at(past.FURNACE)))
        campaign.record(batch.assign(strength=past.strength(batch, 0.15)))
    said = extract.campaign(campaign, at(past.FURNACE), ["S0001", "S0003", "S0004"])
    return {"predictions after 0 to 3 results": stages, "after four": said}


@golden
def prior_that_is_contradicted() -> Plain:
    campaign = create(past.FURNACE, [past.STRENGTH], prior=past.saved("auto"))
    table = sampled(past.FURNACE, 24, seed=77)
    campaign.attach(table.assign(strength=200 + table["temperature"] / 12 - 25 * np.log10(table["time"])))
    campaign.suggest(2)
    return extract.campaign(campaign, at(past.FURNACE), ["S0001"])


@golden
def prior_of_another_space() -> Plain:
    return extract.campaign(informed(past.prior_elsewhere()), at(past.FURNACE), ["S0001"])


@golden
def file_with_past_tasks() -> Plain:
    with tempfile.TemporaryDirectory() as folder:
        return extract.campaign(from_file(Path(folder)), at(past.FURNACE), ["S0003"])


FILE = """\
designer: 1
name: furnace
space:
  - {name: temperature, kind: numeric, unit: degC, bounds: [300, 900], step: 10}
  - {name: time, kind: numeric, unit: min, bounds: [1, 100], scale: log}
  - {name: gas, kind: categorical, choices: [N2, Ar, air]}
constraints:
  - temperature * log10(time) <= 1500
targets:
  - {name: strength, unit: MPa, goal: maximize, reach: 400}
prior: {kind: transfer-gp, tasks: [past], leave_out: [plate-3]}
suggest_seconds: 3600
batch_size: 2
budget: 4
"""
CARD = """\
family: furnaces
license: CC0-1.0
space:
  - {name: temperature, kind: numeric, unit: degC, bounds: [300, 900], step: 10}
  - {name: time, kind: numeric, unit: min, bounds: [1, 100], scale: log}
  - {name: gas, kind: categorical, choices: [N2, Ar, air]}
tasks:
"""


def from_file(folder: Path) -> Campaign:
    """Return the campaign of a file beside a folder of past tasks."""
    (folder / "past").mkdir()
    entries = []
    for task in past.past_tasks():
        task.data.to_csv(folder / "past" / f"{task.name}.csv", index=False)
        strength = "{name: strength, unit: MPa, goal: maximize}"
        entries.append(f"  - {{name: {task.name}, file: {task.name}.csv, targets: [{strength}]}}\n")
    (folder / "past" / "family.yaml").write_text(CARD + "".join(entries), encoding="utf-8")
    (folder / "furnace.yaml").write_text(FILE, encoding="utf-8")
    campaign = Campaign.open(folder / "furnace.yaml", clock=clock())
    for _ in range(2):
        batch = campaign.suggest()
        campaign.record(batch.assign(strength=past.strength(batch, 0.15)))
    return campaign


# Properties


def property_prior(tasks: Sequence[Task] | None = None) -> Any:
    """Return a small prior over properties."""
    return PropertyPrior(passes=3).fit(past.property_tasks() if tasks is None else tasks, seed=0)


def given(count: int, wrong: Mapping[int, float] | None = None) -> pd.DataFrame:
    """Return measured values of another quantity, some of them wrong by a factor."""
    texts = past.formulas(count, 60)
    values = 300 * past.hardness(texts, -0.9)
    for row, factor in (wrong or {}).items():
        values[row] *= factor
    return pd.DataFrame({"formula": texts, "stiffness [GPa]": values})


ASKED = [{"formula": text} for text in past.formulas(5, 77)]


@golden
def properties() -> Plain:
    """Ask the prior that version 0.1 saved: another processor trains a network of few passes to other numbers."""
    prior = load_properties(past.SAVED / "properties-of-formulas")
    three, ten = (PropertyPredictor(prior, given(count)) for count in (3, 10))
    return {
        "after no value": extract.properties(PropertyPredictor(prior), ASKED),
        "after 3 values": extract.properties(three, ASKED),
        "after 10 values": extract.properties(ten, ASKED),
    }


@golden
def properties_explained() -> Plain:
    asked = PropertyPredictor(load_properties(past.SAVED / "properties-of-formulas"), given(10))
    return {"expected": extract.properties(asked, ASKED), "carried by": extract.carried(asked, ASKED[:2])}


@golden
def properties_with_wrong_values() -> Plain:
    wrong = given(16, {4: 10.0, 9: 0.1})
    return extract.properties(PropertyPredictor(property_prior(), wrong), ASKED)
