"""Beliefs of an expert, right, vague and wrong: ``python -m benchmarks.studies.beliefs [--seeds 3]``.

Campaigns over ten measured tables of numeric and choice settings, 80 % of the rows each, one design at a time, 40
experiments at most. Counted are the experiments until one of the best 2 % of the designs was made (41 where none was).
The beliefs are about the two settings with the largest main effects:

* right: the settings of the best design, with a spread of a tenth of the range;
* vague: an eighth of the range away from the best design, with a spread of three tenths; of choices, the better half;
* wrong: the settings of the design of the worst quarter that is farthest from the best one, with a spread of a tenth.

Compared are campaigns without beliefs, and the workaround in tools without beliefs: the expert gives first designs,
here three of those that are nearest to the right or the wrong settings. The variable ``DESIGNER_DATA`` names the
folder of the tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies.lab_tables import LabTable, data_folder
from designer import Campaign

EXPERIMENTS, BEST, SEEDS = 40, 0.02, 3
RIGHT, VAGUE, WRONG = "right", "vague", "wrong"
FIRST_RIGHT, FIRST_WRONG = "first designs, right", "first designs, wrong"
NONE = "none"
POLICIES = (NONE, RIGHT, VAGUE, WRONG, FIRST_RIGHT, FIRST_WRONG)
TABLES: Sequence[tuple[str, str, str, str, Sequence[str]]] = (
    ("direct arylation", "direct_arylation/potassium_pivalate__butyl_ester.csv", "yield_pct", "maximize", ("ligand",)),
    (
        "Buchwald-Hartwig",
        "buchwald_hartwig_hte/1_bromo_4_ethylbenzene.csv",
        "yield_pct",
        "maximize",
        ("additive", "base", "ligand"),
    ),
    ("perovskites", "singles/perovskites.csv", "hse_gap_eV", "minimize", ("organic", "cation", "anion")),
    ("Suzuki coupling", "singles/suzuki.csv", "yield_pct", "maximize", ()),
    ("enzymatic oxidation", "singles/alkox.csv", "conversion", "maximize", ()),
    ("fullerenes", "singles/fullerenes.csv", "product_molfrac", "maximize", ()),
    ("HPLC", "singles/hplc.csv", "peak_area_au", "maximize", ()),
    ("crossed barrels", "liang_benchmarks/crossed_barrel.csv", "toughness_J", "maximize", ()),
    ("silver nanoparticles", "liang_benchmarks/agnp.csv", "spectral_loss", "minimize", ()),
    ("P3HT-CNT films", "liang_benchmarks/p3ht_cnt.csv", "conductivity_S_per_cm", "maximize", ()),
)
_SETTINGS = {"direct arylation": ["ligand", "concentration_M", "temperature_C"]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.beliefs", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    print(f"| table | {' | '.join(POLICIES)} |")
    print(f"|---|{'---:|' * len(POLICIES)}")
    rows = []
    begin, made = time.process_time(), 0
    for table in tables():
        found = np.array([[_run(table, seed, policy) for policy in POLICIES] for seed in range(given.seeds)])
        made += int(found.sum())
        rows += list(found)
        print(f"| {table.name} | {' | '.join(f'{value:.1f}' for value in found.mean(0))} |", flush=True)
    means, errors = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows))
    print(f"| mean | {' | '.join(f'{m:.1f} ± {e:.1f}' for m, e in zip(means, errors, strict=True))} |")
    extra = np.array(rows)[:, POLICIES.index(WRONG)] - np.array(rows)[:, 0]
    print(f"\nWrong less none: mean {extra.mean():+.1f} ± {extra.std(ddof=1) / np.sqrt(len(extra)):.1f}, ", end="")
    print(f"largest {extra.max():+.0f}; {(time.process_time() - begin) / made:.2f} CPU s an experiment")
    return 0


def tables() -> list[LabTable]:
    """Return the ten tables; `shared` is not used."""
    made = []
    for name, file, target, goal, categories in TABLES:
        frame = pd.read_csv(data_folder() / file)
        smiles = [column for column in frame.columns if column.endswith("_smiles")]
        columns = _SETTINGS.get(name, [each for each in frame.columns if each not in (*smiles, target)])
        distinct = frame.groupby(columns, as_index=False, sort=True)[[target]].mean()
        made.append(LabTable(name, distinct, "", {"name": target, "goal": goal}, tuple(categories)))
    return made


def _run(whole: LabTable, seed: int, policy: str) -> int:
    """Return the experiments until one of the best designs was made."""
    table = whole.part(seed)
    utilities = _utilities(table)
    good = np.quantile(utilities, 1 - BEST)
    campaign = Campaign.create(
        space=table.space(),
        targets=[dict(table.target)],
        candidates=table.frame[table.settings],
        budget=EXPERIMENTS,
        seed=seed,
        stop={"reach": False},
        suggest_seconds=3600.0,  # no time limit, whatever else the machine does
        **_options(table, policy),
    )
    sign = 1.0 if table.target["goal"] == "maximize" else -1.0
    for number in range(1, EXPERIMENTS + 1):
        batch = campaign.suggest()
        (design,) = batch.to_dict(orient="records")
        value = table.value({str(key): cell for key, cell in design.items()})
        if sign * value >= good:
            return number
        campaign.record(batch.assign(**{table.target["name"]: value}))
    return EXPERIMENTS + 1


def _utilities(table: LabTable) -> Any:
    values = table.frame[table.target["name"]].to_numpy(dtype=float)
    return values if table.target["goal"] == "maximize" else -values


def _options(table: LabTable, policy: str) -> dict[str, Any]:
    best, worst = _extremes(table)
    match policy:
        case "right":
            return {"beliefs": [_near(table, column, best[column], 0.1) for column in _important(table)]}
        case "vague":
            return {"beliefs": [_vague(table, column, best[column]) for column in _important(table)]}
        case "wrong":
            return {"beliefs": [_near(table, column, worst[column], 0.1) for column in _important(table)]}
        case "first designs, right":
            return {"initial": _nearest(table, best)}
        case "first designs, wrong":
            return {"initial": _nearest(table, worst)}
        case _:
            return {}


def _extremes(table: LabTable) -> tuple[Any, Any]:
    """Return the best design, and of the worst quarter the one that is farthest from it."""
    utilities = _utilities(table)
    best = table.frame.iloc[int(np.argmax(utilities))]
    poor = np.flatnonzero(utilities <= np.quantile(utilities, 0.25))
    away = _distances(table, table.frame.iloc[poor], best, _important(table))
    return best, table.frame.iloc[int(poor[int(np.argmax(away))])]


def _important(table: LabTable) -> list[str]:
    """Return the two settings with the largest main effects: the variance of the means of their levels."""
    utilities = pd.Series(_utilities(table))
    effects = {}
    for column in table.settings:
        values = table.frame[column]
        levels = values if column in table.categories else pd.qcut(values, 5, duplicates="drop")
        means = utilities.groupby(levels.to_numpy()).transform("mean")
        effects[column] = float(means.var())
    return sorted(effects, key=lambda column: -effects[column])[:2]


def _near(table: LabTable, column: str, value: Any, spread: float) -> dict[str, Any]:
    if column in table.categories:
        return {"parameter": column, "near": str(value)}
    values = table.frame[column]
    return {"parameter": column, "near": float(value), "spread": spread * float(values.max() - values.min())}


def _vague(table: LabTable, column: str, value: Any) -> dict[str, Any]:
    if column in table.categories:
        means = pd.Series(_utilities(table)).groupby(table.frame[column].to_numpy()).mean().sort_values()
        return {"parameter": column, "near": [str(each) for each in means.index[len(means) // 2 :]]}
    low, high = float(table.frame[column].min()), float(table.frame[column].max())
    width = high - low
    away = float(value) + (width if float(value) < (low + high) / 2 else -width) / 8
    return {"parameter": column, "near": away, "spread": 0.3 * width}


def _nearest(table: LabTable, design: Any) -> list[dict[str, Any]]:
    """Return the three designs nearest to the expected settings, spread over the other settings."""
    away = _distances(table, table.frame, design, _important(table))
    leading = table.frame.iloc[np.argsort(away, kind="stable")[:12]]
    chosen = leading.iloc[np.linspace(0, len(leading) - 1, 3).round().astype(int)]
    return [{str(key): cell for key, cell in row.items()} for row in chosen[table.settings].to_dict(orient="records")]


def _distances(table: LabTable, frame: pd.DataFrame, design: Any, columns: Sequence[str]) -> Any:
    total = np.zeros(len(frame))
    for column in columns:
        if column in table.categories:
            total += (frame[column] != design[column]).to_numpy()
        else:
            width = np.ptp(table.frame[column].to_numpy()) or 1.0
            total += ((frame[column].to_numpy(dtype=float) - float(design[column])) / width) ** 2
    return total


if __name__ == "__main__":
    sys.exit(main())
