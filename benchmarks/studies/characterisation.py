"""Observations before the target: ``python -m benchmarks.studies.characterisation [--seeds 5] [--rows FILE]``.

Campaigns over measured tables in which a cheap quantity was measured beside the dear one: hardness beside the yield
strength of alloys, strength after 1, 3 and 5 days before that after 28 days of mortar, release of a drug after 6, 12
and 24 h and 7 days before that after 14 days, and the Debye temperature beside the thermal conductivity of compounds;
and over simulated ones, in which a curve comes before the target: the temperature of a reactor before its yield, and
the conductivity of an alloy until a tenth of the ageing time before its yield strength (its table is made by
`benchmarks.studies.ageing_curves`). The target costs 1, all observations of a design together 0.1, or as much as
``--observed-cost`` says. Each campaign has a random part of its table (80 % of the rows, at most 200) and is run until
the best 1 % of the designs, at least one, is measured, at most to a cost of 30. Its figure is the cost until then.
Three ways: without observations, with them, and with those of the designs exchanged at random. The ratio to the
campaign of the same seed without observations is a geometric mean with a 95 % interval by a bootstrap over tables and
campaigns.
``DESIGNER_DATA`` names the folder of the tables.

Each campaign is a line of the file of rows, and one that is there is not run again; ``--report`` prints the tables of
the file.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies import ageing_curves
from benchmarks.studies.lab_tables import data_folder
from designer import Campaign
from designer.arrays import FloatArray
from designer.campaign.log.versions import versions
from designer.errors import NoDesignLeft

MAX_COST, MAX_ROWS, BEST, SEEDS = 30.0, 200, 0.01, 5
CURVE = "curve"
OBSERVED = 0.1
"""The cost of all observations of a design, unless stated; that of the target is 1."""
WITHOUT, WITH, SHUFFLED = "without observations", "with observations", "with shuffled observations"
ARMS = (WITHOUT, WITH, SHUFFLED)


@dataclass(frozen=True, eq=False)
class StagedTable:
    """A table of designs with their observations and their target, both by column."""

    name: str
    frame: pd.DataFrame
    space: tuple[Mapping[str, Any], ...]
    observations: tuple[str, ...]
    target: str
    positions: tuple[float, ...] = ()
    """Of the observations on the axis of the one curve that they are; empty where each is a scalar."""
    observed_cost: float = OBSERVED

    @property
    def declared(self) -> list[dict[str, Any]]:
        """The observations as a campaign declares them: all of a design together cost `observed_cost`."""
        if self.positions:
            columns = dict(zip(self.observations, self.positions, strict=True))
            return [{"name": CURVE, "kind": "curve", "columns": columns, "stage": 1, "cost": self.observed_cost}]
        cost = self.observed_cost / len(self.observations)
        return [{"name": name, "stage": 1, "cost": cost} for name in self.observations]

    def part(self, seed: int, most: int = MAX_ROWS) -> StagedTable:
        """Return a random part of the rows, `most` at most."""
        return self.split(seed, most)[0]

    def split(self, seed: int, most: int = MAX_ROWS) -> tuple[StagedTable, StagedTable]:
        """Return a random part of the rows, `most` at most, and the rest of them."""
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(self.frame))
        n = min(most, int(0.8 * len(order)))
        part, rest = (self.frame.iloc[np.sort(rows)].reset_index(drop=True) for rows in (order[:n], order[n:]))
        return replace(self, frame=part), replace(self, frame=rest)

    def shuffled(self, seed: int) -> StagedTable:
        """Return the table with the observations of its designs exchanged at random, those of one design together."""
        frame = self.frame.copy()
        order = np.random.default_rng(1000 + seed).permutation(len(frame))
        frame[list(self.observations)] = frame[list(self.observations)].to_numpy()[order]
        return replace(self, frame=frame)


class Lab:
    """Looks observations and targets up, and counts what they cost."""

    def __init__(self, table: StagedTable) -> None:
        self.table, self.cost = table, 0.0
        self.columns = [column for column in table.frame.columns if column not in (*table.observations, table.target)]
        keys = zip(*(self._texts(list(table.frame[column])) for column in self.columns), strict=True)
        self.rows = {key: i for i, key in enumerate(keys)}

    def _texts(self, cells: Sequence[Any]) -> list[str]:
        return [each if isinstance(each, str) else f"{float(each):.9g}" for each in cells]

    def look_up(self, design: Mapping[str, Any], column: str) -> float:
        """Return a value of a design."""
        key = tuple(self._texts([design[name] for name in self.columns]))
        return float(self.table.frame[column].iloc[self.rows[key]])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns that are not in the file of rows and print a Markdown page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.characterisation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tables", nargs="+", choices=list(TABLES), default=list(TABLES), metavar="NAME")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--designs", type=int, default=MAX_ROWS, help="Designs of a campaign, at most.")
    parser.add_argument("--max-cost", type=float, default=MAX_COST)
    parser.add_argument("--observed-cost", type=float, default=OBSERVED, help="Of all observations of a design.")
    parser.add_argument("--rows", type=Path, default=Path("benchmarks/results/characterisation.jsonl"))
    parser.add_argument("--report", action="store_true", help="Only print the tables of the file.")
    given = parser.parse_args(arguments)
    found = read_rows(given.rows)
    if not given.report:
        known = {row.key for row in found}
        known_tables = [replace(table, observed_cost=given.observed_cost) for table in tables(given.tables)]
        jobs = [
            (table.part(seed, given.designs), seed, arm, given.max_cost)
            for seed in range(given.seeds)
            for table in known_tables
            for arm in ARMS
            if _key(table.name, seed, arm, given.designs, given.max_cost, table.observed_cost) not in known
        ]
        with (
            ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool,
            given.rows.open("a", encoding="utf-8") as file,
        ):
            for (table, seed, arm, _), figures in zip(jobs, pool.map(run_job, jobs), strict=True):
                known_row = table.name, seed, arm, given.designs, given.max_cost, len(table.frame)
                row = Row(*known_row, *figures, observed_cost=table.observed_cost)
                file.write(json.dumps(asdict(row)) + "\n")
                file.flush()
                found.append(row)
    chosen = [row for row in found if row.key == row.key_with(given.designs, given.max_cost, given.observed_cost)]
    print("\n".join(report(chosen)))
    return 0


Key = tuple[str, int, str, int, float, float]
"""Table, seed, way, designs, highest cost, and cost of observations; 0 without any."""


def _key(table: str, seed: int, arm: str, designs: int, max_cost: float, observed_cost: float) -> Key:
    return table, seed, arm, designs, max_cost, 0.0 if arm == WITHOUT else observed_cost


@dataclass(frozen=True)
class Row:
    """One campaign: what it was, the designs of its table, and what it took."""

    table: str
    seed: int
    arm: str
    designs: int
    max_cost: float
    listed: int
    cost: float
    measured: int
    observed: int
    seconds: float
    observed_cost: float = OBSERVED

    @property
    def key(self) -> Key:
        """What tells it from other campaigns."""
        return self.key_with(self.designs, self.max_cost, self.observed_cost)

    def key_with(self, designs: int, max_cost: float, observed_cost: float) -> Key:
        """Return the key of the same campaign with other options."""
        return _key(self.table, self.seed, self.arm, designs, max_cost, observed_cost)


def read_rows(path: Path) -> list[Row]:
    """Return the campaigns of a file; none where there is no file."""
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown page; seeds of a table count whose campaigns have all three arms."""
    yield f"{platform.processor() or platform.machine()}, {versions(model=True, molecules=False)}\n"
    yield "| table | designs | seeds | campaign | cost to the best 1 % | measured | observed | ratio | CPU s | a step |"
    yield "|---|---:|---:|---|---:|---:|---:|---:|---:|---:|"
    logs: dict[str, list[FloatArray]] = {arm: [] for arm in ARMS}
    steps: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for name in dict.fromkeys(row.table for row in rows):
        by_arm = {arm: {row.seed: row for row in rows if (row.table, row.arm) == (name, arm)} for arm in ARMS}
        seeds = sorted(set.intersection(*(set(found) for found in by_arm.values())))
        for arm in ARMS if seeds else ():
            found = [by_arm[arm][seed] for seed in seeds]
            ratios = np.log([each.cost / by_arm[WITHOUT][each.seed].cost for each in found])
            logs[arm].append(ratios)
            steps[arm].append(
                sum(each.seconds for each in found) / sum(each.measured + each.observed for each in found)
            )
            means = np.mean([(each.cost, each.measured, each.observed) for each in found], axis=0)
            cells = f"{found[0].listed} | {len(seeds)} | {arm} | {' | '.join(f'{value:.1f}' for value in means)}"
            seconds = np.mean([each.seconds for each in found])
            yield f"| {name} | {cells} | {np.exp(ratios.mean()):.2f} | {seconds:.0f} | {steps[arm][-1]:.2f} |"
    if not logs[WITH]:
        return
    for arm in (WITH, SHUFFLED):
        low, mid, high = bootstrap(logs[arm])
        yield f"\nRatio of costs {arm}: {mid:.2f} ({low:.2f} to {high:.2f})"
    dearer = np.exp(np.mean(np.log(np.array(steps[WITH]) / np.array(steps[WITHOUT]))))
    yield f"\nCPU time of a step, an observation or an experiment, beside one without observations: {dearer:.2f}"
    yield f"\n{sum(row.seconds for row in rows):.0f} CPU s"


def run_job(job: tuple[StagedTable, int, str, float]) -> tuple[float, int, int, float]:
    """Return `run` of one campaign."""
    return run(*job)


def bootstrap(logs: Sequence[FloatArray], draws: int = 4000) -> tuple[float, float, float]:
    """Return a geometric mean of ratios with a 95 % interval, by a bootstrap over tables and their campaigns."""
    rng = np.random.default_rng(0)
    means = []
    for _ in range(draws):
        chosen = [logs[i] for i in rng.integers(len(logs), size=len(logs))]
        means.append(np.mean([rng.choice(each, len(each)).mean() for each in chosen]))
    low, high = np.exp(np.quantile(means, [0.025, 0.975]))
    return float(low), float(np.exp(np.mean([each.mean() for each in logs]))), float(high)


def run(
    table: StagedTable, seed: int, arm: str, max_cost: float = MAX_COST, **settings: Any
) -> tuple[float, int, int, float]:
    """Return the cost to one of the best designs, how many were measured and observed, and CPU seconds.

    `settings` are further ones of the campaign.
    """
    begin = time.process_time()
    table = table.shuffled(seed) if arm == SHUFFLED else table
    values = table.frame[table.target]
    best = np.sort(values.to_numpy())[-max(1, round(BEST * len(values)))]
    observations = [] if arm == WITHOUT else table.declared
    lab = Lab(table)
    campaign = Campaign.create(
        space=list(table.space),
        targets=[{"name": table.target, "goal": "maximize"}],
        candidates=table.frame[lab.columns],
        seed=seed,
        observations=observations,
        **settings,
    )
    cost, measured, observed = 0.0, 0, 0
    while cost < max_cost:
        name, names = next_task(campaign)
        design = campaign.state.suggestions[name].design
        columns = table.observations if CURVE in names else names
        row = {column: lab.look_up(design, column) for column in columns}
        campaign.record([{"suggestion": name, **row}])
        if table.target in names:
            cost, measured = cost + 1.0, measured + 1
            if row[table.target] >= best:
                break
        else:
            cost, observed = cost + table.observed_cost, observed + 1
    return cost, measured, observed, time.process_time() - begin


def next_task(campaign: Campaign) -> tuple[str, tuple[str, ...]]:
    """Return the suggestion to work on and what to measure of it, as a run does; suggest a design where none is.

    Where no design is left, that is the experiment that promises most.
    """
    targets = tuple(target.name for target in campaign.objective.targets)
    while True:
        steps = [step for step in campaign.next_steps() if step.kind in ("observe", "measure")]
        if steps:
            step = max(steps, key=lambda each: (each.kind == "observe", each.index))
            return step.suggestion, step.names
        if not campaign.settings.observations and campaign.state.open:
            return campaign.state.open[0].id, targets
        try:
            campaign.suggest(1)
        except NoDesignLeft:
            best = max(campaign.next_steps(), key=lambda each: each.index)
            return best.suggestion, targets


def tables(names: Sequence[str]) -> list[StagedTable]:
    """Return the tables of these names."""
    return [TABLES[name]() for name in names]


def _means(frame: pd.DataFrame, keys: Sequence[str], value: str) -> pd.DataFrame:
    return frame.groupby(list(keys))[[value]].mean().reset_index()


def _alloys() -> StagedTable:
    folder, keys = data_folder() / "mpea_mechanical", ["formula", "processing_method"]
    hardness = _means(pd.read_csv(folder / "hardness_HV.csv"), keys, "HV")
    strength = _means(pd.read_csv(folder / "yield_strength_RT.csv"), keys, "yield_strength_MPa")
    frame = hardness.merge(strength, on=keys)
    methods = sorted(set(frame["processing_method"]))
    space = ({"name": "formula", "kind": "formula"}, {"name": "processing_method", "kind": "categorical",
             "choices": methods, "descriptors": "none"})  # fmt: skip
    return StagedTable("yield strength after hardness", frame, space, ("HV",), "yield_strength_MPa")


def _numeric(name: str, frame: pd.DataFrame, observations: Sequence[str], target: str) -> StagedTable:
    frame = frame.dropna()
    settings = [column for column in frame.columns if column not in (*observations, target)]
    settings = [column for column in settings if frame[column].nunique() > 1]
    frame = frame.groupby(settings, as_index=False)[[*observations, target]].mean()
    space = tuple(
        {"name": column, "kind": "numeric", "bounds": [float(frame[column].min()), float(frame[column].max())]}
        for column in settings
    )
    return StagedTable(name, frame, space, tuple(observations), target)


def _mortar() -> StagedTable:
    frame = pd.read_csv(data_folder() / "sustainable_concrete" / "mortar_source0.csv")
    ages, target = [f"strength_0{day}d_psi" for day in (1, 3, 5)], "strength_28d_psi"
    names = [
        column for column in frame.columns if column.endswith(("kg_per_m3", "_C")) and not column.startswith("gwp")
    ]
    return _numeric("mortar after 28 days", frame[[*names, *ages, target]], ages, target)


def _release() -> StagedTable:
    frame = pd.read_csv(data_folder() / "drug_release_microparticles" / "plga.csv").drop(columns="group")
    times, target = [f"release_{each}" for each in ("06h", "12h", "24h", "07d")], "release_14d"
    table = _numeric("release after 14 days", frame, times, target)
    return replace(table, positions=tuple(math.log(hours) for hours in (6.0, 12.0, 24.0, 168.0)))


def _partial_oxidation() -> StagedTable:
    """Return simulated experiments: the temperature of a reactor over its first 10 ms, before the yield at 0.2 s."""
    from scipy.stats import qmc

    low, high = [1100.0, 1.0, 1.0, 0.0], [1500.0, 10.0, 3.0, 4.0]
    designs = qmc.scale(qmc.Sobol(4, seed=0).random(256), low, high).round(3)
    names = ["temperature", "pressure", "methane_ratio", "nitrogen_ratio"]
    times = np.geomspace(1e-5, 1e-2, 16)
    curves, yields = zip(*(_reactor(design, times) for design in designs), strict=True)
    columns = [f"T{i}" for i in range(len(times))]
    frame = pd.DataFrame(np.column_stack([designs, curves, yields]), columns=[*names, *columns, "syngas"])
    table = _numeric("yield of a reactor after its temperature", frame, columns, "syngas")
    return replace(table, positions=tuple(np.log10(times).round(6).tolist()))


def _reactor(design: FloatArray, times: FloatArray) -> tuple[list[float], float]:
    """Return temperatures (K) at some times (s), and the moles of H2 and CO for one of CH4 after 0.2 s.

    Partial oxidation of methane at constant pressure (bar) by the mechanism GRI-Mech 3.0; ratios to one mole of O2.
    """
    import cantera

    temperature, pressure, methane, nitrogen = design.tolist()
    gas = cantera.Solution("gri30.yaml")
    gas.TPX = temperature, pressure * 1e5, {"CH4": methane, "O2": 1.0, "N2": nitrogen}
    reactor = cantera.IdealGasConstPressureReactor(gas, clone=False)
    network = cantera.ReactorNet([reactor])
    curve = []
    for moment in times:
        network.advance(float(moment))
        curve.append(round(float(reactor.T), 2))
    network.advance(0.2)
    amounts = reactor.phase.mole_fraction_dict()
    carbon = sum(amount * gas.n_atoms(name, "C") for name, amount in amounts.items())
    return curve, round((amounts.get("H2", 0.0) + amounts.get("CO", 0.0)) / carbon, 5)


def _ageing() -> StagedTable:
    """Return simulated heat treatments: the conductivity until a tenth of the time, before the strength at its end."""
    table = _numeric(
        "yield strength after early conductivity",
        ageing_curves.read_table(ageing_curves.TABLE),
        ageing_curves.CURVE,
        ageing_curves.TARGET,
    )
    space = tuple({**each, "scale": "log"} if each["name"] == "time" else each for each in table.space)
    return replace(table, space=space, positions=tuple(np.log10(ageing_curves.SHARES).round(6).tolist()))


def _conductivity() -> StagedTable:
    folder = data_folder() / "composition_property_dft"
    debye = _means(pd.read_csv(folder / "aflow_ael_debye_temperature.csv"), ["formula"], "debye_temperature_K")
    conductivity = pd.read_csv(folder / "aflow_agl_thermal_conductivity_300k.csv")
    target = next(column for column in conductivity.columns if column != "formula")
    frame = debye.merge(_means(conductivity, ["formula"], target), on="formula")
    return StagedTable(
        "thermal conductivity after Debye temperature",
        frame,
        ({"name": "formula", "kind": "formula"},),
        ("debye_temperature_K",),
        target,
    )


TABLES = {
    "mortar": _mortar,
    "release": _release,
    "alloys": _alloys,
    "conductivity": _conductivity,
    "reactor": _partial_oxidation,
    "ageing": _ageing,
}
"""What makes the tables of the study, in their order."""


if __name__ == "__main__":
    sys.exit(main())
